/*
 * test_fraudd_resp: requests of Redis' clients, whole, cut and damaged; the
 * dialect told by the first bytes; answers as RESP and as JSON.
 */

#include "testutil.h"

#include "dialect.h"
#include "dialect_resp.h"
#include "outbuf.h"
#include "reply.h"

#define WHOLE "*3\r\n$5\r\nCHECK\r\n$0\r\n\r\n$4\r\na\r\nb\r\n"

/* want: the words, each in brackets; NULL: broken; "...": more must come. */
static const struct {
	const char *why;
	const char *input;
	const char *want;
	size_t used; /* 0: all of it */
} requests[] = {
	{ "an array of bulk strings", WHOLE, "[CHECK][][a\r\nb]", 0 },
	{ "only the first of two", "*1\r\n$1\r\nA\r\n*1\r\n", "[A]", 11 },
	{ "an empty array asks nothing", "*0\r\n", "", 0 },
	{ "a null array asks nothing", "*-1\r\n", "", 0 },
	{ "no count", "*\r\n", NULL, 0 },
	{ "a count that is no number", "*a\r\n", NULL, 0 },
	{ "a count below -1", "*-2\r\n", NULL, 0 },
	{ "a count with a plus", "*+1\r\n", NULL, 0 },
	{ "a count with a blank", "* 1\r\n", NULL, 0 },
	{ "a count too large to be meant", "*99999\r\n", NULL, 0 },
	{ "a count of many digits", "*00000000001\r\n", NULL, 0 },
	{ "a count that ends in LF alone", "*1\n$1\nA\n", NULL, 0 },
	{ "CR and something else", "*1\rX", NULL, 0 },
	{ "no bulk string", "*1\r\n:1\r\n", NULL, 0 },
	{ "none, and as long as one", "*1\r\n:1\r\nA\r\n", NULL, 0 },
	{ "what follows a nine, as a count", "*:\r\n$1\r\nA\r\n", NULL, 0 },
	{ "and as a length", "*1\r\n$:\r\n1234567890\r\n", NULL, 0 },
	{ "a null bulk string", "*1\r\n$-1\r\n", NULL, 0 },
	{ "a bulk string over the cap", "*1\r\n$16385\r\n", NULL, 0 },
	{ "a bulk string longer than it says", "*1\r\n$1\r\nAB\r\n", NULL, 0 },
	{ "a bulk string without its LF", "*1\r\n$1\r\nA\rB", NULL, 0 },
	{ "the length has come", "*1\r\n$4\r\n", "...", 0 },
	{ "a line of words", "ATTEMPT card ip 1.2.3.4\r\n",
	    "[ATTEMPT][card][ip][1.2.3.4]", 0 },
	{ "a line that ends in LF alone", "PING\n", "[PING]", 0 },
	{ "blanks and tabs all over", "  a\t \tb  \r\n", "[a][b]", 0 },
	{ "an empty line asks nothing", "\r\n", "", 0 },
	{ "the first line of two", "a\nb\n", "[a]", 2 },
	{ "quotes keep blanks", "ECHO \"a b\" 'c \"d'\n", "[ECHO][a b][c \"d]",
	    0 },
	{ "quotes may hold nothing", "ECHO \"\"\n", "[ECHO][]", 0 },
	{ "a backslash is only itself", "ECHO \"a\\\"\n", "[ECHO][a\\]", 0 },
	{ "a quote within a word is only itself", "it's\n", "[it's]", 0 },
	{ "a quote that never closes", "ECHO \"a\n", NULL, 0 },
	{ "a word that clings to a quote", "ECHO \"a\"b\n", NULL, 0 },
	{ "a line that goes on", "PING", "...", 0 },
	{ "nothing at all", "", "...", 0 },
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
	const char *why;
	char buf[256], *copy;
	size_t i, n, used;

	(void)state;
	for (i = 0; i < COUNT_OF(requests); i++) {
		n = strlen(requests[i].input);
		copy = guard_copy(requests[i].input, n);
		why = NULL;
		used = 0;
		got = dialect_resp_parse(copy, n, &rq, &used, &why);
		if (requests[i].want == NULL) {
			if (got != REQUEST_BROKEN || why == NULL)
				fail_msg("%s: taken", requests[i].why);
		} else if (strcmp(requests[i].want, "...") == 0) {
			if (got != REQUEST_PARTIAL)
				fail_msg("%s: state %d", requests[i].why, got);
		} else {
			if (got != REQUEST_READY)
				fail_msg("%s: %s", requests[i].why,
				    why != NULL ? why : "partial");
			assert_string_equal(
			    shown(&rq, buf, sizeof(buf)), requests[i].want);
			assert_int_equal(
			    used, requests[i].used > 0 ? requests[i].used : n);
		}
		guard_free(copy, n);
	}
}

static void
cut_is_partial(const char *data, size_t n, void *arg)
{
	struct request rq;
	const char *why;
	size_t used;

	(void)arg;
	assert_int_equal(
	    dialect_resp_parse(data, n, &rq, &used, &why), REQUEST_PARTIAL);
}

static void
flip_is_safe(const char *data, size_t n, void *arg)
{
	struct request rq;
	const char *why;
	size_t used, i;

	(void)arg;
	if (dialect_resp_parse(data, n, &rq, &used, &why) != REQUEST_READY)
		return;
	assert_true(used <= n);
	for (i = 0; i < rq.count && i < REQUEST_WORDS_MAX; i++) {
		assert_true(rq.words[i].data >= data);
		assert_true(rq.words[i].data + rq.words[i].len <= data + used);
	}
}

static void
test_damage(void **state)
{
	static const char line[] = "ATTEMPT card ip '1.2.3.4' x \"y z\"\r\n";

	(void)state;
	for_each_truncation(WHOLE, strlen(WHOLE), cut_is_partial, NULL);
	for_each_bit_flip(WHOLE, strlen(WHOLE), flip_is_safe, NULL);
	for_each_truncation(line, strlen(line), cut_is_partial, NULL);
	for_each_bit_flip(line, strlen(line), flip_is_safe, NULL);
}

/* A request of exactly 16 KiB is taken, one byte more is not. */
static void
test_cap(void **state)
{
	static char big[REQUEST_MAX + 16];
	struct request rq;
	const char *why;
	size_t n, used, body = REQUEST_MAX - 4 - 8 - 2;

	(void)state;
	n = (size_t)snprintf(big, sizeof(big), "*1\r\n$%zu\r\n", body);
	assert_int_equal(n, 12);
	memset(big + n, 'x', body);
	memcpy(big + n + body, "\r\n", 2);
	assert_int_equal(dialect_resp_parse(big, REQUEST_MAX, &rq, &used, &why),
	    REQUEST_READY);
	assert_int_equal(used, REQUEST_MAX);
	snprintf(big, sizeof(big), "*1\r\n$%zu", body + 1);
	memcpy(big + 10, "\r\nx", 3);
	assert_int_equal(dialect_resp_parse(big, REQUEST_MAX, &rq, &used, &why),
	    REQUEST_BROKEN);
	memset(big, 'x', REQUEST_MAX);
	assert_int_equal(
	    dialect_resp_parse(big, REQUEST_MAX - 1, &rq, &used, &why),
	    REQUEST_PARTIAL);
	assert_int_equal(dialect_resp_parse(big, REQUEST_MAX, &rq, &used, &why),
	    REQUEST_BROKEN);
}

static void
test_more_words_than_kept(void **state)
{
	char in[2 * REQUEST_WORDS_MAX + 16];
	struct request rq;
	const char *why;
	size_t i, n = 0, used;

	(void)state;
	for (i = 0; i < REQUEST_WORDS_MAX + 3; i++) {
		in[n++] = 'a';
		in[n++] = ' ';
	}
	in[n++] = '\n';
	assert_int_equal(
	    dialect_resp_parse(in, n, &rq, &used, &why), REQUEST_READY);
	assert_int_equal(rq.count, REQUEST_WORDS_MAX + 3);
	assert_int_equal(used, n);
}

static const struct {
	const char *first;
	enum dialect want;
} firsts[] = {
	{ "", DIALECT_UNKNOWN },
	{ "*1\r\n", DIALECT_RESP },
	{ "P", DIALECT_UNKNOWN },
	{ "PING\r\n", DIALECT_RESP },
	{ "POST", DIALECT_UNKNOWN },
	{ "POST /", DIALECT_HTTP },
	{ "POST http://x/", DIALECT_HTTP },
	{ "POST x", DIALECT_RESP },
	{ "GET /metrics HTTP/1.1", DIALECT_HTTP },
	{ "GET key\r\n", DIALECT_RESP },
	{ "get /", DIALECT_RESP },
	{ "DELETE /v1", DIALECT_HTTP },
	{ "OPTIONS * ", DIALECT_HTTP },
	{ "request", DIALECT_UNKNOWN },
	{ "request=smtpd", DIALECT_POLICY },
	{ "request:", DIALECT_RESP },
	{ "\xff\xfe", DIALECT_RESP },
};

static void
test_first_bytes(void **state)
{
	size_t i, n, k;
	char *copy;

	(void)state;
	for (i = 0; i < COUNT_OF(firsts); i++) {
		n = strlen(firsts[i].first);
		copy = guard_copy(firsts[i].first, n);
		if (dialect_detect(copy, n) != firsts[i].want)
			fail_msg("%s", firsts[i].first);
		guard_free(copy, n);
		/* what was decided stays so however much more comes */
		for (k = 0; k < n; k++)
			if (dialect_detect(firsts[i].first, k) !=
			    DIALECT_UNKNOWN)
				assert_int_equal(
				    dialect_detect(firsts[i].first, k),
				    firsts[i].want);
	}
}

static void
say_everything(struct reply *r)
{
	reply_record(r, NULL, 4);
	reply_text(r, "verdict", "a\"b");
	reply_nil(r, "rule");
	reply_array(r, "list", 2);
	reply_integer(r, NULL, -5);
	reply_map(r, NULL, 1);
	reply_text(r, "x", "y");
	reply_map(r, "map", 2);
	reply_array(r, "none", 0);
	reply_integer(r, "n", INT64_MIN);
}

static void
test_reply(void **state)
{
	static const char resp[] =
	    "*4\r\n$3\r\na\"b\r\n$-1\r\n*2\r\n:-5\r\n*2\r\n$1\r\nx\r\n$1\r\ny"
	    "\r\n*4\r\n$4\r\nnone\r\n*0\r\n$1\r\nn\r\n"
	    ":-9223372036854775808\r\n";
	static const char json[] =
	    "{\"verdict\":\"a\\\"b\",\"rule\":null,\"list\":[-5,{\"x\":\"y\"}]"
	    ",\"map\":{\"none\":[],\"n\":-9223372036854775808}}";
	struct outbuf out;
	struct reply r;

	(void)state;
	outbuf_init(&out, 4096);
	reply_resp(&r, &out);
	say_everything(&r);
	assert_int_equal(out.len, strlen(resp));
	assert_memory_equal(out.data, resp, out.len);
	outbuf_reset(&out);
	reply_json(&r, &out);
	say_everything(&r);
	assert_int_equal(out.len, strlen(json));
	assert_memory_equal(out.data, json, out.len);
	assert_int_equal(r.depth, 0);
	outbuf_reset(&out);
	reply_resp(&r, &out);
	reply_error(&r, "ERR", "one\r\n+line");
	assert_memory_equal(out.data, "-ERR one  +line\r\n", out.len);
	assert_true(r.failed);
	outbuf_done(&out);
}

/* What is no UTF-8 never gets into JSON. */
static void
test_json_strings(void **state)
{
	static const struct {
		const char *input;
		const char *want;
	} rows[] = {
		{ "a\n\x7f", "\"a\\u000a\\u007f\"" },
		{ "\xc3\xa9", "\"\xc3\xa9\"" },
		{ "\xc3", "\"\\ufffd\"" },
		{ "\xc0\xaf", "\"\\ufffd\\ufffd\"" },
		{ "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"" },
		{ "\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\"" },
	};
	struct outbuf out;
	size_t i, n;
	char *copy;

	(void)state;
	outbuf_init(&out, 4096);
	for (i = 0; i < COUNT_OF(rows); i++) {
		n = strlen(rows[i].input);
		copy = guard_copy(rows[i].input, n);
		outbuf_reset(&out);
		reply_json_string(&out, copy, n);
		assert_int_equal(out.len, strlen(rows[i].want));
		assert_memory_equal(out.data, rows[i].want, out.len);
		guard_free(copy, n);
	}
	outbuf_done(&out);
}

static void
test_outbuf_bound(void **state)
{
	struct outbuf out;
	char bytes[64] = { 0 };
	int i;

	(void)state;
	outbuf_init(&out, 128);
	outbuf_add(&out, bytes, 64);
	outbuf_add(&out, bytes, 64);
	assert_false(out.failed);
	assert_int_equal(out.len, 128);
	outbuf_done(&out);
	outbuf_init(&out, 8192);
	for (i = 0; i < 128; i++)
		outbuf_add(&out, bytes, 64);
	assert_false(out.failed);
	outbuf_add(&out, bytes, 1);
	assert_true(out.failed);
	outbuf_add(&out, bytes, 0);
	assert_true(out.failed);
	outbuf_cut(&out, 10);
	assert_false(out.failed);
	assert_int_equal(out.len, 10);
	outbuf_done(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_cap),
		cmocka_unit_test(test_more_words_than_kept),
		cmocka_unit_test(test_first_bytes),
		cmocka_unit_test(test_reply),
		cmocka_unit_test(test_json_strings),
		cmocka_unit_test(test_outbuf_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
