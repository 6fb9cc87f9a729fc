/*
 * engine: the parts together. Rules have groups in the table; a reload lets a
 * rule that means the same keep its group, and the entries of one that is gone
 * leave bit by bit.
 */

#include "engine.h"

#include "engine_priv.h"
#include "err.h"
#include "mem.h"

#include <string.h>

#define TICK_EXPIRE 64
#define TICK_EXPIRE_IDLE 1024
#define TICK_IDLE_MS 50
#define RECENT_PART 64 /* of the memory */
#define RECENT_MOST ((uint64_t)8 * 1024 * 1024) /* 65536 attempts */

static struct table_group
group_of(const struct engine_rule *rule)
{
	return (struct table_group){ .used = true,
		.ip = rule->key == KNOWN_IP,
		.pairs = rule->s.count == RULE_SESSIONS,
		.counter = rule->s.count == RULE_ATTEMPTS,
		.window = rule->s.window,
		.max_block = rule->s.max_block };
}

static const struct engine_rule *
rule_with_tag(const struct engine_rules *rules, uint32_t tag)
{
	size_t i;

	for (i = 0; rules != NULL && i < rules->all; i++) {
		if (rules->rules[i].tag == tag)
			return &rules->rules[i];
	}
	return NULL;
}

static bool
group_free(const struct engine *x, const struct engine_rules *rules,
    size_t known, uint8_t group)
{
	size_t i;

	if (table_group(x->table, group)->used)
		return false;
	for (i = 0; i < known; i++) {
		if (rules->rules[i].group == group)
			return false;
	}
	return true;
}

/* Gives every new rule its group; false when there are none left. */
static bool
assign(const struct engine *x, struct engine_rules *rules)
{
	const struct engine_rule *old;
	uint8_t group;
	size_t i;

	for (i = 0; i < rules->all; i++) {
		old = rule_with_tag(x->rules, rules->rules[i].tag);
		if (old != NULL) {
			rules->rules[i].group = old->group;
			memcpy(rules->rules[i].verdicts, old->verdicts,
			    sizeof(old->verdicts));
			continue;
		}
		for (group = 0; group < TABLE_GROUPS; group++) {
			if (group_free(x, rules, i, group))
				break;
		}
		if (group == TABLE_GROUPS)
			return false;
		rules->rules[i].group = group;
	}
	return true;
}

static void
take_rules(struct engine *x, struct engine_rules *rules)
{
	size_t i;

	for (i = 0; x->rules != NULL && i < x->rules->all; i++)
		x->leaving[x->rules->rules[i].group] = true;
	for (i = 0; i < rules->all; i++) {
		x->leaving[rules->rules[i].group] = false;
		table_group_set(x->table, rules->rules[i].group,
		    group_of(&rules->rules[i]));
	}
	engine_rules_free(&x->rules);
	x->rules = rules;
}

int
engine_reload(struct engine *x, const struct settings *settings, struct err *e)
{
	struct engine_rules *rules = NULL;
	int ret;

	ret = engine_rules_new(settings, &rules, e);
	if (ret != 0)
		return ret;
	if (!assign(x, rules)) {
		engine_rules_free(&rules);
		return err_set(e, E_RANGE,
		    "rules were changed too often: try again in a minute");
	}
	take_rules(x, rules);
	return 0;
}

int
engine_new(const struct settings *settings, const struct hash_keys *keys,
    struct engine **out, struct err *e)
{
	uint64_t part = settings->memory / RECENT_PART;
	uint64_t recent = part < RECENT_MOST ? part : RECENT_MOST;
	struct engine *x;
	int ret;

	x = mem_alloc(sizeof(*x));
	if (x == NULL)
		return err_set(e, E_NOMEM, "out of memory");
	x->keys = keys;
	ret = engine_recent_new(&x->recent, recent);
	if (ret != 0)
		err_set(e, ret, "out of memory");
	else
		ret = table_new(settings->memory -
			engine_recent_memory(&x->recent) - sizeof(*x),
		    keys, &x->table, e);
	if (ret == 0)
		ret = engine_reload(x, settings, e);
	if (ret != 0)
		engine_free(&x);
	else
		*out = x;
	return ret;
}

void
engine_free(struct engine **x)
{
	if (*x == NULL)
		return;
	engine_rules_free(&(*x)->rules);
	engine_recent_done(&(*x)->recent);
	table_free(&(*x)->table);
	mem_free(x, sizeof(**x));
}

void
engine_attach(struct engine *x, const struct engine_sink *sink)
{
	x->sink = *sink;
}

void
engine_watch(struct engine *x, const struct engine_watch *watch)
{
	memset(&x->watch, 0, sizeof(x->watch));
	if (watch != NULL)
		x->watch = *watch;
}

static void
leave(struct engine *x, size_t max)
{
	struct table_group none = { 0 };
	size_t group;

	for (group = 0; group < TABLE_GROUPS; group++) {
		if (!x->leaving[group])
			continue;
		if (!table_clear(x->table, (uint8_t)group, max))
			return;
		x->leaving[group] = false;
		table_group_set(x->table, (uint8_t)group, none);
	}
}

void
engine_tick(struct engine *x, int64_t now)
{
	bool idle = now >= x->ticked + TICK_IDLE_MS;

	x->now = now;
	table_clock(x->table, now);
	table_expire(x->table, idle ? TICK_EXPIRE_IDLE : TICK_EXPIRE);
	if (!idle)
		return;
	x->ticked = now;
	leave(x, TICK_EXPIRE_IDLE);
	engine_rules_forget(x->rules, x->keys);
}

void
engine_settle(struct engine *x, int64_t now)
{
	table_clock(x->table, now);
	table_settle(x->table);
	engine_tick(x, now);
}
