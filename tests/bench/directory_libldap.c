/*
 * libldap and nothing else, as ldapsearch(1) would ask. argv: URI, MODE,
 * GROUP, [CA]. Modes:
 *
 *   search     the person's entry with memberOf, asked for and thrown away
 *   memberof   the same, and the values compared
 *   member     without memberOf: the person's DN, then the group with it
 *   nested     memberOf, then level by level the groups that hold those
 *   walk       the same without memberOf
 *   cold-X     a new connection and bind for each
 */

#include "directory.h"

#include <ldap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/time.h>

#define LEVELS_MAX 10
#define FILTER_BYTES_MAX 65536
#define FOUND_MAX 512

struct way {
	const char *uri, *mode, *ca;
	char group[256]; /* the DN */
	LDAP *ld;
	int cold;
};

static void
die(const char *what, int rc)
{
	fprintf(stderr, "bench libldap: %s: %s\n", what, ldap_err2string(rc));
	exit(1);
}

static void
way_connect(struct way *w)
{
	int version = LDAP_VERSION3, demand = LDAP_OPT_X_TLS_DEMAND, off = 0;
	struct berval secret = { strlen(DIRECTORY_SECRET),
		(char *)DIRECTORY_SECRET };
	int rc;

	rc = ldap_initialize(&w->ld, w->uri);
	if (rc != LDAP_SUCCESS)
		die("initialize", rc);
	ldap_set_option(w->ld, LDAP_OPT_PROTOCOL_VERSION, &version);
	ldap_set_option(w->ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
	if (w->ca != NULL) {
		ldap_set_option(w->ld, LDAP_OPT_X_TLS_CACERTFILE, w->ca);
		ldap_set_option(w->ld, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand);
		ldap_set_option(w->ld, LDAP_OPT_X_TLS_NEWCTX, &off);
	}
	rc = ldap_sasl_bind_s(w->ld, DIRECTORY_READER, LDAP_SASL_SIMPLE,
	    &secret, NULL, NULL, NULL);
	if (rc != LDAP_SUCCESS)
		die("bind", rc);
}

void *
adapter_open(int argc, char *argv[])
{
	struct way *w = calloc(1, sizeof(*w));

	if (argc < 3 || w == NULL)
		exit(2);
	w->uri = argv[0];
	w->mode = argv[1];
	w->ca = argc > 3 ? argv[3] : NULL;
	snprintf(
	    w->group, sizeof(w->group), "cn=%s,%s", argv[2], DIRECTORY_GROUPS);
	if (strncmp(w->mode, "cold-", 5) == 0) {
		w->cold = 1;
		w->mode += 5;
	} else {
		way_connect(w);
	}
	return w;
}

static LDAPMessage *
ask(struct way *w, const char *filter, const char *attribute, int limit)
{
	struct timeval patience = { 10, 0 };
	char *attrs[] = { (char *)attribute, "uid", NULL };
	LDAPMessage *res = NULL;
	int rc;

	/* what a person is called is asked as well; of groups nothing is */
	if (strncmp(filter, "(uid=", 5) != 0)
		attrs[1] = NULL;
	rc = ldap_search_ext_s(w->ld, DIRECTORY_BASE, LDAP_SCOPE_SUBTREE,
	    filter, attrs, 0, NULL, NULL, &patience, limit, &res);
	if (rc != LDAP_SUCCESS)
		die(filter, rc);
	return res;
}

static LDAPMessage *
ask_person(struct way *w, const char *user, const char *attribute)
{
	char filter[256];

	snprintf(filter, sizeof(filter), "(uid=%s)", user);
	return ask(w, filter, attribute, 2);
}

struct found {
	char *dn[FOUND_MAX];
	int count;
};

static int
add(struct found *f, const char *dn, size_t n)
{
	int i;

	for (i = 0; i < f->count; i++) {
		if (strlen(f->dn[i]) == n && strncasecmp(f->dn[i], dn, n) == 0)
			return 0;
	}
	if (f->count == FOUND_MAX)
		exit(3);
	f->dn[f->count++] = strndup(dn, n);
	return 1;
}

static int
holds(const struct found *f, const char *group)
{
	int i;

	for (i = 0; i < f->count; i++) {
		if (strcasecmp(f->dn[i], group) == 0)
			return 1;
	}
	return 0;
}

static void
add_member_of(struct way *w, LDAPMessage *res, struct found *f)
{
	LDAPMessage *entry = ldap_first_entry(w->ld, res);
	struct berval **values;
	int i;

	if (entry == NULL)
		return;
	values = ldap_get_values_len(w->ld, entry, "memberOf");
	for (i = 0; values != NULL && values[i] != NULL; i++)
		add(f, values[i]->bv_val, values[i]->bv_len);
	ldap_value_free_len(values);
}

/* The groups that hold those from first on; all of a level in one search. */
static void
climb(struct way *w, struct found *f, int first)
{
	static char filter[FILTER_BYTES_MAX];
	LDAPMessage *res, *entry;
	size_t n = 0;
	char *dn;
	int i;

	n += (size_t)sprintf(filter + n, "(|");
	for (i = first; i < f->count; i++)
		n += (size_t)sprintf(filter + n, "(member=%s)", f->dn[i]);
	sprintf(filter + n, ")");
	res = ask(w, filter, "1.1", 0);
	for (entry = ldap_first_entry(w->ld, res); entry != NULL;
	     entry = ldap_next_entry(w->ld, entry)) {
		dn = ldap_get_dn(w->ld, entry);
		add(f, dn, strlen(dn));
		ldap_memfree(dn);
	}
	ldap_msgfree(res);
}

static int
check_nested(struct way *w, const char *user)
{
	struct found f = { .count = 0 };
	int member_of = strcmp(w->mode, "nested") == 0;
	int level, first = 0, before, held, i;
	LDAPMessage *res;
	char *dn;

	res = ask_person(w, user, member_of ? "memberOf" : "1.1");
	if (member_of) {
		add_member_of(w, res, &f);
	} else {
		dn = ldap_get_dn(w->ld, ldap_first_entry(w->ld, res));
		add(&f, dn, strlen(dn));
		ldap_memfree(dn);
	}
	ldap_msgfree(res);
	for (level = 0; level < LEVELS_MAX && !holds(&f, w->group); level++) {
		before = f.count;
		climb(w, &f, first);
		first = before;
		if (f.count == before)
			break;
	}
	held = holds(&f, w->group);
	for (i = 0; i < f.count; i++)
		free(f.dn[i]);
	return held;
}

static int
check_member(struct way *w, const char *user)
{
	LDAPMessage *res = ask_person(w, user, "1.1");
	char *dn = ldap_get_dn(w->ld, ldap_first_entry(w->ld, res));
	char filter[512];
	int held;

	ldap_msgfree(res);
	snprintf(filter, sizeof(filter),
	    "(&(objectClass=groupOfNames)"
	    "(member=%s))",
	    dn);
	ldap_memfree(dn);
	res = ask(w, filter, "1.1", 0);
	held = 0;
	for (LDAPMessage *e = ldap_first_entry(w->ld, res); e != NULL;
	     e = ldap_next_entry(w->ld, e)) {
		dn = ldap_get_dn(w->ld, e);
		held |= strcasecmp(dn, w->group) == 0;
		ldap_memfree(dn);
	}
	ldap_msgfree(res);
	return held;
}

static int
check(struct way *w, const char *user)
{
	struct found f = { .count = 0 };
	LDAPMessage *res;
	int held, i;

	if (strcmp(w->mode, "member") == 0)
		return check_member(w, user);
	if (strcmp(w->mode, "nested") == 0 || strcmp(w->mode, "walk") == 0)
		return check_nested(w, user);
	res = ask_person(w, user, "memberOf");
	if (strcmp(w->mode, "search") == 0) {
		ldap_msgfree(res);
		return 1; /* nothing was looked at: run it with "yes" */
	}
	add_member_of(w, res, &f);
	held = holds(&f, w->group);
	for (i = 0; i < f.count; i++)
		free(f.dn[i]);
	ldap_msgfree(res);
	return held;
}

int
adapter_check(void *state, const char *user)
{
	struct way *w = state;
	int held;

	if (w->cold)
		way_connect(w);
	held = check(w, user);
	if (w->cold)
		ldap_unbind_ext_s(w->ld, NULL, NULL);
	return held;
}
