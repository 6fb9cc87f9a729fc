/*
 * GCRA keeps one time per key, when the bucket will be empty again (tat),
 * here in nanoseconds since the table was made so that it fits an integer
 * for rates from one in years to millions a second. A key whose tat has
 * passed is the same as no key: nothing needs to be expired.
 */

#include "throttle.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "hash.h"
#include "mem.h"

#define SETS 8192 /* a power of two */
#define WAYS 8
#define NS INT64_C(1000000000)
#define TAT_MAX (INT64_MAX / 4)

struct slot {
	uint64_t tag;
	int64_t tat; /* ns; 0 is free */
};

struct throttle {
	const struct hash_keys *keys; /* borrowed */
	int64_t start; /* ms */
	uint64_t evicted;
	struct slot slots[SETS][WAYS];
};

struct throttle *
throttle_new(const struct hash_keys *keys)
{
	struct throttle *t = mem_alloc(sizeof(*t));

	if (t != NULL)
		t->keys = keys;
	return t;
}

void
throttle_free(struct throttle **t)
{
	free(*t);
	*t = NULL;
}

uint64_t
throttle_evicted(const struct throttle *t)
{
	return t->evicted;
}

/* The key's slot; else one that is free or will be soonest. */
static struct slot *
find(struct throttle *t, uint64_t tag)
{
	struct slot *set = t->slots[tag & (SETS - 1)], *best = set;
	size_t i;

	for (i = 0; i < WAYS; i++) {
		if (set[i].tag == tag)
			return &set[i];
		if (set[i].tat < best->tat)
			best = &set[i];
	}
	return best;
}

static bool
in_range(int64_t value, int64_t min)
{
	return value >= min && value <= THROTTLE_NUMBER_MAX;
}

/* Whole seconds, rounded up: who comes back then is not too early. */
static int64_t
seconds(int64_t ns)
{
	return ns <= 0 ? 0 : (ns + NS - 1) / NS;
}

int
throttle_ask(struct throttle *t, const struct throttle_question *q,
    int64_t now_ms, struct throttle_answer *out)
{
	int64_t now, interval, tolerance, increment, tat, next, free_at;
	struct slot *slot;
	uint64_t tag;

	if (!in_range(q->max_burst, 0) || !in_range(q->count, 1) ||
	    !in_range(q->period, 1) || !in_range(q->quantity, 0))
		return E_RANGE;
	/* below 2^60 even for a 1/s rate: period is at most 10^9 s */
	interval = q->period * NS / q->count;
	if (interval < 1)
		interval = 1;
	if (__builtin_mul_overflow(interval, q->max_burst + 1, &tolerance) ||
	    __builtin_mul_overflow(interval, q->quantity, &increment) ||
	    tolerance > TAT_MAX || increment > TAT_MAX)
		return E_RANGE;
	if (t->start == 0)
		t->start = now_ms - 1;
	now = (now_ms - t->start) * (NS / 1000);
	tag = hash_index(t->keys, q->key, q->len);
	slot = find(t, tag);
	tat = slot->tag == tag && slot->tat > now ? slot->tat : now;
	next = tat + increment;
	free_at = next - tolerance;

	memset(out, 0, sizeof(*out));
	out->limit = q->max_burst + 1;
	out->limited = free_at > now;
	out->retry_after = -1;
	if (out->limited) {
		/* more than there ever is: waiting does not help */
		if (increment <= tolerance)
			out->retry_after = seconds(free_at - now);
	} else if (q->quantity > 0) {
		if (slot->tag != tag && slot->tat > now)
			t->evicted++;
		slot->tag = tag;
		slot->tat = tat = next;
	}
	out->remaining = tolerance - (tat - now) > 0 ?
	    (tolerance - (tat - now)) / interval :
	    0;
	out->reset_after = seconds(tat - now);
	return 0;
}
