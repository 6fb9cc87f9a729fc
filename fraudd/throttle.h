/*
 * throttle: CL.THROTTLE, the generic cell rate algorithm, as redis-cell
 * answers it. Pure; the time is passed in.
 *
 * A set-associative table of fixed size. When a set is full, the key that is
 * free again soonest makes room (it is the one with the least to lose). Keys
 * are kept as 63 bits of a keyed hash. What changes goes out through a sink,
 * as the engine's does.
 */

#ifndef JWTGATE_THROTTLE_H
#define JWTGATE_THROTTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine_sink;
struct hash_keys;
struct throttle;

struct throttle_question {
	const char *key; /* borrowed */
	size_t len;
	int64_t max_burst; /* 0.. */
	int64_t count; /* per period, 1.. */
	int64_t period; /* s, 1.. */
	int64_t quantity; /* 0.. ; 0 only looks */
};

#define THROTTLE_NUMBER_MAX INT64_C(1000000000)

struct throttle_answer {
	int64_t limited; /* 0: go on, 1: too much */
	int64_t limit; /* max_burst + 1 */
	int64_t remaining;
	int64_t retry_after; /* s; -1 when not limited */
	int64_t reset_after; /* s until all of the limit is there again */
};

struct throttle *throttle_new(const struct hash_keys *keys);
void throttle_free(struct throttle **t);

/* Returns 0, or E_RANGE when a number is out of range. now: ms. */
int throttle_ask(struct throttle *t, const struct throttle_question *q,
    int64_t now, struct throttle_answer *out);

void throttle_attach(struct throttle *t, const struct engine_sink *sink);
/* Applies a record; false: it is none of ours. */
bool throttle_replay(
    struct throttle *t, const void *record, size_t n, int64_t now);
/* As engine_snapshot(): *cursor is 0 first, and at the end. */
void throttle_snapshot(struct throttle *t, uint64_t *cursor, size_t max,
    const struct engine_sink *sink);
/* Whether a key under the previous hash key is still in use. now: ms. */
bool throttle_old(const struct throttle *t, int64_t now);

/* How many keys lost their place to another. */
uint64_t throttle_evicted(const struct throttle *t);

#endif
