/*
 * Events on their way to those who watch. They are sent at the end of a turn,
 * when no answer is half way; who does not read falls behind up to a limit,
 * loses what comes then, and is told how much that was.
 */

#include "server_priv.h"

#include <string.h>

#include "timeline.h"
#include "watch.h"

static unsigned
audience_of(const struct peer *p)
{
	return watch_audience(
	    access_may(&p->conn.access, ACCESS_READ), p->conn.watch_all);
}

void
server_watch_count(struct server *s)
{
	struct peer *p;
	unsigned bits = 0;

	TAILQ_FOREACH(p, &s->watchers, watch)
	bits |= 1u << audience_of(p);
	watch_audiences(s->env.watch, bits);
}

void
server_watch_join(struct peer *p)
{
	struct server *s = p->server;

	if (!p->watching)
		TAILQ_INSERT_TAIL(&s->watchers, p, watch);
	p->watching = true;
	server_watch_count(s);
}

void
server_watch_leave(struct peer *p)
{
	struct server *s = p->server;

	watch_leave(s->env.watch);
	if (!p->watching)
		return;
	TAILQ_REMOVE(&s->watchers, p, watch);
	server_watch_count(s);
}

/* False: the peer is gone. */
static bool
deliver(struct peer *p, const struct watch_turn *t)
{
	struct server *s = p->server;
	int64_t now = timeline_us(s->config.clock) / 1000;
	uint64_t lost = t->lost;

	if (p->conn.ticket != 0 ||
	    p->out.len - p->out_at + t->len > WATCH_UNSENT_MAX) {
		lost += t->events;
		s->metrics.watch_lost += lost;
		p->watch_lost += lost;
		return true;
	}
	outbuf_reset(&s->lost);
	if (p->watch_lost > 0)
		watch_say_lost(&s->lost, p->watch_lost, now);
	s->metrics.watch_lost += lost;
	p->watch_lost = lost;
	return server_peer_push(p, s->lost.data, s->lost.len) &&
	    server_peer_push(p, t->data, t->len);
}

void
server_watch_flush(struct server *s)
{
	struct watch_turn t;
	struct peer *p, *next;

	for (p = TAILQ_FIRST(&s->watchers); p != NULL; p = next) {
		next = TAILQ_NEXT(p, watch);
		watch_turn(s->env.watch, audience_of(p), &t);
		if (t.events + t.lost + p->watch_lost > 0 && !deliver(p, &t))
			server_peer_free(p);
	}
	watch_clear(s->env.watch);
}
