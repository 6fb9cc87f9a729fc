/*
 * engine_session: how many are in at once. A session is a value with a lease;
 * opening it again renews the lease, and one that is not renewed ends by
 * itself. One that would be too many is not opened, in any of the rules.
 */

#include "engine_priv.h"

#include "err.h"

#include <string.h>

/* Ends the sessions whose lease is over. */
static void
purge(struct engine *x, struct engine_found *f)
{
	struct table_entry *entry = table_at(x->table, f->slot);
	uint32_t i = 0;

	while (i < entry->count) {
		if ((int64_t)table_value_end(x->table, f->slot, i) * 1000 >
		    x->now) {
			i++;
			continue;
		}
		table_value_drop(x->table, f->slot, i);
		engine_record(
		    x, f->slot, i < entry->count ? i : RECORD_NO_VALUE);
	}
	if (entry->count != 0)
		return;
	engine_record_removed(x, f->slot, false);
	table_remove(x->table, f->slot);
	f->slot = 0;
}

/* Where the session stands in the entry, or would. */
static uint32_t
look(struct engine *x, const struct engine_rule *rule,
    const struct engine_request *q, struct engine_found *f, uint64_t *value)
{
	engine_find(x, rule, q, f);
	if (f->slot != 0)
		purge(x, f);
	if (f->slot == 0) {
		/* a new entry is under the new key */
		f->generation = hash_generation(x->keys);
		*value = engine_hash_value(x, f->generation, rule, q);
		return TABLE_NOT_THERE;
	}
	*value = engine_hash_value(x, f->generation, rule, q);
	return table_value_find(x->table, f->slot, *value);
}

static void
judge_open(struct engine *x, const struct engine_rule *rule,
    const struct engine_request *q, struct engine_count *c)
{
	struct engine_found f;
	uint64_t value;
	bool there;

	memset(c, 0, sizeof(*c));
	there = look(x, rule, q, &f, &value) != TABLE_NOT_THERE;
	c->count = f.slot != 0 ? table_at(x->table, f.slot)->count : 0;
	c->end = f.slot != 0 ? table_end(x->table, table_at(x->table, f.slot)) :
			       x->now;
	if (!there)
		c->count++;
	c->slot = f.slot;
	if (c->slot != 0)
		c->check = engine_recent_check(table_at(x->table, c->slot));
	engine_judge(rule, c);
	/* who is in stays in */
	if (there && c->verdict == ENGINE_DENY)
		c->verdict = ENGINE_ALLOW;
}

static bool
enter(struct engine *x, const struct engine_rule *rule,
    const struct engine_request *q)
{
	uint32_t end = engine_seconds(x->now) + rule->s.window, at;
	struct table_new n = { .stamp = engine_seconds(x->now) };
	struct engine_found f;
	uint64_t value;

	at = look(x, rule, q, &f, &value);
	if (f.slot == 0) {
		n.id = f.id;
		n.generation = f.generation;
		f.slot = table_add(x->table, &n);
		if (f.slot == 0)
			return false;
	}
	if (at != TABLE_NOT_THERE) {
		table_value_set(x->table, f.slot, at, value, end);
	} else if (table_value_add(x->table, f.slot, value, end)) {
		at = table_at(x->table, f.slot)->count - 1u;
	} else {
		if (table_at(x->table, f.slot)->count == 0)
			table_remove(x->table, f.slot);
		return false;
	}
	table_touch(x->table, f.slot, engine_seconds(x->now));
	engine_record(x, f.slot, at);
	return true;
}

static bool
is_mine(const struct engine_rule *rule, const struct engine_request *q)
{
	return rule->s.count == RULE_SESSIONS && engine_matches(rule, q);
}

static int
read_request(struct engine *x, const struct engine_attempt *a, int64_t now,
    struct engine_request *q, struct err *e)
{
	const struct engine_rule *rule;
	uint8_t missing;
	size_t i;
	int ret;

	x->now = now;
	table_clock(x->table, now);
	ret = engine_request_read(x->rules, a, NULL, q, e);
	for (i = 0; ret == 0 && i < x->rules->count; i++) {
		rule = &x->rules->rules[i];
		if (!is_mine(rule, q))
			continue;
		missing = q->value[rule->key].data == NULL ? rule->key :
		    q->value[KNOWN_SESSION].data == NULL   ? KNOWN_SESSION :
							     ENGINE_NO_FIELD;
		if (missing != ENGINE_NO_FIELD)
			ret = err_set(e, E_SYNTAX, "rule %s needs the field %s",
			    rule->s.name, x->rules->known[missing]);
	}
	if (ret != 0)
		x->stats.refused++;
	return ret;
}

int
engine_open(struct engine *x, const struct engine_attempt *a, int64_t now,
    struct engine_answer *out, struct err *e)
{
	struct engine_request q;
	struct engine_rule *rule;
	struct engine_count c;
	size_t i;
	int ret;

	engine_answer_start(out);
	ret = read_request(x, a, now, &q, e);
	if (ret != 0 || engine_exempt(x, &q))
		return ret;
	for (i = 0; i < x->rules->count; i++) {
		rule = &x->rules->rules[i];
		if (!is_mine(rule, &q))
			continue;
		judge_open(x, rule, &q, &c);
		rule->verdicts[c.verdict]++;
		if (!rule->s.shadow)
			engine_answer_take(out, rule, &c, x->now);
	}
	for (i = 0; out->verdict != ENGINE_DENY && i < x->rules->count; i++) {
		rule = &x->rules->rules[i];
		if (!is_mine(rule, &q))
			continue;
		judge_open(x, rule, &q, &c);
		if (c.verdict == ENGINE_DENY || enter(x, rule, &q))
			continue;
		/* no room: not known to be in, which denies nobody */
		x->stats.overflow_allow++;
	}
	return 0;
}

int
engine_close(struct engine *x, const struct engine_attempt *a, int64_t now,
    struct err *e)
{
	struct engine_request q;
	const struct engine_rule *rule;
	struct engine_found f;
	uint64_t value;
	uint32_t at;
	int closed = 0, ret;
	size_t i;

	ret = read_request(x, a, now, &q, e);
	for (i = 0; ret == 0 && i < x->rules->count; i++) {
		rule = &x->rules->rules[i];
		if (!is_mine(rule, &q))
			continue;
		at = look(x, rule, &q, &f, &value);
		if (at == TABLE_NOT_THERE)
			continue;
		closed = 1;
		table_value_drop(x->table, f.slot, at);
		if (table_at(x->table, f.slot)->count == 0) {
			engine_record_removed(x, f.slot, false);
			table_remove(x->table, f.slot);
			continue;
		}
		engine_record(x, f.slot,
		    at < table_at(x->table, f.slot)->count ? at :
							     RECORD_NO_VALUE);
	}
	return ret != 0 ? ret : closed;
}
