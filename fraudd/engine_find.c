/*
 * engine_find: from what was sent to the entry that stands for it. Addresses
 * are keys as they are, cut to the rule's prefix; all else is a key only as
 * 128 bits of a keyed hash. What is hashed begins with what it is for and with
 * the names of rule and field, so equal values of two fields have nothing in
 * common.
 */

#include "engine_priv.h"

#include <endian.h>
#include <string.h>

#define PART(s) \
	{ \
		(s), sizeof(s) - 1 \
	}

static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

uint32_t
engine_seconds(int64_t now)
{
	int64_t s = (now + 999) / 1000;

	if (now <= 0)
		return 0;
	return s >= TABLE_FOREVER ? TABLE_FOREVER - 1 : (uint32_t)s;
}

void
engine_addr_key(const struct addr *a, uint8_t out[16])
{
	uint64_t half[2] = { 0 };
	uint32_t v4;

	if (a->family == 6) {
		memcpy(out, a->bytes, 16);
		return;
	}
	/* in whole words, for it is read as such: the mapped form */
	memcpy(&v4, a->bytes, sizeof(v4));
	half[1] = htobe64(UINT64_C(0xffff) << 32 | be32toh(v4));
	memcpy(out, &half[0], sizeof(half[0]));
	memcpy(out + 8, &half[1], sizeof(half[1]));
}

void
engine_prefix_key(
    const struct engine_rule *rule, const struct addr *a, uint8_t out[16])
{
	uint8_t bits = engine_level_bits(rule, a->family, TABLE_EXACT);
	struct addr masked;

	if (bits >= (a->family == 4 ? 32 : 128)) {
		engine_addr_key(a, out);
		return;
	}
	masked = addr_mask(a, bits);
	engine_addr_key(&masked, out);
}

struct addr
engine_key_addr(const uint8_t key[16])
{
	struct addr a = { .family = 6 };

	if (memcmp(key, mapped, sizeof(mapped)) == 0) {
		a.family = 4;
		memcpy(a.bytes, key + 12, 4);
	} else {
		memcpy(a.bytes, key, 16);
	}
	return a;
}

bool
engine_hash_key(const struct engine *x, uint32_t generation, uint8_t field,
    const struct engine_request *q, uint8_t out[16])
{
	const char *name = x->rules->known[field];
	struct hash_part parts[] = { PART("key"), { name, strlen(name) },
		{ q->value[field].data, q->value[field].len } };

	return hash_parts(x->keys, generation, parts, 3, out);
}

/* Made when it is asked for first, and again after a rotation. */
static bool
make_purpose(const struct engine *x, uint32_t generation,
    const struct engine_rule *rule, struct hash_purpose *out)
{
	const char *name = x->rules->known[rule->field];
	struct hash_part parts[] = { PART("value"),
		{ rule->s.name, strlen(rule->s.name) },
		{ name, strlen(name) } };

	return hash_purpose(x->keys, generation, parts, 3, out);
}

uint64_t
engine_hash_value(const struct engine *x, uint32_t generation,
    const struct engine_rule *rule, const struct engine_request *q)
{
	struct hash_purpose *purpose = &rule->purposes[generation % 2];
	const struct engine_text *text = &q->value[rule->field];
	uint8_t addr[16], full[HASH_LEN];
	uint64_t value;

	if (purpose->generation != generation &&
	    !make_purpose(x, generation, rule, purpose))
		return 0;
	if (rule->field == KNOWN_IP) {
		engine_addr_key(&q->addr, addr);
		hash_for(purpose, addr, sizeof(addr), full);
	} else {
		hash_for(purpose, text->data, text->len, full);
	}
	memcpy(&value, full, sizeof(value));
	return value;
}

uint32_t
engine_generation_of(const struct engine *x, const struct table_entry *entry)
{
	uint32_t current = hash_generation(x->keys);

	return table_old(entry, current) ? current - 1 : current;
}

uint8_t
engine_level_bits(
    const struct engine_rule *rule, uint8_t family, enum table_level level)
{
	static const uint8_t bits6[TABLE_LEVELS] = { 0, 64, 56, 48 };
	uint8_t own = family == 4 ? rule->s.prefix4 : rule->s.prefix6;
	uint8_t bits;

	if (level == TABLE_EXACT)
		return own;
	if (family == 4)
		bits = level == TABLE_64 ? 24 : 0;
	else
		bits = bits6[level];
	return bits < own ? bits : 0;
}

struct engine_rule *
engine_rule_of(const struct engine *x, uint8_t group)
{
	size_t i;

	for (i = 0; i < x->rules->all; i++) {
		if (x->rules->rules[i].group == group)
			return &x->rules->rules[i];
	}
	return NULL;
}

static uint32_t
find_fold(const struct engine *x, const struct engine_rule *rule,
    const struct addr *a, enum table_level level)
{
	uint8_t bits = engine_level_bits(rule, a->family, level);
	struct table_id id = { .group = rule->group, .level = (uint8_t)level };
	struct addr masked;

	if (bits == 0 || table_folds(x->table, rule->group, level) == 0)
		return 0;
	masked = addr_mask(a, bits);
	engine_addr_key(&masked, id.key);
	return table_find_live(x->table, &id);
}

/* The hint is of this address, and holds while its group is the rule's. */
static void
find_exact(struct engine *x, const struct engine_rule *rule,
    const struct engine_request *q, struct engine_found *out)
{
	if (q->hint != NULL && q->hint->group == rule->group &&
	    q->hint->tag == rule->tag &&
	    q->hint->text.data == q->value[KNOWN_IP].data) {
		memcpy(out->id.key, q->hint->key, sizeof(out->id.key));
		out->slot = table_find_foreseen(
		    x->table, &out->id, q->hint->hash);
		return;
	}
	engine_prefix_key(rule, &q->addr, out->id.key);
	out->slot = table_find_live(x->table, &out->id);
}

/* A block of the address itself, else one round it, else its count. */
static void
find_addr(struct engine *x, const struct engine_rule *rule,
    const struct engine_request *q, struct engine_found *out)
{
	const struct table_entry *entry;
	uint32_t slot;
	int level;

	find_exact(x, rule, q, out);
	if (out->slot != 0) {
		entry = table_at(x->table, out->slot);
		out->generation = engine_generation_of(x, entry);
		if (table_class(entry) == TABLE_BLOCKED)
			return;
	}
	for (level = TABLE_64; level < TABLE_LEVELS; level++) {
		slot = find_fold(x, rule, &q->addr, (enum table_level)level);
		if (slot != 0) {
			out->slot = slot;
			return;
		}
	}
}

/* apart: of a trusted user and address, together. */
static void
hash_key(const struct engine *x, uint32_t generation, uint8_t field, bool apart,
    const struct engine_request *q, uint8_t out[16])
{
	if (apart)
		engine_trust_key(x, generation, q, out);
	else
		engine_hash_key(x, generation, field, q, out);
}

static void
find_hashed(struct engine *x, const struct engine_rule *rule,
    const struct engine_request *q, struct engine_found *out)
{
	bool apart = engine_trusted(x, rule, q);
	struct table_id old;

	hash_key(x, out->generation, rule->key, apart, q, out->id.key);
	out->slot = table_find_live(x->table, &out->id);
	if (out->slot != 0 || !hash_has_previous(x->keys))
		return;
	old = out->id;
	hash_key(x, out->generation - 1, rule->key, apart, q, old.key);
	out->slot = table_find_live(x->table, &old);
	if (out->slot != 0)
		out->generation--;
}

void
engine_find(struct engine *x, const struct engine_rule *rule,
    const struct engine_request *q, struct engine_found *out)
{
	memset(out, 0, sizeof(*out));
	out->id.group = rule->group;
	out->generation = hash_generation(x->keys);
	if (rule->key == KNOWN_IP)
		find_addr(x, rule, q, out);
	else
		find_hashed(x, rule, q, out);
}
