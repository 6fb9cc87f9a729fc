/*
 * journal_dir: the folder of the journal, what its files are called, and the
 * system calls that reach it.
 */

#ifndef JWTGATE_JOURNAL_DIR_H
#define JWTGATE_JOURNAL_DIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct err;

/* The system calls that fail in interesting ways. */
struct journal_io {
	int (*openat)(int dir, const char *name, int flags, ...);
	int (*fallocate)(int fd, off_t offset, off_t n); /* an errno */
	/* Of an empty file: what is reserved for it is there when a mapping of
	 * it is written to. Where that is not so the kernel would kill us. */
	bool (*maps)(int fd);
	ssize_t (*pwrite)(int fd, const void *p, size_t n, off_t at);
	int (*msync)(void *p, size_t n, int flags);
	int (*fsync)(int fd);
	ssize_t (*write)(int fd, const void *p, size_t n);
	int (*renameat)(int dir, const char *from, int dir2, const char *to);
	int (*unlinkat)(int dir, const char *name, int flags);
	int (*madvise)(void *p, size_t n, int advice);
	int (*sync_file_range)(int fd, off_t at, off_t n, unsigned int flags);
	void (*rest)(void); /* between two bites, see journal_rest() */
};

/* names of files, of the numbers in them */
#define JOURNAL_NAME_MAX 40
#define JOURNAL_LOG_PREFIX "log-"
#define JOURNAL_SNAPSHOT_PREFIX "snapshot-"
#define JOURNAL_SNAPSHOT_NEW "snapshot.new"
void journal_name(
    char out[JOURNAL_NAME_MAX], const char *prefix, uint64_t number);
bool journal_name_number(
    const char *name, const char *prefix, uint64_t *number_out);

/* Opens, judges and locks the folder, made if missing. 0, E_IO, E_PERM. */
int journal_dir_open(const char *path, int *out, struct err *e);

/* journal_io.maps of a real file; asks a file system that copies on write not
 * to do so with this file. */
bool journal_dir_maps(int fd);

/* Numbers of the files with that prefix, ascending; free() them. */
int journal_dir_list(int dir, const char *prefix, uint64_t **out,
    size_t *count_out, struct err *e);

/* Removes what a snapshot from sequence on, with segments from first_kept
 * on, stands for. Failures leave files behind that do no harm. */
void journal_dir_clean(const struct journal_io *io, int dir, uint64_t sequence,
    uint64_t first_kept);

#endif
