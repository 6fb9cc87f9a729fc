/*
 * command_priv: the functions behind the rows of the command table.
 */

#ifndef JWTGATE_COMMAND_PRIV_H
#define JWTGATE_COMMAND_PRIV_H

#include <string.h>

#include "command.h"
#include "err.h"
#include "reply.h"
#include "request.h"
#include "str.h"

typedef void command_fn(struct command_call *call);

struct command_row {
	const char *name; /* lower case */
	unsigned min, max; /* words behind the name */
	unsigned rights; /* one of these; 0: for everybody */
	bool durable; /* refused while nothing is kept */
	command_fn *run;
	const char *words; /* what stands behind the name, for people */
};

const struct command_row *command_rows(size_t *count_out);

/* The i-th word behind the name. */
static inline struct engine_text
command_word(const struct command_call *call, size_t i)
{
	return call->rq->words[i + 1];
}

/* The busiest command, as nearly everybody writes it. */
static inline bool
command_is_attempt(struct engine_text t)
{
	return t.len == 7 && memcmp(t.data, "ATTEMPT", 7) == 0;
}

/* Words are compared without regard to case. */
bool command_is(struct engine_text t, const char *word);
/* Digits with an optional minus; false when it is anything else. */
bool command_number(struct engine_text t, int64_t *out);

void command_fail(struct command_call *call, const char *text);
void command_fail_err(struct command_call *call, int r, const struct err *e);

/* command_count.c */
command_fn command_do_attempt, command_do_check, command_do_outcome,
    command_do_once, command_do_open, command_do_close, command_do_throttle;
/* command_admin.c */
command_fn command_do_block, command_do_unblock, command_do_forget,
    command_do_reload, command_do_rotate;
/* command_look.c */
command_fn command_do_show, command_do_why, command_do_list, command_do_top,
    command_do_stats;
/* command_watch.c */
command_fn command_do_watch;
void command_tell(const struct command_call *call, const char *what);
/* command_client.c */
command_fn command_do_ping, command_do_echo, command_do_hello, command_do_info,
    command_do_command, command_do_client, command_do_select, command_do_config,
    command_do_auth, command_do_quit;

#endif
