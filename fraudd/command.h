/*
 * command: what can be asked of fraudd, in one table with the right that
 * each row needs. Dialects find the words, write the answer, and know none
 * of this.
 */

#ifndef JWTGATE_COMMAND_H
#define JWTGATE_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine.h"

struct access;
struct access_table;
struct engine_answer;
struct err;
struct hash_keys;
struct metrics;
struct outbuf;
struct persist;
struct reply;
struct request;
struct settings;
struct throttle;
struct watch;

/* What commands work on; all borrowed. */
struct command_env {
	struct engine *engine;
	struct persist *persist;
	struct throttle *throttle;
	struct metrics *metrics;
	struct hash_keys *keys;
	struct watch *watch;
	const struct settings *settings;
	int64_t started; /* ms */
	int (*reload)(void *arg, struct err *e);
	void *reload_arg;
};

/* Who asks, and when. */
struct command_caller {
	const struct command_env *env;
	const struct access *access;
	const struct access_table *rows;
	int64_t now; /* ms */
	const struct engine_hint *hint; /* of what is asked, or NULL */
};

struct command_call {
	struct command_caller by;
	const struct request *rq;
	struct reply *reply;
	bool quit; /* the connection ends after this answer */
	bool durable; /* the answer promises that it is on disk */
	bool watch, watch_all; /* events follow the answer from now on */
};

/* Runs one request; says exactly one value, an error is one too. */
void command_run(struct command_call *call);

/* The first of the engine's steps to foresee, where it is an attempt. */
void command_foresee(const struct command_env *env, const struct request *rq,
    struct engine_hint *out);

/* The answer to an attempt: an array of six, in JSON an object. */
void command_say_answer(struct reply *r, const struct engine_answer *a);
const char *command_verdict(enum engine_verdict v);

/*
 * For the other dialects. Returns 0; E_PERM: the caller may not; else what
 * the engine says.
 */
int command_attempt(const struct command_caller *by, struct engine_attempt *a,
    bool count, struct engine_answer *out, struct err *e);

/* Everything that counts against one key, as a list. plain: show addresses. */
int command_show(const struct command_caller *by, struct engine_text key,
    struct engine_text value, struct reply *r, struct err *e);

/* Whether the caller may count this event. */
bool command_may_count(
    const struct command_caller *by, struct engine_text event);

/* The names and rights of the table, for documentation tests. */
size_t command_count(void);
const char *command_name(size_t i);

#endif
