/*
 * gate: which of a token's names a revocation list is asked about, and when
 * its user counts as having authenticated. One list, tokens of four issuers.
 */

#include "testtoken.h"

#include "err.h"

#define A "\"iss\":\"https://a.example\",\"aud\":\"ssh\","
#define C "\"iss\":\"https://c.example\",\"aud\":\"ssh\","
#define TIMES "\"exp\":1700000600,\"iat\":1699999900"
#define ALICE "\"sub\":\"alice\","

static const char config[] =
    "{\"common\":{\"revocation\":{\"file\":\"@/revoked\"},"
    "\"authentication\":{\"jwtsecret_file\":\"@/secret\"},"
    "\"issuers\":[{\"issuer\":\"https://a.example\","
    "\"keys_file\":\"@/es.jwk\",\"algorithms\":[\"ES256\"],"
    "\"audience\":[\"ssh\"]},"
    "{\"issuer\":\"https://c.example\",\"keys_file\":\"@/rs.jwk\","
    "\"algorithms\":[\"RS256\"],\"audience\":[\"ssh\"],"
    "\"auth_time_from\":\"iat\"}]}}";

static const char list[] =
    "{\"revoked\":[{\"jti\":\"j\"},{\"jti\":\"ja\","
    "\"issuer\":\"https://a.example\"},{\"sid\":\"s\"},"
    "{\"jti\":\"first\",\"issuer\":\"common.authentication\"},"
    "{\"user\":\"mallory\"},{\"user\":\"late\",\"before\":1699999950},"
    "{\"user\":\"soon\",\"before\":1699999900},"
    "{\"subject\":\"sam\",\"issuer\":\"https://a.example\"}]}";

enum who {
	OF_A,
	OF_C,
	OWN
};

static const struct {
	const char *why;
	enum who who;
	const char *payload;
	int want;
} rows[] = {
	{ "nothing of it", OF_A, "{" A ALICE TIMES "}", 0 },
	{ "another jti", OF_A, "{" A ALICE TIMES ",\"jti\":\"k\"}", 0 },
	{ "its jti", OF_A, "{" A ALICE TIMES ",\"jti\":\"j\"}",
	    E_TOKEN_REVOKED },
	{ "its jti, escaped", OF_A, "{" A ALICE TIMES ",\"jti\":\"\\u006a\"}",
	    E_TOKEN_REVOKED },
	{ "a jti that is a number", OF_A, "{" A ALICE TIMES ",\"jti\":7}",
	    E_TOKEN_MALFORMED },
	{ "a jti that is null", OF_A, "{" A ALICE TIMES ",\"jti\":null}",
	    E_TOKEN_MALFORMED },
	{ "a jti of this issuer", OF_A, "{" A ALICE TIMES ",\"jti\":\"ja\"}",
	    E_TOKEN_REVOKED },
	{ "the same of another", OF_C, "{" C ALICE TIMES ",\"jti\":\"ja\"}",
	    0 },
	{ "its sid", OF_A, "{" A ALICE TIMES ",\"sid\":\"s\"}",
	    E_TOKEN_REVOKED },
	{ "a sid as jti", OF_A, "{" A ALICE TIMES ",\"jti\":\"s\"}", 0 },
	{ "a sid that is a list", OF_A, "{" A ALICE TIMES ",\"sid\":[\"s\"]}",
	    E_TOKEN_MALFORMED },
	{ "a user", OF_A, "{" A "\"sub\":\"mallory\"," TIMES "}",
	    E_TOKEN_REVOKED },
	{ "a subject of this issuer", OF_A, "{" A "\"sub\":\"sam\"," TIMES "}",
	    E_TOKEN_REVOKED },
	{ "the same of another", OF_C, "{" C "\"sub\":\"sam\"," TIMES "}", 0 },

	{ "who knows when", OF_A, "{" A "\"sub\":\"soon\"," TIMES "}",
	    E_TOKEN_REVOKED },
	{ "long before", OF_A,
	    "{" A "\"sub\":\"soon\"," TIMES ",\"auth_time\":1699999000}",
	    E_TOKEN_REVOKED },
	{ "the last second before", OF_A,
	    "{" A "\"sub\":\"soon\"," TIMES ",\"auth_time\":1699999899.9}",
	    E_TOKEN_REVOKED },
	{ "just then", OF_A,
	    "{" A "\"sub\":\"soon\"," TIMES ",\"auth_time\":1699999900}", 0 },
	{ "iat, where it says when", OF_C, "{" C "\"sub\":\"soon\"," TIMES "}",
	    0 },
	{ "and it was before", OF_C, "{" C "\"sub\":\"late\"," TIMES "}",
	    E_TOKEN_REVOKED },

	{ "our own", OWN, "{\"user\":\"alice\"," TIMES "}", 0 },
	{ "our own, its jti", OWN,
	    "{\"user\":\"alice\"," TIMES ",\"jti\":\"first\"}",
	    E_TOKEN_REVOKED },
	{ "that jti of another issuer", OF_A,
	    "{" A ALICE TIMES ",\"jti\":\"first\"}", 0 },
	{ "our own, its user then", OWN, "{\"user\":\"soon\"," TIMES "}", 0 },
	{ "our own, its user before", OWN, "{\"user\":\"late\"," TIMES "}",
	    E_TOKEN_REVOKED },
	{ "our own, no iat", OWN, "{\"user\":\"late\",\"exp\":1700000600}",
	    E_TOKEN_REVOKED },
};

static struct lab lab;

static int
setup(void **state)
{
	char path[TEST_PATH_MAX];

	(void)state;
	lab_open(&lab);
	test_write(
	    path, lab.dir, "secret", 0600, lab.hs.secret, lab.hs.secret_len);
	test_write(path, lab.dir, "revoked", 0644, list, strlen(list));
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

static char *
make(enum who who, const char *payload)
{
	switch (who) {
	case OF_A:
		return token_make(
		    &lab.es, JWA_ES256, "{\"alg\":\"ES256\"}", payload);
	case OF_C:
		return token_make(
		    &lab.rs, JWA_RS256, "{\"alg\":\"RS256\"}", payload);
	case OWN:
		break;
	}
	return token_make(&lab.hs, JWA_HS256, "{\"alg\":\"HS256\"}", payload);
}

static void
test_rows(void **state)
{
	struct gate_outcome out;
	char *token;
	size_t i;
	int r;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		token = make(rows[i].who, rows[i].payload);
		r = lab_ask(&lab, token, strlen(token), &out);
		if (r != rows[i].want)
			fail_msg(
			    "%s: %s (%s)", rows[i].why, err_name(r), out.text);
		free(token);
	}
}

/* Without a kid in the token it is still that key that signed. */
static void
test_kid(void **state)
{
	static const struct {
		const char *why;
		const char *text;
		int want;
	} lists[] = {
		{ "another kid", "{\"revoked\":[{\"kid\":\"x\"}]}", 0 },
		{ "its kid", "{\"revoked\":[{\"kid\":\"es\"}]}",
		    E_TOKEN_REVOKED },
		{ "its kid, of its issuer",
		    "{\"revoked\":[{\"kid\":\"es\","
		    "\"issuer\":\"https://a.example\"}]}",
		    E_TOKEN_REVOKED },
		{ "its kid, of another issuer",
		    "{\"revoked\":[{\"kid\":\"es\","
		    "\"issuer\":\"https://c.example\"}]}",
		    0 },
	};
	struct gate_outcome out;
	char path[TEST_PATH_MAX];
	char *tokens[2];
	size_t i, k;
	int r;

	(void)state;
	tokens[0] = make(OF_A, rows[0].payload);
	tokens[1] = token_make(&lab.es, JWA_ES256,
	    "{\"alg\":\"ES256\",\"kid\":\"es\"}", rows[0].payload);
	for (i = 0; i < COUNT_OF(lists); i++) {
		test_write(path, lab.dir, "revoked", 0644, lists[i].text,
		    strlen(lists[i].text));
		lab_configure(&lab, config);
		for (k = 0; k < 2; k++) {
			r = lab_ask(&lab, tokens[k], strlen(tokens[k]), &out);
			if (r != lists[i].want)
				fail_msg("%s: %s (%s)", lists[i].why,
				    err_name(r), out.text);
		}
	}
	free(tokens[0]);
	free(tokens[1]);
}

struct heard {
	int failed;
	int steps;
	bool leaked;
	const char *token;
};

static void
hear(const struct gate_step *step, void *arg)
{
	struct heard *h = arg;
	const char *signature = strrchr(h->token, '.') + 1;

	h->steps++;
	assert_non_null(step->name);
	assert_true(step->key == NULL || step->name[0] != '\0');
	if (step->result == GATE_FAILED)
		h->failed++;
	if ((step->seen != NULL && strstr(step->seen, signature) != NULL) ||
	    (step->expected != NULL &&
		strstr(step->expected, signature) != NULL))
		h->leaked = true;
}

/* Whoever listens hears of one failure, and the answer stays the same. */
static void
test_trace(void **state)
{
	struct gate_outcome quiet, traced;
	struct heard heard;
	struct gate_trace trace = { hear, &heard };
	struct gate_request request = { .checks = GATE_TOKEN };
	char *token;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		token = make(rows[i].who, rows[i].payload);
		(void)lab_ask(&lab, token, strlen(token), &quiet);
		heard = (struct heard){ .token = token };
		request.token = token;
		request.token_len = strlen(token);
		request.trace = &trace;
		(void)gate_decide(lab.gate, &request, LAB_NOW, &traced);
		assert_memory_equal(&traced, &quiet, sizeof(traced));
		assert_int_equal(heard.failed, traced.reason == 0 ? 0 : 1);
		assert_true(heard.steps > 10);
		assert_false(heard.leaked);
		free(token);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_rows, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kid, setup, teardown),
		cmocka_unit_test_setup_teardown(test_trace, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
