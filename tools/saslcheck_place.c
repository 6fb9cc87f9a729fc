/*
 * saslcheck_place: where files lie and who can read them. The users are
 * those of the root that is looked at, which may be another machine's, so
 * its own passwd and group are read, not this machine's services.
 */

#include "saslcheck.h"

#include <errno.h>
#include <glob.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "err.h"
#include "str.h"

#define GROUPS_MAX 64

/* Who reads. */
struct reader {
	uid_t uid;
	gid_t groups[GROUPS_MAX];
	size_t group_count;
};

bool
saslcheck_find_conf(struct saslcheck *c, const char *name,
    const char *const *folders, struct saslcheck_file *out)
{
	/* Where libsasl looks in one program or another. */
	static const char *const all[] = { "/etc/postfix/sasl",
		"/etc/ldap/sasl2", "/etc/sasl2", "/usr/lib/sasl2",
		"/etc/sasl" };
	char path[PATH_MAX], shown[PATH_MAX];
	struct str s;
	size_t i;

	for (i = 0; folders[i] != NULL; i++) {
		str_init(&s, path, sizeof(path));
		str_addf(&s, "%s/%s.conf", folders[i], name);
		if (saslcheck_read(c, path, SASLCHECK_COLON, out))
			return true;
		saslcheck_done(out);
	}
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		str_init(&s, path, sizeof(path));
		str_addf(&s, "%s/%s.conf", all[i], name);
		if (!saslcheck_exists(c, path))
			continue;
		saslcheck_find(c, saslcheck_path(c, path, shown), 0,
		    "this host does not look here but "
		    "in %s",
		    folders[0]);
		return false;
	}
	str_init(&s, path, sizeof(path));
	str_addf(&s, "%s/%s.conf", folders[0], name);
	saslcheck_find(c, saslcheck_path(c, path, shown), 0,
	    "is not there: it is where mech_list and "
	    "oauthbearer_config stand");
	return false;
}

/* The groups that name the user, after their own. */
static void
find_groups(struct saslcheck *c, const char *user, struct reader *r)
{
	char path[PATH_MAX];
	struct group *group;
	FILE *f;
	size_t i;

	f = fopen(saslcheck_path(c, "/etc/group", path), "re");
	if (f == NULL)
		return;
	while ((group = fgetgrent(f)) != NULL && r->group_count < GROUPS_MAX) {
		for (i = 0; group->gr_mem[i] != NULL; i++) {
			if (strcmp(group->gr_mem[i], user) == 0)
				r->groups[r->group_count++] = group->gr_gid;
		}
		if (r->group_count == GROUPS_MAX)
			break;
	}
	fclose(f);
}

static bool
find_reader(struct saslcheck *c, const char *user, struct reader *r)
{
	char path[PATH_MAX];
	struct passwd *pw;
	bool found = false;
	FILE *f;

	f = fopen(saslcheck_path(c, "/etc/passwd", path), "re");
	if (f == NULL)
		return false;
	while (!found && (pw = fgetpwent(f)) != NULL) {
		if (strcmp(pw->pw_name, user) != 0)
			continue;
		r->uid = pw->pw_uid;
		r->groups[0] = pw->pw_gid;
		r->group_count = 1;
		found = true;
	}
	fclose(f);
	if (found)
		find_groups(c, user, r);
	return found;
}

/* want: 4 to read, 1 to pass through a folder. */
static bool
may(const struct reader *r, const struct stat *st, mode_t want)
{
	size_t i;

	if (r->uid == 0)
		return true;
	if (st->st_uid == r->uid)
		return (st->st_mode & (want << 6)) != 0;
	for (i = 0; i < r->group_count; i++) {
		if (st->st_gid == r->groups[i])
			return (st->st_mode & (want << 3)) != 0;
	}
	return (st->st_mode & want) != 0;
}

/* Each folder from the root that is looked at down to the file. */
static bool
judge_way(struct saslcheck *c, char *path, size_t skip, const char *user,
    const struct reader *r)
{
	struct stat st;
	char *p = path + skip;

	while ((p = strchr(p + 1, '/')) != NULL) {
		*p = '\0';
		if (stat(path, &st) == 0 && !may(r, &st, 1)) {
			saslcheck_find(c, path, 0,
			    "%s, as whom the host "
			    "runs, may not enter this folder",
			    user);
			return false;
		}
		*p = '/';
	}
	if (stat(path, &st) != 0)
		saslcheck_find(c, path, 0, "%s", strerror(errno));
	else if (!may(r, &st, 4))
		saslcheck_find(c, path, 0,
		    "%s, as whom the host runs, may "
		    "not read this",
		    user);
	else if (st.st_uid != 0 && st.st_uid != r->uid)
		saslcheck_find(c, path, 0,
		    "belongs neither to root nor to "
		    "%s, as whom the host runs",
		    user);
	else if ((st.st_mode & 022) != 0)
		saslcheck_find(c, path, 0,
		    "others than its owner may write "
		    "this");
	else
		return true;
	return false;
}

bool
saslcheck_readable(struct saslcheck *c, const char *name, const char *user)
{
	struct reader r = { .uid = 0 };
	char path[PATH_MAX];

	saslcheck_path(c, name, path);
	if (user != NULL && !find_reader(c, user, &r)) {
		saslcheck_find(c, path, 0,
		    "the host runs as %s, whom "
		    "/etc/passwd does not know",
		    user);
		return false;
	}
	return judge_way(
	    c, path, strlen(c->root), user != NULL ? user : "root", &r);
}

void
saslcheck_jailed(
    struct saslcheck *c, const char *name, const struct saslcheck_host *host)
{
	char inside[PATH_MAX], path[PATH_MAX];
	struct str s;

	if (host->jail == NULL)
		return;
	str_init(&s, inside, sizeof(inside));
	str_addf(&s, "%s%s", host->jail, name);
	if (saslcheck_exists(c, inside))
		saslcheck_readable(c, inside, host->jail_user);
	else
		saslcheck_find(c, saslcheck_path(c, inside, path), 0,
		    "is not there: once it has begun, the host looks for "
		    "changes inside of its chroot; give it the folder there "
		    "too, by a bind mount");
}

void
saslcheck_plugin(struct saslcheck *c)
{
	static const char *const places[] = { "/usr/lib/*/sasl2",
		"/usr/lib/sasl2", "/usr/lib64/sasl2" };
	char pattern[PATH_MAX], name[PATH_MAX];
	glob_t found = { .gl_pathc = 0 };
	bool any = false;
	struct str s;
	size_t i;

	for (i = 0; i < sizeof(places) / sizeof(places[0]) && !any; i++) {
		str_init(&s, name, sizeof(name));
		str_addf(&s, "%s/libjwtgate_sasl.so", places[i]);
		any = glob(saslcheck_path(c, name, pattern), 0, NULL, &found) ==
		    0;
		globfree(&found);
	}
	if (!any)
		saslcheck_find(c, "libjwtgate_sasl.so", 0,
		    "is in none of "
		    "libsasl's folders (/usr/lib/*/sasl2): install it");
}
