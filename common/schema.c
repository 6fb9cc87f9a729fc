/*
 * schema: holds a tree against the schema. Descends as deep as the
 * tables do, however deep the file is: a member that no table knows is
 * refused before anybody looks inside.
 */

#include "schema.h"

#include "err.h"
#include "jscan.h"
#include "json.h"
#include "jwa.h"
#include "str.h"

#include <stdio.h>
#include <string.h>

static int check_value(const struct schema_source *src,
    const struct schema_key *key, const struct json *value,
    const struct json_path *at, bool complete);

static size_t
words_count(const char *const *words)
{
	size_t n = 0;

	while (words[n] != NULL)
		n++;
	return n;
}

/* "a, b or c" in buf. Returns buf. */
static const char *
words_text(const char *const *words, char *buf, size_t cap)
{
	size_t count = words_count(words), i;
	struct str s;

	str_init(&s, buf, cap);
	for (i = 0; i < count; i++) {
		if (i != 0)
			str_add(&s, i + 1 == count ? " or " : ", ");
		str_add(&s, words[i]);
	}
	return buf;
}

/* The characters are those that a PAM service file and a log line take. */
static bool
is_name(const char *s, size_t n)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_.:-";

	return n >= 1 && n <= SCHEMA_NAME_MAX && strspn(s, allowed) == n;
}

static int
check_algorithm(const struct schema_source *src, const char *s, size_t n,
    const struct json_path *at)
{
	const char *const *names;
	size_t count;

	if (jwa_find(s, n) != JWA_NONE)
		return 0;
	if (str_is(s, n, "none"))
		return schema_fail(
		    src, at, "\"none\" is no signature and is never accepted");
	if (jwa_is_absent(s, n))
		return schema_fail(src, at,
		    "needs OpenSSL 3.5 or newer; this was built without");
	names = jwa_names(&count);
	return schema_fail_near(
	    src, at, "is no signature algorithm known here", s, names, count);
}

static int
check_word(const struct schema_source *src, const struct schema_key *key,
    const char *s, const struct json_path *at)
{
	char list[128], what[160];
	size_t i;

	for (i = 0; key->words[i] != NULL; i++) {
		if (strcmp(s, key->words[i]) == 0)
			return 0;
	}
	snprintf(what, sizeof(what), "must be %s",
	    words_text(key->words, list, sizeof(list)));
	return schema_fail_near(src, at, what, s, key->words, i);
}

static int
check_scheme(const struct schema_source *src, const struct schema_key *key,
    const char *s, const struct json_path *at)
{
	char list[128];
	size_t i;

	for (i = 0; key->words[i] != NULL; i++) {
		if (strncmp(s, key->words[i], strlen(key->words[i])) == 0)
			return 0;
	}
	return schema_fail(src, at, "must begin with %s",
	    words_text(key->words, list, sizeof(list)));
}

static int
check_pattern(
    const struct schema_source *src, const char *s, const struct json_path *at)
{
	char why[SCHEMA_PATTERN_WHY_MAX];
	regex_t *regex = NULL;
	int ret;

	ret = schema_pattern(s, &regex, why);
	if (ret == E_NOMEM)
		return err_set(src->e, E_NOMEM, "out of memory");
	if (ret != 0)
		return schema_fail(
		    src, at, "is no usable regular expression: %s", why);
	schema_pattern_free(&regex);
	return 0;
}

/* What the form of a string asks; lengths were seen to before. */
static int
check_form(const struct schema_source *src, const struct schema_key *key,
    const char *s, size_t n, const struct json_path *at)
{
	switch (key->text) {
	case SCHEMA_TEXT_PLAIN:
		return 0;
	case SCHEMA_TEXT_PATH:
		if (s[0] == '/')
			return 0;
		return schema_fail(src, at, "must be an absolute path");
	case SCHEMA_TEXT_SERVICE:
	case SCHEMA_TEXT_NAME:
		if (is_name(s, n) ||
		    (key->text == SCHEMA_TEXT_SERVICE && strcmp(s, "*") == 0))
			return 0;
		return schema_fail(src, at,
		    "is no name: 1 to %d letters, digits and _.:- are",
		    SCHEMA_NAME_MAX);
	case SCHEMA_TEXT_ALGORITHM:
		return check_algorithm(src, s, n, at);
	case SCHEMA_TEXT_WORD:
		return check_word(src, key, s, at);
	case SCHEMA_TEXT_SCHEME:
		return check_scheme(src, key, s, at);
	case SCHEMA_TEXT_FILTER:
		if (s[0] == '(' && s[n - 1] == ')' &&
		    strstr(s, "{user}") != NULL)
			return 0;
		return schema_fail(src, at,
		    "must be a search filter in parentheses that names {user}");
	case SCHEMA_TEXT_PATTERN:
		return check_pattern(src, s, at);
	}
	return schema_fail(src, at, "cannot be checked");
}

static int
fail_kind(const struct schema_source *src, const char *want,
    const struct json *value, const struct json_path *at)
{
	return schema_fail(src, at, "must be %s, not %s", want,
	    json_kind_name(json_kind(value)));
}

static int
check_string(const struct schema_source *src, const struct schema_key *key,
    int64_t max, const struct json *value, const struct json_path *at)
{
	const char *s;
	size_t n;

	s = json_string(value, &n);
	if (s == NULL)
		return fail_kind(src, "a string", value, at);
	if (n == 0)
		return schema_fail(src, at, "must not be empty");
	if (max == 0)
		max = SCHEMA_TEXT_MAX;
	if (n > (size_t)max)
		return schema_fail(src, at,
		    "is too long: at most %lld bytes are taken",
		    (long long)max);
	return check_form(src, key, s, n, at);
}

static int
check_strings(const struct schema_source *src, const struct schema_key *key,
    const struct json *value, const struct json_path *at)
{
	struct json_path here = { .up = at };
	int64_t most = key->max != 0 ? key->max : SCHEMA_LIST_MAX;
	int ret;

	if (key->lone && json_kind(value) == JSON_STRING)
		return check_string(src, key, 0, value, at);
	if (json_kind(value) != JSON_ARRAY)
		return fail_kind(src,
		    key->lone ? "a string or an array of strings" :
				"an array of strings",
		    value, at);
	if (json_count(value) < (size_t)key->min)
		return schema_fail(src, at, "must not be empty");
	if (json_count(value) > (size_t)most)
		return schema_fail(src, at,
		    "is too long: at most %lld entries are taken",
		    (long long)most);
	for (here.index = 0; here.index < json_count(value); here.index++) {
		ret = check_string(
		    src, key, 0, json_element(value, here.index), &here);
		if (ret != 0)
			return ret;
	}
	return 0;
}

static int
check_objects(const struct schema_source *src, const struct schema_key *key,
    const struct json *value, const struct json_path *at, bool complete)
{
	struct json_path here = { .up = at };
	int ret;

	if (json_kind(value) != JSON_ARRAY)
		return fail_kind(src, "an array of objects", value, at);
	if (json_count(value) > (size_t)key->max)
		return schema_fail(src, at,
		    "is too long: at most %lld entries are taken",
		    (long long)key->max);
	for (here.index = 0; here.index < json_count(value); here.index++) {
		ret = schema_check(src, key->table,
		    json_element(value, here.index), &here, complete);
		if (ret != 0)
			return ret;
	}
	return 0;
}

static int
check_integer(const struct schema_source *src, const struct schema_key *key,
    const struct json *value, const struct json_path *at)
{
	int64_t number = json_integer(value);

	if (json_kind(value) != JSON_INTEGER &&
	    json_kind(value) != JSON_DECIMAL)
		return fail_kind(src, "a whole number", value, at);
	if (json_kind(value) == JSON_INTEGER && number >= key->min &&
	    number <= key->max)
		return 0;
	return schema_fail(src, at, "must be a whole number from %lld to %lld",
	    (long long)key->min, (long long)key->max);
}

static bool
is_scalar(const struct json *value)
{
	switch (json_kind(value)) {
	case JSON_BOOL:
	case JSON_INTEGER:
	case JSON_DECIMAL:
	case JSON_STRING:
		return true;
	case JSON_NULL:
	case JSON_ARRAY:
	case JSON_OBJECT:
		break;
	}
	return false;
}

static int
check_object(const struct schema_source *src, const struct schema_key *key,
    const struct json *value, const struct json_path *at, bool complete)
{
	char want[64];
	const char *s = json_string(value, NULL);

	if (key->words == NULL || json_kind(value) == JSON_OBJECT)
		return schema_check(src, key->table, value, at, complete);
	if (s != NULL)
		return check_word(src, key, s, at);
	snprintf(want, sizeof(want), "an object or \"%s\"", key->words[0]);
	return fail_kind(src, want, value, at);
}

static int
check_value(const struct schema_source *src, const struct schema_key *key,
    const struct json *value, const struct json_path *at, bool complete)
{
	switch (key->kind) {
	case SCHEMA_BOOL:
		if (json_kind(value) == JSON_BOOL)
			return 0;
		return fail_kind(src, "true or false", value, at);
	case SCHEMA_INTEGER:
		return check_integer(src, key, value, at);
	case SCHEMA_STRING:
		return check_string(src, key, key->max, value, at);
	case SCHEMA_STRINGS:
		return check_strings(src, key, value, at);
	case SCHEMA_SCALAR:
		if (is_scalar(value))
			return 0;
		return fail_kind(
		    src, "a string, a number, true or false", value, at);
	case SCHEMA_OBJECT:
		return check_object(src, key, value, at, complete);
	case SCHEMA_OBJECTS:
		return check_objects(src, key, value, at, complete);
	}
	return schema_fail(src, at, "cannot be checked");
}

/* Three characters, the case of letters aside. */
static bool
begin_alike(const char *word, const char *name)
{
	size_t i;

	for (i = 0; i < 3; i++) {
		if ((word[i] | 0x20) != (name[i] | 0x20))
			return false;
		if (word[i] == '\0' || name[i] == '\0')
			return word[i] == name[i];
	}
	return true;
}

/*
 * A member whose name is none of the table's. In a table of free names, one
 * that begins and nearly goes on like a known key ("unauthorised") is taken
 * for a slip.
 */
static int
check_other(const struct schema_source *src, const struct schema_table *table,
    const char *name, const struct json *value, const struct json_path *at,
    bool complete)
{
	struct schema_source at_name = *src;
	const char *words[SCHEMA_KEYS_MAX], *near;
	static const char *const none[] = { NULL };
	const struct schema_key form = { .text = table->other_name,
		.words = none };
	size_t i;
	int ret;

	at_name.at_name = true;
	for (i = 0; i < table->count && i < SCHEMA_KEYS_MAX; i++)
		words[i] = table->keys[i].name;
	near = str_nearest(name, words, i);
	if (table->other == NULL || (near != NULL && begin_alike(near, name)))
		return schema_fail_near(
		    &at_name, at, "unknown key", name, words, i);
	if (name[0] == '\0')
		return schema_fail(&at_name, at, "a name must not be empty");
	ret = check_form(&at_name, &form, name, strlen(name), at);
	if (ret != 0)
		return ret;
	return check_value(src, table->other, value, at, complete);
}

static const struct schema_key *
find_key(const struct schema_table *table, const char *name)
{
	size_t i;

	for (i = 0; i < table->count; i++) {
		if (strcmp(table->keys[i].name, name) == 0)
			return &table->keys[i];
	}
	return NULL;
}

static int
check_required(const struct schema_source *src,
    const struct schema_table *table, const struct json *node,
    const struct json_path *at)
{
	struct json_path here = { .up = at };
	size_t i;

	for (i = 0; i < table->count; i++) {
		here.name = table->keys[i].name;
		if (table->keys[i].required &&
		    json_member(node, here.name) == NULL)
			return schema_fail(src, &here, "is required");
	}
	return 0;
}

int
schema_check(const struct schema_source *src, const struct schema_table *table,
    const struct json *node, const struct json_path *at, bool complete)
{
	struct json_path here = { .up = at };
	const struct schema_key *key;
	const struct json *value;
	size_t i;
	int ret;

	if (json_kind(node) != JSON_OBJECT)
		return fail_kind(src, "an object", node, at);
	for (i = 0; i < json_count(node); i++) {
		value = json_entry(node, i, &here.name);
		key = find_key(table, here.name);
		if (key == NULL)
			ret = check_other(
			    src, table, here.name, value, &here, complete);
		else
			ret = check_value(src, key, value, &here, complete);
		if (ret != 0)
			return ret;
	}
	return complete ? check_required(src, table, node, at) : 0;
}
