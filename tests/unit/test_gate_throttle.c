/*
 * The gate and fraudd: what it asks before it looks at a token, what it tells
 * afterwards, and what it does without an answer. fraudd is the one of
 * testfraudd.h.
 */

#include "testfraudd.h"
#include "testtoken.h"
#include "testutil.h"

#include "err.h"

#define NOW 1700000000
#define ID "vbnPZE8ZfPtrBG4O9noWaA"
#define ALLOW "*6\r\n$5\r\nallow\r\n$-1\r\n:1\r\n:10\r\n:0\r\n$22\r\n" ID "\r\n"
#define DENY \
	"*6\r\n$4\r\ndeny\r\n$5\r\nusers\r\n:20\r\n:20\r\n:3600\r\n$22\r\n" ID \
	"\r\n"
#define DELAY \
	"*6\r\n$5\r\ndelay\r\n$4\r\nslow\r\n:3\r\n:20\r\n:7\r\n$22\r\n" ID \
	"\r\n"
#define OPERATOR \
	"*6\r\n$4\r\ndeny\r\n$8\r\noperator\r\n:0\r\n:0\r\n:0\r\n$22\r\n" ID \
	"\r\n"
#define HEADER "{\"alg\":\"ES256\",\"kid\":\"es\"}"
#define PAYLOAD(user) \
	"{\"iss\":\"https://a.example\",\"aud\":\"ssh\",\"sub\":\"" user \
	"\",\"iat\":1699999990,\"exp\":1700000600,\"jti\":\"j1\"}"

static const char config[] =
    "{\"common\":{\"issuers\":[{\"issuer\":\"https://a.example\","
    "\"keys_file\":\"@/es.jwk\",\"algorithms\":[\"ES256\"],"
    "\"audience\":[\"ssh\"]},{\"issuer\":\"https://gone.example\","
    "\"keys_file\":\"@/gone.jwk\",\"algorithms\":[\"RS512\"],"
    "\"audience\":[\"ssh\"]}],"
    "\"fraud\":{\"socket\":\"@/s\",\"away_file\":\"@/d/"
    "away\",\"deadline_ms\":20000}},"
    "\"services\":{\"sshd\":{\"require\":\"token_only\"},"
    "\"roles\":{\"require\":{\"any\":[\"r\"]},\"roles_from\":\"token\"},"
    "\"closed\":{\"require\":\"token_only\","
    "\"fraud\":{\"when_unavailable\":\"deny\"}},"
    "\"hasty\":{\"require\":\"token_only\",\"fraud\":{\"deadline_ms\":50}},"
    "\"free\":{\"require\":\"token_only\"}}}";

static struct lab lab;
static struct test_fraudd daemon_;

static int
setup(void **state)
{
	(void)state;
	lab_open(&lab);
	lab_configure(&lab, config);
	test_fraudd_start(&daemon_, lab.dir);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	test_fraudd_stop(&daemon_);
	lab_close(&lab);
	return 0;
}

static int
decide_at(
    const struct gate_request *request, int64_t now, struct gate_outcome *out)
{
	int r = gate_decide(lab.gate, request, now, out);

	assert_int_equal(r, out->reason);
	assert_true((r == 0) == (out->verdict == GATE_ALLOW));
	return r;
}

static int
decide(const struct gate_request *request, struct gate_outcome *out)
{
	return decide_at(request, NOW, out);
}

static struct gate_request
request_of(const char *token)
{
	return (struct gate_request){
		.checks = GATE_TOKEN,
		.token = token,
		.token_len = strlen(token),
		.service = "sshd",
		.user = "alice",
		.peer = "192.0.2.7",
		.address = "192.0.2.7",
	};
}

static char *
good(void)
{
	return token_make(&lab.es, JWA_ES256, HEADER, PAYLOAD("alice"));
}

static void
heard(const char *want)
{
	test_fraudd_heard_is(&daemon_, ID, want);
}

#define LOGIN "attempt login ip 192.0.2.7 token X user alice service sshd\n"
#define TOKEN \
	"attempt token ip 192.0.2.7 token X issuer https://a.example jti j1 " \
	"user alice service sshd\n"

static void
test_questions(void **state)
{
	struct gate_outcome out;
	struct gate_request q;
	char *token = good();

	(void)state;
	test_fraudd_says(&daemon_, ALLOW, ALLOW);
	q = request_of(token);
	assert_int_equal(decide(&q, &out), 0);
	assert_string_equal(out.attempt, ID);
	assert_string_equal(out.rule, "");
	assert_int_equal(decide(&q, &out), 0);
	heard(LOGIN TOKEN "outcome I success\n" LOGIN TOKEN
			  "outcome I success\n");
	/* what is not known is not said */
	test_fraudd_says(&daemon_, ALLOW, ALLOW);
	q.user = NULL;
	q.service = NULL;
	q.address = NULL;
	assert_int_equal(decide(&q, &out), 0);
	heard("attempt login token X\noutcome I success\n");
	test_fraudd_says(&daemon_, ALLOW, ALLOW);
	q.user = "alice";
	q.has_uid = true;
	q.uid = 4242;
	assert_int_equal(decide(&q, &out), 0);
	heard("attempt login exists 1 token X user alice\n"
	      "outcome I success\n");
	test_fraudd_says(&daemon_, ALLOW, ALLOW);
	q.has_uid = false;
	q.user_unknown = true;
	assert_int_equal(decide(&q, &out), 0);
	heard("attempt login exists 0 token X user alice\n"
	      "outcome I success\n");
	free(token);
}

/* A name of any length is asked about, and none is a question of its own. */
static void
test_long_name(void **state)
{
	struct gate_outcome out;
	struct gate_request q = request_of("x");
	char *name = calloc(1, 100001);

	(void)state;
	assert_non_null(name);
	test_fraudd_says(&daemon_, ALLOW, ALLOW);
	memset(name, 'a', 256);
	q.user = name;
	assert_int_equal(decide(&q, &out), E_TOKEN_MALFORMED);
	assert_string_equal(out.attempt, ID);
	memset(name, 'a', 100000);
	test_fraudd_says(&daemon_, ALLOW, ALLOW);
	assert_int_equal(decide(&q, &out), E_TOKEN_MALFORMED);
	heard("attempt login ip 192.0.2.7 token X user X service sshd\n"
	      "outcome I failure\n");
	test_fraudd_says(&daemon_, ALLOW, ALLOW);
	q.user = "a\r\n$4\r\nevil \xff";
	assert_int_equal(decide(&q, &out), E_TOKEN_MALFORMED);
	heard("attempt login ip 192.0.2.7 token X user a\r\n$4\r\nevil \xff "
	      "service sshd\noutcome I failure\n");
	free(name);
}

/* A token by its header and payload; NULL: junk. */
static const struct {
	const char *why, *header, *payload, *user, *service;
	int want;
	const char *outcome;
	bool held; /* the signature did */
} outcomes[] = {
	{ "good", HEADER, PAYLOAD("alice"), "alice", "sshd", 0, "success",
	    true },
	{ "junk", NULL, NULL, "alice", "sshd", E_TOKEN_MALFORMED, "failure",
	    false },
	{ "forged", HEADER, PAYLOAD("eve"), "eve", "sshd", E_SIGNATURE_INVALID,
	    "failure", false },
	{ "of another key", "{\"alg\":\"ES256\",\"kid\":\"other\"}",
	    PAYLOAD("alice"), "alice", "sshd", E_KEY_UNKNOWN, "failure",
	    false },
	{ "of no algorithm of ours", "{\"alg\":\"none\"}", PAYLOAD("alice"),
	    "alice", "sshd", E_ALGORITHM_REFUSED, "failure", false },
	{ "of a key that is away", "{\"alg\":\"RS512\"}", PAYLOAD("alice"),
	    "alice", "sshd", E_KEYS_UNAVAILABLE, "error", false },
	{ "somebody else's", HEADER, PAYLOAD("bob"), "alice", "sshd",
	    E_USER_MISMATCH, "failure", true },
	{ "expired", HEADER,
	    "{\"iss\":\"https://a.example\",\"aud\":\"ssh\",\"sub\":\"alice\","
	    "\"exp\":1600000000}",
	    "alice", "sshd", E_TOKEN_EXPIRED, "error", true },
	{ "for another place", HEADER,
	    "{\"iss\":\"https://a.example\",\"aud\":\"mail\",\"sub\":\"alice\","
	    "\"exp\":1700000600}",
	    "alice", "sshd", E_AUDIENCE_WRONG, "error", true },
	{ "of another issuer", HEADER,
	    "{\"iss\":\"https://b.example\",\"aud\":\"ssh\",\"sub\":\"alice\","
	    "\"exp\":1700000600}",
	    "alice", "sshd", E_ISSUER_UNKNOWN, "error", false },
	{ "bound to a key", HEADER,
	    "{\"iss\":\"https://a.example\",\"aud\":\"ssh\",\"sub\":\"alice\","
	    "\"exp\":1700000600,\"cnf\":{\"jkt\":\"x\"}}",
	    "alice", "sshd", E_POSSESSION_MISSING, "failure", true },
	{ "good, without a role", HEADER, PAYLOAD("alice"), "alice", "roles",
	    E_ROLE_MISSING, "error", true },
};

static void
swap(char *c)
{
	*c = *c == 'A' ? 'B' : 'A';
}

static char *
token_of(size_t i)
{
	char *token;

	if (outcomes[i].header == NULL)
		return strdup("junk");
	token = token_make(
	    &lab.es, JWA_ES256, outcomes[i].header, outcomes[i].payload);
	if (outcomes[i].want == E_SIGNATURE_INVALID)
		swap(&token[strlen(token) - 20]);
	return token;
}

static void
test_outcomes(void **state)
{
	char got[sizeof(daemon_.heard)], want[64];
	struct gate_request q;
	struct gate_outcome out;
	char *token;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(outcomes); i++) {
		print_message("# %s\n", outcomes[i].why);
		token = token_of(i);
		q = request_of(token);
		q.checks = GATE_TOKEN | GATE_ROLES;
		q.user = outcomes[i].user;
		q.service = outcomes[i].service;
		test_fraudd_says(&daemon_, ALLOW, ALLOW);
		assert_int_equal(decide(&q, &out), outcomes[i].want);
		test_fraudd_heard(&daemon_, outcomes[i].held ? 3 : 2, got);
		snprintf(want, sizeof(want), "outcome " ID " %s\n",
		    outcomes[i].outcome);
		assert_non_null(strstr(got, want));
		/* no claim goes out before the signature held */
		assert_int_equal(
		    strstr(got, "attempt token") != NULL, outcomes[i].held);
		assert_int_equal(
		    strstr(got, "https://a.example") != NULL, outcomes[i].held);
		free(token);
	}
	/* without a token there is nothing to ask about */
	test_fraudd_says(&daemon_, ALLOW, ALLOW);
	q = request_of("");
	assert_int_equal(decide(&q, &out), E_TOKEN_MISSING);
	assert_string_equal(daemon_.heard, "");
	/* nor where only roles are asked for */
	q.checks = GATE_ROLES;
	q.token = NULL;
	assert_int_equal(decide(&q, &out), 0);
	assert_string_equal(daemon_.heard, "");
}

static void
log_has(const struct gate_request *q, const struct gate_outcome *out,
    const char *want)
{
	char line[2048];

	gate_log_line(q, out, line, sizeof(line));
	if (strstr(line, want) == NULL)
		fail_msg("%s is not in: %s", want, line);
}

static const struct {
	const char *why, *login, *token;
	const char *rule, *text;
	unsigned retry_after;
} throttled[] = {
	{ "denied", DENY, ALLOW, "users", "too many attempts: 20 of 20", 3600 },
	{ "delayed", DELAY, ALLOW, "slow", "too many attempts: 3 of 20", 7 },
	{ "an operator's word", OPERATOR, ALLOW, "operator",
	    "blocked by an operator of fraudd", 0 },
	{ "a token in too many places", ALLOW, DENY, "users",
	    "too many attempts: 20 of 20", 3600 },
};

static void
test_throttled(void **state)
{
	struct gate_outcome out;
	struct gate_request q;
	char *token = good(), want[128];
	size_t i;

	(void)state;
	q = request_of(token);
	for (i = 0; i < COUNT_OF(throttled); i++) {
		print_message("# %s\n", throttled[i].why);
		test_fraudd_says(
		    &daemon_, throttled[i].login, throttled[i].token);
		assert_int_equal(decide(&q, &out), E_THROTTLED);
		assert_string_equal(out.rule, throttled[i].rule);
		assert_string_equal(out.text, throttled[i].text);
		assert_string_equal(out.attempt, ID);
		assert_int_equal(out.retry_after, throttled[i].retry_after);
		assert_string_equal(out.message, "Authentication failed.");
		snprintf(want, sizeof(want), " rule=%s ", throttled[i].rule);
		log_has(&q, &out, " reason=throttled ");
		log_has(&q, &out, want);
		log_has(&q, &out, " attempt=" ID " ");
		if (throttled[i].retry_after == 0)
			continue;
		snprintf(want, sizeof(want), " retry_after=%u ",
		    throttled[i].retry_after);
		log_has(&q, &out, want);
	}
	/* nothing was looked at, and nothing is reported */
	test_fraudd_says(&daemon_, DENY, ALLOW);
	assert_int_equal(decide(&q, &out), E_THROTTLED);
	assert_string_equal(out.issuer, "");
	heard(LOGIN);
	test_fraudd_says(&daemon_, ALLOW, DENY);
	assert_int_equal(decide(&q, &out), E_THROTTLED);
	heard(LOGIN TOKEN "outcome I failure\n");
	free(token);
}

/* A wrong secret typed again is the same hash, another one is not. */
static void
test_same_token(void **state)
{
	char first[sizeof(daemon_.heard)], again[sizeof(first)],
	    other[sizeof(first)];
	struct gate_request q = request_of("junk.junk.junk");
	struct gate_outcome out;

	(void)state;
	test_fraudd_says(&daemon_, ALLOW, ALLOW);
	(void)decide(&q, &out);
	test_fraudd_heard(&daemon_, 2, first);
	test_fraudd_says(&daemon_, ALLOW, ALLOW);
	(void)decide(&q, &out);
	test_fraudd_heard(&daemon_, 2, again);
	q = request_of("junk.junk.junK");
	test_fraudd_says(&daemon_, ALLOW, ALLOW);
	(void)decide(&q, &out);
	test_fraudd_heard(&daemon_, 2, other);
	assert_string_equal(first, again);
	assert_string_not_equal(first, other);
	assert_null(strstr(first, "junk"));
}

static void
test_sessions(void **state)
{
	struct gate_request q = request_of("");
	struct gate_outcome out;

	(void)state;
	q.checks = 0;
	test_fraudd_says(&daemon_, ALLOW, ALLOW);
	assert_int_equal(gate_session_begin(lab.gate, &q, "s1", NOW, &out), 0);
	assert_int_equal(out.verdict, GATE_ALLOW);
	gate_session_end(lab.gate, &q, "s1", NOW);
	heard("open login user alice session s1 ip 192.0.2.7 service sshd\n"
	      "close login user alice session s1 ip 192.0.2.7 service sshd\n");
	test_fraudd_says(&daemon_, DENY, ALLOW);
	assert_int_equal(
	    gate_session_begin(lab.gate, &q, "s2", NOW, &out), E_THROTTLED);
	assert_int_equal(out.verdict, GATE_DENY);
	assert_string_equal(out.rule, "users");
	/* nobody counts the sessions of a service without a part */
	test_fraudd_says(&daemon_, DENY, ALLOW);
	q.service = "nobody-knows";
	assert_int_equal(gate_session_begin(lab.gate, &q, "s3", NOW, &out), 0);
	gate_session_end(lab.gate, &q, "s3", NOW);
	assert_string_equal(daemon_.heard, "");
}

static bool
notice(const char *want)
{
	char text[ERR_TEXT_MAX];

	if (!gate_notice(lab.gate, text))
		return false;
	if (strstr(text, want) == NULL)
		fail_msg("%s is not in: %s", want, text);
	return true;
}

#define AWAY "fraudd could not be asked, attempts are "

static void
test_away(void **state)
{
	struct gate_outcome out;
	struct gate_request q, closed;
	char *token = good();
	int64_t now = NOW;

	(void)state;
	test_fraudd_stop(&daemon_);
	q = closed = request_of(token);
	closed.service = "closed";
	assert_int_equal(decide_at(&q, now, &out), 0);
	assert_string_equal(out.attempt, "");
	assert_true(notice(AWAY "let through: "));
	assert_false(notice(""));
	/* once a minute, however many ask */
	for (; now < NOW + 60; now++) {
		assert_int_equal(decide_at(&q, now, &out), 0);
		assert_int_equal(decide_at(&closed, now, &out), E_THROTTLED);
		assert_string_equal(out.text, "fraudd could not be asked");
		assert_false(notice(""));
	}
	assert_int_equal(decide_at(&closed, now, &out), E_THROTTLED);
	assert_true(notice(AWAY "refused: "));
	assert_false(notice(""));
	/* a clock that was set back does not silence it */
	assert_int_equal(decide_at(&q, NOW - 20, &out), 0);
	assert_true(notice("nobody listens"));
	/* and as soon as it is back it is asked */
	test_fraudd_start(&daemon_, lab.dir);
	test_fraudd_says(&daemon_, ALLOW, ALLOW);
	assert_int_equal(decide_at(&closed, now, &out), 0);
	assert_string_equal(out.attempt, ID);
	free(token);
}

/* Processes that live for one login have one minute together. */
static void
test_away_of_many(void **state)
{
	char text[ERR_TEXT_MAX], path[TEST_PATH_MAX];
	struct gate_request q = request_of("x");
	struct gate_outcome out;
	struct gate *gate;
	unsigned i, said = 0;

	(void)state;
	test_fraudd_stop(&daemon_);
	snprintf(path, sizeof(path), "%s/jwtgate.json", lab.dir);
	for (i = 0; i < 180; i += 3) {
		gate = NULL;
		assert_int_equal(gate_new(path, &gate, NULL), 0);
		(void)gate_decide(gate, &q, NOW + 10000 + i, &out);
		said += gate_notice(gate, text) ? 1 : 0;
		assert_false(gate_notice(gate, text));
		gate_free(&gate);
	}
	assert_int_equal(said, 3);
	/* what stands there is no time: it is said */
	snprintf(path, sizeof(path), "%s/d", lab.dir);
	test_write(text, path, "away", 0644, "1700010xyz", 10);
	snprintf(path, sizeof(path), "%s/jwtgate.json", lab.dir);
	gate = NULL;
	assert_int_equal(gate_new(path, &gate, NULL), 0);
	(void)gate_decide(gate, &q, NOW + 10180, &out);
	assert_true(gate_notice(gate, text));
	gate_free(&gate);
	test_fraudd_start(&daemon_, lab.dir);
	test_fraudd_says(&daemon_, ALLOW, ALLOW);
}

/* An error is no answer, and neither is silence. */
static void
test_no_answer(void **state)
{
	static const char *const answers[] = { "-NOPERM no right\r\n", ":1\r\n",
		"+OK\r\n" };
	struct gate_outcome out;
	struct gate_request q, closed;
	char *token = good();
	int64_t now = NOW + 130;
	size_t i;

	(void)state;
	q = closed = request_of(token);
	closed.service = "closed";
	for (i = 0; i < COUNT_OF(answers); i++, now += 60) {
		test_fraudd_says(&daemon_, answers[i], ALLOW);
		assert_int_equal(decide_at(&q, now, &out), 0);
		assert_true(notice(
		    i == 0 ? "let through: NOPERM no right" : "let through: "));
		assert_int_equal(decide_at(&closed, now, &out), E_THROTTLED);
		assert_false(notice(""));
	}
	test_fraudd_says(&daemon_, NULL, NULL);
	q.service = "hasty";
	assert_int_equal(decide_at(&q, now, &out), 0);
	assert_true(notice("let through: "));
	/* where it was away for the first question, there is no second */
	heard("attempt login ip 192.0.2.7 token X user alice service hasty\n");
	free(token);
}

struct steps {
	char text[1024];
};

static void
hear(const struct gate_step *step, void *arg)
{
	struct steps *steps = arg;
	size_t n = strlen(steps->text);

	if (strcmp(step->name, "throttle") == 0 ||
	    strcmp(step->name, "token use") == 0)
		snprintf(steps->text + n, sizeof(steps->text) - n,
		    "%s %d: %s; %s.%s\n", step->name, (int)step->result,
		    step->seen, step->where, step->key);
}

static void
test_explained(void **state)
{
	struct steps steps = { "" };
	const struct gate_trace trace = { hear, &steps };
	struct gate_outcome out;
	struct gate_request q;
	char *token = good();

	(void)state;
	q = request_of(token);
	q.trace = &trace;
	test_fraudd_says(&daemon_, ALLOW, DENY);
	assert_int_equal(decide(&q, &out), E_THROTTLED);
	assert_string_equal(steps.text,
	    "throttle 1: 1 of 10; services.sshd.fraud.socket\n"
	    "token use 0: rule users: 20 of 20, again in 3600 seconds; "
	    "services.sshd.fraud.socket\n");
	steps.text[0] = '\0';
	test_fraudd_says(&daemon_, "-ERR x\r\n", ALLOW);
	q.service = "closed";
	assert_int_equal(decide(&q, &out), E_THROTTLED);
	assert_string_equal(steps.text,
	    "throttle 0: fraudd could not be asked; "
	    "services.closed.fraud.when_unavailable\n");
	free(token);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_long_name),
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_throttled),
		cmocka_unit_test(test_same_token),
		cmocka_unit_test(test_sessions),
		cmocka_unit_test(test_away),
		cmocka_unit_test(test_away_of_many),
		cmocka_unit_test(test_no_answer),
		cmocka_unit_test(test_explained),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
