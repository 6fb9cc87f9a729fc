/*
 * pam_token: getting a token out of a PAM conversation.
 *
 * A token is longer than what most callers can carry in one answer, so it
 * is asked for in pieces: "JWT[OFFSET+CHUNK]: " says which bytes are wanted
 * (DESIGN §7).
 */

#ifndef JWTGATE_PAM_TOKEN_H
#define JWTGATE_PAM_TOKEN_H

#include <stddef.h>

#include <security/pam_modules.h>

#include "jws.h"
#include "pam_args.h"

struct err;

#define PAM_TOKEN_CHUNK 1000 /* stock ssh loses what is over 1022 */
#define PAM_TOKEN_CHUNK_SUDO 500 /* sudo fails at 512 */
#define PAM_TOKEN_ROUNDS 16
/* {"alg":"HS256"}, {"sub":"a","exp":1700000000} and a MAC have 103 */
#define PAM_TOKEN_LEAST 100

/* Owns text: what was given, cut one byte behind the longest token. */
struct pam_token {
	char *text;
	size_t len;
	unsigned rounds; /* prompts that were answered */
	int conversation; /* PAM_SUCCESS, or what ended it early */
};

/*
 * Fills *out from the authtok or from prompts, as args say. A caller that
 * gave nothing, or whose conversation failed, leaves len 0: what that means
 * is for the gate to say. A token that was taken from the authtok does not
 * stay there. Returns 0 or E_NOMEM; pam_token_done() in either case.
 */
int pam_token_collect(pam_handle_t *pamh, const struct pam_args *args,
    struct pam_token *out, struct err *e);

/* Wipes. */
void pam_token_done(struct pam_token *t);

#endif
