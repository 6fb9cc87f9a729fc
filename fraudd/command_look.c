/*
 * SHOW, LIST, TOP and STATS. An array says its length in front, so the
 * engine is asked twice, first only to count: nothing can change in between.
 */

#include <stdio.h>
#include <string.h>

#include "access.h"
#include "command_priv.h"
#include "engine_query.h"
#include "hash.h"
#include "metrics.h"
#include "persist.h"
#include "settings.h"
#include "watch.h"

#define PAGE 2000 /* slots that one LIST looks at */
#define TOP_DEFAULT 10
#define TOP_MAX 100

static int
count_one(void *arg, const struct engine_item *item)
{
	size_t *count = arg;

	(void)item;
	(*count)++;
	return 0;
}

static const char *class_word(enum engine_class class)
{
	static const char *const words[] = { "single", "multi", "blocked",
		"operator" };

	return (unsigned)class < ENGINE_CLASSES ? words[class] : "?";
}

static int
say_item(void *arg, const struct engine_item *item)
{
	struct reply *r = arg;

	reply_map(r, NULL, 9);
	reply_text(r, "rule", item->rule);
	reply_text(r, "key", item->field);
	reply_text(r, "value", item->key);
	reply_text(r, "class", class_word(item->class));
	reply_text(r, "verdict", command_verdict(item->verdict));
	reply_integer(r, "count", item->count);
	reply_integer(r, "limit", item->limit);
	reply_integer(r, "retry_after", item->retry_after);
	reply_integer(r, "shadow", item->shadow);
	return 0;
}

int
command_show(const struct command_caller *by, struct engine_text key,
    struct engine_text value, struct reply *r, struct err *e)
{
	struct engine_show q = { .key = key, .value = value };
	struct engine *x = by->env->engine;
	size_t count = 0;
	int result;

	q.plain = access_may(by->access, ACCESS_READ);
	result = engine_show(x, &q, by->now, count_one, &count, e);
	if (result < 0)
		return result;
	reply_array(r, "entries", count);
	(void)engine_show(x, &q, by->now, say_item, r, NULL);
	return 0;
}

void
command_do_show(struct command_call *call)
{
	struct err e = { 0 };
	int r;

	r = command_show(&call->by, command_word(call, 0),
	    command_word(call, 1), call->reply, &e);
	if (r < 0)
		command_fail_err(call, r, &e);
}

/* The rule's own words for what it counts. */
static const char *
counts_word(const struct settings_rule *rule, char *room, size_t cap)
{
	switch (rule->count) {
	case RULE_DISTINCT:
		snprintf(room, cap, "distinct %s", rule->field);
		return room;
	case RULE_ATTEMPTS:
		return "attempts";
	case RULE_SESSIONS:
		break;
	}
	return "sessions";
}

static const char *
extend_word(const struct settings_rule *rule)
{
	switch (rule->extend) {
	case RULE_EXTEND_ATTEMPT:
		return "attempt";
	case RULE_EXTEND_DISTINCT:
		return "distinct";
	case RULE_EXTEND_NONE:
		break;
	}
	return "none";
}

/* An entry and what its rule means by it. */
static int
say_why(void *arg, const struct engine_item *item)
{
	static const struct settings_rule none;
	const struct settings_rule *rule = item->meaning;
	char room[SETTINGS_NAME_MAX + 16];
	struct reply *r = arg;
	bool is = rule != NULL;

	rule = is ? rule : &none;
	reply_map(r, NULL, 17);
	reply_text(r, "rule", item->rule);
	reply_text(r, "event", rule->event);
	reply_text(r, "key", item->field);
	reply_text(r, "value", item->key);
	reply_text(r, "class", class_word(item->class));
	reply_text(r, "verdict", command_verdict(item->verdict));
	reply_text(
	    r, "counts", is ? counts_word(rule, room, sizeof(room)) : "");
	reply_integer(r, "count", item->count);
	reply_integer(r, "limit", item->limit);
	reply_integer(r, "window", rule->window);
	reply_text(r, "extend", is ? extend_word(rule) : "");
	reply_integer(r, "max_block", rule->max_block);
	reply_integer(r, "shadow", item->shadow);
	reply_integer(r, "since", item->since);
	reply_integer(r, "from", item->from);
	reply_integer(r, "until", item->until);
	reply_integer(r, "retry_after", item->retry_after);
	return 0;
}

void
command_do_why(struct command_call *call)
{
	struct engine *x = call->by.env->engine;
	bool named = call->rq->count > 2;
	struct engine_show q = { .plain = true };
	struct err e = { 0 };
	size_t count = 0;
	int r;

	q.value = command_word(call, named ? 1 : 0);
	if (named) {
		q.key = command_word(call, 0);
		r = engine_show(x, &q, call->by.now, count_one, &count, &e);
	} else
		r = engine_why(x, &q, call->by.now, count_one, &count);
	if (r < 0) {
		command_fail_err(call, r, &e);
		return;
	}
	reply_array(call->reply, NULL, count);
	if (named)
		(void)engine_show(
		    x, &q, call->by.now, say_why, call->reply, NULL);
	else
		(void)engine_why(x, &q, call->by.now, say_why, call->reply);
}

static bool
take_class(struct engine_text word, int *out)
{
	int i;

	*out = -1;
	if (command_is(word, "all"))
		return true;
	for (i = 0; i < ENGINE_CLASSES; i++)
		if (command_is(word, class_word((enum engine_class)i)))
			*out = i;
	return *out >= 0;
}

/* [next cursor, entries]; 0 is the beginning and the end. */
void
command_do_list(struct command_call *call)
{
	struct engine_list q = { .class = -1, .max = PAGE };
	struct engine *x = call->by.env->engine;
	uint64_t from, cursor = 0;
	int64_t number = 0;
	size_t count = 0;

	q.plain = access_may(call->by.access, ACCESS_READ);
	if (call->rq->count > 1 &&
	    !take_class(command_word(call, 0), &q.class)) {
		command_fail(
		    call, "CLASS is all, single, multi, blocked or operator");
		return;
	}
	if (call->rq->count > 2 &&
	    (!command_number(command_word(call, 1), &number) || number < 0)) {
		command_fail(call, "CURSOR is what the last LIST gave");
		return;
	}
	from = cursor = (uint64_t)number;
	engine_list(x, &q, &cursor, call->by.now, count_one, &count);
	reply_record(call->reply, NULL, 2);
	reply_integer(call->reply, "cursor", (int64_t)cursor);
	reply_array(call->reply, "entries", count);
	engine_list(x, &q, &from, call->by.now, say_item, call->reply);
}

void
command_do_top(struct command_call *call)
{
	struct engine_list q = { .class = -1, .max = TOP_DEFAULT };
	struct engine *x = call->by.env->engine;
	int64_t number = TOP_DEFAULT;
	size_t count = 0;

	q.plain = access_may(call->by.access, ACCESS_READ);
	if (call->rq->count > 1 &&
	    (!command_number(command_word(call, 0), &number) || number < 1 ||
		number > TOP_MAX)) {
		command_fail(call, "COUNT is 1 to 100");
		return;
	}
	q.max = (size_t)number;
	engine_top(x, &q, call->by.now, count_one, &count);
	reply_array(call->reply, NULL, count);
	engine_top(x, &q, call->by.now, say_item, call->reply);
}

static void
say_rules(struct reply *r, const struct engine *x)
{
	struct engine_rule_stats s;
	size_t i, count = engine_rules(x);

	reply_array(r, "rules", count);
	for (i = 0; i < count; i++) {
		engine_rule_stats(x, i, &s);
		reply_map(r, NULL, 11);
		reply_text(r, "rule", s.name);
		reply_text(r, "event", s.event);
		reply_integer(r, "shadow", s.shadow);
		reply_integer(r, "limit", s.limit);
		reply_integer(r, "window", s.window);
		reply_integer(r, "single", (int64_t)s.entries[ENGINE_SINGLE]);
		reply_integer(r, "multi", (int64_t)s.entries[ENGINE_MULTI]);
		reply_integer(r, "blocked", (int64_t)s.entries[ENGINE_BLOCKED]);
		reply_integer(r, "deny", (int64_t)s.verdicts[ENGINE_DENY]);
		reply_integer(r, "delay", (int64_t)s.verdicts[ENGINE_DELAY]);
		reply_integer(r, "allow", (int64_t)s.verdicts[ENGINE_ALLOW]);
	}
}

static void
say_engine(struct reply *r, const struct engine_stats *s)
{
#define X(member, word, what) reply_integer(r, word, (int64_t)s->member);
	ENGINE_COUNTERS(X)
#undef X
	reply_integer(r, "single", (int64_t)s->entries[ENGINE_SINGLE]);
	reply_integer(r, "multi", (int64_t)s->entries[ENGINE_MULTI]);
	reply_integer(r, "blocked", (int64_t)s->entries[ENGINE_BLOCKED]);
	reply_integer(r, "operator", (int64_t)s->entries[ENGINE_OPERATOR]);
	reply_integer(r, "marks", (int64_t)s->marks);
	reply_integer(r, "old_generation", (int64_t)s->old_generation);
	reply_integer(r, "memory_used", (int64_t)s->memory_used);
	reply_integer(r, "memory_max", (int64_t)s->memory_max);
	reply_integer(r, "reserved_used", (int64_t)s->reserved_used);
	reply_integer(r, "reserved_max", (int64_t)s->reserved_max);
}

#define ONE(member, word, what) +1
#define ENGINE_NUMBERS (10 ENGINE_COUNTERS(ONE))
#define DAEMON_NUMBERS 16

void
command_do_stats(struct command_call *call)
{
	const struct command_env *env = call->by.env;
	const struct metrics *m = env->metrics;
	const char *trouble = persist_trouble(env->persist);
	struct reply *r = call->reply;
	struct engine_stats s;

	engine_stats(env->engine, &s);
	reply_map(r, NULL, DAEMON_NUMBERS + ENGINE_NUMBERS + 1);
	reply_text(r, "version", PACKAGE_VERSION);
	reply_integer(r, "uptime", (call->by.now - env->started) / 1000);
	reply_integer(r, "connections", (int64_t)m->connections);
	reply_integer(r, "accepted", (int64_t)m->accepted);
	reply_integer(r, "requests", (int64_t)m->requests);
	reply_integer(r, "access_denied", (int64_t)m->denied_access);
	reply_integer(r, "reloads", (int64_t)m->reloads);
	reply_integer(r, "reload_errors", (int64_t)m->reload_errors);
	reply_text(r, "journal", trouble != NULL ? trouble : "ok");
	reply_integer(r, "journal_lag", (int64_t)persist_lag(env->persist));
	reply_integer(r, "journal_lost", (int64_t)persist_lost(env->persist));
	reply_integer(r, "snapshots", (int64_t)persist_snapshots(env->persist));
	reply_integer(
	    r, "snapshot_running", persist_snapshot_running(env->persist));
	reply_integer(r, "watchers", watch_count(env->watch));
	reply_integer(r, "watch_lost", (int64_t)m->watch_lost);
	reply_integer(r, "hash_generation", hash_generation(env->keys));
	say_engine(r, &s);
	say_rules(r, env->engine);
}
