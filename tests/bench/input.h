/*
 * input: the files that bench_make wrote, for the programs that verify them.
 */

#ifndef JWTGATE_BENCH_INPUT_H
#define JWTGATE_BENCH_INPUT_H

#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

/* DIR/ALG.SUFFIX, with a NUL behind it; NULL sets errno. The caller owns it. */
static inline char *
input_read(const char *dir, const char *alg, const char *suffix, size_t *n_out)
{
	char path[512];
	char *text = calloc(1, BENCH_TOKEN_MAX + 1);
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.%s", dir, alg, suffix);
	f = text != NULL ? fopen(path, "re") : NULL;
	if (f == NULL) {
		free(text);
		return NULL;
	}
	*n_out = fread(text, 1, BENCH_TOKEN_MAX, f);
	fclose(f);
	return text;
}

#endif
