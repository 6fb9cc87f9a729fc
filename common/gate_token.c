/*
 * Does the token prove who this is? From the cheapest question to the
 * dearest: its form, its signature, and only then what it claims.
 */

#include "gate_decision.h"

#include <string.h>

#include "config.h"
#include "gate_explain.h"
#include "str.h"

static void
show_escaped(char *dst, size_t cap, const struct jscan_value *v)
{
	char text[1024];
	size_t n;

	if (jscan_string(v, text, sizeof(text), &n) == 0)
		str_printable(dst, cap, text, n);
	else
		str_printable(dst, cap, v->text, v->len);
}

static void
show_claim(char *dst, size_t cap, const struct jscan_value *v)
{
	if (v->type != JSCAN_STRING)
		return;
	if (v->escaped)
		show_escaped(dst, cap, v);
	else
		str_printable(dst, cap, v->text, v->len);
}

/* For the log, from here on also of a token that is refused. */
static void
note_signer(struct gate_decision *d)
{
	const struct config_issuer *issuer = d->issuer;
	const char *name = issuer->issuer;

	if (name == NULL)
		name = issuer->where != NULL ? issuer->where : "";
	str_printable(
	    d->out->issuer, sizeof(d->out->issuer), name, strlen(name));
	show_claim(d->out->jti, sizeof(d->out->jti), &d->claims.jti);
}

static int
mismatch(struct gate_decision *d, const char *user)
{
	char shown[128];

	str_printable(shown, sizeof(shown), user, strlen(user));
	return err_set(
	    &d->e, E_USER_MISMATCH, "the token speaks for %s", shown);
}

/* Equal byte for byte: folding case here would join two Unix users. */
static int
check_user(struct gate_decision *d)
{
	const char *asked = d->request->user;
	char user[CLAIMS_USER_MAX + 1] __attribute__((uninitialized));
	int r;

	r = claims_user(&d->claims, d->issuer, user, &d->e);
	if (r != 0) {
		EXPLAIN(d, gate_explain_user(d, NULL, r));
		return r;
	}
	if (asked != NULL && strcmp(asked, user) != 0)
		r = mismatch(d, user);
	EXPLAIN(d, gate_explain_user(d, user, r));
	if (r != 0)
		return r;
	memcpy(d->out->user, user, strlen(user) + 1);
	return gate_check_entry(d, user);
}

/* What a token that is taken lets its user have. */
static void
grant(struct gate_decision *d)
{
	d->out->expires = d->times.expires;
	d->out->auth_time = d->times.auth_time;
	gate_token_roles(d);
	gate_token_claims(d);
}

static int
check_claims(struct gate_decision *d)
{
	const struct claims_when when = { d->now, d->policy->max_age };
	int r;

	note_signer(d);
	r = gate_throttle_token(d);
	EXPLAIN(d, gate_explain_token_use(d, r));
	if (r != 0)
		return r;
	r = claims_check(
	    &d->claims, &d->jws, d->issuer, &when, &d->times, &d->e);
	EXPLAIN(d, gate_explain_claims(d, r));
	if (r == 0)
		r = check_user(d);
	if (r != 0)
		return r;
	r = gate_check_standing(d);
	EXPLAIN(d, gate_explain_standing(d, r));
	return r;
}

int
gate_check_token(struct gate_decision *d)
{
	const struct gate_request *q = d->request;
	int r;

	if (q->token == NULL || q->token_len == 0) {
		EXPLAIN(d, gate_explain_form(d, E_TOKEN_MISSING));
		return err_set(&d->e, E_TOKEN_MISSING, "no token was given");
	}
	r = gate_throttle_attempt(d);
	EXPLAIN(d, gate_explain_throttle(d, r));
	if (r != 0)
		return r;
	r = gate_open_token(d);
	if (r != 0)
		return r;
	if (d->inner != NULL)
		r = jws_parse_again(d->headers, (const char *)d->inner,
		    d->inner_len, &d->jws, &d->e);
	else
		r = jws_parse_again(
		    d->headers, q->token, q->token_len, &d->jws, &d->e);
	EXPLAIN(d, gate_explain_form(d, r));
	if (r != 0)
		return r;
	if (d->jws.has_kid)
		str_printable(d->out->kid, sizeof(d->out->kid), d->jws.kid,
		    strlen(d->jws.kid));
	r = gate_find_signer(d);
	if (r != 0)
		return r;
	jws_headers_add(d->headers, &d->jws);
	r = check_claims(d);
	if (r == 0)
		grant(d);
	return r;
}
