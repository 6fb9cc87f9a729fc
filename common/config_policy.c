/*
 * config_policy: what one service asks, from common and the service's own
 * part. Every policy is built when the file is read, so that a mistake in a
 * service nobody has used yet is found on the first day.
 */

#include "config_schema.h"

#include "config.h"
#include "err.h"
#include "json.h"
#include "mem.h"
#include "str.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_MINIMUM_UID 1000
#define DEFAULT_USER_FILTER "(uid={user})"
#define DEFAULT_DIRECTORY_MS 3000
#define DEFAULT_CACHE_SECONDS 60
#define DEFAULT_FRAUD_SOCKET "/run/fraudd/fraudd.sock"
#define DEFAULT_FRAUD_MS 50
#define DEFAULT_STALE_AFTER 900
#define DEFAULT_FRAUD_AWAY "/run/jwtgate/fraudd-away"

#define UNAUTHORIZED "unauthorized"

/* Where the parts of the policy stand in the file. */
struct places {
	struct json_path common;
	struct json_path services;
	struct json_path service;
};

struct build {
	const struct schema_source *src;
	const struct json *parts; /* common with the service laid over it */
	const struct json *service; /* NULL: none */
	const struct config_policy *base; /* NULL: this is the common one */
	const struct places *places;
	struct config_policy *out;
};

/* The place of a part: the service's own where it has one. */
static struct json_path
part_at(const struct build *b, const char *name)
{
	struct json_path at = { .up = &b->places->common, .name = name };

	if (json_member(b->service, name) != NULL)
		at.up = &b->places->service;
	return at;
}

static int
no_memory(const struct build *b)
{
	return err_set(b->src->e, E_NOMEM, "out of memory");
}

/* Two issuers of one name: which keys would count for its tokens? */
static int
check_issuer_unique(const struct build *b, const struct json_path *at, size_t i)
{
	struct json_path here = { .up = at, .name = "issuer" };
	const struct config_issuer *issuers = b->out->issuers;
	size_t j;

	for (j = 0; j < i; j++) {
		if (issuers[j].issuer != NULL && issuers[i].issuer != NULL &&
		    strcmp(issuers[j].issuer, issuers[i].issuer) == 0)
			return schema_fail(b->src, &here,
			    "is the issuer of %s already", issuers[j].where);
	}
	return 0;
}

/* What is inherited unchanged is built once: it holds expressions. */
static bool
inherits_issuers(const struct build *b)
{
	return b->base != NULL && json_member(b->service, "issuers") == NULL &&
	    json_member(b->service, "authentication") == NULL;
}

static int
build_issuers(const struct build *b)
{
	struct json_path own = part_at(b, "authentication");
	struct json_path list = part_at(b, "issuers");
	struct json_path here = { .up = &list };
	const struct json *nodes = json_member(b->parts, "issuers");
	struct config_policy *out = b->out;
	size_t i;
	int ret;

	if (inherits_issuers(b)) {
		out->inherits_issuers = true;
		out->issuers = b->base->issuers;
		out->issuer_count = b->base->issuer_count;
		return 0;
	}
	out->issuers = mem_array(json_count(nodes) + 1, sizeof(*out->issuers));
	if (out->issuers == NULL)
		return E_NOMEM;
	out->issuer_count = 1;
	ret = config_issuer_build(b->src,
	    json_member(b->parts, "authentication"), &own, true,
	    &out->issuers[0]);
	if (ret != 0)
		return ret;
	if (out->issuers[0].where == NULL)
		out->issuer_count = 0;
	for (i = 0; i < json_count(nodes); i++) {
		here.index = i;
		out->issuer_count++;
		ret = config_issuer_build(b->src, json_element(nodes, i), &here,
		    false, &out->issuers[out->issuer_count - 1]);
		if (ret == 0)
			ret = check_issuer_unique(
			    b, &here, out->issuer_count - 1);
		if (ret != 0)
			return ret;
	}
	return 0;
}

static int
build_role(const struct build *b, const char *name, const char *text)
{
	struct json_path part = part_at(b, "authentication");
	struct json_path authorize = { .up = &part, .name = "authorize" };
	struct json_path here = { .up = &authorize, .name = name };
	struct config_role *role = &b->out->roles[b->out->role_count++];
	struct err e = { 0 };
	int ret;

	role->name = mem_strdup(name);
	if (role->name == NULL)
		return E_NOMEM;
	ret = query_parse(text, &role->query, &e);
	return ret == 0 || ret == E_NOMEM ?
	    ret :
	    schema_fail(b->src, &here, "%s", err_text(&e, ret));
}

static int
build_roles(const struct build *b)
{
	const struct json *authorize = json_member(
	    json_member(b->parts, "authentication"), "authorize");
	struct config_policy *out = b->out;
	const char *name, *text;
	size_t i;
	int ret;

	out->roles = mem_array(json_count(authorize), sizeof(*out->roles));
	if (out->roles == NULL)
		return E_NOMEM;
	for (i = 0; i < json_count(authorize); i++) {
		text = json_string(json_entry(authorize, i, &name), NULL);
		if (strcmp(name, UNAUTHORIZED) == 0)
			continue;
		ret = build_role(b, name, text);
		if (ret != 0)
			return ret;
	}
	return schema_take_string(authorize, UNAUTHORIZED, &out->unauthorized);
}

/* A password or a group list in the clear is asked for by name or not. */
static int
check_directory(const struct build *b, const struct json_path *at)
{
	const struct config_directory *d = &b->out->directory;
	struct json_path list = { .up = at, .name = "uri" };
	struct json_path here = { .up = &list };
	struct json_path bind = { .up = at };

	for (here.index = 0; here.index < d->uri.count; here.index++) {
		if (!d->start_tls && !d->insecure_plaintext &&
		    strncmp(d->uri.items[here.index], "ldap://", 7) == 0)
			return schema_fail(b->src, &here,
			    "ldap:// is readable on the way: use ldaps:// or "
			    "\"start_tls\": true (or say "
			    "\"insecure_plaintext\": true)");
	}
	/* a name without a password binds anonymously, RFC 4513 §5.1.2 */
	bind.name = d->bind_dn != NULL ? "bind_dn" : "bind_password_file";
	if ((d->bind_dn == NULL) != (d->bind_password_file == NULL))
		return schema_fail(b->src, &bind, "needs %s beside it",
		    d->bind_dn != NULL ? "bind_password_file" : "bind_dn");
	return 0;
}

static int
build_directory(const struct build *b)
{
	const struct json *node = json_member(b->parts, "directory");
	struct json_path at = part_at(b, "directory");
	struct config_directory *d = &b->out->directory;

	if (node == NULL)
		return 0;
	d->configured = true;
	d->start_tls = schema_take_bool(node, "start_tls", false);
	d->insecure_plaintext = schema_take_bool(
	    node, "insecure_plaintext", false);
	d->user_ignore_case = schema_take_bool(node, "user_ignore_case", false);
	d->nested_groups = schema_take_bool(node, "nested_groups", true);
	d->deadline_ms = schema_take_integer(
	    node, "deadline_ms", DEFAULT_DIRECTORY_MS);
	d->cache_seconds = schema_take_integer(
	    node, "cache_seconds", DEFAULT_CACHE_SECONDS);
	d->user_filter = mem_strdup(DEFAULT_USER_FILTER);
	if (d->user_filter == NULL ||
	    schema_take_string(node, "user_filter", &d->user_filter) != 0 ||
	    config_take_list(node, "uri", &d->uri) != 0 ||
	    schema_take_string(node, "ca_file", &d->ca_file) != 0 ||
	    schema_take_string(node, "bind_dn", &d->bind_dn) != 0 ||
	    schema_take_string(
		node, "bind_password_file", &d->bind_password_file) != 0 ||
	    schema_take_string(node, "base", &d->base) != 0)
		return E_NOMEM;
	return check_directory(b, &at);
}

static int
build_fraud(const struct build *b)
{
	const struct json *node = json_member(b->parts, "fraud");
	struct config_fraud *f = &b->out->fraud;
	const char *away;

	if (node == NULL)
		return 0;
	f->configured = true;
	f->deadline_ms = schema_take_integer(
	    node, "deadline_ms", DEFAULT_FRAUD_MS);
	away = json_string(json_member(node, "when_unavailable"), NULL);
	f->allow_when_unavailable = away == NULL || strcmp(away, "allow") == 0;
	f->socket = mem_strdup(DEFAULT_FRAUD_SOCKET);
	f->away_file = mem_strdup(DEFAULT_FRAUD_AWAY);
	if (f->socket == NULL || f->away_file == NULL ||
	    schema_take_string(node, "away_file", &f->away_file) != 0 ||
	    schema_take_string(
		node, "password_key_file", &f->password_key_file) != 0)
		return E_NOMEM;
	return schema_take_string(node, "socket", &f->socket);
}

static int
build_sasl(const struct build *b)
{
	const struct json *node = json_member(b->parts, "sasl");
	struct config_sasl *sasl = &b->out->sasl;
	const char *authzid;

	authzid = json_string(json_member(node, "authzid"), NULL);
	if (authzid != NULL && strcmp(authzid, "may-differ") == 0)
		sasl->authzid = CONFIG_AUTHZID_MAY_DIFFER;
	if (authzid != NULL && strcmp(authzid, "ignore") == 0)
		sasl->authzid = CONFIG_AUTHZID_IGNORE;
	if (schema_take_string(
		node, "openid_configuration", &sasl->openid_configuration) != 0)
		return E_NOMEM;
	return schema_take_string(node, "scope", &sasl->scope);
}

/* What the service alone says; defaults where there is no service. */
static void
build_entry(const struct build *b)
{
	struct config_policy *out = b->out;
	const char *from, *possession;

	from = json_string(json_member(b->service, "roles_from"), NULL);
	if (from == NULL)
		out->roles_from = CONFIG_ROLES_DEFAULT;
	else if (strcmp(from, "token") == 0)
		out->roles_from = CONFIG_ROLES_TOKEN;
	else if (strcmp(from, "directory") == 0)
		out->roles_from = CONFIG_ROLES_DIRECTORY;
	else
		out->roles_from = CONFIG_ROLES_BOTH;
	possession = json_string(
	    json_member(b->service, "proof_of_possession"), NULL);
	out->possession = possession == NULL ||
		strcmp(possession, "if_bound") == 0 ?
	    CONFIG_POSSESSION_IF_BOUND :
	    CONFIG_POSSESSION_REQUIRED;
	out->one_time = schema_take_bool(b->service, "one_time", false);
	out->allow_root = schema_take_bool(b->service, "allow_root", false);
	out->minimum_uid = schema_take_integer(
	    b->service, "minimum_uid", DEFAULT_MINIMUM_UID);
	out->max_age = schema_take_integer(b->service, "max_age", -1);
}

/* Whether any token's roles would be looked up in the directory. */
static bool
asks_directory(const struct config_policy *p)
{
	size_t i;

	switch (p->roles_from) {
	case CONFIG_ROLES_TOKEN:
		return false;
	case CONFIG_ROLES_DIRECTORY:
	case CONFIG_ROLES_BOTH:
		return true;
	case CONFIG_ROLES_DEFAULT:
		break;
	}
	for (i = 0; i < p->issuer_count; i++) {
		if (!p->issuers[i].first_form)
			return true;
	}
	return p->issuer_count == 0;
}

static bool
has_role(const struct config_policy *p, const char *name)
{
	size_t i;

	for (i = 0; i < p->role_count; i++) {
		if (strcmp(p->roles[i].name, name) == 0)
			return true;
	}
	return false;
}

static int
fail_role(const struct build *b, const struct json_path *at, const char *name)
{
	const struct config_policy *p = b->out;
	const char **words;
	size_t i;
	int ret;

	words = mem_array(p->role_count, sizeof(*words));
	if (words == NULL)
		return E_NOMEM;
	for (i = 0; i < p->role_count; i++)
		words[i] = p->roles[i].name;
	ret = schema_fail_near(b->src, at, "is no role that authorize names",
	    name, words, p->role_count);
	free(words);
	return ret;
}

/* Nobody could ever hold a role that the directory is not asked for. */
static int
check_require_roles(const struct build *b, const struct json_path *list)
{
	const struct config_policy *p = b->out;
	struct json_path here = { .up = list };
	const char *name;

	for (here.index = 0; here.index < p->require_roles.count;
	     here.index++) {
		name = p->require_roles.items[here.index];
		if (strcmp(name, UNAUTHORIZED) == 0)
			return schema_fail(b->src, &here,
			    "\"" UNAUTHORIZED "\" is a sentence, not a role");
		if (asks_directory(p) && !has_role(p, name))
			return fail_role(b, &here, name);
	}
	return 0;
}

/* Nothing said: any role of authorize. */
static int
require_default(const struct build *b)
{
	struct config_policy *out = b->out;
	struct json_path here = { .up = &b->places->service,
		.name = "require" };
	size_t i;
	int ret = 0;

	if (out->role_count == 0 && b->service != NULL)
		return schema_fail(b->src, &here,
		    "is required, because authorize names no role; \"require\""
		    ": \"token_only\" lets a token alone in");
	if (out->role_count == 0) {
		out->require = CONFIG_REQUIRE_TOKEN_ONLY;
		return 0;
	}
	out->require = CONFIG_REQUIRE_ANY;
	for (i = 0; ret == 0 && i < out->role_count; i++)
		ret = config_list_add(&out->require_roles, out->roles[i].name);
	return ret;
}

static int
build_require(const struct build *b)
{
	struct json_path require = { .up = &b->places->service,
		.name = "require" };
	struct json_path list = { .up = &require };
	const struct json *node = json_member(b->service, "require");
	bool any = json_member(node, "any") != NULL;
	bool all = json_member(node, "all") != NULL;
	int ret;

	if (b->out->service == NULL) {
		b->out->require = CONFIG_REQUIRE_TOKEN_ONLY;
		return 0;
	}
	if (node == NULL)
		return require_default(b);
	/* schema_check() left only the word and the object */
	if (json_string(node, NULL) != NULL) {
		b->out->require = CONFIG_REQUIRE_TOKEN_ONLY;
		return 0;
	}
	if (any == all)
		return schema_fail(
		    b->src, &require, "must hold either \"any\" or \"all\"");
	b->out->require = any ? CONFIG_REQUIRE_ANY : CONFIG_REQUIRE_ALL;
	list.name = any ? "any" : "all";
	ret = config_take_list(node, list.name, &b->out->require_roles);
	return ret != 0 ? ret : check_require_roles(b, &list);
}

static int
check_roles(const struct build *b)
{
	const struct json_path directory = part_at(b, "directory");
	const struct json_path authentication = part_at(b, "authentication");
	const struct config_roles r = { b->src, b->parts, b->service,
		&directory, &authentication };

	return config_roles_check(&r, b->out);
}

static int
build_policy(const struct build *b)
{
	const struct json *revocation = json_member(b->parts, "revocation");
	int ret;

	ret = build_issuers(b);
	if (ret == 0)
		ret = build_roles(b);
	if (ret == 0)
		ret = build_directory(b);
	if (ret == 0)
		ret = build_fraud(b);
	if (ret == 0)
		ret = build_sasl(b);
	if (ret == 0)
		ret = schema_take_string(
		    revocation, "file", &b->out->revocation_file);
	b->out->stale_after = schema_take_integer(
	    revocation, "stale_after", DEFAULT_STALE_AFTER);
	if (ret != 0)
		return ret;
	build_entry(b);
	ret = build_require(b);
	return ret == 0 ? check_roles(b) : ret;
}

int
config_policy_build(const struct config_part *part, struct config_policy *out)
{
	struct places places = {
		.common = { .name = "common" },
		.services = { .name = "services" },
		.service = { .up = &places.services, .name = part->name },
	};
	struct build b = { .src = part->src,
		.parts = part->common,
		.service = part->service,
		.base = part->base,
		.places = &places,
		.out = out };
	struct json *merged = NULL;
	int ret = 0;

	memset(out, 0, sizeof(*out));
	if (part->name != NULL) {
		out->service = mem_strdup(part->name);
		if (out->service == NULL)
			return no_memory(&b);
	}
	if (config_has_parts(part->service)) {
		ret = config_merge(part->common, part->service, &merged);
		b.parts = merged;
		if (ret == 0)
			ret = schema_check(part->src, &config_schema_common,
			    merged, &places.service, true);
	}
	if (ret == 0)
		ret = build_policy(&b);
	json_wipe(&merged);
	if (ret == E_NOMEM)
		no_memory(&b);
	if (ret != 0)
		config_policy_done(out);
	return ret;
}

void
config_policy_done(struct config_policy *p)
{
	size_t i;

	for (i = 0; !p->inherits_issuers && i < p->issuer_count; i++)
		config_issuer_done(&p->issuers[i]);
	if (!p->inherits_issuers)
		free(p->issuers);
	for (i = 0; i < p->role_count; i++) {
		free(p->roles[i].name);
		query_done(&p->roles[i].query);
	}
	free(p->roles);
	config_list_done(&p->require_roles);
	config_list_done(&p->directory.uri);
	free(p->directory.ca_file);
	free(p->directory.bind_dn);
	free(p->directory.bind_password_file);
	free(p->directory.base);
	free(p->directory.user_filter);
	free(p->fraud.socket);
	free(p->fraud.away_file);
	free(p->sasl.openid_configuration);
	free(p->sasl.scope);
	free(p->fraud.password_key_file);
	free(p->service);
	free(p->unauthorized);
	free(p->revocation_file);
	memset(p, 0, sizeof(*p));
}
