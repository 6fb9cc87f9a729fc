/*
 * jws_verify: one signature, one key, one algorithm. The length of the
 * signature is compared before any arithmetic, and OpenSSL's error queue is
 * left as it was found: it belongs to the host's thread.
 */

#include "jws.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

#include "b64url.h"
#include "err.h"
#include "jwk_pool.h"
#include "mem.h"

#define HASH_MAX 64
#define DER_HEAD_MAX 3
/* Two INTEGERs of 66 bytes, each with a head and a sign byte. */
#define DER_MAX (2 * (2 + 1 + 66))

/* Written before they are read. */
#define UNCLEARED __attribute__((uninitialized))

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

/* 1, 0 for no, or -1. */
static int
verify_hmac(const struct check *c, const struct jwk_tool *tool)
{
	const uint8_t *secret = tool->rekey ? c->key->secret : NULL;
	size_t secret_len = tool->rekey ? c->key->secret_len : 0;
	uint8_t mac[HASH_MAX] UNCLEARED;
	size_t n = 0;
	int result = -1;

	if (EVP_MAC_init(tool->mac, secret, secret_len, NULL) == 1 &&
	    EVP_MAC_update(tool->mac, c->data, c->len) == 1 &&
	    EVP_MAC_final(tool->mac, mac, &n, sizeof(mac)) == 1 &&
	    n == c->sig_len)
		result = mem_equal(mac, c->sig, n) ? 1 : 0;
	mem_wipe(mac, sizeof(mac));
	return result;
}

static int
verify_pkey(const struct check *c, const struct jwk_tool *tool)
{
	uint8_t hash[HASH_MAX] UNCLEARED;
	unsigned int n = 0;

	if (EVP_DigestInit_ex2(tool->md, NULL, NULL) != 1 ||
	    EVP_DigestUpdate(tool->md, c->data, c->len) != 1 ||
	    EVP_DigestFinal_ex(tool->md, hash, &n) != 1 ||
	    n != c->info->hash_len)
		return -1;
	return EVP_PKEY_verify(tool->pkey, c->sig, c->sig_len, hash, n);
}

static int
verify_whole(const struct check *c, const struct jwk_tool *tool)
{
	if (EVP_MD_CTX_copy_ex(tool->work, tool->keyed) != 1)
		return -1;
	return EVP_DigestVerify(
	    tool->work, c->sig, c->sig_len, c->data, c->len);
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
verify_ecdsa(const struct check *c, const struct jwk_tool *tool)
{
	uint8_t der[DER_HEAD_MAX + DER_MAX] UNCLEARED;
	uint8_t *const body = der + DER_HEAD_MAX;
	struct check wrapped = *c;
	size_t half = c->sig_len / 2, n, head = 2;

	n = der_integer(body, c->sig, half);
	n += der_integer(body + n, c->sig + half, half);
	body[-1] = (uint8_t)n;
	body[-2] = 0x30;
	if (n >= 0x80) {
		body[-2] = 0x81;
		body[-3] = 0x30;
		head = 3;
	}
	wrapped.sig = body - head;
	wrapped.sig_len = head + n;
	return verify_pkey(&wrapped, tool);
}

static int
verify_kind(const struct check *c, const struct jwk_tool *tool)
{
	switch (c->info->kind) {
	case JWA_KIND_HMAC:
		return verify_hmac(c, tool);
	case JWA_KIND_ECDSA:
		return verify_ecdsa(c, tool);
	case JWA_KIND_RSA:
	case JWA_KIND_RSA_PSS:
		return verify_pkey(c, tool);
	case JWA_KIND_EDDSA:
	case JWA_KIND_ML_DSA:
		return verify_whole(c, tool);
	case JWA_KIND_NONE:
		break;
	}
	return -1;
}

/* A tool is used again after yes and after no, after nothing else. */
static int
verify(const struct check *c, struct err *e)
{
	struct jwk_tool *tool = jwk_tool_take(c->key, c->info);
	int result = -1, rc = 0;

	if (tool != NULL)
		result = verify_kind(c, tool);
	if (result != 1)
		rc = refuse(result, e);
	if (rc == 0 || rc == E_SIGNATURE_INVALID)
		jwk_tool_give(c->key, &tool);
	else
		jwk_tool_free(&tool);
	return rc;
}

int
jws_verify(const struct jws *jws, const struct jwk *key, struct err *e)
{
	struct check c = { .info = jwa_get(jws->alg), .key = key };
	size_t want;
	int rc;

	if (c.info == NULL || !key->verifies || !jwk_fits(key, jws->alg))
		return err_set(e, E_ALGORITHM_REFUSED, "the key is not for %s",
		    jwa_name(jws->alg));
	want = key->kty == JWK_OCT ? c.info->hash_len : key->sig_len;
	if (want == 0 || want > sizeof(jws->sig) ||
	    jws->signature_len != B64URL_ENCODED_LEN(want))
		return err_set(e, E_SIGNATURE_INVALID,
		    "the signature has another length than %s gives",
		    c.info->name);
	c.data = (const uint8_t *)jws->token;
	c.len = jws->signed_len;
	c.sig = jws->sig;
	c.sig_len = want;
	ERR_set_mark();
	rc = verify(&c, e);
	ERR_pop_to_mark();
	return rc;
}
