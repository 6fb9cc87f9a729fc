/*
 * libjwt: the 1.x line that Debian has. It parses the PEM in every call and
 * has no claim checks for a decoded token but through jwt_valid_t.
 */

#include <jwt.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

struct state {
	jwt_alg_t alg;
	unsigned char *key;
	int key_len;
};

void *
adapter_open(struct bench_input *in)
{
	struct state *s;

	if (strcmp(in->alg, "EdDSA") == 0)
		return NULL;
	s = calloc(1, sizeof(*s));
	s->alg = jwt_str_alg(in->alg);
	s->key = (unsigned char *)in->key;
	s->key_len = (int)in->key_len;
	return s;
}

int
adapter_verify(void *state, const char *token, size_t n, int64_t now,
    char user[BENCH_USER_MAX])
{
	struct state *s = state;
	jwt_t *jwt = NULL;
	const char *iss, *aud, *name;
	int ok = 0;

	(void)n;
	if (jwt_decode(&jwt, token, s->key, s->key_len) != 0)
		return 1;
	iss = jwt_get_grant(jwt, "iss");
	aud = jwt_get_grant(jwt, "aud");
	name = jwt_get_grant(jwt, "preferred_username");
	ok = jwt_get_alg(jwt) == s->alg &&
	    jwt_get_grant_int(jwt, "exp") > now &&
	    jwt_get_grant_int(jwt, "nbf") <= now && iss != NULL &&
	    strcmp(iss, BENCH_ISSUER) == 0 && aud != NULL &&
	    strcmp(aud, BENCH_AUDIENCE) == 0 && name != NULL &&
	    strlen(name) < BENCH_USER_MAX;
	if (ok)
		strcpy(user, name);
	jwt_free(jwt);
	return ok ? 0 : 1;
}
