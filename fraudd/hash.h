/*
 * hash: values and keys under a secret key (SipHash-128 of libsodium).
 *
 * The key has a generation. After a rotation the previous key stays until
 * nothing in the table needs it; until then there is no second rotation.
 */

#ifndef JWTGATE_HASH_H
#define JWTGATE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct hash_keys;

#define HASH_LEN 16
#define HASH_MESSAGE_MAX 2048
#define HASH_FILE_NAME "hash.key" /* in the state directory */

/*
 * Reads the key file, and makes it (0600) where there is none. Returns 0,
 * E_IO, E_PERM (owner, mode), E_KEY (damaged, of a later version), E_NOMEM,
 * E_CRYPTO. path NULL: a fresh key that lives in memory alone.
 */
int hash_keys_load(const char *path, struct hash_keys **out, struct err *e);
void hash_keys_free(struct hash_keys **k);

/*
 * A new key; the present one becomes the previous. E_RANGE while there is a
 * previous one, E_IO when the file could not be replaced: then nothing has
 * changed.
 */
int hash_keys_rotate(struct hash_keys *k, struct err *e);

/* Forgets the previous key, in the file too. */
int hash_keys_retire(struct hash_keys *k, struct err *e);

uint32_t hash_generation(const struct hash_keys *k); /* 1, 2, ... */
bool hash_has_previous(const struct hash_keys *k);
/* Whether there is a key of that generation. */
bool hash_knows(const struct hash_keys *k, uint32_t generation);

struct hash_part {
	const void *data;
	size_t len;
};

/*
 * Hashes the parts, each with its length in front, so that no two lists of
 * parts are the same message. Together at most HASH_MESSAGE_MAX bytes with 4
 * for each part; what is longer, or a generation that is not there, gives
 * false.
 */
bool hash_parts(const struct hash_keys *k, uint32_t generation,
    const struct hash_part *parts, size_t count, uint8_t out[HASH_LEN]);

/*
 * A key of its own for one purpose, which the parts name, made from the key of
 * a generation: so the message that is hashed for every attempt is short. It
 * is as secret as the key; wipe it.
 */
struct hash_purpose {
	uint32_t generation; /* 0: not made yet */
	uint8_t key[HASH_LEN];
};
bool hash_purpose(const struct hash_keys *k, uint32_t generation,
    const struct hash_part *parts, size_t count, struct hash_purpose *out);
void hash_for(const struct hash_purpose *p, const void *data, size_t n,
    uint8_t out[HASH_LEN]);

/* For hash tables: 64 bits under a key made anew by each load. */
uint64_t hash_index(const struct hash_keys *k, const void *data, size_t n);
/* The same of 18 bytes that are at hand as words, low byte first. */
uint64_t hash_words(
    const struct hash_keys *k, uint64_t first, uint64_t second, uint16_t rest);

/* Random bytes that nobody can guess. */
void hash_random(void *out, size_t n);

#endif
