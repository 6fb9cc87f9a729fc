/*
 * The commands that programs ask: attempts, their outcomes, marks, sessions
 * and rates. Everything that decides is the engine's.
 */

#include <string.h>

#include "access.h"
#include "command_priv.h"
#include "metrics.h"
#include "throttle.h"

bool
command_may_count(const struct command_caller *by, struct engine_text event)
{
	return access_may_count(by->rows, by->access, event.data, event.len);
}

int
command_attempt(const struct command_caller *by, struct engine_attempt *a,
    bool count, struct engine_answer *out, struct err *e)
{
	if (!command_may_count(by, a->event))
		return err_set(
		    e, E_PERM, "this user has no right to this event");
	a->uid = by->access->uid;
	engine_hint(by->env->engine, by->hint);
	if (count)
		return engine_attempt(by->env->engine, a, by->now, out, e);
	return engine_check(by->env->engine, a, by->now, out, e);
}

const char *
command_verdict(enum engine_verdict v)
{
	switch (v) {
	case ENGINE_ALLOW:
		return FRAUD_ALLOW;
	case ENGINE_DELAY:
		return FRAUD_DELAY;
	case ENGINE_DENY:
		break;
	}
	return FRAUD_DENY;
}

void
command_say_answer(struct reply *r, const struct engine_answer *a)
{
	reply_answer(r, command_verdict(a->verdict), a);
}

/* EVENT and pairs of FIELD VALUE. False: the answer has been given. */
static bool
take_attempt(struct command_call *call, struct engine_attempt *a)
{
	size_t i, words = call->rq->count - 1;

	if (words % 2 == 0) {
		command_fail(call, "each field needs a value");
		return false;
	}
	a->event = command_word(call, 0);
	a->count = (words - 1) / 2;
	for (i = 0; i < a->count; i++) {
		a->fields[i].name = command_word(call, 1 + 2 * i);
		a->fields[i].value = command_word(call, 2 + 2 * i);
	}
	return true;
}

void
command_foresee(const struct command_env *env, const struct request *rq,
    struct engine_hint *out)
{
	size_t i;

	out->slot = 0;
	out->text.data = NULL;
	if (rq->count < 4 || rq->count > REQUEST_WORDS_MAX ||
	    !command_is_attempt(rq->words[0]))
		return;
	for (i = 2; i + 1 < rq->count; i += 2)
		if (rq->words[i].len == strlen(FRAUD_IP) &&
		    str_same(rq->words[i].data, FRAUD_IP, strlen(FRAUD_IP))) {
			engine_foresee(
			    env->engine, rq->words[1], rq->words[i + 1], out);
			return;
		}
}

/*
 * The busiest function of all: what is large is not cleared first, for all
 * that is read of it has been written.
 */
static void
attempt(struct command_call *call, bool count)
{
	struct engine_attempt a __attribute__((uninitialized));
	struct engine_answer answer __attribute__((uninitialized));
	struct err e __attribute__((uninitialized));
	int r;

	e.code = 0;
	if (!take_attempt(call, &a))
		return;
	r = command_attempt(&call->by, &a, count, &answer, &e);
	if (r != 0)
		command_fail_err(call, r, &e);
	else
		command_say_answer(call->reply, &answer);
}

void
command_do_attempt(struct command_call *call)
{
	attempt(call, true);
}

void
command_do_check(struct command_call *call)
{
	attempt(call, false);
}

void
command_do_outcome(struct command_call *call)
{
	struct engine_text word = command_word(call, 1);
	enum engine_outcome outcome;

	if (command_is(word, FRAUD_SUCCESS))
		outcome = ENGINE_OUTCOME_SUCCESS;
	else if (command_is(word, FRAUD_FAILURE))
		outcome = ENGINE_OUTCOME_FAILURE;
	else if (command_is(word, FRAUD_ERROR))
		outcome = ENGINE_OUTCOME_ERROR;
	else {
		command_fail(call, "an outcome is success, failure or error");
		return;
	}
	reply_integer(call->reply, NULL,
	    engine_outcome(call->by.env->engine, command_word(call, 0), outcome,
		call->by.access->uid, call->by.now));
}

/* The scope is what an event is for rights. */
void
command_do_once(struct command_call *call)
{
	struct err e = { 0 };
	int64_t expires;
	int r;

	if (!command_number(command_word(call, 2), &expires)) {
		command_fail(call, "EXPIRES is seconds since 1970");
		return;
	}
	if (!command_may_count(&call->by, command_word(call, 0)))
		r = err_set(&e, E_PERM, "this user has no right to this scope");
	else
		r = engine_once(call->by.env->engine, command_word(call, 0),
		    command_word(call, 1), expires, call->by.now, &e);
	if (r < 0)
		command_fail_err(call, r, &e);
	else
		reply_integer(call->reply, NULL, r);
}

void
command_do_open(struct command_call *call)
{
	struct engine_attempt a;
	struct engine_answer answer;
	struct err e = { 0 };
	int r;

	if (!take_attempt(call, &a))
		return;
	a.uid = call->by.access->uid;
	if (!command_may_count(&call->by, a.event))
		r = err_set(&e, E_PERM, "this user has no right to this event");
	else
		r = engine_open(
		    call->by.env->engine, &a, call->by.now, &answer, &e);
	if (r != 0)
		command_fail_err(call, r, &e);
	else
		command_say_answer(call->reply, &answer);
}

void
command_do_close(struct command_call *call)
{
	struct engine_attempt a;
	struct err e = { 0 };
	int r;

	if (!take_attempt(call, &a))
		return;
	a.uid = call->by.access->uid;
	if (!command_may_count(&call->by, a.event))
		r = err_set(&e, E_PERM, "this user has no right to this event");
	else
		r = engine_close(call->by.env->engine, &a, call->by.now, &e);
	if (r < 0)
		command_fail_err(call, r, &e);
	else
		reply_integer(call->reply, NULL, r);
}

/* A rate is an event of its own name, for rights. */
void
command_do_throttle(struct command_call *call)
{
	static const struct engine_text event = { "throttle", 8 };
	struct throttle_question q = { .quantity = 1 };
	struct throttle_answer a;
	struct engine_text key = command_word(call, 0);

	q.key = key.data;
	q.len = key.len;
	if (!command_may_count(&call->by, event)) {
		call->by.env->metrics->denied_access++;
		reply_error(call->reply, "NOPERM",
		    "this user has no right to the event throttle");
	} else if (!command_number(command_word(call, 1), &q.max_burst) ||
	    !command_number(command_word(call, 2), &q.count) ||
	    !command_number(command_word(call, 3), &q.period) ||
	    (call->rq->count == 6 &&
		!command_number(command_word(call, 4), &q.quantity))) {
		command_fail(call, "value is not an integer or out of range");
	} else if (throttle_ask(call->by.env->throttle, &q, call->by.now, &a) !=
	    0) {
		command_fail(call, "value is not an integer or out of range");
	} else {
		reply_array(call->reply, NULL, 5);
		reply_integer(call->reply, NULL, a.limited);
		reply_integer(call->reply, NULL, a.limit);
		reply_integer(call->reply, NULL, a.remaining);
		reply_integer(call->reply, NULL, a.retry_after);
		reply_integer(call->reply, NULL, a.reset_after);
	}
}
