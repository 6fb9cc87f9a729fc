/*
 * gate: the decision over a configuration with several issuers. A, B and
 * the shared C are told apart by name only, since they use one key; H holds
 * a secret; the keys of GONE were never fetched.
 */

#include "testtoken.h"

#include "config.h"
#include "err.h"

#define NOW 1700000000
#define IAT "\"iat\":1699999900"
#define EXP "\"exp\":1700000600"
#define OPEN "{" IAT "," EXP ","

static const char config[] =
    "{\"common\":{\"issuers\":["
    "{\"issuer\":\"https://a.example\",\"keys_file\":\"@/es.jwk\","
    "\"algorithms\":[\"ES256\"],\"audience\":[\"ssh\"],"
    "\"roles_claim\":\"roles\",\"users\":{\"allow\":[\"*\"],"
    "\"deny\":[\"b-*\"]}},"
    "{\"issuer\":\"https://b.example\",\"keys_file\":\"@/es.jwk\","
    "\"algorithms\":[\"ES256\"],\"audience\":[\"ssh\"],"
    "\"users\":{\"allow\":[\"b-*\"]}},"
    "{\"issuer\":\"https://c.example\",\"keys_file\":\"@/rs.jwk\","
    "\"algorithms\":[\"RS256\"],\"audience\":[\"ssh\"]},"
    "{\"issuer\":\"https://h.example\",\"keys_file\":\"@/hs.jwk\","
    "\"algorithms\":[\"HS256\"],\"audience\":[\"ssh\"]},"
    "{\"issuer\":\"https://gone.example\",\"keys_file\":\"@/gone.jwk\","
    "\"algorithms\":[\"RS512\"],\"audience\":[\"ssh\"]}],"
    "\"authentication\":{\"authorize\":{\"role1\":\"cn=1\","
    "\"role2\":\"cn=2\",\"role3\":\"(uid={user})\",\"unauthorized\":\"Ask the "
    "desk.\"}}},"
    "\"services\":{"
    "\"sshd\":{\"also\":[\"sshd-alt\"],\"require\":\"token_only\"},"
    "\"any\":{\"require\":{\"any\":[\"role1\",\"role2\"]},"
    "\"roles_from\":\"token\"},"
    "\"all\":{\"require\":{\"all\":[\"role1\",\"role2\"]},"
    "\"roles_from\":\"token\"},"
    "\"directory\":{\"require\":{\"any\":[\"role1\"]}},"
    "\"twice\":{\"require\":{\"any\":[\"role1\"]},\"roles_from\":\"both\"},"
    "\"filter\":{\"require\":{\"all\":[\"role1\",\"role3\"]}},"
    "\"either\":{\"require\":{\"any\":[\"role1\",\"role3\"]}},"
    "\"root\":{\"require\":\"token_only\",\"allow_root\":true},"
    "\"low\":{\"require\":\"token_only\",\"minimum_uid\":500},"
    "\"lowest\":{\"require\":\"token_only\",\"minimum_uid\":0},"
    "\"old\":{\"require\":\"token_only\",\"max_age\":900},"
    "\"once\":{\"require\":\"token_only\",\"one_time\":true},"
    "\"bound\":{\"require\":\"token_only\","
    "\"proof_of_possession\":\"required\"},"
    "\"revoking\":{\"require\":\"token_only\","
    "\"revocation\":{\"file\":\"/nowhere/revoked.json\"}},"
    "\"throttled\":{\"require\":\"token_only\","
    "\"fraud\":{\"socket\":\"/nowhere/s\",\"away_file\":\"/nowhere/d/"
    "a\",\"when_unavailable\":\"deny\"}},"
    "\"unthrottled\":{\"require\":\"token_only\","
    "\"fraud\":{\"socket\":\"/nowhere/s\",\"away_file\":\"/nowhere/d/"
    "a\",\"when_unavailable\":\"allow\"}}}}";

static struct lab lab;

static int
setup(void **state)
{
	(void)state;
	lab_open(&lab);
	lab_configure(&lab, config);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	lab_close(&lab);
	return 0;
}

struct row {
	const char *why;
	const char *payload;
	const char *service;
	const char *user;
	int want;
};

static int
decide(const struct gate_request *request, struct gate_outcome *out)
{
	struct gate_outcome zero = { 0 };
	int r;

	memset(out, 0xff, sizeof(*out)); /* nothing of it may stay */
	r = gate_decide(lab.gate, request, NOW, out);
	assert_int_equal(r, out->reason);
	assert_true((r == 0) == (out->verdict == GATE_ALLOW));
	assert_int_equal(out->checks, request->checks);
	assert_true((r == 0) == (out->message[0] == '\0'));
	assert_true((r == 0) == (out->text[0] == '\0'));
	assert_true(r == 0 || err_is_reason(r));
	if (r != 0) {
		assert_int_equal(out->expires, 0);
		assert_int_equal(out->auth_time, -1);
		assert_memory_equal(out->roles, zero.roles, 1);
		assert_memory_equal(out->token_roles, zero.token_roles, 1);
		assert_false(out->token_roles_apply);
	}
	return r;
}

static int
ask(const struct row *row, unsigned checks, const char *token,
    struct gate_outcome *out)
{
	struct gate_request request = {
		.checks = checks,
		.token = token,
		.token_len = strlen(token),
		.service = row->service,
		.user = row->user,
	};

	return decide(&request, out);
}

/* Rows whose tokens A's key signs. */
static void
run(const struct row *rows, size_t count, unsigned checks)
{
	struct gate_outcome out;
	char *token;
	size_t i;
	int r;

	for (i = 0; i < count; i++) {
		token = token_make(&lab.es, JWA_ES256,
		    "{\"alg\":\"ES256\",\"kid\":\"es\"}", rows[i].payload);
		r = ask(&rows[i], checks, token, &out);
		if (r != rows[i].want)
			fail_msg("%s: %s (%s), not %s", rows[i].why,
			    err_name(r), out.text, err_name(rows[i].want));
		assert_null(strstr(out.text, token));
		free(token);
	}
}

#define A "\"iss\":\"https://a.example\",\"aud\":\"ssh\""
#define B "\"iss\":\"https://b.example\",\"aud\":\"ssh\""
#define ALICE OPEN A ",\"sub\":\"alice\"}"
#define ROOT OPEN A ",\"sub\":\"root\"}"

static void
test_user(void **state)
{
	static const struct row rows[] = {
		{ "the token's user", ALICE, "sshd", "alice", 0 },
		{ "whoever it is", ALICE, "sshd", NULL, 0 },
		{ "also", ALICE, "sshd-alt", "alice", 0 },
		{ "common policy", ALICE, NULL, "alice", 0 },
		{ "another", ALICE, "sshd", "bob", E_USER_MISMATCH },
		{ "another, common", ALICE, NULL, "bob", E_USER_MISMATCH },
		{ "case", ALICE, "sshd", "Alice", E_USER_MISMATCH },
		{ "prefix", ALICE, "sshd", "alic", E_USER_MISMATCH },
		{ "longer", ALICE, "sshd", "alice2", E_USER_MISMATCH },
		{ "empty", ALICE, "sshd", "", E_USER_MISMATCH },
		{ "junk", ALICE, "sshd", "\b\n\r\177INCORRECT",
		    E_USER_MISMATCH },
		{ "no user in it", OPEN A "}", "sshd", "alice",
		    E_CLAIM_MISSING },
		{ "user of no form", OPEN A ",\"sub\":\"a b\"}", "sshd", "a b",
		    E_USER_INVALID },
		{ "user denied to this issuer", OPEN A ",\"sub\":\"b-1\"}",
		    "sshd", "b-1", E_USER_INVALID },
	};

	(void)state;
	run(rows, COUNT_OF(rows), GATE_TOKEN);
}

static void
test_services(void **state)
{
	static const struct row rows[] = {
		{ "named", ALICE, "sshd", "alice", 0 },
		{ "not named", ALICE, "login", "alice", E_CONFIG_INVALID },
		{ "case", ALICE, "SSHD", "alice", E_CONFIG_INVALID },
		{ "empty", ALICE, "", "alice", E_CONFIG_INVALID },
		{ "star is no name", ALICE, "*", "alice", E_CONFIG_INVALID },
	};
	static const char star[] =
	    "{\"common\":{\"issuers\":[{\"issuer\":\"https://a.example\","
	    "\"keys_file\":\"@/es.jwk\",\"algorithms\":[\"ES256\"],"
	    "\"audience\":[\"ssh\"]}]},"
	    "\"services\":{\"*\":{\"require\":\"token_only\"}}}";
	static const struct row any[] = {
		{ "any service", ALICE, "login", "alice", 0 },
	};
	struct gate_request request = {
		.checks = GATE_ROLES, .service = "a\nb", .user = "alice"
	};
	struct gate_outcome out;

	(void)state;
	run(rows, COUNT_OF(rows), GATE_TOKEN);
	run(rows, COUNT_OF(rows), GATE_TOKEN | GATE_ROLES);
	assert_int_equal(decide(&request, &out), E_CONFIG_INVALID);
	assert_non_null(strstr(out.text, "names no part for the service"));
	assert_null(strchr(out.text, '\n'));
	lab_configure(&lab, star);
	run(any, COUNT_OF(any), GATE_TOKEN | GATE_ROLES);
	lab_configure(&lab, config);
}

static void
test_standing(void **state)
{
	static const struct row rows[] = {
		{ "one-time", ALICE, "once", "alice", E_TOKEN_REPLAYED },
		{ "bound, but not asked", ALICE, "sshd", "alice", 0 },
		{ "bound asked for", ALICE, "bound", "alice",
		    E_POSSESSION_MISSING },
		{ "bound token",
		    OPEN A ",\"sub\":\"alice\",\"cnf\":{\"jkt\":\"x\"}}",
		    "sshd", "alice", E_POSSESSION_MISSING },
		{ "bound to nothing", OPEN A ",\"sub\":\"alice\",\"cnf\":null}",
		    "sshd", "alice", E_POSSESSION_MISSING },
		{ "bound token, common policy",
		    OPEN A ",\"sub\":\"alice\",\"cnf\":{}}", NULL, "alice",
		    E_POSSESSION_MISSING },
		{ "revocations", ALICE, "revoking", "alice",
		    E_KEYS_UNAVAILABLE },
		{ "fraudd away, deny", ALICE, "throttled", "alice",
		    E_THROTTLED },
		{ "fraudd away, allow", ALICE, "unthrottled", "alice", 0 },
		{ "max_age",
		    OPEN A ",\"sub\":\"alice\","
			   "\"auth_time\":1699999100}",
		    "old", "alice", 0 },
		{ "max_age, too old",
		    OPEN A ",\"sub\":\"alice\",\"auth_time\":1699999099}",
		    "old", "alice", E_TOKEN_TOO_OLD },
		{ "the same elsewhere",
		    OPEN A ",\"sub\":\"alice\",\"auth_time\":1699999099}",
		    "sshd", "alice", 0 },
		{ "max_age, unknown", ALICE, "old", "alice", E_CLAIM_MISSING },
	};

	(void)state;
	run(rows, COUNT_OF(rows), GATE_TOKEN);
	run(rows, COUNT_OF(rows), GATE_TOKEN | GATE_ROLES);
}

#define ROLES(list) OPEN A ",\"sub\":\"alice\",\"roles\":[" list "]}"

static void
test_token_roles(void **state)
{
	static const struct row rows[] = {
		{ "no service, no role check", ROLES(""), NULL, "alice", 0 },
		{ "any", ROLES("\"role1\""), "any", "alice", 0 },
		{ "any, the other", ROLES("\"x\",\"role2\""), "any", "alice",
		    0 },
		{ "any, none", ROLES(""), "any", "alice", E_ROLE_MISSING },
		{ "any, another", ROLES("\"role3\""), "any", "alice",
		    E_ROLE_MISSING },
		{ "any, in one string", ROLES("\"role1 role2\""), "any",
		    "alice", E_ROLE_MISSING },
		{ "all", ROLES("\"role2\",\"role1\""), "all", "alice", 0 },
		{ "all, one", ROLES("\"role1\""), "all", "alice",
		    E_ROLE_MISSING },
		{ "all, the other", ROLES("\"role2\""), "all", "alice",
		    E_ROLE_MISSING },
		{ "directory", ROLES("\"role1\""), "directory", "alice",
		    E_DIRECTORY_UNAVAILABLE },
		{ "both", ROLES("\"role1\""), "twice", "alice",
		    E_DIRECTORY_UNAVAILABLE },
		{ "both, not even the token", ROLES(""), "twice", "alice",
		    E_ROLE_MISSING },
		{ "token only", ROLES(""), "sshd", "alice", 0 },
		{ "a member is no role here",
		    OPEN A ",\"sub\":\"alice\",\"role1\":true}", "any", "alice",
		    E_ROLE_MISSING },
		{ "the token comes first", ROLES(""), "any", "bob",
		    E_USER_MISMATCH },
	};
	struct gate_outcome out;
	char *token;

	(void)state;
	run(rows, COUNT_OF(rows), GATE_TOKEN | GATE_ROLES);
	token = token_make(
	    &lab.es, JWA_ES256, "{\"alg\":\"ES256\"}", rows[6].payload);
	assert_int_equal(
	    ask(&rows[6], GATE_TOKEN | GATE_ROLES, token, &out), 0);
	assert_string_equal(out.roles, "role1 role2");
	assert_string_equal(out.token_roles, "role1 role2");
	assert_false(out.token_roles_apply);
	free(token);
}

/* acct: what the auth phase of this transaction found, or nothing. */
static void
test_later(void **state)
{
	const struct row auth = { "", ROLES("\"role1\""), "any", "alice", 0 };
	struct gate_request request = {
		.checks = GATE_ROLES, .service = "any", .user = "alice"
	};
	struct gate_outcome token_out, other, out;
	char *token;

	(void)state;
	assert_int_equal(decide(&request, &out), E_ROLE_MISSING);
	assert_string_equal(out.message, "Ask the desk.");
	token = token_make(
	    &lab.es, JWA_ES256, "{\"alg\":\"ES256\"}", auth.payload);
	assert_int_equal(ask(&auth, GATE_TOKEN, token, &token_out), 0);
	free(token);
	request.authenticated = &token_out;
	assert_int_equal(decide(&request, &out), 0);
	assert_string_equal(out.roles, "role1");
	assert_string_equal(out.user, "alice");
	assert_int_equal(out.expires, 0);
	assert_int_equal(out.auth_time, -1);

	request.service = "all";
	assert_int_equal(decide(&request, &out), E_ROLE_MISSING);
	request.service = "directory";
	assert_int_equal(decide(&request, &out), E_DIRECTORY_UNAVAILABLE);
	request.service = "sshd";
	assert_int_equal(decide(&request, &out), 0);
	request.authenticated = NULL; /* a public key: no role asked for */
	assert_int_equal(decide(&request, &out), 0);

	request.service = "any";
	other = token_out;
	other.verdict = GATE_DENY;
	request.authenticated = &other;
	assert_int_equal(decide(&request, &out), E_ROLE_MISSING);
	other = token_out;
	other.reason = E_TOKEN_EXPIRED;
	assert_int_equal(decide(&request, &out), E_ROLE_MISSING);
	other = token_out;
	other.checks = GATE_ROLES;
	assert_int_equal(decide(&request, &out), E_ROLE_MISSING);
	other = token_out;
	request.user = "bob";
	assert_int_equal(decide(&request, &out), E_ROLE_MISSING);
	request.user = "alice";
	assert_int_equal(decide(&request, &out), 0);
	/* as long as any clock skew would have taken the token, no longer */
	other.expires = NOW - CONFIG_SKEW_MAX + 1;
	assert_int_equal(decide(&request, &out), 0);
	other.expires--;
	assert_int_equal(decide(&request, &out), E_ROLE_MISSING);
}

static void
test_later_user(void **state)
{
	static const struct {
		const char *why, *user;
		int want;
	} rows[] = {
		{ "a name", "alice", 0 },
		{ "any form: the host knows it", "alice@example.org", 0 },
		{ "none", NULL, E_USER_INVALID },
		{ "empty", "", E_USER_INVALID },
		{ "junk", "\b\n\r\177INCORRECT", E_USER_INVALID },
		{ "DEL alone", "alice\177", E_USER_INVALID },
		{ "root", "root", E_USER_INVALID },
	};
	struct gate_request request = { .checks = GATE_ROLES,
		.service = "sshd" };
	struct gate_outcome out;
	char longest[CLAIMS_USER_MAX + 2];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		request.user = rows[i].user;
		if (decide(&request, &out) != rows[i].want)
			fail_msg("%s: %s", rows[i].why, err_name(out.reason));
	}
	memset(longest, 'a', sizeof(longest));
	longest[CLAIMS_USER_MAX + 1] = '\0';
	request.user = longest;
	assert_int_equal(decide(&request, &out), E_USER_INVALID);
	longest[CLAIMS_USER_MAX] = '\0';
	assert_int_equal(decide(&request, &out), 0);
}

static void
test_root(void **state)
{
	static const struct {
		const char *why, *service, *user;
		bool has_uid;
		uid_t uid;
		int want;
	} rows[] = {
		{ "uid not known", "sshd", "alice", false, 0, 0 },
		{ "1000", "sshd", "alice", true, 1000, 0 },
		{ "999", "sshd", "alice", true, 999, E_USER_INVALID },
		{ "999 elsewhere", "low", "alice", true, 999, 0 },
		{ "499 there", "low", "alice", true, 499, E_USER_INVALID },
		{ "uid 0 of another name", "sshd", "alice", true, 0,
		    E_USER_INVALID },
		{ "uid 0 where 500 is enough", "low", "alice", true, 0,
		    E_USER_INVALID },
		{ "uid 0 where 0 is enough", "lowest", "alice", true, 0,
		    E_USER_INVALID },
		{ "uid 1 there", "lowest", "alice", true, 1, 0 },
		{ "uid 0 with allow_root", "root", "alice", true, 0, 0 },
		{ "root", "sshd", "root", false, 0, E_USER_INVALID },
		{ "root of another uid", "sshd", "root", true, 1000,
		    E_USER_INVALID },
		{ "root with allow_root", "root", "root", true, 0, 0 },
		{ "largest uid", "sshd", "alice", true, (uid_t)-2, 0 },
		{ "no service asks nothing", NULL, "root", true, 0, 0 },
	};
	struct gate_request request = { 0 };
	struct gate_outcome out;
	char *alice, *root;
	size_t i;
	int r;

	(void)state;
	alice = token_make(&lab.es, JWA_ES256, "{\"alg\":\"ES256\"}", ALICE);
	root = token_make(&lab.es, JWA_ES256, "{\"alg\":\"ES256\"}", ROOT);
	for (i = 0; i < COUNT_OF(rows); i++) {
		request = (struct gate_request){
			.checks = GATE_TOKEN | GATE_ROLES,
			.service = rows[i].service,
			.user = rows[i].user,
			.has_uid = rows[i].has_uid,
			.uid = rows[i].uid,
		};
		request.token = strcmp(rows[i].user, "root") == 0 ? root :
								    alice;
		request.token_len = strlen(request.token);
		r = decide(&request, &out);
		if (r != rows[i].want)
			fail_msg("%s: %s", rows[i].why, err_name(r));
		request.checks = GATE_TOKEN;
		assert_int_equal(decide(&request, &out), rows[i].want);
		request.checks = GATE_ROLES;
		if (rows[i].service != NULL)
			assert_int_equal(decide(&request, &out), rows[i].want);
	}
	/* without a name of the host's, the token's own is asked about */
	request = (struct gate_request){ .checks = GATE_TOKEN,
		.token = root,
		.token_len = strlen(root),
		.service = "sshd" };
	assert_int_equal(decide(&request, &out), E_USER_INVALID);
	free(alice);
	free(root);
}

static void
test_request(void **state)
{
	struct gate_request request = { 0 };
	struct gate_outcome out = { 0 };

	(void)state;
	assert_int_equal(out.verdict, GATE_DENY);
	assert_int_equal(decide(&request, &out), E_CONFIG_INVALID);
	request.service = "sshd";
	request.user = "alice";
	assert_int_equal(decide(&request, &out), E_CONFIG_INVALID);
	request.checks = 4;
	assert_int_equal(decide(&request, &out), E_CONFIG_INVALID);
	request.checks = GATE_ROLES | 4;
	assert_int_equal(decide(&request, &out), E_CONFIG_INVALID);
	request.checks = GATE_ROLES;
	assert_int_equal(decide(&request, &out), 0);
	request.service = NULL; /* roles of what? */
	assert_int_equal(decide(&request, &out), E_CONFIG_INVALID);
	request.checks = GATE_TOKEN;
	assert_int_equal(decide(&request, &out), E_TOKEN_MISSING);
	request.token = "x";
	assert_int_equal(decide(&request, &out), E_TOKEN_MISSING);
	request.token_len = 1;
	assert_int_equal(decide(&request, &out), E_TOKEN_MALFORMED);
}

static void
test_outcome(void **state)
{
	const struct row row = { "",
		OPEN A ",\"sub\":\"alice\",\"jti\":\"a\\nb\","
		       "\"auth_time\":1699999000}",
		"any", "alice", 0 };
	struct gate_outcome out;
	char *token;

	(void)state;
	token = token_make(&lab.es, JWA_ES256,
	    "{\"alg\":\"ES256\",\"kid\":\"es\"}", row.payload);
	assert_int_equal(ask(&row, GATE_TOKEN, token, &out), 0);
	assert_string_equal(out.user, "alice");
	assert_string_equal(out.issuer, "https://a.example");
	assert_string_equal(out.kid, "es");
	assert_string_equal(out.jti, "a\\x0ab");
	assert_int_equal(out.expires, 1700000600);
	assert_int_equal(out.auth_time, 1699999000);
	/* the same, refused: the log learns who, the peer only a sentence */
	assert_int_equal(
	    ask(&row, GATE_TOKEN | GATE_ROLES, token, &out), E_ROLE_MISSING);
	assert_string_equal(out.user, "alice");
	assert_string_equal(out.issuer, "https://a.example");
	assert_string_equal(out.message, "Ask the desk.");
	free(token);
	token = token_make(&lab.es, JWA_ES256, "{\"alg\":\"ES256\"}",
	    OPEN A ",\"sub\":\"alice\",\"exp2\":1}x");
	assert_int_equal(ask(&row, GATE_TOKEN, token, &out), E_TOKEN_MALFORMED);
	assert_string_equal(out.message, "Authentication failed.");
	assert_string_equal(out.user, "");
	assert_string_equal(out.issuer, "");
	free(token);
}

/* What slapd knows of a user's groups is a list of names and nothing else. */
static void
test_groups_of_the_host(void **state)
{
	static const char *const admins[] = { "CN=1" },
				 *const nearly[] = { "cn=11", "cn=1,dc=x", "1",
					 "", NULL, "cn=1+cn=2", "cn=" };
	static const struct {
		const char *why;
		const char *service;
		const char *const *groups;
		size_t count;
		int want;
	} rows[] = {
		{ "in the group", "directory", admins, 1, 0 },
		{ "in no group", "directory", NULL, 0, E_ROLE_MISSING },
		{ "names that are nearly it", "directory", nearly,
		    COUNT_OF(nearly), E_ROLE_MISSING },
		{ "a token is asked for too", "twice", admins, 1,
		    E_ROLE_MISSING },
		{ "a token alone", "any", admins, 1, E_ROLE_MISSING },
		{ "a filter, and it is not settled", "filter", admins, 1,
		    E_DIRECTORY_UNAVAILABLE },
		{ "a filter, and it is", "either", admins, 1, 0 },
		{ "a filter, and it is not", "either", NULL, 0,
		    E_DIRECTORY_UNAVAILABLE },
	};
	struct gate_outcome out;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct gate_request request = {
			.checks = GATE_ROLES,
			.service = rows[i].service,
			.user = "alice",
			.groups_from_host = true,
			.groups = rows[i].groups,
			.group_count = rows[i].count,
		};

		if (decide(&request, &out) != rows[i].want)
			fail_msg("%s: %s", rows[i].why, out.text);
		assert_string_equal(
		    out.roles, rows[i].want == 0 ? "role1" : "");
		request.groups_from_host = false;
		assert_int_not_equal(decide(&request, &out), 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_user),
		cmocka_unit_test(test_services),
		cmocka_unit_test(test_standing),
		cmocka_unit_test(test_token_roles),
		cmocka_unit_test(test_later),
		cmocka_unit_test(test_later_user),
		cmocka_unit_test(test_root),
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_outcome),
		cmocka_unit_test(test_groups_of_the_host),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
