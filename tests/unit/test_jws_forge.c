/*
 * test_jws_forge: the forgeries that have names (RFC 8725 §2, CVE-2016-10555,
 * CVE-2022-21449 and others). Each stands beside the signature it mimics.
 */

#include "testutil.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "b64url.h"
#include "err.h"
#include "jws.h"
#include "testkeys.h"

#define PAYLOAD "{\"sub\":\"alice\"}"
#define SIG_MAX 1024

/* header.payload.signature for any bytes as the signature */
static char *
join(const char *header, const void *sig, size_t n)
{
	char *token = calloc(1, 4096);
	size_t len;

	assert_non_null(token);
	len = b64url_encode(token, header, strlen(header));
	token[len++] = '.';
	len += b64url_encode(token + len, PAYLOAD, strlen(PAYLOAD));
	token[len++] = '.';
	b64url_encode(token + len, sig, n);
	return token;
}

static int
judge_raw(const struct jwk *key, const char *header, const void *sig, size_t n)
{
	char *token = join(header, sig, n);
	int rc;

	rc = keys_judge(token, strlen(token), key);
	free(token);
	return rc;
}

/* The good signature of a token that jws_sign() makes of PAYLOAD. */
static size_t
good_signature(const struct jwk *key, enum jwa_alg alg, uint8_t sig[SIG_MAX])
{
	char *token = NULL;
	const char *text;
	size_t n;

	assert_int_equal(
	    keys_sign(key, alg, NULL, PAYLOAD, strlen(PAYLOAD), &token), 0);
	text = strrchr(token, '.') + 1;
	n = strlen(text);
	assert_int_equal(b64url_decode(sig, text, n), 0);
	free(token);
	return B64URL_DECODED_LEN(n);
}

static void
from_hex(uint8_t *dst, const char *hex)
{
	unsigned byte;

	for (; *hex != '\0'; hex += 2) {
		assert_int_equal(sscanf(hex, "%2x", &byte), 1);
		*dst++ = (uint8_t)byte;
	}
}

#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"
#define ONE "0000000000000000000000000000000000000000000000000000000000000001"
#define ORDER "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
#define ORDER_LESS_1 \
	"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550"
#define FIELD "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"
#define ALL_ONES \
	"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

/* CVE-2022-21449 and its neighbours: P-256. */
static void
test_ecdsa(void **state)
{
	static const char *const pairs[] = { ZERO ZERO, ZERO ONE, ONE ZERO,
		ONE ONE, ORDER ORDER, ORDER ONE, ONE ORDER, ZERO ORDER,
		ORDER_LESS_1 ORDER_LESS_1, FIELD FIELD, ALL_ONES ALL_ONES };
	static const char header[] = "{\"alg\":\"ES256\"}";
	struct jwk_set set = { 0 };
	uint8_t sig[SIG_MAX] = { 0 };
	const struct jwk *key;
	size_t i, n;

	(void)state;
	keys_load("vectors/rfc7515/a3.json", &set);
	key = &set.keys[0];
	for (i = 0; i < COUNT_OF(pairs); i++) {
		from_hex(sig, pairs[i]);
		assert_int_equal(
		    judge_raw(key, header, sig, 64), E_SIGNATURE_INVALID);
	}
	n = good_signature(key, JWA_ES256, sig);
	assert_int_equal(n, 64);
	assert_int_equal(judge_raw(key, header, sig, n), 0);
	for (i = 1; i <= 768; i++) {
		if (i != 64)
			assert_int_equal(judge_raw(key, header, sig, i),
			    E_SIGNATURE_INVALID);
	}
	/* 33 bytes each, with a zero in front */
	memmove(sig + 34, sig + 32, 32);
	memmove(sig + 1, sig, 32);
	sig[0] = sig[33] = 0;
	assert_int_equal(judge_raw(key, header, sig, 66), E_SIGNATURE_INVALID);
	jwk_set_done(&set);
}

/* DER where raw is asked for; and s replaced by n - s is as good. */
static void
test_ecdsa_forms(void **state)
{
	static const char header[] = "{\"alg\":\"ES256\"}";
	struct jwk_set set = { 0 };
	uint8_t sig[SIG_MAX], der[SIG_MAX] = { 0x30, 68, 2, 32 }, n[32];
	int borrow = 0, i, v;

	(void)state;
	keys_load("vectors/rfc7515/a3.json", &set);
	do {
		good_signature(&set.keys[0], JWA_ES256, sig);
	} while (sig[0] > 0x7f || sig[32] > 0x7f);
	memcpy(der + 4, sig, 32);
	der[36] = 2;
	der[37] = 32;
	memcpy(der + 38, sig + 32, 32);
	assert_int_equal(
	    judge_raw(&set.keys[0], header, der, 70), E_SIGNATURE_INVALID);
	from_hex(n, ORDER);
	for (i = 31; i >= 0; i--) {
		v = n[i] - sig[32 + i] - borrow;
		borrow = v < 0;
		sig[32 + i] = (uint8_t)v;
	}
	assert_int_equal(judge_raw(&set.keys[0], header, sig, 64), 0);
	jwk_set_done(&set);
}

/* RFC 8032 §5.1.7: S is below L. CVE-2020-36843. */
static void
test_eddsa(void **state)
{
	static const char header[] = "{\"alg\":\"EdDSA\"}";
	/* L, little-endian */
	static const char order[] = "edd3f55c1a631258d69cf7a2def9de14"
				    "00000000000000000000000000000010";
	struct jwk_set set = { 0 };
	uint8_t sig[SIG_MAX] = { 0 }, good[SIG_MAX], l[32];
	const struct jwk *key;
	unsigned carry = 0;
	size_t i;

	(void)state;
	keys_load("vectors/rfc8037/a4.json", &set);
	key = &set.keys[0];
	assert_int_equal(judge_raw(key, header, sig, 64), E_SIGNATURE_INVALID);
	sig[0] = 1; /* R is the identity, S is 0 */
	assert_int_equal(judge_raw(key, header, sig, 64), E_SIGNATURE_INVALID);
	assert_int_equal(good_signature(key, JWA_EDDSA, good), 64);
	assert_int_equal(judge_raw(key, header, good, 64), 0);
	from_hex(l, order);
	memcpy(sig, good, 64);
	for (i = 0; i < 32; i++) {
		carry += (unsigned)sig[32 + i] + l[i];
		sig[32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	assert_int_equal(judge_raw(key, header, sig, 64), E_SIGNATURE_INVALID);
	memset(good + 64, 0, SIG_MAX - 64);
	for (i = 1; i <= 128; i++) {
		if (i != 64)
			assert_int_equal(judge_raw(key, header, good, i),
			    E_SIGNATURE_INVALID);
	}
	memset(good, 0, 32);
	assert_int_equal(judge_raw(key, header, good, 64), E_SIGNATURE_INVALID);
	jwk_set_done(&set);
}

static void
test_rsa(void **state)
{
	static const char *const names[] = { "RS256", "PS256" };
	struct jwk_set set = { 0 };
	uint8_t sig[SIG_MAX] = { 0 }, other[SIG_MAX];
	char header[2][32];
	const struct jwk *key;
	size_t i, k, n;

	(void)state;
	keys_load("vectors/rfc7515/a2.json", &set);
	key = &set.keys[0];
	for (k = 0; k < 2; k++) {
		sprintf(header[k], "{\"alg\":\"%s\"}", names[k]);
		memset(sig, 0, sizeof(sig));
		assert_int_equal(
		    judge_raw(key, header[k], sig, 256), E_SIGNATURE_INVALID);
		sig[255] = 1;
		assert_int_equal(
		    judge_raw(key, header[k], sig, 256), E_SIGNATURE_INVALID);
		memset(sig, 0xff, 256);
		assert_int_equal(
		    judge_raw(key, header[k], sig, 256), E_SIGNATURE_INVALID);
		n = good_signature(key, k == 0 ? JWA_RS256 : JWA_PS256, sig);
		assert_int_equal(n, 256);
		assert_int_equal(judge_raw(key, header[k], sig, n), 0);
		memset(sig + n, 0, sizeof(sig) - n);
		for (i = 1; i < sizeof(sig); i = i < 250 ? i + 83 : i + 1) {
			if (i != 256)
				assert_int_equal(
				    judge_raw(key, header[k], sig, i),
				    E_SIGNATURE_INVALID);
		}
		/* the same number with a zero in front */
		memcpy(other + 1, sig, 256);
		other[0] = 0;
		assert_int_equal(
		    judge_raw(key, header[k], other, 257), E_SIGNATURE_INVALID);
	}
	/* RSASSA-PSS under RS256 and the other way round */
	assert_int_equal(
	    judge_raw(key, header[0], sig, 256), E_SIGNATURE_INVALID);
	good_signature(key, JWA_RS256, sig);
	assert_int_equal(
	    judge_raw(key, header[1], sig, 256), E_SIGNATURE_INVALID);
	jwk_set_done(&set);
}

/* An RSA signature of header.PAYLOAD with any digest and salt. */
static void
sign_rsa(const struct jwk *key, const char *header, const char *digest,
    int salt, uint8_t sig[SIG_MAX])
{
	char *token = join(header, "", 0);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx;
	size_t n = SIG_MAX;

	assert_non_null(ctx);
	assert_int_equal(EVP_DigestSignInit_ex(
			     ctx, &pctx, digest, NULL, NULL, key->pkey, NULL),
	    1);
	if (salt >= 0) {
		assert_int_equal(
		    EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING),
		    1);
		assert_int_equal(
		    EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, salt), 1);
	}
	assert_int_equal(EVP_DigestSign(ctx, sig, &n, (unsigned char *)token,
			     strlen(token) - 1),
	    1);
	EVP_MD_CTX_free(ctx);
	free(token);
}

static void
test_rsa_parameters(void **state)
{
	static const struct {
		const char *why;
		const char *header;
		const char *digest;
		int salt; /* -1: PKCS #1 v1.5 */
		int want;
	} rows[] = {
		{ "RS256", "{\"alg\":\"RS256\"}", "SHA256", -1, 0 },
		{ "SHA-1 in it", "{\"alg\":\"RS256\"}", "SHA1", -1,
		    E_SIGNATURE_INVALID },
		{ "SHA-512 in it", "{\"alg\":\"RS256\"}", "SHA512", -1,
		    E_SIGNATURE_INVALID },
		{ "PS256", "{\"alg\":\"PS256\"}", "SHA256", 32, 0 },
		{ "no salt", "{\"alg\":\"PS256\"}", "SHA256", 0,
		    E_SIGNATURE_INVALID },
		{ "a shorter salt", "{\"alg\":\"PS256\"}", "SHA256", 31,
		    E_SIGNATURE_INVALID },
		{ "a longer salt", "{\"alg\":\"PS256\"}", "SHA256", 64,
		    E_SIGNATURE_INVALID },
		{ "PS512 in it", "{\"alg\":\"PS256\"}", "SHA512", 64,
		    E_SIGNATURE_INVALID },
	};
	struct jwk_set set = { 0 };
	uint8_t sig[SIG_MAX];
	size_t i;
	int rc;

	(void)state;
	keys_load("vectors/rfc7515/a2.json", &set);
	for (i = 0; i < COUNT_OF(rows); i++) {
		sign_rsa(&set.keys[0], rows[i].header, rows[i].digest,
		    rows[i].salt, sig);
		rc = judge_raw(&set.keys[0], rows[i].header, sig, 256);
		if (rc != rows[i].want)
			fail_msg("%s: %s", rows[i].why, err_name(rc));
	}
	jwk_set_done(&set);
}

static void
test_hmac(void **state)
{
	static const char header[] = "{\"alg\":\"HS256\"}";
	struct jwk_set set = { 0 };
	uint8_t sig[SIG_MAX] = { 0 };
	size_t i;

	(void)state;
	keys_load("vectors/rfc7515/a1.json", &set);
	assert_int_equal(good_signature(&set.keys[0], JWA_HS256, sig), 32);
	assert_int_equal(judge_raw(&set.keys[0], header, sig, 32), 0);
	for (i = 1; i <= 64; i++) {
		if (i != 32)
			assert_int_equal(
			    judge_raw(&set.keys[0], header, sig, i),
			    E_SIGNATURE_INVALID);
	}
	/* what strcmp() and friends would take */
	memset(sig, 0, 32);
	assert_int_equal(
	    judge_raw(&set.keys[0], header, sig, 32), E_SIGNATURE_INVALID);
	jwk_set_done(&set);
}

/* The public key's text as the secret of an HMAC: CVE-2016-10555. */
static void
test_public_key_as_secret(void **state)
{
	static const char *const files[] = { "keys/rsa-public.pem",
		"keys/rsa-public-pkcs1.pem", "keys/ec-p256-public.pem",
		"keys/ed25519-public.pem", "keys/rsa-public.der" };
	static const char header[] = "{\"alg\":\"HS256\"}";
	struct jwk_set set = { 0 };
	struct jwk secret = { .kty = JWK_OCT, .signs = true };
	const struct jwk *found[JWS_TRIES_MAX];
	struct jws jws;
	uint8_t sig[SIG_MAX];
	char path[64], *text, *token;
	size_t i, n;

	(void)state;
	for (i = 0; i < COUNT_OF(files); i++) {
		snprintf(path, sizeof(path),
		    "vectors/"
		    "%s",
		    files[i]);
		text = test_data(path, &secret.secret_len);
		secret.secret = (uint8_t *)text;
		good_signature(&secret, JWA_HS256, sig);
		token = join(header, sig, 32);
		assert_int_equal(
		    jws_parse(token, strlen(token), &jws, NULL), 0);
		if (jwk_set_parse(text, secret.secret_len, &set, NULL) == 0) {
			assert_int_equal(jws_verify(&jws, &set.keys[0], NULL),
			    E_ALGORITHM_REFUSED);
			assert_int_equal(
			    jws_candidates(&jws, &set, found, &n, NULL),
			    E_KEY_UNKNOWN);
		}
		jwk_set_done(&set);
		free(token);
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ecdsa),
		cmocka_unit_test(test_ecdsa_forms),
		cmocka_unit_test(test_eddsa),
		cmocka_unit_test(test_rsa),
		cmocka_unit_test(test_rsa_parameters),
		cmocka_unit_test(test_hmac),
		cmocka_unit_test(test_public_key_as_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
