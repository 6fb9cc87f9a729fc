/*
 * config_schema: what jwtgate.json may say, as one table for the strict reader
 * (schema), and the pieces of config that the policies share. Only config*.c
 * include this.
 */

#ifndef JWTGATE_CONFIG_SCHEMA_H
#define JWTGATE_CONFIG_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema.h"

struct config_issuer;
struct config_list;
struct config_policy;
struct err;
struct json;
struct json_path;

#define CONFIG_SECRET_MAX 1024 /* bytes of jwtsecret */
#define CONFIG_SECONDS_MAX ((INT64_C(1) << 53) - 1)

extern const struct schema_table config_schema_common;
extern const struct schema_table config_schema_services;

/* Whether that is the name of a part of common. */
bool config_is_part(const char *name);

/* Whether a service says any part of common anew. */
bool config_has_parts(const struct json *service);

/*
 * The parts of common (NULL: empty) with those of a service (may be NULL)
 * laid over them, key by key, as an object of config_schema_common. E_NOMEM.
 */
int config_merge(
    const struct json *common, const struct json *service, struct json **out);

/*
 * Copies of lists that schema_check() passed. What is absent leaves the
 * output as it is. Return 0 or E_NOMEM.
 */
int config_take_list(
    const struct json *object, const char *name, struct config_list *out);
int config_list_add(struct config_list *list, const char *item);
void config_list_done(struct config_list *list);

/* What an issuer's encrypted tokens may be; all of it where nothing is said.
 * 0 or E_NOMEM. */
int config_take_encryption(const struct json *node, struct config_issuer *out);

/*
 * An issuer from an entry of issuers, or from authentication (own). at is
 * its place. An own issuer without secret and key is left empty, its where
 * NULL. Returns 0, E_NOMEM or E_CONFIG_INVALID; out is done by the caller.
 */
int config_issuer_build(const struct schema_source *src,
    const struct json *node, const struct json_path *at, bool own,
    struct config_issuer *out);
void config_issuer_done(struct config_issuer *issuer);

/*
 * 0, or what roles and directory of a policy must not be together. The places
 * are those of the parts of these names.
 */
struct config_roles {
	const struct schema_source *src;
	const struct json *parts; /* common with the service laid over it */
	const struct json *service; /* NULL: none */
	const struct json_path *directory;
	const struct json_path *authentication;
};
int config_roles_check(
    const struct config_roles *r, const struct config_policy *p);

/*
 * What a service asks. service: its part of the file, NULL where it has
 * none; name: NULL for the common policy, "*" for every other service.
 */
struct config_part {
	const struct schema_source *src;
	const struct json *common; /* NULL when the file has none */
	const struct json *service;
	const char *name;
	const struct config_policy *base; /* the common one; NULL: this is it */
};
int config_policy_build(
    const struct config_part *part, struct config_policy *out);
void config_policy_done(struct config_policy *p);

#endif
