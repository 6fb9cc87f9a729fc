/*
 * test_jws_names: the names that came later. ES256K (RFC 8812) with its own
 * curve and no other, the fully specified names of RFC 9864, and ML-DSA,
 * which is taken or refused by what OpenSSL could when this was built.
 */

#include "testutil.h"

#include <openssl/evp.h>

#include "err.h"
#include "json.h"
#include "jws.h"
#include "testkeys.h"
#include "testtoken.h"

#define PAYLOAD "{\"sub\":\"alice\"}"

/* A new key; alg is taken from it afterwards where the row says so. */
static void
make_key(enum jwa_alg alg, bool with_alg, struct jwk *key)
{
	memset(key, 0, sizeof(*key));
	assert_int_equal(jwk_generate(alg, "k", key, NULL), 0);
	if (!with_alg)
		key->alg = JWA_NONE;
}

static const struct {
	const char *why;
	enum jwa_alg key; /* what it was generated for */
	bool with_alg; /* and says so */
	enum jwa_alg signer; /* what OpenSSL is told to sign with */
	const char *header;
	int want;
} rows[] = {
	{ "ES256K", JWA_ES256K, true, JWA_ES256K, "{\"alg\":\"ES256K\"}", 0 },
	{ "ES256K, a key for all", JWA_ES256K, false, JWA_ES256K,
	    "{\"alg\":\"ES256K\"}", 0 },
	{ "ES256 with a secp256k1 key", JWA_ES256K, false, JWA_ES256K,
	    "{\"alg\":\"ES256\"}", E_ALGORITHM_REFUSED },
	{ "ES256K with a P-256 key", JWA_ES256, false, JWA_ES256,
	    "{\"alg\":\"ES256K\"}", E_ALGORITHM_REFUSED },
	{ "ES256K in lower case", JWA_ES256K, true, JWA_ES256K,
	    "{\"alg\":\"ES256k\"}", E_ALGORITHM_REFUSED },
	{ "Ed25519", JWA_ED25519, true, JWA_ED25519, "{\"alg\":\"Ed25519\"}",
	    0 },
	{ "Ed25519 where the key says EdDSA", JWA_EDDSA, true, JWA_EDDSA,
	    "{\"alg\":\"Ed25519\"}", E_ALGORITHM_REFUSED },
	{ "EdDSA where the key says Ed25519", JWA_ED25519, true, JWA_ED25519,
	    "{\"alg\":\"EdDSA\"}", E_ALGORITHM_REFUSED },
	{ "EdDSA where the key says nothing", JWA_ED25519, false, JWA_ED25519,
	    "{\"alg\":\"EdDSA\"}", 0 },
	{ "Ed448 with an Ed25519 key", JWA_ED25519, false, JWA_ED25519,
	    "{\"alg\":\"Ed448\"}", E_ALGORITHM_REFUSED },
	{ "Ed448", JWA_ED448, true, JWA_ED448, "{\"alg\":\"Ed448\"}", 0 },
	{ "Ed25519 with an Ed448 key", JWA_ED448, false, JWA_ED448,
	    "{\"alg\":\"Ed25519\"}", E_ALGORITHM_REFUSED },
	{ "EdDSA with an Ed448 key", JWA_ED448, false, JWA_ED448,
	    "{\"alg\":\"EdDSA\"}", 0 },
};

static void
test_names(void **state)
{
	struct jwk key;
	char *token;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		make_key(rows[i].key, rows[i].with_alg, &key);
		token = token_make(
		    &key, rows[i].signer, rows[i].header, PAYLOAD);
		rc = keys_judge(token, strlen(token), &key);
		if (rc != rows[i].want)
			fail_msg("%s: %s", rows[i].why, err_name(rc));
		free(token);
		jwk_done(&key);
	}
}

static void
test_ml_dsa(void **state)
{
	static const char *const names[] = { "ML-DSA-44", "ML-DSA-65",
		"ML-DSA-87" };
	struct jwk key = { 0 };
	struct err e;
	struct jws jws;
	char header[64], *token;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < COUNT_OF(names); i++) {
		snprintf(header, sizeof(header), "{\"alg\":\"%s\"}", names[i]);
		token = token_join(header, PAYLOAD, "sig", 3);
		err_clear(&e);
		rc = jws_parse(token, strlen(token), &jws, &e);
		if (jwa_is_absent(names[i], strlen(names[i]))) {
			assert_int_equal(rc, E_ALGORITHM_REFUSED);
			assert_non_null(strstr(e.text, names[i]));
			assert_non_null(strstr(e.text, "OpenSSL 3.5"));
			assert_int_equal(
			    jwk_generate((enum jwa_alg)(JWA_ML_DSA_44 + i), "k",
				&key, NULL),
			    E_KEY);
		} else {
			assert_int_equal(rc, 0);
		}
		free(token);
	}
}

/* Where OpenSSL has it: a key there and back, and a token under it. */
static void
test_ml_dsa_key(void **state)
{
	struct jwk key = { 0 };
	struct jwk_set set = { 0 };
	struct json *o = NULL;
	char *text, *token = NULL;
	size_t n;

	(void)state;
	if (jwa_get(JWA_ML_DSA_44) == NULL) {
		print_message("# this OpenSSL has no ML-DSA\n");
		return;
	}
	assert_int_equal(jwk_generate(JWA_ML_DSA_44, NULL, &key, NULL), 0);
	assert_int_equal(jwk_write(&key, true, &o, NULL), 0);
	text = json_write(o, false, &n);
	assert_int_equal(jwk_set_parse(text, n, &set, NULL), 0);
	assert_int_equal(keys_sign(&set.keys[0], JWA_ML_DSA_44, NULL, PAYLOAD,
			     strlen(PAYLOAD), &token),
	    0);
	assert_int_equal(keys_judge(token, strlen(token), &key), 0);
	token[strlen(token) - 8] ^= 1;
	assert_int_equal(
	    keys_judge(token, strlen(token), &key), E_SIGNATURE_INVALID);
	free(token);
	free(text);
	json_free(&o);
	jwk_set_done(&set);
	jwk_done(&key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_ml_dsa),
		cmocka_unit_test(test_ml_dsa_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
