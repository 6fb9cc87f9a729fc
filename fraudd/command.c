/*
 * One row for each command; the row says who may and how many words there
 * are, so that no function behind it can forget to ask. The busiest rows
 * stand first.
 */

#include "command.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "access.h"
#include "command_priv.h"
#include "metrics.h"
#include "persist.h"

#define FIELD_WORDS (2 * ENGINE_FIELDS_MAX)
#define MANY REQUEST_WORDS_MAX

/* clang-format off */
static const struct command_row rows[] = {
	{ FRAUD_ATTEMPT, 1, 1 + FIELD_WORDS, ACCESS_COUNT, false,
	    command_do_attempt, "EVENT FIELD VALUE ..." },
	{ FRAUD_CHECK, 1, 1 + FIELD_WORDS, ACCESS_COUNT, false,
	    command_do_check, "EVENT FIELD VALUE ..." },
	{ FRAUD_OUTCOME, 2, 2, ACCESS_COUNT, false,
	    command_do_outcome,
	    "ID " FRAUD_SUCCESS "|" FRAUD_FAILURE "|" FRAUD_ERROR },
	{ FRAUD_ONCE, 3, 3, ACCESS_COUNT, true,
	    command_do_once, "SCOPE VALUE EXPIRES" },
	{ FRAUD_OPEN, 1, 1 + FIELD_WORDS, ACCESS_COUNT, false,
	    command_do_open, "EVENT FIELD VALUE ..." },
	{ FRAUD_CLOSE, 1, 1 + FIELD_WORDS, ACCESS_COUNT, false,
	    command_do_close, "EVENT FIELD VALUE ..." },
	{ "cl.throttle", 4, 5, ACCESS_COUNT, false,
	    command_do_throttle, "KEY MAX_BURST COUNT PERIOD [QUANTITY]" },
	{ "block", 2, 3, ACCESS_ADMIN, true,
	    command_do_block, "KEY VALUE [SECONDS]" },
	{ "unblock", 2, 2, ACCESS_ADMIN, true,
	    command_do_unblock, "KEY VALUE" },
	{ "forget", 2, 2, ACCESS_ADMIN, false,
	    command_do_forget, "KEY VALUE" },
	{ "show", 2, 2, ACCESS_READ, false, command_do_show, "KEY VALUE" },
	{ "why", 1, 2, ACCESS_READ, false,
	    command_do_why, "ID, or KEY VALUE" },
	{ "list", 0, 2, ACCESS_READ, false,
	    command_do_list, "[CLASS [CURSOR]]" },
	{ "top", 0, 1, ACCESS_ANY, false, command_do_top, "[COUNT]" },
	{ "stats", 0, 0, ACCESS_ANY, false, command_do_stats, "" },
	{ "watch", 0, 1, ACCESS_ANY, false, command_do_watch, "[ALL]" },
	{ "reload", 0, 0, ACCESS_ADMIN, false, command_do_reload, "" },
	{ "rotate", 0, 0, ACCESS_ADMIN, false, command_do_rotate, "" },
	{ "ping", 0, 1, 0, false, command_do_ping, "[TEXT]" },
	{ "echo", 1, 1, 0, false, command_do_echo, "TEXT" },
	{ "hello", 0, MANY, 0, false, command_do_hello, "[2]" },
	{ "info", 0, MANY, ACCESS_ANY, false, command_do_info, "" },
	{ "command", 0, MANY, 0, false, command_do_command, "[COUNT|DOCS]" },
	{ "client", 1, MANY, 0, false,
	    command_do_client, "SETNAME|SETINFO|GETNAME|ID" },
	{ "select", 1, 1, 0, false, command_do_select, "0" },
	{ "config", 2, MANY, 0, false, command_do_config, "GET NAME" },
	{ "auth", 1, 2, 0, false, command_do_auth, "[USER] PASSWORD" },
	{ "quit", 0, 0, 0, false, command_do_quit, "" },
};
/* clang-format on */

#define ROWS (sizeof(rows) / sizeof(rows[0]))

const struct command_row *
command_rows(size_t *count_out)
{
	*count_out = ROWS;
	return rows;
}

size_t
command_count(void)
{
	return ROWS;
}

const char *
command_name(size_t i)
{
	return rows[i].name;
}

bool
command_is(struct engine_text t, const char *word)
{
	return strlen(word) == t.len && strncasecmp(t.data, word, t.len) == 0;
}

bool
command_number(struct engine_text t, int64_t *out)
{
	bool minus = t.len > 0 && t.data[0] == '-';
	size_t i = minus ? 1 : 0;
	int64_t value = 0;

	if (t.len == i || t.len - i > 18)
		return false;
	for (; i < t.len; i++) {
		if (t.data[i] < '0' || t.data[i] > '9')
			return false;
		value = value * 10 + (t.data[i] - '0');
	}
	*out = minus ? -value : value;
	return true;
}

void
command_fail(struct command_call *call, const char *text)
{
	reply_error(call->reply, "ERR", text);
}

void
command_fail_err(struct command_call *call, int r, const struct err *e)
{
	if (r == E_PERM) {
		call->by.env->metrics->denied_access++;
		reply_error(call->reply, "NOPERM", err_text(e, r));
	} else
		reply_error(call->reply, "ERR", err_text(e, r));
}

static const struct command_row *
find(struct engine_text name)
{
	size_t i;

	if (command_is_attempt(name))
		return &rows[0];
	for (i = 0; i < ROWS && name.len > 0; i++)
		if ((name.data[0] | 0x20) == rows[i].name[0] &&
		    command_is(name, rows[i].name))
			return &rows[i];
	return NULL;
}

ERR_COLD static void
unknown(struct command_call *call, struct engine_text name)
{
	char shown[64], text[128];

	str_printable(shown, sizeof(shown), name.data, name.len);
	snprintf(text, sizeof(text), "unknown command '%s'", shown);
	command_fail(call, text);
}

ERR_COLD static void
wrong_count(struct command_call *call, const struct command_row *row)
{
	char text[160];

	snprintf(text, sizeof(text),
	    "wrong number of arguments for '%s' (%s %s)", row->name, row->name,
	    row->words);
	command_fail(call, text);
}

ERR_COLD static void
not_kept(struct command_call *call, const char *why)
{
	char text[ERR_TEXT_MAX + 64];

	snprintf(text, sizeof(text), "the journal keeps nothing: %s", why);
	reply_error(call->reply, "UNAVAILABLE", text);
}

void
command_run(struct command_call *call)
{
	const struct command_env *env = call->by.env;
	struct engine_text name = call->rq->words[0];
	const struct command_row *row = find(name);
	const char *trouble;
	size_t words = call->rq->count - 1;

	env->metrics->requests++;
	if (row == NULL) {
		unknown(call, name);
	} else if (row->rights != 0 &&
	    !access_may(call->by.access, row->rights)) {
		env->metrics->denied_access++;
		reply_error(call->reply, "NOPERM",
		    "this user has no right to this command");
	} else if (words < row->min || words > row->max) {
		wrong_count(call, row);
	} else if (row->durable &&
	    (trouble = persist_trouble(env->persist)) != NULL) {
		not_kept(call, trouble);
	} else {
		call->durable = row->durable;
		row->run(call);
	}
}
