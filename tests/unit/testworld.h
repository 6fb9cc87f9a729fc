/*
 * testworld: a conversation with fraudd without a socket: an engine, what it
 * remembers, and one connection that says lines.
 */

#ifndef JWTGATE_TESTWORLD_H
#define JWTGATE_TESTWORLD_H

#include <stdint.h>

#include "command.h"
#include "conn.h"
#include "metrics.h"
#include "outbuf.h"
#include "request.h"
#include "testutil.h"

#define WORLD_START INT64_C(1760000000000)

struct world {
	char dir[TEST_DIR_MAX];
	struct settings *settings;
	struct hash_keys *keys;
	struct engine *engine;
	struct persist *persist;
	struct throttle *throttle;
	struct metrics metrics;
	struct command_env env;
	struct access_table *rows;
	struct conn_request request;
	struct outbuf out;
	struct conn conn;
	int64_t now; /* ms */
	int reloads, woken;
};

/* Rules card-shotgun (2 cards of an ip), seats (2 sessions of a user) and
 * mailers (2 attempts of an ip). may: the caller's rights. */
struct world *world_new(unsigned may);
void world_free(struct world *w);

/* The state is kept in that folder; w->dir is one. */
void world_persist(struct world *w, const char *dir);
/* Another process on the same state, with the same key. */
void world_restart(struct world *w);

/* Bytes of the peer; how many were taken. */
size_t world_feed(struct world *w, const char *text);
/* Waits for the helper of the journal, not for the clock. */
void world_settle(struct world *w);

/* The answer to one line, NUL behind it. Borrowed until the next one. */
const char *world_ask(struct world *w, const char *line);
/* What stands behind the value of RESP at p. */
const char *world_skip(const char *p);

#endif
