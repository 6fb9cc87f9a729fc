/*
 * testfraudd: see testfraudd.h.
 */

#include "testfraudd.h"

#include "testutil.h"

#include "str.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* "*2\r\n$1\r\na\r\n$1\r\nb\r\n" as "a b\n"; its length, 0: not whole. */
static size_t
read_request(const char *in, size_t n, char *line, size_t cap)
{
	const char *p = in;
	char *end;
	long words, len;
	size_t at = 0;

	words = n > 0 && memchr(in, '\n', n) != NULL ? strtol(p + 1, &end, 10) :
						       0;
	if (words == 0)
		return 0;
	for (p = end + 2; words > 0; words--) {
		assert_true(*p == '$');
		len = strtol(p + 1, &end, 10);
		p = end + 2;
		assert_true(p + len + 2 <= in + n);
		assert_true(at + (size_t)len + 2 < cap);
		memcpy(line + at, p, (size_t)len);
		at += (size_t)len;
		line[at++] = words > 1 ? ' ' : '\n';
		p += len + 2;
	}
	line[at] = '\0';
	return (size_t)(p - in);
}

static void
answer(struct test_fraudd *f, int fd, const char *line)
{
	const bool login = strncmp(line, "attempt login", 13) == 0;
	const char *text = ":1\r\n";

	pthread_mutex_lock(&f->lock);
	assert_true(strlen(f->heard) + strlen(line) < sizeof(f->heard));
	strcat(f->heard, line);
	f->lines++;
	if (login)
		text = f->login;
	else if (strncmp(line, "attempt token", 13) == 0)
		text = f->token;
	else if (strncmp(line, "open ", 5) == 0)
		text = f->login;
	else if (strncmp(line, "outcome", 7) == 0)
		f->owed--;
	if (login && text != NULL &&
	    strncmp(text, "*6\r\n$5\r\nallow", 13) == 0)
		f->owed++;
	pthread_cond_broadcast(&f->more);
	pthread_mutex_unlock(&f->lock);
	if (text != NULL)
		assert_true(send(fd, text, strlen(text), MSG_NOSIGNAL) != 0);
}

static bool
serve_one(struct test_fraudd *f, int fd)
{
	static char in[16384], line[8192];
	ssize_t n = read(fd, in, sizeof(in) - 1);
	size_t at = 0, used;

	if (n <= 0)
		return false;
	in[n] = '\0';
	while (at < (size_t)n) {
		used = read_request(
		    in + at, (size_t)n - at, line, sizeof(line));
		assert_true(used > 0);
		answer(f, fd, line);
		at += used;
	}
	return true;
}

static void *
serve(void *arg)
{
	struct test_fraudd *f = arg;
	struct pollfd p[16] = { { .fd = f->stop[0], .events = POLLIN },
		{ .fd = f->fd, .events = POLLIN } };
	nfds_t n = 2, i;

	for (;;) {
		while (poll(p, n, -1) < 0)
			continue;
		if (p[0].revents != 0)
			break;
		for (i = 2; i < n; i++) {
			if (p[i].revents != 0 && !serve_one(f, p[i].fd)) {
				close(p[i].fd);
				p[i--] = p[--n];
			}
		}
		if (p[1].revents != 0 && n < COUNT_OF(p))
			p[n++] = (struct pollfd){ .fd = accept(
						      f->fd, NULL, NULL),
				.events = POLLIN };
	}
	for (i = 2; i < n; i++)
		close(p[i].fd);
	return NULL;
}

void
test_fraudd_start(struct test_fraudd *f, const char *dir)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	memset(f, 0, sizeof(*f));
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->more, NULL);
	snprintf(to.sun_path, sizeof(to.sun_path), "%s/s", dir);
	unlink(to.sun_path);
	f->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(f->fd, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(listen(f->fd, 16), 0);
	assert_int_equal(pipe2(f->stop, O_CLOEXEC), 0);
	assert_int_equal(pthread_create(&f->thread, NULL, serve, f), 0);
}

void
test_fraudd_stop(struct test_fraudd *f)
{
	if (f->fd == 0)
		return;
	assert_int_equal(write(f->stop[1], "x", 1), 1);
	assert_int_equal(pthread_join(f->thread, NULL), 0);
	close(f->stop[0]);
	close(f->stop[1]);
	close(f->fd);
	pthread_cond_destroy(&f->more);
	pthread_mutex_destroy(&f->lock);
	f->fd = 0;
}

/* Until there are as many lines, and no more outcomes to come than that. */
static void
wait_for(struct test_fraudd *f, unsigned lines, int owed)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 20;
	while ((f->lines < lines || f->owed > owed) &&
	    pthread_cond_timedwait(&f->more, &f->lock, &until) == 0)
		continue;
}

void
test_fraudd_says(struct test_fraudd *f, const char *login, const char *token)
{
	pthread_mutex_lock(&f->lock);
	wait_for(f, 0, 0);
	f->login = login;
	f->token = token;
	f->heard[0] = '\0';
	f->lines = 0;
	pthread_mutex_unlock(&f->lock);
}

void
test_fraudd_heard(
    struct test_fraudd *f, unsigned lines, char got[TEST_FRAUDD_HEARD])
{
	pthread_mutex_lock(&f->lock);
	wait_for(f, lines, INT_MAX);
	strcpy(got, f->heard);
	pthread_mutex_unlock(&f->lock);
}

void
test_fraudd_heard_is(struct test_fraudd *f, const char *id, const char *want)
{
	char text[TEST_FRAUDD_HEARD], got[TEST_FRAUDD_HEARD];
	unsigned lines = 0;
	struct str out;
	const char *p;
	size_t n;

	for (p = want; *p != '\0'; p++)
		lines += *p == '\n' ? 1 : 0;
	test_fraudd_heard(f, lines, text);
	str_init(&out, got, sizeof(got));
	for (p = text; *p != '\0'; p += strspn(p, " \n")) {
		n = strcspn(p, " \n");
		if (n == 43 || str_is(p, n, id))
			str_add(&out, n == 43 ? "X" : "I");
		else
			str_add_bytes(&out, p, n);
		p += n;
		str_add_bytes(&out, p, strspn(p, " \n"));
	}
	assert_string_equal(got, want);
}
