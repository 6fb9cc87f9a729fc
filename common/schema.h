/*
 * schema: the strict reader of a configuration file. What a file may say
 * stands in tables; unknown keys, wrong types, ranges and the nearest known
 * key all come from their rows. It knows no key of any file.
 */

#ifndef JWTGATE_SCHEMA_H
#define JWTGATE_SCHEMA_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct json;
struct json_path;

#define SCHEMA_NAME_MAX 64 /* of a service, a role, a rule */
#define SCHEMA_TEXT_MAX 4095 /* bytes of a string, as PATH_MAX */
#define SCHEMA_LIST_MAX 256 /* strings in one array */
#define SCHEMA_KEYS_MAX 32 /* rows of one table */
#define SCHEMA_PATTERN_MAX 255 /* bytes of user_pattern */

enum schema_kind {
	SCHEMA_BOOL,
	SCHEMA_INTEGER, /* within min..max */
	SCHEMA_STRING, /* of min..max bytes */
	SCHEMA_STRINGS, /* an array of at least min of them */
	SCHEMA_SCALAR, /* a string, a number, true or false */
	SCHEMA_OBJECT, /* or one of words, where there are any */
	SCHEMA_OBJECTS /* an array of them */
};

/* What a string must be besides not empty. */
enum schema_text {
	SCHEMA_TEXT_PLAIN,
	SCHEMA_TEXT_PATH, /* absolute */
	SCHEMA_TEXT_NAME, /* of a role or a service */
	SCHEMA_TEXT_SERVICE, /* the same, or "*" */
	SCHEMA_TEXT_ALGORITHM, /* of jwa.h */
	SCHEMA_TEXT_WORD, /* one of words */
	SCHEMA_TEXT_SCHEME, /* begins with one of words */
	SCHEMA_TEXT_FILTER, /* in parentheses, with {user} */
	SCHEMA_TEXT_PATTERN /* a regular expression */
};

struct schema_key {
	const char *name;
	enum schema_kind kind;
	enum schema_text text;
	int64_t min;
	int64_t max; /* 0: the limit of the kind */
	const char *const *words; /* ends with NULL */
	const struct schema_table *table;
	bool required;
	bool lone; /* a string stands for an array of it alone */
};

struct schema_table {
	const struct schema_key *keys;
	size_t count;
	/* Members of other names, of which the file may make up any number:
	 * what they are, and of which form their name is. */
	const struct schema_key *other;
	enum schema_text other_name;
};

/* The text a tree came from, to say where a mistake stands. */
struct schema_source {
	const char *name; /* printable */
	const char *text;
	size_t len;
	struct err *e;
	bool at_name; /* not the value is wrong but the member's name */
};

/*
 * Records "NAME:LINE:COLUMN: path: sentence". The sentence never quotes a
 * value of the file, which might be a secret in the wrong place. Returns
 * E_CONFIG_INVALID.
 */
int schema_fail(const struct schema_source *src, const struct json_path *at,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The same, with the nearest of words where one is near. */
int schema_fail_near(const struct schema_source *src,
    const struct json_path *at, const char *what, const char *given,
    const char *const *words, size_t count);

/*
 * Repeats an error of json_parse(), which knows the place, with the key
 * path that leads there. Returns E_CONFIG_INVALID.
 */
int schema_fail_syntax(const struct schema_source *src, const char *text);

/*
 * 0, or the first thing in node that table does not allow. complete: node is
 * all there is, so required keys must be there.
 */
int schema_check(const struct schema_source *src,
    const struct schema_table *table, const struct json *node,
    const struct json_path *at, bool complete);

/*
 * user_pattern, anchored at both ends; owned. Returns 0, E_NOMEM, or
 * E_SYNTAX with why it is not taken.
 */
#define SCHEMA_PATTERN_WHY_MAX 128
int schema_pattern(
    const char *text, regex_t **out, char why[SCHEMA_PATTERN_WHY_MAX]);
void schema_pattern_free(regex_t **regex);

/*
 * A copy of a member that schema_check() passed. What is absent leaves the
 * output as it is. Returns 0 or E_NOMEM.
 */
int schema_take_string(const struct json *object, const char *name, char **out);

/* The value of a member, or that default where it is absent. */
int64_t schema_take_integer(
    const struct json *object, const char *name, int64_t otherwise);
bool schema_take_bool(
    const struct json *object, const char *name, bool otherwise);

#endif
