/*
 * engine_trust: an address from which a user succeeded of late is counted by
 * itself for that user: who guesses elsewhere cannot lock the owner out, and
 * who guesses there has a limit still. That a pair of user and address is
 * trusted is an entry under a hidden rule, whose key is a keyed hash of both.
 */

#include "engine_priv.h"

#include <string.h>

#define PREFIX4 32
#define PREFIX6 64 /* hosts change the rest of it by themselves */

#define PART(s) \
	{ \
		(s), sizeof(s) - 1 \
	}

uint64_t
engine_trust_pair(
    const struct engine *x, uint32_t generation, const struct engine_request *q)
{
	const struct engine_text *user = &q->value[KNOWN_USER];
	uint8_t addr[16], full[HASH_LEN] = { 0 };
	struct hash_part parts[] = { PART("trust"),
		{ q->event.data, q->event.len }, { user->data, user->len },
		{ addr, sizeof(addr) } };
	struct addr masked;
	uint64_t pair = 0;

	if (user->data == NULL || q->value[KNOWN_IP].data == NULL)
		return 0;
	masked = addr_mask(&q->addr, q->addr.family == 4 ? PREFIX4 : PREFIX6);
	engine_addr_key(&masked, addr);
	hash_parts(x->keys, generation, parts, 4, full);
	memcpy(&pair, full, sizeof(pair));
	return pair;
}

bool
engine_trust_key(const struct engine *x, uint32_t generation,
    const struct engine_request *q, uint8_t out[16])
{
	uint64_t pair = engine_trust_pair(x, generation, q);
	struct hash_part parts[] = { PART("key"), PART("trust"),
		{ &pair, sizeof(pair) } };

	return hash_parts(x->keys, generation, parts, 3, out);
}

static void
id_of(const struct engine_rule *hidden, uint64_t pair, struct table_id *out)
{
	memset(out, 0, sizeof(*out));
	out->group = hidden->group;
	memcpy(out->key, &pair, sizeof(pair));
}

static const struct engine_rule *
hidden_of(const struct engine *x, const struct engine_rule *rule)
{
	return &x->rules->rules[rule->trust];
}

bool
engine_trusted(struct engine *x, const struct engine_rule *rule,
    const struct engine_request *q)
{
	uint32_t generation = hash_generation(x->keys);
	struct table_id id;
	uint64_t pair;

	if (rule->trust == ENGINE_NO_FIELD)
		return false;
	pair = engine_trust_pair(x, generation, q);
	if (pair == 0)
		return false;
	id_of(hidden_of(x, rule), pair, &id);
	if (table_find_live(x->table, &id) != 0)
		return true;
	if (!hash_has_previous(x->keys))
		return false;
	id_of(hidden_of(x, rule), engine_trust_pair(x, generation - 1, q), &id);
	return table_find_live(x->table, &id) != 0;
}

/* Always under the new key, so that the old one can go in time. */
static void
trust(struct engine *x, const struct engine_rule *hidden, uint64_t pair)
{
	struct table_new n = { .stamp = engine_seconds(x->now),
		.generation = hash_generation(x->keys) };
	uint32_t slot;

	id_of(hidden, pair, &n.id);
	slot = table_find_live(x->table, &n.id);
	if (slot == 0)
		slot = table_add(x->table, &n);
	if (slot == 0)
		return; /* no room: nobody is let in or kept out by that */
	table_touch(x->table, slot, n.stamp);
	table_counter_set(x->table, slot, 1);
	engine_record(x, slot, 0);
}

void
engine_trust(struct engine *x, uint64_t pair)
{
	size_t i;

	for (i = x->rules->count; pair != 0 && i < x->rules->all; i++)
		trust(x, &x->rules->rules[i], pair);
}
