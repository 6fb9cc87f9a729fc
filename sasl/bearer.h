/*
 * bearer: the token of a client that its program did not bring along, and
 * what a client may know of a token without a key to verify it.
 */

#ifndef JWTGATE_BEARER_H
#define JWTGATE_BEARER_H

#include <stddef.h>
#include <stdint.h>

#include "claims.h"
#include "jws.h"

struct err;
struct owner;

/* Room for the LF that is removed and the byte that is too much. */
#define BEARER_TEXT_MAX (JWS_MAX_LEN + 2)

/* Owns text. */
struct bearer {
	char *text;
	size_t len;
};

/* An empty one; 0 or E_NOMEM. _done wipes, and may follow a failure. */
int bearer_init(struct bearer *b, struct err *e);
void bearer_done(struct bearer *b);

/* Takes n bytes without one final LF; 0 or a reason why they are no token. */
int bearer_take(struct bearer *b, const char *text, size_t n, struct err *e);

/*
 * Finds the token that lies about: what the owner's file names, else
 * BEARER_TOKEN_FILE, else the file of the login session. Returns 0 or why
 * there is none; E_TOKEN_MISSING where there is no such file.
 */
int bearer_find(struct bearer *b, const struct owner *owner, struct err *e);

/* Not verified, so good for nothing but to spare a client a failure. */
struct bearer_claims {
	int64_t expires; /* -1: it does not say, or is no JWT */
	char user[CLAIMS_USER_MAX + 1]; /* "" likewise */
};
void bearer_peek(const struct bearer *b, struct bearer_claims *out);

#endif
