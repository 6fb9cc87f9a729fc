/*
 * testengine: an engine of fraudd with settings from a text, asked in words.
 */

#ifndef JWTGATE_TESTENGINE_H
#define JWTGATE_TESTENGINE_H

#include <stdint.h>

#include "engine.h"
#include "engine_query.h"
#include "hash.h"
#include "settings.h"

#define TEST_NOW INT64_C(1700000000000)

struct test_engine {
	struct engine *x;
	struct hash_keys *keys;
	struct settings *settings;
	struct engine_answer answer; /* the last */
	int64_t now;
	uid_t uid;
};

/* Starts at TEST_NOW. keys_of: another whose keys are taken, or NULL. */
void test_engine_new(struct test_engine *t, const char *settings,
    const struct test_engine *keys_of);
void test_engine_done(struct test_engine *t);

struct engine_text ask_text(const char *s);

/* "card ip 10.0.0.1 last4 4242 expiry 12/27"; the verb's own result. */
int ask_attempt(struct test_engine *t, const char *words);
int ask_check(struct test_engine *t, const char *words);
int ask_open(struct test_engine *t, const char *words);
int ask_close(struct test_engine *t, const char *words);

/* The attempt is taken, and answered "allow 3/10" or "deny card-shotgun 10/10
 * 3600": verdict, rule where there is one, count/limit, retry where not 0. */
void ask_says(struct test_engine *t, const char *words, const char *want);
void ask_check_says(struct test_engine *t, const char *words, const char *want);
void ask_answer_is(const struct test_engine *t, const char *want);

int ask_outcome(struct test_engine *t, enum engine_outcome outcome);

#endif
