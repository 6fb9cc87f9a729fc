/*
 * roles: which roles of authorize a user holds.
 *
 * A role is a group by its name, a group by its entryUUID, a search filter or
 * an LDAP URL (room query). All of a service are found in as few searches as
 * possible: the user's entry, with memberOf, answers for groups; where that
 * does not settle it, one search for the groups of the user, one more per
 * level of nesting or one in all where the server follows chains, and one for
 * each filter. Groups are matched by name as a whole (room dn), never by a
 * part of one.
 */

#ifndef JWTGATE_ROLES_H
#define JWTGATE_ROLES_H

#include <stdbool.h>
#include <stddef.h>

#include "query.h"

struct config_policy;
struct directory_query;
struct directory_result;
struct err;

#define ROLES_DEPTH_MAX 10 /* levels of groups within groups */
#define ROLES_NODES_MAX 1024 /* groups looked at for one user */

/* When the search may end. */
enum roles_enough {
	ROLES_EVERY = 0, /* when all is known of each that is wanted */
	ROLES_ANY, /* groups within groups: not when one is held */
	ROLES_ALL /* with the first that is not held */
};

/* Texts are borrowed and may hold anything; NULL where there is none. */
struct roles_question {
	const struct config_policy *policy;
	const bool *wanted; /* one for each role of the policy */
	enum roles_enough enough;
	const char *user;
	const char *service;
	const char *rhost;
	const struct query_claim *claims; /* of this user's token */
	size_t claim_count;
};

/* Who is asked: a directory, or what stands in for one. Returns as
 * directory_search() and directory_in_chain() do. */
struct roles_source {
	int (*search)(void *arg, const struct directory_query *q,
	    struct directory_result **out, struct err *e);
	int (*in_chain)(void *arg, bool *out, struct err *e);
	void *arg;
};

/*
 * Finds out. held_out: one for each role of the policy; those not wanted are
 * false, and so are those not needed any more. Returns 0, also when there is
 * no entry for the user, who then holds none; E_NOMEM; or
 * E_DIRECTORY_UNAVAILABLE when it cannot be known, also for two entries, an
 * answer that was cut off, and more groups than ROLES_NODES_MAX.
 */
int roles_find(const struct roles_source *source,
    const struct roles_question *q, bool *held_out, struct err *e);

/*
 * The name of the user's entry, owned; NULL when there is none. wanted is not
 * looked at. Returns as roles_find() does.
 */
int roles_find_user(const struct roles_source *source,
    const struct roles_question *q, char **dn_out, struct err *e);

/*
 * The same as roles_find(), from the names of all groups of the user, which a
 * host knows.
 * Roles that need more than a group's name are E_DIRECTORY_UNAVAILABLE,
 * unless what the groups say is enough.
 */
int roles_of_groups(const struct roles_question *q, const char *const *groups,
    size_t count, bool *held_out, struct err *e);

#endif
