/*
 * A snapshot on its way to disk. The loop fills one of two chunks while the
 * writer, a thread of its own so that syncs of the log do not wait for it,
 * writes the other. The file gets its name when it is whole and on disk, and
 * only when the name is on disk too do older files go: at every moment there
 * is a snapshot with all the logs since it began.
 */

#include "journal_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include "crc32c.h"
#include "err.h"
#include "mem.h"

/* Written out step by step, or a sync of the log would wait for all of it. */
#define WINDOW SNAPSHOT_CHUNK
#define RETRY_SECONDS 10

/* Writes n bytes. 0 or an errno. */
static int
write_all(struct journal *j, const uint8_t *p, size_t n)
{
	struct snapshot *s = &j->snapshot;
	ssize_t put;

	while (n > 0) {
		put = j->io->write(
		    s->fd, p, n < JOURNAL_BITE ? n : JOURNAL_BITE);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return put < 0 ? errno : EIO;
		s->sum = crc32c(s->sum, p, (size_t)put);
		p += put;
		n -= (size_t)put;
		s->bytes += (uint64_t)put;
		journal_rest(j);
	}
	return 0;
}

static int
start_file(struct journal *j)
{
	struct snapshot *s = &j->snapshot;
	uint8_t head[JOURNAL_HEAD];

	if (setpriority(PRIO_PROCESS, (id_t)gettid(), 10) != 0)
		errno = 0; /* then with the same weight as the loop */
	(void)j->io->unlinkat(j->dir, JOURNAL_SNAPSHOT_NEW, 0);
	s->fd = j->io->openat(j->dir, JOURNAL_SNAPSHOT_NEW,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (s->fd < 0)
		return errno;
	journal_head_put(head, &s->head);
	s->sum = s->seed;
	return write_all(j, head, sizeof(head));
}

/* Waits for the chunk. 1: it is there; 0: that was all; or an errno below 0. */
static int
await(struct journal *j, struct chunk *c)
{
	struct snapshot *s = &j->snapshot;
	int r;

	pthread_mutex_lock(&j->lock);
	while (!atomic_load(&c->full) && !s->ended && !s->dropped)
		pthread_cond_wait(&s->moved, &j->lock);
	r = atomic_load(&c->full) ? 1 : 0;
	if (s->dropped && !s->ended)
		r = -ECANCELED;
	pthread_mutex_unlock(&j->lock);
	return r;
}

static int
write_chunks(struct journal *j)
{
	struct snapshot *s = &j->snapshot;
	uint64_t window = 0;
	unsigned int turn;
	int error, r;

	for (turn = 0; (r = await(j, &s->chunk[turn])) > 0; turn ^= 1) {
		error = write_all(j, s->chunk[turn].data, s->chunk[turn].len);
		if (error != 0)
			return error;
		s->chunk[turn].len = 0;
		atomic_store(&s->chunk[turn].full, false);
		journal_notify(j);
		if (s->bytes - window < WINDOW)
			continue;
		error = journal_begin_writing(j, s->fd, window, s->bytes);
		if (error == 0)
			error = journal_wait_written(
			    j, s->fd, window, s->bytes);
		if (error != 0)
			return error;
		window = s->bytes;
	}
	return -r;
}

static int
finish_file(struct journal *j)
{
	struct snapshot *s = &j->snapshot;
	uint8_t trailer[JOURNAL_TRAILER_SIZE];
	char name[JOURNAL_NAME_MAX];
	int error;

	journal_trailer_put(trailer, s->seed, s->count, s->sum);
	error = write_all(j, trailer, sizeof(trailer));
	if (error != 0)
		return error;
	journal_name(name, JOURNAL_SNAPSHOT_PREFIX, s->head.sequence);
	if (j->io->fsync(s->fd) != 0 ||
	    j->io->renameat(j->dir, JOURNAL_SNAPSHOT_NEW, j->dir, name) != 0 ||
	    j->io->fsync(j->dir) != 0)
		return errno;
	return 0;
}

static void *
writer(void *arg)
{
	struct journal *j = arg;
	struct snapshot *s = &j->snapshot;
	int error;

	error = start_file(j);
	if (error == 0)
		error = write_chunks(j);
	if (error == 0)
		error = finish_file(j);
	if (s->fd >= 0)
		close(s->fd);
	if (error == 0) {
		atomic_store(&j->covered, s->head.sequence);
		journal_dir_clean(
		    j->io, j->dir, s->head.sequence, s->first_kept);
		atomic_store(&j->snapshot_trouble, NULL);
	} else {
		(void)j->io->unlinkat(j->dir, JOURNAL_SNAPSHOT_NEW, 0);
		if (error != ECANCELED)
			atomic_store(
			    &j->snapshot_trouble, journal_reason(error));
	}
	atomic_store(&s->state, error == 0 ? SNAPSHOT_DONE : SNAPSHOT_FAILED);
	journal_sync(j); /* tickets may be reached, and space may be free */
	journal_notify(j);
	return NULL;
}

static void
free_chunks(struct snapshot *s)
{
	free(s->chunk[0].data);
	free(s->chunk[1].data);
	s->chunk[0].data = s->chunk[1].data = NULL;
}

int
journal_snapshot_begin(struct journal *j, struct err *e)
{
	struct snapshot *s = &j->snapshot;
	int i, r;

	if (journal_snapshot_busy(j))
		return err_set(e, E_IO, "a snapshot is being written");
	for (i = 0; i < 2; i++) {
		s->chunk[i].data = mem_alloc(SNAPSHOT_CHUNK);
		s->chunk[i].len = 0;
		atomic_store(&s->chunk[i].full, false);
	}
	if (s->chunk[0].data == NULL || s->chunk[1].data == NULL) {
		free_chunks(s);
		return err_set(e, E_NOMEM, "out of memory");
	}
	s->head = (struct journal_head){ .kind = JOURNAL_SNAPSHOT,
		.sequence = j->sequence };
	(void)!getrandom(s->head.id, JOURNAL_ID, 0);
	s->seed = journal_seed(&s->head);
	s->log_at = j->appended;
	s->losses_at = j->lost + atomic_load(&j->failures);
	s->count = s->bytes = 0;
	s->filling = 0;
	s->overrun = s->ended = s->dropped = false;
	s->fd = -1;
	pthread_mutex_lock(&j->lock);
	s->first_kept = 0;
	if (j->current != NULL)
		s->first_kept = j->current->head.number;
	else if (j->spares != NULL)
		s->first_kept = j->spares->head.number;
	pthread_mutex_unlock(&j->lock);
	atomic_store(&s->state, SNAPSHOT_FILLING);
	r = journal_thread(&s->thread, writer, j, e);
	if (r != 0) {
		atomic_store(&s->state, SNAPSHOT_NONE);
		free_chunks(s);
	}
	return r;
}

/* Gives the chunk that is being filled to the writer. */
static void
hand_over(struct journal *j, bool end)
{
	struct snapshot *s = &j->snapshot;
	struct chunk *c = &s->chunk[s->filling];

	pthread_mutex_lock(&j->lock);
	if (!atomic_load(&c->full) && c->len > 0) {
		atomic_store(&c->full, true);
		s->filling ^= 1;
	}
	s->ended = end;
	pthread_cond_signal(&s->moved);
	pthread_mutex_unlock(&j->lock);
}

size_t
journal_snapshot_room(struct journal *j)
{
	struct snapshot *s = &j->snapshot;
	struct chunk *c = &s->chunk[s->filling];
	int state = atomic_load(&s->state);

	if (state == SNAPSHOT_FAILED)
		return SNAPSHOT_CHUNK; /* come, and hear it */
	if (state != SNAPSHOT_FILLING)
		return 0;
	if (!atomic_load(&c->full) && c->len >= SNAPSHOT_CHUNK / 2) {
		hand_over(j, false);
		c = &s->chunk[s->filling];
	}
	return atomic_load(&c->full) ? 0 : SNAPSHOT_CHUNK - c->len;
}

int
journal_snapshot_add(struct journal *j, const void *record, size_t n)
{
	struct snapshot *s = &j->snapshot;
	struct chunk *c = &s->chunk[s->filling];
	size_t size = journal_frame_size(n);

	if (n == 0 || n > JOURNAL_RECORD_MAX)
		s->overrun = true;
	if (s->overrun)
		return E_RANGE;
	if (atomic_load(&s->state) != SNAPSHOT_FILLING)
		return E_IO;
	if (!atomic_load(&c->full) && c->len + size > SNAPSHOT_CHUNK) {
		hand_over(j, false);
		c = &s->chunk[s->filling];
	}
	if (atomic_load(&c->full)) {
		s->overrun = true;
		return E_RANGE;
	}
	journal_frame_put(c->data + c->len, s->seed, ++s->count, record, n);
	c->len += size;
	return 0;
}

/* Forgets about a writer that has come to its end; waits for it. */
static void
reap(struct journal *j)
{
	struct snapshot *s = &j->snapshot;

	pthread_join(s->thread, NULL);
	free_chunks(s);
	if (atomic_load(&s->state) == SNAPSHOT_DONE) {
		j->log_at = s->log_at;
		j->losses_at = s->losses_at;
		j->snapshot_bytes = s->bytes;
		j->due = false;
		j->retry.tv_sec = 0;
		j->snapshots++;
	} else {
		clock_gettime(CLOCK_MONOTONIC, &j->retry);
		j->retry.tv_sec += RETRY_SECONDS;
	}
	atomic_store(&s->state, SNAPSHOT_NONE);
}

void
journal_snapshot_drop(struct journal *j)
{
	struct snapshot *s = &j->snapshot;

	if (atomic_load(&s->state) == SNAPSHOT_NONE)
		return;
	pthread_mutex_lock(&j->lock);
	s->dropped = true;
	pthread_cond_signal(&s->moved);
	pthread_mutex_unlock(&j->lock);
	reap(j);
}

int
journal_snapshot_end(struct journal *j, struct err *e)
{
	struct snapshot *s = &j->snapshot;
	int state = SNAPSHOT_FILLING;

	if (s->overrun) {
		journal_snapshot_drop(j);
		return err_set(e, E_RANGE, "the snapshot's buffer was full");
	}
	if (!atomic_compare_exchange_strong(&s->state, &state, SNAPSHOT_ENDED))
		return err_set(e, E_IO, "the snapshot could not be written");
	hand_over(j, true);
	return 0;
}

bool
journal_snapshot_busy(struct journal *j)
{
	int state = atomic_load(&j->snapshot.state);

	if (state == SNAPSHOT_DONE || state == SNAPSHOT_FAILED) {
		reap(j);
		return false;
	}
	return state != SNAPSHOT_NONE;
}
