/*
 * GCRA keeps one time per key, when the bucket will be empty again (tat),
 * here in nanoseconds since 1970: that fits an integer for rates from one in
 * years to millions a second. A key whose tat has passed is the same as no
 * key: nothing needs to be expired. The last bit of a tag is that of the
 * generation of its hash; after a rotation keys move as they are asked for.
 *
 * A record: type 1, nothing 3, generation 4, tag 8, tat 8, and when it was
 * so, in ms, 8: read at an earlier time, what was to come is as far away as
 * it was then.
 */

#include "throttle.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "err.h"
#include "hash.h"
#include "mem.h"

#define SETS 8192 /* a power of two */
#define WAYS 8
#define NS INT64_C(1000000000)
#define TAT_MAX (INT64_MAX / 4)
#define RECORD_LEN 32
#define RECORD_TYPE 5 /* the engine's are below */

struct slot {
	uint64_t tag;
	int64_t tat; /* ns; 0 is free */
};

struct throttle {
	const struct hash_keys *keys; /* borrowed */
	struct engine_sink sink;
	int64_t latest; /* ms, when it was asked, or began */
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

void
throttle_attach(struct throttle *t, const struct engine_sink *sink)
{
	t->sink = *sink;
}

static void
put(unsigned char *p, uint64_t value, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		p[i] = (unsigned char)(value >> 8 * i);
}

static uint64_t
get(const unsigned char *p, size_t n)
{
	uint64_t value = 0;

	while (n > 0)
		value = value << 8 | p[--n];
	return value;
}

static uint32_t
generation_of(const struct throttle *t, const struct slot *slot)
{
	uint32_t current = hash_generation(t->keys);

	return ((slot->tag ^ current) & 1) == 0 ? current : current - 1;
}

static void
record(const struct throttle *t, const struct slot *slot,
    const struct engine_sink *sink)
{
	unsigned char bytes[RECORD_LEN] = { RECORD_TYPE };

	if (sink->append == NULL)
		return;
	put(bytes + 4, generation_of(t, slot), 4);
	put(bytes + 8, slot->tag, 8);
	put(bytes + 16, (uint64_t)slot->tat, 8);
	put(bytes + 24, (uint64_t)t->latest, 8);
	sink->append(sink->arg, bytes, sizeof(bytes), false);
}

/* The slot of that tag; else one that is free or will be soonest. */
static struct slot *
find(struct throttle *t, uint64_t tag)
{
	struct slot *set = t->slots[tag >> 1 & (SETS - 1)], *best = set;
	size_t i;

	for (i = 0; i < WAYS; i++) {
		if (set[i].tag == tag)
			return &set[i];
		if (set[i].tat < best->tat)
			best = &set[i];
	}
	return best;
}

static uint64_t
tag_of(const struct throttle *t, uint32_t generation,
    const struct throttle_question *q)
{
	struct hash_part parts[] = { { "throttle", 8 }, { q->key, q->len } };
	uint8_t full[HASH_LEN] = { 0 };
	uint64_t tag;

	hash_parts(t->keys, generation, parts, 2, full);
	memcpy(&tag, full, sizeof(tag));
	return (tag & ~UINT64_C(1)) | (generation & 1);
}

/* When the bucket of the key is empty again, and where it has its place. */
static struct slot *
look(struct throttle *t, const struct throttle_question *q, int64_t now,
    uint64_t *tag, int64_t *tat)
{
	uint32_t current = hash_generation(t->keys);
	struct slot *slot, *old;
	uint64_t was;

	*tag = tag_of(t, current, q);
	*tat = now;
	slot = find(t, *tag);
	if (slot->tag == *tag) {
		*tat = slot->tat > now ? slot->tat : now;
	} else if (hash_has_previous(t->keys)) {
		was = tag_of(t, current - 1, q);
		old = find(t, was);
		if (old->tag == was && old->tat > now)
			*tat = old->tat;
	}
	return slot;
}

bool
throttle_replay(struct throttle *t, const void *bytes, size_t n, int64_t now)
{
	const unsigned char *p = bytes;
	struct slot *slot;
	int64_t tat, then;
	uint64_t tag;

	if (n != RECORD_LEN || p[0] != RECORD_TYPE)
		return false;
	t->latest = now;
	tag = get(p + 8, 8);
	tat = (int64_t)get(p + 16, 8);
	then = (int64_t)get(p + 24, 8);
	/* the wall clock was set back; a far future is a broken record */
	if (then > now && then <= TAT_MAX / (NS / 1000))
		tat -= (then - now) * (NS / 1000);
	if (!hash_knows(t->keys, (uint32_t)get(p + 4, 4)) ||
	    ((tag ^ get(p + 4, 4)) & 1) != 0 || tat <= now * (NS / 1000))
		return true;
	slot = find(t, tag);
	slot->tag = tag;
	slot->tat = tat;
	return true;
}

void
throttle_snapshot(struct throttle *t, uint64_t *cursor, size_t max,
    const struct engine_sink *sink)
{
	const struct slot *slot;
	uint64_t at = *cursor;

	for (; max > 0 && at < (uint64_t)SETS * WAYS; max--, at++) {
		slot = &t->slots[at / WAYS][at % WAYS];
		if (slot->tat != 0)
			record(t, slot, sink);
	}
	*cursor = at < (uint64_t)SETS * WAYS ? at : 0;
}

bool
throttle_old(const struct throttle *t, int64_t now)
{
	uint32_t current = hash_generation(t->keys);
	const struct slot *slot;
	size_t i;

	for (i = 0; i < (size_t)SETS * WAYS; i++) {
		slot = &t->slots[i / WAYS][i % WAYS];
		if (slot->tat > now * (NS / 1000) &&
		    generation_of(t, slot) != current)
			return true;
	}
	return false;
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
	now = now_ms * (NS / 1000);
	t->latest = now_ms;
	slot = look(t, q, now, &tag, &tat);
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
		record(t, slot, &t->sink);
	}
	out->remaining = tolerance - (tat - now) > 0 ?
	    (tolerance - (tat - now)) / interval :
	    0;
	out->reset_after = seconds(tat - now);
	return 0;
}
