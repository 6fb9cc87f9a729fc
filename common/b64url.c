/*
 * b64url: four tables give each character its bits in place, so a group of
 * four is four loads and three ORs. What is no base64url character sets a
 * bit above the 24; those bits are gathered and looked at once, at the end.
 * Longer texts are compared and shifted many characters at a time.
 */

#include "b64url.h"

#include <stdbool.h>
#include <string.h>

#include "err.h"

#define BAD 0x1000000u

#define VALUE(c) \
	((c) >= 'A' && (c) <= 'Z'        ? (uint32_t)(c) - 'A' : \
		(c) >= 'a' && (c) <= 'z' ? (uint32_t)(c) - 'a' + 26 : \
		(c) >= '0' && (c) <= '9' ? (uint32_t)(c) - '0' + 52 : \
		(c) == '-'               ? 62u : \
		(c) == '_'               ? 63u : \
					   BAD)
#define AT(c, shift) (VALUE(c) == BAD ? BAD : (VALUE(c) & 63u) << (shift))
#define AT4(c, s) AT(c, s), AT((c) + 1, s), AT((c) + 2, s), AT((c) + 3, s)
#define AT16(c, s) AT4(c, s), AT4((c) + 4, s), AT4((c) + 8, s), AT4((c) + 12, s)
#define AT64(c, s) \
	AT16(c, s), AT16((c) + 16, s), AT16((c) + 32, s), AT16((c) + 48, s)
#define AT256(s) AT64(0, s), AT64(64, s), AT64(128, s), AT64(192, s)

static const uint32_t table[4][256] = {
	{ AT256(18) },
	{ AT256(12) },
	{ AT256(6) },
	{ AT256(0) },
};

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Signed, so that a byte over 127 is below every range. */
typedef signed char lanes __attribute__((vector_size(16)));
typedef signed char wide __attribute__((vector_size(32)));
typedef uint32_t words __attribute__((vector_size(32)));

#if defined(__x86_64__)
#define WIDE __attribute__((target("avx2")))
#define HAVE_WIDE __builtin_cpu_supports("avx2")
#else
#define WIDE
#define HAVE_WIDE (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
#endif

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

static bool
all_set(lanes v)
{
	uint64_t halves[2];

	memcpy(halves, &v, sizeof(halves));
	return (halves[0] & halves[1]) == UINT64_MAX;
}

int
b64url_decode(uint8_t *dst, const char *src, size_t n)
{
	const unsigned char *s;
	uint32_t bits, seen = 0;
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
		bits = table[0][s[0]] | table[1][s[1]] | table[2][s[2]] |
		    table[3][s[3]];
		seen |= bits;
		dst[0] = (uint8_t)(bits >> 16);
		dst[1] = (uint8_t)(bits >> 8);
		dst[2] = (uint8_t)bits;
		dst += 3;
		s += 4;
	}
	/* RFC 4648 §3.5: bits behind the last byte must be zero */
	if (n == 3) {
		bits = table[0][s[0]] | table[1][s[1]] | table[2][s[2]];
		seen |= bits | (bits & 0xff) << 24;
		dst[0] = (uint8_t)(bits >> 16);
		dst[1] = (uint8_t)(bits >> 8);
	} else if (n == 2) {
		bits = table[0][s[0]] | table[1][s[1]];
		seen |= bits | (bits & 0xffff) << 16;
		dst[0] = (uint8_t)(bits >> 16);
	} else if (n == 1) {
		return E_SYNTAX;
	}
	return seen > 0xffffff ? E_SYNTAX : 0;
}

/* All bits of each lane whose byte is in the alphabet. */
static inline lanes
in_alphabet(lanes c)
{
	lanes folded = c | 0x20;

	return ((folded > 'a' - 1) & (folded < 'z' + 1)) |
	    ((c > '0' - 1) & (c < '9' + 1)) | (c == '-') | (c == '_');
}

int
b64url_check(const char *src, size_t n)
{
	uint8_t scratch[sizeof(lanes)];
	lanes c, good = (lanes){ 0 } == 0;

	for (; n > sizeof(c); src += sizeof(c), n -= sizeof(c)) {
		memcpy(&c, src, sizeof(c));
		good &= in_alphabet(c);
	}
	if (!all_set(good))
		return E_SYNTAX;
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
