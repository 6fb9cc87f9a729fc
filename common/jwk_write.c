/*
 * jwk_write: a key as a JWK, its RFC 7638 thumbprint, and new keys. The
 * thumbprint is the hash of the required public members in the order of
 * their names, so the same code writes both.
 */

#include "jwk.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

#include "b64url.h"
#include "err.h"
#include "json.h"
#include "jwk_priv.h"
#include "mem.h"

#define SHA256_LEN 32
#define RANDOM_KID_LEN 16

static const struct {
	const char *member;
	const char *param;
} rsa_private[] = {
	{ "d", OSSL_PKEY_PARAM_RSA_D },
	{ "p", OSSL_PKEY_PARAM_RSA_FACTOR1 },
	{ "q", OSSL_PKEY_PARAM_RSA_FACTOR2 },
	{ "dp", OSSL_PKEY_PARAM_RSA_EXPONENT1 },
	{ "dq", OSSL_PKEY_PARAM_RSA_EXPONENT2 },
	{ "qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1 },
};

static int
put_bytes(
    struct json *o, const char *name, const uint8_t *p, size_t n, struct err *e)
{
	char text[B64URL_ENCODED_LEN(JWK_AKP_MAX) + 1];
	int rc;

	b64url_encode(text, p, n);
	rc = json_put_string(o, name, text);
	mem_wipe(text, sizeof(text));
	return rc == 0 ? 0 : err_set(e, E_NOMEM, "out of memory");
}

/* A number in width bytes, or in as few as it needs when width is 0. */
static int
put_number(struct json *o, const char *name, const struct jwk *key,
    const char *param, struct err *e)
{
	const struct jwk_curve *curve = NULL;
	uint8_t bytes[JWK_PART_MAX];
	BIGNUM *bn = NULL;
	int n, rc;

	if (EVP_PKEY_get_bn_param(key->pkey, param, &bn) != 1)
		return jwk_openssl_error(e, E_KEY, "a part of it is missing");
	if (key->crv != NULL)
		curve = jwk_curve_find(key->crv, strlen(key->crv));
	n = curve != NULL ? (int)curve->width : BN_num_bytes(bn);
	if (n > (int)sizeof(bytes) || BN_bn2binpad(bn, bytes, n) != n)
		rc = err_set(e, E_KEY, "a part of it is too long");
	else
		rc = put_bytes(o, name, bytes, (size_t)n, e);
	BN_clear_free(bn);
	mem_wipe(bytes, sizeof(bytes));
	return rc;
}

static int
put_raw(struct json *o, const char *name, const struct jwk *key,
    const char *param, struct err *e)
{
	uint8_t bytes[JWK_AKP_MAX];
	size_t n;
	int rc;

	if (EVP_PKEY_get_octet_string_param(
		key->pkey, param, bytes, sizeof(bytes), &n) != 1)
		rc = jwk_openssl_error(e, E_KEY, "a part of it is missing");
	else
		rc = put_bytes(o, name, bytes, n, e);
	mem_wipe(bytes, sizeof(bytes));
	return rc;
}

static int
put_text(struct json *o, const char *name, const char *value, struct err *e)
{
	return json_put_string(o, name, value) == 0 ?
	    0 :
	    err_set(e, E_NOMEM, "out of memory");
}

/* RFC 7638 §3.2: the required members, in the order of their names. */
static int
put_public(struct json *o, const struct jwk *key, struct err *e)
{
	int rc = 0;

	switch (key->kty) {
	case JWK_RSA:
		rc = put_number(o, "e", key, OSSL_PKEY_PARAM_RSA_E, e);
		if (rc == 0)
			rc = put_text(o, "kty", "RSA", e);
		if (rc == 0)
			rc = put_number(o, "n", key, OSSL_PKEY_PARAM_RSA_N, e);
		return rc;
	case JWK_EC:
	case JWK_OKP:
		rc = put_text(o, "crv", key->crv, e);
		if (rc == 0)
			rc = put_text(
			    o, "kty", key->kty == JWK_EC ? "EC" : "OKP", e);
		if (rc == 0 && key->kty == JWK_OKP)
			return put_raw(o, "x", key, OSSL_PKEY_PARAM_PUB_KEY, e);
		if (rc == 0)
			rc = put_number(
			    o, "x", key, OSSL_PKEY_PARAM_EC_PUB_X, e);
		if (rc == 0)
			rc = put_number(
			    o, "y", key, OSSL_PKEY_PARAM_EC_PUB_Y, e);
		return rc;
	case JWK_AKP:
		rc = put_text(o, "alg", key->crv, e);
		if (rc == 0)
			rc = put_text(o, "kty", "AKP", e);
		if (rc == 0)
			rc = put_raw(o, "pub", key, OSSL_PKEY_PARAM_PUB_KEY, e);
		return rc;
	case JWK_OCT:
	case JWK_NONE:
		break;
	}
	return err_set(e, E_KEY, "a secret has no public half");
}

static int
put_private(struct json *o, const struct jwk *key, struct err *e)
{
	BIGNUM *p = NULL;
	size_t i, n = sizeof(rsa_private) / sizeof(rsa_private[0]);
	int rc = 0;

	if (key->kty == JWK_AKP)
		return put_raw(o, "priv", key, "seed", e);
	if (key->kty == JWK_OKP)
		return put_raw(o, "d", key, OSSL_PKEY_PARAM_PRIV_KEY, e);
	if (key->kty == JWK_EC)
		return put_number(o, "d", key, OSSL_PKEY_PARAM_PRIV_KEY, e);
	/* A key that came with d alone goes with d alone. */
	if (EVP_PKEY_get_bn_param(key->pkey, OSSL_PKEY_PARAM_RSA_FACTOR1, &p) !=
	    1)
		n = 1;
	BN_clear_free(p);
	for (i = 0; i < n && rc == 0; i++)
		rc = put_number(
		    o, rsa_private[i].member, key, rsa_private[i].param, e);
	return rc;
}

static int
put_material(
    struct json *o, const struct jwk *key, bool with_private, struct err *e)
{
	int rc;

	if (key->kty == JWK_OCT && with_private) {
		rc = put_text(o, "kty", "oct", e);
		if (rc == 0)
			rc = put_bytes(o, "k", key->secret, key->secret_len, e);
		return rc;
	}
	rc = put_public(o, key, e);
	if (rc == 0 && with_private)
		rc = put_private(o, key, e);
	return rc;
}

int
jwk_write(
    const struct jwk *key, bool with_private, struct json **out, struct err *e)
{
	struct json *o = NULL;
	int rc = 0;

	if (with_private && key->kty != JWK_OCT && !jwk_is_private(key))
		return err_set(e, E_KEY, "a public key has no private half");
	ERR_set_mark();
	if (json_make_object(&o) != 0)
		rc = err_set(e, E_NOMEM, "out of memory");
	if (rc == 0)
		rc = put_material(o, key, with_private, e);
	if (rc == 0 && key->kid != NULL)
		rc = put_text(o, "kid", key->kid, e);
	if (rc == 0)
		rc = put_text(o, "use", "sig", e);
	if (rc == 0 && key->alg != JWA_NONE && key->kty != JWK_AKP)
		rc = put_text(o, "alg", jwa_name(key->alg), e);
	ERR_pop_to_mark();
	if (rc == 0)
		*out = o;
	else
		json_wipe(&o);
	return rc;
}

int
jwk_thumbprint(const struct jwk *key, char **out, struct err *e)
{
	char text[B64URL_ENCODED_LEN(SHA256_LEN) + 1];
	uint8_t hash[SHA256_LEN];
	struct json *o = NULL;
	char *json = NULL;
	size_t n = 0;
	int rc;

	rc = json_make_object(&o);
	if (rc == 0)
		rc = put_public(o, key, e);
	if (rc != 0)
		goto out;
	json = json_write(o, false, &n);
	if (json == NULL) {
		rc = err_set(e, E_NOMEM, "out of memory");
		goto out;
	}
	if (EVP_Digest(json, n, hash, NULL, EVP_sha256(), NULL) != 1) {
		rc = jwk_openssl_error(e, E_CRYPTO, "no SHA-256");
		goto out;
	}
	b64url_encode(text, hash, sizeof(hash));
	*out = mem_strdup(text);
	if (*out == NULL)
		rc = err_set(e, E_NOMEM, "out of memory");
out:
	mem_free_str(&json);
	json_free(&o);
	return rc;
}

static EVP_PKEY *
new_pair(const struct jwa_info *info)
{
	size_t bits;

	switch (info->kind) {
	case JWA_KIND_RSA:
	case JWA_KIND_RSA_PSS:
		bits = info->hash_len > 32 ? 3072 : 2048;
		return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", bits);
	case JWA_KIND_ECDSA:
		return EVP_PKEY_Q_keygen(NULL, NULL, "EC", info->curve);
	case JWA_KIND_EDDSA:
		return EVP_PKEY_Q_keygen(
		    NULL, NULL, info->alg == JWA_ED448 ? "ED448" : "ED25519");
	case JWA_KIND_ML_DSA:
		return EVP_PKEY_Q_keygen(NULL, NULL, info->curve);
	case JWA_KIND_HMAC:
	case JWA_KIND_NONE:
		break;
	}
	return NULL;
}

static int
new_secret(const struct jwa_info *info, struct jwk *key, struct err *e)
{
	key->kty = JWK_OCT;
	key->secret_len = info->hash_len;
	key->secret = mem_alloc(info->hash_len);
	if (key->secret == NULL)
		return err_set(e, E_NOMEM, "out of memory");
	if (RAND_priv_bytes(key->secret, (int)info->hash_len) != 1)
		return jwk_openssl_error(e, E_CRYPTO, "no random bytes");
	return jwk_secret_check(key->secret, key->secret_len, info->alg, e);
}

/* A hash of a secret would help to guess it, so its name is random. */
static int
random_kid(char **out, struct err *e)
{
	uint8_t bytes[RANDOM_KID_LEN];
	char text[B64URL_ENCODED_LEN(RANDOM_KID_LEN) + 1];

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return jwk_openssl_error(e, E_CRYPTO, "no random bytes");
	b64url_encode(text, bytes, sizeof(bytes));
	*out = mem_strdup(text);
	return *out == NULL ? err_set(e, E_NOMEM, "out of memory") : 0;
}

static int
name_key(struct jwk *key, const char *kid, struct err *e)
{
	if (kid == NULL && key->kty == JWK_OCT)
		return random_kid(&key->kid, e);
	if (kid == NULL)
		return jwk_thumbprint(key, &key->kid, e);
	if (!jwk_kid_check(kid, strlen(kid)))
		return err_set(e, E_KEY,
		    "kid: over %d bytes, or with a control character",
		    JWK_KID_MAX);
	key->kid = mem_strdup(kid);
	return key->kid == NULL ? err_set(e, E_NOMEM, "out of memory") : 0;
}

int
jwk_generate(enum jwa_alg alg, const char *kid, struct jwk *out, struct err *e)
{
	const struct jwa_info *info = jwa_get(alg);
	struct jwk key = { .alg = alg, .verifies = true, .signs = true };
	int rc;

	if (info == NULL)
		return err_set(e, E_KEY, "no such algorithm");
	ERR_set_mark();
	if (info->kind == JWA_KIND_HMAC) {
		rc = new_secret(info, &key, e);
	} else {
		key.pkey = new_pair(info);
		rc = key.pkey != NULL ?
		    jwk_vet(&key, e) :
		    jwk_openssl_error(e, E_CRYPTO, "no key was generated");
	}
	if (rc == 0)
		rc = name_key(&key, kid, e);
	ERR_pop_to_mark();
	if (rc == 0)
		*out = key;
	else
		jwk_done(&key);
	return rc;
}
