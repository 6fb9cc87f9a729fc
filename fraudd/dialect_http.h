/*
 * dialect_http: HTTP/1.1 and JSON, by libmicrohttpd, inside the caller's
 * event loop. It owns the connections that are given to it.
 *
 *	POST   /v1/attempts       count and decide; a JSON object in and out
 *	POST   /v1/outcomes       {"id": "...", "outcome": "success"}
 *	GET    /v1/sources/{ip}   what counts against an address
 *	DELETE /v1/sources/{ip}   FORGET
 *	GET    /v1/auth_request   nginx: 204, 403, 429; fields in X-Fraudd-NAME
 *	POST   /?command=allow    Dovecot's auth_policy; also report
 *	GET    /metrics, /healthz
 */

#ifndef JWTGATE_DIALECT_HTTP_H
#define JWTGATE_DIALECT_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct access;
struct access_table;
struct command_env;
struct dialect_http;
struct err;
struct timeline;

/* Who asks: a socket of the listener, and the secret that was shown. */
struct dialect_http_asker {
	int fd;
	size_t point;
	const char *secret; /* NULL: none */
	size_t secret_len;
};

struct dialect_http_config {
	const struct command_env *env; /* all borrowed */
	const struct timeline *clock;
	/* What the asker may do; the rows that say so, or NULL: unknown. */
	const struct access_table *(*judge)(
	    void *arg, const struct dialect_http_asker *by, struct access *out);
	/* A connection that this listener let in is open now, or closed. */
	void (*count)(void *arg, size_t point, bool opened);
	void *arg;
};

int dialect_http_new(const struct dialect_http_config *config,
    struct dialect_http **out, struct err *e);
void dialect_http_free(struct dialect_http **h);

/* Takes fd, which listener number `point` (below 256) let in and of which
 * nothing has been read; closes it on failure. */
void dialect_http_add(struct dialect_http *h, int fd, size_t point);

/* The journal moved: answers that wait may go. False: there were none. */
bool dialect_http_release(struct dialect_http *h);

/* Readable when dialect_http_run() has something to do. */
int dialect_http_fd(const struct dialect_http *h);
void dialect_http_run(struct dialect_http *h);
/* ms until it wants to run again; -1: not before the fd is readable. */
int64_t dialect_http_timeout(struct dialect_http *h);

#endif
