/*
 * The program that prints a token may ask a network or a smart card, so it
 * has a deadline; and it is killed, not asked, when that has passed, because
 * ssh waits for us and sshd does not wait for ssh.
 */

#include "askpass_token.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "mem.h"

extern char **environ;

/* Room for the LF that is removed and the byte that is too much. */
#define TEXT_MAX (ASKPASS_TOKEN_MAX + 2)

int
askpass_token_init(struct askpass_token *t, struct err *e)
{
	*t = (struct askpass_token){ .text = mem_alloc(TEXT_MAX) };
	if (t->text == NULL)
		return err_set(e, E_NOMEM, "out of memory");
	return 0;
}

void
askpass_token_done(struct askpass_token *t)
{
	mem_free(&t->text, TEXT_MAX);
	t->len = 0;
}

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t
left_ms(int64_t deadline)
{
	int64_t left = deadline - now_ms();

	return left > 0 ? left : 0;
}

static int
spawn(const char *const *argv, int out, pid_t *pid, struct err *e)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	char *words[ASKPASS_ARGS_MAX + 1];
	sigset_t none;
	size_t i;
	int r;

	/* posix_spawn() takes them as not const and leaves them alone. */
	for (i = 0; i < ASKPASS_ARGS_MAX && argv[i] != NULL; i++)
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
		r = posix_spawnp(pid, argv[0], &actions, &attr, words, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	if (r != 0)
		return err_set(
		    e, E_IO, "token_command: not started: %s", strerror(r));
	return 0;
}

/* Reads to the end of fd, or until the deadline or the cap. */
static int
drain(int fd, int64_t deadline, struct askpass_token *t, struct err *e)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n;
	int ready;

	while (t->len < TEXT_MAX) {
		ready = poll(&p, 1, (int)left_ms(deadline));
		if (ready == 0)
			return err_set(e, E_IO, "token_command: too slow");
		if (ready < 0)
			continue;
		n = read(fd, t->text + t->len, TEXT_MAX - t->len);
		if (n == 0)
			return 0;
		if (n > 0)
			t->len += (size_t)n;
		else if (errno != EINTR)
			return err_set(
			    e, E_IO, "token_command: %s", strerror(errno));
	}
	return err_set(
	    e, E_RANGE, "token_command: more than %d bytes", ASKPASS_TOKEN_MAX);
}

/* SIGCHLD is blocked, so that it can be waited for with a deadline. */
static int
reap(pid_t pid, int64_t deadline, struct err *e)
{
	struct timespec wait;
	sigset_t child;
	int64_t left;
	int status;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		left = left_ms(deadline);
		if (left == 0)
			return err_set(e, E_IO, "token_command: too slow");
		wait.tv_sec = (time_t)(left / 1000);
		wait.tv_nsec = (long)(left % 1000) * 1000000;
		(void)sigtimedwait(&child, NULL, &wait);
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFEXITED(status))
		return err_set(e, E_IO, "token_command: exit status %d",
		    WEXITSTATUS(status));
	return err_set(e, E_IO, "token_command: ended by a signal");
}

static int
run(const char *const *argv, int64_t deadline, struct askpass_token *t,
    struct err *e)
{
	int ends[2];
	pid_t pid = -1;
	int r;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return err_set(e, E_IO, "token_command: %s", strerror(errno));
	r = spawn(argv, ends[1], &pid, e);
	close(ends[1]);
	if (r == 0)
		r = drain(ends[0], deadline, t, e);
	close(ends[0]);
	if (pid > 0) {
		if (r == 0)
			r = reap(pid, deadline, e);
		if (r != 0) {
			kill(pid, SIGKILL);
			(void)waitpid(pid, NULL, 0);
		}
	}
	return r;
}

static int
chomp(struct askpass_token *t, struct err *e)
{
	if (t->len > 0 && t->text[t->len - 1] == '\n')
		t->len--;
	if (t->len > ASKPASS_TOKEN_MAX)
		return err_set(e, E_RANGE, "the token is over %d bytes",
		    ASKPASS_TOKEN_MAX);
	return 0;
}

int
askpass_token_command(const char *const *argv, int wait_ms,
    struct askpass_token *t, struct err *e)
{
	sigset_t child, old;
	int r;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, &old);
	r = run(argv, now_ms() + wait_ms, t, e);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return r == 0 ? chomp(t, e) : r;
}

int
askpass_token_file(const char *path, struct askpass_token *t, struct err *e)
{
	struct file f = { 0 };
	int r;

	r = file_read(path, ASKPASS_TOKEN_MAX + 1, FILE_SECRET, &f, e);
	if (r != 0)
		return r;
	memcpy(t->text, f.data, f.len);
	t->len = f.len;
	file_done(&f);
	return chomp(t, e);
}

int
askpass_token_check(const struct askpass_token *t, struct err *e)
{
	size_t i;

	if (t->len == 0)
		return err_set(e, E_TOKEN_MISSING, "the token is empty");
	for (i = 0; i < t->len; i++) {
		if (t->text[i] <= 0x20 || t->text[i] >= 0x7f)
			return err_set(e, E_TOKEN_MALFORMED,
			    "the token holds a blank or a control byte");
	}
	return 0;
}
