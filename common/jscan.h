/*
 * jscan: a strict single-pass JSON scanner, RFC 8259 and I-JSON (RFC 7493).
 *
 * Refuses what parsers disagree about: duplicate member names (in any
 * spelling, at any depth), \u0000, lone surrogates, bytes that are not
 * UTF-8, numbers that are not JSON's, a byte order mark, anything after the
 * value, and more depth or members than the limits say. Never allocates,
 * never recurses on input.
 *
 * A text that jscan_text() passed can be walked with the cursor functions,
 * which need no further checks. Values are slices of the caller's text.
 */

#ifndef JWTGATE_JSCAN_H
#define JWTGATE_JSCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

#define JSCAN_DEPTH_MAX 16
#define JSCAN_MEMBERS_MAX 256
#define JSCAN_DEPTH_LIMIT 64 /* no options go beyond it */

enum jscan_type {
	JSCAN_NONE = 0, /* not there */
	JSCAN_NULL,
	JSCAN_FALSE,
	JSCAN_TRUE,
	JSCAN_NUMBER,
	JSCAN_STRING,
	JSCAN_ARRAY,
	JSCAN_OBJECT
};

struct jscan_value {
	enum jscan_type type;
	bool escaped; /* a string with at least one backslash */
	const char *text; /* borrowed; a string's is without its quotes */
	size_t len;
};

#define JSCAN_NAME_MAX 63 /* bytes of such a name */

/* A member that the caller wants to know of. */
struct jscan_name {
	const char *text; /* as plain text, no escapes; NULL: a free row */
	size_t len;
	uint64_t head; /* its first bytes, and NULs behind them */
};

#define JSCAN_BYTE(s, i) \
	((uint64_t)(unsigned char)(s)[(i) < sizeof(s) ? (i) : sizeof(s) - 1] \
	    << 8 * (i))
#define JSCAN_NAME(s) \
	{ \
		(s), sizeof(s) - 1, \
		    JSCAN_BYTE(s, 0) | JSCAN_BYTE(s, 1) | JSCAN_BYTE(s, 2) | \
		    JSCAN_BYTE(s, 3) | JSCAN_BYTE(s, 4) | JSCAN_BYTE(s, 5) | \
		    JSCAN_BYTE(s, 6) | JSCAN_BYTE(s, 7) \
	}

/*
 * All such members, each in the one row where it is looked for: factor is a
 * number that sends every name to a row of its own. Each table stands in
 * test_jscan_value.c, which says a factor and the rows where they are wrong.
 */
#define JSCAN_ROWS 16
struct jscan_names {
	uint64_t factor;
	struct jscan_name rows[JSCAN_ROWS];
};

/* The row of a name. */
static inline size_t
jscan_row(uint64_t factor, uint64_t head, size_t len)
{
	return (size_t)((head + len) * factor >> 60);
}

/*
 * Token text: checks that the n bytes are one JSON object within the limits
 * above and fills values[i] for the top-level member names->rows[i], with
 * type JSCAN_NONE where it is absent; names and values may both be NULL.
 * Returns 0, or E_SYNTAX with what is wrong and at which byte offset (never
 * any of the text itself).
 */
int jscan_object(const char *text, size_t n, const struct jscan_names *names,
    struct jscan_value values[JSCAN_ROWS], struct err *e);

/* Configuration text may be larger, may carry comments, and needs a place. */
struct jscan_options {
	bool comments; /* allow line and block comments */
	size_t depth_max; /* 0: JSCAN_DEPTH_MAX */
	size_t members_max; /* 0: JSCAN_MEMBERS_MAX; counted per object */
};

/*
 * Checks that the n bytes are one JSON value. Returns 0 and the value, or
 * E_SYNTAX with what is wrong and *offset_out at the byte that is (offset_out
 * may be NULL). Allocates for a text that is long enough to hold more than
 * JSCAN_MEMBERS_MAX members (E_NOMEM).
 */
int jscan_text(const char *text, size_t n, const struct jscan_options *o,
    struct jscan_value *out, size_t *offset_out, struct err *e);

/*
 * Cursor over the members of an object or the elements of an array that has
 * been checked. Start with { .rest = NULL }; returns false at the end.
 * key may be NULL; for arrays it is left alone. Comments are stepped over.
 */
struct jscan_cursor {
	const char *rest; /* borrowed */
};
bool jscan_next(const struct jscan_value *container, struct jscan_cursor *c,
    struct jscan_value *key, struct jscan_value *value);

/* Finds one member of a checked object; false when it is not there. */
bool jscan_member(const struct jscan_value *object, const char *name,
    size_t name_len, struct jscan_value *out);

/*
 * Decodes a string value to UTF-8 in dst and terminates it. dst and cap may
 * not be 0. Returns 0 and the length, or E_RANGE when it does not fit, or
 * E_SYNTAX when the value is no string. The text holds no NUL.
 */
int jscan_string(
    const struct jscan_value *v, char *dst, size_t cap, size_t *len_out);

/* True when v is a string equal to the n bytes of s, escapes decoded. */
bool jscan_equal(const struct jscan_value *v, const char *s, size_t n);

/*
 * A number as whole seconds, RFC 7519 NumericDate: integers, fractions and
 * exponents are taken when their whole part is exact and within 0..2^53-1.
 * *floor_out is the whole part, *fraction_out tells that there was more.
 * Returns 0, E_SYNTAX (no number) or E_RANGE (negative, too large).
 */
int jscan_seconds(
    const struct jscan_value *v, int64_t *floor_out, bool *fraction_out);

#endif
