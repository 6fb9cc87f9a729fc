/*
 * config_parts: the parts of a policy that stand for a neighbour: roles and
 * their directory, fraud daemon, SASL clients. config.h includes this.
 */

#ifndef JWTGATE_CONFIG_PARTS_H
#define JWTGATE_CONFIG_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "query.h"

#define CONFIG_HINT_MAX 250 /* bytes of what a SASL client is told */

struct config_list {
	char **items; /* owns */
	size_t count;
};

/* authorize: a role and what the directory is asked for it. */
struct config_role {
	char *name;
	struct query query; /* owns */
};

struct config_directory {
	bool configured;
	struct config_list uri;
	bool start_tls;
	bool insecure_plaintext;
	bool nested_groups;
	char *ca_file;
	char *bind_dn;
	char *bind_password_file;
	char *base;
	char *user_filter;
	bool user_ignore_case; /* what it finds may be called ALICE */
	int64_t deadline_ms;
	int64_t cache_seconds;
};

struct config_fraud {
	bool configured;
	char *socket;
	int64_t deadline_ms;
	bool allow_when_unavailable;
	char *away_file; /* when it was said that it is away */
	char *password_key_file; /* NULL: no password is counted */
};

/* What the name that a SASL client asks to act as must be. */
enum config_authzid {
	CONFIG_AUTHZID_MUST_EQUAL = 0, /* the token's user, or not said */
	CONFIG_AUTHZID_MAY_DIFFER, /* the host decides who may act as whom */
	CONFIG_AUTHZID_IGNORE
};

struct config_sasl {
	enum config_authzid authzid;
	char *openid_configuration; /* NULL: not told to clients */
	char *scope; /* NULL: the scopes of the first issuer */
};

#endif
