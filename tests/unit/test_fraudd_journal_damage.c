/*
 * Files that a crash, a disk or a hand has changed: a log gives the records
 * before the damage and no other, a snapshot all or nothing.
 */

#include "testjournal.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_RECORDS 8

struct dirs {
	char top[TEST_DIR_MAX];
	char a[TEST_PATH_MAX];
};

static int
setup(void **state)
{
	struct dirs *d = calloc(1, sizeof(*d));

	assert_non_null(d);
	test_dir_new(d->top);
	snprintf(d->a, sizeof(d->a), "%s/a", d->top);
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

/* A log of LOG_RECORDS records in buf; at[i] is where the i-th ends. */
static size_t
make_log(uint8_t *buf, size_t at[LOG_RECORDS + 1])
{
	struct journal_head head = { .kind = JOURNAL_LOG,
		.id = { 1, 2, 3 },
		.number = 1,
		.sequence = 1 };
	uint8_t record[TEST_RECORD_MAX];
	size_t n = JOURNAL_HEAD, len, i;

	journal_head_put(buf, &head);
	at[0] = n;
	for (i = 1; i <= LOG_RECORDS; i++) {
		len = test_record(record, i);
		journal_frame_put(buf + n, journal_seed(&head), i, record, len);
		n += journal_frame_size(len);
		at[i] = n;
	}
	return n;
}

#define LOG_MAX (JOURNAL_HEAD + LOG_RECORDS * (TEST_RECORD_MAX + 24))

/* Scans and holds the result against a prefix; returns its length. */
static int
scan(const void *data, size_t n, struct journal_log_end *end)
{
	struct replayed r = { 0 };
	struct journal_scan s = {
		.replay = replayed_add, .arg = &r, .report = &r.report
	};
	int ret;

	ret = journal_scan_log(&s, data, n, end);
	if (ret == 0)
		replayed_is(&r, 1, r.count);
	else
		assert_int_equal(r.count, 0);
	ret = ret == 0 ? (int)r.count : ret;
	replayed_done(&r);
	return ret;
}

static void
check_truncation(const char *data, size_t n, void *arg)
{
	const size_t *at = arg;
	struct journal_log_end end;
	int want = 0, got;

	got = scan(data, n, &end);
	if (n < JOURNAL_HEAD) {
		assert_int_equal(got, E_SYNTAX);
		return;
	}
	while (want < LOG_RECORDS && at[want + 1] <= n)
		want++;
	assert_int_equal(got, want);
	assert_int_equal(end.end, at[want]);
	assert_int_equal(end.next, want + 1);
}

static void
log_cut_at_every_byte(void **state)
{
	uint8_t buf[LOG_MAX];
	size_t at[LOG_RECORDS + 1], n = make_log(buf, at);

	(void)state;
	check_truncation((char *)buf, n, at);
	for_each_truncation(buf, n, check_truncation, at);
}

struct flips {
	const uint8_t *good;
	const size_t *at;
};

static void
check_flip(const char *data, size_t n, void *arg)
{
	const struct flips *f = arg;
	struct journal_log_end end;
	size_t where = 0;
	int want = 0;

	while (data[where] == (char)f->good[where])
		where++;
	if (where < JOURNAL_HEAD) {
		assert_int_equal(scan(data, n, &end), E_SYNTAX);
		return;
	}
	while (f->at[want + 1] <= where)
		want++;
	assert_int_equal(scan(data, n, &end), want);
	assert_true(end.torn > 0);
}

static void
log_with_every_bit_turned(void **state)
{
	uint8_t buf[LOG_MAX];
	size_t at[LOG_RECORDS + 1], n = make_log(buf, at);
	struct flips f = { .good = buf, .at = at };

	(void)state;
	for_each_bit_flip(buf, n, check_flip, &f);
}

static void
record_of_elsewhere_is_none(void **state)
{
	static const struct {
		const char *why;
		int from, to; /* records; copied over */
		uint8_t id;
		int want;
	} cases[] = {
		{ "nothing copied", 2, 2, 1, LOG_RECORDS },
		{ "of another file", 2, 2, 9, 2 },
		{ "of another place in this file", 2, 5, 1, 5 },
	};
	uint8_t buf[LOG_MAX], other[LOG_MAX], record[TEST_RECORD_MAX];
	size_t at[LOG_RECORDS + 1], n, i, from;
	struct journal_head head;
	struct journal_log_end end;

	(void)state;
	for (i = 0; i < COUNT_OF(cases); i++) {
		n = make_log(buf, at);
		make_log(other, at);
		assert_true(journal_head_get(&head, other, n));
		head.id[0] = cases[i].id;
		from = (size_t)cases[i].from;
		journal_frame_put(other + at[from], journal_seed(&head),
		    from + 1, record, test_record(record, from + 1));
		memcpy(buf + at[cases[i].to], other + at[from],
		    at[from + 1] - at[from]);
		if (scan(buf, n, &end) != cases[i].want)
			fail_msg("%s", cases[i].why);
	}
}

/* Puts bytes into a file. */
static void
scribble(const char *path, off_t at, const void *data, size_t n)
{
	FILE *f = fopen(path, "r+");

	assert_non_null(f);
	assert_int_equal(fseek(f, at, SEEK_SET), 0);
	assert_int_equal(fwrite(data, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

/* A journal of several starts with the records 1..10, 11..20, ... */
static void
fill(const char *dir, uint64_t starts)
{
	struct replayed r;
	struct journal *j;
	uint64_t i;

	for (i = 0; i < starts; i++) {
		j = test_open(dir, NULL, &r);
		replayed_done(&r);
		test_append(j, i * 10 + 1, i * 10 + 10);
		journal_close(&j);
	}
}

static void
path_of(char path[TEST_PATH_MAX], const char *dir, const char *name)
{
	snprintf(path, TEST_PATH_MAX, "%.400s/%s", dir, name);
}

static void
torn_tail_is_reported(void **state)
{
	struct dirs *d = *state;
	char path[TEST_PATH_MAX];
	struct replayed r;
	struct stat st;
	struct journal *j;

	fill(d->a, 1);
	path_of(path, d->a, "log-0000000000000001");
	test_replay(d->a, &r); /* cuts the log where it ends */
	replayed_done(&r);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size < JOURNAL_SEGMENT);
	scribble(path, st.st_size + 100, "half a record", 13);
	j = test_open(d->a, NULL, &r);
	replayed_is(&r, 1, 10);
	assert_int_equal(r.report.torn_bytes, 113);
	assert_int_equal(r.report.missing_records, 0);
	assert_int_equal(r.report.bad_files, 0);
	replayed_done(&r);
	/* what comes next is not written behind it, and not lost by it */
	test_append(j, 11, 20);
	assert_true(journal_wants_snapshot(j));
	journal_close(&j);
	test_replay(d->a, &r);
	replayed_is(&r, 1, 20);
	assert_int_equal(r.report.missing_records, 0);
	replayed_done(&r);
}

static void
bad_record_in_the_middle(void **state)
{
	struct dirs *d = *state;
	char path[TEST_PATH_MAX];
	struct replayed r;
	struct journal *j;

	fill(d->a, 3);
	path_of(path, d->a, "log-0000000000000002");
	scribble(path, JOURNAL_HEAD + 3, "\x55\xaa", 2);
	j = test_open(d->a, NULL, &r);
	/* 1..10, nothing of 11..20, 21..30 */
	assert_int_equal(r.count, 20);
	assert_true(replayed_has(&r, 10) && replayed_has(&r, 21));
	assert_false(replayed_has(&r, 11));
	assert_true(r.report.torn_bytes > 0);
	assert_int_equal(r.report.missing_records, 10);
	replayed_done(&r);
	assert_true(journal_wants_snapshot(j));
	assert_true(test_snapshot(j, 1, 30));
	assert_false(journal_wants_snapshot(j));
	journal_close(&j);
	test_replay(d->a, &r);
	replayed_is(&r, 1, 30);
	assert_int_equal(r.report.missing_records, 0);
	assert_int_equal(r.report.torn_bytes, 0);
	replayed_done(&r);
}

static void
files_that_are_none(void **state)
{
	static const struct {
		const char *why, *name;
		const char *text;
		uint64_t bad;
	} cases[] = {
		{ "not ours at all", "README", "hello", 0 },
		{ "a log made ready and never used", "log-00000000000000f1", "",
		    0 },
		{ "a log with another head", "log-00000000000000f2", "hello",
		    1 },
		{ "a snapshot that is none", "snapshot-00000000000000f3",
		    "hello", 1 },
		{ "a snapshot that was not finished", "snapshot.new", "hello",
		    0 },
		{ "a name that is too long", "log-00000000000000f40", "hello",
		    0 },
		{ "a name that is no number", "log-00000000000000g4", "hello",
		    0 },
	};
	struct dirs *d = *state;
	char path[TEST_PATH_MAX];
	struct replayed r;
	size_t i;

	fill(d->a, 1);
	for (i = 0; i < COUNT_OF(cases); i++) {
		test_write(path, d->a, cases[i].name, 0600, cases[i].text,
		    strlen(cases[i].text));
		test_replay(d->a, &r);
		replayed_is(&r, 1, 10);
		if (r.report.bad_files != cases[i].bad)
			fail_msg("%s", cases[i].why);
		replayed_done(&r);
		unlink(path);
	}
}

static void
log_of_another_number(void **state)
{
	struct dirs *d = *state;
	char from[TEST_PATH_MAX], to[TEST_PATH_MAX];
	struct replayed r;

	fill(d->a, 2);
	path_of(from, d->a, "log-0000000000000001");
	path_of(to, d->a, "log-0000000000000009");
	assert_int_equal(rename(from, to), 0);
	test_replay(d->a, &r);
	replayed_is(&r, 11, 20);
	assert_int_equal(r.report.bad_files, 1);
	assert_int_equal(r.report.missing_records, 10);
	replayed_done(&r);
}

/* Copies a snapshot aside before the next one replaces it. */
static void
older_snapshot_stands_in(void **state)
{
	struct dirs *d = *state;
	char path[TEST_PATH_MAX], b[TEST_PATH_MAX + 8];
	struct replayed r;
	struct journal *j = test_open(d->a, NULL, &r);

	test_append(j, 1, 10);
	assert_true(test_snapshot(j, 1, 10));
	test_append(j, 11, 20);
	snprintf(b, sizeof(b), "%s.b", d->a);
	test_copy(d->a, b);
	journal_close(&j);
	/* the newer one came to nothing, and the logs are still there */
	test_write(path, b, "snapshot-0000000000000010", 0600, "x", 1);
	test_replay(b, &r);
	replayed_is(&r, 1, 20);
	assert_int_equal(r.report.snapshot_records, 10);
	assert_int_equal(r.report.bad_files, 1);
	assert_int_equal(r.report.missing_records, 0);
	replayed_done(&r);
}

static void
lost_snapshot_is_noticed(void **state)
{
	struct dirs *d = *state;
	char path[TEST_PATH_MAX];
	struct replayed r;
	struct journal *j = test_open(d->a, NULL, &r);

	test_append(j, 1, 10);
	assert_true(test_snapshot(j, 1, 10));
	journal_close(&j);
	j = test_open(d->a, NULL, &r);
	replayed_done(&r);
	test_append(j, 11, 20);
	journal_close(&j);
	assert_int_equal(test_files(d->a, JOURNAL_SNAPSHOT_PREFIX, path), 1);
	scribble(path, JOURNAL_HEAD + 40, "\x55\xaa", 2);
	j = test_open(d->a, NULL, &r);
	replayed_is(&r, 11, 20);
	assert_int_equal(r.report.bad_files, 1);
	assert_int_equal(r.report.missing_records, 10);
	replayed_done(&r);
	/* numbers go on behind all that ever was */
	assert_true(test_append(j, 21, 21) > 20);
	journal_close(&j);
}

static int
scan_snapshot(const void *data, size_t n, struct replayed *r)
{
	struct journal_scan s = {
		.replay = replayed_add, .arg = r, .report = &r->report
	};
	struct journal_head head;
	uint64_t bytes;
	int fd, ret;

	fd = memfd_create("snapshot", MFD_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, n), n);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	ret = journal_scan_snapshot(fd, &s, &head, &bytes);
	close(fd);
	return ret;
}

static void
snapshot_is_none(const char *data, size_t n, void *arg)
{
	struct replayed r = { 0 };

	(void)arg;
	assert_int_equal(scan_snapshot(data, n, &r), E_SYNTAX);
	assert_int_equal(r.count, 0);
}

static void
snapshot_all_or_nothing(void **state)
{
	struct dirs *d = *state;
	char path[TEST_PATH_MAX], data[4096];
	struct replayed r;
	struct journal *j = test_open(d->a, NULL, &r);
	size_t n;
	FILE *f;

	test_append(j, 1, 1);
	assert_true(test_snapshot(j, 1, 6));
	journal_close(&j);
	assert_int_equal(test_files(d->a, JOURNAL_SNAPSHOT_PREFIX, path), 1);
	f = fopen(path, "r");
	assert_non_null(f);
	n = fread(data, 1, sizeof(data) - 8, f);
	fclose(f);
	assert_int_equal(scan_snapshot(data, n, &r), 0);
	replayed_is(&r, 1, 6);
	replayed_done(&r);
	for_each_truncation(data, n, snapshot_is_none, NULL);
	for_each_bit_flip(data, n, snapshot_is_none, NULL);
	memset(data + n, 0, 8);
	snapshot_is_none(data, n + 1, NULL); /* nothing may follow */
	snapshot_is_none(data, n + 8, NULL);
}

static void
snapshot_without_records(void **state)
{
	struct dirs *d = *state;
	struct replayed r;
	struct journal *j = test_open(d->a, NULL, &r);

	test_append(j, 1, 5);
	assert_int_equal(journal_snapshot_begin(j, NULL), 0);
	assert_int_equal(journal_snapshot_end(j, NULL), 0);
	while (journal_snapshot_busy(j))
		test_wait(j);
	journal_close(&j);
	test_replay(d->a, &r);
	assert_int_equal(r.count, 0);
	assert_int_equal(r.report.bad_files, 0);
	replayed_done(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(log_cut_at_every_byte),
		cmocka_unit_test(log_with_every_bit_turned),
		cmocka_unit_test(record_of_elsewhere_is_none),
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(torn_tail_is_reported),
		TEST(bad_record_in_the_middle),
		TEST(files_that_are_none),
		TEST(log_of_another_number),
		TEST(older_snapshot_stands_in),
		TEST(lost_snapshot_is_noticed),
		TEST(snapshot_all_or_nothing),
		TEST(snapshot_without_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
