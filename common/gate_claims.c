/*
 * What roles ask of a token by {claim:name} is taken from it while it is
 * there: the roles themselves may be asked for in a later phase. A claim is
 * a text, a number, true or false; of anything else, and of what is too long,
 * there is no value, and then the role that asks for it is not held.
 */

#include "gate_decision.h"

#include <string.h>

#include "config.h"

static bool
take_value(const struct jscan_value *v, char value[QUERY_CLAIM_VALUE_MAX])
{
	size_t n;

	switch (v->type) {
	case JSCAN_STRING:
		return jscan_string(v, value, QUERY_CLAIM_VALUE_MAX, &n) == 0;
	case JSCAN_NUMBER:
	case JSCAN_TRUE:
	case JSCAN_FALSE:
		if (v->len >= QUERY_CLAIM_VALUE_MAX)
			return false;
		memcpy(value, v->text, v->len);
		value[v->len] = '\0';
		return true;
	case JSCAN_NONE:
	case JSCAN_NULL:
	case JSCAN_ARRAY:
	case JSCAN_OBJECT:
		break;
	}
	return false;
}

static bool
is_there(const struct gate_outcome *out, const char *name)
{
	size_t i;

	for (i = 0; i < out->claim_count; i++) {
		if (strcmp(out->claims[i].name, name) == 0)
			return true;
	}
	return false;
}

static void
take_claims(struct gate_decision *d, const char *text)
{
	struct gate_outcome *out = d->out;
	struct query_claim *claim;
	struct jscan_value v;
	const char *name;
	size_t i, n;

	for (i = 0; text != NULL && out->claim_count < QUERY_CLAIMS_MAX; i++) {
		name = query_claim_name(text, i, &n);
		if (name == NULL)
			return;
		claim = &out->claims[out->claim_count];
		memcpy(claim->name, name, n);
		claim->name[n] = '\0';
		if (!is_there(out, claim->name) &&
		    claims_find(&d->claims, claim->name, &v) &&
		    take_value(&v, claim->value))
			out->claim_count++;
	}
}

void
gate_token_claims(struct gate_decision *d)
{
	const struct config_policy *p = d->policy;
	size_t i;

	take_claims(d, p->directory.user_filter);
	for (i = 0; i < p->role_count; i++) {
		if ((p->roles[i].query.uses & QUERY_CLAIM) == 0)
			continue;
		take_claims(d, p->roles[i].query.text);
		take_claims(d, p->roles[i].query.base);
	}
}
