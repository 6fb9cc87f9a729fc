/*
 * source: a value never changes once it is there, so that those who use it
 * need no lock: a new version is a new source, and the old one goes with
 * its last holder. The shelf only ever grows, by compare and exchange at the
 * head of a list; it is replaced whole.
 */

#include "source.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "file.h"
#include "mem.h"

#define SHELF_BITS 6
#define SHELF_LISTS (1u << SHELF_BITS)
#define GOLDEN_RATIO UINT64_C(0x9e3779b97f4a7c15)

#define UNSEEN INT64_MIN

struct source {
	atomic_uint holders;
	const struct source_kind *kind;
	void *value; /* owns; NULL when it could not be read */
	struct file_id ids[SOURCE_FILES_MAX];
	int code; /* why there is no value */
	char *why; /* owns */
	_Atomic int64_t seen; /* when its file was as it was read; or UNSEEN */

	/* The last version that was no good; the renewing thread's alone. */
	char *said; /* owns; NULL: the files are as they were read */
	struct file_id said_ids[SOURCE_FILES_MAX];
};

struct place {
	const void *key; /* borrowed; only compared */
	struct source *source; /* holds */
	struct place *next;
};

struct shelf {
	const struct source_kind *kind;
	struct place *_Atomic lists[SHELF_LISTS];
};

int
source_new(const struct source_kind *kind, const void *key, struct source **out)
{
	struct source *s = mem_alloc(sizeof(*s));
	struct err e = { 0 };

	if (s == NULL)
		return E_NOMEM;
	atomic_init(&s->holders, 1);
	atomic_init(&s->seen, UNSEEN);
	s->kind = kind;
	s->code = kind->read(key, &s->value, s->ids, &e);
	if (s->code != 0) {
		s->why = mem_strdup(err_text(&e, s->code));
		if (s->why == NULL) {
			source_drop(&s);
			return E_NOMEM;
		}
	}
	*out = s;
	return 0;
}

struct source *
source_hold(struct source *s)
{
	atomic_fetch_add_explicit(&s->holders, 1, memory_order_relaxed);
	return s;
}

void
source_drop(struct source **s)
{
	struct source *old = *s;

	*s = NULL;
	if (old == NULL ||
	    atomic_fetch_sub_explicit(&old->holders, 1, memory_order_acq_rel) !=
		1)
		return;
	if (old->value != NULL)
		old->kind->done(old->value);
	mem_free_str(&old->why);
	mem_free_str(&old->said);
	mem_free(&old, sizeof(*old));
}

int
source_get(const struct source *s, const void **value_out, struct err *e)
{
	if (s->code != 0)
		return err_set(e, s->code, "%s", s->why);
	*value_out = s->value;
	return 0;
}

int64_t
source_age(struct source *s, int64_t now)
{
	int64_t seen = UNSEEN;

	if (atomic_compare_exchange_strong_explicit(&s->seen, &seen, now,
		memory_order_relaxed, memory_order_relaxed))
		return 0;
	return now > seen ? now - seen : 0;
}

/* The files as they are now; all zero where one cannot be looked at. */
static void
identify(
    struct source *s, const void *key, struct file_id ids[SOURCE_FILES_MAX])
{
	const char *path;
	size_t i;

	memset(ids, 0, SOURCE_FILES_MAX * sizeof(*ids));
	for (i = 0; i < SOURCE_FILES_MAX; i++) {
		path = s->kind->path(key, i);
		if (path == NULL)
			break;
		(void)file_identify(path, &ids[i], NULL);
	}
}

static bool
all_same(const struct file_id *a, const struct file_id *b)
{
	size_t i;

	for (i = 0; i < SOURCE_FILES_MAX; i++) {
		if (!file_same(&a[i], &b[i]))
			return false;
	}
	return true;
}

/*
 * Says why the new version is no good, once: not again while neither the
 * files nor the reason change.
 */
static void
say(struct source *s, const struct file_id *now, const char *why,
    const struct source_ear *ear)
{
	struct err e = { 0 };

	if (s->said != NULL && all_same(now, s->said_ids) &&
	    strcmp(s->said, why) == 0)
		return;
	mem_free_str(&s->said);
	s->said = mem_strdup(why);
	memcpy(s->said_ids, now, sizeof(s->said_ids));
	err_set(&e, E_IO, "%s (the last good version stays in use)", why);
	if (ear != NULL)
		ear->hear(e.text, ear->arg);
}

struct source *
source_renew(struct source *old, const void *key, const struct source_ear *ear)
{
	struct file_id now[SOURCE_FILES_MAX];
	struct source *next = NULL;

	identify(old, key, now);
	if (old->value != NULL && all_same(now, old->ids)) {
		mem_free_str(&old->said);
		if (ear != NULL)
			atomic_store_explicit(
			    &old->seen, ear->now, memory_order_relaxed);
		return source_hold(old);
	}
	if (source_new(old->kind, key, &next) != 0)
		return source_hold(old);
	if (next->value != NULL || old->value == NULL) {
		if (ear != NULL)
			(void)source_age(next, ear->now);
		return next;
	}
	/* without memory the files were not judged at all */
	if (next->code != E_NOMEM)
		say(old, now, next->why, ear);
	source_drop(&next);
	return source_hold(old);
}

int
shelf_new(const struct source_kind *kind, struct shelf **out)
{
	struct shelf *shelf = mem_alloc(sizeof(*shelf));
	size_t i;

	if (shelf == NULL)
		return E_NOMEM;
	shelf->kind = kind;
	for (i = 0; i < SHELF_LISTS; i++)
		atomic_init(&shelf->lists[i], NULL);
	*out = shelf;
	return 0;
}

void
shelf_free(struct shelf **shelf)
{
	struct place *place, *next;
	size_t i;

	if (*shelf == NULL)
		return;
	for (i = 0; i < SHELF_LISTS; i++) {
		place = atomic_load_explicit(
		    &(*shelf)->lists[i], memory_order_acquire);
		for (; place != NULL; place = next) {
			next = place->next;
			source_drop(&place->source);
			mem_free(&place, sizeof(*place));
		}
	}
	mem_free(shelf, sizeof(**shelf));
}

static size_t
list_of(const void *key)
{
	return (size_t)(((uint64_t)(uintptr_t)key * GOLDEN_RATIO) >>
	    (64 - SHELF_BITS));
}

static struct place *
find(struct place *place, const void *key)
{
	while (place != NULL && place->key != key)
		place = place->next;
	return place;
}

/*
 * Puts a source on the shelf, which takes it over, on failure too. Of two
 * threads that read the same, the first one's stays. NULL: out of memory.
 */
static struct place *
put(struct shelf *shelf, const void *key, struct source *source)
{
	struct place *_Atomic *list = &shelf->lists[list_of(key)];
	struct place *mine = mem_alloc(sizeof(*mine)), *theirs, *head;

	if (mine == NULL) {
		source_drop(&source);
		return NULL;
	}
	mine->key = key;
	mine->source = source;
	head = atomic_load_explicit(list, memory_order_acquire);
	do {
		theirs = find(head, key);
		if (theirs != NULL) {
			source_drop(&mine->source);
			mem_free(&mine, sizeof(*mine));
			return theirs;
		}
		mine->next = head;
	} while (!atomic_compare_exchange_weak_explicit(
	    list, &head, mine, memory_order_acq_rel, memory_order_acquire));
	return mine;
}

/* The key itself where the configuration is the same, or else its like. */
static struct place *
find_same(const struct shelf *shelf, const void *key)
{
	struct place *place;
	size_t i;

	place = find(atomic_load_explicit(
			 &shelf->lists[list_of(key)], memory_order_acquire),
	    key);
	for (i = 0; place == NULL && i < SHELF_LISTS; i++) {
		place = atomic_load_explicit(
		    &shelf->lists[i], memory_order_acquire);
		while (place != NULL && !shelf->kind->same(place->key, key))
			place = place->next;
	}
	return place;
}

/* Keys that stand for one value share its source. */
struct source *
shelf_get(struct shelf *shelf, const void *key)
{
	struct source *source = NULL;
	struct place *place;

	place = find(atomic_load_explicit(
			 &shelf->lists[list_of(key)], memory_order_acquire),
	    key);
	if (place != NULL)
		return place->source;
	place = find_same(shelf, key);
	if (place != NULL)
		source = source_hold(place->source);
	else if (source_new(shelf->kind, key, &source) != 0)
		return NULL;
	place = put(shelf, key, source);
	return place != NULL ? place->source : NULL;
}

int
shelf_carry(struct shelf *to, const void *key, const struct shelf *from,
    const struct source_ear *ear, bool *changed)
{
	struct place *place = find_same(from, key);
	struct place *twin = find_same(to, key);
	struct source *next;

	if (place == NULL)
		return 0;
	if (place->source->value == NULL) {
		*changed = true;
		return 0;
	}
	/* a file is looked at once, whoever uses it */
	if (twin != NULL)
		next = source_hold(twin->source);
	else
		next = source_renew(place->source, key, ear);
	if (next != place->source)
		*changed = true;
	return put(to, key, next) != NULL ? 0 : E_NOMEM;
}
