/*
 * jscan_name: the hash of a member's name that jscan.c tells names apart by.
 * It is made of the decoded bytes, eight at a time, after the pattern of
 * MurmurHash3; no key, no state.
 */

#ifndef JWTGATE_JSCAN_NAME_H
#define JWTGATE_JSCAN_NAME_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "jscan_text.h"

struct jscan_hash {
	uint64_t h;
	uint64_t w; /* bytes that wait for more */
	size_t filled; /* how many they are */
};

static inline uint64_t
jscan_mix(uint64_t h, uint64_t w)
{
	w *= UINT64_C(0x87c37b91114253d5);
	w = w << 31 | w >> 33;
	h ^= w * UINT64_C(0x4cf5ad432745937f);
	h = h << 27 | h >> 37;
	return h * 5 + 0x52dce729;
}

/* The first n bytes at p, 0 to 8 of them, and NULs behind them. */
static inline uint64_t
jscan_load_few(const unsigned char *p, size_t n, const unsigned char *end)
{
	uint64_t w = 0;

	if ((size_t)(end - p) >= sizeof(w)) {
		w = jscan_load(p);
		return n < sizeof(w) ? w & ~(~UINT64_C(0) << 8 * n) : w;
	}
	memcpy(&w, p, n);
	return le64toh(w);
}

/*
 * Names hold no NUL, so a last word padded with it is no other name's.
 * *head_out is the first word.
 */
static inline uint64_t
jscan_hash_plain(const unsigned char *p, size_t n,
    const unsigned char *text_end, uint64_t *head_out)
{
	uint64_t h = 0;

	*head_out = jscan_load_few(p, n < 8 ? n : 8, text_end);
	if (n <= sizeof(h))
		return n > 0 ? jscan_mix(h, *head_out) : h;
	for (; n >= sizeof(h); p += sizeof(h), n -= sizeof(h))
		h = jscan_mix(h, jscan_load(p));
	return n > 0 ? jscan_mix(h, jscan_load_few(p, n, text_end)) : h;
}

/* Takes in the n bytes of word, 1 to 8 of them. */
static inline void
jscan_hash_feed(struct jscan_hash *x, uint64_t word, size_t n)
{
	x->w |= word << (8 * x->filled);
	x->filled += n;
	if (x->filled < sizeof(word))
		return;
	x->h = jscan_mix(x->h, x->w);
	x->filled -= sizeof(word);
	x->w = x->filled > 0 ? word >> (8 * (n - x->filled)) : 0;
}

/* One escape or the bytes up to the next one; returns what is behind. */
static inline const unsigned char *
jscan_hash_special(
    struct jscan_hash *x, const unsigned char *p, const unsigned char *end)
{
	struct jscan_pieces w = { .p = p, .end = end };
	const unsigned char *data;
	size_t n;

	if (*p == '\\' && end - p > 1 && jscan_short_escape[p[1]] != 0) {
		jscan_hash_feed(x, jscan_short_escape[p[1]], 1);
		return p + 2;
	}
	for (n = jscan_piece(&w, &data); n > 0; n--)
		jscan_hash_feed(x, *data++, 1);
	return w.p;
}

/* The same hash of what the checked text from p to end decodes to. */
static inline uint64_t
jscan_hash_escaped(const unsigned char *p, const unsigned char *end)
{
	struct jscan_hash x = { 0 };
	const unsigned char *stop;
	size_t n;

	while (p < end) {
		stop = jscan_plain(p, end);
		for (; p < stop; p += n) {
			n = stop - p < 8 ? (size_t)(stop - p) : 8;
			jscan_hash_feed(&x, jscan_load_few(p, n, end), n);
		}
		while (p < end && !jscan_is_plain(*p))
			p = jscan_hash_special(&x, p, end);
	}
	return x.filled > 0 ? jscan_mix(x.h, x.w) : x.h;
}

#endif
