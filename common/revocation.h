/*
 * revocation: tokens and people that are no longer taken, from a file in
 * strict JSON (jwtgate.json(5)):
 *
 *	{"revoked": [
 *		{"jti": "8f1c"}, {"sid": "s-7"}, {"kid": "2025-12"},
 *		{"issuer": "https://idp", "subject": "u1", "before": 17000},
 *		{"user": "alice"}
 *	]}
 *
 * What one entry costs to look up does not depend on how many there are.
 */

#ifndef JWTGATE_REVOCATION_H
#define JWTGATE_REVOCATION_H

#include <stddef.h>
#include <stdint.h>

#include "source.h"

struct err;
struct revocation;

#define REVOCATION_FILE_MAX (16 * 1024 * 1024)
#define REVOCATION_ENTRIES_MAX 131072
#define REVOCATION_TEXT_MAX 1024 /* bytes of a value */

/* The kinds of entries, by the member that names them. */
enum revocation_by {
	REVOCATION_JTI,
	REVOCATION_SID,
	REVOCATION_KID,
	REVOCATION_SUBJECT, /* only together with its issuer */
	REVOCATION_USER, /* of this host */
	REVOCATION_BY_COUNT
};

/* "jti", "sid", "kid", "subject", "user" */
const char *revocation_word(enum revocation_by by);

/*
 * Reads n bytes of text; name stands for the file in messages. Returns 0,
 * E_NOMEM, or E_SYNTAX with "NAME:LINE:COLUMN: revoked[I]: what".
 */
int revocation_parse(const char *text, size_t n, const char *name,
    struct revocation **out, struct err *e);
void revocation_free(struct revocation **r);
size_t revocation_count(const struct revocation *r);

/* One thing a token is known by, and whose it is. */
struct revocation_query {
	enum revocation_by by;
	const char *text;
	const char *issuer; /* as in an outcome */
	int64_t since; /* when its user authenticated; -1: unknown */
};

/*
 * 0, or E_TOKEN_REVOKED when an entry names it: an entry with an issuer only
 * that issuer's, one with "before" only those who authenticated before then
 * or who knows when.
 */
int revocation_check(const struct revocation *r,
    const struct revocation_query *q, struct err *e);

/*
 * The text with one more entry in its list, owned by the caller; the rest of
 * it stays as it is. Returns 0, E_NOMEM, E_SYNTAX, or E_RANGE when it would
 * be too long. before: -1 for all times.
 */
int revocation_add(const char *text, size_t n, const struct revocation_query *q,
    int64_t before, char **text_out, struct err *e);

/* Of struct revocation, by struct config_policy. Fails with
 * E_KEYS_UNAVAILABLE. */
extern const struct source_kind revocation_kind;

#endif
