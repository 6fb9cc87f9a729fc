/*
 * file: reading what the decision rests on, and replacing it whole.
 *
 * Only the file itself is judged, not the folders above it. Symbolic links
 * are followed: the file that was opened is the one that is judged.
 */

#ifndef JWTGATE_FILE_H
#define JWTGATE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct err;

/* Tells whether a file changed since it was read. */
struct file_id {
	dev_t dev;
	ino_t ino;
	off_t size;
	int64_t mtime_sec, ctime_sec; /* who sets mtime back moves ctime */
	long mtime_nsec, ctime_nsec;
};

/* What the owner and the mode of a file must be. */
enum file_trust {
	FILE_ANY = 0, /* the caller's own file, nothing is judged */
	FILE_PUBLIC, /* owner root or euid; no group or other write */
	FILE_SECRET /* FILE_PUBLIC, and no read for others */
};

struct file {
	char *data; /* owned; one NUL stands behind the last byte */
	size_t len;
	struct file_id id;
	mode_t mode;
	uid_t uid;
};

/*
 * Reads a whole regular file of at most max bytes. Never blocks on a FIFO.
 * Returns 0, E_NOMEM, E_IO (missing, unreadable), E_PERM (trust; also what
 * is not a regular file) or E_RANGE (over max); the sentence names the path.
 */
int file_read(const char *path, size_t max, enum file_trust trust,
    struct file *out, struct err *e);

/* Judges a file that was read before its content was known. 0 or E_PERM. */
int file_judge(const char *path, const struct file *f, enum file_trust trust,
    struct err *e);

/* Wipes and frees the content; leaves an empty struct. */
void file_done(struct file *f);

/* Removes one final LF, as secret and password files have it. */
void file_chomp(struct file *f);

/* Returns 0 and the identity of path as it is now, or E_IO. */
int file_identify(const char *path, struct file_id *out, struct err *e);
bool file_same(const struct file_id *a, const struct file_id *b);

/*
 * Replaces path by n bytes with that mode: written beside it, synced, then
 * renamed, so that a reader sees the old file or the new one. A symbolic
 * link at path is replaced, not followed. Returns 0 or E_IO; on failure the
 * old file stands and nothing is left behind, unless only the last step, the
 * sync of the folder, failed: the sentence then says "replaced".
 */
int file_replace(
    const char *path, mode_t mode, const void *data, size_t n, struct err *e);

#endif
