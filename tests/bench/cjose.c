/*
 * cjose: a JWS library; the claims are read with jansson, as its users do.
 */

#include <cjose/cjose.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "claims_jansson.h"

struct state {
	cjose_jwk_t *jwk;
	const char *alg;
};

void *
adapter_open(struct bench_input *in)
{
	struct state *s;

	if (strcmp(in->alg, "EdDSA") == 0)
		return NULL;
	s = calloc(1, sizeof(*s));
	s->alg = in->alg;
	s->jwk = cjose_jwk_import(in->jwk, strlen(in->jwk), NULL);
	return s->jwk != NULL ? s : NULL;
}

int
adapter_verify(void *state, const char *token, size_t n, int64_t now,
    char user[BENCH_USER_MAX])
{
	struct state *s = state;
	cjose_jws_t *jws = cjose_jws_import(token, n, NULL);
	const char *alg;
	uint8_t *text;
	size_t len;
	int rc = 1;

	if (jws == NULL)
		return 1;
	alg = cjose_header_get(
	    cjose_jws_get_protected(jws), CJOSE_HDR_ALG, NULL);
	if (alg != NULL && strcmp(alg, s->alg) == 0 &&
	    cjose_jws_verify(jws, s->jwk, NULL) &&
	    cjose_jws_get_plaintext(jws, &text, &len, NULL))
		rc = claims_jansson((const char *)text, len, now, user);
	cjose_jws_release(jws);
	return rc;
}
