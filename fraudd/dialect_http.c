/*
 * libmicrohttpd frames the messages; its epoll descriptor sits in the loop
 * of the server. A body is collected up to the cap before it is looked at,
 * and one with a Content-Encoding is refused unread.
 */

#include "dialect_http.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "dialect_http_priv.h"
#include "err.h"
#include "mem.h"
#include "metrics.h"
#include "persist.h"
#include "timeline.h"

#define MEMORY_PER_CONNECTION 16384 /* request line and headers */
#define SWALLOW_MAX (1024 * 1024) /* read to say 413; beyond that, hang up */
#define TIMEOUT 60 /* s */
#define SECRET_HEADER "X-API-Key"
#define OUT_MAX (4 * 1024 * 1024)

struct each {
	dialect_http_header_fn *fn;
	void *arg;
};

static enum MHD_Result
each_header(
    void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
	const struct each *each = arg;

	(void)kind;
	return each->fn(each->arg, name, value) ? MHD_YES : MHD_NO;
}

void
dialect_http_headers(struct exchange *x, dialect_http_header_fn *fn, void *arg)
{
	struct each each = { fn, arg };

	MHD_get_connection_values(
	    x->connection, MHD_HEADER_KIND, each_header, &each);
}

const char *
dialect_http_query(struct exchange *x, const char *name)
{
	return MHD_lookup_connection_value(
	    x->connection, MHD_GET_ARGUMENT_KIND, name);
}

static enum MHD_Result
send_answer(struct exchange *x)
{
	struct MHD_Response *response;
	enum MHD_Result r;
	char number[16];

	if (x->out.failed)
		return MHD_NO;
	response = MHD_create_response_from_buffer(
	    x->out.len, x->out.data, MHD_RESPMEM_MUST_COPY);
	if (response == NULL)
		return MHD_NO;
	if (x->out.len > 0)
		MHD_add_response_header(
		    response, MHD_HTTP_HEADER_CONTENT_TYPE, x->type);
	if (x->retry_after > 0) {
		snprintf(number, sizeof(number), "%u", x->retry_after);
		MHD_add_response_header(
		    response, MHD_HTTP_HEADER_RETRY_AFTER, number);
	}
	if (x->status == HTTP_UNAUTHORIZED)
		MHD_add_response_header(response,
		    MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Basic realm=\"fraudd\"");
	if (x->status == HTTP_BAD_METHOD)
		MHD_add_response_header(
		    response, MHD_HTTP_HEADER_ALLOW, x->allow);
	r = MHD_queue_response(x->connection, x->status, response);
	MHD_destroy_response(response);
	return r;
}

static struct exchange *
exchange_new(struct dialect_http *h, struct MHD_Connection *connection)
{
	struct exchange *x = mem_alloc(sizeof(*x));

	if (x == NULL)
		return NULL;
	x->http = h;
	x->connection = connection;
	x->by.env = h->config.env;
	x->by.access = &x->access;
	outbuf_init(&x->out, OUT_MAX);
	x->status = HTTP_OK;
	x->type = "application/json";
	x->by.env->metrics->requests++;
	return x;
}

/* The listener that let it in: see dialect_http_add(). */
static bool
point_of(struct MHD_Connection *connection, size_t *out)
{
	const union MHD_ConnectionInfo *info;
	struct sockaddr_un from;

	info = MHD_get_connection_info(
	    connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	if (info == NULL || info->client_addr == NULL)
		return false;
	memcpy(&from, info->client_addr, sizeof(from));
	*out = (unsigned char)from.sun_path[0];
	return true;
}

/*
 * Who asks: the listener travels as the address that was given with the
 * connection, the secret, where one is needed, in a header. Asked before the
 * body is read, and again when it is there, for rights may change meanwhile.
 */
static bool
identify(struct exchange *x)
{
	const union MHD_ConnectionInfo *fd;
	const struct dialect_http *h = x->http;
	struct dialect_http_asker by = { .fd = -1 };
	char *password = NULL, *user;

	fd = MHD_get_connection_info(
	    x->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	if (fd == NULL || !point_of(x->connection, &by.point))
		return false;
	by.fd = fd->connect_fd;
	by.secret = MHD_lookup_connection_value(
	    x->connection, MHD_HEADER_KIND, SECRET_HEADER);
	user = MHD_basic_auth_get_username_password(x->connection, &password);
	if (by.secret == NULL)
		by.secret = password;
	by.secret_len = by.secret != NULL ? strlen(by.secret) : 0;
	x->by.rows = h->config.judge(h->config.arg, &by, &x->access);
	if (password != NULL)
		mem_wipe(password, strlen(password));
	MHD_free(password);
	MHD_free(user);
	return x->by.rows != NULL;
}

/* What is refused before the body is read. */
static bool
refused(struct exchange *x)
{
	const char *value;

	if (!identify(x)) {
		x->by.env->metrics->denied_access++;
		dialect_http_fail(
		    x, HTTP_UNAUTHORIZED, "who asks is not known here");
		return true;
	}
	value = MHD_lookup_connection_value(
	    x->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_ENCODING);
	if (value != NULL && strcasecmp(value, "identity") != 0) {
		dialect_http_fail(
		    x, HTTP_BAD_TYPE, "Content-Encoding is not taken");
		return true;
	}
	value = MHD_lookup_connection_value(
	    x->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
	if (value != NULL && strtoull(value, NULL, 10) > REQUEST_MAX) {
		dialect_http_fail(x, HTTP_TOO_LARGE, "the body is over 16 KiB");
		return true;
	}
	return false;
}

static enum MHD_Result
collect(struct exchange *x, const char *data, size_t n)
{
	char *body;

	if (x->swallowed > 0 || x->len + n > REQUEST_MAX) {
		x->swallowed += n;
		return x->swallowed < SWALLOW_MAX ? MHD_YES : MHD_NO;
	}
	body = realloc(x->body, x->len + n);
	if (body == NULL)
		return MHD_NO;
	memcpy(body + x->len, data, n);
	x->body = body;
	x->len += n;
	return MHD_YES;
}

static void
answer(struct exchange *x, const char *target, const char *method)
{
	/* the target stands where it stood only during a call */
	x->path = dialect_http_path(target);
	x->by.now = timeline_us(x->http->config.clock) / 1000;
	if (x->swallowed > 0)
		dialect_http_fail(x, HTTP_TOO_LARGE, "the body is over 16 KiB");
	else if (!identify(x))
		dialect_http_fail(
		    x, HTTP_UNAUTHORIZED, "who asks is not known here");
	else
		dialect_http_route(x, method);
	x->answered = true;
}

/* True when the answer has to wait; the connection sleeps until then. */
static bool
hold(struct exchange *x)
{
	struct dialect_http *h = x->http;

	if (persist_take(x->by.env->persist, &x->ticket) != PERSIST_HOLD)
		return false;
	x->next = h->held;
	h->held = x;
	MHD_suspend_connection(x->connection);
	return true;
}

static enum MHD_Result
on_request(void *arg, struct MHD_Connection *connection, const char *target,
    const char *method, const char *version, const char *data, size_t *n,
    void **context)
{
	struct exchange *x = *context;
	enum MHD_Result r;

	(void)version;
	if (x == NULL) {
		x = exchange_new(arg, connection);
		*context = x;
		if (x == NULL)
			return MHD_NO;
		return refused(x) ? send_answer(x) : MHD_YES;
	}
	if (*n > 0) {
		r = collect(x, data, *n);
		*n = 0;
		return r;
	}
	if (!x->answered) {
		answer(x, target, method);
		if (hold(x))
			return MHD_YES;
	}
	return send_answer(x);
}

/* Wakes those whose records are on disk, or will never be; all: everybody. */
static void
wake(struct dialect_http *h, bool all)
{
	struct exchange **at = &h->held, *x;

	while ((x = *at) != NULL) {
		if (!all &&
		    persist_ask(x->by.env->persist, x->ticket) ==
			PERSIST_HOLD) {
			at = &x->next;
			continue;
		}
		*at = x->next;
		MHD_resume_connection(x->connection);
	}
}

bool
dialect_http_release(struct dialect_http *h)
{
	bool held = h->held != NULL;

	wake(h, false);
	return held;
}

static void
on_completed(void *arg, struct MHD_Connection *connection, void **context,
    enum MHD_RequestTerminationCode code)
{
	struct exchange *x = *context;

	(void)arg;
	(void)connection;
	(void)code;
	if (x == NULL)
		return;
	outbuf_done(&x->out);
	free(x->body);
	free(x);
	*context = NULL;
}

static void
on_connection(void *arg, struct MHD_Connection *connection, void **context,
    enum MHD_ConnectionNotificationCode code)
{
	struct dialect_http *h = arg;
	bool opened = code == MHD_CONNECTION_NOTIFY_STARTED;
	size_t point;

	(void)context;
	if (opened)
		h->config.env->metrics->connections++;
	else
		h->config.env->metrics->connections--;
	if (point_of(connection, &point))
		h->config.count(h->config.arg, point, opened);
}

static void __attribute__((format(printf, 2, 0)))
on_message(void *arg, const char *format, va_list ap)
{
	(void)arg;
	(void)format;
	(void)ap;
}

int
dialect_http_new(const struct dialect_http_config *config,
    struct dialect_http **out, struct err *e)
{
	struct dialect_http *h = mem_alloc(sizeof(*h));

	if (h == NULL)
		return err_set(e, E_NOMEM, "out of memory");
	h->config = *config;
	h->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET |
		MHD_USE_ERROR_LOG | MHD_ALLOW_SUSPEND_RESUME,
	    0, NULL, NULL, on_request, h, MHD_OPTION_EXTERNAL_LOGGER,
	    on_message, NULL, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	    (size_t)MEMORY_PER_CONNECTION, MHD_OPTION_CONNECTION_LIMIT,
	    (unsigned)100000, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT,
	    MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_COMPLETED,
	    on_completed, h, MHD_OPTION_NOTIFY_CONNECTION, on_connection, h,
	    MHD_OPTION_END);
	if (h->daemon == NULL) {
		free(h);
		return err_set(e, E_IO, "libmicrohttpd does not start");
	}
	*out = h;
	return 0;
}

void
dialect_http_free(struct dialect_http **h)
{
	if (*h == NULL)
		return;
	/* it must not be stopped while connections sleep */
	wake(*h, true);
	(void)MHD_run((*h)->daemon);
	MHD_stop_daemon((*h)->daemon);
	free(*h);
	*h = NULL;
}

void
dialect_http_add(struct dialect_http *h, int fd, size_t point)
{
	struct sockaddr_un peer = { .sun_family = AF_UNIX };

	/* there are fewer listeners than a byte can count */
	peer.sun_path[0] = (char)point;
	/* it closes fd itself when it cannot take it */
	(void)MHD_add_connection(
	    h->daemon, fd, (const struct sockaddr *)&peer, sizeof(peer));
}

int
dialect_http_fd(const struct dialect_http *h)
{
	const union MHD_DaemonInfo *info;

	info = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	return info != NULL ? info->epoll_fd : -1;
}

void
dialect_http_run(struct dialect_http *h)
{
	(void)MHD_run(h->daemon);
}

int64_t
dialect_http_timeout(struct dialect_http *h)
{
	MHD_UNSIGNED_LONG_LONG ms;

	if (MHD_get_timeout(h->daemon, &ms) != MHD_YES)
		return -1;
	return ms < 60000 ? (int64_t)ms : 60000;
}
