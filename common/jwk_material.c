/*
 * jwk_material: the members of a JWK become a key. Each has exactly the
 * length that RFC 7518 §6 and RFC 8037 §2 give it; OpenSSL comes last, and
 * then jwk_vet() judges what OpenSSL made of it.
 */

#include "jwk.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <string.h>

#include "b64url.h"
#include "err.h"
#include "json.h"
#include "jwk_priv.h"
#include "mem.h"

/* Members of an RSA key; the public two come first. */
static const struct {
	const char *member;
	const char *param;
} rsa_parts[] = {
	{ "n", OSSL_PKEY_PARAM_RSA_N },
	{ "e", OSSL_PKEY_PARAM_RSA_E },
	{ "d", OSSL_PKEY_PARAM_RSA_D },
	{ "p", OSSL_PKEY_PARAM_RSA_FACTOR1 },
	{ "q", OSSL_PKEY_PARAM_RSA_FACTOR2 },
	{ "dp", OSSL_PKEY_PARAM_RSA_EXPONENT1 },
	{ "dq", OSSL_PKEY_PARAM_RSA_EXPONENT2 },
	{ "qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1 },
};

#define RSA_PARTS (sizeof(rsa_parts) / sizeof(rsa_parts[0]))
#define RSA_PUBLIC_PARTS 2
#define RSA_D_PARTS 3 /* RFC 7518 §6.3.2: d alone, or d with all the rest */

/* A string member, NULL when absent; E_KEY when it is something else. */
int
jwk_text_member(const struct json *entry, const char *name, const char **out,
    size_t *len_out, struct err *e)
{
	const struct json *v = json_member(entry, name);

	*out = NULL;
	*len_out = 0;
	if (v == NULL)
		return 0;
	*out = json_string(v, len_out);
	if (*out == NULL)
		return err_set(e, E_KEY, "%s: %s, not a string", name,
		    json_kind_name(json_kind(v)));
	return 0;
}

/* Decodes a member of 1 to max bytes into dst. */
static int
bytes_member(const struct json *entry, const char *name, uint8_t *dst,
    size_t max, size_t *len_out, struct err *e)
{
	const char *text;
	size_t n;
	int rc;

	rc = jwk_text_member(entry, name, &text, &n, e);
	if (rc != 0)
		return rc;
	if (text == NULL || n == 0)
		return err_set(e, E_KEY, "%s: missing", name);
	if (B64URL_DECODED_LEN(n) > max)
		return err_set(
		    e, E_KEY, "%s: longer than %zu bytes", name, max);
	if (b64url_decode(dst, text, n) != 0)
		return err_set(e, E_KEY, "%s: not base64url", name);
	*len_out = B64URL_DECODED_LEN(n);
	return 0;
}

int
jwk_fixed_member(const struct json *entry, const char *name, uint8_t *dst,
    size_t n, struct err *e)
{
	size_t len = 0;
	int rc;

	rc = bytes_member(entry, name, dst, n, &len, e);
	if (rc == 0 && len != n)
		rc = err_set(
		    e, E_KEY, "%s: %zu bytes, the curve has %zu", name, len, n);
	return rc;
}

/* RFC 7518 §2 Base64urlUInt: as few bytes as the number needs. */
static int
number_member(
    const struct json *entry, const char *name, BIGNUM **out, struct err *e)
{
	uint8_t bytes[JWK_PART_MAX];
	size_t len = 0;
	int rc;

	rc = bytes_member(entry, name, bytes, sizeof(bytes), &len, e);
	if (rc == 0 && bytes[0] == 0)
		rc = err_set(e, E_KEY, "%s: starts with a zero byte", name);
	if (rc == 0) {
		*out = BN_secure_new();
		if (*out == NULL || BN_bin2bn(bytes, (int)len, *out) == NULL)
			rc = err_set(e, E_NOMEM, "out of memory");
	}
	mem_wipe(bytes, sizeof(bytes));
	return rc;
}

static int
make_pkey(const char *type, OSSL_PARAM_BLD *bld, bool is_private,
    struct jwk *key, struct err *e)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
	int selection = is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY;
	int rc = 0;

	if (ctx == NULL || params == NULL || EVP_PKEY_fromdata_init(ctx) != 1)
		rc = err_set(e, E_NOMEM, "out of memory");
	else if (EVP_PKEY_fromdata(ctx, &key->pkey, selection, params) != 1)
		rc = jwk_openssl_error(e, E_KEY, "not a key of its type");
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(ctx);
	return rc;
}

/* How many of rsa_parts are there: 2, 3 or all; 0 and E_KEY otherwise. */
static int
count_rsa_parts(const struct json *entry, size_t *out, struct err *e)
{
	size_t i, n = RSA_PUBLIC_PARTS;

	for (i = RSA_PUBLIC_PARTS; i < RSA_PARTS; i++) {
		if (json_member(entry, rsa_parts[i].member) != NULL)
			n = i < RSA_D_PARTS ? RSA_D_PARTS : RSA_PARTS;
	}
	if (json_member(entry, "oth") != NULL)
		return err_set(e, E_KEY, "oth: more than two primes");
	*out = n;
	return 0;
}

static int
import_rsa(const struct json *entry, struct jwk *key, struct err *e)
{
	BIGNUM *bn[RSA_PARTS] = { NULL };
	OSSL_PARAM_BLD *bld = NULL;
	size_t i, n = 0;
	int rc;

	rc = count_rsa_parts(entry, &n, e);
	for (i = 0; i < n && rc == 0; i++)
		rc = number_member(entry, rsa_parts[i].member, &bn[i], e);
	if (rc != 0)
		goto out;
	bld = OSSL_PARAM_BLD_new();
	for (i = 0; i < n && bld != NULL && rc == 0; i++) {
		if (OSSL_PARAM_BLD_push_BN(bld, rsa_parts[i].param, bn[i]) != 1)
			rc = err_set(e, E_NOMEM, "out of memory");
	}
	if (bld == NULL)
		rc = err_set(e, E_NOMEM, "out of memory");
	if (rc == 0)
		rc = make_pkey("RSA", bld, n > RSA_PUBLIC_PARTS, key, e);
out:
	OSSL_PARAM_BLD_free(bld);
	for (i = 0; i < RSA_PARTS; i++)
		BN_clear_free(bn[i]);
	return rc;
}

static int
import_ec(const struct json *entry, const struct jwk_curve *curve,
    struct jwk *key, struct err *e)
{
	uint8_t point[1 + 2 * 66] = { POINT_CONVERSION_UNCOMPRESSED };
	uint8_t scalar[66];
	BIGNUM *d = NULL;
	OSSL_PARAM_BLD *bld = NULL;
	size_t w = curve->width;
	bool is_private = json_member(entry, "d") != NULL;
	int rc;

	rc = jwk_fixed_member(entry, "x", point + 1, w, e);
	if (rc == 0)
		rc = jwk_fixed_member(entry, "y", point + 1 + w, w, e);
	if (rc == 0 && is_private)
		rc = jwk_fixed_member(entry, "d", scalar, w, e);
	if (rc != 0)
		goto out;
	rc = E_NOMEM;
	bld = OSSL_PARAM_BLD_new();
	d = BN_secure_new();
	if (bld == NULL || d == NULL)
		goto out;
	if (OSSL_PARAM_BLD_push_utf8_string(
		bld, OSSL_PKEY_PARAM_GROUP_NAME, curve->group, 0) != 1 ||
	    OSSL_PARAM_BLD_push_octet_string(
		bld, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * w) != 1)
		goto out;
	if (is_private &&
	    (BN_bin2bn(scalar, (int)w, d) == NULL ||
		OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PRIV_KEY, d) != 1))
		goto out;
	rc = make_pkey("EC", bld, is_private, key, e);
out:
	OSSL_PARAM_BLD_free(bld);
	BN_clear_free(d);
	mem_wipe(scalar, sizeof(scalar));
	return rc;
}

static int
import_okp(const struct json *entry, const struct jwk_curve *curve,
    struct jwk *key, struct err *e)
{
	uint8_t x[57], d[57], derived[57];
	size_t w = curve->width, n = sizeof(derived);
	int rc;

	rc = jwk_fixed_member(entry, "x", x, w, e);
	if (rc != 0)
		return rc;
	if (json_member(entry, "d") == NULL) {
		key->pkey = EVP_PKEY_new_raw_public_key_ex(
		    NULL, curve->group, NULL, x, w);
		return key->pkey != NULL ?
		    0 :
		    jwk_openssl_error(e, E_KEY, "x: not a public key");
	}
	rc = jwk_fixed_member(entry, "d", d, w, e);
	if (rc != 0)
		goto out;
	key->pkey = EVP_PKEY_new_raw_private_key_ex(
	    NULL, curve->group, NULL, d, w);
	if (key->pkey == NULL ||
	    EVP_PKEY_get_raw_public_key(key->pkey, derived, &n) != 1)
		rc = jwk_openssl_error(e, E_KEY, "d: not a private key");
	else if (n != w || !mem_equal(derived, x, w))
		rc = err_set(e, E_KEY, "d: not the private half of x");
out:
	mem_wipe(d, sizeof(d));
	return rc;
}

static int
import_oct(const struct json *entry, struct jwk *key, struct err *e)
{
	uint8_t bytes[JWK_SECRET_MAX];
	const struct jwa_info *info = jwa_get(key->alg);
	enum jwa_alg alg = JWA_HS256;
	size_t n = 0;
	int rc;

	if (info != NULL && info->kind == JWA_KIND_HMAC)
		alg = key->alg;
	rc = bytes_member(entry, "k", bytes, sizeof(bytes), &n, e);
	if (rc != 0)
		goto out;
	rc = jwk_secret_check(bytes, n, alg, e);
	if (rc != 0) {
		err_prefix(e, "k");
		goto out;
	}
	key->kty = JWK_OCT;
	key->secret = mem_dup(bytes, n);
	key->secret_len = n;
	if (key->secret == NULL)
		rc = err_set(e, E_NOMEM, "out of memory");
out:
	mem_wipe(bytes, sizeof(bytes));
	return rc;
}

int
jwk_import_material(const struct json *entry, enum jwk_kty kty,
    const struct jwk_curve *curve, struct jwk *key, struct err *e)
{
	int rc = E_KEY;

	switch (kty) {
	case JWK_OCT:
		return import_oct(entry, key, e);
	case JWK_RSA:
		rc = import_rsa(entry, key, e);
		break;
	case JWK_EC:
		rc = import_ec(entry, curve, key, e);
		break;
	case JWK_OKP:
		rc = import_okp(entry, curve, key, e);
		break;
	case JWK_AKP:
		rc = jwk_import_akp(entry, curve, key, e);
		break;
	case JWK_NONE:
		break;
	}
	if (rc == E_NOMEM)
		err_set(e, rc, "out of memory");
	if (rc == 0)
		rc = jwk_vet(key, e);
	if (rc == 0)
		key->signs = key->signs && jwk_is_private(key);
	return rc;
}
