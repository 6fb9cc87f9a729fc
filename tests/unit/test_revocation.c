/*
 * revocation: what a file says, which tokens it names, and the same file
 * with one entry more.
 */

#include "testutil.h"

#include <unistd.h>

#include "config.h"
#include "err.h"
#include "revocation.h"
#include "revocation_priv.h"
#include "source.h"

#define A "https://a.example"
#define B "https://b.example"

static const char good[] =
    "{\"revoked\": [\n"
    "\t{\"jti\": \"j1\"},\n"
    "\t{\"jti\": \"j2\", \"issuer\": \"" A "\"},\n"
    "\t{\"sid\": \"s1\", \"comment\": \"stolen \\u00fc\"},\n"
    "\t{\"kid\": \"k\\u0031\"},\n"
    "\t{\"issuer\": \"" A "\", \"subject\": \"u1\"},\n"
    "\t{\"issuer\": \"" A "\", \"subject\": \"u2\", \"before\": 1000},\n"
    "\t{\"user\": \"mallory\"},\n"
    "\t{\"user\": \"alice\", \"before\": 2000},\n"
    "\t{\"user\": \"alice\", \"issuer\": \"" B "\", \"before\": 3000},\n"
    "\t{\"user\": \"half\", \"before\": 10.5}\n"
    "]}\n";

static const struct {
	const char *why;
	enum revocation_by by;
	const char *text;
	const char *issuer;
	int64_t since;
	bool revoked;
} queries[] = {
	{ "a jti of any issuer", REVOCATION_JTI, "j1", B, 5, true },
	{ "another jti", REVOCATION_JTI, "j11", B, 5, false },
	{ "half a jti", REVOCATION_JTI, "j", B, 5, false },
	{ "no jti", REVOCATION_JTI, "", B, 5, false },
	{ "a jti in capitals", REVOCATION_JTI, "J1", B, 5, false },
	{ "a jti of that issuer", REVOCATION_JTI, "j2", A, 5, true },
	{ "a jti of another issuer", REVOCATION_JTI, "j2", B, 5, false },
	{ "a sid", REVOCATION_SID, "s1", A, 5, true },
	{ "a jti that is a sid", REVOCATION_JTI, "s1", A, 5, false },
	{ "a kid, escaped in the file", REVOCATION_KID, "k1", A, 5, true },
	{ "a subject", REVOCATION_SUBJECT, "u1", A, 5000, true },
	{ "the same of another issuer", REVOCATION_SUBJECT, "u1", B, 5, false },
	{ "a user of that name", REVOCATION_USER, "u1", A, 5, false },
	{ "a subject, before", REVOCATION_SUBJECT, "u2", A, 999, true },
	{ "a subject, just then", REVOCATION_SUBJECT, "u2", A, 1000, false },
	{ "a subject, who knows when", REVOCATION_SUBJECT, "u2", A, -1, true },
	{ "a user for ever", REVOCATION_USER, "mallory", B, 1 << 30, true },
	{ "a user before", REVOCATION_USER, "alice", A, 1999, true },
	{ "a user after", REVOCATION_USER, "alice", A, 2000, false },
	{ "and before, of an issuer", REVOCATION_USER, "alice", B, 2999, true },
	{ "after both", REVOCATION_USER, "alice", B, 3000, false },
	{ "half a second before", REVOCATION_USER, "half", A, 10, true },
	{ "half a second after", REVOCATION_USER, "half", A, 11, false },
};

static int
look_up(const struct revocation *r, size_t i, struct err *e)
{
	const struct revocation_query q = {
		.by = queries[i].by,
		.text = queries[i].text,
		.issuer = queries[i].issuer,
		.since = queries[i].since,
	};

	return revocation_check(r, &q, e);
}

static void
test_queries(void **state)
{
	struct revocation *r = NULL;
	struct err e = { 0 };
	size_t i;
	int rc;

	(void)state;
	assert_int_equal(revocation_parse(good, strlen(good), "f", &r, &e), 0);
	assert_int_equal(revocation_count(r), 10);
	for (i = 0; i < COUNT_OF(queries); i++) {
		memset(&e, 0, sizeof(e));
		rc = look_up(r, i, &e);
		if (rc != (queries[i].revoked ? E_TOKEN_REVOKED : 0))
			fail_msg("%s: %s", queries[i].why, err_name(rc));
		assert_true((rc == 0) == (e.text[0] == '\0'));
	}
	revocation_free(&r);
	revocation_free(&r);
}

static const struct {
	const char *why;
	const char *text;
	const char *want; /* NULL: it is good */
} files[] = {
	{ "an empty list", "{\"revoked\":[]}", NULL },
	{ "one entry", "{\"revoked\":[{\"jti\":\"a\"}]}", NULL },
	{ "the same entry twice",
	    "{\"revoked\":[{\"jti\":\"a\"},{\"jti\":\"a\"}]}", NULL },
	{ "nothing", "", "f:1:1: " },
	{ "no object", "[]", "f:1:1: must be an object" },
	{ "no list", "{}", "f:1:1: \"revoked\" is missing" },
	{ "another key", "{\"revokd\":[]}", "f:1:2: unknown key" },
	{ "a key more", "{\"revoked\":[],\"x\":1}", "f:1:15: unknown key" },
	{ "the list twice", "{\"revoked\":[],\"revoked\":[]}", "f:1:" },
	{ "no array", "{\"revoked\":{}}", "f:1:12: must be an array" },
	{ "a comment", "{\"revoked\":[]} // no", "f:1:" },
	{ "a word behind it", "{\"revoked\":[]} x", "f:1:" },
	{ "an entry that is a string", "{\"revoked\":[\"a\"]}",
	    "an entry must be an object" },
	{ "an entry without anything", "{\"revoked\":[{}]}", "needs one of" },
	{ "an entry of an issuer alone", "{\"revoked\":[{\"issuer\":\"a\"}]}",
	    "needs one of" },
	{ "a number", "{\"revoked\":[\n{\"jti\":1}]}",
	    "f:2:8: must be a string" },
	{ "an empty string", "{\"revoked\":[{\"jti\":\"\"}]}", "empty" },
	{ "two things", "{\"revoked\":[{\"jti\":\"a\",\"sid\":\"b\"}]}",
	    "one thing" },
	{ "a subject alone", "{\"revoked\":[{\"subject\":\"a\"}]}",
	    "needs its issuer" },
	{ "a key nobody knows", "{\"revoked\":[{\"jit\":\"a\"}]}",
	    "unknown key" },
	{ "before, for a jti", "{\"revoked\":[{\"jti\":\"a\",\"before\":1}]}",
	    "\"before\" goes" },
	{ "before, a string",
	    "{\"revoked\":[{\"user\":\"a\",\"before\":\"1\"}]}", "time" },
	{ "before, negative", "{\"revoked\":[{\"user\":\"a\",\"before\":-1}]}",
	    "time" },
	{ "before, zero", "{\"revoked\":[{\"user\":\"a\",\"before\":0}]}",
	    NULL },
	{ "a comment that is none",
	    "{\"revoked\":[{\"user\":\"a\",\"comment\":1}]}", "string" },
	{ "a member twice", "{\"revoked\":[{\"jti\":\"a\",\"jti\":\"b\"}]}",
	    "f:1:" },
	{ "a NUL", "{\"revoked\":[{\"jti\":\"a\\u0000\"}]}", "f:1:" },
};

static void
test_files(void **state)
{
	struct revocation *r;
	struct err e;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < COUNT_OF(files); i++) {
		r = NULL;
		memset(&e, 0, sizeof(e));
		rc = revocation_parse(
		    files[i].text, strlen(files[i].text), "f", &r, &e);
		if (rc != (files[i].want == NULL ? 0 : E_SYNTAX) ||
		    (rc != 0 && strstr(e.text, files[i].want) == NULL))
			fail_msg("%s: %s", files[i].why, e.text);
		assert_true((rc == 0) == (r != NULL));
		revocation_free(&r);
	}
}

static void
parse_any(const char *data, size_t n, void *arg)
{
	struct revocation *r = NULL;
	int rc = revocation_parse(data, n, "f", &r, NULL);

	/* the last byte is an LF, which may be missing */
	if (arg != NULL && rc == 0)
		assert_int_equal(n, strlen(good) - 1);
	revocation_free(&r);
}

static void
test_damage(void **state)
{
	(void)state;
	for_each_truncation(good, strlen(good), parse_any, &state);
	for_each_bit_flip(good, strlen(good), parse_any, NULL);
}

static void
short_of_memory(void *arg)
{
	const struct revocation_query q = { REVOCATION_JTI, "n", NULL, -1 };
	struct revocation *r = NULL;
	char *text = NULL;
	int rc;

	(void)arg;
	rc = revocation_parse(good, strlen(good), "f", &r, NULL);
	assert_true(rc == 0 || (rc == E_NOMEM && alloc_failed()));
	if (rc == 0)
		rc = revocation_add(good, strlen(good), &q, -1, &text, NULL);
	assert_true(rc == 0 || (rc == E_NOMEM && alloc_failed()));
	revocation_free(&r);
	free(text);
}

static void
test_no_memory(void **state)
{
	(void)state;
	for_each_alloc_failure(short_of_memory, NULL);
}

/* Texts of every length up to the longest, and one byte more. */
static void
test_lengths(void **state)
{
	char text[REVOCATION_TEXT_MAX + 64], file[sizeof(text) + 64];
	struct revocation_query q = { REVOCATION_JTI, text, A, 5 };
	struct revocation *r;
	size_t n;
	int rc;

	(void)state;
	for (n = 1; n <= REVOCATION_TEXT_MAX + 1;
	     n += n < 40 || n > REVOCATION_TEXT_MAX - 5 ? 1 : 37) {
		memset(text, 'x', n);
		text[n] = '\0';
		snprintf(file, sizeof(file), "{\"revoked\":[{\"jti\":\"%s\"}]}",
		    text);
		r = NULL;
		rc = revocation_parse(file, strlen(file), "f", &r, NULL);
		assert_int_equal(rc, n <= REVOCATION_TEXT_MAX ? 0 : E_SYNTAX);
		if (rc != 0)
			continue;
		assert_int_equal(
		    revocation_check(r, &q, NULL), E_TOKEN_REVOKED);
		text[n - 1] = 'y';
		assert_int_equal(revocation_check(r, &q, NULL), 0);
		revocation_free(&r);
	}
}

/* So many, one more is too many, and each is found. */
static void
test_many(void **state)
{
	const size_t cap = (size_t)REVOCATION_ENTRIES_MAX * 20 + 64;
	char *text = malloc(cap), word[16];
	struct revocation_query q = { REVOCATION_JTI, word, A, 5 };
	struct revocation *r = NULL;
	size_t len, i;

	(void)state;
	len = (size_t)snprintf(text, cap, "{\"revoked\":[");
	for (i = 0; i < REVOCATION_ENTRIES_MAX; i++)
		len += (size_t)snprintf(text + len, cap - len,
		    "%s{\"jti\":\"%zx\"}", i > 0 ? "," : "", i);
	memcpy(text + len, "]}", 3);
	assert_int_equal(revocation_parse(text, len + 2, "f", &r, NULL), 0);
	assert_int_equal(revocation_count(r), REVOCATION_ENTRIES_MAX);
	for (i = 0; i < REVOCATION_ENTRIES_MAX + 100; i++) {
		snprintf(word, sizeof(word), "%zx", i);
		assert_int_equal(revocation_check(r, &q, NULL),
		    i < REVOCATION_ENTRIES_MAX ? E_TOKEN_REVOKED : 0);
	}
	revocation_free(&r);
	snprintf(text + len, cap - len, ",{\"jti\":\"x\"}]}");
	assert_int_equal(
	    revocation_parse(text, strlen(text), "f", &r, NULL), E_SYNTAX);
	free(text);
}

/* SipHash-2-4 of 00 01 ... 0e with the key of the paper, its appendix A. */
static void
test_hash(void **state)
{
	const struct hash_key key = { UINT64_C(0x0706050403020100),
		UINT64_C(0x0f0e0d0c0b0a0908) };
	char text[16];
	size_t i;

	(void)state;
	for (i = 0; i < 15; i++)
		text[i] = (char)i;
	assert_true(revocation_hash(&key, (enum revocation_by)text[0], text + 1,
			14) == UINT64_C(0xa129ca6149be45e5));
}

static const struct {
	const char *before;
	struct revocation_query q;
	int64_t since;
	const char *after;
} adds[] = {
	{ "{\"revoked\":[]}", { REVOCATION_JTI, "j", NULL, -1 }, -1,
	    "{\"revoked\":[\n\t\t{\"jti\":\"j\"}\n\t]}" },
	{ "{\n\t\"revoked\": [\n\t\t{\"jti\": \"a\"}\n\t]\n}\n",
	    { REVOCATION_USER, "al\"ice", NULL, -1 }, 7,
	    "{\n\t\"revoked\": [\n\t\t{\"jti\": \"a\"},\n"
	    "\t\t{\"user\":\"al\\\"ice\",\"before\":7}\n\t]\n}\n" },
	{ "{\"revoked\":[ ]}", { REVOCATION_SUBJECT, "u", A, -1 }, 0,
	    "{\"revoked\":[\n\t\t{\"subject\":\"u\",\"issuer\":\"" A
	    "\",\"before\":0} ]}" },
};

static void
test_add(void **state)
{
	struct revocation *r;
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(adds); i++) {
		text = NULL;
		r = NULL;
		assert_int_equal(
		    revocation_add(adds[i].before, strlen(adds[i].before),
			&adds[i].q, adds[i].since, &text, NULL),
		    0);
		assert_string_equal(text, adds[i].after);
		assert_int_equal(
		    revocation_parse(text, strlen(text), "f", &r, NULL), 0);
		revocation_free(&r);
		free(text);
	}
	text = NULL;
	assert_int_equal(
	    revocation_add("{}", 2, &adds[0].q, -1, &text, NULL), E_SYNTAX);
	assert_null(text);
}

/* Others must not be able to write it; what it says is no secret. */
static void
test_source(void **state)
{
	static const struct {
		mode_t mode;
		const char *text;
		int want;
	} rows[] = {
		{ 0644, good, 0 },
		{ 0600, good, 0 },
		{ 0664, good, E_KEYS_UNAVAILABLE },
		{ 0646, good, E_KEYS_UNAVAILABLE },
		{ 0644, "{", E_KEYS_UNAVAILABLE },
	};
	char dir[TEST_DIR_MAX], path[TEST_PATH_MAX];
	struct config_policy policy = { .revocation_file = path };
	const void *value = NULL;
	struct source *s = NULL;
	size_t i;

	(void)state;
	test_dir_new(dir);
	for (i = 0; i < COUNT_OF(rows); i++) {
		test_write(path, dir, "r", rows[i].mode, rows[i].text,
		    strlen(rows[i].text));
		assert_int_equal(source_new(&revocation_kind, &policy, &s), 0);
		assert_int_equal(source_get(s, &value, NULL), rows[i].want);
		source_drop(&s);
	}
	test_dir_remove(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_queries),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_source),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
