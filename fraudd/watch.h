/*
 * watch: what happens, for those who look on. Events of one turn of the loop
 * are written once for each kind of audience, whatever the number of its
 * watchers, into buffers that are bounded; what does not fit is counted, and
 * each watcher is told how many it did not see. While nobody watches nothing
 * is written and the engine is not asked.
 */

#ifndef JWTGATE_WATCH_H
#define JWTGATE_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine;
struct outbuf;
struct watch;

/* What a watcher sees; they add up to its audience. */
#define WATCH_PLAIN 1u /* addresses as they are */
#define WATCH_ALL 2u /* attempts that were allowed too */
#define WATCH_AUDIENCES 4

static inline unsigned
watch_audience(bool plain, bool all)
{
	return (plain ? WATCH_PLAIN : 0u) | (all ? WATCH_ALL : 0u);
}

#define WATCHERS_MAX 16
#define WATCH_TURN_MAX (256 * 1024) /* bytes of one turn, per audience */
#define WATCH_UNSENT_MAX (256 * 1024) /* bytes a watcher may be behind */

/* engine is borrowed. wake: called at the first event of a turn. */
struct watch *watch_new(
    struct engine *engine, void (*wake)(void *arg), void *arg);
void watch_free(struct watch **w);

/* One more watcher; false when there are too many. */
bool watch_join(struct watch *w);
/* From now on there is this audience too. */
void watch_admit(struct watch *w, unsigned audience);
void watch_leave(struct watch *w);
unsigned watch_count(const struct watch *w);

/* Which audiences there are, bit n for audience n. */
void watch_audiences(struct watch *w, unsigned bits);

/* What an operator did; key and value are "" where there is none. */
struct watch_act {
	int64_t now; /* ms */
	const char *what; /* block, unblock, forget, reload, rotate */
	const char *key;
	const char *value;
	size_t key_len, value_len;
};
void watch_act(struct watch *w, const struct watch_act *act);

/* The turn's events for an audience, as RESP; how many, and how many were
 * too many. Borrowed until watch_clear(). */
struct watch_turn {
	const char *data;
	size_t len;
	uint64_t events, lost;
};
void watch_turn(
    const struct watch *w, unsigned audience, struct watch_turn *out);
void watch_clear(struct watch *w);

/* The event that tells of others that were lost. */
void watch_say_lost(struct outbuf *out, uint64_t lost, int64_t now);

#endif
