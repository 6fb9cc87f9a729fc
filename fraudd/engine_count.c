/*
 * engine_count: one rule, one attempt. The count is of what is in the window
 * with this attempt; when it reaches the limit, the entry is a block, its
 * values are dropped, and nothing but time, an operator or its own max_block
 * ends it.
 */

#include "engine_priv.h"

#include <string.h>

void
engine_judge(const struct engine_rule *rule, struct engine_count *c)
{
	c->verdict = ENGINE_ALLOW;
	if (c->count >= rule->s.limit) {
		c->count = rule->s.limit;
		c->verdict = rule->s.action == RULE_DENY ? ENGINE_DENY :
							   ENGINE_DELAY;
	} else if (rule->s.delay_from != 0 && c->count >= rule->s.delay_from) {
		c->verdict = ENGINE_DELAY;
	}
}

/* No room: deny-new and evict-single, which found nothing to evict, deny. */
static void
overflow(
    struct engine *x, const struct engine_rule *rule, struct engine_count *c)
{
	c->overflow = true;
	if (rule->s.overflow == RULE_OVERFLOW_PERMISSIVE) {
		x->stats.overflow_allow++;
		c->count = 0;
		return;
	}
	x->stats.overflow_deny++;
	c->count = rule->s.limit;
	c->end = x->now + 1000;
}

static void
touch(struct engine *x, const struct engine_rule *rule, uint32_t slot, bool new)
{
	if (rule->s.extend == RULE_EXTEND_ATTEMPT ||
	    (rule->s.extend == RULE_EXTEND_DISTINCT && new))
		table_touch(x->table, slot, engine_seconds(x->now));
}

/* The entry is a block already. */
static void
count_blocked(struct engine *x, const struct engine_rule *rule, uint32_t slot,
    bool write, struct engine_count *c)
{
	struct table_entry *entry = table_at(x->table, slot);
	uint32_t before = entry->stamp;

	c->count = rule->s.limit;
	c->slot = slot;
	if (write) {
		touch(x, rule, slot, false);
		if (entry->stamp != before)
			engine_record(x, slot, RECORD_NO_VALUE);
	}
	c->end = table_end(x->table, entry);
}

/* What the count would be, and the value to add when it is not there. */
static uint64_t
next_count(const struct engine *x, const struct engine_rule *rule,
    const struct engine_request *q, const struct engine_found *f,
    struct engine_count *c)
{
	const struct table_entry *entry = table_at(x->table, f->slot);

	if (rule->s.count == RULE_ATTEMPTS) {
		c->added = true;
		return f->slot != 0 ? entry->value + 1 : 1;
	}
	if (q->value[rule->field].data == NULL)
		return f->slot != 0 ? entry->count : 0;
	c->value = engine_hash_value(x, f->generation, rule, q);
	c->added = f->slot == 0 ||
	    table_value_find(x->table, f->slot, c->value) == TABLE_NOT_THERE;
	return (f->slot != 0 ? entry->count : 0) + (c->added ? 1u : 0u);
}

static uint32_t
new_entry(struct engine *x, const struct engine_rule *rule,
    const struct engine_found *f)
{
	struct table_new n = { .id = f->id,
		.stamp = engine_seconds(x->now),
		.generation = f->generation };

	/* an address that counts attempts holds no hash */
	if (rule->key == KNOWN_IP && rule->s.count == RULE_ATTEMPTS)
		n.generation = 0;
	return table_add(x->table, &n);
}

/* Writes the new count; false when there is no room for it. */
static bool
store(struct engine *x, const struct engine_rule *rule, uint32_t *slot,
    uint64_t count, struct engine_count *c)
{
	struct table *t = x->table;
	uint32_t at = RECORD_NO_VALUE;

	if (count >= rule->s.limit) {
		touch(x, rule, *slot, c->added);
		c->added = false;
		return engine_block_entry(x, rule, slot);
	}
	if (rule->s.count == RULE_ATTEMPTS) {
		table_counter_set(t, *slot, count);
		at = 0;
	} else if (c->added) {
		if (!table_value_add(t, *slot, c->value, 0))
			return false;
		at = table_at(t, *slot)->count - 1u;
	}
	touch(x, rule, *slot, c->added);
	engine_record(x, *slot, at);
	return true;
}

static void
count_write(struct engine *x, const struct engine_rule *rule,
    struct engine_found *f, uint64_t count, struct engine_count *c)
{
	bool new = f->slot == 0;

	if (new)
		f->slot = new_entry(x, rule, f);
	if (f->slot == 0 || !store(x, rule, &f->slot, count, c)) {
		if (new && f->slot != 0)
			table_remove(x->table, f->slot);
		c->added = false;
		overflow(x, rule, c);
		return;
	}
	c->slot = f->slot;
	c->end = table_end(x->table, table_at(x->table, f->slot));
}

/* Another rule may evict the entry before anybody asks which it was. */
static void
judge_at(const struct engine *x, const struct engine_rule *rule,
    struct engine_count *c)
{
	engine_judge(rule, c);
	if (c->slot != 0)
		c->check = engine_recent_check(table_at(x->table, c->slot));
}

void
engine_count(struct engine *x, const struct engine_rule *rule,
    const struct engine_request *q, bool write, struct engine_count *c)
{
	struct engine_found f;
	uint64_t count;

	memset(c, 0, sizeof(*c));
	engine_find(x, rule, q, &f);
	if (f.slot != 0 &&
	    table_class(table_at(x->table, f.slot)) == TABLE_BLOCKED) {
		count_blocked(x, rule, f.slot, write, c);
		judge_at(x, rule, c);
		return;
	}
	count = next_count(x, rule, q, &f, c);
	c->count = count > rule->s.limit ? rule->s.limit : (uint32_t)count;
	if (write) {
		count_write(x, rule, &f, count, c);
	} else {
		c->added = false;
		c->slot = f.slot;
		c->end = f.slot != 0 ?
		    table_end(x->table, table_at(x->table, f.slot)) :
		    x->now + (int64_t)rule->s.window * 1000;
	}
	judge_at(x, rule, c);
}

/*
 * Whether the entry may still be the one that the attempt counted in: it can
 * have ended and begun anew no sooner than a window, or the longest block,
 * after that.
 */
static bool
same_life(const struct engine *x, const struct engine_rule *rule, int64_t time)
{
	int64_t life = rule->s.window;

	if (rule->s.max_block != 0 && rule->s.max_block < life)
		life = rule->s.max_block;
	return x->now < time + life * 1000;
}

static void
drop_value(struct engine *x, uint32_t slot, uint32_t i)
{
	const struct table_entry *entry = table_at(x->table, slot);

	table_value_drop(x->table, slot, i);
	if (entry->count == 0) {
		engine_record_removed(x, slot, false);
		table_remove(x->table, slot);
		return;
	}
	engine_record(x, slot, i < entry->count ? i : RECORD_NO_VALUE);
}

void
engine_take_back(struct engine *x, const struct engine_add *add, int64_t time)
{
	const struct engine_rule *rule;
	struct table_entry *entry;
	uint32_t i;

	if (!table_is_entry(x->table, add->slot))
		return;
	entry = table_at(x->table, add->slot);
	rule = engine_rule_of(x, entry->group);
	if (rule == NULL || engine_recent_check(entry) != add->check ||
	    table_class(entry) == TABLE_BLOCKED ||
	    table_expired(x->table, entry) || !same_life(x, rule, time))
		return;
	if (rule->s.count == RULE_DISTINCT) {
		i = table_value_find(x->table, add->slot, add->value);
		if (i != TABLE_NOT_THERE)
			drop_value(x, add->slot, i);
	} else if (entry->value > 1) {
		table_counter_set(x->table, add->slot, entry->value - 1);
		engine_record(x, add->slot, 0);
	} else {
		engine_record_removed(x, add->slot, false);
		table_remove(x->table, add->slot);
	}
}
