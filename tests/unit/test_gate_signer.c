/*
 * gate, whose token is it: issuers that share a key, that have none yet,
 * that have too many, and the first users' form, which names no issuer.
 */

#include "testtoken.h"

#include "config.h"
#include "err.h"

#define NOW 1700000000
#define OPEN "{\"iat\":1699999900,\"exp\":1700000600,"

static struct lab lab;

static int
setup(void **state)
{
	(void)state;
	lab_open(&lab);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	lab_close(&lab);
	return 0;
}

/* Asks with and without roles where there is a service; the first answer. */
static int
ask(const char *token, const char *service, struct gate_outcome *out)
{
	const struct gate_request request = {
		.checks = service != NULL ? GATE_TOKEN | GATE_ROLES :
					    GATE_TOKEN,
		.token = token,
		.token_len = strlen(token),
		.service = service,
	};
	int r = gate_decide(lab.gate, &request, NOW, out);

	assert_true((r == 0) == (out->verdict == GATE_ALLOW));
	assert_true(r == 0 || !out->token_roles_apply);
	return r;
}

struct row {
	const char *why;
	const char *header;
	const char *payload;
	enum jwa_alg alg;
	const struct jwk *key;
	int want;
};

static void
run(const struct row *rows, size_t count)
{
	struct gate_outcome out;
	char *token;
	size_t i;
	int r;

	for (i = 0; i < count; i++) {
		token = token_make(
		    rows[i].key, rows[i].alg, rows[i].header, rows[i].payload);
		r = ask(token, NULL, &out);
		if (r != rows[i].want)
			fail_msg("%s: %s (%s), not %s", rows[i].why,
			    err_name(r), out.text, err_name(rows[i].want));
		free(token);
	}
}

#define ISSUER(name, key, alg) \
	"{\"issuer\":\"https://" name ".example\"," \
	"\"keys_file\":\"@/" key ".jwk\",\"algorithms\":[\"" alg "\"]," \
	"\"audience\":[\"ssh\"]}"
#define FROM(name) \
	OPEN "\"iss\":\"https://" name \
	     ".example\",\"aud\":\"ssh\",\"sub\":\"alice\"}"

static void
test_which_key(void **state)
{
	static const char config[] = "{\"common\":{\"issuers\":[" ISSUER(
	    "a", "es", "ES256") "," ISSUER("h", "hs", "HS256") "," ISSUER("e",
	    "ed", "EdDSA") "," ISSUER("c", "rs", "RS256") "]}}";
	struct jwk stranger = { 0 };
	const struct row rows[] = {
		{ "A's", "{\"alg\":\"ES256\",\"kid\":\"es\"}", FROM("a"),
		    JWA_ES256, &lab.es, 0 },
		{ "A's, no kid", "{\"alg\":\"ES256\"}", FROM("a"), JWA_ES256,
		    &lab.es, 0 },
		{ "H's", "{\"alg\":\"HS256\",\"kid\":\"hs\"}", FROM("h"),
		    JWA_HS256, &lab.hs, 0 },
		{ "E's", "{\"alg\":\"EdDSA\",\"kid\":\"ed\"}", FROM("e"),
		    JWA_EDDSA, &lab.ed, 0 },
		{ "C's", "{\"alg\":\"RS256\",\"kid\":\"rs\"}", FROM("c"),
		    JWA_RS256, &lab.rs, 0 },
		{ "H speaks for A", "{\"alg\":\"HS256\",\"kid\":\"hs\"}",
		    FROM("a"), JWA_HS256, &lab.hs, E_ISSUER_UNKNOWN },
		{ "A speaks for H", "{\"alg\":\"ES256\",\"kid\":\"es\"}",
		    FROM("h"), JWA_ES256, &lab.es, E_ISSUER_UNKNOWN },
		{ "nobody's name", "{\"alg\":\"ES256\"}", FROM("x"), JWA_ES256,
		    &lab.es, E_ISSUER_UNKNOWN },
		{ "no name", "{\"alg\":\"ES256\"}",
		    OPEN "\"aud\":\"ssh\",\"sub\":\"alice\"}", JWA_ES256,
		    &lab.es, E_ISSUER_UNKNOWN },
		{ "a name as an array", "{\"alg\":\"ES256\"}",
		    OPEN "\"iss\":[\"https://a.example\"],\"aud\":\"ssh\","
			 "\"sub\":\"alice\"}",
		    JWA_ES256, &lab.es, E_ISSUER_UNKNOWN },
		{ "another kid", "{\"alg\":\"ES256\",\"kid\":\"e2\"}",
		    FROM("a"), JWA_ES256, &lab.es, E_KEY_UNKNOWN },
		{ "kid of another issuer", "{\"alg\":\"ES256\",\"kid\":\"rs\"}",
		    FROM("a"), JWA_ES256, &lab.es, E_KEY_UNKNOWN },
		{ "a stranger's key", "{\"alg\":\"ES256\",\"kid\":\"es\"}",
		    FROM("a"), JWA_ES256, &stranger, E_SIGNATURE_INVALID },
		{ "an algorithm of nobody",
		    "{\"alg\":\"PS256\",\"kid\":\"rs\"}", FROM("c"), JWA_PS256,
		    &lab.rs, E_ALGORITHM_REFUSED },
		{ "a neighbour of it", "{\"alg\":\"RS384\",\"kid\":\"rs\"}",
		    FROM("c"), JWA_RS384, &lab.rs, E_ALGORITHM_REFUSED },
		{ "signed as PS256, said as RS256", "{\"alg\":\"RS256\"}",
		    FROM("c"), JWA_PS256, &lab.rs, E_SIGNATURE_INVALID },
		{ "signed as RS256, said as HS256", "{\"alg\":\"HS256\"}",
		    FROM("c"), JWA_RS256, &lab.rs, E_SIGNATURE_INVALID },
		{ "payload no JSON", "{\"alg\":\"ES256\"}", "alice", JWA_ES256,
		    &lab.es, E_TOKEN_MALFORMED },
		{ "payload empty", "{\"alg\":\"ES256\"}", "", JWA_ES256,
		    &lab.es, E_TOKEN_MALFORMED },
	};

	(void)state;
	assert_int_equal(jwk_generate(JWA_ES256, "es", &stranger, NULL), 0);
	lab_configure(&lab, config);
	run(rows, COUNT_OF(rows));
	run(rows, COUNT_OF(rows)); /* now every key is loaded */
	jwk_done(&stranger);
}

/* One key, two issuers: each may say only what it may say. */
static void
test_shared_key(void **state)
{
	static const char config[] =
	    "{\"common\":{\"issuers\":["
	    "{\"issuer\":\"https://a.example\",\"keys_file\":\"@/es.jwk\","
	    "\"algorithms\":[\"ES256\"],\"audience\":[\"ssh\"],"
	    "\"users\":{\"allow\":[\"alice\"]}},"
	    "{\"issuer\":\"https://b.example\",\"keys_file\":\"@/es.jwk\","
	    "\"algorithms\":[\"ES256\"],\"audience\":[\"mail\"],"
	    "\"users\":{\"allow\":[\"bob\"]}}]}}";
	static const char h[] = "{\"alg\":\"ES256\",\"kid\":\"es\"}";
#define SAYS(name, aud, sub) \
	OPEN "\"iss\":\"https://" name ".example\",\"aud\":\"" aud \
	     "\",\"sub\":\"" sub "\"}"
	const struct row rows[] = {
		{ "A on alice", h, SAYS("a", "ssh", "alice"), JWA_ES256,
		    &lab.es, 0 },
		{ "B on bob", h, SAYS("b", "mail", "bob"), JWA_ES256, &lab.es,
		    0 },
		{ "A on bob", h, SAYS("a", "ssh", "bob"), JWA_ES256, &lab.es,
		    E_USER_INVALID },
		{ "B on alice", h, SAYS("b", "mail", "alice"), JWA_ES256,
		    &lab.es, E_USER_INVALID },
		{ "A for B's audience", h, SAYS("a", "mail", "alice"),
		    JWA_ES256, &lab.es, E_AUDIENCE_WRONG },
		{ "B for A's audience", h, SAYS("b", "ssh", "bob"), JWA_ES256,
		    &lab.es, E_AUDIENCE_WRONG },
	};

	(void)state;
	lab_configure(&lab, config);
	run(rows, COUNT_OF(rows));
}

static void
test_keys_missing(void **state)
{
	static const char config[] = "{\"common\":{\"issuers\":[" ISSUER(
	    "a", "es", "ES256") "," ISSUER("gone", "gone",
	    "ES256") "," ISSUER("lost", "lost", "RS512") "]}}";
	static const char broken[] = "{\"kty\":\"EC\"}";
	struct jwk stranger = { 0 };
	char path[TEST_PATH_MAX];
	const struct row rows[] = {
		{ "A's key is there", "{\"alg\":\"ES256\"}", FROM("a"),
		    JWA_ES256, &lab.es, 0 },
		{ "A's key, GONE's name", "{\"alg\":\"ES256\"}", FROM("gone"),
		    JWA_ES256, &lab.es, E_ISSUER_UNKNOWN },
		{ "perhaps it was GONE's", "{\"alg\":\"ES256\"}", FROM("gone"),
		    JWA_ES256, &stranger, E_KEYS_UNAVAILABLE },
		{ "a kid that may be GONE's",
		    "{\"alg\":\"ES256\",\"kid\":\"g\"}", FROM("gone"),
		    JWA_ES256, &stranger, E_KEYS_UNAVAILABLE },
		{ "A's kid: it was a forgery",
		    "{\"alg\":\"ES256\",\"kid\":\"es\"}", FROM("a"), JWA_ES256,
		    &stranger, E_SIGNATURE_INVALID },
		{ "nothing to try", "{\"alg\":\"RS512\"}", FROM("lost"),
		    JWA_RS512, &lab.rs, E_KEYS_UNAVAILABLE },
	};

	(void)state;
	assert_int_equal(jwk_generate(JWA_ES256, "g", &stranger, NULL), 0);
	lab_configure(&lab, config);
	run(rows, COUNT_OF(rows));
	test_write(path, lab.dir, "gone.jwk", 0600, broken, sizeof(broken) - 1);
	run(rows, COUNT_OF(rows));
	/* once it is there it is used, without a restart */
	lab_write_key(&lab, "gone.jwk", &stranger, false);
	lab_configure(&lab, config);
	run(rows, 2);
	assert_int_equal(remove(path), 0);
	jwk_done(&stranger);
}

#define FOURS \
	"{\"common\":{\"issuers\":[" ISSUER("x", "four", "HS256") "," ISSUER( \
	    "y", "four", "HS256") "," ISSUER("z", "four", "HS256")

/* HS256 secrets, cheap enough to have many of: 2 sets of 4 and one of 5. */
static void
test_many_keys(void **state)
{
	static const char config[] = "{\"common\":{\"issuers\":[" ISSUER(
	    "five", "five", "HS256") "," ISSUER("four", "four",
	    "HS256") "," ISSUER("alone", "hs", "HS256") "]}}";
	static const char five[] =
	    "{\"keys\":["
	    "{\"kty\":\"oct\",\"k\":\"MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw"
	    "MDAwMDE\"},"
	    "{\"kty\":\"oct\",\"k\":\"MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw"
	    "MDAwMDI\"},"
	    "{\"kty\":\"oct\",\"k\":\"MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw"
	    "MDAwMDM\"},"
	    "{\"kty\":\"oct\",\"k\":\"MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw"
	    "MDAwMDQ\"},"
	    "{\"kty\":\"oct\",\"kid\":\"5\",\"k\":\"MDAwMDAwMDAwMDAwMDAwMD"
	    "AwMDAwMDAwMDAwMDAwMDU\"}]}";
	char four[sizeof(five)], path[TEST_PATH_MAX];
	struct jwk_set set;
	struct row rows[] = {
		{ "the last of four", "{\"alg\":\"HS256\"}", FROM("four"),
		    JWA_HS256, NULL, 0 },
		{ "five fit: FIVE is not tried", "{\"alg\":\"HS256\"}",
		    FROM("five"), JWA_HS256, NULL, E_ISSUER_UNKNOWN },
		{ "a kid that four of FIVE's keys do not deny",
		    "{\"alg\":\"HS256\",\"kid\":\"6\"}", FROM("five"),
		    JWA_HS256, NULL, 0 },
		{ "the fifth, by name", "{\"alg\":\"HS256\",\"kid\":\"5\"}",
		    FROM("five"), JWA_HS256, NULL, E_SIGNATURE_INVALID },
		{ "an issuer behind them", "{\"alg\":\"HS256\"}", FROM("alone"),
		    JWA_HS256, &lab.hs, 0 },
	};

	(void)state;
	strcpy(four, five);
	strcpy(strrchr(four, ','), "]}"); /* before its "k" */
	strcpy(strrchr(four, ','), "]}"); /* before its kid */
	strcpy(strrchr(four, ','), "]}"); /* before the fifth */
	test_write(path, lab.dir, "five.jwk", 0600, five, strlen(five));
	test_write(path, lab.dir, "four.jwk", 0600, four, strlen(four));
	assert_int_equal(jwk_set_parse(five, strlen(five), &set, NULL), 0);
	assert_int_equal(set.count, 5);
	rows[0].key = rows[1].key = rows[2].key = &set.keys[3];
	rows[3].key = &set.keys[4];
	lab_configure(&lab, config);
	run(rows, COUNT_OF(rows));
	/* 12 and 3 tries before it, then 16: one more would be the 17th */
	strcpy(strrchr(four, ','), "]}"); /* before its "k" */
	strcpy(strrchr(four, ','), "]}"); /* before the fourth */
	test_write(path, lab.dir, "three.jwk", 0600, four, strlen(four));
	lab_configure(&lab,
	    FOURS "," ISSUER("w", "three", "HS256") "," ISSUER(
		"alone", "hs", "HS256") "]}}");
	run(rows + 4, 1);
	lab_configure(&lab,
	    FOURS "," ISSUER("w", "four", "HS256") "," ISSUER(
		"alone", "hs", "HS256") "]}}");
	rows[4].want = E_SIGNATURE_INVALID;
	run(rows + 4, 1);
	jwk_set_done(&set);
}

#define SECRET "0123456789abcdef0123456789abcdef"
#define FIRST \
	"{\"common\":{\"authentication\":{\"jwtsecret\":\"" SECRET "\"," \
	"\"jwtexpireoffset\":1800,\"jwtalgorithm\":\"HS256\"," \
	"\"authorize\":{\"role1\":\"cn=1\",\"role2\":\"cn=2\"}}"

static void
test_first_form(void **state)
{
	static const struct {
		const char *why, *members;
		int want;
	} rows[] = {
		{ "as they were", "\"user\":\"alice\",\"role1\":true", 0 },
		{ "the other role", "\"user\":\"alice\",\"role2\":true", 0 },
		{ "sub will do", "\"sub\":\"alice\",\"role1\":true", 0 },
		{ "user wins",
		    "\"user\":\"alice\",\"sub\":\"bob\","
		    "\"role1\":true",
		    0 },
		{ "iss and aud say nothing",
		    "\"iss\":\"x\",\"aud\":[1],\"user\":\"alice\","
		    "\"role1\":true",
		    0 },
		{ "no role", "\"user\":\"alice\"", E_ROLE_MISSING },
		{ "false", "\"user\":\"alice\",\"role1\":false",
		    E_ROLE_MISSING },
		{ "\"true\"", "\"user\":\"alice\",\"role1\":\"true\"",
		    E_ROLE_MISSING },
		{ "1", "\"user\":\"alice\",\"role1\":1", E_ROLE_MISSING },
		{ "\"role1\"", "\"user\":\"alice\",\"role1\":\"role1\"",
		    E_ROLE_MISSING },
		{ "a list", "\"user\":\"alice\",\"roles\":[\"role1\"]",
		    E_ROLE_MISSING },
		{ "a role of nobody", "\"user\":\"alice\",\"role3\":true",
		    E_ROLE_MISSING },
		{ "unauthorized is no role",
		    "\"user\":\"alice\",\"unauthorized\":true",
		    E_ROLE_MISSING },
		{ "user null decides",
		    "\"user\":null,\"sub\":\"alice\","
		    "\"role1\":true",
		    E_USER_INVALID },
		{ "nobody", "\"role1\":true", E_CLAIM_MISSING },
		{ "root", "\"user\":\"root\",\"role1\":true", E_USER_INVALID },
	};
	struct jwk_set set;
	struct gate_outcome out;
	char payload[256], *token;
	size_t i;
	int r;

	(void)state;
	lab_configure(&lab, FIRST "}}");
	assert_int_equal(
	    jwk_set_secret(SECRET, strlen(SECRET), JWA_HS256, &set, NULL), 0);
	for (i = 0; i < COUNT_OF(rows); i++) {
		snprintf(payload, sizeof(payload), OPEN "%s}", rows[i].members);
		token = token_make(&set.keys[0], JWA_HS256,
		    "{\"alg\":\"HS256\",\"typ\":\"JWT\"}", payload);
		r = ask(token, "anything", &out);
		if (r != rows[i].want)
			fail_msg("%s: %s", rows[i].why, err_name(r));
		free(token);
	}
	assert_string_equal(out.user, "root");
	assert_string_equal(out.message, "Authentication failed.");
	token = token_make(&set.keys[0], JWA_HS256, "{\"alg\":\"HS256\"}",
	    OPEN "\"user\":\"alice\",\"role2\":true}");
	assert_int_equal(ask(token, "anything", &out), 0);
	assert_true(out.token_roles_apply);
	assert_string_equal(out.roles, "role2");
	free(token);
	jwk_set_done(&set);
}

/* A name of ours in a token of the first form is that issuer's to give. */
static void
test_first_form_mixed(void **state)
{
	static const char config[] = FIRST ",\"issuers\":[" ISSUER(
	    "h", "own", "HS256") "," ISSUER("a", "es", "ES256") "]}}";
	static const char own[] =
	    "{\"kty\":\"oct\",\"k\":\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmN"
	    "kZWY\"}";
	char path[TEST_PATH_MAX];
	struct jwk_set set;
	struct row rows[] = {
		{ "no name: the first form", "{\"alg\":\"HS256\"}",
		    OPEN "\"user\":\"alice\"}", JWA_HS256, NULL, 0 },
		{ "H by name, the same secret", "{\"alg\":\"HS256\"}",
		    FROM("h"), JWA_HS256, NULL, 0 },
		{ "H by name, not for us", "{\"alg\":\"HS256\"}",
		    OPEN "\"iss\":\"https://h.example\",\"aud\":\"web\","
			 "\"user\":\"alice\"}",
		    JWA_HS256, NULL, E_AUDIENCE_WRONG },
		{ "A by name, with our secret", "{\"alg\":\"HS256\"}",
		    FROM("a"), JWA_HS256, NULL, E_ISSUER_UNKNOWN },
		{ "our form with A's key", "{\"alg\":\"ES256\"}",
		    OPEN "\"user\":\"alice\"}", JWA_ES256, &lab.es,
		    E_ISSUER_UNKNOWN },
	};
	size_t i;

	(void)state;
	test_write(path, lab.dir, "own.jwk", 0600, own, strlen(own));
	assert_int_equal(
	    jwk_set_secret(SECRET, strlen(SECRET), JWA_HS256, &set, NULL), 0);
	for (i = 0; i < 4; i++)
		rows[i].key = &set.keys[0];
	lab_configure(&lab, config);
	run(rows, COUNT_OF(rows));
	jwk_set_done(&set);
}

/* The own issuer with a signing key and no jwtalgorithm. */
static void
test_own_key(void **state)
{
	static const char config[] =
	    "{\"common\":{\"authentication\":{"
	    "\"jwtsigningkey_file\":\"@/sign.jwk\","
	    "\"issuer\":\"https://own.example\",\"audience\":[\"ssh\"]}}}";
	const struct row rows[] = {
		{ "its default", "{\"alg\":\"RS256\"}", FROM("own"), JWA_RS256,
		    &lab.rs, 0 },
		{ "another that the key could", "{\"alg\":\"PS256\"}",
		    FROM("own"), JWA_PS256, &lab.rs, E_ALGORITHM_REFUSED },
		{ "another that it could not", "{\"alg\":\"HS256\"}",
		    FROM("own"), JWA_HS256, &lab.hs, E_ALGORITHM_REFUSED },
		{ "another name", "{\"alg\":\"RS256\"}", FROM("a"), JWA_RS256,
		    &lab.rs, E_ISSUER_UNKNOWN },
	};
	struct gate_outcome out;
	struct jwk open = lab.rs; /* borrows: a key without alg */
	char *token;

	(void)state;
	open.alg = JWA_NONE;
	lab_write_key(&lab, "sign.jwk", &open, true);
	lab_configure(&lab, config);
	run(rows, COUNT_OF(rows));
	/* no role is named, so the token is enough for any service */
	token = token_make(
	    &lab.rs, JWA_RS256, "{\"alg\":\"RS256\"}", FROM("own"));
	assert_int_equal(ask(token, "anything", &out), 0);
	assert_string_equal(out.issuer, "https://own.example");
	free(token);
}

static void
test_config(void **state)
{
	struct gate *none = NULL;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(lab_try(&lab, "{", &e), E_CONFIG_INVALID);
	assert_null(lab.gate);
	assert_int_not_equal(e.text[0], '\0');
	assert_int_equal(gate_new("/nowhere/jwtgate.json", &none, NULL), E_IO);
	assert_null(none);
	gate_free(&none);
	lab_configure(&lab, "{}");
	assert_non_null(gate_config(lab.gate));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_which_key),
		cmocka_unit_test(test_shared_key),
		cmocka_unit_test(test_keys_missing),
		cmocka_unit_test(test_many_keys),
		cmocka_unit_test(test_first_form),
		cmocka_unit_test(test_first_form_mixed),
		cmocka_unit_test(test_own_key),
		cmocka_unit_test(test_config),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
