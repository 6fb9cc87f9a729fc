/*
 * test_jscan_value: the values that a scan hands out: wanted members,
 * cursors, strings, seconds; and mangled text under all of them.
 */

#include "testjson.h"

#include "claims.h"
#include "err.h"
#include "jwe.h"
#include "jws.h"

enum {
	EMPTY = 0,
	EXP = 3,
	ISS = 4,
	NINE = 7,
	EIGHT = 10,
	SUB = 14,
	AUD = 15
};

/* One longer than a head, and one whose head another name shares. */
static const struct jscan_names names = {
	.factor = UINT64_C(0xcd613e30d8f16adf),
	.rows = {
		[ISS] = JSCAN_NAME("iss"),
		[AUD] = JSCAN_NAME("aud"),
		[EXP] = JSCAN_NAME("exp"),
		[SUB] = JSCAN_NAME("sub"),
		[EMPTY] = JSCAN_NAME(""),
		[EIGHT] = JSCAN_NAME("audience"),
		[NINE] = JSCAN_NAME("audiences"),
	},
};

/* A factor that sends the names of a table to rows of their own. */
static uint64_t
find_factor(const struct jscan_names *t)
{
	uint64_t factor = 1;
	uint32_t taken;
	size_t i, row;

	do {
		factor = factor * UINT64_C(6364136223846793005) + 1442695;
		for (i = 0, taken = 0; i < JSCAN_ROWS; i++) {
			if (t->rows[i].text == NULL)
				continue;
			row = jscan_row(
			    factor, t->rows[i].head, t->rows[i].len);
			if ((taken & 1u << row) != 0)
				break;
			taken |= 1u << row;
		}
	} while (i < JSCAN_ROWS);
	return factor;
}

/* A name in another row than its own is never found. */
static void
test_rows(void **state)
{
	static const struct jscan_names *const tables[] = { &names, &jws_names,
		&jwe_names, &claims_names };
	const struct jscan_name *name;
	uint64_t better;
	size_t i, k, wrong;

	(void)state;
	for (i = 0; i < COUNT_OF(tables); i++) {
		for (k = 0, wrong = 0; k < JSCAN_ROWS; k++) {
			name = &tables[i]->rows[k];
			assert_true(name->len <= JSCAN_NAME_MAX);
			wrong += name->text != NULL &&
			    jscan_row(
				tables[i]->factor, name->head, name->len) != k;
		}
		better = wrong > 0 ? find_factor(tables[i]) : 0;
		for (k = 0; wrong > 0 && k < JSCAN_ROWS; k++) {
			name = &tables[i]->rows[k];
			if (name->text == NULL)
				continue;
			print_error("table %zu, factor %#llx: row %zu is %s\n",
			    i, (unsigned long long)better,
			    jscan_row(better, name->head, name->len),
			    name->text);
		}
		assert_int_equal(wrong, 0);
	}
}

/* What was there before must not be what is there after. */
static void
values_spoil(struct jscan_value values[JSCAN_ROWS])
{
	size_t i;

	for (i = 0; i < JSCAN_ROWS; i++)
		values[i] = (struct jscan_value){ JSCAN_TRUE, true, "old", 3 };
}

static void
test_fields(void **state)
{
	static const char text[] =
	    "{ \"exp\" : 1.5e3 , \"isss\":0,\"is\":0,\"ISS\":0,"
	    "\"o\":{\"sub\":\"inner\",\"iss\":[{\"iss\":1}]},"
	    "\"\\u0069ss\" : \"a\\/b\",\"aud\": [ \"x\", {\"aud\":1} ] ,"
	    "\"\":{\"aud\":2},\"isst\":0,\"i\":0,"
	    "\"ist\":0,\"\\u0069sx\":1,\"su\":0,\"sud\":0,"
	    "\"audiencf\":0,\"audienc\":0,\"audiencet\":0,"
	    "\"audience\":8,\"audiences\":9,\"audiencess\":0}";
	struct jscan_value v[JSCAN_ROWS];

	(void)state;
	values_spoil(v);
	assert_int_equal(
	    jscan_object(text, sizeof(text) - 1, &names, v, NULL), 0);
	is_value(&v[EXP], JSCAN_NUMBER, false, "1.5e3");
	is_value(&v[ISS], JSCAN_STRING, true, "a\\/b");
	is_value(&v[AUD], JSCAN_ARRAY, false, "[ \"x\", {\"aud\":1} ]");
	is_value(&v[EMPTY], JSCAN_OBJECT, false, "{\"aud\":2}");
	is_value(&v[EIGHT], JSCAN_NUMBER, false, "8");
	is_value(&v[NINE], JSCAN_NUMBER, false, "9");
	assert_int_equal(v[SUB].type, JSCAN_NONE);
	assert_null(v[SUB].text);
}

static void
test_field_types(void **state)
{
	static const struct {
		const char *text;
		enum jscan_type type;
		const char *value;
	} rows[] = {
		{ "{\"sub\":null}", JSCAN_NULL, "null" },
		{ "{\"sub\":false}", JSCAN_FALSE, "false" },
		{ "{\"sub\":true}", JSCAN_TRUE, "true" },
		{ "{\"sub\":-0}", JSCAN_NUMBER, "-0" },
		{ "{\"sub\":\"\"}", JSCAN_STRING, "" },
		{ "{\"sub\":\"x\"}", JSCAN_STRING, "x" },
		{ "{\"sub\":[]}", JSCAN_ARRAY, "[]" },
		{ "{\"sub\":{}}", JSCAN_OBJECT, "{}" },
		{ "{\"sub\":{ }  }", JSCAN_OBJECT, "{ }" },
	};
	struct jscan_value v[JSCAN_ROWS];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		values_spoil(v);
		assert_int_equal(jscan_object(rows[i].text,
				     strlen(rows[i].text), &names, v, NULL),
		    0);
		is_value(&v[SUB], rows[i].type, false, rows[i].value);
		assert_int_equal(v[ISS].type, JSCAN_NONE);
	}
}

/* Nothing of a refused text is handed on. */
static void
test_fields_refused(void **state)
{
	static const char text[] = "{\"iss\":\"a\",\"sub\":\"root\"},";
	struct jscan_value v[JSCAN_ROWS];
	size_t i;

	(void)state;
	values_spoil(v);
	assert_int_equal(
	    jscan_object(text, sizeof(text) - 1, &names, v, NULL), E_SYNTAX);
	for (i = 0; i < JSCAN_ROWS; i++) {
		assert_int_equal(v[i].type, JSCAN_NONE);
		assert_null(v[i].text);
	}
}

static const char token[] =
    "{\"iss\":\"https://idp.example.org\",\"aud\":[\"s\\u0073h\",\"\xc3\xa9\"],"
    "\"exp\":1.9e9,\"nested\":{\"a\":[true,false,null,{}]},\"sub\":\"\\ud83d"
    "\\ude00\"} ";

static void
refused(const char *data, size_t n, void *arg)
{
	struct jscan_value v[JSCAN_ROWS];

	(void)arg;
	values_spoil(v);
	/* the last byte is a blank */
	assert_int_equal(jscan_object(data, n, &names, v, NULL),
	    n == sizeof(token) - 2 ? E_OK : E_SYNTAX);
}

static bool
inside(const struct jscan_value *v, const char *data, size_t n)
{
	return v->type == JSCAN_NONE ||
	    (v->text >= data && v->text + v->len <= data + n);
}

static void
walk(const struct jscan_value *v, const char *data, size_t n, size_t *left)
{
	struct jscan_cursor c = { .rest = NULL };
	struct jscan_value key, value;
	char buf[256];
	int64_t seconds;
	size_t len;
	bool fraction;

	assert_true(inside(v, data, n));
	jscan_seconds(v, &seconds, &fraction);
	jscan_string(v, buf, sizeof(buf), &len);
	while (*left > 0 && jscan_next(v, &c, &key, &value)) {
		(*left)--;
		walk(&value, data, n, left);
	}
}

static void
flipped(const char *data, size_t n, void *arg)
{
	struct jscan_value whole = { JSCAN_OBJECT, false, data, n };
	struct jscan_value v[JSCAN_ROWS];
	size_t left = 1000, i;
	unsigned int *taken = arg;

	values_spoil(v);
	if (jscan_object(data, n, &names, v, NULL) == 0)
		(*taken)++;
	for (i = 0; i < JSCAN_ROWS; i++)
		assert_true(inside(&v[i], data, n));
	/* walking text that was not checked goes astray, never outside */
	walk(&whole, data, n, &left);
	assert_true(left > 0);
}

static void
test_mangled(void **state)
{
	unsigned int taken = 0;

	(void)state;
	for_each_truncation(token, sizeof(token) - 1, refused, NULL);
	for_each_bit_flip(token, sizeof(token) - 1, flipped, &taken);
	/* letters turn into letters, structure into nothing */
	assert_in_range(taken, 1, 8 * sizeof(token) / 2);
}

static void
test_walk(void **state)
{
	static const char text[] =
	    "{ \"a\" : [ 1 , \"x]\" , { \"b\" : { } } , [ ] ] , // c ]\n"
	    "\"\\u0062\":true/* } */,\"c\":\"\\\"}\" }";
	const struct jscan_options o = { .comments = true };
	struct jscan_cursor c = { .rest = NULL }, inner = { .rest = NULL };
	struct jscan_value v, key, value, element;

	(void)state;
	assert_int_equal(
	    jscan_text(text, sizeof(text) - 1, &o, &v, NULL, NULL), 0);
	assert_true(jscan_next(&v, &c, &key, &value));
	is_value(&key, JSCAN_STRING, false, "a");
	is_value(&value, JSCAN_ARRAY, false,
	    "[ 1 , \"x]\" , { \"b\" : { } } , [ ] ]");
	key = (struct jscan_value){ .type = JSCAN_NONE };
	assert_true(jscan_next(&value, &inner, &key, &element));
	is_value(&element, JSCAN_NUMBER, false, "1");
	assert_true(jscan_next(&value, &inner, &key, &element));
	is_value(&element, JSCAN_STRING, false, "x]");
	assert_true(jscan_next(&value, &inner, &key, &element));
	is_value(&element, JSCAN_OBJECT, false, "{ \"b\" : { } }");
	assert_true(jscan_next(&value, &inner, &key, &element));
	is_value(&element, JSCAN_ARRAY, false, "[ ]");
	assert_int_equal(key.type, JSCAN_NONE);
	assert_false(jscan_next(&value, &inner, &key, &element));
	assert_false(jscan_next(&value, &inner, &key, &element));
	inner.rest = NULL;
	assert_false(jscan_next(&element, &inner, NULL, &value));

	assert_true(jscan_next(&v, &c, &key, &value));
	is_value(&key, JSCAN_STRING, true, "\\u0062");
	is_value(&value, JSCAN_TRUE, false, "true");
	assert_true(jscan_next(&v, &c, NULL, &value));
	is_value(&value, JSCAN_STRING, true, "\\\"}");
	assert_false(jscan_next(&v, &c, &key, &value));
	assert_false(jscan_next(&v, &c, &key, &value));
	/* no container, no members */
	c.rest = NULL;
	assert_false(jscan_next(&value, &c, &key, &value));

	assert_true(jscan_member(&v, "b", 1, &value));
	assert_int_equal(value.type, JSCAN_TRUE);
	assert_true(jscan_member(&v, "c", 1, &value));
	assert_false(jscan_member(&v, "d", 1, &value));
	assert_false(jscan_member(&v, "", 0, &value));
	assert_false(jscan_member(&v, "aa", 2, &value));
	assert_int_equal(value.type, JSCAN_STRING); /* left alone */
	assert_false(jscan_member(&value, "a", 1, &value));
}

static const struct {
	const char *json;
	const char *want;
} strings[] = {
	{ "", "" },
	{ "a", "a" },
	{ "ssh-login", "ssh-login" },
	{ "\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t" },
	{ "a\\u0041b", "aAb" },
	{ "\\u0001\\u007f", "\x01\x7f" },
	{ "\\u0080\\u07FF", "\xc2\x80\xdf\xbf" },
	{ "\\u0800\\uffff", "\xe0\xa0\x80\xef\xbf\xbf" },
	{ "\\ud800\\udc00", "\xf0\x90\x80\x80" },
	{ "\\uDBFF\\uDFFF!", "\xf4\x8f\xbf\xbf!" },
	{ "\xe2\x82\xac\\u20ac", "\xe2\x82\xac\xe2\x82\xac" },
};

static void
walk_whole(const char *data, size_t n, void *arg)
{
	struct jscan_value v = { JSCAN_ARRAY, false, data, n };
	size_t left = 1000;

	(void)arg;
	walk(&v, data, n, &left);
	assert_true(left > 0);
	v.type = JSCAN_OBJECT;
	walk(&v, data, n, &left);
	assert_true(left > 0);
}

/* Cursors never leave what they were given, whatever it is. */
static void
test_walk_astray(void **state)
{
	static const char *const texts[] = {
		"[1,[2,/*x*/3],//y\n\"a\\\"b\",{\"a\":/**/\"\\u0061\"}]",
		"{\"a\"/*x*/:[{\"b\":[]}]//\r,\"c\":\"\\\\\",\"d\":1e5}",
		"[/[//[/*[*/*/]]",
		"]]}}",
		"[}{]",
		"[\"\\",
		"[[\"\\\"",
		"[\"\\u\",\"\\ud800\",\"\\q\"]",
		"[1/]",
		"[1/*",
		"[-,.,1.e]",
		"{\"a\":}",
		"{\"a\"}",
		"{:,}",
		"[,,,]",
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(texts); i++) {
		for_each_truncation(
		    texts[i], strlen(texts[i]) + 1, walk_whole, NULL);
		for_each_bit_flip(texts[i], strlen(texts[i]), walk_whole, NULL);
	}
}

static void
test_string(void **state)
{
	struct jscan_value v = { .type = JSCAN_STRING };
	size_t i, len, want, cap;
	char *buf;

	(void)state;
	for (i = 0; i < COUNT_OF(strings); i++) {
		v.text = strings[i].json;
		v.len = strlen(v.text);
		v.escaped = strchr(v.text, '\\') != NULL;
		want = strlen(strings[i].want);
		for (cap = 1; cap <= want + 1; cap++) {
			buf = guard_copy("################", cap);
			len = 99;
			if (cap <= want) {
				assert_int_equal(
				    jscan_string(&v, buf, cap, &len), E_RANGE);
				assert_int_equal(len, 99);
			} else {
				assert_int_equal(
				    jscan_string(&v, buf, cap, &len), 0);
				assert_int_equal(len, want);
				assert_string_equal(buf, strings[i].want);
			}
			guard_free(buf, cap);
		}
		assert_true(jscan_equal(&v, strings[i].want, want));
		assert_false(jscan_equal(&v, strings[i].want, want - 1));
	}
}

static void
test_not_a_string(void **state)
{
	static const enum jscan_type types[] = { JSCAN_NONE, JSCAN_NULL,
		JSCAN_FALSE, JSCAN_TRUE, JSCAN_NUMBER, JSCAN_ARRAY,
		JSCAN_OBJECT };
	struct jscan_value v = { .text = "1", .len = 1 };
	int64_t seconds = 77;
	bool fraction = true;
	char buf[8] = "old";
	size_t len = 99, i;

	(void)state;
	for (i = 0; i < COUNT_OF(types); i++) {
		v.type = types[i];
		assert_int_equal(
		    jscan_string(&v, buf, sizeof(buf), &len), E_SYNTAX);
		assert_false(jscan_equal(&v, "1", 1));
		if (types[i] != JSCAN_NUMBER)
			assert_int_equal(
			    jscan_seconds(&v, &seconds, &fraction), E_SYNTAX);
	}
	v.type = JSCAN_STRING;
	assert_int_equal(jscan_seconds(&v, &seconds, &fraction), E_SYNTAX);
	assert_int_equal(seconds, 77);
	assert_string_equal(buf, "old");
	assert_int_equal(len, 99);
}

static void
test_equal(void **state)
{
	static const struct {
		const char *json;
		const char *s;
		bool want;
	} rows[] = {
		{ "", "", true },
		{ "a", "", false },
		{ "", "a", false },
		{ "abc", "abc", true },
		{ "abc", "abd", false },
		{ "abc", "ab", false },
		{ "ab", "abc", false },
		{ "ABC", "abc", false },
		{ "\\u0061bc", "abc", true },
		{ "ab\\u0063", "abc", true },
		{ "ab\\u0063", "ab", false },
		{ "ab\\u0063", "abcd", false },
		{ "ab\\u0064", "abc", false },
		{ "a\\\\u0062", "a\\u0062", true },
		{ "https:\\/\\/x", "https://x", true },
		{ "\\u00e9", "\xc3\xa9", true },
		{ "e\\u0301", "\xc3\xa9", false },
	};
	struct jscan_value v = { .type = JSCAN_STRING };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		v.text = rows[i].json;
		v.len = strlen(v.text);
		v.escaped = strchr(v.text, '\\') != NULL;
		if (jscan_equal(&v, rows[i].s, strlen(rows[i].s)) !=
		    rows[i].want)
			fail_msg("%s and %s", rows[i].json, rows[i].s);
	}
}

#define ZEROES "00000000000000000000000000000000000000000000000000"
#define NINES "99999999999999999999999999999999999999999999999999"

static const struct {
	const char *text;
	int want;
	int64_t value;
	bool fraction;
} seconds[] = {
	{ "0", 0, 0, false },
	{ "-0", 0, 0, false },
	{ "-0.0e5", 0, 0, false },
	{ "0.0", 0, 0, false },
	{ "0e999999999999999999999999", 0, 0, false },
	{ "1", 0, 1, false },
	{ "-1", E_RANGE, 0, false },
	{ "-0.5", E_RANGE, 0, false },
	{ "-1e-400", E_RANGE, 0, false },
	{ "0.5", 0, 0, true },
	{ "1700000000", 0, 1700000000, false },
	{ "1700000000.0", 0, 1700000000, false },
	{ "1700000000.5", 0, 1700000000, true },
	{ "1700000000." ZEROES "1", 0, 1700000000, true },
	{ "1.7e9", 0, 1700000000, false },
	{ "1.7E+9", 0, 1700000000, false },
	{ "0.17e10", 0, 1700000000, false },
	{ "17e8", 0, 1700000000, false },
	{ "170000000000e-2", 0, 1700000000, false },
	{ "170000000050e-2", 0, 1700000000, true },
	{ "1.7000000001e9", 0, 1700000000, true },
	{ "1.70000000010e10", 0, 17000000001, false },
	{ "1e0", 0, 1, false },
	{ "1e-1", 0, 0, true },
	{ "1e-400", 0, 0, true },
	{ "12e-1", 0, 1, true },
	{ "0.00000000017e19", 0, 1700000000, false },
	{ "0." ZEROES "17e60", 0, 1700000000, false },
	{ "17" ZEROES "e-42", 0, 1700000000, false },
	{ "9007199254740991", 0, 9007199254740991, false },
	{ "9007199254740991.9", 0, 9007199254740991, true },
	{ "9007199254740990.9999", 0, 9007199254740990, true },
	{ "9007199254740992", E_RANGE, 0, false },
	{ "9007199254740991e0", 0, 9007199254740991, false },
	{ "9.007199254740992e15", E_RANGE, 0, false },
	{ "9223372036854775807", E_RANGE, 0, false },
	{ "9223372036854775808", E_RANGE, 0, false },
	{ "18446744073709551617", E_RANGE, 0, false },
	{ "18446744075409551616", E_RANGE, 0, false },
	{ "1e15", 0, 1000000000000000, false },
	{ "1e16", E_RANGE, 0, false },
	{ "1e19", E_RANGE, 0, false },
	{ "1e400", E_RANGE, 0, false },
	{ "1e18446744073709551616", E_RANGE, 0, false },
	{ "1e18446744073709551617", E_RANGE, 0, false },
	{ "1e-18446744073709551616", 0, 0, true },
	{ "1e4294967296", E_RANGE, 0, false },
	{ "1e-4294967296", 0, 0, true },
	{ NINES NINES NINES NINES NINES NINES NINES NINES, E_RANGE, 0, false },
	{ NINES NINES "e-100", 0, 0, true },
	{ "0." NINES NINES NINES NINES NINES NINES NINES NINES, 0, 0, true },
	{ "", E_SYNTAX, 0, false },
	{ "1x", E_SYNTAX, 0, false },
	{ "1 ", E_SYNTAX, 0, false },
	{ "0x10", E_SYNTAX, 0, false },
	{ "-", E_SYNTAX, 0, false },
	{ ".5", E_SYNTAX, 0, false },
	{ "1.", E_SYNTAX, 0, false },
	{ "1e", E_SYNTAX, 0, false },
	{ "1e-", E_SYNTAX, 0, false },
	{ "1e+", E_SYNTAX, 0, false },
};

static void
test_seconds(void **state)
{
	struct jscan_value v = { .type = JSCAN_NUMBER };
	char *copy;
	int64_t value;
	bool fraction;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < COUNT_OF(seconds); i++) {
		v.len = strlen(seconds[i].text);
		v.text = copy = guard_copy(seconds[i].text, v.len);
		value = -7;
		fraction = true;
		rc = jscan_seconds(&v, &value, &fraction);
		if (rc != seconds[i].want)
			fail_msg("%s: %s", seconds[i].text, err_name(rc));
		if (value != (rc == 0 ? seconds[i].value : -7) ||
		    (rc == 0 && fraction != seconds[i].fraction))
			fail_msg("%s: %lld", seconds[i].text, (long long)value);
		guard_free(copy, v.len);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_field_types),
		cmocka_unit_test(test_fields_refused),
		cmocka_unit_test(test_mangled),
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_walk_astray),
		cmocka_unit_test(test_string),
		cmocka_unit_test(test_not_a_string),
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_seconds),
	};

	return cmocka_run_group_tests_name("jscan_value", tests, NULL, NULL);
}
