/*
 * Attacks on the form of a token and on the choice of the key: base64url
 * that decodes in two ways, other serializations, sizes, public keys used as
 * secrets, signatures cut, grown or made with a neighbour's algorithm.
 */

#include "testtoken.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "b64url.h"
#include "err.h"
#include "json.h"
#include "jws.h"

#define PAYLOAD(name) \
	"{\"iss\":\"https://" name ".example\",\"aud\":\"ssh\"," \
	"\"sub\":\"alice\",\"iat\":1699999900,\"exp\":1700000600}"

/* One issuer per kind of key, as a careful administrator has it. */
static const char config[] =
    "{\"common\":{\"issuers\":["
    "{\"issuer\":\"https://h.example\",\"keys_file\":\"@/hs.jwk\","
    "\"algorithms\":[\"HS256\"],\"audience\":[\"ssh\"]},"
    "{\"issuer\":\"https://r.example\",\"keys_file\":\"@/rs.jwk\","
    "\"algorithms\":[\"RS256\"],\"audience\":[\"ssh\"]},"
    "{\"issuer\":\"https://e.example\",\"keys_file\":\"@/es.jwk\","
    "\"algorithms\":[\"ES256\"],\"audience\":[\"ssh\"]},"
    "{\"issuer\":\"https://d.example\",\"keys_file\":\"@/ed.jwk\","
    "\"algorithms\":[\"EdDSA\"],\"audience\":[\"ssh\"]}]}}";

static struct lab lab;
static char *good; /* H's */
static size_t good_len;

static int
setup(void **state)
{
	(void)state;
	lab_open(&lab);
	lab_configure(&lab, config);
	good = token_make(
	    &lab.hs, JWA_HS256, "{\"alg\":\"HS256\"}", PAYLOAD("h"));
	good_len = strlen(good);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	free(good);
	lab_close(&lab);
	return 0;
}

static int
ask(const char *token, size_t n)
{
	struct gate_outcome out;
	char *copy = guard_copy(token, n);
	int r = lab_ask(&lab, copy, n, &out);

	guard_free(copy, n);
	return r;
}

static void
refused(const char *why, const char *token, int want)
{
	int r = ask(token, strlen(token));

	if (r != want)
		fail_msg("%s: %s, not %s", why, err_name(r), err_name(want));
}

/* The good token in a frame; the frame is what is wrong. */
static void
test_frame(void **state)
{
	static const struct {
		const char *why, *before, *behind;
		int want;
	} rows[] = {
		{ "nothing", "", "", 0 },
		{ "scheme", "Bearer ", "", E_TOKEN_MALFORMED },
		{ "blank before", " ", "", E_TOKEN_MALFORMED },
		{ "blank behind", "", " ", E_TOKEN_MALFORMED },
		{ "LF", "", "\n", E_TOKEN_MALFORMED },
		{ "CR LF", "", "\r\n", E_TOKEN_MALFORMED },
		{ "tab", "", "\t", E_TOKEN_MALFORMED },
		{ "a dot behind", "", ".", E_TOKEN_MALFORMED },
		{ "a dot before", ".", "", E_TOKEN_MALFORMED },
		{ "a fourth part", "", ".e30", E_TOKEN_MALFORMED },
		{ "five parts", "", ".e30.e30", E_TOKEN_MALFORMED },
		{ "a part before", "e30.", "", E_TOKEN_MALFORMED },
		{ "quotes", "\"", "\"", E_TOKEN_MALFORMED },
		{ "padding", "", "=", E_TOKEN_MALFORMED },
		{ "more padding", "", "==", E_TOKEN_MALFORMED },
		{ "disclosures of SD-JWT", "", "~e30~", E_TOKEN_MALFORMED },
		{ "in JSON", "{\"token\":\"", "\"}", E_TOKEN_MALFORMED },
		{ "high byte", "", "\xff", E_TOKEN_MALFORMED },
		{ "one character more", "", "A", E_SIGNATURE_INVALID },
		{ "length 1 mod 4", "", "AA", E_TOKEN_MALFORMED },
	};
	char text[1024];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		snprintf(text, sizeof(text), "%s%s%s", rows[i].before, good,
		    rows[i].behind);
		refused(rows[i].why, text, rows[i].want);
	}
	/* a NUL, and another token behind it */
	memcpy(text, good, good_len + 1);
	assert_int_equal(ask(text, good_len + 1), E_TOKEN_MALFORMED);
	memcpy(text + good_len + 1, good, good_len);
	assert_int_equal(ask(text, 2 * good_len + 1), E_TOKEN_MALFORMED);
	assert_int_equal(ask(text, good_len), 0);
}

/* Parts left out or empty; a detached payload is one of them. */
static void
test_parts(void **state)
{
	const char *dot = strchr(good, '.'), *dot2 = strchr(dot + 1, '.');
	int h = (int)(dot - good), p = (int)(dot2 - dot - 1);
	char text[1024];

	(void)state;
	refused("one part", "e30", E_TOKEN_MALFORMED);
	refused("only dots", "..", E_TOKEN_MALFORMED);
	refused("many dots", "........", E_TOKEN_MALFORMED);
	snprintf(text, sizeof(text), "%.*s", h + 1 + p, good);
	refused("two parts", text, E_TOKEN_MALFORMED);
	snprintf(text, sizeof(text), "%.*s.", h + 1 + p, good);
	refused("no signature", text, E_TOKEN_MALFORMED);
	snprintf(text, sizeof(text), "%.*s.%s", h, good, dot2);
	refused("detached payload", text, E_SIGNATURE_INVALID);
	snprintf(text, sizeof(text), ".%.*s%s", p, dot + 1, dot2);
	refused("no header", text, E_TOKEN_MALFORMED);
	snprintf(text, sizeof(text), "eyJhbGciOiJub25lIn0.%.*s.", p, dot + 1);
	refused("none, no signature", text, E_ALGORITHM_REFUSED);
	snprintf(
	    text, sizeof(text), "eyJhbGciOiJub25lIn0.%.*s%s", p, dot + 1, dot2);
	refused("none, a signature", text, E_ALGORITHM_REFUSED);
	refused("itself", good, 0);
}

/* RFC 7515 §7.2: the same token in the other serializations. */
static void
test_serializations(void **state)
{
	const char *dot = strchr(good, '.'), *dot2 = strchr(dot + 1, '.');
	int h = (int)(dot - good), p = (int)(dot2 - dot - 1);
	char text[2048];

	(void)state;
	snprintf(text, sizeof(text),
	    "{\"protected\":\"%.*s\",\"payload\":\"%.*s\","
	    "\"signature\":\"%s\"}",
	    h, good, p, dot + 1, dot2 + 1);
	refused("flattened", text, E_TOKEN_MALFORMED);
	snprintf(text, sizeof(text),
	    "{\"payload\":\"%.*s\",\"signatures\":[{\"protected\":\"%.*s\","
	    "\"signature\":\"%s\"}]}",
	    p, dot + 1, h, good, dot2 + 1);
	refused("general", text, E_TOKEN_MALFORMED);
	snprintf(text, sizeof(text), "{\"a\":\".%.*s.\",\"b\":\"%s\"}", p,
	    dot + 1, good);
	refused("JSON with a compact one inside", text, E_TOKEN_MALFORMED);
	refused("encrypted",
	    "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AAAA.AAAA.AAAA",
	    E_TOKEN_MALFORMED);
}

/*
 * A character that decodes to the same bytes: where the header or the
 * payload is changed, the changed text is what is signed.
 */
static void
test_trailing_bits(void **state)
{
	/* 16 bytes and 40 bytes: both end with 4 idle bits */
	static const char header[] = "{\"alg\":\"HS256\" }";
	char *input = token_join(header, PAYLOAD("h") " ", "", 0), *token;
	size_t dot = (size_t)(strchr(input, '.') - input), end;

	(void)state;
	input[strlen(input) - 1] = '\0';
	end = strlen(input) - 1;
	token = token_sign(&lab.hs, JWA_HS256, input);
	refused("as it should be", token, 0);
	token[strlen(token) - 1]++; /* 32 bytes: 2 idle bits */
	refused("signature", token, E_TOKEN_MALFORMED);
	free(token);
	input[dot - 1]++;
	token = token_sign(&lab.hs, JWA_HS256, input);
	refused("header", token, E_TOKEN_MALFORMED);
	free(token);
	input[dot - 1]--;
	input[end]++;
	token = token_sign(&lab.hs, JWA_HS256, input);
	refused("payload", token, E_TOKEN_MALFORMED);
	free(token);
	input[end]--;
	token = token_sign(&lab.hs, JWA_HS256, input);
	refused("as it was", token, 0);
	free(token);
	free(input);
}

/* Signed as it stands, with the letters of plain base64 in it. */
static void
test_alphabet(void **state)
{
	static const char *const payloads[] = {
		/* '-' of the one is '+' of the other; '_' is '/' */
		"{\"x\":\"~~~>>>\","
		"\"iss\":\"https://h.example\","
		"\"aud\":\"ssh\",\"sub\":\"alice\",\"exp\":1700000600}",
		"{\"x\":\"???\","
		"\"iss\":\"https://h.example\","
		"\"aud\":\"ssh\",\"sub\":\"alice\",\"exp\":1700000600}",
	};
	static const char pairs[][2] = { { '-', '+' }, { '_', '/' } };
	char *input, *token, *at;
	size_t i, k, seen = 0;

	(void)state;
	for (i = 0; i < COUNT_OF(payloads); i++) {
		for (k = 0; k < COUNT_OF(pairs); k++) {
			input = token_join(
			    "{\"alg\":\"HS256\"}", payloads[i], "", 0);
			input[strlen(input) - 1] = '\0';
			token = token_sign(&lab.hs, JWA_HS256, input);
			refused("base64url", token, 0);
			free(token);
			at = strchr(input, pairs[k][0]);
			if (at != NULL) {
				seen |= (size_t)1 << k;
				*at = pairs[k][1];
				token = token_sign(&lab.hs, JWA_HS256, input);
				refused("base64", token, E_TOKEN_MALFORMED);
				free(token);
			}
			free(input);
		}
	}
	assert_int_equal(seen, 3);
}

static void
test_sizes(void **state)
{
	static char text[1 << 20];
	const size_t most = JWS_MAX_LEN;

	(void)state;
	memset(text, '.', sizeof(text));
	assert_int_equal(ask(text, sizeof(text)), E_TOKEN_TOO_LONG);
	assert_int_equal(ask(text, most + 1), E_TOKEN_TOO_LONG);
	assert_int_equal(ask(text, most), E_TOKEN_MALFORMED);
	memset(text, 'A', sizeof(text));
	assert_int_equal(ask(text, sizeof(text)), E_TOKEN_TOO_LONG);
	assert_int_equal(ask(text, most), E_TOKEN_MALFORMED);
	memcpy(text, good, good_len);
	assert_int_equal(ask(text, sizeof(text)), E_TOKEN_TOO_LONG);
	assert_int_equal(ask(text, good_len), 0);
	/* a header over its cap, then one of 3000 bytes that is no JSON */
	memset(text, 'A', most);
	text[most - 3] = text[most - 6] = '.';
	assert_int_equal(ask(text, most), E_HEADER_INVALID);
	text[4000] = text[4003] = '.';
	assert_int_equal(ask(text, 4006), E_HEADER_INVALID);
	assert_int_equal(ask(text, 4005), E_TOKEN_MALFORMED);
}

/* Signs H's claims with bytes an attacker knows. */
static void
with_secret(const char *why, const void *bytes, size_t n)
{
	struct jwk key = lab.hs; /* borrows */
	uint8_t *secret = malloc(n + 1);
	char *token;

	assert_non_null(secret);
	memcpy(secret, bytes, n);
	key.secret = secret;
	key.secret_len = n;
	token = token_make(
	    &key, JWA_HS256, "{\"alg\":\"HS256\"}", PAYLOAD("r"));
	refused(why, token, E_SIGNATURE_INVALID);
	free(token);
	token = token_make(&key, JWA_HS256,
	    "{\"alg\":\"HS256\",\"kid\":\"rs\"}", PAYLOAD("r"));
	refused(why, token, E_KEY_UNKNOWN);
	free(token);
	free(secret);
}

static void
confuse(const struct jwk *key)
{
	BIO *bio = BIO_new(BIO_s_mem());
	unsigned char *der = NULL;
	struct json *j = NULL;
	char text[2048], *pem;
	int n, len;

	assert_int_equal(PEM_write_bio_PUBKEY(bio, key->pkey), 1);
	len = (int)BIO_get_mem_data(bio, &pem);
	with_secret("PEM", pem, (size_t)len);
	with_secret("PEM without its LF", pem, (size_t)len - 1);
	snprintf(text, sizeof(text), " %.*s", len, pem);
	with_secret("PEM behind a blank", text, strlen(text));
	snprintf(text, sizeof(text), "%.*s\n", len, pem);
	with_secret("PEM and one more LF", text, strlen(text));
	BIO_free(bio);
	n = i2d_PUBKEY(key->pkey, &der);
	assert_true(n > 0);
	with_secret("DER", der, (size_t)n);
	/* the raw key stands at the end of it */
	with_secret("64 bytes of it", der + n - 64, 64);
	if (n >= 65)
		with_secret("65 bytes of it", der + n - 65, 65);
	with_secret("32 bytes of it", der + n - 32, 32);
	OPENSSL_free(der);
	assert_int_equal(jwk_write(key, false, &j, NULL), 0);
	pem = json_write(j, false, NULL);
	with_secret("JWK", pem, strlen(pem));
	free(pem);
	json_free(&j);
}

static void
test_public_key_as_secret(void **state)
{
	(void)state;
	confuse(&lab.rs);
	confuse(&lab.es);
	with_secret("empty", "", 0);
	with_secret("zeros",
	    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
	    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
	    32);
	with_secret("a word", "secret", 6);
	refused("the secret", good, 0);
}

/* Said as one algorithm, signed as another, with the right key of both. */
static void
test_other_algorithm(void **state)
{
	const struct {
		const char *why, *alg, *payload;
		const struct jwk *key;
		enum jwa_alg as;
		int want;
	} rows[] = {
		{ "RS256", "RS256", PAYLOAD("r"), &lab.rs, JWA_RS256, 0 },
		{ "digest of RS512", "RS256", PAYLOAD("r"), &lab.rs, JWA_RS512,
		    E_SIGNATURE_INVALID },
		{ "digest of RS384", "RS256", PAYLOAD("r"), &lab.rs, JWA_RS384,
		    E_SIGNATURE_INVALID },
		{ "PSS", "RS256", PAYLOAD("r"), &lab.rs, JWA_PS256,
		    E_SIGNATURE_INVALID },
		{ "said too", "PS256", PAYLOAD("r"), &lab.rs, JWA_PS256,
		    E_ALGORITHM_REFUSED },
		{ "RS512 said too", "RS512", PAYLOAD("r"), &lab.rs, JWA_RS512,
		    E_ALGORITHM_REFUSED },
		{ "HS256", "HS256", PAYLOAD("h"), &lab.hs, JWA_HS256, 0 },
		{ "MAC of HS512", "HS256", PAYLOAD("h"), &lab.hs, JWA_HS512,
		    E_SIGNATURE_INVALID },
		{ "HS512 said too", "HS512", PAYLOAD("h"), &lab.hs, JWA_HS512,
		    E_ALGORITHM_REFUSED },
		{ "ES256", "ES256", PAYLOAD("e"), &lab.es, JWA_ES256, 0 },
		{ "a MAC as ES256", "ES256", PAYLOAD("e"), &lab.hs, JWA_HS512,
		    E_SIGNATURE_INVALID },
		{ "EdDSA", "EdDSA", PAYLOAD("d"), &lab.ed, JWA_EDDSA, 0 },
		{ "the name of RFC 9864, not listed", "Ed25519", PAYLOAD("d"),
		    &lab.ed, JWA_EDDSA, E_ALGORITHM_REFUSED },
		{ "Ed448", "Ed448", PAYLOAD("d"), &lab.ed, JWA_EDDSA,
		    E_ALGORITHM_REFUSED },
		{ "EdDSA as ES256", "ES256", PAYLOAD("e"), &lab.ed, JWA_EDDSA,
		    E_SIGNATURE_INVALID },
		{ "ES256 as EdDSA", "EdDSA", PAYLOAD("d"), &lab.es, JWA_ES256,
		    E_SIGNATURE_INVALID },
	};
	char header[64], *token;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		snprintf(
		    header, sizeof(header), "{\"alg\":\"%s\"}", rows[i].alg);
		token = token_make(
		    rows[i].key, rows[i].as, header, rows[i].payload);
		refused(rows[i].why, token, rows[i].want);
		free(token);
	}
}

/* Every length of a signature but the right one, for every kind of key. */
static void
test_signature_length(void **state)
{
	const struct {
		const char *header, *payload;
		const struct jwk *key;
		enum jwa_alg alg;
	} rows[] = {
		{ "{\"alg\":\"HS256\"}", PAYLOAD("h"), &lab.hs, JWA_HS256 },
		{ "{\"alg\":\"RS256\"}", PAYLOAD("r"), &lab.rs, JWA_RS256 },
		{ "{\"alg\":\"ES256\"}", PAYLOAD("e"), &lab.es, JWA_ES256 },
		{ "{\"alg\":\"EdDSA\"}", PAYLOAD("d"), &lab.ed, JWA_EDDSA },
	};
	uint8_t sig[TOKEN_SIG_MAX], zero[TOKEN_SIG_MAX] = { 0 };
	char *input, *token;
	size_t i, n, len;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		input = token_join(rows[i].header, rows[i].payload, "", 0);
		memset(sig, 0, sizeof(sig));
		n = token_mac(
		    rows[i].key, rows[i].alg, input, strlen(input) - 1, sig);
		for (len = 1; len < 2 * n && len < sizeof(sig); len++) {
			token = token_join(
			    rows[i].header, rows[i].payload, sig, len);
			refused("with zeros behind", token,
			    len == n ? 0 : E_SIGNATURE_INVALID);
			free(token);
			token = token_join(
			    rows[i].header, rows[i].payload, zero, len);
			refused("all zero", token, E_SIGNATURE_INVALID);
			free(token);
		}
		memset(zero, 0xff, sizeof(zero));
		token = token_join(rows[i].header, rows[i].payload, zero, n);
		refused("all ones", token, E_SIGNATURE_INVALID);
		memset(zero, 0, sizeof(zero));
		free(token);
		free(input);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frame),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_serializations),
		cmocka_unit_test(test_trailing_bits),
		cmocka_unit_test(test_alphabet),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_public_key_as_secret),
		cmocka_unit_test(test_other_algorithm),
		cmocka_unit_test(test_signature_length),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
