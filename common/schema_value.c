/*
 * schema_value: members of a checked tree as C values that outlive it.
 */

#include "schema.h"

#include "err.h"
#include "json.h"
#include "mem.h"

int
schema_take_string(const struct json *object, const char *name, char **out)
{
	const char *s = json_string(json_member(object, name), NULL);
	char *copy;

	if (s == NULL)
		return 0;
	copy = mem_strdup(s);
	if (copy == NULL)
		return E_NOMEM;
	mem_free_str(out);
	*out = copy;
	return 0;
}

int64_t
schema_take_integer(
    const struct json *object, const char *name, int64_t otherwise)
{
	const struct json *value = json_member(object, name);

	return value != NULL ? json_integer(value) : otherwise;
}

bool
schema_take_bool(const struct json *object, const char *name, bool otherwise)
{
	const struct json *value = json_member(object, name);

	return value != NULL ? json_true(value) : otherwise;
}
