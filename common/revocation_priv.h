/*
 * revocation_priv: what the table (revocation.c), its text and its hash
 * share. Only revocation*.c include this.
 */

#ifndef JWTGATE_REVOCATION_PRIV_H
#define JWTGATE_REVOCATION_PRIV_H

#include <stddef.h>
#include <stdint.h>

#include "revocation.h"

/* One entry as it was read; nothing here is NUL-terminated. */
struct revocation_entry {
	enum revocation_by by;
	const char *text;
	size_t text_len;
	const char *issuer;
	size_t issuer_len; /* 0: every issuer's */
	int64_t before;
};

/* An empty table for count entries and so many bytes of texts. E_NOMEM. */
int revocation_make(size_t count, size_t texts_cap, struct revocation **out);

/* Adds a copy. Returns 0, or E_RANGE when it was made too small. */
int revocation_put(struct revocation *r, const struct revocation_entry *new);

/* SipHash-2-4 with a key that nobody else knows. */
struct hash_key {
	uint64_t k0, k1;
};
int revocation_hash_key(struct hash_key *out); /* 0 or -1 */
uint64_t revocation_hash(const struct hash_key *key, enum revocation_by by,
    const char *text, size_t n);

#endif
