/*
 * testjournal: a record is its number, then bytes that follow from it.
 */

#include "testjournal.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mem.h"

#define PATIENCE_MS 120000

bool
test_maps(int fd)
{
	(void)fd;
	return true;
}

/* Nobody is served here. */
void
test_rest(void)
{
}

const struct journal_io test_io = {
	.openat = openat,
	.fallocate = posix_fallocate,
	.maps = test_maps,
	.pwrite = pwrite,
	.msync = msync,
	.fsync = fsync,
	.write = write,
	.renameat = renameat,
	.unlinkat = unlinkat,
	.madvise = madvise,
	.sync_file_range = sync_file_range,
	.rest = test_rest,
};

size_t
test_record(uint8_t out[TEST_RECORD_MAX], uint64_t number)
{
	size_t n = 9 + number * 7 % (TEST_RECORD_MAX - 8), i;

	memcpy(out, &number, sizeof(number));
	for (i = sizeof(number); i < n; i++)
		out[i] = (uint8_t)(number * 31 + i);
	return n;
}

uint64_t
test_record_number(const void *record, size_t n)
{
	uint8_t want[TEST_RECORD_MAX];
	uint64_t number;

	if (n < sizeof(number))
		return 0;
	memcpy(&number, record, sizeof(number));
	if (test_record(want, number) != n || memcmp(record, want, n) != 0)
		return 0;
	return number;
}

int
replayed_add(void *arg, const void *record, size_t n)
{
	struct replayed *r = arg;
	uint64_t number = test_record_number(record, n);

	assert_int_not_equal(number, 0);
	if (r->count == r->cap) {
		r->cap = r->cap == 0 ? 1024 : r->cap * 2;
		r->number = reallocarray(r->number, r->cap, sizeof(*r->number));
		assert_non_null(r->number);
	}
	r->number[r->count++] = number;
	return 0;
}

void
replayed_done(struct replayed *r)
{
	free(r->number);
	memset(r, 0, sizeof(*r));
}

bool
replayed_has(const struct replayed *r, uint64_t number)
{
	size_t i;

	for (i = 0; i < r->count; i++) {
		if (r->number[i] == number)
			return true;
	}
	return false;
}

void
replayed_is(const struct replayed *r, uint64_t first, uint64_t last)
{
	size_t i;

	assert_int_equal(r->count, last + 1 - first);
	for (i = 0; i < r->count; i++)
		assert_int_equal(r->number[i], first + i);
}

struct journal *
test_open(const char *dir, const struct journal_io *io, struct replayed *r)
{
	struct journal *j = NULL;
	struct journal_scan scan = {
		.replay = replayed_add, .arg = r, .report = &r->report
	};
	struct err e = { 0 };
	int ret;

	memset(r, 0, sizeof(*r));
	ret = journal_open_with(dir, io != NULL ? io : &test_io, &scan, &j, &e);
	if (ret != 0)
		fail_msg("%s", err_text(&e, ret));
	return j;
}

void
test_replay(const char *dir, struct replayed *r)
{
	struct journal *j = test_open(dir, NULL, r);

	journal_close(&j);
	assert_null(j);
}

uint64_t
test_append(struct journal *j, uint64_t first, uint64_t last)
{
	uint8_t record[TEST_RECORD_MAX];
	uint64_t ticket = 0, i;
	size_t n;

	for (i = first; i <= last; i++) {
		n = test_record(record, i);
		ticket = journal_append(j, record, n);
		assert_int_not_equal(ticket, 0);
	}
	return ticket;
}

void
test_wait(struct journal *j)
{
	struct pollfd p = { .fd = journal_fd(j), .events = POLLIN };
	uint64_t events;

	assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
	assert_int_equal(read(p.fd, &events, sizeof(events)), sizeof(events));
}

void
test_synced(struct journal *j, uint64_t ticket)
{
	journal_sync(j);
	while (journal_synced(j) < ticket)
		test_wait(j);
}

bool
test_snapshot(struct journal *j, uint64_t first, uint64_t last)
{
	uint8_t record[TEST_RECORD_MAX];
	struct err e = { 0 };
	uint64_t i;
	int r;

	if (journal_snapshot_begin(j, &e) != 0)
		fail_msg("%s", e.text);
	for (i = first; i <= last; i++) {
		while (journal_snapshot_room(j) <
			TEST_RECORD_MAX + JOURNAL_SNAPSHOT_HEAD &&
		    journal_snapshot_busy(j))
			test_wait(j);
		if (!journal_snapshot_busy(j))
			return false;
		r = journal_snapshot_add(j, record, test_record(record, i));
		if (r != 0)
			break;
	}
	r = journal_snapshot_end(j, NULL);
	while (journal_snapshot_busy(j))
		test_wait(j);
	return r == 0 && atomic_load(&j->snapshot_trouble) == NULL;
}

static void
copy_file(int from_dir, int to_dir, const char *name)
{
	static const char zeros[4096];
	char block[4096];
	struct stat st;
	off_t at = 0;
	ssize_t n;
	int in, out;

	in = openat(from_dir, name, O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return; /* it just went */
	out = openat(to_dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(out >= 0);
	assert_int_equal(fstat(in, &st), 0);
	assert_int_equal(ftruncate(out, st.st_size), 0);
	while ((n = pread(in, block, sizeof(block), at)) > 0) {
		if (memcmp(block, zeros, (size_t)n) != 0)
			assert_int_equal(pwrite(out, block, (size_t)n, at), n);
		at += n;
	}
	close(out);
	close(in);
}

void
test_copy(const char *from, const char *to)
{
	struct dirent *d;
	int to_dir;
	DIR *stream;

	assert_int_equal(mkdir(to, 0700), 0);
	to_dir = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	stream = opendir(from);
	assert_true(to_dir >= 0 && stream != NULL);
	while ((d = readdir(stream)) != NULL) {
		if (d->d_name[0] != '.')
			copy_file(dirfd(stream), to_dir, d->d_name);
	}
	closedir(stream);
	close(to_dir);
}

size_t
test_files(const char *dir, const char *prefix, char last[TEST_PATH_MAX])
{
	uint64_t *list = NULL;
	size_t count = 0;
	char name[JOURNAL_NAME_MAX];
	int fd;

	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(journal_dir_list(fd, prefix, &list, &count, NULL), 0);
	close(fd);
	if (count > 0 && last != NULL) {
		journal_name(name, prefix, list[count - 1]);
		snprintf(last, TEST_PATH_MAX, "%s/%s", dir, name);
	}
	free(list);
	return count;
}
