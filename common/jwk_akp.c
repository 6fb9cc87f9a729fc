/*
 * jwk_akp: ML-DSA keys (FIPS 204) as JWK, kty AKP: alg names the parameter
 * set, pub is the public key, priv the seed that the private key grows from.
 */

#include "jwk.h"

#include <openssl/evp.h>
#include <openssl/params.h>

#include "err.h"
#include "json.h"
#include "jwk_priv.h"
#include "mem.h"

#define PARAM_SEED "seed" /* OSSL_PKEY_PARAM_ML_DSA_SEED, OpenSSL 3.5 */

static int
import_seed(const struct jwk_curve *curve, uint8_t *seed, struct jwk *key)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(
	    NULL, curve->group, NULL);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(
		    PARAM_SEED, seed, JWK_AKP_SEED),
		OSSL_PARAM_construct_end(),
	};
	int ok;

	ok = ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
	    EVP_PKEY_fromdata(ctx, &key->pkey, EVP_PKEY_KEYPAIR, params) == 1;
	EVP_PKEY_CTX_free(ctx);
	return ok;
}

int
jwk_import_akp(const struct json *entry, const struct jwk_curve *curve,
    struct jwk *key, struct err *e)
{
	uint8_t pub[JWK_AKP_MAX], derived[JWK_AKP_MAX], seed[JWK_AKP_SEED];
	size_t n = sizeof(derived);
	int rc;

	rc = jwk_fixed_member(entry, "pub", pub, curve->width, e);
	if (rc != 0)
		return rc;
	if (json_member(entry, "priv") == NULL) {
		key->pkey = EVP_PKEY_new_raw_public_key_ex(
		    NULL, curve->group, NULL, pub, curve->width);
		return key->pkey != NULL ?
		    0 :
		    jwk_openssl_error(e, E_KEY, "pub: not a public key");
	}
	rc = jwk_fixed_member(entry, "priv", seed, sizeof(seed), e);
	if (rc != 0)
		goto out;
	if (!import_seed(curve, seed, key) ||
	    EVP_PKEY_get_raw_public_key(key->pkey, derived, &n) != 1)
		rc = jwk_openssl_error(e, E_KEY, "priv: not a private key");
	else if (n != curve->width || !mem_equal(derived, pub, n))
		rc = err_set(e, E_KEY, "priv: not the private half of pub");
out:
	mem_wipe(seed, sizeof(seed));
	return rc;
}
