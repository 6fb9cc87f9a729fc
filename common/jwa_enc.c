/*
 * jwa_enc: one row per algorithm; what has no row is not decrypted.
 */

#include "jwa_enc.h"

#include <string.h>

/* X(alg, name, kind, kek_len, cipher) */
#define WRAP_TABLE(X) \
	X(DIR, "dir", DIRECT, 0, NULL) \
	X(A128KW, "A128KW", AES, 16, "AES-128-WRAP") \
	X(A256KW, "A256KW", AES, 32, "AES-256-WRAP") \
	X(RSA_OAEP_256, "RSA-OAEP-256", RSA, 0, NULL) \
	X(ECDH_ES, "ECDH-ES", ECDH, 0, NULL) \
	X(ECDH_ES_A128KW, "ECDH-ES+A128KW", ECDH, 16, "AES-128-WRAP") \
	X(ECDH_ES_A256KW, "ECDH-ES+A256KW", ECDH, 32, "AES-256-WRAP")

/* X(enc, name, cipher, digest, key_len, iv_len, tag_len) */
#define ENC_TABLE(X) \
	X(A128GCM, "A128GCM", "AES-128-GCM", NULL, 16, 12, 16) \
	X(A256GCM, "A256GCM", "AES-256-GCM", NULL, 32, 12, 16) \
	X(A128CBC_HS256, "A128CBC-HS256", "AES-128-CBC", "SHA256", 32, 16, 16) \
	X(A256CBC_HS512, "A256CBC-HS512", "AES-256-CBC", "SHA512", 64, 16, 32)

static const struct jwa_wrap_info wraps[JWA_WRAP_COUNT] = {
#define X(alg, name, kind, kek_len, cipher) \
	[JWA_## \
	    alg] = { JWA_##alg, name, JWA_WRAP_KIND_##kind, kek_len, cipher },
	WRAP_TABLE(X)
#undef X
};

static const struct jwa_enc_info encs[JWA_ENC_COUNT] = {
#define X(enc, name, cipher, digest, key_len, iv_len, tag_len) \
	[JWA_##enc] = { JWA_##enc, name, cipher, digest, key_len, iv_len, \
		tag_len },
	ENC_TABLE(X)
#undef X
};

static const char *const wrap_names[] = {
#define X(alg, name, kind, kek_len, cipher) name,
	WRAP_TABLE(X)
#undef X
};

static const char *const enc_names[] = {
#define X(enc, name, cipher, digest, key_len, iv_len, tag_len) name,
	ENC_TABLE(X)
#undef X
};

static const char *const refused[] = { "RSA1_5", "RSA-OAEP", "RSA-OAEP-384",
	"RSA-OAEP-512", "A192KW", "A128GCMKW", "A192GCMKW", "A256GCMKW",
	"ECDH-ES+A192KW", "PBES2-HS256+A128KW", "PBES2-HS384+A192KW",
	"PBES2-HS512+A256KW", "A192GCM", "A192CBC-HS384" };

static bool
is_name(const char *row, const char *name, size_t n)
{
	return row != NULL && strlen(row) == n && strncmp(row, name, n) == 0;
}

enum jwa_wrap
jwa_wrap_find(const char *name, size_t n)
{
	size_t i;

	for (i = JWA_WRAP_NONE + 1; i < JWA_WRAP_COUNT; i++) {
		if (is_name(wraps[i].name, name, n))
			return wraps[i].alg;
	}
	return JWA_WRAP_NONE;
}

enum jwa_enc
jwa_enc_find(const char *name, size_t n)
{
	size_t i;

	for (i = JWA_ENC_NONE + 1; i < JWA_ENC_COUNT; i++) {
		if (is_name(encs[i].name, name, n))
			return encs[i].enc;
	}
	return JWA_ENC_NONE;
}

const struct jwa_wrap_info *
jwa_wrap_get(enum jwa_wrap alg)
{
	if ((unsigned int)alg >= JWA_WRAP_COUNT || wraps[alg].name == NULL)
		return NULL;
	return &wraps[alg];
}

const struct jwa_enc_info *
jwa_enc_get(enum jwa_enc enc)
{
	if ((unsigned int)enc >= JWA_ENC_COUNT || encs[enc].name == NULL)
		return NULL;
	return &encs[enc];
}

const char *
jwa_wrap_name(enum jwa_wrap alg)
{
	const struct jwa_wrap_info *info = jwa_wrap_get(alg);

	return info != NULL ? info->name : "none";
}

const char *
jwa_enc_name(enum jwa_enc enc)
{
	const struct jwa_enc_info *info = jwa_enc_get(enc);

	return info != NULL ? info->name : "none";
}

const char *const *
jwa_wrap_names(size_t *count_out)
{
	*count_out = sizeof(wrap_names) / sizeof(wrap_names[0]);
	return wrap_names;
}

const char *const *
jwa_enc_names(size_t *count_out)
{
	*count_out = sizeof(enc_names) / sizeof(enc_names[0]);
	return enc_names;
}

bool
jwa_enc_is_refused(const char *name, size_t n)
{
	size_t i;

	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		if (is_name(refused[i], name, n))
			return true;
	}
	return false;
}
