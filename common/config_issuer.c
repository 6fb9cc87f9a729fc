/*
 * config_issuer: who may sign what. common.authentication is an issuer too,
 * once it has a secret or a signing key; what is its own is told apart from
 * what every issuer's tokens are asked.
 */

#include "config_schema.h"

#include "config.h"
#include "config_encryption.h"
#include "err.h"
#include "json.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_LIFETIME 86400
#define DEFAULT_EXPIRE_OFFSET 1800
#define DEFAULT_SKEW 30

#define WHERE_MAX 256

static bool
is_hmac(enum jwa_alg alg)
{
	const struct jwa_info *info = jwa_get(alg);

	return info != NULL && info->kind == JWA_KIND_HMAC;
}

static enum jwa_alg
find_alg(const struct json *value)
{
	size_t n = 0;
	const char *s = json_string(value, &n);

	return s != NULL ? jwa_find(s, n) : JWA_NONE;
}

static int
set_defaults(struct config_issuer *out)
{
	int ret;

	out->max_lifetime = DEFAULT_LIFETIME;
	out->clock_skew = DEFAULT_SKEW;
	ret = config_list_add(&out->types, "JWT");
	if (ret == 0)
		ret = config_list_add(&out->types, "at+jwt");
	/* the first users' tokens name their user so */
	if (ret == 0 && out->own)
		ret = config_list_add(&out->user_claim, "user");
	if (ret == 0)
		ret = config_list_add(&out->user_claim, "sub");
	return ret;
}

static int
take_required_claims(const struct json *node, struct config_issuer *out)
{
	const struct json *claims = json_member(node, "required_claims");
	struct config_claim *claim;
	const char *name;
	size_t i;

	out->required_claims = mem_array(
	    json_count(claims), sizeof(*out->required_claims));
	if (out->required_claims == NULL)
		return E_NOMEM;
	for (i = 0; i < json_count(claims); i++) {
		claim = &out->required_claims[i];
		out->required_claim_count++;
		claim->value = json_write(
		    json_entry(claims, i, &name), false, NULL);
		claim->path = mem_strdup(name);
		if (claim->value == NULL || claim->path == NULL)
			return E_NOMEM;
	}
	return 0;
}

static int
take_pattern(const struct json *node, struct config_issuer *out)
{
	const char *s = json_string(json_member(node, "user_pattern"), NULL);
	char why[SCHEMA_PATTERN_WHY_MAX];
	int ret;

	if (s == NULL)
		return 0;
	ret = schema_pattern(s, &out->user_pattern, why);
	/* schema_check() compiled it before, so it is not the pattern */
	return ret == 0 ? 0 : E_NOMEM;
}

/* What is asked of every issuer's tokens. */
static int
take_token_keys(const struct json *node, struct config_issuer *out)
{
	const struct json *users = json_member(node, "users");
	const struct json *domain = json_member(node, "user_domain");
	const char *from;

	out->max_lifetime = schema_take_integer(
	    node, "max_lifetime", out->max_lifetime);
	out->clock_skew = schema_take_integer(
	    node, "clock_skew", out->clock_skew);
	from = json_string(json_member(node, "auth_time_from"), NULL);
	out->auth_time_from_iat = from != NULL && strcmp(from, "iat") == 0;
	if (schema_take_string(node, "issuer", &out->issuer) != 0 ||
	    config_take_list(node, "audience", &out->audience) != 0 ||
	    config_take_list(
		node, "authorized_parties", &out->authorized_parties) != 0 ||
	    config_take_list(node, "types", &out->types) != 0 ||
	    config_take_list(node, "scopes", &out->scopes) != 0 ||
	    config_take_list(node, "user_claim", &out->user_claim) != 0 ||
	    config_take_list(domain, "strip", &out->user_domain_strip) != 0 ||
	    config_take_list(users, "allow", &out->users_allow) != 0 ||
	    config_take_list(users, "deny", &out->users_deny) != 0 ||
	    schema_take_string(node, "roles_claim", &out->roles_claim) != 0)
		return E_NOMEM;
	if (take_required_claims(node, out) != 0 ||
	    config_take_encryption(node, out) != 0)
		return E_NOMEM;
	return take_pattern(node, out);
}

/*
 * The secret's length is judged for the algorithm it serves, RFC 7518 §3.2;
 * how long it is may be said, what it is may not.
 */
static int
take_secret(const struct schema_source *src, const struct json *node,
    const struct json_path *at, struct config_issuer *out)
{
	struct json_path here = { .up = at, .name = "jwtsecret" };
	const struct jwa_info *info = NULL;
	const char *s;
	size_t n = 0;

	s = json_string(json_member(node, here.name), &n);
	if (s == NULL)
		return 0;
	if (out->algorithm_count != 0 && is_hmac(out->algorithms[0]))
		info = jwa_get(out->algorithms[0]);
	if (info != NULL && n < info->hash_len)
		return schema_fail(src, &here,
		    "is too short: %s needs a secret of at least %zu bytes "
		    "(RFC 7518 section 3.2), this one has %zu",
		    info->name, info->hash_len, n);
	out->secret = mem_dup(s, n);
	if (out->secret == NULL)
		return E_NOMEM;
	out->secret_len = n;
	return 0;
}

/* The one algorithm of the own issuer, and that its key is there. */
static int
choose_algorithm(const struct schema_source *src, const struct json *node,
    const struct json_path *at, struct config_issuer *out)
{
	struct json_path here = { .up = at, .name = "jwtalgorithm" };
	const struct json *said = json_member(node, here.name);
	bool key, secret;

	key = json_member(node, "jwtsigningkey_file") != NULL;
	secret = json_member(node, "jwtsecret") != NULL ||
	    json_member(node, "jwtsecret_file") != NULL;
	if (said == NULL && key && secret)
		return schema_fail(src, &here,
		    "is required where there is both a secret and a signing "
		    "key");
	/* a signing key alone has a default of its own */
	if (said == NULL && key)
		return 0;
	out->algorithms[0] = said == NULL ? JWA_HS256 : find_alg(said);
	out->algorithm_count = 1;
	if (is_hmac(out->algorithms[0]) && !secret)
		return schema_fail(src, &here,
		    "needs jwtsecret_file or jwtsecret: it signs with a "
		    "secret");
	if (!is_hmac(out->algorithms[0]) && !key)
		return schema_fail(src, &here,
		    "needs jwtsigningkey_file: it signs with a key pair");
	return 0;
}

static int
take_lifetime(const struct schema_source *src, const struct json *node,
    const struct json_path *at, struct config_issuer *out)
{
	struct json_path here = { .up = at, .name = "jwtexpireoffset" };
	int64_t otherwise = DEFAULT_EXPIRE_OFFSET;

	if (otherwise > out->max_lifetime)
		otherwise = out->max_lifetime;
	out->expire_offset = schema_take_integer(node, here.name, otherwise);
	if (out->expire_offset <= out->max_lifetime)
		return 0;
	return schema_fail(src, &here,
	    "is over max_lifetime (%lld): such a token would be refused",
	    (long long)out->max_lifetime);
}

/* What only common.authentication has. */
static int
take_own_keys(const struct schema_source *src, const struct json *node,
    const struct json_path *at, struct config_issuer *out)
{
	struct json_path here = { .up = at, .name = "jwtsecret_file" };
	int ret;

	if (json_member(node, "jwtsecret") != NULL &&
	    json_member(node, here.name) != NULL)
		return schema_fail(src, &here,
		    "stands beside jwtsecret: only one of them is taken");
	ret = choose_algorithm(src, node, at, out);
	if (ret == 0)
		ret = take_secret(src, node, at, out);
	if (ret == 0)
		ret = schema_take_string(node, here.name, &out->secret_file);
	if (ret == 0)
		ret = schema_take_string(
		    node, "jwtsigningkey_file", &out->signing_key_file);
	if (ret == 0)
		ret = take_lifetime(src, node, at, out);
	out->first_form = json_member(node, "issuer") == NULL &&
	    json_member(node, "audience") == NULL;
	return ret;
}

/*
 * A key that serves both kinds would let every holder of the public half
 * sign, so an issuer has secrets or key pairs, never both.
 */
static int
take_algorithms(const struct schema_source *src, const struct json *node,
    const struct json_path *at, struct config_issuer *out)
{
	struct json_path list = { .up = at, .name = "algorithms" };
	struct json_path here = { .up = &list };
	const struct json *algorithms = json_member(node, list.name);
	enum jwa_alg alg;
	size_t i, j;

	for (i = 0; i < json_count(algorithms); i++) {
		here.index = i;
		alg = find_alg(json_element(algorithms, i));
		for (j = 0; j < i; j++) {
			if (out->algorithms[j] == alg)
				return schema_fail(src, &here, "is said twice");
		}
		if (i > 0 && is_hmac(alg) != is_hmac(out->algorithms[0]))
			return schema_fail(src, &here,
			    "mixes HS* with signatures of key pairs: make it "
			    "two issuers");
		out->algorithms[i] = alg;
		out->algorithm_count = i + 1;
	}
	return 0;
}

static int
take_foreign_keys(const struct schema_source *src, const struct json *node,
    const struct json_path *at, struct config_issuer *out)
{
	int ret;

	ret = take_algorithms(src, node, at, out);
	if (ret == 0)
		ret = config_take_list(node, "keys_file", &out->keys_files);
	if (ret == 0)
		ret = schema_take_string(node, "jwks_uri", &out->jwks_uri);
	return ret;
}

static bool
can_sign(const struct json *node)
{
	return json_member(node, "jwtsecret") != NULL ||
	    json_member(node, "jwtsecret_file") != NULL ||
	    json_member(node, "jwtsigningkey_file") != NULL;
}

int
config_issuer_build(const struct schema_source *src, const struct json *node,
    const struct json_path *at, bool own, struct config_issuer *out)
{
	char where[WHERE_MAX];
	int ret;

	if (own && !can_sign(node))
		return 0;
	out->own = own;
	out->where = mem_strdup(json_path_text(at, where, sizeof(where)));
	if (out->where == NULL)
		return E_NOMEM;
	ret = set_defaults(out);
	if (ret == 0)
		ret = take_token_keys(node, out);
	if (ret != 0)
		return ret;
	return own ? take_own_keys(src, node, at, out) :
		     take_foreign_keys(src, node, at, out);
}

void
config_issuer_done(struct config_issuer *issuer)
{
	size_t i;

	for (i = 0; i < issuer->required_claim_count; i++) {
		free(issuer->required_claims[i].path);
		free(issuer->required_claims[i].value);
	}
	free(issuer->required_claims);
	free(issuer->where);
	free(issuer->issuer);
	config_list_done(&issuer->keys_files);
	free(issuer->jwks_uri);
	mem_free(&issuer->secret, issuer->secret_len);
	free(issuer->secret_file);
	free(issuer->signing_key_file);
	free(issuer->roles_claim);
	config_encryption_free(&issuer->encryption);
	config_list_done(&issuer->audience);
	config_list_done(&issuer->authorized_parties);
	config_list_done(&issuer->types);
	config_list_done(&issuer->scopes);
	config_list_done(&issuer->user_claim);
	config_list_done(&issuer->user_domain_strip);
	config_list_done(&issuer->users_allow);
	config_list_done(&issuer->users_deny);
	schema_pattern_free(&issuer->user_pattern);
	memset(issuer, 0, sizeof(*issuer));
}
