/*
 * All whole requests of one read are answered before anything is written:
 * a pipeline of sixteen costs one read and one write.
 */

#include "conn.h"

#include "command.h"
#include "dialect_policy.h"
#include "dialect_resp.h"
#include "err.h"
#include "metrics.h"
#include "outbuf.h"
#include "persist.h"
#include "reply.h"
#include "request.h"

static const char lost[] = "in force, but the journal could not keep it: "
			   "a restart may forget it";

ERR_COLD static void
say_lost(struct outbuf *out, size_t at)
{
	struct reply r;

	outbuf_cut(out, at);
	reply_resp(&r, out);
	reply_error(&r, "UNAVAILABLE", lost);
}

/* What the command's records ask of its answer, which begins at `at`. */
static void
settle(struct conn *c, const struct conn_turn *t, size_t at, bool durable)
{
	uint64_t ticket = 0;

	switch (persist_take(t->env->persist, &ticket)) {
	case PERSIST_GO:
		return;
	case PERSIST_HOLD:
		c->ticket = ticket;
		c->durable = durable;
		c->held_at = at;
		return;
	case PERSIST_LOST:
		if (durable)
			say_lost(t->out, at);
		return;
	}
}

static void
run_resp(struct conn *c, const struct conn_turn *t)
{
	struct command_call call = {
		.by = { t->env, &c->access, *t->rows, t->now,
		    t->request->hinted ? &t->request->hint : NULL },
		.rq = &t->request->rq,
		.watch = c->watch,
		.watch_all = c->watch_all,
	};
	struct reply reply __attribute__((uninitialized));
	size_t at = t->out->len;

	if (t->request->rq.count == 0)
		return;
	reply_resp(&reply, t->out);
	call.reply = &reply;
	command_run(&call);
	settle(c, t, at, call.durable && !reply.failed);
	c->closing = call.quit;
	c->watch = call.watch;
	c->watch_all = call.watch_all;
}

/*
 * What Postfix cannot be told (a mistake in the rules' fields) is passed to
 * the next restriction; where the peer has no right there is no answer, and
 * Postfix says so in its log.
 */
static void
run_policy(struct conn *c, const struct conn_turn *t)
{
	struct command_caller by = { t->env, &c->access, *t->rows, t->now,
		NULL };
	struct engine_attempt a;
	struct engine_answer answer;
	struct err e;
	size_t at = t->out->len;
	int r;

	e.code = 0;
	t->env->metrics->requests++;
	if (!dialect_policy_attempt(&t->request->rq, t->env->settings, &a)) {
		dialect_policy_pass(t->out);
		return;
	}
	r = command_attempt(&by, &a, true, &answer, &e);
	if (r == 0)
		dialect_policy_answer(t->out, &answer);
	else if (r == E_SYNTAX)
		dialect_policy_pass(t->out);
	else {
		c->closing = true;
		t->env->metrics->denied_access += r == E_PERM;
	}
	settle(c, t, at, false);
}

ERR_COLD static void
broken(struct conn *c, const struct conn_turn *t, const char *why)
{
	struct reply reply;

	t->env->metrics->broken++;
	c->closing = true;
	if (c->dialect != DIALECT_RESP)
		return;
	reply_resp(&reply, t->out);
	reply_error(&reply, "ERR", why);
}

bool
conn_parse(
    const struct conn *c, const char *in, size_t n, struct conn_request *out)
{
	out->why = "Protocol error";
	out->used = 0;
	out->hinted = false;
	if (c->dialect == DIALECT_RESP)
		out->state = dialect_resp_parse(
		    in, n, &out->rq, &out->used, &out->why);
	else
		out->state = dialect_policy_parse(in, n, &out->rq, &out->used);
	return out->state != REQUEST_PARTIAL;
}

bool
conn_goes_on(struct conn *c, const struct conn_turn *t, size_t start)
{
	if (c->closing || c->ticket != 0)
		return false;
	c->more = t->out->len - start >= CONN_OUT_SOFT;
	return !c->more;
}

void
conn_run(struct conn *c, const struct conn_turn *t)
{
	if (t->request->state == REQUEST_BROKEN)
		broken(c, t, t->request->why);
	else if (c->dialect == DIALECT_RESP)
		run_resp(c, t);
	else
		run_policy(c, t);
}

void
conn_finish(struct conn *c, size_t start)
{
	if (c->ticket != 0)
		c->held_at -= start;
}

size_t
conn_process(
    struct conn *c, const struct conn_turn *t, const char *in, size_t n)
{
	size_t at = 0, start = t->out->len;

	c->more = false;
	while (at < n && conn_goes_on(c, t, start)) {
		if (!conn_parse(c, in + at, n - at, t->request))
			break;
		at += t->request->used;
		conn_run(c, t);
	}
	conn_finish(c, start);
	return c->closing ? n : at;
}

void
conn_release(struct conn *c, struct outbuf *out, bool reached)
{
	if (!reached && c->durable)
		say_lost(out, c->held_at);
	c->ticket = 0;
}
