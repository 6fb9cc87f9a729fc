/*
 * mem: a thin layer over malloc. Memory is born zeroed and dies wiped; the
 * compare is our own six lines, so that base needs no libcrypto.
 */

#include "mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *
mem_alloc(size_t n)
{
	return calloc(1, n != 0 ? n : 1);
}

void *
mem_array(size_t n, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(n, size, &total))
		return NULL;
	return mem_alloc(total);
}

void *
mem_dup(const void *p, size_t n)
{
	char *copy;

	if (n == SIZE_MAX)
		return NULL;
	copy = malloc(n + 1);
	if (copy == NULL)
		return NULL;
	if (n != 0)
		memcpy(copy, p, n);
	copy[n] = '\0';
	return copy;
}

char *
mem_strdup(const char *s)
{
	return mem_dup(s, strlen(s));
}

void
mem_wipe(void *p, size_t n)
{
	if (n != 0)
		explicit_bzero(p, n);
}

void
mem_release(void *p, size_t n)
{
	if (p == NULL)
		return;
	mem_wipe(p, n);
	free(p);
}

void
mem_free_str(char **pp)
{
	if (*pp != NULL)
		mem_free(pp, strlen(*pp));
}

/* Volatile reads are side effects: the loop cannot end at a difference. */
bool
mem_equal(const void *a, const void *b, size_t n)
{
	const volatile unsigned char *x = a;
	const volatile unsigned char *y = b;
	unsigned int diff = 0;
	size_t i;

	for (i = 0; i < n; i++)
		diff |= (unsigned int)(x[i] ^ y[i]);
	return diff == 0;
}
