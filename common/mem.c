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

/*
 * Volatile reads are side effects: the loops cannot end at a difference.
 * Eight bytes at a time, as long as there are so many.
 */
bool
mem_equal(const void *a, const void *b, size_t n)
{
	const volatile struct word {
		uint64_t w;
	} __attribute__((packed, may_alias)) *v = a, *w = b;
	const volatile unsigned char *x, *y;
	uint64_t diff = 0;

	for (; n >= sizeof(*v); n -= sizeof(*v))
		diff |= v++->w ^ w++->w;
	x = (const volatile unsigned char *)v;
	y = (const volatile unsigned char *)w;
	for (; n > 0; n--)
		diff |= (uint64_t)(*x++ ^ *y++);
	return diff == 0;
}
