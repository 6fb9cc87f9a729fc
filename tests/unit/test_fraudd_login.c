/*
 * The login rules that fraudd has without a word: each attack beside the
 * honest user who looks like it.
 */

#include "testengine.h"
#include "testutil.h"

#define ENFORCE "{\"login_rules\":\"enforce\"}"
#define MINUTE 60000

static void
start(struct test_engine *t)
{
	test_engine_new(t, ENFORCE, NULL);
}

/* One attempt; each # is the number. */
static const struct engine_answer *
attempt(struct test_engine *t, const char *pattern, unsigned number)
{
	char words[256];
	size_t n = 0;

	for (; *pattern != '\0'; pattern++) {
		assert_true(n + 12 < sizeof(words));
		if (*pattern == '#')
			n += (size_t)snprintf(
			    words + n, sizeof(words) - n, "%u", number);
		else
			words[n++] = *pattern;
	}
	words[n] = '\0';
	assert_int_equal(ask_attempt(t, words), 0);
	return &t->answer;
}

static void
allowed(struct test_engine *t, const char *pattern, unsigned number)
{
	const struct engine_answer *a = attempt(t, pattern, number);

	if (a->verdict != ENGINE_ALLOW)
		fail_msg("%s %u: denied by %s", pattern, number, a->rule);
}

static void
denied(struct test_engine *t, const char *pattern, unsigned number,
    const char *rule)
{
	const struct engine_answer *a = attempt(t, pattern, number);

	assert_int_equal(a->verdict, ENGINE_DENY);
	assert_string_equal(a->rule, rule);
}

static void
test_users_of_an_address(void **state)
{
	struct test_engine t;
	unsigned i;

	(void)state;
	start(&t);
	for (i = 1; i < 20; i++)
		allowed(&t, "login ip 10.0.0.1 user u# token x", i);
	for (i = 0; i < 50; i++) /* the same name again is no other */
		allowed(&t, "login ip 10.0.0.1 user u1 token y#", i);
	denied(&t, "login ip 10.0.0.1 user u20 token x", 0, "login-users");
	denied(&t, "login ip 10.0.0.1 user u1 token x", 0, "login-users");
	allowed(&t, "login ip 10.0.0.2 user u1 token x", 0);
	t.now += 61 * MINUTE; /* denied attempts did not prolong it */
	allowed(&t, "login ip 10.0.0.1 user u1 token x", 0);
	test_engine_done(&t);
}

/* A whole company behind one address, which mistypes now and then. */
static void
test_company(void **state)
{
	struct test_engine t;
	unsigned i;

	(void)state;
	start(&t);
	for (i = 0; i < 5000; i++) {
		t.now += 500;
		allowed(&t, "login ip 10.0.0.1 user u# token x exists 1", i);
		assert_int_equal(ask_outcome(&t,
				     i % 400 == 0 ? ENGINE_OUTCOME_FAILURE :
						    ENGINE_OUTCOME_SUCCESS),
		    1);
	}
	test_engine_done(&t);
}

/* Addresses of one customer's /64 are many, the customer is one. */
static void
test_network(void **state)
{
	struct test_engine t;
	unsigned i;

	(void)state;
	start(&t);
	for (i = 1; i < 40; i++)
		allowed(&t, "login ip 2001:db8::# user u# token x", i);
	denied(&t, "login ip 2001:db8::ffff user u# token x", 40,
	    "login-users-net");
	allowed(&t, "login ip 2001:db8:0:1::1 user u# token x", 40);
	test_engine_done(&t);
}

static void
test_unknown_users(void **state)
{
	struct test_engine t;
	unsigned i;

	(void)state;
	start(&t);
	for (i = 1; i < 10; i++)
		allowed(&t, "login ip 10.0.0.1 user x# token x exists 0", i);
	/* they are no users of the other rule */
	for (i = 1; i < 20; i++)
		allowed(&t, "login ip 10.0.0.1 user u# token x exists 1", i);
	denied(&t, "login ip 10.0.0.1 user x# token x exists 0", 10,
	    "login-unknown");
	test_engine_done(&t);
}

/* From everywhere for one user: the owner comes in where they were before. */
static void
test_passwords(void **state)
{
	struct test_engine t;
	unsigned i;

	(void)state;
	start(&t);
	allowed(&t, "login ip 10.0.0.1 user anna password right", 0);
	assert_int_equal(ask_outcome(&t, ENGINE_OUTCOME_SUCCESS), 1);
	for (i = 1; i < 20; i++)
		allowed(&t, "login ip 10.1.0.# user anna password p#", i);
	for (i = 0; i < 50; i++) /* typed again it is no other guess */
		allowed(&t, "login ip 10.2.0.# user anna password p1", i);
	denied(&t, "login ip 10.3.0.# user anna password p#", 20,
	    "login-passwords");
	denied(&t, "login ip 10.3.0.1 user anna password right", 0,
	    "login-passwords");
	allowed(&t, "login ip 10.0.0.1 user anna password right", 0);
	/* nor is that address free to guess */
	for (i = 1; i < 19; i++)
		allowed(&t, "login ip 10.0.0.1 user anna password q#", i);
	denied(&t, "login ip 10.0.0.1 user anna password q#", 19,
	    "login-passwords");
	allowed(&t, "login ip 10.0.0.1 user bert password q#", 19);
	t.now += 61 * MINUTE;
	allowed(&t, "login ip 10.3.0.1 user anna password right", 0);
	test_engine_done(&t);
}

/* Junk is no guess: nobody is locked out by it. */
static void
test_junk_tokens(void **state)
{
	struct test_engine t;
	unsigned i;

	(void)state;
	start(&t);
	for (i = 0; i < 5000; i++) {
		t.now += 20;
		allowed(&t, "login ip 2001:db8:#::1 user anna token t#", i);
		assert_int_equal(ask_outcome(&t, ENGINE_OUTCOME_FAILURE), 1);
	}
	allowed(&t, "login ip 10.0.0.1 user anna token good", 0);
	allowed(&t, "login ip 10.0.0.1 user anna password right", 0);
	test_engine_done(&t);
}

static void
test_rate(void **state)
{
	struct test_engine t;
	unsigned i;

	(void)state;
	start(&t);
	for (i = 1; i < 120; i++)
		allowed(&t, "login ip 10.0.0.1 user anna token t#", i);
	denied(&t, "login ip 10.0.0.1 user anna token x", 0, "login-rate");
	t.now += 61 * 1000;
	allowed(&t, "login ip 10.0.0.1 user anna token x", 0);
	/* a machine that succeeds all day */
	for (i = 0; i < 5000; i++) {
		allowed(&t, "login ip 10.0.0.9 user robot token t", i);
		assert_int_equal(ask_outcome(&t, ENGINE_OUTCOME_SUCCESS), 1);
	}
	test_engine_done(&t);
}

static void
test_stolen_token(void **state)
{
	struct test_engine t;
	unsigned i;

	(void)state;
	start(&t);
	for (i = 1; i < 6; i++) {
		allowed(&t, "token ip 10.0.#.1 token a user anna issuer i", i);
		allowed(&t, "token ip 10.0.0.1 token b user bert jti j", i);
	}
	denied(&t, "token ip 10.0.6.1 token a user anna issuer i", 0,
	    "token-addresses");
	denied(&t, "token ip 10.0.1.1 token a user anna issuer i", 0,
	    "token-addresses");
	allowed(&t, "token ip 10.0.6.1 token c user anna issuer i", 0);
	test_engine_done(&t);
}

static void
test_sessions(void **state)
{
	struct test_engine t;
	char words[64];
	unsigned i;

	(void)state;
	start(&t);
	for (i = 1; i <= 50; i++) {
		snprintf(
		    words, sizeof(words), "login user anna session s%u", i);
		assert_int_equal(ask_open(&t, words), 0);
		assert_int_equal(
		    t.answer.verdict, i < 50 ? ENGINE_ALLOW : ENGINE_DENY);
	}
	assert_int_equal(ask_close(&t, "login user anna session s1"), 1);
	assert_int_equal(ask_open(&t, words), 0);
	assert_int_equal(t.answer.verdict, ENGINE_ALLOW);
	test_engine_done(&t);
}

/* What other clients leave out is missing from no rule. */
static void
test_sparse(void **state)
{
	static const char *const sparse[] = {
		"login ip 10.0.0.1",
		"login user anna",
		"login token x",
		"login service sshd",
		"login user anna password p",
		"token token x",
		"token ip 10.0.0.1",
	};
	struct test_engine t;
	size_t i;

	(void)state;
	start(&t);
	for (i = 0; i < COUNT_OF(sparse); i++) {
		assert_int_equal(ask_attempt(&t, sparse[i]), 0);
		assert_int_equal(t.answer.verdict, ENGINE_ALLOW);
	}
	test_engine_done(&t);
}

/* Unless they are told to, they only count. */
static void
test_shadow(void **state)
{
	struct engine_rule_stats stats;
	struct test_engine t;
	unsigned i;

	(void)state;
	test_engine_new(&t, "{}", NULL);
	for (i = 1; i < 300; i++)
		allowed(&t, "login ip 10.0.0.1 user u# token x", i);
	engine_rule_stats(t.x, 1, &stats);
	assert_string_equal(stats.name, "login-users");
	assert_true(stats.shadow);
	assert_true(stats.verdicts[ENGINE_DENY] == 280);
	test_engine_done(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_users_of_an_address),
		cmocka_unit_test(test_company),
		cmocka_unit_test(test_network),
		cmocka_unit_test(test_unknown_users),
		cmocka_unit_test(test_passwords),
		cmocka_unit_test(test_junk_tokens),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_stolen_token),
		cmocka_unit_test(test_sessions),
		cmocka_unit_test(test_sparse),
		cmocka_unit_test(test_shadow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
