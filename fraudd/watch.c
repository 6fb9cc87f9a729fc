/*
 * An event is a list of names and values, like an entry of SHOW: time (s
 * since 1970, with thousandths), what, and what belongs to it. The engine
 * calls from inside an attempt; nothing is sent from here.
 */

#include "watch.h"

#include <stdio.h>
#include <string.h>

#include "command.h"
#include "engine_query.h"
#include "mem.h"
#include "outbuf.h"
#include "reply.h"

#define TIME_MAX 32

struct part {
	struct outbuf out;
	uint64_t events, lost;
};

struct watch {
	struct engine *engine; /* borrowed */
	void (*wake)(void *arg);
	void *arg;
	unsigned watchers, audiences;
	bool woken; /* there are events since watch_clear() */
	struct part parts[WATCH_AUDIENCES];
};

static void
say_time(struct reply *r, int64_t now)
{
	char text[TIME_MAX];

	snprintf(text, sizeof(text), "%lld.%03d", (long long)(now / 1000),
	    (int)(now % 1000));
	reply_text(r, "time", text);
}

static void
say_attempt(struct outbuf *out, const struct engine_seen *seen,
    const struct engine_item *item)
{
	const struct engine_answer *a = seen->answer;
	struct reply r;

	reply_resp(&r, out);
	reply_map(&r, NULL, 11);
	say_time(&r, seen->now);
	reply_text(&r, "what", "attempt");
	reply_bytes(&r, "event", seen->event.data, seen->event.len);
	reply_text(&r, "verdict", command_verdict(a->verdict));
	reply_text(&r, "rule", a->rule != NULL ? a->rule : "");
	reply_text(&r, "key", item != NULL ? item->field : "");
	reply_text(&r, "value", item != NULL ? item->key : "");
	reply_integer(&r, "count", a->count);
	reply_integer(&r, "limit", a->limit);
	reply_integer(&r, "retry_after", a->retry_after);
	reply_text(&r, "id", a->id);
}

/* Whether an event for that audience can be written now. */
static bool
open_part(struct watch *w, unsigned audience)
{
	struct part *p = &w->parts[audience];

	if ((w->audiences >> audience & 1) == 0)
		return false;
	if (!w->woken) {
		w->woken = true;
		w->wake(w->arg);
	}
	if (p->lost == 0)
		return true;
	p->lost++;
	return false;
}

/* What did not fit, and all that follows it in this turn, is lost. */
static void
close_part(struct part *p, size_t before)
{
	if (!p->out.failed) {
		p->events++;
		return;
	}
	outbuf_cut(&p->out, before);
	p->lost++;
}

static void
seen(void *arg, const struct engine_seen *event)
{
	struct watch *w = arg;
	struct engine_item item;
	unsigned i;
	size_t before;
	bool there;

	for (i = 0; i < WATCH_AUDIENCES; i++) {
		if (event->answer->verdict == ENGINE_ALLOW &&
		    (i & WATCH_ALL) == 0)
			continue;
		if (!open_part(w, i))
			continue;
		there = engine_decider(
		    w->engine, event->answer, (i & WATCH_PLAIN) != 0, &item);
		before = w->parts[i].out.len;
		say_attempt(&w->parts[i].out, event, there ? &item : NULL);
		close_part(&w->parts[i], before);
	}
}

static void
say_act(struct outbuf *out, const struct watch_act *act, bool plain)
{
	/* a name of a person is shown to nobody */
	bool shown = plain && act->key_len == 2 &&
	    memcmp(act->key, "ip", 2) == 0;
	struct reply r;

	reply_resp(&r, out);
	reply_map(&r, NULL, 4);
	say_time(&r, act->now);
	reply_text(&r, "what", act->what);
	reply_bytes(&r, "key", act->key, act->key_len);
	reply_bytes(&r, "value", act->value, shown ? act->value_len : 0);
}

void
watch_act(struct watch *w, const struct watch_act *act)
{
	unsigned i;
	size_t before;

	for (i = 0; i < WATCH_AUDIENCES; i++) {
		if (!open_part(w, i))
			continue;
		before = w->parts[i].out.len;
		say_act(&w->parts[i].out, act, (i & WATCH_PLAIN) != 0);
		close_part(&w->parts[i], before);
	}
}

void
watch_say_lost(struct outbuf *out, uint64_t lost, int64_t now)
{
	struct reply r;

	reply_resp(&r, out);
	reply_map(&r, NULL, 3);
	say_time(&r, now);
	reply_text(&r, "what", "lost");
	reply_integer(&r, "count", (int64_t)lost);
}

struct watch *
watch_new(struct engine *engine, void (*wake)(void *arg), void *arg)
{
	struct watch *w = mem_alloc(sizeof(*w));
	unsigned i;

	if (w == NULL)
		return NULL;
	w->engine = engine;
	w->wake = wake;
	w->arg = arg;
	for (i = 0; i < WATCH_AUDIENCES; i++)
		outbuf_init(&w->parts[i].out, WATCH_TURN_MAX);
	return w;
}

void
watch_free(struct watch **w)
{
	unsigned i;

	if (*w == NULL)
		return;
	watch_audiences(*w, 0);
	for (i = 0; i < WATCH_AUDIENCES; i++)
		outbuf_done(&(*w)->parts[i].out);
	mem_free(w, sizeof(**w));
}

bool
watch_join(struct watch *w)
{
	if (w->watchers == WATCHERS_MAX)
		return false;
	w->watchers++;
	return true;
}

void
watch_admit(struct watch *w, unsigned audience)
{
	watch_audiences(w, w->audiences | 1u << audience);
}

void
watch_leave(struct watch *w)
{
	w->watchers--;
}

unsigned
watch_count(const struct watch *w)
{
	return w->watchers;
}

void
watch_audiences(struct watch *w, unsigned bits)
{
	struct engine_watch mine = { .seen = seen, .arg = w };
	unsigned i;

	for (i = 0; i < WATCH_AUDIENCES; i++) {
		if ((bits >> i & 1) == 0)
			outbuf_done(&w->parts[i].out);
	}
	w->audiences = bits;
	engine_watch(w->engine, bits != 0 ? &mine : NULL);
}

void
watch_turn(const struct watch *w, unsigned audience, struct watch_turn *out)
{
	const struct part *p = &w->parts[audience];

	out->data = p->out.data;
	out->len = p->out.len;
	out->events = p->events;
	out->lost = p->lost;
}

void
watch_clear(struct watch *w)
{
	unsigned i;

	for (i = 0; i < WATCH_AUDIENCES; i++) {
		outbuf_reset(&w->parts[i].out);
		w->parts[i].events = w->parts[i].lost = 0;
	}
	w->woken = false;
}
