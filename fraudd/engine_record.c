/*
 * engine_record: what the journal gets. A record says how a thing is, not
 * what was done to it: the value at one place, how many there are, the stamp.
 * So records may be applied again, and on top of a snapshot that was taken
 * while they were written: the last writer of each place wins, as it did.
 *
 *	type 1, flags 1, note 2, tag 4, generation 4, stamp 4, key 16,
 *	value 8, end 4, at 2, count 2
 *
 * in little-endian. The tag is the rule's; where an operator's thing ends is
 * its stamp, and when it was set its value.
 */

#include "engine_priv.h"

#include "err.h"

#include <endian.h>
#include <string.h>

#define RECORD_LEN 48
#define TYPE_ENTRY 1
#define TYPE_OPERATOR_IP 2
#define TYPE_OPERATOR 3
#define TYPE_MARK 4

#define FLAG_BLOCKED 0x01
#define FLAG_VALUE 0x02
#define FLAG_REMOVED 0x04
#define FLAG_LEVEL_SHIFT 4

/* Not in the order of the bytes: see encode(). */
struct record {
	uint8_t key[16];
	uint64_t value;
	uint32_t tag, stamp, generation, end;
	uint16_t count, at, note;
	uint8_t flags, type;
};

static void
put64(unsigned char *p, uint64_t value)
{
	value = htole64(value);
	memcpy(p, &value, sizeof(value));
}

static uint64_t
get(const unsigned char *p, size_t n)
{
	uint64_t value = 0;
	size_t i;

	for (i = n; i > 0; i--)
		value = value << 8 | p[i - 1];
	return value;
}

/*
 * In whole words, made of single fields: what is read or written in other
 * pieces than it was written in a moment ago has to wait for the memory.
 */
static void
encode(const struct record *r, unsigned char out[RECORD_LEN])
{
	put64(out,
	    r->type | (uint32_t)r->flags << 8 | (uint32_t)r->note << 16 |
		(uint64_t)r->tag << 32);
	put64(out + 8, r->generation | (uint64_t)r->stamp << 32);
	memcpy(out + 16, r->key, 16);
	put64(out + 32, r->value);
	put64(out + 40,
	    r->end | (uint64_t)r->at << 32 | (uint64_t)r->count << 48);
}

static void
decode(const unsigned char *in, struct record *r)
{
	r->type = in[0];
	r->flags = in[1];
	r->note = (uint16_t)get(in + 2, 2);
	r->tag = (uint32_t)get(in + 4, 4);
	r->generation = (uint32_t)get(in + 8, 4);
	r->stamp = (uint32_t)get(in + 12, 4);
	memcpy(r->key, in + 16, 16);
	r->value = get(in + 32, 8);
	r->end = (uint32_t)get(in + 40, 4);
	r->at = (uint16_t)get(in + 44, 2);
	r->count = (uint16_t)get(in + 46, 2);
}

static void
send(const struct engine_sink *sink, const struct record *r, bool durable)
{
	unsigned char bytes[RECORD_LEN];

	encode(r, bytes);
	sink->append(sink->arg, bytes, sizeof(bytes), durable);
}

/* All but the values. False when nobody would know whose entry it is. */
static bool
describe(const struct engine *x, uint32_t slot, struct record *r)
{
	const struct table_entry *entry = table_at(x->table, slot);
	const struct engine_rule *rule;

	memset(r, 0, sizeof(*r));
	memcpy(r->key, entry->key, sizeof(r->key));
	r->stamp = entry->stamp;
	r->generation = table_hashless(entry) ? 0 :
						engine_generation_of(x, entry);
	r->flags = (uint8_t)(table_level(entry) << FLAG_LEVEL_SHIFT);
	if (entry->group >= TABLE_GROUPS) {
		r->type = entry->group == TABLE_MARK ? TYPE_MARK :
		    entry->group == TABLE_OPERATOR   ? TYPE_OPERATOR :
						       TYPE_OPERATOR_IP;
		r->note = entry->count;
		r->value = table_since(entry);
		return true;
	}
	rule = engine_rule_of(x, entry->group);
	if (rule == NULL)
		return false;
	r->type = TYPE_ENTRY;
	r->tag = rule->tag;
	r->count = entry->count;
	if (table_class(entry) == TABLE_BLOCKED)
		r->flags |= FLAG_BLOCKED;
	return true;
}

static void
with_value(const struct engine *x, uint32_t slot, uint32_t i, struct record *r)
{
	r->flags |= FLAG_VALUE;
	r->value = table_value(x->table, slot, i);
	r->end = table_value_end(x->table, slot, i);
	r->at = (uint16_t)i;
}

void
engine_record(struct engine *x, uint32_t slot, uint32_t i)
{
	const struct table_entry *entry = table_at(x->table, slot);
	struct record r;

	if (x->sink.append == NULL || !describe(x, slot, &r))
		return;
	if (table_class(entry) == TABLE_BLOCKED)
		i = 0;
	if (i != RECORD_NO_VALUE)
		with_value(x, slot, i, &r);
	send(&x->sink, &r, false);
}

void
engine_record_durable(struct engine *x, uint32_t slot)
{
	struct record r;

	if (x->sink.append != NULL && describe(x, slot, &r))
		send(&x->sink, &r, true);
}

void
engine_record_removed(struct engine *x, uint32_t slot, bool durable)
{
	struct record r;

	if (x->sink.append == NULL || !describe(x, slot, &r))
		return;
	r.flags |= FLAG_REMOVED;
	send(&x->sink, &r, durable);
}

/* One record stands for the whole entry; false: each value has its own. */
static bool
snapshot_whole(struct engine *x, uint32_t slot, struct record *r,
    const struct engine_sink *sink)
{
	const struct table_entry *entry = table_at(x->table, slot);

	if (r->type == TYPE_ENTRY) {
		if (!table_group(x->table, entry->group)->counter &&
		    table_class(entry) != TABLE_BLOCKED)
			return false;
		with_value(x, slot, 0, r);
	}
	send(sink, r, false);
	return true;
}

/*
 * Its values from the first on, as many as are left of max, of which a look
 * takes one too. Returns the next of them, or 0: the slot is through. What
 * becomes of it before the rest is given stands in the log.
 */
static uint32_t
snapshot_slot(struct engine *x, uint32_t slot, uint32_t first, size_t *max,
    const struct engine_sink *sink)
{
	const struct table_entry *entry = table_at(x->table, slot);
	uint32_t i = first;
	struct record r;

	if (!table_is_entry(x->table, slot) || table_expired(x->table, entry) ||
	    !describe(x, slot, &r) || snapshot_whole(x, slot, &r, sink) ||
	    first >= entry->count) {
		--*max;
		return 0;
	}
	for (; i<entry->count && * max> 0; i++) {
		with_value(x, slot, i, &r);
		r.count = (uint16_t)(i + 1);
		send(sink, &r, false);
		--*max;
	}
	return i < entry->count ? i : 0;
}

void
engine_snapshot(struct engine *x, uint64_t *cursor, size_t max,
    const struct engine_sink *sink)
{
	uint32_t slot = *cursor == 0 ? 1 : (uint32_t)*cursor;
	uint32_t value = (uint32_t)(*cursor >> 32);

	while (max > 0 && slot < table_slots(x->table)) {
		value = snapshot_slot(x, slot, value, &max, sink);
		slot += value == 0;
	}
	*cursor = 0;
	if (slot < table_slots(x->table))
		*cursor = (uint64_t)value << 32 | slot;
}

/* Puts the value in its place and cuts what is behind the count. */
static int
replay_value(struct engine *x, uint32_t slot, const struct record *r)
{
	struct table_entry *entry = table_at(x->table, slot);
	struct table *t = x->table;

	if (r->flags & FLAG_VALUE) {
		if (r->at < entry->count)
			table_value_set(t, slot, r->at, r->value, r->end);
		else if (!table_value_add(t, slot, r->value, r->end))
			return E_RANGE;
	}
	while (entry->count > r->count)
		table_value_drop(t, slot, entry->count - 1u);
	return 0;
}

/*
 * Nothing happened after now: if it says so, the wall clock was set back while
 * we were not running, and nobody is to wait for more than a window for that.
 */
static void
not_after_now(
    const struct engine *x, const struct engine_rule *rule, struct record *r)
{
	uint32_t now = engine_seconds(x->now);

	if (r->stamp > now)
		r->stamp = now;
	if (r->flags & FLAG_BLOCKED && r->value > now)
		r->value = now;
	if (r->end > (uint64_t)now + rule->s.window)
		r->end = now + rule->s.window;
}

static int
replay_entry(struct engine *x, const struct engine_rule *rule,
    const struct record *r, const struct table_id *id)
{
	struct table_new n = {
		.id = *id, .stamp = r->stamp, .generation = r->generation
	};
	uint32_t slot = table_find(x->table, id);
	bool blocked = (r->flags & FLAG_BLOCKED) != 0;

	/* a block that became one later: what comes will block it again */
	if (slot != 0 &&
	    (r->flags & FLAG_REMOVED ||
		(!blocked &&
		    table_class(table_at(x->table, slot)) == TABLE_BLOCKED))) {
		table_remove(x->table, slot);
		slot = 0;
	}
	if (r->flags & FLAG_REMOVED || (slot == 0 && !(r->flags & FLAG_VALUE)))
		return 0;
	if (slot == 0)
		slot = table_add(x->table, &n);
	if (slot == 0)
		return E_RANGE;
	table_tag(x->table, slot, r->generation);
	table_touch(x->table, slot, r->stamp);
	if (blocked) {
		if (r->flags & FLAG_VALUE)
			table_block(x->table, slot, (uint32_t)r->value);
		return 0;
	}
	if (rule->s.count != RULE_ATTEMPTS)
		return replay_value(x, slot, r);
	if (r->flags & FLAG_VALUE)
		table_counter_set(x->table, slot, r->value);
	return 0;
}

static int
replay_operator(
    struct engine *x, const struct record *r, const struct table_id *id)
{
	struct table_new n = { .id = *id,
		.stamp = r->stamp,
		.generation = r->generation,
		.note = r->note,
		.since = (uint32_t)r->value };
	uint32_t slot = table_find(x->table, id);

	if (slot != 0)
		table_remove(x->table, slot);
	if (r->flags & FLAG_REMOVED ||
	    (r->stamp != TABLE_FOREVER && (int64_t)r->stamp * 1000 <= x->now))
		return 0;
	return table_add(x->table, &n) != 0 ? 0 : E_RANGE;
}

static const struct engine_rule *
rule_of_tag(const struct engine *x, uint32_t tag)
{
	size_t i;

	for (i = 0; i < x->rules->all; i++) {
		if (x->rules->rules[i].tag == tag)
			return &x->rules->rules[i];
	}
	return NULL;
}

int
engine_replay(struct engine *x, const void *record, size_t n, int64_t now)
{
	static const uint8_t groups[] = {
		[TYPE_OPERATOR_IP] = TABLE_OPERATOR_IP,
		[TYPE_OPERATOR] = TABLE_OPERATOR,
		[TYPE_MARK] = TABLE_MARK
	};
	const struct engine_rule *rule;
	struct table_id id = { 0 };
	struct record r;

	if (n != RECORD_LEN)
		return E_SYNTAX;
	x->now = now;
	table_clock(x->table, now);
	decode(record, &r);
	rule = r.type == TYPE_ENTRY ? rule_of_tag(x, r.tag) : NULL;
	if (r.type == 0 || r.type > TYPE_MARK ||
	    (r.type == TYPE_ENTRY && rule == NULL) ||
	    (r.generation != 0 && !hash_knows(x->keys, r.generation))) {
		x->stats.replay_skipped++;
		return 0;
	}
	memcpy(id.key, r.key, sizeof(id.key));
	id.level = (uint8_t)(r.flags >> FLAG_LEVEL_SHIFT & 3);
	id.group = rule != NULL ? rule->group : groups[r.type];
	if (rule != NULL) {
		not_after_now(x, rule, &r);
		return replay_entry(x, rule, &r, &id);
	}
	return replay_operator(x, &r, &id);
}
