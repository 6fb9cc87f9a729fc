/*
 * libjose: works on JSON objects, so a compact token is first made one.
 */

#include <jansson.h>
#include <jose/b64.h>
#include <jose/jws.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "claims_jansson.h"

void *
adapter_open(struct bench_input *in)
{
	if (strcmp(in->alg, "EdDSA") == 0)
		return NULL;
	return json_loads(in->jwk, 0, NULL);
}

int
adapter_verify(void *state, const char *token, size_t n, int64_t now,
    char user[BENCH_USER_MAX])
{
	const char *a = memchr(token, '.', n), *b;
	json_t *jws = NULL;
	char text[4096];
	size_t len;
	int rc = 1;

	b = a != NULL ? strchr(a + 1, '.') : NULL;
	if (b == NULL)
		return 1;
	jws = json_pack("{s:s%,s:s%,s:s%}", "protected", token,
	    (size_t)(a - token), "payload", a + 1, (size_t)(b - a - 1),
	    "signature", b + 1, n - (size_t)(b + 1 - token));
	if (jws != NULL && jose_jws_ver(NULL, jws, NULL, state, false)) {
		len = jose_b64_dec(
		    json_object_get(jws, "payload"), text, sizeof(text));
		if (len != SIZE_MAX)
			rc = claims_jansson(text, len, now, user);
	}
	json_decref(jws);
	return rc;
}
