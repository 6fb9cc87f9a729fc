/*
 * jwk_enc_material: what a key for encryption is made of, and what it may be
 * used for. RSA and EC keys are made and judged by jwk_material.c; X25519 is
 * unknown there, since nothing signs with it.
 */

#include "jwk_enc.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <string.h>

#include "b64url.h"
#include "err.h"
#include "json.h"
#include "jwk_enc_priv.h"
#include "jwk_priv.h"
#include "mem.h"

#define X25519_LEN 32

static const struct jwk_enc_curve curves[] = {
	{ "P-256", JWK_EC, "prime256v1", 32 },
	{ "P-384", JWK_EC, "secp384r1", 48 },
	{ "P-521", JWK_EC, "secp521r1", 66 },
	{ "X25519", JWK_OKP, "X25519", X25519_LEN },
};

#define CURVE_COUNT (sizeof(curves) / sizeof(curves[0]))

const struct jwk_enc_curve *
jwk_enc_curve_find(const char *crv, size_t n)
{
	size_t i;

	for (i = 0; i < CURVE_COUNT; i++) {
		if (strlen(curves[i].crv) == n &&
		    strncmp(curves[i].crv, crv, n) == 0)
			return &curves[i];
	}
	return NULL;
}

bool
jwk_enc_take(struct jwk *from, struct jwk_enc *key)
{
	const struct jwk_enc_curve *curve = NULL;

	if (from->kty == JWK_EC) {
		curve = jwk_enc_curve_find(from->crv, strlen(from->crv));
		if (curve == NULL)
			return false;
	} else if (from->kty != JWK_RSA) {
		return false;
	}
	if (key->kty == JWK_NONE)
		key->encrypts = key->decrypts = JWK_ENC_ALL;
	if (!jwk_is_private(from))
		key->decrypts = 0;
	key->kty = from->kty;
	key->crv = curve != NULL ? curve->crv : NULL;
	key->pkey = from->pkey;
	from->pkey = NULL;
	return true;
}

bool
jwk_enc_take_x25519(EVP_PKEY **pkey, bool is_private, struct jwk_enc *key)
{
	if (EVP_PKEY_is_a(*pkey, "X25519") != 1)
		return false;
	key->kty = JWK_OKP;
	key->crv = "X25519";
	key->encrypts = JWK_ENC_ALL;
	key->decrypts = is_private ? JWK_ENC_ALL : 0;
	key->pkey = *pkey;
	*pkey = NULL;
	return true;
}

/* AES keys and the two halves of a CBC key have these lengths. */
static int
import_oct(const struct json *entry, struct jwk_enc *key, struct err *e)
{
	uint8_t bytes[JWK_ENC_SECRET_MAX];
	const char *text;
	size_t n, text_len;
	int rc;

	rc = jwk_text_member(entry, "k", &text, &text_len, e);
	if (rc != 0)
		return rc;
	n = B64URL_DECODED_LEN(text_len);
	if (n != 16 && n != 32 && n != 64)
		return err_set(e, E_KEY,
		    "k: %zu bytes; a key to encrypt with has 16, 32 or 64", n);
	rc = jwk_fixed_member(entry, "k", bytes, n, e);
	if (rc == 0) {
		key->secret = mem_dup(bytes, n);
		key->secret_len = n;
		if (key->secret == NULL)
			rc = err_set(e, E_NOMEM, "out of memory");
	}
	mem_wipe(bytes, sizeof(bytes));
	return rc;
}

static int
import_x25519(const struct json *entry, struct jwk_enc *key, struct err *e)
{
	uint8_t x[X25519_LEN], d[X25519_LEN], derived[X25519_LEN];
	size_t n = sizeof(derived);
	int rc;

	rc = jwk_fixed_member(entry, "x", x, sizeof(x), e);
	if (rc != 0)
		return rc;
	key->crv = "X25519";
	if (json_member(entry, "d") == NULL) {
		key->decrypts = 0;
		return jwk_enc_point(
		    jwk_enc_curve_find("X25519", 6), x, NULL, &key->pkey, e);
	}
	rc = jwk_fixed_member(entry, "d", d, sizeof(d), e);
	if (rc == 0) {
		key->pkey = EVP_PKEY_new_raw_private_key_ex(
		    NULL, "X25519", NULL, d, sizeof(d));
		if (key->pkey == NULL ||
		    EVP_PKEY_get_raw_public_key(key->pkey, derived, &n) != 1)
			rc = jwk_openssl_error(
			    e, E_KEY, "d: not a private key");
		else if (n != sizeof(x) || !mem_equal(derived, x, n))
			rc = err_set(e, E_KEY, "d: not the private half of x");
	}
	mem_wipe(d, sizeof(d));
	return rc;
}

static int
import_pair(const struct json *entry, const struct jwk_enc_curve *curve,
    struct jwk_enc *key, struct err *e)
{
	const struct jwk_curve *same = NULL;
	struct jwk judged = { .signs = true };
	int rc;

	if (curve != NULL)
		same = jwk_curve_find(curve->crv, strlen(curve->crv));
	rc = jwk_import_material(entry, key->kty, same, &judged, e);
	if (rc == 0 && !jwk_enc_take(&judged, key))
		rc = err_set(e, E_KEY, "not a key to encrypt with");
	jwk_done(&judged);
	return rc;
}

int
jwk_enc_material(const struct json *entry, const struct jwk_enc_curve *curve,
    struct jwk_enc *key, struct err *e)
{
	switch (key->kty) {
	case JWK_OCT:
		return import_oct(entry, key, e);
	case JWK_OKP:
		return import_x25519(entry, key, e);
	case JWK_RSA:
	case JWK_EC:
		return import_pair(entry, curve, key, e);
	case JWK_AKP:
	case JWK_NONE:
		break;
	}
	return err_set(e, E_KEY, "not a key to encrypt with");
}

static int
point_ec(const struct jwk_enc_curve *curve, const uint8_t *x, const uint8_t *y,
    EVP_PKEY **out)
{
	uint8_t point[1 + 2 * JWK_ENC_POINT_MAX] = {
		POINT_CONVERSION_UNCOMPRESSED
	};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	size_t w = curve->width;
	int ok = 0;

	memcpy(point + 1, x, w);
	memcpy(point + 1 + w, y, w);
	if (ctx == NULL || bld == NULL ||
	    OSSL_PARAM_BLD_push_utf8_string(
		bld, OSSL_PKEY_PARAM_GROUP_NAME, curve->group, 0) != 1 ||
	    OSSL_PARAM_BLD_push_octet_string(
		bld, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * w) != 1)
		goto out;
	params = OSSL_PARAM_BLD_to_param(bld);
	ok = params != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
	    EVP_PKEY_fromdata(ctx, out, EVP_PKEY_PUBLIC_KEY, params) == 1;
out:
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	EVP_PKEY_CTX_free(ctx);
	return ok;
}

int
jwk_enc_point(const struct jwk_enc_curve *curve, const uint8_t *x,
    const uint8_t *y, struct evp_pkey_st **out, struct err *e)
{
	EVP_PKEY *point = NULL;
	EVP_PKEY_CTX *ctx = NULL;
	int ok;

	if (curve == NULL)
		return err_set(e, E_KEY, "not a curve that is known");
	if (curve->kty == JWK_OKP) {
		point = EVP_PKEY_new_raw_public_key_ex(
		    NULL, curve->group, NULL, x, curve->width);
		ok = point != NULL;
	} else {
		ok = point_ec(curve, x, y, &point);
		if (ok)
			ctx = EVP_PKEY_CTX_new_from_pkey(NULL, point, NULL);
		ok = ok && ctx != NULL && EVP_PKEY_public_check(ctx) == 1;
	}
	EVP_PKEY_CTX_free(ctx);
	if (!ok) {
		EVP_PKEY_free(point);
		return jwk_openssl_error(e, E_KEY, "not a point of the curve");
	}
	*out = point;
	return 0;
}

static bool
fits_enc(const struct jwk_enc *key, enum jwa_enc enc)
{
	const struct jwa_enc_info *info = jwa_enc_get(enc);

	return key->kty == JWK_OCT && info != NULL &&
	    key->secret_len == info->key_len &&
	    (key->enc == JWA_ENC_NONE || key->enc == enc);
}

bool
jwk_enc_fits(const struct jwk_enc *key, enum jwa_wrap alg, enum jwa_enc enc,
    bool decrypt)
{
	const struct jwa_wrap_info *info = jwa_wrap_get(alg);
	unsigned ops = decrypt ? key->decrypts : key->encrypts;

	if (info == NULL || jwa_enc_get(enc) == NULL ||
	    (key->alg != JWA_WRAP_NONE && key->alg != alg))
		return false;
	switch (info->kind) {
	case JWA_WRAP_KIND_DIRECT:
		return (ops & JWK_ENC_CONTENT) != 0 && fits_enc(key, enc);
	case JWA_WRAP_KIND_AES:
		return (ops & JWK_ENC_WRAP) != 0 && key->kty == JWK_OCT &&
		    key->secret_len == info->kek_len;
	case JWA_WRAP_KIND_RSA:
		return (ops & (JWK_ENC_WRAP | JWK_ENC_CONTENT)) != 0 &&
		    key->kty == JWK_RSA;
	case JWA_WRAP_KIND_ECDH:
		return (ops & JWK_ENC_DERIVE) != 0 &&
		    (key->kty == JWK_EC || key->kty == JWK_OKP) &&
		    key->crv != NULL;
	case JWA_WRAP_KIND_NONE:
		break;
	}
	return false;
}

enum jwa_wrap
jwk_enc_default(const struct jwk_enc *key, enum jwa_wrap alg, enum jwa_enc *enc)
{
	static const enum jwa_wrap algs[] = { JWA_ECDH_ES_A256KW,
		JWA_ECDH_ES_A128KW, JWA_ECDH_ES, JWA_RSA_OAEP_256, JWA_A256KW,
		JWA_A128KW, JWA_DIR };
	static const enum jwa_enc encs[] = { JWA_A256GCM, JWA_A128GCM,
		JWA_A256CBC_HS512, JWA_A128CBC_HS256 };
	size_t i, k;

	for (i = 0; i < sizeof(algs) / sizeof(algs[0]); i++) {
		for (k = 0; k < sizeof(encs) / sizeof(encs[0]); k++) {
			if ((*enc != JWA_ENC_NONE && *enc != encs[k]) ||
			    (alg != JWA_WRAP_NONE && alg != algs[i]))
				continue;
			if (!jwk_enc_fits(key, algs[i], encs[k], false))
				continue;
			*enc = encs[k];
			return algs[i];
		}
	}
	return JWA_WRAP_NONE;
}
