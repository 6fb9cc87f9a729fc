/*
 * jscan_text: the bytes of JSON, for jscan.c and jscan_value.c alone: runs
 * of plain text, escapes, digits.
 */

#ifndef JWTGATE_JSCAN_TEXT_H
#define JWTGATE_JSCAN_TEXT_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define JSCAN_ONES UINT64_C(0x0101010101010101)
#define JSCAN_TOPS UINT64_C(0x8080808080808080)

/* A bit per blank of RFC 8259 §2. */
#define JSCAN_BLANKS \
	(UINT64_C(1) << ' ' | UINT64_C(1) << '\t' | UINT64_C(1) << '\n' | \
	    UINT64_C(1) << '\r')

static inline bool
jscan_is_blank(unsigned char c)
{
	return c <= ' ' && (JSCAN_BLANKS >> c & 1) != 0;
}

/* What stands for itself in a string, and is ASCII. */
static inline bool
jscan_is_plain(unsigned char c)
{
	return c >= ' ' && c < 0x80 && c != '"' && c != '\\';
}

#if defined(__SSE2__)
/* A bit for each of the 16 bytes at p that is not plain. */
static inline unsigned
jscan_plain_not(const unsigned char *p)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i quote = _mm_cmpeq_epi8(v, _mm_set1_epi8('"'));
	__m128i slash = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));
	/* signed: below a blank is what controls, and what is not ASCII */
	__m128i other = _mm_cmplt_epi8(v, _mm_set1_epi8(' '));

	return (unsigned)_mm_movemask_epi8(
	    _mm_or_si128(_mm_or_si128(quote, slash), other));
}

/* A bit for each of the 16 bytes at p that is no digit. */
static inline unsigned
jscan_digits_not(const unsigned char *p)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i low = _mm_cmplt_epi8(v, _mm_set1_epi8('0'));
	__m128i high = _mm_cmpgt_epi8(v, _mm_set1_epi8('9'));

	return (unsigned)_mm_movemask_epi8(_mm_or_si128(low, high));
}
#endif

static inline const unsigned char *
jscan_digits(const unsigned char *p, const unsigned char *end)
{
#if defined(__SSE2__)
	for (; end - p >= 16; p += 16) {
		unsigned hit = jscan_digits_not(p);

		if (hit != 0)
			return p + __builtin_ctz(hit);
	}
#endif
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

/* Eight bytes, the first in the lowest place. */
static inline uint64_t
jscan_load(const unsigned char *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return le64toh(w);
}

/* The first byte from p on that is not plain ASCII of a string, or end. */
static inline const unsigned char *
jscan_plain(const unsigned char *p, const unsigned char *end)
{
#if defined(__SSE2__)
	for (; end - p >= 16; p += 16) {
		unsigned hit = jscan_plain_not(p);

		if (hit != 0)
			return p + __builtin_ctz(hit);
	}
#endif
	while (end - p >= 8) {
		uint64_t w = jscan_load(p);
		uint64_t quote = w ^ JSCAN_ONES * '"';
		uint64_t slash = w ^ JSCAN_ONES * '\\';
		uint64_t hit;

		/* The lowest bit that is set is exact: borrows go up. */
		hit = (quote - JSCAN_ONES) & ~quote;
		hit |= (slash - JSCAN_ONES) & ~slash;
		hit |= (w - JSCAN_ONES * ' ') & ~w;
		hit = (hit | w) & JSCAN_TOPS;
		if (hit != 0)
			return p + __builtin_ctzll(hit) / 8;
		p += 8;
	}
	while (p < end && jscan_is_plain(*p))
		p++;
	return p;
}

/* What a byte behind a backslash stands for; 0: for nothing, or it is u. */
extern const unsigned char jscan_short_escape[256];

/*
 * Decodes the escape at p (a backslash). Returns its length, for a surrogate
 * pair that of both, or 0 and why. U+0000 is none that we take.
 */
size_t jscan_escape(const unsigned char *p, const unsigned char *end,
    uint32_t *c_out, const char **why_out);

/*
 * What a checked string decodes to, piece by piece: a run of the text or one
 * character in buf. Returns the piece's length, 0 at the end.
 */
struct jscan_pieces {
	const unsigned char *p; /* borrowed */
	const unsigned char *end;
	unsigned char buf[4];
};
#define JSCAN_PIECES(v) \
	{ \
		.p = (const unsigned char *)(v)->text, \
		.end = (const unsigned char *)(v)->text + (v)->len \
	}
size_t jscan_piece(struct jscan_pieces *w, const unsigned char **data_out);

#endif
