/*
 * Attacks by confusing keys: public keys in every text that people pass
 * around, used as the secret of a MAC (CVE-2016-10555, CVE-2022-29217), and
 * the same confusion made in the configuration, which must not load.
 */

#include "testtoken.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "b64url.h"
#include "err.h"
#include "json.h"

#define CLAIMS \
	"{\"iss\":\"https://i.example\",\"aud\":\"ssh\"," \
	"\"sub\":\"alice\",\"exp\":1700000600}"
#define ISSUER(file, alg) \
	"{\"common\":{\"issuers\":[{\"issuer\":\"https://i.example\"," \
	"\"keys_file\":\"@/" file "\",\"algorithms\":[\"" alg "\"]," \
	"\"audience\":[\"ssh\"]}]}}"

static struct lab lab;

static int
setup(void **state)
{
	(void)state;
	lab_open(&lab);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	lab_close(&lab);
	return 0;
}

static int
ask(const char *token)
{
	struct gate_outcome out;

	return lab_ask(&lab, token, strlen(token), &out);
}

/* A MAC of these bytes; then the bytes as the secret of an issuer. */
static void
confused(const char *why, const void *bytes, size_t n, bool refused_as_key)
{
	struct jwk key = lab.hs; /* borrows */
	char path[TEST_PATH_MAX], *text;
	uint8_t *copy = malloc(n + 1);
	size_t len;
	char *token;
	int r;

	assert_non_null(copy);
	memcpy(copy, bytes, n);
	key.secret = copy;
	key.secret_len = n;
	token = token_make(&key, JWA_HS256, "{\"alg\":\"HS256\"}", CLAIMS);
	r = ask(token);
	if (r != E_ALGORITHM_REFUSED)
		fail_msg("%s: %s", why, err_name(r));
	free(token);
	if (refused_as_key) {
		text = malloc(B64URL_ENCODED_LEN(n) + 64);
		assert_non_null(text);
		len = (size_t)sprintf(text, "{\"kty\":\"oct\",\"k\":\"");
		len += b64url_encode(text + len, bytes, n);
		len += (size_t)sprintf(text + len, "\"}");
		test_write(path, lab.dir, "bytes.jwk", 0600, text, len);
		free(text);
		lab_configure(&lab, ISSUER("bytes.jwk", "HS256"));
		token = token_make(
		    &key, JWA_HS256, "{\"alg\":\"HS256\"}", CLAIMS);
		r = ask(token);
		if (r != E_KEYS_UNAVAILABLE)
			fail_msg("%s, as a key: %s", why, err_name(r));
		free(token);
		lab_configure(&lab, ISSUER("rs.jwk", "RS256"));
	}
	free(copy);
}

static size_t
get_number(const struct jwk *key, const char *name, uint8_t *dst, size_t cap)
{
	BIGNUM *v = NULL;
	int n;

	assert_int_equal(EVP_PKEY_get_bn_param(key->pkey, name, &v), 1);
	n = BN_num_bytes(v);
	assert_true((size_t)n <= cap);
	BN_bn2bin(v, dst);
	BN_free(v);
	return (size_t)n;
}

static size_t
put_string(uint8_t *at, const void *data, size_t n)
{
	at[0] = at[1] = 0;
	at[2] = (uint8_t)(n >> 8);
	at[3] = (uint8_t)n;
	memcpy(at + 4, data, n);
	return n + 4;
}

/* The line of ~/.ssh/id_rsa.pub, RFC 4253 §6.6. */
static void
ssh_line(const struct jwk *key, char *line)
{
	uint8_t blob[600], n[300] = { 0 }, e[8] = { 0 };
	size_t n_len, e_len, len;

	n_len = get_number(key, OSSL_PKEY_PARAM_RSA_N, n + 1, 299) + 1;
	e_len = get_number(key, OSSL_PKEY_PARAM_RSA_E, e, sizeof(e));
	len = put_string(blob, "ssh-rsa", 7);
	len += put_string(blob + len, e, e_len);
	len += put_string(blob + len, n, n_len);
	line += sprintf(line, "ssh-rsa ");
	line += EVP_EncodeBlock((unsigned char *)line, blob, (int)len);
	sprintf(line, " alice@host\n");
}

static void
test_texts(void **state)
{
	uint8_t number[512], point[65] = { 4 };
	struct json *tree = NULL;
	char line[1024], *text;
	size_t n;

	(void)state;
	lab_configure(&lab, ISSUER("rs.jwk", "RS256"));
	text = token_make(&lab.rs, JWA_RS256, "{\"alg\":\"RS256\"}", CLAIMS);
	assert_int_equal(ask(text), 0);
	free(text);
	ssh_line(&lab.rs, line);
	confused("SSH", line, strlen(line), true);
	confused("SSH without its LF", line, strlen(line) - 1, true);
	memmove(line + 1, line, strlen(line) + 1);
	line[0] = '\n';
	confused("SSH behind a LF", line, strlen(line), true);
	n = get_number(&lab.rs, OSSL_PKEY_PARAM_RSA_N, number, sizeof(number));
	confused("n", number, n, false);
	b64url_encode(line, number, n);
	confused("n in base64url", line, strlen(line), false);
	get_number(&lab.es, OSSL_PKEY_PARAM_EC_PUB_X, point + 1, 32);
	get_number(&lab.es, OSSL_PKEY_PARAM_EC_PUB_Y, point + 33, 32);
	confused("x", point + 1, 32, false);
	confused("x and y", point + 1, 64, false);
	confused("the point", point, 65, false);
	assert_int_equal(jwk_write(&lab.rs, false, &tree, NULL), 0);
	text = json_write(tree, true, NULL);
	confused("JWK, in lines", text, strlen(text), true);
	free(text);
	text = json_write(tree, false, NULL);
	snprintf(line, sizeof(line), "{\"keys\":[%s]}", text);
	confused("JWK set", line, strlen(line), true);
	free(text);
	json_free(&tree);
	confused("a hash of nothing", "", 0, false);
}

/* Keys that an issuer's algorithms have no use for. CVE-2026-44699. */
static void
test_configured(void **state)
{
	static const char *const mixes[][2] = {
		{ "rs.jwk", "HS256" },
		{ "es.jwk", "HS256" },
		{ "ed.jwk", "HS512" },
		{ "hs.jwk", "RS256" },
		{ "hs.jwk", "ES256" },
		{ "rs.jwk", "ES256" },
		{ "es.jwk", "RS256" },
		{ "es.jwk", "ES384" },
		{ "ed.jwk", "Ed448" },
	};
	static const char *const neighbours[][2] = {
		{ "hs.jwk", "HS256" },
		{ "rs.jwk", "RS256" },
		{ "es.jwk", "ES256" },
	};
	char text[512], *token, header[64];
	struct jwk empty = lab.hs; /* borrows */
	size_t i;
	int r;

	(void)state;
	for (i = 0; i < COUNT_OF(mixes); i++) {
		snprintf(text, sizeof(text), ISSUER("%s", "%s"), mixes[i][0],
		    mixes[i][1]);
		lab_configure(&lab, text);
		snprintf(
		    header, sizeof(header), "{\"alg\":\"%s\"}", mixes[i][1]);
		empty.secret_len = 0;
		token = token_make(&empty, JWA_HS256, header, CLAIMS);
		r = ask(token);
		if (r != E_KEYS_UNAVAILABLE)
			fail_msg("%s for %s: %s", mixes[i][0], mixes[i][1],
			    err_name(r));
		free(token);
	}
	for (i = 0; i < COUNT_OF(neighbours); i++) {
		const struct jwk *keys[] = { &lab.hs, &lab.rs, &lab.es };
		const enum jwa_alg algs[] = { JWA_HS256, JWA_RS256, JWA_ES256 };

		snprintf(text, sizeof(text), ISSUER("%s", "%s"),
		    neighbours[i][0], neighbours[i][1]);
		lab_configure(&lab, text);
		snprintf(header, sizeof(header), "{\"alg\":\"%s\"}",
		    neighbours[i][1]);
		token = token_make(keys[i], algs[i], header, CLAIMS);
		assert_int_equal(ask(token), 0);
		free(token);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_configured),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
