/*
 * The helpers. One makes segments ready ahead of the loop; the other, once a
 * second and when asked, syncs them from the oldest on. They are two so that
 * no sync, however long it takes, keeps the loop without a segment.
 *
 * A failed sync says nothing about what is on disk, and a second one that
 * succeeds says even less: the kernel has forgotten the pages that it could
 * not write. So a segment whose sync failed is given up, the loop moves on to
 * the next, and nothing counts as synced beyond it until a snapshot stands
 * for all of it.
 */

#include "journal_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "err.h"
#include "mem.h"

#define PAGE ((size_t)4096)
/* To begin to write more does not take much longer. */
#define WRITE_BITE (4 * JOURNAL_BITE)
/* Pages behind the end of the log that the loop shall find writable. */
#define AHEAD ((size_t)32 * 1024)
/* Of the next segment, while the current one is being filled. */
#define FIRST_READY ((size_t)1024 * 1024)
/* A disk on which every sync fails shall not be filled with segments. */
#define GIVEN_UP_MAX 4
/* Segments that wait to be synced: a slow disk shall not take all memory. */
#define LIVE_MAX 64

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14; older ones just fault later */
#endif

const char *
journal_reason(int error)
{
	switch (error) {
	case ENOSPC:
		return "the disk is full";
	case EDQUOT:
		return "the disk quota is used up";
	case EROFS:
		return "the file system is read-only";
	case EACCES:
	case EPERM:
		return "the state folder may not be written to";
	case EFBIG:
		return "the file size limit is too small";
	case EMFILE:
	case ENFILE:
		return "too many open files";
	case ENOMEM:
		return "out of memory";
	case EIO:
		return "the disk fails";
	default:
		return "a file of the state folder cannot be written";
	}
}

void
journal_notify(struct journal *j)
{
	uint64_t one = 1;

	(void)!write(j->event, &one, sizeof(one));
}

void
journal_segment_free(struct segment **sp)
{
	struct segment *s = *sp;

	if (s == NULL)
		return;
	if (s->map != NULL)
		munmap(s->map, JOURNAL_SEGMENT);
	if (s->fd >= 0)
		close(s->fd);
	free(s);
	*sp = NULL;
}

/* Makes the file of a segment. 0 or an errno, and nothing is left behind. */
static int
make_segment(struct journal *j, struct segment *s)
{
	char name[JOURNAL_NAME_MAX];
	void *map;
	bool mapped;
	int error;

	if (getrandom(s->head.id, JOURNAL_ID, 0) != JOURNAL_ID)
		return EIO;
	journal_name(name, JOURNAL_LOG_PREFIX, s->head.number);
	s->fd = j->io->openat(j->dir, name,
	    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (s->fd < 0)
		return errno;
	mapped = j->io->maps(s->fd);
	error = j->io->fallocate(s->fd, 0, JOURNAL_SEGMENT);
	if (error == 0 && mapped) {
		map = mmap(NULL, JOURNAL_SEGMENT, PROT_READ | PROT_WRITE,
		    MAP_SHARED, s->fd, 0);
		if (map != MAP_FAILED)
			s->map = map;
		else
			error = errno;
		/* touching a page makes that page, not all the read-ahead */
		if (error == 0)
			(void)j->io->madvise(map, JOURNAL_SEGMENT, MADV_RANDOM);
	}
	if (error != 0)
		(void)j->io->unlinkat(j->dir, name, 0);
	return error;
}

static struct segment *
new_segment(struct journal *j)
{
	struct segment *s = mem_alloc(sizeof(*s));
	int error = ENOMEM;

	if (s != NULL) {
		s->fd = -1;
		s->head.kind = JOURNAL_LOG;
		do /* a file that was not there at the start: after it */
			s->head.number = j->number++;
		while ((error = make_segment(j, s)) == EEXIST);
	}
	if (error != 0) {
		atomic_store(&j->segment_trouble, journal_reason(error));
		journal_segment_free(&s);
		return NULL;
	}
	s->seed = journal_seed(&s->head);
	atomic_store(&j->segment_trouble, NULL);
	return s;
}

void
journal_rest(struct journal *j)
{
	bool serving;

	pthread_mutex_lock(&j->lock);
	serving = j->serving;
	pthread_mutex_unlock(&j->lock);
	if (serving)
		j->io->rest();
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Where it is not to be had a sync does all; data that is lost is an error,
 * and who waits for it is told, once: nobody else will be. */
static int
sync_range(struct journal *j, int fd, size_t at, size_t n, unsigned int flags)
{
	if (j->io->sync_file_range(fd, (off_t)at, (off_t)n, flags) == 0)
		return 0;
	return errno == EIO || errno == ENOSPC || errno == EDQUOT ? errno : 0;
}

int
journal_begin_writing(struct journal *j, int fd, size_t from, size_t to)
{
	size_t n;
	int error = 0;

	for (; error == 0 && from < to; from += n) {
		n = least(to - from, WRITE_BITE);
		error = sync_range(j, fd, from, n, SYNC_FILE_RANGE_WRITE);
		/* who waits for the disk does not wait for us too */
		if (n == WRITE_BITE)
			journal_rest(j);
	}
	return error;
}

int
journal_wait_written(struct journal *j, int fd, size_t from, size_t to)
{
	return sync_range(j, fd, from, to - from, SYNC_FILE_RANGE_WAIT_BEFORE);
}

/* Has pages from at on ready to be written; returns where they end. */
static size_t
populate_bite(struct journal *j, struct segment *s, size_t at, size_t end)
{
	const size_t used = atomic_load(&s->used) & ~(PAGE - 1);
	size_t n;

	if (at < used) /* the loop was there */
		at = used;
	if (at >= end)
		return end;
	n = least(end - at, JOURNAL_BITE);
	(void)j->io->madvise(s->map + at, n, MADV_POPULATE_WRITE);
	return at + n;
}

/* The same for those that the loop will write next. */
static void
populate(struct journal *j, struct segment *s, size_t end)
{
	size_t at = 0;

	if (s->map == NULL)
		return;
	end = least(end, JOURNAL_SEGMENT);
	while ((at = populate_bite(j, s, at, end)) < end)
		journal_rest(j);
}

/* Makes a spare; false: there are enough, or it cannot be. */
static bool
add_spare(struct journal *j)
{
	struct segment *s, **end;
	unsigned int wanted;
	bool first;

	pthread_mutex_lock(&j->lock);
	wanted = j->spares_wanted;
	if (j->given_up >= GIVEN_UP_MAX || j->live >= LIVE_MAX)
		wanted = 0;
	pthread_mutex_unlock(&j->lock);
	if (atomic_load(&j->spare_count) >= wanted)
		return false;
	s = new_segment(j);
	if (s == NULL)
		return false;
	pthread_mutex_lock(&j->lock);
	for (end = &j->spares; *end != NULL; end = &(*end)->next)
		;
	*end = s;
	first = atomic_fetch_add(&j->spare_count, 1) == 0;
	pthread_mutex_unlock(&j->lock);
	if (first)
		journal_notify(j);
	return true;
}

static bool
wants_pages(const struct segment *s, size_t end)
{
	return s != NULL && s->map != NULL && s->ready < end;
}

/*
 * A bite of the current segment, and then of the beginning of the next, for
 * pages that are mapped are our memory. False: all is ready.
 */
static bool
make_ready(struct journal *j)
{
	size_t end = JOURNAL_SEGMENT;
	struct segment *s;

	/* the loop may take or fill it meanwhile: see retire() */
	pthread_mutex_lock(&j->lock);
	s = j->current;
	if (!wants_pages(s, end)) {
		s = j->spares;
		end = FIRST_READY;
	}
	if (!wants_pages(s, end))
		s = NULL;
	j->populating = s;
	pthread_mutex_unlock(&j->lock);
	if (s == NULL)
		return false;
	s->ready = populate_bite(j, s, s->ready, end);
	pthread_mutex_lock(&j->lock);
	j->populating = NULL;
	if (s->finished) { /* perhaps it was to be retired meanwhile */
		j->asked = true;
		pthread_cond_signal(&j->wake);
	}
	pthread_mutex_unlock(&j->lock);
	return true;
}

/* A loop without a segment in hand loses records: spares come first. */
void
journal_prepare(struct journal *j)
{
	while (add_spare(j) || make_ready(j))
		journal_rest(j);
}

/* Syncs what s has; false: it is given up. */
static bool
sync_segment(struct journal *j, struct segment *s)
{
	uint64_t last;
	size_t used, start;

	last = atomic_load_explicit(&s->last, memory_order_acquire);
	used = atomic_load_explicit(&s->used, memory_order_acquire);
	if (used == s->synced) {
		s->synced_last = last; /* it came after used, last time */
		return true;
	}
	start = s->synced & ~(PAGE - 1);
	if (journal_begin_writing(j, s->fd, start, used) != 0 ||
	    (!s->named && j->io->fsync(j->dir) != 0) ||
	    (s->map != NULL ?
		    j->io->msync(s->map + start, used - start, MS_SYNC) :
		    j->io->fsync(s->fd)) != 0) {
		atomic_store(&s->failed, true);
		atomic_fetch_add(&j->failures, 1);
		return false;
	}
	s->named = true;
	/* what is on disk need not be our memory */
	if (s->map != NULL && (used & ~(PAGE - 1)) > start)
		(void)j->io->madvise(s->map + start,
		    (used & ~(PAGE - 1)) - start, MADV_DONTNEED);
	atomic_fetch_add(&j->synced_bytes, used - s->synced);
	s->synced = used;
	s->synced_last = last;
	return true;
}

/* Everything up to ticket is on disk. */
static void
reached(struct journal *j, uint64_t ticket)
{
	if (ticket <= atomic_load(&j->synced))
		return;
	atomic_store_explicit(&j->synced, ticket, memory_order_release);
	journal_notify(j);
}

/* Takes the oldest segment out of the list if nothing more is to be done. */
static void
retire(struct journal *j)
{
	struct segment *s = j->segments;
	uint64_t last;
	bool done;

	pthread_mutex_lock(&j->lock);
	last = atomic_load(&s->last); /* if finished, it stays so */
	done = s->finished && j->populating != s &&
	    (s->synced_last == last || last < atomic_load(&j->covered));
	if (done) {
		j->segments = s->next;
		j->live--;
	}
	pthread_mutex_unlock(&j->lock);
	if (!done)
		return;
	atomic_fetch_add(&j->synced_bytes, atomic_load(&s->used) - s->synced);
	journal_segment_free(&s);
	journal_notify(j);
}

/* Syncs from the oldest segment on; tickets are reached in that order. */
static void
sync_all(struct journal *j)
{
	struct segment *s, *next;
	uint64_t below = atomic_load(&j->covered);
	unsigned int given_up = 0;
	bool finished;

	if (below > 0)
		reached(j, below - 1);
	pthread_mutex_lock(&j->lock);
	next = j->segments;
	pthread_mutex_unlock(&j->lock);
	while ((s = next) != NULL) {
		pthread_mutex_lock(&j->lock);
		next = s->next;
		finished = s->finished;
		pthread_mutex_unlock(&j->lock);
		/* what was written out is no longer writable at once */
		if (!atomic_load(&s->failed) && sync_segment(j, s) && !finished)
			populate(j, s, atomic_load(&s->used) + AHEAD);
		if (atomic_load(&s->failed) && atomic_load(&s->last) >= below)
			given_up++;
		if (given_up > 0)
			continue;
		reached(j, s->synced_last);
		if (s == j->segments)
			retire(j);
	}
	pthread_mutex_lock(&j->lock);
	j->given_up = given_up;
	if (atomic_load(&j->spare_count) == 0) { /* perhaps it may now */
		j->asked_make = true;
		pthread_cond_signal(&j->make);
	}
	pthread_mutex_unlock(&j->lock);
}

/* One second from now. */
static struct timespec
next_round(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec++;
	return t;
}

const char *
journal_no_room(const struct journal *j)
{
	return atomic_load(&j->spare_count) == 0 ?
	    atomic_load(&j->segment_trouble) :
	    NULL;
}

/* Waits until *asked or a second is over. True: it is time to stop. */
static bool
pause_until(struct journal *j, pthread_cond_t *wake, bool *asked)
{
	struct timespec until = next_round();
	bool stop;

	pthread_mutex_lock(&j->lock);
	while (!*asked && !j->stop &&
	    pthread_cond_timedwait(wake, &j->lock, &until) == 0)
		;
	*asked = false;
	stop = j->stop;
	pthread_mutex_unlock(&j->lock);
	return stop;
}

static void *
syncer(void *arg)
{
	struct journal *j = arg;
	uint64_t failures = 0;
	bool stop;

	do {
		stop = pause_until(j, &j->wake, &j->asked);
		sync_all(j);
		if (failures != atomic_load(&j->failures))
			journal_notify(j);
		failures = atomic_load(&j->failures);
	} while (!stop);
	return NULL;
}

static void *
maker(void *arg)
{
	struct journal *j = arg;
	const char *told = NULL, *why;

	while (!pause_until(j, &j->make, &j->asked_make)) {
		journal_prepare(j);
		why = journal_no_room(j);
		if (why != told)
			journal_notify(j);
		told = why;
	}
	return NULL;
}

int
journal_thread(pthread_t *out, void *(*fn)(void *), void *arg, struct err *e)
{
	sigset_t all, old;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	error = pthread_create(out, NULL, fn, arg);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (error != 0)
		return err_set(e, E_IO, "no thread: %s", strerror(error));
	return 0;
}

int
journal_helper_start(struct journal *j, struct err *e)
{
	int r;

	r = journal_thread(&j->syncer, syncer, j, e);
	if (r != 0)
		return r;
	pthread_mutex_lock(&j->lock);
	j->serving = true;
	pthread_mutex_unlock(&j->lock);
	r = journal_thread(&j->maker, maker, j, e);
	if (r != 0) {
		journal_wake(j, true);
		pthread_join(j->syncer, NULL);
	}
	return r;
}

void
journal_wake(struct journal *j, bool stop)
{
	pthread_mutex_lock(&j->lock);
	j->stop = j->stop || stop;
	j->serving = j->serving && !stop;
	j->asked = true;
	pthread_cond_signal(&j->wake);
	if (stop || atomic_load(&j->spare_count) < j->spares_wanted) {
		j->asked_make = true;
		pthread_cond_signal(&j->make);
	}
	pthread_mutex_unlock(&j->lock);
}

void
journal_helper_stop(struct journal *j)
{
	journal_wake(j, true);
	pthread_join(j->maker, NULL);
	pthread_join(j->syncer, NULL);
}
