/*
 * json_write: a tree as text. The tree is walked twice, first to count the
 * bytes and then to write them, so that a private key is never left behind
 * in a buffer that had to grow.
 */

#include "json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mem.h"

#define LEVELS_MAX (2 * JSON_DEPTH_MAX)

struct out {
	char *buf; /* NULL: only count */
	size_t len;
	bool pretty;
};

struct level {
	const struct json *node;
	size_t count;
	size_t next;
};

static void
add(struct out *o, const char *bytes, size_t n)
{
	if (o->buf != NULL)
		memcpy(o->buf + o->len, bytes, n);
	o->len += n;
}

static void
add_word(struct out *o, const char *word)
{
	add(o, word, strlen(word));
}

/* RFC 8259 §7: what must be escaped, nothing more. */
static void
add_string(struct out *o, const char *s)
{
	static const char shorts[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
	char code[8];
	size_t run;

	add_word(o, "\"");
	for (; *s != '\0'; s++) {
		for (run = 0; (unsigned char)s[run] >= ' ' && s[run] != '"' &&
		     s[run] != '\\';
		     run++)
			;
		add(o, s, run);
		s += run;
		if (*s == '\0')
			break;
		if (strchr(shorts, *s) != NULL)
			snprintf(code, sizeof(code), "\\%c",
			    letters[strchr(shorts, *s) - shorts]);
		else
			snprintf(code, sizeof(code), "\\u%04x",
			    (unsigned int)(unsigned char)*s);
		add_word(o, code);
	}
	add_word(o, "\"");
}

static void
add_line(struct out *o, size_t depth)
{
	if (!o->pretty)
		return;
	add_word(o, "\n");
	for (; depth > 0; depth--)
		add_word(o, "  ");
}

/* A value that holds no others, or the bracket that opens one that does. */
static void
add_value(struct out *o, const struct json *j)
{
	bool empty = json_count(j) == 0;
	char number[24];

	switch (json_kind(j)) {
	case JSON_NULL:
		add_word(o, "null");
		break;
	case JSON_BOOL:
		add_word(o, json_true(j) ? "true" : "false");
		break;
	case JSON_INTEGER:
		snprintf(number, sizeof(number), "%" PRId64, json_integer(j));
		add_word(o, number);
		break;
	case JSON_DECIMAL:
		add_word(o, json_decimal(j));
		break;
	case JSON_STRING:
		add_string(o, json_string(j, NULL));
		break;
	case JSON_ARRAY:
		add_word(o, empty ? "[]" : "[");
		break;
	case JSON_OBJECT:
		add_word(o, empty ? "{}" : "{");
		break;
	}
}

/* The name and the value of the next member, or the next element. */
static const struct json *
add_child(struct out *o, struct level *l, size_t depth)
{
	const struct json *child;
	const char *name = "";
	bool object = json_kind(l->node) == JSON_OBJECT;

	if (l->next > 0)
		add_word(o, ",");
	add_line(o, depth);
	if (object) {
		child = json_entry(l->node, l->next, &name);
		add_string(o, name);
		add_word(o, o->pretty ? ": " : ":");
	} else {
		child = json_element(l->node, l->next);
	}
	l->next++;
	add_value(o, child);
	return child;
}

/* False when the tree is too deep. */
static bool
walk(struct out *o, const struct json *j)
{
	struct level levels[LEVELS_MAX];
	size_t depth = 0;

	add_value(o, j);
	while (json_count(j) > 0 || depth > 0) {
		if (json_count(j) > 0) {
			if (depth == LEVELS_MAX)
				return false;
			levels[depth++] = (struct level){ .node = j,
				.count = json_count(j) };
		}
		j = NULL;
		if (levels[depth - 1].next < levels[depth - 1].count) {
			j = add_child(o, &levels[depth - 1], depth);
			continue;
		}
		depth--;
		add_line(o, depth);
		add_word(o,
		    json_kind(levels[depth].node) == JSON_OBJECT ? "}" : "]");
	}
	return true;
}

char *
json_write(const struct json *j, bool pretty, size_t *len_out)
{
	struct out o = { .pretty = pretty };

	if (!walk(&o, j))
		return NULL;
	o.buf = mem_alloc(o.len + 1);
	if (o.buf == NULL)
		return NULL;
	o.len = 0;
	walk(&o, j);
	if (len_out != NULL)
		*len_out = o.len;
	return o.buf;
}
