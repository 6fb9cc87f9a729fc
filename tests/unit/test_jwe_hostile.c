/*
 * test_jwe_hostile: encrypted tokens that somebody made on purpose. All are
 * encrypted as they stand, so that it is their header, their lengths or
 * their sender's key alone that is judged.
 */

#include "testutil.h"

#include "b64url.h"
#include "err.h"
#include "jwe.h"
#include "jwe_priv.h"
#include "testjwe.h"

#define C "vectors/cookbook/"
#define TEXT "eyJhbGciOiJub25lIn0.e30."

/* dir with A128GCM or A128CBC-HS256, under any header at all. */
static const uint8_t cek[32] = { 1, 2, 3 };

static char *
seal(enum jwa_enc enc, const char *header, const char *key_part)
{
	char *token = malloc(16384), *at;
	uint8_t iv[16] = { 7 }, tag[32], text[64];
	struct jwe_content c = { .info = jwa_enc_get(enc),
		.key = cek,
		.iv = iv,
		.aad = token,
		.in = (const uint8_t *)TEXT,
		.in_len = strlen(TEXT) };
	size_t n;

	assert_non_null(token);
	c.aad_len = b64url_encode(token, header, strlen(header));
	assert_int_equal(jwe_content_seal(&c, tag, text, &n), 0);
	at = token + c.aad_len;
	at += sprintf(at, ".%s.", key_part);
	at += b64url_encode(at, iv, c.info->iv_len);
	*at++ = '.';
	at += b64url_encode(at, text, n);
	*at++ = '.';
	b64url_encode(at, tag, c.info->tag_len);
	return token;
}

static int
judge_dir(const char *token)
{
	struct jwk_enc key = { .kty = JWK_OCT,
		.encrypts = JWK_ENC_ALL,
		.decrypts = JWK_ENC_ALL,
		.secret = (uint8_t *)(uintptr_t)cek,
		.secret_len = 16 };
	static struct jwe_opened o;
	char *copy = guard_copy(token, strlen(token));
	int rc;

	o.key = &key;
	rc = jwe_judge(copy, strlen(token), &o);
	guard_free(copy, strlen(token));
	return rc;
}

#define DIR "\"alg\":\"dir\",\"enc\":\"A128GCM\""
#define DIR_WITH(members) "{" DIR "," members "}"

/* Each is encrypted as it stands; its neighbour opens. */
static const struct {
	const char *why, *bad, *good;
	int want;
} headers[] = {
	{ "zip", DIR_WITH("\"zip\":\"DEF\""), DIR_WITH("\"zap\":\"DEF\""),
	    E_HEADER_INVALID },
	{ "zip null", DIR_WITH("\"zip\":null"), DIR_WITH("\"zap\":null"),
	    E_HEADER_INVALID },
	{ "crit", DIR_WITH("\"crit\":[\"exp\"],\"exp\":1"),
	    DIR_WITH("\"exp\":1"), E_HEADER_INVALID },
	{ "crit empty", DIR_WITH("\"crit\":[]"), DIR_WITH("\"krit\":[]"),
	    E_HEADER_INVALID },
	{ "b64", DIR_WITH("\"b64\":false"), DIR_WITH("\"b65\":false"),
	    E_HEADER_INVALID },
	{ "p2c", DIR_WITH("\"p2c\":1000"), DIR_WITH("\"p3c\":1000"),
	    E_HEADER_INVALID },
	{ "epk", DIR_WITH("\"epk\":{}"), DIR_WITH("\"apk\":{}"),
	    E_HEADER_INVALID },
	{ "a crit of a refused alg is told first",
	    "{\"alg\":\"RSA1_5\",\"enc\":\"A128GCM\",\"crit\":[]}", "{" DIR "}",
	    E_HEADER_INVALID },
	{ "no alg", "{\"enc\":\"A128GCM\"}", "{" DIR "}", E_HEADER_INVALID },
	{ "no enc", "{\"alg\":\"dir\"}", "{" DIR "}", E_HEADER_INVALID },
	{ "alg no string", "{\"alg\":1,\"enc\":\"A128GCM\"}", "{" DIR "}",
	    E_HEADER_INVALID },
	{ "alg of a signature", "{\"alg\":\"HS256\",\"enc\":\"A128GCM\"}",
	    "{" DIR "}", E_ALGORITHM_REFUSED },
	{ "none", "{\"alg\":\"none\",\"enc\":\"A128GCM\"}", "{" DIR "}",
	    E_ALGORITHM_REFUSED },
	{ "enc none", "{\"alg\":\"dir\",\"enc\":\"none\"}", "{" DIR "}",
	    E_ALGORITHM_REFUSED },
	{ "case", "{\"alg\":\"DIR\",\"enc\":\"A128GCM\"}", "{" DIR "}",
	    E_ALGORITHM_REFUSED },
	{ "blank", "{\"alg\":\"dir \",\"enc\":\"A128GCM\"}", "{" DIR "}",
	    E_ALGORITHM_REFUSED },
	{ "NUL", "{\"alg\":\"dir\\u0000\",\"enc\":\"A128GCM\"}", "{" DIR "}",
	    E_HEADER_INVALID },
	{ "alg twice", DIR_WITH("\"alg\":\"dir\""), "{" DIR "}",
	    E_HEADER_INVALID },
	{ "enc twice, escaped", DIR_WITH("\"en\\u0063\":\"A128GCM\""),
	    "{\"alg\":\"dir\",\"en\\u0063\":\"A128GCM\"}", E_HEADER_INVALID },
	{ "enc of 192 bits", "{\"alg\":\"dir\",\"enc\":\"A192GCM\"}",
	    "{" DIR "}", E_ALGORITHM_REFUSED },
	{ "another enc", "{\"alg\":\"dir\",\"enc\":\"A256GCM\"}", "{" DIR "}",
	    E_ALGORITHM_REFUSED },
	{ "kid a number", DIR_WITH("\"kid\":1"), DIR_WITH("\"kid\":\"1\""),
	    E_HEADER_INVALID },
	{ "kid with LF", DIR_WITH("\"kid\":\"a\\nb\""),
	    DIR_WITH("\"kid\":\"a b\""), E_HEADER_INVALID },
	{ "cty a number", DIR_WITH("\"cty\":1"),
	    DIR_WITH("\"cty\":\"text/plain\""), E_HEADER_INVALID },
	{ "not closed", "{" DIR, "{" DIR "}", E_HEADER_INVALID },
	{ "an array", "[{" DIR "}]", "{" DIR "}", E_HEADER_INVALID },
	{ "a key in it is ignored", "{",
	    DIR_WITH("\"jwk\":{\"kty\":\"oct\",\"k\":\"AAAA\"},"
		     "\"jku\":\"https://evil.example\""),
	    E_HEADER_INVALID },
};

static void
test_header(void **state)
{
	char *token;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < COUNT_OF(headers); i++) {
		token = seal(JWA_A128GCM, headers[i].good, "");
		rc = judge_dir(token);
		free(token);
		if (rc != 0)
			fail_msg("%s, its neighbour: %s", headers[i].why,
			    err_name(rc));
		token = seal(JWA_A128GCM, headers[i].bad, "");
		rc = judge_dir(token);
		free(token);
		if (rc != headers[i].want)
			fail_msg("%s: %s, not %s", headers[i].why, err_name(rc),
			    err_name(headers[i].want));
	}
}

static void
test_names(void **state)
{
	static const char *const names[] = { "RSA1_5", "RSA-OAEP",
		"PBES2-HS256+A128KW", "PBES2-HS512+A256KW", "A128GCMKW",
		"A256GCMKW", "A192KW", "ECDH-ES+A192KW" };
	char header[160], *token;
	struct jwe jwe;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(names); i++) {
		snprintf(header, sizeof(header),
		    "{\"alg\":\"%s\",\"enc\":\"A128GCM\",\"p2c\":2000000}",
		    names[i]);
		token = seal(JWA_A128GCM, header, "AAAA");
		memset(&e, 0, sizeof(e));
		assert_int_equal(jwe_parse(token, strlen(token), &jwe, &e),
		    E_ALGORITHM_REFUSED);
		assert_non_null(strstr(e.text, names[i]));
		free(token);
	}
}

/* Lengths of the five parts. GCM with a tag of 4 bytes: CVE-2023-37464. */
static void
test_lengths(void **state)
{
	static const struct {
		const char *why, *head, *rest;
		int want;
	} parts[] = {
		{ "right", "", "", 0 },
		{ "a key for dir", "AAAA", "", E_TOKEN_MALFORMED },
		{ "no tag", "", "AAAAAAAAAAAAAAAA.AAAA.", E_TOKEN_MALFORMED },
		{ "tag of 3", "", "AAAAAAAAAAAAAAAA.AAAA.AAAA",
		    E_TOKEN_MALFORMED },
		{ "tag of 12", "", "AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAA",
		    E_TOKEN_MALFORMED },
		{ "tag of 18", "",
		    "AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAAAA",
		    E_TOKEN_MALFORMED },
		{ "tag of 16", "",
		    "AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA",
		    E_SIGNATURE_INVALID },
		{ "iv of 9", "", "AAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA",
		    E_TOKEN_MALFORMED },
		{ "iv of 16", "",
		    "AAAAAAAAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA",
		    E_TOKEN_MALFORMED },
		{ "no iv", "", ".AAAA.AAAAAAAAAAAAAAAAAAAAAA",
		    E_TOKEN_MALFORMED },
		{ "nothing in it", "",
		    "AAAAAAAAAAAAAAAA..AAAAAAAAAAAAAAAAAAAAAA",
		    E_SIGNATURE_INVALID },
		{ "trailing bits in the tag", "",
		    "AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAB",
		    E_TOKEN_MALFORMED },
		{ "a sixth part", "",
		    "AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA.AAAA",
		    E_TOKEN_MALFORMED },
		{ "four parts", "", "AAAAAAAAAAAAAAAA.AAAA",
		    E_TOKEN_MALFORMED },
	};
	char *token, *at;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < COUNT_OF(parts); i++) {
		token = seal(JWA_A128GCM, "{" DIR "}", parts[i].head);
		at = strchr(strchr(token, '.') + 1, '.') + 1;
		if (parts[i].rest[0] != '\0')
			strcpy(at, parts[i].rest);
		rc = judge_dir(token);
		if (rc != parts[i].want)
			fail_msg("%s: %s, not %s", parts[i].why, err_name(rc),
			    err_name(parts[i].want));
		free(token);
	}
}

/* CBC: parts of a block, and a tag that is right for no more than its half. */
static void
test_cbc(void **state)
{
	static const char head[] = "{\"alg\":\"dir\","
				   "\"enc\":\"A128CBC-HS256\"}";
	struct jwk_enc key = { .kty = JWK_OCT,
		.decrypts = JWK_ENC_ALL,
		.secret = (uint8_t *)(uintptr_t)cek,
		.secret_len = 32 };
	static struct jwe_opened o;
	char *token = seal(JWA_A128CBC_HS256, head, ""), *dot;
	const char *same;
	size_t n = strlen(token);

	(void)state;
	o.key = &key;
	assert_int_equal(jwe_judge(token, n, &o), 0);
	dot = strrchr(token, '.');
	/* one byte of the last block away */
	memmove(dot - 2, dot, strlen(dot) + 1);
	assert_int_equal(jwe_judge(token, n - 2, &o), E_TOKEN_MALFORMED);
	free(token);
	/* the padding is wrong, or the MAC is: nobody can tell */
	token = seal(JWA_A128CBC_HS256, head, "");
	dot = strrchr(token, '.');
	dot[-4] = dot[-4] == 'A' ? 'B' : 'A';
	assert_int_equal(jwe_judge(token, n, &o), E_SIGNATURE_INVALID);
	same = strdup(o.e.text);
	free(token);
	token = seal(JWA_A128CBC_HS256, head, "");
	token[n - 4] = token[n - 4] == 'A' ? 'B' : 'A';
	assert_int_equal(jwe_judge(token, n, &o), E_SIGNATURE_INVALID);
	assert_string_equal(o.e.text, same);
	free((char *)(uintptr_t)same);
	free(token);
}

#define X256 "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0"
#define Y256 "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps"
#define EPK(members) \
	"{\"alg\":\"ECDH-ES\",\"enc\":\"A128GCM\",\"epk\":{" members "}}"
#define ZERO256 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

/* The sender's key: RFC 7520's own, and everything that is not one. */
static const struct {
	const char *why, *header;
	int parse;
} sender_keys[] = {
	{ "as it should be",
	    EPK("\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X256
		"\",\"y\":\"" Y256 "\""),
	    0 },
	{ "none", "{\"alg\":\"ECDH-ES\",\"enc\":\"A128GCM\"}",
	    E_HEADER_INVALID },
	{ "a string", "{\"alg\":\"ECDH-ES\",\"enc\":\"A128GCM\",\"epk\":\"x\"}",
	    E_HEADER_INVALID },
	{ "empty", EPK(""), E_HEADER_INVALID },
	{ "no y", EPK("\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X256 "\""),
	    E_HEADER_INVALID },
	{ "private",
	    EPK("\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X256
		"\",\"y\":\"" Y256 "\",\"d\":\"" X256 "\""),
	    E_HEADER_INVALID },
	{ "of another kty",
	    EPK("\"kty\":\"OKP\",\"crv\":\"P-256\",\"x\":\"" X256
		"\",\"y\":\"" Y256 "\""),
	    E_HEADER_INVALID },
	{ "secp256k1",
	    EPK("\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"" X256
		"\",\"y\":\"" Y256 "\""),
	    E_HEADER_INVALID },
	{ "a short x",
	    EPK("\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAA\","
		"\"y\":\"" Y256 "\""),
	    E_HEADER_INVALID },
	{ "P-256 said to be P-384",
	    EPK("\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"" X256
		"\",\"y\":\"" Y256 "\""),
	    E_HEADER_INVALID },
	{ "not on the curve (CVE-2017-16007)",
	    EPK("\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" Y256
		"\",\"y\":\"" X256 "\""),
	    0 },
	{ "zeros",
	    EPK("\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" ZERO256
		"\",\"y\":\"" ZERO256 "\""),
	    0 },
	{ "beyond the field",
	    EPK("\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\""
		"__________________________________________8"
		"\",\"y\":\"" Y256 "\""),
	    0 },
	{ "X25519 for a key on P-256",
	    EPK("\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"" X256 "\""), 0 },
	{ "apu too long", "{\"alg\":\"ECDH-ES\",\"enc\":\"A128GCM\",\"apu\":1}",
	    E_HEADER_INVALID },
};

static void
test_epk(void **state)
{
	struct jwk_enc_set set = { 0 };
	static struct jwe_opened o;
	char *token;
	struct jwe jwe;
	size_t i;
	int rc;

	(void)state;
	jwe_keys_load(C "jwe/5_5.key_agreement_using_ecdh-es_with_aes-cbc-"
			"hmac-sha2.json",
	    &set);
	o.key = &set.keys[0];
	for (i = 0; i < COUNT_OF(sender_keys); i++) {
		token = seal(JWA_A128GCM, sender_keys[i].header, "");
		rc = jwe_parse(token, strlen(token), &jwe, NULL);
		if (rc != sender_keys[i].parse)
			fail_msg("%s: %s, not %s", sender_keys[i].why,
			    err_name(rc), err_name(sender_keys[i].parse));
		assert_int_not_equal(jwe_judge(token, strlen(token), &o), 0);
		if (rc == 0)
			assert_int_equal(jwe_judge(token, strlen(token), &o),
			    E_SIGNATURE_INVALID);
		free(token);
	}
	jwk_enc_set_done(&set);
}

/* RFC 7748 §6.1: points of small order give zeros with every key. */
static void
test_small_order(void **state)
{
	static const char *const points[] = {
		ZERO256,
		"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"4Ot6fDtBuK4WVuP68Z_EatoJjetWnDKx_YZmBWlJpbg",
		"X5yVvKNQjCSx0LFVnIPvWwREXMRYHI6G2CJO3dCfEVc",
		"7P_______________________________________38",
		"7f_______________________________________38",
		"7v_______________________________________38",
	};
	struct jwk_enc_set set = { 0 };
	static struct jwe_opened o;
	char header[256], *token;
	size_t i;

	(void)state;
	jwe_keys_load(C "curve25519/ecdh-es.json", &set);
	o.key = &set.keys[0];
	for (i = 0; i < COUNT_OF(points); i++) {
		snprintf(header, sizeof(header),
		    EPK("\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"%s\""),
		    points[i]);
		token = seal(JWA_A128GCM, header, "");
		assert_int_equal(
		    jwe_judge(token, strlen(token), &o), E_SIGNATURE_INVALID);
		free(token);
	}
	jwk_enc_set_done(&set);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_cbc),
		cmocka_unit_test(test_epk),
		cmocka_unit_test(test_small_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
