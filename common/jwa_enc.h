/*
 * jwa_enc: the tables of encryption, RFC 7518 §4 and §5, RFC 8037 §3.2: how
 * the key of a content is protected ("alg") and how the content is ("enc").
 * Types of their own, so that no signature algorithm can stand here.
 */

#ifndef JWTGATE_JWA_ENC_H
#define JWTGATE_JWA_ENC_H

#include <stdbool.h>
#include <stddef.h>

enum jwa_wrap {
	JWA_WRAP_NONE = 0,
	JWA_DIR,
	JWA_A128KW,
	JWA_A256KW,
	JWA_RSA_OAEP_256,
	JWA_ECDH_ES,
	JWA_ECDH_ES_A128KW,
	JWA_ECDH_ES_A256KW,
	JWA_WRAP_COUNT
};

enum jwa_wrap_kind {
	JWA_WRAP_KIND_NONE = 0,
	JWA_WRAP_KIND_DIRECT, /* the key is the content's */
	JWA_WRAP_KIND_AES,
	JWA_WRAP_KIND_RSA,
	JWA_WRAP_KIND_ECDH
};

struct jwa_wrap_info {
	enum jwa_wrap alg;
	const char *name;
	enum jwa_wrap_kind kind;
	size_t kek_len; /* bytes of the AES key that wraps; 0: none does */
	const char *cipher; /* OpenSSL's name of that; NULL: none */
};

enum jwa_enc {
	JWA_ENC_NONE = 0,
	JWA_A128GCM,
	JWA_A256GCM,
	JWA_A128CBC_HS256,
	JWA_A256CBC_HS512,
	JWA_ENC_COUNT
};

struct jwa_enc_info {
	enum jwa_enc enc;
	const char *name;
	const char *cipher; /* OpenSSL's name */
	const char *digest; /* of the MAC; NULL: the cipher has its own */
	size_t key_len; /* bytes; half of it is the MAC's where there is one */
	size_t iv_len;
	size_t tag_len;
};

#define JWA_ENC_KEY_MAX 64
#define JWA_ENC_IV_MAX 16
#define JWA_ENC_TAG_MAX 32

/* Of exactly that name, case included, or ..._NONE. */
enum jwa_wrap jwa_wrap_find(const char *name, size_t n);
enum jwa_enc jwa_enc_find(const char *name, size_t n);

/* The row; NULL for ..._NONE and what is no algorithm. */
const struct jwa_wrap_info *jwa_wrap_get(enum jwa_wrap alg);
const struct jwa_enc_info *jwa_enc_get(enum jwa_enc enc);

/* The name, "none" for ..._NONE. */
const char *jwa_wrap_name(enum jwa_wrap alg);
const char *jwa_enc_name(enum jwa_enc enc);

/* All names, for str_nearest(); *count_out of them. Borrowed. */
const char *const *jwa_wrap_names(size_t *count_out);
const char *const *jwa_enc_names(size_t *count_out);

/*
 * True for the name of an algorithm, for either purpose, that RFC 7518 has
 * and that is never taken: it pads RSA in a way that gave oracles, stretches
 * passwords as long as the token says, or adds nothing to those we have.
 */
bool jwa_enc_is_refused(const char *name, size_t n);

#endif
