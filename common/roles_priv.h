/*
 * roles_priv: what the parts of roles share. Only roles*.c include this.
 */

#ifndef JWTGATE_ROLES_PRIV_H
#define JWTGATE_ROLES_PRIV_H

#include <stdbool.h>
#include <stddef.h>

#include "roles.h"

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
