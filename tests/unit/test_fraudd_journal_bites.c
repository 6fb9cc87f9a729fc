/*
 * The helpers may have the loop's processor: whatever they do in one go, who
 * waits for an answer waits for. Here each piece of work is weighed, and
 * between two of them there must have been a rest.
 */

#include "testjournal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/* To begin to write many pages takes as long as to make a few. */
#define WRITE_MOST (4 * JOURNAL_BITE)

static struct {
	_Atomic bool weighing; /* else nobody is served */
	_Atomic size_t pages, begun, written, removed; /* how often */
	_Atomic size_t too_large, without_rest, rests;
	/* what sync_file_range() says when it is to begin, or to wait */
	_Atomic int begin_error, wait_error;
} seen;

static _Thread_local bool tired;

/* Only a whole bite makes tired. */
static void
weigh(_Atomic size_t *what, size_t n, size_t most)
{
	if (!atomic_load(&seen.weighing))
		return;
	atomic_fetch_add(what, 1);
	atomic_fetch_add(&seen.too_large, n > most);
	atomic_fetch_add(&seen.without_rest, tired);
	tired = n >= most;
}

static void
weighed_rest(void)
{
	atomic_fetch_add(&seen.rests, 1);
	tired = false;
}

static int
weighed_madvise(void *p, size_t n, int advice)
{
	if (advice == MADV_POPULATE_WRITE)
		weigh(&seen.pages, n, JOURNAL_BITE);
	return madvise(p, n, advice);
}

static int
weighed_range(int fd, off_t at, off_t n, unsigned int flags)
{
	int error;

	if (flags & SYNC_FILE_RANGE_WRITE) {
		weigh(&seen.begun, (size_t)n, WRITE_MOST);
		error = atomic_load(&seen.begin_error);
	} else
		error = atomic_load(&seen.wait_error);
	if (error == 0)
		return sync_file_range(fd, at, n, flags);
	errno = error;
	return -1;
}

/* Whoever waits for the disk takes the processor from nobody. */
static int
weighed_msync(void *p, size_t n, int flags)
{
	tired = false;
	return msync(p, n, flags);
}

static ssize_t
weighed_write(int fd, const void *p, size_t n)
{
	weigh(&seen.written, n, JOURNAL_BITE);
	return write(fd, p, n);
}

static int
weighed_unlinkat(int dir, const char *name, int flags)
{
	/* the first is that of a snapshot which is not there */
	if (strcmp(name, JOURNAL_SNAPSHOT_NEW) != 0)
		weigh(&seen.removed, 0, 0);
	return unlinkat(dir, name, flags);
}

static const struct journal_io weighing_io = {
	.openat = openat,
	.fallocate = posix_fallocate,
	.maps = test_maps,
	.pwrite = pwrite,
	.msync = weighed_msync,
	.fsync = fsync,
	.write = weighed_write,
	.renameat = renameat,
	.unlinkat = weighed_unlinkat,
	.madvise = weighed_madvise,
	.sync_file_range = weighed_range,
	.rest = weighed_rest,
};

static int
setup(void **state)
{
	char *dir = calloc(1, TEST_DIR_MAX);

	assert_non_null(dir);
	memset(&seen, 0, sizeof(seen));
	test_dir_new(dir);
	*state = dir;
	return 0;
}

static int
teardown(void **state)
{
	test_dir_remove(*state);
	free(*state);
	return 0;
}

/* Three segments, a snapshot of as much, and the files that it replaces. */
static void
helpers_work_in_bites(void **state)
{
	char path[TEST_PATH_MAX];
	struct replayed r;
	struct journal *j;
	uint64_t last = 3 * JOURNAL_SEGMENT / (TEST_RECORD_MAX / 2), i;

	snprintf(path, sizeof(path), "%s/state", (const char *)*state);
	j = test_open(path, &weighing_io, &r);
	assert_int_equal(atomic_load(&seen.rests), 0);
	atomic_store(&seen.weighing, true);
	for (i = 1; i < last; i += 10000)
		test_synced(j, test_append(j, i, i + 9999));
	assert_true(test_snapshot(j, 1, i - 1));
	assert_int_equal(journal_snapshots(j), 1);
	atomic_store(&seen.weighing, false);
	journal_close(&j);

	assert_int_equal(atomic_load(&seen.too_large), 0);
	assert_int_equal(atomic_load(&seen.without_rest), 0);
	/* that is what was done: pages, if the loop was not faster, and all
	 * the bytes */
	assert_true(seen.pages > JOURNAL_SEGMENT / JOURNAL_BITE);
	assert_true(seen.begun > 2 * JOURNAL_SEGMENT / WRITE_MOST);
	assert_true(seen.written > 2 * JOURNAL_SEGMENT / JOURNAL_BITE);
	assert_true(seen.removed >= 3);
	test_replay(path, &r);
	replayed_is(&r, 1, i - 1);
	replayed_done(&r);
}

/* Who ends it waits for it: no rests then, and none before the start. */
static void
nobody_rests_at_the_end(void **state)
{
	char path[TEST_PATH_MAX];
	struct replayed r;
	struct journal *j;
	size_t rests;

	snprintf(path, sizeof(path), "%s/state", (const char *)*state);
	j = test_open(path, &weighing_io, &r);
	test_append(j, 1, 20000);
	pthread_mutex_lock(&j->lock);
	j->serving = false; /* as journal_close() begins */
	pthread_mutex_unlock(&j->lock);
	rests = atomic_load(&seen.rests);
	journal_close(&j);
	assert_true(atomic_load(&seen.rests) <= rests + 1);
	test_replay(path, &r);
	replayed_is(&r, 1, 20000);
	replayed_done(&r);
}

/* The kernel tells of a write that failed once, whoever hears it. */
static void
what_failed_early_is_not_forgotten(void **state)
{
	static const struct {
		const char *why;
		int begin, wait;
		bool synced, snapshot;
	} table[] = {
		{ "all is well", 0, 0, true, true },
		{ "it cannot be had here: a sync does all", ESPIPE, ESPIPE,
		    true, true },
		{ "nor this way", EINVAL, EINVAL, true, true },
		{ "the disk fails", EIO, 0, false, false },
		{ "the disk is full", ENOSPC, 0, false, false },
		{ "the quota is used up", EDQUOT, 0, false, false },
		{ "it failed while it was waited for", 0, EIO, true, false },
	};
	char path[TEST_PATH_MAX];
	struct replayed r;
	struct journal *j;
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		print_message("  %s\n", table[i].why);
		snprintf(path, sizeof(path), "%s/%zu", (const char *)*state, i);
		j = test_open(path, &weighing_io, &r);
		test_synced(j, test_append(j, 1, 1));
		atomic_store(&seen.begin_error, table[i].begin);
		atomic_store(&seen.wait_error, table[i].wait);
		test_append(j, 2, 100);
		journal_sync(j);
		while (
		    journal_synced(j) < 100 && atomic_load(&j->failures) == 0)
			test_wait(j);
		assert_int_equal(journal_synced(j) == 100, table[i].synced);
		assert_int_equal(journal_trouble(j) == NULL, table[i].synced);
		/* more than a window of them */
		assert_int_equal(test_snapshot(j, 1, 60000), table[i].snapshot);
		atomic_store(&seen.begin_error, 0);
		atomic_store(&seen.wait_error, 0);
		journal_close(&j);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    helpers_work_in_bites, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    nobody_rests_at_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    what_failed_early_is_not_forgotten, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
