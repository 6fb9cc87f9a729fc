/*
 * A policy is a list of questions, asked in the order of DESIGN §4, so that
 * a token that is wrong in several ways always gets the same reason. Each
 * question is one function and answers 0 or its own reason.
 *
 * Every time in a token lies within 0..2^53-1 (jscan_seconds), every skew
 * within 0..300, and now is bounded before it is used, so that
 * none of the sums below can overflow.
 */

#include "claims.h"

#include <string.h>

#include "config.h"
#include "err.h"
#include "jws.h"
#include "str.h"

#define TIME_LIMIT ((int64_t)1 << 53)
#define TEXT_MAX 2048 /* of a decoded scope or required claim */

struct moment {
	bool known;
	int64_t floor;
	int64_t ceil;
};

/* One question's view of the token and of who asks. */
struct check {
	const struct claims *c;
	const struct jws *jws;
	const struct config_issuer *issuer;
	struct claims_when when;
	struct moment exp, nbf, iat, auth_time;
	struct err *e;
};

static bool
listed(const struct jscan_value *v, const struct config_list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++) {
		if (jscan_equal(v, list->items[i], strlen(list->items[i])))
			return true;
	}
	return false;
}

/*
 * RFC 7519 §4.1.3: a string or an array of strings. An array with anything
 * else in it is refused whole: readers disagree about such a token.
 */
static int
check_audience(const struct check *k)
{
	struct jscan_cursor at = { NULL };
	struct jscan_value v;
	bool found = false;

	if (k->issuer->audience.count == 0 && k->issuer->own)
		return 0;
	if (k->c->aud.type != JSCAN_ARRAY) {
		found = listed(&k->c->aud, &k->issuer->audience);
	} else {
		while (jscan_next(&k->c->aud, &at, NULL, &v)) {
			if (v.type != JSCAN_STRING)
				return err_set(k->e, E_AUDIENCE_WRONG,
				    "aud holds something else than strings");
			if (listed(&v, &k->issuer->audience))
				found = true;
		}
	}
	if (found)
		return 0;
	return err_set(k->e, E_AUDIENCE_WRONG, "%s",
	    k->c->aud.type == JSCAN_NONE ?
		"the token names no audience" :
		"the token is meant for another audience");
}

static int
check_party(const struct check *k)
{
	const struct jscan_value *party = &k->c->azp;

	if (k->issuer->authorized_parties.count == 0)
		return 0;
	if (party->type == JSCAN_NONE)
		party = &k->c->client_id;
	if (listed(party, &k->issuer->authorized_parties))
		return 0;
	return err_set(k->e, E_PARTY_WRONG, "%s",
	    party->type == JSCAN_NONE ?
		"the token does not say which client it was issued to" :
		"the token was issued to another client");
}

/* RFC 7515 §4.1.9: the prefix may be left out, case says nothing. */
static const char *
media_type(const char *typ)
{
	static const char prefix[] = "application/";
	size_t n = sizeof(prefix) - 1;

	if (strlen(typ) >= n && claims_same(typ, prefix, n))
		return typ + n;
	return typ;
}

static bool
same_type(const char *a, const char *b)
{
	size_t n;

	a = media_type(a);
	b = media_type(b);
	n = strlen(a);
	return strlen(b) == n && claims_same(a, b, n);
}

static int
check_type(const struct check *k)
{
	const struct config_list *types = &k->issuer->types;
	const char *typ = k->jws->has_typ ? k->jws->typ : "JWT";
	size_t i;

	for (i = 0; i < types->count; i++) {
		if (same_type(typ, types->items[i]))
			return 0;
	}
	return err_set(k->e, E_TYPE_WRONG, "the token is of another type");
}

static int
check_expired(const struct check *k)
{
	if (!k->exp.known)
		return 0; /* check_present refuses it */
	if (k->when.now >= k->exp.floor + k->issuer->clock_skew)
		return err_set(k->e, E_TOKEN_EXPIRED,
		    "the token expired %lld seconds ago",
		    (long long)(k->when.now - k->exp.floor));
	return 0;
}

static int
check_started(const struct check *k)
{
	int64_t latest = k->when.now + k->issuer->clock_skew;

	if (k->nbf.known && latest < k->nbf.ceil)
		return err_set(k->e, E_TOKEN_NOT_YET_VALID,
		    "the token is valid only in %lld seconds",
		    (long long)(k->nbf.ceil - k->when.now));
	if (k->iat.known && latest < k->iat.floor)
		return err_set(k->e, E_TOKEN_NOT_YET_VALID,
		    "the token was issued in the future");
	if (k->auth_time.known && latest < k->auth_time.floor)
		return err_set(k->e, E_TOKEN_NOT_YET_VALID,
		    "its user authenticated in the future");
	return 0;
}

/*
 * Without clock skew such a token is good at no second at all; it must not
 * become good because of the skew.
 */
static int
check_window(const struct check *k)
{
	if (!k->exp.known)
		return 0; /* check_present refuses it */
	if ((k->nbf.known && k->exp.floor <= k->nbf.ceil) ||
	    (k->iat.known && k->exp.floor <= k->iat.floor))
		return err_set(k->e, E_TOKEN_EXPIRED,
		    "the token expires before it begins");
	return 0;
}

/* The moment max_age counts from; unknown when the token does not say. */
static struct moment
authenticated_at(const struct check *k)
{
	if (!k->auth_time.known && k->issuer->auth_time_from_iat)
		return k->iat;
	return k->auth_time;
}

static int
check_age(const struct check *k)
{
	struct moment at = authenticated_at(k);

	if (k->when.max_age < 0 || !at.known)
		return 0; /* check_present refuses the second */
	if (k->when.now - at.floor > k->when.max_age)
		return err_set(k->e, E_TOKEN_TOO_OLD,
		    "the user authenticated %lld seconds ago, %lld allowed",
		    (long long)(k->when.now - at.floor),
		    (long long)k->when.max_age);
	return 0;
}

static int
check_lifetime(const struct check *k)
{
	int64_t from = k->when.now;

	if (!k->exp.known)
		return 0; /* check_present refuses it */
	if (k->iat.known)
		from = k->iat.floor;
	else if (k->nbf.known)
		from = k->nbf.floor;
	if (k->exp.floor - from > k->issuer->max_lifetime)
		return err_set(k->e, E_LIFETIME_TOO_LONG,
		    "the token lives %lld seconds, %lld allowed",
		    (long long)(k->exp.floor - from),
		    (long long)k->issuer->max_lifetime);
	return 0;
}

static bool
same_number(const struct jscan_value *a, const struct jscan_value *b)
{
	bool a_more, b_more;
	int64_t x, y;

	if (a->len == b->len && strncmp(a->text, b->text, a->len) == 0)
		return true;
	if (jscan_seconds(a, &x, &a_more) != 0 ||
	    jscan_seconds(b, &y, &b_more) != 0)
		return false;
	return x == y && !a_more && !b_more;
}

static bool
same_scalar(const struct jscan_value *v, const char *want_text)
{
	const struct jscan_options o = { 0 };
	struct jscan_value want;
	char text[TEXT_MAX];
	size_t len;

	if (jscan_text(want_text, strlen(want_text), &o, &want, NULL, NULL) !=
		0 ||
	    want.type != v->type)
		return false;
	switch (want.type) {
	case JSCAN_NULL:
	case JSCAN_FALSE:
	case JSCAN_TRUE:
		return true;
	case JSCAN_NUMBER:
		return same_number(v, &want);
	case JSCAN_STRING:
		return jscan_string(&want, text, sizeof(text), &len) == 0 &&
		    jscan_equal(v, text, len);
	case JSCAN_NONE:
	case JSCAN_ARRAY:
	case JSCAN_OBJECT:
		return false;
	}
	return false;
}

static int
missing(const struct check *k, const char *name, const char *what)
{
	char shown[128];

	str_printable(shown, sizeof(shown), name, strlen(name));
	return err_set(k->e, E_CLAIM_MISSING, "the claim %s %s", shown, what);
}

static int
check_present(const struct check *k)
{
	const struct config_claim *want;
	struct moment at = authenticated_at(k);
	struct jscan_value v;
	size_t i;

	if (!k->exp.known)
		return missing(k, "exp", "is missing");
	if (k->when.max_age >= 0 && !at.known)
		return missing(k, "auth_time",
		    "is missing, and the service asks for max_age");
	for (i = 0; i < k->issuer->required_claim_count; i++) {
		want = &k->issuer->required_claims[i];
		if (!claims_find(k->c, want->path, &v))
			return missing(k, want->path, "is missing");
		if (!same_scalar(&v, want->value))
			return missing(k, want->path, "has another value");
	}
	return 0;
}

/* RFC 6749 §3.3: words separated by single blanks. */
static bool
has_word(const char *text, size_t n, const char *word)
{
	size_t start = 0, i;

	for (i = 0; i <= n; i++) {
		if (i < n && text[i] != ' ')
			continue;
		if (str_is(text + start, i - start, word))
			return true;
		start = i + 1;
	}
	return false;
}

/* Some issuers (UAA) write scope as an array, some scp as one string. */
static bool
grants_scope(const struct jscan_value *v, const char *scope)
{
	struct jscan_cursor at = { NULL };
	struct jscan_value item;
	char text[TEXT_MAX];
	bool found = false;
	size_t n;

	if (v->type == JSCAN_STRING && !v->escaped)
		return has_word(v->text, v->len, scope);
	if (v->type == JSCAN_STRING)
		return jscan_string(v, text, sizeof(text), &n) == 0 &&
		    has_word(text, n, scope);
	if (v->type != JSCAN_ARRAY)
		return false;
	while (jscan_next(v, &at, NULL, &item)) {
		if (item.type != JSCAN_STRING)
			return false;
		if (jscan_equal(&item, scope, strlen(scope)))
			found = true;
	}
	return found;
}

static int
scope_missing(const struct check *k, const char *scope)
{
	char shown[128];

	str_printable(shown, sizeof(shown), scope, strlen(scope));
	return err_set(k->e, E_SCOPE_MISSING, "the scope %s is missing", shown);
}

static int
check_scopes(const struct check *k)
{
	const char *scope;
	size_t i;

	for (i = 0; i < k->issuer->scopes.count; i++) {
		scope = k->issuer->scopes.items[i];
		if (!grants_scope(&k->c->scope, scope) &&
		    !grants_scope(&k->c->scp, scope))
			return scope_missing(k, scope);
	}
	return 0;
}

static int
read_time(const struct jscan_value *v, const char *name, struct moment *out,
    struct err *e)
{
	int64_t whole;
	bool more;

	*out = (struct moment){ 0 };
	if (v->type == JSCAN_NONE)
		return 0;
	if (jscan_seconds(v, &whole, &more) != 0)
		return err_set(e, E_TOKEN_MALFORMED,
		    "%s is no time that we can read", name);
	*out = (struct moment){ true, whole, more ? whole + 1 : whole };
	return 0;
}

static int
read_times(struct check *k)
{
	int r;

	r = read_time(&k->c->exp, "exp", &k->exp, k->e);
	if (r == 0)
		r = read_time(&k->c->nbf, "nbf", &k->nbf, k->e);
	if (r == 0)
		r = read_time(&k->c->iat, "iat", &k->iat, k->e);
	if (r == 0)
		r = read_time(
		    &k->c->auth_time, "auth_time", &k->auth_time, k->e);
	if (r != 0)
		return r;
	if (k->when.now < 0)
		return err_set(k->e, E_TOKEN_NOT_YET_VALID,
		    "this host's clock stands before 1970");
	if (k->when.now >= TIME_LIMIT)
		return err_set(k->e, E_TOKEN_EXPIRED,
		    "this host's clock is beyond all times");
	return 0;
}

static int
check_all(const struct check *k)
{
	int r;

	if ((r = check_audience(k)) == 0 && (r = check_party(k)) == 0 &&
	    (r = check_type(k)) == 0 && (r = check_expired(k)) == 0 &&
	    (r = check_started(k)) == 0 && (r = check_window(k)) == 0 &&
	    (r = check_age(k)) == 0 && (r = check_lifetime(k)) == 0 &&
	    (r = check_present(k)) == 0)
		r = check_scopes(k);
	return r;
}

int
claims_check(const struct claims *c, const struct jws *jws,
    const struct config_issuer *issuer, const struct claims_when *when,
    struct claims_times *times_out, struct err *e)
{
	struct check k = {
		.c = c,
		.jws = jws,
		.issuer = issuer,
		.when = *when,
		.e = e,
	};
	struct moment at;
	int r;

	r = read_times(&k);
	if (r == 0)
		r = check_all(&k);
	if (r != 0)
		return r;
	at = authenticated_at(&k);
	times_out->expires = k.exp.floor;
	times_out->auth_time = at.known ? at.floor : -1;
	return 0;
}
