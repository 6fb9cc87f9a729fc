/*
 * b64url: many characters at a time where the processor can, and the rest in
 * groups of four. What is no base64url character has the highest bit in the
 * table; those bits are gathered and looked at once, at the end. The table is
 * small because it is cold whenever a signature was verified before.
 */

#include "b64url.h"

#include <stdbool.h>
#include <string.h>

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

/* Signed, so that a byte over 127 is below every range. */
typedef signed char wide __attribute__((vector_size(32)));
typedef uint32_t words __attribute__((vector_size(32)));

#if defined(__x86_64__)
#define WIDE __attribute__((target("avx2")))
#define HAVE_WIDE __builtin_cpu_supports("avx2")
#else
#define WIDE
#define HAVE_WIDE (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
#endif

#define CHUNK 1024 /* characters; a multiple of 4 */

/* While so many are left, four bytes too many may be written. */
#define WIDE_LEAST 40

/*
 * Decodes 32 characters to 24 bytes at a time, down to less than WIDE_LEAST
 * of them. Returns how many it decoded, or 0 when something was wrong.
 */
WIDE static size_t
decode_wide(uint8_t *dst, const char *src, size_t n)
{
	wide c, upper, lower, digit, dash, low, good = (wide){ 0 } == 0;
	uint64_t all[4];
	size_t done = 0;
	words w;

	for (; n - done >= WIDE_LEAST; done += sizeof(c), dst += 24) {
		memcpy(&c, src + done, sizeof(c));
		upper = (c > 'A' - 1) & ('Z' + 1 > c);
		lower = (c > 'a' - 1) & ('z' + 1 > c);
		digit = (c > '0' - 1) & ('9' + 1 > c);
		dash = c == '-';
		low = c == '_';
		good &= upper | lower | digit | dash | low;
		c += (upper & -'A') | (lower & (26 - 'a')) |
		    (digit & (52 - '0')) | (dash & (62 - '-')) |
		    (low & (63 - '_'));
		/* Four times six bits, each in a byte, become three bytes. */
		w = (words)c;
		w = (w & 0x3f) << 18 | (w & 0x3f00) << 4 | (w >> 10 & 0xfc0) |
		    (w >> 24 & 0x3f);
		c = __builtin_shufflevector((wide)w, (wide)w, 2, 1, 0, 6, 5, 4,
		    10, 9, 8, 14, 13, 12, 3, 7, 11, 15, 18, 17, 16, 22, 21, 20,
		    26, 25, 24, 30, 29, 28, 19, 23, 27, 31);
		memcpy(dst, &c, 16);
		memcpy(dst + 12, (const char *)&c + 16, 16);
	}
	memcpy(all, &good, sizeof(all));
	return (all[0] & all[1] & all[2] & all[3]) == UINT64_MAX ? done : 0;
}

int
b64url_decode(uint8_t *dst, const char *src, size_t n)
{
	const unsigned char *s;
	uint32_t a, b, c, d, seen = 0;
	size_t done;

	if (n >= WIDE_LEAST && HAVE_WIDE) {
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

/* Returns how many it looked at, down to 32, or 0 when something was wrong. */
WIDE static size_t
check_wide(const char *src, size_t n)
{
	wide c, folded, good = (wide){ 0 } == 0;
	uint64_t all[4];
	size_t done = 0;

	for (; n - done > sizeof(c); done += sizeof(c)) {
		memcpy(&c, src + done, sizeof(c));
		folded = c | 0x20;
		good &= ((folded > 'a' - 1) & ('z' + 1 > folded)) |
		    ((c > '0' - 1) & ('9' + 1 > c)) | (c == '-') | (c == '_');
	}
	memcpy(all, &good, sizeof(all));
	return (all[0] & all[1] & all[2] & all[3]) == UINT64_MAX ? done : 0;
}

int
b64url_check(const char *src, size_t n)
{
	uint8_t scratch[B64URL_DECODED_LEN(CHUNK)];
	size_t step;

	if (n > sizeof(wide) && HAVE_WIDE) {
		step = check_wide(src, n);
		if (step == 0)
			return E_SYNTAX;
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
b64url_encode(char *dst, const void *src, size_t n)
{
	const uint8_t *s = src;
	uint32_t bits;
	char *d = dst;

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
