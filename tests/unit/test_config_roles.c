/*
 * test_config_roles: what roles and their directory must be, each mistake
 * beside what is right; and slapd, which asks nobody.
 */

#include "testutil.h"

#include "config.h"
#include "err.h"

#define TEXT_MAX 4096

static const char whole[] =
    "{'common': {'directory': {'uri': ['%s'], 'base': '%s', "
    "'user_filter': '%s', 'insecure_plaintext': true},\n"
    "'authentication': {'authorize': {'role1': 'cn=1', 'role2': '%s'}}}}";

static int
parse(const char *text, struct err *e)
{
	struct config *c = NULL;
	char quoted[TEXT_MAX];
	size_t i, n = strlen(text);
	int r;

	assert_in_range(n, 0, TEXT_MAX - 1);
	for (i = 0; i < n; i++)
		quoted[i] = (char)(text[i] == '\'' ? '"' : text[i]);
	r = config_parse(quoted, n, "f", &c, e);
	config_free(&c);
	return r;
}

static void
try(const char *why, const char *text, const char *want)
{
	struct err e = { 0 };
	int r = parse(text, &e);

	if (want == NULL && r != 0)
		fail_msg("%s: %s", why, e.text);
	if (want != NULL &&
	    (r != E_CONFIG_INVALID || strstr(e.text, want) == NULL))
		fail_msg("%s: %d, %s", why, r, e.text);
}

static void
test_directory(void **state)
{
	static const struct {
		const char *why;
		const char *uri, *base, *filter, *role;
		const char *want; /* NULL: right */
	} rows[] = {
		{ "right", "ldap://h:1/", "dc=x", "(uid={user})", "cn=2",
		    NULL },
		{ "a base in the uri", "ldap://h/dc=x", "dc=x", "(uid={user})",
		    "cn=2", "f:1:35: common.directory.uri[0]: must be scheme" },
		{ "a base that is no name", "ldap://h", "example.org",
		    "(uid={user})", "cn=2",
		    "common.directory.base: is no distinguished name" },
		{ "a filter that is none", "ldap://h", "dc=x", "(uid={user}",
		    "cn=2", "user_filter: must be a search filter" },
		{ "a filter of two", "ldap://h", "dc=x", "(uid={user})(cn=x)",
		    "cn=2", "user_filter: is no search filter" },
		{ "a filter for what it finds", "ldap://h", "dc=x",
		    "(&(uid={user})(entryDN={dn}))", "cn=2",
		    "user_filter: asks for {dn}" },
		{ "a filter with more behind the name", "ldap://h", "dc=x",
		    "(uid={user}*)", "cn=2", "user_filter: finds others too" },
		{ "with more before it", "ldap://h", "dc=x",
		    "(&(uid=a)(mail=*.{user}))", "cn=2",
		    "user_filter: finds others too" },
		{ "a name that sounds alike", "ldap://h", "dc=x",
		    "(|(uid={user})(cn~={user}))", "cn=2",
		    "user_filter: finds others too" },
		{ "any attribute of a rule", "ldap://h", "dc=x",
		    "(:caseExactMatch:={user})", "cn=2",
		    "user_filter: finds others too: before" },
		{ "one attribute of a rule", "ldap://h", "dc=x",
		    "(uid:caseExactMatch:={user})", "cn=2", NULL },
		{ "an escape beside the name", "ldap://h", "dc=x",
		    "(cn={user}\\\\2c)", "cn=2",
		    "user_filter: cannot be compared" },
		{ "a service beside the name", "ldap://h", "dc=x",
		    "(cn={user}{service})", "cn=2",
		    "user_filter: cannot be compared" },
		{ "text beside the name", "ldap://h", "dc=x", "(cn={user},x)",
		    "cn=2", NULL },
		{ "a * elsewhere", "ldap://h", "dc=x",
		    "(&(objectClass=*)(uid={user})(!(a>=1)))", "cn=2", NULL },
		{ "a role by a filter", "ldap://h", "dc=x", "(uid={user})",
		    "(member={dn})", NULL },
		{ "a role for everybody", "ldap://h", "dc=x", "(uid={user})",
		    "(cn=ops)",
		    "f:2:60: common.authentication.authorize.role2: asks for "
		    "nobody" },
		{ "a role by a bare name", "ldap://h", "dc=x", "(uid={user})",
		    "ops", "authorize.role2: must be a group's" },
		{ "four claims", "ldap://h", "dc=x", "(uid={user})",
		    "(|(a={claim:a})(b={claim:b})(c={claim:c})(d={claim:d})"
		    "(e={claim:a}))",
		    NULL },
		{ "five claims", "ldap://h", "dc=x", "(uid={user})",
		    "(|(a={claim:a})(b={claim:b})(c={claim:c})(d={claim:d})"
		    "(e={claim:e}))",
		    "authorize.role2: asks for a fifth claim" },
	};
	char text[TEXT_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		snprintf(text, sizeof(text), whole, rows[i].uri, rows[i].base,
		    rows[i].filter, rows[i].role);
		try(rows[i].why, text, rows[i].want);
	}
}

/* %s: a member of directory, the name of the service, what it says. */
static const char slapd[] =
    "{'common': {'directory': {'uri': ['ldaps://h'], 'base': 'dc=x'%s},\n"
    "'authentication': {'authorize': {'role1': 'cn=1', "
    "'role2': '(member={dn})', 'role3': 'cn={dn}', 'role4': 'cn={user}', "
    "'role5': 'entryUUID=a8098c1a-f86e-11da-bd1a-00112444be1e'}}},\n"
    "'services': {'%s': {%s}}}";

static void
test_slapd(void **state)
{
	static const struct {
		const char *why;
		const char *member, *service, *says;
		const char *want;
	} rows[] = {
		{ "a group", "", "ldap", "'require': {'any': ['role1']}",
		    NULL },
		{ "a group of the user's name", "", "ldap",
		    "'require': {'all': ['role1', 'role4']}", NULL },
		{ "a filter", "", "ldap", "'require': {'any': ['role2']}",
		    "f:2:60: common.authentication.authorize.role2: must be "
		    "the name of a group" },
		{ "a filter elsewhere", "", "sshd",
		    "'require': {'any': ['role2']}", NULL },
		{ "a group of the entry's name", "", "ldap",
		    "'require': {'any': ['role3']}", "authorize.role3: must" },
		{ "a group by its identity", "", "ldap",
		    "'require': {'any': ['role5']}", "authorize.role5: must" },
		{ "any role of all", "", "ldap", "", "authorize.role2: must" },
		{ "a filter, by another name", "", "directory",
		    "'also': ['ldap'], 'require': {'any': ['role2']}",
		    "authorize.role2: must" },
		{ "a filter, and a token that says so", "", "ldap",
		    "'roles_from': 'token', 'require': {'any': ['role2']}",
		    NULL },
		{ "a token alone", ", 'nested_groups': true", "ldap",
		    "'require': 'token_only'", NULL },
		{ "groups within groups", ", 'nested_groups': true", "ldap",
		    "'require': {'any': ['role1']}",
		    "f:1:82: common.directory.nested_groups: must not be true "
		    "for the service ldap" },
		{ "not there", ", 'nested_groups': true", "ldap",
		    "'require': {'any': ['role1']}, "
		    "'directory': {'nested_groups': false}",
		    NULL },
		{ "groups within groups elsewhere", ", 'nested_groups': true",
		    "sshd", "'require': {'any': ['role1']}", NULL },
	};
	char text[TEXT_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		snprintf(text, sizeof(text), slapd, rows[i].member,
		    rows[i].service, rows[i].says);
		try(rows[i].why, text, rows[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_directory),
		cmocka_unit_test(test_slapd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
