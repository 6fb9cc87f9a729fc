/*
 * The same answers as JSON. Commas and closing brackets follow from the
 * number of members that each container announced.
 */

#include "reply.h"

#include <stdio.h>
#include <string.h>

#include "outbuf.h"
#include "str.h"

/* How many bytes at p are one well-formed character; 0: none are. */
static size_t
character(const unsigned char *p, size_t n)
{
	size_t len, i;

	if (p[0] < 0x80)
		return 1;
	len = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	if (p[0] < 0xc2 || p[0] > 0xf4 || len > n)
		return 0;
	for (i = 1; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return len;
}

/* Bytes that are no UTF-8 become U+FFFD, one each. */
void
reply_json_string(struct outbuf *out, const char *text, size_t n)
{
	const unsigned char *p = (const unsigned char *)text;
	char escape[8];
	size_t i, len;

	outbuf_add(out, "\"", 1);
	for (i = 0; i < n; i += len) {
		len = character(p + i, n - i);
		if (len == 0) {
			outbuf_text(out, "\\ufffd");
			len = 1;
		} else if (p[i] == '"' || p[i] == '\\') {
			outbuf_add(out, "\\", 1);
			outbuf_add(out, p + i, 1);
		} else if (p[i] < 0x20 || p[i] == 0x7f) {
			snprintf(escape, sizeof(escape), "\\u%04x", p[i]);
			outbuf_text(out, escape);
		} else
			outbuf_add(out, p + i, len);
	}
	outbuf_add(out, "\"", 1);
}

/* The comma and the name that stand in front of a value. */
static void
enter(struct reply *r, const char *name)
{
	char last;

	if (r->depth == 0)
		return;
	last = r->out->len > 0 ? r->out->data[r->out->len - 1] : '\0';
	if (last != '[' && last != '{')
		outbuf_add(r->out, ",", 1);
	r->open[r->depth - 1].left--;
	if (r->open[r->depth - 1].kind == '{') {
		name = name != NULL ? name : "value";
		reply_json_string(r->out, name, strlen(name));
		outbuf_add(r->out, ":", 1);
	}
}

/* Closes every container that has all its members. */
static void
leave(struct reply *r)
{
	while (r->depth > 0 && r->open[r->depth - 1].left == 0) {
		r->depth--;
		outbuf_add(
		    r->out, r->open[r->depth].kind == '{' ? "}" : "]", 1);
	}
}

static void
container(struct reply *r, const char *name, char kind, size_t count)
{
	enter(r, name);
	outbuf_add(r->out, &kind, 1);
	if (r->depth == REPLY_DEPTH_MAX) {
		r->out->failed = true;
		return;
	}
	r->open[r->depth].left = count;
	r->open[r->depth].kind = kind;
	r->depth++;
	leave(r);
}

static void
json_text(struct reply *r, const char *name, const char *text, size_t n)
{
	enter(r, name);
	reply_json_string(r->out, text, n);
	leave(r);
}

static void
json_status(struct reply *r, const char *word)
{
	if (r->depth == 0)
		container(r, NULL, '{', 1);
	json_text(r, "status", word, strlen(word));
}

static void
json_error(struct reply *r, const char *kind, const char *text)
{
	(void)kind;
	container(r, NULL, '{', 1);
	json_text(r, "error", text, strlen(text));
}

static void
json_integer(struct reply *r, const char *name, int64_t value)
{
	bool bare = r->depth == 0;

	if (bare)
		container(r, NULL, '{', 1);
	enter(r, bare ? "result" : name);
	outbuf_integer(r->out, value);
	leave(r);
}

static void
json_nil(struct reply *r, const char *name)
{
	enter(r, name);
	outbuf_text(r->out, "null");
	leave(r);
}

static void
json_array(struct reply *r, const char *name, size_t count)
{
	container(r, name, '[', count);
}

static void
json_object(struct reply *r, const char *name, size_t count)
{
	container(r, name, '{', count);
}

static const struct reply_ops json_ops = {
	.status = json_status,
	.error = json_error,
	.integer = json_integer,
	.text = json_text,
	.nil = json_nil,
	.array = json_array,
	.record = json_object,
	.map = json_object,
};

void
reply_json(struct reply *r, struct outbuf *out)
{
	r->ops = &json_ops;
	r->out = out;
	r->failed = false;
	r->depth = 0;
}
