/*
 * fuzz_journal: any bytes as a log. What is replayed was written with a
 * checksum that holds, in order; a log that is made of the input's pieces
 * comes back whole, and damaged by the input it comes back up to there.
 */

#include "fuzz.h"

#include <string.h>

#include "err.h"
#include "journal.h"
#include "journal_priv.h"

struct seen {
	const uint8_t *from, *to;
	uint64_t count, bytes;
};

static int
see(void *arg, const void *record, size_t n)
{
	struct seen *s = arg;
	const uint8_t *p = record;

	FUZZ_CHECK(n > 0 && n <= JOURNAL_RECORD_MAX);
	FUZZ_CHECK(p >= s->from && p + n <= s->to);
	s->count++;
	s->bytes += n;
	return (p[0] & 1) != 0 ? E_SYNTAX : 0;
}

static int
scan(const uint8_t *data, size_t size, struct seen *seen,
    struct journal_log_end *end)
{
	struct journal_report report = { 0 };
	struct journal_scan s = {
		.replay = see, .arg = seen, .report = &report
	};
	int r;

	*seen = (struct seen){ .from = data, .to = data + size };
	r = journal_scan_log(&s, data, size, end);
	FUZZ_CHECK(r == 0 || (r == E_SYNTAX && seen->count == 0));
	if (r == 0) {
		FUZZ_CHECK(end->end >= JOURNAL_HEAD);
		FUZZ_CHECK(end->end + end->torn <= size);
		FUZZ_CHECK(end->next - end->head.sequence == seen->count);
		FUZZ_CHECK(report.log_records == seen->count);
		FUZZ_CHECK(report.refused <= seen->count);
	}
	return r;
}

/* A log of records cut from the input; returns its length. */
static size_t
compose(uint8_t *out, const uint8_t *data, size_t size, struct seen *want)
{
	struct journal_head head = {
		.kind = JOURNAL_LOG, .number = size, .sequence = UINT64_MAX / 2
	};
	size_t at = JOURNAL_HEAD, n;

	memcpy(head.id, data, size < JOURNAL_ID ? size : JOURNAL_ID);
	journal_head_put(out, &head);
	*want = (struct seen){ 0 };
	while (size > 1) {
		n = 1u + data[0];
		if (n > --size)
			n = size;
		journal_frame_put(out + at, journal_seed(&head),
		    head.sequence + want->count, ++data, n);
		at += journal_frame_size(n);
		want->count++;
		want->bytes += n;
		data += n;
		size -= n;
	}
	return at;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct journal_log_end end = { 0 };
	struct seen want, seen;
	uint8_t *log;
	size_t n, where;

	(void)scan(data, size, &seen, &end);
	log = calloc(1, JOURNAL_HEAD + size * (JOURNAL_FRAME + 8) + 8);
	FUZZ_CHECK(log != NULL);
	n = compose(log, data, size, &want);
	FUZZ_CHECK(scan(log, n, &seen, &end) == 0);
	FUZZ_CHECK(seen.count == want.count && seen.bytes == want.bytes);
	FUZZ_CHECK(end.end == n && end.torn == 0);
	if (size >= 5 && n > JOURNAL_HEAD) {
		where = ((size_t)data[1] << 16 | (size_t)data[2] << 8 |
			    data[3]) %
		    (n - JOURNAL_HEAD);
		log[JOURNAL_HEAD + where] ^= (uint8_t)(data[4] | 1);
		FUZZ_CHECK(scan(log, n, &seen, &end) == 0);
		FUZZ_CHECK(seen.count < want.count);
		FUZZ_CHECK(end.end <= JOURNAL_HEAD + where);
	}
	free(log);
	return 0;
}
