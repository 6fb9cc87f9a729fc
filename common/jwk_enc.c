/*
 * jwk_enc: sets of keys for encryption. What a JWK says it is for is read
 * first, so that a signature key in the same file is left alone; RSA keys
 * and points then pass the very checks that jwk.c has for signatures.
 */

#include "jwk_enc.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

#include "err.h"
#include "json.h"
#include "jwk_enc_priv.h"
#include "jwk_priv.h"
#include "mem.h"
#include "str.h"

#define BLANKS " \t\r\n"

static const struct {
	const char *name;
	unsigned encrypts, decrypts;
} ops_table[] = {
	{ "encrypt", JWK_ENC_CONTENT, 0 },
	{ "decrypt", 0, JWK_ENC_CONTENT },
	{ "wrapKey", JWK_ENC_WRAP, 0 },
	{ "unwrapKey", 0, JWK_ENC_WRAP },
	{ "deriveKey", JWK_ENC_DERIVE, JWK_ENC_DERIVE },
	{ "deriveBits", JWK_ENC_DERIVE, JWK_ENC_DERIVE },
};

#define OPS_COUNT (sizeof(ops_table) / sizeof(ops_table[0]))

void
jwk_enc_done(struct jwk_enc *key)
{
	mem_free_str(&key->kid);
	EVP_PKEY_free(key->pkey);
	mem_free(&key->secret, key->secret_len);
	memset(key, 0, sizeof(*key));
}

void
jwk_enc_set_done(struct jwk_enc_set *set)
{
	size_t i;

	for (i = 0; i < set->count; i++)
		jwk_enc_done(&set->keys[i]);
	mem_free(&set->keys, JWK_ENC_KEYS_MAX * sizeof(*set->keys));
	memset(set, 0, sizeof(*set));
}

/* key_ops, RFC 7517 §4.3: absent allows everything. */
static int
read_key_ops(const struct json *entry, struct jwk_enc *key, struct err *e)
{
	const struct json *ops = json_member(entry, "key_ops");
	const char *op;
	size_t i, k;

	key->encrypts = key->decrypts = JWK_ENC_ALL;
	if (ops == NULL)
		return 0;
	if (json_kind(ops) != JSON_ARRAY)
		return err_set(e, E_KEY, "key_ops: not an array");
	key->encrypts = key->decrypts = 0;
	for (i = 0; i < json_count(ops); i++) {
		op = json_string(json_element(ops, i), NULL);
		if (op == NULL)
			return err_set(
			    e, E_KEY, "key_ops: holds what is no string");
		for (k = 0; k < OPS_COUNT; k++) {
			if (strcmp(op, ops_table[k].name) != 0)
				continue;
			key->encrypts |= ops_table[k].encrypts;
			key->decrypts |= ops_table[k].decrypts;
		}
	}
	/* A private key that may decrypt has a public half that encrypts. */
	if (json_member(entry, "d") != NULL)
		key->encrypts |= key->decrypts;
	return 0;
}

/* use, alg and key_ops. *skip_out: not a key for encryption. */
static int
read_purpose(const struct json *entry, struct jwk_enc *key, bool *skip_out,
    struct err *e)
{
	const char *use, *alg;
	size_t use_len, alg_len;
	int rc;

	rc = jwk_text_member(entry, "use", &use, &use_len, e);
	if (rc == 0)
		rc = jwk_text_member(entry, "alg", &alg, &alg_len, e);
	if (rc == 0)
		rc = read_key_ops(entry, key, e);
	if (rc != 0)
		return rc;
	if (use != NULL && !str_is(use, use_len, "enc"))
		*skip_out = true;
	if (alg != NULL) {
		/* RFC 7520 §5.6: a key of "dir" names the content's alg. */
		key->enc = jwa_enc_find(alg, alg_len);
		key->alg = key->enc != JWA_ENC_NONE ?
		    JWA_DIR :
		    jwa_wrap_find(alg, alg_len);
		if (key->alg == JWA_WRAP_NONE)
			*skip_out = true;
	}
	if (key->encrypts == 0 && key->decrypts == 0)
		*skip_out = true;
	return 0;
}

/* kty and crv. *skip_out: of a kind that does not encrypt. */
static int
read_type(const struct json *entry, struct jwk_enc *key,
    const struct jwk_enc_curve **curve_out, bool *skip_out, struct err *e)
{
	const char *kty, *crv;
	size_t kty_len, crv_len;
	int rc;

	rc = jwk_text_member(entry, "kty", &kty, &kty_len, e);
	if (rc == 0)
		rc = jwk_text_member(entry, "crv", &crv, &crv_len, e);
	if (rc != 0)
		return rc;
	if (kty == NULL)
		return err_set(e, E_KEY, "kty: missing");
	if (str_is(kty, kty_len, "oct"))
		key->kty = JWK_OCT;
	else if (str_is(kty, kty_len, "RSA"))
		key->kty = JWK_RSA;
	else if (str_is(kty, kty_len, "EC"))
		key->kty = JWK_EC;
	else if (str_is(kty, kty_len, "OKP"))
		key->kty = JWK_OKP;
	else
		*skip_out = true;
	if (key->kty != JWK_EC && key->kty != JWK_OKP)
		return 0;
	if (crv == NULL)
		return err_set(e, E_KEY, "crv: missing");
	*curve_out = jwk_enc_curve_find(crv, crv_len);
	if (*curve_out == NULL)
		*skip_out = true;
	else if ((*curve_out)->kty != key->kty)
		return err_set(e, E_KEY, "crv: not a curve of this kty");
	return 0;
}

static int
read_kid(const struct json *entry, struct jwk_enc *key, struct err *e)
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

/* Whether any content at all could be encrypted or decrypted with it. */
static bool
fits_any(const struct jwk_enc *key)
{
	int alg, enc;

	for (alg = JWA_WRAP_NONE + 1; alg < JWA_WRAP_COUNT; alg++) {
		for (enc = JWA_ENC_NONE + 1; enc < JWA_ENC_COUNT; enc++) {
			if (jwk_enc_fits(key, (enum jwa_wrap)alg,
				(enum jwa_enc)enc, true) ||
			    jwk_enc_fits(key, (enum jwa_wrap)alg,
				(enum jwa_enc)enc, false))
				return true;
		}
	}
	return false;
}

static int
set_add(struct jwk_enc_set *set, struct jwk_enc *key, struct err *e)
{
	size_t i;

	if (set->count >= JWK_ENC_KEYS_MAX)
		return err_set(
		    e, E_KEY, "more than %d keys in one set", JWK_ENC_KEYS_MAX);
	for (i = 0; i < set->count; i++) {
		if ((set->keys[i].kty == JWK_OCT) != (key->kty == JWK_OCT))
			return err_set(e, E_KEY,
			    "secret and public keys are mixed in one set");
		if (key->kid != NULL && set->keys[i].kid != NULL &&
		    strcmp(key->kid, set->keys[i].kid) == 0)
			return err_set(e, E_KEY, "kid: repeats another key's");
	}
	if (set->keys == NULL)
		set->keys = mem_array(JWK_ENC_KEYS_MAX, sizeof(*set->keys));
	if (set->keys == NULL)
		return err_set(e, E_NOMEM, "out of memory");
	set->keys[set->count++] = *key;
	memset(key, 0, sizeof(*key));
	return 0;
}

static int
add_entry(const struct json *entry, struct jwk_enc_set *set, struct err *e)
{
	struct jwk_enc key = { 0 };
	const struct jwk_enc_curve *curve = NULL;
	bool skip = false;
	int rc;

	if (json_kind(entry) != JSON_OBJECT)
		return err_set(e, E_KEY, "not an object");
	rc = jwk_refuse_null(entry, e);
	if (rc == 0)
		rc = read_type(entry, &key, &curve, &skip, e);
	if (rc == 0)
		rc = read_purpose(entry, &key, &skip, e);
	if (rc == 0 && skip)
		set->skipped++;
	if (rc != 0 || skip)
		goto out;
	rc = read_kid(entry, &key, e);
	if (rc == 0)
		rc = jwk_enc_material(entry, curve, &key, e);
	if (rc == 0 && key.encrypts == 0 && key.decrypts == 0)
		set->skipped++; /* a public key that may only decrypt */
	else if (rc == 0 && !fits_any(&key))
		rc = err_set(e, E_KEY, "alg: not for a key of this kind");
	else if (rc == 0)
		rc = set_add(set, &key, e);
out:
	jwk_enc_done(&key);
	return rc;
}

static int
parse_json(const char *text, size_t n, struct jwk_enc_set *set, struct err *e)
{
	struct json *root = NULL;
	struct err why = { 0 };
	const struct json *keys;
	size_t i;
	int rc;

	rc = json_parse(text, n, false, &root, &why);
	if (rc != 0) {
		rc = rc == E_NOMEM ? E_NOMEM : E_KEY;
		return err_set(e, rc, "%s", err_text(&why, rc));
	}
	keys = json_member(root, "keys");
	if (keys == NULL)
		rc = add_entry(root, set, e);
	else if (json_member(root, "kty") != NULL)
		rc = err_set(e, E_KEY, "both a key and a set of keys");
	else if (json_kind(keys) != JSON_ARRAY)
		rc = err_set(e, E_KEY, "keys: not an array");
	for (i = 0; rc == 0 && i < json_count(keys); i++) {
		rc = add_entry(json_element(keys, i), set, e);
		if (rc != 0)
			err_prefix(e, "keys[%zu]", i);
	}
	json_wipe(&root);
	return rc;
}

static int
add_pem_key(EVP_PKEY **pkey, bool is_private, void *arg, struct err *e)
{
	struct jwk_enc_set *set = arg;
	struct jwk_enc key = { 0 };
	struct jwk judged = { 0 };
	int rc = 0;

	if (!jwk_enc_take_x25519(pkey, is_private, &key)) {
		judged.pkey = *pkey;
		*pkey = NULL;
		rc = jwk_vet(&judged, e);
		if (rc == 0 && !jwk_enc_take(&judged, &key))
			set->skipped++;
	}
	if (rc == 0 && key.pkey != NULL)
		rc = set_add(set, &key, e);
	jwk_enc_done(&key);
	jwk_done(&judged);
	return rc;
}

static int
parse_pem(const char *text, size_t n, struct jwk_enc_set *set, struct err *e)
{
	const struct jwk_pem_reader reader = { add_pem_key, set };

	return jwk_pem_read(text, n, &reader, e);
}

int
jwk_enc_set_parse(
    const char *text, size_t n, struct jwk_enc_set *out, struct err *e)
{
	struct jwk_enc_set set = { 0 };
	size_t start = 0;
	int rc;

	while (start < n && memchr(BLANKS, text[start], 4) != NULL)
		start++;
	ERR_set_mark();
	if (start == n)
		rc = err_set(e, E_KEY, "empty");
	else if (n > JWK_FILE_MAX)
		rc = err_set(e, E_KEY, "longer than %d bytes", JWK_FILE_MAX);
	else if (text[start] == '{')
		rc = parse_json(text, n, &set, e);
	else if (memmem(text, n, "-----BEGIN ", 11) != NULL)
		rc = parse_pem(text, n, &set, e);
	else
		rc = err_set(e, E_KEY, "neither a JWK, a JWK set nor PEM");
	if (rc == 0 && set.count == 0 && set.skipped == 0)
		rc = err_set(e, E_KEY, "no key in it");
	ERR_pop_to_mark();
	if (rc == 0)
		*out = set;
	else
		jwk_enc_set_done(&set);
	return rc;
}
