/*
 * file: the file is opened first and judged by its descriptor, so nobody can
 * exchange it in between. Identity is taken before the first byte is read: a
 * write that comes later makes the next file_same() say no.
 */

#include "file.h"

#include "err.h"
#include "mem.h"
#include "str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHOWN_MAX 256 /* bytes of a path in a sentence */
#define GROW_MIN 4096

/* One sentence "path: what: why"; the reason is errno where it is not 0. */
static int
fail(struct err *e, int code, const char *path, const char *what, int error)
{
	char shown[SHOWN_MAX];

	str_printable(shown, sizeof(shown), path, strlen(path));
	if (error == 0)
		return err_set(e, code, "%s: %s", shown, what);
	errno = error;
	return err_set(e, code, "%s: %s: %m", shown, what);
}

static void
identify(const struct stat *st, struct file_id *out)
{
	out->dev = st->st_dev;
	out->ino = st->st_ino;
	out->size = st->st_size;
	out->mtime_sec = st->st_mtim.tv_sec;
	out->mtime_nsec = st->st_mtim.tv_nsec;
	out->ctime_sec = st->st_ctim.tv_sec;
	out->ctime_nsec = st->st_ctim.tv_nsec;
}

static int
open_retry(int dir, const char *path, int flags, mode_t mode)
{
	int fd;

	do
		fd = openat(dir, path, flags | O_CLOEXEC | O_NOCTTY, mode);
	while (fd < 0 && errno == EINTR);
	return fd;
}

/*
 * Reads until f holds cap bytes, fewer only at the end of the file. What was
 * read counts even on failure, to be wiped. -1 sets errno.
 */
static int
read_full(int fd, struct file *f, size_t cap)
{
	ssize_t got;

	while (f->len < cap) {
		got = read(fd, f->data + f->len, cap - f->len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		f->len += (size_t)got;
	}
	return 0;
}

/* Doubles f's buffer of *cap bytes, at most to max + 1 bytes and a NUL. */
static int
grow(struct file *f, size_t *cap, size_t max)
{
	size_t bigger;
	char *data;

	bigger = *cap < GROW_MIN ? GROW_MIN : *cap * 2;
	if (bigger > max + 1)
		bigger = max + 1;
	data = mem_alloc(bigger + 1);
	if (data == NULL)
		return E_NOMEM;
	if (f->len != 0)
		memcpy(data, f->data, f->len);
	mem_free(&f->data, f->len);
	f->data = data;
	*cap = bigger;
	return 0;
}

/*
 * Reads to the end of the file, which may have grown since fstat() or tell
 * no size at all. One byte over max is read to see that it is over.
 */
static int
read_all(int fd, const char *path, size_t max, struct file *f, struct err *e)
{
	size_t cap = (size_t)f->id.size + 1;

	f->data = mem_alloc(cap + 1);
	if (f->data == NULL)
		return fail(e, E_NOMEM, path, "out of memory", 0);
	for (;;) {
		if (read_full(fd, f, cap) != 0)
			return fail(e, E_IO, path, "cannot read", errno);
		if (f->len > max)
			return fail(e, E_RANGE, path, "is too long", 0);
		if (f->len < cap)
			break;
		if (grow(f, &cap, max) != 0)
			return fail(e, E_NOMEM, path, "out of memory", 0);
	}
	f->data[f->len] = '\0';
	return 0;
}

int
file_read(const char *path, size_t max, enum file_trust trust, struct file *out,
    struct err *e)
{
	struct file f = { .data = NULL };
	struct stat st;
	int fd, ret;

	if (max > SSIZE_MAX / 4)
		max = SSIZE_MAX / 4;
	fd = open_retry(AT_FDCWD, path, O_RDONLY | O_NONBLOCK, 0);
	/* that is how a socket answers */
	if (fd < 0 && errno == ENXIO)
		return fail(e, E_PERM, path, "is not a regular file", 0);
	if (fd < 0)
		return fail(e, E_IO, path, "cannot open", errno);
	if (fstat(fd, &st) != 0) {
		ret = fail(e, E_IO, path, "cannot stat", errno);
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		ret = fail(e, E_PERM, path, "is not a regular file", 0);
		goto out;
	}
	identify(&st, &f.id);
	f.mode = st.st_mode & 07777;
	f.uid = st.st_uid;
	ret = file_judge(path, &f, trust, e);
	if (ret != 0)
		goto out;
	if (st.st_size < 0 || (uintmax_t)st.st_size > max) {
		ret = fail(e, E_RANGE, path, "is too long", 0);
		goto out;
	}
	ret = read_all(fd, path, max, &f, e);
	if (ret != 0)
		goto out;
	*out = f;
	f.data = NULL;
out:
	file_done(&f);
	close(fd);
	return ret;
}

int
file_judge(const char *path, const struct file *f, enum file_trust trust,
    struct err *e)
{
	if (trust == FILE_ANY)
		return 0;
	if (f->uid != 0 && f->uid != geteuid())
		return fail(e, E_PERM, path,
		    "belongs to another user than root or the service", 0);
	if ((f->mode & (S_IWGRP | S_IWOTH)) != 0)
		return fail(
		    e, E_PERM, path, "can be written by group or others", 0);
	if (trust != FILE_PUBLIC && (f->mode & S_IROTH) != 0)
		return fail(e, E_PERM, path,
		    "holds a secret and can be read by everybody", 0);
	return 0;
}

void
file_done(struct file *f)
{
	mem_free(&f->data, f->len);
	memset(f, 0, sizeof(*f));
}

void
file_chomp(struct file *f)
{
	if (f->len != 0 && f->data[f->len - 1] == '\n')
		f->data[--f->len] = '\0';
}

int
file_identify(const char *path, struct file_id *out, struct err *e)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return fail(e, E_IO, path, "cannot stat", errno);
	identify(&st, out);
	return 0;
}

bool
file_same(const struct file_id *a, const struct file_id *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	    a->mtime_sec == b->mtime_sec && a->mtime_nsec == b->mtime_nsec &&
	    a->ctime_sec == b->ctime_sec && a->ctime_nsec == b->ctime_nsec;
}

static int
write_full(int fd, const void *data, size_t n)
{
	const char *p = data;
	ssize_t put;

	while (n != 0) {
		put = write(fd, p, n);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -1;
		p += put;
		n -= (size_t)put;
	}
	return 0;
}

static int
sync_retry(int fd)
{
	int ret;

	do
		ret = fsync(fd);
	while (ret != 0 && errno == EINTR);
	return ret;
}

/* A name beside base that nobody can guess; -1 sets errno. */
static int
temp_name(char *name, size_t cap, const char *base)
{
	unsigned char random[8] = { 0 };
	struct str s;
	ssize_t got;
	size_t i;

	do
		got = getrandom(random, sizeof(random), 0);
	while (got < 0 && errno == EINTR);
	if (got != (ssize_t)sizeof(random))
		return -1;
	str_init(&s, name, cap);
	str_addf(&s, ".%s.", base);
	for (i = 0; i < sizeof(random); i++)
		str_addf(&s, "%02x", random[i]);
	errno = ENAMETOOLONG;
	return s.full ? -1 : 0;
}

/* Opens the folder of path and points base at the last part; -1 is errno. */
static int
open_folder(const char *path, const char **base_out)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash != NULL ? slash + 1 : path;
	char folder[PATH_MAX];
	struct str s;

	if (*base == '\0' || strcmp(base, ".") == 0 ||
	    strcmp(base, "..") == 0) {
		errno = EISDIR;
		return -1;
	}
	str_init(&s, folder, sizeof(folder));
	if (slash == NULL)
		str_add(&s, ".");
	else
		str_add_bytes(&s, path, (size_t)(slash - path) + 1);
	if (s.full) {
		errno = ENAMETOOLONG;
		return -1;
	}
	*base_out = base;
	return open_retry(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY, 0);
}

/* Fills the new file and closes it in every case; -1 sets errno. */
static int
fill(int fd, mode_t mode, const void *data, size_t n)
{
	int error = 0;

	if (write_full(fd, data, n) != 0 || fchmod(fd, mode) != 0 ||
	    sync_retry(fd) != 0)
		error = errno;
	/* NFS reports a full disk here; EINTR leaves it closed all the same */
	if (close(fd) != 0 && error == 0 && errno != EINTR)
		error = errno;
	errno = error;
	return error != 0 ? -1 : 0;
}

int
file_replace(
    const char *path, mode_t mode, const void *data, size_t n, struct err *e)
{
	char name[NAME_MAX + 1];
	const char *base = NULL;
	int dir, fd, ret = 0;

	dir = open_folder(path, &base);
	if (dir < 0)
		return fail(e, E_IO, path, "cannot open its folder", errno);
	if (temp_name(name, sizeof(name), base) != 0) {
		ret = fail(e, E_IO, path, "cannot name a new file", errno);
		goto out;
	}
	fd = open_retry(
	    dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
	if (fd < 0) {
		ret = fail(e, E_IO, path, "cannot create beside it", errno);
		goto out;
	}
	if (fill(fd, mode, data, n) != 0 ||
	    renameat(dir, name, dir, base) != 0) {
		ret = fail(e, E_IO, path, "cannot replace", errno);
		unlinkat(dir, name, 0);
		goto out;
	}
	/* some file systems have nothing to sync here and say EINVAL */
	if (sync_retry(dir) != 0 && errno != EINVAL)
		ret = fail(e, E_IO, path, "replaced, but not synced", errno);
out:
	close(dir);
	return ret;
}
