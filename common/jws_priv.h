/*
 * jws_priv: what jws_verify.c and jws_sign.c share. Nobody else includes it.
 */

#ifndef JWTGATE_JWS_PRIV_H
#define JWTGATE_JWS_PRIV_H

#include "jwk.h"

struct evp_pkey_ctx_st;

#define JWS_SIG_MAX (JWK_RSA_MAX_BITS / 8) /* bytes of a signature */

/*
 * RSASSA-PSS as RFC 7518 §3.5 fixes it: the salt is as long as the hash and
 * MGF1 uses the same hash. Returns 1, or 0 when OpenSSL fails.
 */
int jws_set_pss(struct evp_pkey_ctx_st *ctx, const char *digest);

#endif
