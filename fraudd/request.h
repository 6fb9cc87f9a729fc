/*
 * request: the words of one request, as a dialect found them in the bytes
 * of the peer.
 */

#ifndef JWTGATE_REQUEST_H
#define JWTGATE_REQUEST_H

#include <stddef.h>

#include "engine.h"

#define REQUEST_MAX 16384 /* bytes of one request, all dialects */
#define REQUEST_WORDS_MAX 128

struct request {
	size_t count; /* may be more than are kept: a command then says so */
	struct engine_text words[REQUEST_WORDS_MAX]; /* borrowed */
};

/* What a parser found at the start of its input. */
enum request_state {
	REQUEST_BROKEN = 0, /* not this dialect: answer and close */
	REQUEST_PARTIAL, /* more bytes must come first */
	REQUEST_READY
};

#endif
