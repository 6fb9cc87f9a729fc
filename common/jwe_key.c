/*
 * jwe_key: how the key of a content is carried, RFC 7518 §4. The token's
 * ephemeral key must be a point of the recipient's own curve, or what is
 * agreed on would tell about the private key.
 */

#include "jwe.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <string.h>

#include "err.h"
#include "jwe_priv.h"
#include "mem.h"

#define HASH_LEN ((size_t)32)
#define INFO_MAX (3 * 4 + 24 + 2 * JWE_PARTY_MAX + 4)

/* Bytes that go in, and how many must come out. */
struct wrapping {
	const uint8_t *in;
	size_t in_len;
	uint8_t *out;
	size_t out_len; /* 8 more or less */
};

/* AES key wrap, RFC 3394. */
static int
aes_wrap(const struct jwa_wrap_info *wrap, const uint8_t *kek, bool seal,
    const struct wrapping *w)
{
	uint8_t buf[JWA_ENC_KEY_MAX + 16];
	EVP_CIPHER *type = EVP_CIPHER_fetch(NULL, wrap->cipher, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0, last = 0, rc = E_CRYPTO;

	if (type == NULL || ctx == NULL)
		goto out;
	EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	if (EVP_CipherInit_ex2(ctx, type, kek, NULL, seal, NULL) != 1 ||
	    EVP_CipherUpdate(ctx, buf, &n, w->in, (int)w->in_len) != 1 ||
	    EVP_CipherFinal_ex(ctx, buf + n, &last) != 1 ||
	    (size_t)n + (size_t)last != w->out_len)
		goto out;
	memcpy(w->out, buf, w->out_len);
	rc = 0;
out:
	if (rc != 0)
		rc = jwe_failure();
	mem_wipe(buf, sizeof(buf));
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(type);
	return rc;
}

static EVP_PKEY_CTX *
oaep_new(EVP_PKEY *pkey, bool seal)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);

	if (ctx == NULL)
		return NULL;
	if ((seal ? EVP_PKEY_encrypt_init(ctx) : EVP_PKEY_decrypt_init(ctx)) ==
		1 &&
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_oaep_md_name(ctx, "SHA256", NULL) == 1 &&
	    EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, "SHA256", NULL) == 1)
		return ctx;
	EVP_PKEY_CTX_free(ctx);
	return NULL;
}

static int
rsa_open(
    const struct jwe *jwe, const struct jwk_enc *key, uint8_t *cek, size_t len)
{
	uint8_t buf[JWE_KEY_MAX];
	EVP_PKEY_CTX *ctx;
	size_t n = sizeof(buf);
	int rc = E_CRYPTO;

	if (jwe->key_len != (size_t)EVP_PKEY_get_size(key->pkey))
		return E_CRYPTO;
	ctx = oaep_new(key->pkey, false);
	if (ctx != NULL &&
	    EVP_PKEY_decrypt(ctx, buf, &n, jwe->key, jwe->key_len) == 1 &&
	    n == len) {
		memcpy(cek, buf, len);
		rc = 0;
	}
	if (rc != 0)
		rc = jwe_failure();
	mem_wipe(buf, sizeof(buf));
	EVP_PKEY_CTX_free(ctx);
	return rc;
}

static int
rsa_seal(
    struct jwe *jwe, const struct jwk_enc *key, const uint8_t *cek, size_t len)
{
	EVP_PKEY_CTX *ctx = oaep_new(key->pkey, true);
	int rc = 0;

	jwe->key_len = sizeof(jwe->key);
	if (ctx == NULL ||
	    EVP_PKEY_encrypt(ctx, jwe->key, &jwe->key_len, cek, len) != 1)
		rc = jwe_failure();
	EVP_PKEY_CTX_free(ctx);
	return rc;
}

static size_t
put_u32(uint8_t *dst, size_t v)
{
	dst[0] = (uint8_t)(v >> 24);
	dst[1] = (uint8_t)(v >> 16);
	dst[2] = (uint8_t)(v >> 8);
	dst[3] = (uint8_t)v;
	return 4;
}

static size_t
put_field(uint8_t *dst, const void *data, size_t n)
{
	put_u32(dst, n);
	memcpy(dst + 4, data, n);
	return n + 4;
}

/* RFC 7518 §4.6.2: the OtherInfo of the Concat KDF. */
static size_t
make_info(const struct jwe *jwe, size_t len, uint8_t info[INFO_MAX])
{
	const char *name = jwe->alg == JWA_ECDH_ES ? jwa_enc_name(jwe->enc) :
						     jwa_wrap_name(jwe->alg);
	size_t n;

	n = put_field(info, name, strlen(name));
	n += put_field(info + n, jwe->apu, jwe->apu_len);
	n += put_field(info + n, jwe->apv, jwe->apv_len);
	return n + put_u32(info + n, len * 8);
}

/*
 * NIST SP 800-56A §5.8.1 with SHA-256, at most twice. OpenSSL 3.0 has it as
 * SSKDF, which crashes when it is short of memory.
 */
static int
concat_kdf(const struct jwe *jwe, const uint8_t *z, size_t z_len, uint8_t *dst,
    size_t len)
{
	uint8_t in[4 + JWK_ENC_POINT_MAX + INFO_MAX], hash[HASH_LEN];
	EVP_MD *md = EVP_MD_fetch(NULL, "SHA256", NULL);
	size_t i, n, part;
	int ok = md != NULL;

	memcpy(in + 4, z, z_len);
	n = 4 + z_len;
	n += make_info(jwe, len, in + n);
	for (i = 0; ok && i * HASH_LEN < len; i++) {
		put_u32(in, i + 1);
		ok = EVP_Digest(in, n, hash, NULL, md, NULL) == 1;
		part = len - i * HASH_LEN;
		if (ok)
			memcpy(dst + i * HASH_LEN, hash,
			    part < HASH_LEN ? part : HASH_LEN);
	}
	EVP_MD_free(md);
	mem_wipe(in, sizeof(in));
	mem_wipe(hash, sizeof(hash));
	return ok ? 0 : jwe_failure();
}

static bool
is_zero(const uint8_t *p, size_t n)
{
	uint8_t any = 0;
	size_t i;

	for (i = 0; i < n; i++)
		any |= p[i];
	return any == 0;
}

/* RFC 7748 §6.1: a point of small order gives zeros, whoever asks. */
int
jwe_agree(const struct jwe *jwe, struct evp_pkey_st *own,
    struct evp_pkey_st *peer, uint8_t *dst, size_t len)
{
	uint8_t z[JWK_ENC_POINT_MAX];
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, own, NULL);
	size_t n = sizeof(z);
	int rc = 0;

	if (ctx == NULL || EVP_PKEY_derive_init(ctx) != 1 ||
	    EVP_PKEY_derive_set_peer(ctx, peer) != 1 ||
	    EVP_PKEY_derive(ctx, z, &n) != 1)
		rc = jwe_failure();
	else if (n != jwe->epk.curve->width || is_zero(z, n))
		rc = E_CRYPTO;
	else
		rc = concat_kdf(jwe, z, n, dst, len);
	mem_wipe(z, sizeof(z));
	EVP_PKEY_CTX_free(ctx);
	return rc;
}

static int
ecdh_open(
    const struct jwe *jwe, const struct jwk_enc *key, uint8_t *dst, size_t len)
{
	const struct jwe_epk *epk = &jwe->epk;
	EVP_PKEY *peer = NULL;
	int rc;

	if (epk->curve == NULL || key->crv == NULL ||
	    strcmp(key->crv, epk->curve->crv) != 0)
		return E_CRYPTO;
	rc = jwk_enc_point(epk->curve, epk->x, epk->y, &peer, NULL);
	if (rc == 0)
		rc = jwe_agree(jwe, key->pkey, peer, dst, len);
	else if (rc != E_NOMEM)
		rc = E_CRYPTO;
	EVP_PKEY_free(peer);
	return rc;
}

int
jwe_key_open(const struct jwe *jwe, const struct jwk_enc *key,
    uint8_t cek[JWA_ENC_KEY_MAX])
{
	const struct jwa_wrap_info *wrap = jwa_wrap_get(jwe->alg);
	const struct jwa_enc_info *enc = jwa_enc_get(jwe->enc);
	struct wrapping w = { jwe->key, jwe->key_len, cek, 0 };
	uint8_t kek[32];
	int rc = E_CRYPTO;

	if (wrap == NULL || enc == NULL)
		return E_CRYPTO;
	w.out_len = enc->key_len;
	switch (wrap->kind) {
	case JWA_WRAP_KIND_DIRECT:
		memcpy(cek, key->secret, enc->key_len);
		return 0;
	case JWA_WRAP_KIND_AES:
		return aes_wrap(wrap, key->secret, false, &w);
	case JWA_WRAP_KIND_RSA:
		return rsa_open(jwe, key, cek, enc->key_len);
	case JWA_WRAP_KIND_ECDH:
		if (wrap->kek_len == 0)
			return ecdh_open(jwe, key, cek, enc->key_len);
		rc = ecdh_open(jwe, key, kek, wrap->kek_len);
		if (rc == 0)
			rc = aes_wrap(wrap, kek, false, &w);
		mem_wipe(kek, sizeof(kek));
		return rc;
	case JWA_WRAP_KIND_NONE:
		break;
	}
	return rc;
}

static int
public_half(EVP_PKEY *pkey, struct jwe_epk *epk)
{
	BIGNUM *x = NULL, *y = NULL;
	int w = (int)epk->curve->width, ok;
	size_t n = sizeof(epk->x);

	if (epk->curve->kty == JWK_OKP)
		return EVP_PKEY_get_raw_public_key(pkey, epk->x, &n) == 1 &&
		    n == epk->curve->width;
	ok = EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_EC_PUB_X, &x) == 1 &&
	    EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_EC_PUB_Y, &y) == 1 &&
	    BN_bn2binpad(x, epk->x, w) == w && BN_bn2binpad(y, epk->y, w) == w;
	BN_free(x);
	BN_free(y);
	return ok;
}

int
jwe_ephemeral(const struct jwk_enc *key, struct jwe_epk *epk, EVP_PKEY **out)
{
	const struct jwk_enc_curve *curve = jwk_enc_curve_find(
	    key->crv, strlen(key->crv));
	EVP_PKEY *pkey;

	if (curve == NULL)
		return E_CRYPTO;
	epk->curve = curve;
	pkey = curve->kty == JWK_EC ?
	    EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve->group) :
	    EVP_PKEY_Q_keygen(NULL, NULL, curve->group);
	if (pkey == NULL || !public_half(pkey, epk)) {
		EVP_PKEY_free(pkey);
		return jwe_failure();
	}
	*out = pkey;
	return 0;
}

static int
ecdh_seal(struct jwe *jwe, const struct jwk_enc *key, uint8_t *dst, size_t len)
{
	EVP_PKEY *own = NULL;
	int rc;

	rc = jwe_ephemeral(key, &jwe->epk, &own);
	if (rc == 0)
		rc = jwe_agree(jwe, own, key->pkey, dst, len);
	EVP_PKEY_free(own);
	return rc;
}

int
jwe_key_seal(
    struct jwe *jwe, const struct jwk_enc *key, uint8_t cek[JWA_ENC_KEY_MAX])
{
	const struct jwa_wrap_info *wrap = jwa_wrap_get(jwe->alg);
	const struct jwa_enc_info *enc = jwa_enc_get(jwe->enc);
	struct wrapping w = { cek, 0, jwe->key, 0 };
	uint8_t kek[32];
	int rc = E_CRYPTO;

	if (wrap == NULL || enc == NULL)
		return E_CRYPTO;
	jwe->key_len = wrap->kek_len > 0 ? enc->key_len + 8 : 0;
	w.in_len = enc->key_len;
	w.out_len = jwe->key_len;
	switch (wrap->kind) {
	case JWA_WRAP_KIND_DIRECT:
		memcpy(cek, key->secret, enc->key_len);
		return 0;
	case JWA_WRAP_KIND_AES:
		return aes_wrap(wrap, key->secret, true, &w);
	case JWA_WRAP_KIND_RSA:
		return rsa_seal(jwe, key, cek, enc->key_len);
	case JWA_WRAP_KIND_ECDH:
		if (wrap->kek_len == 0)
			return ecdh_seal(jwe, key, cek, enc->key_len);
		rc = ecdh_seal(jwe, key, kek, wrap->kek_len);
		if (rc == 0)
			rc = aes_wrap(wrap, kek, true, &w);
		mem_wipe(kek, sizeof(kek));
		return rc;
	case JWA_WRAP_KIND_NONE:
		break;
	}
	return rc;
}
