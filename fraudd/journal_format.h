/*
 * journal_format: the bytes of the journal's files, all little-endian.
 *
 * A file is a head of 64 bytes, then records, each padded with zeros to a
 * multiple of eight. Every checksum starts from that of the file's random
 * id, so that bytes of another file are never a record of this one. A log
 * ends at the first record whose length is zero; a snapshot ends with a
 * record that counts the others and sums up everything before.
 */

#ifndef JWTGATE_JOURNAL_FORMAT_H
#define JWTGATE_JOURNAL_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JOURNAL_HEAD 64
#define JOURNAL_ID 16
#define JOURNAL_FRAME 16 /* checksum, length, sequence */

enum journal_kind {
	JOURNAL_LOG = 1,
	JOURNAL_SNAPSHOT = 2
};

struct journal_head {
	enum journal_kind kind;
	uint8_t id[JOURNAL_ID];
	uint64_t number; /* of the segment; 0 in a snapshot */
	/* log: of its first record; snapshot: it stands for all before */
	uint64_t sequence;
};

struct journal_frame {
	const uint8_t *payload; /* borrowed from the buffer */
	size_t n;
	uint64_t sequence;
	size_t size; /* of frame, payload and padding */
};

/* What stands at some place of a file. */
enum journal_found {
	JOURNAL_BAD = 0,
	JOURNAL_RECORD,
	JOURNAL_TRAILER,
	JOURNAL_END /* zeros: never written */
};

void journal_head_put(uint8_t out[JOURNAL_HEAD], const struct journal_head *h);
bool journal_head_get(struct journal_head *out, const uint8_t *p, size_t n);

/* What the checksums of a file's records start from. */
uint32_t journal_seed(const struct journal_head *h);

/* Bytes of a record of n bytes in a file. */
size_t journal_frame_size(size_t n);

/*
 * Writes a record to p, its length last: what is cut off in the middle of it
 * counts as never written.
 */
void journal_frame_put(
    uint8_t *p, uint32_t seed, uint64_t sequence, const void *data, size_t n);

/* Looks at p, where n bytes are left of the file. */
enum journal_found journal_frame_get(
    struct journal_frame *out, uint32_t seed, const uint8_t *p, size_t n);

/* The last record of a snapshot: sum is the checksum of all before it. */
#define JOURNAL_TRAILER_SIZE 24
void journal_trailer_put(uint8_t out[JOURNAL_TRAILER_SIZE], uint32_t seed,
    uint64_t count, uint32_t sum);
/* The sum of a trailer that journal_frame_get() found. */
uint32_t journal_trailer_sum(const struct journal_frame *f);

#endif
