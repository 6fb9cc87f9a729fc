/*
 * One search: sent, its messages read one by one within the deadline, and
 * what they hold copied out. A server that sends more than it was asked for,
 * in entries or in bytes, is not listened to any further.
 */

#include "directory_conn.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

/*
 * Copies of what stands in the message, which is gone before they are: all of
 * an attribute in one piece of memory, the bytes behind the list of them.
 */
static int
copy_values(struct reading *r, const struct berval *values,
    struct directory_values *out)
{
	size_t count, bytes = 0, i;
	struct directory_value *items;
	char *to;

	for (count = 0; values != NULL && values[count].bv_val != NULL; count++)
		bytes += values[count].bv_len + 1;
	if (count == 0)
		return 0;
	r->bytes += bytes;
	/* no overflow: all of it was in one message, which has a limit */
	items = malloc(count * sizeof(*items) + bytes);
	if (items == NULL)
		return E_NOMEM;
	to = (char *)&items[count];
	for (i = 0; i < count; i++) {
		items[i].data = to;
		items[i].len = values[i].bv_len;
		memcpy(to, values[i].bv_val, values[i].bv_len);
		to += values[i].bv_len;
		*to++ = '\0';
	}
	out->items = items;
	out->count = count;
	return 0;
}

/* To every place that asks for it; of one that comes twice the first. */
static int
add_values(struct reading *r, const struct berval *name,
    const struct berval *values, struct directory_entry *entry)
{
	const char *wanted;
	size_t i;
	int ret = 0;

	for (i = 0; ret == 0 && i < r->out->attribute_count; i++) {
		wanted = r->q->attributes[i];
		if (entry->values[i].count == 0 &&
		    strlen(wanted) == name->bv_len &&
		    strncasecmp(wanted, name->bv_val, name->bv_len) == 0)
			ret = copy_values(r, values, &entry->values[i]);
	}
	return ret;
}

/* The attributes in the order in which they stand, each of them once. */
static int
read_values(struct reading *r, LDAPMessage *msg, BerElement *ber,
    struct directory_entry *entry)
{
	struct berval name = { 0, NULL }, *values = NULL;
	int code, ret = 0;

	do {
		code = ldap_get_attribute_ber(
		    r->c->ld, msg, ber, &name, &values);
		if (code != LDAP_SUCCESS)
			ret = directory_conn_fail(r->c, code, "search", r->e);
		else if (name.bv_val != NULL)
			ret = add_values(r, &name, values, entry);
		ldap_memfree(values);
		values = NULL;
	} while (ret == 0 && name.bv_val != NULL);
	return ret;
}

static int
fill_entry(struct reading *r, LDAPMessage *msg, struct directory_entry *entry)
{
	struct berval dn = { 0, NULL };
	BerElement *ber = NULL;
	int code, ret = 0;

	code = ldap_get_dn_ber(r->c->ld, msg, &ber, &dn);
	/* half a name must not become another's */
	if (code == LDAP_SUCCESS &&
	    (dn.bv_val == NULL || memchr(dn.bv_val, '\0', dn.bv_len) != NULL))
		code = LDAP_DECODING_ERROR;
	if (code != LDAP_SUCCESS) {
		ber_free(ber, 0);
		return directory_conn_fail(r->c, code, "search", r->e);
	}
	r->bytes += dn.bv_len;
	entry->dn = mem_dup(dn.bv_val, dn.bv_len);
	if (r->out->attribute_count > 0)
		entry->values = mem_array(
		    r->out->attribute_count, sizeof(*entry->values));
	if (entry->dn == NULL ||
	    (r->out->attribute_count > 0 && entry->values == NULL))
		ret = E_NOMEM;
	if (ret == 0 && r->out->attribute_count > 0)
		ret = read_values(r, msg, ber, entry);
	ber_free(ber, 0);
	return ret;
}

static int
add_entry(struct reading *r, LDAPMessage *msg)
{
	struct directory_result *out = r->out;
	struct directory_entry entry = { .dn = NULL };
	int ret;

	/* the server was told, and goes on all the same */
	if (out->count == r->q->entries_max) {
		out->cut = true;
		r->c->lost = true;
		return 0;
	}
	if (!directory_result_grow(out))
		return E_NOMEM;
	ret = fill_entry(r, msg, &entry);
	out->entries[out->count++] = entry;
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
