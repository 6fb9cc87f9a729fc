/*
 * The process is somebody else's: no signal is blocked and no handler set.
 * The child is waited for through a descriptor of the process, and killed
 * when its time is over, because a person waits for the login.
 */

#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "owner.h"

extern char **environ;

static int64_t
now_ms(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* 1 when fd is ready, 0 when the time is over, -1 sets errno. */
static int
await(int fd, int64_t deadline)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t left;
	int r;

	do {
		left = deadline - now_ms();
		r = left > 0 ? poll(&p, 1, (int)left) : 0;
	} while (r < 0 && errno == EINTR);
	return r;
}

static int
fail(struct err *e, const char *what, int error)
{
	errno = error;
	if (error == 0)
		return err_set(e, E_IO, "token_command: %s", what);
	return err_set(e, E_IO, "token_command: %s: %m", what);
}

static int
start(const char *const *argv, int out, pid_t *pid_out, struct err *e)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	char *words[OWNER_WORDS_MAX + 1];
	sigset_t none;
	size_t i;
	int r;

	/* posix_spawn() takes them as not const and leaves them alone. */
	for (i = 0; i < OWNER_WORDS_MAX && argv[i] != NULL; i++)
		memcpy(&words[i], &argv[i], sizeof(words[i]));
	words[i] = NULL;
	sigemptyset(&none);
	if (posix_spawn_file_actions_init(&actions) != 0)
		return err_set(e, E_NOMEM, "out of memory");
	if (posix_spawnattr_init(&attr) != 0) {
		posix_spawn_file_actions_destroy(&actions);
		return err_set(e, E_NOMEM, "out of memory");
	}
	r = posix_spawn_file_actions_addopen(
	    &actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(
		    &actions, out, STDOUT_FILENO);
	if (r == 0)
		r = posix_spawnattr_setsigmask(&attr, &none);
	if (r == 0)
		r = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	if (r == 0)
		r = posix_spawn(
		    pid_out, argv[0], &actions, &attr, words, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return r == 0 ? 0 : fail(e, "not started", r);
}

/* Reads to the end, or until the deadline or the cap. */
static int
drain(int fd, int64_t deadline, char *buf, size_t cap, size_t *len_out,
    struct err *e)
{
	size_t len = 0;
	ssize_t n = 1;
	int r;

	while (n != 0) {
		r = await(fd, deadline);
		if (r == 0)
			return fail(e, "too slow", 0);
		if (len == cap)
			return err_set(
			    e, E_RANGE, "token_command: prints too much");
		n = r < 0 ? -1 : read(fd, buf + len, cap - len);
		if (n < 0 && errno != EINTR)
			return fail(e, "cannot be read", errno);
		if (n > 0)
			len += (size_t)n;
	}
	*len_out = len;
	return 0;
}

/* 0 when it ended well; else it may still be there. */
static int
reap(pid_t pid, int64_t deadline, struct err *e)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	int status = 0, r = 1;
	pid_t got;

	if (fd >= 0) {
		r = await(fd, deadline);
		close(fd);
	}
	if (r == 0)
		return fail(e, "too slow", 0);
	do
		got = waitpid(pid, &status, fd >= 0 ? WNOHANG : 0);
	while (got < 0 && errno == EINTR);
	if (got != pid)
		return fail(e, "nobody can tell how it ended", 0);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return fail(e, "failed", 0);
	return 0;
}

static void
end(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, WNOHANG) != 0)
		return;
	(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
}

int
command_run(const char *const *argv, int wait_ms, char *buf, size_t cap,
    size_t *len_out, struct err *e)
{
	int64_t deadline = now_ms() + wait_ms;
	int ends[2];
	pid_t pid = -1;
	int r;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return fail(e, "no pipe", errno);
	r = start(argv, ends[1], &pid, e);
	close(ends[1]);
	if (r == 0)
		r = drain(ends[0], deadline, buf, cap, len_out, e);
	close(ends[0]);
	if (pid <= 0)
		return r;
	if (r == 0)
		r = reap(pid, deadline, e);
	if (r != 0)
		end(pid);
	return r;
}
