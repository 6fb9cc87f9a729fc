/*
 * testutil: malloc and its kin are defined here, in the program, and so come
 * before libc's for every library of the process; they count down, look for
 * secrets in what is given back, and hand on to the real ones.
 */

#include "testutil.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef __has_feature
#define __has_feature(x) 0
#endif

#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define INTERPOSE 0
#elif defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
/* the sanitizer's malloc is a weak alias of these */
#define INTERPOSE 1
#define REAL(name) __interceptor_##name
#else
#define INTERPOSE 1
#define REAL(name) __libc_##name
#endif

#define ALLOC_MAX 1000000 /* a test that needs more does not end */

/* volatile: compilers believe that malloc() looks at no variable of ours */
static _Thread_local volatile unsigned long countdown;
static _Thread_local volatile bool has_failed;

#if INTERPOSE
#define VISIBLE __attribute__((visibility("default")))

void *REAL(malloc)(size_t n);
void *REAL(calloc)(size_t n, size_t size);
void *REAL(realloc)(void *p, size_t n);
void REAL(free)(void *p);

static _Thread_local const void *volatile secret;
static _Thread_local volatile size_t secret_len;
static _Thread_local volatile unsigned long leaks;

static bool
holds_secret(void *p)
{
	return secret != NULL && p != NULL &&
	    memmem(p, malloc_usable_size(p), secret, secret_len) != NULL;
}

static bool
must_fail(void)
{
	if (countdown == 0)
		return false;
	countdown = countdown - 1;
	if (countdown != 0)
		return false;
	has_failed = true;
	errno = ENOMEM;
	return true;
}

VISIBLE void *
malloc(size_t n)
{
	return must_fail() ? NULL : REAL(malloc)(n);
}

VISIBLE void *
calloc(size_t n, size_t size)
{
	return must_fail() ? NULL : REAL(calloc)(n, size);
}

VISIBLE void *
realloc(void *p, size_t n)
{
	uintptr_t before = (uintptr_t)p;
	bool held = holds_secret(p);
	void *moved;

	if (must_fail())
		return NULL;
	moved = REAL(realloc)(p, n);
	if (held && moved != NULL && (uintptr_t)moved != before)
		leaks = leaks + 1;
	return moved;
}

VISIBLE void
free(void *p)
{
	if (holds_secret(p))
		leaks = leaks + 1;
	REAL(free)(p);
}

/* json-c 0.16 looks at no result of strdup() in json_tokener.c: it crashes. */
VISIBLE char *
strdup(const char *s)
{
	size_t size = strlen(s) + 1;
	char *copy = REAL(malloc)(size);

	return copy != NULL ? memcpy(copy, s, size) : NULL;
}
#endif

void
alloc_fail_at(unsigned long n)
{
	has_failed = false;
	countdown = n;
}

void
alloc_fail_off(void)
{
	countdown = 0;
}

bool
alloc_failed(void)
{
	return has_failed;
}

bool
alloc_fail_works(void)
{
	/* volatile, or it is inlined and not what the libraries call */
	void *(*volatile allocate)(size_t) = malloc;
	bool works;
	void *p;

	alloc_fail_at(1);
	p = allocate(1);
	alloc_fail_off();
	works = p == NULL;
	free(p);
	has_failed = false;
	return works;
}

unsigned long
for_each_alloc_failure(void (*fn)(void *arg), void *arg)
{
	unsigned long n;
	bool failed;

	alloc_fail_at(0);
	fn(arg);
	if (!alloc_fail_works()) {
		print_message("# skipped: no allocation can fail here\n");
		return 0;
	}
	for (n = 1; n < ALLOC_MAX; n++) {
		alloc_fail_at(n);
		fn(arg);
		failed = alloc_failed();
		alloc_fail_at(0);
		if (!failed)
			return n - 1;
	}
	fail_msg("more than %d allocations", ALLOC_MAX);
	return 0;
}

void
secret_watch(const void *bytes, size_t n)
{
#if INTERPOSE
	secret_len = n;
	leaks = 0;
	secret = bytes;
#else
	(void)bytes;
	(void)n;
#endif
}

unsigned long
secret_leaks(void)
{
#if INTERPOSE
	secret = NULL;
	return leaks;
#else
	return 0;
#endif
}

/* Bytes of a guard copy's mapping before the guard page. */
static size_t
guard_room(size_t n, size_t page)
{
	return n / page * page + page;
}

char *
guard_copy(const void *data, size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t room = guard_room(n, page);
	char *map;

	map = mmap(NULL, room + page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED || mprotect(map + room, page, PROT_NONE) != 0) {
		perror("guard_copy");
		abort();
	}
	if (n != 0)
		memcpy(map + room - n, data, n);
	return map + room - n;
}

void
guard_free(char *copy, size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t room = guard_room(n, page);

	munmap(copy + n - room, room + page);
}

void
for_each_truncation(const void *data, size_t n, data_fn *fn, void *arg)
{
	char *copy = guard_copy(data, n);
	size_t len;

	for (len = 0; len < n; len++) {
		memcpy(copy + n - len, data, len);
		fn(copy + n - len, len, arg);
	}
	guard_free(copy, n);
}

void
for_each_bit_flip(const void *data, size_t n, data_fn *fn, void *arg)
{
	char *copy = guard_copy(data, n);
	size_t bit;
	char kept;

	for (bit = 0; bit < 8 * n; bit++) {
		kept = copy[bit / 8];
		copy[bit / 8] = (char)(kept ^ (1 << bit % 8));
		fn(copy, n, arg);
		copy[bit / 8] = kept;
	}
	guard_free(copy, n);
}

char *
test_path(char *buf, size_t cap, const char *name)
{
	const char *top = getenv("top_srcdir");
	int n;

	n = snprintf(buf, cap, "%s/tests/%s", top != NULL ? top : ".", name);
	if (n < 0 || (size_t)n >= cap)
		fail_msg("the path of %s is too long", name);
	return buf;
}

char *
test_data(const char *name, size_t *n_out)
{
	char path[1024], *data = NULL;
	struct stat st;
	FILE *file;
	size_t n;

	file = fopen(test_path(path, sizeof(path), name), "rbe");
	if (file == NULL || fstat(fileno(file), &st) != 0)
		fail_msg("%s: %s", path, strerror(errno));
	n = (size_t)st.st_size;
	data = calloc(1, n + 1);
	if (data == NULL || fread(data, 1, n, file) != n)
		fail_msg("%s: cannot be read", path);
	fclose(file);
	if (n_out != NULL)
		*n_out = n;
	return data;
}

char *
test_dir_new(char buf[TEST_DIR_MAX])
{
	strcpy(buf, "/tmp/jwtgate-test-XXXXXX");
	if (mkdtemp(buf) == NULL)
		fail_msg("%s: %s", buf, strerror(errno));
	return buf;
}

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

void
test_dir_remove(const char *dir)
{
	if (nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS) != 0)
		fail_msg("%s: %s", dir, strerror(errno));
}

void
test_write(char path[TEST_PATH_MAX], const char *dir, const char *name,
    mode_t mode, const void *data, size_t n)
{
	int fd, len;

	len = snprintf(path, TEST_PATH_MAX, "%s/%s", dir, name);
	if (len < 0 || len >= TEST_PATH_MAX)
		fail_msg("the path of %s is too long", name);
	/* one that is read-only could not be opened again */
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, data, n) != (ssize_t)n ||
	    fchmod(fd, mode) != 0 || close(fd) != 0)
		fail_msg("%s: %s", path, strerror(errno));
}
