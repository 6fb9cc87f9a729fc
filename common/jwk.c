/*
 * jwk: sets of keys. A set is read whole or not at all: what is not for
 * signatures is counted and left out, what is broken fails the file, and a
 * key that is in a set has passed jwk_vet() or jwk_secret_check().
 */

#include "jwk.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

#include "err.h"
#include "json.h"
#include "jwk_index.h"
#include "jwk_pool.h"
#include "jwk_priv.h"
#include "mem.h"

#define BLANKS " \t\r\n"

static const struct jwk_curve curves[] = {
	{ "P-256", JWK_EC, "prime256v1", 32, 64 },
	{ "P-384", JWK_EC, "secp384r1", 48, 96 },
	{ "P-521", JWK_EC, "secp521r1", 66, 132 },
	{ "secp256k1", JWK_EC, "secp256k1", 32, 64 },
	{ "Ed25519", JWK_OKP, "ED25519", 32, 64 },
	{ "Ed448", JWK_OKP, "ED448", 57, 114 },
#ifdef HAVE_ML_DSA
	{ "ML-DSA-44", JWK_AKP, "ML-DSA-44", 1312, 2420 },
	{ "ML-DSA-65", JWK_AKP, "ML-DSA-65", 1952, 3309 },
	{ "ML-DSA-87", JWK_AKP, "ML-DSA-87", 2592, 4627 },
#endif
};

#define CURVE_COUNT (sizeof(curves) / sizeof(curves[0]))

const struct jwk_curve *
jwk_curve_find(const char *crv, size_t n)
{
	size_t i;

	for (i = 0; i < CURVE_COUNT; i++) {
		if (strlen(curves[i].crv) == n &&
		    strncmp(curves[i].crv, crv, n) == 0)
			return &curves[i];
	}
	return NULL;
}

const struct jwk_curve *
jwk_curve_of_group(const char *group)
{
	size_t i;

	for (i = 0; i < CURVE_COUNT; i++) {
		if (strcmp(curves[i].group, group) == 0)
			return &curves[i];
	}
	return NULL;
}

int
jwk_openssl_error(struct err *e, int code, const char *text)
{
	if (ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE)
		return err_set(e, E_NOMEM, "out of memory");
	return err_set(e, code, "%s", text);
}

void
jwk_done(struct jwk *key)
{
	jwk_pool_free(&key->pool);
	mem_free_str(&key->kid);
	EVP_PKEY_free(key->pkey);
	mem_free(&key->secret, key->secret_len);
	memset(key, 0, sizeof(*key));
}

void
jwk_set_done(struct jwk_set *set)
{
	size_t i;

	for (i = 0; i < set->count; i++)
		jwk_done(&set->keys[i]);
	jwk_index_free(&set->index);
	mem_free(&set->keys, set->count * sizeof(*set->keys));
	memset(set, 0, sizeof(*set));
}

bool
jwk_kid_check(const char *kid, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if ((unsigned char)kid[i] < 0x20 || kid[i] == 0x7f)
			return false;
	}
	return n <= JWK_KID_MAX;
}

bool
jwk_fits(const struct jwk *key, enum jwa_alg alg)
{
	const struct jwa_info *info = jwa_get(alg);

	if (info == NULL || (key->alg != JWA_NONE && key->alg != alg))
		return false;
	switch (info->kind) {
	case JWA_KIND_HMAC:
		return key->kty == JWK_OCT && key->secret_len >= info->hash_len;
	case JWA_KIND_RSA:
	case JWA_KIND_RSA_PSS:
		return key->kty == JWK_RSA;
	case JWA_KIND_ECDSA:
		return key->kty == JWK_EC && key->crv != NULL &&
		    info->curve != NULL && strcmp(key->crv, info->curve) == 0;
	case JWA_KIND_EDDSA:
		return key->kty == JWK_OKP && key->crv != NULL &&
		    (info->curve == NULL || strcmp(key->crv, info->curve) == 0);
	case JWA_KIND_ML_DSA:
		return key->kty == JWK_AKP && key->crv != NULL &&
		    info->curve != NULL && strcmp(key->crv, info->curve) == 0;
	case JWA_KIND_NONE:
		break;
	}
	return false;
}

enum jwa_alg
jwk_default_alg(const struct jwk *key)
{
	static const enum jwa_alg order[] = { JWA_HS256, JWA_RS256, JWA_ES256,
		JWA_ES384, JWA_ES512, JWA_ES256K, JWA_EDDSA, JWA_ML_DSA_44,
		JWA_ML_DSA_65, JWA_ML_DSA_87 };
	size_t i;

	if (key->alg != JWA_NONE)
		return key->alg;
	for (i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if (jwk_fits(key, order[i]))
			return order[i];
	}
	return JWA_NONE;
}

int
jwk_set_add(struct jwk_set *set, struct jwk *key, struct err *e)
{
	struct jwk *grown;

	if (set->count >= JWK_KEYS_MAX)
		return err_set(
		    e, E_KEY, "more than %d keys in one set", JWK_KEYS_MAX);
	if (key->pool == NULL)
		key->pool = jwk_pool_new();
	if (key->pool == NULL)
		return err_set(e, E_NOMEM, "out of memory");
	/* Grows at 1, 2, 4, 8, ...: whenever count is a power of two. */
	if ((set->count & (set->count - 1)) == 0) {
		grown = mem_array(
		    set->count == 0 ? 1 : set->count * 2, sizeof(*grown));
		if (grown == NULL)
			return err_set(e, E_NOMEM, "out of memory");
		if (set->count > 0)
			memcpy(grown, set->keys, set->count * sizeof(*grown));
		mem_free(&set->keys, set->count * sizeof(*grown));
		set->keys = grown;
	}
	set->keys[set->count++] = *key;
	memset(key, 0, sizeof(*key));
	return 0;
}

/* Whoever may read this entry may sign, whether we use it or not. */
static void
note_secrecy(const struct json *entry, struct jwk_set *set)
{
	const char *kty = json_string(json_member(entry, "kty"), NULL);

	if (kty != NULL && strcmp(kty, "oct") == 0)
		set->has_secret = true;
	if (json_member(entry, "d") != NULL ||
	    json_member(entry, "priv") != NULL)
		set->has_private = true;
}

static int
add_entry(const struct json *entry, struct jwk_set *set, struct err *e)
{
	struct jwk key = { 0 };
	bool skip = false;
	int rc;

	note_secrecy(entry, set);
	rc = jwk_import(entry, &key, &skip, e);
	if (rc == 0 && skip)
		set->skipped++;
	else if (rc == 0)
		rc = jwk_set_add(set, &key, e);
	jwk_done(&key);
	return rc;
}

static int
add_entries(const struct json *keys, struct jwk_set *set, struct err *e)
{
	size_t i;
	int rc = 0;

	if (json_kind(keys) != JSON_ARRAY)
		return err_set(e, E_KEY, "keys: not an array");
	for (i = 0; i < json_count(keys) && rc == 0; i++) {
		rc = add_entry(json_element(keys, i), set, e);
		if (rc != 0)
			err_prefix(e, "keys[%zu]", i);
	}
	return rc;
}

static int
parse_json(const char *text, size_t n, struct jwk_set *set, struct err *e)
{
	struct json *root = NULL;
	struct err why = { 0 };
	const struct json *keys;
	int rc;

	rc = json_parse(text, n, false, &root, &why);
	if (rc != 0) {
		rc = rc == E_NOMEM ? E_NOMEM : E_KEY;
		return err_set(e, rc, "%s", err_text(&why, rc));
	}
	keys = json_member(root, "keys");
	if (keys != NULL && json_member(root, "kty") != NULL)
		rc = err_set(e, E_KEY, "both a key and a set of keys");
	else if (keys != NULL)
		rc = add_entries(keys, set, e);
	else
		rc = add_entry(root, set, e);
	json_wipe(&root);
	return rc;
}

/* What only the whole set shows. */
static int
check_set(struct jwk_set *set, struct err *e)
{
	size_t i;

	if (set->count == 0 && set->skipped > 0)
		return err_set(e, E_KEY,
		    "no key for signatures (%zu of other use, type or "
		    "algorithm)",
		    set->skipped);
	if (set->count == 0)
		return err_set(e, E_KEY, "no key in it");
	for (i = 0; i < set->count; i++) {
		if ((set->keys[i].kty == JWK_OCT) !=
		    (set->keys[0].kty == JWK_OCT))
			return err_set(e, E_KEY,
			    "secret and public keys are mixed in one set");
	}
	return jwk_index_build(set, e);
}

int
jwk_set_join(struct jwk_set *set, struct jwk_set *more, struct err *e)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < more->count && rc == 0; i++)
		rc = jwk_set_add(set, &more->keys[i], e);
	set->skipped += more->skipped;
	set->has_secret |= more->has_secret;
	set->has_private |= more->has_private;
	return rc == 0 ? check_set(set, e) : rc;
}

int
jwk_set_parse(const char *text, size_t n, struct jwk_set *out, struct err *e)
{
	struct jwk_set set = { 0 };
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
		rc = jwk_pem_parse(text, n, &set, e);
	else
		rc = err_set(e, E_KEY, "neither a JWK, a JWK set nor PEM");
	if (rc == 0)
		rc = check_set(&set, e);
	ERR_pop_to_mark();
	if (rc == 0)
		*out = set;
	else
		jwk_set_done(&set);
	return rc;
}

int
jwk_set_secret(const void *secret, size_t n, enum jwa_alg alg,
    struct jwk_set *out, struct err *e)
{
	struct jwk_set set = { .has_secret = true };
	struct jwk key = {
		.kty = JWK_OCT, .alg = alg, .verifies = true, .signs = true
	};
	int rc;

	rc = jwk_secret_check(secret, n, alg, e);
	if (rc != 0)
		return rc;
	key.secret = mem_dup(secret, n);
	key.secret_len = n;
	rc = key.secret == NULL ? err_set(e, E_NOMEM, "out of memory") :
				  jwk_set_add(&set, &key, e);
	if (rc == 0)
		rc = jwk_index_build(&set, e);
	if (rc == 0)
		*out = set;
	else
		jwk_set_done(&set);
	jwk_done(&key);
	return rc;
}
