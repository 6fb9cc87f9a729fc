/*
 * Reading what may be damaged. A log is read up to the first record that is
 * not whole, and never beyond: what looks like a record behind it may be one
 * of the past. A snapshot counts whole or not at all, so it is read twice.
 * Files are read, not mapped: a bad block is an error then and not a signal.
 */

#include "journal_scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crc32c.h"
#include "err.h"
#include "mem.h"

#define BUFFER (1024 * 1024)

static void
hand_on(const struct journal_scan *s, const struct journal_frame *f)
{
	if (s->replay(s->arg, f->payload, f->n) < 0)
		s->report->refused++;
}

/* Bytes from p on, up to the last one that is not zero. */
static uint64_t
written(const uint8_t *p, size_t n)
{
	while (n > 0 && p[n - 1] == 0)
		n--;
	return n;
}

int
journal_scan_log(const struct journal_scan *s, const uint8_t *data, size_t n,
    struct journal_log_end *out)
{
	struct journal_frame f;
	uint64_t next;
	uint32_t seed;
	size_t at = JOURNAL_HEAD;

	if (!journal_head_get(&out->head, data, n) ||
	    out->head.kind != JOURNAL_LOG)
		return E_SYNTAX;
	seed = journal_seed(&out->head);
	next = out->head.sequence;
	while (
	    journal_frame_get(&f, seed, data + at, n - at) == JOURNAL_RECORD &&
	    f.sequence == next) {
		if (f.sequence >= s->base) {
			s->report->log_records++;
			hand_on(s, &f);
		}
		at += f.size;
		next++;
	}
	out->end = at;
	out->next = next;
	out->torn = written(data + at, n - at);
	return 0;
}

struct reader {
	int fd;
	uint8_t *buffer;
	size_t at, end;
	bool eof;
};

/* Keeps a whole record in the buffer as long as the file has one. */
static int
fill(struct reader *r)
{
	ssize_t got;

	if (r->eof || r->end - r->at >= journal_frame_size(JOURNAL_RECORD_MAX))
		return 0;
	memmove(r->buffer, r->buffer + r->at, r->end - r->at);
	r->end -= r->at;
	r->at = 0;
	while (!r->eof && r->end < BUFFER) {
		got = read(r->fd, r->buffer + r->end, BUFFER - r->end);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return E_IO;
		r->eof = got == 0;
		r->end += (size_t)got;
	}
	return 0;
}

/* One way through the file; with s, records are handed on. */
static int
pass(struct reader *r, const struct journal_scan *s,
    struct journal_head *head_out, uint64_t *bytes_out)
{
	enum journal_found found;
	struct journal_frame f;
	uint64_t count = 0;
	uint32_t seed, sum;

	if (fill(r) != 0)
		return E_IO;
	if (!journal_head_get(head_out, r->buffer, r->end) ||
	    head_out->kind != JOURNAL_SNAPSHOT)
		return E_SYNTAX;
	seed = journal_seed(head_out);
	sum = crc32c(seed, r->buffer, JOURNAL_HEAD);
	r->at = JOURNAL_HEAD;
	*bytes_out = JOURNAL_HEAD;
	for (;;) {
		if (fill(r) != 0)
			return E_IO;
		found = journal_frame_get(
		    &f, seed, r->buffer + r->at, r->end - r->at);
		if (found != JOURNAL_RECORD || f.sequence != count + 1)
			break;
		count++;
		sum = crc32c(sum, r->buffer + r->at, f.size);
		if (s != NULL) {
			s->report->snapshot_records++;
			hand_on(s, &f);
		}
		r->at += f.size;
		*bytes_out += f.size;
	}
	if (found != JOURNAL_TRAILER || f.sequence != count ||
	    journal_trailer_sum(&f) != sum || r->at + f.size != r->end ||
	    !r->eof)
		return E_SYNTAX;
	return 0;
}

int
journal_scan_snapshot(int fd, const struct journal_scan *s,
    struct journal_head *head_out, uint64_t *bytes_out)
{
	struct reader r = { .fd = fd };
	int ret;

	r.buffer = mem_alloc(BUFFER);
	if (r.buffer == NULL)
		return E_NOMEM;
	ret = pass(&r, NULL, head_out, bytes_out);
	if (ret != 0)
		goto out;
	if (lseek(fd, 0, SEEK_SET) != 0) {
		ret = E_IO;
		goto out;
	}
	r.at = r.end = 0;
	r.eof = false;
	if (pass(&r, s, head_out, bytes_out) != 0)
		ret = E_IO; /* it changed meanwhile */
out:
	free(r.buffer);
	return ret;
}
