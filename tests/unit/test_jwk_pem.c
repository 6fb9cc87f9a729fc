/*
 * test_jwk_pem: which PEM is read and which bytes may be a secret; what no
 * change of a byte, no lack of memory can make of a key file.
 */

#include "testutil.h"

#include <openssl/err.h>

#include "err.h"
#include "jwk.h"

#define KEYS "vectors/keys/"

static const struct {
	const char *file;
	const char *refusal; /* a part of the sentence; NULL: accepted */
	bool is_private;
	enum jwk_kty kty;
	const char *crv;
} files[] = {
	{ "rsa-public.pem", NULL, false, JWK_RSA, NULL },
	{ "rsa-public-pkcs1.pem", NULL, false, JWK_RSA, NULL },
	{ "rsa.pem", NULL, true, JWK_RSA, NULL },
	{ "rsa-pkcs1.pem", NULL, true, JWK_RSA, NULL },
	{ "ec-p256-public.pem", NULL, false, JWK_EC, "P-256" },
	{ "ec-p256-compressed.pem", NULL, false, JWK_EC, "P-256" },
	{ "ec-p256.pem", NULL, true, JWK_EC, "P-256" },
	{ "ec-p256-sec1.pem", NULL, true, JWK_EC, "P-256" },
	{ "ec-p384.pem", NULL, true, JWK_EC, "P-384" },
	{ "ec-p521.pem", NULL, true, JWK_EC, "P-521" },
	{ "ed25519.pem", NULL, true, JWK_OKP, "Ed25519" },
	{ "ed25519-public.pem", NULL, false, JWK_OKP, "Ed25519" },
	{ "ed448.pem", NULL, true, JWK_OKP, "Ed448" },
	{ "ed448-public.pem", NULL, false, JWK_OKP, "Ed448" },
	{ "rsa-1024.pem", "n: 1024 bits", true, JWK_NONE, NULL },
	{ "rsa-3primes.pem", "more than two primes", true, JWK_NONE, NULL },
	{ "rsa-pss.pem", "neither an RSA", true, JWK_NONE, NULL },
	{ "ec-explicit.pem", "a curve without a name", false, JWK_NONE, NULL },
	{ "ec-secp256k1.pem", NULL, true, JWK_EC, "secp256k1" },
	{ "ec-p224.pem", "a curve other than", true, JWK_NONE, NULL },
	{ "x25519.pem", "neither an RSA", true, JWK_NONE, NULL },
	{ "encrypted-pkcs8.pem", "an encrypted key", true, JWK_NONE, NULL },
	{ "encrypted-pkcs1.pem", "an encrypted key", true, JWK_NONE, NULL },
	{ "certificate.pem", "openssl x509 -pubkey", false, JWK_NONE, NULL },
	{ "ssh-private.pem", "OpenSSH's own", true, JWK_NONE, NULL },
	{ "ssh-public", "neither a JWK", false, JWK_NONE, NULL },
	{ "rsa-public.der", "neither a JWK", false, JWK_NONE, NULL },
};

static char *
key_file(const char *name, size_t *n_out)
{
	char path[128];

	snprintf(path, sizeof(path), KEYS "%s", name);
	return test_data(path, n_out);
}

static void
test_files(void **state)
{
	struct jwk_set set = { 0 };
	struct err e;
	char *text;
	size_t i, n;
	int rc;

	(void)state;
	for (i = 0; i < COUNT_OF(files); i++) {
		text = key_file(files[i].file, &n);
		memset(&e, 0, sizeof(e));
		rc = jwk_set_parse(text, n, &set, &e);
		if (files[i].refusal != NULL) {
			assert_int_equal(rc, E_KEY);
			if (strstr(e.text, files[i].refusal) == NULL)
				fail_msg("%s: %s", files[i].file, e.text);
		} else if (rc != 0 || set.count != 1)
			fail_msg("%s: %s", files[i].file, e.text);
		if (rc == 0) {
			assert_int_equal(set.keys[0].kty, files[i].kty);
			if (files[i].crv != NULL)
				assert_string_equal(
				    set.keys[0].crv, files[i].crv);
			assert_true(set.keys[0].verifies);
			assert_int_equal(
			    set.keys[0].signs, files[i].is_private);
			assert_int_equal(set.has_private, files[i].is_private);
			assert_false(set.has_secret);
		}
		assert_int_equal(ERR_peek_error(), 0);
		jwk_set_done(&set);
		free(text);
	}
}

static const struct {
	const char *why;
	const char *parts[3]; /* files, or text that starts with '=' */
	const char *refusal;
	size_t count;
} bundles[] = {
	{ "two keys", { "rsa-public.pem", "ec-p256-public.pem" }, NULL, 2 },
	{ "words around it", { "=words\n", "rsa-public.pem", "=words" }, NULL,
	    1 },
	{ "a good and a bad one", { "rsa-public.pem", "rsa-1024.pem" },
	    "PEM block 2: n: 1024", 0 },
	{ "a bundle with its certificate", { "ec-p256.pem", "certificate.pem" },
	    "PEM block 2: a cert", 0 },
	{ "a label we do not know",
	    { "=-----BEGIN X-----\nAAAA\n-----END X-----\n" },
	    "PEM block 1: not a kind", 0 },
	{ "a label that lies",
	    { "=-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n" },
	    "PEM block 1: not a key", 0 },
	{ "no end", { "rsa-public.pem", "=-----BEGIN PUBLIC KEY-----\nMAA=\n" },
	    "PEM block 2: not well-formed", 0 },
	{ "another end",
	    { "=-----BEGIN PUBLIC KEY-----\nMAA=\n-----END X-----\n" },
	    "PEM block 1: not well-formed", 0 },
	{ "only parameters",
	    { "=-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n"
	      "-----END EC PARAMETERS-----\n" },
	    "no key in it", 0 },
};

static void
test_bundles(void **state)
{
	struct jwk_set set = { 0 };
	struct err e;
	char text[8192], *part;
	size_t i, k, n;
	int rc;

	(void)state;
	for (i = 0; i < COUNT_OF(bundles); i++) {
		text[0] = '\0';
		for (k = 0; k < 3 && bundles[i].parts[k] != NULL; k++) {
			if (bundles[i].parts[k][0] == '=') {
				strcat(text, bundles[i].parts[k] + 1);
				continue;
			}
			part = key_file(bundles[i].parts[k], &n);
			strcat(text, part);
			free(part);
		}
		memset(&e, 0, sizeof(e));
		rc = jwk_set_parse(text, strlen(text), &set, &e);
		if (bundles[i].refusal == NULL &&
		    (rc != 0 || set.count != bundles[i].count))
			fail_msg("%s: %s", bundles[i].why, e.text);
		if (bundles[i].refusal != NULL &&
		    (rc != E_KEY || strstr(e.text, bundles[i].refusal) == NULL))
			fail_msg("%s: %d %s", bundles[i].why, rc, e.text);
		jwk_set_done(&set);
	}
}

/* The key is the whole of its block. */
static void
test_bytes_behind(void **state)
{
	struct jwk_set set = { 0 };
	struct err e = { 0 };
	char *text, longer[512], *end;
	size_t n;

	(void)state;
	/* 69 bytes of DER, so that base64 goes on without padding */
	text = key_file("ed448-public.pem", &n);
	assert_int_equal(jwk_set_parse(text, n, &set, NULL), 0);
	jwk_set_done(&set);
	end = strstr(text, "\n-----END");
	assert_non_null(end);
	n = (size_t)snprintf(
	    longer, sizeof(longer), "%.*sAAAA%s", (int)(end - text), text, end);
	assert_int_equal(jwk_set_parse(longer, n, &set, &e), E_KEY);
	assert_string_equal(e.text, "PEM block 1: bytes behind the key");
	free(text);
}

/* Nothing but another spelling of the same, or another public key. */
static void
refuse_damage(const char *data, size_t n, void *arg)
{
	const struct jwk *whole = arg;
	struct jwk_set set = { 0 };
	struct err e = { 0 };

	if (jwk_set_parse(data, n, &set, &e) == 0) {
		assert_int_equal(set.count, 1);
		assert_int_equal(set.keys[0].kty, whole->kty);
		jwk_set_done(&set);
	} else {
		assert_true(e.text[0] != '\0');
	}
}

static void
damage(const char *name)
{
	struct jwk_set set = { 0 };
	char *text;
	size_t n;

	text = test_data(name, &n);
	assert_int_equal(jwk_set_parse(text, n, &set, NULL), 0);
	for_each_truncation(text, n, refuse_damage, &set.keys[0]);
	for_each_bit_flip(text, n, refuse_damage, &set.keys[0]);
	jwk_set_done(&set);
	free(text);
}

static void
test_damage(void **state)
{
	(void)state;
	damage(KEYS "ed25519.pem");
	damage(KEYS "ec-p256-sec1.pem");
	damage("vectors/cookbook/jwk/3_5.symmetric_key_mac_computation.json");
	damage("vectors/cookbook/jwk/3_3.rsa_public_key.json");
}

struct memory {
	const char *text;
	size_t n;
	bool good;
};

static void
parse_short_of_memory(void *arg)
{
	const struct memory *m = arg;
	struct jwk_set set = { 0 };
	int rc;

	rc = jwk_set_parse(m->text, m->n, &set, NULL);
	if (!m->good)
		assert_int_not_equal(rc, 0);
	else if (!alloc_failed())
		assert_int_equal(rc, 0);
	if (rc != 0)
		assert_null(set.keys);
	jwk_set_done(&set);
}

/* Out of memory, a check must not be skipped and a bad key not be taken. */
static void
test_no_memory(void **state)
{
	static const struct {
		const char *file;
		bool good;
	} rows[] = {
		{ KEYS "rsa-public.pem", true },
		{ KEYS "ec-p256-sec1.pem", true },
		{ KEYS "ed25519.pem", true },
		{ "vectors/cookbook/jwk/3_4.rsa_private_key.json", true },
		{ "vectors/cookbook/jwk/3_2.ec_private_key.json", true },
		{ KEYS "ec-explicit.pem", false },
		{ KEYS "rsa-1024.pem", false },
		{ KEYS "roca.json", false },
		{ KEYS "encrypted-pkcs1.pem", false },
		{ "vectors/cookbook/jwk/3_6.symmetric_key_encryption.json",
		    false },
	};
	struct memory m;
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		text = test_data(rows[i].file, &m.n);
		m.text = text;
		m.good = rows[i].good;
		for_each_alloc_failure(parse_short_of_memory, &m);
		free(text);
	}
}

#define FILLER "0123456789abcdef0123456789abcdef"

static const struct {
	const char *why;
	const char *secret;
	const char *refusal;
} secrets[] = {
	{ "a passphrase", FILLER, NULL },
	{ "one with a dash", "-----" FILLER, NULL },
	{ "a PEM header", "-----BEGIN PUBLIC KEY-----" FILLER, "PEM" },
	{ "behind blanks", " \t\r\n-----BEGIN RSA " FILLER, "PEM" },
	{ "behind a comment", "my key\n-----BEGIN RSA " FILLER, "PEM" },
	{ "RFC 4716", "---- BEGIN SSH2 PUBLIC KEY ----" FILLER, "PEM" },
	{ "behind a byte order mark", "\xef\xbb\xbf{\"kty\":1}" FILLER, "JWK" },
	{ "an SSH key", "ssh-rsa AAAAB3NzaC1yc2E" FILLER, "SSH" },
	{ "behind a blank", " ssh-ed25519 AAAAC3Nza" FILLER, "SSH" },
	{ "ECDSA of SSH", "ecdsa-sha2-nistp256 " FILLER, "SSH" },
	{ "its base64 alone", "AAAAC3NzaC1lZDI1NTE5" FILLER, "SSH" },
	{ "a word like ssh", "ssh " FILLER, NULL },
	{ "a JWK", "{\"kty\":\"EC\"," FILLER "}", "JWK" },
	{ "a JWK behind a LF", "\n{ \"kty\" : \"EC\"," FILLER "}", "JWK" },
	{ "a set", "{\"keys\":[" FILLER "]}", "JWK" },
	{ "a brace", "{" FILLER "}", NULL },
	{ "PEM without its armour",
	    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tL",
	    "base64" },
	{ "RSA in base64", "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA",
	    "base64" },
	{ "base64 of something else",
	    "MIIBIjAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", NULL },
	{ "too short", "0123456789abcdef0123456789abcde", "31 bytes" },
	{ "empty", "", "0 bytes" },
};

static void
test_secrets(void **state)
{
	struct jwk_set set = { 0 };
	struct err e;
	char *copy;
	size_t i, n;
	int rc;

	(void)state;
	for (i = 0; i < COUNT_OF(secrets); i++) {
		memset(&e, 0, sizeof(e));
		n = strlen(secrets[i].secret);
		copy = guard_copy(secrets[i].secret, n);
		rc = jwk_set_secret(copy, n, JWA_HS256, &set, &e);
		guard_free(copy, n);
		if (secrets[i].refusal == NULL && rc != 0)
			fail_msg("%s: %s", secrets[i].why, e.text);
		if (secrets[i].refusal != NULL &&
		    (rc != E_KEY || strstr(e.text, secrets[i].refusal) == NULL))
			fail_msg("%s: %d %s", secrets[i].why, rc, e.text);
		if (rc == 0) {
			assert_true(set.has_secret);
			assert_int_equal(set.keys[0].secret_len, n);
			assert_int_equal(set.keys[0].alg, JWA_HS256);
		}
		jwk_set_done(&set);
	}
}

static const struct {
	size_t n;
	enum jwa_alg alg;
	int want;
} lengths[] = {
	{ 31, JWA_HS256, E_KEY },
	{ 32, JWA_HS256, 0 },
	{ 47, JWA_HS384, E_KEY },
	{ 48, JWA_HS384, 0 },
	{ 63, JWA_HS512, E_KEY },
	{ 64, JWA_HS512, 0 },
	{ 1024, JWA_HS512, 0 },
	{ 1025, JWA_HS512, E_KEY },
	{ 64, JWA_RS256, E_KEY },
	{ 64, JWA_NONE, E_KEY },
	{ 64, JWA_COUNT, E_KEY },
};

/* RFC 7518 §3.2; and public keys as they stand in files. */
static void
test_secret_bytes(void **state)
{
	static const char *const publics[] = { "rsa-public.der",
		"rsa-public.pem", "ssh-public", "ed25519-public.pem",
		"certificate.pem", "roca.json" };
	char bytes[1025], *text;
	size_t i, n;

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	for (i = 0; i < COUNT_OF(lengths); i++)
		assert_int_equal(
		    jwk_secret_check(bytes, lengths[i].n, lengths[i].alg, NULL),
		    lengths[i].want);
	memset(bytes, 0, sizeof(bytes));
	assert_int_equal(jwk_secret_check(bytes, 32, JWA_HS256, NULL), E_KEY);
	bytes[31] = 1;
	assert_int_equal(jwk_secret_check(bytes, 32, JWA_HS256, NULL), 0);
	for (i = 0; i < COUNT_OF(publics); i++) {
		text = key_file(publics[i], &n);
		assert_int_equal(
		    jwk_secret_check(text, n, JWA_HS256, NULL), E_KEY);
		/* one LF more or less changes nothing */
		assert_int_equal(jwk_secret_check(text, n - 1, JWA_HS256, NULL),
		    strcmp(publics[i], "rsa-public.der") == 0 ? 0 : E_KEY);
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_bundles),
		cmocka_unit_test(test_bytes_behind),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_secret_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
