/*
 * Is the token still good for what it once was good for? It may have been
 * revoked, used before, or be bound to a key. What was asked for and cannot
 * be answered refuses: a revocation list that cannot be read, a use nobody
 * counts, a key nobody has seen.
 */

#include "gate_decision.h"

#include <string.h>

#include "config.h"
#include "keyring.h"
#include "revocation.h"
#include "source.h"

static const char *
issuer_name(const struct config_issuer *issuer)
{
	if (issuer->issuer != NULL)
		return issuer->issuer;
	return issuer->where != NULL ? issuer->where : "";
}

/*
 * When the user authenticated. Our own tokens are made right after that; of
 * others' tokens iat says it only where the configuration says so, which
 * claims_check() has seen to.
 */
static int64_t
since(const struct gate_decision *d)
{
	int64_t whole;
	bool more;

	if (d->times.auth_time >= 0 || !d->issuer->own ||
	    jscan_seconds(&d->claims.iat, &whole, &more) != 0)
		return d->times.auth_time;
	return whole;
}

/* A claim that no entry could name must not be one that was revoked. */
static int
check_claim(struct gate_decision *d, const struct revocation *list,
    const struct jscan_value *v, struct revocation_query *q)
{
	char text[REVOCATION_TEXT_MAX + 1];
	size_t n;
	int r;

	if (v->type == JSCAN_NONE)
		return 0;
	if (v->type != JSCAN_STRING)
		return err_set(&d->e, E_TOKEN_MALFORMED,
		    "%s is no string, so it cannot be looked up as revoked",
		    q->by == REVOCATION_SUBJECT ? "sub" :
						  revocation_word(q->by));
	r = jscan_string(v, text, sizeof(text), &n);
	if (r != 0)
		return 0; /* longer than any entry */
	q->text = text;
	return revocation_check(list, q, &d->e);
}

static int
check_text(struct gate_decision *d, const struct revocation *list,
    const char *text, struct revocation_query *q)
{
	if (text == NULL)
		return 0;
	q->text = text;
	return revocation_check(list, q, &d->e);
}

/* The key that signed counts, whether or not the token gives its name. */
static int
check_revoked(struct gate_decision *d, const struct revocation *list)
{
	struct revocation_query q = {
		.by = REVOCATION_KID,
		.issuer = issuer_name(d->issuer),
		.since = since(d),
	};
	int r;

	r = check_text(d, list, d->key->kid, &q);
	if (r == 0 && d->jws.has_kid)
		r = check_text(d, list, d->jws.kid, &q);
	q.by = REVOCATION_JTI;
	if (r == 0)
		r = check_claim(d, list, &d->claims.jti, &q);
	q.by = REVOCATION_SID;
	if (r == 0)
		r = check_claim(d, list, &d->claims.sid, &q);
	q.by = REVOCATION_SUBJECT;
	if (r == 0)
		r = check_claim(d, list, &d->claims.sub, &q);
	q.by = REVOCATION_USER;
	if (r == 0)
		r = check_text(d, list, d->out->user, &q);
	return r;
}

static int
check_revocations(struct gate_decision *d)
{
	struct source *source;
	const void *list;
	int r;

	if (d->policy->revocation_file == NULL)
		return 0;
	source = shelf_get(d->revocations, d->policy);
	if (source == NULL)
		return err_set(&d->e, E_KEYS_UNAVAILABLE, "out of memory");
	r = source_get(source, &list, &d->e);
	if (r == 0 && source_age(source, d->now) > d->policy->stale_after)
		return err_set(&d->e, E_KEYS_UNAVAILABLE,
		    "revocations: the list could not be read anew for longer "
		    "than stale_after");
	return r == 0 ? check_revoked(d, list) : r;
}

int
gate_check_standing(struct gate_decision *d)
{
	const struct config_policy *p = d->policy;
	int r;

	r = check_revocations(d);
	if (r != 0)
		return r;
	if (p->one_time)
		return err_set(
		    &d->e, E_TOKEN_REPLAYED, "one-time use cannot be proven");
	if (d->claims.cnf.type != JSCAN_NONE)
		return err_set(&d->e, E_POSSESSION_MISSING,
		    "the token is bound to a key that was not shown");
	if (p->possession != CONFIG_POSSESSION_IF_BOUND)
		return err_set(&d->e, E_POSSESSION_MISSING,
		    "the service takes only tokens bound to a key");
	return 0;
}
