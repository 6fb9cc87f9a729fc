/*
 * One search: sent, its messages read one by one within the deadline, and
 * what they hold copied out. A server that sends more than it was asked for,
 * in entries or in bytes, is not listened to any further.
 */

#include "directory_conn.h"

#include <stdlib.h>
#include <string.h>

#include "deadline.h"
#include "err.h"
#include "mem.h"

#define BYTES_MAX (4 * 1024 * 1024) /* of names and values in one answer */

struct reading {
	struct directory_conn *c;
	const struct directory_query *q;
	struct directory_result *out;
	size_t bytes;
	struct err *e;
};

static int
add_values(struct reading *r, LDAPMessage *msg, const char *attribute,
    struct directory_values *out)
{
	struct berval **values = ldap_get_values_len(r->c->ld, msg, attribute);
	size_t count = values == NULL ? 0 :
					(size_t)ldap_count_values_len(values);
	size_t i;
	int ret = 0;

	if (count > 0)
		out->items = mem_array(count, sizeof(*out->items));
	if (count > 0 && out->items == NULL)
		ret = E_NOMEM;
	for (i = 0; ret == 0 && i < count; i++) {
		r->bytes += values[i]->bv_len;
		out->items[i].data = mem_dup(
		    values[i]->bv_val, values[i]->bv_len);
		out->items[i].len = values[i]->bv_len;
		out->count++;
		if (out->items[i].data == NULL)
			ret = E_NOMEM;
	}
	ldap_value_free_len(values);
	return ret;
}

static int
fill_entry(struct reading *r, LDAPMessage *msg, struct directory_entry *entry)
{
	char *dn = ldap_get_dn(r->c->ld, msg);
	size_t i;
	int ret = 0;

	if (dn == NULL)
		return directory_conn_fail(
		    r->c, LDAP_DECODING_ERROR, "search", r->e);
	r->bytes += strlen(dn);
	entry->dn = mem_strdup(dn);
	ldap_memfree(dn);
	if (r->out->attribute_count > 0)
		entry->values = mem_array(
		    r->out->attribute_count, sizeof(*entry->values));
	if (entry->dn == NULL ||
	    (r->out->attribute_count > 0 && entry->values == NULL))
		return E_NOMEM;
	for (i = 0; ret == 0 && i < r->out->attribute_count; i++)
		ret = add_values(
		    r, msg, r->q->attributes[i], &entry->values[i]);
	return ret;
}

static int
add_entry(struct reading *r, LDAPMessage *msg)
{
	struct directory_result *out = r->out;
	struct directory_entry *more;
	int ret;

	/* the server was told, and goes on all the same */
	if (out->count == r->q->entries_max) {
		out->cut = true;
		r->c->lost = true;
		return 0;
	}
	more = reallocarray(out->entries, out->count + 1, sizeof(*more));
	if (more == NULL)
		return E_NOMEM;
	out->entries = more;
	memset(&more[out->count], 0, sizeof(*more));
	ret = fill_entry(r, msg, &more[out->count++]);
	if (ret == 0 && r->bytes > BYTES_MAX) {
		r->c->lost = true;
		ret = err_set(r->e, E_DIRECTORY_UNAVAILABLE,
		    "search: the answer is longer than 4 MB");
	}
	return ret;
}

static int
finish(struct reading *r, LDAPMessage *msg)
{
	int code = LDAP_SUCCESS;

	if (ldap_parse_result(r->c->ld, msg, &code, NULL, NULL, NULL, NULL,
		0) != LDAP_SUCCESS)
		return directory_conn_fail(
		    r->c, LDAP_DECODING_ERROR, "search", r->e);
	if (code == LDAP_SIZELIMIT_EXCEEDED)
		r->out->cut = true;
	if (code == LDAP_NO_SUCH_OBJECT)
		r->out->no_base = true;
	if (code == LDAP_SUCCESS || r->out->cut || r->out->no_base)
		return 0;
	return directory_conn_refused(r->c, code, "search", r->e);
}

/* 0, and *done when that was the last. */
static int
take(struct reading *r, LDAPMessage *msg, bool *done)
{
	switch (ldap_msgtype(msg)) {
	case LDAP_RES_SEARCH_ENTRY:
		return add_entry(r, msg);
	case LDAP_RES_SEARCH_REFERENCE:
		r->out->references++;
		return 0;
	case LDAP_RES_SEARCH_RESULT:
		*done = true;
		return finish(r, msg);
	default:
		return directory_conn_fail(
		    r->c, LDAP_DECODING_ERROR, "search", r->e);
	}
}

static int
read_all(struct reading *r, int msgid)
{
	LDAPMessage *msg;
	bool done = false;
	int ret = 0;

	while (ret == 0 && !done && !r->out->cut) {
		msg = NULL;
		ret = directory_conn_wait(r->c, msgid, "search", &msg, r->e);
		if (ret == 0)
			ret = take(r, msg, &done);
		ldap_msgfree(msg);
	}
	/* what was not read to its end is not asked again */
	r->c->lost = r->c->lost || !done;
	return ret;
}

static int
send_search(struct directory_conn *c, const struct directory_query *q,
    int *msgid, struct err *e)
{
	static const char *const names[] = { LDAP_NO_ATTRS, NULL };
	static const int scopes[] = { LDAP_SCOPE_BASE, LDAP_SCOPE_ONELEVEL,
		LDAP_SCOPE_SUBTREE };
	int64_t left = deadline_left(c->until);
	struct timeval limit = { (left + 999999) / 1000000, 0 };
	char **attributes = (char **)(uintptr_t)(q->attributes != NULL ?
		q->attributes :
		names);
	int code;

	if (left == 0)
		return directory_conn_fail(c, LDAP_TIMEOUT, "search", e);
	code = ldap_search_ext(c->ld, q->base, scopes[q->scope], q->filter,
	    attributes, 0, NULL, NULL, &limit, (int)q->entries_max, msgid);
	if (code == LDAP_FILTER_ERROR)
		return directory_conn_refused(c, code, "search", e);
	return code == LDAP_SUCCESS ? 0 :
				      directory_conn_fail(c, code, "search", e);
}

int
directory_conn_search(struct directory_conn *c, const struct directory_query *q,
    int64_t until, struct directory_result **out, struct err *e)
{
	struct reading r = { .c = c, .q = q, .e = e };
	int ret, msgid = -1;

	c->until = until;
	r.out = mem_alloc(sizeof(*r.out));
	if (r.out == NULL)
		return err_set(e, E_NOMEM, "out of memory");
	while (q->attributes != NULL &&
	    q->attributes[r.out->attribute_count] != NULL)
		r.out->attribute_count++;
	ret = send_search(c, q, &msgid, e);
	if (ret == 0)
		ret = read_all(&r, msgid);
	if (ret == 0)
		*out = r.out;
	else
		directory_result_free(&r.out);
	return ret == E_NOMEM ? err_set(e, ret, "out of memory") : ret;
}
