/*
 * jws_headers: headers that need not be read again. Used by jws*.c and by
 * nobody else; the rest of it is in jws.h.
 */

#ifndef JWTGATE_JWS_HEADERS_H
#define JWTGATE_JWS_HEADERS_H

#include <stddef.h>

struct jws;
struct jws_header;
struct jws_headers;

/*
 * The known header that the n characters of token begin with, a dot behind
 * it, or NULL; borrowed from known, which may be NULL: nothing is. *len_out
 * is how long it is as it stands there.
 */
const struct jws_header *jws_headers_find(const struct jws_headers *known,
    const char *token, size_t n, size_t *len_out);

/* Fills what reading this header would have filled. */
void jws_header_fill(const struct jws_header *header, struct jws *jws);

#endif
