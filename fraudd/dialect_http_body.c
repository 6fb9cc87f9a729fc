/*
 * A body is checked whole by jscan_object() before a member of it is looked
 * at; after that the cursor cannot fail.
 */

#include "dialect_http_body.h"

#include <string.h>

#include "err.h"
#include "jscan.h"
#include "str.h"

static int
decode(const struct jscan_value *v, struct dialect_http_room *room,
    struct engine_text *out)
{
	char *at = room->data + room->used;
	size_t len;

	if (jscan_string(v, at, sizeof(room->data) - room->used, &len) != 0)
		return E_SYNTAX;
	out->data = at;
	out->len = len;
	room->used += len + 1;
	return 0;
}

static int
begin(const char *text, size_t n, struct dialect_http_room *room,
    struct jscan_value *object, struct err *e)
{
	static const struct jscan_options options;
	int r;

	room->used = 0;
	if (n > REQUEST_MAX)
		return err_set(e, E_SYNTAX, "the body is over 16 KiB");
	r = jscan_object(text, n, NULL, NULL, e);
	if (r != 0)
		return r;
	return jscan_text(text, n, &options, object, NULL, e);
}

/* The next member: its name decoded, its value as it stands. */
static int
next(const struct jscan_value *object, struct jscan_cursor *c,
    struct dialect_http_room *room, struct engine_text *name,
    struct jscan_value *value)
{
	struct jscan_value key;

	if (!jscan_next(object, c, &key, value))
		return 0;
	return decode(&key, room, name) == 0 ? 1 : -1;
}

static int
not_text(struct engine_text name, struct err *e)
{
	char shown[80];

	str_printable(shown, sizeof(shown), name.data, name.len);
	return err_set(e, E_SYNTAX, "%s: must be a string", shown);
}

static bool
add(struct engine_attempt *a, struct engine_text name, struct engine_text value)
{
	if (a->count == ENGINE_FIELDS_MAX)
		return false;
	a->fields[a->count].name = name;
	a->fields[a->count].value = value;
	a->count++;
	return true;
}

int
dialect_http_body_attempt(const char *text, size_t n,
    struct dialect_http_room *room, struct engine_attempt *out, struct err *e)
{
	struct jscan_value object, v;
	struct jscan_cursor c = { .rest = NULL };
	struct engine_text name, value;
	int r, more;

	r = begin(text, n, room, &object, e);
	if (r != 0)
		return r;
	out->count = 0;
	out->event.data = NULL;
	while ((more = next(&object, &c, room, &name, &v)) > 0) {
		if (v.type != JSCAN_STRING || decode(&v, room, &value) != 0)
			return not_text(name, e);
		if (str_is(name.data, name.len, "event"))
			out->event = value;
		else if (!add(out, name, value))
			return err_set(e, E_SYNTAX, "more than %d fields",
			    ENGINE_FIELDS_MAX);
	}
	if (more < 0)
		return err_set(e, E_SYNTAX, "the body has too many members");
	if (out->event.data == NULL)
		return err_set(e, E_SYNTAX, "event: is missing");
	return 0;
}

static int
take_outcome(struct engine_text word, enum engine_outcome *out, struct err *e)
{
	if (str_is(word.data, word.len, FRAUD_SUCCESS))
		*out = ENGINE_OUTCOME_SUCCESS;
	else if (str_is(word.data, word.len, FRAUD_FAILURE))
		*out = ENGINE_OUTCOME_FAILURE;
	else if (str_is(word.data, word.len, "error"))
		*out = ENGINE_OUTCOME_ERROR;
	else
		return err_set(
		    e, E_SYNTAX, "outcome: must be success, failure or error");
	return 0;
}

int
dialect_http_body_outcome(const char *text, size_t n,
    struct dialect_http_room *room, struct engine_text *id_out,
    enum engine_outcome *out, struct err *e)
{
	struct jscan_value object, v;
	struct jscan_cursor c = { .rest = NULL };
	struct engine_text name, value, id = { 0 }, word = { 0 };
	int r;

	r = begin(text, n, room, &object, e);
	if (r != 0)
		return r;
	while (next(&object, &c, room, &name, &v) > 0) {
		if (v.type != JSCAN_STRING || decode(&v, room, &value) != 0)
			return not_text(name, e);
		if (str_is(name.data, name.len, "id"))
			id = value;
		else if (str_is(name.data, name.len, "outcome"))
			word = value;
		else
			return err_set(
			    e, E_SYNTAX, "there is nothing but id and outcome");
	}
	if (id.data == NULL || word.data == NULL)
		return err_set(e, E_SYNTAX, "id or outcome: is missing");
	r = take_outcome(word, out, e);
	if (r == 0)
		*id_out = id;
	return r;
}

static const struct {
	const char *theirs;
	const char *ours;
} dovecot[] = {
	{ "login", FRAUD_USER },
	{ "remote", FRAUD_IP },
	{ "protocol", FRAUD_SERVICE },
	{ "pwhash", FRAUD_PASSWORD },
};

#define DOVECOT (sizeof(dovecot) / sizeof(dovecot[0]))

static struct engine_text
literal(const char *s)
{
	struct engine_text t = { s, strlen(s) };

	return t;
}

static int
dovecot_member(struct dialect_http_dovecot *out, struct engine_text name,
    const struct jscan_value *v, struct dialect_http_room *room, struct err *e)
{
	struct engine_text value;
	size_t i;

	if (str_is(name.data, name.len, "success")) {
		if (v->type != JSCAN_TRUE && v->type != JSCAN_FALSE)
			return err_set(
			    e, E_SYNTAX, "success: must be a boolean");
		out->reported = true;
		out->success = v->type == JSCAN_TRUE;
		return 0;
	}
	for (i = 0; i < DOVECOT; i++)
		if (str_is(name.data, name.len, dovecot[i].theirs))
			break;
	if (i == DOVECOT && !str_is(name.data, name.len, "session_id"))
		return 0;
	if (v->type != JSCAN_STRING || decode(v, room, &value) != 0)
		return not_text(name, e);
	if (i == DOVECOT)
		out->session = value;
	else if (value.len > 0)
		(void)add(&out->attempt, literal(dovecot[i].ours), value);
	return 0;
}

int
dialect_http_body_dovecot(const char *text, size_t n,
    struct dialect_http_room *room, struct dialect_http_dovecot *out,
    struct err *e)
{
	struct jscan_value object, v;
	struct jscan_cursor c = { .rest = NULL };
	struct engine_text name;
	int r, more;

	memset(out, 0, sizeof(*out));
	r = begin(text, n, room, &object, e);
	if (r != 0)
		return r;
	out->attempt.event = literal(FRAUD_EVENT_LOGIN);
	while ((more = next(&object, &c, room, &name, &v)) > 0) {
		r = dovecot_member(out, name, &v, room, e);
		if (r != 0)
			return r;
	}
	if (more < 0)
		return err_set(e, E_SYNTAX, "the body has too many members");
	return 0;
}

const char *
dialect_http_path(const char *target)
{
	const char *authority;

	if (target[0] == '/')
		return target;
	authority = strstr(target, "://");
	return authority != NULL ? strchr(authority + 3, '/') : NULL;
}
