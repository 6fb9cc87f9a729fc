/*
 * jwk_index: which keys of a set may have signed, in the same time for one
 * key and for a thousand. Used by jwk.c and jws.c and by nobody else.
 */

#ifndef JWTGATE_JWK_INDEX_H
#define JWTGATE_JWK_INDEX_H

#include <stddef.h>

#include "jwa.h"

struct err;
struct jwk;
struct jwk_index;
struct jwk_set;

/*
 * Builds set->index anew. Returns 0, E_NOMEM, or E_KEY when two keys have
 * one kid.
 */
int jwk_index_build(struct jwk_set *set, struct err *e);
void jwk_index_free(struct jwk_index **x);

/*
 * The keys of the set, in its order, that verify with alg and carry this kid
 * or none; kid NULL: all that verify with alg. Fills up to max of them, max
 * being at most JWK_INDEX_MAX, and returns how many there are; of more than
 * max it says max + 1. A set without an index is searched whole.
 */
#define JWK_INDEX_MAX 4
size_t jwk_index_find(const struct jwk_set *set, enum jwa_alg alg,
    const char *kid, const struct jwk **found, size_t max);

#endif
