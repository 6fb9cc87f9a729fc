/*
 * May this user enter the service? A role counts only where the service
 * looks for it: in the token, in the directory, or in both.
 */

#include "gate_decision.h"

#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "gate_explain.h"
#include "mem.h"
#include "str.h"

/* Roles in an outcome are words: a name that is not one is never held. */
static bool
is_word(const char *name)
{
	return name[0] != '\0' && strpbrk(name, " \t\r\n") == NULL;
}

static bool
holds(const char *roles, const char *role)
{
	size_t n;

	while (is_word(role) && *roles != '\0') {
		n = strcspn(roles, " ");
		if (str_is(roles, n, role))
			return true;
		roles += n;
		roles += strspn(roles, " ");
	}
	return false;
}

static void
add_granted(struct gate_decision *d, struct str *s, const char *role)
{
	if (!is_word(role) || holds(s->data, role) ||
	    !claims_grant(&d->claims, d->issuer, role))
		return;
	/* In one piece: half a name must not become another's. */
	str_addf(s, "%s%s", s->len > 0 ? " " : "", role);
}

/* Of authorize, and those asked for that only tokens know. */
void
gate_token_roles(struct gate_decision *d)
{
	const struct config_policy *p = d->policy;
	struct str s;
	size_t i;

	str_init(&s, d->out->token_roles, sizeof(d->out->token_roles));
	for (i = 0; i < p->role_count; i++)
		add_granted(d, &s, p->roles[i].name);
	for (i = 0; i < p->require_roles.count; i++)
		add_granted(d, &s, p->require_roles.items[i]);
	d->out->token_roles_apply = d->issuer->first_form;
}

/* The token of this transaction, if it had one and it was this user's. */
static const struct gate_outcome *
token_outcome(const struct gate_decision *d, const char *user)
{
	const struct gate_outcome *a = d->request->authenticated;

	if ((d->request->checks & GATE_TOKEN) != 0)
		return d->out;
	if (a == NULL || a->verdict != GATE_ALLOW || a->reason != 0 ||
	    (a->checks & GATE_TOKEN) == 0 || strcmp(a->user, user) != 0)
		return NULL;
	/* A handle may live for days; what the token granted may not. */
	if (d->now >= a->expires + CONFIG_SKEW_MAX)
		return NULL;
	return a;
}

static bool
satisfied(const struct config_policy *p, const char *held)
{
	size_t i, count = 0;

	for (i = 0; i < p->require_roles.count; i++) {
		if (holds(held, p->require_roles.items[i]))
			count++;
	}
	if (p->require == CONFIG_REQUIRE_ANY)
		return count > 0;
	return p->require == CONFIG_REQUIRE_ALL && count > 0 &&
	    count == p->require_roles.count;
}

static enum config_roles_from
roles_from(const struct config_policy *p, const struct gate_outcome *token)
{
	if (p->roles_from != CONFIG_ROLES_DEFAULT)
		return p->roles_from;
	return token != NULL && token->token_roles_apply ?
	    CONFIG_ROLES_TOKEN :
	    CONFIG_ROLES_DIRECTORY;
}

/* Held in the token, of those asked for. */
static int
check_token_roles(struct gate_decision *d, const struct gate_outcome *token)
{
	const char *held = token != NULL ? token->token_roles : "";

	if (satisfied(d->policy, held))
		return 0;
	return err_set(&d->e, E_ROLE_MISSING, "%s",
	    token == NULL ? "roles come from the token, and there was none" :
			    "the token does not grant the roles asked for");
}

/* Of what is asked for, what both must say is asked where the token says. */
static void
choose(const struct config_policy *p, enum config_roles_from from,
    const struct gate_outcome *token, bool *wanted)
{
	const char *name;
	size_t i, j;

	for (i = 0; i < p->role_count; i++) {
		name = p->roles[i].name;
		for (j = 0; j < p->require_roles.count; j++) {
			if (strcmp(name, p->require_roles.items[j]) == 0)
				wanted[i] = true;
		}
		if (from == CONFIG_ROLES_BOTH && wanted[i])
			wanted[i] = token != NULL &&
			    holds(token->token_roles, name);
	}
}

/* In one piece or not at all, as the token's. */
static void
add_held(const struct config_policy *p, const bool *held, struct str *s)
{
	size_t i;

	for (i = 0; i < p->role_count; i++) {
		if (!held[i] || !is_word(p->roles[i].name))
			continue;
		if (s->len == 0)
			str_add(s, p->roles[i].name);
		else
			str_addf(s, " %s", p->roles[i].name);
	}
}

static void
explain_each(struct gate_decision *d, const bool *wanted, const bool *held)
{
	size_t i;

	for (i = 0; i < d->policy->role_count; i++) {
		if (wanted[i])
			gate_explain_role(d, &d->policy->roles[i], held[i]);
	}
}

static int
check_directory(struct gate_decision *d, enum config_roles_from from,
    const struct gate_asking *asked, struct str *s)
{
	const struct config_policy *p = d->policy;
	struct gate_asking a = *asked;
	bool *flags = mem_array(2 * p->role_count, sizeof(*flags));
	bool *held = flags == NULL ? NULL : flags + p->role_count;
	int r;

	if (flags == NULL)
		return err_set(&d->e, E_NOMEM, "out of memory");
	choose(p, from, a.token, flags);
	a.wanted = flags;
	a.enough = p->require == CONFIG_REQUIRE_ANY ? ROLES_ANY : ROLES_ALL;
	r = gate_ask_directory(d, &a, held);
	if (r == 0) {
		EXPLAIN(d, explain_each(d, flags, held));
		add_held(p, held, s);
		if (!satisfied(p, s->data))
			r = err_set(&d->e, E_ROLE_MISSING,
			    "the directory does not grant the roles asked "
			    "for");
	}
	free(flags);
	return r;
}

static int
require_roles(struct gate_decision *d, const char *user, struct str *s)
{
	const struct config_policy *p = d->policy;
	const struct gate_asking a = { .user = user,
		.token = token_outcome(d, user) };
	enum config_roles_from from = roles_from(p, a.token);
	int r;

	if (a.token != NULL && from == CONFIG_ROLES_TOKEN)
		str_add(s, a.token->token_roles);
	if (p->require == CONFIG_REQUIRE_TOKEN_ONLY)
		return 0;
	if (p->require != CONFIG_REQUIRE_ANY &&
	    p->require != CONFIG_REQUIRE_ALL)
		return err_set(
		    &d->e, E_ROLE_MISSING, "nobody may enter this service");
	if (from != CONFIG_ROLES_DIRECTORY) {
		r = check_token_roles(d, a.token);
		if (r != 0 || from == CONFIG_ROLES_TOKEN)
			return r;
	}
	return check_directory(d, from, &a, s);
}

int
gate_check_roles(struct gate_decision *d, const char *user)
{
	char held[GATE_ROLES_TEXT_MAX];
	struct str s;
	int r;

	str_init(&s, held, sizeof(held));
	r = require_roles(d, user, &s);
	EXPLAIN(d, gate_explain_roles(d, held, r));
	if (r != 0)
		return r;
	str_init(&s, d->out->roles, sizeof(d->out->roles));
	str_add(&s, held);
	return 0;
}

static int
check_entry(struct gate_decision *d, const char *user)
{
	const struct gate_request *q = d->request;

	if (q->service == NULL || d->policy->allow_root)
		return 0;
	if (strcmp(user, "root") == 0 || (q->has_uid && q->uid == 0))
		return err_set(&d->e, E_USER_INVALID,
		    "root enters this service only with allow_root");
	if (q->has_uid && (int64_t)q->uid < d->policy->minimum_uid)
		return err_set(&d->e, E_USER_INVALID,
		    "uid %lu is below minimum_uid", (unsigned long)q->uid);
	return 0;
}

int
gate_check_entry(struct gate_decision *d, const char *user)
{
	int r = check_entry(d, user);

	EXPLAIN(d, gate_explain_entry(d, r));
	return r;
}
