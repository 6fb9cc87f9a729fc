/*
 * The file is named for the process that asks, by its number and its start
 * time, so that two logins at once do not meet and a number that comes round
 * again finds nothing of its predecessor. It lives in $XDG_RUNTIME_DIR,
 * which is memory and goes with the session.
 */

#include "askpass_keep.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER "jwtgate"
#define PATH_MAX_BYTES 4096
#define STAT_MAX 4096
#define START_MAX 24
#define FILE_NAME_START "askpass."
#define FILE_NAME FILE_NAME_START "%ld.%s"
#define START_FIELD 22 /* of /proc/PID/stat, proc(5) */

/* When a process started, in clock ticks since boot; "" when unknown. */
static void
start_time(pid_t pid, char out[START_MAX])
{
	char path[32], stat[STAT_MAX];
	const char *s;
	ssize_t n;
	size_t len;
	int fd, field;

	out[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return;
	n = read(fd, stat, sizeof(stat) - 1);
	close(fd);
	stat[n > 0 ? n : 0] = '\0';
	/* The name, field 2, may hold anything; its parenthesis is the last. */
	s = strrchr(stat, ')');
	for (field = 2; s != NULL && field < START_FIELD; field++) {
		s = strchr(s, ' ');
		if (s != NULL)
			s++;
	}
	len = s != NULL ? strspn(s, "0123456789") : 0;
	if (len > 0 && len < START_MAX) {
		memcpy(out, s, len);
		out[len] = '\0';
	}
}

/* A folder of the owner that nobody else can enter. */
static int
open_folder(const char *path)
{
	struct stat st;
	int fd;

	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
	    (st.st_mode & 077) == 0)
		return fd;
	close(fd);
	return -1;
}

void
askpass_keep_open(const char *runtime_dir, struct askpass_keep *out)
{
	char path[PATH_MAX_BYTES], start[START_MAX];
	pid_t asking = getppid();
	int n;

	*out = (struct askpass_keep){ .dir = -1 };
	/* 1: whoever asked has gone. */
	if (runtime_dir == NULL || runtime_dir[0] != '/' || asking <= 1)
		return;
	start_time(asking, start);
	n = snprintf(path, sizeof(path), "%s/" FOLDER, runtime_dir);
	if (start[0] == '\0' || n < 0 || (size_t)n >= sizeof(path))
		return;
	snprintf(out->name, sizeof(out->name), FILE_NAME, (long)asking, start);
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return;
	out->dir = open_folder(path);
}

void
askpass_keep_close(struct askpass_keep *k)
{
	if (k->dir >= 0)
		close(k->dir);
	k->dir = -1;
}

/* Whether it is the file that put wrote. */
static bool
trusted(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_uid == geteuid() && (st.st_mode & 077) == 0;
}

bool
askpass_keep_get(const struct askpass_keep *k, struct askpass_token *t)
{
	ssize_t n = -1;
	int fd;

	if (k->dir < 0)
		return false;
	fd = openat(
	    k->dir, k->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (trusted(fd))
		n = read(fd, t->text, ASKPASS_TOKEN_MAX);
	close(fd);
	if (n <= 0)
		return false;
	t->len = (size_t)n;
	return true;
}

void
askpass_keep_put(const struct askpass_keep *k, const struct askpass_token *t)
{
	ssize_t n;
	int fd;

	if (k->dir < 0)
		return;
	askpass_keep_remove(k);
	fd = openat(k->dir, k->name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	n = write(fd, t->text, t->len);
	close(fd);
	if (n != (ssize_t)t->len)
		askpass_keep_remove(k);
}

void
askpass_keep_remove(const struct askpass_keep *k)
{
	if (k->dir >= 0)
		(void)unlinkat(k->dir, k->name, 0);
}

/* Whether name is a kept token of a process that is not there any more. */
static bool
stale(const char *name)
{
	static const char first[] = FILE_NAME_START;
	char start[START_MAX];
	char *kept;
	long pid;

	if (strncmp(name, first, sizeof(first) - 1) != 0)
		return false;
	errno = 0;
	pid = strtol(name + sizeof(first) - 1, &kept, 10);
	if (errno != 0 || pid <= 0 || pid > INT_MAX || *kept != '.')
		return false;
	start_time((pid_t)pid, start);
	return strcmp(start, kept + 1) != 0;
}

void
askpass_keep_sweep(const struct askpass_keep *k)
{
	struct dirent *entry;
	DIR *d;
	int fd;

	if (k->dir < 0)
		return;
	fd = openat(k->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	if ((d = fdopendir(fd)) == NULL) {
		close(fd);
		return;
	}
	while ((entry = readdir(d)) != NULL) {
		if (stale(entry->d_name))
			(void)unlinkat(k->dir, entry->d_name, 0);
	}
	closedir(d);
}
