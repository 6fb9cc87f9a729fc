/*
 * jwk_enc: keys that encrypt and decrypt (RFC 7516), read from the same
 * files as those that sign, and yet another type: no function that verifies
 * or signs takes one, and none that decrypts takes a struct jwk.
 */

#ifndef JWTGATE_JWK_ENC_H
#define JWTGATE_JWK_ENC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jwa_enc.h"
#include "jwk.h"

struct err;
struct evp_pkey_st;

#define JWK_ENC_KEYS_MAX 64 /* usable keys of one set */
#define JWK_ENC_SECRET_MAX 64 /* bytes of a secret */
#define JWK_ENC_POINT_MAX 66 /* bytes of a coordinate */

/* What key_ops, RFC 7517 §4.3, lets a key do. */
enum jwk_enc_ops {
	JWK_ENC_CONTENT = 1, /* encrypt, decrypt */
	JWK_ENC_WRAP = 2, /* wrapKey, unwrapKey */
	JWK_ENC_DERIVE = 4, /* deriveKey, deriveBits */
	JWK_ENC_ALL = 7
};

struct jwk_enc {
	enum jwk_kty kty; /* JWK_OCT, JWK_RSA, JWK_EC, JWK_OKP */
	char *kid; /* owns; NULL when absent */
	enum jwa_wrap alg; /* JWA_WRAP_NONE: every one that fits */
	enum jwa_enc enc; /* with JWA_DIR: which; JWA_ENC_NONE: by length */
	const char *crv; /* static; NULL for oct and RSA */
	unsigned encrypts; /* enum jwk_enc_ops */
	unsigned decrypts; /* enum jwk_enc_ops; 0 without the private half */
	struct evp_pkey_st *pkey; /* owns; NULL for oct */
	uint8_t *secret; /* owns; oct only */
	size_t secret_len;
};

struct jwk_enc_set {
	struct jwk_enc *keys; /* owns */
	size_t count; /* may be 0 when some were skipped */
	size_t skipped; /* of unknown kind, or not for encryption */
};

/* A curve that keys are agreed on: P-256, P-384, P-521, X25519. */
struct jwk_enc_curve {
	const char *crv;
	enum jwk_kty kty;
	const char *group; /* OpenSSL's name of the group or key type */
	size_t width; /* bytes of a coordinate, and of what is agreed on */
};

/* The row of a crv; NULL when it is not ours. */
const struct jwk_enc_curve *jwk_enc_curve_find(const char *crv, size_t n);

/*
 * Parses one JWK, a JWK set or PEM blocks. Returns 0, E_NOMEM or E_KEY.
 * Entries of a kty, crv or alg we do not know, of another use than enc, or
 * with key_ops that neither encrypt nor decrypt are skipped, their material
 * unseen; a set of nothing but those is empty, and 0. A broken key, a mix of
 * oct with key pairs, or a kid that repeats is E_KEY.
 */
int jwk_enc_set_parse(
    const char *text, size_t n, struct jwk_enc_set *out, struct err *e);
void jwk_enc_set_done(struct jwk_enc_set *set);
void jwk_enc_done(struct jwk_enc *key);

/*
 * True when the key may do this with exactly these two algorithms: to
 * decrypt where decrypt is true, else to encrypt.
 */
bool jwk_enc_fits(const struct jwk_enc *key, enum jwa_wrap alg,
    enum jwa_enc enc, bool decrypt);

/*
 * What a key encrypts with, JWA_WRAP_NONE if it does not. alg and *enc are
 * what is asked for, or ..._NONE for the key's own choice; *enc is filled.
 */
enum jwa_wrap jwk_enc_default(
    const struct jwk_enc *key, enum jwa_wrap alg, enum jwa_enc *enc);

/*
 * The public key of a point, checked to be on its curve: width bytes each,
 * y NULL for X25519. Returns 0 and an owned key, E_NOMEM or E_KEY.
 */
int jwk_enc_point(const struct jwk_enc_curve *curve, const uint8_t *x,
    const uint8_t *y, struct evp_pkey_st **out, struct err *e);

#endif
