/*
 * rhonabwy: JWT with claim checks of its own; GnuTLS underneath.
 */

#include <rhonabwy.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

struct state {
	jwk_t *jwk;
	jwa_alg alg;
};

void *
adapter_open(struct bench_input *in)
{
	struct state *s = calloc(1, sizeof(*s));

	r_global_init();
	s->alg = r_str_to_jwa_alg(in->alg);
	if (r_jwk_init(&s->jwk) != RHN_OK ||
	    r_jwk_import_from_json_str(s->jwk, in->jwk) != RHN_OK)
		return NULL;
	return s;
}

int
adapter_verify(void *state, const char *token, size_t n, int64_t now,
    char user[BENCH_USER_MAX])
{
	struct state *s = state;
	const char *name;
	jwt_t *jwt = NULL;
	int rc = 1;

	(void)now;
	if (r_jwt_init(&jwt) != RHN_OK)
		return 1;
	if (r_jwt_parsen(jwt, token, n, R_FLAG_IGNORE_REMOTE) == RHN_OK &&
	    r_jwt_get_sign_alg(jwt) == s->alg &&
	    r_jwt_verify_signature(jwt, s->jwk, R_FLAG_IGNORE_REMOTE) ==
		RHN_OK &&
	    r_jwt_validate_claims(jwt, R_JWT_CLAIM_ISS, BENCH_ISSUER,
		R_JWT_CLAIM_AUD, BENCH_AUDIENCE, R_JWT_CLAIM_EXP,
		R_JWT_CLAIM_NOW, R_JWT_CLAIM_NBF, R_JWT_CLAIM_NOW,
		R_JWT_CLAIM_NOP) == RHN_OK) {
		name = r_jwt_get_claim_str_value(jwt, "preferred_username");
		if (name != NULL && strlen(name) < BENCH_USER_MAX) {
			strcpy(user, name);
			rc = 0;
		}
	}
	r_jwt_free(jwt);
	return rc;
}
