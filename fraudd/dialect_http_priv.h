/*
 * dialect_http_priv: one HTTP request between its framing (dialect_http.c)
 * and what it asks (dialect_http_routes.c).
 */

#ifndef JWTGATE_DIALECT_HTTP_PRIV_H
#define JWTGATE_DIALECT_HTTP_PRIV_H

#include "access.h"
#include "command.h"
#include "dialect_http.h"
#include "dialect_http_body.h"
#include "outbuf.h"

struct MHD_Connection;
struct MHD_Daemon;

#define SESSIONS 1024 /* of Dovecot, between allow and report */
#define SESSION_MAX 64

enum http_status {
	HTTP_OK = 200,
	HTTP_NO_CONTENT = 204,
	HTTP_BAD_REQUEST = 400,
	HTTP_UNAUTHORIZED = 401,
	HTTP_FORBIDDEN = 403,
	HTTP_NOT_FOUND = 404,
	HTTP_BAD_METHOD = 405,
	HTTP_TOO_LARGE = 413,
	HTTP_BAD_TYPE = 415,
	HTTP_TOO_MANY = 429,
	HTTP_UNAVAILABLE = 503
};

/* Which attempt a session of Dovecot stands for. */
struct session {
	uid_t uid;
	char name[SESSION_MAX];
	char id[ENGINE_ID_LEN + 1];
};

struct dialect_http {
	struct dialect_http_config config;
	struct MHD_Daemon *daemon;
	struct exchange *held; /* those whose answer waits for the disk */
	struct dialect_http_room room;
	struct session sessions[SESSIONS];
};

/* One request and its answer. */
struct exchange {
	struct dialect_http *http;
	struct MHD_Connection *connection;
	struct exchange *next; /* in held */
	uint64_t ticket; /* 0: nothing to wait for */
	bool answered; /* the answer only has to be sent */
	const char *path;
	struct access access;
	struct command_caller by;
	char *body; /* owned */
	size_t len;
	size_t swallowed; /* bytes of a body that is too long */
	struct outbuf out;
	unsigned status;
	unsigned retry_after; /* 0: no header */
	const char *type;
	const char *allow; /* of a 405 */
};

/* Answers with {"error": text}. */
void dialect_http_fail(struct exchange *x, unsigned status, const char *text);

/* Finds what the path and the method ask for, and answers it. */
void dialect_http_route(struct exchange *x, const char *method);

/* Calls fn for each header until it returns false. */
typedef bool dialect_http_header_fn(
    void *arg, const char *name, const char *value);
void dialect_http_headers(
    struct exchange *x, dialect_http_header_fn *fn, void *arg);

/* A parameter of the query, or NULL; borrowed. */
const char *dialect_http_query(struct exchange *x, const char *name);

#endif
