/*
 * jws_verify: one signature, one key, one algorithm. The length of the
 * signature is compared before any arithmetic, and OpenSSL's error queue is
 * left as it was found: it belongs to the host's thread.
 */

#include "jws.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <string.h>

#include "b64url.h"
#include "err.h"
#include "jws_priv.h"
#include "mem.h"

#define HASH_MAX 64
/* Two INTEGERs of 66 bytes, each with a head and a sign byte. */
#define DER_MAX (3 + 2 * (2 + 1 + 66))

/* What one verification works on. */
struct check {
	const struct jwa_info *info;
	const struct jwk *key;
	const uint8_t *data;
	size_t len;
	const uint8_t *sig;
	size_t sig_len;
};

/* OpenSSL could not try, or it did and the answer is no. */
static int
refuse(int result, struct err *e)
{
	unsigned long last = ERR_peek_last_error();

	if (ERR_GET_REASON(last) == ERR_R_MALLOC_FAILURE)
		return err_set(e, E_NOMEM, "out of memory");
	if (result < 0)
		return err_set(e, E_CRYPTO, "OpenSSL could not verify");
	return err_set(e, E_SIGNATURE_INVALID, "the signature does not hold");
}

static int
verify_hmac(const struct check *c, struct err *e)
{
	uint8_t mac[HASH_MAX];
	size_t n = 0;
	int rc = 0;

	if (EVP_Q_mac(NULL, "HMAC", NULL, c->info->digest, NULL, c->key->secret,
		c->key->secret_len, c->data, c->len, mac, sizeof(mac),
		&n) == NULL ||
	    n != c->sig_len)
		rc = refuse(-1, e);
	else if (!mem_equal(mac, c->sig, n))
		rc = refuse(0, e);
	mem_wipe(mac, sizeof(mac));
	return rc;
}

int
jws_set_pss(EVP_PKEY_CTX *ctx, const char *digest)
{
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) ==
	    1 &&
	    EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, digest, NULL) == 1;
}

static int
verify_pkey(
    const struct check *c, const uint8_t *sig, size_t sig_len, struct err *e)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL; /* borrowed from ctx */
	int result = -1;

	if (ctx != NULL &&
	    EVP_DigestVerifyInit_ex(ctx, &pctx, c->info->digest, NULL, NULL,
		c->key->pkey, NULL) == 1 &&
	    (c->info->kind != JWA_KIND_RSA_PSS ||
		jws_set_pss(pctx, c->info->digest)))
		result = EVP_DigestVerify(ctx, sig, sig_len, c->data, c->len);
	EVP_MD_CTX_free(ctx);
	return result == 1 ? 0 : refuse(result, e);
}

/* One half of a signature as a DER INTEGER. Returns its length. */
static size_t
der_integer(uint8_t *dst, const uint8_t *v, size_t n)
{
	size_t pad;

	while (n > 1 && v[0] == 0) {
		v++;
		n--;
	}
	pad = v[0] >> 7;
	dst[0] = 0x02;
	dst[1] = (uint8_t)(n + pad);
	dst[2] = 0;
	memcpy(dst + 2 + pad, v, n);
	return 2 + pad + n;
}

/* RFC 7518 §3.4: r and s in full width, which OpenSSL wants as DER. */
static int
verify_ecdsa(const struct check *c, struct err *e)
{
	uint8_t body[DER_MAX], der[DER_MAX];
	size_t half = c->sig_len / 2, n, head = 2;

	n = der_integer(body, c->sig, half);
	n += der_integer(body + n, c->sig + half, half);
	der[0] = 0x30;
	der[1] = (uint8_t)n;
	if (n >= 0x80) {
		der[1] = 0x81;
		der[2] = (uint8_t)n;
		head = 3;
	}
	memcpy(der + head, body, n);
	return verify_pkey(c, der, head + n, e);
}

static int
verify_kind(const struct check *c, struct err *e)
{
	switch (c->info->kind) {
	case JWA_KIND_HMAC:
		return verify_hmac(c, e);
	case JWA_KIND_ECDSA:
		return verify_ecdsa(c, e);
	case JWA_KIND_RSA:
	case JWA_KIND_RSA_PSS:
	case JWA_KIND_EDDSA:
		return verify_pkey(c, c->sig, c->sig_len, e);
	case JWA_KIND_NONE:
		break;
	}
	return err_set(e, E_ALGORITHM_REFUSED, "no such algorithm");
}

int
jws_verify(const struct jws *jws, const struct jwk *key, struct err *e)
{
	uint8_t sig[JWS_SIG_MAX];
	struct check c = { .info = jwa_get(jws->alg), .key = key };
	size_t want;
	int rc;

	if (c.info == NULL || !key->verifies || !jwk_fits(key, jws->alg))
		return err_set(e, E_ALGORITHM_REFUSED, "the key is not for %s",
		    jwa_name(jws->alg));
	want = key->kty == JWK_OCT ? c.info->hash_len : key->sig_len;
	if (want == 0 || want > sizeof(sig) ||
	    jws->signature_len != B64URL_ENCODED_LEN(want))
		return err_set(e, E_SIGNATURE_INVALID,
		    "the signature has another length than %s gives",
		    c.info->name);
	if (b64url_decode(sig, jws->signature, jws->signature_len) != 0)
		return err_set(
		    e, E_SIGNATURE_INVALID, "the signature is not base64url");
	c.data = (const uint8_t *)jws->token;
	c.len = jws->signed_len;
	c.sig = sig;
	c.sig_len = want;
	ERR_set_mark();
	rc = verify_kind(&c, e);
	ERR_pop_to_mark();
	return rc;
}
