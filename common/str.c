/*
 * str: text in the caller's storage. What a log line shows of foreign bytes
 * is decided here, once: printable UTF-8 passes, and whatever could move the
 * cursor, end the line, reorder it or hide in it is shown as bytes.
 */

#include "str.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define NEAREST_MAX 64 /* longer words are never near */

void
str_init(struct str *s, char *buf, size_t cap)
{
	s->data = buf;
	s->len = 0;
	s->cap = cap;
	s->full = false;
	buf[0] = '\0';
}

void
str_add(struct str *s, const char *text)
{
	str_add_bytes(s, text, strlen(text));
}

/* Once full, nothing more goes in: a text with a gap would mislead. */
void
str_add_bytes(struct str *s, const void *bytes, size_t n)
{
	if (s->full || n >= s->cap - s->len) {
		s->full = true;
		return;
	}
	if (n != 0)
		memcpy(s->data + s->len, bytes, n);
	s->len += n;
	s->data[s->len] = '\0';
}

void
str_addf(struct str *s, const char *fmt, ...)
{
	size_t room = s->cap - s->len;
	va_list ap;
	int n;

	if (s->full)
		return;
	va_start(ap, fmt);
	n = vsnprintf(s->data + s->len, room, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= room) {
		s->full = true;
		s->data[s->len] = '\0';
		return;
	}
	s->len += (size_t)n;
}

/* Length of the valid UTF-8 sequence at s (RFC 3629 §4), or 0. */
static size_t
utf8_sequence(const unsigned char *s, size_t n, uint32_t *point_out)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t point;
	size_t len, i;

	if (s[0] < 0x80) {
		*point_out = s[0];
		return 1;
	}
	len = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	if (s[0] < 0xc2 || s[0] > 0xf4 || len > n)
		return 0;
	point = s[0] & (0x7fu >> len);
	for (i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (s[i] & 0x3fu);
	}
	if (point < least[len] || point > 0x10ffff ||
	    (point >= 0xd800 && point <= 0xdfff))
		return 0;
	*point_out = point;
	return len;
}

/*
 * Controls, line and paragraph separators, annotation marks, and Unicode's
 * Default_Ignorable_Code_Point, which has the bidi overrides, the zero-width
 * characters, the variation selectors and the tags.
 */
static bool
is_deceptive(uint32_t point)
{
	static const struct {
		uint32_t first;
		uint32_t last;
	} ranges[] = {
		{ 0x00, 0x1f },
		{ '\\', '\\' },
		{ 0x7f, 0x9f },
		{ 0xad, 0xad },
		{ 0x34f, 0x34f },
		{ 0x61c, 0x61c },
		{ 0x115f, 0x1160 },
		{ 0x17b4, 0x17b5 },
		{ 0x180b, 0x180f },
		{ 0x200b, 0x200f },
		{ 0x2028, 0x202e },
		{ 0x2060, 0x206f },
		{ 0x3164, 0x3164 },
		{ 0xfe00, 0xfe0f },
		{ 0xfeff, 0xfeff },
		{ 0xffa0, 0xffa0 },
		{ 0xfff0, 0xfffb },
		{ 0x1bca0, 0x1bca3 },
		{ 0x1d173, 0x1d17a },
		{ 0xe0000, 0xe0fff },
	};
	size_t i;

	for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		if (point >= ranges[i].first && point <= ranges[i].last)
			return true;
	}
	return false;
}

/* Puts what stands for the next piece of src into out; its source length. */
static size_t
printable_piece(
    char out[17], size_t *out_len, const unsigned char *src, size_t n)
{
	static const char hex[] = "0123456789abcdef";
	uint32_t point = 0;
	size_t len, i;

	len = utf8_sequence(src, n, &point);
	if (len != 0 && !is_deceptive(point)) {
		memcpy(out, src, len);
		*out_len = len;
		return len;
	}
	if (len == 0)
		len = 1;
	for (i = 0; i < len; i++) {
		out[4 * i] = '\\';
		out[4 * i + 1] = 'x';
		out[4 * i + 2] = hex[src[i] >> 4];
		out[4 * i + 3] = hex[src[i] & 0xf];
	}
	*out_len = 4 * len;
	return len;
}

/* How many characters there are, up to n, that stand for themselves. */
static size_t
plain_run(const unsigned char *src, size_t n)
{
	size_t i = 0;

#if defined(__SSE2__)
	for (; n - i >= 16; i += 16) {
		__m128i v = _mm_loadu_si128(
		    (const __m128i *)(const void *)(src + i));
		/* signed: what is not ASCII is below a blank too */
		__m128i bad = _mm_cmplt_epi8(v, _mm_set1_epi8(' '));
		unsigned hit;

		bad = _mm_or_si128(bad, _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
		bad = _mm_or_si128(bad, _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f)));
		hit = (unsigned)_mm_movemask_epi8(bad);
		if (hit != 0)
			return i + (size_t)__builtin_ctz(hit);
	}
#endif
	while (i < n && src[i] >= 0x20 && src[i] < 0x7f && src[i] != '\\')
		i++;
	return i;
}

char *
str_printable(char *dst, size_t cap, const void *src, size_t n)
{
	const unsigned char *in = src;
	size_t len = 0, cut = 0, i = 0, piece_len;
	size_t edge = cap > 4 ? cap - 4 : 0;
	char piece[17];

	if (cap == 0)
		return dst;
	while (i < n) {
		/* Most of it is plain, and then there is nothing to ask. */
		piece_len = plain_run(
		    in + i, n - i < cap - 1 - len ? n - i : cap - 1 - len);
		memcpy(dst + len, in + i, piece_len);
		if (piece_len > 0 && len < edge)
			cut = len + piece_len < edge ? len + piece_len : edge;
		len += piece_len;
		i += piece_len;
		if (i == n)
			break;
		i += printable_piece(piece, &piece_len, in + i, n - i);
		if (piece_len >= cap - len) {
			len = cut;
			while (len < cap - 1 && len < cut + 3)
				dst[len++] = '.';
			break;
		}
		memcpy(dst + len, piece, piece_len);
		len += piece_len;
		/* the last end of a piece that leaves room for "..." */
		if (cap - len > 3)
			cut = len;
	}
	dst[len] = '\0';
	return dst;
}

bool
str_is(const char *s, size_t n, const char *word)
{
	return n == strlen(word) && (n == 0 || memcmp(s, word, n) == 0);
}

static unsigned char
fold(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static size_t
min3(size_t a, size_t b, size_t c)
{
	if (b < a)
		a = b;
	return c < a ? c : a;
}

/*
 * Damerau-Levenshtein distance (optimal string alignment), ASCII case
 * ignored: "Isuer" is one step from "issuer". Both at most NEAREST_MAX long.
 */
static size_t
distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][NEAREST_MAX + 1];
	size_t *before = rows[0], *above = rows[1], *row = rows[2], *spare;
	size_t i, j;

	for (j = 0; j <= b_len; j++) {
		before[j] = 0;
		above[j] = j;
	}
	for (i = 1; i <= a_len; i++) {
		row[0] = i;
		for (j = 1; j <= b_len; j++) {
			row[j] = min3(above[j] + 1, row[j - 1] + 1,
			    above[j - 1] + (fold(a[i - 1]) != fold(b[j - 1])));
			if (i > 1 && j > 1 &&
			    fold(a[i - 1]) == fold(b[j - 2]) &&
			    fold(a[i - 2]) == fold(b[j - 1]))
				row[j] = min3(
				    row[j], before[j - 2] + 1, row[j]);
		}
		spare = before;
		before = above;
		above = row;
		row = spare;
	}
	return above[b_len];
}

const char *
str_nearest(const char *s, const char *const *words, size_t count)
{
	const char *nearest = NULL;
	size_t best = SIZE_MAX, len, word_len, d, i;

	len = strnlen(s, NEAREST_MAX + 1);
	if (len > NEAREST_MAX)
		return NULL;
	for (i = 0; i < count; i++) {
		word_len = strnlen(words[i], NEAREST_MAX + 1);
		if (word_len > NEAREST_MAX)
			continue;
		d = distance(s, len, words[i], word_len);
		if (d < best && d <= (len > word_len ? len : word_len) / 3) {
			best = d;
			nearest = words[i];
		}
	}
	return nearest;
}

/* Only the last '*' is ever tried again, so the time is at most n * m. */
bool
str_match(const char *pattern, const char *name)
{
	const char *star = NULL, *retry = NULL;

	while (*name != '\0') {
		if (*pattern == '*') {
			star = pattern++;
			retry = name;
		} else if (*pattern == *name) {
			pattern++;
			name++;
		} else if (star != NULL) {
			pattern = star + 1;
			name = ++retry;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}
