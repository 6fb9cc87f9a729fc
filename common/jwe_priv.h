/*
 * jwe_priv: what the jwe*.c files share. Nobody else includes it.
 */

#ifndef JWTGATE_JWE_PRIV_H
#define JWTGATE_JWE_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jwe.h"

struct err;
struct evp_pkey_st;

/* What goes through the cipher of one enc. */
struct jwe_content {
	const struct jwa_enc_info *info;
	const uint8_t *key; /* info->key_len bytes */
	const uint8_t *iv; /* info->iv_len bytes */
	const void *aad;
	size_t aad_len;
	const uint8_t *in;
	size_t in_len;
};

/* Both return 0, E_CRYPTO when it does not fit together, or E_NOMEM. The
 * output of encryption is up to 16 bytes longer than the input. */
int jwe_content_open(const struct jwe_content *c, const uint8_t *tag,
    uint8_t *dst, size_t *len_out);
int jwe_content_seal(
    const struct jwe_content *c, uint8_t *tag, uint8_t *dst, size_t *len_out);

/*
 * The key of the content, info->key_len bytes: 0, E_CRYPTO or E_NOMEM.
 */
int jwe_key_open(const struct jwe *jwe, const struct jwk_enc *key,
    uint8_t cek[JWA_ENC_KEY_MAX]);

/*
 * The other way: jwe->alg, enc, apu and apv are set; fills key, key_len and
 * epk. cek is what the key of the content is to be or, where that cannot be
 * chosen, what it is.
 */
int jwe_key_seal(
    struct jwe *jwe, const struct jwk_enc *key, uint8_t cek[JWA_ENC_KEY_MAX]);

/* What two keys agree on, RFC 7518 §4.6: len bytes for an alg and enc. */
int jwe_agree(const struct jwe *jwe, struct evp_pkey_st *own,
    struct evp_pkey_st *peer, uint8_t *dst, size_t len);

/* A new key on the curve of key, and its public half in epk; owned. */
int jwe_ephemeral(
    const struct jwk_enc *key, struct jwe_epk *epk, struct evp_pkey_st **out);

/* E_NOMEM when OpenSSL's last error says so, else E_CRYPTO. */
int jwe_failure(void);

#endif
