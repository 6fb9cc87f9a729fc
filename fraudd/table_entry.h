/*
 * table_entry: an entry of the table, and what can be told from it alone.
 * These functions are called several times for each attempt, so they are
 * here, where every file of the engine can have them inline.
 */

#ifndef JWTGATE_TABLE_ENTRY_H
#define JWTGATE_TABLE_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

struct table;

enum table_class {
	TABLE_SINGLE = 0,
	TABLE_MULTI,
	TABLE_BLOCKED,
	TABLE_CLASSES
};

/* How wide a block is. v4 knows only the first step, a /24. */
enum table_level {
	TABLE_EXACT = 0, /* what the rule counts */
	TABLE_64, /* or a v4 /24 */
	TABLE_56,
	TABLE_48,
	TABLE_LEVELS
};

/* Only table*.c write here; others read. */
struct table_entry {
	uint8_t key[16]; /* a v4 address in its mapped form */
	uint64_t value; /* of a single; an attempt count; a block's start, s */
	uint32_t stamp; /* s; of operator groups: when it ends */
	uint32_t prev, next;
	uint16_t count; /* values it has */
	uint8_t group;
	uint8_t flags;
};

/* What stands first in a table, for the functions that are here. */
struct table_entries {
	struct table_entry *first;
};

static inline struct table_entry *
table_at(const struct table *t, uint32_t slot)
{
	return ((const struct table_entries *)(const void *)t)->first + slot;
}

#define TABLE_FLAG_CLASS 0x03
#define TABLE_FLAG_PARITY 0x04
#define TABLE_FLAG_LEVEL 0x18
#define TABLE_FLAG_LEVEL_SHIFT 3
#define TABLE_FLAG_HASHLESS 0x20

static inline enum table_class
table_class(const struct table_entry *x)
{
	return (enum table_class)(x->flags & TABLE_FLAG_CLASS);
}

static inline enum table_level
table_level(const struct table_entry *x)
{
	return (enum table_level)(
	    (x->flags & TABLE_FLAG_LEVEL) >> TABLE_FLAG_LEVEL_SHIFT);
}

static inline bool
table_hashless(const struct table_entry *x)
{
	return (x->flags & TABLE_FLAG_HASHLESS) != 0;
}

static inline bool
table_old(const struct table_entry *x, uint32_t generation)
{
	return (x->flags & TABLE_FLAG_HASHLESS) == 0 &&
	    ((x->flags & TABLE_FLAG_PARITY) != 0) != ((generation & 1) != 0);
}

#endif
