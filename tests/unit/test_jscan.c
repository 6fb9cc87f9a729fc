/*
 * test_jscan: what is JSON for us and what is not. Every refusal stands
 * beside its nearest text that is taken.
 */

#include "testjson.h"

#include "err.h"

static const struct {
	const char *why;
	struct text good;
	struct text bad;
	size_t offset; /* where bad is bad */
} pairs[] = {
	{ "empty", T("{}"), T(""), 0 },
	{ "blanks alone", T(" {} "), T("  "), 2 },
	{ "blank: form feed", T("{\t}"), T("{\f}"), 1 },
	{ "blank: vertical tab", T("{\n}"), T("{\v}"), 1 },
	{ "blank: no-break space", T("{\r}"), T("{\xc2\xa0}"), 1 },
	{ "root: array", T("{\"a\":[]}"), T("[]"), 0 },
	{ "root: string", T("{\"a\":1}"), T("\"a\""), 0 },
	{ "root: null", T("{\"a\":null}"), T("null"), 0 },
	{ "root: number", T("{\"a\":0}"), T("0"), 0 },
	{ "byte order mark", T("{}"), T("\xef\xbb\xbf{}"), 0 },
	{ "UTF-16", T("{}"), T("{\0}\0"), 1 },
	{ "behind: a brace", T("{}"), T("{}}"), 2 },
	{ "behind: a second object", T("{} "), T("{} {}"), 3 },
	{ "behind: a word", T("{}\n"), T("{}x"), 2 },
	{ "behind: NUL", T("{}"), T("{}\0"), 2 },
	{ "behind: NUL and more", T("{} "), T("{}\0{}"), 2 },
	{ "behind: comma", T("{} "), T("{},"), 2 },
	{ "raw NUL for a value", T("{\"a\":0}"), T("{\"a\":\0}"), 5 },
	{ "raw NUL in a string", T("{\"a\":\"b\"}"), T("{\"a\":\"\0\"}"), 6 },
	{ "raw NUL in a name", T("{\"a\":1}"), T("{\"\0\":1}"), 2 },

	{ "duplicate", T("{\"a\":1,\"b\":2}"), T("{\"a\":1,\"a\":2}"), 7 },
	{ "duplicate, equal values", T("{\"a\":1,\"b\":1}"),
	    T("{\"a\":1,\"a\":1}"), 7 },
	{ "duplicate, first and last", T("{\"a\":1,\"b\":2,\"c\":3}"),
	    T("{\"a\":1,\"b\":2,\"a\":3}"), 13 },
	{ "duplicate, escaped second", T("{\"a\":1,\"\\u0062\":2}"),
	    T("{\"a\":1,\"\\u0061\":2}"), 7 },
	{ "duplicate, escaped first", T("{\"\\u0061\":1,\"b\":2}"),
	    T("{\"\\u0061\":1,\"a\":2}"), 12 },
	{ "duplicate, both escaped", T("{\"\\u0061\":1,\"\\u0062\":2}"),
	    T("{\"\\u0061\":1,\"\\u0061\":2}"), 12 },
	{ "duplicate, case of hex digits", T("{\"\\u006a\":1,\"\\u006b\":2}"),
	    T("{\"\\u006a\":1,\"\\u006A\":2}"), 12 },
	{ "duplicate, short escape", T("{\"\\n\":1,\"\\u000d\":2}"),
	    T("{\"\\n\":1,\"\\u000a\":2}"), 8 },
	{ "duplicate, solidus", T("{\"/\":1,\"\\\\\":2}"),
	    T("{\"/\":1,\"\\/\":2}"), 7 },
	{ "duplicate, UTF-8 and escape", T("{\"\xc3\xa9\":1,\"\\u00e8\":2}"),
	    T("{\"\xc3\xa9\":1,\"\\u00e9\":2}"), 8 },
	{ "duplicate, surrogate pair",
	    T("{\"\xf0\x9f\x98\x80\":1,\"\\ud83d\\ude01\":2}"),
	    T("{\"\xf0\x9f\x98\x80\":1,\"\\ud83d\\ude00\":2}"), 10 },
	{ "duplicate, empty name", T("{\"\":1,\" \":2}"), T("{\"\":1,\"\":2}"),
	    6 },
	{ "duplicate, nested", T("{\"o\":{\"a\":1,\"b\":2}}"),
	    T("{\"o\":{\"a\":1,\"a\":2}}"), 12 },
	{ "duplicate, in an array", T("{\"o\":[{\"a\":1,\"b\":2}]}"),
	    T("{\"o\":[{\"a\":1,\"a\":2}]}"), 13 },
	{ "duplicate, around an object", T("{\"a\":{\"b\":1},\"c\":2}"),
	    T("{\"a\":{\"b\":1},\"a\":2}"), 13 },
	{ "same name in two objects", T("{\"a\":{\"a\":1},\"b\":{\"a\":1}}"),
	    T("{\"a\":{\"a\":1},\"b\":{\"a\":1},\"b\":0}"), 25 },
	{ "case is a difference", T("{\"a\":1,\"A\":2}"),
	    T("{\"A\":1,\"A\":2}"), 7 },
	{ "a blank is a difference", T("{\"a\":1,\"a \":2}"),
	    T("{\"a \":1,\"a \":2}"), 8 },

	{ "comma at the end", T("{\"a\":1}"), T("{\"a\":1,}"), 7 },
	{ "comma at the end, array", T("{\"a\":[1]}"), T("{\"a\":[1,]}"), 8 },
	{ "comma at the start", T("{\"a\":1}"), T("{,\"a\":1}"), 1 },
	{ "comma at the start, array", T("{\"a\":[1]}"), T("{\"a\":[,1]}"), 6 },
	{ "comma alone", T("{}"), T("{,}"), 1 },
	{ "two commas", T("{\"a\":[1,2]}"), T("{\"a\":[1,,2]}"), 8 },
	{ "no comma", T("{\"a\":[1,2]}"), T("{\"a\":[1 2]}"), 8 },
	{ "no comma, members", T("{\"a\":1,\"b\":2}"), T("{\"a\":1 \"b\":2}"),
	    7 },
	{ "no colon", T("{\"a\":1}"), T("{\"a\" 1}"), 5 },
	{ "two colons", T("{\"a\":1}"), T("{\"a\"::1}"), 5 },
	{ "equals sign", T("{\"a\":1}"), T("{\"a\"=1}"), 4 },
	{ "no value", T("{\"a\":1}"), T("{\"a\":}"), 5 },
	{ "name alone", T("{\"a\":1}"), T("{\"a\"}"), 4 },
	{ "value alone", T("{\"a\":1}"), T("{1}"), 1 },
	{ "bare name", T("{\"a\":1}"), T("{a:1}"), 1 },
	{ "number as name", T("{\"1\":1}"), T("{1:1}"), 1 },
	{ "single quotes", T("{\"a\":\"b\"}"), T("{'a':'b'}"), 1 },
	{ "single quotes, value", T("{\"a\":\"b\"}"), T("{\"a\":'b'}"), 5 },
	{ "bracket for brace", T("{\"a\":1}"), T("{\"a\":1]"), 6 },
	{ "brace for bracket", T("{\"a\":[1]}"), T("{\"a\":[1}}"), 7 },
	{ "member in an array", T("{\"a\":[1]}"), T("{\"a\":[\"b\":1]}"), 9 },
	{ "line comment", T("{\n}"), T("{//\n}"), 1 },
	{ "block comment", T("{ }"), T("{/**/}"), 1 },
	{ "comment behind", T("{} "), T("{}/**/"), 2 },
	{ "hash comment", T("{\n}"), T("{#\n}"), 1 },

	{ "TRUE", T("{\"a\":true}"), T("{\"a\":TRUE}"), 5 },
	{ "True", T("{\"a\":true}"), T("{\"a\":True}"), 5 },
	{ "truth", T("{\"a\":true}"), T("{\"a\":trut}"), 5 },
	{ "truer", T("{\"a\":true}"), T("{\"a\":truer}"), 9 },
	{ "fals", T("{\"a\":false}"), T("{\"a\":fals}"), 5 },
	{ "nul", T("{\"a\":null}"), T("{\"a\":nul}"), 5 },
	{ "undefined", T("{\"a\":null}"), T("{\"a\":undefined}"), 5 },
	{ "NaN", T("{\"a\":0}"), T("{\"a\":NaN}"), 5 },
	{ "Infinity", T("{\"a\":9}"), T("{\"a\":Infinity}"), 5 },
	{ "-Infinity", T("{\"a\":-9}"), T("{\"a\":-Infinity}"), 6 },

	{ "01", T("{\"a\":10}"), T("{\"a\":01}"), 5 },
	{ "00", T("{\"a\":0}"), T("{\"a\":00}"), 5 },
	{ "-01", T("{\"a\":-10}"), T("{\"a\":-01}"), 6 },
	{ "+1", T("{\"a\":1}"), T("{\"a\":+1}"), 5 },
	{ "--1", T("{\"a\":-1}"), T("{\"a\":--1}"), 6 },
	{ "a minus alone", T("{\"a\":-0}"), T("{\"a\":-}"), 6 },
	{ "- 1", T("{\"a\": -1}"), T("{\"a\":- 1}"), 6 },
	{ "0x1", T("{\"a\":0}"), T("{\"a\":0x1}"), 6 },
	{ "1.", T("{\"a\":1.0}"), T("{\"a\":1.}"), 7 },
	{ ".5", T("{\"a\":0.5}"), T("{\"a\":.5}"), 5 },
	{ "1.e5", T("{\"a\":1.0e5}"), T("{\"a\":1.e5}"), 7 },
	{ "1..5", T("{\"a\":1.5}"), T("{\"a\":1..5}"), 7 },
	{ "1e", T("{\"a\":1e0}"), T("{\"a\":1e}"), 7 },
	{ "1e+", T("{\"a\":1e+0}"), T("{\"a\":1e+}"), 8 },
	{ "1e+-1", T("{\"a\":1E-1}"), T("{\"a\":1e+-1}"), 8 },
	{ "1e1.5", T("{\"a\":1e15}"), T("{\"a\":1e1.5}"), 8 },
	{ "1_000", T("{\"a\":1000}"), T("{\"a\":1_000}"), 6 },
	{ "1,5", T("{\"a\":1.5}"), T("{\"a\":1,5}"), 7 },
	{ "1n", T("{\"a\":1}"), T("{\"a\":1n}"), 6 },
	{ "Arabic digit", T("{\"a\":1}"), T("{\"a\":\xd9\xa1}"), 5 },

	{ "string without an end", T("{\"a\":\"b\"}"), T("{\"a\":\"b}"), 8 },
	{ "escaped quote at the end", T("{\"a\":\"\\\"\"}"),
	    T("{\"a\":\"\\\"}"), 9 },
	{ "LF in a string", T("{\"a\":\"\\n\"}"), T("{\"a\":\"\n\"}"), 6 },
	{ "tab in a string", T("{\"a\":\"\\t\"}"), T("{\"a\":\"\t\"}"), 6 },
	{ "tab in a name", T("{\"\\t\":1}"), T("{\"\t\":1}"), 2 },
	{ "0x1f in a string", T("{\"a\":\"\x7f\"}"), T("{\"a\":\"\x1f\"}"), 6 },
	{ "escape \\x", T("{\"a\":\"\\b\"}"), T("{\"a\":\"\\x61\"}"), 6 },
	{ "escape \\'", T("{\"a\":\"'\"}"), T("{\"a\":\"\\'\"}"), 6 },
	{ "escape \\0", T("{\"a\":\"\\f\"}"), T("{\"a\":\"\\0\"}"), 6 },
	{ "escape \\U", T("{\"a\":\"\\u0061\"}"), T("{\"a\":\"\\U0061\"}"), 6 },
	{ "escape of LF", T("{\"a\":\"\\r\"}"), T("{\"a\":\"\\\n\"}"), 6 },
	{ "three digits", T("{\"a\":\"\\u0061\"}"), T("{\"a\":\"\\u006\"}"),
	    6 },
	{ "no hex digit", T("{\"a\":\"\\u006f\"}"), T("{\"a\":\"\\u006g\"}"),
	    6 },
	{ "signed digits", T("{\"a\":\"\\u0061\"}"), T("{\"a\":\"\\u+061\"}"),
	    6 },
	{ "\\u0000 in a string", T("{\"a\":\"\\u0001\"}"),
	    T("{\"a\":\"\\u0000\"}"), 6 },
	{ "\\u0000 inside", T("{\"a\":\"root\\u0001x\"}"),
	    T("{\"a\":\"root\\u0000x\"}"), 10 },
	{ "\\u0000 in a name", T("{\"a\\u0001\":1}"), T("{\"a\\u0000\":1}"),
	    3 },
	{ "\\u0000 nested", T("{\"a\":[{\"b\":\"\\u0001\"}]}"),
	    T("{\"a\":[{\"b\":\"\\u0000\"}]}"), 12 },
	{ "high surrogate alone", T("{\"a\":\"\\ud7ff\"}"),
	    T("{\"a\":\"\\ud800\"}"), 6 },
	{ "low surrogate alone", T("{\"a\":\"\\ue000\"}"),
	    T("{\"a\":\"\\udfff\"}"), 6 },
	{ "low before high", T("{\"a\":\"\\ud800\\udc00\"}"),
	    T("{\"a\":\"\\udc00\\ud800\"}"), 6 },
	{ "low and low", T("{\"a\":\"\\udbff\\udfff\"}"),
	    T("{\"a\":\"\\udc00\\udc00\"}"), 6 },
	{ "high and one over low", T("{\"a\":\"\\ud800\\udfff\"}"),
	    T("{\"a\":\"\\ud800\\ue000\"}"), 6 },
	{ "high and one under low", T("{\"a\":\"\\ud800\\udc00\"}"),
	    T("{\"a\":\"\\ud800\\udbff\"}"), 6 },
	{ "high and high", T("{\"a\":\"\\udbff\\udfff\"}"),
	    T("{\"a\":\"\\ud800\\ud800\"}"), 6 },
	{ "high and plain", T("{\"a\":\"\\ud800\\udc00x\"}"),
	    T("{\"a\":\"\\ud800xudc00x\"}"), 6 },
	{ "high and escape", T("{\"a\":\"\\ud800\\udc00\"}"),
	    T("{\"a\":\"\\ud800\\n1234\"}"), 6 },
	{ "high and letter", T("{\"a\":\"\\ud800\\udc00\"}"),
	    T("{\"a\":\"\\ud800\\u0061\"}"), 6 },

	{ "overlong, 2", T("{\"a\":\"\xc2\x80\"}"), T("{\"a\":\"\xc1\xbf\"}"),
	    6 },
	{ "overlong NUL", T("{\"a\":\"\xc2\x80\"}"), T("{\"a\":\"\xc0\x80\"}"),
	    6 },
	{ "overlong, 3", T("{\"a\":\"\xe0\xa0\x80\"}"),
	    T("{\"a\":\"\xe0\x9f\xbf\"}"), 6 },
	{ "overlong, 4", T("{\"a\":\"\xf0\x90\x80\x80\"}"),
	    T("{\"a\":\"\xf0\x8f\xbf\xbf\"}"), 6 },
	{ "surrogate in UTF-8", T("{\"a\":\"\xed\x9f\xbf\"}"),
	    T("{\"a\":\"\xed\xa0\x80\"}"), 6 },
	{ "over U+10FFFF", T("{\"a\":\"\xf4\x8f\xbf\xbf\"}"),
	    T("{\"a\":\"\xf4\x90\x80\x80\"}"), 6 },
	{ "five bytes", T("{\"a\":\"\xf1\x80\x80\x80\"}"),
	    T("{\"a\":\"\xf8\x88\x80\x80\x80\"}"), 6 },
	{ "0xff", T("{\"a\":\"\xc3\xbf\"}"), T("{\"a\":\"\xff\"}"), 6 },
	{ "Latin-1", T("{\"a\":\"\xc3\xa9\"}"), T("{\"a\":\"\xe9\"}"), 6 },
	{ "cut sequence", T("{\"a\":\"\xe2\x82\xac\"}"),
	    T("{\"a\":\"\xe2\x82\"}"), 6 },
	{ "bad UTF-8 in a name", T("{\"\xc3\xa9\":1}"), T("{\"\xe9\":1}"), 2 },
	{ "UTF-8 outside strings", T("{\"a\":\"\xc3\xa9\"}"),
	    T("{\"a\":\xc3\xa9}"), 5 },
};

static void
test_pairs(void **state)
{
	char want[32];
	struct err e;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < COUNT_OF(pairs); i++) {
		e = (struct err){ 0 };
		rc = scan_object(pairs[i].good, &e);
		if (rc != 0)
			fail_msg("%s: good is %s", pairs[i].why, e.text);
		rc = scan_object(pairs[i].bad, &e);
		if (rc != E_SYNTAX || e.code != E_SYNTAX)
			fail_msg("%s: bad is taken", pairs[i].why);
		snprintf(want, sizeof(want), "(byte %zu)", pairs[i].offset);
		if (strstr(e.text, want) == NULL)
			fail_msg("%s: %s", pairs[i].why, e.text);
	}
}

/* An error says what and where, never a byte of the text. */
static void
test_silent(void **state)
{
	static const struct text bad[] = {
		T("{\"secret\":1,\"secret\":2}"),
		T("{\"secret\":secret}"),
		T("{\"a\":\"secret\\q\"}"),
		T("secret"),
		T("{} secret"),
	};
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(bad); i++) {
		e = (struct err){ 0 };
		assert_int_equal(scan_object(bad[i], &e), E_SYNTAX);
		assert_null(strstr(e.text, "secret"));
	}
}

/* A NULL text of no bytes is no value either. */
static void
test_nothing(void **state)
{
	const struct jscan_options o = { .comments = true };
	struct jscan_value v;

	(void)state;
	assert_int_equal(jscan_object(NULL, 0, NULL, NULL, NULL), E_SYNTAX);
	assert_int_equal(jscan_text(NULL, 0, &o, &v, NULL, NULL), E_SYNTAX);
	assert_int_equal(jscan_text("//", 2, &o, &v, NULL, NULL), E_SYNTAX);
	assert_int_equal(jscan_text("/*", 2, &o, &v, NULL, NULL), E_SYNTAX);
	assert_int_equal(jscan_text("/", 1, &o, &v, NULL, NULL), E_SYNTAX);
}

/* The search by eights: every byte at every place of strings of any length. */
static void
test_bytes(void **state)
{
	char buf[64];
	size_t len, at;
	int c, rc;
	bool good;

	(void)state;
	for (len = 1; len <= 20; len++) {
		for (at = 0; at < len; at++) {
			for (c = 0; c < 256; c++) {
				memset(buf, 'x', sizeof(buf));
				memcpy(buf, "{\"a\":\"", 6);
				buf[6 + at] = (char)c;
				memcpy(buf + 6 + len, "\"}", 2);
				good = c >= ' ' && c < 0x80 && c != '"' &&
				    c != '\\';
				rc = jscan_object(
				    buf, len + 8, NULL, NULL, NULL);
				if ((rc == 0) != good)
					fail_msg(
					    "0x%02x at %zu of %zu", c, at, len);
			}
		}
	}
}

/* What may stand behind a backslash. */
static void
test_escapes(void **state)
{
	char buf[] = "{\"a\":\"\\?\"}";
	int c, rc;

	(void)state;
	for (c = 0; c < 256; c++) {
		buf[7] = (char)c;
		rc = jscan_object(buf, sizeof(buf) - 1, NULL, NULL, NULL);
		assert_true(
		    (rc == 0) == (c != 0 && strchr("\"\\/bfnrt", c) != NULL));
	}
}

/* What is a hexadecimal digit, at each of the four places and of eight. */
static void
test_hex(void **state)
{
	static const char texts[][24] = { "{\"a\":\"\\u1111\"}",
		"{\"a\":\"\\ud811\\udc11\"}" };
	char buf[24];
	size_t i, at;
	int c, rc;

	(void)state;
	for (i = 0; i < 2; i++) {
		for (at = 0; at < 4; at++) {
			for (c = 0; c < 256; c++) {
				memcpy(buf, texts[i], sizeof(buf));
				buf[(i == 0 ? 8 : 14) + at] = (char)c;
				rc = jscan_object(
				    buf, strlen(texts[i]), NULL, NULL, NULL);
				if (rc == 0)
					assert_true(c != 0 &&
					    strchr("0123456789abcdefABCDEF",
						c) != NULL);
				else if (i == 0 && c < 'd')
					assert_null(c == 0 ?
						NULL :
						strchr("123456789abcABC", c));
			}
		}
	}
}

/* UTF-8 read the slow way: decode, then ask whether it was the only way. */
static bool
is_utf8(const unsigned char *p, size_t n)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t c;
	size_t len, i;

	for (; n > 0; p += len, n -= len) {
		len = p[0] < 0x80         ? 1 :
		    (p[0] & 0xe0) == 0xc0 ? 2 :
		    (p[0] & 0xf0) == 0xe0 ? 3 :
		    (p[0] & 0xf8) == 0xf0 ? 4 :
					    0;
		if (len == 0 || len > n)
			return false;
		c = len == 1 ? p[0] : p[0] & (0x7fu >> len);
		for (i = 1; i < len; i++) {
			if ((p[i] & 0xc0) != 0x80)
				return false;
			c = c << 6 | (p[i] & 0x3f);
		}
		if (c < least[len] || c > 0x10ffff ||
		    (c >= 0xd800 && c <= 0xdfff))
			return false;
	}
	return true;
}

static void
utf8_row(const unsigned char *bytes, size_t n)
{
	char buf[16] = "{\"a\":\"";
	int rc;

	memcpy(buf + 6, bytes, n);
	memcpy(buf + 6 + n, "\"}", 2);
	rc = jscan_object(buf, 8 + n, NULL, NULL, NULL);
	if ((rc == 0) != is_utf8(bytes, n))
		fail_msg("%02x %02x %02x %02x of %zu", bytes[0], bytes[1],
		    bytes[2], bytes[3], n);
}

static void
test_utf8(void **state)
{
	static const unsigned char edges[] = { 'x', 0x7f, 0x80, 0x8f, 0x90,
		0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec,
		0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf8, 0xff };
	unsigned char b[4] = { 0 };
	size_t i, k = COUNT_OF(edges);

	(void)state;
	for (i = 0; i < 0x10000; i++) {
		b[0] = (unsigned char)(i >> 8 | 0x80);
		b[1] = (unsigned char)i;
		if (b[1] >= ' ' && b[1] != '"' && b[1] != '\\')
			utf8_row(b, 2);
	}
	for (i = 0; i < k * k * k * k; i++) {
		b[0] = edges[i % k];
		b[1] = edges[i / k % k];
		b[2] = edges[i / k / k % k];
		b[3] = edges[i / k / k / k];
		utf8_row(b, 3);
		utf8_row(b, 4);
	}
}

static const struct {
	const char *why;
	struct text text;
	int with; /* comments allowed */
	int without;
	size_t offset; /* where with is wrong */
} comments[] = {
	{ "no comment", T("{\"a\":1}"), 0, 0, 0 },
	{ "line, LF", T("{//x\n\"a\":1}"), 0, E_SYNTAX, 0 },
	{ "line, CR", T("{//x\r\"a\":1}"), 0, E_SYNTAX, 0 },
	{ "line, CR ends it", T("{//x\rx\n}"), E_SYNTAX, E_SYNTAX, 5 },
	{ "line of nothing at the end", T("{}//"), 0, E_SYNTAX, 0 },
	{ "line ends in UTF-8, 2", T("{}//\xc3\xa9"), 0, E_SYNTAX, 0 },
	{ "line ends in UTF-8, 3", T("{}//\xe2\x82\xac"), 0, E_SYNTAX, 0 },
	{ "line ends in UTF-8, 4", T("{}//\xf0\x9f\x98\x80"), 0, E_SYNTAX, 0 },
	{ "line ends in 1 of 2", T("{}//\xc3"), E_SYNTAX, E_SYNTAX, 4 },
	{ "line ends in 2 of 3", T("{}//\xe2\x82"), E_SYNTAX, E_SYNTAX, 4 },
	{ "line ends in 3 of 4", T("{}//\xf0\x9f\x98"), E_SYNTAX, E_SYNTAX, 4 },
	{ "stray 0x80 in it", T("{}//\x80"), E_SYNTAX, E_SYNTAX, 4 },
	{ "block cut before its slash", T("{}/**"), E_SYNTAX, E_SYNTAX, 2 },
	{ "line at the end", T("{}//x"), 0, E_SYNTAX, 0 },
	{ "line before", T("// x\n{}"), 0, E_SYNTAX, 0 },
	{ "line holds all", T("//{}"), E_SYNTAX, E_SYNTAX, 4 },
	{ "block", T("{/*x*/\"a\"/**/:/***/1/* \n */}/**/"), 0, E_SYNTAX, 0 },
	{ "block ends first", T("{/*/**/*/}"), E_SYNTAX, E_SYNTAX, 7 },
	{ "block /*/", T("{/*/}"), E_SYNTAX, E_SYNTAX, 1 },
	{ "block without an end", T("{} /* x"), E_SYNTAX, E_SYNTAX, 3 },
	{ "one slash", T("{/}"), E_SYNTAX, E_SYNTAX, 1 },
	{ "one slash at the end", T("{}/"), E_SYNTAX, E_SYNTAX, 2 },
	{ "in a string it is none", T("{\"a\":\"//x\"}"), 0, 0, 0 },
	{ "in a name it is none", T("{\"/*a*/\":1}"), 0, 0, 0 },
	{ "quotes in it", T("{/*\"*/\"a\":1//\"\n}"), 0, E_SYNTAX, 0 },
	{ "UTF-8 in it", T("{//\xc3\xa9\n}"), 0, E_SYNTAX, 0 },
	{ "not UTF-8 in it", T("{//\xe9\n}"), E_SYNTAX, E_SYNTAX, 3 },
	{ "NUL in it", T("{//\0\n}"), E_SYNTAX, E_SYNTAX, 3 },
	{ "escape byte in it", T("{/*\x1b*/}"), E_SYNTAX, E_SYNTAX, 3 },
	{ "behind a number", T("[1/**/,2//\n]"), 0, E_SYNTAX, 0 },
	{ "inside a number", T("[1/**/2]"), E_SYNTAX, E_SYNTAX, 6 },
	{ "hash", T("{#\n}"), E_SYNTAX, E_SYNTAX, 1 },
};

static void
test_comments(void **state)
{
	struct jscan_options o = { 0 };
	size_t i, offset;

	(void)state;
	for (i = 0; i < COUNT_OF(comments); i++) {
		o.comments = false;
		if (scan_text(comments[i].text, &o, NULL) !=
		    comments[i].without)
			fail_msg("%s, without", comments[i].why);
		o.comments = true;
		offset = 0;
		if (scan_text(comments[i].text, &o, &offset) !=
			comments[i].with ||
		    offset != comments[i].offset)
			fail_msg("%s, with: %zu", comments[i].why, offset);
	}
}

/* Any value may be the root of other text. */
static void
test_roots(void **state)
{
	static const struct {
		const char *text;
		enum jscan_type type;
		const char *value;
	} rows[] = {
		{ "null", JSCAN_NULL, "null" },
		{ "true", JSCAN_TRUE, "true" },
		{ " true ", JSCAN_TRUE, "true" },
		{ "false", JSCAN_FALSE, "false" },
		{ "12", JSCAN_NUMBER, "12" },
		{ " \"x\" ", JSCAN_STRING, "x" },
		{ " [1, 2] ", JSCAN_ARRAY, "[1, 2]" },
		{ "{\"a\":{}}", JSCAN_OBJECT, "{\"a\":{}}" },
	};
	const struct jscan_options o = { 0 };
	struct jscan_value v;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(jscan_text(rows[i].text, strlen(rows[i].text),
				     &o, &v, NULL, NULL),
		    0);
		is_value(&v, rows[i].type, false, rows[i].value);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_silent),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_hex),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_comments),
		cmocka_unit_test(test_roots),
	};

	return cmocka_run_group_tests_name("jscan", tests, NULL, NULL);
}
