/*
 * jscan_scan: a text while it is being scanned, for jscan.c and
 * jscan_members.c alone.
 */

#ifndef JWTGATE_JSCAN_SCAN_H
#define JWTGATE_JSCAN_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "jscan.h"

/* An open object or array. */
struct jscan_frame {
	const unsigned char *start;
	uint64_t seen[4]; /* a bit per name; a clear one means surely new */
	size_t first; /* its names begin here in scan.names */
	enum jscan_type type;
};

struct jscan_scan {
	const unsigned char *text;
	const unsigned char *end;
	const unsigned char *at; /* where something is wrong */
	const char *what; /* what is wrong there; NULL: nothing */

	bool comments;
	bool per_object; /* members_max is for each object, not for all */
	size_t depth_max;
	size_t members_max;

	struct jscan_frame *frames;
	size_t depth;
	uint64_t *names; /* hashes of the names of all open objects */
	size_t names_len;
	size_t members; /* of the whole text */

	const struct jscan_names *wanted; /* NULL: nothing */
	struct jscan_value *values; /* of those */
	struct jscan_value *slot[2]; /* who wants the value at this depth */
};

/* Whose bit a name has in frame.seen. */
static inline uint64_t *
jscan_seen(struct jscan_frame *f, uint64_t hash, uint64_t *bit_out)
{
	*bit_out = UINT64_C(1) << (hash >> 56 & 63);
	return &f->seen[hash >> 62];
}

/* How many more members the limits allow. */
static inline size_t
jscan_members_left(const struct jscan_scan *s, const struct jscan_frame *f)
{
	return s->members_max -
	    (s->per_object ? s->names_len - f->first : s->members);
}

/* Where the value of a name without escapes is wanted; NULL: nowhere. */
static inline struct jscan_value *
jscan_find(const struct jscan_names *wanted, struct jscan_value *values,
    const char *name, size_t len, uint64_t head)
{
	const struct jscan_name *want;
	size_t i;

	if (wanted == NULL)
		return NULL;
	i = jscan_row(wanted->factor, head, len);
	want = &wanted->rows[i];
	if (want->head != head || want->len != len || want->text == NULL ||
	    (len > sizeof(head) && memcmp(want->text, name, len) != 0))
		return NULL;
	return &values[i];
}

/*
 * Reads members of the innermost object from p on, where a name must be, as
 * long as they are plain. Returns where the first other one begins, or, with
 * *read_out set, what is behind the value of the last one. Nothing is found
 * wrong here.
 */
const unsigned char *jscan_members(
    struct jscan_scan *s, const unsigned char *p, bool *read_out);

/* The same, by what every processor has. */
const unsigned char *jscan_members_plain(
    struct jscan_scan *s, const unsigned char *p, bool *read_out);

#endif
