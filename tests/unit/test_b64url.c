/*
 * test_b64url: one text for each byte string. Whatever decodes must encode
 * to the very text it came from; that is the property behind every test.
 */

#include "testutil.h"

#include "b64url.h"
#include "err.h"

#define LONGEST 300

static const struct {
	const char *why;
	const char *text;
	const char *bytes; /* NULL: refused */
	size_t n;
} rows[] = {
	{ "RFC 4648 §10, nothing", "", "", 0 },
	{ "RFC 4648 §10, f", "Zg", "f", 1 },
	{ "RFC 4648 §10, fo", "Zm8", "fo", 2 },
	{ "RFC 4648 §10, foo", "Zm9v", "foo", 3 },
	{ "RFC 4648 §10, foob", "Zm9vYg", "foob", 4 },
	{ "RFC 4648 §10, fooba", "Zm9vYmE", "fooba", 5 },
	{ "RFC 4648 §10, foobar", "Zm9vYmFy", "foobar", 6 },
	{ "RFC 7515 C", "A-z_4ME", "\x03\xec\xff\xe0\xc1", 5 },
	{ "padding", "Zg==", NULL, 0 },
	{ "padding of one", "Zm8=", NULL, 0 },
	{ "half the padding", "Zg=", NULL, 0 },
	{ "padding where none belongs", "Zm9v=", NULL, 0 },
	{ "the other alphabet, +", "A+z_4ME", NULL, 0 },
	{ "the other alphabet, /", "A-z/4ME", NULL, 0 },
	{ "length 1", "Z", NULL, 0 },
	{ "length 5", "Zm9vY", NULL, 0 },
	{ "bits behind one byte", "Zh", NULL, 0 },
	{ "the highest of them", "Zo", NULL, 0 },
	{ "bits behind two bytes", "Zm9", NULL, 0 },
	{ "the higher of them", "Zm-", NULL, 0 },
	{ "blank before", " Zm9", NULL, 0 },
	{ "blank behind", "Zm9vYm ", NULL, 0 },
	{ "blank inside", "Zm 9", NULL, 0 },
	{ "LF inside", "Zm\n9vYg", NULL, 0 },
	{ "LF at the end", "Zg\n", NULL, 0 },
	{ "a full stop", "Zm.v", NULL, 0 },
	{ "bit 7", "Zm9\xf6", NULL, 0 },
	{ "UTF-8", "\xc3\xa4Zg", NULL, 0 },
};

static void
test_vectors(void **state)
{
	char *text, back[16];
	uint8_t *bytes;
	size_t i, n, len;
	int ret;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		n = strlen(rows[i].text);
		len = B64URL_DECODED_LEN(n);
		text = guard_copy(rows[i].text, n);
		bytes = (uint8_t *)guard_copy("########", len);
		ret = b64url_decode(bytes, text, n);
		if (ret != (rows[i].bytes != NULL ? 0 : E_SYNTAX))
			fail_msg("%s: %d", rows[i].why, ret);
		if (ret == 0) {
			assert_int_equal(len, rows[i].n);
			assert_memory_equal(bytes, rows[i].bytes, len);
			assert_int_equal(b64url_encode(back, bytes, len), n);
			assert_string_equal(back, rows[i].text);
		}
		guard_free((char *)bytes, len);
		guard_free(text, n);
	}
}

/* Each byte in each place of texts around the width of a check. */
static void
test_check(void **state)
{
	uint8_t bytes[64];
	char *text;
	size_t n, at;
	int c;

	(void)state;
	for (n = 0; n < 70; n++) {
		text = guard_copy("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
				  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		    n);
		assert_int_equal(
		    b64url_check(text, n), n % 4 == 1 ? E_SYNTAX : 0);
		for (at = 0; at < n; at++) {
			for (c = 0; c < 256; c++) {
				text[at] = (char)c;
				assert_int_equal(b64url_check(text, n),
				    b64url_decode(bytes, text, n));
			}
			text[at] = 'A';
		}
		guard_free(text, n);
	}
}

static void
fill(uint8_t bytes[LONGEST], unsigned int seed)
{
	size_t i;

	for (i = 0; i < LONGEST; i++) {
		seed = seed * 1103515245 + 12345;
		bytes[i] = (uint8_t)(seed >> 16);
	}
}

/* Both directions at every length, both buffers exactly as large as said. */
static void
test_every_length(void **state)
{
	uint8_t bytes[LONGEST], *back;
	char zeros[LONGEST * 2] = { 0 }, *text;
	size_t n, len;

	(void)state;
	for (n = 0; n < LONGEST; n++) {
		fill(bytes, (unsigned int)n);
		len = B64URL_ENCODED_LEN(n);
		text = guard_copy(zeros, len + 1);
		assert_int_equal(b64url_encode(text, bytes, n), len);
		assert_int_equal(strlen(text), len);
		assert_int_equal(B64URL_DECODED_LEN(len), n);
		memmove(text + 1, text, len);
		back = (uint8_t *)guard_copy(zeros, n);
		assert_int_equal(b64url_decode(back, text + 1, len), 0);
		assert_memory_equal(back, bytes, n);
		guard_free((char *)back, n);
		guard_free(text, len + 1);
	}
}

static int
value(unsigned int c)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "abcdefghijklmnopqrstuvwxyz"
				       "0123456789-_";
	const char *at = c != 0 ? strchr(alphabet, (int)c) : NULL;

	return at != NULL ? (int)(at - alphabet) : -1;
}

/* All 65536 texts of two characters. */
static void
test_all_pairs(void **state)
{
	unsigned int a, b;
	uint8_t byte;
	char text[2];
	int want;

	(void)state;
	for (a = 0; a < 256; a++) {
		for (b = 0; b < 256; b++) {
			text[0] = (char)a;
			text[1] = (char)b;
			want = value(a) >= 0 && value(b) >= 0 &&
				(value(b) & 15) == 0 ?
			    0 :
			    E_SYNTAX;
			assert_int_equal(b64url_decode(&byte, text, 2), want);
			if (want == 0)
				assert_int_equal(
				    byte, value(a) << 2 | value(b) >> 4);
		}
	}
}

/* Every byte at every place of a group, and of the two short tails. */
static void
test_every_place(void **state)
{
	unsigned int c;
	size_t at, n;
	uint8_t bytes[8];
	char text[12];
	int want;

	(void)state;
	for (n = 2; n <= 11; n++) {
		for (at = 0; at < n && n % 4 != 1; at++) {
			for (c = 0; c < 256; c++) {
				memset(text, 'A', n);
				text[at] = (char)c;
				want = value(c) < 0 ||
					(at == n - 1 && n % 4 == 2 &&
					    value(c) % 16 != 0) ||
					(at == n - 1 && n % 4 == 3 &&
					    value(c) % 4 != 0) ?
				    E_SYNTAX :
				    0;
				if (b64url_decode(bytes, text, n) != want)
					fail_msg("%zu %zu %u", n, at, c);
			}
		}
	}
}

/* Refused, or the text of what it decoded to. */
static void
is_canonical(const char *data, size_t n, void *arg)
{
	uint8_t bytes[LONGEST];
	char text[LONGEST * 2];
	unsigned int *refused = arg;
	int ret;

	ret = b64url_decode(bytes, data, n);
	if (ret != 0) {
		assert_int_equal(ret, E_SYNTAX);
		(*refused)++;
		return;
	}
	b64url_encode(text, bytes, B64URL_DECODED_LEN(n));
	assert_memory_equal(text, data, n);
}

static void
test_damaged(void **state)
{
	unsigned int refused;
	uint8_t bytes[LONGEST];
	char text[LONGEST];
	size_t n, len;

	(void)state;
	for (n = 60; n < 63; n++) {
		fill(bytes, 7);
		len = b64url_encode(text, bytes, n);
		refused = 0;
		for_each_truncation(text, len, is_canonical, &refused);
		/* at least every length of 1 mod 4 */
		assert_true(refused >= len / 4);
		refused = 0;
		for_each_bit_flip(text, len, is_canonical, &refused);
		/* at least every bit 7 */
		assert_true(refused >= len);
	}
}

/* The first that is none ends it, wherever it stands. */
static void
test_span(void **state)
{
	char text[LONGEST], *copy;
	size_t i, n;

	(void)state;
	memset(text, '-', sizeof(text));
	for (n = 0; n < LONGEST; n += n < 80 ? 1 : 37) {
		copy = guard_copy(text, n);
		assert_int_equal(b64url_span(copy, n), n);
		for (i = 0; i < n; i++) {
			copy[i] = i % 2 != 0 ? '.' : (char)0xe9;
			assert_int_equal(b64url_span(copy, n), i);
			copy[i] = 'z';
		}
		guard_free(copy, n);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_span),
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_all_pairs),
		cmocka_unit_test(test_every_place),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
