/*
 * server_priv: what server.c (the loop) and server_peer.c (connections) share.
 */

#ifndef JWTGATE_SERVER_PRIV_H
#define JWTGATE_SERVER_PRIV_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdbool.h>
#include <sys/queue.h>

#include "access.h"
#include "command.h"
#include "conn.h"
#include "dialect_http.h"
#include "metrics.h"
#include "outbuf.h"
#include "request.h"
#include "server.h"

struct peer {
	TAILQ_ENTRY(peer) all;
	struct server *server;
	struct event read, write;
	int fd;
	size_t point; /* which listener let it in */
	struct conn conn;
	int64_t active; /* us */
	size_t looked; /* bytes seen while the dialect was unknown */
	unsigned edge; /* times that nothing new was seen then */
	char *in; /* half a request; owned */
	size_t in_len, in_cap;
	struct outbuf out; /* what could not be sent yet */
	size_t out_at;
};

TAILQ_HEAD(peers, peer);

struct point {
	struct server *server;
	size_t index;
	int fd; /* borrowed */
	struct event accept;
	struct access_table *rows;
};

struct server {
	struct event_base *base;
	struct server_config config;
	struct settings *settings;
	struct command_env env;
	struct metrics metrics;
	struct point *points;
	size_t point_count;
	struct peers peers;
	struct dialect_http *http;
	struct event http_ready, http_timer;
	struct event tick, snapshot, journal, hangup, terminate, interrupt;
	bool resting; /* accepting stopped until the next tick */
	unsigned ticks, quiet;
	struct outbuf out; /* of the turn */
	struct request rq;
	char in[REQUEST_MAX];
};

/* Takes the connection; closes it when there is no room for it. */
void server_peer_new(struct point *point, int fd);
void server_peer_free(struct peer *p);

/* Lets go the answers whose records are on disk, or never will be. */
void server_peer_release(struct server *s);

/* Closes those that are stuck in the middle, or have long been idle. */
void server_peer_sweep(struct server *s, int64_t now);

#endif
