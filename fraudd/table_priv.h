/*
 * table_priv: the layout, for table*.c alone.
 */

#ifndef JWTGATE_TABLE_PRIV_H
#define JWTGATE_TABLE_PRIV_H

#include "table.h"

/* Kinds of slots that are no entries, where an entry has its group. */
#define KIND_OVERFLOW 253
#define KIND_CELLS 254
#define KIND_FREE 255

#define CELLS 4 /* values in one slot */

struct table_cells {
	uint64_t cell[CELLS];
	uint32_t next;
	uint16_t unused;
	uint8_t kind, unused2;
};

#define BUCKET_SLOTS 12
#define OVERFLOW_SLOTS 6
#define BUCKET_LOAD 8 /* entries per bucket before one is split */

struct table_bucket {
	uint32_t slot[BUCKET_SLOTS];
	uint8_t tag[BUCKET_SLOTS];
	uint32_t next; /* a slot of kind KIND_OVERFLOW */
};

struct table_overflow {
	uint32_t slot[OVERFLOW_SLOTS];
	uint8_t tag[OVERFLOW_SLOTS];
	uint8_t unused[2];
	uint32_t next;
	uint16_t unused2;
	uint8_t kind, unused3;
};

_Static_assert(sizeof(struct table_entry) == 40, "the size of a slot");
_Static_assert(sizeof(struct table_cells) == 40, "the size of a slot");
_Static_assert(sizeof(struct table_overflow) == 40, "the size of a slot");
_Static_assert(sizeof(struct table_bucket) == 64, "a cache line");
_Static_assert(
    offsetof(struct table_cells, kind) == offsetof(struct table_entry, group) &&
	offsetof(struct table_overflow, kind) ==
	    offsetof(struct table_entry, group),
    "kinds lie where the groups are");

/* Address space that is made usable from its start on. */
struct table_region {
	unsigned char *map, *base; /* of the mapping; of the region in it */
	size_t mapped, reserved, usable, step;
};

struct table_list {
	uint32_t head, tail;
	uint64_t count;
};

/* What a slot is taken for decides which share it is of. */
enum table_share {
	SHARE_ORDINARY = 0,
	SHARE_RESERVED, /* operators' blocks and marks */
	SHARE_OVERFLOW,
	SHARES
};

#define NETWORKS_4 65536
#define NETWORKS_6 16384
#define NETWORKS (NETWORKS_4 + NETWORKS_6)
#define AGENDA 33

/* Of each class a list of those whose network had its quota already. */
#define LISTS (2 * TABLE_CLASSES)

struct table {
	struct table_entries entries; /* of the region */
	const struct hash_keys *keys; /* borrowed */
	struct table_region slots, buckets, networks;
	uint32_t next_slot; /* never used so far */
	uint32_t free_slot;
	uint32_t used[SHARES], max[SHARES];
	uint32_t bucket_count, bucket_mask; /* mask of the next round */
	uint32_t entry_count;
	uint32_t quota;
	uint32_t pinned; /* not to be evicted now */
	struct table_group groups[TABLE_GROUPS];
	struct table_list lists[TABLE_GROUPS][LISTS];
	uint64_t folds[TABLE_GROUPS][TABLE_LEVELS];
	struct table_list agenda[AGENDA];
	uint32_t notes[TABLE_NOTES];
	uint64_t class_count[TABLE_CLASSES];
	uint64_t generations[2];
	uint32_t groups_end; /* none used from here on */
	uint32_t expire_group;
	uint64_t memory;
	int64_t now;
	struct table_stats stats;
};

#define FLAG_CLASS TABLE_FLAG_CLASS
#define FLAG_PARITY TABLE_FLAG_PARITY
#define FLAG_LEVEL_SHIFT TABLE_FLAG_LEVEL_SHIFT
#define FLAG_HASHLESS TABLE_FLAG_HASHLESS
#define FLAG_OVER 0x40

/* table.c: slots. take returns 0 when its share is used up. */
uint32_t table_take(struct table *t, enum table_share share, uint8_t kind);
void table_give(struct table *t, enum table_share share, uint32_t slot);
bool table_grow(struct table_region *r, size_t bytes);

/* table_index.c */
bool table_index_start(struct table *t);
uint32_t table_find_hash(
    const struct table *t, const struct table_id *id, uint64_t hash);
bool table_index_add(struct table *t, uint32_t slot);
void table_index_remove(struct table *t, uint32_t slot);

/* table_list.c */
void table_list_push(struct table *t, struct table_list *l, uint32_t slot);
void table_list_take(struct table *t, struct table_list *l, uint32_t slot);
void table_enter(struct table *t, uint32_t slot); /* into its class */
void table_leave(struct table *t, uint32_t slot);
void table_class_set(struct table *t, uint32_t slot, enum table_class class);

/* table_agenda.c */
void table_agenda_add(struct table *t, uint32_t slot);
size_t table_agenda_run(struct table *t, size_t max);

/* table_value.c */
void table_cells_free(struct table *t, uint32_t slot);

/* table_evict.c: room for one ordinary slot; false when there is none. */
bool table_make_room(struct table *t);
/* The counter of the network of a key; NULL: it has none. */
uint32_t *table_network(const struct table *t, const struct table_entry *x);

static inline bool
table_is_reserved(uint8_t group)
{
	return group >= TABLE_GROUPS && group <= TABLE_MARK;
}

static inline struct table_cells *
table_cells_at(const struct table *t, uint32_t slot)
{
	return (struct table_cells *)(void *)table_at(t, slot);
}

#endif
