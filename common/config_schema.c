/*
 * config_schema: every key of DESIGN §3, its kind, its range and what stands
 * inside. Unknown keys, wrong types, ranges and the nearest known key all
 * come from these rows; what keys mean together is in config_policy.c and
 * config_issuer.c.
 */

#include "config_schema.h"

#include "config.h"
#include "err.h"

#define TABLE(keys) .table = &config_schema_##keys
#define ROWS(rows) .keys = (rows), .count = sizeof(rows) / sizeof((rows)[0])
#define WORDS(...) \
	(const char *const[]) \
	{ \
		__VA_ARGS__, NULL \
	}

#define BOOL(key) \
	{ \
		.name = (key), .kind = SCHEMA_BOOL \
	}
#define INTEGER(key, least, most) \
	{ \
		.name = (key), .kind = SCHEMA_INTEGER, .min = (least), \
		.max = (most) \
	}
#define STRING(key, form) \
	{ \
		.name = (key), .kind = SCHEMA_STRING, \
		.text = SCHEMA_TEXT_##form \
	}
#define WORD(key, ...) \
	{ \
		.name = (key), .kind = SCHEMA_STRING, \
		.text = SCHEMA_TEXT_WORD, .words = WORDS(__VA_ARGS__) \
	}
#define URI(key, ...) \
	{ \
		.name = (key), .kind = SCHEMA_STRING, \
		.text = SCHEMA_TEXT_SCHEME, .words = WORDS(__VA_ARGS__) \
	}
/* at least one, and any number of strings */
#define SOME(key, form) \
	{ \
		.name = (key), .kind = SCHEMA_STRINGS, .min = 1, \
		.text = SCHEMA_TEXT_##form \
	}
#define ANY(key, form) \
	{ \
		.name = (key), .kind = SCHEMA_STRINGS, \
		.text = SCHEMA_TEXT_##form \
	}
#define OBJECT(key, keys) \
	{ \
		.name = (key), .kind = SCHEMA_OBJECT, TABLE(keys) \
	}

static const struct schema_key user_domain_keys[] = {
	ANY("strip", PLAIN),
};
static const struct schema_table config_schema_user_domain = { ROWS(
    user_domain_keys) };

static const struct schema_key users_keys[] = {
	SOME("allow", PLAIN),
	ANY("deny", PLAIN),
};
static const struct schema_table config_schema_users = { ROWS(users_keys) };

static const struct schema_key required_claims_other = {
	.kind = SCHEMA_SCALAR
};
static const struct schema_table config_schema_required_claims = {
	.other = &required_claims_other, .other_name = SCHEMA_TEXT_PLAIN
};

static const struct schema_key encryption_keys[] = {
	{ .name = "keys_file",
	    .kind = SCHEMA_STRING,
	    .text = SCHEMA_TEXT_PATH,
	    .required = true },
	{ .name = "algorithms",
	    .kind = SCHEMA_STRINGS,
	    .min = 1,
	    .text = SCHEMA_TEXT_WORD,
	    .words = WORDS("ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW",
		"RSA-OAEP-256", "A128KW", "A256KW", "dir") },
	{ .name = "enc",
	    .kind = SCHEMA_STRINGS,
	    .min = 1,
	    .text = SCHEMA_TEXT_WORD,
	    .words = WORDS(
		"A128GCM", "A256GCM", "A128CBC-HS256", "A256CBC-HS512") },
};
static const struct schema_table config_schema_encryption = { ROWS(
    encryption_keys) };

/* What an issuer's tokens must look like, whoever the issuer is. */
#define TOKEN_KEYS \
	SOME("authorized_parties", PLAIN), SOME("types", PLAIN), \
	    INTEGER("max_lifetime", 1, CONFIG_SECONDS_MAX), \
	    INTEGER("clock_skew", 0, CONFIG_SKEW_MAX), ANY("scopes", PLAIN), \
	    OBJECT("required_claims", required_claims), \
	    SOME("user_claim", PLAIN), OBJECT("user_domain", user_domain), \
	    { .name = "user_pattern", \
		    .kind = SCHEMA_STRING, \
		    .text = SCHEMA_TEXT_PATTERN, \
		    .max = SCHEMA_PATTERN_MAX }, \
	    STRING("roles_claim", PLAIN), OBJECT("users", users), \
	    OBJECT("encryption", encryption), \
	    WORD("auth_time_from", "auth_time", "iat")

/* The peer is shown the sentence whole, so it must fit a message. */
static const struct schema_key authorize_keys[] = {
	{ .name = "unauthorized",
	    .kind = SCHEMA_STRING,
	    .max = ERR_TEXT_MAX - 1 },
};
static const struct schema_key authorize_other = { .kind = SCHEMA_STRING };
static const struct schema_table config_schema_authorize = {
	ROWS(authorize_keys), .other = &authorize_other,
	.other_name = SCHEMA_TEXT_NAME
};

static const struct schema_key authentication_keys[] = {
	{ .name = "jwtsecret",
	    .kind = SCHEMA_STRING,
	    .max = CONFIG_SECRET_MAX },
	STRING("jwtsecret_file", PATH),
	STRING("jwtsigningkey_file", PATH),
	STRING("jwtalgorithm", ALGORITHM),
	INTEGER("jwtexpireoffset", 1, CONFIG_SECONDS_MAX),
	STRING("issuer", PLAIN),
	SOME("audience", PLAIN),
	OBJECT("authorize", authorize),
	TOKEN_KEYS,
};
static const struct schema_table config_schema_authentication = { ROWS(
    authentication_keys) };

static const struct schema_key issuer_keys[] = {
	{ .name = "issuer", .kind = SCHEMA_STRING, .required = true },
	URI("jwks_uri", "https://", "http://"),
	{ .name = "keys_file",
	    .kind = SCHEMA_STRINGS,
	    .min = 1,
	    .max = CONFIG_KEYS_FILES_MAX,
	    .text = SCHEMA_TEXT_PATH,
	    .required = true,
	    .lone = true },
	{ .name = "algorithms",
	    .kind = SCHEMA_STRINGS,
	    .min = 1,
	    .text = SCHEMA_TEXT_ALGORITHM,
	    .required = true },
	{ .name = "audience",
	    .kind = SCHEMA_STRINGS,
	    .min = 1,
	    .required = true },
	TOKEN_KEYS,
};
static const struct schema_table config_schema_issuer = { ROWS(issuer_keys) };

static const struct schema_key directory_keys[] = {
	{ .name = "uri",
	    .kind = SCHEMA_STRINGS,
	    .min = 1,
	    .text = SCHEMA_TEXT_SCHEME,
	    .words = WORDS("ldaps://", "ldap://", "ldapi://"),
	    .required = true },
	BOOL("start_tls"),
	STRING("ca_file", PATH),
	STRING("bind_dn", PLAIN),
	STRING("bind_password_file", PATH),
	{ .name = "base", .kind = SCHEMA_STRING, .required = true },
	BOOL("insecure_plaintext"),
	STRING("user_filter", FILTER),
	BOOL("user_ignore_case"),
	BOOL("nested_groups"),
	INTEGER("deadline_ms", 1, 60000),
	INTEGER("cache_seconds", 0, 86400),
};
static const struct schema_table config_schema_directory = { ROWS(
    directory_keys) };

/* the longest path a Unix socket can have is 107 bytes */
static const struct schema_key fraud_keys[] = {
	{ .name = "socket",
	    .kind = SCHEMA_STRING,
	    .text = SCHEMA_TEXT_PATH,
	    .max = 107 },
	INTEGER("deadline_ms", 1, 60000),
	WORD("when_unavailable", "allow", "deny"),
	STRING("away_file", PATH),
	STRING("password_key_file", PATH),
};
static const struct schema_table config_schema_fraud = { ROWS(fraud_keys) };

static const struct schema_key revocation_keys[] = {
	{ .name = "file",
	    .kind = SCHEMA_STRING,
	    .text = SCHEMA_TEXT_PATH,
	    .required = true },
	INTEGER("stale_after", 0, CONFIG_SECONDS_MAX),
};
static const struct schema_table config_schema_revocation = { ROWS(
    revocation_keys) };

/* Clients are told both, in a reply that is short. */
static const struct schema_key sasl_keys[] = {
	WORD("authzid", "must-equal", "may-differ", "ignore"),
	{ .name = "openid_configuration",
	    .kind = SCHEMA_STRING,
	    .text = SCHEMA_TEXT_SCHEME,
	    .words = WORDS("https://"),
	    .max = CONFIG_HINT_MAX },
	{ .name = "scope",
	    .kind = SCHEMA_STRING,
	    .text = SCHEMA_TEXT_PLAIN,
	    .max = CONFIG_HINT_MAX },
};
static const struct schema_table config_schema_sasl = { ROWS(sasl_keys) };

static const struct schema_key sync_keys[] = {
	URI("proxy", "http://", "https://"),
	URI("config_uri", "https://", "http://"),
	STRING("ca_file", PATH),
};
static const struct schema_table config_schema_sync = { ROWS(sync_keys) };

/* The parts that a service may lay over those of common. */
#define PART_KEYS \
	OBJECT("authentication", authentication), \
	    { .name = "issuers", \
		    .kind = SCHEMA_OBJECTS, \
		    .max = 64, \
		    TABLE(issuer) }, \
	    OBJECT("directory", directory), OBJECT("fraud", fraud), \
	    OBJECT("revocation", revocation), OBJECT("sasl", sasl)

static const struct schema_key common_keys[] = {
	PART_KEYS,
	OBJECT("sync", sync),
};
const struct schema_table config_schema_common = { ROWS(common_keys) };

static const struct schema_key require_keys[] = {
	SOME("any", NAME),
	SOME("all", NAME),
};
static const struct schema_table config_schema_require = { ROWS(require_keys) };

static const struct schema_key service_keys[] = {
	ANY("also", NAME),
	{ .name = "require",
	    .kind = SCHEMA_OBJECT,
	    TABLE(require),
	    .words = WORDS("token_only") },
	WORD("roles_from", "token", "directory", "both"),
	BOOL("one_time"),
	WORD("proof_of_possession", "if_bound", "required"),
	INTEGER("max_age", 1, CONFIG_SECONDS_MAX),
	BOOL("allow_root"),
	INTEGER("minimum_uid", 0, UINT32_MAX),
	PART_KEYS,
};
static const struct schema_table config_schema_service = { ROWS(service_keys) };

static const struct schema_key services_other = { .kind = SCHEMA_OBJECT,
	TABLE(service) };
const struct schema_table config_schema_services = { .other = &services_other,
	.other_name = SCHEMA_TEXT_SERVICE };
