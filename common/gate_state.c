/*
 * Many threads decide at once over a state that is replaced when a file
 * changed. A decision wants a reference to the state without touching a
 * counter that every other core touches too: references lie ready in slots,
 * a thread takes one out with an exchange, mostly of a slot that it alone
 * uses, and puts it back. Only when the state was replaced, or more threads
 * decide than there are slots, is the lock taken, for three instructions.
 */

#include "gate_state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "config.h"
#include "deadline.h"
#include "file.h"
#include "gate.h"
#include "gate_directory.h"
#include "jws.h"
#include "keyring.h"
#include "lock.h"
#include "mem.h"
#include "revocation.h"
#include "roles_cache.h"
#include "source.h"

#define PROBES 4 /* slots a thread looks into */
#define SLOT_BITS 5
#define LOOK_LAG 1 /* seconds by which a look may be late */
#define TURN_NS 50000 /* between two tries at the lock of who looks */
#define LOOK_US 500000 /* for which others wait for who looks */
#define GOLDEN_RATIO UINT64_C(0x9e3779b97f4a7c15)

_Static_assert(GATE_SLOTS == 1 << SLOT_BITS, "slots are a power of two");

/* The oldest gives way: what is true of the files now was said last. */
void
gate_state_notice(struct gate *g, const char *sentence)
{
	unsigned count, at;

	lock_take(&g->lock);
	count = atomic_load_explicit(&g->notice_count, memory_order_relaxed);
	at = (g->notice_first + count) % GATE_NOTICES;
	if (count == GATE_NOTICES)
		g->notice_first = (g->notice_first + 1) % GATE_NOTICES;
	else
		count++;
	snprintf(g->notices[at], sizeof(g->notices[at]), "%s", sentence);
	atomic_store_explicit(&g->notice_count, count, memory_order_relaxed);
	lock_give(&g->lock);
}

static void
add_notice(const char *sentence, void *arg)
{
	gate_state_notice(arg, sentence);
}

bool
gate_notice(struct gate *g, char text[ERR_TEXT_MAX])
{
	unsigned count;

	if (atomic_load_explicit(&g->notice_count, memory_order_relaxed) == 0)
		return false;
	lock_take(&g->lock);
	count = atomic_load_explicit(&g->notice_count, memory_order_relaxed);
	if (count > 0) {
		memcpy(text, g->notices[g->notice_first], ERR_TEXT_MAX);
		g->notice_first = (g->notice_first + 1) % GATE_NOTICES;
		atomic_store_explicit(
		    &g->notice_count, count - 1, memory_order_relaxed);
	}
	lock_give(&g->lock);
	return count > 0;
}

static const char *
config_path(const void *key, size_t i)
{
	return i == 0 ? key : NULL;
}

static int
config_read(const void *key, void **value_out,
    struct file_id ids[SOURCE_FILES_MAX], struct err *e)
{
	struct config *config = NULL;
	int r;

	r = config_load(key, &config, e);
	if (r != 0)
		return r;
	ids[0] = *config_id(config);
	*value_out = config;
	return 0;
}

static void
config_done(void *value)
{
	struct config *config = value;

	config_free(&config);
}

static bool
config_same(const void *a, const void *b)
{
	return strcmp(a, b) == 0;
}

static const struct source_kind config_kind = {
	.path = config_path,
	.read = config_read,
	.done = config_done,
	.same = config_same,
};

const struct config *
gate_state_config(const struct gate_state *s)
{
	const void *config = NULL;

	(void)source_get(s->config, &config, NULL);
	return config;
}

static void
state_drop(struct gate_state *s)
{
	if (s == NULL ||
	    atomic_fetch_sub_explicit(&s->holders, 1, memory_order_acq_rel) !=
		1)
		return;
	/* the keys of the shelves are parts of the configuration */
	keyring_free(&s->keys);
	jws_headers_free(&s->headers);
	shelf_free(&s->revocations);
	shelf_free(&s->directories);
	roles_cache_free(&s->answers);
	source_drop(&s->config);
	mem_free(&s, sizeof(*s));
}

/* Takes config over, on failure too. */
static int
state_new(struct source *config, uint64_t generation, struct gate_state **out)
{
	struct gate_state *s = mem_alloc(sizeof(*s));

	if (s == NULL) {
		source_drop(&config);
		return E_NOMEM;
	}
	atomic_init(&s->holders, 1);
	s->generation = generation;
	s->config = config;
	s->headers = jws_headers_new();
	if (s->headers == NULL || keyring_new(&s->keys) != 0 ||
	    shelf_new(&revocation_kind, &s->revocations) != 0 ||
	    shelf_new(&gate_directory_kind, &s->directories) != 0 ||
	    roles_cache_new(&s->answers) != 0) {
		state_drop(s);
		return E_NOMEM;
	}
	*out = s;
	return 0;
}

struct carrying {
	struct gate_state *to;
	const struct gate_state *from;
	const struct source_ear *ear;
	bool changed;
};

static int
carry_policy(struct carrying *c, const struct config_policy *policy)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < policy->issuer_count; i++)
		r = keyring_carry(c->to->keys, &policy->issuers[i],
		    c->from->keys, c->ear, &c->changed);
	if (r == 0 && policy->revocation_file != NULL)
		r = shelf_carry(c->to->revocations, policy,
		    c->from->revocations, c->ear, &c->changed);
	if (r == 0 && policy->directory.configured)
		r = shelf_carry(c->to->directories, &policy->directory,
		    c->from->directories, c->ear, &c->changed);
	return r;
}

/* What was loaded, for every policy of the configuration of today. */
static int
carry_all(struct carrying *c)
{
	const struct config *config = gate_state_config(c->to);
	const struct config_list *names = config_services(config);
	const struct config_policy *policy;
	size_t i;
	int r;

	r = carry_policy(c, config_policy(config, NULL));
	for (i = 0; r == 0 && i < names->count; i++)
		r = carry_policy(c, config_policy(config, names->items[i]));
	policy = names->count == 0 ? config_policy(config, "*") : NULL;
	if (r == 0 && policy != NULL)
		r = carry_policy(c, policy);
	return r;
}

/* The next state, or NULL while nothing changed or memory is short. */
static struct gate_state *
state_renew(struct gate *g, const struct gate_state *old, int64_t now)
{
	const struct source_ear ear = { add_notice, g, now };
	struct source *config = source_renew(old->config, g->path, &ear);
	struct gate_state *next = NULL;
	struct carrying c = { NULL, old, &ear, config != old->config };

	if (state_new(config, old->generation + 1, &next) != 0)
		return NULL;
	c.to = next;
	if (carry_all(&c) != 0 || !c.changed) {
		state_drop(next);
		return NULL;
	}
	return next;
}

/* Old references must not lie in slots for ever: they hold old secrets. */
static void
sweep(struct gate *g)
{
	struct gate_state *s;
	size_t i;

	for (i = 0; i < GATE_SLOTS; i++) {
		s = atomic_exchange_explicit(
		    &g->slots[i].state, NULL, memory_order_acq_rel);
		state_drop(s);
	}
}

static void
publish(struct gate *g, struct gate_state *next)
{
	struct gate_state *old;

	lock_take(&g->lock);
	old = g->current;
	g->current = next;
	atomic_store_explicit(
	    &g->generation, next->generation, memory_order_release);
	lock_give(&g->lock);
	state_drop(old);
	sweep(g);
}

/* Whether what was last looked at then is too old to go on with. */
static bool
is_old(int64_t looked, int64_t now)
{
	return looked == INT64_MIN || looked < now - LOOK_LAG ||
	    looked > now + LOOK_LAG;
}

/* Whether who looks hangs, as on a file system that is away; said once. */
static bool
hangs(struct gate *g)
{
	const int64_t since = atomic_load_explicit(
	    &g->looking_since, memory_order_acquire);

	if (since == 0 || deadline_now() - since < LOOK_US)
		return false;
	if (!atomic_exchange_explicit(
		&g->hang_said, true, memory_order_relaxed))
		gate_state_notice(g,
		    "the files of the configuration cannot be looked at: "
		    "their file system does not answer (the last good "
		    "version stays in use)");
	return true;
}

/*
 * The lock of who looks at the files. False: another thread looks, and what
 * there is was seen a moment ago. After a silence nobody knows that: then who
 * comes second waits, or a token that was revoked meanwhile would be taken
 * while the first one is still reading. But not for ever: a file system that
 * is away holds one thread, not all. They go on with what there is, which
 * for revocations ends with stale_after.
 */
static bool
begin_look(struct gate *g, int64_t now)
{
	const struct timespec turn = { 0, TURN_NS };
	int64_t last;

	while (!lock_try(&g->looking)) {
		last = atomic_load_explicit(&g->looked, memory_order_relaxed);
		if (!is_old(last, now) || hangs(g))
			return false;
		(void)nanosleep(&turn, NULL);
	}
	atomic_store_explicit(
	    &g->looking_since, deadline_now(), memory_order_release);
	return true;
}

static void
end_look(struct gate *g)
{
	atomic_store_explicit(&g->looking_since, 0, memory_order_release);
	atomic_store_explicit(&g->hang_said, false, memory_order_relaxed);
	lock_give(&g->looking);
}

/*
 * Once in each second of the callers' clocks, and by one thread. It is said
 * to be done when it is: who reads that also gets what was found. g->current
 * is safe to read, since only who looks ever replaces it.
 */
static void
look(struct gate *g, int64_t now)
{
	struct gate_state *next;

	if (atomic_load_explicit(&g->looked, memory_order_acquire) == now ||
	    !begin_look(g, now))
		return;
	if (atomic_load_explicit(&g->looked, memory_order_relaxed) != now) {
		next = state_renew(g, g->current, now);
		if (next != NULL)
			publish(g, next);
		atomic_store_explicit(&g->looked, now, memory_order_release);
	}
	end_look(g);
}

/* The address of errno is this thread's own and stays the same. */
static size_t
first_slot(void)
{
	return (size_t)(((uint64_t)(uintptr_t)&errno * GOLDEN_RATIO) >>
	    (64 - SLOT_BITS));
}

struct gate_state *
gate_state_take(struct gate *g, int64_t now)
{
	const size_t first = first_slot();
	struct gate_state *s = NULL, *fresh;
	uint64_t today;
	size_t i;

	look(g, now);
	today = atomic_load_explicit(&g->generation, memory_order_acquire);
	for (i = 0; i < PROBES && s == NULL; i++)
		s = atomic_exchange_explicit(
		    &g->slots[(first + i) % GATE_SLOTS].state, NULL,
		    memory_order_acq_rel);
	if (s != NULL && s->generation == today)
		return s;
	lock_take(&g->lock);
	fresh = g->current;
	atomic_fetch_add_explicit(&fresh->holders, 1, memory_order_relaxed);
	lock_give(&g->lock);
	state_drop(s);
	return fresh;
}

void
gate_state_put(struct gate *g, struct gate_state *s)
{
	const size_t first = first_slot();
	struct gate_state *nothing;
	size_t i;

	if (s->generation !=
	    atomic_load_explicit(&g->generation, memory_order_acquire)) {
		state_drop(s);
		return;
	}
	for (i = 0; i < PROBES; i++) {
		nothing = NULL;
		if (atomic_compare_exchange_strong_explicit(
			&g->slots[(first + i) % GATE_SLOTS].state, &nothing, s,
			memory_order_acq_rel, memory_order_relaxed))
			return;
	}
	state_drop(s);
}

int
gate_state_open(struct gate *g, struct err *e)
{
	const void *config;
	struct source *source = NULL;
	size_t i;
	int r;

	for (i = 0; i < GATE_SLOTS; i++)
		atomic_init(&g->slots[i].state, NULL);
	atomic_init(&g->looked, INT64_MIN);
	atomic_init(&g->looking_since, 0);
	atomic_init(&g->hang_said, false);
	atomic_init(&g->away_said, INT64_MIN);
	r = source_new(&config_kind, g->path, &source);
	if (r == 0)
		r = source_get(source, &config, e);
	if (r != 0) {
		source_drop(&source);
		return r == E_NOMEM ? err_set(e, r, "out of memory") : r;
	}
	r = state_new(source, 1, &g->current);
	if (r != 0)
		return err_set(e, r, "out of memory");
	atomic_init(&g->generation, 1);
	return 0;
}

void
gate_state_close(struct gate *g)
{
	sweep(g);
	state_drop(g->current);
	g->current = NULL;
}
