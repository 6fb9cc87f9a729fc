/*
 * jwtgate jws: signatures alone, with the caller's own keys and no policy.
 * Payloads are bytes; what they mean is nobody's business here.
 */

#include "jwtgate.h"

#include <stdbool.h>
#include <string.h>

#include "b64url.h"
#include "err.h"
#include "jwk.h"
#include "jws.h"
#include "mem.h"

static int
alg_parse(const struct cli *cli, const char *name, size_t n, unsigned *bit)
{
	enum jwa_alg alg = JWA_NONE;
	int status = cli_algorithm(cli, name, n, &alg);

	*bit = 1u << alg;
	return status;
}

/* Every algorithm without --alg. */
static int
allowed_parse(const struct cli *cli, unsigned *allowed_out)
{
	return cli_names(cli, CLI_ALG, alg_parse, allowed_out);
}

/* Whether any key of the set is for this algorithm: without --alg, the
 * keys are the list of what is allowed. */
static bool
set_fits(const struct jwk_set *set, enum jwa_alg alg)
{
	size_t i;

	for (i = 0; i < set->count; i++) {
		if (jwk_fits(&set->keys[i], alg))
			return true;
	}
	return false;
}

static int
verify(const struct jws *jws, const struct jwk_set *set, unsigned allowed,
    struct err *e)
{
	const struct jwk *candidates[JWS_TRIES_MAX];
	size_t i, count;
	int r, first = 0;

	if ((allowed & (1u << jws->alg)) == 0 || !set_fits(set, jws->alg))
		return err_set(e, E_ALGORITHM_REFUSED,
		    "%s is not among the algorithms of %s", jwa_name(jws->alg),
		    allowed == ~0u ? "the keys" : "--alg and the keys");
	r = jws_candidates(jws, set, candidates, &count, e);
	if (r != 0)
		return r;
	for (i = 0; i < count; i++) {
		r = jws_verify(jws, candidates[i], e);
		if (r == 0)
			return 0;
		if (first == 0 || r != E_SIGNATURE_INVALID)
			first = r;
	}
	return first != 0 ? first : E_KEY_UNKNOWN;
}

static int
payload_print(const struct jws *jws)
{
	struct err e = { 0 };
	uint8_t *payload;
	size_t cap = B64URL_DECODED_LEN(jws->payload_len);
	size_t n;
	int r, status;

	payload = mem_alloc(cap);
	if (payload == NULL)
		return cli_fail(E_NOMEM, NULL);
	r = jws_payload(jws, payload, &n, &e);
	status = r == 0 ? cli_print(payload, n) : cli_fail(r, &e);
	mem_free(&payload, cap);
	return status;
}

static int
verify_input(const struct jwk_set *set, unsigned allowed)
{
	struct cli_input token = { 0 };
	struct err e = { 0 };
	struct jws jws;
	int r, status;

	status = cli_read_token(&token);
	if (status != CLI_DONE)
		return status;
	r = jws_parse(token.data, token.len, &jws, &e);
	if (r == 0)
		r = verify(&jws, set, allowed, &e);
	status = r == 0 ? payload_print(&jws) : cli_fail(r, &e);
	cli_input_done(&token);
	return status;
}

int
jwtgate_jws_verify(const struct cli *cli)
{
	struct jwk_set set = { 0 };
	unsigned allowed;
	int status;

	status = allowed_parse(cli, &allowed);
	if (status != CLI_DONE)
		return status;
	status = jwtgate_keys_load(cli, &set);
	if (status != CLI_DONE)
		return status;
	status = verify_input(&set, allowed);
	jwk_set_done(&set);
	return status;
}

/* The first key that can sign, with *alg when that is not JWA_NONE; else
 * *alg becomes what the key signs with. NULL when there is none. */
static const struct jwk *
signer_find(const struct jwk_set *set, enum jwa_alg *alg)
{
	const struct jwk *key;
	size_t i;

	for (i = 0; i < set->count; i++) {
		key = &set->keys[i];
		if (!key->signs)
			continue;
		if (*alg == JWA_NONE)
			*alg = jwk_default_alg(key);
		if (*alg != JWA_NONE && jwk_fits(key, *alg))
			return key;
	}
	return NULL;
}

static int
sign_input(const struct jwk *key, enum jwa_alg alg, const char *typ)
{
	struct cli_input payload = { 0 };
	struct jws_draft draft = { .alg = alg, .typ = typ };
	struct err e = { 0 };
	char *token = NULL;
	size_t n;
	int r, status;

	/* One byte more than fits, so that what is too long is seen. */
	status = cli_read(JWS_MAX_LEN + 1, &payload);
	if (status != CLI_DONE)
		return status;
	draft.payload = payload.data;
	draft.payload_len = payload.len;
	r = jws_sign(key, &draft, &token, &e);
	cli_input_done(&payload);
	if (r != 0)
		return cli_fail(r, &e);
	n = strlen(token);
	token[n] = '\n';
	status = cli_print(token, n + 1);
	mem_free(&token, n + 1);
	return status;
}

int
jwtgate_jws_sign(const struct cli *cli)
{
	const char *name = cli_value(cli, CLI_ALG);
	const char *typ = cli_value(cli, CLI_TYP);
	enum jwa_alg alg = JWA_NONE;
	struct jwk_set set = { 0 };
	const struct jwk *key;
	int status;

	if (typ != NULL && strlen(typ) > JWS_TYP_MAX)
		return cli_usage(cli, "--typ is too long");
	if (name != NULL) {
		status = cli_algorithm(cli, name, strlen(name), &alg);
		if (status != CLI_DONE)
			return status;
	}
	status = jwtgate_keys_load(cli, &set);
	if (status != CLI_DONE)
		return status;
	key = signer_find(&set, &alg);
	if (key == NULL)
		status = cli_usage(cli,
		    "%s: no secret or private key that "
		    "signs%s%s",
		    cli_value(cli, CLI_KEYS), name != NULL ? " with " : "",
		    name != NULL ? name : "");
	else
		status = sign_input(key, alg, typ);
	jwk_set_done(&set);
	return status;
}
