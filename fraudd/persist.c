/*
 * The engine appends from inside a command; whether the answer has to wait
 * is known only when the command is over, so the newest ticket that matters
 * is kept until it is asked for.
 */

#include "persist.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine.h"
#include "err.h"
#include "journal.h"
#include "mem.h"
#include "throttle.h"

#define SNAPSHOT_STEP 512 /* entries looked at in one step */

struct persist {
	struct engine *engine; /* borrowed */
	struct throttle *throttle; /* borrowed */
	struct journal *journal; /* owned; NULL: nothing is kept */
	int64_t now; /* during the replay */
	bool every;
	bool damaged; /* the replay found what should never be */
	uint64_t wanted; /* 0: no answer waits */
	bool lost;
	bool snapshot; /* one is being written */
	bool snapshot_failed;
	bool throttle_next; /* the engine's part of it is complete */
	uint64_t cursor;
	char why[ERR_TEXT_MAX];
	char report[256]; /* of the replay, for people */
};

static void
append(void *arg, const void *record, size_t n, bool durable)
{
	struct persist *p = arg;
	uint64_t ticket = 0;

	if (p->journal != NULL)
		ticket = journal_append(p->journal, record, n);
	if (ticket == 0)
		p->lost = p->lost || durable;
	else if (durable || p->every)
		p->wanted = ticket;
}

static int
replay(void *arg, const void *record, size_t n)
{
	struct persist *p = arg;

	if (throttle_replay(p->throttle, record, n, p->now))
		return 0;
	return engine_replay(p->engine, record, n, p->now);
}

static void
describe(struct persist *p, const struct journal_report *r)
{
	p->damaged = r->bad_files > 0 || r->missing_records > 0;
	snprintf(p->report, sizeof(p->report),
	    "%llu records of the snapshot and %llu of the log, %llu not taken, "
	    "%llu torn bytes, %llu files bad, %llu records missing",
	    (unsigned long long)r->snapshot_records,
	    (unsigned long long)r->log_records, (unsigned long long)r->refused,
	    (unsigned long long)r->torn_bytes, (unsigned long long)r->bad_files,
	    (unsigned long long)r->missing_records);
}

const char *
persist_report(const struct persist *p, bool *damaged_out)
{
	*damaged_out = p->damaged;
	return p->report;
}

/* Both say what to remember from now on. */
static void
attach(struct persist *p, const struct engine_sink *sink)
{
	engine_attach(p->engine, sink);
	throttle_attach(p->throttle, sink);
}

int
persist_open(const char *dir, const struct persist_of *of, int64_t now,
    struct persist **out, struct err *e)
{
	struct engine_sink sink = { .append = append };
	struct journal_report report = { 0 };
	struct persist *p;
	int r;

	p = mem_alloc(sizeof(*p));
	if (p == NULL)
		return err_set(e, E_NOMEM, "out of memory");
	p->engine = of->engine;
	p->throttle = of->throttle;
	p->now = now;
	r = journal_open(dir, replay, p, &p->journal, &report, e);
	describe(p, &report);
	engine_settle(p->engine, now);
	if (r != 0) {
		p->journal = NULL;
		snprintf(p->why, sizeof(p->why), "%s", err_text(e, r));
	}
	sink.arg = p;
	attach(p, &sink);
	*out = p;
	return 0;
}

static void
append_nothing(void *arg, const void *record, size_t n, bool durable)
{
	(void)arg;
	(void)record;
	(void)n;
	(void)durable;
}

void
persist_close(struct persist **p)
{
	struct engine_sink sink = { .append = append_nothing };

	if (*p == NULL)
		return;
	attach(*p, &sink);
	if ((*p)->journal != NULL)
		journal_close(&(*p)->journal);
	free(*p);
	*p = NULL;
}

void
persist_sync_every(struct persist *p, bool every)
{
	p->every = every;
}

enum persist_wait
persist_take(struct persist *p, uint64_t *ticket_out)
{
	bool lost = p->lost;

	if (p->wanted == 0 && !lost)
		return PERSIST_GO;
	*ticket_out = p->wanted;
	p->wanted = 0;
	p->lost = false;
	if (lost)
		return PERSIST_LOST;
	journal_sync(p->journal);
	return persist_ask(p, *ticket_out);
}

enum persist_wait
persist_ask(const struct persist *p, uint64_t ticket)
{
	if (p->journal == NULL)
		return PERSIST_LOST;
	if (journal_synced(p->journal) >= ticket)
		return PERSIST_GO;
	return journal_trouble(p->journal) != NULL ? PERSIST_LOST :
						     PERSIST_HOLD;
}

int
persist_fd(const struct persist *p)
{
	return p->journal != NULL ? journal_fd(p->journal) : -1;
}

void
persist_wake(struct persist *p)
{
	uint64_t count;

	if (p->journal != NULL)
		(void)!read(journal_fd(p->journal), &count, sizeof(count));
}

const char *
persist_trouble(const struct persist *p)
{
	return p->journal != NULL ? journal_trouble(p->journal) : p->why;
}

uint64_t
persist_lag(const struct persist *p)
{
	return p->journal != NULL ? journal_lag(p->journal) : 0;
}

uint64_t
persist_lost(const struct persist *p)
{
	return p->journal != NULL ? journal_lost(p->journal) : 0;
}

uint64_t
persist_snapshots(const struct persist *p)
{
	return p->journal != NULL ? journal_snapshots(p->journal) : 0;
}

bool
persist_snapshot_running(struct persist *p)
{
	/* the journal forgets one that failed when it is asked, and
	 * persist_step() has to hear of it first */
	return p->snapshot ||
	    (p->journal != NULL && journal_snapshot_busy(p->journal));
}

static void
snapshot_append(void *arg, const void *record, size_t n, bool durable)
{
	struct persist *p = arg;

	(void)durable;
	if (!p->snapshot_failed &&
	    journal_snapshot_add(p->journal, record, n) != 0)
		p->snapshot_failed = true;
}

/* How many entries the helper has room for, at most a step's. */
static size_t
step_size(struct persist *p)
{
	size_t room = journal_snapshot_room(p->journal) /
	    (ENGINE_RECORD_MAX + JOURNAL_SNAPSHOT_HEAD);

	return room < SNAPSHOT_STEP ? room : SNAPSHOT_STEP;
}

static bool
begin(struct persist *p)
{
	if (p->snapshot)
		return true;
	if (!journal_wants_snapshot(p->journal) ||
	    journal_snapshot_begin(p->journal, NULL) != 0)
		return false;
	p->snapshot = true;
	p->snapshot_failed = p->throttle_next = false;
	p->cursor = 0;
	return true;
}

bool
persist_step(struct persist *p)
{
	struct engine_sink sink = { .append = snapshot_append, .arg = p };
	size_t max;

	if (p->journal == NULL || !begin(p))
		return false;
	max = step_size(p);
	if (max == 0)
		return true;
	if (p->throttle_next)
		throttle_snapshot(p->throttle, &p->cursor, max, &sink);
	else
		engine_snapshot(p->engine, &p->cursor, max, &sink);
	if (p->cursor != 0 && !p->snapshot_failed)
		return true;
	p->throttle_next = !p->throttle_next;
	if (p->throttle_next && !p->snapshot_failed)
		return true;
	p->snapshot = false;
	(void)journal_snapshot_end(p->journal, NULL);
	return false;
}
