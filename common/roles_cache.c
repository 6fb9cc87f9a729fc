/*
 * Answers by the whole text of their questions, in sets of four: a new one
 * takes the place of the one in its set that ends first, so there are never
 * more of them, and who asks for many names pushes out only what is beside
 * them. A clock that was set back ends everything that was written after.
 *
 * A set is made when something is first put into it: a PAM login has a cache
 * of its own, and puts one answer into it or none.
 */

#include "roles_cache.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "err.h"
#include "lock.h"
#include "mem.h"
#include "roles.h"
#include "str.h"

#define WAYS 4
#define SETS (ROLES_CACHE_ENTRIES / WAYS)
#define KEY_MAX 4096 /* what is longer is asked anew */
#define NO_PART 6

struct answer {
	char *key; /* owns; NULL: nothing here */
	size_t key_len;
	bool *held; /* owns */
	int64_t since;
	int64_t until;
};

struct set {
	struct answer ways[WAYS];
};

struct roles_cache {
	_Atomic pid_t lock; /* of all answers */
	struct set *_Atomic sets[SETS]; /* owns; stay where they are */
};

int
roles_cache_new(struct roles_cache **out)
{
	struct roles_cache *cache = mem_alloc(sizeof(*cache));

	if (cache == NULL)
		return E_NOMEM;
	*out = cache;
	return 0;
}

static void
answer_done(struct answer *a)
{
	free(a->key);
	free(a->held);
	memset(a, 0, sizeof(*a));
}

void
roles_cache_free(struct roles_cache **cache)
{
	struct set *set;
	size_t i, j;

	if (*cache == NULL)
		return;
	for (i = 0; i < SETS; i++) {
		set = atomic_load_explicit(
		    &(*cache)->sets[i], memory_order_acquire);
		for (j = 0; set != NULL && j < WAYS; j++)
			answer_done(&set->ways[j]);
		free(set);
	}
	free(*cache);
	*cache = NULL;
}

/* Each text with its length before it: no two lists of texts are one. */
static void
add(struct str *s, const char *text)
{
	if (text == NULL)
		str_add(s, "-");
	else
		str_addf(s, "%zu:%s", strlen(text), text);
}

/* False when the key does not fit. */
static bool
make_key(const struct roles_question *q, struct str *s)
{
	size_t i;

	/* policies stay where they are as long as this cache lives */
	str_addf(s, "%p %d ", (const void *)q->policy, (int)q->enough);
	for (i = 0; i < q->policy->role_count; i++)
		str_add(s, q->wanted[i] ? "1" : "0");
	add(s, q->user);
	add(s, q->service);
	add(s, q->rhost);
	for (i = 0; i < q->claim_count; i++) {
		add(s, q->claims[i].name);
		add(s, q->claims[i].value);
	}
	return !s->full;
}

static struct set *_Atomic *
place_of(struct roles_cache *cache, const struct str *key)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	size_t i;

	for (i = 0; i < key->len; i++)
		h = (h ^ (unsigned char)key->data[i]) * UINT64_C(0x100000001b3);
	return &cache->sets[(h ^ h >> 32) % SETS];
}

/* The ways of the set, which is made when it is not there; NULL without
 * memory. Of two threads that make it the first one's stays. */
static struct answer *
make_set(struct roles_cache *cache, const struct str *key)
{
	struct set *_Atomic *place = place_of(cache, key);
	struct set *there = atomic_load_explicit(place, memory_order_acquire);
	struct set *mine;

	if (there != NULL)
		return there->ways;
	mine = mem_alloc(sizeof(*mine));
	if (mine == NULL)
		return NULL;
	if (atomic_compare_exchange_strong_explicit(place, &there, mine,
		memory_order_acq_rel, memory_order_acquire))
		return mine->ways;
	free(mine);
	return there->ways;
}

static bool
is_for(const struct answer *a, const struct str *key)
{
	return a->key != NULL && a->key_len == key->len &&
	    memcmp(a->key, key->data, key->len) == 0;
}

bool
roles_cache_get(struct roles_cache *cache, const struct roles_question *q,
    int64_t now, bool *held_out)
{
	char buf[KEY_MAX];
	const struct answer *set;
	struct set *there;
	struct str key;
	bool found = false;
	size_t i;

	str_init(&key, buf, sizeof(buf));
	if (!make_key(q, &key))
		return false;
	there = atomic_load_explicit(
	    place_of(cache, &key), memory_order_acquire);
	if (there == NULL)
		return false;
	set = there->ways;
	lock_take(&cache->lock);
	for (i = 0; i < WAYS && !found; i++) {
		if (!is_for(&set[i], &key) || now < set[i].since ||
		    now >= set[i].until)
			continue;
		memcpy(held_out, set[i].held,
		    q->policy->role_count * sizeof(*held_out));
		found = true;
	}
	lock_give(&cache->lock);
	return found;
}

static bool
any(const struct roles_question *q, const bool *held)
{
	size_t i;

	for (i = 0; i < q->policy->role_count; i++) {
		if (held[i])
			return true;
	}
	return false;
}

void
roles_cache_put(struct roles_cache *cache, const struct roles_question *q,
    int64_t now, int64_t seconds, const bool *held)
{
	struct answer fresh = { .since = now }, old, *set;
	char buf[KEY_MAX];
	struct str key;
	size_t i, at = 0;

	if (!any(q, held))
		seconds /= NO_PART;
	str_init(&key, buf, sizeof(buf));
	if (seconds <= 0 || !make_key(q, &key))
		return;
	fresh.until = now + seconds;
	fresh.key_len = key.len;
	fresh.key = mem_dup(key.data, key.len);
	fresh.held = mem_dup(held, q->policy->role_count * sizeof(*held));
	set = make_set(cache, &key);
	if (fresh.key == NULL || fresh.held == NULL || set == NULL) {
		answer_done(&fresh);
		return;
	}
	lock_take(&cache->lock);
	for (i = 0; i < WAYS; i++) {
		if (is_for(&set[i], &key)) {
			at = i;
			break;
		}
		if (set[i].until < set[at].until)
			at = i;
	}
	old = set[at];
	set[at] = fresh;
	lock_give(&cache->lock);
	answer_done(&old);
}
