/*
 * fuzz_snapshot: any bytes as a snapshot: replayed whole or not at all. What
 * the input says of a good one, its checksums made right again, too.
 */

#include "fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "crc32c.h"
#include "err.h"
#include "journal.h"
#include "journal_priv.h"

static int
see(void *arg, const void *record, size_t n)
{
	uint64_t *bytes = arg;

	FUZZ_CHECK(record != NULL && n > 0 && n <= JOURNAL_RECORD_MAX);
	*bytes += n;
	return 0;
}

static int
scan(const uint8_t *data, size_t size, uint64_t *records_out)
{
	struct journal_report report = { 0 };
	struct journal_head head;
	uint64_t length = 0, bytes = 0;
	struct journal_scan s = {
		.replay = see, .arg = &bytes, .report = &report
	};
	int fd, r;

	fd = memfd_create("snapshot", MFD_CLOEXEC);
	FUZZ_CHECK(fd >= 0);
	FUZZ_CHECK(write(fd, data, size) == (ssize_t)size);
	FUZZ_CHECK(lseek(fd, 0, SEEK_SET) == 0);
	r = journal_scan_snapshot(fd, &s, &head, &length);
	close(fd);
	FUZZ_CHECK(r == 0 || r == E_SYNTAX);
	FUZZ_CHECK(r == 0 || bytes == 0);
	FUZZ_CHECK(r != 0 || length + JOURNAL_TRAILER_SIZE == size);
	*records_out = report.snapshot_records;
	return r;
}

/* A good one with records cut from the input; returns its length. */
static size_t
compose(uint8_t *out, const uint8_t *data, size_t size, uint64_t *count)
{
	struct journal_head head = { .kind = JOURNAL_SNAPSHOT,
		.sequence = size };
	uint32_t seed = journal_seed(&head);
	size_t at = JOURNAL_HEAD, n;

	journal_head_put(out, &head);
	*count = 0;
	while (size > 1) {
		n = 1u + data[0];
		if (n > --size)
			n = size;
		journal_frame_put(out + at, seed, ++*count, ++data, n);
		at += journal_frame_size(n);
		data += n;
		size -= n;
	}
	journal_trailer_put(out + at, seed, *count, crc32c(seed, out, at));
	return at + JOURNAL_TRAILER_SIZE;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t count = 0, got = 0;
	size_t n, where;
	uint8_t *file;

	(void)scan(data, size, &got);
	file = calloc(1,
	    JOURNAL_HEAD + size * (JOURNAL_FRAME + 8) + JOURNAL_TRAILER_SIZE);
	FUZZ_CHECK(file != NULL);
	n = compose(file, data, size, &count);
	FUZZ_CHECK(scan(file, n, &got) == 0 && got == count);
	if (size >= 4) {
		where = ((size_t)data[0] << 8 | data[1]) % n;
		FUZZ_CHECK(scan(file, where, &got) == E_SYNTAX);
		file[where] ^= (uint8_t)(data[2] | 1);
		FUZZ_CHECK(scan(file, n, &got) == E_SYNTAX);
	}
	free(file);
	return 0;
}
