/*
 * roles_cache: what a directory said of a user, for a short while. It belongs
 * to one state of the configuration and ends with it. Yes is kept as long as
 * the configuration says, no for a sixth of that, failures never.
 */

#ifndef JWTGATE_ROLES_CACHE_H
#define JWTGATE_ROLES_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct roles_cache; /* for many threads */
struct roles_question;

#define ROLES_CACHE_ENTRIES 2048

/* Returns 0 or E_NOMEM. */
int roles_cache_new(struct roles_cache **out);
void roles_cache_free(struct roles_cache **cache);

/*
 * Whether the answer to the question is known at this time of day (seconds);
 * it is copied into held_out, one for each role of the policy, then. The
 * question is known by everything that its answer rests on.
 */
bool roles_cache_get(struct roles_cache *cache, const struct roles_question *q,
    int64_t now, bool *held_out);

/* Remembers it, if there is memory. seconds: for how long; 0: not at all. */
void roles_cache_put(struct roles_cache *cache, const struct roles_question *q,
    int64_t now, int64_t seconds, const bool *held);

#endif
