/*
 * config: one reading of the file. The text is vetted and parsed, the parts
 * that are ours are held against the schema, every policy is built, and then
 * the tree, which may hold a secret, is wiped.
 */

#include "config.h"

#include "config_schema.h"
#include "err.h"
#include "jscan.h"
#include "json.h"
#include "mem.h"
#include "str.h"

#include <stdlib.h>
#include <string.h>

#define NAME_SHOWN_MAX 256
#define EVERY_SERVICE "*"

/* A name of a service, its own or an `also`. */
struct alias {
	char *name;
	size_t policy; /* index in policies */
};

struct config {
	struct file_id id;
	struct config_policy *policies; /* the common one first */
	size_t policy_count;
	struct alias *aliases;
	size_t alias_count;
	struct config_list services;
	struct config_list foreign;
};

static const char *const our_parts[] = { "common", "services" };

#define OUR_PARTS (sizeof(our_parts) / sizeof(our_parts[0]))

static bool
is_ours(const char *name)
{
	size_t i;

	for (i = 0; i < OUR_PARTS; i++) {
		if (strcmp(name, our_parts[i]) == 0)
			return true;
	}
	return false;
}

/*
 * Whether a member of that name is anywhere in the text, in parts that are
 * not ours too. Such a file is a secret, whoever reads that part.
 */
static bool
holds_member(const char *text, size_t n, const char *name)
{
	const struct jscan_options options = { .comments = true,
		.depth_max = JSON_DEPTH_MAX,
		.members_max = JSON_MEMBERS_MAX };
	struct {
		struct jscan_value value;
		struct jscan_cursor cursor;
	} open[JSON_DEPTH_MAX + 1] = { 0 };
	struct jscan_value key, value;
	size_t depth = 1;

	/* what cannot be looked at is taken for a secret */
	if (jscan_text(text, n, &options, &open[0].value, NULL, NULL) != 0)
		return true;
	while (depth > 0) {
		if (!jscan_next(&open[depth - 1].value, &open[depth - 1].cursor,
			&key, &value)) {
			depth--;
			continue;
		}
		if (open[depth - 1].value.type == JSCAN_OBJECT &&
		    jscan_equal(&key, name, strlen(name)))
			return true;
		if (value.type != JSCAN_ARRAY && value.type != JSCAN_OBJECT)
			continue;
		if (depth == JSON_DEPTH_MAX + 1)
			return true;
		open[depth].cursor.rest = NULL;
		open[depth++].value = value;
	}
	return false;
}

/* Other applications' parts are listed, unless one looks like our own. */
static int
sort_parts(
    const struct schema_source *src, const struct json *root, struct config *c)
{
	struct schema_source at_name = *src;
	struct json_path at = { .up = NULL };
	size_t i;
	int ret;

	at_name.at_name = true;
	if (json_kind(root) != JSON_OBJECT)
		return schema_fail(src, NULL, "must be an object, not %s",
		    json_kind_name(json_kind(root)));
	for (i = 0; i < json_count(root); i++) {
		json_entry(root, i, &at.name);
		if (is_ours(at.name))
			continue;
		if (str_nearest(at.name, our_parts, OUR_PARTS) != NULL)
			return schema_fail_near(&at_name, &at, "unknown part",
			    at.name, our_parts, OUR_PARTS);
		/* left out there, it would be left out of every decision */
		if (config_is_part(at.name))
			return schema_fail(&at_name, &at,
			    "is a part of common, and stands beside it");
		ret = config_list_add(&c->foreign, at.name);
		if (ret != 0)
			return ret;
	}
	return 0;
}

static int
check_parts(const struct schema_source *src, const struct json *root)
{
	struct json_path at = { .up = NULL };
	const struct json *part;
	size_t i;
	int ret = 0;

	for (i = 0; ret == 0 && i < json_count(root); i++) {
		part = json_entry(root, i, &at.name);
		if (strcmp(at.name, "common") == 0)
			ret = schema_check(
			    src, &config_schema_common, part, &at, true);
		/* what a service lacks is seen once it is merged */
		if (strcmp(at.name, "services") == 0)
			ret = schema_check(
			    src, &config_schema_services, part, &at, false);
	}
	return ret;
}

static const struct alias *
find_alias(const struct config *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->alias_count; i++) {
		if (strcmp(c->aliases[i].name, name) == 0)
			return &c->aliases[i];
	}
	return NULL;
}

/* at: where the name stands, NULL where it is not in the file. */
static int
add_alias(const struct schema_source *src, struct config *c, const char *name,
    size_t policy, const struct json_path *at)
{
	struct alias *aliases;

	if (find_alias(c, name) != NULL)
		return schema_fail(src, at,
		    "names a service for the second "
		    "time");
	aliases = reallocarray(
	    c->aliases, c->alias_count + 1, sizeof(*c->aliases));
	if (aliases == NULL)
		return E_NOMEM;
	c->aliases = aliases;
	aliases[c->alias_count].policy = policy;
	aliases[c->alias_count].name = mem_strdup(name);
	if (aliases[c->alias_count].name == NULL)
		return E_NOMEM;
	c->alias_count++;
	return 0;
}

/* The other names, once all services have theirs. */
static int
add_also(const struct schema_source *src, const struct json *services,
    struct config *c)
{
	struct json_path top = { .name = "services" };
	struct json_path service = { .up = &top };
	struct json_path list = { .up = &service, .name = "also" };
	struct json_path here = { .up = &list };
	const struct json *also;
	size_t i;
	int ret = 0;

	for (i = 0; ret == 0 && i < json_count(services); i++) {
		also = json_member(
		    json_entry(services, i, &service.name), list.name);
		for (here.index = 0; ret == 0 && here.index < json_count(also);
		     here.index++)
			ret = add_alias(src, c,
			    json_string(json_element(also, here.index), NULL),
			    i + 1, &here);
	}
	return ret;
}

/* The policy in the next free place. */
static int
add_policy(const struct config_part *part, struct config *c)
{
	int ret;

	ret = config_policy_build(part, &c->policies[c->policy_count]);
	if (ret != 0)
		return ret;
	c->policy_count++;
	if (part->name == NULL)
		return 0;
	return add_alias(part->src, c, part->name, c->policy_count - 1, NULL);
}

static int
build_policies(
    const struct schema_source *src, const struct json *root, struct config *c)
{
	const struct json *services = json_member(root, "services");
	struct config_part part = { .src = src,
		.common = json_member(root, "common") };
	size_t i;
	int ret;

	/* the common one, and the one that stands for no services at all */
	c->policies = mem_array(json_count(services) + 2, sizeof(*c->policies));
	if (c->policies == NULL)
		return E_NOMEM;
	ret = add_policy(&part, c);
	part.base = &c->policies[0];
	for (i = 0; ret == 0 && i < json_count(services); i++) {
		part.service = json_entry(services, i, &part.name);
		ret = add_policy(&part, c);
		if (ret == 0)
			ret = config_list_add(&c->services, part.name);
	}
	if (ret == 0)
		ret = add_also(src, services, c);
	part.service = NULL;
	part.name = EVERY_SERVICE;
	if (ret == 0 && services == NULL)
		ret = add_policy(&part, c);
	return ret;
}

static int
resolve(
    const struct schema_source *src, const struct json *root, struct config *c)
{
	int ret;

	ret = sort_parts(src, root, c);
	if (ret == 0)
		ret = check_parts(src, root);
	if (ret == 0)
		ret = build_policies(src, root, c);
	return ret == E_NOMEM ?
	    err_set(src->e, E_NOMEM, "%s: out of memory", src->name) :
	    ret;
}

/* The tree of a text, or its first syntax error at its place. */
static int
parse(const struct schema_source *src, struct json **out)
{
	struct err inner = { 0 };
	int ret;

	ret = json_parse(src->text, src->len, true, out, &inner);
	if (ret == 0 || ret == E_SYNTAX)
		return ret == 0 ?
		    0 :
		    schema_fail_syntax(src, err_text(&inner, ret));
	return err_set(src->e, ret, "%s: %s", src->name, err_text(&inner, ret));
}

/* file: NULL when the text did not come from one. */
static int
read_text(const char *text, size_t n, const char *name, const struct file *file,
    struct config **out, struct err *e)
{
	char shown[NAME_SHOWN_MAX];
	struct schema_source src = {
		.name = shown, .text = text, .len = n, .e = e
	};
	struct json *root = NULL;
	struct config *c;
	int ret;

	str_printable(shown, sizeof(shown), name, strlen(name));
	c = mem_alloc(sizeof(*c));
	if (c == NULL)
		return err_set(e, E_NOMEM, "%s: out of memory", shown);
	ret = parse(&src, &root);
	if (ret == 0 && file != NULL && holds_member(text, n, "jwtsecret"))
		ret = file_judge(name, file, FILE_SECRET, e);
	if (ret == 0)
		ret = resolve(&src, root, c);
	json_wipe(&root);
	if (ret == 0) {
		if (file != NULL)
			c->id = file->id;
		*out = c;
		c = NULL;
	}
	config_free(&c);
	return ret;
}

int
config_parse(const char *text, size_t n, const char *name, struct config **out,
    struct err *e)
{
	return read_text(text, n, name, NULL, out, e);
}

int
config_load(const char *path, struct config **out, struct err *e)
{
	struct file file = { .data = NULL };
	struct err inner = { 0 };
	int ret;

	ret = file_read(path, CONFIG_FILE_MAX, FILE_PUBLIC, &file, &inner);
	if (ret == 0)
		ret = read_text(file.data, file.len, path, &file, out, &inner);
	file_done(&file);
	/* whoever owns the file has to act, whatever is wrong with it */
	if (ret == E_PERM || ret == E_RANGE)
		ret = E_CONFIG_INVALID;
	return ret == 0 ? 0 : err_set(e, ret, "%s", err_text(&inner, ret));
}

void
config_free(struct config **c)
{
	struct config *old = *c;
	size_t i;

	if (old == NULL)
		return;
	*c = NULL;
	for (i = 0; i < old->policy_count; i++)
		config_policy_done(&old->policies[i]);
	free(old->policies);
	for (i = 0; i < old->alias_count; i++)
		free(old->aliases[i].name);
	free(old->aliases);
	config_list_done(&old->services);
	config_list_done(&old->foreign);
	free(old);
}

const struct config_policy *
config_policy(const struct config *c, const char *service)
{
	const struct alias *alias;

	if (service == NULL)
		return &c->policies[0];
	alias = find_alias(c, service);
	if (alias == NULL)
		alias = find_alias(c, EVERY_SERVICE);
	return alias != NULL ? &c->policies[alias->policy] : NULL;
}

const struct file_id *
config_id(const struct config *c)
{
	return &c->id;
}

const struct config_list *
config_foreign(const struct config *c)
{
	return &c->foreign;
}

const struct config_list *
config_services(const struct config *c)
{
	return &c->services;
}

const struct config_issuer *
config_own(const struct config_policy *p)
{
	size_t i;

	for (i = 0; i < p->issuer_count; i++) {
		if (p->issuers[i].own)
			return &p->issuers[i];
	}
	return NULL;
}
