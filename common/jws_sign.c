/*
 * jws_sign: a token in the compact serialization, RFC 7515 §5.1.
 */

#include "jws.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

#include "b64url.h"
#include "err.h"
#include "json.h"
#include "jwk_pool.h"
#include "mem.h"

/* A signature on its way; DER of ECDSA is a few bytes longer than raw. */
struct work {
	const struct jwa_info *info;
	const struct jwk *key;
	uint8_t sig[JWS_SIG_MAX];
	size_t sig_len;
};

static int
crypto_error(struct err *e)
{
	if (ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE)
		return err_set(e, E_NOMEM, "out of memory");
	return err_set(e, E_CRYPTO, "OpenSSL could not sign");
}

/* The protected header as JSON; owned. */
static int
make_header(const struct jwk *key, enum jwa_alg alg, const char *typ,
    char **out, size_t *len_out)
{
	struct json *o = NULL;
	int rc;

	rc = json_make_object(&o);
	if (rc == 0)
		rc = json_put_string(o, "alg", jwa_name(alg));
	if (rc == 0 && typ != NULL)
		rc = json_put_string(o, "typ", typ);
	if (rc == 0 && key->kid != NULL)
		rc = json_put_string(o, "kid", key->kid);
	if (rc == 0) {
		*out = json_write(o, false, len_out);
		rc = *out == NULL ? E_NOMEM : 0;
	}
	json_free(&o);
	return rc;
}

static int
sign_hmac(struct work *w, const char *data, size_t n, struct err *e)
{
	if (EVP_Q_mac(NULL, "HMAC", NULL, w->info->digest, NULL, w->key->secret,
		w->key->secret_len, (const unsigned char *)data, n, w->sig,
		sizeof(w->sig), &w->sig_len) == NULL)
		return crypto_error(e);
	return 0;
}

/* DER to r and s in full width, RFC 7518 §3.4. */
static int
unwrap_ecdsa(struct work *w, struct err *e)
{
	const unsigned char *p = w->sig;
	ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &p, (long)w->sig_len);
	int half = (int)(w->key->sig_len / 2);
	int rc = 0;

	if (pair == NULL ||
	    BN_bn2binpad(ECDSA_SIG_get0_r(pair), w->sig, half) != half ||
	    BN_bn2binpad(ECDSA_SIG_get0_s(pair), w->sig + half, half) != half)
		rc = crypto_error(e);
	w->sig_len = w->key->sig_len;
	ECDSA_SIG_free(pair);
	return rc;
}

static int
sign_pkey(struct work *w, const char *data, size_t n, struct err *e)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL; /* borrowed from ctx */
	int rc = 0;

	w->sig_len = sizeof(w->sig);
	if (ctx == NULL ||
	    EVP_DigestSignInit_ex(ctx, &pctx, w->info->digest, NULL, NULL,
		w->key->pkey, NULL) != 1 ||
	    (w->info->kind == JWA_KIND_RSA_PSS &&
		!jwk_set_pss(pctx, w->info->digest)) ||
	    EVP_DigestSign(
		ctx, w->sig, &w->sig_len, (const unsigned char *)data, n) != 1)
		rc = crypto_error(e);
	EVP_MD_CTX_free(ctx);
	if (rc == 0 && w->info->kind == JWA_KIND_ECDSA)
		rc = unwrap_ecdsa(w, e);
	return rc;
}

static int
sign(struct work *w, const char *data, size_t n, struct err *e)
{
	int rc;

	ERR_set_mark();
	if (w->info->kind == JWA_KIND_HMAC)
		rc = sign_hmac(w, data, n, e);
	else
		rc = sign_pkey(w, data, n, e);
	ERR_pop_to_mark();
	return rc;
}

/* header.payload, with room for a signature; owned. */
static int
begin_token(const struct jwk *key, const struct jws_draft *draft,
    char **token_out, size_t *len_out)
{
	char *header = NULL, *token;
	size_t n = 0, len;
	int rc;

	rc = make_header(key, draft->alg, draft->typ, &header, &n);
	if (rc != 0)
		return rc;
	token = mem_alloc(B64URL_ENCODED_LEN(n) +
	    B64URL_ENCODED_LEN(draft->payload_len) +
	    B64URL_ENCODED_LEN(JWS_SIG_MAX) + 3);
	if (token != NULL) {
		len = b64url_encode(token, header, n);
		token[len++] = '.';
		len += b64url_encode(
		    token + len, draft->payload, draft->payload_len);
		*token_out = token;
		*len_out = len;
	}
	mem_free_str(&header);
	return token == NULL ? E_NOMEM : 0;
}

int
jws_sign(const struct jwk *key, const struct jws_draft *draft, char **token_out,
    struct err *e)
{
	struct work w = { .info = jwa_get(draft->alg), .key = key };
	char *token = NULL;
	size_t len = 0;
	int rc;

	if (w.info == NULL || !key->signs || !jwk_fits(key, draft->alg))
		return err_set(
		    e, E_KEY, "the key does not sign %s", jwa_name(draft->alg));
	if (draft->payload_len > JWS_MAX_LEN)
		return err_set(e, E_RANGE, "the payload is too long");
	rc = begin_token(key, draft, &token, &len);
	if (rc != 0)
		return err_set(e, rc, "out of memory");
	rc = sign(&w, token, len, e);
	if (rc != 0)
		goto out;
	token[len++] = '.';
	len += b64url_encode(token + len, w.sig, w.sig_len);
	if (len > JWS_MAX_LEN) {
		rc = err_set(e, E_RANGE, "the token would be over %d bytes",
		    JWS_MAX_LEN);
		goto out;
	}
	*token_out = token;
	token = NULL;
out:
	mem_free_str(&token);
	return rc;
}
