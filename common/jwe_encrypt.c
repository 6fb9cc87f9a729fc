/*
 * jwe_encrypt: a token in the compact serialization, RFC 7516 §5.1.
 */

#include "jwe.h"

#include <openssl/err.h>
#include <openssl/rand.h>
#include <string.h>

#include "b64url.h"
#include "err.h"
#include "json.h"
#include "jwe_priv.h"
#include "mem.h"

#define PADDING 16 /* bytes that a cipher may add */

static int
put_coordinate(struct json *o, const char *name, const uint8_t *bytes, size_t n)
{
	char text[B64URL_ENCODED_LEN(JWK_ENC_POINT_MAX) + 1];

	b64url_encode(text, bytes, n);
	return json_put_string(o, name, text);
}

static int
put_epk(struct json *header, const struct jwe_epk *epk)
{
	struct json *o = NULL;
	bool is_ec = epk->curve->kty == JWK_EC;
	int rc;

	rc = json_make_object(&o);
	if (rc == 0)
		rc = json_put_string(o, "kty", is_ec ? "EC" : "OKP");
	if (rc == 0)
		rc = json_put_string(o, "crv", epk->curve->crv);
	if (rc == 0)
		rc = put_coordinate(o, "x", epk->x, epk->curve->width);
	if (rc == 0 && is_ec)
		rc = put_coordinate(o, "y", epk->y, epk->curve->width);
	if (rc != 0) {
		json_free(&o);
		return rc;
	}
	return json_put(header, "epk", o);
}

/* The protected header as JSON; owned. */
static int
make_header(const struct jwe *jwe, const struct jwk_enc *key, const char *cty,
    char **out, size_t *len_out)
{
	struct json *o = NULL;
	int rc;

	rc = json_make_object(&o);
	if (rc == 0)
		rc = json_put_string(o, "alg", jwa_wrap_name(jwe->alg));
	if (rc == 0)
		rc = json_put_string(o, "enc", jwa_enc_name(jwe->enc));
	if (rc == 0 && cty != NULL)
		rc = json_put_string(o, "cty", cty);
	if (rc == 0 && key->kid != NULL)
		rc = json_put_string(o, "kid", key->kid);
	if (rc == 0 && jwe->epk.curve != NULL)
		rc = put_epk(o, &jwe->epk);
	if (rc == 0) {
		*out = json_write(o, false, len_out);
		rc = *out == NULL ? E_NOMEM : 0;
	}
	json_free(&o);
	return rc;
}

/* A token on its way. */
struct work {
	struct jwe jwe;
	uint8_t cek[JWA_ENC_KEY_MAX];
	char *header; /* owns; JSON */
	size_t header_len;
	char *token; /* owns */
	size_t token_len;
	uint8_t *ciphertext; /* owns, payload_len + PADDING bytes */
	size_t ciphertext_len;
};

static void
add_part(struct work *w, const void *data, size_t n)
{
	w->token[w->token_len++] = '.';
	w->token_len += b64url_encode(w->token + w->token_len, data, n);
}

static int
seal(struct work *w, const struct jwe_draft *draft)
{
	const struct jwe_content c = {
		.info = jwa_enc_get(draft->enc),
		.key = w->cek,
		.iv = w->jwe.iv,
		.aad = w->token,
		.aad_len = w->token_len,
		.in = draft->payload,
		.in_len = draft->payload_len,
	};
	int rc;

	rc = jwe_content_seal(
	    &c, w->jwe.tag, w->ciphertext, &w->ciphertext_len);
	if (rc != 0)
		return rc;
	add_part(w, w->jwe.key, w->jwe.key_len);
	add_part(w, w->jwe.iv, c.info->iv_len);
	add_part(w, w->ciphertext, w->ciphertext_len);
	add_part(w, w->jwe.tag, c.info->tag_len);
	return 0;
}

static int
begin(struct work *w, const struct jwk_enc *key, const struct jwe_draft *draft)
{
	size_t cap;
	int rc;

	if (RAND_priv_bytes(w->cek, sizeof(w->cek)) != 1 ||
	    RAND_bytes(w->jwe.iv, sizeof(w->jwe.iv)) != 1)
		return jwe_failure();
	rc = jwe_key_seal(&w->jwe, key, w->cek);
	if (rc == 0)
		rc = make_header(
		    &w->jwe, key, draft->cty, &w->header, &w->header_len);
	if (rc != 0)
		return rc;
	cap = B64URL_ENCODED_LEN(w->header_len) +
	    B64URL_ENCODED_LEN(w->jwe.key_len) +
	    B64URL_ENCODED_LEN(JWA_ENC_IV_MAX) +
	    B64URL_ENCODED_LEN(draft->payload_len + PADDING) +
	    B64URL_ENCODED_LEN(JWA_ENC_TAG_MAX) + 5;
	w->token = mem_alloc(cap);
	w->ciphertext = mem_alloc(draft->payload_len + PADDING);
	if (w->token == NULL || w->ciphertext == NULL)
		return E_NOMEM;
	w->token_len = b64url_encode(w->token, w->header, w->header_len);
	return 0;
}

int
jwe_encrypt(const struct jwk_enc *key, const struct jwe_draft *draft,
    char **token_out, struct err *e)
{
	struct work w = { .jwe = { .alg = draft->alg, .enc = draft->enc } };
	int rc;

	if (!jwk_enc_fits(key, draft->alg, draft->enc, false))
		return err_set(e, E_KEY, "the key does not encrypt %s with %s",
		    jwa_wrap_name(draft->alg), jwa_enc_name(draft->enc));
	if (draft->payload_len > JWE_PLAIN_MAX)
		return err_set(e, E_RANGE, "the payload is too long");
	ERR_set_mark();
	rc = begin(&w, key, draft);
	if (rc == 0)
		rc = seal(&w, draft);
	ERR_pop_to_mark();
	if (rc != 0)
		rc = err_set(e, rc, "%s",
		    rc == E_NOMEM ? "out of memory" :
				    "OpenSSL could not encrypt");
	else if (w.token_len > JWE_MAX_LEN)
		rc = err_set(e, E_RANGE, "the token would be over %d bytes",
		    JWE_MAX_LEN);
	if (rc == 0) {
		*token_out = w.token;
		w.token = NULL;
	}
	mem_free_str(&w.token);
	mem_free_str(&w.header);
	mem_free(&w.ciphertext, draft->payload_len + PADDING);
	mem_wipe(&w, sizeof(w));
	return rc;
}
