/*
 * schema_place: where in the file a mistake stands. Of a tree that parsed,
 * json_locate() knows the place; of a text that did not parse, the place is
 * known and the key path is found by walking up to it. Only names of members
 * are ever shown: a value may be a secret.
 */

#include "schema.h"

#include "err.h"
#include "jscan.h"
#include "json.h"
#include "str.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_TEXT_MAX 256
#define TRAIL_NAME_MAX 64 /* longer names are cut */

/* The object that holds the member at p; false when it is not there. */
static bool
find_container(const struct schema_source *src, const struct json_path *p,
    struct jscan_value *out)
{
	const struct jscan_options options = { .comments = true,
		.depth_max = JSON_DEPTH_MAX,
		.members_max = JSON_MEMBERS_MAX };
	const struct json_path *steps[JSON_DEPTH_MAX];
	struct jscan_value array;
	struct jscan_cursor cursor;
	size_t count = 0, i;

	for (p = p->up; p != NULL && count < JSON_DEPTH_MAX; p = p->up)
		steps[count++] = p;
	if (jscan_text(src->text, src->len, &options, out, NULL, NULL) != 0)
		return false;
	while (count-- > 0) {
		p = steps[count];
		if (p->name != NULL) {
			if (!jscan_member(out, p->name, strlen(p->name), out))
				return false;
			continue;
		}
		cursor.rest = NULL;
		array = *out;
		for (i = 0; i <= p->index; i++) {
			if (!jscan_next(&array, &cursor, NULL, out))
				return false;
		}
	}
	return out->type == JSCAN_OBJECT;
}

/* Line and column of the name of the member at p, or else of its value. */
static void
locate_name(const struct schema_source *src, const struct json_path *p,
    size_t *line_out, size_t *column_out)
{
	struct jscan_cursor cursor = { .rest = NULL };
	struct jscan_value object, name, value;

	json_locate(src->text, src->len, p, line_out, column_out);
	if (p == NULL || p->name == NULL || !find_container(src, p, &object))
		return;
	while (jscan_next(&object, &cursor, &name, &value)) {
		if (!jscan_equal(&name, p->name, strlen(p->name)))
			continue;
		json_line(src->text, (size_t)(name.text - src->text) - 1,
		    line_out, column_out);
		return;
	}
}

int
schema_fail(const struct schema_source *src, const struct json_path *at,
    const char *fmt, ...)
{
	char shown[PATH_TEXT_MAX], what[ERR_TEXT_MAX];
	size_t line = 1, column = 1;
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(what, sizeof(what), fmt, ap) < 0)
		what[0] = '\0';
	va_end(ap);
	if (src->at_name)
		locate_name(src, at, &line, &column);
	else
		json_locate(src->text, src->len, at, &line, &column);
	json_path_text(at, shown, sizeof(shown));
	return err_set(src->e, E_CONFIG_INVALID, "%s:%zu:%zu: %s%s%s",
	    src->name, line, column, shown, shown[0] != '\0' ? ": " : "", what);
}

int
schema_fail_near(const struct schema_source *src, const struct json_path *at,
    const char *what, const char *given, const char *const *words, size_t count)
{
	const char *near = str_nearest(given, words, count);
	char shown[PATH_TEXT_MAX];

	if (near == NULL)
		return schema_fail(src, at, "%s", what);
	str_printable(shown, sizeof(shown), near, strlen(near));
	return schema_fail(src, at, "%s (did you mean \"%s\"?)", what, shown);
}

/* One open container on the way to a place. */
struct step {
	bool object;
	bool key_next; /* a string here is a member's name */
	size_t index;
	char name[TRAIL_NAME_MAX + 1]; /* "" before the first name */
};

struct trail {
	struct step steps[JSON_DEPTH_MAX + 1];
	size_t depth; /* may be over what is kept */
};

static struct step *
trail_top(struct trail *t)
{
	if (t->depth == 0 || t->depth > JSON_DEPTH_MAX + 1)
		return NULL;
	return &t->steps[t->depth - 1];
}

static void
trail_open(struct trail *t, bool object)
{
	struct step *top;

	t->depth++;
	top = trail_top(t);
	if (top == NULL)
		return;
	*top = (struct step){ .object = object, .key_next = object };
}

static void
trail_comma(struct step *top)
{
	if (top == NULL)
		return;
	top->index++;
	top->key_next = top->object;
	top->name[0] = '\0';
}

/* The byte behind the string that begins at p. */
static const char *
trail_string(struct step *top, const char *p, const char *end)
{
	const char *start = ++p;
	size_t n;

	while (p < end && *p != '"')
		p += *p == '\\' && end - p > 1 ? 2 : 1;
	n = (size_t)(p - start);
	if (n > TRAIL_NAME_MAX)
		n = TRAIL_NAME_MAX;
	if (top != NULL && top->key_next) {
		memcpy(top->name, start, n);
		top->name[n] = '\0';
		top->key_next = false;
	}
	return p < end ? p + 1 : p;
}

static const char *
trail_comment(const char *p, const char *end)
{
	const char *close = NULL;
	size_t n = (size_t)(end - p);

	if (n >= 2 && p[1] == '/')
		close = memchr(p, '\n', n);
	else if (n >= 4 && p[1] == '*')
		close = memmem(p + 2, n - 2, "*/", 2);
	else
		return p + 1;
	return close == NULL ? end : close + 1;
}

/* One token; returns what is behind it. */
static const char *
trail_token(struct trail *t, const char *p, const char *end)
{
	switch (*p) {
	case '{':
	case '[':
		trail_open(t, *p == '{');
		return p + 1;
	case '}':
	case ']':
		if (t->depth > 0)
			t->depth--;
		return p + 1;
	case ',':
		trail_comma(trail_top(t));
		return p + 1;
	case '"':
		return trail_string(trail_top(t), p, end);
	case '/':
		return trail_comment(p, end);
	default:
		return p + 1;
	}
}

/* The path of what stands at offset, of which all before it is JSON. */
static const char *
trail_text(
    const struct schema_source *src, size_t offset, char shown[PATH_TEXT_MAX])
{
	struct json_path paths[JSON_DEPTH_MAX + 1] = { { .up = NULL } };
	const struct json_path *last = NULL;
	const char *p = src->text, *end = src->text + src->len;
	struct trail t = { .depth = 0 };
	const struct step *step;
	size_t i;

	while (p < end && p < src->text + offset)
		p = trail_token(&t, p, end);
	/* a name that is said twice is the place itself */
	if (p < end && *p == '"')
		trail_string(trail_top(&t), p, end);
	for (i = 0; i < t.depth && i < JSON_DEPTH_MAX + 1; i++) {
		step = &t.steps[i];
		if (step->object && step->name[0] == '\0')
			break;
		paths[i].up = last;
		paths[i].name = step->object ? step->name : NULL;
		paths[i].index = step->index;
		last = &paths[i];
	}
	return json_path_text(last, shown, PATH_TEXT_MAX);
}

/* The offset of a line and a column that json_parse() named. */
static size_t
place_offset(const struct schema_source *src, size_t line, size_t column)
{
	const char *p = src->text, *end = src->text + src->len, *next;
	size_t offset;

	for (; line > 1; line--) {
		next = memchr(p, '\n', (size_t)(end - p));
		if (next == NULL)
			break;
		p = next + 1;
	}
	offset = (size_t)(p - src->text) + (column > 0 ? column - 1 : 0);
	return offset < src->len ? offset : src->len;
}

int
schema_fail_syntax(const struct schema_source *src, const char *text)
{
	char shown[PATH_TEXT_MAX] = "";
	size_t line, column;
	char *rest;

	line = strtoul(text, &rest, 10);
	column = *rest == ':' ? strtoul(rest + 1, &rest, 10) : 0;
	if (*rest != ':')
		return err_set(
		    src->e, E_CONFIG_INVALID, "%s: %s", src->name, text);
	trail_text(src, place_offset(src, line, column), shown);
	rest++;
	rest += strspn(rest, " ");
	return err_set(src->e, E_CONFIG_INVALID, "%s:%zu:%zu: %s%s%s",
	    src->name, line, column, shown, shown[0] != '\0' ? ": " : "", rest);
}
