/*
 * jwtgate jwe: encryption alone, with the caller's own keys and no policy.
 * What was decrypted has no author: whoever has the public key may have
 * written it.
 */

#include "jwtgate.h"

#include <string.h>

#include "err.h"
#include "jwe.h"
#include "jwk_enc.h"
#include "mem.h"
#include "str.h"

#define NAME_SHOWN_MAX 24

/* Bits of what --alg and --enc allow; all of them where nothing is said. */
struct allowed {
	unsigned algs, encs;
};

static int
parse_keys(const char *text, size_t n, void *out, struct err *e)
{
	return jwk_enc_set_parse(text, n, out, e);
}

static int
keys_load(const struct cli *cli, struct jwk_enc_set *out)
{
	return jwtgate_keys_read(cli, parse_keys, out);
}

static int
name_unknown(const struct cli *cli, const char *option, const char *name,
    size_t n, const char *const *names, size_t count)
{
	char shown[NAME_SHOWN_MAX + 1];
	const char *nearest;

	if (n == 0 || n >= sizeof(shown))
		return cli_usage(cli, "%s: unknown algorithm", option);
	str_printable(shown, sizeof(shown), name, n);
	if (jwa_enc_is_refused(name, n))
		return cli_usage(cli, "%s: %s is never taken", option, shown);
	nearest = str_nearest(shown, names, count);
	if (nearest == NULL)
		return cli_usage(
		    cli, "%s: unknown algorithm %s", option, shown);
	return cli_usage(cli, "%s: unknown algorithm %s; did you mean %s?",
	    option, shown, nearest);
}

static int
alg_parse(const struct cli *cli, const char *name, size_t n, unsigned *bit)
{
	enum jwa_wrap alg = jwa_wrap_find(name, n);
	const char *const *names;
	size_t count;

	*bit = 1u << alg;
	if (alg != JWA_WRAP_NONE)
		return CLI_DONE;
	names = jwa_wrap_names(&count);
	return name_unknown(cli, "--alg", name, n, names, count);
}

static int
enc_parse(const struct cli *cli, const char *name, size_t n, unsigned *bit)
{
	enum jwa_enc enc = jwa_enc_find(name, n);
	const char *const *names;
	size_t count;

	*bit = 1u << enc;
	if (enc != JWA_ENC_NONE)
		return CLI_DONE;
	names = jwa_enc_names(&count);
	return name_unknown(cli, "--enc", name, n, names, count);
}

static int
allowed_parse(const struct cli *cli, struct allowed *out)
{
	int status;

	status = cli_names(cli, CLI_ALG, alg_parse, &out->algs);
	if (status == CLI_DONE)
		status = cli_names(cli, CLI_ENC, enc_parse, &out->encs);
	return status;
}

/* Whether any key of the set is for these algorithms. */
static bool
set_fits(const struct jwk_enc_set *set, const struct jwe *jwe)
{
	size_t i;

	for (i = 0; i < set->count; i++) {
		if (jwk_enc_fits(&set->keys[i], jwe->alg, jwe->enc, true))
			return true;
	}
	return false;
}

static int
decrypt(const struct jwe *jwe, const struct jwk_enc_set *set, uint8_t *dst,
    size_t *len_out, struct err *e)
{
	const struct jwk_enc *candidates[JWE_TRIES_MAX];
	size_t i, count = 0;
	int r, first = 0;

	if (!set_fits(set, jwe))
		return err_set(e, E_ALGORITHM_REFUSED,
		    "%s with %s is not among the algorithms of the keys",
		    jwa_wrap_name(jwe->alg), jwa_enc_name(jwe->enc));
	r = jwe_candidates(jwe, set, candidates, &count, e);
	if (r != 0)
		return r;
	for (i = 0; i < count; i++) {
		r = jwe_decrypt(jwe, candidates[i], dst, len_out, e);
		if (r == 0)
			return 0;
		if (first == 0 || r != E_SIGNATURE_INVALID)
			first = r;
	}
	return first != 0 ? first : E_KEY_UNKNOWN;
}

static int
decrypt_and_print(const struct jwe *jwe, const struct jwk_enc_set *set)
{
	struct err e = { 0 };
	uint8_t *plain = mem_alloc(JWE_PLAIN_MAX);
	size_t n = 0;
	int r, status;

	if (plain == NULL)
		return cli_fail(E_NOMEM, NULL);
	r = decrypt(jwe, set, plain, &n, &e);
	status = r == 0 ? cli_print(plain, n) : cli_fail(r, &e);
	mem_free(&plain, JWE_PLAIN_MAX);
	return status;
}

static int
no_key(const struct cli *cli, const char *what)
{
	struct err e = { 0 };

	return cli_fail(
	    err_set(&e, E_KEY, "%s: no key %s", cli_value(cli, CLI_KEYS), what),
	    &e);
}

static int
decrypt_input(const struct cli *cli, const struct jwk_enc_set *set,
    const struct allowed *allowed)
{
	struct cli_input token = { 0 };
	struct err e = { 0 };
	struct jwe jwe;
	int r, status;

	status = cli_read_token(&token);
	if (status != CLI_DONE)
		return status;
	r = jwe_parse(token.data, token.len, &jwe, &e);
	if (r == 0 &&
	    ((allowed->algs & (1u << jwe.alg)) == 0 ||
		(allowed->encs & (1u << jwe.enc)) == 0))
		r = err_set(&e, E_ALGORITHM_REFUSED,
		    "%s with %s is not among --alg and --enc",
		    jwa_wrap_name(jwe.alg), jwa_enc_name(jwe.enc));
	if (r != 0)
		status = cli_fail(r, &e);
	else if (set->count == 0)
		status = no_key(cli, "for encryption");
	else
		status = decrypt_and_print(&jwe, set);
	cli_input_done(&token);
	return status;
}

int
jwtgate_jwe_decrypt(const struct cli *cli)
{
	struct jwk_enc_set set = { 0 };
	struct allowed allowed;
	int status;

	status = allowed_parse(cli, &allowed);
	if (status != CLI_DONE)
		return status;
	status = keys_load(cli, &set);
	if (status != CLI_DONE)
		return status;
	status = decrypt_input(cli, &set, &allowed);
	jwk_enc_set_done(&set);
	return status;
}

/* The first key that encrypts so; what is not said becomes its own choice. */
static const struct jwk_enc *
recipient_find(const struct jwk_enc_set *set, struct jwe_draft *draft)
{
	const struct jwk_enc *key;
	enum jwa_wrap alg;
	enum jwa_enc enc;
	size_t i;

	for (i = 0; i < set->count; i++) {
		key = &set->keys[i];
		enc = draft->enc;
		alg = jwk_enc_default(key, draft->alg, &enc);
		if (alg == JWA_WRAP_NONE)
			continue;
		draft->alg = alg;
		draft->enc = enc;
		return key;
	}
	return NULL;
}

static int
encrypt_input(const struct jwk_enc *key, struct jwe_draft *draft)
{
	struct cli_input payload = { 0 };
	struct err e = { 0 };
	char *token = NULL;
	size_t n;
	int r, status;

	/* One byte more than fits, so that what is too long is seen. */
	status = cli_read(JWE_PLAIN_MAX + 1, &payload);
	if (status != CLI_DONE)
		return status;
	draft->payload = payload.data;
	draft->payload_len = payload.len;
	r = jwe_encrypt(key, draft, &token, &e);
	cli_input_done(&payload);
	if (r != 0)
		return cli_fail(r, &e);
	n = strlen(token);
	token[n] = '\n';
	status = cli_print(token, n + 1);
	mem_free(&token, n + 1);
	return status;
}

/* One name of each, or the key's choice. */
static int
draft_parse(const struct cli *cli, struct jwe_draft *draft)
{
	const char *alg = cli_value(cli, CLI_ALG);
	const char *enc = cli_value(cli, CLI_ENC);
	unsigned bit;
	int status = CLI_DONE;

	if (alg != NULL) {
		status = alg_parse(cli, alg, strlen(alg), &bit);
		draft->alg = jwa_wrap_find(alg, strlen(alg));
	}
	if (status == CLI_DONE && enc != NULL) {
		status = enc_parse(cli, enc, strlen(enc), &bit);
		draft->enc = jwa_enc_find(enc, strlen(enc));
	}
	return status;
}

int
jwtgate_jwe_encrypt(const struct cli *cli)
{
	struct jwe_draft draft = { .cty = cli_value(cli, CLI_CTY) };
	struct jwk_enc_set set = { 0 };
	const struct jwk_enc *key;
	int status;

	if (draft.cty != NULL && strlen(draft.cty) > JWE_CTY_MAX)
		return cli_usage(cli, "--cty is too long");
	status = draft_parse(cli, &draft);
	if (status != CLI_DONE)
		return status;
	status = keys_load(cli, &set);
	if (status != CLI_DONE)
		return status;
	key = recipient_find(&set, &draft);
	if (key != NULL)
		status = encrypt_input(key, &draft);
	else if (set.count == 0)
		status = no_key(cli, "for encryption");
	else
		status = no_key(cli, "that encrypts so");
	jwk_enc_set_done(&set);
	return status;
}
