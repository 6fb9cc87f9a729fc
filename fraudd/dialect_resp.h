/*
 * dialect_resp: requests as Redis' clients write them, RESP2 arrays of bulk
 * strings or one line of words. Pure: bytes in, words out.
 */

#ifndef JWTGATE_DIALECT_RESP_H
#define JWTGATE_DIALECT_RESP_H

#include <stddef.h>

#include "request.h"

/*
 * Parses the request at the start of the n bytes. READY: *used_out bytes
 * belong to it; out->count may be 0, which asks for nothing and gets no
 * answer. BROKEN: *why_out is a sentence for the peer. Words borrow from in.
 */
enum request_state dialect_resp_parse(const char *in, size_t n,
    struct request *out, size_t *used_out, const char **why_out);

#endif
