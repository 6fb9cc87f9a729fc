/*
 * A key path as the gate says it, "services.sshd.issuers[0].audience", and
 * the line where that stands. Names of services may hold dots and colons
 * themselves, so at each object the longest name that fits is taken.
 */

#include "explain.h"

#include <stdlib.h>
#include <string.h>

#include "jscan.h"
#include "json.h"
#include "str.h"

#define COMMON "common"
#define SERVICES "services."

/* The member of object whose name path begins with; its length or 0. */
static size_t
longest(
    const struct jscan_value *object, const char *path, struct jscan_value *out)
{
	struct jscan_cursor at = { NULL };
	struct jscan_value name, value;
	size_t best = 0;

	if (object->type != JSCAN_OBJECT)
		return 0;
	while (jscan_next(object, &at, &name, &value)) {
		if (name.len <= best ||
		    strncmp(path, name.text, name.len) != 0 ||
		    strchr(".[", path[name.len]) == NULL)
			continue;
		best = name.len;
		*out = value;
	}
	return best;
}

static bool
element(struct jscan_value *v, size_t index)
{
	struct jscan_cursor at = { NULL };
	struct jscan_value value;
	size_t i;

	if (v->type != JSCAN_ARRAY)
		return false;
	for (i = 0; jscan_next(v, &at, NULL, &value); i++) {
		if (i != index)
			continue;
		*v = value;
		return true;
	}
	return false;
}

/* Whether all of path is there. The line is that of the last step found. */
static bool
find(const struct file *file, const char *path, size_t *line_out)
{
	const struct jscan_options options = {
		.comments = true,
		.depth_max = JSON_DEPTH_MAX,
		.members_max = JSON_MEMBERS_MAX,
	};
	struct jscan_value v;
	size_t n, column;
	char *end;
	bool ok;

	if (file->data == NULL ||
	    jscan_text(file->data, file->len, &options, &v, NULL, NULL) != 0)
		return false;
	for (ok = true; ok && *path != '\0'; path += *path == '.' ? 1 : 0) {
		if (*path == '[') {
			ok = element(&v, strtoul(path + 1, &end, 10));
			path = *end == ']' ? end + 1 : end;
			continue;
		}
		n = longest(&v, path, &v);
		ok = n > 0;
		path += n;
	}
	json_line(file->data, (size_t)(v.text - file->data), line_out, &column);
	return ok;
}

/* "services.sshd.issuers[0]" as "common.issuers[0]". */
static bool
in_common(const char *where, char *buf, size_t cap)
{
	static const char *const parts[] = { ".authentication", ".issuers",
		".directory", ".fraud", ".revocation" };
	const char *rest = NULL;
	struct str s;
	size_t i;

	if (strncmp(where, SERVICES, strlen(SERVICES)) != 0)
		return false;
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]) && rest == NULL; i++)
		rest = strstr(where + strlen(SERVICES), parts[i]);
	if (rest == NULL)
		return false;
	str_init(&s, buf, cap);
	str_addf(&s, COMMON "%s", rest);
	return true;
}

static void
join(char buf[EXPLAIN_PATH_MAX], const char *where, const char *key)
{
	struct str s;

	str_init(&s, buf, EXPLAIN_PATH_MAX);
	str_add(&s, where);
	if (key != NULL)
		str_addf(&s, ".%s", key);
}

void
explain_place(const struct file *file, const struct gate_step *step,
    struct explain_place *out)
{
	char common[EXPLAIN_PATH_MAX];
	size_t line;

	memset(out, 0, sizeof(*out));
	if (step->where == NULL)
		return;
	join(out->path, step->where, step->key);
	out->there = find(file, out->path, &out->line);
	if (out->there)
		return;
	if (in_common(step->where, common, sizeof(common))) {
		char path[EXPLAIN_PATH_MAX];

		join(path, common, step->key);
		out->there = find(file, path, &line);
		if (out->there) {
			memcpy(out->path, path, sizeof(path));
			out->line = line;
			return;
		}
	}
	if (!find(file, step->where, &out->line))
		out->line = 0;
}
