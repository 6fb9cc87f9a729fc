/*
 * server: sockets, signals and timers round the conversations, in one
 * libevent loop. Nothing here knows what is asked.
 */

#ifndef JWTGATE_SERVER_H
#define JWTGATE_SERVER_H

#include <stddef.h>
#include <stdint.h>

struct engine;
struct err;
struct hash_keys;
struct persist;
struct server;
struct settings;
struct throttle;
struct timeline;

/* A connection in the middle of something it does not go on with: s. */
#define SERVER_STUCK 30
/* One that has nothing to say: s. */
#define SERVER_IDLE 3600

struct server_config {
	struct settings *settings; /* taken on success */
	const int *fds; /* one listening socket per listener of settings */
	struct timeline *clock; /* the rest is borrowed */
	struct engine *engine;
	struct persist *persist;
	struct throttle *throttle;
	struct hash_keys *keys;
	/* Reads the configuration again and calls server_reload(). */
	int (*reload)(void *arg, struct err *e);
	void (*tick)(void *arg); /* ten times a second */
	void *arg;
};

int server_new(
    const struct server_config *config, struct server **out, struct err *e);

/* Returns when told to stop by SIGTERM or SIGINT. 0 or E_IO. */
int server_run(struct server *s);
void server_free(struct server **s);

/*
 * Takes a new configuration while running; all of it or nothing. Rules,
 * rights and exemptions change at once; what would need a restart is said
 * in the log. fresh is taken on success.
 */
int server_reload(struct server *s, struct settings *fresh, struct err *e);

#endif
