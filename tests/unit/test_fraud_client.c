/*
 * fraud_client against servers of all kinds: one that answers, and those that
 * never do, answer in pieces, with garbage, half, or are not there at all.
 * Each question ends by its deadline.
 */

#include "testutil.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "fraud_client.h"

#define ALLOW \
	"*6\r\n$5\r\nallow\r\n$-1\r\n:1\r\n:10\r\n:0\r\n" \
	"$22\r\nvbnPZE8ZfPtrBG4O9noWaA\r\n"
#define SOON 100 /* ms, where the deadline is to pass */
#define LONG 20000 /* ms, where it is not */

/* What the server does with each connection. */
enum manner {
	ANSWER, /* each request */
	SILENT, /* never */
	BYTEWISE,
	GARBAGE,
	HALF, /* then closes */
	ONE, /* one answer, then closes */
	TALKATIVE, /* two answers for one */
	DEAF /* closes at once */
};

struct server {
	char dir[TEST_DIR_MAX], path[TEST_PATH_MAX];
	_Atomic(enum manner) manner;
	int fd, stop[2];
	pthread_t thread;
	atomic_uint accepted, requests;
};

static void
say(int fd, const char *text, size_t n)
{
	while (n > 0) {
		ssize_t sent = send(fd, text, n, MSG_NOSIGNAL);

		if (sent <= 0)
			return;
		text += sent;
		n -= (size_t)sent;
	}
}

/* The requests of these tests end with "end". */
static unsigned
count_requests(const char *in, size_t n)
{
	unsigned count = 0;
	size_t i;

	for (i = 0; i + 3 <= n; i++)
		count += memcmp(in + i, "end", 3) == 0 ? 1 : 0;
	return count;
}

/* False: the connection is to be closed. */
static bool
serve_one(struct server *s, int fd)
{
	char in[4096];
	ssize_t n = read(fd, in, sizeof(in));
	unsigned count;
	size_t i;

	if (n <= 0)
		return false;
	count = count_requests(in, (size_t)n);
	atomic_fetch_add(&s->requests, count);
	for (; count > 0; count--) {
		switch (atomic_load(&s->manner)) {
		case SILENT:
		case DEAF:
			break;
		case TALKATIVE:
			say(fd, ALLOW ":1\r\n", sizeof(ALLOW) + 3);
			break;
		case GARBAGE:
			say(fd, "+OK\r\n", 5);
			break;
		case HALF:
			say(fd, ALLOW, 20);
			return false;
		case BYTEWISE:
			for (i = 0; i < sizeof(ALLOW) - 1; i++)
				say(fd, &ALLOW[i], 1);
			break;
		case ANSWER:
		case ONE:
			say(fd, ALLOW, sizeof(ALLOW) - 1);
			break;
		}
	}
	return s->manner != ONE;
}

#define PEERS 600

static void *
serve(void *arg)
{
	static _Thread_local struct pollfd p[PEERS];
	struct server *s = arg;
	nfds_t n = 2, i;

	p[0] = (struct pollfd){ .fd = s->stop[0], .events = POLLIN };
	p[1] = (struct pollfd){ .fd = s->fd, .events = POLLIN };
	for (;;) {
		while (poll(p, n, -1) < 0)
			continue;
		if (p[0].revents != 0)
			break;
		for (i = 2; i < n; i++) {
			if (p[i].revents == 0 || serve_one(s, p[i].fd))
				continue;
			close(p[i].fd);
			p[i--] = p[--n];
		}
		if (p[1].revents == 0 || n == PEERS)
			continue;
		p[n].fd = accept(s->fd, NULL, NULL);
		p[n].events = POLLIN;
		p[n].revents = 0;
		atomic_fetch_add(&s->accepted, 1);
		if (s->manner == DEAF)
			close(p[n].fd);
		else
			n++;
	}
	for (i = 2; i < n; i++)
		close(p[i].fd);
	return NULL;
}

static void
server_bind(struct server *s, int backlog)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	assert_true(strlen(s->path) < sizeof(to.sun_path));
	strcpy(to.sun_path, s->path);
	unlink(s->path);
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(s->fd >= 0);
	assert_int_equal(bind(s->fd, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(listen(s->fd, backlog), 0);
}

static void
server_go(struct server *s)
{
	assert_int_equal(pipe2(s->stop, O_CLOEXEC), 0);
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void
server_start(struct server *s, enum manner manner)
{
	memset(s, 0, sizeof(*s));
	s->manner = manner;
	test_dir_new(s->dir);
	snprintf(s->path, sizeof(s->path), "%s/s", s->dir);
	server_bind(s, 600);
	server_go(s);
}

static void
server_halt(struct server *s)
{
	assert_int_equal(write(s->stop[1], "x", 1), 1);
	assert_int_equal(pthread_join(s->thread, NULL), 0);
	close(s->stop[0]);
	close(s->stop[1]);
	close(s->fd);
}

static void
server_stop(struct server *s)
{
	server_halt(s);
	test_dir_remove(s->dir);
}

static struct fraud_client *
client(void)
{
	struct fraud_client *c = NULL;

	assert_int_equal(fraud_client_new(&c), 0);
	return c;
}

static void
question(struct fraud_request *q)
{
	fraud_proto_begin(q, FRAUD_ATTEMPT);
	fraud_proto_text(q, "end");
	assert_int_equal(fraud_proto_end(q, NULL), 0);
}

static int
ask_in(struct fraud_client *c, const char *path, int64_t ms, struct err *e)
{
	const struct fraud_where where = { path, ms };
	struct fraud_reply reply = { .kind = FRAUD_REPLY_ERROR };
	struct fraud_request q;
	int r;

	question(&q);
	r = fraud_client_ask(c, &where, &q, &reply, e);
	if (r == 0)
		assert_int_equal(reply.kind, FRAUD_REPLY_ANSWER);
	else
		assert_int_equal(reply.kind, FRAUD_REPLY_ERROR);
	return r;
}

static int
ask(struct fraud_client *c, const struct server *s)
{
	return ask_in(c, s->path, LONG, NULL);
}

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
test_keeps_connection(void **state)
{
	struct fraud_client *c = client();
	struct server s;
	int i;

	(void)state;
	server_start(&s, ANSWER);
	for (i = 0; i < 100; i++)
		assert_int_equal(ask(c, &s), 0);
	assert_int_equal(atomic_load(&s.accepted), 1);
	assert_int_equal(atomic_load(&s.requests), 100);
	fraud_client_free(&c);
	assert_null(c);
	fraud_client_free(&c);
	server_stop(&s);
}

static const struct {
	const char *why;
	_Atomic(enum manner) manner;
	int want;
	const char *text;
} manners[] = {
	{ "answers", ANSWER, 0, NULL },
	{ "answers byte by byte", BYTEWISE, 0, NULL },
	{ "never answers", SILENT, E_IO, "no answer in time" },
	{ "says something else", GARBAGE, E_SYNTAX, "no answer of fraudd" },
	{ "closes half way", HALF, E_IO, "was closed" },
	{ "answers twice", TALKATIVE, E_SYNTAX, "more than it was asked" },
	{ "closes at once", DEAF, E_IO, "was closed" },
};

static void
test_manners(void **state)
{
	struct server s;
	struct fraud_client *c;
	struct err e;
	int64_t before;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(manners); i++) {
		print_message("# it %s\n", manners[i].why);
		server_start(&s, manners[i].manner);
		c = client();
		e = (struct err){ 0 };
		before = now_ms();
		assert_int_equal(
		    ask_in(c, s.path, manners[i].manner == SILENT ? SOON : LONG,
			&e),
		    manners[i].want);
		assert_true(now_ms() - before < LONG / 2);
		if (manners[i].text != NULL) {
			assert_ptr_equal(strstr(e.text, s.path), e.text);
			assert_non_null(strstr(e.text, manners[i].text));
		}
		fraud_client_free(&c);
		server_stop(&s);
	}
}

/* One deadline for all of it: pieces do not win more time. */
static void
test_deadline(void **state)
{
	struct fraud_client *c = client();
	struct server s;
	int64_t before;

	(void)state;
	server_start(&s, SILENT);
	before = now_ms();
	assert_int_equal(ask_in(c, s.path, SOON, NULL), E_IO);
	assert_true(now_ms() - before >= SOON);
	assert_true(now_ms() - before < SOON + 5000);
	/* what was given up is not used again: its answer may still come */
	s.manner = ANSWER;
	assert_int_equal(ask(c, &s), 0);
	assert_int_equal(atomic_load(&s.accepted), 2);
	fraud_client_free(&c);
	server_stop(&s);
}

static void
test_not_there(void **state)
{
	static char deep[300];
	struct fraud_client *c = client();
	struct err e = { 0 };
	struct server s = { 0 };

	(void)state;
	test_dir_new(s.dir);
	snprintf(s.path, sizeof(s.path), "%s/s", s.dir);
	assert_int_equal(ask_in(c, s.path, LONG, &e), E_IO);
	assert_non_null(strstr(e.text, "no such socket"));
	server_bind(&s, 5);
	close(s.fd);
	e = (struct err){ 0 };
	assert_int_equal(ask_in(c, s.path, LONG, &e), E_IO);
	assert_non_null(strstr(e.text, "nobody listens"));
	test_dir_remove(s.dir);
	memset(deep, 'x', sizeof(deep) - 1);
	deep[0] = '/';
	assert_int_equal(ask_in(c, deep, LONG, NULL), E_IO);
	assert_int_equal(ask_in(c, "", LONG, NULL), E_IO);
	fraud_client_free(&c);
}

/* connect() cannot be waited for; it ends all the same. */
static void
test_full_backlog(void **state)
{
	struct fraud_client *c = client();
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct err e = { 0 };
	struct server s = { 0 };
	int fds[8];
	size_t i;

	(void)state;
	test_dir_new(s.dir);
	snprintf(s.path, sizeof(s.path), "%s/s", s.dir);
	server_bind(&s, 0);
	strcpy(to.sun_path, s.path);
	for (i = 0; i < COUNT_OF(fds); i++) {
		fds[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		if (connect(fds[i], (struct sockaddr *)&to, sizeof(to)) != 0)
			assert_int_equal(errno, EAGAIN);
	}
	assert_int_equal(ask_in(c, s.path, SOON, &e), E_IO);
	assert_non_null(strstr(e.text, "does not accept in time"));
	/* and as soon as there is room it is used */
	for (i = 0; i < COUNT_OF(fds); i++)
		close(fds[i]);
	server_go(&s);
	assert_int_equal(ask(c, &s), 0);
	fraud_client_free(&c);
	server_stop(&s);
}

/* A daemon that was started anew costs no decision. */
static void
test_restart(void **state)
{
	struct fraud_client *c = client();
	struct server s;
	int i;

	(void)state;
	server_start(&s, ANSWER);
	assert_int_equal(ask(c, &s), 0);
	server_halt(&s);
	server_bind(&s, 5);
	server_go(&s);
	assert_int_equal(ask(c, &s), 0);
	s.manner = ONE;
	for (i = 0; i < 10; i++)
		assert_int_equal(ask(c, &s), 0);
	fraud_client_free(&c);
	server_stop(&s);
}

static void
test_tell(void **state)
{
	struct fraud_client *c = client();
	struct fraud_where where;
	struct fraud_request q;
	struct server s;
	int i;

	(void)state;
	server_start(&s, ANSWER);
	where = (struct fraud_where){ s.path, LONG };
	question(&q);
	for (i = 0; i < 100; i++) {
		assert_int_equal(fraud_client_tell(c, &where, &q, NULL), 0);
		if (i % 3 == 0)
			assert_int_equal(ask(c, &s), 0);
	}
	assert_int_equal(ask(c, &s), 0);
	assert_int_equal(atomic_load(&s.accepted), 1);
	assert_int_equal(atomic_load(&s.requests), 135);
	/* an answer that never came costs the next a connection, no more */
	s.manner = ONE;
	assert_int_equal(fraud_client_tell(c, &where, &q, NULL), 0);
	assert_int_equal(ask(c, &s), 0);
	fraud_client_free(&c);
	server_stop(&s);
}

/* The child's verdicts are not read by the parent, nor the other way. */
static void
test_fork(void **state)
{
	struct fraud_client *c = client();
	struct server s;
	int status;
	pid_t pid;

	(void)state;
	server_start(&s, ANSWER);
	assert_int_equal(ask(c, &s), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(ask(c, &s) == 0 && ask(c, &s) == 0 ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(atomic_load(&s.accepted), 2);
	assert_int_equal(ask(c, &s), 0);
	assert_int_equal(atomic_load(&s.accepted), 2);
	fraud_client_free(&c);
	server_stop(&s);
}

/* A host closed our descriptor, and its number is something else now. */
static void
test_foreign_descriptor(void **state)
{
	struct fraud_client *c = client();
	struct server s;
	int other, fd;

	(void)state;
	server_start(&s, ANSWER);
	other = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_true(other >= 0);
	assert_int_equal(ask(c, &s), 0);
	for (fd = 3; fd < 100; fd++) { /* the one that is a new socket */
		struct sockaddr_un at;
		socklen_t n = sizeof(at);

		if (getpeername(fd, (struct sockaddr *)&at, &n) == 0 &&
		    n > sizeof(at.sun_family) &&
		    strcmp(at.sun_path, s.path) == 0)
			break;
	}
	assert_true(fd < 100);
	assert_int_equal(dup2(other, fd), fd);
	assert_int_equal(ask(c, &s), 0);
	assert_true(fcntl(fd, F_GETFD) >= 0);
	fraud_client_free(&c);
	assert_true(fcntl(fd, F_GETFD) >= 0);
	close(fd);
	close(other);
	server_stop(&s);
}

static void
test_two_sockets(void **state)
{
	struct fraud_client *c = client();
	struct server a, b;
	int i;

	(void)state;
	server_start(&a, ANSWER);
	server_start(&b, ANSWER);
	for (i = 0; i < 10; i++) {
		assert_int_equal(ask(c, &a), 0);
		assert_int_equal(ask(c, &b), 0);
	}
	assert_int_equal(atomic_load(&a.requests), 10);
	assert_int_equal(atomic_load(&b.requests), 10);
	assert_int_equal(atomic_load(&a.accepted), 1);
	assert_int_equal(atomic_load(&b.accepted), 1);
	fraud_client_free(&c);
	server_stop(&a);
	server_stop(&b);
}

struct crowd {
	struct fraud_client *c;
	const struct server *s;
	int64_t ms;
	int r;
};

static void *
ask_many(void *arg)
{
	struct crowd *crowd = arg;
	int i;

	for (i = 0; i < 50 && crowd->r == 0; i++)
		crowd->r = ask_in(crowd->c, crowd->s->path, crowd->ms, NULL);
	return NULL;
}

/* Threads of one host, and nobody waits for one that hangs. */
static void
test_threads(void **state)
{
	struct fraud_client *c = client();
	struct server good, silent;
	pthread_t threads[32];
	struct crowd crowds[32];
	int64_t before = now_ms();
	size_t i;

	(void)state;
	server_start(&good, ANSWER);
	server_start(&silent, SILENT);
	for (i = 0; i < 32; i++) {
		crowds[i] = (struct crowd){ c, i % 4 == 0 ? &silent : &good,
			i % 4 == 0 ? SOON : LONG, 0 };
		assert_int_equal(
		    pthread_create(&threads[i], NULL, ask_many, &crowds[i]), 0);
	}
	for (i = 0; i < 32; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(crowds[i].r, i % 4 == 0 ? E_IO : 0);
	}
	assert_true(now_ms() - before < LONG / 2);
	assert_int_equal(atomic_load(&good.requests), 24 * 50);
	assert_true(atomic_load(&good.accepted) <= 24 * 50 / 4);
	fraud_client_free(&c);
	server_stop(&good);
	server_stop(&silent);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keeps_connection),
		cmocka_unit_test(test_manners),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_not_there),
		cmocka_unit_test(test_full_backlog),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_tell),
		cmocka_unit_test(test_fork),
		cmocka_unit_test(test_foreign_descriptor),
		cmocka_unit_test(test_two_sockets),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
