/*
 * The part of the gate that SASL hosts ask before there is a token. A
 * mechanism that could only refuse is not offered, so that clients take
 * another one instead of failing.
 */

#include "gate_sasl.h"

#include <string.h>

#include "directory.h"
#include "err.h"
#include "gate.h"
#include "gate_state.h"
#include "keyring.h"
#include "revocation.h"
#include "source.h"
#include "str.h"

/* The sentence is the first issuer's, whose keys are most likely meant. */
static int
any_keys(
    struct keyring *keys, const struct config_policy *policy, struct err *e)
{
	const struct jwk_set *set;
	size_t i;
	int r;

	for (i = 0; i < policy->issuer_count; i++) {
		r = keyring_get(keys, &policy->issuers[i], &set, e);
		if (r == 0)
			return 0;
	}
	return err_set(e, E_KEYS_UNAVAILABLE, "there is no issuer");
}

static void
copy_text(char text[CONFIG_HINT_MAX + 1], const char *from)
{
	struct str s;

	str_init(&s, text, CONFIG_HINT_MAX + 1);
	if (from != NULL)
		str_add(&s, from);
}

/* What is asked of a token must be in it: the first that asks is told. */
static void
copy_scope(char text[CONFIG_HINT_MAX + 1], const struct config_policy *policy)
{
	const struct config_list *scopes = NULL;
	struct str s;
	size_t i;

	copy_text(text, policy->sasl.scope);
	for (i = 0; i < policy->issuer_count && scopes == NULL; i++) {
		if (policy->issuers[i].scopes.count > 0)
			scopes = &policy->issuers[i].scopes;
	}
	if (policy->sasl.scope != NULL || scopes == NULL)
		return;
	str_init(&s, text, CONFIG_HINT_MAX + 1);
	for (i = 0; i < scopes->count; i++)
		str_addf(&s, "%s%s", i > 0 ? " " : "", scopes->items[i]);
	if (s.full)
		text[0] = '\0';
}

int
gate_sasl(struct gate *g, const char *service, int64_t now,
    struct gate_sasl *out, struct err *e)
{
	struct gate_state *state = gate_state_take(g, now);
	const struct config_policy *policy;
	int r;

	policy = config_policy(gate_state_config(state), service);
	if (policy == NULL)
		r = err_set(e, E_CONFIG_INVALID,
		    "the configuration names no part for the service");
	else
		r = any_keys(state->keys, policy, e);
	if (r == 0) {
		out->authzid = policy->sasl.authzid;
		copy_text(out->openid_configuration,
		    policy->sasl.openid_configuration);
		copy_scope(out->scope, policy);
	}
	gate_state_put(g, state);
	return r;
}

/* slapd is never asked by itself: it knows the groups of its users. */
static bool
asks_directory(const struct config_policy *policy)
{
	return policy->directory.configured && policy->service != NULL &&
	    strcmp(policy->service, "ldap") != 0 &&
	    policy->roles_from != CONFIG_ROLES_TOKEN &&
	    (policy->require == CONFIG_REQUIRE_ANY ||
		policy->require == CONFIG_REQUIRE_ALL);
}

static void
load_policy(const struct gate_state *state, const struct config_policy *policy,
    int64_t now)
{
	struct source *revocations;
	const struct jwk_enc_set *enc_set;
	const struct jwk_set *set;
	size_t i;

	for (i = 0; i < policy->issuer_count; i++) {
		(void)keyring_get(state->keys, &policy->issuers[i], &set, NULL);
		if (policy->issuers[i].encryption != NULL)
			(void)keyring_get_enc(
			    state->keys, &policy->issuers[i], &enc_set, NULL);
	}
	if (asks_directory(policy))
		(void)directory_preload(NULL);
	if (policy->revocation_file == NULL)
		return;
	revocations = shelf_get(state->revocations, policy);
	if (revocations != NULL)
		(void)source_age(revocations, now);
}

void
gate_preload(struct gate *g, int64_t now)
{
	struct gate_state *state = gate_state_take(g, now);
	const struct config *config = gate_state_config(state);
	const struct config_list *names = config_services(config);
	const struct config_policy *policy;
	size_t i;

	load_policy(state, config_policy(config, NULL), now);
	for (i = 0; i < names->count; i++)
		load_policy(state, config_policy(config, names->items[i]), now);
	policy = names->count == 0 ? config_policy(config, "*") : NULL;
	if (policy != NULL)
		load_policy(state, policy, now);
	gate_state_put(g, state);
}
