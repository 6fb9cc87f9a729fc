/*
 * gate: THE decision. Hosts collect a token, a claimed user, a service and a
 * peer, ask gate_decide(), and translate its answer; all policy is here.
 */

#ifndef JWTGATE_GATE_H
#define JWTGATE_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "claims.h"
#include "err.h"
#include "fraud_proto.h"
#include "jwk.h"
#include "query.h"

struct config;
struct gate; /* a configuration and its keys; for many threads at a time */

#define GATE_TEXT_MAX 256
#define GATE_ROLES_TEXT_MAX 1024
#define GATE_PASSWORD_MAX 1024 /* sshd carries no more */

/* What the host wants to know. Zero asks nothing and is refused. */
enum gate_checks {
	GATE_TOKEN = 1, /* does the token prove who this is? */
	GATE_ROLES = 2, /* may this user enter the service? */
	GATE_PASSWORD = 4 /* is this the user's password in the directory? */
};

enum gate_result {
	GATE_FAILED = 0, /* refused here */
	GATE_PASSED,
	GATE_SKIPPED /* not asked for, or not what decides */
};

/* One question of a decision. Texts are printable, and may be NULL. */
struct gate_step {
	const char *name; /* "audience" */
	enum gate_result result;
	const char *seen;
	const char *expected;
	const char *where; /* part of the file: "common.issuers[0]" */
	const char *key; /* the key of that part that decides: "audience" */
};

/* Who wants to know how it came about; is told neither token nor secret. */
struct gate_trace {
	void (*hear)(const struct gate_step *step, void *arg);
	void *arg;
};

struct gate_outcome;

struct gate_request {
	unsigned checks;
	const char *token; /* borrowed; may be NULL without GATE_TOKEN */
	size_t token_len;
	const char *password; /* borrowed; NULL without GATE_PASSWORD */
	size_t password_len;
	/* The host has passwords changed before anybody enters. Without it
	 * one that has to be changed is refused. */
	bool password_may_change;
	/* The host has refused already and gives what is no password, to be
	 * refused as others are: no account counts it as a wrong one. */
	bool refused_by_host;
	const char *service; /* NULL: common policy, no role check */
	const char *user; /* the login name, NULL: the token's own */
	bool has_uid; /* uid is that of user on this host */
	uid_t uid;
	bool user_unknown; /* this host has no such user */
	const char *peer; /* for the log; NULL: "local" */
	const char *address; /* the peer's IP address; NULL: there is none */
	/* What the host itself knows of the user's groups, by name: then no
	 * directory is asked, and what they cannot answer is refused. */
	bool groups_from_host;
	const char *const *groups; /* borrowed */
	size_t group_count;
	/* Without GATE_TOKEN: what this transaction's own token check found,
	 * or NULL when the user logged in some other way. */
	const struct gate_outcome *authenticated;
	const struct gate_trace *trace; /* NULL: nobody wants to know */
};

enum gate_verdict {
	GATE_DENY = 0,
	GATE_ALLOW = 1
};

/* Everything a host may use; fixed size, holds no secret. */
struct gate_outcome {
	enum gate_verdict verdict;
	int reason; /* E_* of ERR_REASONS; 0 only with GATE_ALLOW */
	unsigned checks;
	char user[CLAIMS_USER_MAX + 1];
	int64_t expires; /* 0 without a token */
	int64_t auth_time; /* -1 when unknown */
	char issuer[GATE_TEXT_MAX]; /* printable, "" when unknown */
	char kid[GATE_TEXT_MAX]; /* printable */
	char jti[GATE_TEXT_MAX]; /* printable */
	char roles[GATE_ROLES_TEXT_MAX]; /* held, separated by blanks */
	char token_roles[GATE_ROLES_TEXT_MAX]; /* granted by the token */
	/* What the token says where a role asks {claim:name}. */
	struct query_claim claims[QUERY_CLAIMS_MAX];
	size_t claim_count;
	bool token_roles_apply; /* token's issuer is of the first form */
	char attempt[FRAUD_ID_LEN + 1]; /* fraudd's id of it; "": none */
	char rule[FRAUD_NAME_MAX + 1]; /* with E_THROTTLED, printable */
	uint32_t retry_after; /* seconds, with E_THROTTLED; 0: unknown */
	bool password_right; /* so they may be told why it opens nothing */
	bool password_must_change; /* before anything else is allowed */
	int password_grace; /* logins left after it expired; -1: not said */
	int64_t password_expires_in; /* seconds; -1: not said */
	char message[ERR_TEXT_MAX]; /* what the peer may be shown, or "" */
	char text[ERR_TEXT_MAX]; /* what the log is told */
};

/*
 * Opens the configuration. Returns 0; E_CONFIG_INVALID; E_IO or E_NOMEM when
 * it could not be read. *out is untouched on failure. From then on the
 * configuration, keys and revocations are read anew when their files change;
 * a new version that is not good leaves the last good one in use. No thread
 * may use the gate while it is freed.
 */
int gate_new(const char *config_path, struct gate **out, struct err *e);
void gate_free(struct gate **g);

/* Borrowed until the next gate_decide(): for a gate of one thread. */
const struct config *gate_config(const struct gate *g);

/*
 * What the host's log should know beside decisions: why a changed file was
 * not taken over, that fraudd is away. Each sentence is handed out once, to
 * one thread; false when there is none.
 */
bool gate_notice(struct gate *g, char text[ERR_TEXT_MAX]);

/*
 * Decides. now: seconds since 1970. Fills *out always; returns 0 when it is
 * GATE_ALLOW, else out->reason. Refuses whatever it cannot decide.
 */
int gate_decide(struct gate *g, const struct gate_request *request, int64_t now,
    struct gate_outcome *out);

/*
 * A session of request->user begins or ends; session is an id of the host's
 * that nobody else has, at most 64 bytes. begin: 0, or E_THROTTLED when the
 * user has too many, with *out filled; it allows where nothing counts them.
 */
int gate_session_begin(struct gate *g, const struct gate_request *request,
    const char *session, int64_t now, struct gate_outcome *out);
void gate_session_end(struct gate *g, const struct gate_request *request,
    const char *session, int64_t now);

/*
 * The line every host logs, once per decision:
 * "user=alice peer=192.0.2.7 service=sshd result=allow reason=ok ...".
 * Foreign text is made printable. Returns buf.
 */
char *gate_log_line(const struct gate_request *request,
    const struct gate_outcome *outcome, char *buf, size_t cap);

#endif
