/*
 * fraud_client: asking fraudd, by many threads at a time and never longer
 * than the deadline. Connections that are whole after an answer are kept, a
 * few of them, and used by one thread at a time; nobody waits for another's.
 * What was inherited over fork() is never used.
 */

#ifndef JWTGATE_FRAUD_CLIENT_H
#define JWTGATE_FRAUD_CLIENT_H

#include <stdint.h>

#include "fraud_proto.h"

struct err;
struct fraud_client;

struct fraud_where {
	const char *socket; /* path */
	int64_t deadline_ms; /* for connecting, asking and the answer */
};

/* 0 or E_NOMEM. No thread may use it while it is freed. */
int fraud_client_new(struct fraud_client **out);
void fraud_client_free(struct fraud_client **c);

/*
 * Asks and waits for the answer. 0, or E_IO when fraudd cannot be reached or
 * did not answer in time, E_SYNTAX when what came is no answer; *out is
 * untouched then. The sentence begins with the path of the socket.
 */
int fraud_client_ask(struct fraud_client *c, const struct fraud_where *where,
    const struct fraud_request *request, struct fraud_reply *out,
    struct err *e);

/*
 * Says something whose answer nobody waits for; whoever uses the connection
 * next reads it first. Returns 0 when it was sent, else E_IO.
 */
int fraud_client_tell(struct fraud_client *c, const struct fraud_where *where,
    const struct fraud_request *request, struct err *e);

#endif
