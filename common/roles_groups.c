/*
 * Roles by the names of the user's groups, wherever those come from: one
 * canonical text against another, as wholes.
 */

#include "roles_priv.h"

#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "dn.h"
#include "err.h"
#include "mem.h"

bool
roles_settled(
    const struct roles_question *q, const bool *known, const bool *held)
{
	bool all = true;
	size_t i;

	for (i = 0; i < q->policy->role_count; i++) {
		if (!q->wanted[i])
			continue;
		if (q->enough == ROLES_ANY && held[i])
			return true;
		if (q->enough == ROLES_ALL && known[i] && !held[i])
			return true;
		all = all && known[i];
	}
	return all;
}

int
roles_group_name(
    const struct query *query, const struct query_values *values, char **out)
{
	char *filled = NULL;
	int ret;

	*out = NULL;
	if (query->canonical != NULL) {
		*out = mem_strdup(query->canonical);
		return *out == NULL ? E_NOMEM : 0;
	}
	ret = query_expand(query->text, values, &filled);
	if (ret != 0 || filled == NULL)
		return ret;
	ret = dn_canonical(filled, strlen(filled), out);
	free(filled);
	/* a value too long for a name is in no name */
	return ret == E_NOMEM ? ret : 0;
}

/* 1, 0, or E_NOMEM. What is no name is nobody's group. */
static int
is_among(const char *name, const char *const *groups, size_t count)
{
	char *canonical;
	bool same;
	size_t i;
	int ret;

	for (i = 0; i < count; i++) {
		canonical = NULL;
		ret = groups[i] == NULL ?
		    E_SYNTAX :
		    dn_canonical(groups[i], strlen(groups[i]), &canonical);
		if (ret == E_NOMEM)
			return ret;
		same = ret == 0 && name[0] != '\0' &&
		    strcmp(name, canonical) == 0;
		free(canonical);
		if (same)
			return 1;
	}
	return 0;
}

/* From groups alone: whether that role is held, or that it cannot be said. */
static int
ask(const struct query *query, const struct query_values *values,
    const struct roles_groups *groups, bool *known, bool *held)
{
	char *name = NULL;
	int ret;

	/* {dn}: the host has not told the user's own name */
	if (query->kind != QUERY_GROUP || (query->uses & QUERY_DN) != 0)
		return 0;
	ret = roles_group_name(query, values, &name);
	if (ret != 0)
		return ret;
	if (name != NULL)
		ret = is_among(name, groups->names, groups->count);
	free(name);
	if (ret < 0)
		return ret;
	*known = true;
	*held = ret == 1;
	return 0;
}

int
roles_of_groups(const struct roles_question *q, const char *const *groups,
    size_t count, bool *held_out, struct err *e)
{
	const struct roles_groups all = { groups, count };
	const struct query_values values = roles_values(q, NULL);
	size_t roles = q->policy->role_count, i;
	bool *known = mem_array(2 * roles, sizeof(*known));
	bool *held = known == NULL ? NULL : known + roles;
	int ret = known == NULL ? E_NOMEM : 0;

	for (i = 0; ret == 0 && i < roles; i++) {
		if (q->wanted[i])
			ret = ask(&q->policy->roles[i].query, &values, &all,
			    &known[i], &held[i]);
	}
	if (ret == 0 && !roles_settled(q, known, held))
		ret = err_set(e, E_DIRECTORY_UNAVAILABLE,
		    "a role needs more than the groups that the host knows");
	if (ret == 0)
		memcpy(held_out, held, roles * sizeof(*held));
	free(known);
	return ret == E_NOMEM ? err_set(e, ret, "out of memory") : ret;
}

struct query_values
roles_values(const struct roles_question *q, const char *dn)
{
	return (struct query_values){
		.user = q->user,
		.dn = dn,
		.service = q->service,
		.rhost = q->rhost,
		.claims = q->claims,
		.claim_count = q->claim_count,
	};
}
