/*
 * test_config: the file itself. Who may own and read it, what is left alone,
 * the examples of the design and the samples, and that neither a cut text
 * nor a missing byte of memory ever becomes a configuration.
 */

#include "testutil.h"

#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "err.h"

#define SECRET "s3cr3t-of-the-test-s3cr3t-of-the-test"

/* Every kind of key in few bytes; a secret; and a foreign part. */
#define PATTERN "\"user_pattern\":\"[a-z]+\""
#define SMALL(more) \
	"{\"common\":{\"authentication\":{\"jwtsecret\":\"" SECRET "\"," \
	"\"authorize\":{\"r\":\"cn=r\"}},\"issuers\":[{\"issuer\":\"i\"," \
	"\"keys_file\":\"/" \
	"k\",\"algorithms\":[\"ES256\"],\"audience\":[\"a\"]," \
	"\"required_claims\":{\"c\":1.5}" more "}]," \
	"\"directory\":{\"uri\":[\"ldaps://h\"],\"base\":\"dc=x\"}," \
	"\"fraud\":{}},\"services\":{\"s\":{\"also\":[\"t\"]," \
	"\"authentication\":{\"users\":{\"deny\":[\"root\"]}}," \
	"\"max_age\":7}},\"app\":{\"x\":[null]}}"

static const char small[] = SMALL("," PATTERN);

static void
test_design(void **state)
{
	const struct config_policy *p;
	struct config *c = NULL;
	struct err e = { 0 };
	char *text;
	size_t n;

	(void)state;
	/* the example of DESIGN §3, with paths where it has an ellipsis */
	text = test_data("vectors/config/design.json", &n);
	if (config_parse(text, n, "f", &c, &e) != 0)
		fail_msg("%s", e.text);
	free(text);
	p = config_policy(c, "sudo-i");
	assert_non_null(p);
	assert_string_equal(p->service, "sudo");
	assert_int_equal(p->require, CONFIG_REQUIRE_ALL);
	assert_int_equal(p->max_age, 900);
	assert_int_equal(p->issuer_count, 2);
	assert_int_equal(p->issuers[0].algorithms[0], JWA_ES256);
	assert_int_equal(p->role_count, 2);
	assert_null(config_policy(c, "login"));
	config_free(&c);
}

/* Reads etc/<name> of the source tree. */
static char *
sample(const char *name, size_t *n_out)
{
	char path[64];

	snprintf(path, sizeof(path), "../etc/%s", name);
	return test_data(path, n_out);
}

static void
test_samples(void **state)
{
	struct config *c = NULL;
	struct err e = { 0 };
	char *text, *at, whole[4096];
	size_t n;

	(void)state;
	text = sample("jwtgate.json", &n);
	if (config_parse(text, n, "f", &c, &e) != 0)
		fail_msg("%s", e.text);
	assert_int_equal(config_services(c)->count, 4);
	config_free(&c);
	free(text);

	/* nobody may run with the secret that stands in our repository */
	text = sample("jwtgate-first-form.json", &n);
	assert_int_equal(config_parse(text, n, "f", &c, &e), E_CONFIG_INVALID);
	assert_non_null(strstr(e.text, "jwtsecret: is too short"));
	at = strstr(text, "REPLACE-ME");
	assert_non_null(at);
	at[0] = '\0';
	snprintf(whole, sizeof(whole), "%s%s%s", text, SECRET,
	    at + strlen("REPLACE-ME"));
	if (config_parse(whole, strlen(whole), "f", &c, NULL) != 0)
		fail_msg("the first form with a secret is refused");
	assert_int_equal(config_policy(c, "x")->require_roles.count, 2);
	config_free(&c);
	free(text);
}

static void
test_foreign_parts(void **state)
{
	static const char text[] =
	    "{\"shop\": {\"comon\": [1, {}]}, \"common\": {}, \"mail\": 0}";
	struct config *c = NULL;

	(void)state;
	assert_int_equal(
	    config_parse(text, sizeof(text) - 1, "f", &c, NULL), 0);
	assert_int_equal(config_foreign(c)->count, 2);
	assert_string_equal(config_foreign(c)->items[0], "shop");
	assert_string_equal(config_foreign(c)->items[1], "mail");
	config_free(&c);
	config_free(&c);
}

#define WITHOUT "{\"common\":{\"authentication\":{\"jwtsecret_file\":\"/s\"}}}"
#define INLINE \
	"{\"common\":{\"authentication\":{\"jwtsecret\":\"" SECRET "\"}}}"
#define ESCAPED \
	"{\"common\":{\"authentication\":{\"jwt\\u0073ecret\":\"" SECRET "\"}" \
	"}}"
#define IN_SERVICE \
	"{\"services\":{\"s\":{\"require\":\"token_only\"," \
	"\"authentication\":{\"jwtsecret\":\"" SECRET "\"}}}}"
#define IN_SHOP "{\"shop\":[{\"a\":{\"jwtsecret\":\"x\"}}]}"

static const struct {
	const char *why;
	mode_t mode;
	const char *text;
	const char *want; /* NULL: it is read */
} files[] = {
	{ "the owner's", 0600, INLINE, NULL },
	{ "the group's to read", 0640, INLINE, NULL },
	{ "everybody's to read", 0644, INLINE, "holds a secret and can be" },
	{ "everybody's to read, no secret", 0644, WITHOUT, NULL },
	{ "others' to read", 0604, INLINE, "holds a secret and can be" },
	{ "an escaped key", 0644, ESCAPED, "holds a secret and can be" },
	{ "an escaped key, closed", 0600, ESCAPED, NULL },
	{ "a secret of a service", 0644, IN_SERVICE, "holds a secret and" },
	{ "a secret of a service, closed", 0640, IN_SERVICE, NULL },
	{ "a secret of another application", 0644, IN_SHOP, "holds a secret" },
	{ "the same, closed", 0600, IN_SHOP, NULL },
	{ "the group's to write", 0620, WITHOUT, "can be written by group" },
	{ "the group's to write and read", 0660, WITHOUT, "can be written" },
	{ "everybody's to write", 0666, WITHOUT, "can be written by group" },
	{ "others' to write", 0602, WITHOUT, "can be written by group" },
	{ "nobody's to write", 0444, WITHOUT, NULL },
};

static void
test_file_trust(void **state)
{
	char dir[TEST_DIR_MAX], path[TEST_PATH_MAX];
	struct config *c;
	struct err e;
	size_t i;
	int ret;

	(void)state;
	test_dir_new(dir);
	for (i = 0; i < COUNT_OF(files); i++) {
		memset(&e, 0, sizeof(e));
		c = NULL;
		test_write(path, dir, "c.json", files[i].mode, files[i].text,
		    strlen(files[i].text));
		ret = config_load(path, &c, &e);
		if (files[i].want == NULL ?
			ret != 0 :
			ret != E_CONFIG_INVALID || e.code != ret ||
			    strstr(e.text, files[i].want) == NULL ||
			    strstr(e.text, path) == NULL)
			fail_msg(
			    "%s: %s: %s", files[i].why, err_name(ret), e.text);
		assert_null(strstr(e.text, "s3cr3t"));
		config_free(&c);
		unlink(path);
	}
	test_dir_remove(dir);
}

static void
test_file_owner(void **state)
{
	char dir[TEST_DIR_MAX], path[TEST_PATH_MAX];
	struct config *c = NULL;
	struct err e = { 0 };

	(void)state;
	if (geteuid() != 0)
		skip();
	test_dir_new(dir);
	test_write(path, dir, "c.json", 0600, WITHOUT, sizeof(WITHOUT) - 1);
	assert_int_equal(chown(path, 65534, 65534), 0);
	assert_int_equal(config_load(path, &c, &e), E_CONFIG_INVALID);
	assert_non_null(strstr(e.text, "belongs to another user"));
	/* a group does no harm as long as it may not write */
	assert_int_equal(chown(path, 0, 65534), 0);
	assert_int_equal(config_load(path, &c, NULL), 0);
	config_free(&c);
	test_dir_remove(dir);
}

static void
test_no_file(void **state)
{
	char dir[TEST_DIR_MAX], path[TEST_PATH_MAX];
	struct config *c = NULL;
	struct err e = { 0 };
	struct file_id id;
	char *big;

	(void)state;
	test_dir_new(dir);
	snprintf(path, sizeof(path), "%s/none.json", dir);
	assert_int_equal(config_load(path, &c, &e), E_IO);
	assert_non_null(strstr(e.text, path));
	memset(&e, 0, sizeof(e));
	assert_int_equal(config_load(dir, &c, &e), E_CONFIG_INVALID);
	assert_non_null(strstr(e.text, "is not a regular file"));

	big = calloc(1, CONFIG_FILE_MAX + 1);
	assert_non_null(big);
	memset(big, ' ', CONFIG_FILE_MAX + 1);
	memcpy(big, "{}", 2);
	test_write(path, dir, "big.json", 0600, big, CONFIG_FILE_MAX + 1);
	memset(&e, 0, sizeof(e));
	assert_int_equal(config_load(path, &c, &e), E_CONFIG_INVALID);
	assert_non_null(strstr(e.text, "is too long"));
	unlink(path);
	test_write(path, dir, "big.json", 0600, big, CONFIG_FILE_MAX);
	assert_int_equal(config_load(path, &c, NULL), 0);
	assert_int_equal(file_identify(path, &id, NULL), 0);
	assert_true(file_same(config_id(c), &id));
	config_free(&c);
	free(big);
	test_dir_remove(dir);
}

static void
refuse_cut(const char *data, size_t n, void *arg)
{
	struct config *c = NULL;
	struct err e = { 0 };

	(void)arg;
	assert_int_equal(config_parse(data, n, "f", &c, &e), E_CONFIG_INVALID);
	assert_int_equal(strncmp(e.text, "f:1:", 4), 0);
	assert_null(strstr(e.text, "s3cr3t"));
}

static void
survive_flip(const char *data, size_t n, void *arg)
{
	struct config *c = NULL;
	struct err e = { 0 };
	int ret;

	(void)arg;
	ret = config_parse(data, n, "f", &c, &e);
	assert_true(ret == 0 || ret == E_CONFIG_INVALID);
	assert_true((ret == 0) == (c != NULL));
	assert_null(strstr(e.text, "s3cr3t"));
	config_free(&c);
}

static void
test_truncation(void **state)
{
	(void)state;
	for_each_truncation(small, sizeof(small) - 1, refuse_cut, NULL);
}

static void
test_bit_flips(void **state)
{
	(void)state;
	for_each_bit_flip(small, sizeof(small) - 1, survive_flip, NULL);
}

static void
parse_small(void *arg)
{
	const char *text = arg;
	struct config *c = NULL;
	struct err e = { 0 };
	int ret;

	ret = config_parse(text, strlen(text), "f", &c, &e);
	assert_int_equal(ret, alloc_failed() ? E_NOMEM : 0);
	assert_true((ret == 0) == (c != NULL));
	assert_int_equal(e.code, ret);
	config_free(&c);
}

/* glibc can do without some of what it asks for: then the pattern holds. */
static void
parse_pattern(void *arg)
{
	const char *text = arg;
	const regex_t *pattern;
	struct config *c = NULL;
	struct err e = { 0 };
	int ret;

	ret = config_parse(text, strlen(text), "f", &c, &e);
	if (ret != 0) {
		assert_int_equal(ret, E_NOMEM);
		assert_true(alloc_failed());
		assert_null(c);
		return;
	}
	alloc_fail_off();
	pattern = config_policy(c, NULL)->issuers[0].user_pattern;
	assert_int_equal(regexec(pattern, "alice", 0, NULL, 0), 0);
	assert_int_not_equal(regexec(pattern, "alice1", 0, NULL, 0), 0);
	config_free(&c);
}

/*
 * glibc's regcomp() forgets part of what it has when it gets no more. Where
 * there is a leak sanitizer, it looks away meanwhile.
 */
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

static void
test_no_memory(void **state)
{
	char text[] = SMALL("");
	char pattern[] = "{\"common\":{\"issuers\":[{\"issuer\":\"i\","
			 "\"keys_file\":\"/k\",\"algorithms\":[\"ES256\"],"
			 "\"audience\":[\"a\"]," PATTERN "}]}}";

	(void)state;
	if (!alloc_fail_works())
		skip();
	secret_watch(SECRET, sizeof(SECRET) - 1);
	assert_true(for_each_alloc_failure(parse_small, text) > 100);
	assert_int_equal(secret_leaks(), 0);
	if (__lsan_disable != NULL)
		__lsan_disable();
	assert_true(for_each_alloc_failure(parse_pattern, pattern) > 50);
	if (__lsan_enable != NULL)
		__lsan_enable();
}

/* The secret is overwritten wherever it was, on every way out. */
static void
test_secret_is_wiped(void **state)
{
	static const char bad[] =
	    "{\"common\":{\"authentication\":{\"jwtsecret\":\"" SECRET "\"},"
	    "\"directory\":{}}}";
	char dir[TEST_DIR_MAX], path[TEST_PATH_MAX];
	struct config *c = NULL;

	(void)state;
	test_dir_new(dir);
	test_write(path, dir, "c.json", 0600, small, sizeof(small) - 1);
	secret_watch(SECRET, sizeof(SECRET) - 1);
	assert_int_equal(config_load(path, &c, NULL), 0);
	config_free(&c);
	assert_int_equal(secret_leaks(), 0);
	secret_watch(SECRET, sizeof(SECRET) - 1);
	assert_int_equal(config_parse(bad, sizeof(bad) - 1, "f", &c, NULL),
	    E_CONFIG_INVALID);
	assert_int_equal(secret_leaks(), 0);
	test_dir_remove(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_design),
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_foreign_parts),
		cmocka_unit_test(test_file_trust),
		cmocka_unit_test(test_file_owner),
		cmocka_unit_test(test_no_file),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_bit_flips),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_secret_is_wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
