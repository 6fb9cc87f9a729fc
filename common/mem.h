/*
 * mem: memory that is wiped, sums that are checked, compares that take the
 * same time whatever they find.
 */

#ifndef JWTGATE_MEM_H
#define JWTGATE_MEM_H

#include <stdbool.h>
#include <stddef.h>

/* n zeroed bytes (n == 0 counts as 1), NULL when out of memory; owned. */
void *mem_alloc(size_t n);

/* n * size zeroed bytes; NULL on overflow too. */
void *mem_array(size_t n, size_t size);

/* A copy of n bytes with one NUL behind them, or NULL; owned. */
void *mem_dup(const void *p, size_t n);

/* A copy of a C string, or NULL; owned. */
char *mem_strdup(const char *s);

/* Overwrites n bytes in a way the compiler keeps. */
void mem_wipe(void *p, size_t n);

/*
 * Wipes n bytes of *pp, frees it, sets *pp to NULL. *pp may be NULL.
 * For anything that held a token, a password, a key or a payload.
 */
#define mem_free(pp, n) \
	do { \
		mem_release(*(pp), (n)); \
		*(pp) = NULL; \
	} while (0)
void mem_release(void *p, size_t n);

/* Same for a C string of any length. */
void mem_free_str(char **pp);

/* Constant-time equality of n bytes. */
bool mem_equal(const void *a, const void *b, size_t n);

#endif
