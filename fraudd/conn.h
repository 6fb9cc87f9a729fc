/*
 * conn: one conversation, without its socket: bytes in, bytes out. It knows
 * when an answer has to wait for the disk and when a peer has had enough.
 */

#ifndef JWTGATE_CONN_H
#define JWTGATE_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "access.h"
#include "dialect.h"
#include "engine.h"
#include "request.h"

struct command_env;
struct outbuf;

/* No further request is taken up while so many bytes wait to be sent. */
#define CONN_OUT_SOFT 65536
/* No answer is larger than that: a connection that needs more is closed. */
#define CONN_OUT_MAX (4 * 1024 * 1024)

struct conn {
	enum dialect dialect; /* RESP or POLICY */
	struct access access;
	bool closing; /* nothing more is taken up */
	bool more; /* stopped because enough waits to be sent */
	bool watch, watch_all; /* it has asked for events */
	/* An answer that may not be sent yet. */
	uint64_t ticket; /* 0: none */
	bool durable; /* must be an error if the ticket is lost */
	size_t held_at; /* where in the output of the call it begins */
};

/* A request that was found in the input, and has not had its turn. */
struct conn_request {
	enum request_state state; /* never PARTIAL */
	size_t used; /* bytes of input */
	const char *why; /* BROKEN */
	bool hinted;
	struct request rq;
	struct engine_hint hint;
};

/* What a turn works with; lent by the loop. */
struct conn_turn {
	const struct command_env *env;
	struct access_table *const *rows; /* a reload changes them */
	struct conn_request *request;
	struct outbuf *out;
	int64_t now; /* ms */
};

/*
 * Answers the requests at the start of the n bytes, as many as are whole and
 * as may be answered now, behind what stands in the output already. Returns
 * how many bytes they were.
 */
size_t conn_process(
    struct conn *c, const struct conn_turn *t, const char *in, size_t n);

/*
 * The same in steps, for a loop that looks at many requests before it runs
 * the first. parse: false when no whole one is there. goes_on: whether one
 * more may be run, when the output of the call began at start. finish: after
 * the last one.
 */
bool conn_parse(
    const struct conn *c, const char *in, size_t n, struct conn_request *out);
bool conn_goes_on(struct conn *c, const struct conn_turn *t, size_t start);
void conn_run(struct conn *c, const struct conn_turn *t);
void conn_finish(struct conn *c, size_t start);

/* The ticket was reached, or never will be. */
void conn_release(struct conn *c, struct outbuf *out, bool reached);

#endif
