/*
 * test_ldapuri: the address of a server, and nothing that would be left out.
 */

#include "testutil.h"

#include "err.h"
#include "ldapuri.h"

static const struct {
	const char *why;
	const char *input;
	enum ldapuri_scheme scheme; /* 0: refused */
	const char *host;
	uint16_t port;
} rows[] = {
	{ "plain", "ldap://ldap.example.org", LDAPURI_LDAP, "ldap.example.org",
	    389 },
	{ "TLS", "ldaps://ldap1", LDAPURI_LDAPS, "ldap1", 636 },
	{ "capitals", "LDAPS://ldap1", LDAPURI_LDAPS, "ldap1", 636 },
	{ "a port", "ldap://h:3890", LDAPURI_LDAP, "h", 3890 },
	{ "a slash", "ldap://h:3890/", LDAPURI_LDAP, "h", 3890 },
	{ "IPv4", "ldap://192.0.2.1:1", LDAPURI_LDAP, "192.0.2.1", 1 },
	{ "IPv6", "ldaps://[2001:db8::1]", LDAPURI_LDAPS, "2001:db8::1", 636 },
	{ "IPv6, a port", "ldaps://[::1]:65535", LDAPURI_LDAPS, "::1", 65535 },
	{ "a socket", "ldapi://%2Frun%2Fslapd", LDAPURI_LDAPI, "/run/slapd",
	    0 },
	{ "the usual socket", "ldapi:///", LDAPURI_LDAPI, "/run/slapd/ldapi",
	    0 },
	{ "no host", "ldap://", 0, NULL, 0 },
	{ "no host, a port", "ldap://:389", 0, NULL, 0 },
	{ "port 0", "ldap://h:0", 0, NULL, 0 },
	{ "port too large", "ldap://h:65536", 0, NULL, 0 },
	{ "port of many digits", "ldap://h:0000389", 0, NULL, 0 },
	{ "no port", "ldap://h:", 0, NULL, 0 },
	{ "a base", "ldap://h/dc=x", 0, NULL, 0 },
	{ "a query", "ldap://h?x", 0, NULL, 0 },
	{ "two hosts", "ldap://a ldap://b", 0, NULL, 0 },
	{ "a user", "ldap://u@h", 0, NULL, 0 },
	{ "a path that is not absolute", "ldapi://run", 0, NULL, 0 },
	{ "half an escape", "ldapi://%2", 0, NULL, 0 },
	{ "NUL", "ldapi://%2Fa%00b", 0, NULL, 0 },
	{ "a folder behind a socket", "ldapi://%2Fa/b", 0, NULL, 0 },
	{ "open brackets", "ldap://[::1", 0, NULL, 0 },
	{ "a name in brackets", "ldap://[host]", 0, NULL, 0 },
	{ "another scheme", "http://h", 0, NULL, 0 },
	{ "nothing", "", 0, NULL, 0 },
};

static void
test_parse(void **state)
{
	struct ldapuri uri;
	size_t i;
	int r;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		memset(&uri, 0, sizeof(uri));
		r = ldapuri_parse(rows[i].input, &uri);
		if (rows[i].scheme == 0) {
			if (r != E_SYNTAX || uri.scheme != 0)
				fail_msg("%s: %d", rows[i].why, r);
			continue;
		}
		if (r != 0 || uri.scheme != rows[i].scheme ||
		    strcmp(uri.host, rows[i].host) != 0 ||
		    uri.port != rows[i].port)
			fail_msg("%s: %d, %s, %u", rows[i].why, r, uri.host,
			    uri.port);
	}
}

static void
test_long(void **state)
{
	char text[LDAPURI_HOST_MAX + 16];
	struct ldapuri uri;

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, "ldap://", 7);
	text[7 + LDAPURI_HOST_MAX] = '\0';
	assert_int_equal(ldapuri_parse(text, &uri), 0);
	text[7 + LDAPURI_HOST_MAX] = 'a';
	text[7 + LDAPURI_HOST_MAX + 1] = '\0';
	assert_int_equal(ldapuri_parse(text, &uri), E_SYNTAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
