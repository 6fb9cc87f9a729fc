/*
 * What the gate asks of a directory, or of a host that knows the groups of
 * its users by itself and must not be kept waiting for its own answer.
 */

#include "gate_decision.h"

#include "config.h"

int
gate_ask_directory(
    struct gate_decision *d, const struct gate_asking *a, bool *held_out)
{
	const struct gate_request *request = d->request;
	const struct roles_question q = {
		.policy = d->policy,
		.wanted = a->wanted,
		.enough = a->enough,
		.user = a->user,
		.service = request->service,
		.rhost = request->address,
		.claims = a->token != NULL ? a->token->claims : NULL,
		.claim_count = a->token != NULL ? a->token->claim_count : 0,
	};

	if (request->groups_from_host)
		return roles_of_groups(
		    &q, request->groups, request->group_count, held_out, &d->e);
	return err_set(&d->e, E_DIRECTORY_UNAVAILABLE,
	    "roles from the directory cannot be asked for");
}
