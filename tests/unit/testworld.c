/* Time stands still unless a test moves it. */

#include "testworld.h"

#include <unistd.h>

#include "access.h"
#include "engine.h"
#include "err.h"
#include "hash.h"
#include "persist.h"
#include "settings.h"
#include "throttle.h"
#include "watch.h"

static int
reload(void *arg, struct err *e)
{
	struct world *w = arg;

	w->reloads++;
	return w->reloads > 1 ? err_set(e, E_CONFIG_INVALID, "no good") : 0;
}

static void
woken(void *arg)
{
	struct world *w = arg;

	w->woken++;
}

static const char config[] =
    "{\"rules\": ["
    " {\"name\": \"card-shotgun\", \"event\": \"card\", \"key\": \"ip\","
    "  \"count\": \"distinct card\", \"limit\": 2, \"window\": 3600},"
    " {\"name\": \"seats\", \"event\": \"shell\", \"key\": \"user\","
    "  \"count\": \"sessions\", \"limit\": 2, \"window\": 60},"
    " {\"name\": \"mailers\", \"event\": \"smtp\", \"key\": \"ip\","
    "  \"count\": \"attempts\", \"limit\": 2, \"window\": 60}],"
    " \"memory\": \"16M\","
    " \"access\": [{\"user\": \"root\","
    "  \"may\": [\"count\", \"read\", \"admin\"]}]}";

void
world_persist(struct world *w, const char *dir)
{
	struct persist_of of = { w->engine, w->throttle };
	struct err e = { 0 };

	assert_int_equal(persist_open(dir, &of, w->now, &w->persist, &e), 0);
	w->env.persist = w->persist;
}

struct world *
world_new(unsigned may)
{
	struct world *w = calloc(1, sizeof(*w));
	struct err e = { 0 };

	assert_non_null(w);
	test_dir_new(w->dir);
	w->now = WORLD_START;
	if (settings_parse(config, strlen(config), "test", &w->settings, &e) !=
	    0)
		fail_msg("%s", e.text);
	assert_int_equal(hash_keys_load(NULL, &w->keys, NULL), 0);
	assert_int_equal(engine_new(w->settings, w->keys, &w->engine, NULL), 0);
	assert_int_equal(
	    access_table_new(&w->settings->listeners[0], NULL, &w->rows, NULL),
	    0);
	w->throttle = throttle_new(w->keys);
	assert_non_null(w->throttle);
	w->env.engine = w->engine;
	w->env.throttle = w->throttle;
	w->env.keys = w->keys;
	w->env.watch = watch_new(w->engine, woken, w);
	assert_non_null(w->env.watch);
	w->env.metrics = &w->metrics;
	w->env.settings = w->settings;
	w->env.started = WORLD_START;
	w->env.reload = reload;
	w->env.reload_arg = w;
	outbuf_init(&w->out, CONN_OUT_MAX);
	w->conn.dialect = DIALECT_RESP;
	w->conn.access.may = may;
	w->conn.access.rows = may != 0;
	return w;
}

void
world_free(struct world *w)
{
	persist_close(&w->persist);
	watch_free(&w->env.watch);
	engine_free(&w->engine);
	throttle_free(&w->throttle);
	hash_keys_free(&w->keys);
	access_table_free(&w->rows);
	settings_free(&w->settings);
	outbuf_done(&w->out);
	test_dir_remove(w->dir);
	free(w);
}

/* Another process on the same state, with the same key. */
void
world_restart(struct world *w)
{
	persist_close(&w->persist);
	watch_free(&w->env.watch);
	throttle_free(&w->throttle);
	engine_free(&w->engine);
	assert_int_equal(engine_new(w->settings, w->keys, &w->engine, NULL), 0);
	w->env.engine = w->engine;
	w->env.throttle = w->throttle = throttle_new(w->keys);
	w->env.watch = watch_new(w->engine, woken, w);
	world_persist(w, w->dir);
}

size_t
world_feed(struct world *w, const char *text)
{
	struct conn_turn t = { &w->env, &w->rows, &w->request, &w->out,
		w->now };

	return conn_process(&w->conn, &t, text, strlen(text));
}

/* Waits for the helper of the journal, not for the clock. */
void
world_settle(struct world *w)
{
	enum persist_wait wait;

	while (w->conn.ticket != 0) {
		wait = persist_ask(w->persist, w->conn.ticket);
		if (wait == PERSIST_HOLD)
			usleep(200);
		else
			conn_release(&w->conn, &w->out, wait == PERSIST_GO);
	}
}

/* The answer to one line, NUL behind it. Borrowed until the next one. */
const char *
world_ask(struct world *w, const char *line)
{
	char in[512];

	snprintf(in, sizeof(in), "%s\r\n", line);
	outbuf_reset(&w->out);
	assert_int_equal(world_feed(w, in), strlen(in));
	world_settle(w);
	outbuf_add(&w->out, "", 1);
	assert_false(w->out.failed);
	return w->out.data;
}

const char *
world_skip(const char *p)
{
	long n;
	char *end;

	switch (*p) {
	case '+':
	case '-':
	case ':':
		return strstr(p, "\r\n") + 2;
	case '$':
		n = strtol(p + 1, &end, 10);
		return n < 0 ? end + 2 : end + 2 + n + 2;
	case '*':
		n = strtol(p + 1, &end, 10);
		for (p = end + 2; n > 0; n--)
			p = world_skip(p);
		return p;
	default:
		fail_msg("no value: %s", p);
		return p;
	}
}
