/*
 * fuzz_jws: no input is a signature. A token that is taken apart stays
 * within its bytes, and no key of ours ever verifies it, for none of them
 * has signed anything that is in the corpus.
 */

#include "fuzz.h"

#include <string.h>

#include "b64url.h"
#include "err.h"
#include "jws.h"

static const char keys[] =
    "{\"keys\":["
    "{\"kty\":\"EC\",\"crv\":\"P-256\","
    "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"},"
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\","
    "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}";

static void
check_parts(const struct jws *jws, const char *token, size_t size)
{
	size_t head = (size_t)(jws->payload - token) - 1;

	FUZZ_CHECK(jws->token == token);
	FUZZ_CHECK(head + 1 + jws->payload_len == jws->signed_len);
	FUZZ_CHECK(jws->signature == token + jws->signed_len + 1);
	FUZZ_CHECK(jws->signed_len + 1 + jws->signature_len == size);
	FUZZ_CHECK(B64URL_DECODED_LEN(head) == jws->header_len);
	FUZZ_CHECK(jws->header_len <= JWS_HEADER_MAX);
	FUZZ_CHECK(jws->header_len >= strlen("{\"alg\":\"HS256\"}"));
	FUZZ_CHECK(jws->alg != JWA_NONE);
	FUZZ_CHECK(strlen(jws->kid) <= JWK_KID_MAX);
	FUZZ_CHECK(jws->has_kid || jws->kid[0] == '\0');
	FUZZ_CHECK(strlen(jws->typ) <= JWS_TYP_MAX);
	FUZZ_CHECK(jws->has_typ || jws->typ[0] == '\0');
}

static void
check_keys(const struct jws *jws)
{
	const struct jwk *found[JWS_TRIES_MAX];
	struct jwk_set set = { 0 };
	size_t i, n = 0;

	FUZZ_CHECK(jwk_set_parse(keys, strlen(keys), &set, NULL) == 0);
	for (i = 0; i < set.count; i++)
		FUZZ_CHECK(jws_verify(jws, &set.keys[i], NULL) != 0);
	if (jws_candidates(jws, &set, found, &n, NULL) != 0)
		FUZZ_CHECK(n == 0);
	for (i = 0; i < n; i++)
		FUZZ_CHECK(jwk_fits(found[i], jws->alg));
	jwk_set_done(&set);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t payload[B64URL_DECODED_LEN(JWS_MAX_LEN)];
	struct err e = { 0 };
	struct jws jws;
	size_t n;
	int ret;

	ret = jws_parse((const char *)data, size, &jws, &e);
	FUZZ_CHECK(ret == 0 || err_is_reason(ret));
	FUZZ_CHECK((ret == 0) == (e.text[0] == '\0'));
	if (ret != 0)
		return 0;
	check_parts(&jws, (const char *)data, size);
	FUZZ_CHECK(jws_payload(&jws, payload, &n, NULL) == 0);
	FUZZ_CHECK(n == B64URL_DECODED_LEN(jws.payload_len));
	check_keys(&jws);
	return 0;
}
