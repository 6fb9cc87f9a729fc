/*
 * settings: one reading of the file. Its keys and their kinds stand in a
 * table that the strict reader of jwtgate.json works with too; what a table
 * cannot say, such as which keys of a rule go together, is seen to here and
 * in settings_rule.c.
 */

#include "settings.h"

#include "err.h"
#include "file.h"
#include "json.h"
#include "mem.h"
#include "schema.h"
#include "settings_priv.h"
#include "str.h"

#include <stdlib.h>
#include <string.h>

#define FILE_MAX (1024 * 1024)
#define SHOWN_MAX 256
#define MEMORY_MIN (INT64_C(4) << 20)
#define MEMORY_MAX (INT64_C(512) << 30)

#define ROWS(rows) .keys = (rows), .count = sizeof(rows) / sizeof((rows)[0])
#define WORDS(...) \
	(const char *const[]) \
	{ \
		__VA_ARGS__, NULL \
	}
#define STRING(key, form, most) \
	{ \
		.name = (key), .kind = SCHEMA_STRING, \
		.text = SCHEMA_TEXT_##form, .max = (most) \
	}
#define WORD(key, ...) \
	{ \
		.name = (key), .kind = SCHEMA_STRING, \
		.text = SCHEMA_TEXT_WORD, .words = WORDS(__VA_ARGS__) \
	}
#define INTEGER(key, least, most) \
	{ \
		.name = (key), .kind = SCHEMA_INTEGER, .min = (least), \
		.max = (most) \
	}
#define STRINGS(key, form) \
	{ \
		.name = (key), .kind = SCHEMA_STRINGS, \
		.text = SCHEMA_TEXT_##form \
	}
#define OBJECTS(key, keys, most) \
	{ \
		.name = (key), .kind = SCHEMA_OBJECTS, .max = (most), \
		.table = &(keys) \
	}

#define OVERFLOWS "evict-single", "deny-new", "permissive"
#define YEAR (366 * 86400)

static const struct schema_key rule_keys[] = {
	{ .name = "name",
	    .kind = SCHEMA_STRING,
	    .text = SCHEMA_TEXT_NAME,
	    .required = true },
	{ .name = "event",
	    .kind = SCHEMA_STRING,
	    .text = SCHEMA_TEXT_NAME,
	    .required = true },
	STRING("key", NAME, 0),
	INTEGER("prefix4", 8, 32),
	INTEGER("prefix6", 16, 128),
	STRING("count", PLAIN, 9 + SETTINGS_NAME_MAX),
	INTEGER("limit", 1, 1000000000),
	INTEGER("delay_from", 1, 1000000000),
	INTEGER("delay", 1, 86400),
	INTEGER("window", 1, YEAR),
	INTEGER("max_block", 1, YEAR),
	INTEGER("trust", 1, YEAR),
	STRINGS("when", PLAIN),
	WORD("extend", "attempt", "distinct", "none"),
	WORD("action", "deny", "delay"),
	WORD("overflow", OVERFLOWS),
	WORD("mode", "enforce", "shadow"),
};
static const struct schema_table rule_table = { ROWS(rule_keys) };

static const struct schema_key access_keys[] = {
	STRING("user", NAME, 0),
	STRING("group", NAME, 0),
	{ .name = "may",
	    .kind = SCHEMA_STRINGS,
	    .min = 1,
	    .text = SCHEMA_TEXT_WORD,
	    .words = WORDS("count", "read", "admin"),
	    .required = true },
	{ .name = "events",
	    .kind = SCHEMA_STRINGS,
	    .min = 1,
	    .text = SCHEMA_TEXT_NAME },
};
static const struct schema_table access_table = { ROWS(access_keys) };

/* the longest path a Unix socket can have is 107 bytes */
static const struct schema_key listener_keys[] = {
	STRING("path", PATH, 107),
	STRING("group", NAME, 0),
	STRING("mode", PLAIN, 4),
	OBJECTS("access", access_table, 64),
	STRING("tcp", PLAIN, ADDR_TEXT_MAX + 8),
	STRING("secret_file", PATH, 0),
	{ .name = "may",
	    .kind = SCHEMA_STRINGS,
	    .min = 1,
	    .text = SCHEMA_TEXT_WORD,
	    .words = WORDS("count", "read", "admin") },
	{ .name = "events",
	    .kind = SCHEMA_STRINGS,
	    .min = 1,
	    .text = SCHEMA_TEXT_NAME },
};
static const struct schema_table listener_table = { ROWS(listener_keys) };

static const struct schema_key backend_keys[] = {
	WORD("type", "memory", "redis"),
};
static const struct schema_table backend_table = { ROWS(backend_keys) };

static const struct schema_key settings_keys[] = {
	STRING("socket", PATH, 107),
	STRING("socket_group", NAME, 0),
	STRING("socket_mode", PLAIN, 4),
	STRING("state_dir", PATH, 3500),
	STRING("user", NAME, 0),
	WORD("durability", "second", "attempt"),
	{ .name = "memory", .kind = SCHEMA_SCALAR },
	WORD("overflow", OVERFLOWS),
	{ .name = "backend", .kind = SCHEMA_OBJECT, .table = &backend_table },
	OBJECTS("rules", rule_table, SETTINGS_RULES_MAX),
	WORD("login_rules", "shadow", "enforce", "off"),
	STRINGS("exempt", PLAIN),
	STRINGS("exempt_users", PLAIN),
	OBJECTS("access", access_table, 64),
	OBJECTS("listeners", listener_table, 16),
};
static const struct schema_table settings_table = { ROWS(settings_keys) };

static const char defaults[] =
    "{\"socket\":\"/run/fraudd/fraudd.sock\",\"socket_mode\":\"0660\","
    "\"state_dir\":\"/var/lib/fraudd\",\"memory\":\"256M\","
    "\"access\":[{\"group\":\"fraudd\",\"may\":[\"count\"]},"
    "{\"user\":\"root\",\"may\":[\"count\",\"read\",\"admin\"]}]}";

/* Digits, then nothing, K, M or G; -1 when it is none. */
static int64_t
read_size(const char *s)
{
	static const char units[] = "KMG";
	const char *unit;
	int64_t n = 0;

	if (*s < '1' || *s > '9')
		return -1;
	for (; *s >= '0' && *s <= '9'; s++) {
		n = n * 10 + (*s - '0');
		if (n > MEMORY_MAX)
			return -1;
	}
	if (*s == '\0')
		return n;
	unit = strchr(units, *s);
	if (unit == NULL || s[1] != '\0' ||
	    n > MEMORY_MAX >> 10 * (unit - units + 1))
		return -1;
	return n << 10 * (unit - units + 1);
}

static int
take_memory(const struct schema_source *src, const struct json *root,
    struct settings *s)
{
	const struct json_path at = { .name = "memory" };
	const struct json *value = json_member(root, at.name);
	const char *text = json_string(value, NULL);
	int64_t n = -1;

	if (value == NULL)
		return 0;
	if (text != NULL)
		n = read_size(text);
	else if (json_kind(value) == JSON_INTEGER)
		n = json_integer(value);
	if (n < MEMORY_MIN || n > MEMORY_MAX)
		return schema_fail(src, &at,
		    "must be bytes, or a size like \"256M\", from 4M to 512G");
	s->memory = (uint64_t)n;
	return 0;
}

static int
take_exempt(const struct schema_source *src, const struct json *root,
    struct settings *s)
{
	const struct json *list = json_member(root, "exempt");
	const struct json_path up = { .name = "exempt" };
	struct json_path at = { .up = &up };
	struct addr_prefix *all;
	const char *text;
	size_t n;

	if (list == NULL)
		return 0;
	all = mem_array(json_count(list), sizeof(*all));
	if (all == NULL)
		return err_set(src->e, E_NOMEM, "out of memory");
	s->exempt = all;
	for (; at.index < json_count(list); at.index++) {
		text = json_string(json_element(list, at.index), &n);
		if (addr_prefix_parse(text, n, &all[at.index]) != 0)
			return schema_fail(src, &at,
			    "must be an address, or a network like "
			    "192.0.2.0/24");
	}
	s->exempt_count = at.index;
	return 0;
}

static int
take_users(const struct schema_source *src, const struct json *root,
    struct settings *s)
{
	const struct json *list = json_member(root, "exempt_users");
	char *copy;
	size_t i;

	if (list == NULL)
		return 0;
	s->exempt_users = mem_array(json_count(list), sizeof(char *));
	for (i = 0; s->exempt_users != NULL && i < json_count(list); i++) {
		copy = mem_strdup(json_string(json_element(list, i), NULL));
		if (copy == NULL)
			break;
		s->exempt_users[s->exempt_user_count++] = copy;
	}
	if (s->exempt_user_count != json_count(list))
		return err_set(src->e, E_NOMEM, "out of memory");
	return 0;
}

static int
take_backend(const struct schema_source *src, const struct json *root)
{
	const struct json_path up = { .name = "backend" };
	const struct json_path at = { .up = &up, .name = "type" };
	const char *type = json_string(
	    json_member(json_member(root, up.name), at.name), NULL);

	if (type == NULL || strcmp(type, "memory") == 0)
		return 0;
	return schema_fail(
	    src, &at, "only \"memory\" is there in this version");
}

static int
take_plain(const struct schema_source *src, const struct json *root,
    struct settings *s)
{
	const char *durability = json_string(
	    json_member(root, "durability"), NULL);

	if (schema_take_string(root, "state_dir", &s->state_dir) != 0 ||
	    schema_take_string(root, "user", &s->user) != 0)
		return err_set(src->e, E_NOMEM, "out of memory");
	if (durability != NULL)
		s->sync_every_attempt = strcmp(durability, "attempt") == 0;
	return 0;
}

/* Lays one file over what s has. */
static int
take_all(const struct schema_source *src, const struct json *root,
    const struct json *base, struct settings *s)
{
	int ret;

	ret = take_plain(src, root, s);
	if (ret == 0)
		ret = take_memory(src, root, s);
	if (ret == 0)
		ret = take_backend(src, root);
	if (ret == 0)
		ret = take_exempt(src, root, s);
	if (ret == 0)
		ret = take_users(src, root, s);
	if (ret == 0)
		ret = settings_take_rules(src, root, s);
	if (ret == 0)
		ret = settings_take_listeners(src, root, base, s);
	return ret;
}

static int
build(struct schema_source *src, const struct json *root, struct settings *s)
{
	struct json *base = NULL;
	int ret;

	ret = schema_check(src, &settings_table, root, NULL, true);
	if (ret != 0)
		return ret;
	ret = json_parse(defaults, sizeof(defaults) - 1, false, &base, src->e);
	if (ret == 0)
		ret = take_plain(src, base, s);
	if (ret == 0)
		ret = take_memory(src, base, s);
	if (ret == 0)
		ret = take_all(src, root, base, s);
	json_free(&base);
	return ret;
}

int
settings_parse(const char *text, size_t n, const char *name,
    struct settings **out, struct err *e)
{
	struct err mine = { 0 };
	char shown[SHOWN_MAX];
	struct schema_source src = { .text = text, .len = n };
	struct json *root = NULL;
	struct settings *s = NULL;
	int ret;

	src.name = str_printable(shown, sizeof(shown), name, strlen(name));
	src.e = e != NULL ? e : &mine;
	ret = json_parse(text, n, true, &root, &mine);
	if (ret == E_SYNTAX)
		return schema_fail_syntax(&src, mine.text);
	if (ret != 0)
		return err_set(e, ret, "out of memory");
	s = mem_alloc(sizeof(*s));
	ret = s != NULL ? build(&src, root, s) :
			  err_set(e, E_NOMEM, "out of memory");
	json_free(&root);
	if (ret != 0)
		settings_free(&s);
	else
		*out = s;
	return ret;
}

int
settings_load(const char *path, struct settings **out, struct err *e)
{
	struct file f = { 0 };
	int ret;

	if (path == NULL)
		return settings_parse("{}", 2, "defaults", out, e);
	ret = file_read(path, FILE_MAX, FILE_PUBLIC, &f, e);
	if (ret != 0)
		return ret;
	ret = settings_parse(f.data, f.len, path, out, e);
	file_done(&f);
	return ret;
}

void
settings_free(struct settings **s)
{
	size_t i;

	if (*s == NULL)
		return;
	settings_listeners_free(*s);
	for (i = 0; i < (*s)->exempt_user_count; i++)
		free((*s)->exempt_users[i]);
	free((*s)->exempt_users);
	free((*s)->exempt);
	free((*s)->rules);
	free((*s)->state_dir);
	free((*s)->user);
	free(*s);
	*s = NULL;
}
