/*
 * dialect_http_body: what a JSON body asks, and the path of a target. Pure.
 * The scanner is jscan: no duplicate names, no depth, no allocation.
 */

#ifndef JWTGATE_DIALECT_HTTP_BODY_H
#define JWTGATE_DIALECT_HTTP_BODY_H

#include <stdbool.h>
#include <stddef.h>

#include "request.h"

struct err;

/* Decoded texts; what is returned borrows from it. */
struct dialect_http_room {
	size_t used;
	char data[REQUEST_MAX + REQUEST_WORDS_MAX];
};

/*
 * {"event": "...", FIELD: "...", ...}: strings alone. Returns 0, or
 * E_SYNTAX with a sentence that names the member.
 */
int dialect_http_body_attempt(const char *text, size_t n,
    struct dialect_http_room *room, struct engine_attempt *out, struct err *e);

/* {"id": "...", "outcome": "success" | "failure" | "error"} */
int dialect_http_body_outcome(const char *text, size_t n,
    struct dialect_http_room *room, struct engine_text *id_out,
    enum engine_outcome *out, struct err *e);

/*
 * What Dovecot sends: `login`, `remote`, `protocol` and `pwhash` become the
 * fields user, ip, service and password of the event login; members that
 * are not known here are its own affair.
 */
struct dialect_http_dovecot {
	struct engine_attempt attempt;
	struct engine_text session; /* session_id; may be empty */
	bool success; /* `success` is true */
	bool reported; /* `success` is there */
};
int dialect_http_body_dovecot(const char *text, size_t n,
    struct dialect_http_room *room, struct dialect_http_dovecot *out,
    struct err *e);

/*
 * The path of a request target: of the absolute form (RFC 9112 §3.2.2) what
 * stands behind the authority. NULL when it has none.
 */
const char *dialect_http_path(const char *target);

#endif
