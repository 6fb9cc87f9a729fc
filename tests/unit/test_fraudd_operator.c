/*
 * engine: what people and clients set for certain (blocks, marks, sessions),
 * what is forgotten, and what people see.
 */

#include "testengine.h"

#include "testutil.h"

#include "err.h"

#define SEATS \
	"{\"rules\":[{\"name\":\"seat\",\"event\":\"seat\",\"key\":\"user\"," \
	"\"count\":\"sessions\",\"limit\":3,\"window\":30}]}"

static int
block(struct test_engine *t, const char *key, const char *value, int64_t s)
{
	return engine_block(
	    t->x, ask_text(key), ask_text(value), s, t->now, NULL);
}

static int
unblock(struct test_engine *t, const char *key, const char *value)
{
	return engine_unblock(
	    t->x, ask_text(key), ask_text(value), t->now, NULL);
}

static int
forget(struct test_engine *t, const char *key, const char *value)
{
	return engine_forget(
	    t->x, ask_text(key), ask_text(value), t->now, NULL);
}

static int
once(struct test_engine *t, const char *value, int64_t seconds)
{
	return engine_once(t->x, ask_text("jti"), ask_text(value),
	    t->now / 1000 + seconds, t->now, NULL);
}

static const struct {
	const char *why, *key, *value, *words;
	bool blocked;
} blocks[] = {
	{ "the address", "ip", "10.0.0.1", "c ip 10.0.0.1", true },
	{ "its mapped form", "ip", "::ffff:10.0.0.1", "c ip 10.0.0.1", true },
	{ "another", "ip", "10.0.0.2", "c ip 10.0.0.1", false },
	{ "its network", "ip", "10.0.0.0/8", "c ip 10.0.0.1", true },
	{ "another network", "ip", "11.0.0.0/8", "c ip 10.0.0.1", false },
	{ "every v4 address", "ip", "0.0.0.0/0", "c ip 10.0.0.1", true },
	{ "every v6 address", "ip", "::/0", "c ip 10.0.0.1", false },
	{ "every v6 address", "ip", "::/0", "c ip 2001:db8::1", true },
	{ "a /127", "ip", "2001:db8::/127", "c ip 2001:db8::1", true },
	{ "the other /127", "ip", "2001:db8::2/127", "c ip 2001:db8::1",
	    false },
	{ "a /31", "ip", "10.0.0.0/31", "c ip 10.0.0.1", true },
	{ "a user", "user", "eve", "c user eve", true },
	{ "the start of one", "user", "ev", "c user eve", false },
	{ "that name in another field", "service", "eve", "c user eve", false },
	{ "a card", "card", "4242 12/27", "c last4 4242 expiry 12/2027", true },
	{ "another card", "card", "4242 11/27", "c last4 4242 expiry 12/27",
	    false },
};

static void
test_blocks(void **state)
{
	struct test_engine t;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(blocks); i++) {
		print_message("# %s\n", blocks[i].why);
		test_engine_new(&t, "{\"rules\":[]}", NULL);
		ask_says(&t, blocks[i].words, "allow 0/0");
		assert_int_equal(
		    block(&t, blocks[i].key, blocks[i].value, 60), 0);
		ask_says(&t, blocks[i].words,
		    blocks[i].blocked ? "deny operator 0/0 60" : "allow 0/0");
		t.now += 60000;
		ask_check_says(&t, blocks[i].words, "allow 0/0");
		/* for ever, until it is undone */
		assert_int_equal(
		    block(&t, blocks[i].key, blocks[i].value, 60), 0);
		assert_int_equal(
		    block(&t, blocks[i].key, blocks[i].value, 0), 0);
		t.now += INT64_C(1000) * 86400 * 3650;
		ask_check_says(&t, blocks[i].words,
		    blocks[i].blocked ? "deny operator 0/0" : "allow 0/0");
		assert_int_equal(
		    unblock(&t, blocks[i].key, blocks[i].value), 1);
		assert_int_equal(
		    unblock(&t, blocks[i].key, blocks[i].value), 0);
		ask_check_says(&t, blocks[i].words, "allow 0/0");
		test_engine_done(&t);
	}
}

static void
test_bad_names(void **state)
{
	static const struct {
		const char *key, *value;
	} bad[] = {
		{ "colour", "red" },
		{ "ip", "10.0.0" },
		{ "ip", "10.0.0.1/8" },
		{ "ip", "" },
		{ "card", "4242" },
		{ "", "x" },
	};
	struct test_engine t;
	size_t i;

	(void)state;
	test_engine_new(&t, "{}", NULL);
	for (i = 0; i < COUNT_OF(bad); i++) {
		assert_int_equal(
		    block(&t, bad[i].key, bad[i].value, 1), E_SYNTAX);
		assert_int_equal(
		    unblock(&t, bad[i].key, bad[i].value), E_SYNTAX);
		assert_int_equal(
		    forget(&t, bad[i].key, bad[i].value), E_SYNTAX);
	}
	assert_int_equal(block(&t, "ip", "::1", -1), E_SYNTAX);
	assert_int_equal(block(&t, "ip", "::1", INT64_MAX), E_SYNTAX);
	test_engine_done(&t);
}

/* FORGET drops counts and rule blocks; an operator's block needs UNBLOCK. */
static void
test_forget(void **state)
{
	struct test_engine t;
	char line[64];
	int i;

	(void)state;
	test_engine_new(&t, "{}", NULL);
	assert_int_equal(forget(&t, "ip", "10.0.0.1"), 0);
	for (i = 0; i < 10; i++) {
		snprintf(
		    line, sizeof(line), "card ip 10.0.0.1 card 424%d1227", i);
		assert_int_equal(ask_attempt(&t, line), 0);
	}
	assert_int_equal(t.answer.verdict, ENGINE_DENY);
	assert_int_equal(block(&t, "ip", "10.0.0.1", 0), 0);
	assert_int_equal(forget(&t, "ip", "10.0.0.1"), 1);
	assert_int_equal(forget(&t, "ip", "10.0.0.1"), 0);
	ask_check_says(&t, "card ip 10.0.0.1", "deny operator 0/0");
	assert_int_equal(unblock(&t, "ip", "10.0.0.1"), 1);
	ask_check_says(&t, "card ip 10.0.0.1", "allow 0/10");
	test_engine_done(&t);
}

static void
test_once(void **state)
{
	struct test_engine t;

	(void)state;
	test_engine_new(&t, "{}", NULL);
	assert_int_equal(once(&t, "a", 10), 1);
	assert_int_equal(once(&t, "a", 10), 0);
	assert_int_equal(once(&t, "b", 10), 1);
	t.now += 9999;
	engine_tick(t.x, t.now);
	assert_int_equal(once(&t, "a", 10), 0);
	t.now++;
	engine_tick(t.x, t.now);
	assert_int_equal(once(&t, "a", 10), 1);
	assert_int_equal(once(&t, "c", 0), E_RANGE);
	assert_int_equal(once(&t, "", 10), E_SYNTAX);
	/* a new key does not forget them */
	assert_int_equal(hash_keys_rotate(t.keys, NULL), 0);
	assert_int_equal(once(&t, "a", 10), 0);
	assert_int_equal(once(&t, "d", 10), 1);
	assert_int_equal(once(&t, "d", 10), 0);
	test_engine_done(&t);
}

/* The share is full: an error, and nothing that was there is lost. */
static void
test_reserve(void **state)
{
	struct engine_stats s;
	struct test_engine t;
	char value[32];
	int n, i;

	(void)state;
	test_engine_new(&t, "{\"memory\":\"4M\"}", NULL);
	for (n = 0;; n++) {
		snprintf(value, sizeof(value), "v%d", n);
		if (once(&t, value, 100 + n % 7) != 1)
			break;
	}
	assert_int_equal(once(&t, value, 100), E_RANGE);
	assert_int_equal(block(&t, "ip", "10.0.0.1", 0), E_RANGE);
	engine_stats(t.x, &s);
	assert_int_equal(s.marks, n);
	assert_int_equal(s.reserved_used, s.reserved_max);
	assert_true(n > 1024);
	/* a flood of attempts takes none of them */
	for (i = 0; i < 200000; i++) {
		snprintf(value, sizeof(value), "c ip %d.%d.%d.%d", i >> 16,
		    i >> 8 & 255, i & 255, 1);
		assert_int_equal(ask_attempt(&t, value), 0);
	}
	for (i = 0; i < n; i++) {
		snprintf(value, sizeof(value), "v%d", i);
		assert_int_equal(once(&t, value, 100), 0);
	}
	/* what has expired makes room */
	t.now += 101000;
	assert_int_equal(once(&t, "new", 100), 1);
	assert_int_equal(block(&t, "ip", "10.0.0.1", 0), 0);
	test_engine_done(&t);
}

static void
test_sessions(void **state)
{
	struct test_engine t;

	(void)state;
	test_engine_new(&t, SEATS, NULL);
	assert_int_equal(ask_open(&t, "seat user u session a"), 0);
	ask_answer_is(&t, "allow 1/3");
	assert_int_equal(ask_open(&t, "seat user u session b"), 0);
	ask_answer_is(&t, "allow 2/3");
	/* again is the same one */
	assert_int_equal(ask_open(&t, "seat user u session b"), 0);
	ask_answer_is(&t, "allow 2/3");
	assert_int_equal(ask_open(&t, "seat user u session c"), 0);
	ask_answer_is(&t, "deny seat 3/3 30");
	assert_int_equal(ask_open(&t, "seat user v session c"), 0);
	ask_answer_is(&t, "allow 1/3");
	assert_int_equal(ask_close(&t, "seat user u session c"), 0);
	assert_int_equal(ask_close(&t, "seat user u session a"), 1);
	assert_int_equal(ask_close(&t, "seat user u session a"), 0);
	assert_int_equal(ask_open(&t, "seat user u session c"), 0);
	ask_answer_is(&t, "allow 2/3");
	/* a lease that is not renewed ends; one that is does not */
	t.now += 29000;
	assert_int_equal(ask_open(&t, "seat user u session c"), 0);
	t.now += 1000;
	assert_int_equal(ask_open(&t, "seat user u session d"), 0);
	ask_answer_is(&t, "allow 2/3");
	assert_int_equal(ask_close(&t, "seat user u session b"), 0);
	assert_int_equal(ask_close(&t, "seat user u session c"), 1);
	assert_int_equal(ask_open(&t, "seat user u"), E_SYNTAX);
	assert_int_equal(ask_open(&t, "seat session d"), E_SYNTAX);
	/* an attempt is no session */
	ask_says(&t, "seat user u", "allow 0/0");
	test_engine_done(&t);
}

struct seen {
	struct engine_item last;
	char keys[2048];
	int count;
};

static int
see(void *arg, const struct engine_item *item)
{
	struct seen *s = arg;
	size_t at = strlen(s->keys);

	s->last = *item;
	s->count++;
	snprintf(s->keys + at, sizeof(s->keys) - at, "%s ", item->key);
	return 0;
}

static void
test_show(void **state)
{
	struct engine_show q = { { "ip", 2 }, { "10.0.0.1", 8 }, true };
	struct seen plain = { .count = 0 }, hashed = { .count = 0 };
	struct test_engine t;

	(void)state;
	test_engine_new(&t, "{}", NULL);
	assert_int_equal(engine_show(t.x, &q, t.now, see, &plain, NULL), 0);
	ask_says(&t, "card ip 10.0.0.1 card 42421227", "allow 1/10");
	assert_int_equal(block(&t, "ip", "10.0.0.0/8", 50), 0);
	assert_int_equal(engine_show(t.x, &q, t.now, see, &plain, NULL), 2);
	assert_string_equal(plain.keys, "10.0.0.1 10.0.0.0/8 ");
	assert_string_equal(plain.last.rule, ENGINE_RULE_OPERATOR);
	assert_int_equal(plain.last.retry_after, 50);
	assert_int_equal(plain.last.class, ENGINE_OPERATOR);
	q.plain = false;
	assert_int_equal(engine_show(t.x, &q, t.now, see, &hashed, NULL), 2);
	assert_null(strstr(hashed.keys, "10.0"));
	assert_false(hashed.last.plain);
	q.value = ask_text("10.0.0.0/8");
	plain.count = 0;
	assert_int_equal(engine_show(t.x, &q, t.now, see, &plain, NULL), 1);
	q.value = ask_text("nowhere");
	assert_int_equal(
	    engine_show(t.x, &q, t.now, see, &plain, NULL), E_SYNTAX);
	test_engine_done(&t);
}

static void
test_top_and_list(void **state)
{
	struct engine_list q = { .class = -1, .max = 2, .plain = true };
	struct seen top = { .count = 0 }, all = { .count = 0 };
	struct test_engine t;
	uint64_t cursor = 0;
	char line[64];
	int i, k;

	(void)state;
	test_engine_new(&t, "{}", NULL);
	for (i = 1; i <= 5; i++) {
		for (k = 0; k < i; k++) {
			snprintf(line, sizeof(line),
			    "card ip 10.0.0.%d card 424%d1227", i, k);
			assert_int_equal(ask_attempt(&t, line), 0);
		}
	}
	engine_top(t.x, &q, t.now, see, &top);
	assert_string_equal(top.keys, "10.0.0.5 10.0.0.4 ");
	do
		engine_list(t.x, &q, &cursor, t.now, see, &all);
	while (cursor != 0);
	assert_int_equal(all.count, 5);
	q.class = ENGINE_SINGLE;
	q.max = 1000;
	all.count = 0;
	engine_list(t.x, &q, &cursor, t.now, see, &all);
	assert_int_equal(all.count, 1);
	assert_true(cursor == 0);
	q.class = -1;
	q.rule = ask_text("other");
	all.count = 0;
	engine_list(t.x, &q, &cursor, t.now, see, &all);
	engine_top(t.x, &q, t.now, see, &all);
	assert_int_equal(all.count, 0);
	test_engine_done(&t);
}

/* New keys under the new key, old ones found until their end. */
static void
test_rotation(void **state)
{
	static const char rules[] =
	    "{\"rules\":[{\"name\":\"u\",\"event\":\"x\",\"key\":\"user\","
	    "\"count\":\"distinct token\",\"limit\":4,\"window\":60}]}";
	struct engine_stats s;
	struct test_engine t;

	(void)state;
	test_engine_new(&t, rules, NULL);
	ask_says(&t, "x user u token a", "allow 1/4");
	ask_says(&t, "x user u token b", "allow 2/4");
	assert_int_equal(block(&t, "user", "eve", 60), 0);
	assert_int_equal(hash_keys_rotate(t.keys, NULL), 0);
	ask_says(&t, "x user u token b", "allow 2/4");
	ask_says(&t, "x user u token c", "allow 3/4");
	ask_says(&t, "x user v token a", "allow 1/4");
	ask_check_says(&t, "x user eve token a", "deny operator 0/0 60");
	engine_stats(t.x, &s);
	assert_int_equal(s.old_generation, 2);
	assert_int_equal(hash_keys_rotate(t.keys, NULL), E_RANGE);
	t.now += 61000;
	engine_tick(t.x, t.now);
	engine_stats(t.x, &s);
	assert_int_equal(s.old_generation, 0);
	assert_int_equal(hash_keys_retire(t.keys, NULL), 0);
	ask_says(&t, "x user u token b", "allow 1/4");
	assert_int_equal(hash_keys_rotate(t.keys, NULL), 0);
	ask_says(&t, "x user u token b", "allow 1/4");
	test_engine_done(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_bad_names),
		cmocka_unit_test(test_forget),
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_reserve),
		cmocka_unit_test(test_sessions),
		cmocka_unit_test(test_show),
		cmocka_unit_test(test_top_and_list),
		cmocka_unit_test(test_rotation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
