/*
 * test_jwk_enc: which keys encrypt and decrypt, and with what. Beside each
 * refusal stands the key that differs in one thing and is taken.
 */

#include "testutil.h"

#include <openssl/err.h>

#include "err.h"
#include "json.h"
#include "jwk_enc.h"

#define V "vectors/"
#define C V "cookbook/"
#define K16 "'k':'AAAAAAAAAAAAAAAAAAAAAA'"
#define K32 "'k':'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'"
#define X25519 \
	"'kty':'OKP','crv':'X25519'," \
	"'x':'3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08'"
#define D25519 "'d':'XasIfmJKikt54X-Lg4AO5m87sSkmGLb9HC-LJ_-I4Os'"
#define P256 \
	"'kty':'EC','crv':'P-256'," \
	"'x':'gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0'," \
	"'y':'SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps'"

#define BROKEN (-1)
#define SKIPPED 0

/* text with ' for ". Returns the count of usable keys, or BROKEN. */
static int
parse(const char *text, struct jwk_enc_set *set)
{
	char *copy = strdup(text), *p;
	struct err e = { 0 };
	int rc;

	assert_non_null(copy);
	for (p = copy; *p != '\0'; p++) {
		if (*p == '\'')
			*p = '"';
	}
	memset(set, 0, sizeof(*set));
	p = guard_copy(copy, strlen(copy));
	rc = jwk_enc_set_parse(p, strlen(copy), set, &e);
	guard_free(p, strlen(copy));
	free(copy);
	assert_true(rc == 0 || rc == E_KEY);
	assert_int_equal(rc == 0, e.text[0] == '\0');
	assert_int_equal(ERR_peek_error(), 0);
	return rc == 0 ? (int)set->count : BROKEN;
}

static const struct {
	const char *why, *text;
	int want;
} kinds[] = {
	{ "a secret", "{'kty':'oct'," K16 "}", 1 },
	{ "of 15 bytes", "{'kty':'oct','k':'AAAAAAAAAAAAAAAAAAAA'}", BROKEN },
	{ "empty", "{'kty':'oct','k':''}", BROKEN },
	{ "trailing bits", "{'kty':'oct','k':'AAAAAAAAAAAAAAAAAAAAAB'}",
	    BROKEN },
	{ "for signatures", "{'kty':'oct','use':'sig'," K32 "}", SKIPPED },
	{ "for encryption", "{'kty':'oct','use':'enc'," K32 "}", 1 },
	{ "alg of a MAC", "{'kty':'oct','alg':'HS256'," K32 "}", SKIPPED },
	{ "A256KW", "{'kty':'oct','alg':'A256KW'," K32 "}", 1 },
	{ "A256KW, too short", "{'kty':'oct','alg':'A256KW'," K16 "}", BROKEN },
	{ "A192KW", "{'kty':'oct','alg':'A192KW'," K32 "}", SKIPPED },
	{ "PBES2", "{'kty':'oct','alg':'PBES2-HS256+A128KW'," K32 "}",
	    SKIPPED },
	{ "dir", "{'kty':'oct','alg':'dir'," K32 "}", 1 },
	{ "the enc of dir", "{'kty':'oct','alg':'A256GCM'," K32 "}", 1 },
	{ "the enc of dir, too short", "{'kty':'oct','alg':'A256GCM'," K16 "}",
	    BROKEN },
	{ "key_ops", "{'kty':'oct','key_ops':['unwrapKey']," K16 "}", 1 },
	{ "key_ops of a MAC", "{'kty':'oct','key_ops':['verify']," K16 "}",
	    SKIPPED },
	{ "key_ops that alg has no use for",
	    "{'kty':'oct','alg':'A128KW','key_ops':['decrypt']," K16 "}",
	    BROKEN },
	{ "key_ops no array", "{'kty':'oct','key_ops':1," K16 "}", BROKEN },
	{ "key_ops null", "{'kty':'oct','key_ops':null," K16 "}", BROKEN },
	{ "X25519", "{" X25519 "," D25519 "}", 1 },
	{ "X25519, public", "{" X25519 "}", 1 },
	{ "X25519, a d of another x",
	    "{" X25519 ",'d':'AasIfmJKikt54X-Lg4AO5m87sSkmGLb9HC-LJ_-"
	    "I4Os'}",
	    BROKEN },
	{ "X25519, short", "{'kty':'OKP','crv':'X25519','x':'AAAA'}", BROKEN },
	{ "X25519 as EC", "{'kty':'EC','crv':'X25519','x':'AAAA'}", BROKEN },
	{ "X448", "{'kty':'OKP','crv':'X448','x':'AAAA'}", SKIPPED },
	{ "Ed25519", "{'kty':'OKP','crv':'Ed25519','x':'AAAA'}", SKIPPED },
	{ "X25519 for RSA", "{" X25519 ",'alg':'RSA-OAEP-256'}", BROKEN },
	{ "P-256", "{" P256 "}", 1 },
	{ "P-256 for ES256", "{" P256 ",'alg':'ES256'}", SKIPPED },
	{ "P-256 for ECDH-ES", "{" P256 ",'alg':'ECDH-ES'}", 1 },
	{ "P-256 not on the curve",
	    "{'kty':'EC','crv':'P-256',"
	    "'y':'gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0',"
	    "'x':'SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps'}",
	    BROKEN },
	{ "secp256k1", "{'kty':'EC','crv':'secp256k1'}", SKIPPED },
	{ "no crv", "{'kty':'EC'}", BROKEN },
	{ "no kty", "{" K16 "}", BROKEN },
	{ "unknown kty", "{'kty':'AKP','alg':'ML-KEM-768'}", SKIPPED },
	{ "RSA of SHA-1", "{'kty':'RSA','alg':'RSA-OAEP','n':'AA'}", SKIPPED },
	{ "RSA, e = 1", "{'kty':'RSA','n':'AQ','e':'AQ'}", BROKEN },
	{ "no set", "{'keys':{}}", BROKEN },
	{ "an empty set", "{'keys':[]}", BROKEN },
	{ "a set and a key", "{'keys':[],'kty':'oct'}", BROKEN },
	{ "a set of both uses",
	    "{'keys':[{'kty':'oct','use':'sig'},{" P256 "}]}", 1 },
	{ "secret and public", "{'keys':[{'kty':'oct'," K16 "},{" P256 "}]}",
	    BROKEN },
	{ "a kid twice",
	    "{'keys':[{'kid':'a'," P256 "},{'kid':'a'," X25519 "}]}", BROKEN },
	{ "two kids", "{'keys':[{'kid':'a'," P256 "},{'kid':'b'," X25519 "}]}",
	    2 },
	{ "kid a number", "{'kid':1," P256 "}", BROKEN },
	{ "an element that is none", "{'keys':[1]}", BROKEN },
	{ "nothing", "", BROKEN },
	{ "blanks", " \n", BROKEN },
	{ "words", "a key", BROKEN },
	{ "no JSON", "{'kty':'oct'", BROKEN },
};

static void
test_rows(void **state)
{
	struct jwk_enc_set set;
	size_t i;
	int n;

	(void)state;
	for (i = 0; i < COUNT_OF(kinds); i++) {
		n = parse(kinds[i].text, &set);
		if (n != kinds[i].want)
			fail_msg(
			    "%s: %d, not %d", kinds[i].why, n, kinds[i].want);
		jwk_enc_set_done(&set);
	}
}

/* What each key may do; the rest of the table is false. */
static void
test_fits(void **state)
{
	static const struct {
		const char *text;
		unsigned algs; /* to decrypt */
		unsigned encrypt_algs;
	} rows[] = {
#define BIT(a) (1u << JWA_##a)
#define ECDH (BIT(ECDH_ES) | BIT(ECDH_ES_A128KW) | BIT(ECDH_ES_A256KW))
		{ "{'kty':'oct'," K16 "}", BIT(DIR) | BIT(A128KW),
		    BIT(DIR) | BIT(A128KW) },
		{ "{'kty':'oct','alg':'dir'," K16 "}", BIT(DIR), BIT(DIR) },
		{ "{'kty':'oct','alg':'A128GCM'," K16 "}", BIT(DIR), BIT(DIR) },
		{ "{'kty':'oct','alg':'A128KW'," K16 "}", BIT(A128KW),
		    BIT(A128KW) },
		{ "{'kty':'oct','key_ops':['decrypt']," K16 "}", BIT(DIR), 0 },
		{ "{'kty':'oct','key_ops':['wrapKey']," K16 "}", 0,
		    BIT(A128KW) },
		{ "{" X25519 "," D25519 "}", ECDH, ECDH },
		{ "{" X25519 "}", 0, ECDH },
		{ "{" X25519 "," D25519 ",'alg':'ECDH-ES+A256KW'}",
		    BIT(ECDH_ES_A256KW), BIT(ECDH_ES_A256KW) },
		{ "{" X25519 "," D25519 ",'key_ops':['deriveKey']}", ECDH,
		    ECDH },
		{ "{" P256 ",'key_ops':['deriveBits']}", 0, ECDH },
	};
	struct jwk_enc_set set;
	unsigned algs, encrypt_algs;
	int alg;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(parse(rows[i].text, &set), 1);
		algs = encrypt_algs = 0;
		for (alg = -1; alg <= JWA_WRAP_COUNT; alg++) {
			if (jwk_enc_fits(&set.keys[0], (enum jwa_wrap)alg,
				JWA_A128GCM, true))
				algs |= 1u << alg;
			if (jwk_enc_fits(&set.keys[0], (enum jwa_wrap)alg,
				JWA_A128GCM, false))
				encrypt_algs |= 1u << alg;
			assert_false(jwk_enc_fits(&set.keys[0],
			    (enum jwa_wrap)alg, JWA_ENC_NONE, true));
		}
		if (algs != rows[i].algs ||
		    encrypt_algs != rows[i].encrypt_algs)
			fail_msg(
			    "%s: %#x %#x", rows[i].text, algs, encrypt_algs);
		jwk_enc_set_done(&set);
	}
}

static void
test_files(void **state)
{
	static const struct {
		const char *file;
		enum jwk_kty kty;
		bool decrypts;
	} rows[] = {
		{ V "keys/rsa.pem", JWK_RSA, true },
		{ V "keys/rsa-public.pem", JWK_RSA, false },
		{ V "keys/ec-p256.pem", JWK_EC, true },
		{ V "keys/ec-p256-public.pem", JWK_EC, false },
		{ V "keys/ec-p384.pem", JWK_EC, true },
		{ V "keys/ec-p521.pem", JWK_EC, true },
		{ V "keys/x25519.pem", JWK_OKP, true },
		{ V "keys/x25519-public.pem", JWK_OKP, false },
		{ V "keys/ed25519.pem", JWK_NONE, false },
		{ V "keys/ec-secp256k1.pem", JWK_NONE, false },
		{ C "jwk/3_1.ec_public_key.json", JWK_NONE, false },
		{ C "jwk/3_2.ec_private_key.json", JWK_NONE, false },
		{ C "jwk/3_3.rsa_public_key.json", JWK_NONE, false },
		{ C "jwk/3_4.rsa_private_key.json", JWK_NONE, false },
		{ C "jwk/3_5.symmetric_key_mac_computation.json", JWK_NONE,
		    false },
		{ C "jwk/3_6.symmetric_key_encryption.json", JWK_OCT, true },
	};
	struct jwk_enc_set set;
	char *text;
	size_t i, n;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		memset(&set, 0, sizeof(set));
		text = test_data(rows[i].file, &n);
		assert_int_equal(jwk_enc_set_parse(text, n, &set, NULL), 0);
		free(text);
		if (set.count != (rows[i].kty == JWK_NONE ? 0 : 1))
			fail_msg("%s: %zu keys", rows[i].file, set.count);
		if (set.count > 0) {
			assert_int_equal(set.keys[0].kty, rows[i].kty);
			assert_int_equal(
			    set.keys[0].decrypts != 0, rows[i].decrypts);
			assert_true(set.keys[0].encrypts != 0);
		} else {
			assert_int_equal(set.skipped, 1);
		}
		jwk_enc_set_done(&set);
	}
}

static void
damage(const char *data, size_t n, void *arg)
{
	struct jwk_enc_set set = { 0 };

	(void)arg;
	if (jwk_enc_set_parse(data, n, &set, NULL) == 0)
		jwk_enc_set_done(&set);
	assert_null(set.keys);
	assert_int_equal(ERR_peek_error(), 0);
}

static void
short_of_memory(void *arg)
{
	const char *text = arg;
	struct jwk_enc_set set = { 0 };
	int rc;

	rc = jwk_enc_set_parse(text, strlen(text), &set, NULL);
	assert_true(rc == 0 || rc == E_NOMEM || alloc_failed());
	if (rc == 0)
		jwk_enc_set_done(&set);
	assert_null(set.keys);
	assert_int_equal(ERR_peek_error(), 0);
}

static void
test_damage(void **state)
{
	static char set[] =
	    "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"X25519\",\"kid\":\"a\","
	    "\"x\":\"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08\","
	    "\"d\":\"XasIfmJKikt54X-Lg4AO5m87sSkmGLb9HC-LJ_-I4Os\"},"
	    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"use\":\"enc\","
	    "\"x\":\"gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0\","
	    "\"y\":\"SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps\"}]}";
	static char oct[] = "{\"kty\":\"oct\",\"alg\":\"A128KW\",\"kid\":\"a\","
			    "\"k\":\"AAAAAAAAAAAAAAAAAAAAAA\"}";

	(void)state;
	for_each_truncation(set, strlen(set), damage, NULL);
	for_each_bit_flip(set, strlen(set), damage, NULL);
	for_each_truncation(oct, strlen(oct), damage, NULL);
	for_each_bit_flip(oct, strlen(oct), damage, NULL);
	for_each_alloc_failure(short_of_memory, set);
	for_each_alloc_failure(short_of_memory, oct);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_fits),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
