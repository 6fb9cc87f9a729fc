/*
 * The same questions that a decision asks, without a decision: nothing ends
 * early, and nothing is refused but what cannot be asked.
 */

#include "gate_lookup.h"

#include <stdlib.h>
#include <string.h>

#include "claims.h"
#include "config.h"
#include "gate_directory.h"
#include "gate_explain.h"
#include "gate_state.h"
#include "mem.h"

/* A name that no token could carry is a mistake, and maybe worse. */
int
gate_check_name(const struct config_policy *p, const char *user, struct err *e)
{
	bool fits = claims_user_form(user, NULL);
	size_t i;

	for (i = 0; i < p->issuer_count && !fits; i++)
		fits = claims_user_form(user, &p->issuers[i]);
	return fits ? 0 : err_set(e, E_USER_INVALID, "this is no user name");
}

static void
choose(const struct config_policy *p, bool *wanted)
{
	size_t i, j;

	for (i = 0; i < p->role_count; i++) {
		wanted[i] = p->require_roles.count == 0;
		for (j = 0; j < p->require_roles.count; j++) {
			if (strcmp(p->roles[i].name,
				p->require_roles.items[j]) == 0)
				wanted[i] = true;
		}
	}
}

static int
look(struct gate_decision *d, const struct gate_roles_ear *ear)
{
	const struct config_policy *p = d->policy;
	bool *wanted = mem_array(2 * p->role_count, sizeof(*wanted));
	bool *held = wanted == NULL ? NULL : wanted + p->role_count;
	const struct gate_asking a = { .user = d->request->user,
		.wanted = wanted,
		.enough = ROLES_EVERY };
	size_t i;
	int r;

	if (wanted == NULL)
		return err_set(&d->e, E_NOMEM, "out of memory");
	choose(p, wanted);
	r = gate_ask_directory(d, &a, held);
	for (i = 0; r == 0 && i < p->role_count; i++) {
		if (wanted[i])
			EXPLAIN(d, gate_explain_role(d, &p->roles[i], held[i]));
		if (held[i])
			ear->hear(p->roles[i].name, ear->arg);
	}
	free(wanted);
	return r;
}

int
gate_lookup_roles(struct gate *g, const struct gate_request *request,
    int64_t now, const struct gate_roles_ear *ear, struct err *e)
{
	struct gate_state *state = gate_state_take(g, now);
	struct gate_decision *d = mem_alloc(sizeof(*d));
	int r = E_NOMEM;

	if (d != NULL) {
		d->request = request;
		d->policy = config_policy(
		    gate_state_config(state), request->service);
		d->directories = state->directories;
		d->answers = state->answers;
		d->now = now;
		r = d->policy == NULL ?
		    err_set(&d->e, E_CONFIG_INVALID,
			"the configuration names no part for the service") :
		    gate_check_name(d->policy, request->user, &d->e);
		if (r == 0)
			r = look(d, ear);
		if (r != 0)
			err_set(e, r, "%s", err_text(&d->e, r));
		mem_free(&d, sizeof(*d));
	}
	gate_state_put(g, state);
	return r;
}
