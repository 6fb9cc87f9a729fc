/*
 * test_dn: one name has one text, however it is written, and no other name
 * has it too.
 */

#include "testutil.h"

#include "dn.h"
#include "err.h"

static const struct {
	const char *why;
	const char *input;
	const char *want; /* NULL: refused */
} rows[] = {
	{ "plain", "cn=admins,ou=groups,dc=example,dc=org",
	    "cn=admins,ou=groups,dc=example,dc=org" },
	{ "case of types and values", "CN=Admins,OU=Groups,DC=Example,DC=ORG",
	    "cn=admins,ou=groups,dc=example,dc=org" },
	{ "blanks round separators", " cn = admins , ou = groups ",
	    "cn=admins,ou=groups" },
	{ "runs of blanks in a value", "cn=big   admins", "cn=big\\20admins" },
	{ "the empty name", "", "" },
	{ "long names of types", "commonName=a,organizationalUnitName=b",
	    "cn=a,ou=b" },
	{ "numbers of types", "2.5.4.3=a,0.9.2342.19200300.100.1.25=b",
	    "cn=a,dc=b" },
	{ "two values, sorted", "uid=b+cn=a,dc=x", "cn=a+uid=b,dc=x" },
	{ "two values, as sorted", "cn=a+uid=b,dc=x", "cn=a+uid=b,dc=x" },
	{ "escaped comma", "cn=a\\,b", "cn=a\\2cb" },
	{ "the same by number", "cn=a\\2Cb", "cn=a\\2cb" },
	{ "escaped letter", "cn=\\61dmins", "cn=admins" },
	{ "escaped blank at the end", "cn=a\\ ", "cn=a" },
	{ "of a type whose rule is not known", "x=a\\ ", "x=a\\20" },
	{ "and its case counts", "x=A", "x=A" },
	{ "UTF-8, RFC 4514 §4", "sn=Lu\\C4\\8Di\\C4\\87",
	    "sn=Lu\xc4\x8di\xc4\x87" },
	{ "a value in BER", "x=#04024869", "x=#04024869" },
	{ "in capitals", "x=#0402486A", "x=#0402486a" },
	{ "# written as a value", "x=\\#04", "x=\\2304" },
	{ "= in a value", "cn=a=b", "cn=a\\3db" },
	{ "entryUUID", "entryUUID=A8098C1A-F86E-11DA-BD1A-00112444BE1E",
	    "entryuuid=a8098c1a-f86e-11da-bd1a-00112444be1e" },
	{ "a bare name", "admins", NULL },
	{ "no value", "cn=", NULL },
	{ "blanks for a value", "cn=  ,dc=x", NULL },
	{ "no type", "=a", NULL },
	{ "nothing behind a comma", "cn=a,", NULL },
	{ "nothing before a comma", ",cn=a", NULL },
	{ "two commas", "cn=a,,dc=x", NULL },
	{ "semicolon, RFC 2253", "cn=a;dc=x", NULL },
	{ "quotes, RFC 2253", "cn=\"a\",dc=x", NULL },
	{ "half an escape", "cn=a\\4", NULL },
	{ "an escape of nothing", "cn=a\\", NULL },
	{ "an escaped NUL", "cn=a\\00b", NULL },
	{ "BER of half a byte", "x=#040", NULL },
	{ "BER of nothing", "x=#", NULL },
	{ "BER with a rest", "x=#04zz", NULL },
	{ "type with a blank", "c n=a", NULL },
};

static void
test_canonical(void **state)
{
	char *input, *out, *again;
	size_t i, n;
	int r;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		n = strlen(rows[i].input);
		input = guard_copy(rows[i].input, n);
		out = NULL;
		r = dn_canonical(input, n, &out);
		guard_free(input, n);
		if (rows[i].want == NULL) {
			if (r != E_SYNTAX)
				fail_msg("%s: %d", rows[i].why, r);
			continue;
		}
		if (r != 0 || strcmp(out, rows[i].want) != 0)
			fail_msg(
			    "%s: %d, '%s'", rows[i].why, r, r == 0 ? out : "");
		/* the canonical text is its own */
		assert_int_equal(dn_canonical(out, strlen(out), &again), 0);
		assert_string_equal(out, again);
		free(out);
		free(again);
	}
}

static void
test_different(void **state)
{
	static const char *const pairs[][2] = {
		{ "cn=admins,dc=x", "cn=admins" },
		{ "cn=admins,dc=x", "cn=admins,dc=x,dc=y" },
		{ "cn=admins,dc=x", "cn=admin,dc=x" },
		{ "cn=a\\,dc=x", "cn=a,dc=x" },
		{ "cn=a+uid=b", "cn=a,uid=b" },
		{ "cn=admins,dc=x", "ou=admins,dc=x" },
		{ "x=a", "x=A" },
		{ "cn=\xc3\xa4", "cn=\xc3\x84" },
		{ "x=#61", "x=a" },
		{ "cn=a b", "cn=ab" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(pairs); i++) {
		if (dn_equal(pairs[i][0], pairs[i][1]))
			fail_msg("%s is %s", pairs[i][0], pairs[i][1]);
		assert_true(dn_equal(pairs[i][0], pairs[i][0]));
		assert_true(dn_equal(pairs[i][1], pairs[i][1]));
	}
	assert_false(dn_equal("admins", "admins"));
}

static void
test_limits(void **state)
{
	char name[DN_MAX + 2], *out = NULL;
	size_t i;

	(void)state;
	memset(name, '+', sizeof(name));
	memcpy(name, "cn=", 3);
	assert_int_equal(dn_canonical(name, DN_MAX + 1, &out), E_RANGE);
	memset(name + 3, ',', sizeof(name) - 3);
	memset(name, 'a', sizeof(name));
	memcpy(name, "cn=", 3);
	assert_int_equal(dn_canonical(name, DN_MAX, &out), 0);
	free(out);
	/* what takes most room in the canonical text */
	memset(name + 3, '!', DN_MAX - 3);
	assert_int_equal(dn_canonical(name, DN_MAX, &out), 0);
	assert_int_equal(strlen(out), 3 + 3 * (DN_MAX - 3));
	free(out);
	for (i = 0; i < DN_PARTS_MAX + 1; i++)
		memcpy(name + 4 * i, "c=a,", 4);
	assert_int_equal(dn_canonical(name, 4 * DN_PARTS_MAX - 1, &out), 0);
	free(out);
	assert_int_equal(
	    dn_canonical(name, 4 * (DN_PARTS_MAX + 1) - 1, &out), E_RANGE);
}

static void
cut(const char *data, size_t n, void *arg)
{
	char *out = NULL;
	int r;

	(void)arg;
	r = dn_canonical(data, n, &out);
	assert_true(r == 0 || r == E_SYNTAX);
	free(out);
}

static void
test_damage(void **state)
{
	static const char name[] =
	    "cn=a\\2c b+uid=\\20x,ou=#0402ab,dc=ex\xc3\xa4mple";

	(void)state;
	for_each_truncation(name, sizeof(name) - 1, cut, NULL);
	for_each_bit_flip(name, sizeof(name) - 1, cut, NULL);
}

static void
one_failure(void *arg)
{
	char *out = NULL;
	int r;

	(void)arg;
	r = dn_canonical("cn=a", 4, &out);
	assert_int_equal(r, alloc_failed() ? E_NOMEM : 0);
	assert_true((r == 0) == (out != NULL));
	free(out);
}

static void
test_memory(void **state)
{
	(void)state;
	if (alloc_fail_works())
		assert_int_equal(for_each_alloc_failure(one_failure, NULL), 1);
}

static void
test_uuid(void **state)
{
	char uuid[DN_UUID_LEN + 1];

	(void)state;
	assert_true(
	    dn_is_uuid("entryuuid=a8098c1a-f86e-11da-bd1a-00112444be1e", uuid));
	assert_string_equal(uuid, "a8098c1a-f86e-11da-bd1a-00112444be1e");
	assert_false(
	    dn_is_uuid("entryuuid=a8098c1a-f86e-11da-bd1a-00112444be1", uuid));
	assert_false(dn_is_uuid(
	    "entryuuid=a8098c1a-f86e-11da-bd1a-00112444be1e,dc=x", uuid));
	assert_false(
	    dn_is_uuid("entryuuid=a8098c1af-86e-11da-bd1a-00112444be1e", uuid));
	assert_false(dn_is_uuid("cn=a8098c1a", uuid));
}

static void
test_escape(void **state)
{
	static const struct {
		const char *value;
		size_t n;
		const char *want;
	} values[] = {
		{ "alice", 5, "alice" },
		{ "", 0, "" },
		{ "*)(uid=*", 8, "\\2a\\29\\28uid\\3d\\2a" },
		{ "a\0b", 3, "a\\00b" },
		{ "a,dc=x", 6, "a\\2cdc\\3dx" },
		{ "\\", 1, "\\5c" },
		{ "\xc3\xa4", 2, "\\c3\\a4" },
		{ " #", 2, "\\20\\23" },
	};
	char out[64], value[256], every[DN_ESCAPED_LEN(256) + 1];
	size_t i, n;

	(void)state;
	for (i = 0; i < COUNT_OF(values); i++) {
		n = dn_escape(out, sizeof(out), values[i].value, values[i].n);
		assert_int_equal(n, strlen(values[i].want));
		assert_string_equal(out, values[i].want);
	}
	for (i = 0; i < sizeof(value); i++)
		value[i] = (char)i;
	n = dn_escape(every, sizeof(every), value, sizeof(value));
	assert_int_equal(n, 3 * 256 - 2 * 62);
	assert_int_equal(strspn(every,
			     "\\0123456789abcdefghijklmnopqrstuvwxyz"
			     "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
	    n);
	assert_int_equal(dn_escape(out, 3, "*", 1), 0);
	assert_int_equal(dn_escape(out, 4, "*", 1), 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_canonical),
		cmocka_unit_test(test_different),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_uuid),
		cmocka_unit_test(test_escape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
