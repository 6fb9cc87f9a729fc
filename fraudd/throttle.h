/*
 * throttle: CL.THROTTLE, the generic cell rate algorithm, as redis-cell
 * answers it. Pure; the time is passed in.
 *
 * A set-associative table of fixed size. When a set is full, the key that is
 * free again soonest makes room (it is the one with the least to lose).
 * Nothing is kept across a restart.
 */

#ifndef JWTGATE_THROTTLE_H
#define JWTGATE_THROTTLE_H

#include <stddef.h>
#include <stdint.h>

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

/* How many keys lost their place to another. */
uint64_t throttle_evicted(const struct throttle *t);

#endif
