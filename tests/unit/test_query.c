/*
 * test_query: what authorize may say of a role, and that nothing that comes
 * in place of a placeholder is more than a value.
 */

#include "testutil.h"

#include "err.h"
#include "query.h"

#define UUID "a8098c1a-f86e-11da-bd1a-00112444be1e"

static const struct {
	const char *why;
	const char *input;
	enum query_kind kind; /* 0: refused */
	const char *want; /* text, or what the sentence says */
	const char *base;
} rows[] = {
	{ "a group", "cn=admins,dc=x", QUERY_GROUP, "cn=admins,dc=x", NULL },
	{ "a group of the user's", "cn={user},ou=own,dc=x", QUERY_GROUP,
	    "cn={user},ou=own,dc=x", NULL },
	{ "a group by identity", "entryUUID=" UUID, QUERY_UUID, UUID, NULL },
	{ "a bare name", "admins", 0, "must be a group's", NULL },
	{ "nothing", "", 0, "must be a group's", NULL },
	{ "a placeholder for a type", "{user}=a,dc=x", 0, "where no value",
	    NULL },
	{ "a placeholder behind a name", "cn=a,{dn}", 0, "where no value",
	    NULL },
	{ "a placeholder misspelt", "cn={usr},dc=x", 0, "begins none", NULL },
	{ "a claim without a name", "cn={claim:},dc=x", 0, "begins none",
	    NULL },
	{ "a filter", "(&(cn=ops)(memberUid={user}))", QUERY_FILTER,
	    "(&(cn=ops)(memberUid={user}))", NULL },
	{ "by the entry", "(member={dn})", QUERY_FILTER, "(member={dn})",
	    NULL },
	{ "by a claim", "(cn={claim:team})", QUERY_FILTER, "(cn={claim:team})",
	    NULL },
	{ "for everybody", "(cn=ops)", 0, "everybody", NULL },
	{ "for every service", "(cn={service})", 0, "everybody", NULL },
	{ "not closed", "(uid={user}", 0, ") is missing", NULL },
	{ "closed twice", "(uid={user}))", 0, "stands behind", NULL },
	{ "two in a row", "(uid={user})(cn=a)", 0, "stands behind", NULL },
	{ "not opened", "(&uid={user})", 0, "( is missing", NULL },
	{ "an empty and", "(&)", 0, "nothing stands", NULL },
	{ "a not of two", "(!(uid={user})(cn=a))", 0, "one filter", NULL },
	{ "a not", "(!(uid={user}))", QUERY_FILTER, "(!(uid={user}))", NULL },
	{ "no comparison", "(uid)", 0, "comparison is missing", NULL },
	{ "no attribute", "(={user})", 0, "attribute is missing", NULL },
	{ "a placeholder for an attribute", "({user}=a)", 0,
	    "attribute is missing", NULL },
	{ "a rule", "(member:1.2.840.113556.1.4.1941:={dn})", QUERY_FILTER,
	    "(member:1.2.840.113556.1.4.1941:={dn})", NULL },
	{ "half a rule", "(member:1.2.3={dn})", 0, ":=", NULL },
	{ "half an escape", "(uid={user}\\2)", 0, "two hexadecimal", NULL },
	{ "an escape", "(uid={user}\\2a)", QUERY_FILTER, "(uid={user}\\2a)",
	    NULL },
	{ "a brace", "(uid={user}{)", 0, "\\7b", NULL },
	{ "greater", "(&(n>=1)(uid={user}))", QUERY_FILTER,
	    "(&(n>=1)(uid={user}))", NULL },
	{ "a URL", "ldap:///ou=g,dc=x??one?(memberUid={user})", QUERY_FILTER,
	    "(memberUid={user})", "ou=g,dc=x" },
	{ "a URL, base alone", "ldap:///cn={user},dc=x", QUERY_FILTER,
	    "(objectClass=*)", "cn={user},dc=x" },
	{ "a URL, decoded", "ldap:///ou=a%20b,dc=x??sub?(uid=%7buser%7d)",
	    QUERY_FILTER, "(uid={user})", "ou=a b,dc=x" },
	{ "a URL for everybody", "ldap:///ou=g,dc=x??sub?(cn=a)", 0,
	    "everybody", NULL },
	{ "a URL with a server", "ldap://h/ou=g,dc=x??sub?(uid={user})", 0,
	    "names a server", NULL },
	{ "a URL with attributes", "ldap:///dc=x?cn?sub?(uid={user})", 0,
	    "names attributes", NULL },
	{ "a URL with an extension", "ldap:///dc=x??sub?(uid={user})?x", 0,
	    "extension", NULL },
	{ "a URL with a scope of ours", "ldap:///dc=x??tree?(uid={user})", 0,
	    "scope", NULL },
	{ "a URL with half a byte", "ldap:///dc=%2??sub?(uid={user})", 0, "%",
	    NULL },
	{ "a URL with NUL", "ldap:///dc=%00??sub?(uid={user})", 0, "%", NULL },
	{ "another scheme", "ldaps://h/dc=x", 0, "names a server", NULL },
};

static void
test_parse(void **state)
{
	struct query q;
	struct err e;
	size_t i;
	int r;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		memset(&e, 0, sizeof(e));
		r = query_parse(rows[i].input, &q, &e);
		if (rows[i].kind == 0) {
			if (r != E_SYNTAX ||
			    strstr(e.text, rows[i].want) == NULL)
				fail_msg("%s: %d, %s", rows[i].why, r, e.text);
			continue;
		}
		if (r != 0 || q.kind != rows[i].kind ||
		    strcmp(q.text, rows[i].want) != 0)
			fail_msg("%s: %d, %s", rows[i].why, r, e.text);
		if (rows[i].base == NULL)
			assert_null(q.base);
		else
			assert_string_equal(q.base, rows[i].base);
		query_done(&q);
	}
}

static void
test_depth(void **state)
{
	char text[4 * QUERY_DEPTH_MAX + 64] = "";
	unsigned uses;
	size_t i;

	(void)state;
	for (i = 0; i < QUERY_DEPTH_MAX; i++)
		strcat(text, "(!");
	strcat(text, "(a=b)");
	for (i = 0; i < QUERY_DEPTH_MAX; i++)
		strcat(text, ")");
	assert_int_equal(query_check_filter(text, &uses, NULL), 0);
	memmove(text + 2, text, strlen(text) + 1);
	memcpy(text, "(!", 2);
	strcat(text, ")");
	assert_int_equal(query_check_filter(text, &uses, NULL), E_SYNTAX);
}

static void
test_expand(void **state)
{
	static const struct query_claim claims[] = { { "team", "a*b" },
		{ "x.y", "z" } };
	static const struct query_values values = { "*)(uid=*", "cn=a,dc=x",
		"sshd", "192.0.2.1", claims, 2 };
	static const struct query_values none = { "alice", NULL, NULL, NULL,
		NULL, 0 };
	static const struct {
		const char *text;
		const char *want;
		const char *without; /* NULL: a value is missing */
	} texts[] = {
		{ "(uid={user})", "(uid=\\2a\\29\\28uid\\3d\\2a)",
		    "(uid=alice)" },
		{ "(member={dn})", "(member=cn\\3da\\2cdc\\3dx)", NULL },
		{ "({s={service}{rhost})", "({s=sshd192\\2e0\\2e2\\2e1)",
		    NULL },
		{ "cn={claim:team},ou={claim:x.y}", "cn=a\\2ab,ou=z", NULL },
		{ "cn={claim:other}", NULL, NULL },
		{ "plain", "plain", "plain" },
		{ "{user}{user}{",
		    "\\2a\\29\\28uid\\3d\\2a"
		    "\\2a\\29\\28uid\\3d\\2a{",
		    "alicealice{" },
	};
	char *out;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(texts); i++) {
		assert_int_equal(query_expand(texts[i].text, &values, &out), 0);
		if (texts[i].want == NULL)
			assert_null(out);
		else
			assert_string_equal(out, texts[i].want);
		free(out);
		assert_int_equal(query_expand(texts[i].text, &none, &out), 0);
		if (texts[i].without == NULL)
			assert_null(out);
		else
			assert_string_equal(out, texts[i].without);
		free(out);
	}
}

static void
test_claim_names(void **state)
{
	static const char text[] =
	    "(&(a={claim:one})(b={user})(c={claim:a.b}))";
	const char *name;
	size_t n;

	(void)state;
	name = query_claim_name(text, 0, &n);
	assert_non_null(name);
	assert_int_equal(n, 3);
	assert_memory_equal(name, "one", 3);
	name = query_claim_name(text, 1, &n);
	assert_non_null(name);
	assert_memory_equal(name, "a.b", n);
	assert_null(query_claim_name(text, 2, &n));
}

static void
one_failure(void *arg)
{
	struct query q;
	int r;

	r = query_parse(arg, &q, NULL);
	assert_int_equal(r, alloc_failed() ? E_NOMEM : 0);
	if (r == 0)
		query_done(&q);
}

/* What a filter finds by the user's name, and what is called so. */
static const struct {
	const char *why;
	const char *filter;
	const char *value;
	const char *ignored; /* the same where case counts for nothing */
	const char *other; /* and never this */
} called[] = {
	{ "an attribute", "(uid={user})", "alice", "Alice", "alice " },
	{ "one of several", "(&(a=b)(|(uid={user})(c=d)))", "alice", "ALICE",
	    "alic" },
	{ "a rule", "(uid:caseExactMatch:={user})", "alice", "aLice", "bob" },
	{ "a rule, by number, and the name", "(uid:dn:2.5.13.2:={user})",
	    "alice", "alicE", "" },
	{ "a domain", "(mail={user}@x.org)", "alice@X.org", "Alice@x.org",
	    "alice@x.net" },
	{ "a domain before it", "(upn=X\\{user})", NULL, NULL, NULL },
	{ "text before it", "(cn=of {user})", "OF alice", "of Alice",
	    "of  alice" },
	{ "a letter that is none", "(a={user}[])", "alice[]", "ALICE[]",
	    "alice{}" },
};

static void
test_user(void **state)
{
	struct query_user c = { .attribute = NULL };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(called); i++) {
		if (called[i].value == NULL) {
			assert_int_not_equal(
			    query_check_user(called[i].filter, NULL), 0);
			continue;
		}
		assert_int_equal(query_check_user(called[i].filter, NULL), 0);
		assert_true(query_user_compared(called[i].filter, 0, &c));
		assert_false(query_user_compared(called[i].filter, 1, &c));
		assert_true(query_user_equal(&c, "alice", false,
		    called[i].value, strlen(called[i].value)));
		assert_true(query_user_equal(&c, "alice", true, called[i].value,
		    strlen(called[i].value)));
		assert_false(query_user_equal(&c, "alice", false,
		    called[i].ignored, strlen(called[i].ignored)));
		assert_true(query_user_equal(&c, "alice", true,
		    called[i].ignored, strlen(called[i].ignored)));
		assert_false(query_user_equal(&c, "alice", true,
		    called[i].other, strlen(called[i].other)));
	}
}

static void
test_memory(void **state)
{
	static const char *const texts[] = { "cn=a", ("entryUUID=" UUID),
		"(uid={user})", "ldap:///cn={user},dc=x??sub?(cn=a)" };
	char text[64];
	size_t i;

	(void)state;
	for (i = 0; alloc_fail_works() && i < COUNT_OF(texts); i++) {
		memcpy(text, texts[i], strlen(texts[i]) + 1);
		assert_true(for_each_alloc_failure(one_failure, text) > 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_expand),
		cmocka_unit_test(test_claim_names),
		cmocka_unit_test(test_user),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
