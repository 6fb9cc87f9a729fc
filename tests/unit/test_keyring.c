/*
 * test_keyring: which file serves which issuer, who may read it, and what is
 * said when it does not.
 */

#include "testutil.h"

#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "err.h"
#include "jwk.h"
#include "keyring.h"

#define SECRET "0123456789abcdef0123456789abcdef"
#define KEYS "vectors/keys/"
#define COOKBOOK "vectors/cookbook/jwk/"
#define EC(kid) \
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"" kid "\"," \
	"\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"," \
	"\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}"
#define EC_A EC("a")
#define EC_B EC("b")
#define OCT \
	"{\"kty\":\"oct\",\"kid\":\"c\",\"k\":" \
	"\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlh" \
	"YmNkZWY\"}"
#define OCT_B \
	"{\"kty\":\"oct\",\"kid\":\"d\",\"k\":" \
	"\"MTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFi" \
	"Y2RlZjA\"}"

enum what {
	KEYS_FILE,
	SIGNING_KEY,
	SECRET_FILE,
	INLINE
};

static const struct {
	const char *why;
	enum what what;
	const char *content; /* a file of tests/, or text after '='; NULL: no */
	mode_t mode;
	enum jwa_alg algorithms[3];
	const char *refusal;
} rows[] = {
	{ "public keys may be read by all", KEYS_FILE, KEYS "rsa-public.pem",
	    0644, { JWA_RS256 }, NULL },
	{ "but written by nobody else", KEYS_FILE, KEYS "rsa-public.pem", 0664,
	    { JWA_RS256 }, "" },
	{ "private keys for nobody else", KEYS_FILE, KEYS "rsa.pem", 0600,
	    { JWA_RS256 }, NULL },
	{ "private keys for a group", KEYS_FILE, KEYS "rsa.pem", 0640,
	    { JWA_RS256 }, NULL },
	{ "private keys for all", KEYS_FILE, KEYS "rsa.pem", 0644,
	    { JWA_RS256 }, "" },
	{ "a private JWK for all", KEYS_FILE,
	    COOKBOOK "3_2.ec_private_key.json", 0644, { JWA_ES512 }, "" },
	{ "a private JWK", KEYS_FILE, COOKBOOK "3_2.ec_private_key.json", 0600,
	    { JWA_ES512 }, NULL },
	{ "a private key that is skipped", KEYS_FILE,
	    "={\"keys\":[{\"kty\":\"OKP\",\"crv\":\"X25519\","
	    "\"d\":\"AA\"},{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":"
	    "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}",
	    0644, { JWA_EDDSA }, "" },
	{ "a secret for all", KEYS_FILE,
	    COOKBOOK "3_5.symmetric_key_mac_computation.json", 0644,
	    { JWA_HS256 }, "" },
	{ "a secret", KEYS_FILE,
	    COOKBOOK "3_5.symmetric_key_mac_computation.json", 0600,
	    { JWA_HS256 }, NULL },
	{ "a secret, and HS* is one of several", KEYS_FILE,
	    COOKBOOK "3_5.symmetric_key_mac_computation.json", 0600,
	    { JWA_RS256, JWA_HS256 }, NULL },
	{ "a secret and no HS*", KEYS_FILE,
	    COOKBOOK "3_5.symmetric_key_mac_computation.json", 0600,
	    { JWA_RS256, JWA_ES256 }, "a secret, and algorithms lists no" },
	{ "public keys and only HS*", KEYS_FILE, KEYS "rsa-public.pem", 0644,
	    { JWA_HS256, JWA_HS512 }, "no secret (kty oct)" },
	{ "a key for another algorithm", KEYS_FILE, KEYS "rsa-public.pem", 0644,
	    { JWA_ES256 }, "no key in it fits" },
	{ "one that fits among others", KEYS_FILE, KEYS "rsa-public.pem", 0644,
	    { JWA_ES256, JWA_PS512 }, NULL },
	{ "no algorithm", KEYS_FILE, KEYS "rsa-public.pem", 0644, { JWA_NONE },
	    "no algorithm" },
	{ "no file", KEYS_FILE, NULL, 0, { JWA_RS256 }, "missing" },
	{ "an empty file", KEYS_FILE, "=", 0644, { JWA_RS256 }, "keys: empty" },
	{ "a broken key", KEYS_FILE, KEYS "rsa-1024.pem", 0600, { JWA_RS256 },
	    "n: 1024 bits" },
	{ "junk", KEYS_FILE, "=junk", 0644, { JWA_RS256 }, "neither" },

	{ "a signing key", SIGNING_KEY, KEYS "ec-p256.pem", 0600, { JWA_ES256 },
	    NULL },
	{ "a signing key for all", SIGNING_KEY, KEYS "ec-p256.pem", 0644,
	    { JWA_ES256 }, "" },
	{ "its public half, to verify", SIGNING_KEY, KEYS "ec-p256-public.pem",
	    0644, { JWA_ES256 }, NULL },
	{ "the key's own algorithm", SIGNING_KEY, KEYS "ec-p256.pem", 0600,
	    { JWA_NONE }, NULL },
	{ "another algorithm", SIGNING_KEY, KEYS "ec-p256.pem", 0600,
	    { JWA_ES384 }, "no key in it fits" },
	{ "a secret as a signing key", SIGNING_KEY,
	    COOKBOOK "3_5.symmetric_key_mac_computation.json", 0600,
	    { JWA_NONE }, "where a signing key belongs" },
	{ "a signing key and HS*", SIGNING_KEY, KEYS "ec-p256.pem", 0600,
	    { JWA_HS256 }, "no secret is given" },

	{ "a secret in a file", SECRET_FILE, "=" SECRET, 0600, { JWA_HS256 },
	    NULL },
	{ "with its LF", SECRET_FILE, "=" SECRET "\n", 0600, { JWA_HS256 },
	    NULL },
	{ "for all", SECRET_FILE, "=" SECRET, 0644, { JWA_HS256 }, "" },
	{ "too short", SECRET_FILE, "=" SECRET, 0600, { JWA_HS384 },
	    "32 bytes" },
	{ "the LF does not count", SECRET_FILE,
	    "=0123456789abcdef0123456789abcde\n", 0600, { JWA_HS256 },
	    "31 bytes" },
	{ "a public key as a secret", SECRET_FILE, KEYS "rsa-public.pem", 0600,
	    { JWA_HS256 }, "in PEM form" },
	{ "a secret and RS256", SECRET_FILE, "=" SECRET, 0600, { JWA_RS256 },
	    "no key file is given" },
	{ "empty", SECRET_FILE, "=\n", 0600, { JWA_HS256 }, "0 bytes" },

	{ "a secret in the configuration", INLINE, "=" SECRET, 0, { JWA_HS256 },
	    NULL },
	{ "short", INLINE, "=short", 0, { JWA_HS256 }, "jwtsecret: 5 bytes" },
	{ "for another algorithm", INLINE, "=" SECRET, 0, { JWA_HS512 },
	    "jwtsecret: 32 bytes" },
};

static char *
content(const char *source, size_t *n)
{
	char *text;

	if (source[0] != '=')
		return test_data(source, n);
	text = strdup(source + 1);
	*n = strlen(text);
	return text;
}

/* A list of one file; path must stay. */
static char **
file_of(char *path)
{
	static char *files[1];

	files[0] = path;
	return files;
}

/* issuer as row i says, with its file in dir; secret is to be freed */
static void
set_up(size_t i, const char *dir, struct config_issuer *issuer, char *path)
{
	char *text = NULL;
	size_t n = 0, k;

	memset(issuer, 0, sizeof(*issuer));
	issuer->own = rows[i].what != KEYS_FILE;
	for (k = 0; k < 3 && rows[i].algorithms[k] != JWA_NONE; k++)
		issuer->algorithms[k] = rows[i].algorithms[k];
	issuer->algorithm_count = k;
	snprintf(path, TEST_PATH_MAX, "%s/missing", dir);
	if (rows[i].content != NULL)
		text = content(rows[i].content, &n);
	if (text != NULL && rows[i].what != INLINE)
		test_write(path, dir, "keys", rows[i].mode, text, n);
	switch (rows[i].what) {
	case KEYS_FILE:
		issuer->keys_files.items = file_of(path);
		issuer->keys_files.count = 1;
		break;
	case SIGNING_KEY:
		issuer->signing_key_file = path;
		break;
	case SECRET_FILE:
		issuer->secret_file = path;
		break;
	case INLINE:
		issuer->secret = text;
		issuer->secret_len = n;
		return;
	}
	free(text);
}

static void
check_row(size_t i, const char *dir)
{
	const struct jwk_set *set = NULL, *again = NULL;
	struct config_issuer issuer;
	char path[TEST_PATH_MAX];
	struct keyring *k = NULL;
	struct err e = { 0 };
	int rc;

	set_up(i, dir, &issuer, path);
	assert_int_equal(keyring_new(&k), 0);
	rc = keyring_get(k, &issuer, &set, &e);
	if (rc != (rows[i].refusal == NULL ? 0 : E_KEYS_UNAVAILABLE))
		fail_msg("%s: %s %s", rows[i].why, err_name(rc), e.text);
	if (rc != 0 && strstr(e.text, rows[i].refusal) == NULL)
		fail_msg("%s: says %s", rows[i].why, e.text);
	if (strstr(e.text, "0123456789") != NULL)
		fail_msg("%s: tells the secret", rows[i].why);
	if (rc == 0) {
		assert_int_equal(set->count, 1);
		unlink(path);
		assert_int_equal(keyring_get(k, &issuer, &again, NULL), 0);
		assert_ptr_equal(again, set);
	} else {
		assert_null(set);
	}
	keyring_free(&k);
	assert_null(k);
	free(issuer.secret);
}

static void
test_rows(void **state)
{
	char dir[TEST_DIR_MAX];
	size_t i;

	(void)state;
	test_dir_new(dir);
	for (i = 0; i < COUNT_OF(rows); i++)
		check_row(i, dir);
	test_dir_remove(dir);
}

/*
 * Two issuers do not get each other's keys; a failure stays, until the next
 * keyring takes over what the first one has.
 */
static void
test_cache(void **state)
{
	const struct jwk_set *a_set, *b_set, *a_again;
	struct config_issuer a = { .algorithms = { JWA_ES256 },
		.algorithm_count = 1 };
	struct config_issuer b = a;
	char dir[TEST_DIR_MAX], a_path[TEST_PATH_MAX], b_path[TEST_PATH_MAX];
	char *a_files[] = { a_path }, *b_files[] = { b_path };
	struct keyring *k = NULL, *next = NULL;
	bool changed = false;
	char *text;
	size_t n;

	(void)state;
	test_dir_new(dir);
	text = test_data(KEYS "ec-p256-public.pem", &n);
	test_write(a_path, dir, "a", 0644, text, n);
	test_write(b_path, dir, "b", 0666, text, n);
	free(text);
	a.keys_files = (struct config_list){ a_files, 1 };
	b.keys_files = (struct config_list){ b_files, 1 };
	assert_int_equal(keyring_new(&k), 0);
	assert_int_equal(keyring_get(k, &a, &a_set, NULL), 0);
	assert_int_equal(keyring_get(k, &b, &b_set, NULL), E_KEYS_UNAVAILABLE);
	assert_int_equal(chmod(b_path, 0644), 0);
	assert_int_equal(keyring_get(k, &b, &b_set, NULL), E_KEYS_UNAVAILABLE);
	assert_int_equal(keyring_get(k, &a, &a_again, NULL), 0);
	assert_ptr_equal(a_again, a_set);
	assert_int_equal(keyring_new(&next), 0);
	assert_int_equal(keyring_carry(next, &a, k, NULL, &changed), 0);
	assert_false(changed);
	assert_int_equal(keyring_carry(next, &b, k, NULL, &changed), 0);
	assert_true(changed);
	keyring_free(&k);
	assert_int_equal(keyring_get(next, &a, &a_again, NULL), 0);
	assert_ptr_equal(a_again, a_set);
	assert_int_equal(keyring_get(next, &b, &b_set, NULL), 0);
	assert_ptr_not_equal(a_set, b_set);
	keyring_free(&next);
	keyring_free(&k);
	test_dir_remove(dir);
}

/* What several files of one issuer say together. */
static const struct {
	const char *why;
	const char *files[3];
	enum jwa_alg alg;
	size_t count; /* of keys; 0: refused */
	const char *refusal;
} together[] = {
	{ "two keys", { "=" EC_A, KEYS "ec-p256-public.pem" }, JWA_ES256, 2,
	    NULL },
	{ "three", { "=" EC_A, "=" EC_B, KEYS "ec-p256-public.pem" }, JWA_ES256,
	    3, NULL },
	{ "one of them fits", { "=" EC_A, KEYS "ec-p384.pem" }, JWA_ES384, 2,
	    NULL },
	{ "none of them fits", { "=" EC_A, "=" EC_B }, JWA_ES384, 0,
	    "issuer: no key in it fits" },
	{ "a kid that is in both", { "=" EC_A, "=" EC_A }, JWA_ES256, 0,
	    "1: key 1 repeats the kid of key 0" },
	{ "a secret beside a public key", { "=" EC_A, "=" OCT }, JWA_ES256, 0,
	    "1: secret and public keys are mixed" },
	{ "two secrets", { "=" OCT, "=" OCT_B }, JWA_HS256, 2, NULL },
	{ "one is broken", { "=" EC_A, "=junk" }, JWA_ES256, 0, "1: neither" },
	{ "one is empty", { "=", "=" EC_A }, JWA_ES256, 0, "0: empty" },
	{ "one is not there", { "=" EC_A, NULL, "=" EC_B }, JWA_ES256, 0,
	    "1: cannot open" },
};

static void
test_several_files(void **state)
{
	const struct jwk_set *set;
	char dir[TEST_DIR_MAX], paths[3][TEST_PATH_MAX], name[8];
	char *files[3] = { paths[0], paths[1], paths[2] };
	struct keyring *k;
	struct err e;
	char *text;
	size_t i, f, n;
	int rc;

	(void)state;
	for (i = 0; i < COUNT_OF(together); i++) {
		struct config_issuer issuer = { .algorithm_count = 1 };

		test_dir_new(dir);
		issuer.algorithms[0] = together[i].alg;
		issuer.keys_files.items = files;
		for (f = 0; f < 3; f++) {
			snprintf(name, sizeof(name), "%zu", f);
			snprintf(paths[f], TEST_PATH_MAX, "%s/%s", dir, name);
			if (together[i].files[f] == NULL)
				continue;
			text = content(together[i].files[f], &n);
			test_write(paths[f], dir, name, 0600, text, n);
			free(text);
			issuer.keys_files.count = f + 1;
		}
		k = NULL;
		set = NULL;
		e = (struct err){ 0 };
		assert_int_equal(keyring_new(&k), 0);
		rc = keyring_get(k, &issuer, &set, &e);
		if (together[i].count > 0 ?
			rc != 0 || set->count != together[i].count :
			rc != E_KEYS_UNAVAILABLE ||
			    strstr(e.text, together[i].refusal) == NULL)
			fail_msg("%s: %s", together[i].why, e.text);
		keyring_free(&k);
		test_dir_remove(dir);
	}
}

static void
get_short_of_memory(void *arg)
{
	const struct jwk_set *set;
	struct keyring *k = NULL;
	int rc;

	rc = keyring_new(&k);
	if (rc == 0)
		rc = keyring_get(k, arg, &set, NULL);
	assert_true(rc == 0 || alloc_failed());
	keyring_free(&k);
}

static void
test_no_memory(void **state)
{
	struct config_issuer issuer = {
		.own = true, .algorithms = { JWA_HS256 }, .algorithm_count = 1
	};
	char dir[TEST_DIR_MAX], path[TEST_PATH_MAX];

	(void)state;
	test_dir_new(dir);
	test_write(path, dir, "s", 0600, SECRET, strlen(SECRET));
	issuer.secret_file = path;
	secret_watch(SECRET, strlen(SECRET));
	for_each_alloc_failure(get_short_of_memory, &issuer);
	assert_int_equal(secret_leaks(), 0);
	test_dir_remove(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_cache),
		cmocka_unit_test(test_several_files),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
