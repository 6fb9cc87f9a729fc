/*
 * engine: the card rule to the letter, then each key of a rule, each verb,
 * and what is refused beside what is taken.
 */

#include "testengine.h"

#include "testutil.h"

#include "err.h"

#define CARD "card ip 10.0.0.1 last4 %04d expiry 12/27"
#define RULES(rules) "{\"rules\":[" rules "]}"

/* n different cards from 10.0.0.1, one millisecond apart. */
static void
cards(struct test_engine *t, int from, int n)
{
	char line[64];
	int i;

	for (i = from; i < from + n; i++) {
		snprintf(line, sizeof(line), CARD, i);
		assert_int_equal(ask_attempt(t, line), 0);
		t->now++;
	}
}

static void
test_card_rule(void **state)
{
	struct test_engine t;

	(void)state;
	test_engine_new(&t, "{}", NULL);
	cards(&t, 0, 9);
	ask_answer_is(&t, "allow 9/10");
	/* the same again changes nothing */
	cards(&t, 8, 1);
	ask_answer_is(&t, "allow 9/10");
	/* another address counts for itself */
	ask_says(&t, "card ip 10.0.0.2 last4 0001 expiry 12/27", "allow 1/10");
	t.now = TEST_NOW + 1000;
	cards(&t, 9, 1);
	ask_answer_is(&t, "deny card-shotgun 10/10 3600");
	/* everything from there, known cards too; the count stays, and the
	 * window, that ends with a second, is longer by a part of one */
	cards(&t, 0, 1);
	ask_answer_is(&t, "deny card-shotgun 10/10 3601");
	cards(&t, 77, 1);
	ask_answer_is(&t, "deny card-shotgun 10/10 3601");
	test_engine_done(&t);
}

static void
test_window(void **state)
{
	struct test_engine t;

	(void)state;
	test_engine_new(&t, "{}", NULL);
	t.now = TEST_NOW;
	cards(&t, 0, 10);
	/* the last attempt was at .009 and the window ends with the second */
	t.now = TEST_NOW + 3600000 + 999;
	ask_check_says(&t, "card ip 10.0.0.1", "deny card-shotgun 10/10 1");
	t.now = TEST_NOW + 3600000 + 1000;
	ask_check_says(&t, "card ip 10.0.0.1", "allow 0/10");
	/* a denied attempt starts the hour again */
	t.now = TEST_NOW;
	test_engine_done(&t);
	test_engine_new(&t, "{}", NULL);
	cards(&t, 0, 10);
	t.now = TEST_NOW + 3600000;
	cards(&t, 3, 1);
	ask_answer_is(&t, "deny card-shotgun 10/10 3600");
	t.now = TEST_NOW + 7200000 - 1;
	ask_check_says(&t, "card ip 10.0.0.1", "deny card-shotgun 10/10 1");
	t.now = TEST_NOW + 7200000;
	cards(&t, 3, 1);
	ask_answer_is(&t, "allow 1/10");
	test_engine_done(&t);
}

/* Never shorter than configured, at most a second longer, at any moment. */
static void
test_window_exact(void **state)
{
	struct test_engine t;
	int64_t from;

	(void)state;
	for (from = 0; from < 2000; from += 37) {
		test_engine_new(&t, "{}", NULL);
		t.now = TEST_NOW + from;
		ask_says(&t, "card ip 10.0.0.1 last4 1234 expiry 0127",
		    "allow 1/10");
		t.now = TEST_NOW + from + 3600000 - 1;
		ask_check_says(&t, "card ip 10.0.0.1", "allow 1/10");
		t.now = TEST_NOW + from + 3601000;
		ask_check_says(&t, "card ip 10.0.0.1", "allow 0/10");
		test_engine_done(&t);
	}
}

static const struct {
	const char *why, *words;
	bool taken;
} values[] = {
	{ "an address", "card ip 10.0.0.1 last4 4242 expiry 12/27", true },
	{ "v6", "card ip 2001:db8::1 last4 4242 expiry 12/27", true },
	{ "no address", "card ip 10.0.0 last4 4242 expiry 12/27", false },
	{ "a zone", "card ip fe80::1%1 last4 4242 expiry 12/27", false },
	{ "a name", "card ip localhost last4 4242 expiry 12/27", false },
	{ "no text", "card ip  last4 4242 expiry 12/27", false },
	{ "a prefix", "card ip 10.0.0.0/8 last4 4242 expiry 12/27", false },
	{ "three digits", "card ip ::1 last4 424 expiry 12/27", false },
	{ "five digits", "card ip ::1 last4 42424 expiry 12/27", false },
	{ "a letter", "card ip ::1 last4 424a expiry 12/27", false },
	{ "year of four", "card ip ::1 last4 4242 expiry 12/2027", true },
	{ "no slash", "card ip ::1 last4 4242 expiry 1227", true },
	{ "no slash, four", "card ip ::1 last4 4242 expiry 122027", true },
	{ "year of three", "card ip ::1 last4 4242 expiry 12/027", false },
	{ "year of one", "card ip ::1 last4 4242 expiry 12/7", false },
	{ "month 13", "card ip ::1 last4 4242 expiry 13/27", false },
	{ "month 00", "card ip ::1 last4 4242 expiry 00/27", false },
	{ "month 01", "card ip ::1 last4 4242 expiry 01/27", true },
	{ "month 10", "card ip ::1 last4 4242 expiry 10/27", true },
	{ "month 20", "card ip ::1 last4 4242 expiry 20/27", false },
	{ "month of one", "card ip ::1 last4 4242 expiry 1/27", false },
	{ "two slashes", "card ip ::1 last4 4242 expiry 12//27", false },
	{ "a hyphen", "card ip ::1 last4 4242 expiry 12-27", false },
	{ "no expiry", "card ip ::1 last4 4242", false },
	{ "no last4", "card ip ::1 expiry 12/27", false },
	{ "no card", "card ip ::1", false },
	{ "no ip", "card last4 4242 expiry 12/27", false },
	{ "nothing", "card", false },
	{ "an unknown field", "card ip ::1 last4 4242 expiry 12/27 pan 4",
	    false },
	{ "another known one", "card ip ::1 last4 4242 expiry 12/27 shop 4",
	    true },
	{ "twice", "card ip ::1 last4 4242 expiry 12/27 ip ::1", false },
	{ "the card itself", "card ip ::1 card 4242-12/27", true },
	{ "no such card", "card ip ::1 card 4242-13/27", false },
	{ "card and its parts",
	    "card ip ::1 card 42421227 last4 4242 "
	    "expiry 12/2027",
	    true },
	{ "card and others",
	    "card ip ::1 card 42421227 last4 4243 "
	    "expiry 12/2027",
	    false },
	{ "an event without rules", "coffee ip ::1", true },
	{ "with a field that is none", "coffee colour red", false },
	{ "with a value that is none", "coffee ip red", false },
	{ "no event", "", false },
};

static void
test_values(void **state)
{
	struct engine_stats stats;
	struct test_engine t;
	uint64_t refused = 0;
	size_t i;
	int ret;

	(void)state;
	for (i = 0; i < COUNT_OF(values); i++) {
		print_message("# %s\n", values[i].why);
		test_engine_new(&t, "{}", NULL);
		ret = ask_attempt(&t, values[i].words);
		assert_int_equal(ret, values[i].taken ? 0 : E_SYNTAX);
		engine_stats(t.x, &stats);
		refused = values[i].taken ? 0 : 1;
		assert_int_equal(stats.refused, refused);
		if (!values[i].taken)
			assert_int_equal(stats.entries[ENGINE_SINGLE], 0);
		test_engine_done(&t);
	}
}

/* One card however it is written, one address however it is written. */
static void
test_forms(void **state)
{
	struct test_engine t;

	(void)state;
	test_engine_new(&t, "{}", NULL);
	ask_says(&t, "card ip 10.0.0.1 last4 4242 expiry 12/27", "allow 1/10");
	ask_says(
	    &t, "card ip 10.0.0.1 last4 4242 expiry 12/2027", "allow 1/10");
	ask_says(
	    &t, "card ip ::ffff:10.0.0.1 expiry 1227 last4 4242", "allow 1/10");
	ask_says(&t, "card ip ::ffff:a00:1 card 4242:122027", "allow 1/10");
	ask_says(&t, "card ip 10.0.0.1 last4 4242 expiry 12/28", "allow 2/10");
	ask_says(&t, "card ip 10.0.0.1 last4 4243 expiry 12/28", "allow 3/10");
	ask_says(&t, "card ip 2001:DB8:0::1 card 42421227", "allow 1/10");
	ask_says(&t, "card ip 2001:db8::1 card 42431227", "allow 2/10");
	test_engine_done(&t);
}

static void
test_nothing_to_say(void **state)
{
	struct test_engine t;

	(void)state;
	test_engine_new(&t,
	    "{\"exempt\":[\"192.0.2.0/24\"],\"exempt_users\":[\"root\"]}",
	    NULL);
	ask_says(&t, "coffee ip 10.0.0.1", "allow 0/0");
	assert_string_equal(t.answer.id, "");
	ask_says(&t, "card ip 192.0.2.9 last4 4242 expiry 12/27", "allow 0/0");
	assert_string_equal(t.answer.id, "");
	ask_says(&t, "card ip 10.0.0.1 last4 4242 expiry 12/27 user root",
	    "allow 0/0");
	ask_says(&t, "card ip 10.0.0.1 last4 4242 expiry 12/27 user roo",
	    "allow 1/10");
	assert_int_equal(strlen(t.answer.id), ENGINE_ID_LEN);
	ask_says(&t, "card ip 192.0.3.9 last4 4242 expiry 12/27", "allow 1/10");
	test_engine_done(&t);
}

static void
test_check_writes_nothing(void **state)
{
	struct engine_stats stats;
	struct test_engine t;
	int i;

	(void)state;
	test_engine_new(&t, "{}", NULL);
	for (i = 0; i < 20; i++)
		ask_check_says(&t, "card ip 10.0.0.1 last4 4242 expiry 12/27",
		    "allow 1/10");
	engine_stats(t.x, &stats);
	assert_int_equal(stats.entries[ENGINE_SINGLE], 0);
	assert_int_equal(stats.checks, 20);
	cards(&t, 0, 9);
	ask_check_says(
	    &t, "card ip 10.0.0.1 last4 0000 expiry 12/27", "allow 9/10");
	ask_check_says(&t, "card ip 10.0.0.1 last4 9999 expiry 12/27",
	    "deny card-shotgun 10/10 3601");
	assert_string_equal(t.answer.id, "");
	ask_check_says(&t, "card ip 10.0.0.1", "allow 9/10");
	test_engine_done(&t);
}

static void
test_several_rules(void **state)
{
	struct test_engine t;

	(void)state;
	test_engine_new(&t,
	    RULES("{\"name\":\"a\",\"event\":\"x\",\"limit\":3},"
		  "{\"name\":\"n\",\"event\":\"x\",\"prefix4\":24,"
		  "\"limit\":4},"
		  "{\"name\":\"d\",\"event\":\"x\",\"key\":\"user\","
		  "\"count\":\"attempts\",\"limit\":9,\"delay_from\":2,"
		  "\"delay\":5}"),
	    NULL);
	ask_says(&t, "x ip 10.0.0.1 card 11111227 user u", "allow 1/3");
	ask_says(&t, "x ip 10.0.0.1 card 11111227 user v", "allow 1/3");
	/* delay is worse than allow */
	ask_says(&t, "x ip 10.0.0.2 card 22221227 user u", "delay d 2/9 5");
	/* the one nearest its limit: 3/4 of the network */
	ask_says(&t, "x ip 10.0.0.3 card 33331227 user w", "allow 3/4");
	/* deny is worse than delay, the network's limit */
	ask_says(&t, "x ip 10.0.0.4 card 44441227 user u", "deny n 4/4 3600");
	/* all or none: a bad user counts in no rule */
	assert_int_equal(
	    ask_attempt(&t, "x ip 10.0.1.1 card 11111227"), E_SYNTAX);
	ask_check_says(&t, "x ip 10.0.1.1 card 11111227 user z", "allow 1/3");
	test_engine_done(&t);
}

/* A login at a terminal has no address. */
static void
test_without_address(void **state)
{
	struct test_engine t;

	(void)state;
	test_engine_new(&t,
	    RULES("{\"name\":\"a\",\"event\":\"login\",\"limit\":3,"
		  "\"count\":\"distinct user\"},"
		  "{\"name\":\"u\",\"event\":\"login\",\"key\":\"user\","
		  "\"count\":\"attempts\",\"limit\":9}"),
	    NULL);
	ask_says(&t, "login ip 10.0.0.1 user u", "allow 1/3");
	ask_says(&t, "login user u", "allow 2/9");
	assert_int_equal(ask_attempt(&t, "login ip 10.0.0.1"), E_SYNTAX);
	assert_int_equal(ask_attempt(&t, "login service s"), E_SYNTAX);
	test_engine_done(&t);
}

static void
test_shadow(void **state)
{
	struct engine_rule_stats stats;
	struct test_engine t;

	(void)state;
	test_engine_new(&t,
	    RULES("{\"name\":\"s\",\"event\":\"x\",\"limit\":2,"
		  "\"mode\":\"shadow\"},"
		  "{\"name\":\"a\",\"event\":\"x\",\"limit\":5},"
		  "{\"name\":\"t\",\"event\":\"y\",\"limit\":1,"
		  "\"mode\":\"shadow\"}"),
	    NULL);
	ask_says(&t, "x ip ::1 card 11111227", "allow 1/5");
	ask_says(&t, "x ip ::1 card 22221227", "allow 2/5");
	ask_says(&t, "x ip ::1 card 33331227", "allow 3/5");
	engine_rule_stats(t.x, 0, &stats);
	assert_string_equal(stats.name, "s");
	assert_int_equal(stats.verdicts[ENGINE_ALLOW], 1);
	assert_int_equal(stats.verdicts[ENGINE_DENY], 2);
	assert_int_equal(stats.entries[ENGINE_BLOCKED], 1);
	engine_rule_stats(t.x, 1, &stats);
	assert_int_equal(stats.verdicts[ENGINE_ALLOW], 3);
	/* only a shadow: counted, and nothing to say */
	ask_says(&t, "y ip ::1 card 11111227", "allow 0/0");
	assert_int_equal(strlen(t.answer.id), ENGINE_ID_LEN);
	test_engine_done(&t);
}

static const struct {
	const char *why, *extend;
	int64_t step, known, other; /* ends: after a known, a new value */
} extends[] = {
	{ "each attempt", "attempt", 6, 16, 16 },
	{ "a new value", "distinct", 6, 10, 16 },
	{ "nothing", "none", 6, 10, 10 },
};

static void
extend_case(const char *extend, const char *second, int64_t step, int64_t end)
{
	struct test_engine t;
	char text[256];

	snprintf(text, sizeof(text),
	    RULES("{\"name\":\"a\",\"event\":\"x\",\"limit\":5,"
		  "\"window\":10,\"extend\":\"%s\"}"),
	    extend);
	test_engine_new(&t, text, NULL);
	assert_int_equal(ask_attempt(&t, "x ip ::1 card 11111227"), 0);
	t.now += step * 1000;
	assert_int_equal(ask_attempt(&t, second), 0);
	t.now = TEST_NOW + end * 1000 - 1;
	assert_int_equal(ask_check(&t, "x ip ::1"), 0);
	assert_true(t.answer.count > 0);
	t.now++;
	ask_check_says(&t, "x ip ::1", "allow 0/5");
	test_engine_done(&t);
}

static void
test_extend(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(extends); i++) {
		print_message("# %s\n", extends[i].why);
		extend_case(extends[i].extend, "x ip ::1 card 11111227",
		    extends[i].step, extends[i].known);
		extend_case(extends[i].extend, "x ip ::1 card 22221227",
		    extends[i].step, extends[i].other);
	}
}

static void
test_max_block(void **state)
{
	struct test_engine t;

	(void)state;
	test_engine_new(&t,
	    RULES("{\"name\":\"a\",\"event\":\"x\",\"limit\":2,"
		  "\"window\":10,\"max_block\":15}"),
	    NULL);
	ask_says(&t, "x ip ::1 card 11111227", "allow 1/2");
	ask_says(&t, "x ip ::1 card 22221227", "deny a 2/2 10");
	t.now += 6000;
	ask_says(&t, "x ip ::1 card 22221227", "deny a 2/2 9");
	t.now += 8999;
	ask_says(&t, "x ip ::1 card 22221227", "deny a 2/2 1");
	t.now++;
	ask_says(&t, "x ip ::1 card 22221227", "allow 1/2");
	test_engine_done(&t);
}

static void
test_limit_one(void **state)
{
	struct test_engine t;

	(void)state;
	test_engine_new(&t,
	    RULES("{\"name\":\"a\",\"event\":\"x\",\"limit\":1,"
		  "\"window\":10}"),
	    NULL);
	ask_says(&t, "x ip ::1 card 11111227", "deny a 1/1 10");
	ask_says(&t, "x ip ::1 card 11111227", "deny a 1/1 10");
	test_engine_done(&t);
}

/* An id is typed behind "fraudctl why": it must not look like an option. */
static void
test_ids_are_words(void **state)
{
	struct test_engine t;
	int i;

	(void)state;
	test_engine_new(&t, "{}", NULL);
	for (i = 0; i < 1000; i++) {
		cards(&t, i, 1); /* denied from the tenth on */
		assert_int_equal(strlen(t.answer.id), ENGINE_ID_LEN);
		assert_int_not_equal(t.answer.id[0], '-');
		ask_attempt(&t, "card ip 10.0.0.2 last4 4242 expiry 12/27");
		assert_int_equal(strlen(t.answer.id), ENGINE_ID_LEN);
		assert_int_not_equal(t.answer.id[0], '-');
	}
	test_engine_done(&t);
}

static void
test_outcomes(void **state)
{
	struct test_engine t;
	struct engine_answer first;

	(void)state;
	test_engine_new(&t, "{}", NULL);
	cards(&t, 0, 3);
	ask_answer_is(&t, "allow 3/10");
	first = t.answer;
	/* not by another user, not with another id */
	t.uid = 1;
	assert_int_equal(ask_outcome(&t, ENGINE_OUTCOME_SUCCESS), 0);
	t.uid = 0;
	t.answer.id[3] ^= 1;
	assert_int_equal(ask_outcome(&t, ENGINE_OUTCOME_SUCCESS), 0);
	t.answer = first;
	/* once, and only what it added */
	assert_int_equal(ask_outcome(&t, ENGINE_OUTCOME_SUCCESS), 1);
	ask_check_says(&t, "card ip 10.0.0.1", "allow 2/10");
	t.answer = first;
	assert_int_equal(ask_outcome(&t, ENGINE_OUTCOME_SUCCESS), 0);
	cards(&t, 1, 1);
	assert_int_equal(ask_outcome(&t, ENGINE_OUTCOME_SUCCESS), 1);
	ask_check_says(&t, "card ip 10.0.0.1", "allow 2/10");
	/* a failure stands, and is said once too */
	cards(&t, 5, 1);
	first = t.answer;
	assert_int_equal(ask_outcome(&t, ENGINE_OUTCOME_FAILURE), 1);
	t.answer = first;
	assert_int_equal(ask_outcome(&t, ENGINE_OUTCOME_SUCCESS), 0);
	ask_check_says(&t, "card ip 10.0.0.1", "allow 3/10");
	/* an error does not count */
	cards(&t, 6, 1);
	assert_int_equal(ask_outcome(&t, ENGINE_OUTCOME_ERROR), 1);
	ask_check_says(&t, "card ip 10.0.0.1", "allow 3/10");
	/* the last of a key takes the key away */
	ask_says(&t, "card ip 10.9.9.9 last4 4242 expiry 12/27", "allow 1/10");
	assert_int_equal(ask_outcome(&t, ENGINE_OUTCOME_SUCCESS), 1);
	ask_check_says(&t, "card ip 10.9.9.9", "allow 0/10");
	test_engine_done(&t);
}

/* Never a block: not the one it made, not one that came later. */
static void
test_outcome_of_a_block(void **state)
{
	struct engine_answer early;
	struct test_engine t;

	(void)state;
	test_engine_new(&t, "{}", NULL);
	cards(&t, 0, 9);
	early = t.answer;
	cards(&t, 9, 1);
	assert_int_equal(t.answer.verdict, ENGINE_DENY);
	assert_int_equal(ask_outcome(&t, ENGINE_OUTCOME_SUCCESS), 0);
	t.answer = early;
	assert_int_equal(ask_outcome(&t, ENGINE_OUTCOME_SUCCESS), 1);
	ask_check_says(&t, "card ip 10.0.0.1", "deny card-shotgun 10/10 3601");
	test_engine_done(&t);
}

/* What was forgotten and counted anew is not what the attempt added. */
static void
test_outcome_of_another_life(void **state)
{
	struct engine_answer early;
	struct test_engine t;

	(void)state;
	test_engine_new(&t, "{}", NULL);
	cards(&t, 0, 1);
	early = t.answer;
	assert_int_equal(engine_forget(t.x, ask_text("ip"),
			     ask_text("10.0.0.1"), t.now, NULL),
	    1);
	cards(&t, 0, 1);
	t.answer = early;
	assert_int_equal(ask_outcome(&t, ENGINE_OUTCOME_SUCCESS), 1);
	ask_check_says(&t, "card ip 10.0.0.1", "allow 1/10");
	/* and after its window it is too late */
	ask_says(&t, "card ip 10.0.0.2 last4 4242 expiry 12/27", "allow 1/10");
	early = t.answer;
	t.now += 3500 * 1000;
	ask_says(&t, "card ip 10.0.0.2 last4 4242 expiry 12/27", "allow 1/10");
	t.now += 101 * 1000;
	t.answer = early;
	ask_outcome(&t, ENGINE_OUTCOME_SUCCESS);
	ask_check_says(&t, "card ip 10.0.0.2", "allow 1/10");
	test_engine_done(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_card_rule),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_window_exact),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_nothing_to_say),
		cmocka_unit_test(test_check_writes_nothing),
		cmocka_unit_test(test_several_rules),
		cmocka_unit_test(test_without_address),
		cmocka_unit_test(test_shadow),
		cmocka_unit_test(test_extend),
		cmocka_unit_test(test_max_block),
		cmocka_unit_test(test_limit_one),
		cmocka_unit_test(test_ids_are_words),
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_outcome_of_a_block),
		cmocka_unit_test(test_outcome_of_another_life),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
