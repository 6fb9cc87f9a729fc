/*
 * mint: what is minted passes the gate of the same configuration, and what
 * would not is not minted.
 */

#include "testtoken.h"

#include "b64url.h"
#include "config.h"
#include "err.h"
#include "json.h"
#include "jws.h"
#include "keyring.h"
#include "mem.h"
#include "mint.h"

#define NOW 1700000000
#define SECRET "0123456789abcdef0123456789abcdef"
#define OWN(members) \
	"{\"common\":{\"authentication\":{\"jwtsecret\":\"" SECRET \
	"\"" members "}}}"

static struct lab lab;
static struct keyring *keys;

static int
setup(void **state)
{
	(void)state;
	lab_open(&lab);
	return keyring_new(&keys);
}

static int
teardown(void **state)
{
	(void)state;
	keyring_free(&keys);
	lab_close(&lab);
	return 0;
}

/* A new configuration needs a new keyring: it knows issuers by address. */
static const struct config_issuer *
own_of(const char *config)
{
	keyring_free(&keys);
	assert_int_equal(keyring_new(&keys), 0);
	lab_configure(&lab, config);
	return config_own(config_policy(gate_config(lab.gate), NULL));
}

static int
ask(const char *token, int64_t now, struct gate_outcome *out)
{
	const struct gate_request request = {
		.checks = GATE_TOKEN, .token = token, .token_len = strlen(token)
	};

	return gate_decide(lab.gate, &request, now, out);
}

/* The claims of a token; json_free() them. */
static struct json *
claims_of(const char *token)
{
	static struct jws jws;
	static uint8_t payload[JWS_MAX_LEN];
	struct json *j = NULL;
	size_t n;

	assert_int_equal(jws_parse(token, strlen(token), &jws, NULL), 0);
	assert_string_equal(jws.typ, "JWT");
	assert_int_equal(jws_payload(&jws, payload, &n, NULL), 0);
	assert_int_equal(
	    json_parse((const char *)payload, n, false, &j, NULL), 0);
	return j;
}

static struct json *
parse(const char *text)
{
	struct json *j = NULL;

	assert_int_equal(json_parse(text, strlen(text), false, &j, NULL), 0);
	return j;
}

static void
is_string(const struct json *j, const char *name, const char *want)
{
	const char *s = json_string(json_member(j, name), NULL);

	if (want == NULL) {
		assert_null(json_member(j, name));
		return;
	}
	assert_non_null(s);
	assert_string_equal(s, want);
}

static void
test_first_form(void **state)
{
	struct mint_request request = { .user = "alice" };
	const struct config_issuer *own;
	struct gate_outcome out;
	char *one = NULL, *two = NULL;
	struct json *j, *k;

	(void)state;
	own = own_of(OWN(",\"jwtexpireoffset\":600"));
	assert_int_equal(mint_token(keys, own, &request, NOW, &one, NULL), 0);
	j = claims_of(one);
	assert_int_equal(json_count(j), 5);
	is_string(j, "user", "alice");
	is_string(j, "sub", "alice");
	is_string(j, "iss", NULL);
	is_string(j, "aud", NULL);
	assert_int_equal(json_integer(json_member(j, "iat")), NOW);
	assert_int_equal(json_integer(json_member(j, "exp")), NOW + 600);
	assert_int_equal(strlen(json_string(json_member(j, "jti"), NULL)), 22);
	assert_int_equal(ask(one, NOW, &out), 0);
	assert_string_equal(out.user, "alice");
	assert_int_equal(out.expires, NOW + 600);
	assert_int_equal(ask(one, NOW + 630, &out), E_TOKEN_EXPIRED);

	assert_int_equal(mint_token(keys, own, &request, NOW, &two, NULL), 0);
	k = claims_of(two);
	assert_string_not_equal(json_string(json_member(j, "jti"), NULL),
	    json_string(json_member(k, "jti"), NULL));
	json_free(&j);
	json_free(&k);
	mem_free_str(&one);
	mem_free_str(&two);
}

static void
test_named(void **state)
{
	static const char config[] =
	    "{\"common\":{\"authentication\":{"
	    "\"jwtsigningkey_file\":\"@/sign.jwk\",\"jwtalgorithm\":\"ES256\","
	    "\"issuer\":\"https://own.example\",\"audience\":[%s]}}}";
	struct mint_request request = { .user = "alice", .ttl = 60 };
	const struct config_issuer *own;
	struct gate_outcome out;
	char text[1024], *token = NULL;
	struct json *j;

	(void)state;
	lab_write_key(&lab, "sign.jwk", &lab.es, true);
	snprintf(text, sizeof(text), config, "\"ssh\"");
	own = own_of(text);
	assert_int_equal(mint_token(keys, own, &request, NOW, &token, NULL), 0);
	j = claims_of(token);
	is_string(j, "iss", "https://own.example");
	is_string(j, "aud", "ssh");
	assert_int_equal(json_integer(json_member(j, "exp")), NOW + 60);
	assert_int_equal(ask(token, NOW, &out), 0);
	assert_string_equal(out.kid, "es");
	json_free(&j);
	mem_free_str(&token);

	snprintf(text, sizeof(text), config, "\"ssh\",\"mail\"");
	own = own_of(text);
	assert_int_equal(mint_token(keys, own, &request, NOW, &token, NULL), 0);
	j = claims_of(token);
	assert_int_equal(json_count(json_member(j, "aud")), 2);
	assert_int_equal(ask(token, NOW, &out), 0);
	json_free(&j);
	mem_free_str(&token);
}

static void
test_default_algorithm(void **state)
{
	static const char config[] = "{\"common\":{\"authentication\":{"
				     "\"jwtsigningkey_file\":\"@/sign.jwk\"}}}";
	struct mint_request request = { .user = "alice" };
	const struct config_issuer *own;
	struct gate_outcome out;
	char *token = NULL;

	(void)state;
	lab_write_key(&lab, "sign.jwk", &lab.ed, true);
	own = own_of(config);
	assert_int_equal(mint_token(keys, own, &request, NOW, &token, NULL), 0);
	assert_int_equal(ask(token, NOW, &out), 0);
	mem_free_str(&token);
	/* a public key verifies and cannot sign */
	lab_write_key(&lab, "sign.jwk", &lab.ed, false);
	own = own_of(config);
	assert_int_equal(mint_token(keys, own, &request, NOW, &token, NULL),
	    E_KEYS_UNAVAILABLE);
	assert_null(token);
}

static void
test_claims(void **state)
{
	static const struct {
		const char *why, *claims;
		int want;
	} rows[] = {
		{ "none", "{}", 0 },
		{ "roles", "{\"role1\":true,\"role2\":true}", 0 },
		{ "any kind", "{\"x\":[1,{\"y\":null}],\"z\":1.5}", 0 },
		{ "no object", "[]", E_CONFIG_INVALID },
		{ "user", "{\"user\":\"root\"}", E_CONFIG_INVALID },
		{ "sub", "{\"sub\":\"root\"}", E_CONFIG_INVALID },
		{ "iss", "{\"x\":1,\"iss\":\"x\"}", E_CONFIG_INVALID },
		{ "iat", "{\"iat\":1}", E_CONFIG_INVALID },
		{ "exp", "{\"exp\":1}", E_CONFIG_INVALID },
		{ "jti", "{\"jti\":\"x\"}", E_CONFIG_INVALID },
		{ "jti in another spelling", "{\"\\u006ati\":\"x\"}",
		    E_CONFIG_INVALID },
		{ "aud, which the issuer does not have", "{\"aud\":\"x\"}", 0 },
		{ "deeper than the gate reads",
		    "{\"x\":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}", E_RANGE },
	};
	struct mint_request request = { .user = "alice" };
	const struct config_issuer *own;
	struct gate_outcome out;
	struct json *j;
	char *token;
	size_t i;
	int r;

	(void)state;
	own = own_of(OWN(""));
	for (i = 0; i < COUNT_OF(rows); i++) {
		token = NULL;
		j = parse(rows[i].claims);
		request.claims = j;
		r = mint_token(keys, own, &request, NOW, &token, NULL);
		if (r != rows[i].want)
			fail_msg("%s: %s", rows[i].why, err_name(r));
		assert_true((r == 0) == (token != NULL));
		if (r == 0)
			assert_int_equal(ask(token, NOW, &out), 0);
		mem_free_str(&token);
		json_free(&j);
	}
	own = own_of(OWN(",\"audience\":[\"ssh\"]"));
	j = parse("{\"aud\":\"x\"}");
	request.claims = j;
	assert_int_equal(mint_token(keys, own, &request, NOW, &token, NULL),
	    E_CONFIG_INVALID);
	json_free(&j);
}

static void
test_limits(void **state)
{
	static const struct {
		const char *why, *user;
		int64_t ttl, now;
		int want;
	} rows[] = {
		{ "default", "alice", 0, NOW, 0 },
		{ "one second", "alice", 1, NOW, 0 },
		{ "longest", "alice", 86400, NOW, 0 },
		{ "longer", "alice", 86401, NOW, E_RANGE },
		{ "negative", "alice", -1, NOW, E_RANGE },
		{ "least", "alice", INT64_MIN, NOW, E_RANGE },
		{ "most", "alice", INT64_MAX, NOW, E_RANGE },
		{ "before 1970", "alice", 60, -1, E_RANGE },
		{ "1970", "alice", 60, 0, 0 },
		{ "last second", "alice", 60, 9007199254740931, 0 },
		{ "exp is 2^53", "alice", 60, 9007199254740932, E_RANGE },
		{ "end of time", "alice", 60, INT64_MAX, E_RANGE },
		{ "no user", NULL, 60, NOW, E_USER_INVALID },
		{ "empty user", "", 60, NOW, E_USER_INVALID },
		{ "user of no form", "a b", 60, NOW, E_USER_INVALID },
		{ "user denied", "root", 60, NOW, E_USER_INVALID },
	};
	struct mint_request request = { .user = "alice" };
	const struct config_issuer *own;
	struct gate_outcome out;
	char *token;
	size_t i;
	int r;

	(void)state;
	own = own_of(OWN(",\"users\":{\"allow\":[\"*\"],\"deny\":[\"root\"]}"));
	for (i = 0; i < COUNT_OF(rows); i++) {
		token = NULL;
		request.user = rows[i].user;
		request.ttl = rows[i].ttl;
		r = mint_token(keys, own, &request, rows[i].now, &token, NULL);
		if (r != rows[i].want)
			fail_msg("%s: %s", rows[i].why, err_name(r));
		assert_true((r == 0) == (token != NULL));
		if (r == 0)
			assert_int_equal(ask(token, rows[i].now, &out), 0);
		mem_free_str(&token);
	}
	assert_int_equal(mint_token(keys, NULL, &request, NOW, &token, NULL),
	    E_KEYS_UNAVAILABLE);
}

static void
test_max_bytes(void **state)
{
	struct mint_request request = { .user = "alice" };
	const struct config_issuer *own;
	struct json *j = NULL;
	static char filler[16384];
	char *token = NULL;
	size_t n;

	(void)state;
	own = own_of(OWN(""));
	assert_int_equal(mint_token(keys, own, &request, NOW, &token, NULL), 0);
	n = strlen(token);
	mem_free_str(&token);
	request.max_bytes = n;
	assert_int_equal(mint_token(keys, own, &request, NOW, &token, NULL), 0);
	mem_free_str(&token);
	request.max_bytes = n - 1;
	assert_int_equal(
	    mint_token(keys, own, &request, NOW, &token, NULL), E_RANGE);
	assert_null(token);
	/* no asking makes a token that the gate would not read */
	memset(filler, 'x', sizeof(filler) - 1);
	assert_int_equal(json_make_object(&j), 0);
	assert_int_equal(json_put_string(j, "x", filler), 0);
	request.claims = j;
	request.max_bytes = 1 << 20;
	assert_int_equal(
	    mint_token(keys, own, &request, NOW, &token, NULL), E_RANGE);
	filler[12200] = '\0';
	assert_int_equal(json_put_string(j, "x", filler), 0);
	assert_int_equal(
	    mint_token(keys, own, &request, NOW, &token, NULL), E_RANGE);
	filler[12000] = '\0';
	assert_int_equal(json_put_string(j, "x", filler), 0);
	assert_int_equal(mint_token(keys, own, &request, NOW, &token, NULL), 0);
	mem_free_str(&token);
	json_free(&j);
}

static void
mint_once(void *arg)
{
	const struct config_issuer *own = arg;
	struct json *j = NULL;
	struct mint_request request = { .user = "alice" };
	struct keyring *fresh = NULL;
	struct gate_outcome out;
	struct err e = { 0 };
	char *token = NULL;
	int r;

	if (keyring_new(&fresh) != 0)
		return;
	if (json_make_object(&j) == 0 && json_put_bool(j, "role1", true) == 0) {
		request.claims = j;
		r = mint_token(fresh, own, &request, NOW, &token, &e);
		assert_int_equal(e.code, r);
		assert_true((r == 0) == (token != NULL));
		if (r != 0)
			assert_true(alloc_failed());
		if (r != 0)
			assert_int_equal(err_class(r), ERR_CLASS_UNAVAILABLE);
		alloc_fail_off();
		if (r == 0)
			assert_int_equal(ask(token, NOW, &out), 0);
		mem_free_str(&token);
	}
	json_free(&j);
	keyring_free(&fresh);
}

static void
test_alloc(void **state)
{
	const struct config_issuer *own = own_of(OWN(""));
	union {
		const void *in;
		void *out;
	} arg = { own };
	unsigned long calls;

	(void)state;
	calls = for_each_alloc_failure(mint_once, arg.out);
	if (alloc_fail_works())
		assert_true(calls > 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_form),
		cmocka_unit_test(test_named),
		cmocka_unit_test(test_default_algorithm),
		cmocka_unit_test(test_claims),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_max_bytes),
		cmocka_unit_test(test_alloc),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
