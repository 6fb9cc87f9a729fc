/*
 * fuzz_jwe: no input is an encrypted token for our keys but those of the
 * corpus that were made for them, and then their text is known. What is
 * decrypted is never longer than what came in.
 */

#include "fuzz.h"

#include <string.h>

#include "b64url.h"
#include "err.h"
#include "jwe.h"

#define PLAIN "open sesame"

static const char secrets[] =
    "{\"keys\":["
    "{\"kty\":\"oct\",\"kid\":\"a\",\"k\":\"AAECAwQFBgcICQoLDA0ODw\"},"
    "{\"kty\":\"oct\",\"kid\":\"b\","
    "\"k\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\"}]}";
static const char pairs[] =
    "{\"keys\":["
    "{\"kty\":\"OKP\",\"crv\":\"X25519\","
    "\"x\":\"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08\","
    "\"d\":\"XasIfmJKikt54X-Lg4AO5m87sSkmGLb9HC-LJ_-I4Os\"},"
    "{\"kty\":\"EC\",\"crv\":\"P-256\","
    "\"x\":\"Ze2loSV3wrroKUN_4zhwGhCqo3Xhu1td4QjeQ5wIVR0\","
    "\"y\":\"HlLtdXARY_f55A3fnzQbPcm6hgr34Mp8p-nuzQCE0Zw\","
    "\"d\":\"r_kHyZ-a06rmxM3yESK84r1otSg-aQcVStkRhA-iCM8\"}]}";

static void
check(const struct jwe *jwe, const char *keys)
{
	const struct jwk_enc *found[JWE_TRIES_MAX];
	struct jwk_enc_set set = { 0 };
	uint8_t text[JWE_PLAIN_MAX];
	size_t i, n, count = 0;

	FUZZ_CHECK(jwk_enc_set_parse(keys, strlen(keys), &set, NULL) == 0);
	FUZZ_CHECK(set.count == 2);
	if (jwe_candidates(jwe, &set, found, &count, NULL) != 0)
		FUZZ_CHECK(count == 0);
	for (i = 0; i < count; i++) {
		FUZZ_CHECK(jwk_enc_fits(found[i], jwe->alg, jwe->enc, true));
		if (jwe_decrypt(jwe, found[i], text, &n, NULL) != 0)
			continue;
		FUZZ_CHECK(n <= B64URL_DECODED_LEN(jwe->ciphertext_len));
		FUZZ_CHECK(n == strlen(PLAIN));
		FUZZ_CHECK(memcmp(text, PLAIN, n) == 0);
	}
	jwk_enc_set_done(&set);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = { 0 };
	struct jwe jwe;
	int ret;

	ret = jwe_parse((const char *)data, size, &jwe, &e);
	FUZZ_CHECK(ret == 0 || err_is_reason(ret));
	FUZZ_CHECK((ret == 0) == (e.text[0] == '\0'));
	if (ret != 0)
		return 0;
	FUZZ_CHECK(jwe_looks_like((const char *)data, size));
	FUZZ_CHECK(jwe.aad_len < size);
	FUZZ_CHECK(jwe.key_len <= sizeof(jwe.key));
	FUZZ_CHECK(strlen(jwe.kid) <= JWK_KID_MAX);
	FUZZ_CHECK(jwe.has_kid || jwe.kid[0] == '\0');
	FUZZ_CHECK(jwa_wrap_get(jwe.alg) != NULL);
	FUZZ_CHECK(jwa_enc_get(jwe.enc) != NULL);
	check(&jwe, secrets);
	check(&jwe, pairs);
	return 0;
}
