/*
 * A disk that is full, read-only or broken: the loop goes on, the trouble
 * has a name, nothing counts as kept that is not, and when the disk is well
 * again so is the journal.
 */

#include "testjournal.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* What shall fail, with which errno; 0 for nothing. */
static struct {
	_Atomic int creating, allocating, placing, syncing, file_syncing,
	    writing, renaming;
	_Atomic bool copies; /* no mapping can be trusted */
	_Atomic unsigned long created; /* files, so far */
	_Atomic unsigned long placed; /* records and heads */
} disk;

static int
failing(_Atomic int *what)
{
	int error = atomic_load(what);

	if (error == 0)
		return 0;
	errno = error;
	return -1;
}

static int
openat_or_fail(int dir, const char *name, int flags, ...)
{
	if ((flags & O_CREAT) == 0)
		return openat(dir, name, flags);
	if (failing(&disk.creating) != 0)
		return -1;
	atomic_fetch_add(&disk.created, 1);
	return openat(dir, name, flags, 0600);
}

static int
fallocate_or_fail(int fd, off_t offset, off_t n)
{
	int error = atomic_load(&disk.allocating);

	return error != 0 ? error : posix_fallocate(fd, offset, n);
}

static int
msync_or_fail(void *p, size_t n, int flags)
{
	return failing(&disk.syncing) != 0 ? -1 : msync(p, n, flags);
}

static int
fsync_or_fail(int fd)
{
	return failing(&disk.file_syncing) != 0 ? -1 : fsync(fd);
}

/* A file system on which no mapping can be trusted. */
static bool
maps_or_not(int fd)
{
	(void)fd;
	return !atomic_load(&disk.copies);
}

static ssize_t
pwrite_or_fail(int fd, const void *p, size_t n, off_t at)
{
	atomic_fetch_add(&disk.placed, 1);
	if (failing(&disk.placing) != 0)
		return -1;
	return pwrite(fd, p, n, at);
}

static ssize_t
write_or_fail(int fd, const void *p, size_t n)
{
	if (failing(&disk.writing) != 0)
		return -1;
	return write(fd, p, n < 1000 ? n : n / 2); /* short ones too */
}

static int
renameat_or_fail(int dir, const char *from, int dir2, const char *to)
{
	if (failing(&disk.renaming) != 0)
		return -1;
	return renameat(dir, from, dir2, to);
}

static const struct journal_io failing_io = {
	.openat = openat_or_fail,
	.fallocate = fallocate_or_fail,
	.maps = maps_or_not,
	.pwrite = pwrite_or_fail,
	.msync = msync_or_fail,
	.fsync = fsync_or_fail,
	.write = write_or_fail,
	.renameat = renameat_or_fail,
	.unlinkat = unlinkat,
	.madvise = madvise,
	.sync_file_range = sync_file_range,
	.rest = test_rest,
};

struct dirs {
	char top[TEST_DIR_MAX];
	char a[TEST_PATH_MAX], b[TEST_PATH_MAX];
};

static int
setup(void **state)
{
	struct dirs *d = calloc(1, sizeof(*d));

	assert_non_null(d);
	memset(&disk, 0, sizeof(disk));
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

/* Appends until no more is taken; returns the last number that was. */
static uint64_t
append_until_full(struct journal *j, uint64_t number)
{
	uint8_t record[TEST_RECORD_MAX];

	while (journal_append(j, record, test_record(record, number)) != 0)
		number++;
	return number - 1;
}

static void
full_from_the_start(void **state)
{
	static const struct {
		const char *why;
		_Atomic int *what;
		int error;
		const char *says;
	} cases[] = {
		{ "no room", &disk.allocating, ENOSPC, "the disk is full" },
		{ "no inode", &disk.creating, ENOSPC, "the disk is full" },
		{ "quota", &disk.allocating, EDQUOT,
		    "the disk quota is used up" },
		{ "read-only", &disk.creating, EROFS,
		    "the file system is read-only" },
		{ "not our folder", &disk.creating, EACCES,
		    "the state folder may not be written to" },
		{ "no descriptors", &disk.creating, EMFILE,
		    "too many open files" },
		{ "broken", &disk.allocating, EIO, "the disk fails" },
		{ "something else", &disk.allocating, EOPNOTSUPP,
		    "a file of the state folder cannot be written" },
	};
	struct dirs *d = *state;
	struct replayed r;
	struct journal *j;
	char path[TEST_PATH_MAX];
	size_t i;

	for (i = 0; i < COUNT_OF(cases); i++) {
		snprintf(path, sizeof(path), "%.400s%zu", d->a, i);
		atomic_store(cases[i].what, cases[i].error);
		j = test_open(path, &failing_io, &r);
		assert_string_equal(journal_trouble(j), cases[i].says);
		assert_int_equal(journal_append(j, "record", 6), 0);
		assert_int_equal(journal_append(j, "record", 6), 0);
		assert_int_equal(journal_lost(j), 2);
		assert_int_equal(journal_lag(j), 0);
		journal_close(&j);
		assert_int_equal(test_files(path, JOURNAL_LOG_PREFIX, NULL), 0);
		j = test_open(path, &failing_io, &r);
		assert_int_equal(journal_append(j, "record", 6), 0);
		/* well again */
		atomic_store(cases[i].what, 0);
		journal_sync(j);
		while (atomic_load(&j->spare_count) == 0)
			test_wait(j);
		test_synced(j, test_append(j, 3, 4));
		assert_non_null(journal_trouble(j)); /* two are lost */
		assert_true(journal_wants_snapshot(j));
		assert_true(test_snapshot(j, 1, 4));
		assert_null(journal_trouble(j));
		assert_false(journal_wants_snapshot(j));
		test_append(j, 5, 6);
		journal_close(&j);
		test_replay(path, &r);
		replayed_is(&r, 1, 6);
		replayed_done(&r);
	}
}

static void
fills_up_while_running(void **state)
{
	struct dirs *d = *state;
	struct replayed r;
	struct journal *j = test_open(d->a, &failing_io, &r);
	uint64_t last;

	test_append(j, 1, 10);
	atomic_store(&disk.allocating, ENOSPC);
	atomic_store(&disk.writing, ENOSPC);
	/* what was made ready is still used, and synced */
	last = append_until_full(j, 11);
	assert_true(last > 10000);
	test_synced(j, last);
	assert_string_equal(journal_trouble(j), "the disk is full");
	test_copy(d->a, d->b);
	test_replay(d->b, &r);
	replayed_is(&r, 1, last);
	replayed_done(&r);
	/* a snapshot is tried, and fails, and is not tried at once again */
	assert_true(journal_wants_snapshot(j));
	assert_false(test_snapshot(j, 1, last));
	assert_false(journal_wants_snapshot(j));
	assert_int_equal(journal_append(j, "record", 6), 0);
	atomic_store(&disk.allocating, 0);
	atomic_store(&disk.writing, 0);
	journal_sync(j);
	while (atomic_load(&j->spare_count) == 0)
		test_wait(j);
	assert_true(test_append(j, last + 3, last + 3) > last);
	assert_true(test_snapshot(j, 1, last + 3));
	assert_null(journal_trouble(j));
	journal_close(&j);
	test_replay(d->a, &r);
	replayed_is(&r, 1, last + 3);
	assert_int_equal(r.report.missing_records, 0);
	replayed_done(&r);
}

/* Waits until the helper has tried to sync and failed. */
static void
wait_for_failure(struct journal *j, uint64_t failures)
{
	journal_sync(j);
	while (atomic_load(&j->failures) < failures)
		test_wait(j);
}

static void
failed_sync_is_not_believed_twice(void **state)
{
	struct dirs *d = *state;
	struct replayed r;
	struct journal *j = test_open(d->a, &failing_io, &r);
	uint64_t ticket;

	test_synced(j, test_append(j, 1, 10));
	atomic_store(&disk.syncing, EIO);
	ticket = test_append(j, 11, 20);
	wait_for_failure(j, 1);
	assert_int_equal(journal_synced(j), 10);
	assert_non_null(journal_trouble(j));
	assert_true(journal_wants_snapshot(j));
	atomic_store(&disk.syncing, 0);
	/* the sync of the next segment proves nothing about this one */
	test_append(j, 21, 30);
	journal_sync(j);
	while (journal_lag(j) >= 2000) /* only the ten are left behind */
		test_wait(j);
	assert_int_equal(test_files(d->a, JOURNAL_LOG_PREFIX, NULL) >= 2, 1);
	assert_int_equal(journal_synced(j), 10);
	assert_non_null(journal_trouble(j));
	/* a snapshot stands for all of them */
	assert_true(test_snapshot(j, 1, 30));
	test_synced(j, ticket);
	test_synced(j, test_append(j, 31, 40));
	assert_null(journal_trouble(j));
	while (journal_lag(j) > 0) /* what the snapshot stands for is let go */
		test_wait(j);
	journal_close(&j);
	test_replay(d->a, &r);
	replayed_is(&r, 1, 40);
	replayed_done(&r);
}

static void
folder_that_is_not_synced_counts_too(void **state)
{
	struct dirs *d = *state;
	struct replayed r;
	struct journal *j = test_open(d->a, &failing_io, &r);

	atomic_store(&disk.file_syncing, EIO);
	test_append(j, 1, 10);
	wait_for_failure(j, 1);
	assert_int_equal(journal_synced(j), 0);
	atomic_store(&disk.file_syncing, 0);
	assert_true(test_snapshot(j, 1, 10));
	test_synced(j, 10);
	journal_close(&j);
}

static void
broken_disk_is_not_filled(void **state)
{
	struct dirs *d = *state;
	struct replayed r;
	struct journal *j = test_open(d->a, &failing_io, &r);
	uint8_t record[TEST_RECORD_MAX];
	uint64_t i, taken = 0;

	atomic_store(&disk.syncing, EIO);
	for (i = 1; i < 100; i++) {
		if (journal_append(j, record, test_record(record, i)) == 0)
			break;
		wait_for_failure(j, ++taken);
	}
	assert_true(i < 30);
	assert_true(test_files(d->a, JOURNAL_LOG_PREFIX, NULL) < 30);
	assert_int_equal(journal_synced(j), 0);
	/* well again: a snapshot, and all is as it was */
	atomic_store(&disk.syncing, 0);
	assert_true(test_snapshot(j, 1, i));
	journal_sync(j);
	while (atomic_load(&j->spare_count) == 0)
		test_wait(j);
	test_synced(j, test_append(j, i + 1, i + 1));
	assert_null(journal_trouble(j));
	journal_close(&j);
	test_replay(d->a, &r);
	replayed_is(&r, 1, i + 1);
	replayed_done(&r);
}

static void
snapshot_that_fails_leaves_the_old_one(void **state)
{
	static const struct {
		const char *why;
		_Atomic int *what;
		int error;
		const char *says;
	} cases[] = {
		{ "no file", &disk.creating, ENOSPC, "the disk is full" },
		{ "no room", &disk.writing, ENOSPC, "the disk is full" },
		{ "not synced", &disk.file_syncing, EIO, "the disk fails" },
		{ "no name", &disk.renaming, EROFS,
		    "the file system is read-only" },
	};
	struct dirs *d = *state;
	char copy[TEST_PATH_MAX];
	struct replayed r;
	struct journal *j = test_open(d->a, &failing_io, &r);
	size_t i;

	test_synced(j, test_append(j, 1, 10));
	assert_true(test_snapshot(j, 1, 10));
	test_synced(j, test_append(j, 11, 20));
	for (i = 0; i < COUNT_OF(cases); i++) {
		atomic_store(cases[i].what, cases[i].error);
		assert_false(test_snapshot(j, 1, 20));
		assert_string_equal(journal_trouble(j), cases[i].says);
		atomic_store(cases[i].what, 0);
		snprintf(copy, sizeof(copy), "%.400s%zu", d->b, i);
		test_copy(d->a, copy);
		test_replay(copy, &r);
		replayed_is(&r, 1, 20);
		assert_int_equal(r.report.snapshot_records, 10);
		replayed_done(&r);
	}
	assert_true(test_snapshot(j, 1, 20));
	assert_null(journal_trouble(j));
	journal_close(&j);
	test_replay(d->a, &r);
	replayed_is(&r, 1, 20);
	assert_int_equal(r.report.snapshot_records, 20);
	replayed_done(&r);
}

/* The number of a record is seen after its bytes: the next sync, with no
 * new bytes, has to know it all the same. */
static void
sync_in_the_middle_of_an_append(void **state)
{
	struct dirs *d = *state;
	struct replayed r;
	struct journal *j = test_open(d->a, NULL, &r);
	uint64_t ticket;

	test_synced(j, test_append(j, 1, 9));
	ticket = test_append(j, 10, 10);
	atomic_store(&j->current->last, ticket - 1);
	journal_sync(j);
	while (journal_lag(j) > 0)
		sched_yield();
	atomic_store(&j->current->last, ticket);
	test_synced(j, ticket);
	journal_close(&j);
}

static void
real_limit_of_file_size(void **state)
{
	struct rlimit old, small;
	struct dirs *d = *state;
	struct replayed r;
	struct journal *j;
	void (*handler)(int);

	handler = signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = JOURNAL_SEGMENT / 4;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	j = test_open(d->a, NULL, &r);
	assert_int_equal(journal_append(j, "record", 6), 0);
	assert_string_equal(
	    journal_trouble(j), "the file size limit is too small");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	signal(SIGXFSZ, handler);
	journal_sync(j);
	while (atomic_load(&j->spare_count) == 0)
		test_wait(j);
	test_append(j, 1, 1);
	journal_close(&j);
}

/* In a child with a small file system of its own. 77: it may have none. */
static int
fill_small_disk(const char *dir)
{
	struct replayed r = { 0 };
	struct journal *j = NULL;
	char path[TEST_PATH_MAX];
	uint64_t last, i;

	if ((geteuid() != 0 && unshare(CLONE_NEWUSER) != 0) ||
	    unshare(CLONE_NEWNS) != 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("none", dir, "tmpfs", 0, "size=26m,mode=0700") != 0)
		return 77;
	snprintf(path, sizeof(path), "%.400s/journal", dir);
	if (journal_open(path, replayed_add, &r, &j, &r.report, NULL) != 0)
		return 1;
	last = append_until_full(j, 1);
	journal_sync(j);
	for (i = 0; i < 1000 && journal_synced(j) < last; i++)
		test_wait(j);
	if (last < 100000 || journal_trouble(j) == NULL ||
	    strcmp(journal_trouble(j), "the disk is full") != 0)
		return 2;
	journal_close(&j);
	if (journal_open(path, replayed_add, &r, &j, &r.report, NULL) != 0)
		return 3;
	return r.count == last && r.number[last - 1] == last ? 0 : 4;
}

static void
real_full_disk(void **state)
{
	struct dirs *d = *state;
	int status;
	pid_t pid;

	if (!alloc_fail_works()) /* TSan has no threads in a child */
		return;
	pid = fork();
	if (pid == 0)
		_exit(fill_small_disk(d->top));
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		print_message("# no mounts here: not tried\n");
	else
		assert_int_equal(WEXITSTATUS(status), 0);
}

/*
 * Without mappings: what was taken is in the file before journal_append()
 * returns, so it survives this process, which never closes the journal.
 */
static int
append_and_die(const char *dir)
{
	struct replayed r;
	struct journal *j = test_open(dir, &failing_io, &r);

	return test_append(j, 1, 100000) != 0 ? 0 : 1;
}

static void
no_mappings(void **state)
{
	struct dirs *d = *state;
	struct replayed r;
	struct journal *j;
	uint64_t ticket;
	int status;
	pid_t pid;

	atomic_store(&disk.copies, true);
	j = test_open(d->b, &failing_io, &r);
	ticket = test_append(j, 1, 50000);
	journal_sync(j);
	while (journal_synced(j) < ticket)
		test_wait(j);
	assert_null(journal_trouble(j));
	journal_close(&j);
	test_replay(d->b, &r);
	replayed_is(&r, 1, 50000);
	replayed_done(&r);
	if (!alloc_fail_works()) /* TSan has no threads in a child */
		return;
	pid = fork();
	if (pid == 0)
		_exit(append_and_die(d->a));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	test_replay(d->a, &r);
	replayed_is(&r, 1, 100000);
	assert_int_equal(r.report.torn_bytes + r.report.bad_files, 0);
	replayed_done(&r);
}

/* A call says that there is no room: counting goes on, and a snapshot makes
 * up for it. */
static void
no_mappings_and_full(void **state)
{
	struct dirs *d = *state;
	uint8_t record[TEST_RECORD_MAX];
	struct replayed r;
	struct journal *j;
	uint64_t i;

	atomic_store(&disk.copies, true);
	j = test_open(d->a, &failing_io, &r);
	test_append(j, 1, 1000);
	atomic_store(&disk.placing, ENOSPC);
	for (i = 1001; i <= 1100; i++)
		assert_int_equal(
		    journal_append(j, record, test_record(record, i)), 0);
	assert_int_equal(journal_lost(j), 100);
	assert_int_equal(atomic_load(&disk.placed), 1002);
	assert_non_null(journal_trouble(j));
	atomic_store(&disk.placing, 0);
	assert_true(journal_wants_snapshot(j));
	assert_true(test_snapshot(j, 1, 1100));
	assert_null(journal_trouble(j));
	assert_int_equal(journal_snapshots(j), 1);
	/* the rest has to be over first */
	while (journal_append(j, record, test_record(record, 1101)) == 0)
		usleep(1000);
	test_append(j, 1102, 1200);
	journal_close(&j);
	test_replay(d->a, &r);
	replayed_is(&r, 1, 1200);
	replayed_done(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(full_from_the_start),
		TEST(fills_up_while_running),
		TEST(failed_sync_is_not_believed_twice),
		TEST(folder_that_is_not_synced_counts_too),
		TEST(broken_disk_is_not_filled),
		TEST(snapshot_that_fails_leaves_the_old_one),
		TEST(sync_in_the_middle_of_an_append),
		TEST(no_mappings),
		TEST(no_mappings_and_full),
		TEST(real_limit_of_file_size),
		TEST(real_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
