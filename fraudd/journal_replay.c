/*
 * The newest snapshot that is whole, then every log in order. Logs are never
 * continued: a new start has a new segment, so nothing is ever written
 * behind a torn tail. What holds nothing any more is removed on the way, so
 * that starting again and again fills no disk.
 */

#include "journal_scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "journal_dir.h"
#include "mem.h"

struct work {
	const struct journal_io *io;
	int dir;
	struct journal_scan scan;
	struct journal_replayed *out;
	uint64_t expected; /* sequence */
	bool whole; /* a snapshot was good */
	struct err *e;
};

/* Opens a file of ours for reading. 0, E_IO or E_PERM. */
static int
open_ours(struct work *w, const char *name, int *fd_out)
{
	struct stat st;
	int fd;

	fd = w->io->openat(
	    w->dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return err_set(w->e, E_IO, "%s: cannot open it: %s", name,
		    strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    st.st_uid != geteuid() || (st.st_mode & 077) != 0) {
		close(fd);
		return err_set(w->e, E_PERM,
		    "%s: it must be a file of ours alone, mode 0600", name);
	}
	*fd_out = fd;
	return 0;
}

/* Replays the snapshot of that number; *done_out says whether it was good. */
static int
try_snapshot(struct work *w, uint64_t number, bool *done_out)
{
	char name[JOURNAL_NAME_MAX];
	struct journal_head head;
	uint64_t bytes = 0;
	int fd = -1, r;

	journal_name(name, JOURNAL_SNAPSHOT_PREFIX, number);
	r = open_ours(w, name, &fd);
	if (r != 0)
		return r;
	r = journal_scan_snapshot(fd, &w->scan, &head, &bytes);
	close(fd);
	if (r == E_NOMEM)
		return err_set(w->e, r, "out of memory");
	if (r != 0 || head.sequence != number) {
		w->scan.report->bad_files++;
		return 0;
	}
	w->scan.base = w->expected = number;
	w->out->snapshot_bytes = bytes;
	w->whole = *done_out = true;
	return 0;
}

static int
replay_snapshots(struct work *w)
{
	uint64_t *list = NULL;
	size_t count = 0;
	bool done = false;
	int r;

	r = journal_dir_list(
	    w->dir, JOURNAL_SNAPSHOT_PREFIX, &list, &count, w->e);
	if (r == 0 && count > 0)
		w->out->sequence = list[count - 1];
	while (r == 0 && count > 0 && !done)
		r = try_snapshot(w, list[--count], &done);
	free(list);
	return r;
}

/* Reads as much of a segment as can be read; false: not all. */
static bool
read_segment(int fd, uint8_t *data, size_t *n_out)
{
	size_t n = 0;
	ssize_t got = 0;

	while (n < JOURNAL_SEGMENT) {
		got = read(fd, data + n, JOURNAL_SEGMENT - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	*n_out = n;
	return got >= 0;
}

static bool
untouched(const uint8_t *data, size_t n)
{
	return n == 0 || (data[0] == 0 && memcmp(data, data + 1, n - 1) == 0);
}

/* Gives back what a log that ended well does not use. */
static void
trim(struct work *w, const char *name, const struct journal_log_end *log,
    size_t n)
{
	int fd;

	if (log->torn > 0)
		return;
	if (log->end == JOURNAL_HEAD ||
	    (w->whole && log->next <= w->scan.base)) {
		(void)w->io->unlinkat(w->dir, name, 0);
		return;
	}
	if (n == log->end)
		return;
	fd = w->io->openat(w->dir, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)!ftruncate(fd, (off_t)log->end);
	close(fd);
}

/* Takes in what the n bytes of that segment say; all: there is no more. */
static void
take_log(
    struct work *w, uint64_t number, const uint8_t *data, size_t n, bool all)
{
	struct journal_report *report = w->scan.report;
	struct journal_log_end log = { 0 };
	char name[JOURNAL_NAME_MAX];

	journal_name(name, JOURNAL_LOG_PREFIX, number);
	if (all && untouched(data, n)) {
		(void)w->io->unlinkat(w->dir, name, 0);
		return;
	}
	if (!all)
		report->bad_files++;
	if (!journal_head_get(&log.head, data, n) ||
	    log.head.number != number ||
	    journal_scan_log(&w->scan, data, n, &log) != 0) {
		report->bad_files += all;
		return;
	}
	if (log.head.sequence > w->expected)
		report->missing_records += log.head.sequence - w->expected;
	if (log.next > w->expected)
		w->expected = log.next;
	report->torn_bytes += log.torn;
	w->out->log_bytes += log.end;
	if (all)
		trim(w, name, &log, n);
}

static int
replay_logs(struct work *w)
{
	char name[JOURNAL_NAME_MAX];
	uint64_t *list = NULL;
	uint8_t *data = NULL;
	size_t count = 0, i, n;
	int fd = -1, r;
	bool all;

	r = journal_dir_list(w->dir, JOURNAL_LOG_PREFIX, &list, &count, w->e);
	if (r != 0)
		return r;
	data = mem_alloc(JOURNAL_SEGMENT);
	if (data == NULL)
		r = err_set(w->e, E_NOMEM, "out of memory");
	for (i = 0; r == 0 && i < count; i++) {
		journal_name(name, JOURNAL_LOG_PREFIX, list[i]);
		r = open_ours(w, name, &fd);
		if (r != 0)
			break;
		all = read_segment(fd, data, &n);
		close(fd);
		take_log(w, list[i], data, n, all);
		w->out->number = list[i] + 1;
		w->out->logs++;
	}
	free(data);
	free(list);
	return r;
}

int
journal_replay(const struct journal_io *io, int dir,
    const struct journal_scan *scan, struct journal_replayed *out,
    struct err *e)
{
	struct work w = {
		.io = io,
		.dir = dir,
		.scan = *scan,
		.out = out,
		.expected = 1,
		.e = e,
	};
	int r;

	w.scan.base = 0;
	(void)io->unlinkat(dir, JOURNAL_SNAPSHOT_NEW, 0);
	out->sequence = out->number = 1;
	r = replay_snapshots(&w);
	if (r == 0)
		r = replay_logs(&w);
	if (r == 0 && w.expected > out->sequence)
		out->sequence = w.expected;
	return r;
}
