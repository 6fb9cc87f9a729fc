/*
 * An encrypted token is opened with the keys of an issuer whose part of the
 * configuration has encryption, and what is inside then takes the way of any
 * signed token. That somebody could encrypt proves nothing: the public key
 * is public. Only issuers that let their tokens be encrypted so are asked
 * for the signature, and what is inside is never opened again.
 */

#include "gate_decision.h"

#include <string.h>

#include "config.h"
#include "config_encryption.h"
#include "gate_explain.h"
#include "jwe.h"
#include "keyring.h"
#include "mem.h"
#include "str.h"

/* How far the search for the key came. */
struct opening {
	struct jwe jwe;
	bool allowed; /* an issuer lists alg and enc */
	bool tried; /* a key fitted, and did not open it */
	bool unavailable; /* some keys could not be asked */
	size_t tries;
	struct err why; /* of unavailable */
};

static bool
any_takes(const struct config_policy *policy)
{
	size_t i;

	for (i = 0; i < policy->issuer_count; i++) {
		if (policy->issuers[i].encryption != NULL)
			return true;
	}
	return false;
}

static bool
lists(const struct config_issuer *issuer, enum jwa_wrap alg, enum jwa_enc enc)
{
	return issuer->encryption != NULL &&
	    (issuer->encryption->algs & (1u << alg)) != 0 &&
	    (issuer->encryption->encs & (1u << enc)) != 0;
}

bool
gate_opens_for(
    const struct gate_decision *d, const struct config_issuer *issuer)
{
	const struct config_issuer *opener = d->opener;

	if (opener == NULL || opener == issuer)
		return true;
	return lists(issuer, d->opened_alg, d->opened_enc) &&
	    strcmp(issuer->encryption->keys_file,
		opener->encryption->keys_file) == 0;
}

/* 0 when a key of this issuer opened it into d->inner. */
static int
try_keys(
    struct gate_decision *d, const struct jwk_enc_set *set, struct opening *o)
{
	const struct jwk_enc *keys[JWE_TRIES_MAX];
	struct err e;
	size_t count = 0, i;
	int r;

	r = jwe_candidates(&o->jwe, set, keys, &count, NULL);
	for (i = 0; i < count && o->tries < GATE_TRIES_MAX; i++) {
		o->tries++;
		e = (struct err){ 0 };
		r = jwe_decrypt(&o->jwe, keys[i], d->inner, &d->inner_len, &e);
		if (r == 0)
			return 0;
		if (err_class(r) == ERR_CLASS_UNAVAILABLE) {
			o->unavailable = true;
			err_set(&o->why, r, "%s", err_text(&e, r));
		} else {
			o->tried = true;
		}
	}
	return r;
}

/* As it does for a token that is piped in: one LF behind it is not its. */
static void
chomp(struct gate_decision *d)
{
	if (d->inner_len > 0 && d->inner[d->inner_len - 1] == '\n')
		d->inner_len--;
}

static int
try_issuer(struct gate_decision *d, const struct config_issuer *issuer,
    struct opening *o)
{
	const struct jwk_enc_set *set;
	int r;

	if (!lists(issuer, o->jwe.alg, o->jwe.enc))
		return E_ALGORITHM_REFUSED;
	o->allowed = true;
	r = keyring_get_enc(d->keys, issuer, &set, &o->why);
	if (r != 0) {
		o->unavailable = true;
		return r;
	}
	r = try_keys(d, set, o);
	if (r == 0) {
		d->opener = issuer;
		d->opened_alg = o->jwe.alg;
		d->opened_enc = o->jwe.enc;
		chomp(d);
	}
	return r;
}

static int
not_opened(struct gate_decision *d, const struct opening *o)
{
	if (!o->allowed)
		return err_set(&d->e, E_ALGORITHM_REFUSED,
		    "no issuer allows %s with %s", jwa_wrap_name(o->jwe.alg),
		    jwa_enc_name(o->jwe.enc));
	if (o->unavailable)
		return err_set(&d->e, E_KEYS_UNAVAILABLE, "%s",
		    err_text(&o->why, E_KEYS_UNAVAILABLE));
	if (o->tried)
		return err_set(&d->e, E_SIGNATURE_INVALID,
		    "the token cannot be decrypted");
	return err_set(&d->e, E_TOKEN_MALFORMED,
	    "the token is encrypted, and there is no key for it");
}

static void
explain(struct gate_decision *d, const struct jwe *jwe, int r)
{
	const struct config_issuer *opener = d->opener;
	char seen[64];
	struct str s;

	if (d->request->trace == NULL)
		return;
	str_init(&s, seen, sizeof(seen));
	str_addf(
	    &s, "%s with %s", jwa_wrap_name(jwe->alg), jwa_enc_name(jwe->enc));
	gate_explain(d,
	    &(struct gate_step){
		.name = "encryption",
		.result = r == 0 ? GATE_PASSED : GATE_FAILED,
		.seen = r == 0 ? seen : err_text(&d->e, r),
		.expected = "a token for a key of ours",
		.where = opener != NULL ? opener->where : NULL,
		.key = "encryption",
	    });
}

static int
open_token(struct gate_decision *d, struct opening *o)
{
	const struct gate_request *q = d->request;
	size_t i;
	int r;

	r = jwe_parse(q->token, q->token_len, &o->jwe, &d->e);
	if (r != 0)
		return r;
	d->inner = mem_alloc(JWE_PLAIN_MAX);
	if (d->inner == NULL)
		return err_set(&d->e, E_NOMEM, "out of memory");
	for (i = 0; i < d->policy->issuer_count; i++) {
		if (try_issuer(d, &d->policy->issuers[i], o) == 0)
			return 0;
	}
	return not_opened(d, o);
}

int
gate_open_token(struct gate_decision *d)
{
	const struct gate_request *q = d->request;
	struct opening *o;
	int r;

	if (q->token_len > JWE_MAX_LEN || !any_takes(d->policy) ||
	    !jwe_looks_like(q->token, q->token_len))
		return 0; /* jws_parse() says what is wrong with it */
	o = mem_alloc(sizeof(*o));
	if (o == NULL)
		return err_set(&d->e, E_NOMEM, "out of memory");
	r = open_token(d, o);
	explain(d, &o->jwe, r);
	mem_free(&o, sizeof(*o));
	return r;
}

void
gate_opened_done(struct gate_decision *d)
{
	mem_free(&d->inner, JWE_PLAIN_MAX);
	d->inner_len = 0;
}
