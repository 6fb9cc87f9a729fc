/*
 * b64url: many characters at a time where the processor can, and the rest in
 * groups of four. What is no base64url character has the highest bit in the
 * table; those bits are gathered and looked at once, at the end. The table is
 * small because it is cold whenever a signature was verified before.
 */

#include "b64url.h"

#include <stdbool.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "err.h"

#define BAD 0x80

#define VALUE(c) \
	(uint8_t)((c) >= 'A' && (c) <= 'Z' ? (c) - 'A' : \
		(c) >= 'a' && (c) <= 'z'   ? (c) - 'a' + 26 : \
		(c) >= '0' && (c) <= '9'   ? (c) - '0' + 52 : \
		(c) == '-'                 ? 62 : \
		(c) == '_'                 ? 63 : \
					     BAD)
#define VALUE4(c) VALUE(c), VALUE((c) + 1), VALUE((c) + 2), VALUE((c) + 3)
#define VALUE16(c) VALUE4(c), VALUE4((c) + 4), VALUE4((c) + 8), VALUE4((c) + 12)
#define VALUE64(c) \
	VALUE16(c), VALUE16((c) + 16), VALUE16((c) + 32), VALUE16((c) + 48)

static const uint8_t table[256] = { VALUE64(0), VALUE64(64), VALUE64(128),
	VALUE64(192) };

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

#define CHUNK 1024 /* characters; a multiple of 4 */

/* While so many are left, four bytes too many may be written. */
#define ROOMY 40

#if defined(__x86_64__)
#define WIDE __attribute__((target("avx2")))
#define HAVE_WIDE __builtin_cpu_supports("avx2")
#define WIDTH sizeof(__m256i)

/*
 * The alphabet by the two halves of a character: a bit for each row of
 * ASCII that it has a part of, and for each column the rows where it is in.
 */
static const int8_t rows[16] = { 0, 0, 1, 2, 4, 8, 4, 16, 0, 0, 0, 0, 0, 0, 0,
	0 };
static const int8_t columns[16] = { 26, 30, 30, 30, 30, 30, 30, 30, 30, 30, 28,
	4, 4, 5, 4, 12 };

/* What makes a value of a character of this row; _ is put right apart. */
static const int8_t shift[16] = { 0, 0, 62 - '-', 52 - '0', -'A', -'A',
	26 - 'a', 26 - 'a', 0, 0, 0, 0, 0, 0, 0, 0 };
static const int8_t order[16] = { 2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1,
	-1, -1, -1 };

#define SPREAD(t) \
	_mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(t)))

WIDE static inline __m256i
upper_half(__m256i c)
{
	return _mm256_and_si256(_mm256_srli_epi16(c, 4), _mm256_set1_epi8(15));
}

/* All bits where the character is not in the alphabet. */
WIDE static inline __m256i
wrong(__m256i c, __m256i row)
{
	/* A character over 127 finds no column. */
	__m256i in = _mm256_and_si256(_mm256_shuffle_epi8(SPREAD(rows), row),
	    _mm256_shuffle_epi8(SPREAD(columns), c));

	return _mm256_cmpeq_epi8(in, _mm256_setzero_si256());
}

/* 32 characters as 24 bytes, twelve in each half; adds to *bad. */
WIDE static inline __m256i
decode_32(const char *src, __m256i *bad)
{
	__m256i c, row, v;

	memcpy(&c, src, WIDTH);
	row = upper_half(c);
	*bad = _mm256_or_si256(*bad, wrong(c, row));
	v = _mm256_add_epi8(c, _mm256_shuffle_epi8(SPREAD(shift), row));
	v = _mm256_add_epi8(v,
	    _mm256_and_si256(_mm256_cmpeq_epi8(c, _mm256_set1_epi8('_')),
		_mm256_set1_epi8(63 - '_' + 'A')));
	/* Four times six bits, a byte each, become 24 bits. */
	v = _mm256_maddubs_epi16(v, _mm256_set1_epi32(0x01400140));
	v = _mm256_madd_epi16(v, _mm256_set1_epi32(0x00011000));
	return _mm256_shuffle_epi8(v, SPREAD(order));
}

/* Writes 24 bytes and not one more. */
WIDE static inline void
store_24(uint8_t *dst, __m256i v)
{
	__m128i high = _mm256_extracti128_si256(v, 1);
	uint32_t last = (uint32_t)_mm_extract_epi32(high, 2);

	_mm_storeu_si128((__m128i *)(void *)dst, _mm256_castsi256_si128(v));
	_mm_storel_epi64((__m128i *)(void *)(dst + 12), high);
	memcpy(dst + 20, &last, sizeof(last));
}

/*
 * Decodes all whole groups of four, of which there are eight or more: 32
 * characters at a time, the last ones over again together with what is
 * left. Returns how many characters those were, or 0 when one was wrong.
 */
WIDE static size_t
decode_wide(uint8_t *dst, const char *src, size_t n)
{
	__m256i v, bad = _mm256_setzero_si256();
	size_t done = 0, all = n / 4 * 4;

	for (; n - done >= ROOMY; done += WIDTH) {
		v = decode_32(src + done, &bad);
		_mm_storeu_si128((__m128i *)(void *)(dst + done / 4 * 3),
		    _mm256_castsi256_si128(v));
		_mm_storeu_si128((__m128i *)(void *)(dst + done / 4 * 3 + 12),
		    _mm256_extracti128_si256(v, 1));
	}
	while (done < all) {
		if (all - done < WIDTH)
			done = all - WIDTH;
		store_24(dst + done / 4 * 3, decode_32(src + done, &bad));
		done += WIDTH;
	}
	return _mm256_testz_si256(bad, bad) ? all : 0;
}

/* Looks at all of them, 32 or more. */
WIDE static bool
check_wide(const char *src, size_t n)
{
	__m256i c, bad = _mm256_setzero_si256();
	size_t done = 0;

	while (done < n) {
		if (n - done < WIDTH)
			done = n - WIDTH;
		memcpy(&c, src + done, WIDTH);
		bad = _mm256_or_si256(bad, wrong(c, upper_half(c)));
		done += WIDTH;
	}
	return _mm256_testz_si256(bad, bad) != 0;
}

/* As far as there are 32 of them; less where one is wrong. */
WIDE static size_t
span_wide(const char *src, size_t n)
{
	size_t done;
	unsigned hit;
	__m256i c;

	for (done = 0; n - done >= WIDTH; done += WIDTH) {
		memcpy(&c, src + done, WIDTH);
		hit = (unsigned)_mm256_movemask_epi8(wrong(c, upper_half(c)));
		if (hit != 0)
			return done + (size_t)__builtin_ctz(hit);
	}
	return done;
}

/*
 * Which bytes the four characters of three bytes are made of, and what makes
 * a character of a value, by how far that is over 51; 13 stands for A to Z.
 */
static const int8_t spread[16] = { 1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9,
	11, 10 };
static const int8_t raise[16] = { 'a' - 26, '0' - 52, '0' - 52, '0' - 52,
	'0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
	'-' - 62, '_' - 63, 'A', 0, 0 };

/* Twelve bytes at a time become sixteen characters. Returns how many bytes. */
WIDE static size_t
encode_wide(char *dst, const uint8_t *src, size_t n)
{
	const __m128i made_of = _mm_loadu_si128((const __m128i *)spread);
	const __m128i raised = _mm_loadu_si128((const __m128i *)raise);
	__m128i v, high, low, row;
	uint64_t eight;
	uint32_t four;
	size_t done;

	for (done = 0; n - done >= 12; done += 12, dst += 16) {
		memcpy(&eight, src + done, sizeof(eight));
		memcpy(&four, src + done + 8, sizeof(four));
		v = _mm_set_epi64x(four, (int64_t)eight);
		v = _mm_shuffle_epi8(v, made_of);
		/* 24 bits become four times six, a byte each */
		high = _mm_and_si128(v, _mm_set1_epi32(0x0fc0fc00));
		high = _mm_mulhi_epu16(high, _mm_set1_epi32(0x04000040));
		low = _mm_and_si128(v, _mm_set1_epi32(0x003f03f0));
		low = _mm_mullo_epi16(low, _mm_set1_epi32(0x01000010));
		v = _mm_or_si128(high, low);
		row = _mm_or_si128(_mm_subs_epu8(v, _mm_set1_epi8(51)),
		    _mm_and_si128(_mm_cmpgt_epi8(_mm_set1_epi8(26), v),
			_mm_set1_epi8(13)));
		v = _mm_add_epi8(v, _mm_shuffle_epi8(raised, row));
		_mm_storeu_si128((__m128i *)(void *)dst, v);
	}
	return done;
}
#else
#define HAVE_WIDE false
#define WIDTH 32

static size_t
encode_wide(char *dst, const uint8_t *src, size_t n)
{
	(void)dst;
	(void)src;
	(void)n;
	return 0;
}

static size_t
decode_wide(uint8_t *dst, const char *src, size_t n)
{
	(void)dst;
	(void)src;
	return n;
}

static bool
check_wide(const char *src, size_t n)
{
	(void)src;
	(void)n;
	return true;
}

static size_t
span_wide(const char *src, size_t n)
{
	(void)src;
	(void)n;
	return 0;
}
#endif

int
b64url_decode(uint8_t *dst, const char *src, size_t n)
{
	const unsigned char *s;
	uint32_t a, b, c, d, seen = 0;
	size_t done;

	if (n >= WIDTH && HAVE_WIDE) {
		done = decode_wide(dst, src, n);
		if (done == 0)
			return E_SYNTAX;
		src += done;
		dst += done / 4 * 3;
		n -= done;
	}
	s = (const unsigned char *)src;
	for (; n >= 4; n -= 4) {
		a = table[s[0]];
		b = table[s[1]];
		c = table[s[2]];
		d = table[s[3]];
		seen |= a | b | c | d;
		dst[0] = (uint8_t)(a << 2 | b >> 4);
		dst[1] = (uint8_t)(b << 4 | c >> 2);
		dst[2] = (uint8_t)(c << 6 | d);
		dst += 3;
		s += 4;
	}
	if (n == 1)
		return E_SYNTAX;
	/* RFC 4648 §3.5: bits behind the last byte must be zero */
	if (n >= 2) {
		a = table[s[0]];
		b = table[s[1]];
		c = n == 3 ? table[s[2]] : 0;
		seen |= a | b | c;
		if ((n == 3 ? c & 3 : b & 15) != 0)
			return E_SYNTAX;
		dst[0] = (uint8_t)(a << 2 | b >> 4);
		if (n == 3)
			dst[1] = (uint8_t)(b << 4 | c >> 2);
	}
	return (seen & (uint32_t)BAD) != 0 ? E_SYNTAX : 0;
}

int
b64url_check(const char *src, size_t n)
{
	uint8_t scratch[B64URL_DECODED_LEN(CHUNK)]
	    __attribute__((uninitialized));
	size_t step;

	if (n >= WIDTH && HAVE_WIDE) {
		if (!check_wide(src, n))
			return E_SYNTAX;
		step = n / 4 * 4; /* the bits behind the last byte remain */
		src += step;
		n -= step;
	}
	for (; n > CHUNK; src += CHUNK, n -= CHUNK) {
		if (b64url_decode(scratch, src, CHUNK) != 0)
			return E_SYNTAX;
	}
	return b64url_decode(scratch, src, n);
}

size_t
b64url_span(const char *src, size_t n)
{
	size_t i = n >= WIDTH && HAVE_WIDE ? span_wide(src, n) : 0;

	while (i < n && table[(unsigned char)src[i]] != BAD)
		i++;
	return i;
}

size_t
b64url_encode(char *dst, const void *src, size_t n)
{
	const uint8_t *s = src;
	uint32_t bits;
	char *d = dst;
	size_t done;

	if (n >= 12 && HAVE_WIDE) {
		done = encode_wide(d, s, n);
		d += done / 3 * 4;
		s += done;
		n -= done;
	}
	for (; n >= 3; n -= 3) {
		bits = (uint32_t)s[0] << 16 | (uint32_t)s[1] << 8 | s[2];
		d[0] = alphabet[bits >> 18];
		d[1] = alphabet[bits >> 12 & 63];
		d[2] = alphabet[bits >> 6 & 63];
		d[3] = alphabet[bits & 63];
		d += 4;
		s += 3;
	}
	if (n != 0) {
		bits = (uint32_t)s[0] << 16;
		if (n == 2)
			bits |= (uint32_t)s[1] << 8;
		*d++ = alphabet[bits >> 18];
		*d++ = alphabet[bits >> 12 & 63];
		if (n == 2)
			*d++ = alphabet[bits >> 6 & 63];
	}
	*d = '\0';
	return (size_t)(d - dst);
}
