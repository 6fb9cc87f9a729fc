/*
 * json: configuration and key sets as a tree. jscan vets the text, json-c
 * holds the tree; nothing of json-c is seen outside json.c.
 */

#ifndef JWTGATE_JSON_H
#define JWTGATE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct json; /* a node; owned by its tree */

#define JSON_DEPTH_MAX 32
#define JSON_MEMBERS_MAX 4096 /* of one object */

enum json_kind {
	JSON_NULL = 0,
	JSON_BOOL,
	JSON_INTEGER, /* exact within int64 */
	JSON_DECIMAL, /* any other number */
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT
};

/*
 * Parses one value. comments: whether line and block comments are allowed.
 * Returns 0, E_NOMEM, or E_SYNTAX with "LINE:COLUMN: what".
 */
int json_parse(const char *text, size_t n, bool comments, struct json **out,
    struct err *e);

/* A deep copy, for trees that are merged; E_NOMEM. */
int json_copy(const struct json *j, struct json **out);

/* Wipes nothing: secrets in the tree are wiped by json_wipe(). */
void json_free(struct json **j);

/* Overwrites every string of the tree, then frees it. */
void json_wipe(struct json **j);

/* A NULL node counts as JSON_NULL throughout. */
enum json_kind json_kind(const struct json *j);

/* The word a person reads: "a string", "an object", ... */
const char *json_kind_name(enum json_kind kind);

/* Borrowed, NUL-terminated, *len_out may be NULL; NULL when no string. */
const char *json_string(const struct json *j, size_t *len_out);
int64_t json_integer(const struct json *j); /* 0 when no integer */
/* A decimal as it was written, borrowed; NULL when none. */
const char *json_decimal(const struct json *j);
bool json_true(const struct json *j); /* false when no true */

/* Members of an object, elements of an array; 0 and NULL otherwise. */
size_t json_count(const struct json *j);
const struct json *json_element(const struct json *j, size_t i);
const struct json *json_member(const struct json *j, const char *name);

/* The i-th member in the order of the text; name is borrowed. */
const struct json *json_entry(
    const struct json *j, size_t i, const char **name_out);

/* Building. The put functions take the value, on failure too; E_NOMEM. */
int json_make_object(struct json **out);
int json_make_array(struct json **out);
int json_put(struct json *object, const char *name, struct json *value);
int json_put_string(struct json *object, const char *name, const char *value);
int json_put_integer(struct json *object, const char *name, int64_t value);
int json_put_bool(struct json *object, const char *name, bool value);
int json_append(struct json *array, struct json *value);
int json_append_string(struct json *array, const char *value);

/*
 * The text of a tree; owned by the caller, NULL when out of memory or when
 * the tree is more than twice JSON_DEPTH_MAX deep. pretty: lines, indented.
 */
char *json_write(const struct json *j, bool pretty, size_t *len_out);

/* Where something stands: a chain on the stack, innermost first. */
struct json_path {
	const struct json_path *up; /* NULL at the root */
	const char *name; /* member, or NULL for an element */
	size_t index;
};

/* "services.sshd.require.any[1]" in buf; "" at the root. Returns buf. */
char *json_path_text(const struct json_path *p, char *buf, size_t cap);

/* Line and column (both from 1, in bytes) of the value at p in the text
 * that was parsed; of its nearest parent when p itself is not there. */
void json_locate(const char *text, size_t n, const struct json_path *p,
    size_t *line_out, size_t *column_out);

/* Line and column of a byte of the text. */
void json_line(
    const char *text, size_t offset, size_t *line_out, size_t *column_out);

#endif
