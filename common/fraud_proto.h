/*
 * fraud_proto: what fraudd and those who ask it have in common: words, limits,
 * and how a question and its answer look on the wire (doc/PROTOCOL.md). Pure:
 * bytes in, bytes out.
 */

#ifndef JWTGATE_FRAUD_PROTO_H
#define JWTGATE_FRAUD_PROTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

/* The commands that count; those of operators are fraudd's alone. */
#define FRAUD_ATTEMPT "attempt"
#define FRAUD_CHECK "check"
#define FRAUD_OUTCOME "outcome"
#define FRAUD_ONCE "once"
#define FRAUD_OPEN "open"
#define FRAUD_CLOSE "close"

/* The events of our own hosts. */
#define FRAUD_EVENT_LOGIN "login"
#define FRAUD_EVENT_TOKEN "token"

/* The fields that are known without a rule that names them. */
#define FRAUD_IP "ip"
#define FRAUD_CARD "card"
#define FRAUD_LAST4 "last4"
#define FRAUD_EXPIRY "expiry"
#define FRAUD_USER "user"
#define FRAUD_SESSION "session"
#define FRAUD_SERVICE "service"
#define FRAUD_TOKEN "token"
#define FRAUD_PASSWORD "password"
#define FRAUD_EXISTS "exists"
#define FRAUD_ISSUER "issuer"
#define FRAUD_JTI "jti"

/* Verdicts, and the rule that stands for an operator's block. */
#define FRAUD_ALLOW "allow"
#define FRAUD_DELAY "delay"
#define FRAUD_DENY "deny"
#define FRAUD_OPERATOR "operator"

/* Outcomes. */
#define FRAUD_SUCCESS "success"
#define FRAUD_FAILURE "failure"
#define FRAUD_ERROR "error"

#define FRAUD_FIELDS_MAX 16
#define FRAUD_NAME_MAX 64 /* bytes of an event, a field, a rule */
#define FRAUD_VALUE_MAX 1024
#define FRAUD_ID_LEN 22 /* base64url of 16 bytes */

enum fraud_verdict {
	FRAUD_VERDICT_DENY = 0,
	FRAUD_VERDICT_DELAY,
	FRAUD_VERDICT_ALLOW
};

/* The array of six. */
struct fraud_answer {
	enum fraud_verdict verdict;
	char rule[FRAUD_NAME_MAX + 1]; /* "" with allow */
	uint32_t count, limit, retry_after;
	char id[FRAUD_ID_LEN + 1]; /* "" when nothing was counted */
};

enum fraud_kind {
	FRAUD_REPLY_ERROR = 0,
	FRAUD_REPLY_ANSWER,
	FRAUD_REPLY_NUMBER
};

#define FRAUD_ERROR_MAX 256

struct fraud_reply {
	enum fraud_kind kind;
	struct fraud_answer answer;
	uint32_t number;
	char error[FRAUD_ERROR_MAX]; /* printable, cut */
};

#define FRAUD_REQUEST_MAX 4096
#define FRAUD_REPLY_MAX 1024

/* A request while it is written: owns its bytes, which the caller wipes. */
struct fraud_request {
	char data[FRAUD_REQUEST_MAX];
	size_t len;
	size_t words; /* written so far, the command is the first */
	bool full; /* something did not fit: the request is none */
};

/* begin, then each word, then end: 0, or E_RANGE when it did not fit. */
void fraud_proto_begin(struct fraud_request *r, const char *command);
void fraud_proto_word(struct fraud_request *r, const void *data, size_t n);
void fraud_proto_text(struct fraud_request *r, const char *text);
/* Adds name and value; nothing when value is NULL. */
void fraud_proto_field(
    struct fraud_request *r, const char *name, const char *value);
int fraud_proto_end(struct fraud_request *r, struct err *e);

/*
 * Reads one reply from the start of n bytes. 0: *used_out bytes were it, or,
 * when that is 0, it is not whole yet. E_SYNTAX for whatever fraudd does not
 * send; *out is untouched unless a whole reply was read.
 */
int fraud_proto_read(const char *data, size_t n, struct fraud_reply *out,
    size_t *used_out, struct err *e);

#endif
