/*
 * engine_recent: the attempts of late by their ids, and what they added.
 */

#ifndef JWTGATE_ENGINE_RECENT_H
#define JWTGATE_ENGINE_RECENT_H

#include "engine.h"

struct engine_count;
struct table_entry;

/* What attempts added, so that an outcome can take it back. */
struct engine_add {
	uint64_t value;
	uint32_t slot; /* 0: no longer */
	uint32_t check; /* of the key in it */
};

/* As two words: the first four bytes of the second are random too. */
struct engine_recent_id {
	uint64_t first, second;
};

struct engine_recent_one {
	struct engine_recent_id id;
	uint64_t first; /* add */
	uint64_t pair; /* whom a success makes trusted; 0: nobody */
	int64_t time; /* ms; 0: none */
	uid_t uid;
	uint32_t count;
	uint32_t slot, check; /* what decided */
};

#define RANDOM_POOL 384 /* words */

struct engine_recent {
	struct engine_recent_one *ones; /* owns */
	struct engine_add *adds; /* owns */
	size_t one_count, add_count; /* powers of two */
	uint64_t next_add;
	uint32_t next_one;
	uint64_t pool[RANDOM_POOL];
	size_t pool_left;
};

/* Two rings that are at most so many bytes. 0 or E_NOMEM. */
int engine_recent_new(struct engine_recent *r, uint64_t memory);
void engine_recent_done(struct engine_recent *r);
uint64_t engine_recent_memory(const struct engine_recent *r);
/* What was counted, where an outcome may take it back; adds to *count. */
void engine_recent_add(
    struct engine *x, const struct engine_count *c, uint32_t *count);
/* An attempt that is over: it gets its id. */
struct engine_recent_entry {
	uid_t uid;
	uint32_t count; /* of adds */
	uint64_t pair;
};
void engine_recent_enter(struct engine *x, const struct engine_recent_entry *n,
    struct engine_answer *answer);
/* Another takes the slot. */
void engine_recent_forget(struct engine *x, uint32_t slot);
/* What an id leads to: what decided, then what the attempt added to. */
#define ENGINE_RECENT_SLOTS 65
size_t engine_recent_slots(const struct engine *x, struct engine_text id,
    uint32_t slots[ENGINE_RECENT_SLOTS]);
/* Tells the key in a slot from another one. */
uint32_t engine_recent_check(const struct table_entry *entry);

#endif
