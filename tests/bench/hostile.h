/*
 * hostile: the dearest tokens we can think of that no signature saves.
 */

#ifndef JWTGATE_BENCH_HOSTILE_H
#define JWTGATE_BENCH_HOSTILE_H

#include <stddef.h>

/* Fills token (BENCH_TOKEN_MAX bytes) with one of this shape, 16 KiB long. */
void hostile_token(
    const char *shape, const char *alg, char *token, size_t *len_out);

#endif
