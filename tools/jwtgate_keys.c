/*
 * jwtgate keys: making keys and showing their public halves. A private key
 * is written to standard output once, and wiped.
 */

#include "jwtgate.h"

#include <string.h>

#include "err.h"
#include "file.h"
#include "json.h"
#include "jwk.h"
#include "mem.h"

int
jwtgate_keys_read(const struct cli *cli, jwtgate_keys_parse *parse, void *out)
{
	const char *path = cli_value(cli, CLI_KEYS);
	struct file file = { 0 };
	struct err e = { 0 };
	int r;

	r = file_read(path, JWK_FILE_MAX, FILE_ANY, &file, &e);
	if (r == 0) {
		r = parse(file.data, file.len, out, &e);
		if (r != 0)
			err_prefix(&e, "%s", path);
	}
	file_done(&file);
	if (r == 0)
		return CLI_DONE;
	/* A file that is not there is as bad as one that is broken. */
	return cli_fail(r == E_IO ? E_KEY : r, &e);
}

static int
parse_set(const char *text, size_t n, void *out, struct err *e)
{
	return jwk_set_parse(text, n, out, e);
}

int
jwtgate_keys_load(const struct cli *cli, struct jwk_set *out)
{
	return jwtgate_keys_read(cli, parse_set, out);
}

/* A tree as one line; takes and wipes it. */
static int
print_tree(struct json **tree)
{
	char *text;
	size_t n;
	int status;

	text = json_write(*tree, false, &n);
	json_wipe(tree);
	if (text == NULL)
		return cli_fail(E_NOMEM, NULL);
	text[n] = '\n';
	status = cli_print(text, n + 1);
	mem_free(&text, n + 1);
	return status;
}

int
jwtgate_keys_generate(const struct cli *cli)
{
	const char *name = cli_value(cli, CLI_ALG);
	const char *kid = cli_value(cli, CLI_KID);
	enum jwa_alg alg = JWA_ES256;
	struct jwk key = { 0 };
	struct json *tree = NULL;
	struct err e = { 0 };
	int r, status;

	if (kid != NULL && strlen(kid) > JWK_KID_MAX)
		return cli_usage(cli, "--kid is too long");
	if (name != NULL) {
		status = cli_algorithm(cli, name, strlen(name), &alg);
		if (status != CLI_DONE)
			return status;
	}
	r = jwk_generate(alg, kid, &key, &e);
	if (r == 0)
		r = jwk_write(&key, true, &tree, &e);
	jwk_done(&key);
	return r == 0 ? print_tree(&tree) : cli_fail(r, &e);
}

static int
public_add(struct json *list, const struct jwk *key, struct err *e)
{
	struct json *tree = NULL;
	int r;

	r = jwk_write(key, false, &tree, e);
	return r == 0 ? json_append(list, tree) : r;
}

/* { "keys": [ ... ] } of the public halves. */
static int
public_tree(const struct jwk_set *set, struct json **out, struct err *e)
{
	struct json *tree = NULL, *list = NULL;
	size_t i;
	int r;

	r = json_make_array(&list);
	for (i = 0; i < set->count && r == 0; i++)
		r = public_add(list, &set->keys[i], e);
	if (r == 0)
		r = json_make_object(&tree);
	if (r == 0) {
		r = json_put(tree, "keys", list);
		list = NULL;
	}
	json_free(&list);
	if (r != 0) {
		json_free(&tree);
		return r;
	}
	*out = tree;
	return 0;
}

int
jwtgate_keys_public(const struct cli *cli)
{
	struct jwk_set set = { 0 };
	struct json *tree = NULL;
	struct err e = { 0 };
	int r, status;

	status = jwtgate_keys_load(cli, &set);
	if (status != CLI_DONE)
		return status;
	r = public_tree(&set, &tree, &e);
	jwk_set_done(&set);
	if (r == 0)
		return print_tree(&tree);
	err_prefix(&e, "%s", cli_value(cli, CLI_KEYS));
	return cli_fail(r, &e);
}
