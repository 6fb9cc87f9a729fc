/*
 * What roles and their directory must be beyond what each key says: addresses
 * that are some, names that are some, filters that ask for the person; and in
 * slapd, which must not ask itself over the network from a thread that it
 * waits for, nothing but groups by their names.
 */

#include "config_schema.h"

#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "dn.h"
#include "err.h"
#include "json.h"
#include "ldapuri.h"
#include "query.h"

#define SLAPD "ldap" /* the service name that slapd has in SASL */

/* Everything the checks look at. */
struct checked {
	const struct config_roles *r;
	const struct config_policy *p;
};

static int
fail_at(const struct checked *c, const struct json_path *up, const char *name,
    const char *what)
{
	const struct json_path at = { .up = up, .name = name };

	return schema_fail(c->r->src, &at, "%s", what);
}

static int
check_uris(const struct checked *c)
{
	const struct config_list *uris = &c->p->directory.uri;
	const struct json_path list = { .up = c->r->directory, .name = "uri" };
	struct json_path here = { .up = &list };
	struct ldapuri uri;

	for (here.index = 0; here.index < uris->count; here.index++) {
		if (ldapuri_parse(uris->items[here.index], &uri) != 0)
			return schema_fail(c->r->src, &here,
			    "must be scheme://host, with :port or without, "
			    "and nothing behind it");
	}
	return 0;
}

static int
check_base(const struct checked *c)
{
	const char *base = c->p->directory.base;
	char *canonical = NULL;
	int ret;

	ret = dn_canonical(base, strlen(base), &canonical);
	free(canonical);
	return ret == 0 || ret == E_NOMEM ?
	    ret :
	    fail_at(c, c->r->directory, "base", "is no distinguished name");
}

static int
check_user_filter(const struct checked *c)
{
	struct err e = { 0 };
	unsigned uses = 0;
	int ret;

	ret = query_check_filter(c->p->directory.user_filter, &uses, &e);
	if (ret != 0)
		return fail_at(
		    c, c->r->directory, "user_filter", err_text(&e, ret));
	if ((uses & QUERY_DN) != 0)
		return fail_at(c, c->r->directory, "user_filter",
		    "asks for {dn}, which is what it finds");
	ret = query_check_user(c->p->directory.user_filter, &e);
	if (ret != 0)
		return fail_at(
		    c, c->r->directory, "user_filter", err_text(&e, ret));
	return 0;
}

/* One claim of the filter or role that is not among names yet. */
static bool
add_claims(const char *text, const char *names[QUERY_CLAIMS_MAX],
    size_t lens[QUERY_CLAIMS_MAX], size_t *count)
{
	const char *name;
	size_t i, j, n;

	for (i = 0; (name = query_claim_name(text, i, &n)) != NULL; i++) {
		for (j = 0; j < *count; j++) {
			if (lens[j] == n && strncmp(names[j], name, n) == 0)
				break;
		}
		if (j < *count)
			continue;
		if (*count == QUERY_CLAIMS_MAX)
			return false;
		names[*count] = name;
		lens[(*count)++] = n;
	}
	return true;
}

static int
check_claims(const struct checked *c)
{
	const struct json_path authorize = { .up = c->r->authentication,
		.name = "authorize" };
	const char *names[QUERY_CLAIMS_MAX];
	size_t lens[QUERY_CLAIMS_MAX], count = 0, i;
	const struct query *q;

	if (c->p->directory.configured)
		(void)add_claims(
		    c->p->directory.user_filter, names, lens, &count);
	for (i = 0; i < c->p->role_count; i++) {
		q = &c->p->roles[i].query;
		if (!add_claims(q->text, names, lens, &count) ||
		    (q->base != NULL &&
			!add_claims(q->base, names, lens, &count)))
			return fail_at(c, &authorize, c->p->roles[i].name,
			    "asks for a fifth claim; roles may name four");
	}
	return 0;
}

static bool
is_slapd(const struct checked *c)
{
	const struct json *also = json_member(c->r->service, "also");
	size_t i;

	if (c->p->service == NULL)
		return false;
	if (strcmp(c->p->service, SLAPD) == 0)
		return true;
	for (i = 0; i < json_count(also); i++) {
		if (strcmp(json_string(json_element(also, i), NULL), SLAPD) ==
		    0)
			return true;
	}
	return false;
}

static bool
is_required(const struct config_policy *p, const char *name)
{
	size_t i;

	for (i = 0; i < p->require_roles.count; i++) {
		if (strcmp(p->require_roles.items[i], name) == 0)
			return true;
	}
	return false;
}

/* slapd hands over the names of groups that its entries hold (memberOf). */
static int
check_slapd(const struct checked *c)
{
	const struct json_path authorize = { .up = c->r->authentication,
		.name = "authorize" };
	const struct json *directory = json_member(c->r->parts, "directory");
	const struct config_role *role;
	size_t i;

	if (!is_slapd(c) || c->p->roles_from == CONFIG_ROLES_TOKEN ||
	    c->p->require == CONFIG_REQUIRE_TOKEN_ONLY)
		return 0;
	for (i = 0; i < c->p->role_count; i++) {
		role = &c->p->roles[i];
		if (!is_required(c->p, role->name) ||
		    (role->query.kind == QUERY_GROUP &&
			(role->query.uses & QUERY_DN) == 0))
			continue;
		return fail_at(c, &authorize, role->name,
		    "must be the name of a group: the service ldap requires "
		    "the role, and slapd knows the names of its users' groups "
		    "alone");
	}
	if (json_true(json_member(directory, "nested_groups")))
		return fail_at(c, c->r->directory, "nested_groups",
		    "must not be true for the service ldap: slapd knows only "
		    "the groups that its users are in themselves");
	return 0;
}

int
config_roles_check(const struct config_roles *r, const struct config_policy *p)
{
	const struct checked c = { r, p };
	int ret = 0;

	if (p->directory.configured) {
		ret = check_uris(&c);
		if (ret == 0)
			ret = check_base(&c);
		if (ret == 0)
			ret = check_user_filter(&c);
	}
	if (ret == 0)
		ret = check_claims(&c);
	if (ret == 0)
		ret = check_slapd(&c);
	return ret;
}
