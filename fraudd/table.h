/*
 * table: what is counted, in a fixed number of bytes.
 *
 * Everything is one kind of slot of 40 bytes: a counted key, four more values
 * of a key, the overflow of an index bucket. So whatever is evicted makes
 * room for whatever is needed. Slots and index lie in address space that is
 * reserved once and taken from the system as they fill: nothing is ever
 * copied to grow.
 *
 * Groups are the rules, and two more for what only an operator or a client
 * sets; the table knows of a group how long it remembers and whether its keys
 * are addresses. Time is in milliseconds, stamps are whole seconds, rounded
 * up: nothing is forgotten early, and at most one second late.
 */

#ifndef JWTGATE_TABLE_H
#define JWTGATE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "table_entry.h"

struct err;
struct hash_keys;

/* an engine of 4M has other needs too */
#define TABLE_MEMORY_MIN (3u * 1024 * 1024)
#define TABLE_GROUPS 240 /* for rules */
#define TABLE_OPERATOR_IP 240
#define TABLE_OPERATOR 241
#define TABLE_MARK 242
#define TABLE_FOREVER UINT32_MAX
#define TABLE_QUOTA_MIN 1024

struct table_id {
	uint8_t key[16];
	uint8_t group;
	uint8_t level;
};

struct table_group {
	bool used;
	bool ip; /* keys are addresses: they have networks */
	bool pairs; /* a value is two words: a session and its end */
	bool counter; /* value counts, there is no set */
	uint32_t window, max_block; /* s */
};

/* Returns 0, E_NOMEM or E_RANGE. keys is borrowed, for the index. */
int table_new(uint64_t memory, const struct hash_keys *keys, struct table **out,
    struct err *e);
void table_free(struct table **t);
/* What time it is from now on. */
void table_clock(struct table *t, int64_t now);
void table_group_set(struct table *t, uint8_t group, struct table_group g);
const struct table_group *table_group(const struct table *t, uint8_t group);

/* A slot, or 0. Finds what has expired too; live removes it instead. */
uint32_t table_find(const struct table *t, const struct table_id *id);
uint32_t table_find_live(struct table *t, const struct table_id *id);

/*
 * To find many, a step of all of them at a time, so that the memory is on its
 * way while others are looked at: the hash of an id; the slot that it has, or
 * another of the same tag, or 0; what stands round that slot. Then the same
 * as table_find_live().
 */
uint64_t table_foresee(const struct table *t, const struct table_id *id);
uint32_t table_foresee_slot(const struct table *t, uint64_t hash);
void table_foresee_rest(const struct table *t, uint32_t slot);
uint32_t table_find_foreseen(
    struct table *t, const struct table_id *id, uint64_t hash);
bool table_is_entry(const struct table *t, uint32_t slot); /* any number */
uint32_t table_slots(const struct table *t); /* all are below this */

void table_id_of(const struct table_entry *x, struct table_id *out);
bool table_expired(const struct table *t, const struct table_entry *x);
/* ms; INT64_MAX: never */
int64_t table_end(const struct table *t, const struct table_entry *x);

/*
 * Adds an entry that is not there: a single without a value, or an operator
 * group's, which is never evicted. generation 0: it holds no hash. Makes
 * room where it may. Returns its slot, 0 when there is no room.
 */
#define TABLE_NOTES 512
struct table_new {
	struct table_id id;
	uint32_t stamp, generation;
	uint16_t note; /* of an operator group's: its count, below NOTES */
	uint32_t since; /* of an operator group's: when it was set, s */
};
uint32_t table_add(struct table *t, const struct table_new *n);
void table_remove(struct table *t, uint32_t slot);
uint32_t table_since(const struct table_entry *x); /* of such an entry */
/* How many of the operator groups' have that note. */
uint32_t table_noted(const struct table *t, uint16_t note);
void table_defer(struct table *t, uint32_t slot); /* as if just touched */
void table_touch(struct table *t, uint32_t slot, uint32_t stamp);
void table_tag(struct table *t, uint32_t slot, uint32_t generation);

/* Values of a set. add: false when there is no room. */
#define TABLE_NOT_THERE UINT32_MAX
uint32_t table_value_find(const struct table *t, uint32_t slot, uint64_t value);
uint64_t table_value(const struct table *t, uint32_t slot, uint32_t i);
uint32_t table_value_end(const struct table *t, uint32_t slot, uint32_t i);
bool table_value_add(
    struct table *t, uint32_t slot, uint64_t value, uint32_t end);
void table_value_set(
    struct table *t, uint32_t slot, uint32_t i, uint64_t value, uint32_t end);
/* The last one takes the place of the i-th. */
void table_value_drop(struct table *t, uint32_t slot, uint32_t i);
/* Of a counter. */
void table_counter_set(struct table *t, uint32_t slot, uint64_t value);

/* Drops the values; the entry is blocked from then on. */
void table_block(struct table *t, uint32_t slot, uint32_t since);

/* How many of its network are blocked, and how many may be. */
uint32_t table_neighbours(const struct table *t, const struct table_id *id);
uint32_t table_quota(const struct table *t);
/* 0, or 1 to 3 as blocks have more of the table than their half. */
int table_crowding(const struct table *t);
/* Blocks have as much as they may ever have. */
bool table_full_of_blocks(const struct table *t);
/* 0: none. Of one group, or of all where group is TABLE_GROUPS. */
uint32_t table_oldest(
    const struct table *t, uint8_t group, enum table_class class);
/* From the youngest back. */
uint32_t table_newest(
    const struct table *t, uint8_t group, enum table_class class);
uint32_t table_older(const struct table *t, uint32_t slot);
/* Removes the oldest of a class; false when there is none. */
bool table_evict(struct table *t, enum table_class class);

/* Removes what has expired, at most max; returns how many. */
size_t table_expire(struct table *t, size_t max);
/* Removes entries of a group, at most max; true when none is left. */
bool table_clear(struct table *t, uint8_t group, size_t max);
/* Puts all lists in order of stamps, as far as there is memory for it. */
void table_settle(struct table *t);

struct table_stats {
	uint64_t expired, evicted[TABLE_CLASSES], quota[TABLE_CLASSES];
	uint64_t entries[TABLE_CLASSES], operators, marks;
	uint64_t memory_used, memory_max;
	uint64_t reserved_used, reserved_max;
};
uint64_t table_operators(const struct table *t);
void table_stats(const struct table *t, struct table_stats *out);
uint64_t table_count(
    const struct table *t, uint8_t group, enum table_class class);
uint64_t table_folds(
    const struct table *t, uint8_t group, enum table_level level);
/* Entries that hold a hash of a generation of that parity. */
uint64_t table_generation(const struct table *t, uint32_t generation);

#endif
