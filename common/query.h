/*
 * query: what authorize says of a role, as a thing that a directory can be
 * asked: a group by its name ("cn=admins,..."), a group by its identity
 * ("entryUUID=..."), a search filter ("(...)"), or an LDAP URL
 * ("ldap:///base??scope?filter", RFC 4516).
 *
 * Texts may hold {user}, {dn}, {service}, {rhost} and {claim:name}, where a
 * value may stand and nowhere else. What comes in their place is escaped,
 * whatever it is, so it never becomes more than that value.
 */

#ifndef JWTGATE_QUERY_H
#define JWTGATE_QUERY_H

#include <stdbool.h>
#include <stddef.h>

struct err;

#define QUERY_TEXT_MAX 4095 /* bytes, as the schema has it */
#define QUERY_DEPTH_MAX 32 /* filters within filters */

enum query_kind {
	QUERY_GROUP = 1,
	QUERY_UUID,
	QUERY_FILTER /* with or without a base of its own */
};

enum query_scope {
	QUERY_BASE = 0,
	QUERY_ONE,
	QUERY_SUBTREE
};

/* What a text asks for. */
enum query_use {
	QUERY_USER = 1,
	QUERY_DN = 2,
	QUERY_SERVICE = 4,
	QUERY_RHOST = 8,
	QUERY_CLAIM = 16
};

struct query {
	enum query_kind kind;
	unsigned uses; /* enum query_use */
	char *text; /* owns; the group's name, the filter, or the UUID */
	char *canonical; /* owns; of a group without placeholders, or NULL */
	char *base; /* owns; NULL: the directory's */
	enum query_scope scope;
};

/* What a token said, for {claim:name}. */
#define QUERY_CLAIM_NAME_MAX 64
#define QUERY_CLAIM_VALUE_MAX 256
#define QUERY_CLAIMS_MAX 4 /* in one configuration of a service */
struct query_claim {
	char name[QUERY_CLAIM_NAME_MAX];
	char value[QUERY_CLAIM_VALUE_MAX];
};

/* What comes in place of {...}. Texts are borrowed; NULL: there is none. */
struct query_values {
	const char *user;
	const char *dn;
	const char *service;
	const char *rhost;
	const struct query_claim *claims;
	size_t claim_count;
};

/*
 * Reads what stands in authorize. Returns 0 and owned texts for
 * query_done(); E_NOMEM; or E_SYNTAX with a sentence that quotes nothing.
 */
int query_parse(const char *text, struct query *out, struct err *e);
void query_done(struct query *q);

/* 0 when text is a filter; its placeholders in *uses_out. Else E_SYNTAX. */
int query_check_filter(const char *text, unsigned *uses_out, struct err *e);

/* One comparison of a filter, "(attribute=before{user}after)"; borrowed. */
struct query_user {
	const char *attribute, *before, *after;
	size_t attribute_len, before_len, after_len;
};

/* The i-th comparison with {user} of a filter; false when there are no more. */
bool query_user_compared(const char *filter, size_t i, struct query_user *out);

/*
 * 0 when whatever a filter finds by {user} can be compared with that name:
 * with an attribute that is equal, and nothing but plain text beside it.
 * Else E_SYNTAX with a sentence.
 */
int query_check_user(const char *filter, struct err *e);

/* Whether value is what c asks for; only {user} minds case, or nothing. */
bool query_user_equal(const struct query_user *c, const char *user,
    bool ignore_case, const char *value, size_t len);

/*
 * The i-th name that {claim:...} asks for in text, with its length; NULL
 * when there are no more.
 */
const char *query_claim_name(const char *text, size_t i, size_t *len_out);

/*
 * Fills in; *out is owned, or NULL where a value is asked for that there is
 * none of. Returns 0 or E_NOMEM.
 */
int query_expand(
    const char *text, const struct query_values *values, char **out);

#endif
