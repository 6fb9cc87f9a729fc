/*
 * test_roles_cache: an answer is for its question alone, and for a while.
 */

#include "testutil.h"

#include "config.h"
#include "err.h"
#include "roles.h"
#include "roles_cache.h"

#define NOW 1700000000

static struct config_role roles[2];
static struct config_policy policy = { .roles = roles, .role_count = 2 };
static const bool both[2] = { true, true }, first[2] = { true, false };
static const bool none[2] = { false, false };

static const struct query_claim red = { "team", "red" },
				blue = { "team", "blue" };

static struct roles_question
question(void)
{
	return (struct roles_question){ .policy = &policy,
		.wanted = both,
		.user = "alice",
		.service = "sshd",
		.rhost = "192.0.2.1",
		.claims = &red,
		.claim_count = 1 };
}

static void
test_time(void **state)
{
	static const struct {
		const char *why;
		const bool *held;
		int64_t seconds, later;
		bool there;
	} rows[] = {
		{ "at once", first, 60, 0, true },
		{ "in its last second", first, 60, 59, true },
		{ "after it", first, 60, 60, false },
		{ "the clock was set back", first, 60, -1, false },
		{ "no, at once", none, 60, 0, true },
		{ "no, in its last second", none, 60, 9, true },
		{ "no, after it", none, 60, 10, false },
		{ "not at all", first, 0, 0, false },
		{ "no, for less than a second", none, 5, 0, false },
	};
	struct roles_question q = question();
	struct roles_cache *cache = NULL;
	bool held[2];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(roles_cache_new(&cache), 0);
		roles_cache_put(cache, &q, NOW, rows[i].seconds, rows[i].held);
		memset(held, 0xff, sizeof(held));
		if (roles_cache_get(cache, &q, NOW + rows[i].later, held) !=
		    rows[i].there)
			fail_msg("%s", rows[i].why);
		if (rows[i].there)
			assert_memory_equal(held, rows[i].held, sizeof(held));
		roles_cache_free(&cache);
	}
	roles_cache_free(&cache);
}

/* One thing is another each time: that is another question. */
static void
test_key(void **state)
{
	static struct config_policy other = { .roles = roles, .role_count = 2 };
	struct roles_question q[11];
	struct roles_cache *cache = NULL;
	bool held[2];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(q); i++)
		q[i] = question();
	q[1].user = "bob";
	q[2].user = "Alice";
	q[3].service = "sudo";
	q[4].rhost = "192.0.2.2";
	q[5].rhost = NULL;
	q[6].claims = &blue;
	q[7].claim_count = 0;
	q[8].wanted = first;
	q[9].enough = ROLES_ANY;
	q[10].policy = &other;
	assert_int_equal(roles_cache_new(&cache), 0);
	roles_cache_put(cache, &q[0], NOW, 60, first);
	assert_true(roles_cache_get(cache, &q[0], NOW, held));
	for (i = 1; i < COUNT_OF(q); i++) {
		if (roles_cache_get(cache, &q[i], NOW, held))
			fail_msg("question %zu", i);
	}
	/* texts that are the same only when put together */
	q[0] = question();
	q[0].user = "a";
	q[0].service = "1:b";
	q[1] = question();
	q[1].user = "a1:";
	q[1].service = "b";
	roles_cache_put(cache, &q[0], NOW, 60, first);
	assert_false(roles_cache_get(cache, &q[1], NOW, held));
	roles_cache_free(&cache);
}

static void
test_replaced(void **state)
{
	struct roles_question q = question();
	struct roles_cache *cache = NULL;
	bool held[2];

	(void)state;
	assert_int_equal(roles_cache_new(&cache), 0);
	roles_cache_put(cache, &q, NOW, 60, first);
	roles_cache_put(cache, &q, NOW + 1, 60, none);
	assert_true(roles_cache_get(cache, &q, NOW + 1, held));
	assert_memory_equal(held, none, sizeof(held));
	assert_false(roles_cache_get(cache, &q, NOW + 30, held));
	roles_cache_free(&cache);
}

/* Twice as many as there is room for: at most that many stay. */
static void
test_bound(void **state)
{
	struct roles_question q = question();
	struct roles_cache *cache = NULL;
	char name[32];
	unsigned i, there = 0;
	bool held[2];

	(void)state;
	assert_int_equal(roles_cache_new(&cache), 0);
	q.user = name;
	for (i = 0; i < 2 * ROLES_CACHE_ENTRIES; i++) {
		snprintf(name, sizeof(name), "user%u", i);
		roles_cache_put(cache, &q, NOW, 60, first);
		/* what was said last is there */
		assert_true(roles_cache_get(cache, &q, NOW, held));
	}
	for (i = 0; i < 2 * ROLES_CACHE_ENTRIES; i++) {
		snprintf(name, sizeof(name), "user%u", i);
		there += roles_cache_get(cache, &q, NOW, held) ? 1 : 0;
	}
	assert_true(there <= ROLES_CACHE_ENTRIES);
	assert_true(there > ROLES_CACHE_ENTRIES / 2);
	roles_cache_free(&cache);
}

static void
test_long(void **state)
{
	struct roles_question q = question();
	struct roles_cache *cache = NULL;
	char name[8192];
	bool held[2];

	(void)state;
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	q.user = name;
	assert_int_equal(roles_cache_new(&cache), 0);
	roles_cache_put(cache, &q, NOW, 60, first);
	assert_false(roles_cache_get(cache, &q, NOW, held));
	roles_cache_free(&cache);
}

static void
one_failure(void *arg)
{
	struct roles_question q = question();
	struct roles_cache *cache = NULL;
	bool held[2];
	int r;

	(void)arg;
	r = roles_cache_new(&cache);
	if (r != 0) {
		assert_int_equal(r, E_NOMEM);
		assert_true(alloc_failed());
		return;
	}
	roles_cache_put(cache, &q, NOW, 60, first);
	assert_int_equal(
	    roles_cache_get(cache, &q, NOW, held), !alloc_failed());
	roles_cache_free(&cache);
}

static void
test_memory(void **state)
{
	(void)state;
	if (alloc_fail_works())
		assert_int_equal(for_each_alloc_failure(one_failure, NULL), 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_key),
		cmocka_unit_test(test_replaced),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
