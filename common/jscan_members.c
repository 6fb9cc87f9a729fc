/*
 * jscan_members: most members are plain: a new name without escapes, a
 * colon, a string without escapes, a whole number or a word, a comma. A run
 * of them is read here, with all of it in registers. What is not so is left
 * to jscan.c from its first byte on; so nothing is refused here, and nothing
 * is taken that would not be taken there, with the same value.
 *
 * Where strings begin and end is told for 64 bytes at a time, a bit for each
 * byte that is not plain, ahead of what is read: to look for the end of each
 * string by itself is to wait for it. No other end is looked for: the last
 * byte of the text is a bracket, at which all else stops, or nothing is read.
 */

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "jscan_name.h"
#include "jscan_scan.h"
#include "jscan_text.h"

#define WINDOW 64

/* Of the 64 bytes at p those that are not plain and not passed yet. */
struct window {
	const unsigned char *p;
	uint64_t bits;
};

#define HOT static inline __attribute__((always_inline))

HOT uint64_t
bits_plain(const unsigned char *p)
{
	uint64_t bits = 0;
	size_t i;

#if defined(__SSE2__)
	for (i = 0; i < WINDOW; i += 16)
		bits |= (uint64_t)jscan_plain_not(p + i) << i;
#else
	for (i = 0; i < WINDOW; i++)
		bits |= (uint64_t)!jscan_is_plain(p[i]) << i;
#endif
	return bits;
}

/* Of fewer bytes than a window has. */
HOT uint64_t
bits_tail(
    const unsigned char *p, size_t n, uint64_t (*bits)(const unsigned char *))
{
	unsigned char tail[WINDOW] __attribute__((uninitialized));

	memset(tail, ' ', sizeof(tail));
	memcpy(tail, p, n);
	return bits(tail);
}

/* The first window from p on with a bit; without, there is none to last. */
HOT struct window
look(const unsigned char *p, const unsigned char *last,
    uint64_t (*bits)(const unsigned char *))
{
	struct window w = { p, 0 };

	for (; last - w.p > WINDOW; w.p += WINDOW) {
		w.bits = bits(w.p);
		if (w.bits != 0)
			return w;
	}
	w.bits = bits_tail(w.p, (size_t)(last - w.p), bits);
	return w;
}

static struct window
look_plain(const unsigned char *p, const unsigned char *last)
{
	return look(p, last, bits_plain);
}

/* The next byte that is not plain, or last. */
HOT const unsigned char *
step(struct window *w, const unsigned char *last,
    struct window (*on)(const unsigned char *, const unsigned char *))
{
	const unsigned char *p;

	if (w->bits == 0) {
		if (last - w->p <= WINDOW)
			return last;
		*w = on(w->p + WINDOW, last);
		if (w->bits == 0)
			return last;
	}
	p = w->p + __builtin_ctzll(w->bits);
	w->bits &= w->bits - 1;
	return p;
}

/* p is at most last. Returns what is behind the value; NULL: not plain. */
HOT const unsigned char *
value(const unsigned char *p, const unsigned char *last, struct window *w,
    struct window (*on)(const unsigned char *, const unsigned char *),
    struct jscan_value *v)
{
	const unsigned char *stop;

	v->text = (const char *)p;
	if (*p == '"') {
		v->text++;
		v->type = JSCAN_STRING;
		(void)step(w, last, on);
		stop = step(w, last, on);
		v->len = (size_t)(stop - p - 1);
		return *stop == '"' ? stop + 1 : NULL;
	}
	if (*p >= '1' && *p <= '9') {
		v->type = JSCAN_NUMBER;
		stop = jscan_digits(p, last);
		if (*stop != ',' && *stop != '}')
			return NULL;
	} else if (last - p >= 4 && memcmp(p, "true", 4) == 0) {
		v->type = JSCAN_TRUE;
		stop = p + 4;
	} else if (last - p >= 5 && memcmp(p, "false", 5) == 0) {
		v->type = JSCAN_FALSE;
		stop = p + 5;
	} else {
		return NULL;
	}
	v->len = (size_t)(stop - p);
	return stop;
}

HOT const unsigned char *
blank(const unsigned char *p)
{
	return __builtin_expect(*p == ' ', 0) ? p + 1 : p;
}

HOT const unsigned char *
run(struct jscan_scan *s, const unsigned char *p, bool *read_out,
    struct window (*on)(const unsigned char *, const unsigned char *))
{
	struct jscan_frame *f = &s->frames[s->depth - 1];
	const struct jscan_names *wanted = s->depth == 1 ? s->wanted : NULL;
	const unsigned char *const last = s->end - 1;
	struct jscan_value v = { .escaped = false }, *to;
	struct window w;
	uint64_t *const names = s->names + s->names_len;
	size_t left = jscan_members_left(s, f), count = 0, len;
	const unsigned char *name, *stop;
	uint64_t hash, head, bit, *seen;

	*read_out = false;
	if (p >= last || (*last != '}' && *last != ']'))
		return p;
	for (w = on(p, last); count < left && !*read_out; count++) {
		name = p + 1;
		if (step(&w, last, on) != p || *p != '"')
			break;
		stop = step(&w, last, on);
		if (stop[0] != '"' || stop[1] != ':')
			break;
		len = (size_t)(stop - name);
		hash = jscan_hash_plain(name, len, last, &head);
		seen = jscan_seen(f, hash, &bit);
		if ((*seen & bit) != 0)
			break;
		stop = value(blank(stop + 2), last, &w, on, &v);
		if (stop == NULL)
			break;
		*seen |= bit;
		names[count] = hash;
		to = jscan_find(
		    wanted, s->values, (const char *)name, len, head);
		if (to != NULL)
			*to = v;
		*read_out = *stop != ',';
		p = *stop == ',' ? blank(stop + 1) : stop;
	}
	s->names_len += count;
	s->members += count;
	return p;
}

const unsigned char *
jscan_members_plain(
    struct jscan_scan *s, const unsigned char *p, bool *read_out)
{
	return run(s, p, read_out, look_plain);
}

#if defined(__x86_64__)
#define WIDE __attribute__((target("avx2,bmi,bmi2")))
#define HAVE_WIDE \
	(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2"))

WIDE HOT uint32_t
bits_32(const unsigned char *p)
{
	__m256i v, hit;

	memcpy(&v, p, sizeof(v));
	hit = _mm256_or_si256(_mm256_cmpeq_epi8(v, _mm256_set1_epi8('"')),
	    _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\\')));
	/* the highest bit: of what is not ASCII, and of what is below ' ' */
	hit = _mm256_or_si256(hit, v);
	hit = _mm256_or_si256(hit, _mm256_sub_epi8(v, _mm256_set1_epi8(' ')));
	return (uint32_t)_mm256_movemask_epi8(hit);
}

WIDE HOT uint64_t
bits_wide(const unsigned char *p)
{
	return bits_32(p) | (uint64_t)bits_32(p + 32) << 32;
}

WIDE static struct window
look_wide(const unsigned char *p, const unsigned char *last)
{
	return look(p, last, bits_wide);
}

WIDE static const unsigned char *
run_wide(struct jscan_scan *s, const unsigned char *p, bool *read_out)
{
	return run(s, p, read_out, look_wide);
}
#else
#define HAVE_WIDE false
#define run_wide jscan_members_plain
#endif

const unsigned char *
jscan_members(struct jscan_scan *s, const unsigned char *p, bool *read_out)
{
	return HAVE_WIDE ? run_wide(s, p, read_out) :
			   jscan_members_plain(s, p, read_out);
}
