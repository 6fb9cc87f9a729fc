/*
 * engine_operator: what a person set. A block is found by exactly what was
 * said: an address, a prefix, a user. There are few, so each length of prefix
 * and each field that has any costs one look.
 *
 * In the table a prefix is its bits, then a one, then zeros; a whole address
 * needs no such mark and has a level of its own.
 */

#include "engine_priv.h"

#include "err.h"

#include <string.h>

#define NOTE_6 40 /* prefixes of v6 from here on, of v4 below */
#define NOTE_FIELDS 200 /* fields, by their names */
#define NOTE_FIELD_COUNT 300

static uint16_t
prefix_note(uint8_t family, uint8_t bits)
{
	return (uint16_t)(family == 4 ? bits : NOTE_6 + bits);
}

/* By name, for numbers of fields change with the rules. */
static uint16_t
field_note(const struct engine *x, uint8_t field)
{
	const char *name = x->rules->known[field];
	uint32_t hash = 2166136261u;

	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	return (uint16_t)(NOTE_FIELDS + hash % NOTE_FIELD_COUNT);
}

static void
prefix_id(const struct addr *a, uint8_t bits, struct table_id *out)
{
	struct addr masked = addr_mask(a, bits);
	uint8_t whole = a->family == 4 ? 32 : 128;
	uint32_t at = (a->family == 4 ? 96u : 0u) + bits;

	memset(out, 0, sizeof(*out));
	out->group = TABLE_OPERATOR_IP;
	engine_addr_key(&masked, out->key);
	if (bits >= whole)
		out->level = 1;
	else
		out->key[at / 8] |= (uint8_t)(0x80u >> at % 8);
}

/* The slot of a block of that value of a field; 0: there is none. */
static uint32_t
find_field(struct engine *x, const struct engine_request *q, uint8_t field)
{
	uint32_t generation = hash_generation(x->keys), slot;
	struct table_id id = { .group = TABLE_OPERATOR };

	engine_hash_key(x, generation, field, q, id.key);
	slot = table_find_live(x->table, &id);
	if (slot != 0 || !hash_has_previous(x->keys))
		return slot;
	engine_hash_key(x, generation - 1, field, q, id.key);
	return table_find_live(x->table, &id);
}

static uint32_t
find_prefix(struct engine *x, const struct addr *a, uint8_t bits)
{
	struct table_id id;

	if (table_noted(x->table, prefix_note(a->family, bits)) == 0)
		return 0;
	prefix_id(a, bits, &id);
	return table_find_live(x->table, &id);
}

/* That of the two, either may be 0, which ends later. */
static uint32_t
later(const struct engine *x, uint32_t slot, uint32_t last)
{
	if (slot == 0 || last == 0)
		return slot + last;
	return table_end(x->table, table_at(x->table, slot)) >
		table_end(x->table, table_at(x->table, last)) ?
	    slot :
	    last;
}

uint32_t
engine_operator_find(struct engine *x, const struct engine_request *q)
{
	uint32_t last = 0;
	uint8_t field;
	int bits;

	if (table_operators(x->table) == 0)
		return 0;
	if (q->value[KNOWN_IP].data != NULL) {
		for (bits = q->addr.family == 4 ? 32 : 128; bits >= 0; bits--)
			last = later(
			    x, find_prefix(x, &q->addr, (uint8_t)bits), last);
	}
	for (field = KNOWN_IP + 1; field < x->rules->known_count; field++) {
		if (q->value[field].data != NULL &&
		    table_noted(x->table, field_note(x, field)) != 0)
			last = later(x, find_field(x, q, field), last);
	}
	return last;
}

const char *
engine_operator_field(const struct engine *x, const struct table_entry *entry)
{
	uint8_t field;

	for (field = KNOWN_IP + 1; field < x->rules->known_count; field++) {
		if (field_note(x, field) == entry->count)
			return x->rules->known[field];
	}
	return "";
}

size_t
engine_operator_slots(struct engine *x, const struct engine_named *named,
    uint32_t *slots, size_t max)
{
	size_t count = 0;
	uint32_t slot;
	int bits;

	if (named->field != KNOWN_IP) {
		slot = find_field(x, &named->request, named->field);
		if (slot != 0 && max > 0)
			slots[count++] = slot;
		return count;
	}
	for (bits = named->prefix.bits; bits >= 0 && count < max; bits--) {
		slot = find_prefix(x, &named->prefix.addr, (uint8_t)bits);
		if (slot != 0)
			slots[count++] = slot;
	}
	return count;
}

/* Where a block of this is, or would be. */
static uint32_t
find_named(
    struct engine *x, const struct engine_named *named, struct table_new *n)
{
	memset(n, 0, sizeof(*n));
	if (named->field == KNOWN_IP) {
		prefix_id(&named->prefix.addr, named->prefix.bits, &n->id);
		n->note = prefix_note(
		    named->prefix.addr.family, named->prefix.bits);
		return table_find_live(x->table, &n->id);
	}
	n->id.group = TABLE_OPERATOR;
	n->generation = hash_generation(x->keys);
	n->note = field_note(x, named->field);
	engine_hash_key(
	    x, n->generation, named->field, &named->request, n->id.key);
	return find_field(x, &named->request, named->field);
}

/*
 * The new block takes the place of the old one, which may be 0. One that was
 * born under the previous hash key is another key, and goes when the new one
 * stands: so a block said again does not keep the old hash key alive.
 */
static int
put_block(
    struct engine *x, uint32_t old, const struct table_new *n, struct err *e)
{
	bool moves = old != 0 && n->generation != 0 &&
	    engine_generation_of(x, table_at(x->table, old)) != n->generation;
	uint32_t slot;

	if (old != 0 && !moves)
		table_remove(x->table, old);
	slot = table_add(x->table, n);
	if (slot == 0)
		return err_set(e, E_RANGE,
		    "the share of memory for blocks and marks is full");
	engine_record_durable(x, slot);
	if (moves) {
		engine_record_removed(x, old, true);
		table_remove(x->table, old);
	}
	return 0;
}

int
engine_block(struct engine *x, struct engine_text key, struct engine_text value,
    int64_t seconds, int64_t now, struct err *e)
{
	struct engine_named named;
	struct table_new n;
	uint32_t slot;
	int ret;

	x->now = now;
	table_clock(x->table, now);
	ret = engine_named_read(x->rules, key, value, &named, e);
	if (ret != 0)
		return ret;
	if (seconds < 0 || seconds >= TABLE_FOREVER - engine_seconds(now))
		return err_set(e, E_SYNTAX, "that many seconds are no time");
	slot = find_named(x, &named, &n);
	n.stamp = seconds == 0 ? TABLE_FOREVER :
				 engine_seconds(now + seconds * 1000);
	n.since = (uint32_t)(now / 1000);
	return put_block(x, slot, &n, e);
}

int
engine_unblock(struct engine *x, struct engine_text key,
    struct engine_text value, int64_t now, struct err *e)
{
	struct engine_named named;
	struct table_new n;
	uint32_t slot;
	int ret;

	x->now = now;
	table_clock(x->table, now);
	ret = engine_named_read(x->rules, key, value, &named, e);
	if (ret != 0)
		return ret;
	slot = find_named(x, &named, &n);
	if (slot == 0)
		return 0;
	engine_record_removed(x, slot, true);
	table_remove(x->table, slot);
	return 1;
}

int
engine_once(struct engine *x, struct engine_text scope,
    struct engine_text value, int64_t expires, int64_t now, struct err *e)
{
	struct hash_part parts[] = { { "once", 4 }, { scope.data, scope.len },
		{ value.data, value.len } };
	struct table_new n = { .id.group = TABLE_MARK,
		.note = TABLE_NOTES - 1 };
	uint32_t current = hash_generation(x->keys), back, slot;

	x->now = now;
	table_clock(x->table, now);
	if (scope.len == 0 || scope.len > ENGINE_NAME_MAX || value.len == 0 ||
	    value.len > ENGINE_VALUE_MAX)
		return err_set(e, E_SYNTAX, "scope or value is too long");
	if (expires <= now / 1000 || expires >= TABLE_FOREVER)
		return err_set(e, E_RANGE, "that time has passed, or is none");
	for (back = hash_has_previous(x->keys) ? 1 : 0;; back--) {
		n.generation = current - back;
		if (!hash_parts(x->keys, n.generation, parts, 3, n.id.key))
			return err_set(e, E_SYNTAX, "the value is too long");
		if (table_find_live(x->table, &n.id) != 0) {
			x->stats.once_again++;
			return 0;
		}
		if (back == 0)
			break;
	}
	n.stamp = (uint32_t)expires;
	slot = table_add(x->table, &n);
	if (slot == 0) {
		x->stats.once_full++;
		return err_set(e, E_RANGE,
		    "the share of memory for blocks and marks is full");
	}
	engine_record_durable(x, slot);
	x->stats.once_first++;
	return 1;
}
