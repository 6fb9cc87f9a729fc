/*
 * test_str: text that does not fit is never written, foreign bytes never
 * leave their place in a log line, and a typo finds its word.
 */

#include "testutil.h"

#include "str.h"

static void
test_fits_or_not(void **state)
{
	char buf[8];
	struct str s;

	(void)state;
	memset(buf, 'x', sizeof(buf));
	str_init(&s, buf, 6);
	assert_string_equal(buf, "");
	str_add(&s, "ab");
	str_addf(&s, "%d", 34);
	str_add_bytes(&s, "zzz", 1);
	assert_string_equal(buf, "ab34z");
	assert_false(s.full);
	str_add(&s, "");
	assert_false(s.full);
	str_add(&s, "q");
	assert_true(s.full);
	assert_string_equal(buf, "ab34z");
	assert_int_equal(s.len, 5);
	assert_memory_equal(buf + 6, "xx", 2);
}

static void
test_full_stays_full(void **state)
{
	char buf[6];
	struct str s;

	(void)state;
	str_init(&s, buf, sizeof(buf));
	str_addf(&s, "%s", "abcdef");
	assert_true(s.full);
	assert_string_equal(buf, "");
	str_add(&s, "a");
	str_addf(&s, "a");
	str_add_bytes(&s, "a", 1);
	assert_string_equal(buf, "");

	str_init(&s, buf, 1);
	str_add(&s, "");
	assert_false(s.full);
	str_add_bytes(&s, "a", SIZE_MAX);
	assert_true(s.full);
	assert_string_equal(buf, "");
}

static const struct {
	const char *why;
	const char *input;
	const char *want;
} printables[] = {
	{ "plain text", "alice@example.org 'x' \"y\"",
	    "alice@example.org 'x' \"y\"" },
	{ "nothing", "", "" },
	{ "line feed", "a\nb", "a\\x0ab" },
	{ "carriage return", "a\rb", "a\\x0db" },
	{ "tab", "a\tb", "a\\x09b" },
	{ "escape", "\x1b[2J", "\\x1b[2J" },
	{ "DEL", "\x7f", "\\x7f" },
	{ "before DEL", "~", "~" },
	{ "backslash, or \\x0a could be written by hand", "\\x0a", "\\x5cx0a" },
	{ "two bytes", "\xc3\xa4", "\xc3\xa4" },
	{ "three bytes", "\xe2\x82\xac", "\xe2\x82\xac" },
	{ "four bytes", "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
	{ "the last character", "\xf3\xa1\x80\x80", "\xf3\xa1\x80\x80" },
	{ "C1 control NEL", "\xc2\x85", "\\xc2\\x85" },
	{ "C1 control CSI", "\xc2\x9b", "\\xc2\\x9b" },
	{ "after C1", "\xc2\xa0", "\xc2\xa0" },
	{ "soft hyphen", "\xc2\xad", "\\xc2\\xad" },
	{ "its neighbour", "\xc2\xae", "\xc2\xae" },
	{ "line separator", "\xe2\x80\xa8", "\\xe2\\x80\\xa8" },
	{ "paragraph separator", "\xe2\x80\xa9", "\\xe2\\x80\\xa9" },
	{ "right-to-left override", "\xe2\x80\xae", "\\xe2\\x80\\xae" },
	{ "its neighbour", "\xe2\x80\xb0", "\xe2\x80\xb0" },
	{ "isolate", "\xe2\x81\xa7", "\\xe2\\x81\\xa7" },
	{ "zero-width space", "\xe2\x80\x8b", "\\xe2\\x80\\x8b" },
	{ "hyphen, not far from it", "\xe2\x80\x90", "\xe2\x80\x90" },
	{ "Arabic letter mark", "\xd8\x9c", "\\xd8\\x9c" },
	{ "byte order mark", "\xef\xbb\xbf", "\\xef\\xbb\\xbf" },
	{ "tag", "\xf3\xa0\x81\x81", "\\xf3\\xa0\\x81\\x81" },
	{ "variation selector", "\xef\xb8\x8f", "\\xef\\xb8\\x8f" },
	{ "continuation alone", "\x80", "\\x80" },
	{ "lead alone", "\xc3", "\\xc3" },
	{ "lead before text", "\xc3(", "\\xc3(" },
	{ "cut short", "\xe2\x82", "\\xe2\\x82" },
	{ "cut short before text", "\xe2\x82 a", "\\xe2\\x82 a" },
	{ "overlong slash", "\xc0\xaf", "\\xc0\\xaf" },
	{ "overlong LF, three bytes", "\xe0\x80\x8a", "\\xe0\\x80\\x8a" },
	{ "overlong A", "\xe0\x81\x81", "\\xe0\\x81\\x81" },
	{ "overlong A, four bytes", "\xf0\x80\x81\x81",
	    "\\xf0\\x80\\x81\\x81" },
	{ "overlong, four bytes", "\xf0\x80\x80\x8a", "\\xf0\\x80\\x80\\x8a" },
	{ "surrogate", "\xed\xa0\x80", "\\xed\\xa0\\x80" },
	{ "before the surrogates", "\xed\x9f\xbf", "\xed\x9f\xbf" },
	{ "after the surrogates", "\xee\x80\x80", "\xee\x80\x80" },
	{ "over U+10FFFF", "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },
	{ "U+10FFFF", "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf" },
	{ "five bytes", "\xf8\x88\x80\x80\x80", "\\xf8\\x88\\x80\\x80\\x80" },
	{ "FF", "\xff", "\\xff" },
};

static void
test_printable(void **state)
{
	char buf[64], *copy;
	size_t i, n;

	(void)state;
	for (i = 0; i < COUNT_OF(printables); i++) {
		n = strlen(printables[i].input);
		copy = guard_copy(printables[i].input, n);
		assert_ptr_equal(str_printable(buf, sizeof(buf), copy, n), buf);
		if (strcmp(buf, printables[i].want) != 0)
			fail_msg("%s: %s", printables[i].why, buf);
		guard_free(copy, n);
	}
	str_printable(buf, sizeof(buf), "a\0b", 3);
	assert_string_equal(buf, "a\\x00b");
	str_printable(buf, sizeof(buf), NULL, 0);
	assert_string_equal(buf, "");
}

static void
test_printable_cut(void **state)
{
	static const struct {
		const char *why;
		const char *input;
		size_t cap;
		const char *want;
	} rows[] = {
		{ "fits", "abcdef", 7, "abcdef" },
		{ "one too long", "abcdefg", 7, "abc..." },
		{ "an escape fits", "ab\n", 7, "ab\\x0a" },
		{ "no half escape", "abc\n", 7, "abc..." },
		{ "no half character", "a\xc3\xa4\xc3\xa4\xc3\xa4", 7,
		    "a\xc3\xa4..." },
		{ "nor one before the dots", "ab\xc3\xa4\xc3\xa4z", 7,
		    "ab..." },
		{ "room for the dots only", "abcde", 4, "..." },
		{ "not even that", "abcde", 3, ".." },
		{ "only the NUL", "abcde", 1, "" },
		{ "only the NUL, nothing to show", "", 1, "" },
	};
	char buf[8];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		memset(buf, '#', sizeof(buf));
		str_printable(
		    buf, rows[i].cap, rows[i].input, strlen(rows[i].input));
		if (strcmp(buf, rows[i].want) != 0)
			fail_msg("%s: %s", rows[i].why, buf);
		assert_int_equal(buf[rows[i].cap], '#');
	}
	buf[0] = '#';
	str_printable(buf, 0, "a", 1);
	assert_int_equal(buf[0], '#');
}

/* Any input, any room: ended, printable, and without a control byte. */
static void
is_one_line(const char *data, size_t n, void *arg)
{
	char buf[256];
	size_t cap, i;

	for (cap = 1; cap < sizeof(buf); cap += *(const size_t *)arg) {
		memset(buf, '#', sizeof(buf));
		str_printable(buf, cap, data, n);
		assert_true(strlen(buf) < cap);
		for (i = 0; buf[i] != '\0'; i++)
			assert_true(
			    (unsigned char)buf[i] >= 0x20 && buf[i] != 0x7f);
	}
}

static void
test_printable_hostile(void **state)
{
	static const char input[] = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"
				    "\n\x1b\\\xe2\x80\xae\xff.";
	size_t step = 1;

	(void)state;
	for_each_truncation(input, sizeof(input) - 1, is_one_line, &step);
	step = 11;
	for_each_bit_flip(input, sizeof(input) - 1, is_one_line, &step);
}

static void
test_is(void **state)
{
	char *copy = guard_copy("exp", 3);

	(void)state;
	assert_true(str_is(copy, 3, "exp"));
	assert_false(str_is(copy, 3, "expires"));
	assert_false(str_is(copy, 2, "exp"));
	assert_false(str_is(copy, 3, "Exp"));
	assert_false(str_is(copy, 3, ""));
	assert_false(str_is("exp\0x", 5, "exp"));
	assert_true(str_is(NULL, 0, ""));
	assert_false(str_is(NULL, 0, "a"));
	guard_free(copy, 3);
}

#define TEN "0123456789"
#define SIXTY TEN TEN TEN TEN TEN TEN

static void
test_nearest(void **state)
{
	static const char *const words[] = { "issuer", "issuers", "audience",
		"jwtsecret", "jwtsecret_file", "types", "RS256", "RS384", "id",
		SIXTY "abcd", SIXTY "efghij" };
	static const struct {
		const char *why;
		const char *input;
		const char *want;
	} rows[] = {
		{ "the word itself", "audience", "audience" },
		{ "a letter missing", "isuer", "issuer" },
		{ "two letters swapped", "auidence", "audience" },
		{ "one letter wrong", "audiense", "audience" },
		{ "one letter more", "issuerr", "issuer" },
		{ "the nearer of two", "issuerz", "issuer" },
		{ "case only", "JWTSecret", "jwtsecret" },
		{ "case of an algorithm", "rs384", "RS384" },
		{ "a third of nine", "jwtzzzret", "jwtsecret" },
		{ "over a third of nine", "jwtzzzzet", NULL },
		{ "another word", "keys_file", NULL },
		{ "nothing", "", NULL },
		{ "two letters have no typos", "ix", NULL },
		{ "two letters swapped of two", "di", NULL },
		{ "64 bytes are looked at", SIXTY "abcx", SIXTY "abcd" },
		{ "65 are not", SIXTY "abcde", NULL },
		{ "nor are such words", SIXTY "efgh", SIXTY "abcd" },
	};
	const char *got;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		got = str_nearest(rows[i].input, words, COUNT_OF(words));
		if (got != rows[i].want &&
		    (got == NULL || rows[i].want == NULL ||
			strcmp(got, rows[i].want) != 0))
			fail_msg("%s: %s", rows[i].why, got);
	}
	assert_null(str_nearest("issuer", NULL, 0));
}

static void
test_match(void **state)
{
	static const struct {
		const char *pattern;
		const char *name;
		bool want;
	} rows[] = {
		{ "root", "root", true },
		{ "root", "roo", false },
		{ "root", "roots", false },
		{ "root", "Root", false },
		{ "", "", true },
		{ "", "a", false },
		{ "*", "", true },
		{ "*", "anything", true },
		{ "a*", "a", true },
		{ "a*", "ba", false },
		{ "*a", "ba", true },
		{ "*a", "ab", false },
		{ "a*c", "abbbc", true },
		{ "a*c", "abbbcd", false },
		{ "a*b*c", "axbxbxc", true },
		{ "a*b*c", "axcxb", false },
		{ "**a**", "a", true },
		{ "svc-*-?", "svc-x-?", true },
		{ "svc-*-?", "svc-x-y", false },
		{ "[a]", "a", false },
		{ "*ab", "aab", true },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		if (str_match(rows[i].pattern, rows[i].name) != rows[i].want)
			fail_msg("%s %s", rows[i].pattern, rows[i].name);
	}
}

/* A thousand stars over a long name must not take for ever. */
static void
test_match_is_quick(void **state)
{
	char pattern[2002], name[4097];
	size_t i;

	(void)state;
	for (i = 0; i < 2000; i += 2) {
		pattern[i] = '*';
		pattern[i + 1] = 'a';
	}
	memcpy(pattern + 2000, "b", 2);
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_false(str_match(pattern, name));
	name[sizeof(name) - 2] = 'b';
	assert_true(str_match(pattern, name));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fits_or_not),
		cmocka_unit_test(test_full_stays_full),
		cmocka_unit_test(test_printable),
		cmocka_unit_test(test_printable_cut),
		cmocka_unit_test(test_printable_hostile),
		cmocka_unit_test(test_is),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_match_is_quick),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
