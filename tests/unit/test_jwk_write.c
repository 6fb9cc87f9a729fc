/*
 * test_jwk_write: new keys, and keys as JWK again; thumbprints as published;
 * private members that belong together, and that are gone when they should.
 */

#include "testutil.h"

#include <openssl/err.h>

#include "err.h"
#include "json.h"
#include "jwk.h"
#include "jwk_priv.h"
#include "jws.h"
#include "testkeys.h"

#define V "vectors/"
#define PAYLOAD "{\"sub\":\"alice\"}"

static const struct {
	enum jwa_alg alg;
	const char *members; /* of the private JWK, in order */
	size_t kid_len;
	size_t sig_len;
} rows[] = {
	{ JWA_HS256, "kty k kid use alg", 22, 0 },
	{ JWA_HS384, "kty k kid use alg", 22, 0 },
	{ JWA_HS512, "kty k kid use alg", 22, 0 },
	{ JWA_RS256, "e kty n d p q dp dq qi kid use alg", 43, 256 },
	{ JWA_PS384, "e kty n d p q dp dq qi kid use alg", 43, 384 },
	{ JWA_ES256, "crv kty x y d kid use alg", 43, 64 },
	{ JWA_ES384, "crv kty x y d kid use alg", 43, 96 },
	{ JWA_ES512, "crv kty x y d kid use alg", 43, 132 },
	{ JWA_EDDSA, "crv kty x d kid use alg", 43, 64 },
	{ JWA_ED25519, "crv kty x d kid use alg", 43, 64 },
	{ JWA_ED448, "crv kty x d kid use alg", 43, 114 },
};

static void
names(const struct json *tree, char *out)
{
	const char *name;
	size_t i;

	*out = '\0';
	for (i = 0; i < json_count(tree); i++) {
		json_entry(tree, i, &name);
		out = stpcpy(stpcpy(out, i > 0 ? " " : ""), name);
	}
}

/* Writes key and reads it again. */
static void
read_again(const struct jwk *key, bool whole, struct jwk_set *set)
{
	struct json *tree = NULL;
	char *text;
	size_t n;

	assert_int_equal(jwk_write(key, whole, &tree, NULL), 0);
	text = json_write(tree, true, &n);
	assert_non_null(text);
	assert_int_equal(jwk_set_parse(text, n, set, NULL), 0);
	assert_int_equal(set->count, 1);
	assert_string_equal(set->keys[0].kid, key->kid);
	assert_int_equal(set->keys[0].alg, key->alg);
	free(text);
	json_wipe(&tree);
}

static void
check_generated(size_t i, const struct jwk *key)
{
	struct jwk_set whole = { 0 }, half = { 0 };
	struct json *tree = NULL;
	char *token = NULL, text[128];

	assert_int_equal(strlen(key->kid), rows[i].kid_len);
	assert_int_equal(key->sig_len, rows[i].sig_len);
	assert_int_equal(key->alg, rows[i].alg);
	assert_true(key->verifies && key->signs);
	assert_int_equal(jwk_write(key, true, &tree, NULL), 0);
	names(tree, text);
	assert_string_equal(text, rows[i].members);
	json_wipe(&tree);

	read_again(key, true, &whole);
	assert_int_equal(keys_sign(&whole.keys[0], rows[i].alg, "JWT", PAYLOAD,
			     strlen(PAYLOAD), &token),
	    0);
	assert_int_equal(keys_judge(token, strlen(token), key), 0);
	if (key->kty == JWK_OCT) {
		assert_int_equal(jwk_write(key, false, &tree, NULL), E_KEY);
	} else {
		read_again(key, false, &half);
		assert_false(half.has_private);
		assert_false(half.keys[0].signs);
		assert_int_equal(
		    keys_judge(token, strlen(token), &half.keys[0]), 0);
		assert_int_equal(
		    jwk_write(&half.keys[0], true, &tree, NULL), E_KEY);
	}
	assert_null(tree);
	free(token);
	jwk_set_done(&whole);
	jwk_set_done(&half);
}

static void
test_generate(void **state)
{
	struct jwk a = { 0 }, b = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(jwk_generate(rows[i].alg, NULL, &a, NULL), 0);
		check_generated(i, &a);
		assert_int_equal(
		    jwk_generate(rows[i].alg, "named", &b, NULL), 0);
		assert_string_equal(b.kid, "named");
		assert_string_not_equal(a.kid, b.kid);
		jwk_done(&a);
		jwk_done(&b);
	}
	assert_int_equal(ERR_peek_error(), 0);
}

static void
test_generate_refusals(void **state)
{
	char kid[JWK_KID_MAX + 2];
	struct jwk key = { 0 };

	(void)state;
	memset(kid, 'x', sizeof(kid));
	kid[JWK_KID_MAX + 1] = '\0';
	assert_int_equal(jwk_generate(JWA_ES256, kid, &key, NULL), E_KEY);
	kid[JWK_KID_MAX] = '\0';
	assert_int_equal(jwk_generate(JWA_ES256, kid, &key, NULL), 0);
	jwk_done(&key);
	assert_int_equal(jwk_generate(JWA_ES256, "a\n", &key, NULL), E_KEY);
	assert_int_equal(jwk_generate(JWA_NONE, NULL, &key, NULL), E_KEY);
	assert_int_equal(jwk_generate(JWA_COUNT, NULL, &key, NULL), E_KEY);
	assert_null(key.kid);
}

static void
test_thumbprint(void **state)
{
	static const char *const files[] = { V "rfc7638/rsa.json",
		V "rfc7638/ed25519.json" };
	struct jwk_set set = { 0 };
	struct json *root = NULL;
	char *text, *got = NULL;
	size_t i, n;

	(void)state;
	for (i = 0; i < COUNT_OF(files); i++) {
		text = test_data(files[i], &n);
		assert_int_equal(json_parse(text, n, false, &root, NULL), 0);
		free(text);
		text = json_write(json_member(root, "key"), false, &n);
		assert_int_equal(jwk_set_parse(text, n, &set, NULL), 0);
		assert_int_equal(jwk_thumbprint(&set.keys[0], &got, NULL), 0);
		assert_string_equal(
		    got, json_string(json_member(root, "thumbprint"), NULL));
		free(got);
		free(text);
		jwk_set_done(&set);
		json_free(&root);
	}
}

/* Which members of the private key of RFC 7515 A.2 are kept, or bent. */
static const struct {
	const char *why;
	const char *without; /* blank-separated */
	const char *bent;
	const char *with; /* NULL, or the member whose value bent gets */
	bool taken;
} parts[] = {
	{ "all of it", "", "", NULL, true },
	{ "d alone", "p q dp dq qi", "", NULL, true },
	{ "without qi", "qi", "", NULL, false },
	{ "without dp and dq", "dp dq", "", NULL, false },
	{ "without q", "q", "", NULL, false },
	{ "without d", "d", "", NULL, false },
	{ "another d, alone", "p q dp dq qi", "d", "n", false },
	{ "another d", "", "d", "p", false },
	{ "another p", "", "p", "q", false },
	{ "another q", "", "q", "p", false },
	{ "another dp", "", "dp", "dq", false },
	{ "another dq", "", "dq", "dp", false },
	{ "another qi", "", "qi", "dp", false },
	{ "another n", "", "n", "d", false },
};

static bool
has_word(const char *words, const char *word)
{
	char padded[64], want[64];

	snprintf(padded, sizeof(padded), " %s ", words);
	snprintf(want, sizeof(want), " %s ", word);
	return strstr(padded, want) != NULL;
}

static char *
private_key(const struct json *key, size_t row)
{
	struct json *tree = NULL;
	const char *name, *value;
	char *text;
	size_t i;

	assert_int_equal(json_make_object(&tree), 0);
	for (i = 0; i < json_count(key); i++) {
		value = json_string(json_entry(key, i, &name), NULL);
		if (has_word(parts[row].without, name))
			continue;
		if (strcmp(name, parts[row].bent) == 0)
			value = json_string(
			    json_member(key, parts[row].with), NULL);
		assert_int_equal(json_put_string(tree, name, value), 0);
	}
	text = json_write(tree, false, NULL);
	json_free(&tree);
	return text;
}

static void
test_rsa_parts(void **state)
{
	struct jwk_set set = { 0 };
	struct json *root = NULL, *tree = NULL;
	char *text, *token = NULL, got[128];
	size_t i, n;
	int rc;

	(void)state;
	text = test_data(V "rfc7515/a2.json", &n);
	assert_int_equal(json_parse(text, n, false, &root, NULL), 0);
	free(text);
	for (i = 0; i < COUNT_OF(parts); i++) {
		text = private_key(
		    json_member(json_member(root, "input"), "key"), i);
		rc = jwk_set_parse(text, strlen(text), &set, NULL);
		if (rc != (parts[i].taken ? 0 : E_KEY))
			fail_msg("%s: %d", parts[i].why, rc);
		free(text);
		if (rc != 0)
			continue;
		assert_int_equal(
		    keys_sign(&set.keys[0], JWA_RS256, NULL, "", 0, &token), 0);
		assert_int_equal(
		    keys_judge(token, strlen(token), &set.keys[0]), 0);
		free(token);
		assert_int_equal(jwk_write(&set.keys[0], true, &tree, NULL), 0);
		names(tree, got);
		assert_string_equal(got,
		    parts[i].without[0] != '\0' ? "e kty n d use" :
						  "e kty n d p q dp dq qi use");
		json_wipe(&tree);
		jwk_set_done(&set);
	}
	json_free(&root);
}

static void
make_short_of_memory(void *arg)
{
	struct json *tree = NULL;
	struct jwk key = { 0 };
	int rc;

	rc = jwk_generate(*(enum jwa_alg *)arg, NULL, &key, NULL);
	assert_true(rc == 0 || alloc_failed());
	if (rc == 0) {
		assert_non_null(key.kid);
		rc = jwk_write(&key, true, &tree, NULL);
		assert_true(rc == 0 || alloc_failed());
		assert_true((rc == 0) == (tree != NULL));
		json_wipe(&tree);
	} else {
		assert_true(key.pkey == NULL && key.secret == NULL);
	}
	jwk_done(&key);
}

static void
test_no_memory(void **state)
{
	enum jwa_alg algs[] = { JWA_HS256, JWA_ES256, JWA_EDDSA };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(algs); i++)
		for_each_alloc_failure(make_short_of_memory, &algs[i]);
}

/* No freed block still holds the key, however it was used. */
static void
test_wiped(void **state)
{
	static const enum jwa_alg algs[] = { JWA_HS256, JWA_HS512 };
	struct jwk_set set = { 0 };
	uint8_t secret[64];
	struct jwk key = { 0 };
	char *token = NULL;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(algs); i++) {
		assert_int_equal(jwk_generate(algs[i], NULL, &key, NULL), 0);
		memcpy(secret, key.secret, key.secret_len);
		secret_watch(secret, key.secret_len);
		read_again(&key, true, &set);
		assert_int_equal(keys_sign(&set.keys[0], algs[i], "JWT",
				     PAYLOAD, strlen(PAYLOAD), &token),
		    0);
		assert_int_equal(keys_judge(token, strlen(token), &key), 0);
		free(token);
		jwk_done(&key);
		jwk_set_done(&set);
		assert_int_equal(secret_leaks(), 0);
	}
}

/* The same for the scalar of a curve, which OpenSSL keeps as words. */
static void
test_scalar_wiped(void **state)
{
	static const char *const files[] = { V "rfc7515/a3.json",
		V "rfc8037/a4.json" };
	/* d of the two, and that of P-256 in the order of its words */
	static const uint8_t d[3][16] = {
		{ 0x8e, 0x9b, 0x10, 0x9e, 0x71, 0x90, 0x98, 0xbf, 0x98, 0x04,
		    0x87, 0xdf, 0x1f, 0x5d, 0x77, 0xe9 },
		{ 0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84,
		    0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4 },
		{ 0xe9, 0x77, 0x5d, 0x1f, 0xdf, 0x87, 0x04, 0x98, 0xbf, 0x98,
		    0x90, 0x71, 0x9e, 0x10, 0x9b, 0x8e },
	};
	struct jwk_set set = { 0 };
	char *token = NULL;
	size_t i, k;

	(void)state;
	for (k = 0; k < 3; k++) {
		for (i = 0; i < COUNT_OF(files); i++) {
			secret_watch(d[k], sizeof(d[k]));
			keys_load(files[i], &set);
			assert_int_equal(keys_sign(&set.keys[0],
					     jwk_default_alg(&set.keys[0]),
					     NULL, "", 0, &token),
			    0);
			free(token);
			jwk_set_done(&set);
			assert_int_equal(secret_leaks(), 0);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_generate),
		cmocka_unit_test(test_generate_refusals),
		cmocka_unit_test(test_thumbprint),
		cmocka_unit_test(test_rsa_parts),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_wiped),
		cmocka_unit_test(test_scalar_wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
