/*
 * Doubling growth keeps the hot path free of allocation: the buffer that
 * the event loop lends to every connection soon has the size it needs.
 */

#include "outbuf.h"

#include <stdlib.h>
#include <string.h>

#define OUTBUF_FIRST 4096

void
outbuf_init(struct outbuf *b, size_t max)
{
	memset(b, 0, sizeof(*b));
	b->max = max;
}

void
outbuf_done(struct outbuf *b)
{
	free(b->data);
	outbuf_init(b, b->max);
}

void
outbuf_reset(struct outbuf *b)
{
	outbuf_cut(b, 0);
}

void
outbuf_cut(struct outbuf *b, size_t len)
{
	if (len < b->len)
		b->len = len;
	b->failed = false;
}

static bool
grow(struct outbuf *b, size_t n)
{
	size_t cap = b->cap > 0 ? b->cap : OUTBUF_FIRST;
	char *data;

	if (b->failed || n > b->max || b->len > b->max - n)
		return false;
	while (cap - b->len < n)
		cap *= 2;
	data = realloc(b->data, cap);
	if (data == NULL)
		return false;
	b->data = data;
	b->cap = cap;
	return true;
}

void
outbuf_add_slowly(struct outbuf *b, const void *bytes, size_t n)
{
	if (b->failed || (b->cap - b->len < n && !grow(b, n))) {
		b->failed = true;
		return;
	}
	if (n > 0)
		memcpy(b->data + b->len, bytes, n);
	b->len += n;
}

char *
outbuf_room(struct outbuf *b, size_t n)
{
	if (b->failed || (b->cap - b->len < n && !grow(b, n))) {
		b->failed = true;
		return NULL;
	}
	return b->data + b->len;
}

void
outbuf_text(struct outbuf *b, const char *text)
{
	outbuf_add(b, text, strlen(text));
}

void
outbuf_integer(struct outbuf *b, int64_t value)
{
	char digits[24];
	size_t at = sizeof(digits);
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	do {
		digits[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (value < 0)
		digits[--at] = '-';
	outbuf_add(b, digits + at, sizeof(digits) - at);
}
