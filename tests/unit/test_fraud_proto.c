/*
 * fraud_proto: what is asked, byte for byte, and which answers are one.
 */

#include "testutil.h"

#include "err.h"
#include "fraud_proto.h"

#define ID "vbnPZE8ZfPtrBG4O9noWaA"
#define HEAD "*6\r\n"
#define ALLOW "$5\r\nallow\r\n$-1\r\n"
#define DENY "$4\r\ndeny\r\n$4\r\nrule\r\n"
#define COUNTS ":1\r\n:10\r\n:0\r\n"
#define IDENT "$22\r\n" ID "\r\n"
#define GOOD HEAD ALLOW COUNTS IDENT

static void
test_request(void **state)
{
	struct fraud_request q;

	(void)state;
	fraud_proto_begin(&q, FRAUD_ATTEMPT);
	fraud_proto_text(&q, FRAUD_EVENT_LOGIN);
	fraud_proto_field(&q, FRAUD_IP, "10.0.0.1");
	fraud_proto_field(&q, FRAUD_SERVICE, NULL);
	fraud_proto_text(&q, FRAUD_USER);
	fraud_proto_word(&q, "a\0b", 3);
	assert_int_equal(fraud_proto_end(&q, NULL), 0);
	assert_int_equal(q.len, 69);
	assert_memory_equal(q.data,
	    "*6\r\n$7\r\nattempt\r\n$5\r\nlogin\r\n$2\r\nip\r\n"
	    "$8\r\n10.0.0.1\r\n$4\r\nuser\r\n$3\r\na\0b\r\n",
	    q.len);
	fraud_proto_begin(&q, FRAUD_OUTCOME);
	fraud_proto_text(&q, ID);
	fraud_proto_text(&q, FRAUD_SUCCESS);
	assert_int_equal(fraud_proto_end(&q, NULL), 0);
	assert_memory_equal(q.data,
	    "*3\r\n$7\r\noutcome\r\n$22\r\n" ID "\r\n$7\r\nsuccess\r\n", q.len);
}

/* What does not fit is no question, and never a part of one. */
static void
test_request_limits(void **state)
{
	static const char text[FRAUD_VALUE_MAX + 1];
	struct fraud_request q;
	struct err e = { 0 };
	size_t i;

	(void)state;
	fraud_proto_begin(&q, FRAUD_ATTEMPT);
	fraud_proto_word(&q, text, FRAUD_VALUE_MAX);
	assert_int_equal(fraud_proto_end(&q, NULL), 0);
	fraud_proto_begin(&q, FRAUD_ATTEMPT);
	fraud_proto_word(&q, text, FRAUD_VALUE_MAX + 1);
	assert_int_equal(fraud_proto_end(&q, &e), E_RANGE);
	assert_non_null(strstr(e.text, "too long"));
	fraud_proto_begin(&q, FRAUD_ATTEMPT);
	for (i = 0; i < 4; i++)
		fraud_proto_word(&q, text, FRAUD_VALUE_MAX);
	assert_int_equal(fraud_proto_end(&q, NULL), E_RANGE);
	fraud_proto_begin(&q, FRAUD_ATTEMPT);
	for (i = 0; i < 1 + 2 * FRAUD_FIELDS_MAX; i++)
		fraud_proto_text(&q, "x");
	assert_int_equal(fraud_proto_end(&q, NULL), 0);
	fraud_proto_begin(&q, FRAUD_ATTEMPT);
	for (i = 0; i < 2 + 2 * FRAUD_FIELDS_MAX; i++)
		fraud_proto_text(&q, "x");
	assert_int_equal(fraud_proto_end(&q, NULL), E_RANGE);
}

static int
read_text(const char *text, size_t n, struct fraud_reply *out, size_t *used)
{
	char *copy = guard_copy(text, n);
	int r;

	r = fraud_proto_read(copy, n, out, used, NULL);
	guard_free(copy, n);
	return r;
}

static void
test_answers(void **state)
{
	struct fraud_reply r;
	size_t used;

	(void)state;
	assert_int_equal(
	    read_text(GOOD "rest", sizeof(GOOD) + 3, &r, &used), 0);
	assert_int_equal(used, sizeof(GOOD) - 1);
	assert_int_equal(r.kind, FRAUD_REPLY_ANSWER);
	assert_int_equal(r.answer.verdict, FRAUD_VERDICT_ALLOW);
	assert_string_equal(r.answer.rule, "");
	assert_int_equal(r.answer.count, 1);
	assert_int_equal(r.answer.limit, 10);
	assert_string_equal(r.answer.id, ID);
#define DENIED HEAD DENY ":10\r\n:10\r\n:3601\r\n" IDENT
	assert_int_equal(read_text(DENIED, sizeof(DENIED) - 1, &r, &used), 0);
	assert_int_equal(r.answer.verdict, FRAUD_VERDICT_DENY);
	assert_string_equal(r.answer.rule, "rule");
	assert_int_equal(r.answer.retry_after, 3601);
	assert_int_equal(read_text(":1\r\n", 4, &r, &used), 0);
	assert_int_equal(r.kind, FRAUD_REPLY_NUMBER);
	assert_int_equal(r.number, 1);
	assert_int_equal(read_text("-ERR no\x1b\r\n", 10, &r, &used), 0);
	assert_int_equal(r.kind, FRAUD_REPLY_ERROR);
	assert_string_equal(r.error, "ERR no\\x1b");
}

static const struct {
	const char *why, *text;
	bool good;
} cases[] = {
	{ "the honest one", GOOD, true },
	{ "without an id", HEAD ALLOW COUNTS "$0\r\n\r\n", true },
	{ "half an id", HEAD ALLOW COUNTS "$11\r\nvbnPZE8ZfPt\r\n", false },
	{ "an id of other bytes",
	    HEAD ALLOW COUNTS "$22\r\nvbnPZE8ZfPtrBG4O9noW+A\r\n", false },
	{ "five", "*5\r\n" ALLOW COUNTS IDENT, false },
	{ "seven", "*7\r\n" ALLOW COUNTS IDENT, false },
	{ "+6", "*+6\r\n" ALLOW COUNTS IDENT, false },
	{ "06", "*06\r\n" ALLOW COUNTS IDENT, false },
	{ "another word", HEAD "$5\r\nalloy\r\n$-1\r\n" COUNTS IDENT, false },
	{ "a longer word", HEAD "$6\r\nallowx\r\n$-1\r\n" COUNTS IDENT, false },
	{ "a prefix", HEAD "$3\r\nall\r\n$-1\r\n" COUNTS IDENT, false },
	{ "ALLOW", HEAD "$5\r\nALLOW\r\n$-1\r\n" COUNTS IDENT, false },
	{ "no word", HEAD "$0\r\n\r\n$-1\r\n" COUNTS IDENT, false },
	{ "a length with a zero", HEAD "$05\r\nallow\r\n$-1\r\n" COUNTS IDENT,
	    false },
	{ "allow by a rule", HEAD "$5\r\nallow\r\n$4\r\nrule\r\n" COUNTS IDENT,
	    false },
	{ "deny by a rule", HEAD DENY COUNTS IDENT, true },
	{ "deny by none", HEAD "$4\r\ndeny\r\n$-1\r\n" COUNTS IDENT, false },
	{ "deny by an empty rule", HEAD "$4\r\ndeny\r\n$0\r\n\r\n" COUNTS IDENT,
	    false },
	{ "a control byte in the rule",
	    HEAD "$4\r\ndeny\r\n$2\r\na\n\r\n" COUNTS IDENT, false },
	{ "the largest", HEAD ALLOW ":4294967295\r\n:1\r\n:0\r\n" IDENT, true },
	{ "one more", HEAD ALLOW ":4294967296\r\n:1\r\n:0\r\n" IDENT, false },
	{ "eleven digits", HEAD ALLOW ":10000000000\r\n:1\r\n:0\r\n" IDENT,
	    false },
	{ "a minus", HEAD ALLOW ":-1\r\n:1\r\n:0\r\n" IDENT, false },
	{ "no digits", HEAD ALLOW ":\r\n:1\r\n:0\r\n" IDENT, false },
	{ "a bare LF", "*6\n" ALLOW COUNTS IDENT, false },
	{ "a status", "+OK\r\n", false },
	{ "a bulk", "$5\r\nallow\r\n", false },
	{ "HTTP", "HTTP/1.1 200 OK\r\n", false },
	{ "a greeting", "\r\n", false },
};

static void
test_cases(void **state)
{
	struct fraud_reply r;
	size_t i, used;
	int ret;

	(void)state;
	for (i = 0; i < COUNT_OF(cases); i++) {
		print_message("# %s\n", cases[i].why);
		memset(&r, 0x5a, sizeof(r));
		ret = read_text(
		    cases[i].text, strlen(cases[i].text), &r, &used);
		assert_int_equal(ret, cases[i].good ? 0 : E_SYNTAX);
		assert_int_equal(
		    used, cases[i].good ? strlen(cases[i].text) : 0);
		if (!cases[i].good)
			assert_int_equal(r.answer.count, 0x5a5a5a5a);
	}
}

static void
try_short(const char *data, size_t n, void *arg)
{
	struct fraud_reply r;
	size_t used;

	(void)arg;
	assert_int_equal(fraud_proto_read(data, n, &r, &used, NULL), 0);
	assert_int_equal(used, 0);
}

/* A flipped bit may make another count, and nothing that lets in. */
static void
try_flipped(const char *data, size_t n, void *arg)
{
	struct fraud_reply r;
	size_t used;

	(void)arg;
	if (fraud_proto_read(data, n, &r, &used, NULL) != 0 || used == 0)
		return;
	assert_true(r.kind != FRAUD_REPLY_ANSWER ||
	    r.answer.verdict == FRAUD_VERDICT_DENY);
}

static void
test_damage(void **state)
{
	(void)state;
	for_each_truncation(GOOD, sizeof(GOOD) - 1, try_short, NULL);
	for_each_truncation(DENIED, sizeof(DENIED) - 1, try_short, NULL);
	for_each_bit_flip(DENIED, sizeof(DENIED) - 1, try_flipped, NULL);
}

/* It ends, however much comes. */
static void
test_endless(void **state)
{
	static char text[FRAUD_REPLY_MAX];
	struct fraud_reply r;
	size_t used;

	(void)state;
	memset(text, 'x', sizeof(text));
	text[0] = '-';
	assert_int_equal(read_text(text, sizeof(text) - 1, &r, &used), 0);
	assert_int_equal(used, 0);
	assert_int_equal(read_text(text, sizeof(text), &r, &used), E_SYNTAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_request_limits),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_endless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
