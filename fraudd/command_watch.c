/* WATCH, and what others do told to those who watch. */

#include "access.h"
#include "command_priv.h"
#include "watch.h"

void
command_tell(const struct command_call *call, const char *what)
{
	struct watch_act act = { .now = call->by.now, .what = what };

	act.key = act.value = "";
	if (call->rq->count > 2) {
		act.key = command_word(call, 0).data;
		act.key_len = command_word(call, 0).len;
		act.value = command_word(call, 1).data;
		act.value_len = command_word(call, 1).len;
	}
	watch_act(call->by.env->watch, &act);
}

/*
 * The connection goes on as it was, and events stand between its answers.
 * Asked again it only changes what is seen.
 */
void
command_do_watch(struct command_call *call)
{
	bool all = call->rq->count > 1;

	if (all && !command_is(command_word(call, 0), "all")) {
		command_fail(call, "WATCH knows ALL, or nothing");
		return;
	}
	if (!call->watch && !watch_join(call->by.env->watch)) {
		command_fail(call, "too many are watching");
		return;
	}
	call->watch = true;
	call->watch_all = all;
	watch_admit(call->by.env->watch,
	    watch_audience(access_may(call->by.access, ACCESS_READ), all));
	reply_status(call->reply, "OK");
}
