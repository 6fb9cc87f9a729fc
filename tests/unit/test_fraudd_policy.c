/*
 * test_fraudd_policy: what Postfix asks, whole, cut and damaged, and what
 * becomes of it; JSON bodies of HTTP beside it.
 */

#include "testutil.h"

#include "dialect_http_body.h"
#include "dialect_policy.h"
#include "err.h"
#include "outbuf.h"
#include "settings.h"

#define SMTP \
	"request=smtpd_access_policy\n" \
	"protocol_name=ESMTP\n" \
	"client_address=203.0.113.7\n" \
	"sender=a=b@example.org\n" \
	"sasl_username=\n" \
	"\n"
#define MAIL \
	"request=smtpd_access_policy\nclient_address=2001:db8::1\n" \
	"sasl_username=alice\nsender=x@example.org\n\n"

/* want: names and values; NULL: broken; "...": more must come. */
static const struct {
	const char *why;
	const char *input;
	const char *want;
} requests[] = {
	{ "the smallest one", "request=x\n\n", "[request][x]" },
	{ "a value with an equals sign", "request=x\na=b=c\n\n",
	    "[request][x][a][b=c]" },
	{ "empty values and names", "request=\n=\n\n", "[request][][][]" },
	{ "a line without an equals sign", "request=x\nabc\n\n", NULL },
	{ "another first attribute", "sender=x\n\n", NULL },
	{ "nothing but the end", "\n", NULL },
	{ "no end yet", "request=x\n", "..." },
	{ "half a line", "request=x\nsend", "..." },
	{ "half of the first word", "requ", "..." },
};

static const char *
shown(const struct request *rq, char *buf, size_t cap)
{
	size_t i, n = 0;

	buf[0] = '\0';
	for (i = 0; i < rq->count && i < REQUEST_WORDS_MAX; i++)
		n += (size_t)snprintf(buf + n, cap - n, "[%.*s]",
		    (int)rq->words[i].len, rq->words[i].data);
	return buf;
}

static void
test_requests(void **state)
{
	struct request rq;
	enum request_state got;
	char buf[256], *copy;
	size_t i, n, used;

	(void)state;
	for (i = 0; i < COUNT_OF(requests); i++) {
		n = strlen(requests[i].input);
		copy = guard_copy(requests[i].input, n);
		got = dialect_policy_parse(copy, n, &rq, &used);
		if (requests[i].want == NULL) {
			if (got != REQUEST_BROKEN)
				fail_msg("%s: taken", requests[i].why);
		} else if (strcmp(requests[i].want, "...") == 0) {
			if (got != REQUEST_PARTIAL)
				fail_msg("%s: state %d", requests[i].why, got);
		} else {
			if (got != REQUEST_READY)
				fail_msg("%s", requests[i].why);
			assert_int_equal(used, n);
			assert_string_equal(
			    shown(&rq, buf, sizeof(buf)), requests[i].want);
		}
		guard_free(copy, n);
	}
}

static void
cut_is_partial(const char *data, size_t n, void *arg)
{
	struct request rq;
	size_t used;

	(void)arg;
	assert_int_equal(
	    dialect_policy_parse(data, n, &rq, &used), REQUEST_PARTIAL);
}

static void
flip_is_safe(const char *data, size_t n, void *arg)
{
	struct request rq;
	size_t used, i;

	(void)arg;
	if (dialect_policy_parse(data, n, &rq, &used) != REQUEST_READY)
		return;
	assert_true(used <= n);
	for (i = 0; i < rq.count; i++)
		assert_true(rq.words[i].data >= data &&
		    rq.words[i].data + rq.words[i].len < data + used);
}

static void
test_damage(void **state)
{
	(void)state;
	for_each_truncation(SMTP, strlen(SMTP), cut_is_partial, NULL);
	for_each_bit_flip(SMTP, strlen(SMTP), flip_is_safe, NULL);
}

static void
test_cap(void **state)
{
	static char big[REQUEST_MAX + 2];
	struct request rq;
	size_t used;

	(void)state;
	memset(big, 'x', REQUEST_MAX + 2);
	memcpy(big, "request=", 8);
	memcpy(big + REQUEST_MAX - 2, "\n\n", 2);
	assert_int_equal(
	    dialect_policy_parse(big, REQUEST_MAX, &rq, &used), REQUEST_READY);
	big[REQUEST_MAX - 2] = 'x';
	memcpy(big + REQUEST_MAX - 1, "\n\n", 2);
	assert_int_equal(dialect_policy_parse(big, REQUEST_MAX + 1, &rq, &used),
	    REQUEST_BROKEN);
	assert_int_equal(dialect_policy_parse(big, REQUEST_MAX - 1, &rq, &used),
	    REQUEST_PARTIAL);
}

static struct settings *
rules(void)
{
	static const char text[] =
	    "{\"rules\": ["
	    "{\"name\": \"a\", \"event\": \"smtp\", \"key\": \"ip\","
	    " \"count\": \"attempts\", \"limit\": 3, \"window\": 60},"
	    "{\"name\": \"b\", \"event\": \"mail\", \"key\": \"user\","
	    " \"count\": \"distinct ip\", \"limit\": 3, \"window\": 60},"
	    "{\"name\": \"c\", \"event\": \"smtp\", \"key\": \"ip\","
	    " \"count\": \"distinct sender\", \"limit\": 3, \"window\": 60}"
	    "]}";
	struct settings *s = NULL;
	struct err e = { 0 };

	if (settings_parse(text, strlen(text), "test", &s, &e) != 0)
		fail_msg("%s", e.text);
	return s;
}

static const char *
attempt_shown(const struct engine_attempt *a, char *buf, size_t cap)
{
	size_t i, n;

	n = (size_t)snprintf(
	    buf, cap, "%.*s", (int)a->event.len, a->event.data);
	for (i = 0; i < a->count; i++)
		n += (size_t)snprintf(buf + n, cap - n, " %.*s=%.*s",
		    (int)a->fields[i].name.len, a->fields[i].name.data,
		    (int)a->fields[i].value.len, a->fields[i].value.data);
	return buf;
}

static const struct {
	const char *why;
	const char *input;
	const char *want; /* NULL: not for us */
} attempts[] = {
	{ "a client that did not log in", SMTP,
	    "smtp ip=203.0.113.7 sender=a=b@example.org" },
	{ "one that did: other rules, other fields", MAIL,
	    "mail ip=2001:db8::1 user=alice" },
	{ "another kind of request",
	    "request=something_else\nclient_address=1.2.3.4\n\n", NULL },
};

static void
test_attempts(void **state)
{
	struct settings *s = rules();
	struct engine_attempt a;
	struct request rq;
	char buf[256];
	size_t i, used;
	bool got;

	(void)state;
	for (i = 0; i < COUNT_OF(attempts); i++) {
		assert_int_equal(dialect_policy_parse(attempts[i].input,
				     strlen(attempts[i].input), &rq, &used),
		    REQUEST_READY);
		got = dialect_policy_attempt(&rq, s, &a);
		if (got != (attempts[i].want != NULL))
			fail_msg("%s", attempts[i].why);
		if (got)
			assert_string_equal(attempt_shown(&a, buf, sizeof(buf)),
			    attempts[i].want);
	}
	settings_free(&s);
}

static void
test_answers(void **state)
{
	static const struct {
		enum engine_verdict verdict;
		const char *begin;
	} rows[] = {
		{ ENGINE_ALLOW, "action=DUNNO\n\n" },
		{ ENGINE_DELAY, "action=DEFER_IF_PERMIT " },
		{ ENGINE_DENY, "action=REJECT " },
	};
	struct engine_answer answer = { 0 };
	struct outbuf out;
	size_t i;

	(void)state;
	outbuf_init(&out, 4096);
	for (i = 0; i < COUNT_OF(rows); i++) {
		outbuf_reset(&out);
		answer.verdict = rows[i].verdict;
		dialect_policy_answer(&out, &answer);
		assert_memory_equal(
		    out.data, rows[i].begin, strlen(rows[i].begin));
		assert_memory_equal(out.data + out.len - 2, "\n\n", 2);
	}
	outbuf_done(&out);
}

/* want NULL: refused with the sentence `error`. */
static const struct {
	const char *why;
	const char *input;
	const char *want;
	const char *error;
} bodies[] = {
	{ "as it should be",
	    "{\"event\":\"card\",\"ip\":\"203.0.113.7\",\"last4\":\"4242\"}",
	    "card ip=203.0.113.7 last4=4242", NULL },
	{ "the event may stand last, escapes are decoded",
	    "{\"i\\u0070\":\"\\u0061\", \"event\":\"x\"}", "x ip=a", NULL },
	{ "no event", "{\"ip\":\"1.2.3.4\"}", NULL, "event: is missing" },
	{ "a number", "{\"event\":\"x\",\"last4\":4242}", NULL,
	    "last4: must be a string" },
	{ "null", "{\"event\":\"x\",\"ip\":null}", NULL,
	    "ip: must be a string" },
	{ "an object", "{\"event\":\"x\",\"ip\":{}}", NULL,
	    "ip: must be a string" },
	{ "an event that is no string", "{\"event\":[]}", NULL,
	    "event: must be a string" },
	{ "a name twice", "{\"event\":\"x\",\"ip\":\"a\",\"ip\":\"b\"}", NULL,
	    NULL },
	{ "an array", "[]", NULL, NULL },
	{ "nothing", "", NULL, NULL },
	{ "something behind", "{\"event\":\"x\"}{}", NULL, NULL },
	{ "a NUL", "{\"event\":\"\\u0000\"}", NULL, NULL },
	{ "too many fields",
	    "{\"event\":\"x\",\"a\":\"\",\"b\":\"\",\"c\":\"\",\"d\":\"\","
	    "\"e\":\"\",\"f\":\"\",\"g\":\"\",\"h\":\"\",\"i\":\"\","
	    "\"j\":\"\",\"k\":\"\",\"l\":\"\",\"m\":\"\",\"n\":\"\","
	    "\"o\":\"\",\"p\":\"\",\"q\":\"\"}",
	    NULL, "more than 16 fields" },
};

static void
test_bodies(void **state)
{
	static struct dialect_http_room room;
	struct engine_attempt a;
	struct err e;
	char buf[256], *copy;
	size_t i, n;
	int r;

	(void)state;
	for (i = 0; i < COUNT_OF(bodies); i++) {
		n = strlen(bodies[i].input);
		copy = guard_copy(bodies[i].input, n);
		memset(&e, 0, sizeof(e));
		r = dialect_http_body_attempt(copy, n, &room, &a, &e);
		if ((r == 0) != (bodies[i].want != NULL))
			fail_msg("%s: %d %s", bodies[i].why, r, e.text);
		if (r == 0)
			assert_string_equal(attempt_shown(&a, buf, sizeof(buf)),
			    bodies[i].want);
		else
			assert_int_equal(r, E_SYNTAX);
		if (bodies[i].error != NULL)
			assert_string_equal(e.text, bodies[i].error);
		guard_free(copy, n);
	}
}

static void
body_is_refused(const char *data, size_t n, void *arg)
{
	static struct dialect_http_room room;
	struct engine_attempt a;

	assert_int_equal(
	    dialect_http_body_attempt(data, n, &room, &a, NULL), *(int *)arg);
}

static void
body_is_safe(const char *data, size_t n, void *arg)
{
	static struct dialect_http_room room;
	struct dialect_http_dovecot d;
	struct engine_attempt a;

	(void)arg;
	(void)dialect_http_body_attempt(data, n, &room, &a, NULL);
	(void)dialect_http_body_dovecot(data, n, &room, &d, NULL);
}

static void
test_body_damage(void **state)
{
	const char *good = bodies[0].input;
	int want = E_SYNTAX;

	(void)state;
	for_each_truncation(good, strlen(good), body_is_refused, &want);
	for_each_bit_flip(good, strlen(good), body_is_safe, NULL);
}

static void
test_dovecot(void **state)
{
	static const char text[] =
	    "{\"device_id\":\"\",\"login\":\"alice\",\"protocol\":\"imap\","
	    "\"pwhash\":\"0e\",\"remote\":\"192.0.2.9\","
	    "\"session_id\":\"abc\",\"tls\":true,\"success\":false}";
	static struct dialect_http_room room;
	struct dialect_http_dovecot d;
	char buf[256];

	(void)state;
	assert_int_equal(
	    dialect_http_body_dovecot(text, strlen(text), &room, &d, NULL), 0);
	assert_string_equal(attempt_shown(&d.attempt, buf, sizeof(buf)),
	    "login user=alice service=imap password=0e ip=192.0.2.9");
	assert_int_equal(d.session.len, 3);
	assert_true(d.reported);
	assert_false(d.success);
	assert_int_equal(
	    dialect_http_body_dovecot("{\"login\":1}", 11, &room, &d, NULL),
	    E_SYNTAX);
	assert_int_equal(dialect_http_body_dovecot(
			     "{\"success\":\"yes\"}", 17, &room, &d, NULL),
	    E_SYNTAX);
}

static void
test_outcome_body(void **state)
{
	static const struct {
		const char *input;
		int want;
	} rows[] = {
		{ "{\"id\":\"x\",\"outcome\":\"success\"}", 0 },
		{ "{\"id\":\"x\",\"outcome\":\"maybe\"}", E_SYNTAX },
		{ "{\"id\":\"x\"}", E_SYNTAX },
		{ "{\"id\":1,\"outcome\":\"success\"}", E_SYNTAX },
		{ "{\"outcome\":\"success\"}", E_SYNTAX },
		{ "{\"id\":\"x\",\"outcome\":\"success\",\"z\":1}", E_SYNTAX },
	};
	static struct dialect_http_room room;
	enum engine_outcome outcome;
	struct engine_text id;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		outcome = ENGINE_OUTCOME_FAILURE;
		if (dialect_http_body_outcome(rows[i].input,
			strlen(rows[i].input), &room, &id, &outcome,
			NULL) != rows[i].want)
			fail_msg("%s", rows[i].input);
		if (rows[i].want == 0)
			assert_int_equal(outcome, ENGINE_OUTCOME_SUCCESS);
	}
}

static void
test_paths(void **state)
{
	(void)state;
	assert_string_equal(dialect_http_path("/metrics"), "/metrics");
	assert_string_equal(
	    dialect_http_path("http://fraudd/metrics"), "/metrics");
	assert_string_equal(dialect_http_path("http://h:80/"), "/");
	assert_null(dialect_http_path("http://h"));
	assert_null(dialect_http_path("*"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_cap),
		cmocka_unit_test(test_attempts),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_body_damage),
		cmocka_unit_test(test_dovecot),
		cmocka_unit_test(test_outcome_body),
		cmocka_unit_test(test_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
