/*
 * Minting is the mirror of the gate: what comes out of here must pass the
 * checks that the same configuration asks of a token, so the limits are
 * judged before anything is signed.
 */

#include "mint.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/rand.h>

#include "b64url.h"
#include "claims.h"
#include "config.h"
#include "err.h"
#include "jscan.h"
#include "json.h"
#include "jwk.h"
#include "jws.h"
#include "keyring.h"
#include "mem.h"
#include "str.h"

#define JTI_BYTES 16
#define TIME_LIMIT ((int64_t)1 << 53)

static int
no_memory(struct err *e)
{
	return err_set(e, E_NOMEM, "out of memory");
}

/* The members that say who, when and which: never the caller's to set. */
static bool
is_ours(const struct config_issuer *own, const char *name)
{
	static const char *const ours[] = { "user", "sub", "iss", "iat", "exp",
		"jti" };
	size_t i;

	for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		if (strcmp(name, ours[i]) == 0)
			return true;
	}
	return own->audience.count > 0 && strcmp(name, "aud") == 0;
}

static int
check_request(const struct config_issuer *own,
    const struct mint_request *request, int64_t ttl, int64_t now, struct err *e)
{
	char shown[128];
	const char *name;
	size_t i;

	if (request->user == NULL)
		return err_set(e, E_USER_INVALID, "there is no user name");
	if (ttl <= 0 || ttl > own->max_lifetime)
		return err_set(e, E_RANGE,
		    "a lifetime of %lld seconds is not within 1 to %lld",
		    (long long)ttl, (long long)own->max_lifetime);
	if (now < 0 || now >= TIME_LIMIT || ttl >= TIME_LIMIT - now)
		return err_set(e, E_RANGE, "the time is out of range");
	if (request->claims != NULL &&
	    json_kind(request->claims) != JSON_OBJECT)
		return err_set(
		    e, E_CONFIG_INVALID, "the extra claims are no object");
	for (i = 0; i < json_count(request->claims); i++) {
		json_entry(request->claims, i, &name);
		if (!is_ours(own, name))
			continue;
		str_printable(shown, sizeof(shown), name, strlen(name));
		return err_set(e, E_CONFIG_INVALID,
		    "the claim %s is not the caller's to set", shown);
	}
	return claims_user_check(request->user, own, e);
}

/* What a key would sign with here; JWA_NONE when it may not. */
static enum jwa_alg
alg_for(const struct jwk *key, const struct config_issuer *own)
{
	size_t i;

	if (!key->signs)
		return JWA_NONE;
	if (own->algorithm_count == 0)
		return jwk_default_alg(key);
	for (i = 0; i < own->algorithm_count; i++) {
		if (jwk_fits(key, own->algorithms[i]))
			return own->algorithms[i];
	}
	return JWA_NONE;
}

static int
signing_key(struct keyring *keys, const struct config_issuer *own,
    const struct jwk **key_out, enum jwa_alg *alg_out, struct err *e)
{
	const struct jwk_set *set;
	enum jwa_alg alg;
	size_t i;
	int r;

	if (own == NULL)
		return err_set(e, E_KEYS_UNAVAILABLE,
		    "common.authentication has no secret and no key");
	r = keyring_get(keys, own, &set, e);
	if (r != 0)
		return r;
	for (i = 0; i < set->count; i++) {
		alg = alg_for(&set->keys[i], own);
		if (alg == JWA_NONE)
			continue;
		*key_out = &set->keys[i];
		*alg_out = alg;
		return 0;
	}
	return err_set(e, E_KEYS_UNAVAILABLE,
	    "common.authentication has no key that signs");
}

static int
put_audience(struct json *o, const struct config_list *audience)
{
	struct json *list = NULL;
	size_t i;
	int r;

	if (audience->count == 0)
		return 0;
	if (audience->count == 1)
		return json_put_string(o, "aud", audience->items[0]);
	r = json_make_array(&list);
	for (i = 0; r == 0 && i < audience->count; i++)
		r = json_append_string(list, audience->items[i]);
	if (r != 0) {
		json_free(&list);
		return r;
	}
	return json_put(o, "aud", list);
}

static int
put_extra(struct json *o, const struct json *claims)
{
	const struct json *value;
	struct json *copy;
	const char *name;
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < json_count(claims); i++) {
		value = json_entry(claims, i, &name);
		r = json_copy(value, &copy);
		if (r == 0)
			r = json_put(o, name, copy);
	}
	return r;
}

static int
random_id(char text[B64URL_ENCODED_LEN(JTI_BYTES) + 1], struct err *e)
{
	unsigned char bytes[JTI_BYTES];

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return err_set(e, E_CRYPTO, "OpenSSL has no random bytes");
	b64url_encode(text, bytes, sizeof(bytes));
	return 0;
}

/* The claims as text, owned by the caller. */
static int
write_claims(const struct config_issuer *own,
    const struct mint_request *request, int64_t now, int64_t ttl,
    char **text_out, struct err *e)
{
	char jti[B64URL_ENCODED_LEN(JTI_BYTES) + 1];
	struct json *o = NULL;
	int r;

	r = random_id(jti, e);
	if (r != 0)
		return r;
	r = json_make_object(&o);
	if (r == 0)
		r = json_put_string(o, "user", request->user);
	if (r == 0)
		r = json_put_string(o, "sub", request->user);
	if (r == 0 && own->issuer != NULL)
		r = json_put_string(o, "iss", own->issuer);
	if (r == 0)
		r = put_audience(o, &own->audience);
	if (r == 0)
		r = json_put_integer(o, "iat", now);
	if (r == 0)
		r = json_put_integer(o, "exp", now + ttl);
	if (r == 0)
		r = json_put_string(o, "jti", jti);
	if (r == 0)
		r = put_extra(o, request->claims);
	if (r == 0) {
		*text_out = json_write(o, false, NULL);
		if (*text_out == NULL)
			r = E_NOMEM;
	}
	json_wipe(&o);
	return r == 0 ? 0 : no_memory(e);
}

/* Signs what the gate will read, and nothing that it would not. */
static int
sign_claims(const struct jwk *key, enum jwa_alg alg, const char *text,
    size_t max_bytes, char **token_out, struct err *e)
{
	const struct jws_draft draft = { .alg = alg,
		.typ = "JWT",
		.payload = text,
		.payload_len = strlen(text) };
	struct err inner = { 0 };
	char *token = NULL;
	int r;

	if (max_bytes == 0 || max_bytes > JWS_MAX_LEN)
		max_bytes = JWS_MAX_LEN;
	r = jscan_object(text, strlen(text), NULL, NULL, &inner);
	if (r != 0)
		return err_set(
		    e, E_RANGE, "the claims: %s", err_text(&inner, r));
	r = jws_sign(key, &draft, &token, &inner);
	if (r == E_NOMEM || r == E_CRYPTO || r == E_RANGE)
		return err_set(e, r, "%s", err_text(&inner, r));
	if (r != 0)
		return err_set(e, E_KEYS_UNAVAILABLE, "the signing key: %s",
		    err_text(&inner, r));
	if (strlen(token) > max_bytes) {
		r = err_set(e, E_RANGE, "the token has %zu bytes, %zu allowed",
		    strlen(token), max_bytes);
		mem_free_str(&token);
		return r;
	}
	*token_out = token;
	return 0;
}

int
mint_token(struct keyring *keys, const struct config_issuer *own,
    const struct mint_request *request, int64_t now, char **token_out,
    struct err *e)
{
	const struct jwk *key = NULL;
	enum jwa_alg alg = JWA_NONE;
	char *text = NULL;
	int64_t ttl;
	int r;

	r = signing_key(keys, own, &key, &alg, e);
	if (r != 0)
		return r;
	ttl = request->ttl != 0 ? request->ttl : own->expire_offset;
	r = check_request(own, request, ttl, now, e);
	if (r != 0)
		return r;
	r = write_claims(own, request, now, ttl, &text, e);
	if (r == 0)
		r = sign_claims(
		    key, alg, text, request->max_bytes, token_out, e);
	mem_free_str(&text);
	return r;
}
