/*
 * journal_scan: reading what is there, whatever has become of it.
 */

#ifndef JWTGATE_JOURNAL_SCAN_H
#define JWTGATE_JOURNAL_SCAN_H

#include <stddef.h>
#include <stdint.h>

#include "journal.h"
#include "journal_format.h"

struct err;
struct journal_io;

/* What the readers hand records to. */
struct journal_scan {
	journal_replay_fn *replay;
	void *arg;
	uint64_t base; /* records of a log below this are skipped */
	struct journal_report *report;
};

struct journal_log_end {
	struct journal_head head;
	size_t end; /* of the last good record */
	uint64_t next; /* sequence after it */
	uint64_t torn; /* bytes written behind it */
};

/* The records of a log of n bytes. 0, or E_SYNTAX when it has no head. */
int journal_scan_log(const struct journal_scan *s, const uint8_t *data,
    size_t n, struct journal_log_end *out);

/*
 * Reads a snapshot from fd, twice: whole and unharmed first, then to replay.
 * Returns 0, E_SYNTAX (not whole, nothing was replayed), E_IO or E_NOMEM.
 */
int journal_scan_snapshot(int fd, const struct journal_scan *s,
    struct journal_head *head_out, uint64_t *bytes_out);

/* What replay found out. */
struct journal_replayed {
	uint64_t sequence; /* of the next record */
	uint64_t number; /* of the next segment */
	uint64_t log_bytes, snapshot_bytes;
	size_t logs; /* files */
};

/*
 * Replays a folder: the newest good snapshot, then the logs, whose base is
 * found here. Removes what holds nothing. Returns 0, E_IO, E_PERM, E_NOMEM.
 */
int journal_replay(const struct journal_io *io, int dir,
    const struct journal_scan *scan, struct journal_replayed *out,
    struct err *e);

#endif
