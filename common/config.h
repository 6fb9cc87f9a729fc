/*
 * config: /etc/jwtgate/jwtgate.json, read strictly and resolved per service.
 *
 * The file is judged and parsed whole: one mistake anywhere in the parts
 * that are ours and there is no configuration. Messages read
 * "FILE:LINE:COLUMN: key.path: what", with the nearest known key.
 */

#ifndef JWTGATE_CONFIG_H
#define JWTGATE_CONFIG_H

#include <regex.h>
#include <stdbool.h>
#include <stdint.h>

#include "config_parts.h"
#include "file.h"
#include "jwa.h"

struct config; /* owns every policy and list below */
struct err;

#define CONFIG_SKEW_MAX 300 /* seconds that clocks may be apart */
#define CONFIG_FILE_MAX (1024 * 1024)
#define CONFIG_KEYS_FILES_MAX 16 /* of one issuer */
#define CONFIG_NAME_MAX 64 /* of a service, a role */

/* required_claims: one claim and the scalar it must equal. */
struct config_claim {
	char *path;
	char *value; /* JSON text of the scalar */
};

/* Who may sign what: an entry of issuers, or common.authentication. */
struct config_issuer {
	char *where; /* key path, for messages */
	bool own; /* common.authentication */
	bool first_form; /* own, and neither issuer nor audience is set */
	char *issuer; /* NULL: none asked for (own only) */
	struct config_list keys_files; /* empty for own */
	char *jwks_uri;
	char *secret; /* own: inline jwtsecret, secret_len bytes */
	size_t secret_len;
	char *secret_file; /* own, HMAC */
	char *signing_key_file; /* own, asymmetric */
	int64_t expire_offset; /* own: lifetime of minted tokens, seconds */
	enum jwa_alg algorithms[JWA_COUNT];
	size_t algorithm_count; /* 0: own, and the signing key's default */
	struct config_list audience; /* empty: none asked for (own only) */
	struct config_list authorized_parties; /* empty: any */
	struct config_list types;
	struct config_list scopes; /* all of them are asked for */
	struct config_claim *required_claims;
	size_t required_claim_count;
	struct config_list user_claim; /* the first present decides */
	struct config_list user_domain_strip;
	regex_t *user_pattern; /* NULL: the default of DESIGN §3 */
	struct config_list users_allow; /* patterns; empty: every name */
	struct config_list users_deny; /* wins over allow */
	char *roles_claim;
	int64_t max_lifetime, clock_skew; /* seconds */
	bool auth_time_from_iat;
	struct config_encryption *encryption; /* owns; NULL: none is taken */
};

enum config_require {
	CONFIG_REQUIRE_NOBODY = 0,
	CONFIG_REQUIRE_ANY,
	CONFIG_REQUIRE_ALL,
	CONFIG_REQUIRE_TOKEN_ONLY
};

enum config_roles_from {
	CONFIG_ROLES_DEFAULT = 0, /* token for the first form, else directory */
	CONFIG_ROLES_TOKEN,
	CONFIG_ROLES_DIRECTORY,
	CONFIG_ROLES_BOTH /* held in both */
};

enum config_possession {
	CONFIG_POSSESSION_IF_BOUND = 0,
	CONFIG_POSSESSION_REQUIRED
};

/* What one service asks, common and its own part merged. */
struct config_policy {
	/* NULL: the common policy, without a role check (its require says
	 * token_only); "*" for every service that has no part of its own. */
	char *service;
	struct config_issuer *issuers;
	size_t issuer_count;
	bool inherits_issuers; /* borrows them from the common policy */
	struct config_role *roles;
	size_t role_count;
	char *unauthorized; /* NULL when not said */
	enum config_require require;
	struct config_list require_roles;
	enum config_roles_from roles_from;
	enum config_possession possession;
	bool one_time;
	bool allow_root;
	int64_t minimum_uid;
	int64_t max_age; /* seconds; -1: not asked for */
	struct config_directory directory;
	struct config_fraud fraud;
	struct config_sasl sasl;
	char *revocation_file; /* NULL: none */
	int64_t stale_after; /* seconds that it may stay unread */
};

/*
 * Reads and resolves path. Returns 0; E_IO or E_NOMEM when it could not be
 * read; E_CONFIG_INVALID for everything that is wrong with it, its owner and
 * mode included. *out is untouched on failure.
 */
int config_load(const char *path, struct config **out, struct err *e);

/*
 * The same for n bytes of text that were read elsewhere; no owner and mode
 * are judged, config_id() is all zero. name stands for the file in messages.
 */
int config_parse(const char *text, size_t n, const char *name,
    struct config **out, struct err *e);
void config_free(struct config **c);

/*
 * The policy of a service by its name or an `also` of it, the "*" part, or
 * what DESIGN §3 says when there are no services. service NULL: the common
 * policy. NULL when the service is not named. Borrowed from c.
 */
const struct config_policy *config_policy(
    const struct config *c, const char *service);

/* The file as it was when it was read. */
const struct file_id *config_id(const struct config *c);

/* Top-level parts of other applications, which were left alone. */
const struct config_list *config_foreign(const struct config *c);

/* Names of all services, "*" included. */
const struct config_list *config_services(const struct config *c);

/* The own issuer of a policy, or NULL when it has none. Borrowed. */
const struct config_issuer *config_own(const struct config_policy *p);

#endif
