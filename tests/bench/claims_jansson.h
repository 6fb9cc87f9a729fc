/*
 * claims_jansson: the claim checks that an application adds to a library
 * that has none.
 */

#ifndef JWTGATE_BENCH_CLAIMS_JANSSON_H
#define JWTGATE_BENCH_CLAIMS_JANSSON_H

#include <jansson.h>
#include <string.h>

#include "bench.h"

static inline int
claims_jansson(
    const char *text, size_t n, int64_t now, char user[BENCH_USER_MAX])
{
	json_t *o = json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
	const char *iss, *aud, *name;
	int ok;

	iss = json_string_value(json_object_get(o, "iss"));
	aud = json_string_value(json_object_get(o, "aud"));
	name = json_string_value(json_object_get(o, "preferred_username"));
	ok = json_integer_value(json_object_get(o, "exp")) > now &&
	    json_integer_value(json_object_get(o, "nbf")) <= now &&
	    iss != NULL && strcmp(iss, BENCH_ISSUER) == 0 && aud != NULL &&
	    strcmp(aud, BENCH_AUDIENCE) == 0 && name != NULL &&
	    strlen(name) < BENCH_USER_MAX;
	if (ok)
		strcpy(user, name);
	json_decref(o);
	return ok ? 0 : 1;
}

#endif
