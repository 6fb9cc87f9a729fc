/*
 * Attacks with encryption, through the whole gate. Anybody can encrypt for a
 * public key, so whatever comes out of an encrypted token is the sender's
 * choice: only a signature inside that would be good outside opens a door,
 * and only of an issuer that lets its tokens be encrypted.
 */

#include "testtoken.h"

#include "b64url.h"
#include "err.h"
#include "jwe.h"
#include "jwk_enc.h"

#define PAYLOAD(name) \
	"{\"iss\":\"https://" name ".example\",\"aud\":\"ssh\"," \
	"\"sub\":\"alice\",\"iat\":1699999900,\"exp\":1700000600}"

#define ISSUER(name, key, alg, more) \
	"{\"issuer\":\"https://" name ".example\",\"keys_file\":\"@/" key \
	".jwk\",\"algorithms\":[\"" alg "\"],\"audience\":[\"ssh\"]" more "}"
#define ENCRYPTION(file, algs) \
	",\"encryption\":{\"keys_file\":\"@/" file "\",\"algorithms\":[" algs \
	"],\"enc\":[\"A256GCM\"]}"

/* R and E share a key that decrypts; D has another; H takes none. */
static const char config[] = "{\"common\":{\"issuers\":[" ISSUER(
    "r", "rs", "RS256", ENCRYPTION("pair.jwk", "\"ECDH-ES\"")) "," ISSUER("e",
    "es", "ES256",
    ENCRYPTION("pair.jwk", "\"ECDH-ES\",\"ECDH-ES+A256KW\"")) "," ISSUER("d",
    "ed", "EdDSA",
    ENCRYPTION("secret.jwk", "\"dir\",\"A256KW\"")) "," ISSUER("h", "hs",
    "HS256", "") "]}}";

static const char plain_config[] = "{\"common\":{\"issuers\":[" ISSUER(
    "e", "es", "ES256", "") "]}}";

static const char pair[] =
    "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"kid\":\"pair\","
    "\"x\":\"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08\","
    "\"d\":\"XasIfmJKikt54X-Lg4AO5m87sSkmGLb9HC-LJ_-I4Os\"}";
static const char other_pair[] =
    "{\"kty\":\"OKP\",\"crv\":\"X25519\","
    "\"x\":\"hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo\"}";
static const char secret[] =
    "{\"kty\":\"oct\","
    "\"k\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\"}";

static struct lab lab;
static struct jwk_enc_set pair_set, other_set, secret_set;
static char *es, *rs, *ed, *hs; /* honest tokens */

static void
read_keys(const char *text, const char *name, struct jwk_enc_set *set)
{
	char path[TEST_PATH_MAX];

	assert_int_equal(jwk_enc_set_parse(text, strlen(text), set, NULL), 0);
	test_write(path, lab.dir, name, 0600, text, strlen(text));
}

static int
setup(void **state)
{
	(void)state;
	lab_open(&lab);
	read_keys(pair, "pair.jwk", &pair_set);
	read_keys(other_pair, "other.jwk", &other_set);
	read_keys(secret, "secret.jwk", &secret_set);
	lab_configure(&lab, config);
	es = token_make(
	    &lab.es, JWA_ES256, "{\"alg\":\"ES256\"}", PAYLOAD("e"));
	rs = token_make(
	    &lab.rs, JWA_RS256, "{\"alg\":\"RS256\"}", PAYLOAD("r"));
	ed = token_make(
	    &lab.ed, JWA_EDDSA, "{\"alg\":\"EdDSA\"}", PAYLOAD("d"));
	hs = token_make(
	    &lab.hs, JWA_HS256, "{\"alg\":\"HS256\"}", PAYLOAD("h"));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	free(es);
	free(rs);
	free(ed);
	free(hs);
	jwk_enc_set_done(&pair_set);
	jwk_enc_set_done(&other_set);
	jwk_enc_set_done(&secret_set);
	lab_close(&lab);
	return 0;
}

static void
expect(const char *why, const char *token, int want)
{
	struct gate_outcome out;
	size_t n = strlen(token);
	char *copy = guard_copy(token, n);
	int r = lab_ask(&lab, copy, n, &out);

	guard_free(copy, n);
	if (r != want)
		fail_msg("%s: %s, not %s (%s)", why, err_name(r),
		    err_name(want), out.text);
}

struct how {
	const struct jwk_enc_set *set;
	enum jwa_wrap alg;
	enum jwa_enc enc;
	const char *cty;
};

static char *
seal(const struct how *how, const char *text)
{
	const struct jwe_draft draft = { .alg = how->alg,
		.enc = how->enc,
		.cty = how->cty,
		.payload = text,
		.payload_len = strlen(text) };
	char *token = NULL;

	assert_int_equal(
	    jwe_encrypt(&how->set->keys[0], &draft, &token, NULL), 0);
	return token;
}

static void
sealed(const char *why, const struct how *how, const char *text, int want)
{
	char *token = seal(how, text);

	expect(why, token, want);
	free(token);
}

static const struct how ecdh = { &pair_set, JWA_ECDH_ES, JWA_A256GCM, "JWT" };
static const struct how ecdh_kw = { &pair_set, JWA_ECDH_ES_A256KW, JWA_A256GCM,
	NULL };
static const struct how dir = { &secret_set, JWA_DIR, JWA_A256GCM, NULL };
static const struct how kw = { &secret_set, JWA_A256KW, JWA_A256GCM, NULL };

/* Who may send what: by the keys, the algorithms, and who signed inside. */
static void
test_who(void **state)
{
	static const struct how gcm128 = { &pair_set, JWA_ECDH_ES, JWA_A128GCM,
		NULL };
	static const struct how stranger = { &other_set, JWA_ECDH_ES,
		JWA_A256GCM, NULL };

	(void)state;
	expect("plain, encryption allowed", es, 0);
	expect("plain, H", hs, 0);
	sealed("E's", &ecdh, es, 0);
	sealed("E's, the other way", &ecdh_kw, es, 0);
	sealed("R's", &ecdh, rs, 0);
	sealed("R's, in a way that only E allows", &ecdh_kw, rs,
	    E_ALGORITHM_REFUSED);
	sealed("D's", &dir, ed, 0);
	sealed("D's, wrapped", &kw, ed, 0);
	sealed("D's, for E's key", &ecdh, ed, E_ALGORITHM_REFUSED);
	sealed("E's, for D's key", &dir, es, E_ALGORITHM_REFUSED);
	sealed("H's: takes none", &ecdh, hs, E_ALGORITHM_REFUSED);
	sealed("an enc that is not listed", &gcm128, es, E_ALGORITHM_REFUSED);
	sealed("a stranger's key", &stranger, es, E_SIGNATURE_INVALID);
	lab_configure(&lab, plain_config);
	expect("plain", es, 0);
	sealed("not turned on", &ecdh, es, E_TOKEN_MALFORMED);
	lab_configure(&lab, config);
}

/* What is inside: nothing but a token that would be good outside. */
static void
test_inside(void **state)
{
	char *twice = seal(&ecdh, es), *thrice, *text;
	char bad[2048];

	(void)state;
	expect("once", twice, 0);
	sealed("twice", &ecdh, twice, E_TOKEN_MALFORMED);
	thrice = seal(&ecdh, twice);
	sealed("three times", &ecdh, thrice, E_TOKEN_MALFORMED);
	free(thrice);
	free(twice);
	sealed("bare claims", &ecdh, PAYLOAD("e"), E_TOKEN_MALFORMED);
	sealed("nothing", &ecdh, "", E_TOKEN_MISSING);
	sealed("none, no signature", &ecdh, "eyJhbGciOiJub25lIn0.e30.",
	    E_ALGORITHM_REFUSED);
	sealed("none, a signature", &ecdh, "eyJhbGciOiJub25lIn0.e30.AAAA",
	    E_ALGORITHM_REFUSED);
	snprintf(bad, sizeof(bad), "%s", es);
	bad[strlen(bad) - 8] = bad[strlen(bad) - 8] == 'A' ? 'B' : 'A';
	sealed("a bit of the signature", &ecdh, bad, E_SIGNATURE_INVALID);
	snprintf(bad, sizeof(bad), "%s\n", es);
	sealed("one LF behind", &ecdh, bad, 0);
	snprintf(bad, sizeof(bad), "%s\n\n", es);
	sealed("two LF behind", &ecdh, bad, E_TOKEN_MALFORMED);
	snprintf(bad, sizeof(bad), " %s", es);
	sealed("a blank before", &ecdh, bad, E_TOKEN_MALFORMED);
	snprintf(bad, sizeof(bad), "Bearer %s", es);
	sealed("a scheme before", &ecdh, bad, E_TOKEN_MALFORMED);
	text = token_make(&lab.es, JWA_ES256, "{\"alg\":\"ES256\"}",
	    "{\"iss\":\"https://e.example\",\"aud\":\"ssh\",\"sub\":\"alice\","
	    "\"exp\":1699999000}");
	sealed("expired", &ecdh, text, E_TOKEN_EXPIRED);
	free(text);
	text = token_make(
	    &lab.es, JWA_ES256, "{\"alg\":\"ES256\"}", PAYLOAD("r"));
	sealed("in R's name", &ecdh, text, E_ISSUER_UNKNOWN);
	free(text);
}

/*
 * Keys of one purpose for the other (CVE-2023-51774): what decrypts is also
 * known to those who encrypt, so it must never verify.
 */
static void
test_confusion(void **state)
{
	struct jwk mac = lab.hs; /* borrows */
	struct jwk_enc box = { .kty = JWK_OCT, .encrypts = JWK_ENC_ALL };
	struct jwk_enc_set set = { .keys = &box, .count = 1 };
	const struct how with_mac = { &set, JWA_DIR, JWA_A256GCM, NULL };
	const char *payloads[] = { PAYLOAD("d"), PAYLOAD("h"), PAYLOAD("e") };
	char *token;
	uint8_t raw[32];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(payloads); i++) {
		mac.secret = secret_set.keys[0].secret;
		mac.secret_len = secret_set.keys[0].secret_len;
		token = token_make(
		    &mac, JWA_HS256, "{\"alg\":\"HS256\"}", payloads[i]);
		expect("a MAC of the key that decrypts", token,
		    E_SIGNATURE_INVALID);
		sealed("... in D's envelope", &dir, token, E_ALGORITHM_REFUSED);
		free(token);
		assert_int_equal(
		    b64url_decode(
			raw, "3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08", 43),
		    0);
		mac.secret = raw;
		mac.secret_len = sizeof(raw);
		token = token_make(
		    &mac, JWA_HS256, "{\"alg\":\"HS256\"}", payloads[i]);
		expect("a MAC of the public key to encrypt with", token,
		    E_SIGNATURE_INVALID);
		free(token);
	}
	/* the other way: the secret that signs never decrypts */
	box.secret = lab.hs.secret;
	box.secret_len = lab.hs.secret_len;
	if (box.secret_len == 32)
		sealed("encrypted with the secret that signs", &with_mac, hs,
		    E_SIGNATURE_INVALID);
}

/* Headers that ask for work or for meaning; a whole token behind each. */
static void
test_header(void **state)
{
	static const struct {
		const char *why, *header;
		int want;
	} rows[] = {
		{ "a password, two million times",
		    "{\"alg\":\"PBES2-HS256+A128KW\",\"enc\":\"A256GCM\","
		    "\"p2s\":\"AAAAAAAAAAA\",\"p2c\":2000000}",
		    E_ALGORITHM_REFUSED },
		{ "RSA1_5", "{\"alg\":\"RSA1_5\",\"enc\":\"A256GCM\"}",
		    E_ALGORITHM_REFUSED },
		{ "a zip bomb",
		    "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"zip\":\"DEF\"}",
		    E_HEADER_INVALID },
		{ "crit",
		    "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"crit\":[\"x\"]}",
		    E_HEADER_INVALID },
		{ "no enc", "{\"alg\":\"dir\"}", E_HEADER_INVALID },
		{ "signature's alg", "{\"alg\":\"HS256\",\"enc\":\"A256GCM\"}",
		    E_ALGORITHM_REFUSED },
		{ "none", "{\"alg\":\"none\",\"enc\":\"A256GCM\"}",
		    E_ALGORITHM_REFUSED },
		{ "enc twice",
		    "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"enc\":\"A256GCM\"}",
		    E_HEADER_INVALID },
		{ "a point off the curve",
		    "{\"alg\":\"ECDH-ES\",\"enc\":\"A256GCM\",\"epk\":{"
		    "\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":"
		    "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}}",
		    E_SIGNATURE_INVALID },
		{ "a key of its own",
		    "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"jwk\":{"
		    "\"kty\":\"oct\",\"k\":\"AAAA\"}}",
		    E_SIGNATURE_INVALID },
		{ "kid of nobody",
		    "{\"alg\":\"ECDH-ES\",\"enc\":\"A256GCM\",\"kid\":\"x\","
		    "\"epk\":{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":"
		    "\"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08\"}}",
		    E_TOKEN_MALFORMED },
	};
	char token[1024];
	size_t i, n;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		n = b64url_encode(
		    token, rows[i].header, strlen(rows[i].header));
		strcpy(token + n,
		    "..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA");
		expect(rows[i].why, token, rows[i].want);
	}
}

static void
test_sizes(void **state)
{
	static char token[JWE_MAX_LEN + 2];
	struct gate_outcome out;
	size_t n;
	int r;

	(void)state;
	memset(token, 'A', sizeof(token));
	n = b64url_encode(token, "{\"alg\":\"dir\",\"enc\":\"A256GCM\"}", 29);
	memcpy(token + n, "..AAAAAAAAAAAAAAAA.", 19);
	token[JWE_MAX_LEN - 23] = '.';
	assert_int_equal(
	    lab_ask(&lab, token, JWE_MAX_LEN + 1, &out), E_TOKEN_TOO_LONG);
	r = lab_ask(&lab, token, JWE_MAX_LEN, &out);
	assert_true(r == E_SIGNATURE_INVALID || r == E_TOKEN_MALFORMED);
}

static void
must_refuse(const char *data, size_t n, void *arg)
{
	struct gate_outcome out;

	(void)arg;
	assert_int_not_equal(lab_ask(&lab, data, n, &out), 0);
}

static void
test_damage(void **state)
{
	char *token = seal(&dir, ed);

	(void)state;
	expect("as it is", token, 0);
	for_each_truncation(token, strlen(token), must_refuse, NULL);
	for_each_bit_flip(token, strlen(token), must_refuse, NULL);
	expect("as it was", token, 0);
	free(token);
}

static void
decide_short_of_memory(void *arg)
{
	struct gate_outcome out;
	int r = lab_ask(&lab, arg, strlen(arg), &out);

	assert_true(r == 0 || alloc_failed());
}

static void
test_memory(void **state)
{
	char *token = seal(&ecdh, es);

	(void)state;
	for_each_alloc_failure(decide_short_of_memory, token);
	expect("memory is back", token, 0);
	free(token);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who),
		cmocka_unit_test(test_inside),
		cmocka_unit_test(test_confusion),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
