/*
 * The end at every step. Before and after each system call by which the
 * journal changes its folder, what a crash would leave there is replayed:
 *
 * - after kill -9, the files as they are: everything appended is there;
 * - after a loss of power, of the contents only what was synced, and of the
 *   changed names either all, or only those since which the folder was
 *   synced, or of those also without the removed ones: everything that was
 *   said to be synced is there. Unsynced pages may have reached the disk
 *   or not, each by itself.
 *
 * The model of the disk is here, beside the real files.
 */

#include "testjournal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORD 3000
#define NUMBERS 4096
#define FILES 64
#define PAGE 4096

enum names {
	NAMES_NOW = 0,
	NAMES_SYNCED,
	NAMES_SYNCED_NOT_REMOVED,
	NAMES_MODES
};

struct file {
	ino_t ino;
	char now[JOURNAL_NAME_MAX], synced[JOURNAL_NAME_MAX]; /* or "" */
	uint8_t *data; /* what of it is on disk */
	size_t n;
};

static struct {
	pthread_mutex_t lock; /* of the rest, and of every step */
	char dir[TEST_PATH_MAX], image[TEST_PATH_MAX];
	struct file file[FILES];
	size_t files;
	unsigned int steps, images;
	_Atomic(struct journal *) journal; /* once it is open */
	_Atomic uint64_t appended;
	const char *bad;
} disk = { .lock = PTHREAD_MUTEX_INITIALIZER };

static size_t
make_record(uint8_t out[RECORD], uint64_t number)
{
	memset(out, (int)(number * 13), RECORD);
	memcpy(out, &number, sizeof(number));
	return RECORD - number % 8;
}

struct seen {
	bool number[NUMBERS];
	size_t foreign;
};

static int
see(void *arg, const void *record, size_t n)
{
	struct seen *s = arg;
	uint8_t want[RECORD];
	uint64_t number = 0;

	memcpy(&number, record, sizeof(number));
	if (number == 0 || number >= NUMBERS ||
	    make_record(want, number) != n || memcmp(want, record, n) != 0)
		s->foreign++;
	else
		s->number[number] = true;
	return 0;
}

/* Replays a folder, twice: the first one may tidy up. */
static void
replay_image(uint64_t need, uint64_t most, const char *what)
{
	struct journal_report report;
	struct journal_replayed past;
	struct seen seen;
	struct journal_scan scan = {
		.replay = see, .arg = &seen, .report = &report
	};
	uint64_t i;
	int dir, time;

	disk.images++;
	for (time = 0; time < 2; time++) {
		memset(&seen, 0, sizeof(seen));
		memset(&report, 0, sizeof(report));
		memset(&past, 0, sizeof(past));
		if (journal_dir_open(disk.image, &dir, NULL) != 0 ||
		    journal_replay(&test_io, dir, &scan, &past, NULL) != 0)
			disk.bad = "it does not open";
		else
			close(dir);
		if (seen.foreign > 0)
			disk.bad = "a record that nobody wrote";
		for (i = 1; i < NUMBERS; i++) {
			if (i <= need && !seen.number[i])
				disk.bad = what;
			if (i > most && seen.number[i])
				disk.bad = "a record before it was written";
		}
	}
	test_dir_remove(disk.image);
}

/* One page of an image: of the disk, or (mixed) perhaps the newest one. */
static void
put_page(int out, int real, const struct file *f, size_t at, bool mixed)
{
	static const uint8_t zeros[PAGE];
	uint8_t page[PAGE] = { 0 };
	size_t n = 0;

	if (at < f->n)
		n = f->n - at < PAGE ? f->n - at : PAGE;
	if (n > 0)
		memcpy(page, f->data + at, n);
	if (mixed && (at / PAGE * 2654435761u + disk.images) % 7 < 3)
		n = (size_t)pread(real, page, PAGE, (off_t)at);
	if (memcmp(page, zeros, PAGE) != 0)
		assert_int_equal(pwrite(out, page, n, (off_t)at), n);
}

static void
put_file(const struct file *f, const char *name, bool mixed)
{
	char path[TEST_PATH_MAX];
	struct stat st = { 0 };
	size_t n = f->n, at;
	int out, real = -1;

	snprintf(path, sizeof(path), "%.400s/%s", disk.dir, f->now);
	if (mixed && f->now[0] != '\0') {
		real = open(path, O_RDONLY | O_CLOEXEC);
		assert_int_equal(fstat(real, &st), 0);
		n = (size_t)st.st_size;
	}
	snprintf(path, sizeof(path), "%.400s/%s", disk.image, name);
	out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(out >= 0);
	assert_int_equal(ftruncate(out, (off_t)n), 0);
	for (at = 0; at < n; at += PAGE)
		put_page(out, real, f, at, real >= 0);
	close(out);
	if (real >= 0)
		close(real);
}

static void
power_lost(enum names names, bool mixed)
{
	struct journal *j = atomic_load(&disk.journal);
	uint64_t need = j != NULL ? journal_synced(j) : 0;
	const struct file *f;
	const char *name;
	size_t i;

	assert_int_equal(mkdir(disk.image, 0700), 0);
	for (i = 0; i < disk.files; i++) {
		f = &disk.file[i];
		name = names == NAMES_NOW ? f->now : f->synced;
		if (names == NAMES_SYNCED_NOT_REMOVED && f->now[0] == '\0')
			continue;
		if (name[0] != '\0')
			put_file(f, name, mixed);
	}
	replay_image(need, atomic_load(&disk.appended) + 1,
	    "after a loss of power, what was synced is not there");
}

static void
killed(void)
{
	uint64_t need = atomic_load(&disk.appended);

	test_copy(disk.dir, disk.image);
	replay_image(
	    need, NUMBERS, "after kill -9, what was appended is not there");
}

/*
 * The end comes here. All ways in turn, or (all) every one of them, but not
 * where everything takes twenty times as long.
 */
static void
step(bool all)
{
	unsigned int way, turn = disk.steps++;

	all = all && alloc_fail_works();

	for (way = 0; way < 1 + 2 * NAMES_MODES; way++) {
		if (!all && way != turn % (1 + 2 * NAMES_MODES))
			continue;
		if (way == 0)
			killed();
		else
			power_lost((enum names)((way - 1) / 2), way % 2 == 0);
	}
}

static struct file *
file_of(ino_t ino)
{
	size_t i;

	for (i = disk.files; i-- > 0;) {
		if (disk.file[i].ino == ino)
			return &disk.file[i];
	}
	return NULL;
}

static struct file *
file_named(const char *name)
{
	size_t i;

	for (i = disk.files; i-- > 0;) {
		if (strcmp(disk.file[i].now, name) == 0)
			return &disk.file[i];
	}
	return NULL;
}

/* Bytes at..at + n of the real file are on disk now. */
static void
content_synced(struct file *f, int fd, size_t at, size_t n)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	if ((size_t)st.st_size > f->n) {
		f->data = realloc(f->data, (size_t)st.st_size);
		assert_non_null(f->data);
		memset(f->data + f->n, 0, (size_t)st.st_size - f->n);
		f->n = (size_t)st.st_size;
	}
	assert_int_equal(pread(fd, f->data + at, n, (off_t)at), n);
}

static int
model_openat(int dir, const char *name, int flags, ...)
{
	struct file *f;
	struct stat st;
	int fd;

	if ((flags & O_CREAT) == 0)
		return openat(dir, name, flags);
	pthread_mutex_lock(&disk.lock);
	step(false);
	fd = openat(dir, name, flags, 0600);
	assert_true(fd >= 0 && fstat(fd, &st) == 0);
	f = &disk.file[disk.files++];
	assert_true(disk.files < FILES);
	memset(f, 0, sizeof(*f));
	f->ino = st.st_ino;
	snprintf(f->now, sizeof(f->now), "%s", name);
	step(false);
	pthread_mutex_unlock(&disk.lock);
	return fd;
}

static int
model_fallocate(int fd, off_t offset, off_t n)
{
	int error = posix_fallocate(fd, offset, n);

	pthread_mutex_lock(&disk.lock);
	step(false);
	pthread_mutex_unlock(&disk.lock);
	return error;
}

/* The inode of the file that is mapped there, and where the mapping starts. */
static ino_t
mapped(const void *p, const uint8_t **start_out, char path[TEST_PATH_MAX])
{
	uintptr_t from, to, at = (uintptr_t)p;
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[1024];
	ino_t ino = 0;
	char *next;

	assert_non_null(maps);
	while (ino == 0 && fgets(line, sizeof(line), maps) != NULL) {
		from = strtoull(line, &next, 16);
		to = strtoull(next + 1, &next, 16);
		if (at < from || at >= to)
			continue;
		next = strchr(next + 1, ' '); /* behind the rights */
		next = strchr(next + 1, ' '); /* the offset: 0 */
		next = strchr(next + 1, ' '); /* the device */
		ino = (ino_t)strtoull(next, &next, 10);
		next += strspn(next, " ");
		next[strcspn(next, "\n")] = '\0';
		snprintf(path, TEST_PATH_MAX, "%.500s", next);
		*start_out = (const uint8_t *)p - (at - from);
	}
	fclose(maps);
	return ino;
}

static int
model_msync(void *p, size_t n, int flags)
{
	const uint8_t *start = NULL;
	char path[TEST_PATH_MAX];
	struct file *f;
	ino_t ino;
	int fd, r;

	pthread_mutex_lock(&disk.lock);
	step(false);
	r = msync(p, n, flags);
	assert_int_equal(r, 0);
	ino = mapped(p, &start, path);
	f = file_of(ino);
	assert_non_null(f);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) { /* else a snapshot has made it needless */
		content_synced(f, fd, (size_t)((uint8_t *)p - start), n);
		close(fd);
	}
	step(false);
	pthread_mutex_unlock(&disk.lock);
	return r;
}

static int
model_fsync(int fd)
{
	struct stat st;
	size_t i;
	int r;

	pthread_mutex_lock(&disk.lock);
	step(true);
	r = fsync(fd);
	assert_true(r == 0 && fstat(fd, &st) == 0);
	if (S_ISDIR(st.st_mode)) {
		for (i = 0; i < disk.files; i++)
			memcpy(disk.file[i].synced, disk.file[i].now,
			    JOURNAL_NAME_MAX);
	} else {
		char path[TEST_PATH_MAX];
		int again;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		again = open(path, O_RDONLY | O_CLOEXEC);
		assert_true(again >= 0);
		content_synced(
		    file_of(st.st_ino), again, 0, (size_t)st.st_size);
		close(again);
	}
	step(true);
	pthread_mutex_unlock(&disk.lock);
	return r;
}

static ssize_t
model_write(int fd, const void *p, size_t n)
{
	ssize_t put;

	pthread_mutex_lock(&disk.lock);
	step(false);
	put = write(fd, p, n);
	pthread_mutex_unlock(&disk.lock);
	return put;
}

static int
model_renameat(int dir, const char *from, int dir2, const char *to)
{
	struct file *f;
	int r;

	pthread_mutex_lock(&disk.lock);
	step(true);
	r = renameat(dir, from, dir2, to);
	assert_int_equal(r, 0);
	f = file_named(to);
	if (f != NULL)
		f->now[0] = '\0';
	f = file_named(from);
	assert_non_null(f);
	snprintf(f->now, sizeof(f->now), "%s", to);
	step(true);
	pthread_mutex_unlock(&disk.lock);
	return r;
}

static int
model_unlinkat(int dir, const char *name, int flags)
{
	struct file *f;
	int r;

	pthread_mutex_lock(&disk.lock);
	step(false);
	r = unlinkat(dir, name, flags);
	f = file_named(name);
	if (r == 0 && f != NULL)
		f->now[0] = '\0';
	if (r == 0)
		step(true);
	pthread_mutex_unlock(&disk.lock);
	return r;
}

static const struct journal_io model_io = {
	.openat = model_openat,
	.fallocate = model_fallocate,
	.maps = test_maps,
	.pwrite = pwrite,
	.msync = model_msync,
	.fsync = model_fsync,
	.write = model_write,
	.renameat = model_renameat,
	.unlinkat = model_unlinkat,
	.madvise = madvise,
	.sync_file_range = sync_file_range,
	.rest = test_rest,
};

static void
append(struct journal *j, unsigned int count)
{
	uint8_t record[RECORD];
	uint64_t number, ticket;

	for (; count > 0; count--) {
		number = atomic_load(&disk.appended) + 1;
		ticket = journal_append(j, record, make_record(record, number));
		assert_int_equal(ticket, number);
		atomic_store(&disk.appended, number);
		if (number % 300 == 0)
			journal_sync(j);
	}
	/* no faster than the model's disk */
	test_synced(j, atomic_load(&disk.appended));
}

/* All there is so far; the log goes on meanwhile. */
static void
snapshot(struct journal *j)
{
	uint64_t last = atomic_load(&disk.appended), i;
	uint8_t record[RECORD];

	assert_int_equal(journal_snapshot_begin(j, NULL), 0);
	for (i = 1; i <= last; i++) {
		if (i == last / 2)
			append(j, 40);
		while (
		    journal_snapshot_room(j) < RECORD + JOURNAL_SNAPSHOT_HEAD)
			test_wait(j);
		assert_int_equal(
		    journal_snapshot_add(j, record, make_record(record, i)), 0);
	}
	assert_int_equal(journal_snapshot_end(j, NULL), 0);
	append(j, 40);
	while (journal_snapshot_busy(j))
		test_wait(j);
	assert_null(journal_trouble(j));
}

static void
ends_at_every_step(void **state)
{
	struct journal_report report;
	struct journal *j = NULL;
	struct seen seen = { 0 };
	struct journal_scan scan = {
		.replay = see, .arg = &seen, .report = &report
	};
	char top[TEST_DIR_MAX];
	size_t i;

	(void)state;
	test_dir_new(top);
	snprintf(disk.dir, sizeof(disk.dir), "%s/journal", top);
	snprintf(disk.image, sizeof(disk.image), "%s/image", top);
	assert_int_equal(
	    journal_open_with(disk.dir, &model_io, &scan, &j, NULL), 0);
	atomic_store(&disk.journal, j);
	append(j, 600);
	snapshot(j);
	append(j, 1200);
	snapshot(j);
	append(j, 600);
	atomic_store(&disk.journal, NULL); /* not while it goes */
	journal_close(&j);
	pthread_mutex_lock(&disk.lock);
	step(true);
	pthread_mutex_unlock(&disk.lock);
	print_message("# %u steps, %u replays\n", disk.steps, disk.images);
	if (disk.bad != NULL)
		fail_msg("%s", disk.bad);
	assert_true(disk.steps > 60);
	for (i = 0; i < disk.files; i++)
		free(disk.file[i].data);
	test_dir_remove(top);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_at_every_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
