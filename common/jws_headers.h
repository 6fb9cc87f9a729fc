/*
 * jws_headers: headers that need not be read again. Used by jws*.c and by
 * nobody else; the rest of it is in jws.h.
 */

#ifndef JWTGATE_JWS_HEADERS_H
#define JWTGATE_JWS_HEADERS_H

#include <stdbool.h>

struct jws;
struct jws_headers;

/*
 * Whether the header at jws->token, of jws->header_len characters, is known;
 * then fills what reading it would have filled, and sets header_len to 0.
 * known may be NULL: nothing is.
 */
bool jws_headers_find(const struct jws_headers *known, struct jws *jws);

#endif
