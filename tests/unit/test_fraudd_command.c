/*
 * test_fraudd_command: conversations without a socket: every command with
 * its answer byte by byte, rights, pipelines, answers that wait for the
 * disk, and what happens when it does not take them.
 */

#include "testutil.h"

#include "access.h"
#include "command.h"
#include "conn.h"
#include "err.h"
#include "outbuf.h"
#include "persist.h"
#include "testworld.h"

#define ALLOW(n, limit) \
	"*6\r\n$5\r\nallow\r\n$-1\r\n:" #n "\r\n:" #limit "\r\n:0\r\n$22\r\n"

/* In this order, in one world. want: how the answer begins. */
static const struct {
	const char *line;
	const char *want;
} talk[] = {
	{ "PING", "+PONG\r\n" },
	{ "ping there", "$5\r\nthere\r\n" },
	{ "ECHO 'a b'", "$3\r\na b\r\n" },
	{ "HELLO", "*12\r\n$6\r\nserver\r\n$6\r\nfraudd\r\n" },
	{ "HELLO 3", "-NOPROTO " },
	{ "SELECT 0", "+OK\r\n" },
	{ "SELECT 1", "-ERR " },
	{ "CLIENT SETNAME x", "+OK\r\n" },
	{ "CLIENT KILL x", "-ERR " },
	{ "CONFIG GET save", "*2\r\n$4\r\nsave\r\n$0\r\n\r\n" },
	{ "CONFIG SET save x", "-ERR " },
	{ "COMMAND DOCS", "*0\r\n" },
	{ "COMMAND COUNT", ":28\r\n" },
	{ "COMMAND", "*28\r\n*6\r\n$7\r\nattempt\r\n:-2\r\n*0\r\n" },
	{ "INFO", "$" },
	{ "AUTH secret", "-ERR " },
	{ "NONSENSE", "-ERR unknown command 'NONSENSE'\r\n" },
	{ "ATTEMPT card ip 192.0.2.1 last4 4242 expiry 12/27", ALLOW(1, 2) },
	{ "ATTEMPT card ip 192.0.2.1 last4 4242 expiry 12/27", ALLOW(1, 2) },
	{ "CHECK card ip 192.0.2.1 last4 1111 expiry 12/27",
	    "*6\r\n$4\r\ndeny\r\n$12\r\ncard-shotgun\r\n:2\r\n:2\r\n" },
	{ "ATTEMPT card ip 192.0.2.1 last4 1111 expiry 12/27",
	    "*6\r\n$4\r\ndeny\r\n$12\r\ncard-shotgun\r\n:2\r\n:2\r\n:36" },
	{ "ATTEMPT other ip 192.0.2.1",
	    "*6\r\n$5\r\nallow\r\n$-1\r\n:0\r\n:0\r\n:0\r\n$0\r\n\r\n" },
	{ "ATTEMPT card ip 192.0.2.1", "-ERR " },
	{ "ATTEMPT card ip", "-ERR each field needs a value\r\n" },
	{ "ATTEMPT", "-ERR wrong number of arguments" },
	{ "ATTEMPT card ip nowhere last4 4242 expiry 12/27", "-ERR ip: " },
	{ "ATTEMPT card colour red ip 192.0.2.1 last4 4242 expiry 12/27",
	    "-ERR colour: " },
	{ "SHOW ip 192.0.2.1",
	    "*1\r\n*18\r\n$4\r\nrule\r\n$12\r\ncard-shotgun\r\n" },
	{ "SHOW ip 192.0.2.2", "*0\r\n" },
	{ "SHOW ip nowhere", "-ERR " },
	{ "TOP", "*1\r\n*18\r\n" },
	{ "WHY ip 192.0.2.1", "*1\r\n*34\r\n$4\r\nrule\r\n" },
	{ "WHY ip 192.0.2.2", "*0\r\n" },
	{ "WHY ip nowhere", "-ERR " },
	{ "WHY AAAAAAAAAAAAAAAAAAAAAA", "*0\r\n" },
	{ "WHY 192.0.2.1", "*0\r\n" },
	{ "WATCH some", "-ERR " },
	{ "LIST", "*2\r\n:" },
	{ "LIST blocked 0", "*2\r\n:" },
	{ "LIST what", "-ERR " },
	{ "OUTCOME none success", ":0\r\n" },
	{ "OUTCOME none perhaps", "-ERR " },
	{ "FORGET ip 192.0.2.1", ":1\r\n" },
	{ "FORGET ip 192.0.2.1", ":0\r\n" },
	{ "BLOCK ip 192.0.2.9 60", "+OK\r\n" },
	{ "CHECK card ip 192.0.2.9 last4 4242 expiry 12/27",
	    "*6\r\n$4\r\ndeny\r\n$8\r\noperator\r\n" },
	{ "UNBLOCK ip 192.0.2.9", ":1\r\n" },
	{ "UNBLOCK ip 192.0.2.9", ":0\r\n" },
	{ "BLOCK ip 192.0.2.9 -1", "-ERR " },
	{ "ONCE jti abc 1760003600", ":1\r\n" },
	{ "ONCE jti abc 1760003600", ":0\r\n" },
	{ "ONCE jti abc soon", "-ERR " },
	{ "OPEN shell user alice session 1",
	    "*6\r\n$5\r\nallow\r\n$-1\r\n:1\r\n:2\r\n:0\r\n$0\r\n\r\n" },
	{ "CLOSE shell user alice session 1", ":1\r\n" },
	{ "CLOSE shell user alice session 1", ":0\r\n" },
	{ "CL.THROTTLE k 1 10 60", "*5\r\n:0\r\n:2\r\n:1\r\n:-1\r\n:6\r\n" },
	{ "CL.THROTTLE k 1 10 60 2", "*5\r\n:1\r\n:2\r\n" },
	{ "CL.THROTTLE k 1 10", "-ERR wrong number" },
	{ "CL.THROTTLE k 1 x 60", "-ERR " },
	{ "STATS", "*" },
	{ "RELOAD", "+OK\r\n" },
	{ "RELOAD", "-ERR no good\r\n" },
	{ "ROTATE", "+OK\r\n" },
	{ "ROTATE", "-ERR the previous key is still needed" },
	{ "ONCE jti abc 1760003600", ":0\r\n" },
	{ "CL.THROTTLE k 1 10 60", "*5\r\n:0\r\n:2\r\n:0\r\n" },
	{ "WATCH", "+OK\r\n" },
	{ "WATCH all", "+OK\r\n" },
};

static void
test_talk(void **state)
{
	struct world *w = world_new(ACCESS_ANY);
	const char *got;
	size_t i;

	(void)state;
	world_persist(w, w->dir);
	for (i = 0; i < COUNT_OF(talk); i++) {
		got = world_ask(w, talk[i].line);
		if (strncmp(got, talk[i].want, strlen(talk[i].want)) != 0)
			fail_msg("%s: %s", talk[i].line, got);
	}
	assert_int_equal(w->metrics.requests, COUNT_OF(talk));
	assert_false(w->conn.closing);
	assert_string_equal(world_ask(w, "QUIT"), "+OK\r\n");
	assert_true(w->conn.closing);
	world_free(w);
}

static void
test_answers_are_whole(void **state)
{
	static const char *const lines[] = { "STATS", "TOP", "LIST", "COMMAND",
		"HELLO", "INFO", "SHOW ip 192.0.2.1", "SHOW ip 192.0.2.77" };
	struct world *w = world_new(ACCESS_ANY);
	const char *got;
	size_t i;

	(void)state;
	world_persist(w, w->dir);
	world_ask(w, "ATTEMPT card ip 192.0.2.1 last4 4242 expiry 12/27");
	world_ask(w, "BLOCK ip 192.0.2.77");
	for (i = 0; i < COUNT_OF(lines); i++) {
		got = world_ask(w, lines[i]);
		if (*world_skip(got) != '\0')
			fail_msg("%s: %s", lines[i], got);
	}
	world_free(w);
}

/* Which of count, read, admin lets a command through. */
static const struct {
	const char *line;
	unsigned need; /* one of these; 0: everybody */
} rights[] = {
	{ "ATTEMPT card ip 192.0.2.1 last4 4242 expiry 12/27", ACCESS_COUNT },
	{ "CHECK card ip 192.0.2.1 last4 4242 expiry 12/27", ACCESS_COUNT },
	{ "OUTCOME x success", ACCESS_COUNT },
	{ "ONCE a b 1760003600", ACCESS_COUNT },
	{ "OPEN shell user a session 1", ACCESS_COUNT },
	{ "CLOSE shell user a session 1", ACCESS_COUNT },
	{ "CL.THROTTLE k 1 10 60", ACCESS_COUNT },
	{ "BLOCK ip 192.0.2.1", ACCESS_ADMIN },
	{ "UNBLOCK ip 192.0.2.1", ACCESS_ADMIN },
	{ "FORGET ip 192.0.2.1", ACCESS_ADMIN },
	{ "RELOAD", ACCESS_ADMIN },
	{ "ROTATE", ACCESS_ADMIN },
	{ "WHY ip 192.0.2.1", ACCESS_READ },
	{ "WATCH", ACCESS_ANY },
	{ "SHOW ip 192.0.2.1", ACCESS_READ },
	{ "LIST", ACCESS_READ },
	{ "TOP", ACCESS_ANY },
	{ "STATS", ACCESS_ANY },
	{ "INFO", ACCESS_ANY },
	{ "PING", 0 },
	{ "ECHO x", 0 },
	{ "HELLO", 0 },
	{ "COMMAND", 0 },
	{ "CLIENT ID", 0 },
	{ "SELECT 0", 0 },
	{ "CONFIG GET x", 0 },
	{ "AUTH x", 0 },
	{ "QUIT", 0 },
};

static void
test_rights(void **state)
{
	struct world *w;
	const char *got;
	unsigned may;
	size_t i;
	bool want;

	(void)state;
	assert_int_equal(COUNT_OF(rights), command_count());
	for (may = 0; may <= ACCESS_ANY; may++) {
		w = world_new(may);
		world_persist(w, w->dir);
		for (i = 0; i < COUNT_OF(rights); i++) {
			got = world_ask(w, rights[i].line);
			want = rights[i].need == 0 ||
			    (rights[i].need & may) != 0;
			if ((strncmp(got, "-NOPERM ", 8) != 0) != want)
				fail_msg(
				    "%u: %s: %s", may, rights[i].line, got);
		}
		world_free(w);
	}
}

/* To count is not to learn addresses. */
static void
test_top_without_read(void **state)
{
	struct world *w = world_new(ACCESS_COUNT);

	(void)state;
	world_persist(w, w->dir);
	world_ask(w, "ATTEMPT card ip 192.0.2.1 last4 4242 expiry 12/27");
	assert_null(strstr(world_ask(w, "TOP"), "192.0.2.1"));
	w->conn.access.may |= ACCESS_READ;
	assert_non_null(strstr(world_ask(w, "TOP"), "192.0.2.1"));
	world_free(w);
}

static void
test_outcome(void **state)
{
	struct world *w = world_new(ACCESS_COUNT);
	char line[64];
	const char *got;

	(void)state;
	world_persist(w, w->dir);
	got = world_ask(w, "ATTEMPT card ip 192.0.2.1 last4 4242 expiry 12/27");
	got = strstr(got, "$22\r\n");
	assert_non_null(got);
	snprintf(line, sizeof(line), "OUTCOME %.22s success", got + 5);
	w->conn.access.uid = 4242;
	assert_string_equal(world_ask(w, line), ":0\r\n");
	w->conn.access.uid = 0;
	assert_string_equal(world_ask(w, line), ":1\r\n");
	assert_string_equal(world_ask(w, line), ":0\r\n");
	world_free(w);
}

static void
test_pipeline(void **state)
{
	struct world *w = world_new(ACCESS_ANY);
	static const char in[] = "PING\r\n*1\r\n$4\r\nPING\r\n*0\r\n\r\nECHO a"
				 "\r\nPI";

	(void)state;
	world_persist(w, w->dir);
	assert_int_equal(world_feed(w, in), strlen(in) - 2);
	assert_int_equal(w->out.len, 21);
	assert_memory_equal(w->out.data, "+PONG\r\n+PONG\r\n$1\r\na\r\n", 21);
	outbuf_reset(&w->out);
	assert_int_equal(world_feed(w, "*1\r\n:1\r\nPING\r\n"), 14);
	assert_true(w->conn.closing);
	assert_memory_equal(w->out.data, "-ERR Protocol error", 19);
	assert_int_equal(w->metrics.broken, 1);
	world_free(w);
}

/* A peer that asks and does not read is not asked on. */
static void
test_backpressure(void **state)
{
	struct world *w = world_new(ACCESS_ANY);
	char *in = malloc(40 * 8192 + 1);
	size_t i, n = 0, used;

	(void)state;
	assert_non_null(in);
	world_persist(w, w->dir);
	for (i = 0; i < 40; i++) {
		memcpy(in + n, "ECHO ", 5);
		memset(in + n + 5, 'x', 8180);
		memcpy(in + n + 8185, "\r\n", 3);
		n += 8187;
	}
	used = world_feed(w, in);
	assert_true(w->conn.more);
	assert_true(used < n);
	assert_true(w->out.len < CONN_OUT_SOFT + 8192 + 16);
	free(in);
	world_free(w);
}

/* BLOCK and ONCE are on disk before anybody is told. */
static void
test_held(void **state)
{
	static const char in[] = "BLOCK ip 192.0.2.1\r\nPING\r\n";
	struct world *w = world_new(ACCESS_ANY);
	size_t used;

	(void)state;
	world_persist(w, w->dir);
	used = world_feed(w, in);
	if (w->conn.ticket != 0) {
		assert_int_equal(used, 20);
		assert_int_equal(w->conn.held_at, 0);
		world_settle(w);
		used += world_feed(w, in + used);
	}
	assert_int_equal(used, strlen(in));
	assert_int_equal(w->out.len, 12);
	assert_memory_equal(w->out.data, "+OK\r\n+PONG\r\n", 12);
	/* the disk fails while the answer waits */
	outbuf_reset(&w->out);
	outbuf_text(&w->out, "+PONG\r\n+OK\r\n");
	w->conn.ticket = 1;
	w->conn.durable = true;
	w->conn.held_at = 7;
	conn_release(&w->conn, &w->out, false);
	assert_int_equal(w->conn.ticket, 0);
	assert_memory_equal(w->out.data, "+PONG\r\n-UNAVAILABLE ", 20);
	world_free(w);
}

/* Without a journal: counts go on, promises are refused. */
static void
test_no_journal(void **state)
{
	struct world *w = world_new(ACCESS_ANY);
	char path[TEST_PATH_MAX];

	(void)state;
	test_write(path, w->dir, "file", 0600, "", 0);
	world_persist(w, path);
	assert_non_null(persist_trouble(w->persist));
	assert_memory_equal(
	    world_ask(w, "ATTEMPT card ip 192.0.2.1 last4 4242 expiry 12/27"),
	    ALLOW(1, 2), strlen(ALLOW(1, 2)));
	assert_memory_equal(
	    world_ask(w, "BLOCK ip 192.0.2.1"), "-UNAVAILABLE ", 13);
	assert_memory_equal(
	    world_ask(w, "UNBLOCK ip 192.0.2.1"), "-UNAVAILABLE ", 13);
	assert_memory_equal(
	    world_ask(w, "ONCE a b 1760003600"), "-UNAVAILABLE ", 13);
	assert_string_equal(world_ask(w, "FORGET ip 192.0.2.1"), ":1\r\n");
	assert_non_null(strstr(world_ask(w, "STATS"), "journal\r\n"));
	assert_null(strstr(w->out.data, "journal\r\n$2\r\nok"));
	world_free(w);
}

/* What was acknowledged is there after a restart. */
static void
test_restart(void **state)
{
	struct world *w = world_new(ACCESS_ANY);

	(void)state;
	world_persist(w, w->dir);
	world_ask(w, "BLOCK ip 192.0.2.1");
	world_ask(w, "ONCE jti abc 1760003600");
	world_ask(w, "ATTEMPT card ip 192.0.2.2 last4 4242 expiry 12/27");
	world_restart(w);
	assert_non_null(strstr(
	    world_ask(w, "CHECK card ip 192.0.2.1 last4 4242 expiry 12/27"),
	    "operator"));
	assert_string_equal(world_ask(w, "ONCE jti abc 1760003600"), ":0\r\n");
	assert_memory_equal(
	    world_ask(w, "ATTEMPT card ip 192.0.2.2 last4 4242 expiry 12/27"),
	    ALLOW(1, 2), strlen(ALLOW(1, 2)));
	world_free(w);
}

static void
test_policy(void **state)
{
	static const char in[] =
	    "request=smtpd_access_policy\nclient_address=192.0.2.1\n\n";
	struct world *w = world_new(ACCESS_COUNT);

	(void)state;
	world_persist(w, w->dir);
	w->conn.dialect = DIALECT_POLICY;
	assert_int_equal(world_feed(w, in), strlen(in));
	assert_memory_equal(w->out.data, "action=DUNNO\n\n", 14);
	outbuf_reset(&w->out);
	assert_int_equal(world_feed(w, in), strlen(in));
	assert_memory_equal(w->out.data, "action=REJECT ", 14);
	/* who has no right gets no answer: Postfix defers, and logs it */
	outbuf_reset(&w->out);
	w->conn.access.may = 0;
	world_feed(w, in);
	assert_int_equal(w->out.len, 0);
	assert_true(w->conn.closing);
	w->conn.closing = false;
	world_feed(w, "request\n\n");
	assert_int_equal(w->out.len, 0);
	assert_true(w->conn.closing);
	world_free(w);
}

static void
test_metrics(void **state)
{
	struct world *w = world_new(ACCESS_ANY);

	(void)state;
	world_persist(w, w->dir);
	world_ask(w, "ATTEMPT card ip 192.0.2.1 last4 4242 expiry 12/27");
	metrics_turn(&w->metrics, 0);
	metrics_turn(&w->metrics, 3);
	metrics_turn(&w->metrics, INT64_MAX);
	outbuf_reset(&w->out);
	metrics_write(&w->out, &w->env);
	outbuf_add(&w->out, "", 1);
	assert_non_null(strstr(w->out.data, "fraudd_attempts_total 1\n"));
	assert_non_null(strstr(w->out.data,
	    "fraudd_verdicts_total{rule=\"card-shotgun\",shadow=\"0\","
	    "verdict=\"allow\"} 1\n"));
	assert_non_null(strstr(
	    w->out.data, "fraudd_turn_seconds_bucket{le=\"0.000004\"} 2\n"));
	assert_non_null(
	    strstr(w->out.data, "fraudd_turn_seconds_bucket{le=\"+Inf\"} 3\n"));
	assert_null(strstr(w->out.data, "192.0.2.1"));
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_talk),
		cmocka_unit_test(test_answers_are_whole),
		cmocka_unit_test(test_rights),
		cmocka_unit_test(test_top_without_read),
		cmocka_unit_test(test_outcome),
		cmocka_unit_test(test_pipeline),
		cmocka_unit_test(test_backpressure),
		cmocka_unit_test(test_held),
		cmocka_unit_test(test_no_journal),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_policy),
		cmocka_unit_test(test_metrics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
