/*
 * What stock Redis clients say before and beside their work. It is answered
 * well enough that they go on, and promises nothing that is not so.
 */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "access.h"
#include "command_priv.h"
#include "engine_query.h"
#include "metrics.h"
#include "persist.h"

void
command_do_ping(struct command_call *call)
{
	if (call->rq->count == 1)
		reply_status(call->reply, "PONG");
	else
		command_do_echo(call);
}

void
command_do_echo(struct command_call *call)
{
	struct engine_text word = command_word(call, 0);

	reply_bytes(call->reply, NULL, word.data, word.len);
}

void
command_do_hello(struct command_call *call)
{
	struct reply *r = call->reply;

	if (call->rq->count > 1 && !command_is(command_word(call, 0), "2")) {
		reply_error(r, "NOPROTO", "unsupported protocol version");
		return;
	}
	reply_map(r, NULL, 6);
	reply_text(r, "server", "fraudd");
	reply_text(r, "version", PACKAGE_VERSION);
	reply_integer(r, "proto", 2);
	reply_text(r, "mode", "standalone");
	reply_text(r, "role", "master");
	reply_array(r, "modules", 0);
}

void
command_do_info(struct command_call *call)
{
	const struct command_env *env = call->by.env;
	const char *trouble = persist_trouble(env->persist);
	struct engine_stats s;
	char text[512 + ERR_TEXT_MAX];

	engine_stats(env->engine, &s);
	snprintf(text, sizeof(text),
	    "# Server\r\nfraudd_version:%s\r\nredis_mode:standalone\r\n"
	    "process_id:%ld\r\nuptime_in_seconds:%lld\r\n"
	    "# Clients\r\nconnected_clients:%llu\r\n"
	    "# Memory\r\nused_memory:%llu\r\nmaxmemory:%llu\r\n"
	    "# Persistence\r\njournal:%s\r\n"
	    "# Stats\r\ntotal_connections_received:%llu\r\n"
	    "total_commands_processed:%llu\r\n",
	    PACKAGE_VERSION, (long)getpid(),
	    (long long)((call->by.now - env->started) / 1000),
	    (unsigned long long)env->metrics->connections,
	    (unsigned long long)s.memory_used, (unsigned long long)s.memory_max,
	    trouble != NULL ? trouble : "ok",
	    (unsigned long long)env->metrics->accepted,
	    (unsigned long long)env->metrics->requests);
	reply_text(call->reply, NULL, text);
}

static void
say_row(struct reply *r, const struct command_row *row)
{
	int64_t arity = (int64_t)row->min + 1;

	reply_array(r, NULL, 6);
	reply_text(r, NULL, row->name);
	reply_integer(r, NULL, row->min == row->max ? arity : -arity);
	reply_array(r, NULL, 0);
	reply_integer(r, NULL, 0);
	reply_integer(r, NULL, 0);
	reply_integer(r, NULL, 0);
}

void
command_do_command(struct command_call *call)
{
	struct reply *r = call->reply;
	const struct command_row *rows;
	size_t i, count;

	rows = command_rows(&count);
	if (call->rq->count == 1) {
		reply_array(r, NULL, count);
		for (i = 0; i < count; i++)
			say_row(r, &rows[i]);
	} else if (command_is(command_word(call, 0), "count")) {
		reply_integer(r, NULL, (int64_t)count);
	} else if (command_is(command_word(call, 0), "docs") ||
	    command_is(command_word(call, 0), "info")) {
		reply_array(r, NULL, 0);
	} else
		command_fail(call, "COMMAND knows COUNT, DOCS and INFO");
}

void
command_do_client(struct command_call *call)
{
	struct engine_text word = command_word(call, 0);

	if (command_is(word, "setname") || command_is(word, "setinfo"))
		reply_status(call->reply, "OK");
	else if (command_is(word, "getname"))
		reply_nil(call->reply, NULL);
	else if (command_is(word, "id"))
		reply_integer(call->reply, NULL, 1);
	else
		command_fail(
		    call, "CLIENT knows SETNAME, SETINFO, GETNAME and ID");
}

void
command_do_select(struct command_call *call)
{
	if (command_is(command_word(call, 0), "0"))
		reply_status(call->reply, "OK");
	else
		command_fail(call, "there is database 0 alone");
}

/* redis-benchmark wants to know these two. */
void
command_do_config(struct command_call *call)
{
	struct engine_text name = command_word(call, 1);
	struct reply *r = call->reply;

	if (!command_is(command_word(call, 0), "get")) {
		command_fail(call, "CONFIG knows GET; the rest is the file's");
	} else if (command_is(name, "save") || command_is(name, "appendonly")) {
		reply_array(r, NULL, 2);
		reply_bytes(r, NULL, name.data, name.len);
		reply_text(r, NULL, command_is(name, "save") ? "" : "no");
	} else
		reply_array(r, NULL, 0);
}

/* A password that is accepted and means nothing would say a lie. */
void
command_do_auth(struct command_call *call)
{
	command_fail(call,
	    "AUTH is not used: rights come from the peer's user and groups");
}

void
command_do_quit(struct command_call *call)
{
	call->quit = true;
	reply_status(call->reply, "OK");
}
