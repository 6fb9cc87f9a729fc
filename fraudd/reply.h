/*
 * reply: what a command answers, said once and written by the dialect that
 * asked (RESP2, JSON). A command says exactly one value: a status, an error,
 * an integer, a text, nil, or a container with as many values inside as it
 * announced. Names are said in JSON objects and in the maps of RESP.
 */

#ifndef JWTGATE_REPLY_H
#define JWTGATE_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine_answer;
struct outbuf;
struct reply;

#define REPLY_DEPTH_MAX 8

struct reply_ops {
	void (*status)(struct reply *r, const char *word);
	/* kind: ERR, NOPERM, ...; text is one line for people */
	void (*error)(struct reply *r, const char *kind, const char *text);
	void (*integer)(struct reply *r, const char *name, int64_t value);
	void (*text)(
	    struct reply *r, const char *name, const char *text, size_t n);
	void (*nil)(struct reply *r, const char *name);
	/* a list: its members have no names (NULL) */
	void (*array)(struct reply *r, const char *name, size_t count);
	/* fixed members: bare values in RESP, an object in JSON */
	void (*record)(struct reply *r, const char *name, size_t count);
	/* named members, in RESP each name followed by its value */
	void (*map)(struct reply *r, const char *name, size_t count);
	/* to an attempt, at once; NULL: piece by piece */
	void (*answer)(struct reply *r, const char *verdict,
	    const struct engine_answer *a);
};

struct reply {
	const struct reply_ops *ops;
	struct outbuf *out; /* borrowed */
	bool failed; /* the answer was an error */
	/* how many values each open container still waits for */
	struct {
		size_t left;
		char kind; /* '[' '{' for JSON; '*' '%' for RESP */
	} open[REPLY_DEPTH_MAX];
	size_t depth;
};

void reply_resp(struct reply *r, struct outbuf *out);
void reply_json(struct reply *r, struct outbuf *out);

/* Adds n bytes as a JSON string, quotes included. */
void reply_json_string(struct outbuf *out, const char *text, size_t n);

/* What an attempt is answered with: a record of six. */
void reply_answer(
    struct reply *r, const char *verdict, const struct engine_answer *a);

void reply_status(struct reply *r, const char *word);
void reply_error(struct reply *r, const char *kind, const char *text);
void reply_integer(struct reply *r, const char *name, int64_t value);
void reply_text(struct reply *r, const char *name, const char *text);
void reply_bytes(struct reply *r, const char *name, const char *text, size_t n);
void reply_nil(struct reply *r, const char *name);
void reply_array(struct reply *r, const char *name, size_t count);
void reply_record(struct reply *r, const char *name, size_t count);
void reply_map(struct reply *r, const char *name, size_t count);

#endif
