/*
 * table_evict: who must go when all is taken. First what has expired; then
 * the oldest of one value, those of networks over their quota before others;
 * but a quarter of the table is theirs, so that new keys are always counted:
 * from there on the oldest of several values. Blocks are never taken here;
 * the engine folds them, or asks for it by name.
 */

#include "hash.h"
#include "table_priv.h"

#include <string.h>

static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

/* Of /48s there are too many to count each: a few share a counter, which
 * ones nobody outside can tell. */
static size_t
network_of(const struct table *t, const uint8_t key[16])
{
	if (memcmp(key, mapped, sizeof(mapped)) == 0)
		return (size_t)(key[12] << 8 | key[13]);
	return NETWORKS_4 + (hash_index(t->keys, key, 6) & (NETWORKS_6 - 1));
}

static uint32_t *
counter(const struct table *t, const uint8_t key[16], enum table_class class)
{
	uint32_t *counters = (uint32_t *)(void *)t->networks.base;

	return &counters[(size_t) class * NETWORKS + network_of(t, key)];
}

uint32_t *
table_network(const struct table *t, const struct table_entry *x)
{
	if (!t->groups[x->group].ip)
		return NULL;
	return counter(t, x->key, table_class(x));
}

uint32_t
table_neighbours(const struct table *t, const struct table_id *id)
{
	return *counter(t, id->key, TABLE_BLOCKED);
}

uint32_t
table_quota(const struct table *t)
{
	return t->quota;
}

int
table_crowding(const struct table *t)
{
	uint64_t have = t->class_count[TABLE_BLOCKED];
	uint64_t all = t->max[SHARE_ORDINARY];

	if (have <= all / 2)
		return 0;
	return have <= all / 12 * 7 ? 1 : have <= all / 3 * 2 ? 2 : 3;
}

bool
table_full_of_blocks(const struct table *t)
{
	return t->class_count[TABLE_BLOCKED] >=
	    t->max[SHARE_ORDINARY] - t->max[SHARE_ORDINARY] / 4;
}

bool
table_evict(struct table *t, enum table_class class)
{
	uint32_t slot = table_oldest(t, TABLE_GROUPS, class);

	if (slot == 0)
		return false;
	if ((table_at(t, slot)->flags & FLAG_OVER) != 0)
		t->stats.quota[class]++;
	t->stats.evicted[class]++;
	table_remove(t, slot);
	return true;
}

bool
table_make_room(struct table *t)
{
	uint32_t floor = t->max[SHARE_ORDINARY] / 4;

	if (table_expire(t, 4) != 0 &&
	    t->used[SHARE_ORDINARY] < t->max[SHARE_ORDINARY])
		return true;
	if (t->class_count[TABLE_SINGLE] > floor)
		return table_evict(t, TABLE_SINGLE);
	return table_evict(t, TABLE_MULTI) || table_evict(t, TABLE_SINGLE);
}
