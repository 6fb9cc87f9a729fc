/*
 * outbuf: bytes on their way to a peer. It grows up to a limit; what does
 * not fit makes it failed, and one check at the end is enough.
 */

#ifndef JWTGATE_OUTBUF_H
#define JWTGATE_OUTBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct outbuf {
	char *data; /* owned */
	size_t len;
	size_t cap;
	size_t max; /* never more than this many bytes */
	bool failed; /* something was lost: the content must not be sent */
};

/* Allocates nothing yet. */
void outbuf_init(struct outbuf *b, size_t max);
void outbuf_done(struct outbuf *b);

/* Empties it for another use; the memory stays. */
void outbuf_reset(struct outbuf *b);

/* Takes back everything behind len, and the failure with it. */
void outbuf_cut(struct outbuf *b, size_t len);

/* For what does not fit as it is. */
void outbuf_add_slowly(struct outbuf *b, const void *bytes, size_t n);

static inline void
outbuf_add(struct outbuf *b, const void *bytes, size_t n)
{
	if (b->failed || n == 0 || b->cap - b->len < n) {
		outbuf_add_slowly(b, bytes, n);
		return;
	}
	memcpy(b->data + b->len, bytes, n);
	b->len += n;
}

/*
 * Room for n bytes, to be written there and then taken with outbuf_took();
 * NULL when there is none, and the buffer has failed.
 */
char *outbuf_room(struct outbuf *b, size_t n);

static inline void
outbuf_took(struct outbuf *b, const char *end)
{
	b->len = (size_t)(end - b->data);
}

void outbuf_text(struct outbuf *b, const char *text);
void outbuf_integer(struct outbuf *b, int64_t value);

#endif
