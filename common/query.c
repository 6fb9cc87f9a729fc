/*
 * What kind of query a text is, and its parts. A role that everybody would
 * hold is a mistake, so a filter must ask for the person in some way.
 */

#include "query.h"

#include <stdlib.h>
#include <string.h>

#include "dn.h"
#include "err.h"
#include "mem.h"
#include "query_text.h"

#define URL_START "ldap:///"
#define URL_START_LEN (sizeof(URL_START) - 1)
#define URL_PARTS 4 /* base, attributes, scope, filter */

static bool
starts(const char *text, const char *with)
{
	return strncasecmp(text, with, strlen(with)) == 0;
}

/*
 * A name with something in place of its placeholders must be a name, and
 * they must be within values: behind "=" and before the next "," or "+".
 */
static int
check_name(const char *text, bool empty, unsigned *uses, struct err *e)
{
	const struct query_values sample = { "x", "x", "x", "x", NULL, 0 };
	char *filled = NULL, *canonical = NULL;
	int ret;

	ret = query_text_scan(text, QUERY_TEXT_NAME, uses, e);
	if (ret == 0)
		ret = query_text_fill(text, &sample, true, &filled);
	if (ret != 0)
		return ret;
	ret = dn_canonical(filled, strlen(filled), &canonical);
	if (ret == 0 && !empty && canonical[0] == '\0')
		ret = E_SYNTAX;
	free(filled);
	free(canonical);
	if (ret == 0 || ret == E_NOMEM)
		return ret;
	return err_set(e, E_SYNTAX,
	    "must be a group's distinguished name, "
	    "a search filter in parentheses, or an LDAP URL");
}

static int
parse_group(const char *text, struct query *out, struct err *e)
{
	char uuid[DN_UUID_LEN + 1];
	int ret;

	ret = check_name(text, false, &out->uses, e);
	if (ret != 0)
		return ret;
	out->kind = QUERY_GROUP;
	if (out->uses == 0) {
		ret = dn_canonical(text, strlen(text), &out->canonical);
		if (ret != 0)
			return ret;
		if (dn_is_uuid(out->canonical, uuid)) {
			out->kind = QUERY_UUID;
			text = uuid;
		}
	}
	out->text = mem_strdup(text);
	return out->text == NULL ? E_NOMEM : 0;
}

static int
check_filter(const char *text, unsigned *uses, struct err *e)
{
	int ret = query_check_filter(text, uses, e);

	if (ret != 0)
		return ret;
	if ((*uses & (QUERY_USER | QUERY_DN | QUERY_CLAIM)) != 0)
		return 0;
	return err_set(e, E_SYNTAX,
	    "asks for nobody: without {user}, {dn} or "
	    "{claim:...} everybody would hold the role");
}

static int
take_scope(const char *text, enum query_scope *out, struct err *e)
{
	if (text[0] == '\0' || strcmp(text, "base") == 0)
		*out = QUERY_BASE;
	else if (strcmp(text, "one") == 0)
		*out = QUERY_ONE;
	else if (strcmp(text, "sub") == 0)
		*out = QUERY_SUBTREE;
	else
		return err_set(
		    e, E_SYNTAX, "has a scope that is not base, one or sub");
	return 0;
}

/* What stands between the question marks, decoded, in place. */
static int
split_url(char *url, char *parts[URL_PARTS], struct err *e)
{
	size_t i;

	for (i = 0; i < URL_PARTS; i++) {
		parts[i] = url;
		url += strcspn(url, "?");
		if (*url == '?')
			*url++ = '\0';
		else if (i + 1 < URL_PARTS)
			parts[i + 1] = url;
	}
	if (*url != '\0')
		return err_set(e, E_SYNTAX,
		    "has an extension, which is not "
		    "understood");
	for (i = 0; i < URL_PARTS; i++) {
		if (!query_text_decode(parts[i]))
			return err_set(e, E_SYNTAX,
			    "has a %% without two hexadecimal digits");
	}
	if (parts[1][0] != '\0')
		return err_set(e, E_SYNTAX,
		    "names attributes, which a role "
		    "does not need");
	return 0;
}

static int
take_url(char *url, struct query *out, struct err *e)
{
	char *parts[URL_PARTS] = { NULL };
	const char *filter;
	unsigned uses = 0;
	int ret;

	ret = split_url(url, parts, e);
	if (ret == 0)
		ret = check_name(parts[0], true, &uses, e);
	if (ret == 0)
		ret = take_scope(parts[2], &out->scope, e);
	if (ret != 0)
		return ret;
	filter = parts[3][0] != '\0' ? parts[3] : "(objectClass=*)";
	ret = (uses & (QUERY_USER | QUERY_DN | QUERY_CLAIM)) != 0 ?
	    query_check_filter(filter, &out->uses, e) :
	    check_filter(filter, &out->uses, e);
	if (ret != 0)
		return ret;
	out->kind = QUERY_FILTER;
	out->uses |= uses;
	out->text = mem_strdup(filter);
	out->base = mem_strdup(parts[0]);
	return out->text == NULL || out->base == NULL ? E_NOMEM : 0;
}

static int
parse_url(const char *text, struct query *out, struct err *e)
{
	char *copy;
	int ret;

	if (!starts(text, URL_START))
		return err_set(e, E_SYNTAX,
		    "names a server; that is said by "
		    "the uri of directory: write ldap:///");
	copy = mem_strdup(text + URL_START_LEN);
	if (copy == NULL)
		return E_NOMEM;
	ret = take_url(copy, out, e);
	free(copy);
	return ret;
}

static int
parse_filter(const char *text, struct query *out, struct err *e)
{
	int ret = check_filter(text, &out->uses, e);

	if (ret != 0)
		return ret;
	out->kind = QUERY_FILTER;
	out->scope = QUERY_SUBTREE;
	out->text = mem_strdup(text);
	return out->text == NULL ? E_NOMEM : 0;
}

int
query_parse(const char *text, struct query *out, struct err *e)
{
	int ret;

	memset(out, 0, sizeof(*out));
	if (strlen(text) > QUERY_TEXT_MAX)
		return err_set(e, E_SYNTAX, "is too long");
	if (text[0] == '(')
		ret = parse_filter(text, out, e);
	else if (starts(text, "ldap:") || starts(text, "ldaps:") ||
	    starts(text, "ldapi:"))
		ret = parse_url(text, out, e);
	else
		ret = parse_group(text, out, e);
	if (ret != 0)
		query_done(out);
	return ret;
}

void
query_done(struct query *q)
{
	free(q->text);
	free(q->canonical);
	free(q->base);
	memset(q, 0, sizeof(*q));
}
