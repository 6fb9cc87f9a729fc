/*
 * From the cheapest question to the dearest: the user's entry, the groups,
 * the filters one by one, and groups within groups as long as that is not
 * enough. Every text of a question
 * is the configuration's with escaped values in it.
 */

#include "roles_priv.h"

#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "directory.h"
#include "dn.h"
#include "err.h"
#include "mem.h"

static int
no_memory(struct err *e)
{
	return err_set(e, E_NOMEM, "out of memory");
}

/* Held when there is an entry; a value that is missing is in none. */
static int
ask_filter(const struct roles_find *f, const struct query *role, bool *held)
{
	const struct query_values values = roles_values(f->q, f->user_dn);
	struct directory_query query = { .base = f->q->policy->directory.base,
		.scope = role->scope,
		.entries_max = 1 };
	struct directory_result *found = NULL;
	char *filter = NULL, *base = NULL;
	int ret;

	ret = query_expand(role->text, &values, &filter);
	if (ret == 0 && role->base != NULL)
		ret = query_expand(role->base, &values, &base);
	if (ret != 0)
		ret = no_memory(f->e);
	if (role->base != NULL)
		query.base = base;
	query.filter = filter;
	if (ret == 0 && query.base != NULL && filter != NULL)
		ret = f->source->search(f->source->arg, &query, &found, f->e);
	if (ret == 0 && found != NULL)
		*held = found->count > 0;
	directory_result_free(&found);
	free(filter);
	free(base);
	return ret;
}

/* All of them, unless one that is needed is missing already. */
int
roles_ask_filters(struct roles_find *f)
{
	const struct config_policy *p = f->q->policy;
	int ret = 0;
	size_t i;

	for (i = 0; ret == 0 && i < p->role_count; i++) {
		if (!f->q->wanted[i] || f->known[i] ||
		    p->roles[i].query.kind != QUERY_FILTER)
			continue;
		if (f->q->enough == ROLES_ALL &&
		    roles_settled(f->q, f->known, f->held))
			break;
		ret = ask_filter(f, &p->roles[i].query, &f->held[i]);
		f->known[i] = true;
	}
	return ret;
}

static bool
wants_groups(const struct roles_question *q)
{
	size_t i;

	for (i = 0; i < q->policy->role_count; i++) {
		if (q->wanted[i] &&
		    q->policy->roles[i].query.kind != QUERY_FILTER)
			return true;
	}
	return false;
}

static bool
wants_any(const struct roles_question *q)
{
	size_t i;

	for (i = 0; i < q->policy->role_count; i++) {
		if (q->wanted[i])
			return true;
	}
	return false;
}

static int
find(struct roles_find *f)
{
	bool groups = wants_groups(f->q);
	struct directory_result *user = NULL;
	int ret;

	ret = roles_search_user(f->source, f->q, &user, f->e);
	if (ret != 0 || user == NULL)
		return ret;
	f->user_dn = user->entries[0].dn;
	ret = groups ? roles_walk(f, &user->entries[0].values[0]) :
		       roles_ask_filters(f);
	directory_result_free(&user);
	return ret;
}

int
roles_find(const struct roles_source *source, const struct roles_question *q,
    bool *held_out, struct err *e)
{
	const size_t roles = q->policy->role_count;
	bool *flags = mem_array(2 * roles, sizeof(*flags));
	struct roles_find f = { .source = source,
		.q = q,
		.known = flags,
		.held = flags == NULL ? NULL : flags + roles,
		.e = e };
	int ret = 0;

	if (flags == NULL)
		return no_memory(e);
	if (wants_any(q))
		ret = find(&f);
	if (ret == 0)
		memcpy(held_out, f.held, roles * sizeof(*held_out));
	free(flags);
	return ret == E_NOMEM ? no_memory(e) : ret;
}
