/*
 * engine_fold: how an entry becomes a block, and where blocks get too many.
 *
 * A network over its quota of blocks gets wider ones instead of more: /64s,
 * then /56s, then one for its /48; a v4 network /24s. When blocks are more
 * than half of the whole table, the oldest are folded too, the wider the
 * fuller it is; one that is covered by another is merged into it. So whoever
 * owns one large network ends up behind few blocks. What cannot be folded,
 * names of users say, is at last the rule's policy to answer.
 */

#include "engine_priv.h"

#include <string.h>

#define STEPS_CROWDED 2
#define STEPS_FULL 8

static void
count_fold(struct engine *x, uint8_t bits)
{
	switch (bits) {
	case 64:
		x->stats.folded_64++;
		break;
	case 56:
		x->stats.folded_56++;
		break;
	case 48:
		x->stats.folded_48++;
		break;
	default:
		x->stats.folded_24++;
		break;
	}
}

static void
fold_id(const struct engine_rule *rule, const struct table_entry *entry,
    enum table_level level, struct table_id *out)
{
	struct addr a = engine_key_addr(entry->key);

	a = addr_mask(&a, engine_level_bits(rule, a.family, level));
	memset(out, 0, sizeof(*out));
	engine_addr_key(&a, out->key);
	out->group = rule->group;
	out->level = (uint8_t)level;
}

/* Puts a block of that level in the place of slot; returns its slot. */
static uint32_t
fold(struct engine *x, const struct engine_rule *rule, uint32_t slot,
    enum table_level level)
{
	const struct table_entry *entry = table_at(x->table, slot);
	uint32_t since = (uint32_t)entry->value;
	struct table_new n = { .stamp = entry->stamp };
	uint32_t wide;

	fold_id(rule, entry, level, &n.id);
	engine_record_removed(x, slot, false);
	table_remove(x->table, slot);
	wide = table_find_live(x->table, &n.id);
	if (wide == 0) {
		/* the slot that was given back is there for it */
		wide = table_add(x->table, &n);
		if (wide == 0)
			return 0;
		table_block(x->table, wide, since);
		count_fold(x,
		    engine_level_bits(
			rule, engine_key_addr(n.id.key).family, level));
	} else {
		table_touch(x->table, wide, n.stamp);
		if (table_at(x->table, wide)->value < since)
			table_block(x->table, wide, since);
	}
	engine_record(x, wide, 0);
	return wide;
}

/* The narrowest wider level there is, from level on; TABLE_EXACT: none. */
static enum table_level
level_from(
    const struct engine_rule *rule, const struct table_entry *entry, int level)
{
	uint8_t family = engine_key_addr(entry->key).family;

	if (level <= (int)table_level(entry))
		level = (int)table_level(entry) + 1;
	if (family == 4 && table_level(entry) == TABLE_EXACT)
		level = TABLE_64;
	for (; level < TABLE_LEVELS; level++) {
		if (engine_level_bits(rule, family, (enum table_level)level) !=
		    0)
			return (enum table_level)level;
	}
	return TABLE_EXACT;
}

/* A block that is there already and covers the entry; TABLE_EXACT: none. */
static enum table_level
level_there(struct engine *x, const struct engine_rule *rule,
    const struct table_entry *entry)
{
	enum table_level level = table_level(entry);
	struct table_id id;

	while (
	    (level = level_from(rule, entry, (int)level + 1)) != TABLE_EXACT) {
		if (table_folds(x->table, rule->group, level) != 0) {
			fold_id(rule, entry, level, &id);
			if (table_find_live(x->table, &id) != 0)
				return level;
		}
		if ((int)level + 1 == TABLE_LEVELS ||
		    engine_key_addr(entry->key).family == 4)
			break;
	}
	return TABLE_EXACT;
}

static uint32_t
oldest_of_rules(struct engine *x, const struct engine_rule **rule_out)
{
	uint32_t best = 0, slot;
	size_t i;

	for (i = 0; i < x->rules->count; i++) {
		if (x->rules->rules[i].key != KNOWN_IP)
			continue;
		slot = table_oldest(
		    x->table, x->rules->rules[i].group, TABLE_BLOCKED);
		if (slot == 0 ||
		    (best != 0 &&
			table_at(x->table, slot)->stamp >=
			    table_at(x->table, best)->stamp))
			continue;
		best = slot;
		*rule_out = &x->rules->rules[i];
	}
	return best;
}

/* Folds the oldest block, unless it is keep. */
static void
relieve(struct engine *x, uint32_t keep, size_t steps)
{
	const struct engine_rule *rule = NULL;
	enum table_level level;
	uint32_t slot;

	for (; steps > 0 && table_crowding(x->table) != 0; steps--) {
		slot = oldest_of_rules(x, &rule);
		if (slot == 0 || slot == keep)
			return;
		level = level_there(x, rule, table_at(x->table, slot));
		if (level == TABLE_EXACT)
			level = level_from(rule, table_at(x->table, slot),
			    (int)table_crowding(x->table));
		if (level == TABLE_EXACT)
			table_defer(x->table, slot);
		else
			fold(x, rule, slot, level);
	}
}

/* Over quota: the wider, the more there are. */
static enum table_level
level_of_quota(struct engine *x, const struct engine_rule *rule,
    const struct table_entry *entry)
{
	uint32_t quota = table_quota(x->table), have;
	struct table_id id;
	int level = TABLE_64;

	table_id_of(entry, &id);
	have = table_neighbours(x->table, &id);
	if (have <= quota)
		return TABLE_EXACT;
	if (have > quota + quota / 4)
		level = TABLE_56;
	if (have > quota + quota / 2)
		level = TABLE_48;
	return level_from(rule, entry, level);
}

/* Room among the blocks, by the means of the rule at last. */
static bool
make_room(struct engine *x, const struct engine_rule *rule)
{
	if (!table_full_of_blocks(x->table))
		return true;
	relieve(x, 0, STEPS_FULL);
	if (!table_full_of_blocks(x->table))
		return true;
	return rule->s.overflow == RULE_OVERFLOW_EVICT_SINGLE &&
	    table_evict(x->table, TABLE_BLOCKED);
}

bool
engine_block_entry(
    struct engine *x, const struct engine_rule *rule, uint32_t *slot)
{
	enum table_level level;

	if (!make_room(x, rule))
		return false;
	table_block(x->table, *slot, engine_seconds(x->now));
	if (rule->key != KNOWN_IP) {
		engine_record(x, *slot, 0);
		return true;
	}
	table_tag(x->table, *slot, 0);
	level = level_of_quota(x, rule, table_at(x->table, *slot));
	if (level != TABLE_EXACT)
		*slot = fold(x, rule, *slot, level);
	else
		engine_record(x, *slot, 0);
	if (*slot != 0)
		relieve(x, *slot, STEPS_CROWDED);
	return *slot != 0;
}
