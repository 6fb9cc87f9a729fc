/*
 * jwa: one row per algorithm. An algorithm that has no row does not exist,
 * and "none" has none.
 */

#include "jwa.h"

#include <string.h>

#ifdef HAVE_ML_DSA
#define JWA_ML_DSA(X) \
	X(ML_DSA_44, "ML-DSA-44", ML_DSA, NULL, 0, "ML-DSA-44", 2420) \
	X(ML_DSA_65, "ML-DSA-65", ML_DSA, NULL, 0, "ML-DSA-65", 3309) \
	X(ML_DSA_87, "ML-DSA-87", ML_DSA, NULL, 0, "ML-DSA-87", 4627)
#else
#define JWA_ML_DSA(X)
#endif

/* X(alg, name, kind, digest, hash_len, curve, sig_len) */
#define JWA_TABLE(X) \
	X(HS256, "HS256", HMAC, "SHA256", 32, NULL, 32) \
	X(HS384, "HS384", HMAC, "SHA384", 48, NULL, 48) \
	X(HS512, "HS512", HMAC, "SHA512", 64, NULL, 64) \
	X(RS256, "RS256", RSA, "SHA256", 32, NULL, 0) \
	X(RS384, "RS384", RSA, "SHA384", 48, NULL, 0) \
	X(RS512, "RS512", RSA, "SHA512", 64, NULL, 0) \
	X(PS256, "PS256", RSA_PSS, "SHA256", 32, NULL, 0) \
	X(PS384, "PS384", RSA_PSS, "SHA384", 48, NULL, 0) \
	X(PS512, "PS512", RSA_PSS, "SHA512", 64, NULL, 0) \
	X(ES256, "ES256", ECDSA, "SHA256", 32, "P-256", 64) \
	X(ES384, "ES384", ECDSA, "SHA384", 48, "P-384", 96) \
	X(ES512, "ES512", ECDSA, "SHA512", 64, "P-521", 132) \
	X(ES256K, "ES256K", ECDSA, "SHA256", 32, "secp256k1", 64) \
	X(EDDSA, "EdDSA", EDDSA, NULL, 0, NULL, 0) \
	X(ED25519, "Ed25519", EDDSA, NULL, 0, "Ed25519", 64) \
	X(ED448, "Ed448", EDDSA, NULL, 0, "Ed448", 114) \
	JWA_ML_DSA(X)

static const struct jwa_info rows[JWA_COUNT] = {
#define X(alg, name, kind, digest, hash_len, curve, sig_len) \
	[JWA_##alg] = { JWA_##alg, name, JWA_KIND_##kind, digest, hash_len, \
		curve, sig_len },
	JWA_TABLE(X)
#undef X
};

static const char *const names[] = {
#define X(alg, name, kind, digest, hash_len, curve, sig_len) name,
	JWA_TABLE(X)
#undef X
};

enum jwa_alg
jwa_find(const char *name, size_t n)
{
	size_t i;

	for (i = JWA_NONE + 1; i < JWA_COUNT; i++) {
		if (rows[i].name != NULL && strlen(rows[i].name) == n &&
		    memcmp(rows[i].name, name, n) == 0)
			return rows[i].alg;
	}
	return JWA_NONE;
}

bool
jwa_is_absent(const char *name, size_t n)
{
#ifdef HAVE_ML_DSA
	(void)name;
	(void)n;
	return false;
#else
	static const char *const absent[] = { "ML-DSA-44", "ML-DSA-65",
		"ML-DSA-87" };
	size_t i;

	for (i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
		if (strlen(absent[i]) == n && memcmp(absent[i], name, n) == 0)
			return true;
	}
	return false;
#endif
}

const struct jwa_info *
jwa_get(enum jwa_alg alg)
{
	if ((unsigned int)alg >= JWA_COUNT || rows[alg].name == NULL)
		return NULL;
	return &rows[alg];
}

const char *
jwa_name(enum jwa_alg alg)
{
	const struct jwa_info *info = jwa_get(alg);

	return info != NULL ? info->name : "none";
}

const char *const *
jwa_names(size_t *count_out)
{
	*count_out = sizeof(names) / sizeof(names[0]);
	return names;
}
