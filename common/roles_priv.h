/*
 * roles_priv: what the parts of roles share. Only roles*.c include this.
 */

#ifndef JWTGATE_ROLES_PRIV_H
#define JWTGATE_ROLES_PRIV_H

#include <stdbool.h>
#include <stddef.h>

#include "roles.h"

struct directory_values;

/* One question while it is being answered. */
struct roles_find {
	const struct roles_source *source;
	const struct roles_question *q;
	const char *user_dn; /* borrowed; NULL until it is found */
	bool *known; /* one for each role of the policy, as held */
	bool *held;
	struct err *e;
};

/*
 * The user's entry with memberOf first among its values; *out is owned, NULL
 * where there is none.
 */
int roles_search_user(const struct roles_source *source,
    const struct roles_question *q, struct directory_result **out,
    struct err *e);

/* Settles the roles that are groups. member_of: of the user's entry. */
int roles_walk(struct roles_find *f, const struct directory_values *member_of);

/* Settles the roles that are filters. */
int roles_ask_filters(struct roles_find *f);

struct roles_groups {
	const char *const *names;
	size_t count;
};

/* Whether what is known by now is enough. Both: one for each role. */
bool roles_settled(
    const struct roles_question *q, const bool *known, const bool *held);

/* What fills placeholders; dn: of the user's entry, NULL: not known. */
struct query_values roles_values(
    const struct roles_question *q, const char *dn);

/*
 * The canonical name of a group role; *out is owned, or NULL when a value is
 * missing. Returns 0 or E_NOMEM.
 */
int roles_group_name(
    const struct query *query, const struct query_values *values, char **out);

#endif
