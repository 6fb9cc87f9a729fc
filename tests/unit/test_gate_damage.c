/*
 * gate, what breaks: a good token that is cut or has one bit turned over, an
 * allocation that fails at any point, a payload left behind in memory; and
 * the log line, into which strangers write.
 */

#include "testtoken.h"

#include <ucontext.h>

#include "config.h"
#include "err.h"

#define NOW 1700000000
#define PAYLOAD \
	"{\"iat\":1699999900,\"exp\":1700000600,\"aud\":\"ssh\"," \
	"\"iss\":\"https://" \
	"a.example\",\"sub\":\"alice\",\"roles\":[\"role1\"]}"

#define ISSUER(key, alg) \
	"{\"issuer\":\"https://a.example\",\"keys_file\":\"@/" key ".jwk\"," \
	"\"algorithms\":[\"" alg "\"],\"audience\":[\"ssh\"]," \
	"\"roles_claim\":\"roles\"}"
#define CONFIG(key, alg) \
	"{\"common\":{\"issuers\":[" ISSUER(key, \
	    alg) "],\"authentication\":{\"authorize\":{\"role1\":\"cn=1\"}}}," \
		 "\"services\":{\"sshd\":{\"roles_from\":\"token\"}}}"

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

static int
ask(const char *token, size_t n, struct gate_outcome *out)
{
	const struct gate_request request = {
		.checks = GATE_TOKEN | GATE_ROLES,
		.token = token,
		.token_len = n,
		.service = "sshd",
		.user = "alice",
		.has_uid = true,
		.uid = 1000,
	};

	return gate_decide(lab.gate, &request, NOW, out);
}

static void
must_refuse(const char *data, size_t n, void *arg)
{
	struct gate_outcome out;

	(void)arg;
	assert_int_not_equal(ask(data, n, &out), 0);
	assert_int_equal(out.verdict, GATE_DENY);
	assert_true(err_is_reason(out.reason));
	assert_int_equal(err_class(out.reason), ERR_CLASS_REFUSED);
}

static void
damage(const struct jwk *key, enum jwa_alg alg, const char *config)
{
	struct gate_outcome out;
	char header[64], *token;

	snprintf(header, sizeof(header), "{\"alg\":\"%s\",\"kid\":\"%s\"}",
	    jwa_name(alg), key->kid);
	lab_configure(&lab, config);
	token = token_make(key, alg, header, PAYLOAD);
	assert_int_equal(ask(token, strlen(token), &out), 0);
	for_each_truncation(token, strlen(token), must_refuse, NULL);
	for_each_bit_flip(token, strlen(token), must_refuse, NULL);
	assert_int_equal(ask(token, strlen(token), &out), 0);
	free(token);
}

/* A stack that can be searched once the decision has left it. */
static char stack[1 << 20];
static ucontext_t caller, callee;
static const char *stack_token;

static void
decide_there(void)
{
	struct gate_outcome out;

	ask(stack_token, strlen(stack_token), &out);
}

static void
leaves_nothing(const char *token, const void *text, size_t n)
{
	stack_token = token;
	assert_int_equal(getcontext(&callee), 0);
	callee.uc_stack.ss_sp = stack;
	callee.uc_stack.ss_size = sizeof(stack);
	callee.uc_link = &caller;
	memset(stack, 0, sizeof(stack));
	makecontext(&callee, decide_there, 0);
	secret_watch(text, n);
	assert_int_equal(swapcontext(&caller, &callee), 0);
	assert_int_equal(secret_leaks(), 0);
	assert_null(memmem(stack, sizeof(stack), text, n));
}

static void
test_wiped(void **state)
{
	static const char text[] = "\"iat\":1699999900,\"exp\":1700000600";
	static const char header[] = "{\"alg\":\"HS256\",\"x\":12345678}";
	struct gate_outcome out;
	char *token;

	(void)state;
	lab_configure(&lab, CONFIG("hs", "HS256"));
	token = token_make(&lab.hs, JWA_HS256, header, PAYLOAD);
	assert_int_equal(ask(token, strlen(token), &out), 0);
	leaves_nothing(token, text, strlen(text));
	leaves_nothing(token, header, strlen(header));
	token[strlen(token) - 1] ^= 4; /* refused at the signature */
	leaves_nothing(token, text, strlen(text));
	free(token);
	token = token_make(&lab.hs, JWA_HS256, header, PAYLOAD "x");
	leaves_nothing(token, text, strlen(text));
	free(token);
}

static void
test_damage_hs(void **state)
{
	(void)state;
	damage(&lab.hs, JWA_HS256, CONFIG("hs", "HS256"));
}

static void
test_damage_rs(void **state)
{
	(void)state;
	damage(&lab.rs, JWA_RS256, CONFIG("rs", "RS256"));
}

static void
test_damage_ps(void **state)
{
	struct jwk any = lab.rs; /* borrows: the same key without an alg */

	(void)state;
	any.alg = JWA_NONE;
	lab_write_key(&lab, "any.jwk", &any, false);
	damage(&lab.rs, JWA_PS256, CONFIG("any", "PS256"));
}

static void
test_damage_es(void **state)
{
	(void)state;
	damage(&lab.es, JWA_ES256, CONFIG("es", "ES256"));
}

static void
test_damage_ed(void **state)
{
	(void)state;
	damage(&lab.ed, JWA_EDDSA, CONFIG("ed", "EdDSA"));
}

/* One byte behind, before or within a good token, of every value. */
static void
test_one_byte_more(void **state)
{
	struct gate_outcome out;
	char longer[1024], *token;
	size_t n, i;
	int byte;

	(void)state;
	lab_configure(&lab, CONFIG("hs", "HS256"));
	token = token_make(&lab.hs, JWA_HS256, "{\"alg\":\"HS256\"}", PAYLOAD);
	n = strlen(token);
	assert_true(n + 1 < sizeof(longer));
	for (byte = 0; byte < 256; byte++) {
		for (i = 0; i <= n; i++) {
			memcpy(longer, token, i);
			longer[i] = (char)byte;
			memcpy(longer + i + 1, token + i, n - i);
			must_refuse(longer, n + 1, NULL);
		}
	}
	assert_int_equal(ask(token, n, &out), 0);
	free(token);
}

struct attempt {
	char config[TEST_PATH_MAX];
	const char *good, *bad;
	unsigned allowed;
};

/* A process of its own: configuration, keys, decision, each may fail. */
static void
whole_process(void *arg)
{
	struct attempt *a = arg;
	struct gate_request request = {
		.checks = GATE_TOKEN | GATE_ROLES,
		.token = a->good,
		.token_len = strlen(a->good),
		.service = "sshd",
		.user = "alice",
	};
	struct gate_outcome out;
	struct gate *g = NULL;
	int r;

	r = gate_new(a->config, &g, NULL);
	if (r != 0) {
		assert_null(g);
		assert_true(alloc_failed());
		return;
	}
	r = gate_decide(g, &request, NOW, &out);
	if (r == 0) {
		a->allowed++;
		assert_string_equal(out.user, "alice");
		assert_string_equal(out.roles, "role1");
	} else {
		assert_true(alloc_failed());
		/* OpenSSL does not always say that memory was the reason */
		assert_true(err_class(r) == ERR_CLASS_UNAVAILABLE ||
		    r == E_SIGNATURE_INVALID);
	}
	request.token = a->bad;
	request.token_len = strlen(a->bad);
	r = gate_decide(g, &request, NOW, &out);
	assert_int_not_equal(r, 0);
	assert_int_equal(out.verdict, GATE_DENY);
	gate_free(&g);
	assert_null(g);
}

static void
failures(const struct jwk *key, enum jwa_alg alg, const char *config)
{
	struct attempt a = { .allowed = 0 };
	char header[32], *good, *bad;
	unsigned long calls;

	snprintf(header, sizeof(header), "{\"alg\":\"%s\"}", jwa_name(alg));
	good = token_make(key, alg, header, PAYLOAD);
	bad = token_make(key, alg, header, PAYLOAD);
	bad[strlen(bad) - 4] = (char)(bad[strlen(bad) - 4] == 'A' ? 'B' : 'A');
	lab_configure(&lab, config);
	snprintf(a.config, sizeof(a.config), "%s/jwtgate.json", lab.dir);
	a.good = good;
	a.bad = bad;
	calls = for_each_alloc_failure(whole_process, &a);
	if (alloc_fail_works())
		assert_true(calls > 20);
	assert_true(a.allowed > 0);
	free(good);
	free(bad);
}

static void
test_alloc(void **state)
{
	(void)state;
	failures(&lab.hs, JWA_HS256, CONFIG("hs", "HS256"));
	failures(&lab.rs, JWA_RS256, CONFIG("rs", "RS256"));
	failures(&lab.es, JWA_ES256, CONFIG("es", "ES256"));
	failures(&lab.ed, JWA_EDDSA, CONFIG("ed", "EdDSA"));
}

/* 16384 bytes are taken, one more is not, whoever signed them. */
static void
test_length(void **state)
{
	static char payload[20000];
	const size_t most = 16384;
	struct gate_outcome out;
	size_t n, fill;
	char *token;
	int r, seen = 0;

	(void)state;
	lab_configure(&lab, CONFIG("hs", "HS256"));
	for (fill = 12000; fill < 12400; fill++) {
		n = (size_t)snprintf(payload, sizeof(payload),
		    "%.*s,\"x\":\"%0*d\"}", (int)strlen(PAYLOAD) - 1, PAYLOAD,
		    (int)fill - 200, 7);
		assert_true(n < sizeof(payload));
		token = token_make(
		    &lab.hs, JWA_HS256, "{\"alg\":\"HS256\"}", payload);
		n = strlen(token);
		r = ask(token, n, &out);
		assert_int_equal(r, n <= most ? 0 : E_TOKEN_TOO_LONG);
		seen |= n <= most ? 1 : 2;
		free(token);
	}
	assert_int_equal(seen, 3);
}

struct line {
	const char *why;
	const char *user, *peer, *service;
	const char *want;
};

static void
test_log_line(void **state)
{
	static const struct line rows[] = {
		{ "plain", "alice", "192.0.2.7", "sshd",
		    "user=alice peer=192.0.2.7 service=sshd result=deny "
		    "reason=token_missing msg=\"no token was given\"" },
		{ "nothing known", NULL, NULL, NULL,
		    "user=- peer=local service=- result=deny "
		    "reason=token_missing msg=\"no token was given\"" },
		{ "sshd's junk", "\b\n\r\177INCORRECT", "h", "sshd",
		    "user=\\x08\\x0a\\x0d\\x7fINCORRECT peer=h service=sshd "
		    "result=deny reason=token_missing "
		    "msg=\"no token was given\"" },
		{ "a forged field", "alice result=allow", "h", "sshd",
		    "user=\"alice result=allow\" peer=h service=sshd "
		    "result=deny reason=token_missing "
		    "msg=\"no token was given\"" },
		{ "a forged end of the quotes", "a\" result=allow x=\"", "h",
		    "sshd",
		    "user=\"a\\x22 result=allow x=\\x22\" peer=h service=sshd "
		    "result=deny reason=token_missing "
		    "msg=\"no token was given\"" },
		{ "empty", "", "", "",
		    "user=\"\" peer=\"\" service=\"\" result=deny "
		    "reason=token_missing msg=\"no token was given\"" },
		{ "a second line", "x\nuser=root result=allow", "h", "sshd",
		    "user=\"x\\x0auser=root result=allow\" peer=h "
		    "service=sshd result=deny reason=token_missing "
		    "msg=\"no token was given\"" },
		{ "no UTF-8, backslash", "\xff\\x41", "h", "sshd",
		    "user=\\xff\\x5cx41 peer=h service=sshd result=deny "
		    "reason=token_missing msg=\"no token was given\"" },
	};
	const struct gate_outcome zero = { 0 };
	struct gate_request request = { 0 };
	struct gate_outcome out;
	char buf[2048], small[24];
	size_t i;

	(void)state;
	lab_configure(&lab, "{}");
	request.checks = GATE_TOKEN;
	gate_decide(lab.gate, &request, NOW, &out);
	for (i = 0; i < COUNT_OF(rows); i++) {
		request.user = rows[i].user;
		request.peer = rows[i].peer;
		request.service = rows[i].service;
		gate_log_line(&request, &out, buf, sizeof(buf));
		if (strcmp(buf, rows[i].want) != 0)
			fail_msg("%s: %s", rows[i].why, buf);
	}
	gate_log_line(&request, &zero, buf, sizeof(buf));
	assert_non_null(strstr(buf, "result=deny reason=config_invalid"));
	gate_log_line(&request, &out, small, sizeof(small));
	assert_true(strlen(small) < sizeof(small));
}

static void
test_log_allow(void **state)
{
	struct gate_request request = {
		.checks = GATE_TOKEN, .peer = "192.0.2.7", .service = "sshd"
	};
	struct gate_outcome out;
	char buf[2048], *token;

	(void)state;
	lab_configure(&lab, CONFIG("hs", "HS256"));
	token = token_make(&lab.hs, JWA_HS256,
	    "{\"alg\":\"HS256\",\"kid\":\"hs\"}",
	    "{\"exp\":1700000600,\"aud\":\"ssh\",\"jti\":\"a \\\"b\\n\","
	    "\"iss\":\"https://a.example\",\"sub\":\"alice\"}");
	request.token = token;
	request.token_len = strlen(token);
	assert_int_equal(gate_decide(lab.gate, &request, NOW, &out), 0);
	assert_string_equal(gate_log_line(&request, &out, buf, sizeof(buf)),
	    "user=alice peer=192.0.2.7 service=sshd result=allow reason=ok "
	    "issuer=https://a.example kid=hs jti=\"a \\x22b\\x0a\"");
	out.reason = E_TOKEN_EXPIRED; /* a host that mixes things up */
	gate_log_line(&request, &out, buf, sizeof(buf));
	assert_non_null(strstr(buf, "result=deny reason=token_expired"));
	free(token);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_damage_hs),
		cmocka_unit_test(test_damage_rs),
		cmocka_unit_test(test_damage_ps),
		cmocka_unit_test(test_damage_es),
		cmocka_unit_test(test_damage_ed),
		cmocka_unit_test(test_one_byte_more),
		cmocka_unit_test(test_wiped),
		cmocka_unit_test(test_alloc),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_log_line),
		cmocka_unit_test(test_log_allow),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
