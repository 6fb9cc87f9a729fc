/*
 * json: a tree of json-c objects, filled from text that jscan has vetted.
 *
 * json-c keeps the tree; its tokener reads nothing and its printer writes
 * nothing. The one wants a copy without comments, leaves parts of secrets in
 * its buffers, turns the host's locale to and fro, and makes the nearest
 * integer of one that it cannot hold; the other drops in silence what it has
 * no memory for. A walk with jscan's cursors needs none of this, and there is
 * no second parser that could disagree with the first.
 *
 * struct json is json-c's struct json_object under our name.
 */

#include "json.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <json-c/json_visit.h>

#include "err.h"
#include "jscan.h"
#include "mem.h"

/* A container of the text and the node that it becomes. */
struct level {
	struct jscan_value value;
	struct jscan_cursor cursor;
	struct json_object *node;
};

/* json-c asks for a pointer to non-const even where it only reads. */
static struct json_object *
inner(const struct json *j)
{
	return (struct json_object *)(uintptr_t)j;
}

static struct json *
outer(struct json_object *o)
{
	return (struct json *)o;
}

/* The number when it is written as an integer and fits; else false. */
static bool
integer_of(const struct jscan_value *v, int64_t *out)
{
	bool negative = v->text[0] == '-';
	int64_t value = 0;
	size_t i;

	/* Downwards, for INT64_MIN has no positive counterpart. */
	for (i = negative ? 1 : 0; i < v->len; i++) {
		if (v->text[i] < '0' || v->text[i] > '9' ||
		    __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_sub_overflow(value, v->text[i] - '0', &value))
			return false;
	}
	if (!negative && __builtin_sub_overflow(0, value, &value))
		return false;
	*out = value;
	return true;
}

/* A decimal is kept as it is written; nobody asks for its value. */
static struct json_object *
new_number(const struct jscan_value *v, char *scratch)
{
	int64_t value;

	if (integer_of(v, &value))
		return json_object_new_int64(value);
	memcpy(scratch, v->text, v->len);
	scratch[v->len] = '\0';
	return json_object_new_double_s(0, scratch);
}

/* The node of a value, containers empty; NULL for null. */
static int
new_node(const struct jscan_value *v, char *scratch, size_t cap,
    struct json_object **out)
{
	size_t len;
	int rc;

	*out = NULL;
	switch (v->type) {
	case JSCAN_NULL:
		return 0;
	case JSCAN_FALSE:
	case JSCAN_TRUE:
		*out = json_object_new_boolean(v->type == JSCAN_TRUE);
		break;
	case JSCAN_NUMBER:
		*out = new_number(v, scratch);
		break;
	case JSCAN_STRING:
		rc = jscan_string(v, scratch, cap, &len);
		if (rc != 0)
			return rc;
		*out = json_object_new_string_len(scratch, (int)len);
		break;
	case JSCAN_ARRAY:
		*out = json_object_new_array();
		break;
	case JSCAN_OBJECT:
		*out = json_object_new_object();
		break;
	case JSCAN_NONE:
		return E_SYNTAX;
	}
	return *out != NULL ? 0 : E_NOMEM;
}

/* Hands the node to its container; frees it when that fails. */
static int
attach(const struct level *l, const struct jscan_value *key,
    struct json_object *node, char *scratch, size_t cap)
{
	size_t len;
	int rc;

	if (l->value.type == JSCAN_ARRAY) {
		rc = json_object_array_add(l->node, node);
	} else {
		rc = jscan_string(key, scratch, cap, &len);
		if (rc == 0)
			rc = json_object_object_add_ex(l->node, scratch, node,
			    JSON_C_OBJECT_ADD_KEY_IS_NEW);
	}
	if (rc != 0)
		json_object_put(node);
	return rc == 0 ? 0 : E_NOMEM;
}

static bool
is_container(const struct jscan_value *v)
{
	return v->type == JSCAN_ARRAY || v->type == JSCAN_OBJECT;
}

/* *root_out is what has been built so far, on failure too. */
static int
build(const struct jscan_value *root, char *scratch, size_t cap,
    struct json_object **root_out)
{
	struct level levels[JSON_DEPTH_MAX];
	struct jscan_value key, value;
	struct json_object *node;
	size_t depth = 0;
	int rc;

	rc = new_node(root, scratch, cap, root_out);
	if (rc == 0 && is_container(root))
		levels[depth++] = (struct level){ .value = *root,
			.node = *root_out };
	while (rc == 0 && depth > 0) {
		struct level *l = &levels[depth - 1];

		if (!jscan_next(&l->value, &l->cursor, &key, &value)) {
			depth--;
			continue;
		}
		rc = new_node(&value, scratch, cap, &node);
		if (rc == 0)
			rc = attach(l, &key, node, scratch, cap);
		if (rc != 0 || !is_container(&value))
			continue;
		if (depth == JSON_DEPTH_MAX)
			return E_SYNTAX;
		levels[depth++] = (struct level){ .value = value,
			.node = node };
	}
	return rc;
}

int
json_parse(
    const char *text, size_t n, bool comments, struct json **out, struct err *e)
{
	const struct jscan_options options = {
		.comments = comments,
		.depth_max = JSON_DEPTH_MAX,
		.members_max = JSON_MEMBERS_MAX,
	};
	struct err why = { 0 };
	struct jscan_value root;
	struct json_object *tree = NULL;
	struct json *dead;
	size_t offset, line, column;
	char *scratch;
	int rc;

	if (n > INT_MAX)
		return err_set(e, E_SYNTAX, "1:1: the text is too long");
	rc = jscan_text(text, n, &options, &root, &offset, &why);
	if (rc == E_SYNTAX) {
		json_line(text, offset, &line, &column);
		return err_set(e, rc, "%zu:%zu: %s", line, column, why.text);
	}
	if (rc != 0)
		return err_set(e, rc, "%s", why.text);
	scratch = mem_alloc(n + 1);
	if (scratch == NULL)
		return err_set(e, E_NOMEM, "out of memory");
	rc = build(&root, scratch, n + 1, &tree);
	mem_free(&scratch, n + 1);
	if (rc != 0) {
		dead = outer(tree);
		json_wipe(&dead);
		return err_set(e, rc, "%s", err_text(NULL, rc));
	}
	*out = outer(tree);
	return 0;
}

int
json_copy(const struct json *j, struct json **out)
{
	struct json_object *copy = NULL;

	if (j != NULL && json_object_deep_copy(inner(j), &copy, NULL) != 0)
		return E_NOMEM;
	*out = outer(copy);
	return 0;
}

void
json_free(struct json **j)
{
	json_object_put(inner(*j));
	*j = NULL;
}

static int
wipe_one(struct json_object *o, int flags, struct json_object *parent,
    const char *key, size_t *index, void *userarg)
{
	(void)flags;
	(void)parent;
	(void)key;
	(void)index;
	(void)userarg;
	if (json_object_get_type(o) == json_type_string)
		mem_wipe((void *)(uintptr_t)json_object_get_string(o),
		    (size_t)json_object_get_string_len(o));
	return JSON_C_VISIT_RETURN_CONTINUE;
}

/* json-c recurses here, as deep as the text was nested: JSON_DEPTH_MAX. */
void
json_wipe(struct json **j)
{
	if (*j != NULL)
		json_c_visit(inner(*j), 0, wipe_one, NULL);
	json_free(j);
}

enum json_kind
json_kind(const struct json *j)
{
	switch (json_object_get_type(inner(j))) {
	case json_type_null:
		return JSON_NULL;
	case json_type_boolean:
		return JSON_BOOL;
	case json_type_int:
		return JSON_INTEGER;
	case json_type_double:
		return JSON_DECIMAL;
	case json_type_string:
		return JSON_STRING;
	case json_type_array:
		return JSON_ARRAY;
	case json_type_object:
		return JSON_OBJECT;
	}
	return JSON_NULL;
}

const char *
json_kind_name(enum json_kind kind)
{
	static const char *const names[] = {
		[JSON_NULL] = "null",
		[JSON_BOOL] = "true or false",
		[JSON_INTEGER] = "a whole number",
		[JSON_DECIMAL] = "a number",
		[JSON_STRING] = "a string",
		[JSON_ARRAY] = "an array",
		[JSON_OBJECT] = "an object",
	};

	return names[kind];
}

const char *
json_string(const struct json *j, size_t *len_out)
{
	if (json_kind(j) != JSON_STRING)
		return NULL;
	if (len_out != NULL)
		*len_out = (size_t)json_object_get_string_len(inner(j));
	return json_object_get_string(inner(j));
}

int64_t
json_integer(const struct json *j)
{
	return json_kind(j) == JSON_INTEGER ? json_object_get_int64(inner(j)) :
					      0;
}

const char *
json_decimal(const struct json *j)
{
	return json_kind(j) == JSON_DECIMAL ?
	    json_object_get_userdata(inner(j)) :
	    NULL;
}

bool
json_true(const struct json *j)
{
	return json_kind(j) == JSON_BOOL && json_object_get_boolean(inner(j));
}

size_t
json_count(const struct json *j)
{
	switch (json_kind(j)) {
	case JSON_ARRAY:
		return json_object_array_length(inner(j));
	case JSON_OBJECT:
		return (size_t)json_object_object_length(inner(j));
	case JSON_NULL:
	case JSON_BOOL:
	case JSON_INTEGER:
	case JSON_DECIMAL:
	case JSON_STRING:
		break;
	}
	return 0;
}

const struct json *
json_element(const struct json *j, size_t i)
{
	if (json_kind(j) != JSON_ARRAY)
		return NULL;
	return outer(json_object_array_get_idx(inner(j), i));
}

const struct json *
json_member(const struct json *j, const char *name)
{
	struct json_object *found;

	if (json_kind(j) != JSON_OBJECT ||
	    !json_object_object_get_ex(inner(j), name, &found))
		return NULL;
	return outer(found);
}

const struct json *
json_entry(const struct json *j, size_t i, const char **name_out)
{
	struct json_object_iterator it, end;

	if (json_kind(j) != JSON_OBJECT)
		return NULL;
	it = json_object_iter_begin(inner(j));
	end = json_object_iter_end(inner(j));
	while (!json_object_iter_equal(&it, &end)) {
		if (i-- == 0) {
			*name_out = json_object_iter_peek_name(&it);
			return outer(json_object_iter_peek_value(&it));
		}
		json_object_iter_next(&it);
	}
	return NULL;
}

int
json_make_object(struct json **out)
{
	struct json_object *o = json_object_new_object();

	if (o == NULL)
		return E_NOMEM;
	*out = outer(o);
	return 0;
}

int
json_make_array(struct json **out)
{
	struct json_object *o = json_object_new_array();

	if (o == NULL)
		return E_NOMEM;
	*out = outer(o);
	return 0;
}

int
json_put(struct json *object, const char *name, struct json *value)
{
	if (json_kind(object) == JSON_OBJECT &&
	    json_object_object_add(inner(object), name, inner(value)) == 0)
		return 0;
	json_free(&value);
	return E_NOMEM;
}

int
json_append(struct json *array, struct json *value)
{
	if (json_kind(array) == JSON_ARRAY &&
	    json_object_array_add(inner(array), inner(value)) == 0)
		return 0;
	json_free(&value);
	return E_NOMEM;
}

/* A scalar that could not be made must not become null. */
static int
put_made(struct json *object, const char *name, struct json_object *made)
{
	return made == NULL ? E_NOMEM : json_put(object, name, outer(made));
}

int
json_put_string(struct json *object, const char *name, const char *value)
{
	return put_made(object, name, json_object_new_string(value));
}

int
json_put_integer(struct json *object, const char *name, int64_t value)
{
	return put_made(object, name, json_object_new_int64(value));
}

int
json_put_bool(struct json *object, const char *name, bool value)
{
	return put_made(object, name, json_object_new_boolean(value));
}

int
json_append_string(struct json *array, const char *value)
{
	struct json_object *made = json_object_new_string(value);

	return made == NULL ? E_NOMEM : json_append(array, outer(made));
}
