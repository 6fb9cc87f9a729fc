/*
 * A peer has the sum of all rows that name its user or one of its groups.
 * Names are looked up when the configuration is read, never while a peer
 * waits: a name service may be slow.
 */

#include "access.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "err.h"
#include "mem.h"
#include "settings.h"
#include "str.h"

struct row {
	bool absent;
	bool is_group;
	bool holder;
	uid_t uid;
	gid_t gid;
	unsigned may;
	bool all_events;
	char (*events)[SETTINGS_NAME_MAX + 1]; /* owns */
	size_t event_count;
};

struct access_table {
	size_t count;
	struct row rows[ACCESS_ROWS_MAX];
};

static int
resolve(const struct settings_access *a, struct row *row, struct err *e)
{
	const struct group *group;
	const struct passwd *user;

	row->may = a->may;
	row->holder = a->holder;
	if (row->holder)
		return 0;
	row->is_group = a->group[0] != '\0';
	if (row->is_group) {
		group = getgrnam(a->group);
		row->absent = group == NULL;
		if (group != NULL)
			row->gid = group->gr_gid;
		else if (a->named)
			return err_set(e, E_CONFIG_INVALID,
			    "access: there is no group %s", a->group);
		return 0;
	}
	user = getpwnam(a->user);
	if (user == NULL)
		return err_set(e, E_CONFIG_INVALID,
		    "access: there is no user %s", a->user);
	row->uid = user->pw_uid;
	return 0;
}

static int
copy_events(const struct settings_access *a, struct row *row)
{
	row->all_events = a->events == NULL;
	if (row->all_events)
		return 0;
	row->events = mem_array(
	    a->event_count > 0 ? a->event_count : 1, sizeof(*row->events));
	if (row->events == NULL)
		return E_NOMEM;
	memcpy(row->events, a->events, a->event_count * sizeof(*row->events));
	row->event_count = a->event_count;
	return 0;
}

int
access_table_new(const struct settings_listener *listener,
    void (*skipped)(const char *group), struct access_table **out,
    struct err *e)
{
	struct access_table *t;
	size_t i;
	int r = 0;

	if (listener->access_count > ACCESS_ROWS_MAX)
		return err_set(e, E_CONFIG_INVALID, "access: more than %d rows",
		    ACCESS_ROWS_MAX);
	t = mem_alloc(sizeof(*t));
	if (t == NULL)
		return err_set(e, E_NOMEM, "out of memory");
	for (i = 0; r == 0 && i < listener->access_count; i++) {
		t->count++;
		r = resolve(&listener->access[i], &t->rows[i], e);
		if (r == 0)
			r = copy_events(&listener->access[i], &t->rows[i]);
		if (r == 0 && t->rows[i].absent && skipped != NULL)
			skipped(listener->access[i].group);
	}
	if (r != 0) {
		access_table_free(&t);
		return err_set(e, r, "out of memory");
	}
	*out = t;
	return 0;
}

void
access_table_free(struct access_table **t)
{
	size_t i;

	if (*t == NULL)
		return;
	for (i = 0; i < (*t)->count; i++)
		free((*t)->rows[i].events);
	free(*t);
	*t = NULL;
}

int
access_peer(int fd, struct access_peer *out, struct err *e)
{
	struct ucred cred;
	socklen_t n = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &n) != 0)
		return err_set(e, E_IO, "SO_PEERCRED: %s", strerror(errno));
	out->holder = false;
	out->uid = cred.uid;
	out->gid = cred.gid;
	out->group_count = 0;
	n = sizeof(out->groups);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, out->groups, &n) == 0)
		out->group_count = n / sizeof(out->groups[0]);
	return 0;
}

static bool
in_group(const struct access_peer *peer, gid_t gid)
{
	size_t i;

	if (peer->gid == gid)
		return true;
	for (i = 0; i < peer->group_count; i++)
		if (peer->groups[i] == gid)
			return true;
	return false;
}

struct access
access_judge(const struct access_table *t, const struct access_peer *peer)
{
	struct access a = { .uid = peer->uid };
	const struct row *row;
	bool mine;
	size_t i;

	for (i = 0; i < t->count; i++) {
		row = &t->rows[i];
		if (row->absent)
			continue;
		if (row->holder || peer->holder)
			mine = row->holder && peer->holder;
		else if (row->is_group)
			mine = in_group(peer, row->gid);
		else
			mine = peer->uid == row->uid;
		if (mine) {
			a.may |= row->may;
			a.rows |= UINT64_C(1) << i;
		}
	}
	return a;
}

bool
access_may(const struct access *a, unsigned rights)
{
	return (a->may & rights) != 0;
}

bool
access_may_count(const struct access_table *t, const struct access *a,
    const char *event, size_t n)
{
	const struct row *row;
	size_t i, k;

	if ((a->may & ACCESS_COUNT) == 0)
		return false;
	for (i = 0; i < t->count; i++) {
		row = &t->rows[i];
		if ((a->rows >> i & 1) == 0 || (row->may & ACCESS_COUNT) == 0)
			continue;
		if (row->all_events)
			return true;
		for (k = 0; k < row->event_count; k++)
			if (str_is(event, n, row->events[k]))
				return true;
	}
	return false;
}
