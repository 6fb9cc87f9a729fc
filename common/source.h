/*
 * source: values that were read from files, and what becomes of them when
 * the files change.
 *
 * A source is one such value; it never changes and lives as long as somebody
 * holds it. When its file did change, source_renew() makes the next one, or
 * keeps the old one when the new version is not good. Sources stand on a
 * shelf by the thing of the configuration that they belong to. A shelf is
 * filled when it is first asked, by many threads at once and without a lock.
 */

#ifndef JWTGATE_SOURCE_H
#define JWTGATE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "file.h"

struct err;
struct shelf;
struct source;

#define SOURCE_FILES_MAX 16

/* How values of one kind come about. key is a part of the configuration. */
struct source_kind {
	/* The i-th file behind it; NULL: there are no more. */
	const char *(*path)(const void *key, size_t i);
	/* 0, an owned value and its file for each path, or a code. */
	int (*read)(const void *key, void **value_out,
	    struct file_id ids[SOURCE_FILES_MAX], struct err *e);
	void (*done)(void *value);
	/* Whether two keys, of two configurations, stand for one value. */
	bool (*same)(const void *a, const void *b);
};

/*
 * Is told one sentence for each change that was not good. May be NULL. now:
 * the time of day, by which source_age() counts.
 */
struct source_ear {
	void (*hear)(const char *sentence, void *arg);
	void *arg;
	int64_t now;
};

/* Reads it now. A failure makes a source too, that says why; E_NOMEM. */
int source_new(
    const struct source_kind *kind, const void *key, struct source **out);

/* Another holder of it. Returns s. */
struct source *source_hold(struct source *s);
void source_drop(struct source **s);

/* The value, borrowed while s is held, or why there is none. */
int source_get(const struct source *s, const void **value_out, struct err *e);

/*
 * Seconds since its files were last seen to be as they were read. The first
 * question counts as the reading; later source_renew() looks.
 */
int64_t source_age(struct source *s, int64_t now);

/*
 * What old is to be replaced by, held: old itself while its files are the
 * same; the new version when it is good or old had none; otherwise old, and
 * ear is told once for each version that was not. Only one thread at a time
 * may renew one source. key: the same thing in the configuration of today.
 */
struct source *source_renew(
    struct source *old, const void *key, const struct source_ear *ear);

/* Returns 0 or E_NOMEM. Keys are known by their address, and borrowed. */
int shelf_new(const struct source_kind *kind, struct shelf **out);
void shelf_free(struct shelf **shelf);

/*
 * The source of a key, read when it is not there yet; keys that are the same
 * share one. A failure stays until the shelf is replaced. Borrowed until
 * then; NULL when out of memory.
 */
struct source *shelf_get(struct shelf *shelf, const void *key);

/*
 * Renews what from has for the key, if it has, and puts it on to; what
 * failed is left to be read anew. Sets *changed when that is not just what
 * it was. Returns 0 or E_NOMEM.
 */
int shelf_carry(struct shelf *to, const void *key, const struct shelf *from,
    const struct source_ear *ear, bool *changed);

#endif
