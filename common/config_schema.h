/*
 * config_schema: what the configuration file may say, as one table, and the
 * pieces of config that the table, its checks and the policies share. Only
 * config*.c include this.
 */

#ifndef JWTGATE_CONFIG_SCHEMA_H
#define JWTGATE_CONFIG_SCHEMA_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config_issuer;
struct config_list;
struct config_policy;
struct err;
struct json;
struct json_path;

#define CONFIG_SECRET_MAX 1024 /* bytes of jwtsecret */
#define CONFIG_TEXT_MAX 4095 /* bytes of a string, as PATH_MAX */
#define CONFIG_LIST_MAX 256 /* strings in one array */
#define CONFIG_KEYS_MAX 32 /* rows of one table */
#define CONFIG_PATTERN_MAX 255 /* bytes of user_pattern */
#define CONFIG_SECONDS_MAX ((INT64_C(1) << 53) - 1)

enum config_kind {
	CONFIG_BOOL,
	CONFIG_INTEGER, /* within min..max */
	CONFIG_STRING, /* of min..max bytes */
	CONFIG_STRINGS, /* an array of at least min of them */
	CONFIG_SCALAR, /* a string, a number, true or false */
	CONFIG_OBJECT, /* or one of words, where there are any */
	CONFIG_OBJECTS /* an array of them */
};

/* What a string must be besides not empty. */
enum config_text {
	CONFIG_TEXT_PLAIN,
	CONFIG_TEXT_PATH, /* absolute */
	CONFIG_TEXT_NAME, /* of a role or a service */
	CONFIG_TEXT_SERVICE, /* the same, or "*" */
	CONFIG_TEXT_ALGORITHM, /* of jwa.h */
	CONFIG_TEXT_WORD, /* one of words */
	CONFIG_TEXT_SCHEME, /* begins with one of words */
	CONFIG_TEXT_FILTER, /* in parentheses, with {user} */
	CONFIG_TEXT_PATTERN /* a regular expression */
};

struct config_key {
	const char *name;
	enum config_kind kind;
	enum config_text text;
	int64_t min;
	int64_t max; /* 0: the limit of the kind */
	const char *const *words; /* ends with NULL */
	const struct config_table *table;
	bool required;
};

struct config_table {
	const struct config_key *keys;
	size_t count;
	/* Members of other names, of which the file may make up any number:
	 * what they are, and of which form their name is. */
	const struct config_key *other;
	enum config_text other_name;
};

extern const struct config_table config_schema_common;
extern const struct config_table config_schema_services;

/* The text a tree came from, to say where a mistake stands. */
struct config_source {
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
int config_fail(const struct config_source *src, const struct json_path *at,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The same, with the nearest of words where one is near. */
int config_fail_near(const struct config_source *src,
    const struct json_path *at, const char *what, const char *given,
    const char *const *words, size_t count);

/*
 * Repeats an error of json_parse(), which knows the place, with the key
 * path that leads there. Returns E_CONFIG_INVALID.
 */
int config_fail_syntax(const struct config_source *src, const char *text);

/*
 * 0, or the first thing in node that table does not allow. complete: node is
 * common and service merged, where required keys must be there.
 */
int config_check(const struct config_source *src,
    const struct config_table *table, const struct json *node,
    const struct json_path *at, bool complete);

/*
 * user_pattern, anchored at both ends; owned. Returns 0, E_NOMEM, or
 * E_SYNTAX with why it is not taken.
 */
#define CONFIG_PATTERN_WHY_MAX 128
int config_pattern(
    const char *text, regex_t **out, char why[CONFIG_PATTERN_WHY_MAX]);
void config_pattern_free(regex_t **regex);

/* Whether that is the name of a part of common. */
bool config_is_part(const char *name);

/* Whether a service says any part of common anew. */
bool config_has_parts(const struct json *service);

/*
 * The parts of common (NULL: empty) with those of a service (may be NULL)
 * laid over them, key by key, as an object of config_schema_common. E_NOMEM.
 */
int config_merge(
    const struct json *common, const struct json *service, struct json **out);

/*
 * Copies of members that config_check() passed. What is absent leaves the
 * output as it is. Return 0 or E_NOMEM.
 */
int config_take_string(const struct json *object, const char *name, char **out);
int config_take_list(
    const struct json *object, const char *name, struct config_list *out);
int config_list_add(struct config_list *list, const char *item);
void config_list_done(struct config_list *list);

/* What an issuer's encrypted tokens may be; all of it where nothing is said.
 * 0 or E_NOMEM. */
int config_take_encryption(const struct json *node, struct config_issuer *out);

/* The value of a member, or that default where it is absent. */
int64_t config_take_integer(
    const struct json *object, const char *name, int64_t otherwise);
bool config_take_bool(
    const struct json *object, const char *name, bool otherwise);

/*
 * An issuer from an entry of issuers, or from authentication (own). at is
 * its place. An own issuer without secret and key is left empty, its where
 * NULL. Returns 0, E_NOMEM or E_CONFIG_INVALID; out is done by the caller.
 */
int config_issuer_build(const struct config_source *src,
    const struct json *node, const struct json_path *at, bool own,
    struct config_issuer *out);
void config_issuer_done(struct config_issuer *issuer);

/*
 * What a service asks. service: its part of the file, NULL where it has
 * none; name: NULL for the common policy, "*" for every other service.
 */
struct config_part {
	const struct config_source *src;
	const struct json *common; /* NULL when the file has none */
	const struct json *service;
	const char *name;
};
int config_policy_build(
    const struct config_part *part, struct config_policy *out);
void config_policy_done(struct config_policy *p);

#endif
