/*
 * Floods against a table of 64 MB: addresses without end, and blocks without
 * end from one large network. Memory holds, who is blocked stays blocked, and
 * an attacker who begins meanwhile is caught. FLOOD_COUNT makes it longer.
 */

#include "testengine.h"

#include "testutil.h"

#include <unistd.h>

#define COUNT 1000000
#define SLACK (6L << 20) /* of the process, beside the table */

static long
flood_count(void)
{
	const char *s = getenv("FLOOD_COUNT");

	return s != NULL ? strtol(s, NULL, 10) : COUNT;
}

static long
resident(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	long pages = 0;

	if (f == NULL || fscanf(f, "%*d %ld", &pages) != 1)
		pages = 0;
	if (f != NULL)
		fclose(f);
	return pages * sysconf(_SC_PAGESIZE);
}

/* Sanitizers keep memory of their own. */
static bool
memory_is_ours(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	return false;
#else
	return alloc_fail_works();
#endif
}

/* A number that looks like chance and is the same each time. */
static uint64_t
scatter(uint64_t n)
{
	n ^= n >> 31;
	n *= 0x9e3779b97f4a7c15u;
	n ^= n >> 29;
	n *= 0xbf58476d1ce4e5b9u;
	return n ^ n >> 32;
}

static void
card(struct test_engine *t, const char *ip, int last4)
{
	struct engine_attempt a = { .event = { "card", 4 }, .count = 3 };
	char digits[8];

	snprintf(digits, sizeof(digits), "%04d", last4);
	a.fields[0].name = ask_text("ip");
	a.fields[0].value = ask_text(ip);
	a.fields[1].name = ask_text("last4");
	a.fields[1].value = ask_text(digits);
	a.fields[2].name = ask_text("expiry");
	a.fields[2].value = ask_text("12/27");
	assert_int_equal(engine_attempt(t->x, &a, t->now, &t->answer, NULL), 0);
}

static void
caught(struct test_engine *t, const char *ip)
{
	int i;

	for (i = 0; i < 10; i++)
		card(t, ip, i);
	assert_int_equal(t->answer.verdict, ENGINE_DENY);
	assert_int_equal(t->answer.count, 10);
}

static void
still_blocked(struct test_engine *t, int from, int to)
{
	char line[64];
	int i;

	for (i = from; i < to; i++) {
		snprintf(
		    line, sizeof(line), "card ip 10.0.%d.%d", i / 250, i % 250);
		assert_int_equal(ask_check(t, line), 0);
		assert_int_equal(t->answer.verdict, ENGINE_DENY);
	}
}

static void
block_some(struct test_engine *t, int from, int to)
{
	char ip[32];
	int i;

	for (i = from; i < to; i++) {
		snprintf(ip, sizeof(ip), "10.0.%d.%d", i / 250, i % 250);
		caught(t, ip);
	}
}

static void
memory_holds(struct test_engine *t, long before)
{
	struct engine_stats s;

	engine_stats(t->x, &s);
	print_message("# %lu single, %lu multi, %lu blocked; evicted %lu, %lu, "
		      "%lu; folded %lu, %lu, %lu; used %lu; grown %ld\n",
	    (unsigned long)s.entries[0], (unsigned long)s.entries[1],
	    (unsigned long)s.entries[2], (unsigned long)s.evicted_single,
	    (unsigned long)s.evicted_multi, (unsigned long)s.evicted_blocked,
	    (unsigned long)s.folded_64, (unsigned long)s.folded_56,
	    (unsigned long)(s.folded_48 + s.folded_24),
	    (unsigned long)s.memory_used, resident() - before);
	assert_true(s.memory_used <= s.memory_max);
	assert_true(s.memory_max <= 64u << 20);
	if (memory_is_ours())
		assert_true(resident() - before <= (64L << 20) + SLACK);
}

/* Random v4 and v6 addresses, one card each. */
static void
test_addresses(void **state)
{
	long n = flood_count(), i, before = resident();
	struct test_engine t;
	char ip[64];
	uint64_t r;

	(void)state;
	test_engine_new(&t, "{\"memory\":\"64M\"}", NULL);
	block_some(&t, 0, 500);
	for (i = 0; i < 2 * n; i++) {
		r = scatter((uint64_t)i);
		if (i % 2 == 0)
			snprintf(ip, sizeof(ip), "%u.%u.%u.%u",
			    (unsigned)(r >> 24 & 127) + 11,
			    (unsigned)(r >> 16 & 255), (unsigned)(r >> 8 & 255),
			    (unsigned)(r & 255));
		else
			snprintf(ip, sizeof(ip), "2001:db8:%x:%x::%x",
			    (unsigned)(r >> 32 & 0xffff),
			    (unsigned)(r >> 16 & 0xffff),
			    (unsigned)(r & 0xffff));
		card(&t, ip, (int)(r >> 48 & 4095));
		t.now += i % 200 == 0;
		if (i % 16 == 0)
			engine_tick(t.x, t.now);
		if (i % (n / 5) == 0)
			block_some(&t, 500 + (int)(10 * i / n),
			    501 + (int)(10 * i / n));
	}
	still_blocked(&t, 0, 500);
	block_some(&t, 600, 700);
	still_blocked(&t, 0, 500);
	memory_holds(&t, before);
	test_engine_done(&t);
}

#define MEASURED 500000
#define BYTES_MAX 54 /* 56 less the journal's 4 MB at two millions */

/* One card from each of many addresses, beginning with nothing. */
static void
test_bytes(void **state)
{
	struct engine_stats empty, full;
	struct test_engine t;
	long before, grown;
	char ip[32];
	uint32_t i;

	(void)state;
	before = resident();
	test_engine_new(&t, "{}", NULL);
	engine_stats(t.x, &empty);
	for (i = 0; i < MEASURED; i++) {
		snprintf(ip, sizeof(ip), "%u.%u.%u.%u", 11 + (i >> 16),
		    i >> 8 & 255, i & 255, i % 251);
		card(&t, ip, (int)(i % 10000));
	}
	grown = resident() - before;
	engine_stats(t.x, &full);
	print_message("# %ld bytes for %d addresses: %.1f each\n", grown,
	    MEASURED, (double)grown / MEASURED);
	assert_int_equal(full.entries[ENGINE_SINGLE], MEASURED);
	assert_true(full.memory_used - empty.memory_used <=
	    BYTES_MAX * (uint64_t)MEASURED);
	/* what an engine has once is more for each where they are fewer */
	if (memory_is_ours())
		assert_true(grown <= BYTES_MAX * (long)MEASURED + (4L << 20));
	test_engine_done(&t);
}

#define LIMIT_2 \
	"{\"memory\":\"64M\",\"rules\":[{\"name\":\"r\",\"event\":\"card\"," \
	"\"limit\":2}]}"

/* Every address of a v6 /32 in turn, each of them blocked. */
static void
test_blocks(void **state)
{
	long n = flood_count(), i, before = resident();
	struct engine_stats s;
	struct test_engine t;
	char ip[64];
	uint64_t r;

	(void)state;
	test_engine_new(&t, LIMIT_2, NULL);
	for (i = 0; i < 300; i++) {
		snprintf(ip, sizeof(ip), "10.0.%ld.%ld", i / 250, i % 250);
		card(&t, ip, 1);
		card(&t, ip, 2);
		assert_int_equal(t.answer.verdict, ENGINE_DENY);
	}
	for (i = 0; i < n; i++) {
		r = scatter((uint64_t)i);
		snprintf(ip, sizeof(ip), "2001:db8:%x:%x::%x",
		    (unsigned)(r >> 32 & 0xffff), (unsigned)(r >> 16 & 0xffff),
		    (unsigned)(r & 0xffff));
		card(&t, ip, 1);
		card(&t, ip, 2);
		assert_int_equal(t.answer.verdict, ENGINE_DENY);
		t.now += i % 200 == 0;
		if (i % 16 == 0)
			engine_tick(t.x, t.now);
	}
	/* who was blocked is, the last of the flood too */
	still_blocked(&t, 0, 300);
	for (i = n - 1000; i < n; i++) {
		r = scatter((uint64_t)i);
		snprintf(ip, sizeof(ip), "2001:db8:%x:%x::%x",
		    (unsigned)(r >> 32 & 0xffff), (unsigned)(r >> 16 & 0xffff),
		    (unsigned)(r & 0xffff));
		card(&t, ip, 3);
		assert_int_equal(t.answer.verdict, ENGINE_DENY);
	}
	/* somebody new is counted, and caught */
	card(&t, "203.0.113.5", 1);
	assert_int_equal(t.answer.verdict, ENGINE_ALLOW);
	card(&t, "203.0.113.5", 2);
	assert_int_equal(t.answer.verdict, ENGINE_DENY);
	engine_stats(t.x, &s);
	assert_int_equal(s.evicted_blocked, 0);
	memory_holds(&t, before);
	test_engine_done(&t);
}

/* One /48 has its quota of blocks, then wider ones; its neighbour has all. */
static void
test_quota(void **state)
{
	struct engine_stats s;
	struct test_engine t;
	char ip[64];
	unsigned i;

	(void)state;
	test_engine_new(&t, LIMIT_2, NULL);
	for (i = 0; i < 200000; i++) {
		snprintf(
		    ip, sizeof(ip), "2001:db8:1:%x::%x", i & 0xffff, i >> 16);
		card(&t, ip, 1);
		card(&t, ip, 2);
		assert_int_equal(t.answer.verdict, ENGINE_DENY);
	}
	engine_stats(t.x, &s);
	assert_true(s.entries[ENGINE_BLOCKED] < 150000);
	assert_true(s.folded_64 + s.folded_56 + s.folded_48 > 0);
	for (i = 0; i < 200000; i += 97) {
		snprintf(
		    ip, sizeof(ip), "2001:db8:1:%x::%x", i & 0xffff, i >> 16);
		card(&t, ip, 3);
		assert_int_equal(t.answer.verdict, ENGINE_DENY);
	}
	card(&t, "2001:db8:2::1", 1);
	assert_int_equal(t.answer.verdict, ENGINE_ALLOW);
	test_engine_done(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_quota),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
