/*
 * directory: an LDAP directory, asked within a deadline.
 *
 * A handle knows the servers of one "directory" part and keeps connections
 * to them; many threads may use it, each for itself. What speaks LDAP is in
 * a shared object of its own that is loaded with the first question, so that
 * a process that asks none maps nothing of it. Everything waits for one
 * deadline: the lookup of a name, the connection, TLS, the bind, the answer.
 * Nothing of the caller's surroundings is looked at: no ldap.conf, no ldaprc,
 * no environment, no working directory. Referrals are never followed. No
 * connection is used by two processes.
 */

#ifndef JWTGATE_DIRECTORY_H
#define JWTGATE_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "query.h"

struct config_directory;
struct directory; /* owns its connections and a copy of its configuration */
struct err;

#define DIRECTORY_TEXT_MAX 256 /* of a value in an event */

/* One search. Texts are borrowed; what is foreign in them is escaped. */
struct directory_query {
	const char *base;
	enum query_scope scope;
	const char *filter;
	const char *const *attributes; /* ends with NULL; NULL: names alone */
	unsigned entries_max; /* more than that is no answer; at least 1 */
};

struct directory_value {
	char *data; /* borrowed; one NUL stands behind the last byte */
	size_t len;
};

struct directory_values {
	struct directory_value *items; /* owns, with the bytes of all */
	size_t count; /* 0: the entry has no such attribute */
};

struct directory_entry {
	char *dn; /* owns; as the server writes it */
	struct directory_values *values; /* owns; as attributes of the query */
};

/* Owns all of it; of no library. */
struct directory_result {
	struct directory_entry *entries;
	size_t count;
	size_t attribute_count;
	bool cut; /* there are more than entries_max */
	bool no_base; /* the server knows no such base, or hides it */
	unsigned references; /* to other servers; never followed */
};

/* What happened on the way, for --explain. Texts are printable. */
struct directory_event {
	const char *what; /* "connect", "search", "bind" */
	const char *server; /* URI */
	const char *base; /* NULL without a search; of a bind: the name */
	const char *filter;
	const char *result; /* "ok", or why not */
	size_t found; /* entries */
	int64_t took_us;
};

/* How long to wait, and who listens. */
struct directory_wait {
	int64_t until; /* directory_until() */
	void (*hear)(const struct directory_event *event, void *arg);
	void *arg; /* hear: may be NULL */
};

/* Copies what it needs of c, asks nobody. Returns 0 or E_NOMEM. */
int directory_new(const struct config_directory *c, struct directory **out);
void directory_free(struct directory **d);

/*
 * Whether the files that it names could be used now. Returns 0, E_NOMEM or
 * E_DIRECTORY_UNAVAILABLE.
 */
int directory_check_files(const struct config_directory *c, struct err *e);

/* Whether both parts of a configuration may share one handle. */
bool directory_same(
    const struct config_directory *a, const struct config_directory *b);

/*
 * Loads what questions will need, for a host that gives up its root folder
 * before it asks. Returns 0 or E_DIRECTORY_UNAVAILABLE.
 */
int directory_preload(struct err *e);

/* The moment, by the monotonic clock, when a wait of today is over. */
int64_t directory_until(const struct config_directory *c);

/*
 * Searches. Returns 0 and an owned result, which may be empty; E_NOMEM; or
 * E_DIRECTORY_UNAVAILABLE: no server could be asked in time, or what came
 * back is no answer (a referral, an error, garbage). With cut the entries
 * are there, but they are not all: whoever needs all must refuse.
 */
int directory_search(struct directory *d, const struct directory_query *q,
    const struct directory_wait *wait, struct directory_result **out,
    struct err *e);
void directory_result_free(struct directory_result **r);

/* Room for one entry more, which is not cleared; false without memory. */
bool directory_result_grow(struct directory_result *r);

/*
 * Whether the servers follow nested groups themselves, by the matching rule
 * 1.2.840.113556.1.4.1941. Asked of the server once. Returns as
 * directory_search() does.
 */
int directory_in_chain(struct directory *d, const struct directory_wait *wait,
    bool *out, struct err *e);

/* What a directory says of a password. Zero is no. */
enum directory_password {
	DIRECTORY_PASSWORD_WRONG = 0,
	DIRECTORY_PASSWORD_RIGHT,
	DIRECTORY_PASSWORD_EXPIRED, /* right, but it opens nothing */
	DIRECTORY_PASSWORD_MUST_CHANGE, /* right, but to be changed first */
	DIRECTORY_PASSWORD_LOCKED, /* right or not: the account is locked */
	DIRECTORY_PASSWORD_DISABLED /* right, but the account is locked */
};

struct directory_verdict {
	enum directory_password password;
	int grace; /* logins left after it expired; -1: not said */
	int64_t expires_in; /* seconds; -1: not said */
};

/*
 * Binds as dn with n bytes of password, on a connection of its own. An empty
 * password, or one with a NUL, is WRONG and nobody is asked: a server takes
 * an empty one for nobody and says yes (RFC 4513 §5.1.2). Returns 0 when the
 * directory answered, with the verdict; else as directory_search() does.
 */
int directory_password(struct directory *d, const char *dn,
    const struct directory_value *password, const struct directory_wait *wait,
    struct directory_verdict *out, struct err *e);

#endif
