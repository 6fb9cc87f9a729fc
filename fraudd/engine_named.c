/*
 * engine_named: all that counts against one key, whichever rules it is in:
 * its counts, the blocks of its own and those round it.
 */

#include "engine_priv.h"

#include "err.h"

#include <string.h>

struct found {
	struct engine *x;
	uint32_t *slots;
	size_t count;
};

static void
take(struct found *f, uint32_t slot)
{
	size_t i;

	if (slot == 0 || f->count == ENGINE_NAMED_SLOTS)
		return;
	for (i = 0; i < f->count; i++) {
		if (f->slots[i] == slot)
			return;
	}
	f->slots[f->count++] = slot;
}

/*
 * An address finds its count under the rule's prefix and every block that
 * covers it; a prefix finds only what has exactly its length.
 */
static void
take_addr(struct found *f, const struct engine_rule *rule,
    const struct addr_prefix *p)
{
	uint8_t whole = p->addr.family == 4 ? 32 : 128, bits;
	struct table_id id;
	struct addr masked;
	int level;

	for (level = TABLE_EXACT; level < TABLE_LEVELS; level++) {
		bits = engine_level_bits(
		    rule, p->addr.family, (enum table_level)level);
		if (bits == 0 || (p->bits != whole && p->bits != bits))
			continue;
		memset(&id, 0, sizeof(id));
		id.group = rule->group;
		id.level = (uint8_t)level;
		masked = addr_mask(&p->addr, bits);
		engine_addr_key(&masked, id.key);
		take(f, table_find_live(f->x->table, &id));
	}
}

static void
take_hashed(struct found *f, const struct engine_rule *rule,
    const struct engine_named *named)
{
	uint32_t generation = hash_generation(f->x->keys);
	struct table_id id = { .group = rule->group };

	engine_hash_key(
	    f->x, generation, named->field, &named->request, id.key);
	take(f, table_find_live(f->x->table, &id));
	if (!hash_has_previous(f->x->keys))
		return;
	engine_hash_key(
	    f->x, generation - 1, named->field, &named->request, id.key);
	take(f, table_find_live(f->x->table, &id));
}

size_t
engine_named_slots(struct engine *x, const struct engine_named *named,
    bool operators, uint32_t slots[ENGINE_NAMED_SLOTS])
{
	struct found f = { .x = x, .slots = slots };
	const struct engine_rule *rule;
	size_t i;

	for (i = 0; i < x->rules->count; i++) {
		rule = &x->rules->rules[i];
		if (rule->key != named->field)
			continue;
		if (named->field == KNOWN_IP)
			take_addr(&f, rule, &named->prefix);
		else
			take_hashed(&f, rule, named);
	}
	if (operators)
		f.count += engine_operator_slots(
		    x, named, slots + f.count, ENGINE_NAMED_SLOTS - f.count);
	return f.count;
}

int
engine_forget(struct engine *x, struct engine_text key,
    struct engine_text value, int64_t now, struct err *e)
{
	uint32_t slots[ENGINE_NAMED_SLOTS];
	struct engine_named named;
	size_t count, i;
	int ret;

	x->now = now;
	table_clock(x->table, now);
	ret = engine_named_read(x->rules, key, value, &named, e);
	if (ret != 0)
		return ret;
	count = engine_named_slots(x, &named, false, slots);
	for (i = 0; i < count; i++) {
		engine_record_removed(x, slots[i], false);
		engine_recent_forget(x, slots[i]);
		table_remove(x->table, slots[i]);
	}
	return (int)count;
}
