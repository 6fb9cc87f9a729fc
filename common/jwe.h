/*
 * jwe: the compact serialization of RFC 7516, one recipient, decrypted with
 * a key that the caller chose. What comes out is bytes that somebody who had
 * our public key may have made: a signature inside is what counts.
 */

#ifndef JWTGATE_JWE_H
#define JWTGATE_JWE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jwa_enc.h"
#include "jwk_enc.h"

struct err;
struct jscan_names;

#define JWE_MAX_LEN (16 * 1024) /* of a token, bytes */
#define JWE_HEADER_MAX 4096 /* of the decoded header */
#define JWE_KEY_MAX (JWK_RSA_MAX_BITS / 8) /* of the encrypted key */
#define JWE_CTY_MAX 63
#define JWE_PARTY_MAX 256 /* of apu, of apv, decoded */
#define JWE_PLAIN_MAX (JWE_MAX_LEN / 4 * 3)
#define JWE_TRIES_MAX 4

/* The ephemeral key of the sender, as it stands in the header. */
struct jwe_epk {
	const struct jwk_enc_curve *curve; /* NULL: there is none */
	uint8_t x[JWK_ENC_POINT_MAX];
	uint8_t y[JWK_ENC_POINT_MAX];
};

/* The members of a header that are looked at. */
extern const struct jscan_names jwe_names;

/* A token taken apart; nothing in it is trusted. */
struct jwe {
	const char *token; /* borrowed; its first aad_len bytes are the AAD */
	size_t aad_len;
	enum jwa_wrap alg;
	enum jwa_enc enc;
	bool has_kid;
	char kid[JWK_KID_MAX + 1];
	bool cty_jwt; /* the header says that a JWT is inside */
	struct jwe_epk epk;
	size_t apu_len, apv_len;
	uint8_t apu[JWE_PARTY_MAX], apv[JWE_PARTY_MAX];
	size_t key_len;
	uint8_t key[JWE_KEY_MAX]; /* encrypted */
	uint8_t iv[JWA_ENC_IV_MAX]; /* as long as enc has it */
	uint8_t tag[JWA_ENC_TAG_MAX]; /* as long as enc has it */
	const char *ciphertext; /* base64url, borrowed from token */
	size_t ciphertext_len;
};

/* True for what has four dots: then it is for jwe_parse(). */
bool jwe_looks_like(const char *token, size_t n);

/*
 * Takes a token apart. Returns 0 or a reason: E_TOKEN_MISSING (n is 0),
 * E_TOKEN_TOO_LONG, E_TOKEN_MALFORMED (not five parts of base64url; an iv,
 * a tag or an encrypted key of another length than alg and enc ask for),
 * E_HEADER_INVALID (over JWE_HEADER_MAX, not strict JSON, no alg or enc; a
 * crit, b64, zip or p2c member; a kid, cty, apu, apv or epk that is not what
 * it should be), E_ALGORITHM_REFUSED (an alg or enc that is not in jwa_enc.h).
 */
int jwe_parse(const char *token, size_t n, struct jwe *out, struct err *e);

/*
 * The keys of a set that this token may be for: those that fit alg, enc and
 * curve and, when it names a kid, carry that kid or none. Fills up to
 * JWE_TRIES_MAX borrowed pointers. Returns 0, or E_KEY_UNKNOWN when there is
 * none or when more than that fit.
 */
int jwe_candidates(const struct jwe *jwe, const struct jwk_enc_set *set,
    const struct jwk_enc *candidates[JWE_TRIES_MAX], size_t *count_out,
    struct err *e);

/*
 * Decrypts with this key into dst of JWE_PLAIN_MAX bytes, which hold secrets
 * of no meaning on failure. Returns 0 and the length; E_ALGORITHM_REFUSED
 * when the key is not for this; E_SIGNATURE_INVALID with one and the same
 * sentence for whatever is wrong with key, iv, content or tag; E_NOMEM.
 */
int jwe_decrypt(const struct jwe *jwe, const struct jwk_enc *key, uint8_t *dst,
    size_t *len_out, struct err *e);

/* What is to be encrypted. */
struct jwe_draft {
	enum jwa_wrap alg;
	enum jwa_enc enc;
	const char *cty; /* NULL: none */
	const void *payload;
	size_t payload_len;
};

/*
 * Encrypts a draft. The kid of the key goes into the header. *token_out is
 * owned by the caller. Returns 0, E_KEY, E_CRYPTO, E_NOMEM, or E_RANGE when
 * the token would be over JWE_MAX_LEN.
 */
int jwe_encrypt(const struct jwk_enc *key, const struct jwe_draft *draft,
    char **token_out, struct err *e);

#endif
