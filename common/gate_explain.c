/*
 * What is told of a decision, but for its claims (gate_explain_claims.c).
 * Nothing here decides: each function is handed what was decided and says
 * what it rested on. Values of the token are shown as JSON and cut; the
 * token itself, its signature and keys never are.
 */

#include "gate_explain.h"

#include <string.h>

#include "config.h"
#include "jwa.h"
#include "str.h"

#define SHOWN_MAX 256

void
gate_explain(struct gate_decision *d, const struct gate_step *step)
{
	const struct gate_trace *trace = d->request->trace;

	if (trace != NULL)
		trace->hear(step, trace->arg);
}

static enum gate_result
result_of(int r)
{
	return r == 0 ? GATE_PASSED : GATE_FAILED;
}

const char *
gate_explain_where(
    const struct gate_decision *d, const char *part, char buf[GATE_WHERE_MAX])
{
	const char *service = d->policy != NULL ? d->policy->service : NULL;
	struct str s;

	str_init(&s, buf, GATE_WHERE_MAX);
	if (service == NULL)
		str_add(&s, "common");
	else
		str_addf(&s, "services.%s", service);
	if (part != NULL)
		str_addf(&s, ".%s", part);
	return buf;
}

static void
explain_header(struct gate_decision *d, int r)
{
	char seen[SHOWN_MAX * 2], shown[SHOWN_MAX];
	const struct jws *jws = &d->jws;
	struct str s;

	str_init(&s, seen, sizeof(seen));
	if (r == E_HEADER_INVALID || r == E_ALGORITHM_REFUSED) {
		str_add(&s, err_text(&d->e, r));
	} else {
		str_addf(&s, "alg %s", jwa_name(jws->alg));
		if (jws->has_kid)
			str_addf(&s, ", kid %s",
			    str_printable(shown, sizeof(shown), jws->kid,
				strlen(jws->kid)));
		if (jws->has_typ)
			str_addf(&s, ", typ %s",
			    str_printable(shown, sizeof(shown), jws->typ,
				strlen(jws->typ)));
	}
	gate_explain(d,
	    &(struct gate_step){
		.name = "header",
		.result = r == E_HEADER_INVALID ? GATE_FAILED : GATE_PASSED,
		.seen = r == E_ALGORITHM_REFUSED ? NULL : seen,
		.expected = "a JSON object with alg, without crit, b64 or zip",
	    });
	if (r == E_ALGORITHM_REFUSED)
		gate_explain(d,
		    &(struct gate_step){
			.name = "algorithm",
			.seen = seen,
			.expected = "a signature algorithm that we know",
		    });
}

void
gate_explain_form(struct gate_decision *d, int r)
{
	const struct gate_request *q = d->request;
	const char *token = q->token;
	size_t n = q->token_len;
	bool formed = r == 0 || r == E_HEADER_INVALID ||
	    r == E_ALGORITHM_REFUSED;
	char seen[64];
	size_t i, parts = 1;
	struct str s;

	if (d->inner != NULL) {
		token = (const char *)d->inner;
		n = d->inner_len;
	}
	for (i = 0; i < n && token != NULL; i++)
		parts += token[i] == '.' ? 1 : 0;
	str_init(&s, seen, sizeof(seen));
	str_addf(&s, "%zu bytes, %zu parts", n, parts);
	gate_explain(d,
	    &(struct gate_step){
		.name = "form",
		.result = formed ? GATE_PASSED : GATE_FAILED,
		.seen = n == 0 ? "nothing" : seen,
		.expected = "3 parts of base64url, at most 16384 bytes",
	    });
	if (formed)
		explain_header(d, r);
}

void
gate_explain_algorithm(
    struct gate_decision *d, const struct config_issuer *issuer, bool listed)
{
	char expected[SHOWN_MAX];
	struct str s;
	size_t i;

	str_init(&s, expected, sizeof(expected));
	for (i = 0; i < issuer->algorithm_count; i++)
		str_addf(&s, "%s%s", i > 0 ? ", " : "",
		    jwa_name(issuer->algorithms[i]));
	gate_explain(d,
	    &(struct gate_step){
		.name = "algorithm",
		.result = listed ? GATE_PASSED : GATE_SKIPPED,
		.seen = jwa_name(d->jws.alg),
		.expected = issuer->algorithm_count > 0 ?
		    expected :
		    "that of the signing key",
		.where = issuer->where,
		.key = issuer->own ? "jwtalgorithm" : "algorithms",
	    });
}

/* The key of the configuration that says where an issuer's keys are. */
static const char *
key_of_keys(const struct config_issuer *issuer)
{
	const struct jwa_info *info = issuer->algorithm_count > 0 ?
	    jwa_get(issuer->algorithms[0]) :
	    NULL;

	if (!issuer->own)
		return "keys_file";
	if (info == NULL || info->kind != JWA_KIND_HMAC)
		return "jwtsigningkey_file";
	return issuer->secret != NULL ? "jwtsecret" : "jwtsecret_file";
}

void
gate_explain_keys(struct gate_decision *d, const struct config_issuer *issuer,
    const struct jwk_set *set, const char *why)
{
	char seen[SHOWN_MAX * 2], expected[SHOWN_MAX + 64], kid[SHOWN_MAX];
	struct str s;

	str_init(&s, seen, sizeof(seen));
	if (set == NULL)
		str_printable(seen, sizeof(seen), why, strlen(why));
	else
		str_addf(&s, "%zu key%s%s", set->count,
		    set->count == 1 ? "" : "s",
		    why != NULL ? ", none of them fits" : "");
	str_init(&s, expected, sizeof(expected));
	str_addf(&s, "a key for %s", jwa_name(d->jws.alg));
	if (d->jws.has_kid)
		str_addf(&s, " with kid %s or none",
		    str_printable(
			kid, sizeof(kid), d->jws.kid, strlen(d->jws.kid)));
	gate_explain(d,
	    &(struct gate_step){
		.name = "key",
		.result = why == NULL ? GATE_PASSED : GATE_SKIPPED,
		.seen = seen,
		.expected = expected,
		.where = issuer->where,
		.key = key_of_keys(issuer),
	    });
}

void
gate_explain_signature(struct gate_decision *d,
    const struct config_issuer *issuer, const struct jwk *key, bool held)
{
	char seen[SHOWN_MAX * 2], kid[SHOWN_MAX];
	struct str s;

	str_init(&s, seen, sizeof(seen));
	str_addf(&s, "%s with the key ", held ? "holds" : "does not hold");
	if (key->kid != NULL)
		str_add(&s,
		    str_printable(
			kid, sizeof(kid), key->kid, strlen(key->kid)));
	else
		str_add(&s, "without a kid");
	gate_explain(d,
	    &(struct gate_step){
		.name = "signature",
		.result = held ? GATE_PASSED : GATE_SKIPPED,
		.seen = seen,
		.expected = "one that holds",
		.where = issuer->where,
		.key = key_of_keys(issuer),
	    });
}

void
gate_explain_issuer(
    struct gate_decision *d, const struct config_issuer *issuer, bool ours)
{
	char seen[SHOWN_MAX], expected[SHOWN_MAX];
	const struct jscan_value *iss = &d->claims.iss;

	str_printable(seen, sizeof(seen), iss->text,
	    iss->type != JSCAN_NONE ? iss->len : 0);
	if (issuer->issuer != NULL)
		str_printable(expected, sizeof(expected), issuer->issuer,
		    strlen(issuer->issuer));
	gate_explain(d,
	    &(struct gate_step){
		.name = "issuer",
		.result = ours ? GATE_PASSED : GATE_SKIPPED,
		.seen = iss->type != JSCAN_NONE ? seen : "no iss",
		.expected = issuer->issuer != NULL ? expected :
						     "none, or nobody else's",
		.where = issuer->where,
		.key = issuer->issuer != NULL ? "issuer" : NULL,
	    });
}

/* No issuer was the one: the step that the nearest of them came to. */
void
gate_explain_not_found(struct gate_decision *d, int r)
{
	const char *name = "key";

	if (r == E_ALGORITHM_REFUSED)
		name = "algorithm";
	if (r == E_SIGNATURE_INVALID)
		name = "signature";
	if (r == E_ISSUER_UNKNOWN)
		name = "issuer";
	if (r == E_TOKEN_MALFORMED)
		name = "payload";
	gate_explain(d,
	    &(struct gate_step){
		.name = name,
		.seen = err_text(&d->e, r),
		.expected = r == E_TOKEN_MALFORMED ? "a strict JSON object" :
						     "one issuer that takes it",
	    });
}

void
gate_explain_user(struct gate_decision *d, const char *user, int r)
{
	char seen[SHOWN_MAX], expected[SHOWN_MAX];
	const char *asked = d->request->user;

	if (user != NULL)
		str_printable(seen, sizeof(seen), user, strlen(user));
	if (asked != NULL)
		str_printable(expected, sizeof(expected), asked, strlen(asked));
	gate_explain(d,
	    &(struct gate_step){
		.name = "user",
		.result = result_of(r),
		.seen = user != NULL ? seen : err_text(&d->e, r),
		.expected = asked != NULL ? expected : "any user of the issuer",
		.where = d->issuer->where,
		.key = r == E_USER_INVALID ? "users" : "user_claim",
	    });
}

void
gate_explain_entry(struct gate_decision *d, int r)
{
	const struct gate_request *q = d->request;
	char where[GATE_WHERE_MAX], seen[64], expected[64];
	struct str s;

	str_init(&s, seen, sizeof(seen));
	if (q->has_uid)
		str_addf(&s, "uid %lu", (unsigned long)q->uid);
	else
		str_add(&s, "uid not known here");
	str_init(&s, expected, sizeof(expected));
	if (q->service != NULL && !d->policy->allow_root)
		str_addf(&s, "not root, uid %lld or more",
		    (long long)d->policy->minimum_uid);
	gate_explain(d,
	    &(struct gate_step){
		.name = "entry",
		.result = q->service != NULL ? result_of(r) : GATE_SKIPPED,
		.seen = seen,
		.expected = s.len > 0 ? expected : "any user",
		.where = gate_explain_where(d, NULL, where),
		.key = s.len > 0 ? "minimum_uid" : "allow_root",
	    });
}

static void
explain_revocation(struct gate_decision *d, int r)
{
	bool asked = d->policy->revocation_file != NULL;
	bool failed = asked && r != 0 && r != E_TOKEN_REPLAYED &&
	    r != E_POSSESSION_MISSING;
	char where[GATE_WHERE_MAX];

	gate_explain(d,
	    &(struct gate_step){
		.name = "revocation",
		.result = !asked ? GATE_SKIPPED :
		    failed       ? GATE_FAILED :
				   GATE_PASSED,
		.seen = failed ? err_text(&d->e, r) :
		    asked      ? "not revoked" :
				 NULL,
		.expected = asked ? "no entry for its key, jti, sid, subject "
				    "or user" :
				    NULL,
		.where = asked ? gate_explain_where(d, "revocation", where) :
				 NULL,
		.key = "file",
	    });
}

void
gate_explain_standing(struct gate_decision *d, int r)
{
	const struct config_policy *p = d->policy;
	bool bound = d->claims.cnf.type != JSCAN_NONE;
	bool required = p->possession != CONFIG_POSSESSION_IF_BOUND;
	char where[GATE_WHERE_MAX];

	explain_revocation(d, r);
	if (r != 0 && r != E_TOKEN_REPLAYED && r != E_POSSESSION_MISSING)
		return;
	gate_explain_where(d, NULL, where);
	gate_explain(d,
	    &(struct gate_step){
		.name = "one-time use",
		.result = p->one_time ? result_of(r) : GATE_SKIPPED,
		.seen = p->one_time ? err_text(&d->e, r) : NULL,
		.expected = p->one_time ? "a token that was not used before" :
					  NULL,
		.where = where,
		.key = "one_time",
	    });
	if (r == E_TOKEN_REPLAYED)
		return;
	gate_explain(d,
	    &(struct gate_step){
		.name = "possession",
		.result = bound || required ? result_of(r) : GATE_SKIPPED,
		.seen = bound ? "bound to a key (cnf)" : "not bound to a key",
		.expected = required ? "a token bound to a key, and that key" :
				       "the key of a token that is bound",
		.where = where,
		.key = "proof_of_possession",
	    });
}
