/*
 * engine_recent: the attempts of late, by their random ids, in a fixed number
 * of bytes: a ring of them, and a ring of what they added. Twelve bytes of an
 * id are random; the other four are the number of the attempt under a mask
 * that a keyed hash of the twelve gives, so that an id leads to its place and
 * tells nobody anything. What is overwritten cannot be amended any more.
 * Denied attempts that added nothing stand nowhere, so those who are blocked
 * push nobody out: of such an id eight bytes are random and the others are the
 * entry that decided, under a mask of the same kind.
 */

#include "engine_recent.h"

#include "b64url.h"
#include "engine_priv.h"
#include "err.h"
#include "mem.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(B64URL_ENCODED_LEN(16) == ENGINE_ID_LEN, "16 bytes");

#define ONES_MIN 128
#define ID_RANDOM 12
#define WAY_RANDOM 8

int
engine_recent_new(struct engine_recent *r, uint64_t memory)
{
	size_t one = sizeof(struct engine_recent_one) +
	    2 * sizeof(struct engine_add);

	r->one_count = ONES_MIN;
	while (r->one_count * 2 * one <= memory)
		r->one_count *= 2;
	r->add_count = 2 * r->one_count;
	r->ones = mem_array(r->one_count, sizeof(*r->ones));
	r->adds = mem_array(r->add_count, sizeof(*r->adds));
	if (r->ones == NULL || r->adds == NULL)
		return E_NOMEM;
	return 0;
}

void
engine_recent_done(struct engine_recent *r)
{
	free(r->ones);
	free(r->adds);
	r->ones = NULL;
	r->adds = NULL;
}

uint64_t
engine_recent_memory(const struct engine_recent *r)
{
	return r->one_count * sizeof(*r->ones) +
	    r->add_count * sizeof(*r->adds);
}

uint32_t
engine_recent_check(const struct table_entry *entry)
{
	uint32_t word[4];

	memcpy(word, entry->key, sizeof(word));
	return word[0] ^ word[1] * 3 ^ word[2] * 5 ^ word[3] * 7 ^ entry->group;
}

void
engine_recent_add(
    struct engine *x, const struct engine_count *c, uint32_t *count)
{
	struct engine_recent *r = &x->recent;
	struct engine_add *add;

	if (!c->added)
		return;
	add = &r->adds[r->next_add++ & (r->add_count - 1)];
	add->value = c->value;
	add->slot = c->slot;
	add->check = c->check;
	++*count;
}

static uint32_t
mask_of(const struct engine *x, const struct engine_recent_id *id)
{
	return (uint32_t)hash_words(
	    x->keys, id->first, (uint32_t)id->second, ID_RANDOM);
}

static uint64_t
way_mask(const struct engine *x, const struct engine_recent_id *id)
{
	return hash_words(x->keys, id->first, 0, WAY_RANDOM);
}

/* Random bytes are fetched in bulk: each time is a system call. */
static uint64_t
random_word(struct engine_recent *r)
{
	uint64_t word;

	if (r->pool_left == 0) {
		hash_random(r->pool, sizeof(r->pool));
		r->pool_left = RANDOM_POOL;
	}
	word = r->pool[--r->pool_left];
	r->pool[r->pool_left] = 0;
	return word;
}

/* Ids are words of command lines: the first letter is never a hyphen. */
static uint64_t
random_first(struct engine_recent *r)
{
	return random_word(r) & ~htole64(0x80);
}

static struct engine_recent_id
new_id(struct engine *x, uint32_t number)
{
	struct engine_recent_id id;

	id.first = random_first(&x->recent);
	id.second = (uint32_t)random_word(&x->recent);
	id.second |= (uint64_t)(number ^ mask_of(x, &id)) << 32;
	return id;
}

/* The id of an attempt that stands nowhere: the way to what denied it. */
static struct engine_recent_id
new_way(struct engine *x, const struct engine_answer *a)
{
	struct engine_recent_id id;

	id.first = random_first(&x->recent);
	id.second = ((uint64_t)a->slot << 32 | a->check) ^ way_mask(x, &id);
	return id;
}

void
engine_recent_enter(struct engine *x, const struct engine_recent_entry *n,
    struct engine_answer *answer)
{
	struct engine_recent *r = &x->recent;
	struct engine_recent_one *one;
	struct engine_recent_id id;

	if (answer->verdict == ENGINE_DENY && n->count == 0) {
		id = new_way(x, answer);
		b64url_encode(answer->id, &id, sizeof(id));
		return;
	}
	id = new_id(x, r->next_one);
	b64url_encode(answer->id, &id, sizeof(id));
	one = &r->ones[r->next_one++ & (r->one_count - 1)];
	one->id = id;
	one->first = r->next_add - n->count;
	one->count = n->count;
	one->pair = n->pair;
	one->time = x->now;
	one->uid = n->uid;
	one->slot = answer->slot;
	one->check = answer->check;
	/* at hand when it is their turn */
	__builtin_prefetch(&r->ones[(r->next_one + 1) & (r->one_count - 1)], 1);
	__builtin_prefetch(&r->adds[(r->next_add + 4) & (r->add_count - 1)], 1);
}

static struct engine_recent_one *
find(const struct engine *x, struct engine_text text,
    struct engine_recent_id *id)
{
	struct engine_recent_one *one;
	uint32_t number;

	memset(id, 0, sizeof(*id));
	if (text.len != ENGINE_ID_LEN ||
	    b64url_decode((uint8_t *)id, text.data, text.len) != 0)
		return NULL;
	number = (uint32_t)(id->second >> 32) ^ mask_of(x, id);
	one = &x->recent.ones[number & (x->recent.one_count - 1)];
	if (one->time == 0 || !mem_equal(&one->id, id, sizeof(one->id)))
		return NULL;
	return one;
}

/* Whether that key is still there. */
static bool
lives(const struct engine *x, uint32_t slot, uint32_t check)
{
	return table_is_entry(x->table, slot) &&
	    engine_recent_check(table_at(x->table, slot)) == check &&
	    !table_expired(x->table, table_at(x->table, slot));
}

static void
take_slot(const struct engine *x, uint32_t slot, uint32_t check,
    uint32_t *slots, size_t *count)
{
	size_t i;

	if (*count == ENGINE_RECENT_SLOTS || !lives(x, slot, check))
		return;
	for (i = 0; i < *count; i++) {
		if (slots[i] == slot)
			return;
	}
	slots[(*count)++] = slot;
}

size_t
engine_recent_slots(const struct engine *x, struct engine_text text,
    uint32_t slots[ENGINE_RECENT_SLOTS])
{
	const struct engine_recent *r = &x->recent;
	const struct engine_recent_one *one;
	const struct engine_add *add;
	struct engine_recent_id id;
	size_t count = 0;
	uint64_t way, i;

	one = find(x, text, &id);
	if (one == NULL) {
		way = id.second ^ way_mask(x, &id);
		take_slot(
		    x, (uint32_t)(way >> 32), (uint32_t)way, slots, &count);
		return count;
	}
	take_slot(x, one->slot, one->check, slots, &count);
	for (i = 0; i < one->count && r->next_add - one->first <= r->add_count;
	     i++) {
		add = &r->adds[(one->first + i) & (r->add_count - 1)];
		take_slot(x, add->slot, add->check, slots, &count);
	}
	return count;
}

void
engine_recent_forget(struct engine *x, uint32_t slot)
{
	size_t i;

	for (i = 0; i < x->recent.add_count; i++) {
		if (x->recent.adds[i].slot == slot)
			x->recent.adds[i].slot = 0;
	}
}

int
engine_outcome(struct engine *x, struct engine_text id,
    enum engine_outcome outcome, uid_t uid, int64_t now)
{
	struct engine_recent *r = &x->recent;
	struct engine_recent_id words;
	struct engine_recent_one *one = find(x, id, &words);
	uint64_t i;

	x->now = now;
	table_clock(x->table, now);
	if (one == NULL || one->uid != uid ||
	    r->next_add - one->first > r->add_count) {
		x->stats.amend_missed++;
		return 0;
	}
	for (i = 0; outcome != ENGINE_OUTCOME_FAILURE && i < one->count; i++)
		engine_take_back(x,
		    &r->adds[(one->first + i) & (r->add_count - 1)], one->time);
	if (outcome == ENGINE_OUTCOME_SUCCESS)
		engine_trust(x, one->pair);
	one->time = 0;
	x->stats.amended++;
	return 1;
}
