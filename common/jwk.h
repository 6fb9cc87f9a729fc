/*
 * jwk: keys, from JWK (RFC 7517, 7518 §6, 8037), JWK sets or PEM.
 *
 * OpenSSL imports keys that make forgeries verify (RSA with e = 1, points
 * at infinity, small-order Edwards points), so every key passes checks of
 * our own before it is used.
 */

#ifndef JWTGATE_JWK_H
#define JWTGATE_JWK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jwa.h"

struct err;
struct evp_pkey_st;
struct json;
struct jwk_index;
struct jwk_pool;

#define JWK_KID_MAX 255
#define JWK_FILE_MAX (4 * 1024 * 1024)
#define JWK_SECRET_MAX 1024 /* bytes of an HMAC key */
#define JWK_RSA_MIN_BITS 2048
#define JWK_RSA_MAX_BITS 8192

enum jwk_kty {
	JWK_NONE = 0,
	JWK_OCT,
	JWK_RSA,
	JWK_EC,
	JWK_OKP,
	JWK_AKP /* ML-DSA; never where OpenSSL has none */
};

struct jwk {
	enum jwk_kty kty;
	char *kid; /* owns; NULL when absent */
	enum jwa_alg alg; /* JWA_NONE: every algorithm that fits */
	const char *crv; /* static, of AKP its alg; NULL for oct and RSA */
	bool verifies; /* use and key_ops allow it */
	bool signs; /* has the private half; use and key_ops allow it */
	struct evp_pkey_st *pkey; /* owns; NULL for oct */
	uint8_t *secret; /* owns; oct only */
	size_t secret_len;
	size_t sig_len; /* bytes of a signature; 0 for oct */
	struct jwk_pool *pool; /* owns; NULL for a key outside a set */
};

struct jwk_set {
	struct jwk *keys; /* owns */
	size_t count;
	size_t skipped; /* entries of unknown kind, or not for signatures */
	bool has_secret; /* a kty: oct is in it, skipped or not */
	bool has_private; /* any private half is in it, skipped or not */
	struct jwk_index *index; /* owns; NULL: a set that was put together */
};

/*
 * Parses one JWK, a JWK set or PEM blocks (PUBLIC KEY, PRIVATE KEY and the
 * older RSA/EC forms, unencrypted). Returns 0, E_NOMEM or E_KEY; the
 * sentence names the entry and the member, never a value. A set that mixes
 * oct with asymmetric keys, repeats a kid, holds a broken key or no usable
 * key is E_KEY. Entries of a kty, crv or alg we do not know, of another use
 * than sig, or with key_ops that neither sign nor verify are skipped, their
 * material unseen.
 */
int jwk_set_parse(
    const char *text, size_t n, struct jwk_set *out, struct err *e);
void jwk_set_done(struct jwk_set *set);

/*
 * Moves the keys of more, which is left to jwk_set_done(), to a set that
 * may be empty. Together they must be what one file could hold. Returns 0,
 * E_NOMEM or E_KEY; the set is only good for jwk_set_done() then.
 */
int jwk_set_join(struct jwk_set *set, struct jwk_set *more, struct err *e);

/* A set of one HMAC key from bytes, as jwtsecret is. alg is an HS*. */
int jwk_set_secret(const void *secret, size_t n, enum jwa_alg alg,
    struct jwk_set *out, struct err *e);

/*
 * 0, or E_KEY with the reason, when the bytes cannot serve as a secret for
 * alg: too short (RFC 7518 §3.2), or a public key in PEM, DER, SSH or JWK
 * form, which every holder of the public key could use to sign.
 */
int jwk_secret_check(
    const void *secret, size_t n, enum jwa_alg alg, struct err *e);

/* True when the key may verify (or sign) with exactly this algorithm. */
bool jwk_fits(const struct jwk *key, enum jwa_alg alg);

/* The algorithm a key signs with when nothing is said; JWA_NONE if none. */
enum jwa_alg jwk_default_alg(const struct jwk *key);

/*
 * A new private key for alg. kid NULL: the RFC 7638 thumbprint, or random
 * for a secret. Returns 0, E_KEY, E_CRYPTO or E_NOMEM.
 */
int jwk_generate(
    enum jwa_alg alg, const char *kid, struct jwk *out, struct err *e);
void jwk_done(struct jwk *key);

/*
 * The key as a JWK tree, with its private members or without. A secret has
 * no public half: E_KEY.
 */
int jwk_write(
    const struct jwk *key, bool with_private, struct json **out, struct err *e);

#endif
