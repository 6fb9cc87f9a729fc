/*
 * One row for each path. What is asked is the same as in RESP, and goes
 * through the same functions and rights.
 */

#include <string.h>
#include <strings.h>

#include "dialect_http_priv.h"
#include "engine.h"
#include "err.h"
#include "metrics.h"
#include "persist.h"
#include "reply.h"
#include "str.h"
#include "watch.h"

#define HEADER_PREFIX "X-Fraudd-"

typedef void handler_fn(struct exchange *x);

void
dialect_http_fail(struct exchange *x, unsigned status, const char *text)
{
	struct reply r;

	outbuf_cut(&x->out, 0);
	reply_json(&r, &x->out);
	reply_error(&r, "ERR", text);
	x->status = status;
}

static void
fail_err(struct exchange *x, int r, const struct err *e)
{
	if (r == E_PERM)
		x->by.env->metrics->denied_access++;
	dialect_http_fail(x,
	    r == E_PERM       ? HTTP_FORBIDDEN :
		r == E_SYNTAX ? HTTP_BAD_REQUEST :
				HTTP_UNAVAILABLE,
	    err_text(e, r));
}

static bool
may(struct exchange *x, unsigned rights)
{
	if (access_may(&x->access, rights))
		return true;
	x->by.env->metrics->denied_access++;
	dialect_http_fail(x, HTTP_FORBIDDEN, "this user has no right to this");
	return false;
}

static void
post_attempt(struct exchange *x)
{
	struct engine_attempt a;
	struct engine_answer answer;
	struct err e = { 0 };
	struct reply reply;
	int r;

	r = dialect_http_body_attempt(x->body, x->len, &x->http->room, &a, &e);
	if (r == 0)
		r = command_attempt(&x->by, &a, true, &answer, &e);
	if (r != 0) {
		fail_err(x, r, &e);
		return;
	}
	reply_json(&reply, &x->out);
	command_say_answer(&reply, &answer);
}

static void
post_outcome(struct exchange *x)
{
	struct engine_text id;
	enum engine_outcome outcome;
	struct err e = { 0 };
	struct reply reply;
	int r;

	if (!may(x, ACCESS_COUNT))
		return;
	r = dialect_http_body_outcome(
	    x->body, x->len, &x->http->room, &id, &outcome, &e);
	if (r != 0) {
		fail_err(x, r, &e);
		return;
	}
	r = engine_outcome(
	    x->by.env->engine, id, outcome, x->access.uid, x->by.now);
	reply_json(&reply, &x->out);
	reply_record(&reply, NULL, 1);
	reply_integer(&reply, "amended", r);
}

static const struct engine_text ip_key = { "ip", 2 };

static struct engine_text
last_part(const struct exchange *x)
{
	const char *part = strrchr(x->path, '/') + 1;
	struct engine_text t = { part, strlen(part) };

	return t;
}

static void
get_source(struct exchange *x)
{
	struct engine_text ip = last_part(x);
	struct err e = { 0 };
	struct reply reply;
	int r;

	if (!may(x, ACCESS_READ))
		return;
	reply_json(&reply, &x->out);
	reply_record(&reply, NULL, 2);
	reply_bytes(&reply, "ip", ip.data, ip.len);
	r = command_show(&x->by, ip_key, ip, &reply, &e);
	if (r != 0)
		fail_err(x, r, &e);
}

static void
delete_source(struct exchange *x)
{
	struct engine_text ip = last_part(x);
	struct watch_act act = { .what = "forget",
		.key = ip_key.data,
		.key_len = ip_key.len,
		.value = ip.data,
		.value_len = ip.len };
	struct err e = { 0 };
	struct reply reply;
	int r;

	if (!may(x, ACCESS_ADMIN))
		return;
	r = engine_forget(x->by.env->engine, ip_key, ip, x->by.now, &e);
	if (r < 0) {
		fail_err(x, r, &e);
		return;
	}
	act.now = x->by.now;
	if (r > 0)
		watch_act(x->by.env->watch, &act);
	reply_json(&reply, &x->out);
	reply_record(&reply, NULL, 1);
	reply_integer(&reply, "forgotten", r);
}

struct headers {
	struct engine_attempt a;
	char names[ENGINE_FIELDS_MAX][ENGINE_NAME_MAX + 1];
	bool too_many;
};

/* X-Fraudd-NAME: value, the name in lower case; X-Fraudd-Event is apart. */
static bool
take_header(void *arg, const char *name, const char *value)
{
	struct headers *h = arg;
	struct engine_text text = { value, value != NULL ? strlen(value) : 0 };
	const size_t prefix = sizeof(HEADER_PREFIX) - 1;
	size_t i, n;

	if (strncasecmp(name, HEADER_PREFIX, prefix) != 0 || text.len == 0)
		return true;
	name += prefix;
	n = strlen(name);
	if (strcasecmp(name, "event") == 0) {
		h->a.event = text;
		return true;
	}
	if (n > ENGINE_NAME_MAX || h->a.count == ENGINE_FIELDS_MAX) {
		h->too_many = true;
		return false;
	}
	for (i = 0; i < n; i++)
		h->names[h->a.count][i] = name[i] >= 'A' && name[i] <= 'Z' ?
		    (char)(name[i] + 32) :
		    name[i];
	h->a.fields[h->a.count].name.data = h->names[h->a.count];
	h->a.fields[h->a.count].name.len = n;
	h->a.fields[h->a.count].value = text;
	h->a.count++;
	return true;
}

static void
get_auth_request(struct exchange *x)
{
	struct headers h = { .a = { .event = { "login", 5 } } };
	struct engine_answer answer;
	struct err e = { 0 };
	int r;

	dialect_http_headers(x, take_header, &h);
	if (h.too_many)
		r = err_set(&e, E_SYNTAX, "too many or too long headers");
	else
		r = command_attempt(&x->by, &h.a, true, &answer, &e);
	if (r != 0) {
		fail_err(x, r, &e);
		return;
	}
	switch (answer.verdict) {
	case ENGINE_ALLOW:
		x->status = HTTP_NO_CONTENT;
		return;
	case ENGINE_DELAY:
		x->status = HTTP_TOO_MANY;
		break;
	case ENGINE_DENY:
		x->status = HTTP_FORBIDDEN;
		break;
	}
	x->retry_after = answer.retry_after;
}

static void
get_metrics(struct exchange *x)
{
	x->type = "text/plain; version=0.0.4; charset=utf-8";
	metrics_write(&x->out, x->by.env);
}

static void
get_health(struct exchange *x)
{
	const char *trouble = persist_trouble(x->by.env->persist);
	struct reply r;

	reply_json(&r, &x->out);
	reply_record(&r, NULL, 2);
	reply_text(&r, "status", trouble != NULL ? "degraded" : "ok");
	reply_text(&r, "journal", trouble != NULL ? trouble : "ok");
	if (trouble != NULL)
		x->status = HTTP_UNAVAILABLE;
}

/* The place of a session; what was there before is forgotten. */
static struct session *
session_of(struct exchange *x, struct engine_text name)
{
	uint32_t h = 2166136261u;
	size_t i;

	if (name.len == 0 || name.len >= SESSION_MAX)
		return NULL;
	for (i = 0; i < name.len; i++)
		h = (h ^ (unsigned char)name.data[i]) * 16777619u;
	return &x->http->sessions[h % SESSIONS];
}

static bool
session_is(
    const struct exchange *x, const struct session *s, struct engine_text name)
{
	return s != NULL && s->id[0] != '\0' && s->uid == x->access.uid &&
	    str_is(name.data, name.len, s->name);
}

static void
say_dovecot(struct exchange *x, int64_t status, const char *text)
{
	struct reply r;

	reply_json(&r, &x->out);
	reply_record(&r, NULL, 2);
	reply_integer(&r, "status", status);
	reply_text(&r, "msg", text);
}

/*
 * Dovecot asks before and after it looked at the password, then reports. The
 * first question counts and decides in one step, so that guesses in parallel
 * do not all see the old count; a second one of the same session only looks;
 * the report amends.
 */
static void
dovecot_allow(struct exchange *x, struct dialect_http_dovecot *d)
{
	struct session *s = session_of(x, d->session);
	struct engine_answer answer;
	struct err e = { 0 };
	bool again = session_is(x, s, d->session);
	int r;

	r = command_attempt(&x->by, &d->attempt, !again, &answer, &e);
	if (r != 0) {
		fail_err(x, r, &e);
		return;
	}
	if (!again && s != NULL && answer.id[0] != '\0') {
		s->uid = x->access.uid;
		memcpy(s->name, d->session.data, d->session.len);
		s->name[d->session.len] = '\0';
		memcpy(s->id, answer.id, sizeof(s->id));
	}
	if (answer.verdict == ENGINE_ALLOW)
		say_dovecot(x, 0, "");
	else if (answer.verdict == ENGINE_DELAY && answer.retry_after > 0)
		say_dovecot(x, answer.retry_after, "too many attempts");
	else
		say_dovecot(x, -1, "too many attempts");
}

static void
dovecot_report(struct exchange *x, struct dialect_http_dovecot *d)
{
	struct session *s = session_of(x, d->session);
	struct engine_text id;

	if (d->reported && session_is(x, s, d->session)) {
		id.data = s->id;
		id.len = strlen(s->id);
		(void)engine_outcome(x->by.env->engine, id,
		    d->success ? ENGINE_OUTCOME_SUCCESS :
				 ENGINE_OUTCOME_FAILURE,
		    x->access.uid, x->by.now);
		s->id[0] = '\0';
	}
	say_dovecot(x, 0, "");
}

static void
post_dovecot(struct exchange *x)
{
	struct dialect_http_dovecot d;
	struct err e = { 0 };
	const char *command;
	int r;

	command = dialect_http_query(x, "command");
	if (command == NULL ||
	    (strcmp(command, "allow") != 0 && strcmp(command, "report") != 0)) {
		dialect_http_fail(
		    x, HTTP_BAD_REQUEST, "command: must be allow or report");
		return;
	}
	if (!may(x, ACCESS_COUNT))
		return;
	r = dialect_http_body_dovecot(x->body, x->len, &x->http->room, &d, &e);
	if (r != 0)
		fail_err(x, r, &e);
	else if (command[0] == 'a')
		dovecot_allow(x, &d);
	else
		dovecot_report(x, &d);
}

static const struct {
	const char *method;
	const char *path; /* ends with '/': one more part follows */
	handler_fn *run;
} routes[] = {
	{ "POST", "/v1/attempts", post_attempt },
	{ "POST", "/v1/outcomes", post_outcome },
	{ "GET", "/v1/sources/", get_source },
	{ "DELETE", "/v1/sources/", delete_source },
	{ "GET", "/v1/auth_request", get_auth_request },
	{ "GET", "/metrics", get_metrics },
	{ "GET", "/healthz", get_health },
	{ "POST", "/", post_dovecot },
};

static bool
path_is(const char *path, const char *pattern)
{
	size_t n = strlen(pattern);

	if (n == 1 || pattern[n - 1] != '/')
		return strcmp(path, pattern) == 0;
	return strncmp(path, pattern, n) == 0 && path[n] != '\0' &&
	    strchr(path + n, '/') == NULL;
}

void
dialect_http_route(struct exchange *x, const char *method)
{
	size_t i;

	for (i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (x->path == NULL || !path_is(x->path, routes[i].path))
			continue;
		if (strcmp(method, routes[i].method) == 0) {
			routes[i].run(x);
			return;
		}
		x->allow = routes[i].method;
	}
	if (x->allow != NULL)
		dialect_http_fail(x, HTTP_BAD_METHOD, "not with this method");
	else
		dialect_http_fail(
		    x, HTTP_NOT_FOUND, "there is nothing at this path");
}
