/*
 * fraud_client: one non-blocking socket, one deadline, and a row of places in
 * which connections lie between two questions. A thread takes one out with
 * an exchange and puts it back when its answer was read whole; when there is
 * none it makes its own, so that a slow answer delays only who asked for it.
 *
 * The process that holds a connection wrote its pid beside it. A child of
 * fork() finds its parent's in the places and drops them: two processes on
 * one connection would read each other's verdicts. And a host may have closed
 * our descriptor and got its number for something else, so it is looked at
 * before it is used or closed.
 */

#include "fraud_client.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "mem.h"
#include "str.h"

#define PLACES 16
#define OWED_MAX 8 /* answers nobody has waited for */
#define BACKLOG_NS 1000000 /* between two tries at a full backlog */
#define NS INT64_C(1000000000)

struct conn {
	int fd;
	pid_t pid; /* whose it is */
	dev_t dev; /* the socket that fd was when it was opened */
	ino_t ino;
	unsigned owed;
	size_t have; /* bytes in buf */
	char buf[FRAUD_REPLY_MAX];
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
};

struct fraud_client {
	struct conn *_Atomic places[PLACES]; /* owns */
};

/* One question on its way. */
struct errand {
	struct fraud_client *client;
	const struct fraud_where *where;
	const struct fraud_request *request;
	struct conn *conn;
	int64_t until; /* ns, monotonic */
	struct err *e;
};

static int64_t
now_ns(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * NS + t.tv_nsec;
}

static int
fail(const struct errand *a, const char *what)
{
	return err_set(a->e, E_IO, "%s: %s", a->where->socket, what);
}

/* Whether the number still means what it meant. */
static bool
is_ours(const struct conn *c)
{
	struct stat st;

	return fstat(c->fd, &st) == 0 && S_ISSOCK(st.st_mode) &&
	    st.st_dev == c->dev && st.st_ino == c->ino;
}

static void
drop(struct conn *c)
{
	if (c == NULL)
		return;
	if (c->fd >= 0 && is_ours(c))
		close(c->fd);
	mem_free(&c, sizeof(*c));
}

static void
put(struct fraud_client *client, struct conn *c)
{
	struct conn *none;
	size_t i;

	for (i = 0; i < PLACES; i++) {
		none = NULL;
		if (atomic_compare_exchange_strong_explicit(&client->places[i],
			&none, c, memory_order_acq_rel, memory_order_relaxed))
			return;
	}
	drop(c);
}

/* Nothing may lie in a connection but answers that are owed. */
static bool
is_quiet(const struct conn *c)
{
	char byte;
	ssize_t n;

	if (c->owed > 0)
		return true;
	n = recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
	return n < 0 && errno == EAGAIN;
}

/* One that was kept for this socket, or NULL. */
static struct conn *
take(struct fraud_client *client, const char *path)
{
	struct conn *c;
	pid_t me = getpid();
	size_t i;

	for (i = 0; i < PLACES; i++) {
		c = atomic_exchange_explicit(
		    &client->places[i], NULL, memory_order_acq_rel);
		if (c == NULL)
			continue;
		if (c->pid == me && strcmp(c->path, path) != 0) {
			put(client, c);
			continue;
		}
		if (c->pid == me && is_ours(c) && is_quiet(c))
			return c;
		drop(c);
	}
	return NULL;
}

/* Waits for events, at most to the deadline. False: it has passed. */
static bool
wait_for(const struct errand *a, short events)
{
	struct pollfd p = { .fd = a->conn->fd, .events = events };
	struct timespec t;
	int64_t left;
	int r;

	do {
		left = a->until - now_ns();
		if (left <= 0)
			return false;
		t.tv_sec = (time_t)(left / NS);
		t.tv_nsec = (long)(left % NS);
		r = ppoll(&p, 1, &t, NULL);
	} while (r < 0 && errno == EINTR);
	return r > 0;
}

/* A full backlog cannot be waited for, only tried again. */
static bool
pause_briefly(const struct errand *a)
{
	const struct timespec t = { .tv_nsec = BACKLOG_NS };

	if (a->until - now_ns() <= BACKLOG_NS)
		return false;
	(void)nanosleep(&t, NULL);
	return true;
}

static int
reach(const struct errand *a)
{
	struct conn *c = a->conn;
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct stat st;
	struct str s;

	str_init(&s, c->path, sizeof(c->path));
	str_add(&s, a->where->socket);
	if (s.full || s.len == 0)
		return fail(a, "is no path of a socket");
	memcpy(to.sun_path, c->path, s.len + 1);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || fstat(c->fd, &st) != 0)
		return fail(a, "no descriptor is free");
	c->dev = st.st_dev;
	c->ino = st.st_ino;
	while (connect(c->fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
		if (errno == EAGAIN && pause_briefly(a))
			continue;
		return fail(a,
		    errno == EAGAIN           ? "does not accept in time" :
			errno == ENOENT       ? "there is no such socket" :
			errno == EACCES       ? "may not be opened" :
			errno == ECONNREFUSED ? "nobody listens" :
						"cannot be reached");
	}
	return 0;
}

static int
open_conn(struct errand *a)
{
	a->conn = mem_alloc(sizeof(*a->conn));
	if (a->conn == NULL)
		return fail(a, "out of memory");
	a->conn->fd = -1;
	a->conn->pid = getpid();
	return reach(a);
}

static int
send_all(struct errand *a)
{
	const struct fraud_request *q = a->request;
	size_t at = 0;
	ssize_t n;

	while (at < q->len) {
		n = send(a->conn->fd, q->data + at, q->len - at, MSG_NOSIGNAL);
		if (n >= 0) {
			at += (size_t)n;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return fail(a, "the connection was closed");
		if (!wait_for(a, POLLOUT))
			return fail(a, "no answer in time");
	}
	return 0;
}

/* One more piece of what fraudd says. */
static int
receive(struct errand *a)
{
	struct conn *c = a->conn;
	ssize_t n;

	for (;;) {
		n = recv(c->fd, c->buf + c->have, sizeof(c->buf) - c->have, 0);
		if (n > 0)
			break;
		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0 || errno != EAGAIN)
			return fail(a, "the connection was closed");
		if (!wait_for(a, POLLIN))
			return fail(a, "no answer in time");
	}
	c->have += (size_t)n;
	return 0;
}

static int
read_reply(struct errand *a, struct fraud_reply *out)
{
	struct conn *c = a->conn;
	struct err why = { 0 };
	size_t used;
	int r;

	for (;;) {
		r = fraud_proto_read(c->buf, c->have, out, &used, &why);
		if (r != 0)
			return err_set(a->e, r, "%s: %s", a->where->socket,
			    err_text(&why, r));
		if (used > 0)
			break;
		r = receive(a);
		if (r != 0)
			return r;
	}
	c->have -= used;
	memmove(c->buf, c->buf + used, c->have);
	return 0;
}

/* The answers that nobody waited for come first. */
static int
read_own(struct errand *a, struct fraud_reply *out)
{
	struct fraud_reply reply;
	int r;

	for (; a->conn->owed > 0; a->conn->owed--) {
		r = read_reply(a, &reply);
		if (r != 0)
			return r;
	}
	r = read_reply(a, &reply);
	if (r == 0 && a->conn->have > 0)
		r = err_set(a->e, E_SYNTAX,
		    "%s: it said more than it was asked", a->where->socket);
	if (r == 0)
		*out = reply;
	return r;
}

/* out NULL: does not wait. */
static int
once(struct errand *a, struct fraud_reply *out)
{
	int r;

	r = a->conn == NULL ? open_conn(a) : 0;
	if (r == 0)
		r = send_all(a);
	if (r == 0 && out != NULL)
		r = read_own(a, out);
	else if (r == 0)
		a->conn->owed++;
	if (r == 0)
		put(a->client, a->conn);
	return r;
}

/*
 * A connection that was kept may have ended meanwhile, as when fraudd was
 * started anew: then once more with a new one. Counting twice what a daemon
 * that is gone may have counted harms nobody.
 */
static int
run(struct errand *a, struct fraud_reply *out)
{
	struct err *told = a->e;
	struct err first = { 0 };
	bool kept;
	int r;

	a->until = now_ns() + a->where->deadline_ms * (NS / 1000);
	a->conn = take(a->client, a->where->socket);
	if (a->conn != NULL && out == NULL && a->conn->owed >= OWED_MAX) {
		drop(a->conn);
		a->conn = NULL;
	}
	kept = a->conn != NULL;
	a->e = kept ? &first : told;
	r = once(a, out);
	if (r == 0)
		return 0;
	drop(a->conn);
	a->conn = NULL;
	if (!kept)
		return r;
	a->e = told;
	if (now_ns() >= a->until)
		return err_set(told, r, "%s", err_text(&first, r));
	r = once(a, out);
	if (r != 0)
		drop(a->conn);
	return r;
}

int
fraud_client_ask(struct fraud_client *c, const struct fraud_where *where,
    const struct fraud_request *request, struct fraud_reply *out, struct err *e)
{
	struct errand a = {
		.client = c, .where = where, .request = request, .e = e
	};

	return run(&a, out);
}

int
fraud_client_tell(struct fraud_client *c, const struct fraud_where *where,
    const struct fraud_request *request, struct err *e)
{
	struct errand a = {
		.client = c, .where = where, .request = request, .e = e
	};

	return run(&a, NULL);
}

int
fraud_client_new(struct fraud_client **out)
{
	struct fraud_client *c = mem_alloc(sizeof(*c));
	size_t i;

	if (c == NULL)
		return E_NOMEM;
	for (i = 0; i < PLACES; i++)
		atomic_init(&c->places[i], NULL);
	*out = c;
	return 0;
}

void
fraud_client_free(struct fraud_client **c)
{
	size_t i;

	if (*c == NULL)
		return;
	for (i = 0; i < PLACES; i++)
		drop(atomic_exchange(&(*c)->places[i], NULL));
	mem_free(c, sizeof(**c));
}
