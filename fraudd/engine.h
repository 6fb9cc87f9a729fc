/*
 * engine: rules, counts, marks, sessions and blocks as one pure machine. It
 * knows no socket, no file and no clock: the time comes in, what must be
 * remembered goes out through a sink, in an order that replays to the same
 * state.
 *
 * Time is milliseconds since 1970 on a scale that never steps back while
 * the daemon runs (wall clock at start, boot time since).
 */

#ifndef JWTGATE_ENGINE_H
#define JWTGATE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "addr.h"
#include "fraud_proto.h"

struct engine;
struct err;
struct hash_keys;
struct settings;

#define ENGINE_FIELDS_MAX FRAUD_FIELDS_MAX
#define ENGINE_NAME_MAX FRAUD_NAME_MAX
#define ENGINE_VALUE_MAX FRAUD_VALUE_MAX
#define ENGINE_ID_LEN FRAUD_ID_LEN /* base64url of 16 random bytes */
#define ENGINE_RECORD_MAX 512

/* What an answer gives as its rule when an operator's block decided. */
#define ENGINE_RULE_OPERATOR FRAUD_OPERATOR

enum engine_verdict {
	ENGINE_DENY = 0,
	ENGINE_DELAY,
	ENGINE_ALLOW
};

struct engine_text {
	const char *data; /* borrowed, not terminated */
	size_t len;
};

struct engine_field {
	struct engine_text name;
	struct engine_text value;
};

struct engine_attempt {
	struct engine_text event;
	struct engine_field fields[ENGINE_FIELDS_MAX];
	size_t count;
	uid_t uid; /* of the peer; only it may amend */
};

struct engine_answer {
	enum engine_verdict verdict;
	const char *rule; /* borrowed until the next reload; NULL on allow */
	uint32_t count, limit, retry_after;
	char id[ENGINE_ID_LEN + 1]; /* "" when nothing was counted */
	uint32_t slot, check; /* the engine's: which entry decided */
};

/*
 * What can be known of an attempt before its turn: its address and where that
 * stands. Never more than a hint: what has changed meanwhile is found anew.
 */
struct engine_hint {
	struct engine_text text; /* the address as it came; no data: none */
	struct addr addr;
	uint32_t tag; /* of the first rule by address, whose key this is */
	uint8_t key[16], group;
	uint64_t hash;
	uint32_t slot; /* 0: none that is known */
};

/* What has to be remembered. durable: before anybody is told. */
struct engine_sink {
	void (*append)(void *arg, const void *record, size_t n, bool durable);
	void *arg;
};

/* What an attempt met, for those who watch. Everything is borrowed. */
struct engine_seen {
	struct engine_text event;
	const struct engine_answer *answer;
	int64_t now; /* ms */
};
struct engine_watch {
	void (*seen)(void *arg, const struct engine_seen *seen);
	void *arg;
};

/* settings is read and not kept; keys is borrowed until the engine is freed.
 * Returns 0, E_NOMEM or E_RANGE (too little memory is configured). */
int engine_new(const struct settings *settings, const struct hash_keys *keys,
    struct engine **out, struct err *e);
void engine_free(struct engine **x);
void engine_attach(struct engine *x, const struct engine_sink *sink);
/* Calls watch->seen for each attempt that is counted; NULL: no longer. */
void engine_watch(struct engine *x, const struct engine_watch *watch);

/*
 * Takes new rules; counts of rules with the same name and meaning stay. The
 * memory and the keys stay as they are. On failure nothing has changed.
 */
int engine_reload(
    struct engine *x, const struct settings *settings, struct err *e);

/*
 * Counts and decides in one step over all rules of the event. Returns 0, or
 * E_SYNTAX (unknown or repeated field, a missing field of a matching rule, a
 * value that is no address, digits, ...) with nothing counted. An event that
 * no rule names is allowed. A rule does not match where its `when` does not
 * hold, nor one by ip an attempt that has a user or a token and no ip: a login
 * at a terminal has no address.
 */
int engine_attempt(struct engine *x, const struct engine_attempt *a,
    int64_t now, struct engine_answer *out, struct err *e);

/*
 * Steps that have the memory for many attempts fetched at the same time: each
 * for all of them, then the attempts. engine_hint() is for the next attempt.
 */
void engine_foresee(struct engine *x, struct engine_text event,
    struct engine_text ip, struct engine_hint *out);
void engine_foresee_slot(struct engine *x, struct engine_hint *hint);
void engine_foresee_rest(struct engine *x, const struct engine_hint *hint);
void engine_hint(struct engine *x, const struct engine_hint *hint);

/*
 * What engine_attempt() would answer, without counting. When the counted
 * field is missing: what stands now.
 */
int engine_check(struct engine *x, const struct engine_attempt *a, int64_t now,
    struct engine_answer *out, struct err *e);

/*
 * Rules that count sessions: opens or renews the one in field `session`,
 * leased for the rule's window. One that is not allowed is not opened.
 * close: 1 when it was open, 0 when not, or E_SYNTAX.
 */
int engine_open(struct engine *x, const struct engine_attempt *a, int64_t now,
    struct engine_answer *out, struct err *e);
int engine_close(struct engine *x, const struct engine_attempt *a, int64_t now,
    struct err *e);

enum engine_outcome {
	ENGINE_OUTCOME_FAILURE = 0,
	ENGINE_OUTCOME_SUCCESS,
	ENGINE_OUTCOME_ERROR
};

/*
 * Amends an attempt once. 1: amended; 0: unknown, too late, or not its uid.
 * With success the address is trusted for that user, by rules that ask so.
 */
int engine_outcome(struct engine *x, struct engine_text id,
    enum engine_outcome outcome, uid_t uid, int64_t now);

/* 1 the first time, 0 later; E_RANGE when it cannot be kept. expires: s. */
int engine_once(struct engine *x, struct engine_text scope,
    struct engine_text value, int64_t expires, int64_t now, struct err *e);

/*
 * Operator's verbs; key is a key word ("ip", "user", ...), the value of ip
 * an address or a prefix. block: seconds 0 is for ever; returns 0, E_SYNTAX
 * or E_RANGE (the reserved share is full). unblock: 1 when there was one.
 * forget drops counts and rule blocks, not an operator's block; returns how
 * many it dropped.
 */
int engine_block(struct engine *x, struct engine_text key,
    struct engine_text value, int64_t seconds, int64_t now, struct err *e);
int engine_unblock(struct engine *x, struct engine_text key,
    struct engine_text value, int64_t now, struct err *e);
int engine_forget(struct engine *x, struct engine_text key,
    struct engine_text value, int64_t now, struct err *e);

/* Expires what is due; call at least every 100 ms and after attempts. */
void engine_tick(struct engine *x, int64_t now);

/*
 * Applies one record of the journal; idempotent. Returns 0 (also for what
 * is skipped and counted: other rules, other keys, types of a later
 * version), E_SYNTAX when it is none, E_RANGE when there is no room.
 * settle: call once after the last one; puts everything in order of time.
 */
int engine_replay(struct engine *x, const void *record, size_t n, int64_t now);
void engine_settle(struct engine *x, int64_t now);

/*
 * The next records of a fuzzy snapshot: call with *cursor 0, then with what
 * it left, until it is 0 again. Looks at max entries and gives max records at
 * most in one call; the values of a large entry come in several.
 */
void engine_snapshot(struct engine *x, uint64_t *cursor, size_t max,
    const struct engine_sink *sink);

#endif
