/*
 * testtoken: signs with OpenSSL itself, not with jws_sign(), which would
 * refuse to make what the tests are about.
 */

#include "testtoken.h"

#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "b64url.h"
#include "err.h"
#include "json.h"
#include "str.h"

static void
make_key(struct lab *lab, struct jwk *key, enum jwa_alg alg, const char *kid)
{
	char name[16];

	assert_int_equal(jwk_generate(alg, kid, key, NULL), 0);
	snprintf(name, sizeof(name), "%s.jwk", kid);
	lab_write_key(lab, name, key, key->kty == JWK_OCT);
}

void
lab_open(struct lab *lab)
{
	memset(lab, 0, sizeof(*lab));
	test_dir_new(lab->dir);
	make_key(lab, &lab->hs, JWA_HS256, "hs");
	make_key(lab, &lab->rs, JWA_RS256, "rs");
	make_key(lab, &lab->es, JWA_ES256, "es");
	make_key(lab, &lab->ed, JWA_EDDSA, "ed");
}

void
lab_open_es(struct lab *lab)
{
	memset(lab, 0, sizeof(*lab));
	test_dir_new(lab->dir);
	make_key(lab, &lab->es, JWA_ES256, "es");
}

void
lab_close(struct lab *lab)
{
	gate_free(&lab->gate);
	jwk_done(&lab->hs);
	jwk_done(&lab->rs);
	jwk_done(&lab->es);
	jwk_done(&lab->ed);
	test_dir_remove(lab->dir);
}

void
lab_write_key(
    const struct lab *lab, const char *name, const struct jwk *key, bool whole)
{
	char path[TEST_PATH_MAX];
	struct json *j = NULL;
	size_t n;
	char *text;

	assert_int_equal(jwk_write(key, whole, &j, NULL), 0);
	text = json_write(j, false, &n);
	assert_non_null(text);
	test_write(path, lab->dir, name, 0600, text, n);
	free(text);
	json_free(&j);
}

int
lab_try(struct lab *lab, const char *config, struct err *e)
{
	static char text[16384];
	char path[TEST_PATH_MAX];
	struct str s;

	gate_free(&lab->gate);
	str_init(&s, text, sizeof(text));
	for (; *config != '\0'; config++) {
		if (*config == '@')
			str_add(&s, lab->dir);
		else
			str_add_bytes(&s, config, 1);
	}
	assert_false(s.full);
	test_write(path, lab->dir, "jwtgate.json", 0600, s.data, s.len);
	return gate_new(path, &lab->gate, e);
}

void
lab_configure(struct lab *lab, const char *config)
{
	struct err e = { 0 };

	if (lab_try(lab, config, &e) != 0)
		fail_msg("%s", e.text);
}

int
lab_ask(const struct lab *lab, const char *token, size_t n,
    struct gate_outcome *out)
{
	const struct gate_request request = {
		.checks = GATE_TOKEN,
		.token = token,
		.token_len = n,
	};
	int r = gate_decide(lab->gate, &request, LAB_NOW, out);

	assert_int_equal(r, out->reason);
	assert_true((r == 0) == (out->verdict == GATE_ALLOW));
	return r;
}

static size_t
raw_ecdsa(const uint8_t *der, size_t n, size_t sig_len, uint8_t *sig)
{
	ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)n);
	int half = (int)(sig_len / 2);

	assert_non_null(pair);
	BN_bn2binpad(ECDSA_SIG_get0_r(pair), sig, half);
	BN_bn2binpad(ECDSA_SIG_get0_s(pair), sig + half, half);
	ECDSA_SIG_free(pair);
	return sig_len;
}

size_t
token_mac(const struct jwk *key, enum jwa_alg alg, const void *data, size_t n,
    uint8_t sig[TOKEN_SIG_MAX])
{
	const struct jwa_info *info = jwa_get(alg);
	uint8_t out[TOKEN_SIG_MAX];
	size_t len = sizeof(out);
	EVP_PKEY_CTX *pctx;
	EVP_MD_CTX *ctx;

	if (info->kind == JWA_KIND_HMAC) {
		assert_non_null(EVP_Q_mac(NULL, "HMAC", NULL, info->digest,
		    NULL, key->secret, key->secret_len, data, n, sig,
		    TOKEN_SIG_MAX, &len));
		return len;
	}
	ctx = EVP_MD_CTX_new();
	assert_int_equal(EVP_DigestSignInit_ex(ctx, &pctx, info->digest, NULL,
			     NULL, key->pkey, NULL),
	    1);
	if (info->kind == JWA_KIND_RSA_PSS) {
		EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING);
		EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST);
	}
	assert_int_equal(EVP_DigestSign(ctx, out, &len, data, n), 1);
	EVP_MD_CTX_free(ctx);
	if (info->kind == JWA_KIND_ECDSA)
		return raw_ecdsa(out, len, key->sig_len, sig);
	memcpy(sig, out, len);
	return len;
}

static char *
encode(char *to, const void *data, size_t n)
{
	return to + b64url_encode(to, data, n);
}

char *
token_join(
    const char *header, const char *payload, const void *sig, size_t sig_len)
{
	size_t h = strlen(header), p = strlen(payload);
	char *token, *at;

	token = malloc(B64URL_ENCODED_LEN(h) + B64URL_ENCODED_LEN(p) +
	    B64URL_ENCODED_LEN(sig_len) + 3);
	assert_non_null(token);
	at = encode(token, header, h);
	*at++ = '.';
	at = encode(at, payload, p);
	*at++ = '.';
	encode(at, sig, sig_len);
	return token;
}

char *
token_sign(const struct jwk *key, enum jwa_alg alg, const char *input)
{
	uint8_t sig[TOKEN_SIG_MAX];
	size_t n = strlen(input), len;
	char *token;

	len = token_mac(key, alg, input, n, sig);
	token = malloc(n + B64URL_ENCODED_LEN(len) + 2);
	assert_non_null(token);
	memcpy(token, input, n);
	token[n] = '.';
	encode(token + n + 1, sig, len);
	return token;
}

char *
token_make(const struct jwk *key, enum jwa_alg alg, const char *header,
    const char *payload)
{
	char *input = token_join(header, payload, "", 0), *token;

	input[strlen(input) - 1] = '\0'; /* the second dot */
	token = token_sign(key, alg, input);
	free(input);
	return token;
}
