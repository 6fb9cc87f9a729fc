/*
 * Each connection costs one read and one write for all that it sent at once.
 * All that are ready are read first, then worked on: server_batch.c. Input and
 * output stand in buffers of the loop; only what is left over, half a request
 * or what the peer does not take, is copied into memory of its own. A peer
 * that does not read is not read from.
 *
 * An event is an edge: it comes when there is something new, not as long as
 * something lies there, which would cost the kernel a look at every peer in
 * every turn. A read that leaves room has taken all there was.
 */

#include "server_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine.h"
#include "mem.h"
#include "persist.h"
#include "timeline.h"

static void on_readable(evutil_socket_t fd, short what, void *arg);
static void on_writable(evutil_socket_t fd, short what, void *arg);

void
server_peer_free(struct peer *p)
{
	struct server *s = p->server;

	event_del(&p->read);
	event_del(&p->write);
	if (p->slot != NULL)
		p->slot->peer = NULL;
	if (p->conn.watch)
		server_watch_leave(p);
	s->tcp_open -= s->points[p->point].tcp;
	if (p->fd >= 0) {
		close(p->fd);
		s->metrics.connections--;
	} else /* it has been handed over */
		s->tcp_moving += s->points[p->point].tcp;
	TAILQ_REMOVE(&s->peers, p, all);
	outbuf_done(&p->out);
	free(p->in);
	free(p);
}

/* Keeps the n bytes for the next turn; they may stand in p->in itself. */
static bool
keep_input(struct peer *p, const char *rest, size_t n)
{
	char *in;

	if (n > p->in_cap) {
		in = realloc(p->in, n);
		if (in == NULL)
			return false;
		p->in = in;
		p->in_cap = n;
	}
	if (n > 0)
		memmove(p->in, rest, n);
	p->in_len = n;
	if (n == 0) {
		free(p->in);
		p->in = NULL;
		p->in_cap = 0;
	}
	return true;
}

/*
 * In a program with threads recv() and send() pay for being places where a
 * thread may be cancelled, as much as for a copy of the data; here nobody is.
 */
static ssize_t
receive(int fd, char *into, size_t n, int flags)
{
	ssize_t got;

	do
		got = syscall(SYS_recvfrom, fd, into, n, flags | MSG_DONTWAIT,
		    NULL, NULL);
	while (got < 0 && errno == EINTR);
	return got;
}

/* Sends what it can. Returns how much, or -1 when the peer is gone. */
static ssize_t
send_some(int fd, const char *data, size_t n)
{
	ssize_t sent;

	do
		sent = syscall(SYS_sendto, fd, data, n,
		    MSG_NOSIGNAL | MSG_DONTWAIT, NULL, 0);
	while (sent < 0 && errno == EINTR);
	if (sent < 0 && errno == EAGAIN)
		return 0;
	return sent;
}

/* Sends output of a turn; what waits moves into the peer's own buffer. */
enum server_flushed
server_peer_flush(struct peer *p, const char *data, size_t n)
{
	ssize_t sent = 0;

	if (n == 0 && p->conn.ticket == 0)
		return FLUSH_DONE;
	if (p->conn.ticket == 0) {
		sent = send_some(p->fd, data, n);
		if (sent < 0)
			return FLUSH_GONE;
		if ((size_t)sent == n)
			return FLUSH_DONE;
	}
	outbuf_init(&p->out, CONN_OUT_MAX);
	p->out_at = 0;
	outbuf_add(&p->out, data + sent, n - (size_t)sent);
	event_del(&p->read);
	if (p->conn.ticket == 0)
		event_add(&p->write, NULL);
	return p->out.failed ? FLUSH_GONE : FLUSH_WAIT;
}

bool
server_peer_push(struct peer *p, const char *data, size_t n)
{
	bool waits = p->out.len > 0 || p->conn.ticket != 0;
	ssize_t sent = 0;

	if (n == 0)
		return true;
	if (!waits) {
		sent = send_some(p->fd, data, n);
		if (sent < 0 || (size_t)sent == n)
			return sent > 0;
		outbuf_init(&p->out, CONN_OUT_MAX);
		p->out_at = 0;
		event_del(&p->read);
		event_add(&p->write, NULL);
	} else if (p->out_at > 0) {
		p->out.len -= p->out_at;
		memmove(p->out.data, p->out.data + p->out_at, p->out.len);
		p->out_at = 0;
	}
	outbuf_add(&p->out, data + sent, n - (size_t)sent);
	return !p->out.failed;
}

struct conn_turn
server_peer_turn_of(struct peer *p)
{
	struct server *s = p->server;
	struct conn_turn t = {
		.env = &s->env,
		.rows = &s->points[p->point].rows,
		.request = &s->request,
		.out = &s->out,
		.now = p->active / 1000,
	};

	return t;
}

/*
 * Keeps what is left of the input. False: the peer is to go. What may still
 * lie in the socket gets an edge of its own: added anew, behind the others.
 */
bool
server_peer_settle(
    struct peer *p, enum server_flushed flushed, const char *rest, size_t n)
{
	if (flushed == FLUSH_GONE || !keep_input(p, rest, n))
		return false;
	if (p->more_in && flushed == FLUSH_DONE) {
		event_del(&p->read);
		event_add(&p->read, NULL);
	}
	p->more_in = false;
	return flushed == FLUSH_WAIT || !p->conn.closing;
}

/* Works on n bytes of input until no more can be done. False: gone. */
bool
server_peer_turn(struct peer *p, const char *data, size_t n)
{
	struct server *s = p->server;
	struct conn_turn t = server_peer_turn_of(p);
	enum server_flushed flushed;
	size_t at = 0;

	do {
		outbuf_reset(&s->out);
		at += conn_process(&p->conn, &t, data + at, n - at);
		if (p->conn.watch)
			server_watch_join(p);
		flushed = s->out.failed ?
		    FLUSH_GONE :
		    server_peer_flush(p, s->out.data, s->out.len);
	} while (flushed == FLUSH_DONE && p->conn.more);
	return server_peer_settle(p, flushed, data + at, n - at);
}

/* Room for the next read behind half a request. */
static bool
grow_input(struct peer *p)
{
	size_t cap = p->in_cap * 2 < 1024 ? 1024 : p->in_cap * 2;
	char *in;

	if (p->in_len < p->in_cap)
		return true;
	if (cap > REQUEST_MAX)
		cap = REQUEST_MAX;
	if (cap <= p->in_len)
		return false;
	in = realloc(p->in, cap);
	if (in == NULL)
		return false;
	p->in = in;
	p->in_cap = cap;
	return true;
}

static void
enqueue(struct peer *p, const char *in, size_t n)
{
	struct server *s = p->server;
	struct slot *slot = &s->batch[s->batch_count++];

	memset(slot, 0, sizeof(*slot));
	slot->peer = p;
	slot->in = in;
	slot->in_len = n;
	p->slot = slot;
	if (s->batch_count == 1)
		event_active(&s->work, EV_TIMEOUT, 0);
	if (s->batch_count == BATCH_MAX ||
	    sizeof(s->in) - s->in_used < REQUEST_MAX)
		server_batch_work(s);
}

/* ended: the peer will say no more than what lies there. */
static void
read_on(struct peer *p, bool ended)
{
	struct server *s = p->server;
	char *into = s->in + s->in_used;
	size_t room = REQUEST_MAX, had = p->in_len;
	ssize_t got;

	p->more_in = true;
	if (p->slot != NULL)
		return;
	if (had > 0) {
		if (!grow_input(p)) {
			server_peer_free(p);
			return;
		}
		into = p->in + had;
		room = p->in_cap - had;
	}
	got = receive(p->fd, into, room, 0);
	if (got < 0 && errno == EAGAIN) {
		p->more_in = false;
		return;
	}
	if (got <= 0) {
		server_peer_free(p);
		return;
	}
	p->more_in = (size_t)got == room || ended;
	if (had == 0)
		s->in_used += (size_t)got;
	enqueue(p, had > 0 ? p->in : into, had + (size_t)got);
}

/* An HTTP connection is libmicrohttpd's from its first byte on. */
static void
hand_over(struct peer *p)
{
	struct server *s = p->server;
	int fd = p->fd;
	size_t point = p->point;

	event_del(&p->read);
	p->fd = -1;
	s->metrics.connections--;
	server_peer_free(p);
	dialect_http_add(s->http, fd, point);
	event_active(&s->http_timer, EV_TIMEOUT, 0);
}

/*
 * Bytes that could be the beginning of two dialects stay in the socket until
 * there are more, or until there will be no more.
 */
static void
look(struct peer *p, bool ended)
{
	char first[DIALECT_LOOK];
	ssize_t got;

	got = receive(p->fd, first, sizeof(first), MSG_PEEK);
	if (got < 0 && errno == EAGAIN)
		return;
	if (got <= 0) {
		server_peer_free(p);
		return;
	}
	p->looked = (size_t)got;
	p->conn.dialect = dialect_detect(first, (size_t)got);
	if (p->conn.dialect == DIALECT_UNKNOWN && ended)
		p->conn.dialect = DIALECT_RESP;
	if (p->conn.dialect == DIALECT_HTTP)
		hand_over(p);
	else if (p->conn.dialect != DIALECT_UNKNOWN &&
	    p->server->points[p->point].tcp)
		server_peer_free(p);
	else if (p->conn.dialect != DIALECT_UNKNOWN)
		read_on(p, ended);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct peer *p = arg;
	bool ended = (what & EV_CLOSED) != 0;

	(void)fd;
	if (p->conn.dialect == DIALECT_UNKNOWN)
		look(p, ended);
	else
		read_on(p, ended);
}

/* All was sent: goes on with what was left lying. */
static void
resume(struct peer *p)
{
	event_del(&p->write);
	outbuf_done(&p->out);
	p->out_at = 0;
	if (p->conn.closing) {
		server_peer_free(p);
		return;
	}
	event_add(&p->read, NULL);
	p->active = timeline_us(p->server->config.clock);
	if (p->in_len > 0 && !server_peer_turn(p, p->in, p->in_len))
		server_peer_free(p);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct peer *p = arg;
	ssize_t sent;

	(void)what;
	sent = send_some(fd, p->out.data + p->out_at, p->out.len - p->out_at);
	if (sent < 0) {
		server_peer_free(p);
		return;
	}
	if (sent > 0)
		p->active = timeline_us(p->server->config.clock);
	p->out_at += (size_t)sent;
	if (p->out_at == p->out.len)
		resume(p);
}

/* Lets go the answers whose records are on disk, or never will be. */
void
server_peer_release(struct server *s)
{
	struct peer *p, *next;
	enum persist_wait wait;

	for (p = TAILQ_FIRST(&s->peers); p != NULL; p = next) {
		next = TAILQ_NEXT(p, all);
		if (p->conn.ticket == 0)
			continue;
		wait = persist_ask(s->env.persist, p->conn.ticket);
		if (wait == PERSIST_HOLD)
			continue;
		conn_release(&p->conn, &p->out, wait == PERSIST_GO);
		event_add(&p->write, NULL);
	}
}

void
server_peer_new(struct point *point, int fd)
{
	struct server *s = point->server;
	struct access_peer who;
	struct peer *p = mem_alloc(sizeof(*p));

	if (p == NULL || (!point->tcp && access_peer(fd, &who, NULL) != 0)) {
		s->metrics.accept_errors++;
		free(p);
		close(fd);
		return;
	}
	s->metrics.accepted++;
	s->metrics.connections++;
	s->tcp_open += point->tcp;
	p->server = s;
	p->fd = fd;
	p->point = point->index;
	p->active = timeline_us(s->config.clock);
	if (!point->tcp)
		p->conn.access = access_judge(point->rows, &who);
	outbuf_init(&p->out, CONN_OUT_MAX);
	event_assign(&p->read, s->base, fd,
	    EV_READ | EV_CLOSED | EV_PERSIST | EV_ET, on_readable, p);
	event_assign(
	    &p->write, s->base, fd, EV_WRITE | EV_PERSIST, on_writable, p);
	TAILQ_INSERT_TAIL(&s->peers, p, all);
	if (event_add(&p->read, NULL) != 0)
		server_peer_free(p);
}

/* Those that are stuck in the middle, and those that have long been idle. */
void
server_peer_sweep(struct server *s, int64_t now)
{
	struct peer *p, *next;
	int64_t limit;

	for (p = TAILQ_FIRST(&s->peers); p != NULL; p = next) {
		next = TAILQ_NEXT(p, all);
		if (p->conn.ticket != 0 || (p->watching && p->out.len == 0))
			continue;
		limit = p->in_len > 0 || p->out.len > 0 || p->looked > 0 ?
		    SERVER_STUCK :
		    SERVER_IDLE;
		if (p->conn.dialect != DIALECT_UNKNOWN && p->in_len == 0 &&
		    p->out.len == 0)
			limit = SERVER_IDLE;
		if (now - p->active > limit * INT64_C(1000000)) {
			s->metrics.timed_out++;
			server_peer_free(p);
		}
	}
}
