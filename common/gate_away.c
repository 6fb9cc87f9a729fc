/*
 * That fraudd is away is said once a minute. Within one process a number in
 * the gate sees to that. sshd has a process for each login, so the minute is
 * also kept in a file, under a lock: who cannot have the lock leaves the
 * saying to who has it, who cannot have the file says it.
 */

#include "gate_decision.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "gate_state.h"
#include "str.h"

#define NOTICE_SECONDS 60
#define TIME_TEXT_MAX 24
/* Who may read it may lock it, and so keep everybody from saying anything. */
#define MODE 0600

static bool
is_due(int64_t last, int64_t now)
{
	return now < last || now - last >= NOTICE_SECONDS;
}

/* INT64_MIN for what is no time. */
static int64_t
read_time(const char *text, size_t n)
{
	int64_t value = 0;
	size_t i;

	if (n == 0 || n > 18)
		return INT64_MIN;
	for (i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			return INT64_MIN;
		value = value * 10 + (text[i] - '0');
	}
	return value;
}

/* Opens the file, in a folder that may have to be made first; -1: no. */
static int
open_file(const char *path)
{
	const int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK;
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];
	struct str s;
	int fd;

	fd = open(path, flags | O_CLOEXEC, MODE);
	if (fd >= 0 || slash == NULL || slash == path)
		return fd;
	str_init(&s, dir, sizeof(dir));
	str_add_bytes(&s, path, (size_t)(slash - path));
	if (s.full || mkdir(dir, 0755) != 0)
		return -1;
	return open(path, flags | O_CLOEXEC, MODE);
}

/* Whether the minute of all processes is over; then it begins anew. */
static bool
take_turn(int fd, int64_t now)
{
	char text[TIME_TEXT_MAX];
	struct stat st;
	struct str s;
	ssize_t n;
	int64_t last;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return true;
	n = pread(fd, text, sizeof(text), 0);
	last = n > 0 ? read_time(text, (size_t)n) : INT64_MIN;
	if (last != INT64_MIN && !is_due(last, now))
		return false;
	str_init(&s, text, sizeof(text));
	str_addf(&s, "%lld", (long long)now);
	if (ftruncate(fd, 0) != 0 ||
	    pwrite(fd, s.data, s.len, 0) != (ssize_t)s.len)
		return true;
	return true;
}

static bool
is_my_turn(const char *path, int64_t now)
{
	bool mine = true;
	int fd;

	fd = open_file(path);
	if (fd < 0)
		return true;
	if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		mine = false;
	else
		mine = take_turn(fd, now);
	close(fd); /* and with it the lock */
	return mine;
}

void
gate_say_away(struct gate_decision *d, const char *why)
{
	const struct config_fraud *fraud = &d->policy->fraud;
	_Atomic int64_t *said = &d->gate->away_said;
	int64_t last = atomic_load_explicit(said, memory_order_relaxed);
	char text[ERR_TEXT_MAX];
	struct str s;

	if (last != INT64_MIN && !is_due(last, d->now))
		return;
	if (!atomic_compare_exchange_strong_explicit(said, &last, d->now,
		memory_order_relaxed, memory_order_relaxed) ||
	    !is_my_turn(fraud->away_file, d->now))
		return;
	str_init(&s, text, sizeof(text));
	str_addf(&s, "fraudd could not be asked, attempts are %s: %s",
	    fraud->allow_when_unavailable ? "let through" : "refused", why);
	gate_state_notice(d->gate, text);
}
