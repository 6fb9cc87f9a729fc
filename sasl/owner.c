/*
 * Any server can offer OAUTHBEARER, and programs choose a mechanism by
 * themselves: whoever is not listed gets no token but the one that the
 * program itself was given. Names are compared whole; a pattern that matches
 * too much would hand the token to a server nobody thought of.
 */

#include "owner.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "err.h"
#include "file.h"
#include "json.h"
#include "str.h"

#define NAME_TEXT_MAX 64
#define EVERY_HOST "*"

static int
bad(const char *key, const char *what, struct err *e)
{
	return err_set(e, E_CONFIG_INVALID, "%s: %s", key, what);
}

static int
take_names(const char *key, const struct json *value, const struct json **out,
    struct err *e)
{
	const char *name;
	size_t i;

	if (json_kind(value) != JSON_ARRAY)
		return bad(key, "is no array of names", e);
	for (i = 0; i < json_count(value); i++) {
		name = json_string(json_element(value, i), NULL);
		if (name == NULL || name[0] == '\0')
			return bad(key, "holds something that is no name", e);
	}
	*out = value;
	return 0;
}

static int
take_hosts(struct owner *o, const struct json *value, struct err *e)
{
	size_t i;
	int r;

	r = take_names("hosts", value, &o->hosts, e);
	for (i = 0; r == 0 && i < json_count(value); i++) {
		if (strchr(json_string(json_element(value, i), NULL), '*') !=
		    NULL)
			r = bad("hosts", "takes no patterns", e);
	}
	return r;
}

static int
take_plaintext(struct owner *o, const struct json *value, struct err *e)
{
	return take_names(
	    "insecure_plaintext_hosts", value, &o->plaintext_hosts, e);
}

static int
take_file(struct owner *o, const struct json *value, struct err *e)
{
	o->token_file = json_string(value, NULL);
	if (o->token_file == NULL || o->token_file[0] != '/')
		return bad("token_file", "is no absolute path", e);
	return 0;
}

static int
take_command(struct owner *o, const struct json *value, struct err *e)
{
	size_t i, n = json_count(value);

	if (json_kind(value) != JSON_ARRAY || n == 0 || n > OWNER_WORDS_MAX)
		return bad("token_command",
		    "is no array of a program and its arguments", e);
	for (i = 0; i < n; i++) {
		o->command[i] = json_string(json_element(value, i), NULL);
		if (o->command[i] == NULL)
			return bad("token_command",
			    "holds something that is no string", e);
	}
	if (o->command[0][0] != '/')
		return bad("token_command",
		    "does not begin with the absolute path of a program", e);
	return 0;
}

static const struct key {
	const char *name;
	int (*take)(struct owner *, const struct json *, struct err *);
} keys[] = {
	{ "hosts", take_hosts },
	{ "insecure_plaintext_hosts", take_plaintext },
	{ "token_command", take_command },
	{ "token_file", take_file },
};

#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

static int
take_member(struct owner *o, size_t i, struct err *e)
{
	char text[NAME_TEXT_MAX];
	const struct json *value;
	const char *name = NULL;
	size_t k;

	value = json_entry(o->tree, i, &name);
	for (k = 0; k < KEY_COUNT; k++) {
		if (strcmp(name, keys[k].name) == 0)
			return keys[k].take(o, value, e);
	}
	return bad(str_printable(text, sizeof(text), name, strlen(name)),
	    "is no known key", e);
}

static int
take_tree(struct owner *o, struct err *e)
{
	size_t i;
	int r = 0;

	if (json_kind(o->tree) != JSON_OBJECT)
		return err_set(e, E_CONFIG_INVALID, "is no object");
	for (i = 0; r == 0 && i < json_count(o->tree); i++)
		r = take_member(o, i, e);
	if (r == 0 && o->token_file != NULL && o->command[0] != NULL)
		return bad("token_command", "stands beside token_file", e);
	return r;
}

static bool
is_there(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

/* The specification of XDG wants a relative folder to be ignored. */
static bool
user_path(char path[OWNER_PATH_MAX])
{
	const char *folder = secure_getenv("XDG_CONFIG_HOME");
	const char *between = "";
	struct str s;

	if (folder == NULL || folder[0] != '/') {
		folder = secure_getenv("HOME");
		between = "/.config";
	}
	if (folder == NULL || folder[0] != '/')
		return false;
	str_init(&s, path, OWNER_PATH_MAX);
	str_addf(&s, "%s%s/jwtgate/sasl.json", folder, between);
	return !s.full && is_there(path);
}

static bool
machine_path(char path[OWNER_PATH_MAX])
{
	struct str s;

	str_init(&s, path, OWNER_PATH_MAX);
	str_add(&s, JWTGATE_CLIENT_FILE);
	return !s.full && is_there(path);
}

int
owner_read(struct owner *out, struct err *e)
{
	struct file f = { 0 };
	struct err why = { 0 };
	char shown[OWNER_PATH_MAX];
	int r;

	*out = (struct owner){ .tree = NULL };
	if (!user_path(out->path) && !machine_path(out->path))
		return 0;
	r = file_read(out->path, OWNER_FILE_MAX, FILE_PUBLIC, &f, e);
	if (r != 0)
		return r;
	r = json_parse(f.data, f.len, true, &out->tree, &why);
	if (r == E_SYNTAX)
		r = E_CONFIG_INVALID;
	if (r == 0)
		r = take_tree(out, &why);
	if (r != 0)
		err_set(e, r, "%s: %s",
		    str_printable(
			shown, sizeof(shown), out->path, strlen(out->path)),
		    err_text(&why, r));
	file_done(&f);
	return r;
}

void
owner_done(struct owner *o)
{
	json_free(&o->tree);
}

static bool
lists(const struct json *names, const char *host)
{
	const char *name;
	size_t i;

	for (i = 0; i < json_count(names); i++) {
		name = json_string(json_element(names, i), NULL);
		if (strcasecmp(name, host) == 0 ||
		    strcmp(name, EVERY_HOST) == 0)
			return true;
	}
	return false;
}

bool
owner_lists(const struct owner *o, const char *host)
{
	return lists(o->hosts, host);
}

bool
owner_lists_plaintext(const struct owner *o, const char *host)
{
	return lists(o->plaintext_hosts, host);
}
