/*
 * jwtgate revoke: one more entry in the revocation list, which is replaced
 * whole, so that no host ever reads half of it. Two of us at once take turns
 * by a lock on the file; who gets it looks whether it is still the file.
 */

#include "jwtgate.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "err.h"
#include "file.h"
#include "mem.h"
#include "revocation.h"
#include "str.h"

#define EMPTY "{\n\t\"revoked\": []\n}\n"
#define NEW_MODE 0644
#define TURNS_MAX 1000 /* of others before ours */
#define SHOWN_MAX 256

static int
fail_errno(const char *path, struct err *e)
{
	char shown[SHOWN_MAX];
	int error = errno;

	str_printable(shown, sizeof(shown), path, strlen(path));
	errno = error;
	return err_set(e, E_IO, "%s: %m", shown);
}

/* Whoever comes first makes it; nobody else's is overwritten. */
static int
make_empty(const char *path, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, NEW_MODE);
	int r = 0;

	if (fd < 0)
		return errno == EEXIST ? 0 : fail_errno(path, e);
	if (fchmod(fd, NEW_MODE) != 0)
		r = fail_errno(path, e);
	close(fd);
	return r;
}

/* An open file that is locked and still stands at path. */
static int
lock_file(const char *path, int *fd_out, struct err *e)
{
	struct stat mine, theirs;
	int fd, i, r;

	for (i = 0; i < TURNS_MAX; i++) {
		fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT) {
			r = make_empty(path, e);
			if (r != 0)
				return r;
			continue;
		}
		if (fd < 0)
			return fail_errno(path, e);
		if (flock(fd, LOCK_EX) == 0 && fstat(fd, &mine) == 0 &&
		    stat(path, &theirs) == 0 && mine.st_dev == theirs.st_dev &&
		    mine.st_ino == theirs.st_ino) {
			*fd_out = fd;
			return 0;
		}
		close(fd);
	}
	return err_set(e, E_IO, "the revocation list cannot be locked");
}

/* The list is judged before it is touched, and once more as it will be. */
static int
append(const char *path, const struct revocation_query *q, int64_t before,
    struct err *e)
{
	struct revocation *list = NULL;
	struct file f = { 0 };
	const char *old = EMPTY; /* of a file that was just made */
	size_t n = strlen(EMPTY);
	char *text = NULL;
	int r;

	r = file_read(path, REVOCATION_FILE_MAX, FILE_PUBLIC, &f, e);
	if (r == 0 && f.len > 0) {
		old = f.data;
		n = f.len;
	}
	if (r == 0)
		r = revocation_parse(old, n, path, &list, e);
	revocation_free(&list);
	if (r == 0)
		r = revocation_add(old, n, q, before, &text, e);
	if (r == 0)
		r = revocation_parse(text, strlen(text), path, &list, e);
	if (r == 0)
		r = file_replace(path, f.mode & 0777, text, strlen(text), e);
	revocation_free(&list);
	mem_free_str(&text);
	file_done(&f);
	return r;
}

/* The one thing that is to be revoked; false unless it is exactly one. */
static bool
find_query(const struct cli *cli, struct revocation_query *q)
{
	static const enum cli_option options[REVOCATION_BY_COUNT] = {
		[REVOCATION_JTI] = CLI_JTI,
		[REVOCATION_SID] = CLI_SID,
		[REVOCATION_KID] = CLI_KID,
		[REVOCATION_SUBJECT] = CLI_SUBJECT,
		[REVOCATION_USER] = CLI_USER,
	};
	size_t i, count = 0;

	for (i = 0; i < REVOCATION_BY_COUNT; i++) {
		if (cli_value(cli, options[i]) == NULL)
			continue;
		q->by = (enum revocation_by)i;
		q->text = cli_value(cli, options[i]);
		count++;
	}
	q->issuer = cli_value(cli, CLI_ISSUER);
	return count == 1;
}

static int
add_entry(const char *path, const struct revocation_query *q, int64_t before)
{
	struct err e = { 0 };
	int fd = -1, r;

	r = lock_file(path, &fd, &e);
	if (r == 0)
		r = append(path, q, before, &e);
	if (fd >= 0)
		close(fd);
	return r == 0 ? CLI_DONE : cli_fail(r, &e);
}

/* People may log in again; a token, a session or a key stays revoked. */
static int
run(const struct cli *cli, const struct config *config,
    const struct revocation_query *q, int64_t now)
{
	const struct config_policy *policy = config_policy(
	    config, cli_value(cli, CLI_SERVICE));
	int64_t before = -1;
	struct err e = { 0 };

	if (policy == NULL || policy->revocation_file == NULL) {
		err_set(&e, E_CONFIG_INVALID, "%s",
		    policy == NULL ?
			"the configuration names no part for the service" :
			"the configuration names no revocation.file");
		return cli_fail(E_CONFIG_INVALID, &e);
	}
	/* what was issued in this very second is revoked too */
	if (q->by == REVOCATION_SUBJECT || q->by == REVOCATION_USER)
		before = now + 1;
	return add_entry(policy->revocation_file, q, before);
}

int
jwtgate_revoke(const struct cli *cli)
{
	struct revocation_query q = { .since = -1 };
	struct config *config = NULL;
	struct err e = { 0 };
	int64_t now;
	int r, status;

	if (!find_query(cli, &q))
		return cli_usage(cli,
		    "revoke takes one of --jti, --sid, --kid, --subject "
		    "and --user");
	if (q.by == REVOCATION_SUBJECT && q.issuer == NULL)
		return cli_usage(cli, "--subject needs its --issuer");
	status = cli_now(cli, &now);
	if (status != CLI_DONE)
		return status;
	r = config_load(cli_config_path(cli), &config, &e);
	status = r == 0 ? run(cli, config, &q, now) : cli_fail_config(r, &e);
	config_free(&config);
	return status;
}
