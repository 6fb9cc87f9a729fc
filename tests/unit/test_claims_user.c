/*
 * claims, the user: a name that a login takes, and the hundred that it must
 * not; whom an issuer may speak for; what a token says its user holds.
 */

#include "testutil.h"

#include <regex.h>

#include "claims.h"
#include "config.h"
#include "err.h"

struct row {
	const char *why;
	const char *payload;
	const char *want; /* NULL: user_invalid */
};

static char preferred[] = "preferred_username", sub[] = "sub";
static char *claim_names[] = { preferred, sub };

static void
policy_init(struct config_issuer *issuer)
{
	*issuer = (struct config_issuer){
		.user_claim = { claim_names, 2 },
	};
}

static int
user_of(const struct config_issuer *issuer, const char *payload,
    char user[CLAIMS_USER_MAX + 1])
{
	size_t n = strlen(payload);
	char *text = guard_copy(payload, n);
	struct claims c;
	int r;

	strcpy(user, "untouched");
	assert_int_equal(claims_scan(text, n, &c, NULL), 0);
	r = claims_user(&c, issuer, user, NULL);
	guard_free(text, n);
	return r;
}

static void
run(const struct config_issuer *issuer, const struct row *rows, size_t count)
{
	char user[CLAIMS_USER_MAX + 1];
	const char *want;
	size_t i;
	int r;

	for (i = 0; i < count; i++) {
		r = user_of(issuer, rows[i].payload, user);
		want = rows[i].want != NULL ? rows[i].want : "untouched";
		if (r != (rows[i].want != NULL ? 0 : E_USER_INVALID) ||
		    strcmp(user, want) != 0)
			fail_msg("%s: %s, %s", rows[i].why, err_name(r), user);
	}
}

#define L16 "abcdefghijklmnop"
#define L64 L16 L16 L16 L16

static void
test_default_pattern(void **state)
{
	static const struct {
		const char *why, *name;
		int want;
	} rows[] = {
		{ "plain", "alice", 0 },
		{ "every kind", "_Al.ice-7", 0 },
		{ "one letter", "a", 0 },
		{ "64", L64, 0 },
		{ "65", L64 "q", E_USER_INVALID },
		{ "empty", "", E_USER_INVALID },
		{ "digit first", "7alice", E_USER_INVALID },
		{ "dash first", "-alice", E_USER_INVALID },
		{ "dot first", ".alice", E_USER_INVALID },
		{ "two dots", "..", E_USER_INVALID },
		{ "slash", "a/b", E_USER_INVALID },
		{ "colon", "alice:x", E_USER_INVALID },
		{ "blank behind", "alice ", E_USER_INVALID },
		{ "blank before", " alice", E_USER_INVALID },
		{ "newline behind", "alice\n", E_USER_INVALID },
		{ "newline within", "alice\nroot", E_USER_INVALID },
		{ "DEL", "alice\x7f", E_USER_INVALID },
		{ "domain", "alice@example.org", E_USER_INVALID },
		{ "dollar", "host$", E_USER_INVALID },
		{ "plus", "alice+x", E_USER_INVALID },
		{ "backslash", "DOM\\alice", E_USER_INVALID },
		{ "umlaut", "m\xc3\xbcller", E_USER_INVALID },
		{ "Cyrillic a", "\xd0\xb0lice", E_USER_INVALID },
		{ "zero width", "al\xe2\x80\x8bice", E_USER_INVALID },
		{ "right to left",
		    "\xe2\x80\xae"
		    "ecila",
		    E_USER_INVALID },
		{ "fullwidth", "\xef\xbd\x81lice", E_USER_INVALID },
		{ "long s",
		    "\xc5\xbf"
		    "am",
		    E_USER_INVALID },
		{ "high byte", "alice\xff", E_USER_INVALID },
	};
	struct config_issuer issuer;
	size_t i;
	int r;

	(void)state;
	policy_init(&issuer);
	for (i = 0; i < COUNT_OF(rows); i++) {
		r = claims_user_check(rows[i].name, &issuer, NULL);
		if (r != rows[i].want)
			fail_msg("%s: %s", rows[i].why, err_name(r));
	}
}

static void
test_own_pattern(void **state)
{
	static const struct {
		const char *why, *name;
		int want;
	} rows[] = {
		{ "fits", "alice@example.org", 0 },
		{ "without", "alice", E_USER_INVALID },
		{ "more before", "x alice@example.org", E_USER_INVALID },
		{ "more behind", "alice@example.org.evil", E_USER_INVALID },
		{ "newline", "alice\n@example.org", E_USER_INVALID },
		{ "second line", "x\nalice@example.org", E_USER_INVALID },
		{ "newline at the end", "alice@example.org\n", E_USER_INVALID },
		{ "control byte",
		    "ali\x01"
		    "ce@example.org",
		    E_USER_INVALID },
		{ "DEL", "alice\x7f@example.org", E_USER_INVALID },
		{ "empty", "", E_USER_INVALID },
	};
	struct config_issuer issuer;
	regex_t regex;
	size_t i;
	int r;

	(void)state;
	policy_init(&issuer);
	/* as schema_pattern.c does it */
	assert_int_equal(regcomp(&regex, "^([^ ]+@example\\.org)$",
			     REG_EXTENDED | REG_NOSUB),
	    0);
	issuer.user_pattern = &regex;
	for (i = 0; i < COUNT_OF(rows); i++) {
		r = claims_user_check(rows[i].name, &issuer, NULL);
		if (r != rows[i].want)
			fail_msg("%s: %s", rows[i].why, err_name(r));
	}
	regfree(&regex);
	assert_int_equal(
	    regcomp(&regex, "^(.*)$", REG_EXTENDED | REG_NOSUB), 0);
	assert_int_equal(claims_user_check("a b", &issuer, NULL), 0);
	assert_int_equal(claims_user_check("", &issuer, NULL), E_USER_INVALID);
	regfree(&regex);
}

static void
test_claim(void **state)
{
	static const struct row rows[] = {
		{ "the first",
		    "{\"preferred_username\":\"alice\","
		    "\"sub\":\"bob\"}",
		    "alice" },
		{ "the second", "{\"sub\":\"bob\"}", "bob" },
		{ "escaped", "{\"sub\":\"b\\u006fb\"}", "bob" },
		{ "a first that does not fit decides all the same",
		    "{\"preferred_username\":\"a b\",\"sub\":\"bob\"}", NULL },
		{ "null is there",
		    "{\"preferred_username\":null,\"sub\":\"bob\"}", NULL },
		{ "empty", "{\"preferred_username\":\"\",\"sub\":\"bob\"}",
		    NULL },
		{ "number", "{\"sub\":1000}", NULL },
		{ "true", "{\"sub\":true}", NULL },
		{ "array", "{\"sub\":[\"bob\"]}", NULL },
		{ "object", "{\"sub\":{\"sub\":\"bob\"}}", NULL },
		{ "escaped newline", "{\"sub\":\"bob\\n\"}", NULL },
		{ "255", "{\"sub\":\"" L64 L64 L64 L64 "\"}", NULL },
		{ "1024",
		    "{\"sub\":\"" L64 L64 L64 L64 L64 L64 L64 L64 L64 L64 L64
			L64 L64 L64 L64 L64 "\"}",
		    NULL },
	};
	char nested[] = "person.name", *names[] = { nested };
	static const struct row deep[] = {
		{ "by path", "{\"person\":{\"name\":\"carol\"}}", "carol" },
		{ "by name", "{\"person.name\":\"carol\"}", "carol" },
		{ "no string", "{\"person\":{\"name\":[]}}", NULL },
	};
	char user[CLAIMS_USER_MAX + 1];
	struct config_issuer issuer;

	(void)state;
	policy_init(&issuer);
	run(&issuer, rows, COUNT_OF(rows));
	assert_int_equal(
	    user_of(&issuer, "{\"name\":\"bob\"}", user), E_CLAIM_MISSING);
	issuer.user_claim = (struct config_list){ names, 1 };
	run(&issuer, deep, COUNT_OF(deep));
	assert_int_equal(
	    user_of(&issuer, "{\"person\":{}}", user), E_CLAIM_MISSING);
	assert_int_equal(
	    user_of(&issuer, "{\"person\":\"name\"}", user), E_CLAIM_MISSING);
}

static void
test_domain(void **state)
{
	static const struct row rows[] = {
		{ "none", "{\"sub\":\"alice\"}", "alice" },
		{ "ours", "{\"sub\":\"alice@example.org\"}", "alice" },
		{ "the other of ours", "{\"sub\":\"alice@sub.Example.net\"}",
		    "alice" },
		{ "case of the domain", "{\"sub\":\"Alice@EXAMPLE.org\"}",
		    "Alice" },
		{ "another", "{\"sub\":\"alice@example.com\"}", NULL },
		{ "ours at the end", "{\"sub\":\"alice@evil-example.org\"}",
		    NULL },
		{ "below ours", "{\"sub\":\"alice@x.example.org\"}", NULL },
		{ "no sign between", "{\"sub\":\"alice-example.org\"}",
		    "alice-example.org" },
		{ "dot behind", "{\"sub\":\"alice@example.org.\"}", NULL },
		{ "two of them", "{\"sub\":\"alice@evil@example.org\"}", NULL },
		{ "twice ours", "{\"sub\":\"alice@example.org@example.org\"}",
		    NULL },
		{ "nobody", "{\"sub\":\"@example.org\"}", NULL },
		{ "only the domain", "{\"sub\":\"example.org\"}",
		    "example.org" },
		{ "denied behind the domain", "{\"sub\":\"root@example.org\"}",
		    NULL },
	};
	char a[] = "example.org", b[] = "Sub.example.net", root[] = "root";
	char *domains[] = { a, b }, *deny[] = { root };
	struct config_issuer issuer;

	(void)state;
	policy_init(&issuer);
	issuer.user_domain_strip = (struct config_list){ domains, 2 };
	issuer.users_deny = (struct config_list){ deny, 1 };
	run(&issuer, rows, COUNT_OF(rows));
}

static void
test_allow_deny(void **state)
{
	char ci[] = "ci-*", star[] = "*", admin[] = "ci-admin";
	char *allow[] = { ci }, *everybody[] = { star }, *deny[] = { admin };
	struct config_issuer issuer;

	(void)state;
	policy_init(&issuer);
	assert_int_equal(claims_user_check("alice", &issuer, NULL), 0);
	issuer.users_allow = (struct config_list){ allow, 1 };
	assert_int_equal(claims_user_check("ci-build", &issuer, NULL), 0);
	assert_int_equal(claims_user_check("ci-admin", &issuer, NULL), 0);
	assert_int_equal(
	    claims_user_check("alice", &issuer, NULL), E_USER_INVALID);
	assert_int_equal(
	    claims_user_check("xci-build", &issuer, NULL), E_USER_INVALID);
	issuer.users_deny = (struct config_list){ deny, 1 };
	assert_int_equal(claims_user_check("ci-build", &issuer, NULL), 0);
	assert_int_equal(
	    claims_user_check("ci-admin", &issuer, NULL), E_USER_INVALID);
	issuer.users_allow = (struct config_list){ everybody, 1 };
	assert_int_equal(claims_user_check("alice", &issuer, NULL), 0);
	assert_int_equal(
	    claims_user_check("ci-admin", &issuer, NULL), E_USER_INVALID);
	issuer.users_deny = (struct config_list){ everybody, 1 };
	assert_int_equal(
	    claims_user_check("alice", &issuer, NULL), E_USER_INVALID);
}

struct grant_row {
	const char *why, *payload;
	bool want;
};

static void
run_grant(const struct config_issuer *issuer, const struct grant_row *rows,
    size_t count)
{
	struct claims c;
	size_t i;

	for (i = 0; i < count; i++) {
		assert_int_equal(claims_scan(rows[i].payload,
				     strlen(rows[i].payload), &c, NULL),
		    0);
		if (claims_grant(&c, issuer, "role1") != rows[i].want)
			fail_msg("%s", rows[i].why);
	}
}

static void
test_grant(void **state)
{
	static const struct grant_row own[] = {
		{ "true", "{\"role1\":true}", true },
		{ "false", "{\"role1\":false}", false },
		{ "null", "{\"role1\":null}", false },
		{ "1", "{\"role1\":1}", false },
		{ "\"true\"", "{\"role1\":\"true\"}", false },
		{ "its own name", "{\"role1\":\"role1\"}", false },
		{ "array", "{\"role1\":[true]}", false },
		{ "object", "{\"role1\":{}}", false },
		{ "another", "{\"role2\":true}", false },
		{ "case", "{\"Role1\":true}", false },
		{ "nested", "{\"roles\":{\"role1\":true}}", false },
		{ "a list is no member", "{\"r\":{\"s\":[\"role1\"]}}", false },
	};
	static const struct grant_row listed[] = {
		{ "element", "{\"r\":{\"s\":[\"x\",\"role1\"]}}", true },
		{ "escaped", "{\"r\":{\"s\":[\"role\\u0031\"]}}", true },
		{ "one string", "{\"r\":{\"s\":\"role1\"}}", true },
		{ "words", "{\"r\":{\"s\":\"role1 role2\"}}", false },
		{ "longer", "{\"r\":{\"s\":[\"role11\"]}}", false },
		{ "empty", "{\"r\":{\"s\":[]}}", false },
		{ "mixed", "{\"r\":{\"s\":[\"role1\",1]}}", false },
		{ "nested", "{\"r\":{\"s\":[[\"role1\"]]}}", false },
		{ "object", "{\"r\":{\"s\":{\"role1\":true}}}", false },
		{ "missing", "{\"r\":{}}", false },
		{ "member", "{\"role1\":true}", false },
	};
	char path[] = "r.s";
	struct config_issuer issuer;

	(void)state;
	policy_init(&issuer);
	issuer.own = issuer.first_form = true;
	run_grant(&issuer, own, COUNT_OF(own));
	issuer.roles_claim = path; /* says nothing in the first form */
	run_grant(&issuer, own, COUNT_OF(own));
	issuer.first_form = false;
	run_grant(&issuer, listed, COUNT_OF(listed));
	issuer.roles_claim = NULL;
	run_grant(&issuer, own, COUNT_OF(own));
	issuer.own = false;
	run_grant(&issuer, listed + COUNT_OF(listed) - 1, 1);
	issuer.roles_claim = path;
	run_grant(&issuer, listed, COUNT_OF(listed));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_default_pattern),
		cmocka_unit_test(test_own_pattern),
		cmocka_unit_test(test_claim),
		cmocka_unit_test(test_domain),
		cmocka_unit_test(test_allow_deny),
		cmocka_unit_test(test_grant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
