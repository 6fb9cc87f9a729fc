/*
 * access: who sits at the other end of a socket, and what it may do there.
 * The kernel says who (SO_PEERCRED, SO_PEERGROUPS, taken when the peer
 * connected); the configuration says what, by user and by group.
 */

#ifndef JWTGATE_ACCESS_H
#define JWTGATE_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct access_table;
struct err;
struct settings_listener;

enum access_right {
	ACCESS_COUNT = 1, /* attempts, marks, sessions */
	ACCESS_READ = 2, /* see keys */
	ACCESS_ADMIN = 4 /* block, forget, reload */
};

#define ACCESS_ANY 7u /* one of them, whichever */
#define ACCESS_ROWS_MAX 64
#define ACCESS_GROUPS_MAX 1024 /* supplementary groups that are looked at */

struct access_peer {
	bool holder; /* has shown the listener's secret; the rest is void */
	uid_t uid;
	gid_t gid;
	gid_t groups[ACCESS_GROUPS_MAX];
	size_t group_count;
};

/* What one peer may do; all zero is nothing. */
struct access {
	uid_t uid;
	unsigned may; /* enum access_right bits */
	uint64_t rows; /* which rows of the table admit it */
};

/*
 * Looks the names up. A group that nobody named and that does not exist is
 * left out and its name handed to skipped (may be NULL). Returns 0,
 * E_NOMEM, or E_CONFIG_INVALID for a name of the file that does not exist.
 */
int access_table_new(const struct settings_listener *listener,
    void (*skipped)(const char *group), struct access_table **out,
    struct err *e);
void access_table_free(struct access_table **t);

/* Returns 0 or E_IO. */
int access_peer(int fd, struct access_peer *out, struct err *e);

struct access access_judge(
    const struct access_table *t, const struct access_peer *peer);

/* One of the rights, for anything. */
bool access_may(const struct access *a, unsigned rights);

/* To count this event: a row may name the events it is for. */
bool access_may_count(const struct access_table *t, const struct access *a,
    const char *event, size_t n);

#endif
