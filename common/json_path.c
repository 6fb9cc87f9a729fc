/*
 * json_path: where something stands in a configuration, as a person reads
 * it (services.sshd.require.any[1]) and as a line and a column.
 */

#include "json.h"

#include <string.h>

#include "jscan.h"
#include "str.h"

#define NAME_SHOWN_MAX 128

void
json_line(const char *text, size_t offset, size_t *line_out, size_t *column_out)
{
	size_t i, start = 0;

	*line_out = 1;
	for (i = 0; i < offset; i++) {
		if (text[i] == '\n') {
			(*line_out)++;
			start = i + 1;
		}
	}
	*column_out = offset - start + 1;
}

static size_t
path_len(const struct json_path *p)
{
	size_t n = 0;

	for (; p != NULL; p = p->up)
		n++;
	return n;
}

/* The i-th step from the root. */
static const struct json_path *
path_step(const struct json_path *p, size_t len, size_t i)
{
	for (; i + 1 < len; i++)
		p = p->up;
	return p;
}

char *
json_path_text(const struct json_path *p, char *buf, size_t cap)
{
	size_t len = path_len(p), i;
	char shown[NAME_SHOWN_MAX];
	struct str s;

	str_init(&s, buf, cap);
	for (i = 0; i < len; i++) {
		const struct json_path *step = path_step(p, len, i);

		if (step->name == NULL) {
			str_addf(&s, "[%zu]", step->index);
			continue;
		}
		if (i > 0)
			str_add(&s, ".");
		str_add(&s,
		    str_printable(
			shown, sizeof(shown), step->name, strlen(step->name)));
	}
	return buf;
}

/* Finds one step below v; false when it is not there. */
static bool
descend(struct jscan_value *v, const struct json_path *step)
{
	struct jscan_cursor c = { .rest = NULL };
	struct jscan_value value;
	size_t i;

	if (step->name != NULL)
		return jscan_member(v, step->name, strlen(step->name), v);
	if (v->type != JSCAN_ARRAY)
		return false;
	for (i = 0; jscan_next(v, &c, NULL, &value); i++) {
		if (i == step->index) {
			*v = value;
			return true;
		}
	}
	return false;
}

void
json_locate(const char *text, size_t n, const struct json_path *p,
    size_t *line_out, size_t *column_out)
{
	const struct jscan_options options = {
		.comments = true,
		.depth_max = JSON_DEPTH_MAX,
		.members_max = JSON_MEMBERS_MAX,
	};
	size_t len = path_len(p), offset, i;
	struct jscan_value v;

	*line_out = *column_out = 1;
	if (jscan_text(text, n, &options, &v, NULL, NULL) != 0)
		return;
	for (i = 0; i < len && descend(&v, path_step(p, len, i)); i++)
		;
	offset = (size_t)(v.text - text);
	if (v.type == JSCAN_STRING)
		offset--; /* the quote */
	json_line(text, offset, line_out, column_out);
}
