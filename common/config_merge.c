/*
 * config_merge: the part of a service over common. Objects are laid over
 * each other key by key; an array or a single value replaces what was there.
 */

#include "config_schema.h"

#include "err.h"
#include "json.h"

#include <string.h>

/*
 * What the own issuer's tokens are made with: a service that names one of
 * these takes back what common named. Else jwtalgorithm of common would pick
 * the key of common, and the service's own would be passed over unseen.
 */
static const char *const own_keys[] = { "jwtsecret", "jwtsecret_file",
	"jwtsigningkey_file" };

#define OWN_KEYS (sizeof(own_keys) / sizeof(own_keys[0]))

static bool
is_replaced(const char *name, const struct json *over)
{
	bool is_key = false, has_key = false;
	size_t i;

	for (i = 0; i < OWN_KEYS; i++) {
		is_key = is_key || strcmp(own_keys[i], name) == 0;
		has_key = has_key || json_member(over, own_keys[i]) != NULL;
	}
	return is_key && has_key;
}

static int
put_copy(struct json *object, const char *name, const struct json *value)
{
	struct json *copy = NULL;
	int ret;

	ret = json_copy(value, &copy);
	return ret != 0 ? ret : json_put(object, name, copy);
}

/* Copies into out what base has and over neither has nor replaces. */
static int
put_untouched(
    struct json *out, const struct json *base, const struct json *over)
{
	const struct json *value;
	const char *name;
	size_t i;
	int ret = 0;

	for (i = 0; ret == 0 && i < json_count(base); i++) {
		value = json_entry(base, i, &name);
		if (json_member(over, name) == NULL && !is_replaced(name, over))
			ret = put_copy(out, name, value);
	}
	return ret;
}

/* Both trees passed schema_check(), so they are as deep as the schema. */
static int
merge(const struct json *base, const struct json *over, struct json **out)
{
	const struct json *below, *above;
	struct json *object = NULL, *value;
	const char *name;
	size_t i;
	int ret;

	ret = json_make_object(&object);
	if (ret == 0)
		ret = put_untouched(object, base, over);
	for (i = 0; ret == 0 && i < json_count(over); i++) {
		above = json_entry(over, i, &name);
		below = json_member(base, name);
		value = NULL;
		if (json_kind(above) == JSON_OBJECT &&
		    json_kind(below) == JSON_OBJECT)
			ret = merge(below, above, &value);
		else
			ret = json_copy(above, &value);
		if (ret == 0)
			ret = json_put(object, name, value);
	}
	if (ret != 0) {
		json_wipe(&object);
		return ret;
	}
	*out = object;
	return 0;
}

bool
config_is_part(const char *name)
{
	size_t i;

	for (i = 0; i < config_schema_common.count; i++) {
		if (strcmp(name, config_schema_common.keys[i].name) == 0)
			return true;
	}
	return false;
}

bool
config_has_parts(const struct json *service)
{
	size_t i;

	for (i = 0; i < config_schema_common.count; i++) {
		if (json_member(service, config_schema_common.keys[i].name) !=
		    NULL)
			return true;
	}
	return false;
}

/* The members of a service that are parts of common. */
static int
parts_of(const struct json *service, struct json **out)
{
	const struct json *value;
	struct json *parts = NULL;
	const char *name;
	size_t i;
	int ret;

	ret = json_make_object(&parts);
	for (i = 0; ret == 0 && i < config_schema_common.count; i++) {
		name = config_schema_common.keys[i].name;
		value = json_member(service, name);
		if (value != NULL)
			ret = put_copy(parts, name, value);
	}
	if (ret != 0) {
		json_wipe(&parts);
		return ret;
	}
	*out = parts;
	return 0;
}

int
config_merge(
    const struct json *common, const struct json *service, struct json **out)
{
	struct json *parts = NULL;
	int ret;

	ret = parts_of(service, &parts);
	if (ret != 0)
		return ret;
	ret = merge(common, parts, out);
	json_wipe(&parts);
	return ret;
}
