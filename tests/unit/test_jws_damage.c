/*
 * test_jws_damage: for every algorithm a token is signed, verified, then bent
 * in its bits, cut, tried under every other algorithm, and verified without
 * memory. What was not signed never holds.
 */

#include "testutil.h"

#include <openssl/err.h>

#include "err.h"
#include "jws.h"
#include "testkeys.h"

#define V "vectors/"
#define PAYLOAD "{\"sub\":\"alice\"}"

static const struct {
	enum jwa_alg alg;
	const char *key; /* a vector or a key file */
	bool every_bit;
} signers[] = {
	{ JWA_HS256, V "rfc7515/a1.json", true },
	{ JWA_HS384, V "rfc7515/a1.json", true },
	{ JWA_HS512, V "rfc7515/a1.json", true },
	{ JWA_RS256, V "rfc7515/a2.json", true },
	{ JWA_RS384, V "rfc7515/a2.json", false },
	{ JWA_RS512, V "rfc7515/a2.json", false },
	{ JWA_PS256, V "rfc7515/a2.json", true },
	{ JWA_PS384, V "rfc7515/a2.json", false },
	{ JWA_PS512, V "rfc7515/a2.json", false },
	{ JWA_ES256, V "rfc7515/a3.json", true },
	{ JWA_ES384, V "keys/ec-p384.pem", false },
	{ JWA_ES512, V "rfc7515/a4.json", false },
	{ JWA_EDDSA, V "rfc8037/a4.json", true },
	{ JWA_ED25519, V "rfc8037/a4.json", true },
	{ JWA_EDDSA, V "keys/ed448.pem", false },
	{ JWA_ED448, V "keys/ed448.pem", false },
};

static void
refuse(const char *token, size_t n, void *arg)
{
	assert_int_not_equal(keys_judge(token, n, arg), 0);
	assert_int_equal(ERR_peek_error(), 0);
}

/* One bit of every byte, and another bit in the next. */
static void
flip_some(const char *token, size_t n, struct jwk *key)
{
	char *copy = guard_copy(token, n);
	size_t i;

	for (i = 0; i < n; i++) {
		copy[i] = (char)(copy[i] ^ 1 << i % 8);
		refuse(copy, n, key);
		copy[i] = token[i];
	}
	guard_free(copy, n);
}

static void
test_damage(void **state)
{
	struct jwk_set set = { 0 };
	char *token = NULL;
	size_t i, n;

	(void)state;
	for (i = 0; i < COUNT_OF(signers); i++) {
		keys_load(signers[i].key, &set);
		assert_int_equal(keys_sign(&set.keys[0], signers[i].alg, "JWT",
				     PAYLOAD, strlen(PAYLOAD), &token),
		    0);
		n = strlen(token);
		assert_int_equal(keys_judge(token, n, &set.keys[0]), 0);
		for_each_truncation(token, n, refuse, &set.keys[0]);
		if (signers[i].every_bit)
			for_each_bit_flip(token, n, refuse, &set.keys[0]);
		else
			flip_some(token, n, &set.keys[0]);
		/* and the good one still stands */
		assert_int_equal(keys_judge(token, n, &set.keys[0]), 0);
		free(token);
		jwk_set_done(&set);
	}
}

/* A token of each key, with its signature, under each other algorithm. */
static void
test_other_algorithm(void **state)
{
	struct jwk_set set = { 0 };
	struct jws jws;
	char *token = NULL;
	enum jwa_alg alg;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < COUNT_OF(signers); i++) {
		keys_load(signers[i].key, &set);
		assert_int_equal(keys_sign(&set.keys[0], signers[i].alg, NULL,
				     PAYLOAD, strlen(PAYLOAD), &token),
		    0);
		assert_int_equal(
		    jws_parse(token, strlen(token), &jws, NULL), 0);
		for (alg = JWA_NONE; alg <= JWA_COUNT; alg++) {
			jws.alg = alg;
			set.keys[0].alg = signers[i].alg;
			rc = jws_verify(&jws, &set.keys[0], NULL);
			assert_int_equal(rc,
			    alg == signers[i].alg ? 0 : E_ALGORITHM_REFUSED);
			set.keys[0].alg = JWA_NONE;
			rc = jws_verify(&jws, &set.keys[0], NULL);
			if (rc != E_ALGORITHM_REFUSED && rc != 0)
				assert_int_equal(rc, E_SIGNATURE_INVALID);
			assert_true(rc != 0 || alg == signers[i].alg ||
			    signers[i].alg >= JWA_EDDSA);
		}
		free(token);
		jwk_set_done(&set);
	}
}

/* Another letter in the signature, base64url still. */
static void
spoil(char *token)
{
	char *c = token + strlen(token) - 4;

	*c = *c == 'A' ? 'B' : 'A';
}

static void
test_sign_refusals(void **state)
{
	static char big[JWS_MAX_LEN + 1];
	struct jwk_set set = { 0 }, public = { 0 };
	char *token = NULL;

	(void)state;
	keys_load(V "rfc8037/a4.json", &set);
	keys_load(V "rfc8037/a5.json", &public);
	assert_int_equal(
	    keys_sign(&public.keys[0], JWA_EDDSA, NULL, "", 0, &token), E_KEY);
	assert_int_equal(
	    keys_sign(&set.keys[0], JWA_ES256, NULL, "", 0, &token), E_KEY);
	assert_int_equal(
	    keys_sign(&set.keys[0], JWA_NONE, NULL, "", 0, &token), E_KEY);
	assert_int_equal(
	    keys_sign(&set.keys[0], JWA_EDDSA, NULL, big, sizeof(big), &token),
	    E_RANGE);
	assert_int_equal(
	    keys_sign(&set.keys[0], JWA_EDDSA, NULL, big, 12208, &token),
	    E_RANGE);
	assert_null(token);
	assert_int_equal(
	    keys_sign(&set.keys[0], JWA_EDDSA, NULL, big, 12207, &token), 0);
	assert_int_equal(strlen(token), JWS_MAX_LEN);
	free(token);
	token = NULL;
	/* what the header needs to be escaped for */
	free(set.keys[0].kid);
	set.keys[0].kid = strdup("a\"\\/\xc3\xa4");
	assert_int_equal(
	    keys_sign(&set.keys[0], JWA_EDDSA, "JWT", "", 0, &token), 0);
	assert_int_equal(keys_judge(token, strlen(token), &set.keys[0]), 0);
	free(token);
	jwk_set_done(&set);
	jwk_set_done(&public);
}

struct memory {
	struct jwk *key;
	enum jwa_alg alg;
	struct jws good, bad;
};

static void
use_short_of_memory(void *arg)
{
	struct memory *m = arg;
	char *token = NULL;
	int rc;

	assert_int_not_equal(jws_verify(&m->bad, m->key, NULL), 0);
	rc = jws_verify(&m->good, m->key, NULL);
	assert_true(rc == 0 || alloc_failed());
	rc = keys_sign(m->key, m->alg, "JWT", PAYLOAD, strlen(PAYLOAD), &token);
	assert_true(rc == 0 ? token != NULL : token == NULL);
	free(token);
	assert_int_equal(ERR_peek_error(), 0);
}

static void
test_no_memory(void **state)
{
	struct jwk_set set = { 0 };
	struct memory m;
	char *token, *bad;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(signers); i++) {
		keys_load(signers[i].key, &set);
		m.key = &set.keys[0];
		m.alg = signers[i].alg;
		assert_int_equal(keys_sign(m.key, m.alg, NULL, PAYLOAD,
				     strlen(PAYLOAD), &token),
		    0);
		bad = strdup(token);
		spoil(bad);
		assert_int_equal(
		    jws_parse(token, strlen(token), &m.good, NULL), 0);
		assert_int_equal(jws_parse(bad, strlen(bad), &m.bad, NULL), 0);
		for_each_alloc_failure(use_short_of_memory, &m);
		free(token);
		free(bad);
		jwk_set_done(&set);
	}
}

/* The error queue belongs to the host's thread. */
static void
test_error_queue(void **state)
{
	struct jwk_set set = { 0 };
	char *token = NULL;

	(void)state;
	keys_load(V "rfc7515/a2.json", &set);
	assert_int_equal(keys_sign(&set.keys[0], JWA_PS256, NULL, PAYLOAD,
			     strlen(PAYLOAD), &token),
	    0);
	ERR_raise(ERR_LIB_USER, 4711);
	assert_int_equal(keys_judge(token, strlen(token), &set.keys[0]), 0);
	spoil(token);
	assert_int_equal(keys_judge(token, strlen(token), &set.keys[0]),
	    E_SIGNATURE_INVALID);
	assert_int_equal(jwk_set_parse("x", 1, &set, NULL), E_KEY);
	assert_int_equal(ERR_GET_REASON(ERR_get_error()), 4711);
	assert_int_equal(ERR_get_error(), 0);
	free(token);
	jwk_set_done(&set);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_other_algorithm),
		cmocka_unit_test(test_sign_refusals),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_error_queue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
