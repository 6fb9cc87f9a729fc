/*
 * What the engine wrote is what it knows: a log, a snapshot taken while it
 * worked, or both, applied once or twice, make an engine that answers alike.
 * (The model test goes on from here.)
 */

#include "testengine.h"

#include "testutil.h"

#include "err.h"

#define SETTINGS \
	"{\"memory\":\"8M\",\"rules\":[" \
	"{\"name\":\"card\",\"event\":\"card\",\"limit\":7}," \
	"{\"name\":\"user\",\"event\":\"card\",\"key\":\"user\"," \
	"\"count\":\"distinct ip\",\"limit\":30,\"max_block\":60}," \
	"{\"name\":\"speed\",\"event\":\"card\",\"count\":\"attempts\"," \
	"\"limit\":50}," \
	"{\"name\":\"seat\",\"event\":\"seat\",\"key\":\"user\"," \
	"\"count\":\"sessions\",\"limit\":9}]}"

struct record {
	unsigned char data[ENGINE_RECORD_MAX];
	size_t n;
	bool durable;
};

struct log {
	struct record *records;
	size_t count, cap;
};

static void
append(void *arg, const void *data, size_t n, bool durable)
{
	struct log *log = arg;

	if (log->count == log->cap) {
		log->cap = log->cap * 2 + 64;
		log->records = realloc(
		    log->records, log->cap * sizeof(*log->records));
		assert_non_null(log->records);
	}
	assert_true(n <= ENGINE_RECORD_MAX);
	memcpy(log->records[log->count].data, data, n);
	log->records[log->count].n = n;
	log->records[log->count++].durable = durable;
}

static void
attach(struct test_engine *t, struct log *log)
{
	struct engine_sink sink = { append, log };

	memset(log, 0, sizeof(*log));
	engine_attach(t->x, &sink);
}

static void
apply(struct test_engine *t, const struct log *log)
{
	size_t i;

	for (i = 0; i < log->count; i++)
		assert_int_equal(engine_replay(t->x, log->records[i].data,
				     log->records[i].n, t->now),
		    0);
}

/* All that can be asked of it, as one text. */
struct text {
	char data[65536];
	size_t len;
};

static int
add_item(void *arg, const struct engine_item *item)
{
	struct text *t = arg;

	t->len += (size_t)snprintf(t->data + t->len, sizeof(t->data) - t->len,
	    "%s %s %d %u %u\n", item->rule, item->key, (int)item->class,
	    item->count, item->retry_after);
	assert_true(t->len < sizeof(t->data));
	return 0;
}

static int
compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* In an order that does not depend on slots. */
static void
sort_lines(struct text *t)
{
	static struct text sorted;
	char *lines[1024], *rest = t->data, *line;
	size_t n = 0, i;

	while ((line = strsep(&rest, "\n")) != NULL && n < COUNT_OF(lines))
		lines[n++] = line;
	qsort(lines, n, sizeof(lines[0]), compare_lines);
	sorted.len = 0;
	for (i = 0; i < n; i++)
		sorted.len += (size_t)snprintf(sorted.data + sorted.len,
		    sizeof(sorted.data) - sorted.len, "%s\n", lines[i]);
	*t = sorted;
}

static void
all_of(struct test_engine *t, struct text *out)
{
	struct engine_list q = { .class = -1, .max = 100, .plain = true };
	uint64_t cursor = 0;

	out->len = 0;
	out->data[0] = '\0';
	do
		engine_list(t->x, &q, &cursor, t->now, add_item, out);
	while (cursor != 0);
	sort_lines(out);
}

static void
assert_same(struct test_engine *a, struct test_engine *b)
{
	static struct text one, two;

	all_of(a, &one);
	all_of(b, &two);
	assert_true(one.len > 0);
	assert_string_equal(one.data, two.data);
}

static uint32_t
chance(uint32_t *seed, uint32_t below)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (*seed >> 8) % below;
}

static void
one_thing(struct test_engine *t, uint32_t *seed)
{
	char line[128];
	uint32_t what = chance(seed, 10);

	if (what < 6) {
		snprintf(line, sizeof(line),
		    "card ip 10.0.0.%u card 424%u1227 user u%u",
		    chance(seed, 40), chance(seed, 10), chance(seed, 3));
		assert_int_equal(ask_attempt(t, line), 0);
		if (what == 0)
			ask_outcome(t, ENGINE_OUTCOME_SUCCESS);
	} else {
		snprintf(line, sizeof(line), "seat user u%u session s%u",
		    chance(seed, 3), chance(seed, 12));
		if (what == 6)
			assert_true(ask_close(t, line) >= 0);
		else
			assert_int_equal(ask_open(t, line), 0);
	}
	if (chance(seed, 50) == 0)
		engine_forget(
		    t->x, ask_text("ip"), ask_text("10.0.0.7"), t->now, NULL);
	t->now += chance(seed, 300);
}

static void
operators(struct test_engine *t)
{
	assert_int_equal(engine_block(t->x, ask_text("ip"),
			     ask_text("192.0.2.0/24"), 0, t->now, NULL),
	    0);
	assert_int_equal(engine_block(t->x, ask_text("user"), ask_text("eve"),
			     500, t->now, NULL),
	    0);
	assert_int_equal(engine_block(t->x, ask_text("ip"), ask_text("::1"),
			     500, t->now, NULL),
	    0);
	assert_int_equal(
	    engine_unblock(t->x, ask_text("ip"), ask_text("::1"), t->now, NULL),
	    1);
	assert_int_equal(engine_once(t->x, ask_text("jti"), ask_text("a"),
			     t->now / 1000 + 1000, t->now, NULL),
	    1);
}

static void
test_log(void **state)
{
	struct test_engine a, b;
	uint32_t seed = 1;
	struct log log;
	int i;

	(void)state;
	test_engine_new(&a, SETTINGS, NULL);
	attach(&a, &log);
	for (i = 0; i < 2000; i++)
		one_thing(&a, &seed);
	operators(&a);
	test_engine_new(&b, SETTINGS, &a);
	b.now = a.now;
	apply(&b, &log);
	assert_same(&a, &b);
	/* once more changes nothing */
	apply(&b, &log);
	engine_settle(b.x, b.now);
	assert_same(&a, &b);
	assert_int_equal(engine_once(b.x, ask_text("jti"), ask_text("a"),
			     b.now / 1000 + 1000, b.now, NULL),
	    0);
	b.keys = NULL;
	test_engine_done(&b);
	test_engine_done(&a);
	free(log.records);
}

static void
test_fuzzy_snapshot(void **state)
{
	struct log log, snapshot = { 0 };
	struct engine_sink sink = { append, &snapshot };
	struct test_engine a, b;
	size_t before, middle = 0;
	uint64_t cursor = 0;
	uint32_t seed = 2;
	int i;

	(void)state;
	test_engine_new(&a, SETTINGS, NULL);
	for (i = 0; i < 1000; i++)
		one_thing(&a, &seed);
	operators(&a);
	/* from here on the log; the snapshot goes on between attempts */
	attach(&a, &log);
	do {
		before = snapshot.count;
		engine_snapshot(a.x, &cursor, 2, &sink);
		assert_true(snapshot.count - before <= 2);
		middle += cursor >> 32 != 0; /* of an entry */
		one_thing(&a, &seed);
	} while (cursor != 0);
	assert_true(middle > 0);
	for (i = 0; i < 300; i++)
		one_thing(&a, &seed);
	test_engine_new(&b, SETTINGS, &a);
	b.now = a.now;
	apply(&b, &snapshot);
	apply(&b, &log);
	assert_same(&a, &b);
	apply(&b, &log);
	engine_settle(b.x, b.now);
	assert_same(&a, &b);
	b.keys = NULL;
	test_engine_done(&b);
	test_engine_done(&a);
	free(log.records);
	free(snapshot.records);
}

/* BLOCK, UNBLOCK and ONCE wait for the disk; counts do not. */
static void
test_durable(void **state)
{
	struct test_engine t;
	struct log log;
	size_t i;

	(void)state;
	test_engine_new(&t, SETTINGS, NULL);
	attach(&t, &log);
	operators(&t);
	assert_int_equal(log.count, 5);
	for (i = 0; i < log.count; i++)
		assert_true(log.records[i].durable);
	assert_int_equal(
	    ask_attempt(&t, "card ip ::2 card 42421227 user u"), 0);
	assert_int_equal(log.count, 8);
	for (i = 5; i < log.count; i++)
		assert_false(log.records[i].durable);
	/* the same within the second: the stamps are as they were */
	assert_int_equal(ask_check(&t, "card ip ::2 card 42421227 user u"), 0);
	assert_int_equal(log.count, 8);
	test_engine_done(&t);
	free(log.records);
}

static void
apply_damaged(const char *data, size_t n, void *arg)
{
	struct test_engine *t = arg;
	int ret;

	ret = engine_replay(t->x, data, n, t->now);
	assert_true(ret == 0 || ret == E_SYNTAX || ret == E_RANGE);
}

static void
apply_short(const char *data, size_t n, void *arg)
{
	struct test_engine *t = arg;

	assert_int_equal(engine_replay(t->x, data, n, t->now), E_SYNTAX);
}

/* Whatever is in a record: no crash, and a table that still works. */
static void
test_damage(void **state)
{
	struct test_engine a, b;
	uint32_t seed = 3;
	struct log log;
	size_t i;

	(void)state;
	test_engine_new(&a, SETTINGS, NULL);
	attach(&a, &log);
	for (i = 0; i < 300; i++)
		one_thing(&a, &seed);
	operators(&a);
	test_engine_new(&b, SETTINGS, &a);
	b.now = a.now;
	for (i = 0; i < log.count; i++) {
		for_each_truncation(
		    log.records[i].data, log.records[i].n, apply_short, &b);
		for_each_bit_flip(
		    log.records[i].data, log.records[i].n, apply_damaged, &b);
	}
	for (i = 0; i < 300; i++)
		one_thing(&b, &seed);
	engine_settle(b.x, b.now);
	b.keys = NULL;
	test_engine_done(&b);
	test_engine_done(&a);
	free(log.records);
}

/* Other rules, other keys and later types are counted, and do no harm. */
static void
test_skipped(void **state)
{
	struct engine_stats stats;
	struct test_engine a, b;
	struct log log;

	(void)state;
	test_engine_new(&a, "{}", NULL);
	attach(&a, &log);
	ask_says(&a, "card ip ::1 card 42421227", "allow 1/10");
	test_engine_new(&b, SETTINGS, &a);
	apply(&b, &log);
	engine_stats(b.x, &stats);
	assert_int_equal(stats.replay_skipped, 1);
	b.keys = NULL;
	test_engine_done(&b);
	/* the same rule, another key */
	test_engine_new(&b, "{}", NULL);
	log.records[0].data[8] = 9; /* its generation */
	apply(&b, &log);
	log.records[0].data[8] = 1;
	log.records[0].data[0] = 77; /* its type */
	apply(&b, &log);
	engine_stats(b.x, &stats);
	assert_int_equal(stats.replay_skipped, 2);
	ask_check_says(&b, "card ip ::1", "allow 0/10");
	test_engine_done(&b);
	test_engine_done(&a);
	free(log.records);
}

#define CLOCK \
	"{\"rules\":[{\"name\":\"card\",\"event\":\"card\",\"limit\":2}," \
	"{\"name\":\"most\",\"event\":\"buy\",\"limit\":2," \
	"\"max_block\":60}," \
	"{\"name\":\"seat\",\"event\":\"seat\",\"key\":\"user\"," \
	"\"count\":\"sessions\",\"limit\":9,\"window\":600}]}"

#define DAY INT64_C(86400000)

/* Blocks by all three rules and by an operator, in ten minutes. */
static void
before_the_clock(struct test_engine *t, struct log *log)
{
	struct engine_text ip = ask_text("ip"), value = ask_text("10.0.0.9");

	test_engine_new(t, CLOCK, NULL);
	attach(t, log);
	ask_says(t, "card ip 10.0.0.1 card 42421227", "allow 1/2");
	ask_says(t, "card ip 10.0.0.1 card 42431227", "deny card 2/2 3600");
	ask_says(t, "buy ip 10.0.0.1 card 42421227", "allow 1/2");
	ask_says(t, "buy ip 10.0.0.1 card 42431227", "deny most 2/2 60");
	assert_int_equal(ask_open(t, "seat user a session 1"), 0);
	assert_int_equal(engine_block(t->x, ip, value, 600, t->now, NULL), 0);
}

/* While fraudd was down somebody set the wall clock. */
static void
test_clock(void **state)
{
	struct test_engine a, b;
	struct log log;

	(void)state;
	before_the_clock(&a, &log);
	/* back: who was blocked is, for the window, and not for a day */
	test_engine_new(&b, CLOCK, &a);
	b.now = a.now - DAY;
	apply(&b, &log);
	engine_settle(b.x, b.now);
	ask_check_says(&b, "card ip 10.0.0.1", "deny card 2/2 3600");
	ask_check_says(&b, "buy ip 10.0.0.1", "deny most 2/2 60");
	ask_check_says(&b, "card ip 10.0.0.9", "deny operator 0/0 87000");
	b.now += 599 * INT64_C(1000);
	ask_check_says(&b, "buy ip 10.0.0.1", "allow 0/2");
	assert_int_equal(ask_open(&b, "seat user a session 2"), 0);
	ask_answer_is(&b, "allow 2/9");
	b.now += 1000;
	assert_int_equal(ask_open(&b, "seat user a session 3"), 0);
	ask_answer_is(&b, "allow 2/9");
	b.now += 2999 * INT64_C(1000);
	ask_check_says(&b, "card ip 10.0.0.1", "deny card 2/2 1");
	b.now += 1000;
	ask_check_says(&b, "card ip 10.0.0.1", "allow 0/2");
	b.keys = NULL;
	test_engine_done(&b);
	/* forward: all of it is over */
	test_engine_new(&b, CLOCK, &a);
	b.now = a.now + DAY;
	apply(&b, &log);
	engine_settle(b.x, b.now);
	ask_check_says(&b, "card ip 10.0.0.1", "allow 0/2");
	ask_check_says(&b, "card ip 10.0.0.9", "allow 0/2");
	ask_says(&b, "card ip 10.0.0.1 card 42421227", "allow 1/2");
	b.keys = NULL;
	test_engine_done(&b);
	test_engine_done(&a);
	free(log.records);
}

/* A rule whose limit changes keeps its counts, one that means another thing
 * does not. */
static void
test_reload(void **state)
{
	static const char *const other[] = {
		"{\"rules\":[{\"name\":\"card-shotgun\",\"event\":\"card\","
		"\"limit\":3}]}",
		"{\"rules\":[{\"name\":\"card-shotgun\",\"event\":\"card\","
		"\"count\":\"distinct user\",\"limit\":3}]}",
	};
	struct settings *s = NULL;
	struct test_engine t;
	size_t i;

	(void)state;
	test_engine_new(&t, "{}", NULL);
	ask_says(&t, "card ip ::1 card 42421227", "allow 1/10");
	ask_says(&t, "card ip ::1 card 42431227", "allow 2/10");
	for (i = 0; i < COUNT_OF(other); i++) {
		assert_int_equal(
		    settings_parse(other[i], strlen(other[i]), "x", &s, NULL),
		    0);
		assert_int_equal(engine_reload(t.x, s, NULL), 0);
		settings_free(&s);
		ask_check_says(
		    &t, "card ip ::1", i == 0 ? "allow 2/3" : "allow 0/3");
	}
	for (i = 0; i < 50; i++) {
		t.now += 100;
		engine_tick(t.x, t.now);
	}
	ask_check_says(&t, "card ip ::1", "allow 0/3");
	test_engine_done(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_fuzzy_snapshot),
		cmocka_unit_test(test_durable),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_skipped),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_reload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
