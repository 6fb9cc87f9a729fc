/*
 * What was appended comes back: after an orderly end, after none, over
 * rotations and snapshots; and who may not have the folder.
 */

#include "testjournal.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crc32c.h"

struct dirs {
	char top[TEST_DIR_MAX];
	char a[TEST_PATH_MAX], b[TEST_PATH_MAX];
};

static int
setup(void **state)
{
	struct dirs *d = calloc(1, sizeof(*d));

	assert_non_null(d);
	test_dir_new(d->top);
	snprintf(d->a, sizeof(d->a), "%s/a", d->top);
	snprintf(d->b, sizeof(d->b), "%s/b", d->top);
	*state = d;
	return 0;
}

static int
teardown(void **state)
{
	struct dirs *d = *state;

	test_dir_remove(d->top);
	free(d);
	return 0;
}

static void
checksums(void **state)
{
	struct crc32c_head head = { 0x80f10203, UINT64_C(0x8899aabbccddeeff) };
	uint8_t data[300], copy[300];
	uint32_t whole, parts;
	size_t i, n;

	(void)state;
	memset(data, 0, sizeof(data));
	/* RFC 3720 appendix B.4 */
	assert_int_equal(crc32c(0, data, 32), 0x8a9136aa);
	memset(data, 0xff, 32);
	assert_int_equal(crc32c(0, data, 32), 0x62a8ab43);
	for (i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)i;
	assert_int_equal(crc32c(0, data, 32), 0x46dd794e);
	assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283);
	for (n = 0; n < sizeof(data); n++) {
		whole = crc32c(0, data, n);
		assert_int_equal(whole, crc32c_portable(0, data, n));
		parts = crc32c(crc32c(0, data, n / 3), data + n / 3, n - n / 3);
		assert_int_equal(whole, parts);
		memset(copy, 0, sizeof(copy));
		whole = crc32c(0, &head.first, sizeof(head.first));
		whole = crc32c(whole, &head.second, sizeof(head.second));
		whole = crc32c(whole, data, n);
		assert_int_equal(crc32c_copy(0, &head, copy, data, n), whole);
		assert_memory_equal(copy, data, n);
		assert_int_equal(n < sizeof(copy) ? copy[n] : 0, 0);
	}
}

static void
comes_back(void **state)
{
	struct dirs *d = *state;
	struct replayed r;
	struct journal *j = test_open(d->a, NULL, &r);
	char path[TEST_PATH_MAX];
	struct stat st;

	assert_int_equal(r.count, 0);
	assert_int_equal(test_append(j, 1, 100), 100);
	assert_true(journal_lag(j) > 0 || journal_synced(j) == 100);
	assert_null(journal_trouble(j));
	assert_false(journal_wants_snapshot(j));
	assert_int_equal(stat(d->a, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_true(test_files(d->a, JOURNAL_LOG_PREFIX, path) > 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	journal_close(&j);
	journal_close(&j); /* NULL is fine */
	j = test_open(d->a, NULL, &r);
	replayed_is(&r, 1, 100);
	assert_int_equal(r.report.log_records, 100);
	assert_int_equal(r.report.torn_bytes, 0);
	assert_int_equal(journal_synced(j), 100);
	replayed_done(&r);
	/* and goes on from there */
	assert_int_equal(test_append(j, 101, 150), 150);
	journal_close(&j);
	test_replay(d->a, &r);
	replayed_is(&r, 1, 150);
	replayed_done(&r);
}

static void
comes_back_without_an_end(void **state)
{
	struct dirs *d = *state;
	struct replayed r;
	struct journal *j = test_open(d->a, NULL, &r);

	test_append(j, 1, 1000);
	test_copy(d->a, d->b); /* what kill -9 would leave */
	journal_close(&j);
	test_replay(d->b, &r);
	replayed_is(&r, 1, 1000);
	assert_int_equal(r.report.torn_bytes, 0);
	replayed_done(&r);
}

static void
rotates(void **state)
{
	struct dirs *d = *state;
	struct replayed r;
	struct journal *j = test_open(d->a, NULL, &r);
	uint64_t i, last = 200000; /* about four segments */

	for (i = 1; i <= last; i += 10000)
		test_synced(j, test_append(j, i, i + 9999));
	assert_int_equal(journal_lost(j), 0);
	assert_int_equal(journal_lag(j), 0);
	test_copy(d->a, d->b);
	journal_close(&j);
	assert_true(test_files(d->a, JOURNAL_LOG_PREFIX, NULL) >= 4);
	test_replay(d->a, &r);
	replayed_is(&r, 1, last);
	replayed_done(&r);
	test_replay(d->b, &r);
	replayed_is(&r, 1, last);
	assert_int_equal(r.report.missing_records, 0);
	replayed_done(&r);
}

static void
takes_records_of_1_to_4096_bytes(void **state)
{
	static const struct {
		const char *why;
		size_t n;
		bool taken;
	} cases[] = {
		{ "empty", 0, false },
		{ "the shortest", 1, true },
		{ "not a multiple of eight", 4095, true },
		{ "the longest", JOURNAL_RECORD_MAX, true },
		{ "one more", JOURNAL_RECORD_MAX + 1, false },
	};
	struct dirs *d = *state;
	uint8_t record[JOURNAL_RECORD_MAX + 1] = { 0 };
	struct replayed r;
	struct journal *j = test_open(d->a, NULL, &r);
	size_t i;

	for (i = 0; i < COUNT_OF(cases); i++) {
		if ((journal_append(j, record, cases[i].n) != 0) !=
		    cases[i].taken)
			fail_msg("%s", cases[i].why);
	}
	journal_close(&j);
}

static int
count_bytes(void *arg, const void *record, size_t n)
{
	size_t *bytes = arg;

	(void)record;
	*bytes = *bytes * 10000 + n;
	return n == 1 ? E_SYNTAX : 0;
}

static void
counts_what_is_refused(void **state)
{
	struct dirs *d = *state;
	struct journal_report report;
	struct journal *j = NULL;
	size_t bytes = 0;

	assert_int_equal(
	    journal_open(d->a, count_bytes, &bytes, &j, &report, NULL), 0);
	assert_int_not_equal(journal_append(j, "x", 1), 0);
	assert_int_not_equal(journal_append(j, "\0\0", 2), 0);
	journal_close(&j);
	assert_int_equal(
	    journal_open(d->a, count_bytes, &bytes, &j, &report, NULL), 0);
	assert_int_equal(bytes, 10002);
	assert_int_equal(report.refused, 1);
	assert_int_equal(report.log_records, 2);
	journal_close(&j);
}

static void
snapshots(void **state)
{
	struct dirs *d = *state;
	struct replayed r;
	struct journal *j = test_open(d->a, NULL, &r);

	/* 1..50 are forgotten by the state, 1000.. stand for it */
	test_synced(j, test_append(j, 1, 50));
	assert_true(test_snapshot(j, 1000, 1099));
	test_append(j, 51, 60);
	test_copy(d->a, d->b);
	journal_close(&j);
	test_replay(d->b, &r);
	assert_int_equal(r.report.snapshot_records, 100);
	assert_int_equal(r.report.log_records, 10);
	assert_int_equal(r.count, 110);
	assert_int_equal(r.number[0], 1000);
	assert_int_equal(r.number[99], 1099);
	assert_int_equal(r.number[100], 51);
	assert_int_equal(r.number[109], 60);
	replayed_done(&r);
	/* the same after the ordinary end, and a second one replaces it */
	j = test_open(d->a, NULL, &r);
	assert_int_equal(r.count, 110);
	replayed_done(&r);
	assert_true(test_snapshot(j, 2000, 2000));
	assert_int_equal(test_files(d->a, JOURNAL_SNAPSHOT_PREFIX, NULL), 1);
	journal_close(&j);
	test_replay(d->a, &r);
	replayed_is(&r, 2000, 2000);
	replayed_done(&r);
}

static void
snapshot_frees_segments(void **state)
{
	struct dirs *d = *state;
	struct replayed r;
	struct journal *j = test_open(d->a, NULL, &r);
	uint64_t last = 150000;

	test_synced(j, test_append(j, 1, last / 2));
	test_synced(j, test_append(j, last / 2 + 1, last));
	assert_true(test_files(d->a, JOURNAL_LOG_PREFIX, NULL) >= 3);
	/* more than the two chunks hold */
	assert_true(test_snapshot(j, 1, last));
	journal_close(&j);
	assert_true(test_files(d->a, JOURNAL_LOG_PREFIX, NULL) <= 1);
	test_replay(d->a, &r);
	replayed_is(&r, 1, last);
	assert_int_equal(r.report.snapshot_records, last);
	replayed_done(&r);
}

static void
log_goes_on_during_a_snapshot(void **state)
{
	struct dirs *d = *state;
	uint8_t record[TEST_RECORD_MAX];
	struct replayed r;
	struct journal *j = test_open(d->a, NULL, &r);

	test_append(j, 1, 10);
	assert_int_equal(journal_snapshot_begin(j, NULL), 0);
	assert_true(journal_snapshot_busy(j));
	assert_false(journal_wants_snapshot(j));
	assert_int_equal(journal_snapshot_begin(j, NULL), E_IO);
	assert_int_equal(
	    journal_snapshot_add(j, record, test_record(record, 1)), 0);
	test_append(j, 11, 20);
	assert_int_equal(journal_snapshot_end(j, NULL), 0);
	test_append(j, 21, 30);
	while (journal_snapshot_busy(j))
		test_wait(j);
	journal_close(&j);
	test_replay(d->a, &r);
	assert_int_equal(r.count, 21);
	assert_int_equal(r.number[0], 1);
	assert_int_equal(r.number[1], 11);
	assert_int_equal(r.number[20], 30);
	replayed_done(&r);
}

static void
snapshot_that_is_not_ended_is_nothing(void **state)
{
	struct dirs *d = *state;
	uint8_t record[TEST_RECORD_MAX];
	struct replayed r;
	struct journal *j = test_open(d->a, NULL, &r);
	char path[TEST_PATH_MAX + 32];

	test_append(j, 1, 10);
	assert_int_equal(journal_snapshot_begin(j, NULL), 0);
	assert_int_equal(
	    journal_snapshot_add(j, record, test_record(record, 99)), 0);
	journal_close(&j);
	snprintf(path, sizeof(path), "%s/%s", d->a, JOURNAL_SNAPSHOT_NEW);
	assert_int_equal(access(path, F_OK), -1);
	test_replay(d->a, &r);
	replayed_is(&r, 1, 10);
	replayed_done(&r);
}

static void
snapshot_of_too_much_fails_whole(void **state)
{
	struct dirs *d = *state;
	uint8_t record[JOURNAL_RECORD_MAX + 1] = { 0 };
	struct replayed r;
	struct journal *j = test_open(d->a, NULL, &r);

	test_append(j, 1, 10);
	assert_int_equal(journal_snapshot_end(j, NULL), E_IO); /* no begin */
	assert_int_equal(journal_snapshot_begin(j, NULL), 0);
	assert_int_equal(
	    journal_snapshot_add(j, record, sizeof(record)), E_RANGE);
	assert_int_equal(journal_snapshot_add(j, record, 9), E_RANGE);
	assert_int_equal(journal_snapshot_end(j, NULL), E_RANGE);
	assert_false(journal_snapshot_busy(j));
	assert_int_equal(test_files(d->a, JOURNAL_SNAPSHOT_PREFIX, NULL), 0);
	assert_true(test_snapshot(j, 1, 10));
	journal_close(&j);
}

static void
one_process_at_a_time(void **state)
{
	struct dirs *d = *state;
	struct journal_report report;
	struct journal *j, *other = NULL;
	struct replayed r;
	struct err e = { 0 };

	j = test_open(d->a, NULL, &r);
	assert_int_equal(
	    journal_open(d->a, replayed_add, &r, &other, &report, &e), E_IO);
	assert_non_null(strstr(e.text, "another process"));
	journal_close(&j);
	j = test_open(d->a, NULL, &r);
	journal_close(&j);
}

static void
judges_owner_and_mode(void **state)
{
	static const struct {
		const char *why;
		mode_t dir, file;
		int want;
	} cases[] = {
		{ "ours alone", 0700, 0600, 0 },
		{ "the folder lets the group in", 0750, 0600, E_PERM },
		{ "the folder lets others in", 0701, 0600, E_PERM },
		{ "the group reads the log", 0700, 0640, E_PERM },
		{ "others write the log", 0700, 0602, E_PERM },
	};
	struct dirs *d = *state;
	struct journal_report report;
	char path[TEST_PATH_MAX];
	struct journal *j;
	struct replayed r;
	size_t i;
	int ret;

	j = test_open(d->a, NULL, &r);
	test_append(j, 1, 10);
	journal_close(&j);
	assert_int_equal(test_files(d->a, JOURNAL_LOG_PREFIX, path), 1);
	for (i = 0; i < COUNT_OF(cases); i++) {
		assert_int_equal(chmod(d->a, cases[i].dir), 0);
		assert_int_equal(chmod(path, cases[i].file), 0);
		ret = journal_open(d->a, replayed_add, &r, &j, &report, NULL);
		if (ret != cases[i].want)
			fail_msg("%s: %d", cases[i].why, ret);
		journal_close(&j);
	}
	replayed_done(&r);
}

static void
follows_no_link(void **state)
{
	struct dirs *d = *state;
	struct journal_report report;
	struct journal *j = NULL;
	char path[TEST_PATH_MAX];
	struct replayed r;

	test_replay(d->a, &r);
	test_write(path, d->top, "elsewhere", 0600, "", 0);
	snprintf(path, sizeof(path), "%.400s/log-0000000000000007", d->a);
	assert_int_equal(symlink("../elsewhere", path), 0);
	assert_int_equal(
	    journal_open(d->a, replayed_add, &r, &j, &report, NULL), E_IO);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(
	    journal_open(d->a, replayed_add, &r, &j, &report, NULL), E_PERM);
	assert_int_equal(unlink(path), 0);
	test_replay(d->a, &r);
}

static void
starts_again_and_again(void **state)
{
	struct dirs *d = *state;
	struct replayed r;
	struct journal *j;
	uint64_t i;

	for (i = 0; i < 70; i++) {
		j = test_open(d->a, NULL, &r);
		assert_int_equal(r.count, i / 2);
		replayed_done(&r);
		if (i % 2 == 1) /* half of them have nothing to say */
			test_append(j, i / 2 + 1, i / 2 + 1);
		assert_false(journal_wants_snapshot(j));
		journal_close(&j);
	}
	assert_int_equal(test_files(d->a, JOURNAL_LOG_PREFIX, NULL), 35);
	for (i = 0; i < 30; i++) {
		j = test_open(d->a, NULL, &r);
		replayed_done(&r);
		test_append(j, 36 + i, 36 + i);
		journal_close(&j);
	}
	/* many files, however short, are worth a snapshot */
	j = test_open(d->a, NULL, &r);
	replayed_is(&r, 1, 65);
	assert_true(journal_wants_snapshot(j));
	assert_true(test_snapshot(j, 1, 65));
	assert_false(journal_wants_snapshot(j));
	journal_close(&j);
	replayed_done(&r);
	test_replay(d->a, &r);
	replayed_is(&r, 1, 65);
	replayed_done(&r);
}

static int
ignore(void *arg, const void *record, size_t n)
{
	(void)arg, (void)record, (void)n;
	return 0;
}

/* Appends that many bytes of log, no faster than the helpers are. */
static void
append_bytes(struct journal *j, uint64_t bytes)
{
	static const uint8_t record[JOURNAL_RECORD_MAX];
	uint64_t done, n, ticket = 0;

	for (done = 0; done < bytes; done += JOURNAL_SEGMENT / 2) {
		while (atomic_load(&j->spare_count) == 0)
			sched_yield();
		for (n = 0; n < JOURNAL_SEGMENT / 2; n += sizeof(record)) {
			ticket = journal_append(j, record, sizeof(record));
			assert_int_not_equal(ticket, 0);
		}
		test_synced(j, ticket);
	}
}

static void
long_log_wants_a_snapshot(void **state)
{
	uint64_t most = (uint64_t)16 * JOURNAL_SEGMENT;
	struct journal_report report;
	struct journal *j = NULL;
	struct dirs *d = *state;

	assert_int_equal(
	    journal_open(d->a, ignore, NULL, &j, &report, NULL), 0);
	append_bytes(j, most - JOURNAL_SEGMENT);
	assert_false(journal_wants_snapshot(j));
	append_bytes(j, JOURNAL_SEGMENT);
	assert_true(journal_wants_snapshot(j));
	journal_close(&j);
	/* what was replayed counts too */
	assert_int_equal(
	    journal_open(d->a, ignore, NULL, &j, &report, NULL), 0);
	assert_true(journal_wants_snapshot(j));
	assert_true(test_snapshot(j, 1, 10));
	assert_false(journal_wants_snapshot(j));
	assert_true(test_files(d->a, JOURNAL_LOG_PREFIX, NULL) <= 4);
	append_bytes(j, most - JOURNAL_SEGMENT);
	assert_false(journal_wants_snapshot(j));
	journal_close(&j);
}

static void
open_once(void *arg)
{
	struct dirs *d = arg;
	struct journal_report report;
	struct journal *j = NULL;
	int r;

	r = journal_open(d->a, ignore, NULL, &j, &report, NULL);
	if (r == 0) /* without a spare it opens too */
		assert_int_equal(report.snapshot_records, 100);
	else
		assert_int_equal(alloc_failed(), true);
	alloc_fail_off();
	journal_close(&j);
}

static void
survives_failing_allocations(void **state)
{
	struct dirs *d = *state;
	struct replayed r;
	struct journal *j = test_open(d->a, NULL, &r);

	test_append(j, 1, 100);
	assert_true(test_snapshot(j, 1, 100));
	test_append(j, 101, 110);
	journal_close(&j);
	for_each_alloc_failure(open_once, d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checksums),
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(comes_back),
		TEST(comes_back_without_an_end),
		TEST(rotates),
		TEST(takes_records_of_1_to_4096_bytes),
		TEST(counts_what_is_refused),
		TEST(snapshots),
		TEST(snapshot_frees_segments),
		TEST(log_goes_on_during_a_snapshot),
		TEST(snapshot_that_is_not_ended_is_nothing),
		TEST(snapshot_of_too_much_fails_whole),
		TEST(one_process_at_a_time),
		TEST(judges_owner_and_mode),
		TEST(follows_no_link),
		TEST(starts_again_and_again),
		TEST(long_log_wants_a_snapshot),
		TEST(survives_failing_allocations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
