/*
 * test_jscan_members: runs of plain members are read apart from all else, so
 * each text is read twice: as it is, and with a blank behind, where no run is
 * read because the last byte is no bracket. Both must come out the same, and
 * runs the same on every processor.
 */

#include "testjson.h"

#include "claims.h"
#include "err.h"
#include "jscan_scan.h"

#define LONG_STRING \
	"0123456789 abcdefghijklmnopqrstuvwxyz " \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ,:{}[]"

static const struct text texts[] = {
	T("{}"),
	T("{\"iss\":\"https://idp.example\",\"sub\":\"8c6976e5\",\"exp\":17}"),
	T("{\"iss\": \"a\", \"exp\": 1700000000, \"aud\": \"b\", \"n\": 1}"),
	T("{\"iss\" :\"a\"}"),
	T("{\"iss\":  \"a\",  \"sub\":\"b\"}"),
	T("{\n\t\"iss\":\"a\",\r\n\t\"sub\":\"b\"\n}"),
	T("{\"a\":true,\"b\":false,\"c\":null,\"exp\":0,\"nbf\":-1}"),
	T("{\"exp\":1.5,\"nbf\":1e3,\"iat\":01}"),
	T("{\"exp\":truex,\"nbf\":1}"),
	T("{\"exp\":tru}"),
	T("{\"exp\":true}"),
	T("{\"exp\":false}"),
	T("{\"exp\":12345678901234567890,\"nbf\":9}"),
	T("{\"sub\":\"\\u0061\",\"\\u0073id\":\"b\",\"jti\":\"c\"}"),
	T("{\"sub\":\"\xc3\xa4\",\"\xc3\xa4\":\"b\",\"jti\":\"\xff\"}"),
	T("{\"sub\":\"a\",\"sub\":\"b\"}"),
	T("{\"sub\":\"a\",\"\\u0073ub\":\"b\"}"),
	T("{\"\":\"a\",\"b\":\"\",\"\":\"c\"}"),
	T("{\"a\":{\"b\":1,\"c\":\"d\",\"e\":{\"b\":1}},\"f\":[{\"b\":1}]}"),
	T("{\"realm_access\":{\"roles\":[\"a\",\"b\"]},\"azp\":\"x\"}"),
	T("{\"aud\":[\"a\",\"b\"],\"preferred_username\":\"alice\"}"),
	T("{\"preferred_usernamf\":\"bob\",\"preferred_username\":\"a\"}"),
	T("{\"sid\":\"" LONG_STRING LONG_STRING "\",\"sub\":\"a\"}"),
	T("{\"" LONG_STRING "\":\"a\",\"" LONG_STRING "\":1}"),
	T("{\"a\":\"b\",}"),
	T("{\"a\":\"b\" \"c\":\"d\"}"),
	T("{\"a\":\"b\"]"),
	T("{\"a\":\"b\",\"c}"),
	T("{\"a\":\"b\",\"c\"}"),
	T("{\"a\":\"b\",\"c\":}"),
	T("{\"a\":\"\x7f\",\"b\":\"\x1f\"}"),
};

/* Both readings; buf holds one byte more than the n of the text. */
static void
same_twice(char *buf, size_t n)
{
	static const struct jscan_options o = { .comments = true };
	struct jscan_value a[JSCAN_ROWS], b[JSCAN_ROWS], v;
	char *text = guard_copy(buf, n);
	size_t i, at = 0, later = 0;
	int rc;

	buf[n] = ' ';
	rc = jscan_object(text, n, &claims_names, a, NULL);
	assert_int_equal(jscan_object(buf, n + 1, &claims_names, b, NULL), rc);
	for (i = 0; i < JSCAN_ROWS; i++) {
		assert_int_equal(a[i].type, b[i].type);
		assert_int_equal(a[i].len, b[i].len);
		assert_int_equal(a[i].escaped, b[i].escaped);
		if (a[i].type != JSCAN_NONE)
			assert_int_equal(a[i].text - text, b[i].text - buf);
	}
	rc = jscan_text(text, n, &o, &v, &at, NULL);
	assert_int_equal(jscan_text(buf, n + 1, &o, &v, &later, NULL), rc);
	/* what ends too early ends where the text does */
	if (rc != 0 && later != at)
		assert_true(at == n && later == n + 1);
	guard_free(text, n);
}

static void
test_twice(void **state)
{
	char buf[1024];
	size_t i, n, k;

	(void)state;
	for (i = 0; i < COUNT_OF(texts); i++) {
		n = texts[i].n;
		for (k = 0; k <= n; k++) {
			memcpy(buf, texts[i].p, n);
			same_twice(buf, k);
		}
		for (k = 0; k < 8 * n; k++) {
			memcpy(buf, texts[i].p, n);
			buf[k / 8] = (char)(buf[k / 8] ^ 1 << k % 8);
			same_twice(buf, n);
		}
	}
}

/* What a run leaves behind. */
struct after {
	struct jscan_frame frame;
	uint64_t names[JSCAN_MEMBERS_MAX];
	struct jscan_value values[JSCAN_ROWS];
	size_t members, at;
	bool read;
};

typedef const unsigned char *members_fn(
    struct jscan_scan *s, const unsigned char *p, bool *read_out);

static void
read_run(members_fn *members, const char *text, size_t n, size_t most,
    struct after *out)
{
	const unsigned char *start = (const unsigned char *)text;
	struct jscan_scan s = {
		.text = start,
		.end = start + n,
		.members_max = most,
		.frames = &out->frame,
		.depth = 1,
		.names = out->names,
		.wanted = &claims_names,
		.values = out->values,
	};

	memset(out, 0, sizeof(*out));
	out->at = (size_t)(members(&s, start + 1, &out->read) - start);
	assert_int_equal(s.members, s.names_len);
	assert_null(s.what);
	out->members = s.members;
}

static void
test_every_processor(void **state)
{
	struct after a, b;
	char *copy;
	size_t i, n;

	(void)state;
	for (i = 0; i < COUNT_OF(texts); i++) {
		for (n = 2; n <= texts[i].n; n++) {
			copy = guard_copy(texts[i].p, n);
			read_run(jscan_members, copy, n, 256, &a);
			read_run(jscan_members_plain, copy, n, 256, &b);
			assert_memory_equal(&a, &b, sizeof(a));
			guard_free(copy, n);
		}
	}
}

/* That there are runs at all, and where they stop. */
static void
test_run(void **state)
{
	static const struct {
		const char *text;
		size_t most, members;
		const char *rest;
		bool read;
	} rows[] = {
		{ "{}", 9, 0, "}", false },
		{ "{\"a\":1}", 9, 1, "}", true },
		{ "{\"a\":1}", 0, 0, "\"a\":1}", false },
		{ "{\"a\":1} ", 9, 0, "\"a\":1} ", false },
		{ "{\"a\":1,\"b\":\"c\",\"d\":null}", 9, 2, "\"d\":null}",
		    false },
		{ "{\"a\":1, \"b\": true}", 9, 2, "}", true },
		{ "{\"a\":1,\"b\":2,\"c\":3}", 2, 2, "\"c\":3}", false },
		{ "{\"a\":1,\"a\":2}", 9, 1, "\"a\":2}", false },
		{ "{\"a\":1,\"b\":[]}", 9, 1, "\"b\":[]}", false },
		{ "{\"a\":\"b\" ,\"c\":1}", 9, 1, " ,\"c\":1}", true },
		{ "{\"a\":1 }", 9, 0, "\"a\":1 }", false },
		{ "{\"a\":truex}", 9, 1, "x}", true },
	};
	struct after out;
	size_t i, n;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		n = strlen(rows[i].text);
		read_run(jscan_members, rows[i].text, n, rows[i].most, &out);
		assert_string_equal(rows[i].text + out.at, rows[i].rest);
		assert_int_equal(out.members, rows[i].members);
		assert_int_equal(out.read, rows[i].read);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_every_processor),
		cmocka_unit_test(test_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
