/*
 * Who signed this? The candidates come from our own configuration: every
 * issuer that allows the token's algorithm, and of its keys those that fit
 * the kid. No claim is looked at before a signature held; then iss must be
 * the name of the issuer whose key it was, so that no issuer can speak in
 * another's name, even where both share a key.
 */

#include "gate_decision.h"

#include <stddef.h>
#include <string.h>

#include "config.h"
#include "gate_explain.h"
#include "keyring.h"
#include "str.h"

/* Written before they are read. */
#define UNCLEARED __attribute__((uninitialized))

/* How far the search came: the furthest step is the reason. */
struct search {
	bool allowed; /* an issuer lists the algorithm */
	bool tried; /* a key fitted, its signature did not hold */
	bool named; /* ... and the token's kid is that key's */
	bool held; /* a signature held, iss is another's */
	bool unavailable; /* some keys could not be asked */
	size_t tries;
	struct err why; /* of unavailable; the last, and not cleared whole */
};

static bool
lists(const struct config_issuer *issuer, enum jwa_alg alg)
{
	size_t i;

	for (i = 0; i < issuer->algorithm_count; i++) {
		if (issuer->algorithms[i] == alg)
			return true;
	}
	return false;
}

/* The own issuer may leave the algorithm to its signing key. */
static bool
is_default(const struct jwk_set *set, enum jwa_alg alg)
{
	size_t i;

	for (i = 0; i < set->count; i++) {
		if (jwk_default_alg(&set->keys[i]) == alg)
			return true;
	}
	return false;
}

/* An issuer that asks for no iss does not take what names another of ours. */
static bool
speaks_for(const struct gate_decision *d, const struct config_issuer *issuer)
{
	const struct config_issuer *other;
	size_t i;

	if (!claims_issued_by(&d->claims, issuer))
		return false;
	for (i = 0; issuer->issuer == NULL && i < d->policy->issuer_count;
	     i++) {
		other = &d->policy->issuers[i];
		if (other->issuer != NULL &&
		    claims_issued_by(&d->claims, other))
			return false;
	}
	return true;
}

static int
read_payload(struct gate_decision *d)
{
	size_t n;
	int r;

	if (d->payload_len > 0)
		return 0;
	r = jws_payload(&d->jws, d->payload, &n, &d->e);
	if (r != 0)
		return r;
	r = claims_scan((const char *)d->payload, n, &d->claims, &d->e);
	if (r == 0)
		d->payload_len = n;
	return r;
}

/* 0 when a key of this set signed the token. */
static int
try_keys(struct gate_decision *d, const struct config_issuer *issuer,
    const struct jwk_set *set, struct search *s)
{
	const struct jwk *keys[JWS_TRIES_MAX] UNCLEARED;
	struct err e UNCLEARED;
	size_t count, i;
	int r;

	r = jws_candidates(&d->jws, set, keys, &count, NULL);
	EXPLAIN(d, gate_explain_keys(d, issuer, set, r != 0 ? "none" : NULL));
	if (r != 0)
		return r;
	for (i = 0; i < count && s->tries < GATE_TRIES_MAX; i++) {
		s->tries++;
		err_clear(&e);
		r = jws_verify(&d->jws, keys[i], &e);
		EXPLAIN(d, gate_explain_signature(d, issuer, keys[i], r == 0));
		if (r == 0) {
			d->key = keys[i];
			return 0;
		}
		if (err_class(r) == ERR_CLASS_UNAVAILABLE) {
			s->unavailable = true;
			err_set(&s->why, r, "%s", err_text(&e, r));
			continue;
		}
		s->tried = true;
		if (d->jws.has_kid && keys[i]->kid != NULL)
			s->named = true;
	}
	return E_SIGNATURE_INVALID;
}

static int
try_issuer(struct gate_decision *d, const struct config_issuer *issuer,
    struct search *s)
{
	const enum jwa_alg alg = d->jws.alg;
	const bool by_key = issuer->own && issuer->algorithm_count == 0;
	const struct jwk_set *set;
	int r;

	if (!gate_opens_for(d, issuer))
		return E_KEY_UNKNOWN;
	if (alg == JWA_NONE || (!by_key && !lists(issuer, alg))) {
		EXPLAIN(d, gate_explain_algorithm(d, issuer, false));
		return E_ALGORITHM_REFUSED;
	}
	r = keyring_get(d->keys, issuer, &set, &s->why);
	if (r != 0) {
		s->allowed = true; /* for all we know */
		s->unavailable = true;
		EXPLAIN(d,
		    gate_explain_keys(d, issuer, NULL, err_text(&s->why, r)));
		return r;
	}
	if (by_key && !is_default(set, alg)) {
		EXPLAIN(d, gate_explain_algorithm(d, issuer, false));
		return E_ALGORITHM_REFUSED;
	}
	s->allowed = true;
	EXPLAIN(d, gate_explain_algorithm(d, issuer, true));
	r = try_keys(d, issuer, set, s);
	if (r != 0)
		return r;
	r = read_payload(d);
	if (r != 0)
		return r;
	if (!speaks_for(d, issuer)) {
		EXPLAIN(d, gate_explain_issuer(d, issuer, false));
		s->held = true;
		return E_ISSUER_UNKNOWN;
	}
	EXPLAIN(d, gate_explain_issuer(d, issuer, true));
	d->issuer = issuer;
	return 0;
}

static int
issuer_unknown(struct gate_decision *d)
{
	const struct jscan_value *iss = &d->claims.iss;
	char shown[128];

	if (iss->type != JSCAN_STRING)
		return err_set(
		    &d->e, E_ISSUER_UNKNOWN, "the token names no issuer");
	str_printable(shown, sizeof(shown), iss->text, iss->len);
	return err_set(&d->e, E_ISSUER_UNKNOWN,
	    "the issuer %s is not the one whose key signed", shown);
}

/*
 * Keys that could not be asked might have been the right ones, so nothing
 * is said about the signature then, unless the key of that very kid was
 * there and did not sign.
 */
static int
not_found(struct gate_decision *d, const struct search *s)
{
	if (!s->allowed)
		return err_set(&d->e, E_ALGORITHM_REFUSED,
		    "no issuer allows %s", jwa_name(d->jws.alg));
	if (s->held)
		return issuer_unknown(d);
	if (s->unavailable && !s->named)
		return err_set(&d->e, E_KEYS_UNAVAILABLE, "%s",
		    err_text(&s->why, E_KEYS_UNAVAILABLE));
	if (s->tried)
		return err_set(
		    &d->e, E_SIGNATURE_INVALID, "the signature does not hold");
	return err_set(
	    &d->e, E_KEY_UNKNOWN, "no configured key fits the token");
}

int
gate_find_signer(struct gate_decision *d)
{
	struct search s UNCLEARED;
	size_t i;
	int r;

	memset(&s, 0, offsetof(struct search, why));
	err_clear(&s.why);
	for (i = 0; i < d->policy->issuer_count; i++) {
		r = try_issuer(d, &d->policy->issuers[i], &s);
		if (r == E_TOKEN_MALFORMED)
			EXPLAIN(d, gate_explain_not_found(d, r));
		if (r == 0 || r == E_TOKEN_MALFORMED)
			return r;
	}
	r = not_found(d, &s);
	EXPLAIN(d, gate_explain_not_found(d, r));
	return r;
}
