/*
 * testtoken: tokens made to order. Any header over any payload, signed with
 * a key that the configuration under test knows, so that a test can be sure
 * that it was the one thing it changed that was refused.
 */

#ifndef JWTGATE_TESTTOKEN_H
#define JWTGATE_TESTTOKEN_H

#include <stddef.h>
#include <stdint.h>

#include "gate.h"
#include "jwa.h"
#include "jwk.h"
#include "testutil.h"

#define TOKEN_SIG_MAX 1024

/* A folder with fresh keys, their files and a configuration. */
struct lab {
	char dir[TEST_DIR_MAX];
	struct jwk hs, rs, es, ed; /* kid: the member's name */
	struct gate *gate;
};

/* Fails the test when anything goes wrong. Writes hs.jwk, rs.jwk, ... */
void lab_open(struct lab *lab);
void lab_close(struct lab *lab);

/* With the key es alone, for tests that open many. */
void lab_open_es(struct lab *lab);

/* Writes the key as it goes to a verifier, or whole. */
void lab_write_key(
    const struct lab *lab, const char *name, const struct jwk *key, bool whole);

/* Opens lab->gate with this text, in which '@' stands for the folder. */
void lab_configure(struct lab *lab, const char *config);

/* Same, and returns what gate_new() said, without failing the test. */
int lab_try(struct lab *lab, const char *config, struct err *e);

/* What the gate says of n bytes at LAB_NOW: common policy, any user. */
#define LAB_NOW 1700000000
int lab_ask(const struct lab *lab, const char *token, size_t n,
    struct gate_outcome *out);

/* A signature over n bytes, in the form that alg has in a token. */
size_t token_mac(const struct jwk *key, enum jwa_alg alg, const void *data,
    size_t n, uint8_t sig[TOKEN_SIG_MAX]);

/* header and payload as they are; free() it. */
char *token_make(const struct jwk *key, enum jwa_alg alg, const char *header,
    const char *payload);

/* The three parts, each encoded; free() it. */
char *token_join(
    const char *header, const char *payload, const void *sig, size_t sig_len);

/* Signs "header.payload", encoded already; free() it. */
char *token_sign(const struct jwk *key, enum jwa_alg alg, const char *input);

#endif
