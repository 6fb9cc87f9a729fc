/*
 * settings_listener: sockets, and who may do what on them. The first is the
 * one of `socket`; listeners that say nothing about rights have those of the
 * file.
 */

#include "settings_priv.h"

#include "access.h"
#include "err.h"
#include "json.h"
#include "mem.h"
#include "schema.h"
#include "str.h"

#include <stdlib.h>
#include <string.h>

static const char *const rights[] = { "count", "read", "admin" };
static const unsigned right_bits[] = { ACCESS_COUNT, ACCESS_READ,
	ACCESS_ADMIN };

/* Octal, 3 or 4 digits. */
static int
read_mode(const struct schema_source *src, const struct json_path *at,
    const char *s, mode_t *out)
{
	size_t n = strlen(s), i;
	mode_t mode = 0;

	for (i = 0; i < n && s[i] >= '0' && s[i] <= '7'; i++)
		mode = mode << 3 | (mode_t)(s[i] - '0');
	if (i != n || n < 3 || n > 4 || mode > 0777)
		return schema_fail(
		    src, at, "must be a mode in octal like \"0660\"");
	*out = mode;
	return 0;
}

static unsigned
bits_of(const struct json *may)
{
	unsigned bits = 0;
	size_t i, k;

	for (i = 0; i < json_count(may); i++) {
		for (k = 0; k < sizeof(rights) / sizeof(rights[0]); k++) {
			if (strcmp(json_string(json_element(may, i), NULL),
				rights[k]) == 0)
				bits |= right_bits[k];
		}
	}
	return bits;
}

static int
take_events(const struct json *list, struct settings_access *out)
{
	struct str s;
	size_t i;

	if (list == NULL)
		return 0;
	out->events = mem_array(json_count(list), sizeof(*out->events));
	if (out->events == NULL)
		return E_NOMEM;
	for (i = 0; i < json_count(list); i++) {
		str_init(&s, out->events[i], sizeof(out->events[i]));
		str_add(&s, json_string(json_element(list, i), NULL));
	}
	out->event_count = i;
	return 0;
}

int
settings_take_rights(const struct schema_source *src, const struct json *node,
    struct settings_access *out)
{
	out->may = bits_of(json_member(node, "may"));
	if (take_events(json_member(node, "events"), out) != 0)
		return err_set(src->e, E_NOMEM, "out of memory");
	return 0;
}

static int
take_row(const struct schema_source *src, const struct json *node,
    const struct json_path *at, struct settings_access *out)
{
	const char *user = json_string(json_member(node, "user"), NULL);
	const char *group = json_string(json_member(node, "group"), NULL);
	struct str s;

	if ((user == NULL) == (group == NULL))
		return schema_fail(
		    src, at, "needs either \"user\" or \"group\"");
	str_init(
	    &s, user != NULL ? out->user : out->group, SETTINGS_NAME_MAX + 1);
	str_add(&s, user != NULL ? user : group);
	return settings_take_rights(src, node, out);
}

static int
take_access(const struct schema_source *src, const struct json *list,
    const struct json_path *up, bool named, struct settings_listener *l)
{
	struct json_path here = { .up = up, .name = "access" };
	struct json_path at = { .up = &here };
	int ret;

	l->access = mem_array(json_count(list), sizeof(*l->access));
	if (l->access == NULL)
		return err_set(src->e, E_NOMEM, "out of memory");
	for (; at.index < json_count(list); at.index++) {
		l->access_count++;
		ret = take_row(src, json_element(list, at.index), &at,
		    &l->access[at.index]);
		l->access[at.index].named = named;
		if (ret != 0)
			return ret;
	}
	return 0;
}

/* Where the keys of one listener stand, and what they are called there. */
struct place {
	const struct json *node;
	const struct json_path *at;
	const char *path, *group, *mode;
	const char *otherwise; /* the mode */
};

static int
take_listener(const struct schema_source *src, const struct place *p,
    struct settings_listener *l)
{
	const struct json_path at = { .up = p->at, .name = p->mode };
	const char *mode = json_string(json_member(p->node, p->mode), NULL);

	if (schema_take_string(p->node, p->path, &l->path) != 0 ||
	    schema_take_string(p->node, p->group, &l->group) != 0)
		return err_set(src->e, E_NOMEM, "out of memory");
	l->group_named = l->group != NULL;
	return read_mode(
	    src, &at, mode != NULL ? mode : p->otherwise, &l->mode);
}

static int
take_socket(const struct schema_source *src, const struct json *root,
    const struct json *base, struct settings *s)
{
	const struct place p = { .node = root,
		.path = "socket",
		.group = "socket_group",
		.mode = "socket_mode",
		.otherwise = "0660" };
	const struct json *access = json_member(root, "access");
	struct settings_listener *l = &s->listeners[0];
	int ret;

	s->listener_count = 1;
	if (schema_take_string(base, p.path, &l->path) != 0)
		return err_set(src->e, E_NOMEM, "out of memory");
	ret = take_listener(src, &p, l);
	if (ret != 0)
		return ret;
	if (!l->group_named && (l->group = mem_strdup("fraudd")) == NULL)
		return err_set(src->e, E_NOMEM, "out of memory");
	return take_access(src,
	    access != NULL ? access : json_member(base, "access"), NULL,
	    access != NULL, l);
}

/* What belongs to a listener of the other kind is no way to say nothing. */
static int
refuse_keys(const struct schema_source *src, const struct json *node,
    const struct json_path *up, const char *const *names, const char *why)
{
	struct json_path at = { .up = up };

	for (; *names != NULL; names++) {
		at.name = *names;
		if (json_member(node, *names) != NULL)
			return schema_fail(src, &at, "%s", why);
	}
	return 0;
}

static const char *const tcp_only[] = { "secret_file", "may", "events", NULL };
static const char *const socket_only[] = { "path", "group", "mode", "access",
	NULL };

/* A socket of the file system, whose access may be that of the whole file. */
static int
take_path(const struct schema_source *src, const struct place *p,
    const struct json *root, const struct json *base,
    struct settings_listener *l)
{
	const struct json_path path = { .up = p->at, .name = p->path };
	const struct json *access = json_member(p->node, "access");
	bool named;
	int ret;

	if (json_member(p->node, p->path) == NULL)
		return schema_fail(src, &path, "is required");
	ret = refuse_keys(
	    src, p->node, p->at, tcp_only, "goes with \"tcp\" alone");
	if (ret == 0)
		ret = take_listener(src, p, l);
	if (ret != 0)
		return ret;
	if (access == NULL)
		access = json_member(root, "access");
	named = access != NULL;
	if (!named)
		access = json_member(base, "access");
	return take_access(src, access, p->at, named, l);
}

static int
take_tcp(const struct schema_source *src, const struct json *node,
    const struct json_path *at, struct settings_listener *l)
{
	int ret;

	ret = refuse_keys(src, node, at, socket_only,
	    "goes with a socket's \"path\", not with \"tcp\"");
	return ret == 0 ? settings_take_tcp(src, node, at, l) : ret;
}

int
settings_take_listeners(const struct schema_source *src,
    const struct json *root, const struct json *base, struct settings *s)
{
	const struct json *list = json_member(root, "listeners");
	const struct json_path up = { .name = "listeners" };
	struct json_path at = { .up = &up };
	struct place p = { .at = &at,
		.path = "path",
		.group = "group",
		.mode = "mode",
		.otherwise = "0660" };
	struct settings_listener *l;
	int ret;

	s->listeners = mem_array(json_count(list) + 1, sizeof(*s->listeners));
	if (s->listeners == NULL)
		return err_set(src->e, E_NOMEM, "out of memory");
	ret = take_socket(src, root, base, s);
	for (; ret == 0 && at.index < json_count(list); at.index++) {
		p.node = json_element(list, at.index);
		l = &s->listeners[s->listener_count++];
		if (json_member(p.node, "tcp") != NULL)
			ret = take_tcp(src, p.node, &at, l);
		else
			ret = take_path(src, &p, root, base, l);
	}
	return ret;
}

void
settings_listeners_free(struct settings *s)
{
	size_t i, k;

	for (i = 0; i < s->listener_count; i++) {
		for (k = 0; k < s->listeners[i].access_count; k++)
			free(s->listeners[i].access[k].events);
		free(s->listeners[i].access);
		free(s->listeners[i].path);
		free(s->listeners[i].group);
		free(s->listeners[i].secret_file);
		mem_free(&s->listeners[i].secret, s->listeners[i].secret_len);
	}
	free(s->listeners);
}
