/*
 * str: bounded text. A struct str writes into the caller's storage and
 * remembers when something did not fit, so that one check at the end is
 * enough; the rest are the few string questions that several rooms ask.
 */

#ifndef JWTGATE_STR_H
#define JWTGATE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
	char *data; /* borrowed from the caller, always NUL-terminated */
	size_t len;
	size_t cap;
	bool full; /* something did not fit; it and all that followed is lost */
};

/* Starts an empty text in buf; cap counts the NUL and is at least 1. */
void str_init(struct str *s, char *buf, size_t cap);
void str_add(struct str *s, const char *text);
void str_add_bytes(struct str *s, const void *bytes, size_t n);
void str_addf(struct str *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Copies foreign bytes into dst so that a log line stays one line: controls,
 * backslash, line separators, bidi overrides, invisible characters and all
 * that is not valid UTF-8 become \xhh for each byte; what does not fit is cut
 * and marked with "...". Blanks and quotes pass. Returns dst.
 */
char *str_printable(char *dst, size_t cap, const void *src, size_t n);

/* True when the n bytes of s are exactly the C string word. */
bool str_is(const char *s, size_t n, const char *word);

/* For short texts: a call of memcmp() takes longer than the looking. */
static inline bool
str_same(const char *a, const char *b, size_t n)
{
	uint32_t x, y, differ = 0;
	size_t i;

	if (n == 0)
		return true;
	if (n < sizeof(x))
		return a[0] == b[0] && a[n / 2] == b[n / 2] &&
		    a[n - 1] == b[n - 1];
	for (i = 0; i + sizeof(x) < n; i += sizeof(x)) {
		memcpy(&x, a + i, sizeof(x));
		memcpy(&y, b + i, sizeof(y));
		differ |= x ^ y;
	}
	/* the last four, some of them once more */
	memcpy(&x, a + n - sizeof(x), sizeof(x));
	memcpy(&y, b + n - sizeof(y), sizeof(y));
	return (differ | (x ^ y)) == 0;
}

/*
 * The word of words[0..count-1] nearest to s by edit distance, or NULL when
 * none is near enough (distance over a third of the longer one) to be a typo.
 * ASCII case counts for nothing; of equals the first is taken.
 */
const char *str_nearest(const char *s, const char *const *words, size_t count);

/* True when name matches pattern, in which '*' stands for any run. */
bool str_match(const char *pattern, const char *name);

#endif
