/*
 * The loop's side. A record is copied into the current segment's mapping;
 * the kernel owns the page from then on, whatever becomes of this process.
 * A full segment is changed for one that the helper has made ready: nothing
 * here waits for a disk.
 */

#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "err.h"
#include "journal_priv.h"
#include "mem.h"

/* A log shorter than this needs no snapshot. */
#define LOG_MIN ((uint64_t)16 * JOURNAL_SEGMENT)
/* So many files mean that it was started often. */
#define LOGS_MAX 64
#define SPARES 4
/* What a call may take, and slow ones together before there is a rest. */
#define SLOW_NS 1000000
#define SLOW_NS_MAX 100000000
#define NEARLY_FULL ((uint64_t)256 * 1024 * 1024)
#define SPARES_MAX 32
#define REST_NS 500000

static void
rest(void)
{
	struct timespec t = { .tv_nsec = REST_NS };

	(void)nanosleep(&t, NULL);
}

static const struct journal_io real_io = {
	.openat = openat,
	.fallocate = posix_fallocate,
	.maps = journal_dir_maps,
	.pwrite = pwrite,
	.msync = msync,
	.fsync = fsync,
	.write = write,
	.renameat = renameat,
	.unlinkat = unlinkat,
	.madvise = madvise,
	.sync_file_range = sync_file_range,
	.rest = rest,
};

int
journal_open(const char *dir, journal_replay_fn *replay, void *arg,
    struct journal **out, struct journal_report *report, struct err *e)
{
	struct journal_scan scan = {
		.replay = replay, .arg = arg, .report = report
	};

	return journal_open_with(dir, &real_io, &scan, out, e);
}

static struct journal *
new_journal(const struct journal_io *io)
{
	struct journal *j = mem_alloc(sizeof(*j));
	pthread_condattr_t attr;

	if (j == NULL)
		return NULL;
	j->io = io;
	j->dir = j->event = -1;
	j->spares_wanted = SPARES;
	pthread_mutex_init(&j->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&j->wake, &attr);
	pthread_cond_init(&j->make, &attr);
	pthread_cond_init(&j->snapshot.moved, &attr);
	pthread_condattr_destroy(&attr);
	return j;
}

static void
free_list(struct segment **list)
{
	struct segment *s, *next;

	for (s = *list; s != NULL; s = next) {
		next = s->next;
		journal_segment_free(&s);
	}
	*list = NULL;
}

static void
free_journal(struct journal *j)
{
	free_list(&j->segments);
	free_list(&j->spares);
	pthread_cond_destroy(&j->snapshot.moved);
	pthread_cond_destroy(&j->make);
	pthread_cond_destroy(&j->wake);
	pthread_mutex_destroy(&j->lock);
	if (j->event >= 0)
		close(j->event);
	if (j->dir >= 0)
		close(j->dir);
	free(j);
}

int
journal_open_with(const char *dir, const struct journal_io *io,
    const struct journal_scan *scan, struct journal **out, struct err *e)
{
	struct journal_report *report = scan->report;
	struct journal_replayed past = { 0 };
	struct journal *j;
	int r;

	memset(report, 0, sizeof(*report));
	j = new_journal(io);
	if (j == NULL)
		return err_set(e, E_NOMEM, "out of memory");
	r = journal_dir_open(dir, &j->dir, e);
	if (r == 0) {
		r = journal_replay(io, j->dir, scan, &past, e);
		err_prefix(e, "%s", dir);
	}
	if (r != 0)
		goto fail;
	j->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (j->event < 0) {
		r = err_set(e, E_IO, "no eventfd: %s", strerror(errno));
		goto fail;
	}
	j->sequence = past.sequence;
	j->number = past.number;
	j->appended = past.log_bytes;
	j->snapshot_bytes = past.snapshot_bytes;
	j->due = report->torn_bytes > 0 || report->bad_files > 0 ||
	    report->missing_records > 0 || past.logs > LOGS_MAX;
	atomic_store(&j->synced_bytes, j->appended);
	atomic_store(&j->synced, j->sequence - 1);
	journal_prepare(j);
	r = journal_helper_start(j, e);
	if (r != 0)
		goto fail;
	*out = j;
	return 0;
fail:
	free_journal(j);
	return r;
}

/* Removes the files that were made ready and not used. */
static void
drop_unused(struct journal *j)
{
	char name[JOURNAL_NAME_MAX];
	struct segment *s;

	for (s = j->spares; s != NULL; s = s->next) {
		journal_name(name, JOURNAL_LOG_PREFIX, s->head.number);
		(void)j->io->unlinkat(j->dir, name, 0);
	}
}

void
journal_close(struct journal **jp)
{
	struct journal *j = *jp;

	if (j == NULL)
		return;
	journal_snapshot_drop(j);
	journal_helper_stop(j);
	drop_unused(j);
	free_journal(j);
	*jp = NULL;
}

/* Nothing is written by a call until the rest is over. */
static bool
resting(const struct journal *j)
{
	struct timespec now;

	if (j->resting.tv_sec == 0)
		return false;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec < j->resting.tv_sec ||
	    (now.tv_sec == j->resting.tv_sec &&
		now.tv_nsec < j->resting.tv_nsec);
}

/* Where the bytes at a place of a segment are made. */
static uint8_t *
place(struct journal *j, const struct segment *s, size_t at)
{
	return s->map != NULL ? s->map + at : j->stage;
}

static bool
nearly_full(int fd)
{
	struct statvfs fs;

	return fstatvfs(fd, &fs) == 0 &&
	    (uint64_t)fs.f_bavail * fs.f_frsize < NEARLY_FULL;
}

/*
 * On a disk that is nearly full a call may take a thousand times as long as
 * it does otherwise. When slow ones have cost a tenth of a second, or one
 * has failed, nothing is written for a second: who asks is served, records
 * are lost, and a snapshot makes up for them.
 */
static bool
call(struct journal *j, struct segment *s, size_t at, size_t n)
{
	struct timespec begin, end;
	int64_t ns;
	bool ok;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	ok = j->io->pwrite(s->fd, j->stage, n, (off_t)at) == (ssize_t)n;
	clock_gettime(CLOCK_MONOTONIC, &end);
	ns = (int64_t)(end.tv_sec - begin.tv_sec) * 1000000000 + end.tv_nsec -
	    begin.tv_nsec;
	if (ns > SLOW_NS && nearly_full(s->fd))
		j->slow_ns += ns;
	if (ok && j->slow_ns <= SLOW_NS_MAX)
		return true;
	j->slow_ns = 0;
	j->resting = end;
	j->resting.tv_sec++;
	return ok;
}

/* They are the kernel's now, whatever becomes of us. False: no room. */
static bool
put(struct journal *j, struct segment *s, size_t at, size_t n)
{
	if (s->map != NULL)
		return true;
	if (atomic_load(&s->failed) || resting(j))
		return false;
	return call(j, s, at, n);
}

/* Changes the full or missing segment for a spare. NULL: there is none. */
static struct segment *
rotate(struct journal *j)
{
	struct segment *s, **end;

	if (j->starved && atomic_load(&j->spare_count) == 0)
		return NULL;
	pthread_mutex_lock(&j->lock);
	s = j->spares;
	if (s != NULL) {
		j->spares = s->next;
		s->next = NULL;
		s->head.sequence = j->sequence;
		journal_head_put(place(j, s, 0), &s->head);
		atomic_store(&s->used, JOURNAL_HEAD);
		atomic_store(&s->last, j->sequence - 1);
		for (end = &j->segments; *end != NULL; end = &(*end)->next)
			;
		*end = s;
		j->live++;
		atomic_fetch_sub(&j->spare_count, 1);
	}
	/* the last one: a faster writer than we thought */
	if (j->spares == NULL && j->spares_wanted < SPARES_MAX)
		j->spares_wanted *= 2;
	if (j->current != NULL)
		j->current->finished = true;
	j->current = s;
	j->starved = s == NULL;
	j->asked = j->asked_make = true;
	pthread_cond_signal(&j->make);
	pthread_cond_signal(&j->wake);
	pthread_mutex_unlock(&j->lock);
	if (s == NULL)
		return NULL;
	j->appended += JOURNAL_HEAD;
	/* without a head it is no file of ours */
	if (!put(j, s, 0, JOURNAL_HEAD))
		atomic_store(&s->failed, true);
	return s;
}

uint64_t
journal_append(struct journal *j, const void *record, size_t n)
{
	struct segment *s = j->current;
	size_t used, size;

	if (n == 0 || n > JOURNAL_RECORD_MAX)
		return 0;
	size = journal_frame_size(n);
	used = s == NULL ? JOURNAL_SEGMENT :
			   atomic_load_explicit(&s->used, memory_order_relaxed);
	if (used + size > JOURNAL_SEGMENT ||
	    atomic_load_explicit(&s->failed, memory_order_relaxed)) {
		s = resting(j) ? NULL : rotate(j);
		if (s == NULL) {
			j->lost++;
			return 0;
		}
		used = JOURNAL_HEAD;
	}
	journal_frame_put(place(j, s, used), s->seed, j->sequence, record, n);
	if (!put(j, s, used, size)) {
		j->lost++;
		return 0;
	}
	atomic_store_explicit(&s->used, used + size, memory_order_release);
	atomic_store_explicit(&s->last, j->sequence, memory_order_release);
	/* so that the next record does not wait for its lines */
	__builtin_prefetch(s->map + used + size, 1);
	__builtin_prefetch(s->map + used + 2 * size - 1, 1);
	j->appended += size;
	return j->sequence++;
}

void
journal_sync(struct journal *j)
{
	journal_wake(j, false);
}

uint64_t
journal_synced(const struct journal *j)
{
	return atomic_load_explicit(&j->synced, memory_order_acquire);
}

int
journal_fd(const struct journal *j)
{
	return j->event;
}

/* What was lost since the last snapshot began. */
static bool
has_losses(const struct journal *j)
{
	return j->lost + atomic_load(&j->failures) > j->losses_at;
}

const char *
journal_trouble(const struct journal *j)
{
	const char *why;

	why = journal_no_room(j);
	if (why == NULL && has_losses(j))
		why = "records were lost, a snapshot will make up for them";
	if (why == NULL)
		why = atomic_load(&j->snapshot_trouble);
	return why;
}

uint64_t
journal_lag(const struct journal *j)
{
	return j->appended - atomic_load(&j->synced_bytes);
}

uint64_t
journal_lost(const struct journal *j)
{
	return j->lost;
}

uint64_t
journal_snapshots(const struct journal *j)
{
	return j->snapshots;
}

static bool
too_early(const struct timespec *t)
{
	struct timespec now;

	if (t->tv_sec == 0)
		return false;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec < t->tv_sec;
}

bool
journal_wants_snapshot(struct journal *j)
{
	uint64_t log = j->appended - j->log_at;

	if (journal_snapshot_busy(j))
		return false;
	if (!j->due && !has_losses(j) &&
	    (log <= LOG_MIN || log <= j->snapshot_bytes))
		return false;
	return !too_early(&j->retry);
}
