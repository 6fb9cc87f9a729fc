/*
 * jwk_priv: what the jwk*.c files share. Nobody else includes it.
 */

#ifndef JWTGATE_JWK_PRIV_H
#define JWTGATE_JWK_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jwk.h"

struct err;
struct json;

/* Bytes of the largest member: a coordinate, or a part of an RSA key. */
#define JWK_PART_MAX (JWK_RSA_MAX_BITS / 8)
#define JWK_AKP_MAX 2592 /* bytes of the largest ML-DSA public key */
#define JWK_AKP_SEED 32
#define JWK_KEYS_MAX 1024 /* usable keys of one set */

struct jwk_curve {
	const char *crv; /* JWK's name */
	enum jwk_kty kty; /* JWK_EC, JWK_OKP or JWK_AKP */
	const char *group; /* OpenSSL's name of the group or key type */
	size_t width; /* bytes of a coordinate, of d, of x in OKP, of pub */
	size_t sig_len;
};

/* The row of a crv or of OpenSSL's name; NULL when it is not ours. */
const struct jwk_curve *jwk_curve_find(const char *crv, size_t n);
const struct jwk_curve *jwk_curve_of_group(const char *group);

/*
 * Reads one JWK. *skip_out tells that it is well-formed as far as was
 * looked, but not for signatures or of a kind we do not know; then *out is
 * untouched. Returns 0, E_NOMEM or E_KEY.
 */
int jwk_import(
    const struct json *entry, struct jwk *out, bool *skip_out, struct err *e);

/* The key itself; key->alg and key->signs are known, curve fits kty. */
int jwk_import_material(const struct json *entry, enum jwk_kty kty,
    const struct jwk_curve *curve, struct jwk *key, struct err *e);

/* The same for an ML-DSA key; E_KEY where OpenSSL has none. */
int jwk_import_akp(const struct json *entry, const struct jwk_curve *curve,
    struct jwk *key, struct err *e);

/* A member of exactly n bytes, leading zeros included. */
int jwk_fixed_member(const struct json *entry, const char *name, uint8_t *dst,
    size_t n, struct err *e);

/* 0, or E_KEY when a member that we know of is null. */
int jwk_refuse_null(const struct json *entry, struct err *e);

/* A string member, borrowed; NULL when absent, E_KEY when no string. */
int jwk_text_member(const struct json *entry, const char *name,
    const char **out, size_t *len_out, struct err *e);

/* Who reads the keys of PEM blocks: take may keep *pkey and set it to NULL. */
struct jwk_pem_reader {
	int (*take)(struct evp_pkey_st **pkey, bool is_private, void *arg,
	    struct err *e);
	void *arg;
};
int jwk_pem_read(const char *text, size_t n,
    const struct jwk_pem_reader *reader, struct err *e);

/* Adds every key of the PEM blocks to set. */
int jwk_pem_parse(
    const char *text, size_t n, struct jwk_set *set, struct err *e);

/* Moves what key owns into the set, and leaves it alone on failure. */
int jwk_set_add(struct jwk_set *set, struct jwk *key, struct err *e);

/*
 * Judges key->pkey, wherever it came from, and fills kty, crv and sig_len.
 * No key is used that has not passed. Returns 0, E_NOMEM or E_KEY.
 */
int jwk_vet(struct jwk *key, struct err *e);

/* A kid of at most JWK_KID_MAX bytes without control characters. */
bool jwk_kid_check(const char *kid, size_t n);

/* True when the asymmetric key holds its private half. */
bool jwk_is_private(const struct jwk *key);

/*
 * An Edwards public key of the curve's width: canonical, on the curve, not
 * of small order. Returns 0, E_NOMEM or E_KEY.
 */
int jwk_edwards_check(
    const struct jwk_curve *curve, const uint8_t *x, struct err *e);

/* The RFC 7638 thumbprint of an asymmetric key, base64url; owned. */
int jwk_thumbprint(const struct jwk *key, char **out, struct err *e);

/*
 * Records that OpenSSL refused: E_NOMEM when its last error says so, else
 * code, with text as the sentence. Returns what it recorded.
 */
int jwk_openssl_error(struct err *e, int code, const char *text);

#endif
