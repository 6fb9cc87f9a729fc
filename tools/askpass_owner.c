/*
 * The owner's file. Nobody is listed by default and a name is compared byte
 * for byte: a pattern that matches too much would hand the token to a server
 * that the owner never thought of.
 */

#include "askpass_owner.h"

#include <string.h>

#include "err.h"
#include "file.h"
#include "json.h"
#include "str.h"

#define NAME_TEXT_MAX 64

static int
take_hosts(struct askpass_owner *o, const struct json *value, struct err *e)
{
	size_t i;

	if (json_kind(value) != JSON_ARRAY)
		return err_set(e, E_CONFIG_INVALID, "hosts: not an array");
	for (i = 0; i < json_count(value); i++) {
		if (json_string(json_element(value, i), NULL) == NULL)
			return err_set(
			    e, E_CONFIG_INVALID, "hosts[%zu]: not a string", i);
	}
	o->hosts = value;
	return 0;
}

static int
take_file(struct askpass_owner *o, const struct json *value, struct err *e)
{
	o->token_file = json_string(value, NULL);
	if (o->token_file == NULL || o->token_file[0] != '/')
		return err_set(
		    e, E_CONFIG_INVALID, "token_file: not an absolute path");
	return 0;
}

static int
take_command(struct askpass_owner *o, const struct json *value, struct err *e)
{
	size_t i, n = json_count(value);

	if (json_kind(value) != JSON_ARRAY || n == 0 || n > ASKPASS_ARGS_MAX)
		return err_set(e, E_CONFIG_INVALID,
		    "token_command: not an array of a program and its "
		    "arguments");
	for (i = 0; i < n; i++) {
		o->command[i] = json_string(json_element(value, i), NULL);
		if (o->command[i] == NULL)
			return err_set(e, E_CONFIG_INVALID,
			    "token_command[%zu]: not a string", i);
	}
	if (o->command[0][0] == '\0')
		return err_set(e, E_CONFIG_INVALID, "token_command[0]: empty");
	return 0;
}

static const struct key {
	const char *name;
	int (*take)(struct askpass_owner *, const struct json *, struct err *);
} keys[] = {
	{ "hosts", take_hosts },
	{ "token_file", take_file },
	{ "token_command", take_command },
};

#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

static int
take_member(struct askpass_owner *o, size_t i, struct err *e)
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
	return err_set(e, E_CONFIG_INVALID, "%s: not a known key",
	    str_printable(text, sizeof(text), name, strlen(name)));
}

static int
take_tree(struct askpass_owner *o, struct err *e)
{
	size_t i;
	int r;

	if (json_kind(o->tree) != JSON_OBJECT)
		return err_set(e, E_CONFIG_INVALID, "not an object");
	for (i = 0; i < json_count(o->tree); i++) {
		if ((r = take_member(o, i, e)) != 0)
			return r;
	}
	if (o->token_file != NULL && o->command[0] != NULL)
		return err_set(e, E_CONFIG_INVALID,
		    "token_file and token_command: only one of them");
	return 0;
}

int
askpass_owner_read(const char *path, struct askpass_owner *out, struct err *e)
{
	struct file f = { 0 };
	struct err why = { 0 };
	int r;

	*out = (struct askpass_owner){ 0 };
	r = file_read(path, ASKPASS_OWNER_FILE_MAX, FILE_PUBLIC, &f, e);
	if (r != 0)
		return r;
	r = json_parse(f.data, f.len, false, &out->tree, &why);
	if (r == E_SYNTAX)
		r = E_CONFIG_INVALID;
	if (r == 0)
		r = take_tree(out, &why);
	if (r != 0)
		err_set(e, r, "%s: %s", path, err_text(&why, r));
	file_done(&f);
	return r;
}

void
askpass_owner_done(struct askpass_owner *o)
{
	json_free(&o->tree);
	*o = (struct askpass_owner){ 0 };
}

bool
askpass_owner_lists(const struct askpass_owner *o, const char *target)
{
	size_t i;

	for (i = 0; i < json_count(o->hosts); i++) {
		if (strcmp(json_string(json_element(o->hosts, i), NULL),
			target) == 0)
			return true;
	}
	return false;
}
