/*
 * jwk_check: the judgement that OpenSSL leaves out. Its import takes an RSA
 * key with e = 1 and Edwards points of small order, under which anybody can
 * forge, and its own check of an RSA key tests primes for milliseconds.
 */

#include "jwk.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <string.h>

#include "err.h"
#include "jwk_priv.h"
#include "mem.h"

#define ROCA_LAST_PRIME 167
#define ROCA_GENERATOR 65537

/* The parts of an RSA key; the private ones are NULL when absent. */
struct rsa {
	BIGNUM *n, *e, *d, *p, *q, *dp, *dq, *qi;
};

static void
rsa_done(struct rsa *r)
{
	BN_free(r->n);
	BN_free(r->e);
	BN_clear_free(r->d);
	BN_clear_free(r->p);
	BN_clear_free(r->q);
	BN_clear_free(r->dp);
	BN_clear_free(r->dq);
	BN_clear_free(r->qi);
}

/* True when some power of the generator is r modulo p. */
static bool
is_roca_power(unsigned r, unsigned p)
{
	unsigned i, power = 1;

	for (i = 0; i < p; i++) {
		if (power == r)
			return true;
		power = power * (ROCA_GENERATOR % p) % p;
	}
	return false;
}

static bool
is_prime(unsigned v)
{
	unsigned i;

	for (i = 2; i * i <= v; i++) {
		if (v % i == 0)
			return false;
	}
	return true;
}

/*
 * CVE-2017-15361: keys of one maker are powers of 65537 modulo every small
 * prime, and can be factored. Other keys drop out after a few primes.
 */
static bool
is_roca(const BIGNUM *n)
{
	unsigned p;

	for (p = 3; p <= ROCA_LAST_PRIME; p += 2) {
		if (is_prime(p) &&
		    !is_roca_power((unsigned)BN_mod_word(n, p), p))
			return false;
	}
	return true;
}

static int
vet_rsa_public(const struct rsa *r, struct err *e)
{
	int bits = BN_num_bits(r->n);

	if (bits < JWK_RSA_MIN_BITS || bits > JWK_RSA_MAX_BITS)
		return err_set(e, E_KEY, "n: %d bits, %d to %d are taken", bits,
		    JWK_RSA_MIN_BITS, JWK_RSA_MAX_BITS);
	if (!BN_is_odd(r->n))
		return err_set(e, E_KEY, "n: even");
	if (!BN_is_odd(r->e) || BN_is_one(r->e) || BN_num_bits(r->e) > 32)
		return err_set(
		    e, E_KEY, "e: not an odd number from 3 to 2^32 - 1");
	if (is_roca(r->n))
		return err_set(e, E_KEY,
		    "n: made by a generator whose keys can be factored "
		    "(CVE-2017-15361)");
	return 0;
}

/* prime - 1 divides d * e - 1, and crt is d modulo prime - 1. */
static int
exponents_agree(
    const struct rsa *r, const BIGNUM *prime, const BIGNUM *crt, BN_CTX *ctx)
{
	BIGNUM *order, *v;
	int ok = -1;

	BN_CTX_start(ctx);
	order = BN_CTX_get(ctx);
	v = BN_CTX_get(ctx);
	if (v == NULL || BN_sub(order, prime, BN_value_one()) != 1 ||
	    BN_is_zero(order))
		goto out;
	if (BN_mod_mul(v, r->d, r->e, order, ctx) != 1)
		goto out;
	ok = BN_is_one(v);
	if (BN_nnmod(v, r->d, order, ctx) != 1)
		ok = -1;
	else if (BN_cmp(v, crt) != 0)
		ok = 0;
out:
	BN_CTX_end(ctx);
	return ok;
}

/* n = p * q and qi * q = 1 modulo p. */
static int
factors_agree(const struct rsa *r, BN_CTX *ctx)
{
	BIGNUM *v;
	int ok = -1;

	if (BN_is_zero(r->p) || BN_is_one(r->p))
		return 0;
	BN_CTX_start(ctx);
	v = BN_CTX_get(ctx);
	if (v == NULL || BN_mul(v, r->p, r->q, ctx) != 1)
		goto out;
	ok = BN_cmp(v, r->n) == 0;
	if (BN_mod_mul(v, r->qi, r->q, r->p, ctx) != 1)
		ok = -1;
	else if (!BN_is_one(v))
		ok = 0;
out:
	BN_CTX_end(ctx);
	return ok;
}

/* What is raised to d and then to e comes back: the halves belong together. */
static int
halves_agree(const struct rsa *r, BN_CTX *ctx)
{
	BIGNUM *two, *v;
	int ok = -1;

	BN_CTX_start(ctx);
	two = BN_CTX_get(ctx);
	v = BN_CTX_get(ctx);
	BN_set_flags(r->d, BN_FLG_CONSTTIME);
	if (v != NULL && BN_set_word(two, 2) == 1 &&
	    BN_mod_exp(v, two, r->d, r->n, ctx) == 1 &&
	    BN_mod_exp(v, v, r->e, r->n, ctx) == 1)
		ok = BN_cmp(v, two) == 0;
	BN_CTX_end(ctx);
	return ok;
}

static int
vet_rsa_private(const struct rsa *r, struct err *e)
{
	BN_CTX *ctx = BN_CTX_secure_new();
	int ok = -1;

	if (ctx == NULL)
		return err_set(e, E_NOMEM, "out of memory");
	if (BN_is_zero(r->d) || BN_cmp(r->d, r->n) >= 0)
		ok = 0;
	else
		ok = halves_agree(r, ctx);
	if (ok == 1 && r->p != NULL)
		ok = factors_agree(r, ctx);
	if (ok == 1 && r->p != NULL)
		ok = exponents_agree(r, r->p, r->dp, ctx);
	if (ok == 1 && r->p != NULL)
		ok = exponents_agree(r, r->q, r->dq, ctx);
	BN_CTX_free(ctx);
	if (ok == 1)
		return 0;
	return jwk_openssl_error(
	    e, E_KEY, "the private members do not belong to n and e");
}

static int
vet_rsa(struct jwk *key, struct err *e)
{
	struct rsa r = { 0 };
	EVP_PKEY *k = key->pkey;
	BIGNUM *third = NULL;
	int rc;

	if (EVP_PKEY_get_bn_param(k, OSSL_PKEY_PARAM_RSA_N, &r.n) != 1 ||
	    EVP_PKEY_get_bn_param(k, OSSL_PKEY_PARAM_RSA_E, &r.e) != 1) {
		rc = jwk_openssl_error(e, E_KEY, "not an RSA key");
		goto out;
	}
	rc = vet_rsa_public(&r, e);
	if (rc != 0)
		goto out;
	if (EVP_PKEY_get_bn_param(k, OSSL_PKEY_PARAM_RSA_FACTOR3, &third) ==
	    1) {
		rc = err_set(e, E_KEY, "more than two primes");
		goto out;
	}
	EVP_PKEY_get_bn_param(k, OSSL_PKEY_PARAM_RSA_D, &r.d);
	EVP_PKEY_get_bn_param(k, OSSL_PKEY_PARAM_RSA_FACTOR1, &r.p);
	EVP_PKEY_get_bn_param(k, OSSL_PKEY_PARAM_RSA_FACTOR2, &r.q);
	EVP_PKEY_get_bn_param(k, OSSL_PKEY_PARAM_RSA_EXPONENT1, &r.dp);
	EVP_PKEY_get_bn_param(k, OSSL_PKEY_PARAM_RSA_EXPONENT2, &r.dq);
	EVP_PKEY_get_bn_param(k, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, &r.qi);
	if (r.p != NULL &&
	    (r.q == NULL || r.dp == NULL || r.dq == NULL || r.qi == NULL))
		rc = jwk_openssl_error(e, E_KEY, "half of a private key");
	if (rc == 0 && r.d != NULL)
		rc = vet_rsa_private(&r, e);
	key->kty = JWK_RSA;
	key->sig_len = (size_t)(BN_num_bits(r.n) + 7) / 8;
out:
	BN_clear_free(third);
	rsa_done(&r);
	return rc;
}

/* The point on its curve and in its group; d within range and its half. */
static int
check_ec(const struct jwk *key, bool is_private, struct err *e)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
	int rc = 0;

	if (ctx == NULL)
		return err_set(e, E_NOMEM, "out of memory");
	if (EVP_PKEY_public_check(ctx) != 1)
		rc = jwk_openssl_error(e, E_KEY, "not a point of the curve");
	else if (is_private &&
	    (EVP_PKEY_private_check(ctx) != 1 ||
		EVP_PKEY_pairwise_check(ctx) != 1))
		rc = jwk_openssl_error(
		    e, E_KEY, "d: not the private half of the point");
	EVP_PKEY_CTX_free(ctx);
	return rc;
}

static int
vet_ec(struct jwk *key, struct err *e)
{
	const struct jwk_curve *curve;
	char group[64];
	size_t n;
	int is_explicit = 0;

	if (EVP_PKEY_get_int_param(key->pkey,
		OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
		&is_explicit) != 1 ||
	    EVP_PKEY_get_utf8_string_param(key->pkey,
		OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group), &n) != 1)
		return jwk_openssl_error(e, E_KEY, "a curve without a name");
	/* Parameters of one's own are a curve of one's own (CVE-2020-0601). */
	if (is_explicit != 0)
		return err_set(e, E_KEY, "a curve without a name");
	curve = jwk_curve_of_group(group);
	if (curve == NULL || curve->kty != JWK_EC)
		return err_set(e, E_KEY,
		    "a curve other than P-256, P-384, P-521 and secp256k1");
	key->kty = JWK_EC;
	key->crv = curve->crv;
	key->sig_len = curve->sig_len;
	return check_ec(key, jwk_is_private(key), e);
}

static int
vet_okp(struct jwk *key, const struct jwk_curve *curve, struct err *e)
{
	uint8_t x[57];
	size_t n = sizeof(x);

	if (EVP_PKEY_get_raw_public_key(key->pkey, x, &n) != 1 ||
	    n != curve->width)
		return jwk_openssl_error(e, E_KEY, "x: not a public key");
	key->kty = JWK_OKP;
	key->crv = curve->crv;
	key->sig_len = curve->sig_len;
	return jwk_edwards_check(curve, x, e);
}

int
jwk_vet(struct jwk *key, struct err *e)
{
	const struct jwk_curve *curve = NULL;
	const char *type = EVP_PKEY_get0_type_name(key->pkey);

	if (type == NULL)
		return err_set(e, E_KEY, "a key without a type");
	if (strcmp(type, "RSA") == 0)
		return vet_rsa(key, e);
	if (strcmp(type, "EC") == 0)
		return vet_ec(key, e);
	curve = jwk_curve_of_group(type);
	if (curve != NULL && curve->kty == JWK_OKP)
		return vet_okp(key, curve, e);
	if (curve != NULL && curve->kty == JWK_AKP) {
		key->kty = JWK_AKP;
		key->crv = curve->crv;
		key->sig_len = curve->sig_len;
		return 0;
	}
	return err_set(e, E_KEY, "neither an RSA, an EC nor an Edwards key");
}

bool
jwk_is_private(const struct jwk *key)
{
	uint8_t raw[57];
	size_t n;
	BIGNUM *d = NULL;
	bool found;

	if (key->pkey == NULL)
		return false;
	if (key->kty == JWK_OKP || key->kty == JWK_AKP) {
		/* get_raw_private_key() leaves a copy in freed memory. */
		found = EVP_PKEY_get_octet_string_param(key->pkey,
			    key->kty == JWK_AKP ? "seed" :
						  OSSL_PKEY_PARAM_PRIV_KEY,
			    raw, sizeof(raw), &n) == 1;
		mem_wipe(raw, sizeof(raw));
		return found;
	}
	found = EVP_PKEY_get_bn_param(key->pkey,
		    key->kty == JWK_RSA ? OSSL_PKEY_PARAM_RSA_D :
					  OSSL_PKEY_PARAM_PRIV_KEY,
		    &d) == 1;
	BN_clear_free(d);
	return found;
}
