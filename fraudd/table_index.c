/*
 * table_index: linear hashing over cache lines. A bucket is one line of
 * twelve slot numbers, each with a byte of its hash, so that a miss costs one
 * line and a hit two. One bucket at a time is split as entries come in.
 */

#include "hash.h"
#include "table_priv.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define BUCKETS_MIN 64
#define GATHER_MAX (BUCKET_SLOTS + 8 * OVERFLOW_SLOTS)

/* A line of slot numbers, wherever it lies. */
struct line {
	uint32_t *slot;
	uint8_t *tag;
	uint32_t *next;
	uint32_t size;
};

static struct table_bucket *
bucket_at(const struct table *t, uint32_t i)
{
	return (struct table_bucket *)(void *)t->buckets.base + i;
}

static void
first_line(const struct table *t, uint32_t bucket, struct line *l)
{
	struct table_bucket *b = bucket_at(t, bucket);

	l->slot = b->slot;
	l->tag = b->tag;
	l->next = &b->next;
	l->size = BUCKET_SLOTS;
}

static bool
next_line(const struct table *t, struct line *l)
{
	struct table_overflow *o;

	if (*l->next == 0)
		return false;
	o = (struct table_overflow *)(void *)table_at(t, *l->next);
	l->slot = o->slot;
	l->tag = o->tag;
	l->next = &o->next;
	l->size = OVERFLOW_SLOTS;
	return true;
}

static uint64_t
hash_id(const struct table *t, const struct table_id *id)
{
	uint64_t first, second;

	memcpy(&first, id->key, sizeof(first));
	memcpy(&second, id->key + sizeof(first), sizeof(second));
	return hash_words(
	    t->keys, first, second, (uint16_t)(id->group << 8 | id->level));
}

static uint64_t
hash_slot(const struct table *t, uint32_t slot)
{
	struct table_id id;

	table_id_of(table_at(t, slot), &id);
	return hash_id(t, &id);
}

static uint8_t
tag_of(uint64_t hash)
{
	return (uint8_t)(hash >> 56);
}

static uint32_t
bucket_of(const struct table *t, uint64_t hash)
{
	uint32_t b = (uint32_t)hash & t->bucket_mask;

	return b < t->bucket_count ? b : b & t->bucket_mask >> 1;
}

bool
table_index_start(struct table *t)
{
	t->bucket_count = BUCKETS_MIN;
	t->bucket_mask = 2 * BUCKETS_MIN - 1;
	return table_grow(
	    &t->buckets, BUCKETS_MIN * sizeof(struct table_bucket));
}

/* A bit for each of a bucket's places that has the tag; empty ones too. */
static inline unsigned
with_tag(const struct table_bucket *b, uint8_t tag)
{
#ifdef __SSE2__
	/* sixteen bytes are the tags and what stands behind them */
	__m128i all = _mm_loadu_si128((const __m128i *)(const void *)b->tag);
	__m128i one = _mm_set1_epi8((char)tag);

	return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(all, one)) &
	    ((1u << BUCKET_SLOTS) - 1);
#else
	unsigned found = 0;
	size_t i;

	for (i = 0; i < BUCKET_SLOTS; i++)
		found |= (unsigned)(b->tag[i] == tag) << i;
	return found;
#endif
}

uint64_t
table_foresee(const struct table *t, const struct table_id *id)
{
	uint64_t hash = hash_id(t, id);

	__builtin_prefetch(bucket_at(t, bucket_of(t, hash)));
	return hash;
}

uint32_t
table_foresee_slot(const struct table *t, uint64_t hash)
{
	const struct table_bucket *b = bucket_at(t, bucket_of(t, hash));
	unsigned found = with_tag(b, tag_of(hash));
	uint32_t slot;

	if (found == 0)
		return 0;
	slot = b->slot[__builtin_ctz(found)];
	/* half of them lie in two lines */
	__builtin_prefetch(table_at(t, slot));
	__builtin_prefetch(&table_at(t, slot)->flags);
	return slot;
}

static inline bool
is_of(const struct table *t, uint32_t slot, const struct table_id *id)
{
	const struct table_entry *x = table_at(t, slot);

	return memcmp(x->key, id->key, sizeof(x->key)) == 0 &&
	    x->group == id->group &&
	    table_level(x) == (enum table_level)id->level;
}

uint32_t
table_find_hash(const struct table *t, const struct table_id *id, uint64_t hash)
{
	uint32_t bucket = bucket_of(t, hash), i;
	const struct table_bucket *b = bucket_at(t, bucket);
	uint8_t tag = tag_of(hash);
	unsigned found;
	struct line l;

	for (found = with_tag(b, tag); found != 0; found &= found - 1) {
		i = (uint32_t)__builtin_ctz(found);
		if (b->slot[i] != 0 && is_of(t, b->slot[i], id))
			return b->slot[i];
	}
	if (b->next == 0)
		return 0;
	first_line(t, bucket, &l);
	while (next_line(t, &l)) {
		for (i = 0; i < l.size && l.slot[i] != 0; i++) {
			if (l.tag[i] == tag && is_of(t, l.slot[i], id))
				return l.slot[i];
		}
	}
	return 0;
}

uint32_t
table_find(const struct table *t, const struct table_id *id)
{
	return table_find_hash(t, id, hash_id(t, id));
}

/* Lines are full up to the last, so the first hole is the place. */
static bool
put(struct table *t, uint64_t hash, uint32_t slot)
{
	uint32_t i, more;
	struct line l;

	first_line(t, bucket_of(t, hash), &l);
	for (;;) {
		for (i = 0; i < l.size; i++) {
			if (l.slot[i] != 0)
				continue;
			l.slot[i] = slot;
			l.tag[i] = tag_of(hash);
			return true;
		}
		if (next_line(t, &l))
			continue;
		more = table_take(t, SHARE_OVERFLOW, KIND_OVERFLOW);
		if (more == 0)
			return false;
		*l.next = more;
		next_line(t, &l);
	}
}

/* Empties a bucket into slots[]; false, and nothing done, if it has more. */
static bool
gather(struct table *t, uint32_t bucket, uint32_t *slots, uint32_t *count_out)
{
	struct table_bucket *b = bucket_at(t, bucket);
	uint32_t n = 0, i, more, next;
	struct line l;

	first_line(t, bucket, &l);
	do {
		for (i = 0; i < l.size && l.slot[i] != 0; i++) {
			if (n == GATHER_MAX)
				return false;
			__builtin_prefetch(table_at(t, l.slot[i]));
			slots[n++] = l.slot[i];
		}
	} while (next_line(t, &l));
	for (more = b->next; more != 0; more = next) {
		next = table_at(t, more)->next;
		table_give(t, SHARE_OVERFLOW, more);
	}
	memset(b, 0, sizeof(*b));
	*count_out = n;
	return true;
}

/* The new bucket takes its half of an old one; a failure waits for later. */
static void
split(struct table *t)
{
	uint32_t old = t->bucket_count & t->bucket_mask >> 1;
	uint32_t slots[GATHER_MAX], n, i;

	if (!table_grow(&t->buckets,
		(t->bucket_count + 1) * sizeof(struct table_bucket)) ||
	    !gather(t, old, slots, &n))
		return;
	t->bucket_count++;
	if (t->bucket_count > t->bucket_mask)
		t->bucket_mask = t->bucket_mask << 1 | 1;
	/* two buckets never need more lines than the one had */
	for (i = 0; i < n; i++)
		put(t, hash_slot(t, slots[i]), slots[i]);
}

bool
table_index_add(struct table *t, uint32_t slot)
{
	if (t->entry_count >= t->bucket_count * BUCKET_LOAD)
		split(t);
	if (!put(t, hash_slot(t, slot), slot))
		return false;
	t->entry_count++;
	return true;
}

/* Takes the last number of the bucket's lines out; frees an empty line. */
static void
take_last(struct table *t, uint32_t bucket, uint32_t *slot, uint8_t *tag)
{
	uint32_t *before = NULL, i;
	struct line l;

	first_line(t, bucket, &l);
	while (*l.next != 0) {
		before = l.next;
		next_line(t, &l);
	}
	for (i = l.size; i > 1 && l.slot[i - 1] == 0;)
		i--;
	*slot = l.slot[i - 1];
	*tag = l.tag[i - 1];
	l.slot[i - 1] = 0;
	if (i == 1 && before != NULL) {
		i = *before;
		*before = 0;
		table_give(t, SHARE_OVERFLOW, i);
	}
}

void
table_index_remove(struct table *t, uint32_t slot)
{
	uint32_t bucket = bucket_of(t, hash_slot(t, slot)), i, last;
	struct line l;
	uint8_t tag;

	t->entry_count--;
	take_last(t, bucket, &last, &tag);
	if (last == slot)
		return;
	first_line(t, bucket, &l);
	do {
		for (i = 0; i < l.size; i++) {
			if (l.slot[i] != slot)
				continue;
			l.slot[i] = last;
			l.tag[i] = tag;
			return;
		}
	} while (next_line(t, &l));
}
