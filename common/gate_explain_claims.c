/*
 * The claims of a token beside what is asked of them. claims_check() asks in
 * a fixed order and each question has reasons of its own, so the reason
 * alone tells what passed, what failed, and what was not looked at.
 */

#include "gate_explain.h"

#include <string.h>

#include "config.h"
#include "str.h"

#define SHOWN_MAX 384

struct row {
	const char *name;
	int reasons[2];
	const char *key; /* of the issuer, or of the service */
	bool of_service;
	bool (*asked)(const struct gate_decision *d);
	void (*seen)(const struct gate_decision *d, struct str *s);
	void (*expected)(const struct gate_decision *d, struct str *s);
};

/* As it stands in the token, quotes and all. */
static void
add_value(struct str *s, const struct jscan_value *v)
{
	size_t quote = v->type == JSCAN_STRING ? 1 : 0;
	char shown[128];

	if (v->type == JSCAN_NONE) {
		str_add(s, "nothing");
		return;
	}
	str_add(s,
	    str_printable(
		shown, sizeof(shown), v->text - quote, v->len + 2 * quote));
}

static void
add_list(struct str *s, const char *before, const struct config_list *list)
{
	char shown[128];
	size_t i;

	str_add(s, before);
	for (i = 0; i < list->count; i++)
		str_addf(s, "%s%s", i > 0 ? ", " : " ",
		    str_printable(shown, sizeof(shown), list->items[i],
			strlen(list->items[i])));
}

static bool
audience_asked(const struct gate_decision *d)
{
	return !d->issuer->own || d->issuer->audience.count > 0;
}

static void
audience_seen(const struct gate_decision *d, struct str *s)
{
	add_value(s, &d->claims.aud);
}

static void
audience_expected(const struct gate_decision *d, struct str *s)
{
	add_list(s, "one of", &d->issuer->audience);
}

static bool
party_asked(const struct gate_decision *d)
{
	return d->issuer->authorized_parties.count > 0;
}

static void
party_seen(const struct gate_decision *d, struct str *s)
{
	const struct claims *c = &d->claims;

	add_value(s, c->azp.type != JSCAN_NONE ? &c->azp : &c->client_id);
}

static void
party_expected(const struct gate_decision *d, struct str *s)
{
	add_list(s, "one of", &d->issuer->authorized_parties);
}

static bool
always(const struct gate_decision *d)
{
	(void)d;
	return true;
}

static void
type_seen(const struct gate_decision *d, struct str *s)
{
	char shown[2 * JWS_TYP_MAX];

	if (!d->jws.has_typ)
		str_add(s, "no typ, which counts as JWT");
	else
		str_add(s,
		    str_printable(
			shown, sizeof(shown), d->jws.typ, strlen(d->jws.typ)));
}

static void
type_expected(const struct gate_decision *d, struct str *s)
{
	add_list(s, "one of", &d->issuer->types);
}

static void
times_seen(const struct gate_decision *d, struct str *s)
{
	const struct claims *c = &d->claims;

	str_add(s, "exp ");
	add_value(s, &c->exp);
	if (c->nbf.type != JSCAN_NONE) {
		str_add(s, ", nbf ");
		add_value(s, &c->nbf);
	}
	if (c->iat.type != JSCAN_NONE) {
		str_add(s, ", iat ");
		add_value(s, &c->iat);
	}
}

static void
times_expected(const struct gate_decision *d, struct str *s)
{
	str_addf(s, "good at %lld, give or take %lld seconds",
	    (long long)d->now, (long long)d->issuer->clock_skew);
}

static bool
age_asked(const struct gate_decision *d)
{
	return d->policy->max_age >= 0;
}

static void
age_seen(const struct gate_decision *d, struct str *s)
{
	const struct claims *c = &d->claims;

	if (c->auth_time.type == JSCAN_NONE && d->issuer->auth_time_from_iat) {
		str_add(s, "iat ");
		add_value(s, &c->iat);
		return;
	}
	str_add(s, "auth_time ");
	add_value(s, &c->auth_time);
}

static void
age_expected(const struct gate_decision *d, struct str *s)
{
	str_addf(s, "at most %lld seconds before %lld",
	    (long long)d->policy->max_age, (long long)d->now);
}

static void
lifetime_seen(const struct gate_decision *d, struct str *s)
{
	times_seen(d, s);
}

static void
lifetime_expected(const struct gate_decision *d, struct str *s)
{
	str_addf(s, "at most %lld seconds from iat, or else nbf, or now",
	    (long long)d->issuer->max_lifetime);
}

static void
claims_seen(const struct gate_decision *d, struct str *s)
{
	const struct config_issuer *issuer = d->issuer;
	struct jscan_value v;
	char shown[128];
	size_t i;

	str_add(s, "exp ");
	add_value(s, &d->claims.exp);
	for (i = 0; i < issuer->required_claim_count; i++) {
		const char *path = issuer->required_claims[i].path;

		if (!claims_find(&d->claims, path, &v))
			v.type = JSCAN_NONE;
		str_addf(s, ", %s ",
		    str_printable(shown, sizeof(shown), path, strlen(path)));
		add_value(s, &v);
	}
}

static void
claims_expected(const struct gate_decision *d, struct str *s)
{
	const struct config_claim *want = d->issuer->required_claims;
	char path[128], value[128];
	size_t i;

	str_add(s, "exp");
	if (d->policy->max_age >= 0)
		str_add(s, ", auth_time");
	for (i = 0; i < d->issuer->required_claim_count; i++, want++)
		str_addf(s, ", %s %s",
		    str_printable(
			path, sizeof(path), want->path, strlen(want->path)),
		    str_printable(value, sizeof(value), want->value,
			strlen(want->value)));
}

static bool
scopes_asked(const struct gate_decision *d)
{
	return d->issuer->scopes.count > 0;
}

static void
scopes_seen(const struct gate_decision *d, struct str *s)
{
	const struct claims *c = &d->claims;

	add_value(s, c->scope.type != JSCAN_NONE ? &c->scope : &c->scp);
}

static void
scopes_expected(const struct gate_decision *d, struct str *s)
{
	add_list(s, "all of", &d->issuer->scopes);
}

static const struct row rows[] = {
	{ "audience", { E_AUDIENCE_WRONG, 0 }, "audience", false,
	    audience_asked, audience_seen, audience_expected },
	{ "party", { E_PARTY_WRONG, 0 }, "authorized_parties", false,
	    party_asked, party_seen, party_expected },
	{ "type", { E_TYPE_WRONG, 0 }, "types", false, always, type_seen,
	    type_expected },
	{ "times", { E_TOKEN_EXPIRED, E_TOKEN_NOT_YET_VALID }, "clock_skew",
	    false, always, times_seen, times_expected },
	{ "age", { E_TOKEN_TOO_OLD, 0 }, "max_age", true, age_asked, age_seen,
	    age_expected },
	{ "lifetime", { E_LIFETIME_TOO_LONG, 0 }, "max_lifetime", false, always,
	    lifetime_seen, lifetime_expected },
	{ "required claims", { E_CLAIM_MISSING, 0 }, "required_claims", false,
	    always, claims_seen, claims_expected },
	{ "scopes", { E_SCOPE_MISSING, 0 }, "scopes", false, scopes_asked,
	    scopes_seen, scopes_expected },
};

static void
explain_row(struct gate_decision *d, const struct row *row, bool failed)
{
	char seen[SHOWN_MAX], expected[SHOWN_MAX], where[GATE_WHERE_MAX];
	bool asked = row->asked(d);
	struct gate_step step = { .name = row->name, .key = row->key };
	struct str s;

	step.result = !asked ? GATE_SKIPPED :
	    failed           ? GATE_FAILED :
			       GATE_PASSED;
	step.where = row->of_service ? gate_explain_where(d, NULL, where) :
				       d->issuer->where;
	if (asked) {
		str_init(&s, seen, sizeof(seen));
		row->seen(d, &s);
		step.seen = seen;
		str_init(&s, expected, sizeof(expected));
		row->expected(d, &s);
		step.expected = expected;
	}
	gate_explain(d, &step);
}

void
gate_explain_claims(struct gate_decision *d, int r)
{
	const struct row *row;
	bool failed;
	size_t i;

	if (r == E_TOKEN_MALFORMED) { /* before the first question */
		gate_explain(d,
		    &(struct gate_step){
			.name = "times",
			.seen = err_text(&d->e, r),
			.expected = "seconds since 1970, from 0 to 2^53 - 1",
		    });
		return;
	}
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		row = &rows[i];
		failed = r != 0 &&
		    (r == row->reasons[0] || r == row->reasons[1]);
		explain_row(d, row, failed);
		if (failed)
			return;
	}
}
