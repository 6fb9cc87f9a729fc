/*
 * persist: what lies between the engine, which says what to remember, and
 * the journal, which remembers. It knows which answers have to wait until
 * their record is on disk, and feeds snapshots in small steps.
 */

#ifndef JWTGATE_PERSIST_H
#define JWTGATE_PERSIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine;
struct err;
struct persist;
struct throttle;

/* Who has something to remember; borrowed. */
struct persist_of {
	struct engine *engine;
	struct throttle *throttle;
};

/*
 * Replays what dir holds into them, then listens to them. On E_IO or
 * E_PERM there is a persist all the same: it keeps nothing, and says why.
 * Returns 0 or E_NOMEM alone without one.
 */
int persist_open(const char *dir, const struct persist_of *of, int64_t now,
    struct persist **out, struct err *e);
/* What the replay found; damaged: say it loudly. */
const char *persist_report(const struct persist *p, bool *damaged_out);
/* Syncs everything and detaches from them. */
void persist_close(struct persist **p);

/* durability: attempt. Every answer waits, not only the durable ones. */
void persist_sync_every(struct persist *p, bool every);

enum persist_wait {
	PERSIST_LOST = 0, /* a durable record could not be kept */
	PERSIST_HOLD, /* hold the answer until the ticket is reached */
	PERSIST_GO /* nothing to wait for */
};

/* Asked after each command, about the records that it caused. */
enum persist_wait persist_take(struct persist *p, uint64_t *ticket_out);
enum persist_wait persist_ask(const struct persist *p, uint64_t ticket);

/* Call when fd is readable; -1 when there is none. */
int persist_fd(const struct persist *p);
void persist_wake(struct persist *p);

/* NULL when healthy, else why nothing is kept. */
const char *persist_trouble(const struct persist *p);
uint64_t persist_lag(const struct persist *p);
uint64_t persist_lost(const struct persist *p);
/* That have become files. */
uint64_t persist_snapshots(const struct persist *p);
/* One is being collected or written. */
bool persist_snapshot_running(struct persist *p);

/*
 * A small step of a snapshot when one is due; ask each 100 ms. True while
 * there is more to do: then come again soon.
 */
bool persist_step(struct persist *p);

#endif
