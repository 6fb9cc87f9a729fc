/*
 * echo: the least that a server on a Unix socket can do. It reads, and writes
 * one constant answer for so many bytes as one request has; it knows neither
 * what is asked nor what it says. What it costs is what the kernel costs.
 *
 *	bench_echo SOCKET REQUEST_BYTES ANSWER
 *
 * Ends when it is told to by a signal.
 */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define EVENTS 64
#define FDS 65536
#define PIPELINE 64
#define BUFFER 65536

static size_t request_len, answer_len;
static char answers[BUFFER];
static unsigned have[FDS]; /* bytes of a request that is not whole */

static void
die(const char *what)
{
	fprintf(stderr, "bench_echo: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void
take_all(int ep, int listener)
{
	struct epoll_event e = { .events = EPOLLIN };
	int fd;

	while ((fd = accept4(
		    listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		if (fd >= FDS)
			die("too many connections");
		have[fd] = 0;
		e.data.fd = fd;
		if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e) != 0)
			die("epoll_ctl");
	}
}

static void
answer(int fd)
{
	static char in[BUFFER];
	size_t requests;
	ssize_t got = recv(fd, in, PIPELINE * request_len, 0);

	if (got <= 0) {
		if (got == 0 || (errno != EAGAIN && errno != EINTR))
			close(fd);
		return;
	}
	requests = (have[fd] + (size_t)got) / request_len;
	have[fd] = (unsigned)((have[fd] + (size_t)got) % request_len);
	if (requests > 0 &&
	    send(fd, answers, requests * answer_len, MSG_NOSIGNAL) < 0 &&
	    errno != EPIPE)
		die("send");
}

static void
serve(int listener)
{
	struct epoll_event events[EVENTS];
	struct epoll_event e = { .events = EPOLLIN, .data.fd = listener };
	int ep = epoll_create1(EPOLL_CLOEXEC), n, i;

	if (ep < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, listener, &e) != 0)
		die("epoll");
	for (;;) {
		n = epoll_wait(ep, events, EVENTS, -1);
		for (i = 0; i < n; i++)
			if (events[i].data.fd == listener)
				take_all(ep, listener);
			else
				answer(events[i].data.fd);
	}
}

int
main(int argc, char *argv[])
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), i;

	if (argc != 4 || strlen(argv[1]) >= sizeof(a.sun_path)) {
		fprintf(stderr, "usage: bench_echo SOCKET BYTES ANSWER\n");
		return 2;
	}
	strcpy(a.sun_path, argv[1]);
	request_len = strtoul(argv[2], NULL, 10);
	answer_len = strlen(argv[3]);
	if (request_len == 0 || request_len > BUFFER / PIPELINE ||
	    answer_len == 0 || answer_len > BUFFER / PIPELINE)
		die("sizes");
	for (i = 0; i < PIPELINE; i++)
		memcpy(answers + (size_t)i * answer_len, argv[3], answer_len);
	signal(SIGPIPE, SIG_IGN);
	if (bind(listener, (struct sockaddr *)&a, sizeof(a)) != 0 ||
	    listen(listener, 4096) != 0)
		die(argv[1]);
	serve(listener);
	return 0;
}
