/*
 * The file behind a revocation list. It is strict: what cannot be understood
 * might be the very entry that matters, so one mistake anywhere and there is
 * no list. An entry that is added goes in front of the closing bracket; the
 * rest of the text stays as its author wrote it.
 */

#include "revocation.h"

#include <string.h>

#include "err.h"
#include "jscan.h"
#include "json.h"
#include "mem.h"
#include "revocation_priv.h"
#include "str.h"

#define SHOWN_MAX 256
#define MEMBERS_MAX 16
#define DEPTH_MAX 3

static const char *const words[REVOCATION_BY_COUNT] = {
	[REVOCATION_JTI] = "jti",
	[REVOCATION_SID] = "sid",
	[REVOCATION_KID] = "kid",
	[REVOCATION_SUBJECT] = "subject",
	[REVOCATION_USER] = "user",
};

struct reading {
	const char *text;
	size_t len;
	const char *name; /* printable */
	struct err *e;
};

/* Texts of one entry, decoded. */
struct decoded {
	char text[REVOCATION_TEXT_MAX + 1];
	char issuer[REVOCATION_TEXT_MAX + 1];
};

const char *
revocation_word(enum revocation_by by)
{
	return words[by];
}

/* "NAME:LINE:COLUMN: what" about the byte at; values are never shown. */
static int
wrong_at(const struct reading *r, const char *at, const char *what)
{
	size_t line, column;

	json_line(r->text, (size_t)(at - r->text), &line, &column);
	return err_set(
	    r->e, E_SYNTAX, "%s:%zu:%zu: %s", r->name, line, column, what);
}

/* About a value, or a name, which begins at its quote. */
static int
wrong(const struct reading *r, const struct jscan_value *v, const char *what)
{
	return wrong_at(r, v->text - (v->type == JSCAN_STRING ? 1 : 0), what);
}

static int
take_text(const struct reading *r, const struct jscan_value *v,
    char dst[REVOCATION_TEXT_MAX + 1], size_t *len_out)
{
	if (v->type != JSCAN_STRING)
		return wrong(r, v, "must be a string");
	if (jscan_string(v, dst, REVOCATION_TEXT_MAX + 1, len_out) != 0)
		return wrong(r, v, "is too long");
	if (*len_out == 0)
		return wrong(r, v, "must not be empty");
	return 0;
}

static int
take_before(
    const struct reading *r, const struct jscan_value *v, int64_t *before_out)
{
	bool more;

	if (v->type != JSCAN_NUMBER || jscan_seconds(v, before_out, &more) != 0)
		return wrong(r, v, "must be a time in seconds since 1970");
	if (more)
		(*before_out)++;
	return 0;
}

static int
take_member(const struct reading *r, const struct jscan_value *name,
    const struct jscan_value *v, struct decoded *d,
    struct revocation_entry *entry)
{
	size_t i;

	for (i = 0; i < REVOCATION_BY_COUNT; i++) {
		if (!jscan_equal(name, words[i], strlen(words[i])))
			continue;
		if (entry->text != NULL)
			return wrong(
			    r, name, "one entry revokes by one thing alone");
		entry->by = (enum revocation_by)i;
		entry->text = d->text;
		return take_text(r, v, d->text, &entry->text_len);
	}
	if (jscan_equal(name, "issuer", 6)) {
		entry->issuer = d->issuer;
		return take_text(r, v, d->issuer, &entry->issuer_len);
	}
	if (jscan_equal(name, "before", 6))
		return take_before(r, v, &entry->before);
	if (jscan_equal(name, "comment", 7))
		return v->type == JSCAN_STRING ?
		    0 :
		    wrong(r, v, "must be a string");
	return wrong(r, name, "unknown key");
}

/* entry borrows from d. */
static int
take_entry(const struct reading *r, const struct jscan_value *object,
    struct decoded *d, struct revocation_entry *entry)
{
	struct jscan_cursor at = { NULL };
	struct jscan_value name, v;
	int ret;

	*entry = (struct revocation_entry){ .before = -1 };
	if (object->type != JSCAN_OBJECT)
		return wrong(r, object, "an entry must be an object");
	while (jscan_next(object, &at, &name, &v)) {
		ret = take_member(r, &name, &v, d, entry);
		if (ret != 0)
			return ret;
	}
	if (entry->text == NULL)
		return wrong(
		    r, object, "needs one of jti, sid, kid, subject and user");
	/* two issuers may call different people by one name */
	if (entry->by == REVOCATION_SUBJECT && entry->issuer == NULL)
		return wrong(r, object, "a subject needs its issuer");
	if (entry->before >= 0 && entry->by != REVOCATION_SUBJECT &&
	    entry->by != REVOCATION_USER)
		return wrong(
		    r, object, "\"before\" goes with a subject or a user only");
	return 0;
}

/* The list itself, in a text that is checked as JSON here. */
static int
find_list(const struct reading *r, struct jscan_value *list_out)
{
	const struct jscan_options options = {
		.depth_max = DEPTH_MAX,
		.members_max = MEMBERS_MAX,
	};
	struct jscan_cursor at = { NULL };
	struct jscan_value root, name, v;
	struct err why = { 0 };
	size_t offset = 0;
	int ret;

	list_out->type = JSCAN_NONE;
	ret = jscan_text(r->text, r->len, &options, &root, &offset, &why);
	if (ret == E_SYNTAX)
		return wrong_at(r, r->text + offset, err_text(&why, ret));
	if (ret != 0)
		return err_set(
		    r->e, ret, "%s: %s", r->name, err_text(&why, ret));
	if (root.type != JSCAN_OBJECT)
		return wrong(r, &root, "must be an object");
	while (jscan_next(&root, &at, &name, &v)) {
		if (!jscan_equal(&name, "revoked", 7))
			return wrong(r, &name, "unknown key");
		if (v.type != JSCAN_ARRAY)
			return wrong(r, &v, "must be an array");
		*list_out = v;
	}
	if (list_out->type == JSCAN_NONE)
		return wrong(r, &root, "\"revoked\" is missing");
	return 0;
}

static int
take_list(const struct reading *r, const struct jscan_value *list,
    struct revocation *out)
{
	struct jscan_cursor at = { NULL };
	struct revocation_entry entry;
	struct jscan_value v;
	struct decoded d;
	int ret;

	while (jscan_next(list, &at, NULL, &v)) {
		ret = take_entry(r, &v, &d, &entry);
		if (ret == 0 && revocation_put(out, &entry) != 0)
			ret = wrong(r, &v, "does not fit");
		if (ret != 0)
			return ret;
	}
	return 0;
}

int
revocation_parse(const char *text, size_t n, const char *name,
    struct revocation **out, struct err *e)
{
	char shown[SHOWN_MAX];
	const struct reading r = {
		.text = text,
		.len = n,
		.name = str_printable(shown, sizeof(shown), name, strlen(name)),
		.e = e,
	};
	struct jscan_cursor at = { NULL };
	struct revocation *new = NULL;
	struct jscan_value list, v;
	size_t count = 0;
	int ret;

	ret = find_list(&r, &list);
	if (ret != 0)
		return ret;
	while (jscan_next(&list, &at, NULL, &v)) {
		if (++count > REVOCATION_ENTRIES_MAX)
			return wrong(&r, &v, "too many entries");
	}
	/* each text in the file has two quotes, which pay for its NUL */
	if (revocation_make(count, list.len + 1, &new) != 0)
		return err_set(e, E_NOMEM, "%s: out of memory", r.name);
	ret = take_list(&r, &list, new);
	if (ret != 0)
		revocation_free(&new);
	else
		*out = new;
	return ret;
}

/* {"jti": "...", "issuer": "...", "before": 1}; owned. */
static char *
write_entry(const struct revocation_query *q, int64_t before, size_t *len_out)
{
	struct json *o = NULL;
	char *text = NULL;
	int ret;

	ret = json_make_object(&o);
	if (ret == 0)
		ret = json_put_string(o, words[q->by], q->text);
	if (ret == 0 && q->issuer != NULL)
		ret = json_put_string(o, "issuer", q->issuer);
	if (ret == 0 && before >= 0)
		ret = json_put_integer(o, "before", before);
	if (ret == 0)
		text = json_write(o, false, len_out);
	json_free(&o);
	return text;
}

int
revocation_add(const char *text, size_t n, const struct revocation_query *q,
    int64_t before, char **text_out, struct err *e)
{
	const struct reading r = {
		.text = text, .len = n, .name = "revocations", .e = e
	};
	struct jscan_cursor at = { NULL };
	struct jscan_value list, v;
	const char *end, *comma = "";
	char *entry, *new = NULL;
	size_t len = 0, cap;
	struct str s;
	int ret;

	ret = find_list(&r, &list);
	if (ret != 0)
		return ret;
	end = list.text + list.len - 1; /* the bracket */
	if (jscan_next(&list, &at, NULL, &v))
		comma = ",";
	while (end > list.text && strchr(" \t\r\n", end[-1]) != NULL)
		end--;
	entry = write_entry(q, before, &len);
	cap = n + len + 16;
	if (entry != NULL && cap <= REVOCATION_FILE_MAX)
		new = mem_alloc(cap);
	if (new != NULL) {
		str_init(&s, new, cap);
		str_add_bytes(&s, text, (size_t)(end - text));
		str_addf(&s, "%s\n\t\t", comma);
		str_add_bytes(&s, entry, len);
		if (*comma == '\0' && *end == ']')
			str_add(&s, "\n\t");
		str_add_bytes(&s, end, (size_t)(text + n - end));
	}
	mem_free_str(&entry);
	if (cap > REVOCATION_FILE_MAX)
		return err_set(e, E_RANGE, "the file would be too long");
	if (new == NULL)
		return err_set(e, E_NOMEM, "out of memory");
	*text_out = new;
	return 0;
}
