/*
 * mint: tokens signed with the secret or key of common.authentication.
 */

#ifndef JWTGATE_MINT_H
#define JWTGATE_MINT_H

#include <stddef.h>
#include <stdint.h>

struct config_issuer;
struct err;
struct json;
struct keyring;

struct mint_request {
	const char *user;
	int64_t ttl; /* seconds; 0: jwtexpireoffset */
	size_t max_bytes; /* 0: JWS_MAX_LEN */
	const struct json *claims; /* more members, or NULL; may not name
				    * user, sub, iss, iat, exp or jti */
};

/*
 * A fresh token for a user: user, sub, iat, exp, a random jti, iss and aud
 * where the issuer has them, then the extra claims. *token_out is owned by
 * the caller. Returns 0, E_KEYS_UNAVAILABLE (no signing key), E_USER_INVALID,
 * E_RANGE (ttl over max_lifetime, token over max_bytes), E_CONFIG_INVALID
 * (a claim that is ours to set), E_CRYPTO or E_NOMEM.
 */
int mint_token(struct keyring *keys, const struct config_issuer *own,
    const struct mint_request *request, int64_t now, char **token_out,
    struct err *e);

#endif
