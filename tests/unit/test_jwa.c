/*
 * test_jwa: the table says what the RFCs say, and a name has one spelling.
 */

#include "testutil.h"

#include "jwa.h"

static const struct jwa_info want[] = {
	{ JWA_HS256, "HS256", JWA_KIND_HMAC, "SHA256", 32, NULL, 32 },
	{ JWA_HS384, "HS384", JWA_KIND_HMAC, "SHA384", 48, NULL, 48 },
	{ JWA_HS512, "HS512", JWA_KIND_HMAC, "SHA512", 64, NULL, 64 },
	{ JWA_RS256, "RS256", JWA_KIND_RSA, "SHA256", 32, NULL, 0 },
	{ JWA_RS384, "RS384", JWA_KIND_RSA, "SHA384", 48, NULL, 0 },
	{ JWA_RS512, "RS512", JWA_KIND_RSA, "SHA512", 64, NULL, 0 },
	{ JWA_PS256, "PS256", JWA_KIND_RSA_PSS, "SHA256", 32, NULL, 0 },
	{ JWA_PS384, "PS384", JWA_KIND_RSA_PSS, "SHA384", 48, NULL, 0 },
	{ JWA_PS512, "PS512", JWA_KIND_RSA_PSS, "SHA512", 64, NULL, 0 },
	{ JWA_ES256, "ES256", JWA_KIND_ECDSA, "SHA256", 32, "P-256", 64 },
	{ JWA_ES384, "ES384", JWA_KIND_ECDSA, "SHA384", 48, "P-384", 96 },
	{ JWA_ES512, "ES512", JWA_KIND_ECDSA, "SHA512", 64, "P-521", 132 },
	{ JWA_ES256K, "ES256K", JWA_KIND_ECDSA, "SHA256", 32, "secp256k1", 64 },
	{ JWA_EDDSA, "EdDSA", JWA_KIND_EDDSA, NULL, 0, NULL, 0 },
	{ JWA_ED25519, "Ed25519", JWA_KIND_EDDSA, NULL, 0, "Ed25519", 64 },
	{ JWA_ED448, "Ed448", JWA_KIND_EDDSA, NULL, 0, "Ed448", 114 },
#ifdef HAVE_ML_DSA
	{ JWA_ML_DSA_44, "ML-DSA-44", JWA_KIND_ML_DSA, NULL, 0, "ML-DSA-44",
	    2420 },
	{ JWA_ML_DSA_65, "ML-DSA-65", JWA_KIND_ML_DSA, NULL, 0, "ML-DSA-65",
	    3309 },
	{ JWA_ML_DSA_87, "ML-DSA-87", JWA_KIND_ML_DSA, NULL, 0, "ML-DSA-87",
	    4627 },
#endif
};

static void
same_text(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		assert_ptr_equal(a, b);
	else
		assert_string_equal(a, b);
}

static void
test_rows(void **state)
{
	const struct jwa_info *got;
	const char *const *names;
	size_t count, i;

	(void)state;
	names = jwa_names(&count);
	assert_int_equal(count, COUNT_OF(want));
#ifdef HAVE_ML_DSA
	assert_int_equal(count, JWA_COUNT - 1);
#else
	assert_int_equal(count, JWA_ML_DSA_44 - 1);
#endif
	for (i = 0; i < COUNT_OF(want); i++) {
		got = jwa_get(want[i].alg);
		assert_non_null(got);
		assert_int_equal(got->alg, want[i].alg);
		assert_string_equal(got->name, want[i].name);
		assert_int_equal(got->kind, want[i].kind);
		same_text(got->digest, want[i].digest);
		assert_int_equal(got->hash_len, want[i].hash_len);
		same_text(got->curve, want[i].curve);
		assert_int_equal(got->sig_len, want[i].sig_len);
		assert_string_equal(jwa_name(want[i].alg), want[i].name);
		assert_string_equal(names[i], want[i].name);
	}
}

static void
is_another(const char *data, size_t n, void *arg)
{
	enum jwa_alg got = jwa_find(data, n);

	assert_int_not_equal(got, *(const enum jwa_alg *)arg);
	if (got != JWA_NONE)
		assert_memory_equal(jwa_name(got), data, n);
}

static void
test_find(void **state)
{
	enum jwa_alg alg;
	size_t i, n;
	char *copy;

	(void)state;
	for (i = 0; i < COUNT_OF(want); i++) {
		alg = want[i].alg;
		n = strlen(want[i].name);
		copy = guard_copy(want[i].name, n);
		assert_int_equal(jwa_find(copy, n), alg);
		guard_free(copy, n);
		for_each_truncation(want[i].name, n, is_another, &alg);
		for_each_bit_flip(want[i].name, n, is_another, &alg);
		/* a NUL and what follows it are part of the name */
		assert_int_equal(jwa_find(want[i].name, n + 1), JWA_NONE);
	}
}

static void
test_refused(void **state)
{
	static const char *const names[] = { "", "none", "None", "NONE",
		"hs256", "Hs256", "HS256 ", " HS256", "HS1", "HS224", "RS1",
		"ES256k", "es256K", "ES256K1", "ML-DSA", "ML-DSA-", "ML-DSA-2",
		"ml-dsa-44", "ML-DSA-44 ", "MLDSA44", "RSA-OAEP", "dir",
		"ed25519", "EDDSA" };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(names); i++) {
		if (jwa_find(names[i], strlen(names[i])) != JWA_NONE)
			fail_msg("%s", names[i]);
	}
	assert_int_equal(jwa_find(NULL, 0), JWA_NONE);
	assert_null(jwa_get(JWA_NONE));
	assert_null(jwa_get(JWA_COUNT));
	assert_null(jwa_get((enum jwa_alg) - 1));
	assert_string_equal(jwa_name(JWA_NONE), "none");
	assert_string_equal(jwa_name(JWA_COUNT), "none");
}

/* Known everywhere, taken where OpenSSL has it, and nothing in between. */
static void
test_absent(void **state)
{
	static const char *const names[] = { "ML-DSA-44", "ML-DSA-65",
		"ML-DSA-87" };
	size_t i, n;

	(void)state;
	for (i = 0; i < COUNT_OF(names); i++) {
		n = strlen(names[i]);
		assert_int_equal(jwa_is_absent(names[i], n),
		    jwa_find(names[i], n) == JWA_NONE);
		assert_int_equal(
		    jwa_get((enum jwa_alg)(JWA_ML_DSA_44 + i)) == NULL,
		    jwa_is_absent(names[i], n));
		assert_false(jwa_is_absent(names[i], n - 1));
		assert_false(jwa_is_absent(names[i], n + 1));
	}
	assert_false(jwa_is_absent("HS256", 5));
	assert_false(jwa_is_absent("none", 4));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_absent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
