/*
 * testkeys: the keys of the published vectors and of tests/vectors/keys.
 */

#ifndef JWTGATE_TESTKEYS_H
#define JWTGATE_TESTKEYS_H

#include "jwk.h"
#include "testutil.h"

/*
 * The one key of tests/<file>: PEM, or JSON in the cookbook's form, where it
 * is input.key. Fails the test when it cannot be read; jwk_set_done() it.
 */
void keys_load(const char *file, struct jwk_set *set);

/* What jws_parse() says, then jws_verify(). */
int keys_judge(const char *token, size_t n, const struct jwk *key);

/* jws_sign() of n bytes. */
int keys_sign(const struct jwk *key, enum jwa_alg alg, const char *typ,
    const void *payload, size_t n, char **token_out);

#endif
