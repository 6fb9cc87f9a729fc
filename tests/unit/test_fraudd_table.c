/*
 * table: sets of values of every size, the index as it grows and shrinks, the
 * order of lists, shares, and memory that is not given.
 */

#include "testengine.h"

#include "testutil.h"

#include "err.h"
#include "table.h"
#include "table_priv.h"

#include <sys/resource.h>

#define GROUP_IP 0
#define GROUP_NAME 1
#define GROUP_PAIR 2
#define VALUES 1024

struct small {
	struct hash_keys *keys;
	struct table *t;
};

static void
small_new(struct small *s, uint64_t memory)
{
	struct table_group ip = { .used = true, .ip = true, .window = 60 };
	struct table_group name = { .used = true, .window = 60 };
	struct table_group pair = { .used = true, .pairs = true, .window = 60 };

	memset(s, 0, sizeof(*s));
	assert_int_equal(hash_keys_load(NULL, &s->keys, NULL), 0);
	assert_int_equal(table_new(memory, s->keys, &s->t, NULL), 0);
	table_group_set(s->t, GROUP_IP, ip);
	table_group_set(s->t, GROUP_NAME, name);
	table_group_set(s->t, GROUP_PAIR, pair);
	table_clock(s->t, TEST_NOW);
}

static void
small_done(struct small *s)
{
	table_free(&s->t);
	assert_null(s->t);
	hash_keys_free(&s->keys);
}

static struct table_new
entry(uint8_t group, uint32_t number)
{
	struct table_new n = {
		.id.group = group, .stamp = TEST_NOW / 1000, .generation = 1
	};

	memcpy(n.id.key, &number, sizeof(number));
	return n;
}

static uint32_t
add(struct small *s, uint8_t group, uint32_t number)
{
	struct table_new n = entry(group, number);

	return table_add(s->t, &n);
}

static uint32_t
find(struct small *s, uint8_t group, uint32_t number)
{
	struct table_new n = entry(group, number);

	return table_find(s->t, &n.id);
}

/* A set beside a plain array, growing and shrinking. */
static void
test_values(void **state)
{
	static const uint8_t groups[] = { GROUP_NAME, GROUP_PAIR };
	uint64_t model[VALUES];
	uint32_t count, slot, i, k;
	struct small s;
	size_t g;

	(void)state;
	small_new(&s, 8u << 20);
	for (g = 0; g < COUNT_OF(groups); g++) {
		slot = add(&s, groups[g], 7);
		for (count = 0; count < VALUES; count++) {
			model[count] = count * 0x9e3779b97f4a7c15u;
			assert_int_equal(
			    table_value_find(s.t, slot, model[count]),
			    TABLE_NOT_THERE);
			assert_true(
			    table_value_add(s.t, slot, model[count], count));
			assert_int_equal(table_at(s.t, slot)->count, count + 1);
		}
		for (i = 0; count > 0; i++) {
			k = i * 7919 % count;
			assert_int_equal(
			    table_value_find(s.t, slot, model[k]), k);
			assert_true(table_value(s.t, slot, k) == model[k]);
			if (groups[g] == GROUP_PAIR)
				assert_int_equal(table_value_end(s.t, slot, k),
				    model[k] * 0xf1de83e19937733du);
			table_value_drop(s.t, slot, k);
			model[k] = model[--count];
		}
		assert_int_equal(table_at(s.t, slot)->count, 0);
		table_remove(s.t, slot);
	}
	small_done(&s);
}

/* All that is in is found, nothing else is; both ways, twice. */
static void
test_index(void **state)
{
	enum {
		MANY = 60000
	};
	static uint32_t slots[MANY];
	struct small s;
	uint32_t i, round;

	(void)state;
	small_new(&s, 8u << 20);
	for (round = 0; round < 2; round++) {
		for (i = 0; i < MANY; i++) {
			slots[i] = add(&s, GROUP_NAME, i);
			assert_int_not_equal(slots[i], 0);
		}
		for (i = 0; i < MANY; i++) {
			assert_int_equal(find(&s, GROUP_NAME, i), slots[i]);
			assert_int_equal(find(&s, GROUP_PAIR, i), 0);
		}
		assert_int_equal(find(&s, GROUP_NAME, MANY), 0);
		for (i = 0; i < MANY; i += 2)
			table_remove(s.t, slots[i]);
		for (i = 0; i < MANY; i++)
			assert_int_equal(
			    find(&s, GROUP_NAME, i), i % 2 == 0 ? 0 : slots[i]);
		for (i = 1; i < MANY; i += 2)
			table_remove(s.t, slots[i]);
		assert_int_equal(table_count(s.t, GROUP_NAME, TABLE_SINGLE), 0);
	}
	small_done(&s);
}

/* What the next entry splits, and so moves: all that its bucket holds. */
static uint32_t
next_split(const struct table *t)
{
	const struct table_bucket
	    *b = (const struct table_bucket *)(const void *)t->buckets.base +
	    (t->bucket_count & t->bucket_mask >> 1);
	uint32_t n = 0, more, i;

	for (i = 0; i < BUCKET_SLOTS && b->slot[i] != 0; i++)
		n++;
	for (more = b->next; more != 0;) {
		const struct table_overflow *o = (const struct table_overflow
			*)(const void *)table_at(t, more);

		for (i = 0; i < OVERFLOW_SLOTS && o->slot[i] != 0; i++)
			n++;
		more = o->next;
	}
	return n;
}

/*
 * Growth without pauses, by what is done and not by the clock: from empty to
 * a million no entry costs more than one bucket that is split, and a step of
 * new memory, however many there are already.
 */
static void
test_growth(void **state)
{
	const size_t step = 2 * 1024 * 1024;
	uint32_t buckets, moves, most = 0, i;
	size_t slots, lines, fresh, steps = 0;
	uint64_t moved = 0;
	struct small s;

	(void)state;
	small_new(&s, 128 * 1024 * 1024);
	for (i = 1; i <= 1000000; i++) {
		buckets = s.t->bucket_count;
		slots = s.t->slots.usable;
		lines = s.t->buckets.usable;
		moves = next_split(s.t);
		assert_int_not_equal(add(&s, GROUP_IP, i), 0);
		if (s.t->bucket_count == buckets)
			moves = 0;
		assert_in_range(s.t->bucket_count - buckets, 0, 1);
		assert_in_range(moves, 0, 48);
		fresh = s.t->slots.usable - slots + s.t->buckets.usable - lines;
		assert_in_range(fresh, 0, 2 * step);
		steps += fresh > 0;
		moved += moves;
		most = moves > most ? moves : most;
	}
	/* so it did grow, all the way, in small steps */
	assert_true(s.t->bucket_count > i / 10 && most > 8 && steps > 20);
	/* on the whole hardly more than once for each entry */
	assert_in_range(moved, i / 2, 2 * i);
	for (i = 1; i <= 1000000; i += 997)
		assert_int_not_equal(find(&s, GROUP_IP, i), 0);
	small_done(&s);
}

/* The oldest goes first, and only when there is no room. */
static void
test_eviction(void **state)
{
	struct table_stats stats;
	struct small s;
	uint32_t i, n, slot;

	(void)state;
	small_new(&s, 4u << 20);
	for (i = 0;; i++) {
		table_clock(s.t, TEST_NOW + i / 10);
		assert_int_not_equal(add(&s, GROUP_NAME, i), 0);
		table_stats(s.t, &stats);
		if (stats.evicted[TABLE_SINGLE] != 0)
			break;
	}
	n = i;
	assert_true(n > 30000);
	assert_int_equal(find(&s, GROUP_NAME, 0), 0);
	assert_int_not_equal(find(&s, GROUP_NAME, 1), 0);
	/* one that was touched stays longer; one of two values longer still */
	table_touch(s.t, find(&s, GROUP_NAME, 1), TEST_NOW / 1000 + 5);
	slot = find(&s, GROUP_NAME, 2);
	assert_true(table_value_add(s.t, slot, 1, 0));
	assert_true(table_value_add(s.t, slot, 2, 0));
	table_block(s.t, find(&s, GROUP_NAME, 9), TEST_NOW / 1000);
	for (; i < n + n / 2; i++)
		assert_int_not_equal(add(&s, GROUP_NAME, n + i), 0);
	assert_int_not_equal(find(&s, GROUP_NAME, 1), 0);
	assert_int_not_equal(find(&s, GROUP_NAME, 2), 0);
	assert_int_not_equal(find(&s, GROUP_NAME, 9), 0);
	assert_int_equal(find(&s, GROUP_NAME, 10), 0);
	table_stats(s.t, &stats);
	assert_true(stats.memory_used <= stats.memory_max);
	small_done(&s);
}

static void
test_expiry(void **state)
{
	struct small s;
	uint32_t i;

	(void)state;
	small_new(&s, 4u << 20);
	for (i = 0; i < 100; i++) {
		struct table_new n = entry(GROUP_IP, i);

		n.stamp += (i * 37) % 100;
		assert_int_not_equal(table_add(s.t, &n), 0);
	}
	table_settle(s.t);
	for (i = 0; i < 100; i++) {
		table_clock(s.t, TEST_NOW + (60 + i) * INT64_C(1000) - 1);
		assert_int_equal(table_expire(s.t, 100), 0);
		table_clock(s.t, TEST_NOW + (60 + i) * INT64_C(1000));
		assert_int_equal(table_expire(s.t, 100), 1);
	}
	assert_int_equal(table_count(s.t, GROUP_IP, TABLE_SINGLE), 0);
	small_done(&s);
}

static void
make_engine(void *arg)
{
	struct settings *settings = arg;
	struct hash_keys *keys = NULL;
	struct engine *x = NULL;
	int ret;

	ret = hash_keys_load(NULL, &keys, NULL);
	if (ret == 0)
		ret = engine_new(settings, keys, &x, NULL);
	assert_int_equal(ret, alloc_failed() ? E_NOMEM : 0);
	engine_free(&x);
	hash_keys_free(&keys);
}

static void
test_no_memory(void **state)
{
	static const char text[] =
	    "{\"exempt\":[\"::1\"],\"exempt_users\":[\"a\",\"b\"]}";
	struct settings *settings = NULL;

	(void)state;
	assert_int_equal(
	    settings_parse(text, sizeof(text) - 1, "x", &settings, NULL), 0);
	if (alloc_fail_works())
		assert_true(for_each_alloc_failure(make_engine, settings) > 5);
	settings_free(&settings);
}

/* The system gives no more pages: the table lives with what it has. */
static void
test_no_pages(void **state)
{
	struct rlimit old, none;
	struct table_stats stats;
	struct small s;
	uint32_t i;

	(void)state;
	if (!alloc_fail_works())
		skip();
	small_new(&s, 64u << 20);
	for (i = 0; i < 1000; i++)
		assert_int_not_equal(add(&s, GROUP_NAME, i), 0);
	assert_int_equal(getrlimit(RLIMIT_DATA, &old), 0);
	none = old;
	none.rlim_cur = 4096; /* 0 is an exception of the kernel for valgrind */
	assert_int_equal(setrlimit(RLIMIT_DATA, &none), 0);
	for (; i < 100000; i++)
		add(&s, GROUP_NAME, i);
	assert_int_equal(setrlimit(RLIMIT_DATA, &old), 0);
	table_stats(s.t, &stats);
	assert_true(stats.evicted[TABLE_SINGLE] > 0);
	assert_true(stats.entries[TABLE_SINGLE] < 20000);
	assert_int_not_equal(find(&s, GROUP_NAME, i - 1), 0);
	for (; i < 200000; i++)
		assert_int_not_equal(add(&s, GROUP_NAME, i), 0);
	small_done(&s);
}

static void
test_too_small(void **state)
{
	struct hash_keys *keys = NULL;
	struct table *t = NULL;

	(void)state;
	assert_int_equal(hash_keys_load(NULL, &keys, NULL), 0);
	assert_int_equal(
	    table_new(TABLE_MEMORY_MIN - 1, keys, &t, NULL), E_RANGE);
	assert_null(t);
	assert_int_equal(table_new(TABLE_MEMORY_MIN, keys, &t, NULL), 0);
	table_free(&t);
	hash_keys_free(&keys);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_index),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_eviction),
		cmocka_unit_test(test_expiry),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_no_pages),
		cmocka_unit_test(test_too_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
