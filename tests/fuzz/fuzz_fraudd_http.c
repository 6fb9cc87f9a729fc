/*
 * fuzz_fraudd_http: JSON bodies in each of their meanings, and targets.
 */

#include "fuzz.h"

#include <string.h>

#include "dialect_http_body.h"
#include "err.h"

static struct dialect_http_room room;

static void
inside(struct engine_text t)
{
	FUZZ_CHECK(t.len < sizeof(room.data));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *in = (const char *)data;
	struct dialect_http_dovecot d;
	struct engine_attempt a;
	struct engine_text id;
	enum engine_outcome outcome;
	struct err e = { 0 };
	const char *path;
	char *target;
	size_t i;

	if (dialect_http_body_attempt(in, size, &room, &a, &e) == 0) {
		FUZZ_CHECK(a.count <= ENGINE_FIELDS_MAX);
		for (i = 0; i < a.count; i++)
			inside(a.fields[i].value);
	} else
		FUZZ_CHECK(e.code == E_SYNTAX && e.text[0] != '\0');
	if (dialect_http_body_dovecot(in, size, &room, &d, NULL) == 0)
		FUZZ_CHECK(d.attempt.count <= ENGINE_FIELDS_MAX);
	if (dialect_http_body_outcome(in, size, &room, &id, &outcome, NULL) ==
	    0)
		inside(id);
	target = strndup(in, size);
	FUZZ_CHECK(target != NULL);
	path = dialect_http_path(target);
	FUZZ_CHECK(path == NULL || path[0] == '/');
	free(target);
	return 0;
}
