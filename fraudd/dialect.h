/*
 * dialect: which language a connection speaks, told by its first bytes and
 * never asked again: a body of one dialect cannot become a request of
 * another.
 */

#ifndef JWTGATE_DIALECT_H
#define JWTGATE_DIALECT_H

#include <stddef.h>

#define DIALECT_LOOK 16 /* so many bytes always tell */

enum dialect {
	DIALECT_UNKNOWN = 0, /* more bytes must come first */
	DIALECT_RESP,
	DIALECT_HTTP,
	DIALECT_POLICY
};

enum dialect dialect_detect(const char *in, size_t n);

#endif
