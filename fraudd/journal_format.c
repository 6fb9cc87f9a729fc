/*
 * Only memory: what is here is all that reads bytes which a crash, a disk or
 * somebody else may have damaged.
 */

#include "journal_format.h"

#include <endian.h>
#include <string.h>

#include "crc32c.h"
#include "journal.h"

#define FORMAT_VERSION 1
/* In the length of a frame: this is the end of a snapshot. */
#define TRAILER_MARK 0x80000000u

/* offsets in the head */
enum {
	AT_MAGIC = 0,
	AT_VERSION = 8,
	AT_KIND = 12,
	AT_ID = 16,
	AT_NUMBER = 32,
	AT_SEQUENCE = 40,
	AT_ZERO = 48,
	AT_CRC = 60
};

static const char magic[8] = { 'f', 'r', 'a', 'u', 'd', 'd', '\r', '\n' };

static void
put32(uint8_t *p, uint32_t v)
{
	v = htole32(v);
	memcpy(p, &v, sizeof(v));
}

static void
put64(uint8_t *p, uint64_t v)
{
	v = htole64(v);
	memcpy(p, &v, sizeof(v));
}

static uint32_t
get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

static uint64_t
get64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

void
journal_head_put(uint8_t out[JOURNAL_HEAD], const struct journal_head *h)
{
	memset(out, 0, JOURNAL_HEAD);
	memcpy(out + AT_MAGIC, magic, sizeof(magic));
	put32(out + AT_VERSION, FORMAT_VERSION);
	put32(out + AT_KIND, (uint32_t)h->kind);
	memcpy(out + AT_ID, h->id, JOURNAL_ID);
	put64(out + AT_NUMBER, h->number);
	put64(out + AT_SEQUENCE, h->sequence);
	put32(out + AT_CRC, crc32c(0, out, AT_CRC));
}

bool
journal_head_get(struct journal_head *out, const uint8_t *p, size_t n)
{
	uint32_t kind;

	if (n < JOURNAL_HEAD || memcmp(p, magic, sizeof(magic)) != 0 ||
	    get32(p + AT_VERSION) != FORMAT_VERSION ||
	    get32(p + AT_CRC) != crc32c(0, p, AT_CRC))
		return false;
	kind = get32(p + AT_KIND);
	if (kind != JOURNAL_LOG && kind != JOURNAL_SNAPSHOT)
		return false;
	out->kind = (enum journal_kind)kind;
	memcpy(out->id, p + AT_ID, JOURNAL_ID);
	out->number = get64(p + AT_NUMBER);
	out->sequence = get64(p + AT_SEQUENCE);
	return true;
}

uint32_t
journal_seed(const struct journal_head *h)
{
	return crc32c(0, h->id, JOURNAL_ID);
}

static size_t
padded(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

size_t
journal_frame_size(size_t n)
{
	return JOURNAL_FRAME + padded(n);
}

void
journal_frame_put(
    uint8_t *p, uint32_t seed, uint64_t sequence, const void *data, size_t n)
{
	static const uint8_t zero[8];
	struct crc32c_head head = { htole32((uint32_t)n), htole64(sequence) };
	size_t pad = padded(n) - n;
	uint32_t crc;

	/* not from the mapping, where the lines may still be on their way */
	crc = crc32c_copy(seed, &head, p + JOURNAL_FRAME, data, n);
	if (pad > 0) {
		memset(p + JOURNAL_FRAME + n, 0, pad);
		crc = crc32c(crc, zero, pad);
	}
	put32(p, crc);
	put64(p + 8, sequence);
	__atomic_store_n(
	    (uint32_t *)(void *)(p + 4), head.first, __ATOMIC_RELEASE);
}

static bool
all_zero(const uint8_t *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (p[i] != 0)
			return false;
	}
	return true;
}

enum journal_found
journal_frame_get(
    struct journal_frame *out, uint32_t seed, const uint8_t *p, size_t n)
{
	uint32_t len;
	bool trailer;

	if (all_zero(p, n < JOURNAL_FRAME ? n : JOURNAL_FRAME))
		return JOURNAL_END;
	if (n < JOURNAL_FRAME)
		return JOURNAL_BAD;
	len = get32(p + 4);
	trailer = (len & TRAILER_MARK) != 0;
	len &= ~TRAILER_MARK;
	if (len == 0 || len > JOURNAL_RECORD_MAX || journal_frame_size(len) > n)
		return JOURNAL_BAD;
	out->payload = p + JOURNAL_FRAME;
	out->n = len;
	out->sequence = get64(p + 8);
	out->size = journal_frame_size(len);
	if (get32(p) != crc32c(seed, p + 4, out->size - 4))
		return JOURNAL_BAD;
	if (!trailer)
		return JOURNAL_RECORD;
	return len == sizeof(uint32_t) ? JOURNAL_TRAILER : JOURNAL_BAD;
}

void
journal_trailer_put(uint8_t out[JOURNAL_TRAILER_SIZE], uint32_t seed,
    uint64_t count, uint32_t sum)
{
	memset(out, 0, JOURNAL_TRAILER_SIZE);
	put32(out + 4, (uint32_t)sizeof(sum) | TRAILER_MARK);
	put64(out + 8, count);
	put32(out + JOURNAL_FRAME, sum);
	put32(out, crc32c(seed, out + 4, JOURNAL_TRAILER_SIZE - 4));
}

uint32_t
journal_trailer_sum(const struct journal_frame *f)
{
	return get32(f->payload);
}
