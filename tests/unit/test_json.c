/*
 * test_json: trees read from text, copied and wiped.
 */

#include "testutil.h"

#include "err.h"
#include "json.h"
#include "mem.h"
#include "str.h"

static struct json *
parsed(const char *text)
{
	struct json *j = NULL;
	struct err e = { 0 };

	if (json_parse(text, strlen(text), true, &j, &e) != 0)
		fail_msg("%s: %s", text, e.text);
	return j;
}

static const struct {
	const char *why;
	const char *text;
	const char *want; /* NULL: read; else the error */
} texts[] = {
	{ "object", "{\"a\":1}", NULL },
	{ "any value", "3", NULL },
	{ "nothing", "", "1:1: " },
	{ "first line", "{\"a\":1,}", "1:8: " },
	{ "another line", "{\n\"a\":1,\n  x}", "3:3: " },
	{ "CR LF counts once", "{\r\n\"a\":1,\r\n  x}", "3:3: " },
	{ "columns are bytes", "[\"\xc3\xa9\",x]", "1:7: " },
	{ "the end", "{\n\n", "3:1: " },
	{ "duplicate", "{\"a\":1,\n\"\\u0061\":2}", "2:1: repeated" },
	{ "not a duplicate", "{\"a\":1,\n\"\\u0062\":2}", NULL },
	{ "\\u0000", "[\"\\u0000\"]", "1:3: \\u0000" },
	{ "\\u0001", "[\"\\u0001\"]", NULL },
	{ "lone surrogate", "[\"\\ud800\"]", "1:3: half" },
	{ "surrogate pair", "[\"\\ud800\\udc00\"]", NULL },
	{ "byte order mark", "\xef\xbb\xbf{}", "1:1: byte order" },
	{ "not UTF-8", "[\"\xff\"]", "1:3: not UTF-8" },
	{ "second value", "{} {}", "1:4: " },
	{ "NaN, which json-c takes", "[NaN]", "1:2: " },
	{ "quotes that json-c takes", "['a']", "1:2: " },
	{ "01", "[01]", "1:2: " },
	{ "line comment", "{ // x\n}", "1:3: " },
	{ "block comment", "{ /* x */ }", "1:3: " },
};

static void
test_parse(void **state)
{
	struct json *j;
	struct err e;
	char *copy;
	size_t i, n;
	int rc;

	(void)state;
	for (i = 0; i < COUNT_OF(texts); i++) {
		e = (struct err){ 0 };
		j = NULL;
		n = strlen(texts[i].text);
		copy = guard_copy(texts[i].text, n);
		rc = json_parse(copy, n, false, &j, &e);
		guard_free(copy, n);
		if (rc != (texts[i].want == NULL ? 0 : E_SYNTAX))
			fail_msg("%s: %s", texts[i].why, e.text);
		if (rc != 0 &&
		    strncmp(e.text, texts[i].want, strlen(texts[i].want)) != 0)
			fail_msg("%s: %s", texts[i].why, e.text);
		assert_true(rc == 0 || j == NULL);
		json_free(&j);
	}
}

/* Comments stand anywhere between tokens, and strings keep theirs. */
static void
test_comments(void **state)
{
	static const char text[] =
	    "// first\n/* { */ { /**/ \"a\" /* : */ : // x\n [ 1, // ]\n 2 ] ,"
	    "\"url\":\"https://x/*y*/\" /* \" */ } // last";
	struct json *j = NULL;
	char *out;

	(void)state;
	assert_int_equal(json_parse(text, sizeof(text) - 1, true, &j, NULL), 0);
	out = json_write(j, false, NULL);
	assert_string_equal(out, "{\"a\":[1,2],\"url\":\"https://x/*y*/\"}");
	free(out);
	json_free(&j);
	assert_int_equal(
	    json_parse(text, sizeof(text) - 1, false, &j, NULL), E_SYNTAX);
}

static void
test_kinds(void **state)
{
	static const struct {
		const char *text;
		enum json_kind kind;
		const char *name;
	} rows[] = {
		{ "null", JSON_NULL, "null" },
		{ "true", JSON_BOOL, "true or false" },
		{ "false", JSON_BOOL, "true or false" },
		{ "1", JSON_INTEGER, "a whole number" },
		{ "1.0", JSON_DECIMAL, "a number" },
		{ "\"1\"", JSON_STRING, "a string" },
		{ "[1]", JSON_ARRAY, "an array" },
		{ "{\"a\":1}", JSON_OBJECT, "an object" },
	};
	struct json *j;
	size_t i, len;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		j = parsed(rows[i].text);
		assert_int_equal(json_kind(j), rows[i].kind);
		assert_string_equal(json_kind_name(json_kind(j)), rows[i].name);
		/* each question has a tame answer for every kind */
		assert_int_equal(json_true(j), i == 1);
		assert_true((json_decimal(j) != NULL) == (i == 4));
		assert_int_equal(json_integer(j), i == 3);
		assert_true((json_string(j, &len) != NULL) == (i == 5));
		assert_int_equal(json_count(j), i >= 6);
		assert_true((json_element(j, 0) != NULL) == (i == 6));
		assert_true((json_member(j, "a") != NULL) == (i == 7));
		json_free(&j);
		assert_null(j);
	}
	json_free(&j);
	json_wipe(&j);
}

static void
test_numbers(void **state)
{
	static const struct {
		const char *text;
		enum json_kind kind;
		int64_t value;
		const char *back;
	} rows[] = {
		{ "0", JSON_INTEGER, 0, "0" },
		{ "-0", JSON_INTEGER, 0, "0" },
		{ "-1", JSON_INTEGER, -1, "-1" },
		{ "9223372036854775807", JSON_INTEGER, INT64_MAX,
		    "9223372036854775807" },
		{ "-9223372036854775808", JSON_INTEGER, INT64_MIN,
		    "-9223372036854775808" },
		{ "9223372036854775808", JSON_DECIMAL, 0,
		    "9223372036854775808" },
		{ "-9223372036854775809", JSON_DECIMAL, 0,
		    "-9223372036854775809" },
		{ "18446744073709551615", JSON_DECIMAL, 0,
		    "18446744073709551615" },
		{ "18446744073709551616", JSON_DECIMAL, 0,
		    "18446744073709551616" },
		{ "18446744073709551617", JSON_DECIMAL, 0,
		    "18446744073709551617" },
		{ "99999999999999999999999999999999999999999999999",
		    JSON_DECIMAL, 0,
		    "99999999999999999999999999999999999999999999999" },
		{ "1.0", JSON_DECIMAL, 0, "1.0" },
		{ "1e3", JSON_DECIMAL, 0, "1e3" },
		{ "1E400", JSON_DECIMAL, 0, "1E400" },
		{ "0.1", JSON_DECIMAL, 0, "0.1" },
		{ "-0.10000000000000000000001", JSON_DECIMAL, 0,
		    "-0.10000000000000000000001" },
	};
	struct json *j, *copy;
	char *out;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		j = parsed(rows[i].text);
		assert_int_equal(json_kind(j), rows[i].kind);
		assert_int_equal(json_integer(j), rows[i].value);
		assert_int_equal(json_copy(j, &copy), 0);
		json_free(&j);
		out = json_write(copy, false, NULL);
		assert_string_equal(out, rows[i].back);
		free(out);
		json_free(&copy);
	}
}

static void
test_strings(void **state)
{
	static const struct {
		const char *text;
		const char *want;
		const char *back;
	} rows[] = {
		{ "\"\"", "", "\"\"" },
		{ "\"a/b\"", "a/b", "\"a/b\"" },
		{ "\"a\\/b\"", "a/b", "\"a/b\"" },
		{ "\"\\\"\\\\\\b\\f\\n\\r\\t\"", "\"\\\b\f\n\r\t",
		    "\"\\\"\\\\\\b\\f\\n\\r\\t\"" },
		{ "\"\\u0001\\u001f\\u007f\"", "\x01\x1f\x7f",
		    "\"\\u0001\\u001f\x7f\"" },
		{ "\"\\u00e9\\ud83d\\ude00\"", "\xc3\xa9\xf0\x9f\x98\x80",
		    "\"\xc3\xa9\xf0\x9f\x98\x80\"" },
	};
	struct json *j;
	char *out;
	size_t i, len;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		j = parsed(rows[i].text);
		assert_string_equal(json_string(j, &len), rows[i].want);
		assert_int_equal(len, strlen(rows[i].want));
		assert_non_null(json_string(j, NULL));
		out = json_write(j, false, &len);
		assert_string_equal(out, rows[i].back);
		assert_int_equal(len, strlen(out));
		free(out);
		json_free(&j);
	}
}

static void
test_order(void **state)
{
	struct json *j;
	const struct json *v;
	const char *name = "kept";
	char text[4096], *out;
	struct str s;
	size_t i;

	(void)state;
	/* names that a hash would throw about, and enough to make it grow */
	str_init(&s, text, sizeof(text));
	for (i = 0; i < 200; i++)
		str_addf(&s, "%s\"%zu\":%zu", i == 0 ? "{" : ",",
		    i * 7919 % 1000, i);
	str_add(&s, "}");
	j = parsed(text);
	assert_int_equal(json_count(j), 200);
	for (i = 0; i < 200; i++) {
		v = json_entry(j, i, &name);
		assert_int_equal(json_integer(v), i);
		assert_int_equal(strtoul(name, NULL, 10), i * 7919 % 1000);
		assert_ptr_equal(json_member(j, name), v);
	}
	name = "kept";
	assert_null(json_entry(j, 200, &name));
	assert_string_equal(name, "kept");
	assert_null(json_member(j, "1000"));
	out = json_write(j, false, NULL);
	assert_string_equal(out, text);
	free(out);
	json_free(&j);
	/* escaped names are decoded */
	j = parsed("{\"\\u0061\\n\":1}");
	assert_int_equal(json_integer(json_member(j, "a\n")), 1);
	json_free(&j);
}

static void
test_elements(void **state)
{
	struct json *j = parsed("[10,null,[],30]");

	(void)state;
	assert_int_equal(json_count(j), 4);
	assert_int_equal(json_integer(json_element(j, 0)), 10);
	assert_int_equal(json_kind(json_element(j, 1)), JSON_NULL);
	assert_int_equal(json_kind(json_element(j, 2)), JSON_ARRAY);
	assert_int_equal(json_integer(json_element(j, 3)), 30);
	assert_null(json_element(j, 4));
	assert_null(json_element(j, SIZE_MAX));
	json_free(&j);
}

/* The trees are as deep and as wide as the limits say, not more. */
static void
test_limits(void **state)
{
	static char text[65536];
	struct json *j = NULL;
	struct str s;
	size_t i, extra;

	(void)state;
	for (extra = 0; extra < 2; extra++) {
		str_init(&s, text, sizeof(text));
		for (i = 0; i < JSON_DEPTH_MAX + extra; i++)
			str_add(&s, i % 2 == 0 ? "[" : "{\"a\":");
		str_add(&s, "0");
		for (i = JSON_DEPTH_MAX + extra; i-- > 0;)
			str_add(&s, i % 2 == 0 ? "]" : "}");
		assert_int_equal(json_parse(text, s.len, false, &j, NULL),
		    extra == 0 ? E_OK : E_SYNTAX);
		json_wipe(&j);
		str_init(&s, text, sizeof(text));
		for (i = 0; i < JSON_MEMBERS_MAX + extra; i++)
			str_addf(&s, "%s\"%zu\":0", i == 0 ? "{" : ",", i);
		str_add(&s, "}");
		assert_int_equal(json_parse(text, s.len, false, &j, NULL),
		    extra == 0 ? E_OK : E_SYNTAX);
		assert_int_equal(
		    json_count(j), extra == 0 ? JSON_MEMBERS_MAX : 0);
		json_free(&j);
	}
}

static void
test_copy(void **state)
{
	static const char text[] =
	    "{\"a\":[1,2.5,{\"b\":null}],\"c\":\"d\",\"e\":true,\"f\":{}}";
	struct json *j = parsed(text), *copy = NULL;
	char *out;

	(void)state;
	assert_int_equal(json_copy(j, &copy), 0);
	assert_int_equal(json_put_string(j, "c", "changed"), 0);
	json_wipe(&j);
	out = json_write(copy, false, NULL);
	assert_string_equal(out, text);
	free(out);
	json_free(&copy);
	copy = j;
	assert_int_equal(json_copy(NULL, &copy), 0);
	assert_null(copy);
}

/* What is wiped is gone, and so is what was needed on the way. */
static void
test_secret(void **state)
{
	static const char text[] =
	    "{\"jwtsecret\":\"CorrectHorseBatteryStaple\",\"a\":["
	    "\"\\u0043orrect"
	    "HorseBatteryStaple\", \"a longer string that makes buffers "
	    "grow\"]}";
	static const char bad[] = "{\"jwtsecret\":\"CorrectHorseBatteryStaple";
	struct json *j;
	char *out;
	size_t n;

	(void)state;
	secret_watch("HorseBattery", 12);
	j = parsed(text);
	out = json_write(j, true, &n);
	assert_non_null(strstr(out, "HorseBattery"));
	mem_free(&out, n);
	json_wipe(&j);
	assert_null(j);
	assert_int_equal(
	    json_parse(bad, sizeof(bad) - 1, false, &j, NULL), E_SYNTAX);
	assert_int_equal(secret_leaks(), 0);
	/* and the watch can see one */
	if (!alloc_fail_works())
		return;
	secret_watch("HorseBattery", 12);
	j = parsed(text);
	json_free(&j);
	assert_int_not_equal(secret_leaks(), 0);
}

static const char sample[] =
    "{\"a\":[1,2.5,\"x\\u00e9\",null,true,{\"b\":[],\"c\":{}}],"
    "\"deep\":{\"er\":[[[\"s\"]]]},\"n\":-12}";

static void
truncated(const char *data, size_t n, void *arg)
{
	struct json *j = NULL;

	(void)arg;
	assert_int_equal(json_parse(data, n, true, &j, NULL), E_SYNTAX);
	assert_null(j);
}

static void
flipped(const char *data, size_t n, void *arg)
{
	struct json *j = NULL;
	char *out, *again;
	size_t len;

	(void)arg;
	if (json_parse(data, n, true, &j, NULL) != 0) {
		assert_null(j);
		return;
	}
	/* what is read is written, and read as the same */
	out = json_write(j, false, &len);
	json_wipe(&j);
	assert_int_equal(json_parse(out, len, false, &j, NULL), 0);
	again = json_write(j, false, NULL);
	assert_string_equal(again, out);
	json_free(&j);
	free(out);
	free(again);
}

static void
test_mangled(void **state)
{
	(void)state;
	for_each_truncation(sample, sizeof(sample) - 1, truncated, NULL);
	for_each_bit_flip(sample, sizeof(sample) - 1, flipped, NULL);
}

/* Everything once; whatever is handed out must be whole. */
static void
short_of_memory(void *arg)
{
	struct json *j = NULL, *copy = NULL;
	struct err e = { 0 };
	char *out;
	int rc;

	(void)arg;
	rc = json_parse(sample, sizeof(sample) - 1, false, &j, &e);
	assert_int_equal(rc, alloc_failed() ? E_NOMEM : 0);
	assert_int_equal(e.code, rc);
	if (rc != 0) {
		assert_null(j);
		return;
	}
	rc = json_copy(j, &copy);
	assert_int_equal(rc, alloc_failed() ? E_NOMEM : 0);
	if (rc == 0)
		rc = json_put_string(copy, "new", "string");
	if (rc == 0)
		rc = json_put_integer(copy, "i", 1);
	if (rc == 0)
		rc = json_put_bool(copy, "b", true);
	assert_int_equal(rc, alloc_failed() ? E_NOMEM : 0);
	out = json_write(j, true, NULL);
	assert_true(out != NULL || alloc_failed());
	free(out);
	out = json_write(j, false, NULL);
	if (out != NULL)
		assert_string_equal(out,
		    "{\"a\":[1,2.5,\"x\xc3\xa9\",null,true,{\"b\":[],\"c\":{}}"
		    "],\"deep\":{\"er\":[[[\"s\"]]]},\"n\":-12}");
	free(out);
	json_wipe(&j);
	json_free(&copy);
}

static void
test_memory(void **state)
{
	(void)state;
	for_each_alloc_failure(short_of_memory, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_comments),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_elements),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_secret),
		cmocka_unit_test(test_mangled),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
