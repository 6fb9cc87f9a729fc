/*
 * digest: SHA-256, with a key and without, for what must be compared or
 * counted elsewhere without being known there.
 */

#ifndef JWTGATE_DIGEST_H
#define JWTGATE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define DIGEST_LEN 32

/* 0 or E_CRYPTO; out is untouched then. */
int digest_sha256(const void *data, size_t n, uint8_t out[DIGEST_LEN]);

/* HMAC-SHA-256 under key. 0 or E_CRYPTO; out is untouched then. */
int digest_hmac(const void *key, size_t key_len, const void *data, size_t n,
    uint8_t out[DIGEST_LEN]);

#endif
