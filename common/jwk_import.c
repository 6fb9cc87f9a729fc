/*
 * jwk_import: what a JWK says it is for, before its material is looked at,
 * so that a key of no concern to signatures cannot fail a set.
 */

#include "jwk.h"

#include <string.h>

#include "err.h"
#include "json.h"
#include "jwk_priv.h"
#include "mem.h"
#include "str.h"

static int
read_crv(const struct json *entry, const char *name,
    const struct jwk_curve **out, struct err *e)
{
	const char *crv;
	size_t n;
	int rc;

	rc = jwk_text_member(entry, name, &crv, &n, e);
	if (rc != 0)
		return rc;
	/* AKP without alg is of a kind we do not know. */
	if (crv == NULL && strcmp(name, "crv") == 0)
		return err_set(e, E_KEY, "crv: missing");
	*out = crv != NULL ? jwk_curve_find(crv, n) : NULL;
	return 0;
}

/*
 * key_ops, RFC 7517 §4.3: absent allows what use allows. A private key that
 * may sign implies that its public half may verify.
 */
static int
read_key_ops(const struct json *entry, bool *verify, bool *sign, struct err *e)
{
	const struct json *ops = json_member(entry, "key_ops");
	const char *op;
	size_t i, j;

	*verify = *sign = ops == NULL;
	if (ops == NULL)
		return 0;
	if (json_kind(ops) != JSON_ARRAY)
		return err_set(e, E_KEY, "key_ops: not an array");
	for (i = 0; i < json_count(ops); i++) {
		op = json_string(json_element(ops, i), NULL);
		if (op == NULL)
			return err_set(
			    e, E_KEY, "key_ops: holds what is no string");
		for (j = 0; j < i; j++) {
			if (strcmp(op,
				json_string(json_element(ops, j), NULL)) == 0)
				return err_set(
				    e, E_KEY, "key_ops: says the same twice");
		}
		*verify = *verify || strcmp(op, "verify") == 0;
		*sign = *sign || strcmp(op, "sign") == 0;
	}
	if (*sign &&
	    (json_member(entry, "d") != NULL ||
		json_member(entry, "priv") != NULL))
		*verify = true;
	return 0;
}

/* use, alg and key_ops. *skip_out: not a key for signatures. */
static int
read_purpose(
    const struct json *entry, struct jwk *key, bool *skip_out, struct err *e)
{
	const char *use, *alg;
	size_t use_len, alg_len;
	int rc;

	rc = jwk_text_member(entry, "use", &use, &use_len, e);
	if (rc == 0)
		rc = jwk_text_member(entry, "alg", &alg, &alg_len, e);
	if (rc == 0)
		rc = read_key_ops(entry, &key->verifies, &key->signs, e);
	if (rc != 0)
		return rc;
	if (use != NULL && !str_is(use, use_len, "sig"))
		*skip_out = true;
	if (alg != NULL) {
		key->alg = jwa_find(alg, alg_len);
		if (key->alg == JWA_NONE)
			*skip_out = true;
	}
	if (!key->verifies && !key->signs)
		*skip_out = true;
	return 0;
}

static int
read_kid(const struct json *entry, struct jwk *key, struct err *e)
{
	const char *kid;
	size_t n;
	int rc;

	rc = jwk_text_member(entry, "kid", &kid, &n, e);
	if (rc != 0 || kid == NULL)
		return rc;
	if (!jwk_kid_check(kid, n))
		return err_set(e, E_KEY,
		    "kid: over %d bytes, or with a control character",
		    JWK_KID_MAX);
	key->kid = mem_strdup(kid);
	return key->kid == NULL ? err_set(e, E_NOMEM, "out of memory") : 0;
}

/* kty and crv. *skip_out: of a kind we do not know. */
static int
read_type(const struct json *entry, enum jwk_kty *kty_out,
    const struct jwk_curve **curve_out, bool *skip_out, struct err *e)
{
	const char *kty;
	size_t n;
	int rc;

	rc = jwk_text_member(entry, "kty", &kty, &n, e);
	if (rc != 0)
		return rc;
	if (kty == NULL)
		return err_set(e, E_KEY, "kty: missing");
	if (str_is(kty, n, "oct"))
		*kty_out = JWK_OCT;
	else if (str_is(kty, n, "RSA"))
		*kty_out = JWK_RSA;
	else if (str_is(kty, n, "EC"))
		*kty_out = JWK_EC;
	else if (str_is(kty, n, "OKP"))
		*kty_out = JWK_OKP;
	else if (str_is(kty, n, "AKP"))
		*kty_out = JWK_AKP;
	else
		*skip_out = true;
	if (*kty_out != JWK_EC && *kty_out != JWK_OKP && *kty_out != JWK_AKP)
		return 0;
	rc = read_crv(entry, *kty_out == JWK_AKP ? "alg" : "crv", curve_out, e);
	if (rc == 0 && *curve_out == NULL)
		*skip_out = true;
	else if (rc == 0 && (*curve_out)->kty != *kty_out)
		rc = err_set(e, E_KEY, "crv: not a curve of this kty");
	return rc;
}

/* The tree does not tell a member that is null from one that is absent. */
int
jwk_refuse_null(const struct json *entry, struct err *e)
{
	static const char *const known[] = { "kty", "use", "alg", "key_ops",
		"kid", "crv", "x", "y", "d", "n", "e", "p", "q", "dp", "dq",
		"qi", "oth", "k", "pub", "priv" };
	const char *name;
	size_t i, k;

	for (i = 0; i < json_count(entry); i++) {
		if (json_kind(json_entry(entry, i, &name)) != JSON_NULL)
			continue;
		for (k = 0; k < sizeof(known) / sizeof(known[0]); k++) {
			if (strcmp(name, known[k]) == 0)
				return err_set(e, E_KEY, "%s: null", name);
		}
	}
	return 0;
}

int
jwk_import(
    const struct json *entry, struct jwk *out, bool *skip_out, struct err *e)
{
	struct jwk key = { 0 };
	enum jwk_kty kty = JWK_NONE;
	const struct jwk_curve *curve = NULL;
	bool skip = false;
	int rc;

	if (json_kind(entry) != JSON_OBJECT)
		return err_set(e, E_KEY, "not an object");
	rc = jwk_refuse_null(entry, e);
	if (rc == 0)
		rc = read_type(entry, &kty, &curve, &skip, e);
	if (rc == 0)
		rc = read_purpose(entry, &key, &skip, e);
	if (rc != 0 || skip)
		goto out;
	rc = read_kid(entry, &key, e);
	if (rc == 0)
		rc = jwk_import_material(entry, kty, curve, &key, e);
	if (rc == 0 && key.alg != JWA_NONE && !jwk_fits(&key, key.alg))
		rc = err_set(e, E_KEY, "alg: not for a key of this kind");
	if (rc == 0 && !key.verifies && !key.signs)
		skip = true; /* a public key that may only sign */
out:
	*skip_out = skip;
	if (rc == 0 && !skip)
		*out = key;
	else
		jwk_done(&key);
	return rc;
}
