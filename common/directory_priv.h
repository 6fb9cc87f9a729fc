/*
 * directory_priv: a handle, for the parts of directory that are not in the
 * shared object.
 */

#ifndef JWTGATE_DIRECTORY_PRIV_H
#define JWTGATE_DIRECTORY_PRIV_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "config_parts.h"
#include "directory_driver.h"

#define DIRECTORY_IDLE_MAX 8 /* connections kept while nobody asks */
#define DIRECTORY_BUSY_MAX 64 /* questions asked at the same time */

/* A connection, and the server it goes to. */
struct directory_held {
	struct directory_conn *conn; /* owns */
	size_t server;
};

struct directory {
	struct config_directory config; /* owns its texts */
	_Atomic(const struct directory_driver *) driver; /* NULL: not loaded */
	atomic_size_t first; /* the server that is tried first */
	atomic_int busy;
	atomic_schar *in_chain; /* owns; by server: 0 unknown, 1 yes, -1 no */
	_Atomic pid_t lock; /* of all below */
	struct directory_held idle[DIRECTORY_IDLE_MAX];
	size_t idle_count;
};

/*
 * The password to bind with; nothing where there is none. 0, E_NOMEM or
 * E_DIRECTORY_UNAVAILABLE; file_done().
 */
struct file;
int directory_read_password(
    const struct config_directory *c, struct file *out, struct err *e);

/* Loads what speaks LDAP, once. */
int directory_driver_of(
    struct directory *d, const struct directory_driver **out, struct err *e);

/*
 * A new connection to a server, bound as the configuration says or, for a
 * caller that will bind by itself, not at all.
 */
int directory_open_at(struct directory *d, size_t server, bool bind,
    const struct directory_wait *wait, struct directory_held *out,
    struct err *e);

/* Closes, or keeps for the next question what can be used again. */
void directory_give(struct directory *d, struct directory_held *held);

/* Tells whoever listens. r and e: what came of it. */
void directory_tell(const struct directory_wait *wait,
    const struct directory_event *event, int r, const struct err *e);

#endif
