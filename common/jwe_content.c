/*
 * jwe_content: the ciphers of RFC 7518 §5. GCM brings its own tag; CBC has
 * an HMAC over header, iv, ciphertext and the header's length, which must
 * hold before a single block is decrypted: there is no padding to ask about.
 */

#include "jwe.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

#include "err.h"
#include "jwe_priv.h"
#include "mem.h"

#define MAC_MAX 64

int
jwe_failure(void)
{
	if (ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE)
		return E_NOMEM;
	return E_CRYPTO;
}

/* RFC 7518 §5.2.2.1: HMAC over A, IV, E and AL; half of the key is its. */
static int
mac(const struct jwe_content *c, const uint8_t *text, size_t n, uint8_t *out)
{
	uint8_t bits[8], full[MAC_MAX];
	uint64_t al = (uint64_t)c->aad_len * 8;
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = NULL;
	char digest[16];
	OSSL_PARAM params[2];
	size_t i, len = 0;
	int ok = 0;

	for (i = 0; i < sizeof(bits); i++)
		bits[i] = (uint8_t)(al >> (56 - 8 * i));
	if (hmac != NULL)
		ctx = EVP_MAC_CTX_new(hmac);
	if (ctx == NULL)
		goto out;
	memcpy(digest, c->info->digest, strlen(c->info->digest) + 1);
	params[0] = OSSL_PARAM_construct_utf8_string("digest", digest, 0);
	params[1] = OSSL_PARAM_construct_end();
	ok = EVP_MAC_init(ctx, c->key, c->info->key_len / 2, params) == 1 &&
	    EVP_MAC_update(ctx, c->aad, c->aad_len) == 1 &&
	    EVP_MAC_update(ctx, c->iv, c->info->iv_len) == 1 &&
	    EVP_MAC_update(ctx, text, n) == 1 &&
	    EVP_MAC_update(ctx, bits, sizeof(bits)) == 1 &&
	    EVP_MAC_final(ctx, full, &len, sizeof(full)) == 1 &&
	    len >= c->info->tag_len;
	if (ok)
		memcpy(out, full, c->info->tag_len);
out:
	mem_wipe(full, sizeof(full));
	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(hmac);
	return ok ? 0 : jwe_failure();
}

/* The cipher's part of the key: all of it, or the half behind the MAC's. */
static const uint8_t *
cipher_key(const struct jwe_content *c)
{
	return c->info->digest != NULL ? c->key + c->info->key_len / 2 : c->key;
}

struct cipher {
	EVP_CIPHER *type;
	EVP_CIPHER_CTX *ctx;
};

static int
cipher_begin(struct cipher *w, const struct jwe_content *c, bool seal)
{
	w->type = EVP_CIPHER_fetch(NULL, c->info->cipher, NULL);
	w->ctx = EVP_CIPHER_CTX_new();
	return w->type != NULL && w->ctx != NULL &&
	    EVP_CipherInit_ex2(
		w->ctx, w->type, cipher_key(c), c->iv, seal, NULL) == 1;
}

static void
cipher_done(struct cipher *w)
{
	EVP_CIPHER_CTX_free(w->ctx);
	EVP_CIPHER_free(w->type);
}

static int
run_gcm(struct cipher *w, const struct jwe_content *c, uint8_t *dst,
    size_t *len_out)
{
	int n = 0, last = 0;

	if (EVP_CipherUpdate(w->ctx, NULL, &n, c->aad, (int)c->aad_len) != 1)
		return 0;
	n = 0;
	if (c->in_len > 0 &&
	    EVP_CipherUpdate(w->ctx, dst, &n, c->in, (int)c->in_len) != 1)
		return 0;
	if (EVP_CipherFinal_ex(w->ctx, dst + n, &last) != 1)
		return 0;
	*len_out = (size_t)n + (size_t)last;
	return 1;
}

static int
run_cbc(struct cipher *w, const struct jwe_content *c, uint8_t *dst,
    size_t *len_out)
{
	int n = 0, last = 0;

	if (EVP_CipherUpdate(w->ctx, dst, &n, c->in, (int)c->in_len) != 1 ||
	    EVP_CipherFinal_ex(w->ctx, dst + n, &last) != 1)
		return 0;
	*len_out = (size_t)n + (size_t)last;
	return 1;
}

int
jwe_content_open(const struct jwe_content *c, const uint8_t *tag, uint8_t *dst,
    size_t *len_out)
{
	uint8_t expected[JWA_ENC_TAG_MAX], given[JWA_ENC_TAG_MAX];
	struct cipher w = { NULL, NULL };
	int ok, rc = 0;

	if (c->info->digest != NULL) {
		rc = mac(c, c->in, c->in_len, expected);
		if (rc == 0 && !mem_equal(expected, tag, c->info->tag_len))
			rc = E_CRYPTO;
		mem_wipe(expected, sizeof(expected));
		if (rc != 0)
			return rc;
	}
	ok = cipher_begin(&w, c, false);
	if (c->info->digest != NULL) {
		ok = ok && run_cbc(&w, c, dst, len_out);
	} else {
		memcpy(given, tag, c->info->tag_len);
		ok = ok &&
		    EVP_CIPHER_CTX_ctrl(w.ctx, EVP_CTRL_AEAD_SET_TAG,
			(int)c->info->tag_len, given) == 1 &&
		    run_gcm(&w, c, dst, len_out);
	}
	rc = ok ? 0 : jwe_failure();
	cipher_done(&w);
	return rc;
}

int
jwe_content_seal(
    const struct jwe_content *c, uint8_t *tag, uint8_t *dst, size_t *len_out)
{
	struct cipher w = { NULL, NULL };
	int ok, rc;

	ok = cipher_begin(&w, c, true);
	if (c->info->digest != NULL)
		ok = ok && run_cbc(&w, c, dst, len_out);
	else
		ok = ok && run_gcm(&w, c, dst, len_out) &&
		    EVP_CIPHER_CTX_ctrl(w.ctx, EVP_CTRL_AEAD_GET_TAG,
			(int)c->info->tag_len, tag) == 1;
	rc = ok ? 0 : jwe_failure();
	cipher_done(&w);
	if (rc == 0 && c->info->digest != NULL)
		rc = mac(c, dst, *len_out, tag);
	return rc;
}
