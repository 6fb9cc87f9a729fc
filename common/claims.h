/*
 * claims: what a verified payload says (RFC 7519 §4), and whether an
 * issuer's policy (DESIGN §3) is content with it.
 */

#ifndef JWTGATE_CLAIMS_H
#define JWTGATE_CLAIMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jscan.h"

struct config_issuer;
struct err;
struct jws;

#define CLAIMS_USER_MAX 255

/* Slices of the payload, which must outlive this. */
struct claims {
	struct jscan_value root;
	union {
		struct jscan_value rows[JSCAN_ROWS]; /* see jscan_names */
		struct {
			struct jscan_value sub, sid, aud, nbf, client_id, azp;
			struct jscan_value exp, iat, cnf, free, auth_time, scp;
			struct jscan_value scope, jti, preferred_username, iss;
		};
	};
};

/* The claims that every token is asked for. */
extern const struct jscan_names claims_names;

/* What the checks worked out. */
struct claims_times {
	int64_t expires; /* exp: the first second that is too late */
	int64_t auth_time; /* -1 when unknown */
};

/* Returns 0 or E_TOKEN_MALFORMED; *out then holds no claim. */
int claims_scan(
    const char *payload, size_t n, struct claims *out, struct err *e);

/* Whether the token names this issuer; true for one that asks for none. */
bool claims_issued_by(
    const struct claims *c, const struct config_issuer *issuer);

/* When a token is looked at, and what the service says about its age. */
struct claims_when {
	int64_t now; /* seconds since 1970 */
	int64_t max_age; /* seconds; -1: not asked for */
};

/*
 * Everything the issuer's policy asks but the user: audience, party, type,
 * times, age, lifetime, required claims, scopes; in the order of DESIGN §4.
 * Returns 0 or the first reason.
 */
int claims_check(const struct claims *c, const struct jws *jws,
    const struct config_issuer *issuer, const struct claims_when *when,
    struct claims_times *times_out, struct err *e);

/*
 * The user the token speaks for: the first of user_claim that is present,
 * its domain stripped, in the issuer's pattern and among its users. Returns
 * 0, E_CLAIM_MISSING or E_USER_INVALID.
 */
int claims_user(const struct claims *c, const struct config_issuer *issuer,
    char user[CLAIMS_USER_MAX + 1], struct err *e);

/*
 * Finds a claim by name, or else by dotted path through nested objects.
 * False when it is not there.
 */
bool claims_find(
    const struct claims *c, const char *path, struct jscan_value *out);

/*
 * Whether the token itself grants the role: an element of the issuer's
 * roles_claim; in the first form, and where the own issuer has no
 * roles_claim, the member "role": true and nothing else.
 */
bool claims_grant(const struct claims *c, const struct config_issuer *issuer,
    const char *role);

/* Equality of n bytes, ASCII case aside, whatever the host's locale. */
bool claims_same(const char *a, const char *b, size_t n);

/* Whether it is a name as the issuer has them; NULL: as nobody said else. */
bool claims_user_form(const char *user, const struct config_issuer *issuer);

/* 0, or E_USER_INVALID when user is not a name this issuer may speak for. */
int claims_user_check(
    const char *user, const struct config_issuer *issuer, struct err *e);

#endif
