/*
 * fraudctl_tally: what a replay counts: attempts over time, in a fixed number
 * of spans that widen as the log goes on, and keys that were stopped. Bounded
 * whatever the log holds. Pure, but for the printing.
 */

#ifndef JWTGATE_FRAUDCTL_TALLY_H
#define JWTGATE_FRAUDCTL_TALLY_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "engine.h"

struct json;

#define TALLY_SPANS 48
#define TALLY_KEYS_MAX 131072
#define TALLY_KEY_MAX 64
#define TALLY_SHOWN 20

struct tally_span {
	uint64_t verdicts[ENGINE_ALLOW + 1];
};

struct tally_key {
	const char *rule; /* borrowed */
	char key[TALLY_KEY_MAX];
	uint64_t count;
	int64_t first, last; /* ms */
};

struct tally {
	int64_t first, last; /* ms; of the log */
	int64_t start, width; /* ms; of the spans; width 0: none yet */
	struct tally_span spans[TALLY_SPANS];
	uint64_t verdicts[ENGINE_ALLOW + 1];
	struct tally_key *keys; /* owns */
	uint32_t *index; /* owns; of keys, from 1 */
	size_t key_count;
	uint64_t others; /* stopped attempts of keys that found no place */
};

/* Returns 0 or E_NOMEM. */
int tally_init(struct tally *t);
void tally_done(struct tally *t);

/* Times must not step back. */
void tally_attempt(struct tally *t, int64_t ms, enum engine_verdict verdict);
void tally_stopped(
    struct tally *t, int64_t ms, const char *rule, const char *key);

/* The keys that were stopped most often come first from now on. */
void tally_sort(struct tally *t);

void tally_picture(const struct tally *t, FILE *to);
void tally_keys(const struct tally *t, FILE *to);
/* Adds "spans" and "keys". Returns 0 or E_NOMEM. */
int tally_json(const struct tally *t, struct json *object);

#endif
