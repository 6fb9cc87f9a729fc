/*
 * engine_recent: the attempts of late, by their random ids, in a fixed number
 * of bytes. An id chooses one of many small sets, in which the oldest makes
 * way; what attempts added stands in a ring of its own. What is overwritten
 * cannot be amended any more. Denied attempts added nothing and stand nowhere,
 * so those who are blocked push nobody out.
 */

#include "engine_priv.h"

#include "b64url.h"
#include "err.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(B64URL_ENCODED_LEN(16) == ENGINE_ID_LEN, "16 bytes");

#define SETS_MIN 16

int
engine_recent_new(struct engine_recent *r, uint64_t memory)
{
	size_t one = RECENT_WAYS *
	    (sizeof(struct engine_recent_one) + 2 * sizeof(struct engine_add));

	r->sets = SETS_MIN;
	while (r->sets * 2 * one <= memory)
		r->sets *= 2;
	r->add_count = r->sets * RECENT_WAYS * 2;
	r->ones = mem_array(r->sets * RECENT_WAYS, sizeof(*r->ones));
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
	return r->sets * RECENT_WAYS * sizeof(*r->ones) +
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
	add = &r->adds[r->next++ & (r->add_count - 1)];
	add->value = c->value;
	add->slot = c->slot;
	add->check = engine_recent_check(table_at(x->table, c->slot));
	++*count;
}

static struct engine_recent_one *
set_of(const struct engine_recent *r, const unsigned char id[16])
{
	uint32_t set;

	memcpy(&set, id, sizeof(set));
	return &r->ones[(set & (r->sets - 1)) * RECENT_WAYS];
}

/* Random bytes are fetched in bulk: each time is a system call. */
static void
new_id(struct engine_recent *r, unsigned char id[16])
{
	if (r->pool_left == 0) {
		hash_random(r->pool, sizeof(r->pool));
		r->pool_left = sizeof(r->pool);
	}
	r->pool_left -= 16;
	memcpy(id, r->pool + r->pool_left, 16);
	memset(r->pool + r->pool_left, 0, 16);
}

void
engine_recent_enter(
    struct engine *x, uid_t uid, uint32_t count, struct engine_answer *answer)
{
	struct engine_recent_one *set, *oldest;
	unsigned char id[16];
	size_t i;

	new_id(&x->recent, id);
	b64url_encode(answer->id, id, sizeof(id));
	if (answer->verdict == ENGINE_DENY && count == 0)
		return;
	set = oldest = set_of(&x->recent, id);
	for (i = 1; i < RECENT_WAYS; i++) {
		if (set[i].time < oldest->time)
			oldest = &set[i];
	}
	memcpy(oldest->id, id, sizeof(id));
	oldest->first = x->recent.next - count;
	oldest->count = count;
	oldest->time = x->now;
	oldest->uid = uid;
}

static struct engine_recent_one *
find(const struct engine_recent *r, struct engine_text text)
{
	struct engine_recent_one *set;
	unsigned char id[16];
	size_t i;

	if (text.len != ENGINE_ID_LEN ||
	    b64url_decode(id, text.data, text.len) != 0)
		return NULL;
	set = set_of(r, id);
	for (i = 0; i < RECENT_WAYS; i++) {
		if (set[i].time != 0 && mem_equal(set[i].id, id, sizeof(id)))
			return &set[i];
	}
	return NULL;
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
	struct engine_recent_one *one = find(r, id);
	uint64_t i;

	x->now = now;
	table_clock(x->table, now);
	if (one == NULL || one->uid != uid ||
	    r->next - one->first > r->add_count) {
		x->stats.amend_missed++;
		return 0;
	}
	for (i = 0; outcome != ENGINE_OUTCOME_FAILURE && i < one->count; i++)
		engine_take_back(x,
		    &r->adds[(one->first + i) & (r->add_count - 1)], one->time);
	one->time = 0;
	x->stats.amended++;
	return 1;
}
