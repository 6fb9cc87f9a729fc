/*
 * settings: /etc/jwtgate/fraudd.json, read by the same strict reader as
 * jwtgate.json (DESIGN §6). An empty object is a working card rule.
 */

#ifndef JWTGATE_SETTINGS_H
#define JWTGATE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "addr.h"

struct err;

#define SETTINGS_RULES_MAX 64
#define SETTINGS_NAME_MAX 64
#define SETTINGS_SECRET_MIN 16 /* bytes */
#define SETTINGS_SECRET_MAX 256
#define SETTINGS_WHEN_MAX 4 /* conditions of a rule */
#define SETTINGS_VALUES_MAX 1024 /* distinct values or sessions of a key */

enum rule_count {
	RULE_DISTINCT = 0, /* distinct values of a field */
	RULE_ATTEMPTS,
	RULE_SESSIONS
};

enum rule_extend {
	RULE_EXTEND_ATTEMPT = 0, /* each attempt restarts the window */
	RULE_EXTEND_DISTINCT, /* only a value not seen before does */
	RULE_EXTEND_NONE
};

enum rule_action {
	RULE_DENY = 0,
	RULE_DELAY
};

enum rule_overflow {
	RULE_OVERFLOW_EVICT_SINGLE = 0, /* oldest one-value entries go */
	RULE_OVERFLOW_DENY_NEW,
	RULE_OVERFLOW_PERMISSIVE
};

enum when_test {
	WHEN_THERE = 0, /* the attempt has the field */
	WHEN_IS, /* ... with that value */
	WHEN_IS_NOT /* ... with another value, or not at all */
};

/* What must be true of an attempt for a rule to ask about it. */
struct settings_when {
	char field[SETTINGS_NAME_MAX + 1];
	char value[SETTINGS_NAME_MAX + 1];
	enum when_test test;
};

struct settings_rule {
	char name[SETTINGS_NAME_MAX + 1];
	char event[SETTINGS_NAME_MAX + 1];
	char key[SETTINGS_NAME_MAX + 1]; /* field: ip, user, token, card … */
	uint8_t prefix4, prefix6; /* key ip: 32 and 128 unless said */
	enum rule_count count;
	char field[SETTINGS_NAME_MAX + 1]; /* RULE_DISTINCT */
	uint32_t limit; /* deny (or delay) when the count reaches it */
	uint32_t delay_from; /* 0: no; delay when the count reaches it */
	uint32_t delay; /* seconds answered with delay */
	uint32_t window; /* seconds */
	uint32_t max_block; /* seconds a key can stay at its limit; 0: no end */
	/* Seconds for which an address that succeeded for the user is counted
	 * by itself; 0: every address is counted with all others. */
	uint32_t trust;
	struct settings_when when[SETTINGS_WHEN_MAX];
	size_t when_count;
	enum rule_extend extend;
	enum rule_action action;
	enum rule_overflow overflow;
	bool shadow; /* counts and reports, never decides */
};

struct settings_access {
	char user[SETTINGS_NAME_MAX + 1]; /* one of the three is set */
	char group[SETTINGS_NAME_MAX + 1];
	bool holder; /* neither: whoever shows the listener's secret */
	bool named; /* by the file: what does not exist is an error */
	unsigned may; /* bits of access_right in access.h */
	char (*events)[SETTINGS_NAME_MAX + 1]; /* owns; NULL: every event */
	size_t event_count;
};

struct settings_listener {
	char *path; /* or "127.0.0.1:4001", as the file has it */
	uint16_t port; /* not 0: TCP, HTTP alone, for who knows the secret */
	struct addr addr; /* a loopback address */
	char *secret_file;
	char *secret; /* owns; NULL: not read, so nobody is let in */
	size_t secret_len;
	char *group; /* NULL: the process's */
	mode_t mode;
	bool group_named; /* the file names it: missing is an error */
	struct settings_access *access; /* owns */
	size_t access_count;
};

struct settings {
	struct settings_listener *listeners; /* owns; the first is `socket` */
	size_t listener_count;
	char *state_dir;
	char *user; /* NULL: stay who we are */
	bool sync_every_attempt; /* durability: attempt */
	uint64_t memory; /* bytes */
	struct settings_rule *rules;
	size_t rule_count;
	struct addr_prefix *exempt;
	size_t exempt_count;
	char **exempt_users;
	size_t exempt_user_count;
};

/*
 * Returns 0, E_IO, E_NOMEM or E_CONFIG_INVALID ("FILE:LINE:COLUMN: path:
 * what"). path NULL: the defaults.
 */
int settings_load(const char *path, struct settings **out, struct err *e);
int settings_parse(const char *text, size_t n, const char *name,
    struct settings **out, struct err *e);
void settings_free(struct settings **s);

/*
 * Reads the secrets of the listeners that need one, for the daemon alone.
 * Returns 0, E_IO, E_PERM, E_NOMEM or E_CONFIG_INVALID; never quotes one.
 */
int settings_read_secrets(struct settings *s, struct err *e);

#endif
