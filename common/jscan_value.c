/*
 * jscan_value: walking and decoding text that jscan.c has checked. Every
 * step stays within the value's own bytes all the same.
 */

#include "jscan.h"

#include <string.h>

#include "err.h"
#include "jscan_text.h"

#define SECONDS_MAX ((INT64_C(1) << 53) - 1)
#define PLAIN_DIGITS 15 /* 10^15 is below SECONDS_MAX */
#define EXPONENT_MAX (INT64_C(1) << 40)

const unsigned char jscan_short_escape[256] = {
	['"'] = '"',
	['\\'] = '\\',
	['/'] = '/',
	['b'] = '\b',
	['f'] = '\f',
	['n'] = '\n',
	['r'] = '\r',
	['t'] = '\t',
};

/* A hexadecimal digit's value and the bit that says that it is one. */
#define DIGIT 0x10u
#define DIGITS(c, v) \
	[c] = DIGIT | (v), [(c) + 1] = DIGIT | ((v) + 1), \
	[(c) + 2] = DIGIT | ((v) + 2), [(c) + 3] = DIGIT | ((v) + 3), \
	[(c) + 4] = DIGIT | ((v) + 4)

static const unsigned char digits[256] = { DIGITS('0', 0), DIGITS('5', 5),
	DIGITS('a', 10), ['f'] = DIGIT | 15,
	DIGITS('A', 10), ['F'] = DIGIT | 15 };

/* -1, or the value of four hexadecimal digits. */
static inline int32_t
hex4(const unsigned char *p)
{
	unsigned int a = digits[p[0]], b = digits[p[1]];
	unsigned int c = digits[p[2]], d = digits[p[3]];

	if ((a & b & c & d & DIGIT) == 0)
		return -1;
	return (
	    int32_t)((a & 15) << 12 | (b & 15) << 8 | (c & 15) << 4 | (d & 15));
}

size_t
jscan_escape(const unsigned char *p, const unsigned char *end, uint32_t *c_out,
    const char **why_out)
{
	int32_t high, low;

	*why_out = "bad escape";
	if (end - p < 2)
		return 0;
	if (p[1] != 'u') {
		*c_out = jscan_short_escape[p[1]];
		return *c_out != 0 ? 2 : 0;
	}
	high = end - p < 6 ? -1 : hex4(p + 2);
	if (high < 0)
		return 0;
	if (high == 0) {
		*why_out = "\\u0000 is not allowed";
		return 0;
	}
	if (high < 0xd800 || high > 0xdfff) {
		*c_out = (uint32_t)high;
		return 6;
	}
	*why_out = "half of a surrogate pair";
	if (high > 0xdbff || end - p < 12 || p[6] != '\\' || p[7] != 'u')
		return 0;
	low = hex4(p + 8);
	if (low < 0xdc00 || low > 0xdfff)
		return 0;
	*c_out = 0x10000 + ((uint32_t)(high - 0xd800) << 10) +
	    (uint32_t)(low - 0xdc00);
	return 12;
}

static size_t
utf8_put(unsigned char buf[4], uint32_t c)
{
	if (c < 0x80) {
		buf[0] = (unsigned char)c;
		return 1;
	}
	if (c < 0x800) {
		buf[0] = (unsigned char)(0xc0 | c >> 6);
		buf[1] = (unsigned char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		buf[0] = (unsigned char)(0xe0 | c >> 12);
		buf[1] = (unsigned char)(0x80 | (c >> 6 & 0x3f));
		buf[2] = (unsigned char)(0x80 | (c & 0x3f));
		return 3;
	}
	buf[0] = (unsigned char)(0xf0 | c >> 18);
	buf[1] = (unsigned char)(0x80 | (c >> 12 & 0x3f));
	buf[2] = (unsigned char)(0x80 | (c >> 6 & 0x3f));
	buf[3] = (unsigned char)(0x80 | (c & 0x3f));
	return 4;
}

size_t
jscan_piece(struct jscan_pieces *w, const unsigned char **data_out)
{
	const unsigned char *start = w->p;
	const char *why;
	uint32_t c;
	size_t len;

	if (start == w->end)
		return 0;
	if (*start != '\\') {
		w->p = memchr(start, '\\', (size_t)(w->end - start));
		if (w->p == NULL)
			w->p = w->end;
		*data_out = start;
		return (size_t)(w->p - start);
	}
	len = jscan_escape(start, w->end, &c, &why);
	if (len == 0) {
		w->p = w->end; /* not checked text */
		return 0;
	}
	w->p += len;
	*data_out = w->buf;
	return utf8_put(w->buf, c);
}

/* Steps over one comment, or over the slash when it begins none. */
static const unsigned char *
comment_end(const unsigned char *p, const unsigned char *end)
{
	bool block = end - p > 1 && p[1] == '*';

	if (end - p < 2 || (p[1] != '/' && p[1] != '*'))
		return p + 1;
	for (p += 2; p < end; p++) {
		if (block && *p == '*' && end - p > 1 && p[1] == '/')
			return p + 2;
		if (!block && (*p == '\n' || *p == '\r'))
			return p;
	}
	return end;
}

static const unsigned char *
blank_end(const unsigned char *p, const unsigned char *end)
{
	while (p < end && (jscan_is_blank(*p) || *p == '/'))
		p = *p == '/' ? comment_end(p, end) : p + 1;
	return p;
}

/* p is behind the opening quote; returns the closing one, or end. */
static const unsigned char *
string_end(const unsigned char *p, const unsigned char *end)
{
	while ((p = jscan_plain(p, end)) < end && *p != '"')
		p += *p == '\\' && end - p > 1 ? 2 : 1;
	return p;
}

static const unsigned char *
container_end(const unsigned char *p, const unsigned char *end)
{
	size_t depth = 0;

	while (p < end) {
		unsigned char c = *p++;

		if (c == '"') {
			p = string_end(p, end);
			p += p < end;
		} else if (c == '/') {
			p = comment_end(p - 1, end);
		} else if (c == '{' || c == '[') {
			depth++;
		} else if ((c == '}' || c == ']') && --depth == 0) {
			break;
		}
	}
	return p;
}

static const unsigned char *
scalar_end(const unsigned char *p, const unsigned char *end)
{
	while (p < end && !jscan_is_blank(*p) && *p != ',' && *p != ']' &&
	    *p != '}' && *p != '/')
		p++;
	return p;
}

static enum jscan_type
type_of(unsigned char c)
{
	switch (c) {
	case '"':
		return JSCAN_STRING;
	case '{':
		return JSCAN_OBJECT;
	case '[':
		return JSCAN_ARRAY;
	case 't':
		return JSCAN_TRUE;
	case 'f':
		return JSCAN_FALSE;
	case 'n':
		return JSCAN_NULL;
	default:
		return JSCAN_NUMBER;
	}
}

/* Reads the value at p, which is before end; returns what is behind it. */
static const unsigned char *
take(const unsigned char *p, const unsigned char *end, struct jscan_value *v)
{
	const unsigned char *start = p, *stop;

	v->type = type_of(*p);
	v->escaped = false;
	if (v->type == JSCAN_STRING) {
		start++;
		stop = string_end(start, end);
		p = stop < end ? stop + 1 : end;
	} else {
		p = v->type == JSCAN_OBJECT || v->type == JSCAN_ARRAY ?
		    container_end(p, end) :
		    scalar_end(p, end);
		stop = p;
	}
	v->text = (const char *)start;
	v->len = (size_t)(stop - start);
	if (v->type == JSCAN_STRING)
		v->escaped = memchr(start, '\\', v->len) != NULL;
	return p;
}

bool
jscan_next(const struct jscan_value *container, struct jscan_cursor *c,
    struct jscan_value *key, struct jscan_value *value)
{
	const unsigned char *p = (const unsigned char *)container->text;
	const unsigned char *end;
	struct jscan_value name;

	if (container->type != JSCAN_OBJECT && container->type != JSCAN_ARRAY)
		return false;
	end = p + container->len;
	if (c->rest != NULL)
		p = (const unsigned char *)c->rest;
	else if (p < end)
		p++; /* the bracket */
	p = blank_end(p, end);
	if (p < end && *p == ',')
		p = blank_end(p + 1, end);
	c->rest = (const char *)p;
	if (p == end || *p == ']' || *p == '}')
		return false;
	if (container->type == JSCAN_OBJECT) {
		p = blank_end(take(p, end, &name), end);
		if (p < end)
			p = blank_end(p + 1, end); /* the colon */
		if (p == end)
			return false;
		if (key != NULL)
			*key = name;
	}
	c->rest = (const char *)take(p, end, value);
	return true;
}

bool
jscan_member(const struct jscan_value *object, const char *name,
    size_t name_len, struct jscan_value *out)
{
	struct jscan_cursor c = { .rest = NULL };
	struct jscan_value key, value;

	if (object->type != JSCAN_OBJECT)
		return false;
	while (jscan_next(object, &c, &key, &value)) {
		if (jscan_equal(&key, name, name_len)) {
			*out = value;
			return true;
		}
	}
	return false;
}

/* The character at p, a backslash or none, as UTF-8; 0: not checked text. */
static inline size_t
take_character(
    const unsigned char **p, const unsigned char *end, unsigned char buf[4])
{
	const char *why;
	uint32_t c;
	size_t n;

	if (**p != '\\') {
		buf[0] = *(*p)++;
		return 1;
	}
	if (end - *p > 1 && jscan_short_escape[(*p)[1]] != 0) {
		buf[0] = jscan_short_escape[(*p)[1]];
		*p += 2;
		return 1;
	}
	n = jscan_escape(*p, end, &c, &why);
	*p += n;
	return n > 0 ? utf8_put(buf, c) : 0;
}

static int
string_escaped(
    const struct jscan_value *v, char *dst, size_t cap, size_t *len_out)
{
	const unsigned char *p = (const unsigned char *)v->text;
	const unsigned char *end = p + v->len;
	unsigned char buf[4] __attribute__((uninitialized));
	size_t len = 0, n, i;

	while (p < end && (n = take_character(&p, end, buf)) > 0) {
		if (n >= cap - len)
			return E_RANGE;
		for (i = 0; i < n; i++)
			dst[len++] = (char)buf[i];
	}
	dst[len] = '\0';
	*len_out = len;
	return 0;
}

int
jscan_string(
    const struct jscan_value *v, char *dst, size_t cap, size_t *len_out)
{
	if (v->type != JSCAN_STRING)
		return E_SYNTAX;
	if (v->escaped)
		return string_escaped(v, dst, cap, len_out);
	if (v->len >= cap)
		return E_RANGE;
	memcpy(dst, v->text, v->len);
	dst[v->len] = '\0';
	*len_out = v->len;
	return 0;
}

static bool
equal_escaped(const struct jscan_value *v, const char *s, size_t n)
{
	struct jscan_pieces w = JSCAN_PIECES(v);
	const unsigned char *data;
	size_t len;

	while ((len = jscan_piece(&w, &data)) > 0) {
		if (len > n || memcmp(data, s, len) != 0)
			return false;
		s += len;
		n -= len;
	}
	return n == 0;
}

bool
jscan_equal(const struct jscan_value *v, const char *s, size_t n)
{
	if (v->type != JSCAN_STRING)
		return false;
	if (v->escaped)
		return equal_escaped(v, s, n);
	return v->len == n && memcmp(v->text, s, n) == 0;
}

/*
 * A number taken apart: its digits without the point, and how many of them
 * stand before it once the exponent has moved it.
 */
struct decimal {
	const unsigned char *whole, *whole_end;
	const unsigned char *part, *part_end;
	int64_t exponent;
	bool negative;
};

static int
decimal_read(struct decimal *d, const struct jscan_value *v)
{
	const unsigned char *p = (const unsigned char *)v->text;
	const unsigned char *end;
	bool down = false;

	if (v->type != JSCAN_NUMBER || v->len == 0)
		return E_SYNTAX;
	end = p + v->len;
	d->negative = *p == '-';
	d->whole = p + (d->negative ? 1 : 0);
	d->whole_end = d->part = d->part_end = jscan_digits(d->whole, end);
	d->exponent = 0;
	p = d->whole_end;
	if (p == d->whole)
		return E_SYNTAX;
	if (p < end && *p == '.') {
		d->part = p + 1;
		p = d->part_end = jscan_digits(d->part, end);
		if (p == d->part)
			return E_SYNTAX;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		down = p < end && *p == '-';
		p += p < end && (*p == '-' || *p == '+');
		if (p == end)
			return E_SYNTAX;
		for (; p < end && *p >= '0' && *p <= '9'; p++) {
			if (d->exponent < EXPONENT_MAX)
				d->exponent = d->exponent * 10 + (*p - '0');
		}
	}
	if (down)
		d->exponent = -d->exponent;
	return p == end ? 0 : E_SYNTAX;
}

/* Eight digits as a number; more than 99999999 where one is none. */
static inline uint64_t
eight_digits(const char *text)
{
	const uint64_t top = JSCAN_ONES * 0xf0;
	uint64_t w = jscan_load((const unsigned char *)text);

	/* the second sum takes ':' and what follows it out of row 3 */
	if ((w & top) != JSCAN_ONES * 0x30 ||
	    ((w + JSCAN_ONES * 6) & top) != JSCAN_ONES * 0x30)
		return UINT64_MAX;
	w &= JSCAN_ONES * 0x0f;
	w = w * 10 + (w >> 8); /* pairs, in every other byte */
	w = (w & UINT64_C(0x00ff00ff00ff00ff)) * (1 + (UINT64_C(100) << 16)) >>
	    16; /* fours */
	return (w & UINT64_C(0x0000ffff0000ffff)) *
	    (1 + (UINT64_C(10000) << 32)) >>
	    32;
}

/* Nearly every time is this: digits, too few of them to be out of range. */
static bool
is_plain_number(const struct jscan_value *v, int64_t *value_out)
{
	uint64_t value = 0;
	size_t i = 0;

	if (v->type != JSCAN_NUMBER || v->len == 0 || v->len > PLAIN_DIGITS)
		return false;
	if (v->len >= 8) {
		value = eight_digits(v->text);
		i = 8;
	}
	if (value == UINT64_MAX)
		return false;
	for (; i < v->len; i++) {
		if (v->text[i] < '0' || v->text[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(v->text[i] - '0');
	}
	*value_out = (int64_t)value;
	return true;
}

int
jscan_seconds(
    const struct jscan_value *v, int64_t *floor_out, bool *fraction_out)
{
	struct decimal d;
	int64_t place, point, value = 0;
	int64_t whole_len, len;
	bool fraction = false;

	if (is_plain_number(v, floor_out)) {
		*fraction_out = false;
		return 0;
	}
	if (decimal_read(&d, v) != 0)
		return E_SYNTAX;
	whole_len = d.whole_end - d.whole;
	len = whole_len + (d.part_end - d.part);
	point = whole_len + d.exponent;
	for (place = 0; place < len; place++) {
		int digit = (place < whole_len ? d.whole[place] :
						 d.part[place - whole_len]) -
		    '0';

		if (place < point)
			value = value * 10 + digit;
		else if (digit != 0)
			fraction = true;
		if (value > SECONDS_MAX)
			return E_RANGE;
	}
	for (; value != 0 && place < point; place++) {
		value *= 10;
		if (value > SECONDS_MAX)
			return E_RANGE;
	}
	if (d.negative && (value != 0 || fraction))
		return E_RANGE;
	*floor_out = value;
	*fraction_out = fraction;
	return 0;
}
