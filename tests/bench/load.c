/*
 * load: one load generator for every side. It is told what to do on stdin, a
 * line at a time, and answers each with a line:
 *
 *	open ID SIDE SOCKET CLIENTS PIPELINE KIND FIRST COUNT
 *	run ID MILLISECONDS
 *	close ID
 *
 * Connections stay open between runs, so that runs of several sides can take
 * short turns. KIND: "mix" asks about random addresses, COUNT of them from
 * FIRST on, each with one of three cards, and one time in eight about one of
 * a thousand more who try a new card each time; "connect" does the same with
 * a new connection for every request; "fill" asks once about each of COUNT
 * addresses, with one card, until it is through.
 *
 * run answers: requests, nanoseconds by the clock and of its own processor
 * time, denied, and the latency in nanoseconds: p50, p90, p99, p99.9, most.
 * It is taken from before the request is sent until its whole pipeline is
 * answered.
 */

#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define GROUPS 64
#define EVENTS 64
#define IN_MAX 16384
#define ATTACKERS 1000
#define SUB 64 /* places for one power of two: 1.6 % */
#define PLACES (48 * SUB)

enum kind {
	KIND_MIX,
	KIND_CONNECT,
	KIND_FILL
};

struct conn {
	int fd;
	int stage;
	unsigned size, answered; /* of the batch */
	uint64_t begun;
	size_t have;
	struct load_attempt batch[LOAD_PIPELINE_MAX];
	char in[IN_MAX + 1];
};

struct group {
	char id[32];
	struct load_side *side;
	struct sockaddr_un path;
	enum kind kind;
	unsigned clients, pipeline, busy;
	uint32_t first, count, next;
	uint64_t random, until;
	int ep;
	struct conn *conns;
	uint64_t done, denied, most;
	uint64_t times[PLACES];
};

static uint64_t
ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static unsigned
place_of(uint64_t v)
{
	unsigned e;

	if (v < SUB)
		return (unsigned)v;
	e = (unsigned)(63 - __builtin_clzll(v)) - 6;
	e = (e + 1) * SUB + ((unsigned)(v >> e) - SUB);
	return e < PLACES ? e : PLACES - 1;
}

/* The latency that a part of all did not reach. */
static uint64_t
percentile(const struct group *g, uint64_t all, double part)
{
	uint64_t want = (uint64_t)((double)all * part), sum = 0;
	unsigned i, e;

	for (i = 0; i < PLACES - 1; i++) {
		sum += g->times[i];
		if (sum > want)
			break;
	}
	if (i < SUB)
		return i;
	e = i / SUB - 1;
	return (uint64_t)(i % SUB + SUB) << e;
}

static uint32_t
random32(struct group *g)
{
	g->random ^= g->random << 13;
	g->random ^= g->random >> 7;
	g->random ^= g->random << 17;
	return (uint32_t)(g->random >> 16);
}

static void
next_attempt(struct group *g, struct load_attempt *a)
{
	uint32_t r;

	if (g->kind == KIND_FILL) {
		a->address = g->first + g->next++;
		a->card = (uint16_t)(a->address % 10000);
		return;
	}
	r = random32(g);
	if (r % 8 == 0) {
		a->address = g->first + g->count + random32(g) % ATTACKERS;
		a->card = (uint16_t)(random32(g) % 10000);
		return;
	}
	a->address = g->first + random32(g) % g->count;
	a->card = (uint16_t)((a->address + r % 3) % 10000);
}

static void
connect_one(struct group *g, struct conn *c)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLET };

	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 ||
	    connect(c->fd, (struct sockaddr *)&g->path, sizeof(g->path)) != 0)
		load_die(g->path.sun_path, strerror(errno));
	e.data.ptr = c;
	if (g->clients > 1 && epoll_ctl(g->ep, EPOLL_CTL_ADD, c->fd, &e) != 0)
		load_die("epoll_ctl", strerror(errno));
}

/* Sends the requests of the batch's stage. */
static void
ask(struct group *g, struct conn *c)
{
	char out[LOAD_PIPELINE_MAX * LOAD_REQUEST_MAX];
	size_t len = 0;
	unsigned i;

	for (i = 0; i < c->size; i++)
		len += load_side_ask(
		    g->side, c->stage, &c->batch[i], out + len);
	c->answered = 0;
	c->have = 0;
	if (send(c->fd, out, len, MSG_NOSIGNAL) != (ssize_t)len)
		load_die("send", strerror(errno));
}

/* A new batch; now: when the one before it ended. */
static void
begin(struct group *g, struct conn *c, uint64_t now)
{
	c->size = g->pipeline;
	if (g->kind == KIND_FILL && g->count - g->next < c->size)
		c->size = g->count - g->next;
	if (now >= g->until || c->size == 0) {
		g->busy--;
		return;
	}
	for (unsigned i = 0; i < c->size; i++)
		next_attempt(g, &c->batch[i]);
	c->begun = now;
	c->stage = 0;
	if (g->kind == KIND_CONNECT)
		connect_one(g, c);
	ask(g, c);
}

static void
finish(struct group *g, struct conn *c)
{
	uint64_t now = ns(CLOCK_MONOTONIC), took = now - c->begun;

	g->times[place_of(took)]++;
	g->done += c->size;
	if (took > g->most)
		g->most = took;
	if (g->kind == KIND_CONNECT)
		close(c->fd);
	begin(g, c, now);
}

/* Takes what has come; waits for it where there is only one client. */
static void
receive(struct group *g, struct conn *c)
{
	bool denied = false;
	size_t at = 0, used;
	ssize_t got;

	got = recv(c->fd, c->in + c->have, IN_MAX - c->have,
	    g->clients > 1 ? MSG_DONTWAIT : 0);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0)
		load_die(g->path.sun_path, "closed the connection");
	c->have += (size_t)got;
	c->in[c->have] = '\0';
	while (c->answered < c->size) {
		used = load_side_answer(g->side, c->in + at, c->have - at,
		    &c->batch[c->answered], &denied);
		if (used == 0)
			break;
		at += used;
		c->answered++;
		g->denied += denied;
		denied = false;
	}
	c->have -= at;
	memmove(c->in, c->in + at, c->have);
	if (c->answered < c->size)
		return;
	if (++c->stage < load_side_stages(g->side))
		ask(g, c);
	else
		finish(g, c);
}

static void
run(struct group *g, uint64_t ms)
{
	struct epoll_event events[EVENTS];
	uint64_t start = ns(CLOCK_MONOTONIC), cpu, all = 0;
	unsigned i;
	int n, k;

	cpu = ns(CLOCK_PROCESS_CPUTIME_ID);
	memset(g->times, 0, sizeof(g->times));
	g->done = g->denied = g->most = 0;
	g->until = g->kind == KIND_FILL ? UINT64_MAX : start + ms * 1000000;
	g->busy = g->clients;
	for (i = 0; i < g->clients; i++)
		begin(g, &g->conns[i], ns(CLOCK_MONOTONIC));
	while (g->busy > 0 && g->clients == 1)
		receive(g, &g->conns[0]);
	while (g->busy > 0) {
		n = epoll_wait(g->ep, events, EVENTS, -1);
		for (k = 0; k < n; k++)
			receive(g, events[k].data.ptr);
	}
	for (i = 0; i < PLACES; i++)
		all += g->times[i];
	printf("%llu %llu %llu %llu", (unsigned long long)g->done,
	    (unsigned long long)(ns(CLOCK_MONOTONIC) - start),
	    (unsigned long long)(ns(CLOCK_PROCESS_CPUTIME_ID) - cpu),
	    (unsigned long long)g->denied);
	printf(" %llu %llu %llu %llu %llu\n",
	    (unsigned long long)percentile(g, all, 0.5),
	    (unsigned long long)percentile(g, all, 0.9),
	    (unsigned long long)percentile(g, all, 0.99),
	    (unsigned long long)percentile(g, all, 0.999),
	    (unsigned long long)g->most);
}

static void
open_group(struct group *g, const char *line)
{
	char side[64], path[108], kind[16];
	unsigned i;

	if (sscanf(line, "open %31s %63s %107s %u %u %15s %u %u", g->id, side,
		path, &g->clients, &g->pipeline, kind, &g->first,
		&g->count) != 8 ||
	    g->clients == 0 || g->pipeline == 0 || g->count == 0 ||
	    g->pipeline > LOAD_PIPELINE_MAX)
		load_die("not understood", line);
	g->kind = kind[0] == 'm' ? KIND_MIX :
	    kind[0] == 'c'       ? KIND_CONNECT :
				   KIND_FILL;
	g->side = load_side_new(side);
	g->path.sun_family = AF_UNIX;
	memcpy(g->path.sun_path, path, sizeof(path));
	g->random = 88172645463325252u;
	g->ep = epoll_create1(EPOLL_CLOEXEC);
	g->conns = calloc(g->clients, sizeof(*g->conns));
	if (g->ep < 0 || g->conns == NULL)
		load_die("open", strerror(errno));
	for (i = 0; i < g->clients && g->kind != KIND_CONNECT; i++)
		connect_one(g, &g->conns[i]);
	printf("ok\n");
}

static void
close_group(struct group *g)
{
	unsigned i;

	for (i = 0; i < g->clients && g->kind != KIND_CONNECT; i++)
		close(g->conns[i].fd);
	close(g->ep);
	free(g->conns);
	free(g->side);
	memset(g, 0, sizeof(*g));
	printf("ok\n");
}

/* The one of that name, or one that is free. */
static struct group *
find(struct group *groups, const char *id)
{
	size_t i;

	for (i = 0; i < GROUPS; i++)
		if (strcmp(groups[i].id, id) == 0)
			return &groups[i];
	load_die("no such group, or no room for it", id);
	return NULL;
}

int
main(void)
{
	static struct group groups[GROUPS];
	char line[512], id[32] = "";
	unsigned ms = 0;

	while (fgets(line, sizeof(line), stdin) != NULL) {
		if (strncmp(line, "open ", 5) == 0)
			open_group(find(groups, ""), line);
		else if (sscanf(line, "run %31s %u", id, &ms) == 2)
			run(find(groups, id), ms);
		else if (sscanf(line, "close %31s", id) == 1)
			close_group(find(groups, id));
		else
			load_die("not understood", line);
		fflush(stdout);
	}
	return 0;
}
