/*
 * The loop: listening sockets, the journal, HTTP, the tick and the signals.
 * There are no timers per connection: the tick looks for silent ones.
 */

#include "server.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine.h"
#include "err.h"
#include "mem.h"
#include "note.h"
#include "persist.h"
#include "server_priv.h"
#include "settings.h"
#include "timeline.h"
#include "watch.h"

#define TICK_US 100000
#define SNAPSHOT_US 2000 /* between two steps */
#define TICKS_PER_SWEEP 10
#define ACCEPT_BATCH 64
#define POINTS_MAX 255
#define ACCEPT_QUIET 600 /* ticks between two complaints */
/* Everybody on the machine can connect over TCP, so that those who may use a
 * socket get the larger part of the descriptors, and of the memory. */
#define TCP_SHARE 4
#define TCP_MOST 1024

static void
release(struct server *s)
{
	server_peer_release(s);
	if (dialect_http_release(s->http))
		event_active(&s->http_timer, EV_TIMEOUT, 0);
}

static void
on_journal(evutil_socket_t fd, short what, void *arg)
{
	struct server *s = arg;

	(void)fd;
	(void)what;
	persist_wake(s->env.persist);
	release(s);
}

/* Out of descriptors: the backlog holds the rest until some are free. */
static void
rest(struct server *s, int error)
{
	size_t i;

	s->metrics.accept_errors++;
	s->resting = true;
	for (i = 0; i < s->point_count; i++)
		event_del(&s->points[i].accept);
	if (s->quiet == 0) {
		note(LOG_ERR, "accept: %s", strerror(error));
		s->quiet = ACCEPT_QUIET;
	}
}

static void
refuse(struct server *s, int client)
{
	close(client);
	s->metrics.accept_errors++;
	if (s->quiet == 0) {
		note(LOG_WARNING, "more than %zu connections over TCP",
		    s->tcp_most);
		s->quiet = ACCEPT_QUIET;
	}
}

/* Those that HTTP has taken over. */
static void
count_http(void *arg, size_t point, bool opened)
{
	struct server *s = arg;

	if (point < s->point_count && s->points[point].tcp)
		s->tcp_open += opened ? 1 : (size_t)-1;
}

static void
on_connection(evutil_socket_t fd, short what, void *arg)
{
	struct point *point = arg;
	struct server *s = point->server;
	int i, client;

	(void)what;
	for (i = 0; i < ACCEPT_BATCH; i++) {
		client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (client >= 0 && point->tcp &&
		    s->tcp_open + s->tcp_moving >= s->tcp_most)
			refuse(s, client);
		else if (client >= 0)
			server_peer_new(point, client);
		else if (errno == EMFILE || errno == ENFILE ||
		    errno == ENOBUFS || errno == ENOMEM) {
			rest(s, errno);
			return;
		} else if (errno != EINTR && errno != ECONNABORTED)
			return;
	}
}

static void
on_work(evutil_socket_t fd, short what, void *arg)
{
	struct server *s = arg;

	(void)fd;
	(void)what;
	server_batch_work(s);
}

/* Something for those who watch: it is sent when the turn is over. */
static void
on_event(void *arg)
{
	struct server *s = arg;

	event_active(&s->work, EV_TIMEOUT, 0);
}

/* Steps so small that nobody who waits notices them. */
static void
on_snapshot(evutil_socket_t fd, short what, void *arg)
{
	struct timeval soon = { .tv_usec = SNAPSHOT_US };
	struct server *s = arg;

	(void)fd;
	(void)what;
	if (!evtimer_pending(&s->snapshot, NULL) &&
	    persist_step(s->env.persist))
		evtimer_add(&s->snapshot, &soon);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct server *s = arg;
	int64_t now = timeline_us(s->config.clock);
	size_t i;

	(void)fd;
	(void)what;
	engine_tick(s->env.engine, now / 1000);
	on_snapshot(-1, 0, s);
	release(s);
	if (s->resting)
		for (i = 0; i < s->point_count; i++)
			event_add(&s->points[i].accept, NULL);
	s->resting = false;
	if (s->quiet > 0)
		s->quiet--;
	if (s->batch_count == 0 && !TAILQ_EMPTY(&s->watchers))
		server_watch_flush(s);
	if (++s->ticks % TICKS_PER_SWEEP == 0)
		server_peer_sweep(s, now);
	if (s->config.tick != NULL)
		s->config.tick(s->config.arg);
}

static void
on_http(evutil_socket_t fd, short what, void *arg)
{
	struct server *s = arg;
	int64_t begin = timeline_us(s->config.clock);
	uint64_t before = s->metrics.requests;
	struct timeval tv;
	int64_t wait;

	(void)fd;
	(void)what;
	dialect_http_run(s->http);
	s->tcp_moving = 0;
	if (s->metrics.requests != before)
		metrics_turn(&s->metrics, timeline_us(s->config.clock) - begin);
	wait = dialect_http_timeout(s->http);
	if (wait < 0)
		return;
	tv.tv_sec = (time_t)(wait / 1000);
	tv.tv_usec = (suseconds_t)(wait % 1000 * 1000);
	evtimer_add(&s->http_timer, &tv);
}

static void
on_hangup(evutil_socket_t signal, short what, void *arg)
{
	struct server *s = arg;

	(void)signal;
	(void)what;
	(void)s->config.reload(s->config.arg, NULL);
}

static void
on_stop(evutil_socket_t signal, short what, void *arg)
{
	struct server *s = arg;

	(void)signal;
	(void)what;
	event_base_loopbreak(s->base);
}

/*
 * Over TCP the kernel does not say who asks: there it is the secret, which
 * stands for a user of a number that nobody has.
 */
static const struct access_table *
judge(void *arg, const struct dialect_http_asker *by, struct access *out)
{
	const struct settings_listener *l;
	struct server *s = arg;
	struct access_peer who = { .holder = true, .uid = (uid_t)-1 };
	size_t point = by->point;

	if (point >= s->point_count)
		return NULL;
	l = &s->settings->listeners[point];
	if (l->port != 0) {
		if (l->secret == NULL || by->secret == NULL ||
		    by->secret_len != l->secret_len ||
		    !mem_equal(by->secret, l->secret, l->secret_len))
			return NULL;
	} else if (access_peer(by->fd, &who, NULL) != 0)
		return NULL;
	*out = access_judge(s->points[point].rows, &who);
	return s->points[point].rows;
}

static void
skipped(const char *group)
{
	note(LOG_WARNING, "there is no group %s: its rights go to nobody",
	    group);
}

static int
add_points(struct server *s, struct err *e)
{
	const struct settings *set = s->config.settings;
	struct point *point;
	size_t i;
	int r;

	if (set->listener_count > POINTS_MAX)
		return err_set(e, E_CONFIG_INVALID,
		    "listeners: more than %d sockets", POINTS_MAX);
	s->points = mem_array(set->listener_count, sizeof(*s->points));
	if (s->points == NULL)
		return err_set(e, E_NOMEM, "out of memory");
	for (i = 0; i < set->listener_count; i++) {
		point = &s->points[i];
		point->server = s;
		point->index = i;
		point->fd = s->config.fds[i];
		point->tcp = set->listeners[i].port != 0;
		r = access_table_new(
		    &set->listeners[i], skipped, &point->rows, e);
		if (r != 0)
			return r;
		event_assign(&point->accept, s->base, point->fd,
		    EV_READ | EV_PERSIST, on_connection, point);
		event_add(&point->accept, NULL);
		s->point_count++;
	}
	return 0;
}

static void
add_events(struct server *s)
{
	struct timeval tick = { .tv_usec = TICK_US };
	int fd = persist_fd(s->env.persist);

	event_assign(&s->tick, s->base, -1, EV_PERSIST, on_tick, s);
	event_add(&s->tick, &tick);
	event_assign(&s->http_ready, s->base, dialect_http_fd(s->http),
	    EV_READ | EV_PERSIST, on_http, s);
	event_add(&s->http_ready, NULL);
	evtimer_assign(&s->work, s->base, on_work, s);
	evtimer_assign(&s->snapshot, s->base, on_snapshot, s);
	evtimer_assign(&s->http_timer, s->base, on_http, s);
	if (fd >= 0) {
		event_assign(&s->journal, s->base, fd, EV_READ | EV_PERSIST,
		    on_journal, s);
		event_add(&s->journal, NULL);
	}
	evsignal_assign(&s->hangup, s->base, SIGHUP, on_hangup, s);
	evsignal_add(&s->hangup, NULL);
	evsignal_assign(&s->terminate, s->base, SIGTERM, on_stop, s);
	evsignal_add(&s->terminate, NULL);
	evsignal_assign(&s->interrupt, s->base, SIGINT, on_stop, s);
	evsignal_add(&s->interrupt, NULL);
}

static size_t
tcp_most(void)
{
	struct rlimit files;
	rlim_t n = TCP_MOST;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0 &&
	    files.rlim_cur / TCP_SHARE < n)
		n = files.rlim_cur / TCP_SHARE;
	return (size_t)n;
}

static struct event_base *
base_new(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base = NULL;

	if (config == NULL)
		return NULL;
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
	event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV);
	event_config_require_features(
	    config, EV_FEATURE_ET | EV_FEATURE_EARLY_CLOSE);
	base = event_base_new_with_config(config);
	event_config_free(config);
	return base;
}

int
server_new(
    const struct server_config *config, struct server **out, struct err *e)
{
	struct dialect_http_config http = {
		.clock = config->clock, .judge = judge, .count = count_http
	};
	struct server *s = mem_alloc(sizeof(*s));
	int r = 0;

	if (s == NULL)
		return err_set(e, E_NOMEM, "out of memory");
	TAILQ_INIT(&s->peers);
	TAILQ_INIT(&s->watchers);
	s->config = *config;
	s->tcp_most = tcp_most();
	outbuf_init(&s->out, CONN_OUT_MAX);
	outbuf_init(&s->lost, CONN_OUT_MAX);
	s->env.engine = config->engine;
	s->env.persist = config->persist;
	s->env.throttle = config->throttle;
	s->env.keys = config->keys;
	s->env.metrics = &s->metrics;
	s->env.settings = config->settings;
	s->env.started = timeline_us(config->clock) / 1000;
	s->env.reload = config->reload;
	s->env.reload_arg = config->arg;
	s->base = base_new();
	s->env.watch = watch_new(config->engine, on_event, s);
	if (s->base == NULL)
		r = err_set(e, E_IO, "libevent does not start");
	else if (s->env.watch == NULL)
		r = err_set(e, E_NOMEM, "out of memory");
	http.env = &s->env;
	http.arg = s;
	if (r == 0)
		r = dialect_http_new(&http, &s->http, e);
	if (r == 0)
		r = add_points(s, e);
	if (r != 0) {
		server_free(&s);
		return r;
	}
	add_events(s);
	persist_sync_every(
	    config->persist, config->settings->sync_every_attempt);
	s->settings = config->settings;
	*out = s;
	return 0;
}

/*
 * Who asks as soon as it has its answer is waited for awake, for some
 * microseconds: falling asleep and being woken takes both sides longer than
 * all the rest. Only after a turn that came so soon, so that nobody else
 * makes the daemon wait in vain; and not where the processor is the asker's.
 */
static int
stay_awake(struct server *s)
{
	int64_t until = s->ended + SERVER_SOON_US;
	uint64_t turns = s->metrics.turn_count;
	int r;

	do
		r = event_base_loop(s->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	while (r == 0 && !event_base_got_break(s->base) &&
	    s->metrics.turn_count == turns &&
	    timeline_us(s->config.clock) < until);
	if (s->metrics.turn_count == turns)
		s->soon = false;
	return r;
}

int
server_run(struct server *s)
{
	bool alone = sysconf(_SC_NPROCESSORS_ONLN) < 2;
	int r;

	do
		r = s->soon && !alone ? stay_awake(s) :
					event_base_loop(s->base, EVLOOP_ONCE);
	while (r == 0 && !event_base_got_break(s->base));
	return r < 0 ? E_IO : 0;
}

void
server_free(struct server **out)
{
	struct server *s = *out;
	struct peer *p;
	size_t i;

	if (s == NULL)
		return;
	while ((p = TAILQ_FIRST(&s->peers)) != NULL)
		server_peer_free(p);
	dialect_http_free(&s->http);
	for (i = 0; i < s->point_count; i++)
		access_table_free(&s->points[i].rows);
	free(s->points);
	if (s->base != NULL)
		event_base_free(s->base);
	outbuf_done(&s->out);
	outbuf_done(&s->lost);
	watch_free(&s->env.watch);
	settings_free(&s->settings);
	free(s);
	*out = NULL;
}

static bool
same(const char *a, const char *b)
{
	return (a == NULL && b == NULL) ||
	    (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* What is opened or taken once, at the start. */
static int
check_fixed(
    const struct settings *old, const struct settings *fresh, struct err *e)
{
	size_t i;
	bool sockets = old->listener_count == fresh->listener_count;

	for (i = 0; sockets && i < old->listener_count; i++)
		sockets = old->listeners[i].port == fresh->listeners[i].port &&
		    same(old->listeners[i].path, fresh->listeners[i].path);
	if (!sockets)
		return err_set(
		    e, E_CONFIG_INVALID, "other sockets take a restart");
	if (!same(old->state_dir, fresh->state_dir))
		note(LOG_WARNING, "another state_dir takes a restart");
	if (!same(old->user, fresh->user))
		note(LOG_WARNING, "another user takes a restart");
	if (old->memory != fresh->memory)
		note(LOG_WARNING, "another size of memory takes a restart");
	return 0;
}

/* Those that are connected have the new rights from now on. */
static void
judge_again(struct server *s)
{
	struct access_peer who;
	struct peer *p;

	TAILQ_FOREACH(p, &s->peers, all)
	{
		if (!s->points[p->point].tcp &&
		    access_peer(p->fd, &who, NULL) == 0)
			p->conn.access = access_judge(
			    s->points[p->point].rows, &who);
		else
			memset(&p->conn.access, 0, sizeof(p->conn.access));
	}
	server_watch_count(s);
}

int
server_reload(struct server *s, struct settings *fresh, struct err *e)
{
	struct watch_act act = { .what = "reload", .key = "", .value = "" };
	struct access_table **rows;
	size_t i, count = 0;
	int r;

	rows = mem_array(s->point_count, sizeof(struct access_table *));
	if (rows == NULL)
		return err_set(e, E_NOMEM, "out of memory");
	r = check_fixed(s->settings, fresh, e);
	for (; r == 0 && count < s->point_count; count++)
		r = access_table_new(
		    &fresh->listeners[count], skipped, &rows[count], e);
	if (r == 0)
		r = engine_reload(s->env.engine, fresh, e);
	for (i = 0; i < count; i++) {
		if (r == 0) {
			access_table_free(&s->points[i].rows);
			s->points[i].rows = rows[i];
		} else
			access_table_free(&rows[i]);
	}
	free(rows);
	s->metrics.reloads += r == 0;
	s->metrics.reload_errors += r != 0;
	if (r != 0)
		return r;
	settings_free(&s->settings);
	s->settings = fresh;
	s->env.settings = fresh;
	persist_sync_every(s->env.persist, fresh->sync_every_attempt);
	judge_again(s);
	act.now = timeline_us(s->config.clock) / 1000;
	watch_act(s->env.watch, &act);
	return 0;
}
