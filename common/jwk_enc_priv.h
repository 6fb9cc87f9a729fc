/*
 * jwk_enc_priv: what the jwk_enc*.c files share. Nobody else includes it.
 */

#ifndef JWTGATE_JWK_ENC_PRIV_H
#define JWTGATE_JWK_ENC_PRIV_H

#include <stdbool.h>

#include "jwk_enc.h"

struct err;
struct json;

/*
 * The key itself. kty, encrypts and decrypts are known, and curve where kty
 * has one; decrypts becomes 0 without a private half.
 */
int jwk_enc_material(const struct json *entry,
    const struct jwk_enc_curve *curve, struct jwk_enc *key, struct err *e);

/* Takes over the key that jwk_vet() judged; false when it is not for this. */
bool jwk_enc_take(struct jwk *from, struct jwk_enc *key);

/* The same for X25519, which jwk_vet() does not know: it does not sign. */
bool jwk_enc_take_x25519(
    struct evp_pkey_st **pkey, bool is_private, struct jwk_enc *key);

#endif
