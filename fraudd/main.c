/*
 * fraudd: reads the configuration, takes its sockets (from systemd or its
 * own), gives up the user it should not be, wakes its memory, and serves
 * until it is told to stop.
 */

#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "access.h"
#include "engine.h"
#include "engine_query.h"
#include "err.h"
#include "hash.h"
#include "listener.h"
#include "mem.h"
#include "note.h"
#include "persist.h"
#include "server.h"
#include "settings.h"
#include "throttle.h"
#include "timeline.h"

#define STATUS_FAILED 1
#define STATUS_USAGE 2 /* or the configuration */
#define KEY_PATH_MAX 4096
#define TICKS_PER_RETIRE 10

struct program {
	const char *file; /* NULL: the defaults */
	bool named; /* with -c: must be there */
	bool test;
	struct settings *settings; /* the server's, once there is one */
	int *fds;
	char **ours; /* socket files to remove; NULL: systemd's */
	size_t fd_count;
	struct timeline clock;
	struct hash_keys *keys;
	struct engine *engine;
	struct persist *persist;
	struct throttle *throttle;
	struct server *server;
	uint64_t watchdog_us; /* 0: none asked for */
	unsigned ticks, dog_ticks;
	bool troubled; /* the journal's trouble has been said */
	bool kept; /* the same of a key that cannot be retired */
};

static void
skipped(const char *group)
{
	note(LOG_WARNING, "there is no group %s: it is left out", group);
}

/* A default file that is not there stands for an empty one. */
static int
load(const struct program *p, struct settings **out, struct err *e)
{
	struct stat st;
	const char *file = p->file;
	int r;

	if (!p->named && stat(file, &st) != 0 && errno == ENOENT) {
		note(LOG_INFO, "%s is not there: using the defaults", file);
		file = NULL;
	}
	r = settings_load(file, out, e);
	if (r == 0)
		r = settings_read_secrets(*out, e);
	return r;
}

static int
check_listener(const struct settings_listener *l, bool aloud, struct err *e)
{
	struct access_table *rows = NULL;
	int r;

	if (l->group_named && l->group != NULL && getgrnam(l->group) == NULL)
		return err_set(e, E_CONFIG_INVALID, "%s: there is no group %s",
		    l->path, l->group);
	r = access_table_new(l, aloud ? skipped : NULL, &rows, e);
	access_table_free(&rows);
	return r;
}

/* Names of users and groups, without opening anything. */
static int
check_names(const struct settings *s, bool aloud, struct err *e)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < s->listener_count; i++)
		r = check_listener(&s->listeners[i], aloud, e);
	if (r == 0 && s->user != NULL && getpwnam(s->user) == NULL)
		r = err_set(
		    e, E_CONFIG_INVALID, "user: there is no user %s", s->user);
	return r;
}

static int
take_sockets(struct program *p, struct err *e)
{
	const struct settings *s = p->settings;
	int given = sd_listen_fds(1), fd, r = 0;
	size_t i;
	int k, taken = 0;

	p->fds = mem_array(s->listener_count, sizeof(*p->fds));
	p->ours = mem_array(s->listener_count, sizeof(*p->ours));
	if (p->fds == NULL || p->ours == NULL)
		return err_set(e, E_NOMEM, "out of memory");
	for (i = 0; r == 0 && i < s->listener_count; i++) {
		fd = -1;
		for (k = 0; k < given && fd < 0; k++)
			if (listener_is_at(
				SD_LISTEN_FDS_START + k, &s->listeners[i]))
				fd = SD_LISTEN_FDS_START + k;
		taken += fd >= 0;
		if (fd >= 0)
			r = listener_adopt(fd, e);
		else {
			r = listener_open(&s->listeners[i], skipped, &fd, e);
			if (r == 0 && s->listeners[i].port == 0)
				p->ours[i] = mem_strdup(s->listeners[i].path);
		}
		p->fds[i] = fd;
		p->fd_count += r == 0;
	}
	/* it would be connected to, and nobody would ever answer */
	if (r == 0 && taken < given)
		r = err_set(e, E_CONFIG_INVALID,
		    "systemd has a socket that the configuration does not "
		    "name: \"socket\" and ListenStream= must be the same");
	return r;
}

static int
make_state_dir(
    const struct settings *s, const struct passwd *user, struct err *e)
{
	if (mkdir(s->state_dir, 0700) != 0) {
		if (errno == EEXIST)
			return 0;
		return err_set(
		    e, E_IO, "%s: %s", s->state_dir, strerror(errno));
	}
	if (user != NULL &&
	    chown(s->state_dir, user->pw_uid, user->pw_gid) != 0)
		return err_set(
		    e, E_IO, "%s: %s", s->state_dir, strerror(errno));
	return 0;
}

/* For good: the check that it cannot be taken back is the last step. */
static int
become(const struct passwd *user, struct err *e)
{
	if (user == NULL || geteuid() == user->pw_uid)
		return 0;
	if (initgroups(user->pw_name, user->pw_gid) != 0 ||
	    setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0)
		return err_set(e, E_PERM, "cannot become %s: %s", user->pw_name,
		    strerror(errno));
	if (user->pw_uid != 0 && setuid(0) == 0)
		return err_set(e, E_PERM, "could become root again");
	return 0;
}

static int
settle_user(const struct program *p, struct err *e)
{
	const struct passwd *user = NULL;
	int r;

	if (p->settings->user != NULL) {
		user = getpwnam(p->settings->user);
		if (user == NULL)
			return err_set(e, E_CONFIG_INVALID,
			    "user: there is no user %s", p->settings->user);
	}
	r = make_state_dir(p->settings, user, e);
	return r == 0 ? become(user, e) : r;
}

static int
wake_memory(struct program *p, struct err *e)
{
	struct persist_of of = { .engine = p->engine };

	p->throttle = throttle_new(p->keys);
	if (p->throttle == NULL)
		return err_set(e, E_NOMEM, "out of memory");
	of.throttle = p->throttle;
	return persist_open(p->settings->state_dir, &of,
	    timeline_us(&p->clock) / 1000, &p->persist, e);
}

static int
wake(struct program *p, struct err *e)
{
	struct err quiet = { 0 };
	char path[KEY_PATH_MAX];
	int r;

	timeline_start(&p->clock);
	if (snprintf(path, sizeof(path), "%s/%s", p->settings->state_dir,
		HASH_FILE_NAME) >= (int)sizeof(path))
		return err_set(e, E_CONFIG_INVALID, "state_dir: too long");
	r = hash_keys_load(path, &p->keys, &quiet);
	if (r == E_IO) {
		/* a full or read-only disk does not stop the counting */
		note(LOG_ERR, "%s: using a key that ends with this process",
		    err_text(&quiet, r));
		r = hash_keys_load(NULL, &p->keys, e);
	} else if (r != 0)
		return err_set(e, r, "%s", err_text(&quiet, r));
	if (r == 0)
		r = engine_new(p->settings, p->keys, &p->engine, e);
	if (r != 0)
		return err_set(e, r, "%s", err_text(&quiet, r));
	return wake_memory(p, e);
}

static int
reload(void *arg, struct err *e)
{
	struct program *p = arg;
	struct settings *fresh = NULL;
	struct err why = { 0 };
	int r;

	sd_notify(0, "RELOADING=1");
	r = load(p, &fresh, &why);
	if (r == 0)
		r = server_reload(p->server, fresh, &why);
	if (r == 0)
		note(LOG_INFO, "the new configuration is in force");
	else {
		settings_free(&fresh);
		note(LOG_ERR, "%s; the old configuration stays",
		    err_text(&why, r));
	}
	sd_notify(0, "READY=1");
	return r == 0 ? 0 : err_set(e, r, "%s", err_text(&why, r));
}

/* The previous hash key goes when nothing is left that was born with it. */
static void
retire(struct program *p)
{
	struct engine_stats s;
	struct err e = { 0 };
	int r;

	if (!hash_has_previous(p->keys))
		return;
	engine_stats(p->engine, &s);
	if (s.old_generation > 0 ||
	    throttle_old(p->throttle, timeline_us(&p->clock) / 1000))
		return;
	r = hash_keys_retire(p->keys, &e);
	if (r == 0)
		note(LOG_NOTICE,
		    "the previous hash key is not needed any more "
		    "and was removed");
	else if (!p->kept)
		note(LOG_ERR, "the previous hash key stays: %s",
		    err_text(&e, r));
	p->kept = r != 0;
}

static void
tick(void *arg)
{
	struct program *p = arg;
	const char *trouble = persist_trouble(p->persist);

	if (trouble != NULL && !p->troubled)
		note(LOG_ERR,
		    "the journal keeps nothing: %s; counting goes on, "
		    "BLOCK, UNBLOCK and ONCE are refused",
		    trouble);
	else if (trouble == NULL && p->troubled)
		note(LOG_NOTICE, "the journal keeps records again");
	p->troubled = trouble != NULL;
	if (++p->ticks % TICKS_PER_RETIRE == 0)
		retire(p);
	/* half the interval, as sd_watchdog_enabled(3) advises */
	if (p->watchdog_us > 0 &&
	    ++p->dog_ticks * UINT64_C(100000) >= p->watchdog_us / 2) {
		p->dog_ticks = 0;
		sd_notify(0, "WATCHDOG=1");
	}
}

static int
serve(struct program *p, struct err *e)
{
	struct server_config config = {
		.settings = p->settings,
		.fds = p->fds,
		.clock = &p->clock,
		.engine = p->engine,
		.persist = p->persist,
		.throttle = p->throttle,
		.keys = p->keys,
		.reload = reload,
		.tick = tick,
		.arg = p,
	};
	const char *report;
	bool damaged;
	int r;

	report = persist_report(p->persist, &damaged);
	note(damaged ? LOG_ALERT : LOG_INFO, "replay: %s", report);
	r = server_new(&config, &p->server, e);
	if (r != 0)
		return r;
	p->settings = NULL;
	if (sd_watchdog_enabled(0, &p->watchdog_us) <= 0)
		p->watchdog_us = 0;
	tick(p);
	sd_notify(0, "READY=1");
	note(LOG_INFO, "version %s is ready", PACKAGE_VERSION);
	r = server_run(p->server);
	sd_notify(0, "STOPPING=1");
	return r;
}

static void
done(struct program *p)
{
	size_t i;

	for (i = 0; i < p->fd_count; i++) {
		close(p->fds[i]);
		if (p->ours[i] != NULL)
			(void)unlink(p->ours[i]);
		free(p->ours[i]);
	}
	server_free(&p->server);
	persist_close(&p->persist);
	engine_free(&p->engine);
	throttle_free(&p->throttle);
	hash_keys_free(&p->keys);
	settings_free(&p->settings);
	free(p->fds);
	free(p->ours);
}

static int
run(struct program *p)
{
	struct err e = { 0 };
	int r;

	r = load(p, &p->settings, &e);
	if (r == 0)
		r = check_names(p->settings, p->test, &e);
	if (r != 0 || p->test) {
		if (r != 0)
			note(LOG_ERR, "%s", err_text(&e, r));
		else
			printf("%s: ok\n", p->file);
		settings_free(&p->settings);
		return r != 0 ? STATUS_USAGE : 0;
	}
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a limit is like a full disk */
	r = take_sockets(p, &e);
	if (r == 0)
		r = settle_user(p, &e);
	if (r == 0)
		r = wake(p, &e);
	if (r == 0)
		r = serve(p, &e);
	if (r != 0)
		note(LOG_ERR, "%s", err_text(&e, r));
	return r == 0                        ? 0 :
	    err_class(r) == ERR_CLASS_CONFIG ? STATUS_USAGE :
					       STATUS_FAILED;
}

static int
usage(FILE *to, int status)
{
	fprintf(to,
	    "usage: fraudd [-t] [-c FILE]\n"
	    "  -c FILE  the configuration, else " FRAUDD_CONFIG_FILE "\n"
	    "  -t       check the configuration and exit\n"
	    "  -V       print the version and exit\n");
	return status;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "test", no_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	struct program p = { .file = FRAUDD_CONFIG_FILE };
	int option, status;

	while (
	    (option = getopt_long(argc, argv, "c:thV", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			p.file = optarg;
			p.named = true;
			break;
		case 't':
			p.test = true;
			break;
		case 'h':
			return usage(stdout, 0);
		case 'V':
			printf("fraudd (jwtgate) %s\n", PACKAGE_VERSION);
			return 0;
		default:
			return usage(stderr, STATUS_USAGE);
		}
	}
	if (optind != argc)
		return usage(stderr, STATUS_USAGE);
	status = run(&p);
	done(&p);
	return status;
}
