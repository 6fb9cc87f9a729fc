/*
 * jws: the compact serialization of RFC 7515, one signature, verified with
 * a key that the caller chose. The payload is bytes; what they mean is
 * claims.c's.
 */

#ifndef JWTGATE_JWS_H
#define JWTGATE_JWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jscan.h"
#include "jwa.h"
#include "jwk.h"

struct err;

#define JWS_MAX_LEN (16 * 1024) /* of a token, bytes */
#define JWS_HEADER_MAX 4096 /* of the decoded header */
#define JWS_TYP_MAX 63
/* Bytes of a signature: of the longest RSA key, or of ML-DSA-87. */
#ifdef HAVE_ML_DSA
#define JWS_SIG_MAX 4627
#else
#define JWS_SIG_MAX (JWK_RSA_MAX_BITS / 8)
#endif

/* The members of a header that are looked at. */
extern const struct jscan_names jws_names;

/* A token taken apart; nothing in it is trusted before jws_verify(). */
struct jws {
	const char *token; /* borrowed */
	size_t signed_len; /* header, dot, payload */
	const char *payload; /* base64url, borrowed from token */
	size_t payload_len;
	const char *signature; /* base64url, borrowed from token */
	size_t signature_len;
	uint8_t sig[JWS_SIG_MAX]; /* decoded; longer ones are not */
	enum jwa_alg alg; /* JWA_NONE: a name we do not know */
	bool has_kid;
	char kid[JWK_KID_MAX + 1];
	bool has_typ;
	char typ[JWS_TYP_MAX + 1];
	char header[JWS_HEADER_MAX]; /* decoded JSON */
	size_t header_len; /* 0: jws_parse_again() knew it */
};

/*
 * Takes a token apart. Reads only the header. Returns 0 or a reason:
 * E_TOKEN_MISSING (n is 0), E_TOKEN_TOO_LONG, E_TOKEN_MALFORMED (not three
 * parts of base64url; the payload may be empty, the others not),
 * E_HEADER_INVALID (over JWS_HEADER_MAX, not strict JSON, no alg; a crit,
 * b64 or zip member, or enc, epk, p2c of an encrypted token; a kid or typ
 * that is no string, too long or holds control characters). An algorithm we
 * do not know, "none" among them, is E_ALGORITHM_REFUSED.
 */
int jws_parse(const char *token, size_t n, struct jws *out, struct err *e);

/*
 * The headers of tokens that were good: those of one issuer's key are the
 * same, byte for byte. For many threads at a time; what is in it stays.
 */
struct jws_headers;

/* NULL without memory. */
struct jws_headers *jws_headers_new(void);
void jws_headers_free(struct jws_headers **known);

/* The same as jws_parse(), without reading a known header again. */
int jws_parse_again(const struct jws_headers *known, const char *token,
    size_t n, struct jws *out, struct err *e);

/* Remembers the header of a token whose signature held, if there is room. */
void jws_headers_add(struct jws_headers *known, const struct jws *jws);

/*
 * Verifies with this key and the header's algorithm, which the caller has
 * found in its own list. Returns 0; E_ALGORITHM_REFUSED when the key is not
 * for that algorithm; E_SIGNATURE_INVALID; E_CRYPTO or E_NOMEM when OpenSSL
 * could not try.
 */
int jws_verify(const struct jws *jws, const struct jwk *key, struct err *e);

/*
 * The candidates of a set for this token: keys that fit its algorithm and,
 * when it names a kid, carry that kid or none. Fills up to JWS_TRIES_MAX
 * borrowed pointers. Returns 0, or E_KEY_UNKNOWN when there is none or when
 * more than JWS_TRIES_MAX fit.
 */
#define JWS_TRIES_MAX 4
int jws_candidates(const struct jws *jws, const struct jwk_set *set,
    const struct jwk *candidates[JWS_TRIES_MAX], size_t *count_out,
    struct err *e);

/*
 * Decodes the payload. dst holds B64URL_DECODED_LEN(jws->payload_len) bytes.
 * Returns 0 or E_TOKEN_MALFORMED.
 */
int jws_payload(
    const struct jws *jws, uint8_t *dst, size_t *len_out, struct err *e);

/* What is to be signed. */
struct jws_draft {
	enum jwa_alg alg;
	const char *typ; /* NULL: none */
	const void *payload;
	size_t payload_len;
};

/*
 * Signs a draft. The kid of the key goes into the header. *token_out is
 * owned by the caller. Returns 0, E_KEY, E_CRYPTO, E_NOMEM, or E_RANGE when
 * the token would be over JWS_MAX_LEN.
 */
int jws_sign(const struct jwk *key, const struct jws_draft *draft,
    char **token_out, struct err *e);

#endif
