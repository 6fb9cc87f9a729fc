/*
 * What was read from many peers is worked on together, a step for all of them
 * at a time: find the requests, have the memory fetched that they need, run
 * them, send the answers. The code of a step stays in the processor's caches
 * meanwhile, and the waits for memory overlap.
 */

#include "server_priv.h"

#include "engine.h"
#include "timeline.h"

#define ENGINE_TICK_US 1000 /* at least so often under load */

/* Fills ahead[], going on where it ended the last time. */
static size_t
look_ahead(struct server *s, struct slot **at)
{
	struct slot *slot = *at, *end = s->batch + s->batch_count;
	struct conn_request *r;
	size_t n = 0;

	for (; slot < end && n < AHEAD_MAX; slot += n < AHEAD_MAX) {
		while (slot->peer != NULL && !slot->over &&
		    slot->parsed < slot->in_len && n < AHEAD_MAX) {
			r = &s->ahead[n].request;
			if (!conn_parse(&slot->peer->conn,
				slot->in + slot->parsed,
				slot->in_len - slot->parsed, r))
				break;
			s->ahead[n++].slot = slot;
			slot->parsed += r->used;
			if (r->state == REQUEST_BROKEN)
				break;
		}
	}
	*at = slot;
	return n;
}

/* One alone would wait as long as without. */
static void
foresee(struct server *s, size_t n)
{
	struct engine *x = s->env.engine;
	struct conn_request *r;
	size_t i;

	if (n < 2)
		return;
	for (i = 0; i < n; i++) {
		r = &s->ahead[i].request;
		if (r->state == REQUEST_BROKEN ||
		    s->ahead[i].slot->peer->conn.dialect != DIALECT_RESP)
			continue;
		command_foresee(&s->env, &r->rq, &r->hint);
		r->hinted = true;
	}
	for (i = 0; i < n; i++)
		if (s->ahead[i].request.hinted)
			engine_foresee_slot(x, &s->ahead[i].request.hint);
	for (i = 0; i < n; i++)
		if (s->ahead[i].request.hinted)
			engine_foresee_rest(x, &s->ahead[i].request.hint);
}

static void
run(struct server *s, struct ahead *a)
{
	struct slot *slot = a->slot;
	struct peer *p = slot->peer;
	struct conn_turn t;

	if (p == NULL || slot->over)
		return;
	if (!slot->begun) {
		slot->begun = true;
		slot->out_at = s->out.len;
		p->conn.more = false;
	}
	t = server_peer_turn_of(p);
	t.request = &a->request;
	if (!conn_goes_on(&p->conn, &t, slot->out_at)) {
		slot->over = true;
		return;
	}
	slot->used += a->request.used;
	conn_run(&p->conn, &t);
	if (p->conn.closing)
		slot->used = slot->in_len;
	if (s->out.failed) {
		slot->failed = slot->over = true;
		outbuf_cut(&s->out, slot->out_at);
	}
	slot->out_len = s->out.len - slot->out_at;
}

/* True when the peer has more input that may be worked on at once. */
static bool
deliver(struct server *s, struct slot *slot)
{
	struct peer *p = slot->peer;
	enum server_flushed flushed = FLUSH_GONE;

	if (p->conn.watch)
		server_watch_join(p);
	conn_finish(&p->conn, slot->out_at);
	if (!slot->failed)
		flushed = server_peer_flush(
		    p, s->out.data + slot->out_at, slot->out_len);
	if (flushed == FLUSH_DONE && p->conn.more)
		return true;
	p->slot = NULL;
	if (!server_peer_settle(
		p, flushed, slot->in + slot->used, slot->in_len - slot->used))
		server_peer_free(p);
	return false;
}

static void
answer_all(struct server *s)
{
	struct slot *slot, *end = s->batch + s->batch_count;
	size_t again = 0;

	for (slot = s->batch; slot < end; slot++)
		if (slot->peer != NULL && !deliver(s, slot))
			slot->peer = NULL;
		else if (slot->peer != NULL)
			again++;
	for (slot = s->batch; again > 0 && slot < end; slot++)
		if (slot->peer != NULL) {
			slot->peer->slot = NULL;
			if (!server_peer_turn(slot->peer, slot->in + slot->used,
				slot->in_len - slot->used))
				server_peer_free(slot->peer);
		}
	s->batch_count = 0;
	s->in_used = 0;
}

void
server_batch_work(struct server *s)
{
	int64_t begin = timeline_us(s->config.clock), now;
	struct slot *slot;
	size_t n, i;

	outbuf_reset(&s->out);
	for (i = 0; i < s->batch_count; i++)
		if (s->batch[i].peer != NULL)
			s->batch[i].peer->active = begin;
	for (slot = s->batch; (n = look_ahead(s, &slot)) > 0;) {
		foresee(s, n);
		for (i = 0; i < n; i++)
			run(s, &s->ahead[i]);
	}
	answer_all(s);
	if (!TAILQ_EMPTY(&s->watchers))
		server_watch_flush(s);
	if (begin - s->ticked > ENGINE_TICK_US) {
		engine_tick(s->env.engine, begin / 1000);
		s->ticked = begin;
	}
	now = timeline_us(s->config.clock);
	s->soon = begin - s->ended <= SERVER_SOON_US;
	s->ended = now;
	metrics_turn(&s->metrics, now - begin);
}
