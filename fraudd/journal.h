/*
 * journal: what fraudd must remember, as opaque records. An append-only log
 * in preallocated shared mappings, so that appending is a copy and a
 * checksum, survives kill -9 and makes no system call; helper threads, one of
 * which syncs and one has the next segments ready; and snapshots, written by
 * a thread of their own, after which older segments go.
 *
 * One thread, the loop, calls everything here. Open it after privileges were
 * dropped: the files belong to who opens it.
 */

#ifndef JWTGATE_JOURNAL_H
#define JWTGATE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct journal;

#define JOURNAL_SEGMENT (4 * 1024 * 1024)
#define JOURNAL_RECORD_MAX 4096

struct journal_report { /* of the replay */
	uint64_t snapshot_records, log_records;
	uint64_t refused; /* records that replay() did not take */
	/* Written but not whole. At the very end that is the usual trace of a
	 * lost power supply. */
	uint64_t torn_bytes;
	/* What should never be: say it loudly. Files that could not be used,
	 * and numbered records that are in no file. */
	uint64_t bad_files, missing_records;
};

/* Below 0: the record was not taken; it is counted, and replay goes on. */
typedef int journal_replay_fn(void *arg, const void *record, size_t n);

/*
 * Opens dir (0700, created if missing) for this process alone, replays the
 * newest good snapshot and the logs since, then starts the helper. Within a
 * segment replay ends at the first record that is not whole; later segments
 * have their own head and are still replayed, for records say what is, not
 * what changed, and leaving out all that follows would lose more. Returns 0,
 * E_IO (also: another process has it), E_PERM (owner, mode) or E_NOMEM.
 * Damage and a full or read-only disk are not errors: see the report and
 * journal_trouble().
 */
int journal_open(const char *dir, journal_replay_fn *replay, void *arg,
    struct journal **out, struct journal_report *report, struct err *e);

/* Syncs everything, drops a snapshot that was not ended; NULL is fine. */
void journal_close(struct journal **j);

/*
 * Appends one record of 1..JOURNAL_RECORD_MAX bytes; it survives kill -9 when
 * this returns. Returns a ticket that journal_synced() reaches, or 0 when the
 * record cannot be kept (disk full, read-only): the daemon serves on, says
 * so, and a snapshot is wanted as soon as there is room.
 */
uint64_t journal_append(struct journal *j, const void *record, size_t n);

/* Asks the helper to sync now instead of within a second. */
void journal_sync(struct journal *j);

/* This ticket and all before it are on disk, in the log or in a snapshot. */
uint64_t journal_synced(const struct journal *j);

/* An eventfd: readable when journal_synced() or journal_trouble() may have
 * changed or a snapshot ended; read 8 bytes to clear it. */
int journal_fd(const struct journal *j);

/* NULL when all is kept and will be for a while, else why not; a constant
 * text. */
const char *journal_trouble(const struct journal *j);

/* Bytes appended and not synced yet; records that could not be kept. */
uint64_t journal_lag(const struct journal *j);
uint64_t journal_lost(const struct journal *j);

/*
 * Whether to begin a snapshot now: the log since the last one is longer than
 * it, something was lost, or the replay found damage. False while one is
 * under way and for a while after one failed.
 */
bool journal_wants_snapshot(struct journal *j);

/*
 * A fuzzy snapshot: begin, hand over the records of everything there is in
 * as many steps as needed while the log goes on, end. room says how many
 * bytes add takes now without waiting, each record counted with
 * JOURNAL_SNAPSHOT_HEAD more; when there is too little, come again (once it
 * has failed there is always enough, and add and end say so). What does not
 * fit fails the whole snapshot. The older one stands until the new one
 * is on disk. Each returns 0, E_IO, E_NOMEM or E_RANGE.
 */
#define JOURNAL_SNAPSHOT_HEAD 24
int journal_snapshot_begin(struct journal *j, struct err *e);
size_t journal_snapshot_room(struct journal *j);
int journal_snapshot_add(struct journal *j, const void *record, size_t n);
int journal_snapshot_end(struct journal *j, struct err *e);

/* How many have become files since the start. */
uint64_t journal_snapshots(const struct journal *j);

/* True from begin until the file is complete or given up. */
bool journal_snapshot_busy(struct journal *j);

#endif
