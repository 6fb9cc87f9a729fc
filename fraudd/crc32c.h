/*
 * crc32c: the Castagnoli checksum (RFC 3720 appendix B.4). It finds damage,
 * not intent.
 */

#ifndef JWTGATE_CRC32C_H
#define JWTGATE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Goes on from crc, the checksum of what came before; 0 at the start. */
uint32_t crc32c(uint32_t crc, const void *data, size_t n);

/* Twelve bytes, as they lie in memory, in front of others. */
struct crc32c_head {
	uint32_t first;
	uint64_t second;
};
/* The sum of a head and the n bytes behind it, which are copied on the way. */
uint32_t crc32c_copy(uint32_t crc, const struct crc32c_head *head, void *to,
    const void *data, size_t n);

/* The same by the table alone, whatever the processor can do. */
uint32_t crc32c_portable(uint32_t crc, const void *data, size_t n);

#endif
