/*
 * jwk_pool: contexts that are ready to verify with one key and one
 * algorithm. To make one costs as much as a tenth of an RSA verification and
 * three times an HMAC, so they are made on first use and kept on the key.
 *
 * Threads share a pool without a lock: a context is taken out, is its
 * taker's alone, and is put back. Used by jws*.c and by nobody else.
 */

#ifndef JWTGATE_JWK_POOL_H
#define JWTGATE_JWK_POOL_H

#include <stdbool.h>

#include "jwa.h"

struct evp_mac_ctx_st;
struct evp_md_ctx_st;
struct evp_pkey_ctx_st;
struct jwk;
struct jwk_pool;

/* Which of them are there depends on the kind; owns all. */
struct jwk_tool {
	const struct jwa_info *info;
	struct evp_mac_ctx_st *mac; /* HMAC, with its key */
	bool rekey; /* mac forgets its key, OpenSSL before 3.0.3 */
	struct evp_pkey_ctx_st *pkey; /* RSA, EC: told digest and padding */
	struct evp_md_ctx_st *md; /* RSA, EC: restarted for each token */
	struct evp_md_ctx_st *keyed; /* others: the template, only copied */
	struct evp_md_ctx_st *work; /* others: the copy */
};

/* NULL without memory. An empty pool is small and knows no key. */
struct jwk_pool *jwk_pool_new(void);
void jwk_pool_free(struct jwk_pool **p);

/*
 * A tool for key, which the algorithm fits, from the key's pool or new. The
 * caller owns it. NULL: OpenSSL's error queue says why.
 */
struct jwk_tool *jwk_tool_take(
    const struct jwk *key, const struct jwa_info *info);

/* Puts a tool back, or frees it when there is no room. Takes *tool. */
void jwk_tool_give(const struct jwk *key, struct jwk_tool **tool);

/* For a tool that failed in any other way than by saying no. */
void jwk_tool_free(struct jwk_tool **tool);

/*
 * RSASSA-PSS as RFC 7518 §3.5 fixes it: the salt is as long as the hash and
 * MGF1 uses the same hash. Returns 1, or 0 when OpenSSL fails.
 */
int jwk_set_pss(struct evp_pkey_ctx_st *ctx, const char *digest);

#endif
