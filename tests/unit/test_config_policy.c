/*
 * test_config_policy: what a service asks once common and its own part are
 * one, who may enter when nothing is said, and every default.
 */

#include "testutil.h"

#include "config.h"
#include "err.h"

#define TEXT_MAX 4096

/* Parses text with ' for ", which must be right. */
static struct config *
parse(const char *text)
{
	struct config *c = NULL;
	struct err e = { 0 };
	char quoted[TEXT_MAX];
	size_t n = strlen(text), i;

	assert_in_range(n, 0, TEXT_MAX);
	for (i = 0; i < n; i++)
		quoted[i] = (char)(text[i] == '\'' ? '"' : text[i]);
	if (config_parse(quoted, n, "f", &c, &e) != 0)
		fail_msg("%s", e.text);
	return c;
}

static const struct config_policy *
policy(const struct config *c, const char *service)
{
	const struct config_policy *p = config_policy(c, service);

	if (p == NULL)
		fail_msg("no policy: %s", service != NULL ? service : "common");
	return p;
}

static void
assert_list(const struct config_list *list, const char *want)
{
	char text[512] = "";
	size_t i;

	for (i = 0; i < list->count; i++) {
		strcat(text, list->items[i]);
		if (i + 1 < list->count)
			strcat(text, " ");
	}
	assert_string_equal(text, want);
}

/* Both NULL, or equal. */
static void
assert_text(const char *text, const char *want)
{
	if (want == NULL)
		assert_null(text);
	else
		assert_string_equal(text, want);
}

#define ROLES "'authorize': {'role1': 'cn=1', 'role2': 'cn=2'}"
#define SECRET "'jwtsecret_file': '/s'"

/* Who may enter: services of the file, the name asked, what is required. */
static const struct {
	const char *why;
	const char *text;
	const char *service;
	int require; /* -1: not named */
	const char *roles;
} entries[] = {
	{ "nothing said: any role",
	    "{'common': {'authentication': {" SECRET "," ROLES "}}}", "sshd",
	    CONFIG_REQUIRE_ANY, "role1 role2" },
	{ "nothing said, no role either: a token",
	    "{'common': {'authentication': {" SECRET "}}}", "sshd",
	    CONFIG_REQUIRE_TOKEN_ONLY, "" },
	{ "only the sentence: a token",
	    "{'common': {'authentication': {" SECRET ","
	    "'authorize': {'unauthorized': 'no'}}}}",
	    "sshd", CONFIG_REQUIRE_TOKEN_ONLY, "" },
	{ "an empty file", "{}", "sshd", CONFIG_REQUIRE_TOKEN_ONLY, "" },
	{ "services, but none at all",
	    "{'common': {'authentication': {" SECRET "}}, 'services': {}}",
	    "sshd", -1, "" },
	{ "services, but not this one",
	    "{'services': {'sudo': {'require': 'token_only'}}}", "sshd", -1,
	    "" },
	{ "services, this one",
	    "{'services': {'sshd': {'require': 'token_only'}}}", "sshd",
	    CONFIG_REQUIRE_TOKEN_ONLY, "" },
	{ "services, every other one",
	    "{'common': {'authentication': {" SECRET "," ROLES "}},"
	    "'services': {'sudo': {}, '*': {'require': {'all': ['r']}}}}",
	    "sshd", CONFIG_REQUIRE_ALL, "r" },
	{ "the one beats every other",
	    "{'common': {'authentication': {" SECRET "," ROLES "}},"
	    "'services': {'*': {'require': 'token_only'}, 'sshd': {}}}",
	    "sshd", CONFIG_REQUIRE_ANY, "role1 role2" },
	{ "another name of it",
	    "{'services': {'sudo': {'require': 'token_only',"
	    "'also': ['sudo-i']}}}",
	    "sudo-i", CONFIG_REQUIRE_TOKEN_ONLY, "" },
	{ "names are exact",
	    "{'services': {'sshd': {'require': 'token_only'}}}", "SSHD", -1,
	    "" },
	{ "a service may name further roles",
	    "{'common': {'authentication': {" SECRET "," ROLES "}},"
	    "'services': {'sshd': {'authentication': {'authorize': "
	    "{'role2': 'cn=other', 'role3': 'cn=3'}}}}}",
	    "sshd", CONFIG_REQUIRE_ANY, "role1 role2 role3" },
	{ "the common policy checks no role",
	    "{'common': {'authentication': {" SECRET "," ROLES "}}}", NULL,
	    CONFIG_REQUIRE_TOKEN_ONLY, "" },
};

static void
test_who_may_enter(void **state)
{
	const struct config_policy *p;
	struct config *c;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(entries); i++) {
		print_message("# %s\n", entries[i].why);
		c = parse(entries[i].text);
		p = config_policy(c, entries[i].service);
		if (entries[i].require == -1) {
			assert_null(p);
		} else {
			assert_non_null(p);
			assert_int_equal(p->require, entries[i].require);
			assert_list(&p->require_roles, entries[i].roles);
		}
		config_free(&c);
	}
}

static void
test_first_form(void **state)
{
	const struct config_issuer *own;
	const struct config_policy *p;
	struct config *c;

	(void)state;
	c = parse("{'common': {'authentication': {"
		  "'jwtsecret': '12345678901234567890123456789012',"
		  "'authorize': {'role1': 'cn=1', 'unauthorized': 'no'}}}}");
	p = policy(c, "anything");
	assert_string_equal(p->service, "*");
	assert_null(policy(c, NULL)->service);
	assert_int_equal(p->role_count, 1);
	assert_string_equal(p->roles[0].name, "role1");
	assert_string_equal(p->roles[0].query.text, "cn=1");
	assert_string_equal(p->unauthorized, "no");
	own = config_own(p);
	assert_non_null(own);
	assert_true(own->own);
	assert_true(own->first_form);
	assert_string_equal(own->where, "common.authentication");
	assert_null(own->issuer);
	assert_int_equal(own->audience.count, 0);
	assert_int_equal(own->secret_len, 32);
	assert_memory_equal(
	    own->secret, "12345678901234567890123456789012", 33);
	assert_int_equal(own->algorithm_count, 1);
	assert_int_equal(own->algorithms[0], JWA_HS256);
	assert_int_equal(own->expire_offset, 1800);
	assert_list(&own->user_claim, "user sub");
	assert_int_equal(config_services(c)->count, 0);
	config_free(&c);
}

/* A service that has nothing but a token: everything else is a default. */
static void
test_defaults(void **state)
{
	const struct config_issuer *issuer;
	const struct config_policy *p;
	struct config *c;

	(void)state;
	c = parse("{'common': {'issuers': [{'issuer': 'i', 'keys_file': '/k',"
		  "'algorithms': ['ES256', 'EdDSA'], 'audience': ['a']}],"
		  "'directory': {'uri': ['ldaps://h'], 'base': 'dc=x'},"
		  "'fraud': {}}, 'services': {'x': {'require':'token_only'}}}");
	p = policy(c, "x");
	assert_string_equal(p->service, "x");
	assert_int_equal(p->roles_from, CONFIG_ROLES_DEFAULT);
	assert_int_equal(p->possession, CONFIG_POSSESSION_IF_BOUND);
	assert_false(p->one_time);
	assert_false(p->allow_root);
	assert_int_equal(p->minimum_uid, 1000);
	assert_int_equal(p->max_age, -1);
	assert_null(p->revocation_file);
	assert_null(p->unauthorized);
	assert_null(config_own(p));
	assert_true(p->directory.configured);
	assert_false(p->directory.start_tls);
	assert_false(p->directory.insecure_plaintext);
	assert_true(p->directory.nested_groups);
	assert_string_equal(p->directory.user_filter, "(uid={user})");
	assert_false(p->directory.user_ignore_case);
	assert_int_equal(p->directory.deadline_ms, 3000);
	assert_int_equal(p->directory.cache_seconds, 60);
	assert_true(p->fraud.configured);
	assert_string_equal(p->fraud.socket, "/run/fraudd/fraudd.sock");
	assert_int_equal(p->fraud.deadline_ms, 50);
	assert_true(p->fraud.allow_when_unavailable);
	assert_int_equal(p->issuer_count, 1);
	issuer = &p->issuers[0];
	assert_string_equal(issuer->where, "common.issuers[0]");
	assert_false(issuer->own);
	assert_false(issuer->first_form);
	assert_int_equal(issuer->algorithm_count, 2);
	assert_int_equal(issuer->algorithms[1], JWA_EDDSA);
	assert_list(&issuer->audience, "a");
	assert_list(&issuer->types, "JWT at+jwt");
	assert_list(&issuer->user_claim, "sub");
	assert_int_equal(issuer->max_lifetime, 86400);
	assert_int_equal(issuer->clock_skew, 30);
	assert_false(issuer->auth_time_from_iat);
	assert_false(issuer->encryption);
	assert_null(issuer->user_pattern);
	assert_int_equal(issuer->users_allow.count, 0);
	config_free(&c);
	c = parse("{}");
	assert_false(policy(c, "x")->directory.configured);
	assert_false(policy(c, "x")->fraud.configured);
	config_free(&c);
}

#define TO "'require': 'token_only'"

/* Issuers that nothing changes are the same ones in every policy. */
static void
test_issuers_inherited(void **state)
{
	const struct config_policy *common;
	struct config *c;

	(void)state;
	c = parse(
	    "{'common': {'issuers': [{'issuer': 'i', 'keys_file': '/k',"
	    "'algorithms': ['ES256'], 'audience': ['a']}]},"
	    "'services': {'plain': {" TO "}, 'old': {'max_age': 5," TO "},"
	    "'other': {'revocation': {'file': '/r'}," TO "},"
	    "'none': {'issuers': []," TO "},"
	    "'own': {'authentication': {'jwtsecret_file': '/s'}," TO "}}}");
	common = policy(c, NULL);
	assert_int_equal(common->issuer_count, 1);
	assert_ptr_equal(policy(c, "plain")->issuers, common->issuers);
	assert_ptr_equal(policy(c, "old")->issuers, common->issuers);
	assert_ptr_equal(policy(c, "other")->issuers, common->issuers);
	assert_int_equal(policy(c, "other")->issuer_count, 1);
	assert_int_equal(policy(c, "none")->issuer_count, 0);
	assert_int_equal(policy(c, "own")->issuer_count, 2);
	assert_ptr_not_equal(policy(c, "own")->issuers, common->issuers);
	config_free(&c);
}

static void
test_issuer_keys(void **state)
{
	const struct config_issuer *i;
	struct config *c;

	(void)state;
	c = parse("{'common': {'issuers': [{'issuer': 'i', 'keys_file': '/k',"
		  "'algorithms': ['ES256'], 'audience': ['a', 'b'],"
		  "'jwks_uri': 'https://h/k', 'authorized_parties': ['p'],"
		  "'types': ['x'], 'max_lifetime': 60, 'clock_skew': 0,"
		  "'scopes': ['s', 't'], 'required_claims': "
		  "{'a.b': 'x/y', 'n': 1.50, 't': true},"
		  "'user_claim': ['u'], 'user_domain': {'strip': ['d']},"
		  "'roles_claim': 'r.s', 'users': {'allow': ['a*'],"
		  "'deny': ['adm']}, 'auth_time_from': 'iat'}]}}");
	i = &policy(c, NULL)->issuers[0];
	assert_list(&i->audience, "a b");
	assert_string_equal(i->jwks_uri, "https://h/k");
	assert_list(&i->keys_files, "/k");
	assert_list(&i->authorized_parties, "p");
	assert_list(&i->types, "x");
	assert_int_equal(i->max_lifetime, 60);
	assert_int_equal(i->clock_skew, 0);
	assert_list(&i->scopes, "s t");
	assert_int_equal(i->required_claim_count, 3);
	assert_string_equal(i->required_claims[0].path, "a.b");
	assert_string_equal(i->required_claims[0].value, "\"x/y\"");
	assert_string_equal(i->required_claims[1].value, "1.50");
	assert_string_equal(i->required_claims[2].value, "true");
	assert_list(&i->user_claim, "u");
	assert_list(&i->user_domain_strip, "d");
	assert_string_equal(i->roles_claim, "r.s");
	assert_list(&i->users_allow, "a*");
	assert_list(&i->users_deny, "adm");
	assert_true(i->auth_time_from_iat);
	config_free(&c);
}

static void
test_own_issuer(void **state)
{
	const struct config_issuer *own;
	struct config *c;

	(void)state;
	c = parse("{'common': {'authentication': {'jwtalgorithm': 'HS256',"
		  "'issuer': 'i'}}}");
	assert_null(config_own(policy(c, NULL)));
	assert_int_equal(policy(c, NULL)->issuer_count, 0);
	config_free(&c);
	c = parse("{'common': {'authentication': {'audience': ['a'],"
		  "'jwtsigningkey_file': '/k', 'encryption': "
		  "{'keys_file': '/e'}}}}");
	own = config_own(policy(c, NULL));
	assert_false(own->first_form);
	assert_true(own->encryption);
	/* the key will say */
	assert_int_equal(own->algorithm_count, 0);
	assert_string_equal(own->signing_key_file, "/k");
	assert_null(own->secret);
	config_free(&c);
	c = parse("{'common': {'authentication': {'jwtsecret_file': '/s',"
		  "'max_lifetime': 60}}}");
	assert_int_equal(config_own(policy(c, NULL))->expire_offset, 60);
	config_free(&c);
}

/* Objects key by key, arrays and values whole, and nothing leaks back. */
static void
test_overriding(void **state)
{
	const struct config_policy *p;
	struct config *c;

	(void)state;
	c = parse("{'common': {"
		  "'authentication': {'jwtsecret_file': '/s', 'issuer': 'o',"
		  "'max_lifetime': 600, 'jwtexpireoffset': 300,"
		  "'required_claims': {'a': 1.50}, 'users': {'allow': ['x'],"
		  "'deny': ['y']}," ROLES "},"
		  "'issuers': [{'issuer': 'i', 'keys_file': '/k',"
		  "'algorithms': ['ES256'], 'audience': ['a']}],"
		  "'directory': {'uri': ['ldaps://a', 'ldaps://b'],"
		  "'base': 'dc=x'}, 'fraud': {'deadline_ms': 7},"
		  "'revocation': {'file': '/r'}}, 'services': {'s': {"
		  "'require': 'token_only', 'one_time': true,"
		  "'proof_of_possession': 'required', 'max_age': 5,"
		  "'allow_root': true, 'minimum_uid': 0,"
		  "'roles_from': 'both', 'authentication': {"
		  "'jwtsecret': '12345678901234567890123456789012',"
		  "'required_claims': {'b': 2}, 'users': {'deny': []},"
		  "'authorize': {'role2': 'cn=other'}}, 'issuers': [],"
		  "'directory': {'uri': ['ldaps://c']},"
		  "'fraud': {'when_unavailable': 'deny'},"
		  "'revocation': {'file': '/q'}}, 't': {}}}");
	p = policy(c, "s");
	assert_true(p->one_time);
	assert_int_equal(p->possession, CONFIG_POSSESSION_REQUIRED);
	assert_int_equal(p->max_age, 5);
	assert_true(p->allow_root);
	assert_int_equal(p->minimum_uid, 0);
	assert_int_equal(p->roles_from, CONFIG_ROLES_BOTH);
	assert_int_equal(p->issuer_count, 1);
	assert_null(p->issuers[0].secret_file);
	assert_int_equal(p->issuers[0].secret_len, 32);
	assert_int_equal(p->issuers[0].max_lifetime, 600);
	assert_string_equal(p->issuers[0].issuer, "o");
	assert_string_equal(p->issuers[0].where, "services.s.authentication");
	assert_int_equal(p->issuers[0].required_claim_count, 2);
	assert_string_equal(p->issuers[0].required_claims[0].value, "1.50");
	assert_string_equal(p->issuers[0].required_claims[1].path, "b");
	assert_list(&p->issuers[0].users_allow, "x");
	assert_list(&p->issuers[0].users_deny, "");
	assert_string_equal(p->roles[0].query.text, "cn=1");
	assert_string_equal(p->roles[1].query.text, "cn=other");
	assert_list(&p->directory.uri, "ldaps://c");
	assert_string_equal(p->directory.base, "dc=x");
	assert_int_equal(p->fraud.deadline_ms, 7);
	assert_false(p->fraud.allow_when_unavailable);
	assert_string_equal(p->revocation_file, "/q");

	p = policy(c, "t");
	assert_int_equal(p->issuer_count, 2);
	assert_null(p->issuers[0].secret);
	assert_string_equal(p->issuers[0].secret_file, "/s");
	assert_string_equal(p->issuers[0].where, "common.authentication");
	assert_list(&p->issuers[0].users_deny, "y");
	assert_string_equal(p->roles[1].query.text, "cn=2");
	assert_list(&p->directory.uri, "ldaps://a ldaps://b");
	assert_true(p->fraud.allow_when_unavailable);
	assert_string_equal(p->revocation_file, "/r");
	assert_list(config_services(c), "s t");
	config_free(&c);
}

/* common's key is not what a service's own tokens are made with. */
static void
test_overriding_the_key(void **state)
{
	static const char form[] =
	    "{'common': {'authentication': {%s}}, 'services': {'s':"
	    "{'require': 'token_only', 'authentication': {%s}}}}";
	static const struct {
		const char *common, *service, *secret, *key;
	} rows[] = {
		{ "'jwtsecret_file': '/s'", "'jwtsigningkey_file': '/k'", NULL,
		    "/k" },
		{ "'jwtsigningkey_file': '/k'", "'jwtsecret_file': '/s'", "/s",
		    NULL },
		{ "'jwtsecret_file': '/s', 'jwtsigningkey_file': '/k',"
		  "'jwtalgorithm': 'HS256'",
		    "'jwtsecret_file': '/t'", "/t", NULL },
		{ "'jwtsecret_file': '/s', 'jwtsigningkey_file': '/k',"
		  "'jwtalgorithm': 'HS256'",
		    "'jwtalgorithm': 'ES256'", "/s", "/k" },
	};
	const struct config_issuer *own;
	struct config *c;
	char text[512];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		snprintf(
		    text, sizeof(text), form, rows[i].common, rows[i].service);
		c = parse(text);
		own = config_own(policy(c, "s"));
		assert_non_null(own);
		assert_text(own->secret_file, rows[i].secret);
		assert_text(own->signing_key_file, rows[i].key);
		config_free(&c);
	}
}

static const struct {
	const char *pattern;
	const char *name;
	bool want;
} patterns[] = {
	{ "a|b", "a", true },
	{ "a|b", "ab", false },
	{ "a|b", "xb", false },
	{ "[a-z]+", "alice", true },
	{ "[a-z]+", "alice1", false },
	{ "[a-z]+", "1alice", false },
	{ "[a-z]+", "alice\n", false },
	{ "(a|b)|(c)", "c", true },
	{ "(a|b)|(c)", "cc", false },
	{ "[])(]+", "])(", true },
	{ "[[:alpha:])]+", "a)", true },
	{ "\\\\)a", ")a", true },
	{ "a{2,3}", "aa", true },
	{ "a{2,3}", "aaaa", false },
	{ "x^a", "a", false },
};

static void
test_user_pattern(void **state)
{
	const struct config_issuer *issuer;
	struct config *c;
	char text[512];
	size_t i;
	bool got;

	(void)state;
	for (i = 0; i < COUNT_OF(patterns); i++) {
		snprintf(text, sizeof(text),
		    "{'common': {'issuers': [{'issuer': 'i', 'keys_file': '/k',"
		    "'algorithms': ['ES256'], 'audience': ['a'],"
		    "'user_pattern': '%s'}]}}",
		    patterns[i].pattern);
		c = parse(text);
		issuer = &policy(c, NULL)->issuers[0];
		got = regexec(issuer->user_pattern, patterns[i].name, 0, NULL,
			  0) == 0;
		if (got != patterns[i].want)
			fail_msg("%s: \"%s\": %d", patterns[i].pattern,
			    patterns[i].name, got);
		config_free(&c);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_may_enter),
		cmocka_unit_test(test_first_form),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_issuers_inherited),
		cmocka_unit_test(test_issuer_keys),
		cmocka_unit_test(test_own_issuer),
		cmocka_unit_test(test_overriding),
		cmocka_unit_test(test_overriding_the_key),
		cmocka_unit_test(test_user_pattern),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
