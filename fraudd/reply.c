/*
 * The calls that commands make, and the RESP2 writer behind them. Arrays of
 * RESP say their length in front, so containers need no end there; the book
 * that is kept of open ones tells which values want their name in front.
 */

#include "reply.h"

#include <string.h>

#include "engine.h"
#include "outbuf.h"

/* of an answer to an attempt, without verdict and rule */
#define ANSWER_MAX 256

/* A mark, a number and CRLF: "$22\r\n". Most numbers have one digit. */
static void
resp_head(struct reply *r, char mark, int64_t value)
{
	char head[4] = { mark, (char)('0' + value % 10), '\r', '\n' };

	if (value >= 0 && value < 10) {
		outbuf_add(r->out, head, 4);
		return;
	}
	outbuf_add(r->out, &mark, 1);
	outbuf_integer(r->out, value);
	outbuf_add(r->out, "\r\n", 2);
}

static void
resp_bulk(struct reply *r, const char *text, size_t n)
{
	resp_head(r, '$', (int64_t)n);
	outbuf_add(r->out, text, n);
	outbuf_add(r->out, "\r\n", 2);
}

/* What stands in front of a value: its name when it is one of a map. */
static void
resp_enter(struct reply *r, const char *name)
{
	while (r->depth > 0 && r->open[r->depth - 1].left == 0)
		r->depth--;
	if (r->depth == 0)
		return;
	r->open[r->depth - 1].left--;
	if (r->open[r->depth - 1].kind == '%' && name != NULL)
		resp_bulk(r, name, strlen(name));
}

static void
resp_open(struct reply *r, char kind, size_t count)
{
	resp_head(r, '*', (int64_t)(kind == '%' ? 2 * count : count));
	if (r->depth == REPLY_DEPTH_MAX) {
		r->out->failed = true;
		return;
	}
	r->open[r->depth].left = count;
	r->open[r->depth].kind = kind;
	r->depth++;
}

static void
resp_status(struct reply *r, const char *word)
{
	resp_enter(r, NULL);
	outbuf_add(r->out, "+", 1);
	outbuf_text(r->out, word);
	outbuf_add(r->out, "\r\n", 2);
}

static void
resp_error(struct reply *r, const char *kind, const char *text)
{
	const char *p;

	outbuf_add(r->out, "-", 1);
	outbuf_text(r->out, kind);
	outbuf_add(r->out, " ", 1);
	for (p = text; *p != '\0'; p++)
		outbuf_add(r->out, *p == '\r' || *p == '\n' ? " " : p, 1);
	outbuf_add(r->out, "\r\n", 2);
}

static void
resp_integer(struct reply *r, const char *name, int64_t value)
{
	resp_enter(r, name);
	resp_head(r, ':', value);
}

static void
resp_text(struct reply *r, const char *name, const char *text, size_t n)
{
	resp_enter(r, name);
	resp_bulk(r, text, n);
}

static void
resp_nil(struct reply *r, const char *name)
{
	resp_enter(r, name);
	outbuf_add(r->out, "$-1\r\n", 5);
}

static void
resp_array(struct reply *r, const char *name, size_t count)
{
	resp_enter(r, name);
	resp_open(r, '*', count);
}

static void
resp_map(struct reply *r, const char *name, size_t count)
{
	resp_enter(r, name);
	resp_open(r, '%', count);
}

static inline char *
put_head(char *p, char mark, size_t value)
{
	char digits[24];
	size_t at = sizeof(digits);

	*p++ = mark;
	if (value < 10) {
		*p++ = (char)('0' + value);
	} else if (value < 100) {
		*p++ = (char)('0' + value / 10);
		*p++ = (char)('0' + value % 10);
	} else {
		do
			digits[--at] = (char)('0' + value % 10);
		while ((value /= 10) > 0);
		memcpy(p, digits + at, sizeof(digits) - at);
		p += sizeof(digits) - at;
	}
	*p++ = '\r';
	*p++ = '\n';
	return p;
}

static inline char *
put_text(char *p, const char *text, size_t n)
{
	p = put_head(p, '$', n);
	memcpy(p, text, n);
	memcpy(p + n, "\r\n", 2);
	return p + n + 2;
}

/* The busiest answer of all: room is asked for once. */
static void
resp_answer(struct reply *r, const char *verdict, const struct engine_answer *a)
{
	size_t said = strlen(verdict);
	size_t named = a->rule != NULL ? strlen(a->rule) : 0;
	char *p;

	p = outbuf_room(r->out, ANSWER_MAX + said + named);
	if (p == NULL)
		return;
	p = put_text(put_head(p, '*', 6), verdict, said);
	if (a->rule != NULL) {
		p = put_text(p, a->rule, named);
	} else {
		memcpy(p, "$-1\r\n", 5);
		p += 5;
	}
	p = put_head(p, ':', a->count);
	p = put_head(p, ':', a->limit);
	p = put_head(p, ':', a->retry_after);
	if (a->id[0] != '\0')
		p = put_text(p, a->id, ENGINE_ID_LEN);
	else
		p = put_text(p, "", 0);
	outbuf_took(r->out, p);
}

static const struct reply_ops resp_ops = {
	.status = resp_status,
	.error = resp_error,
	.integer = resp_integer,
	.text = resp_text,
	.nil = resp_nil,
	.array = resp_array,
	.record = resp_array,
	.map = resp_map,
	.answer = resp_answer,
};

void
reply_resp(struct reply *r, struct outbuf *out)
{
	r->ops = &resp_ops;
	r->out = out;
	r->failed = false;
	r->depth = 0;
}

void
reply_status(struct reply *r, const char *word)
{
	r->ops->status(r, word);
}

void
reply_error(struct reply *r, const char *kind, const char *text)
{
	r->failed = true;
	r->ops->error(r, kind, text);
}

void
reply_integer(struct reply *r, const char *name, int64_t value)
{
	r->ops->integer(r, name, value);
}

void
reply_text(struct reply *r, const char *name, const char *text)
{
	r->ops->text(r, name, text, strlen(text));
}

void
reply_bytes(struct reply *r, const char *name, const char *text, size_t n)
{
	r->ops->text(r, name, text, n);
}

void
reply_nil(struct reply *r, const char *name)
{
	r->ops->nil(r, name);
}

void
reply_array(struct reply *r, const char *name, size_t count)
{
	r->ops->array(r, name, count);
}

void
reply_record(struct reply *r, const char *name, size_t count)
{
	r->ops->record(r, name, count);
}

void
reply_answer(
    struct reply *r, const char *verdict, const struct engine_answer *a)
{
	if (r->ops->answer != NULL && r->depth == 0) {
		r->ops->answer(r, verdict, a);
		return;
	}
	r->ops->record(r, NULL, 6);
	reply_text(r, "verdict", verdict);
	if (a->rule != NULL)
		reply_text(r, "rule", a->rule);
	else
		reply_nil(r, "rule");
	reply_integer(r, "count", a->count);
	reply_integer(r, "limit", a->limit);
	reply_integer(r, "retry_after", a->retry_after);
	reply_text(r, "id", a->id);
}

void
reply_map(struct reply *r, const char *name, size_t count)
{
	r->ops->map(r, name, count);
}
