/*
 * testjwe: encrypted tokens and their keys, for the tests of jwe.
 */

#ifndef JWTGATE_TESTJWE_H
#define JWTGATE_TESTJWE_H

#include "err.h"
#include "jwe.h"
#include "testutil.h"

/*
 * The keys of tests/<file>: PEM, or JSON in the cookbook's form, where they
 * are input.key. Fails the test when they cannot be read.
 */
void jwe_keys_load(const char *file, struct jwk_enc_set *set);

struct jwe_opened {
	const struct jwk_enc *key;
	struct err e;
	size_t n;
	uint8_t text[JWE_PLAIN_MAX];
};

/* What jwe_parse() says, then jwe_decrypt(); o->key is set. */
int jwe_judge(const char *token, size_t n, struct jwe_opened *o);

#endif
