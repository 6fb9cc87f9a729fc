/*
 * engine_query: answers for people. An address is shown as one only to those
 * who may read it; everybody else sees an id, a keyed hash that stays the
 * same while the key does. Names and cards are never shown: they are not here.
 */

#include "engine_query.h"

#include "b64url.h"
#include "engine_priv.h"
#include "str.h"

#include <stdlib.h>
#include <string.h>

#define TOP_MAX 100
#define TOP_LOOK 4096

struct ask {
	bool plain;
	engine_item_fn *fn;
	void *arg;
};

/* The address of a prefix as an operator's block keeps it. */
static struct addr
operator_addr(const struct table_entry *entry, uint8_t *bits_out)
{
	struct addr a = engine_key_addr(entry->key);
	int last = a.family == 4 ? 31 : 127;

	*bits_out = a.family == 4 ? 32 : 128;
	if (table_level(entry) != TABLE_EXACT)
		return a;
	/* the last bit that is set ends the prefix */
	while (last > 0 && !(a.bytes[last / 8] & 0x80u >> last % 8))
		last--;
	a.bytes[last / 8] &= (uint8_t) ~(0x80u >> last % 8);
	*bits_out = (uint8_t)last;
	return a;
}

static void
write_addr(const struct addr *a, uint8_t bits, char *out, size_t cap)
{
	char text[ADDR_TEXT_MAX];
	struct str s;

	str_init(&s, out, cap);
	str_add(&s, addr_format(a, text));
	if (bits < (a->family == 4 ? 32 : 128))
		str_addf(&s, "/%u", (unsigned int)bits);
}

static void
write_id(const struct engine *x, const struct table_entry *entry, bool hashed,
    char *out)
{
	struct hash_part parts[] = { { "id", 2 },
		{ entry->key, sizeof(entry->key) } };
	uint8_t id[HASH_LEN] = { 0 };

	if (hashed)
		memcpy(id, entry->key, sizeof(id));
	else
		hash_parts(x->keys, hash_generation(x->keys), parts, 2, id);
	b64url_encode(out, id, sizeof(id));
}

static void
describe_operator(const struct engine *x, const struct table_entry *entry,
    bool plain, struct engine_item *out)
{
	struct addr a;
	uint8_t bits;

	out->rule = ENGINE_RULE_OPERATOR;
	out->class = ENGINE_OPERATOR;
	out->verdict = ENGINE_DENY;
	out->since = out->from = table_since(entry);
	out->plain = plain && entry->group == TABLE_OPERATOR_IP;
	if (entry->group == TABLE_OPERATOR_IP) {
		out->field = x->rules->known[KNOWN_IP];
		a = operator_addr(entry, &bits);
		if (out->plain)
			write_addr(&a, bits, out->key, sizeof(out->key));
	} else {
		out->field = engine_operator_field(x, entry);
	}
	if (!out->plain)
		write_id(x, entry, entry->group == TABLE_OPERATOR, out->key);
}

static void
describe_rule(const struct engine *x, const struct engine_rule *rule,
    const struct table_entry *entry, bool plain, struct engine_item *out)
{
	bool ip = rule->key == KNOWN_IP;
	struct engine_count c = { 0 };
	struct addr a;

	out->rule = rule->s.name;
	out->meaning = &rule->s;
	out->field = x->rules->known[rule->key];
	out->shadow = rule->s.shadow;
	out->from = entry->stamp;
	if (table_class(entry) == TABLE_BLOCKED)
		out->since = (uint32_t)entry->value;
	out->class = (enum engine_class)table_class(entry);
	c.count = table_class(entry) == TABLE_BLOCKED ? rule->s.limit :
	    rule->s.count == RULE_ATTEMPTS            ? (uint32_t)entry->value :
							entry->count;
	engine_judge(rule, &c);
	out->verdict = c.verdict;
	out->count = c.count;
	out->limit = rule->s.limit;
	out->plain = plain && ip;
	if (!out->plain) {
		write_id(x, entry, !ip, out->key);
		return;
	}
	a = engine_key_addr(entry->key);
	write_addr(&a, engine_level_bits(rule, a.family, table_level(entry)),
	    out->key, sizeof(out->key));
}

/* False when it is nothing to show. */
static bool
describe(
    const struct engine *x, uint32_t slot, bool plain, struct engine_item *out)
{
	const struct table_entry *entry = table_at(x->table, slot);
	const struct engine_rule *rule = NULL;
	int64_t end = table_end(x->table, entry);

	memset(out, 0, sizeof(*out));
	if (end <= x->now || entry->group == TABLE_MARK)
		return false;
	if (entry->group < TABLE_GROUPS) {
		rule = engine_rule_of(x, entry->group);
		if (rule == NULL || rule->hidden)
			return false;
		describe_rule(x, rule, entry, plain, out);
	} else {
		describe_operator(x, entry, plain, out);
	}
	if (end == INT64_MAX)
		return true;
	out->retry_after = (uint32_t)((end - x->now + 999) / 1000);
	out->until = (uint32_t)(end / 1000);
	return true;
}

static int
tell(const struct engine *x, uint32_t slot, const struct ask *ask)
{
	struct engine_item item;

	if (!describe(x, slot, ask->plain, &item))
		return 0;
	return ask->fn(ask->arg, &item);
}

static void
set_time(struct engine *x, int64_t now)
{
	x->now = now;
	table_clock(x->table, now);
}

int
engine_show(struct engine *x, const struct engine_show *q, int64_t now,
    engine_item_fn *fn, void *arg, struct err *e)
{
	uint32_t slots[ENGINE_NAMED_SLOTS];
	struct ask ask = { q->plain, fn, arg };
	struct engine_named named;
	size_t count, i;
	int ret;

	set_time(x, now);
	ret = engine_named_read(x->rules, q->key, q->value, &named, e);
	if (ret != 0)
		return ret;
	count = engine_named_slots(x, &named, true, slots);
	for (i = 0; i < count; i++) {
		if (tell(x, slots[i], &ask) != 0)
			break;
	}
	return (int)count;
}

int
engine_why(struct engine *x, const struct engine_show *q, int64_t now,
    engine_item_fn *fn, void *arg)
{
	uint32_t slots[ENGINE_RECENT_SLOTS];
	struct ask ask = { q->plain, fn, arg };
	size_t count, i;

	set_time(x, now);
	count = engine_recent_slots(x, q->value, slots);
	for (i = 0; i < count; i++) {
		if (tell(x, slots[i], &ask) != 0)
			break;
	}
	return (int)count;
}

bool
engine_decider(const struct engine *x, const struct engine_answer *a,
    bool plain, struct engine_item *out)
{
	return a->slot != 0 && table_is_entry(x->table, a->slot) &&
	    engine_recent_check(table_at(x->table, a->slot)) == a->check &&
	    describe(x, a->slot, plain, out);
}

void
engine_list(struct engine *x, const struct engine_list *q, uint64_t *cursor,
    int64_t now, engine_item_fn *fn, void *arg)
{
	uint32_t slot = *cursor == 0 ? 1 : (uint32_t)*cursor;
	struct engine_item item;
	size_t left;

	set_time(x, now);
	for (left = q->max; left > 0 && slot < table_slots(x->table);
	     left--, slot++) {
		if (!table_is_entry(x->table, slot) ||
		    !describe(x, slot, q->plain, &item))
			continue;
		if (q->class >= 0 && item.class != (enum engine_class)q->class)
			continue;
		if (q->rule.len != 0 &&
		    !str_is(q->rule.data, q->rule.len, item.rule))
			continue;
		if (fn(arg, &item) != 0) {
			slot++;
			break;
		}
	}
	*cursor = slot < table_slots(x->table) ? slot : 0;
}

/* The hottest so far, the coolest of them last. */
struct top {
	struct {
		uint32_t slot;
		uint64_t heat;
	} at[TOP_MAX];
	size_t count, max;
};

static uint64_t
heat_of(const struct engine_rule *rule, const struct table_entry *entry)
{
	uint64_t count = rule->s.count == RULE_ATTEMPTS ? entry->value :
							  entry->count;

	if (table_class(entry) == TABLE_BLOCKED)
		return (uint64_t)1 << 32;
	return (count << 32) / rule->s.limit;
}

static void
top_take(struct top *top, uint32_t slot, uint64_t heat)
{
	size_t i = top->count;

	if (i == top->max && (i == 0 || heat <= top->at[i - 1].heat))
		return;
	if (i == top->max)
		i--;
	else
		top->count++;
	for (; i > 0 && top->at[i - 1].heat < heat; i--)
		top->at[i] = top->at[i - 1];
	top->at[i].slot = slot;
	top->at[i].heat = heat;
}

static void
top_rule(const struct engine *x, const struct engine_rule *rule, int only,
    struct top *top)
{
	const struct table_entry *entry;
	uint32_t slot;
	size_t look;
	int kind;

	for (kind = TABLE_BLOCKED; kind >= 0; kind--) {
		if (only >= 0 && kind != only)
			continue;
		slot = table_newest(
		    x->table, rule->group, (enum table_class)kind);
		for (look = TOP_LOOK; slot != 0 && look > 0; look--) {
			entry = table_at(x->table, slot);
			if (!table_expired(x->table, entry))
				top_take(top, slot, heat_of(rule, entry));
			slot = table_older(x->table, slot);
		}
	}
}

void
engine_top(struct engine *x, const struct engine_list *q, int64_t now,
    engine_item_fn *fn, void *arg)
{
	struct top top = { .max = q->max < TOP_MAX ? q->max : TOP_MAX };
	struct ask ask = { q->plain, fn, arg };
	const struct engine_rule *rule;
	size_t i;

	set_time(x, now);
	for (i = 0; i < x->rules->count; i++) {
		rule = &x->rules->rules[i];
		if (q->rule.len == 0 ||
		    str_is(q->rule.data, q->rule.len, rule->s.name))
			top_rule(x, rule, q->class, &top);
	}
	for (i = 0; i < top.count; i++) {
		if (tell(x, top.at[i].slot, &ask) != 0)
			break;
	}
}

void
engine_stats(const struct engine *x, struct engine_stats *out)
{
	struct table_stats t;
	size_t i;

	table_stats(x->table, &t);
	*out = x->stats;
	out->expired = t.expired;
	out->evicted_single = t.evicted[TABLE_SINGLE];
	out->evicted_multi = t.evicted[TABLE_MULTI];
	out->evicted_blocked = t.evicted[TABLE_BLOCKED];
	out->quota_single = t.quota[TABLE_SINGLE];
	out->quota_multi = t.quota[TABLE_MULTI];
	for (i = 0; i < TABLE_CLASSES; i++)
		out->entries[i] = t.entries[i];
	out->entries[ENGINE_OPERATOR] = t.operators;
	out->marks = t.marks;
	if (hash_has_previous(x->keys))
		out->old_generation = table_generation(
		    x->table, hash_generation(x->keys) - 1);
	out->memory_used = t.memory_used + sizeof(*x) +
	    engine_recent_memory(&x->recent);
	out->memory_max = t.memory_max + sizeof(*x) +
	    engine_recent_memory(&x->recent);
	out->reserved_used = t.reserved_used;
	out->reserved_max = t.reserved_max;
}

size_t
engine_rules(const struct engine *x)
{
	return x->rules->count;
}

void
engine_rule_stats(
    const struct engine *x, size_t i, struct engine_rule_stats *out)
{
	const struct engine_rule *rule = &x->rules->rules[i];
	size_t kind;

	memset(out, 0, sizeof(*out));
	out->name = rule->s.name;
	out->event = rule->s.event;
	out->shadow = rule->s.shadow;
	out->limit = rule->s.limit;
	out->window = rule->s.window;
	for (kind = 0; kind < TABLE_CLASSES; kind++)
		out->entries[kind] = table_count(
		    x->table, rule->group, (enum table_class)kind);
	memcpy(out->verdicts, rule->verdicts, sizeof(out->verdicts));
}
