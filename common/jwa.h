/*
 * jwa: the table of signature algorithms, RFC 7518 §3, RFC 8037, RFC 8812,
 * RFC 9864, and ML-DSA as COSE and JOSE are to have it. Names only; the
 * arithmetic is in jws.c.
 */

#ifndef JWTGATE_JWA_H
#define JWTGATE_JWA_H

#include <stdbool.h>
#include <stddef.h>

enum jwa_alg {
	JWA_NONE = 0, /* no algorithm; never accepted */
	JWA_HS256,
	JWA_HS384,
	JWA_HS512,
	JWA_RS256,
	JWA_RS384,
	JWA_RS512,
	JWA_PS256,
	JWA_PS384,
	JWA_PS512,
	JWA_ES256,
	JWA_ES384,
	JWA_ES512,
	JWA_ES256K,
	JWA_EDDSA, /* Ed25519 or Ed448, as the key says */
	JWA_ED25519,
	JWA_ED448,
	JWA_ML_DSA_44, /* these have no row where OpenSSL has none */
	JWA_ML_DSA_65,
	JWA_ML_DSA_87,
	JWA_COUNT
};

enum jwa_kind {
	JWA_KIND_NONE = 0,
	JWA_KIND_HMAC,
	JWA_KIND_RSA,
	JWA_KIND_RSA_PSS,
	JWA_KIND_ECDSA,
	JWA_KIND_EDDSA,
	JWA_KIND_ML_DSA
};

struct jwa_info {
	enum jwa_alg alg;
	const char *name;
	enum jwa_kind kind;
	const char *digest; /* OpenSSL's name; NULL: no digest apart */
	size_t hash_len; /* bytes; the shortest HMAC secret, RFC 7518 §3.2 */
	const char *curve; /* JWK crv, AKP's alg; NULL where any fits */
	size_t sig_len; /* bytes; 0 where the key decides */
};

/* The algorithm of exactly that name, case included, or JWA_NONE. */
enum jwa_alg jwa_find(const char *name, size_t n);

/*
 * True for the name of an algorithm that jwa_find() would know if this had
 * been built with a newer OpenSSL.
 */
bool jwa_is_absent(const char *name, size_t n);

/* The row of an algorithm; NULL for JWA_NONE and what is no algorithm. */
const struct jwa_info *jwa_get(enum jwa_alg alg);

/* The name, "none" for JWA_NONE. */
const char *jwa_name(enum jwa_alg alg);

/* All names, for str_nearest(); *count_out of them. Borrowed. */
const char *const *jwa_names(size_t *count_out);

#endif
