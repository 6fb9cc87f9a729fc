/*
 * jwk_index: a hash table of the kids, and for each algorithm the first few
 * keys that fit it. More than JWK_INDEX_MAX of them are too many to try, so
 * the fifth is noted only to know that it is there.
 */

#include "jwk_index.h"

#include <stdint.h>
#include <string.h>

#include "err.h"
#include "jscan_name.h"
#include "jwk.h"
#include "mem.h"

#define FEW (JWK_INDEX_MAX + 1)

/* Places in set->keys, ascending. */
struct few {
	uint16_t at[FEW];
	uint16_t count;
};

struct jwk_index {
	size_t mask; /* of the table */
	struct few all[JWA_COUNT]; /* keys that fit the algorithm */
	struct few nameless[JWA_COUNT]; /* those of them without a kid */
	uint16_t table[]; /* place + 1, 0: free; twice as many as kids */
};

static size_t
hash(const char *kid)
{
	const unsigned char *p = (const unsigned char *)kid;
	size_t n = strlen(kid);
	uint64_t head, h = jscan_hash_plain(p, n, p + n, &head);

	return (size_t)(h ^ h >> 32);
}

/* The place of the kid in the table, or the free one where it belongs. */
static uint16_t *
place(struct jwk_index *x, const struct jwk_set *set, const char *kid)
{
	size_t i = hash(kid) & x->mask;

	while (x->table[i] != 0 &&
	    strcmp(set->keys[x->table[i] - 1].kid, kid) != 0)
		i = (i + 1) & x->mask;
	return &x->table[i];
}

static bool
verifies(const struct jwk *key, enum jwa_alg alg)
{
	return key->verifies && jwk_fits(key, alg);
}

static void
note(struct few *few, size_t i)
{
	if (few->count < FEW)
		few->at[few->count++] = (uint16_t)i;
}

static int
add(struct jwk_index *x, const struct jwk_set *set, size_t i, struct err *e)
{
	const struct jwk *key = &set->keys[i];
	uint16_t *at;
	size_t alg;

	for (alg = JWA_NONE + 1; alg < JWA_COUNT; alg++) {
		if (!verifies(key, (enum jwa_alg)alg))
			continue;
		note(&x->all[alg], i);
		if (key->kid == NULL)
			note(&x->nameless[alg], i);
	}
	if (key->kid == NULL)
		return 0;
	at = place(x, set, key->kid);
	if (*at != 0)
		return err_set(e, E_KEY, "key %zu repeats the kid of key %zu",
		    i, (size_t)*at - 1);
	*at = (uint16_t)(i + 1);
	return 0;
}

int
jwk_index_build(struct jwk_set *set, struct err *e)
{
	struct jwk_index *x;
	size_t i, room = 2;
	int rc = 0;

	jwk_index_free(&set->index);
	while (room < 2 * set->count)
		room *= 2;
	x = set->count < UINT16_MAX ?
	    mem_alloc(sizeof(*x) + room * sizeof(x->table[0])) :
	    NULL;
	if (x == NULL)
		return err_set(e, E_NOMEM, "out of memory");
	x->mask = room - 1;
	for (i = 0; i < set->count && rc == 0; i++)
		rc = add(x, set, i, e);
	if (rc == 0)
		set->index = x;
	else
		jwk_index_free(&x);
	return rc;
}

void
jwk_index_free(struct jwk_index **x)
{
	mem_free(x, sizeof(**x));
}

/* Ascending, so that a set is tried in its own order. */
static void
insert(struct few *few, size_t i)
{
	size_t k;

	for (k = few->count; k > 0 && few->at[k - 1] > i; k--) {
		if (k < FEW)
			few->at[k] = few->at[k - 1];
	}
	if (k < FEW)
		few->at[k] = (uint16_t)i;
	if (few->count < FEW)
		few->count++;
}

static void
search(const struct jwk_set *set, enum jwa_alg alg, const char *kid,
    struct few *few)
{
	const struct jwk *key;
	size_t i;

	for (i = 0; i < set->count && few->count < FEW; i++) {
		key = &set->keys[i];
		if (verifies(key, alg) &&
		    (kid == NULL || key->kid == NULL ||
			strcmp(key->kid, kid) == 0))
			note(few, i);
	}
}

size_t
jwk_index_find(const struct jwk_set *set, enum jwa_alg alg, const char *kid,
    const struct jwk **found, size_t max)
{
	struct few few = { .count = 0 };
	size_t i, at;

	if (jwa_get(alg) == NULL)
		return 0;
	if (set->index == NULL) {
		search(set, alg, kid, &few);
	} else if (kid == NULL) {
		few = set->index->all[alg];
	} else {
		few = set->index->nameless[alg];
		at = *place(set->index, set, kid);
		if (at != 0 && verifies(&set->keys[at - 1], alg))
			insert(&few, at - 1);
	}
	for (i = 0; i < few.count && i < max; i++)
		found[i] = &set->keys[few.at[i]];
	return few.count > max ? max + 1 : few.count;
}
