/*
 * journal_priv: what the files of the journal share. Who writes what: the
 * loop's fields are the loop's alone; atomics cross; the lists of segments
 * and the flags beside them are under the lock, which is never held over a
 * system call that may wait for the disk.
 */

#ifndef JWTGATE_JOURNAL_PRIV_H
#define JWTGATE_JOURNAL_PRIV_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "journal.h"
#include "journal_dir.h"
#include "journal_format.h"
#include "journal_scan.h"

/* A log file. It is in a list until all of it is on disk. */
struct segment {
	struct segment *next;
	uint8_t *map; /* owned, JOURNAL_SEGMENT bytes; NULL: written by calls */
	int fd; /* owned */
	struct journal_head head;
	uint32_t seed;
	/* the loop's; last is stored after used */
	_Atomic size_t used;
	_Atomic uint64_t last;
	_Atomic bool failed; /* a sync failed: what it holds is uncertain */
	bool finished; /* lock */
	/* the syncer's */
	size_t synced;
	uint64_t synced_last;
	bool named; /* the folder was synced since it is there */
	size_t ready; /* the maker's: pages up to there were made */
};

enum snapshot_state {
	SNAPSHOT_NONE = 0,
	SNAPSHOT_FILLING,
	SNAPSHOT_ENDED, /* by the loop; the writer is at it */
	SNAPSHOT_DONE,
	SNAPSHOT_FAILED
};

#define SNAPSHOT_CHUNK (1024 * 1024)

struct chunk {
	uint8_t *data; /* owned */
	size_t len;
	_Atomic bool full; /* the writer's now, else the loop's */
};

struct snapshot {
	struct chunk chunk[2];
	_Atomic int state; /* enum snapshot_state */
	/* lock */
	bool ended, dropped;
	pthread_cond_t moved;
	/* the loop's until ended */
	unsigned int filling;
	uint64_t count;
	bool overrun;
	uint64_t log_at, losses_at; /* when it began */
	/* constant while it is written */
	struct journal_head head;
	uint64_t first_kept; /* segments below go when it is done */
	uint32_t seed;
	/* the writer's */
	pthread_t thread;
	int fd;
	uint32_t sum;
	uint64_t bytes;
};

struct journal {
	const struct journal_io *io; /* borrowed */
	int dir; /* owned, locked against other processes */
	int event; /* owned */
	/* the loop's */
	struct segment *current; /* borrowed from the list, its last */
	uint64_t sequence; /* of the next record */
	uint64_t appended, log_at; /* bytes of log, at the last snapshot */
	uint64_t lost, losses_at;
	uint64_t snapshot_bytes; /* of the last one */
	uint64_t snapshots; /* that are complete files */
	bool due; /* a snapshot, whatever the log's length */
	bool starved;
	int64_t slow_ns; /* of calls that were slow, since the last rest */
	struct timespec resting; /* until then */
	/* where a record is made for a segment without a mapping */
	uint8_t stage[JOURNAL_RECORD_MAX + 2 * JOURNAL_FRAME];
	struct timespec retry; /* no snapshot before */
	struct snapshot snapshot;
	/* lock */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct segment *segments; /* owned, oldest first */
	struct segment *spares; /* owned, to be used in this order */
	unsigned int spares_wanted, live; /* live: length of segments */
	struct segment *populating; /* borrowed; not to be freed now */
	unsigned int given_up; /* no snapshot stands for these yet */
	pthread_cond_t make;
	bool asked, asked_make, stop;
	bool serving; /* somebody may wait for the loop */
	/* crossing */
	_Atomic unsigned int spare_count;
	_Atomic uint64_t synced; /* the ticket */
	_Atomic uint64_t synced_bytes;
	_Atomic uint64_t covered; /* all below is in a snapshot on disk */
	_Atomic uint64_t failures; /* of a sync */
	_Atomic(const char *) segment_trouble;
	_Atomic(const char *) snapshot_trouble;
	/* the helpers' */
	pthread_t syncer, maker;
	uint64_t number; /* of the next segment */
};

/* journal.c: journal_open() with the system calls and the reader to use. */
int journal_open_with(const char *dir, const struct journal_io *io,
    const struct journal_scan *scan, struct journal **out, struct err *e);

/* journal_helper.c */
int journal_helper_start(struct journal *j, struct err *e);
void journal_helper_stop(struct journal *j);
/* There is something to do for both helpers. */
void journal_wake(struct journal *j, bool stop);
/*
 * A helper may have the loop's processor, and then who waits for an answer
 * waits for the helper too: what takes long is done in bites, with a rest
 * after each. Nobody rests while nobody is served, before start and at stop.
 */
#define JOURNAL_BITE ((size_t)64 * 1024)
void journal_rest(struct journal *j);
/* Has the disk begin to write these bytes, and waits for it. A sync is still
 * needed: what they are found by is not written. 0 or an errno. */
int journal_begin_writing(struct journal *j, int fd, size_t from, size_t to);
int journal_wait_written(struct journal *j, int fd, size_t from, size_t to);
/* Makes a spare unless there are enough. Before start too. */
void journal_prepare(struct journal *j);
void journal_notify(struct journal *j);
/* Why there is no segment after the current one; NULL: there is. */
const char *journal_no_room(const struct journal *j);
void journal_segment_free(struct segment **s);
/* What an errno means for somebody who waits for records to be kept. */
const char *journal_reason(int error);

/* A thread without signals. Returns 0 or E_IO. */
int journal_thread(
    pthread_t *out, void *(*fn)(void *), void *arg, struct err *e);

/* journal_snapshot.c: ends and waits for a writer that is there. */
void journal_snapshot_drop(struct journal *j);

#endif
