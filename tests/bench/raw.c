/*
 * raw: OpenSSL and nothing else. The token is taken apart before the clock
 * starts; what is timed is the signature over its first two parts.
 *
 *   prepared   the fastest form: contexts that are used again
 *   template   a keyed context, copied, then EVP_DigestVerify
 *   ordinary   what everybody writes: all of it new for each token
 */

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "b64url.h"
#include "bench.h"

struct raw {
	bool is_hmac, is_ed;
	char mode;
	const unsigned char *key; /* of HMAC */
	size_t key_len;
	size_t signed_len;
	unsigned char sig[1024];
	size_t sig_len;
	EVP_PKEY *pkey;
	EVP_MD *md;
	EVP_MD_CTX *keyed, *work, *hash;
	EVP_PKEY_CTX *ctx;
	EVP_MAC_CTX *mac;
};

static void
to_der(struct raw *r)
{
	ECDSA_SIG *pair = ECDSA_SIG_new();
	unsigned char *p = r->sig;

	ECDSA_SIG_set0(pair, BN_bin2bn(r->sig, 32, NULL),
	    BN_bin2bn(r->sig + 32, 32, NULL));
	r->sig_len = (size_t)i2d_ECDSA_SIG(pair, &p);
	ECDSA_SIG_free(pair);
}

static void
open_mac(struct raw *r)
{
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(
		    OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);

	r->mac = EVP_MAC_CTX_new(mac);
	EVP_MAC_init(r->mac, r->key, r->key_len, params);
	EVP_MAC_free(mac);
}

void *
adapter_open(struct bench_input *in)
{
	struct raw *r = calloc(1, sizeof(*r));
	const char *dot = strrchr(in->token, '.') + 1;
	BIO *bio = BIO_new_mem_buf(in->key, (int)in->key_len);

	r->mode = in->mode[0];
	r->key = (const unsigned char *)in->key;
	r->key_len = in->key_len;
	r->is_hmac = in->alg[0] == 'H';
	r->is_ed = strcmp(in->alg, "EdDSA") == 0;
	r->signed_len = (size_t)(dot - 1 - in->token);
	r->sig_len = B64URL_DECODED_LEN(strlen(dot));
	b64url_decode(r->sig, dot, strlen(dot));
	if (in->alg[0] == 'E' && !r->is_ed)
		to_der(r);
	if (r->is_hmac) {
		open_mac(r);
		return r;
	}
	r->pkey = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
	BIO_free(bio);
	r->keyed = EVP_MD_CTX_new();
	r->work = EVP_MD_CTX_new();
	r->hash = EVP_MD_CTX_new();
	EVP_DigestVerifyInit_ex(r->keyed, NULL, r->is_ed ? NULL : "SHA256",
	    NULL, NULL, r->pkey, NULL);
	r->md = EVP_MD_fetch(NULL, "SHA256", NULL);
	EVP_DigestInit_ex2(r->hash, r->md, NULL);
	r->ctx = EVP_PKEY_CTX_new_from_pkey(NULL, r->pkey, NULL);
	if (!r->is_ed) {
		EVP_PKEY_verify_init(r->ctx);
		EVP_PKEY_CTX_set_signature_md(r->ctx, r->md);
	}
	return r;
}

static int
verify_mac(struct raw *r, const unsigned char *data)
{
	unsigned char mac[64];
	EVP_MAC_CTX *ctx = r->mac;
	size_t n = 0;
	unsigned int len = 0;

	if (r->mode == 'o') {
		HMAC(EVP_sha256(), r->key, (int)r->key_len, data, r->signed_len,
		    mac, &len);
		return CRYPTO_memcmp(mac, r->sig, 32) == 0;
	}
	if (r->mode == 't')
		ctx = EVP_MAC_CTX_dup(r->mac);
	else
		EVP_MAC_init(ctx, NULL, 0, NULL);
	EVP_MAC_update(ctx, data, r->signed_len);
	EVP_MAC_final(ctx, mac, &n, sizeof(mac));
	if (r->mode == 't')
		EVP_MAC_CTX_free(ctx);
	return CRYPTO_memcmp(mac, r->sig, 32) == 0;
}

static int
verify_ordinary(struct raw *r, const unsigned char *data)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ok;

	ok = EVP_DigestVerifyInit(ctx, NULL, r->is_ed ? NULL : EVP_sha256(),
		 NULL, r->pkey) == 1 &&
	    EVP_DigestVerify(ctx, r->sig, r->sig_len, data, r->signed_len) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}

int
adapter_verify(void *state, const char *token, size_t n, int64_t now,
    char user[BENCH_USER_MAX])
{
	const unsigned char *data = (const unsigned char *)token;
	struct raw *r = state;
	unsigned char hash[64];
	unsigned int len = 0;

	(void)n;
	(void)now;
	(void)user;
	if (r->is_hmac)
		return verify_mac(r, data) ? 0 : 1;
	if (r->mode == 'o')
		return verify_ordinary(r, data) ? 0 : 1;
	if (r->mode == 't' || r->is_ed) {
		EVP_MD_CTX_copy_ex(r->work, r->keyed);
		return EVP_DigestVerify(r->work, r->sig, r->sig_len, data,
			   r->signed_len) == 1 ?
		    0 :
		    1;
	}
	EVP_DigestInit_ex2(r->hash, NULL, NULL);
	EVP_DigestUpdate(r->hash, data, r->signed_len);
	EVP_DigestFinal_ex(r->hash, hash, &len);
	return EVP_PKEY_verify(r->ctx, r->sig, r->sig_len, hash, len) == 1 ? 0 :
									     1;
}
