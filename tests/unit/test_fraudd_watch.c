/*
 * test_fraudd_watch: what an administrator asks of a running fraudd: why,
 * what happens, and another hash key; and that rates survive a restart.
 */

#include "testworld.h"

#include "access.h"
#include "engine.h"
#include "engine_query.h"
#include "hash.h"
#include "persist.h"
#include "throttle.h"
#include "watch.h"

/* Rates are there after a restart, and under either key. */
static void
test_throttle_restart(void **state)
{
	struct world *w = world_new(ACCESS_ANY);
	const char *line = "CL.THROTTLE k 2 10 60";
	int i;

	(void)state;
	world_persist(w, w->dir);
	assert_memory_equal(world_ask(w, line), "*5\r\n:0\r\n:3\r\n:2\r\n", 16);
	world_restart(w);
	assert_memory_equal(world_ask(w, line), "*5\r\n:0\r\n:3\r\n:1\r\n", 16);
	assert_int_equal(hash_keys_rotate(w->keys, NULL), 0);
	assert_true(throttle_old(w->throttle, w->now));
	world_restart(w);
	assert_memory_equal(world_ask(w, line), "*5\r\n:0\r\n:3\r\n:0\r\n", 16);
	for (i = 0; i < 2; i++) {
		assert_memory_equal(
		    world_ask(w, line), "*5\r\n:1\r\n:3\r\n", 12);
		world_restart(w);
	}
	w->now += 60000;
	assert_false(throttle_old(w->throttle, w->now));
	assert_memory_equal(world_ask(w, line), "*5\r\n:0\r\n:3\r\n:2\r\n", 16);
	world_free(w);
}

/* The clock is set back while nothing runs: nobody waits for longer. */
static void
test_throttle_set_back(void **state)
{
	struct world *w = world_new(ACCESS_ANY);
	const char *full = "*5\r\n:1\r\n:3\r\n:0\r\n:6\r\n:18\r\n";
	const char *left = "*5\r\n:1\r\n:3\r\n:0\r\n:5\r\n:17\r\n";
	int i;

	(void)state;
	world_persist(w, w->dir);
	for (i = 0; i < 3; i++)
		world_ask(w, "CL.THROTTLE k 2 10 60");
	assert_string_equal(world_ask(w, "CL.THROTTLE k 2 10 60"), full);
	w->now -= 1000000000;
	world_restart(w);
	assert_string_equal(world_ask(w, "CL.THROTTLE k 2 10 60"), full);
	w->now += 1000;
	assert_string_equal(world_ask(w, "CL.THROTTLE k 2 10 60"), left);
	/* and set right again: the wait is over long ago */
	w->now += 999999000 + 18000;
	world_restart(w);
	assert_memory_equal(world_ask(w, "CL.THROTTLE k 2 10 60"),
	    "*5\r\n:0\r\n:3\r\n:2\r\n", 16);
	world_free(w);
}

static void
copy(void *arg, const void *record, size_t n, bool durable)
{
	struct world *w = arg;

	(void)durable;
	assert_true(throttle_replay(w->throttle, record, n, w->now));
}

/* A snapshot, in steps, holds what is in use, and a record is no other's. */
static void
test_throttle_snapshot(void **state)
{
	struct world *w = world_new(ACCESS_ANY);
	struct engine_sink sink = { .append = copy, .arg = w };
	struct throttle *old;
	uint64_t cursor = 0;
	unsigned char record[48] = { 1 };
	int steps = 0;

	(void)state;
	world_persist(w, w->dir);
	world_ask(w, "CL.THROTTLE k 2 10 60");
	world_ask(w, "CL.THROTTLE j 2 10 60 2");
	old = w->throttle;
	w->throttle = w->env.throttle = throttle_new(w->keys);
	do
		throttle_snapshot(old, &cursor, 1000, &sink);
	while (++steps < 100 && cursor != 0);
	assert_int_equal(steps, 66);
	assert_memory_equal(world_ask(w, "CL.THROTTLE k 2 10 60 0"),
	    "*5\r\n:0\r\n:3\r\n:2\r\n", 16);
	assert_memory_equal(world_ask(w, "CL.THROTTLE j 2 10 60 0"),
	    "*5\r\n:0\r\n:3\r\n:1\r\n", 16);
	assert_false(throttle_replay(w->throttle, record, 48, w->now));
	assert_false(throttle_replay(w->throttle, record, 32, w->now));
	persist_close(&w->persist);
	throttle_free(&old);
	world_free(w);
}

/* The id at the end of an answer. */
static const char *
id_of(const char *answer, char id[ENGINE_ID_LEN + 1])
{
	const char *at = strstr(answer, "$22\r\n");

	assert_non_null(at);
	memcpy(id, at + 5, ENGINE_ID_LEN);
	id[ENGINE_ID_LEN] = '\0';
	return id;
}

#define CARD(ip, last4) "ATTEMPT card ip " ip " last4 " last4 " expiry 12/27"

/* An id leads to what decided, whether the attempt is remembered or not. */
static void
test_why(void **state)
{
	struct world *w = world_new(ACCESS_ANY);
	char id[4][ENGINE_ID_LEN + 1], line[128];
	const char *got;
	int i;

	(void)state;
	world_persist(w, w->dir);
	id_of(world_ask(w, CARD("192.0.2.1", "0001")), id[0]);
	id_of(world_ask(w, CARD("192.0.2.1", "0002")), id[1]);
	id_of(world_ask(w, CARD("192.0.2.1", "0002")), id[2]);
	world_ask(w, "BLOCK ip 192.0.2.0/24 600");
	id_of(world_ask(w, CARD("192.0.2.7", "0001")), id[3]);
	for (i = 0; i < 3; i++) {
		snprintf(line, sizeof(line), "WHY %s", id[i]);
		got = world_ask(w, line);
		assert_memory_equal(got, "*1\r\n*34\r\n", 9);
		assert_non_null(strstr(got, "$9\r\n192.0.2.1\r\n"));
		assert_non_null(strstr(got, "$13\r\ndistinct card\r\n"));
		assert_non_null(
		    strstr(got, "since\r\n:1760000000\r\n$4\r\nfrom"));
		assert_non_null(
		    strstr(got, "until\r\n:1760003600\r\n$11\r\nretry"));
	}
	snprintf(line, sizeof(line), "WHY %s", id[3]);
	got = world_ask(w, line);
	assert_memory_equal(
	    got, "*2\r\n*34\r\n$4\r\nrule\r\n$8\r\noperator", 31);
	assert_non_null(strstr(got, "$12\r\n192.0.2.0/24\r\n"));
	assert_non_null(strstr(got, "since\r\n:1760000000\r\n$4\r\nfrom"));
	assert_non_null(strstr(got, "until\r\n:1760000600\r\n"));
	/* what it led to is gone: so is the way */
	world_ask(w, "FORGET ip 192.0.2.1");
	for (i = 0; i < 3; i++) {
		snprintf(line, sizeof(line), "WHY %s", id[i]);
		assert_string_equal(world_ask(w, line), "*0\r\n");
	}
	world_restart(w);
	got = world_ask(w, "WHY ip 192.0.2.0/24");
	assert_non_null(strstr(got, "since\r\n:1760000000\r\n$4\r\nfrom"));
	world_free(w);
}

static void
watched(struct world *w, unsigned audience, struct watch_turn *t)
{
	watch_turn(w->env.watch, audience, t);
	outbuf_reset(&w->out);
	outbuf_add(&w->out, t->data, t->len);
	outbuf_add(&w->out, "", 1);
}

/* Who may read sees addresses, all the others an id; allowed ones only
 * when asked for; and nobody learns a name. */
static void
test_watch(void **state)
{
	struct world *w = world_new(ACCESS_ANY);
	struct watch_turn t;
	const char *at;
	int i;

	(void)state;
	world_persist(w, w->dir);
	assert_string_equal(world_ask(w, "WATCH"), "+OK\r\n");
	assert_int_equal(watch_count(w->env.watch), 1);
	assert_string_equal(world_ask(w, "WATCH all"), "+OK\r\n");
	assert_int_equal(watch_count(w->env.watch), 1);
	watch_audiences(w->env.watch, 0);
	world_ask(w, CARD("192.0.2.1", "0001"));
	assert_int_equal(w->woken, 0);
	watch_audiences(w->env.watch, 0xf);
	world_ask(w, CARD("192.0.2.1", "0001"));
	assert_int_equal(w->woken, 1);
	world_ask(w, CARD("192.0.2.1", "0002"));
	world_ask(w, "BLOCK user alice 60");
	world_ask(w, "BLOCK ip 192.0.2.4 60");
	world_ask(w, "UNBLOCK ip 192.0.2.5");
	assert_int_equal(w->woken, 1);
	watched(w, 0, &t);
	assert_int_equal(t.events, 3);
	assert_null(strstr(w->out.data, "192.0.2"));
	assert_null(strstr(w->out.data, "alice"));
	assert_null(strstr(w->out.data, "allow"));
	watched(w, WATCH_PLAIN, &t);
	assert_int_equal(t.events, 3);
	assert_non_null(
	    strstr(w->out.data, "$4\r\ntime\r\n$14\r\n1760000000.000"));
	assert_non_null(strstr(w->out.data, "192.0.2.1\r\n"));
	assert_non_null(strstr(w->out.data, "192.0.2.4\r\n"));
	assert_null(strstr(w->out.data, "alice"));
	watched(w, WATCH_PLAIN | WATCH_ALL, &t);
	assert_int_equal(t.events, 4);
	assert_non_null(strstr(w->out.data, "allow"));
	for (at = w->out.data, i = 0; i < 4; i++)
		at = world_skip(at);
	assert_int_equal(*at, '\0');
	watch_clear(w->env.watch);
	watched(w, 0, &t);
	assert_int_equal(t.events + t.lost + t.len, 0);
	world_free(w);
}

/* More in one turn than is kept of it: what is there is whole. */
static void
test_watch_too_much(void **state)
{
	struct world *w = world_new(ACCESS_ANY);
	struct watch_turn t;
	const char *at;
	uint64_t i;

	(void)state;
	world_persist(w, w->dir);
	watch_audiences(w->env.watch, 1u << WATCH_ALL);
	for (i = 0; i < 3000; i++)
		world_ask(w, CARD("192.0.2.1", "0001"));
	watch_turn(w->env.watch, WATCH_ALL, &t);
	assert_int_equal(t.events + t.lost, 3000);
	assert_true(t.lost > 0 && t.events > 500);
	assert_true(t.len <= WATCH_TURN_MAX);
	watched(w, WATCH_ALL, &t);
	for (at = w->out.data, i = 0; i < t.events; i++)
		at = world_skip(at);
	assert_int_equal(*at, '\0');
	for (i = 0; i < WATCHERS_MAX; i++)
		assert_true(watch_join(w->env.watch));
	assert_string_equal(
	    world_ask(w, "WATCH"), "-ERR too many are watching\r\n");
	watch_leave(w->env.watch);
	assert_string_equal(world_ask(w, "WATCH"), "+OK\r\n");
	world_free(w);
}

/* A block that is said again under a new hash key lets the old one go. */
static void
test_rotate(void **state)
{
	struct world *w = world_new(ACCESS_ANY);
	struct engine_stats s;

	(void)state;
	world_persist(w, w->dir);
	world_ask(w, "BLOCK user alice");
	world_ask(w, "BLOCK user bob 60");
	assert_string_equal(world_ask(w, "ROTATE"), "+OK\r\n");
	engine_stats(w->engine, &s);
	assert_int_equal(s.old_generation, 2);
	world_restart(w);
	assert_non_null(strstr(world_ask(w, "SHOW user alice"), "operator"));
	assert_string_equal(world_ask(w, "BLOCK user alice 60"), "+OK\r\n");
	assert_string_equal(world_ask(w, "UNBLOCK user bob"), ":1\r\n");
	engine_stats(w->engine, &s);
	assert_int_equal(s.old_generation, 0);
	assert_int_equal(s.entries[ENGINE_OPERATOR], 1);
	assert_int_equal(hash_keys_retire(w->keys, NULL), 0);
	world_restart(w);
	assert_non_null(strstr(world_ask(w, "SHOW user alice"), "operator"));
	assert_string_equal(world_ask(w, "SHOW user bob"), "*0\r\n");
	assert_string_equal(world_ask(w, "ROTATE"), "+OK\r\n");
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_throttle_restart),
		cmocka_unit_test(test_throttle_set_back),
		cmocka_unit_test(test_throttle_snapshot),
		cmocka_unit_test(test_why),
		cmocka_unit_test(test_watch),
		cmocka_unit_test(test_watch_too_much),
		cmocka_unit_test(test_rotate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
