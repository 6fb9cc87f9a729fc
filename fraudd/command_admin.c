/* The operator's verbs. */

#include "command_priv.h"
#include "hash.h"

void
command_do_block(struct command_call *call)
{
	struct err e = { 0 };
	int64_t seconds = 0;
	int r;

	if (call->rq->count == 4 &&
	    (!command_number(command_word(call, 2), &seconds) || seconds < 0)) {
		command_fail(call, "SECONDS is a number, 0 for ever");
		return;
	}
	r = engine_block(call->by.env->engine, command_word(call, 0),
	    command_word(call, 1), seconds, call->by.now, &e);
	if (r < 0) {
		command_fail_err(call, r, &e);
		return;
	}
	command_tell(call, "block");
	reply_status(call->reply, "OK");
}

void
command_do_unblock(struct command_call *call)
{
	struct err e = { 0 };
	int r;

	r = engine_unblock(call->by.env->engine, command_word(call, 0),
	    command_word(call, 1), call->by.now, &e);
	if (r < 0) {
		command_fail_err(call, r, &e);
		return;
	}
	if (r > 0)
		command_tell(call, "unblock");
	reply_integer(call->reply, NULL, r);
}

void
command_do_forget(struct command_call *call)
{
	struct err e = { 0 };
	int r;

	r = engine_forget(call->by.env->engine, command_word(call, 0),
	    command_word(call, 1), call->by.now, &e);
	if (r < 0) {
		command_fail_err(call, r, &e);
		return;
	}
	if (r > 0)
		command_tell(call, "forget");
	reply_integer(call->reply, NULL, r);
}

void
command_do_reload(struct command_call *call)
{
	const struct command_env *env = call->by.env;
	struct err e = { 0 };
	int r;

	r = env->reload(env->reload_arg, &e);
	if (r != 0)
		command_fail_err(call, r, &e);
	else
		reply_status(call->reply, "OK");
}

/* The new key is in its file, and that on disk, when this has answered. */
void
command_do_rotate(struct command_call *call)
{
	struct err e = { 0 };
	int r;

	r = hash_keys_rotate(call->by.env->keys, &e);
	if (r != 0) {
		command_fail_err(call, r, &e);
		return;
	}
	command_tell(call, "rotate");
	reply_status(call->reply, "OK");
}
