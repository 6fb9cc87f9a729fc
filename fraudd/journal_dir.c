/*
 * The folder: who may have it, what its files are called, and which of them
 * a snapshot has made needless. A file goes only after what replaces it is
 * on disk, name included.
 */

#include "journal_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "err.h"

void
journal_name(char out[JOURNAL_NAME_MAX], const char *prefix, uint64_t number)
{
	snprintf(out, JOURNAL_NAME_MAX, "%s%016" PRIx64, prefix, number);
}

bool
journal_name_number(const char *name, const char *prefix, uint64_t *number_out)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = strlen(prefix), i;
	uint64_t number = 0;
	const char *digit;

	if (strncmp(name, prefix, n) != 0 || strlen(name + n) != 16)
		return false;
	for (i = 0; i < 16; i++) {
		digit = strchr(digits, name[n + i]);
		if (digit == NULL)
			return false;
		number = number << 4 | (uint64_t)(digit - digits);
	}
	*number_out = number;
	return true;
}

int
journal_dir_open(const char *path, int *out, struct err *e)
{
	struct stat st;
	int fd, r = 0;

	if (mkdir(path, 0700) != 0 && errno != EEXIST && errno != EROFS)
		return err_set(
		    e, E_IO, "%s: cannot make it: %s", path, strerror(errno));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_set(
		    e, E_IO, "%s: cannot open it: %s", path, strerror(errno));
	if (fstat(fd, &st) != 0)
		r = err_set(e, E_IO, "%s: %s", path, strerror(errno));
	else if (st.st_uid != geteuid())
		r = err_set(e, E_PERM, "%s: it belongs to user %ju, not to us",
		    path, (uintmax_t)st.st_uid);
	else if ((st.st_mode & 077) != 0)
		r = err_set(e, E_PERM,
		    "%s: mode %04o lets others in, it must be 0700", path,
		    (unsigned int)(st.st_mode & 07777));
	else if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		r = err_set(e, E_IO,
		    errno == EWOULDBLOCK ? "%s: another process uses it" :
					   "%s: cannot lock it",
		    path);
	if (r != 0) {
		close(fd);
		return r;
	}
	*out = fd;
	return 0;
}

/*
 * Only where it is known to be so: elsewhere records are written by a call,
 * which says when there is no room. A file system that copies on write needs
 * room for each change of a page, however much was reserved for the file.
 */
bool
journal_dir_maps(int fd)
{
	struct statfs fs;
	int flags = 0;

	if (fstatfs(fd, &fs) != 0)
		return false;
	switch (fs.f_type) {
	case EXT4_SUPER_MAGIC: /* ext2 and ext3 too */
	case XFS_SUPER_MAGIC:
	case TMPFS_MAGIC:
		return true;
	case BTRFS_SUPER_MAGIC:
		/* one file is rewritten page by page: not in a thousand bits */
		if (ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0) {
			flags |= FS_NOCOW_FL;
			(void)ioctl(fd, FS_IOC_SETFLAGS, &flags);
		}
		return false;
	default:
		return false;
	}
}

static int
ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Appends a number to a growing array. */
static int
push(uint64_t **list, size_t *count, uint64_t number)
{
	uint64_t *more = *list;

	if ((*count & (*count - 1)) == 0) { /* 0, 1, 2, 4, ... are full */
		more = reallocarray(
		    *list, *count == 0 ? 1 : *count * 2, sizeof(**list));
		if (more == NULL)
			return E_NOMEM;
	}
	*list = more;
	more[(*count)++] = number;
	return 0;
}

int
journal_dir_list(int dir, const char *prefix, uint64_t **out, size_t *count_out,
    struct err *e)
{
	uint64_t *list = NULL, number;
	size_t count = 0;
	struct dirent *d;
	DIR *stream = NULL;
	int fd, r = 0;

	fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		stream = fdopendir(fd);
	if (stream == NULL) {
		if (fd >= 0)
			close(fd);
		return err_set(e, E_IO, "cannot list: %s", strerror(errno));
	}
	while (r == 0 && (d = readdir(stream)) != NULL) {
		if (journal_name_number(d->d_name, prefix, &number))
			r = push(&list, &count, number);
	}
	closedir(stream);
	if (r != 0) {
		free(list);
		return err_set(e, r, "out of memory");
	}
	if (count > 1)
		qsort(list, count, sizeof(*list), ascending);
	*out = list;
	*count_out = count;
	return 0;
}

/* Removes the files with that prefix whose number is below. */
static void
clean_below(
    const struct journal_io *io, int dir, const char *prefix, uint64_t below)
{
	char name[JOURNAL_NAME_MAX];
	uint64_t *list = NULL;
	size_t count = 0, i;

	if (journal_dir_list(dir, prefix, &list, &count, NULL) != 0)
		return;
	for (i = 0; i < count && list[i] < below; i++) {
		journal_name(name, prefix, list[i]);
		(void)io->unlinkat(dir, name, 0);
		io->rest();
	}
	free(list);
}

void
journal_dir_clean(const struct journal_io *io, int dir, uint64_t sequence,
    uint64_t first_kept)
{
	clean_below(io, dir, JOURNAL_SNAPSHOT_PREFIX, sequence);
	clean_below(io, dir, JOURNAL_LOG_PREFIX, first_kept);
}
