/*
 * jwe_decrypt: a key that cannot be unwrapped is replaced by a random one,
 * and the content is decrypted all the same (RFC 7516 §11.5), so that
 * neither the answer nor the time it takes tells which of the two failed.
 */

#include "jwe.h"

#include <openssl/err.h>
#include <openssl/rand.h>

#include "b64url.h"
#include "err.h"
#include "jwe_priv.h"
#include "mem.h"

static int
open_content(
    const struct jwe *jwe, const uint8_t *cek, uint8_t *dst, size_t *len_out)
{
	struct jwe_content c = {
		.info = jwa_enc_get(jwe->enc),
		.key = cek,
		.iv = jwe->iv,
		.aad = jwe->token,
		.aad_len = jwe->aad_len,
		.in_len = B64URL_DECODED_LEN(jwe->ciphertext_len),
	};
	uint8_t *in = mem_alloc(c.in_len);
	int rc;

	if (in == NULL)
		return E_NOMEM;
	c.in = in;
	rc = b64url_decode(in, jwe->ciphertext, jwe->ciphertext_len);
	if (rc == 0)
		rc = jwe_content_open(&c, jwe->tag, dst, len_out);
	mem_free(&in, c.in_len);
	return rc;
}

int
jwe_decrypt(const struct jwe *jwe, const struct jwk_enc *key, uint8_t *dst,
    size_t *len_out, struct err *e)
{
	uint8_t cek[JWA_ENC_KEY_MAX], other[JWA_ENC_KEY_MAX];
	int rc, opened;

	if (!jwk_enc_fits(key, jwe->alg, jwe->enc, true))
		return err_set(e, E_ALGORITHM_REFUSED,
		    "the key does not decrypt %s with %s",
		    jwa_wrap_name(jwe->alg), jwa_enc_name(jwe->enc));
	ERR_set_mark();
	if (RAND_priv_bytes(other, sizeof(other)) != 1) {
		ERR_pop_to_mark();
		return err_set(e, E_CRYPTO, "no random bytes");
	}
	opened = jwe_key_open(jwe, key, cek);
	rc = open_content(jwe, opened == 0 ? cek : other, dst, len_out);
	ERR_pop_to_mark();
	mem_wipe(cek, sizeof(cek));
	mem_wipe(other, sizeof(other));
	if (opened == 0 && rc == 0)
		return 0;
	if (opened == E_NOMEM || rc == E_NOMEM)
		return err_set(e, E_NOMEM, "out of memory");
	return err_set(e, E_SIGNATURE_INVALID, "the token cannot be decrypted");
}
