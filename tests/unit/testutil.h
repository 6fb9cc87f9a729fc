/*
 * testutil: what the unit tests share. Include it first; it brings cmocka.
 *
 * Inputs behind a guard page, all truncations and bit flips of an input,
 * allocations that fail, temporary folders, and the test data in git.
 */

#ifndef JWTGATE_TESTUTIL_H
#define JWTGATE_TESTUTIL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <cmocka.h>

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

/*
 * A copy of n bytes whose end is the end of a page, followed by one that
 * cannot be touched: reading data[n] is a crash. data may be NULL if n is 0.
 */
char *guard_copy(const void *data, size_t n);
void guard_free(char *copy, size_t n);

/* What the drivers below call. data is a guard copy that ends after n bytes. */
typedef void data_fn(const char *data, size_t n, void *arg);

/* Calls fn with the first 0, 1, ... n - 1 bytes. */
void for_each_truncation(const void *data, size_t n, data_fn *fn, void *arg);

/* Calls fn 8 * n times, each time with one other bit turned over. */
void for_each_bit_flip(const void *data, size_t n, data_fn *fn, void *arg);

/*
 * Lets the n-th allocation of this thread from now on fail, 1 being the next;
 * only that one. It catches malloc, calloc and realloc of the whole process,
 * so those of the libraries too; strdup() alone never fails, for json-c does
 * not expect it. alloc_failed() tells whether it came to it.
 */
void alloc_fail_at(unsigned long n);
void alloc_fail_off(void);
bool alloc_failed(void);

/* False where allocations cannot be made to fail (valgrind, TSan, MSan). */
bool alloc_fail_works(void);

/*
 * Calls fn once as it is, then with the 1st, 2nd, ... allocation failing
 * until a call needs no more of them. fn asserts what it wants; it asks
 * alloc_failed() which of the two it saw, and must free what it got. Returns
 * how many calls had a failure; 0 where alloc_fail_works() is false.
 */
unsigned long for_each_alloc_failure(void (*fn)(void *arg), void *arg);

/*
 * From secret_watch() on, counts the blocks given back to malloc in which the
 * n bytes still stand; secret_leaks() ends it and tells how many there were.
 * bytes is borrowed and must not itself be in a block that is freed before.
 * Where allocations cannot be made to fail this sees nothing and says 0.
 */
void secret_watch(const void *bytes, size_t n);
unsigned long secret_leaks(void);

/*
 * The content of tests/<name> of the source tree, NUL behind it, n_out may be
 * NULL; free() it. Fails the test when it cannot be read.
 */
char *test_data(const char *name, size_t *n_out);

/* Writes the path of tests/<name> into buf and returns it. */
char *test_path(char *buf, size_t cap, const char *name);

/* A new temporary folder, and its removal with all that is in it. */
#define TEST_DIR_MAX 64
char *test_dir_new(char buf[TEST_DIR_MAX]);
void test_dir_remove(const char *dir);

/* Writes dir/name anew with exactly that mode; its path goes into path. */
#define TEST_PATH_MAX 512
void test_write(char path[TEST_PATH_MAX], const char *dir, const char *name,
    mode_t mode, const void *data, size_t n);

#endif
