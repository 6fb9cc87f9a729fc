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

struct slot;

struct peer {
	TAILQ_ENTRY(peer) all;
	struct server *server;
	struct slot *slot; /* its place in the batch, or NULL */
	struct event read, write;
	int fd;
	size_t point; /* which listener let it in */
	struct conn conn;
	int64_t active; /* us */
	size_t looked; /* bytes seen while the dialect was unknown */
	bool more_in; /* there may be more to read */
	char *in; /* half a request; owned */
	size_t in_len, in_cap;
	struct outbuf out; /* what could not be sent yet */
	size_t out_at;
	TAILQ_ENTRY(peer) watch;
	bool watching; /* is in the list of those */
	uint64_t watch_lost; /* events that it has not been told of */
};

/* Read, and waiting for the rest of the batch to be read. */
struct slot {
	struct peer *peer; /* NULL: gone meanwhile */
	const char *in; /* borrowed from the server or the peer */
	size_t in_len, parsed, used;
	size_t out_at, out_len;
	bool begun, over, failed;
};

/* A request of a peer in the batch, looked at before its turn. */
struct ahead {
	struct slot *slot;
	struct conn_request request;
};

#define SERVER_SOON_US 20
#define BATCH_MAX 64
#define AHEAD_MAX 64
#define BATCH_BYTES (16 * REQUEST_MAX)

TAILQ_HEAD(peers, peer);

struct point {
	struct server *server;
	size_t index;
	int fd; /* borrowed */
	bool tcp; /* HTTP alone, and nobody is known before the secret */
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
	TAILQ_HEAD(watchers, peer) watchers;
	struct outbuf lost; /* for the note to one of them */
	struct dialect_http *http;
	struct event http_ready, http_timer;
	struct event tick, snapshot, journal, hangup, terminate, interrupt;
	bool resting; /* accepting stopped until the next tick */
	/* connections over TCP; moving: to HTTP, which counts them then */
	size_t tcp_open, tcp_moving, tcp_most;
	unsigned ticks, quiet;
	int64_t ticked; /* us, when the engine last was */
	int64_t ended; /* us, the last turn */
	bool soon; /* the turn began soon after the one before */
	struct event work; /* the batch has been read */
	struct slot batch[BATCH_MAX];
	size_t batch_count;
	struct outbuf out; /* of the turn */
	struct conn_request request;
	struct ahead ahead[AHEAD_MAX];
	size_t in_used;
	char in[BATCH_BYTES];
};

/* Takes the connection; closes it when there is no room for it. */
void server_peer_new(struct point *point, int fd);
void server_peer_free(struct peer *p);

/* server_batch.c: answers all that has been read. */
void server_batch_work(struct server *s);

struct conn_turn server_peer_turn_of(struct peer *p);

enum server_flushed {
	FLUSH_GONE = 0,
	FLUSH_WAIT,
	FLUSH_DONE
};

/* Sends output of a turn; what waits moves into the peer's own buffer. */
enum server_flushed server_peer_flush(
    struct peer *p, const char *data, size_t n);
/* Keeps what is left of the input. False: the peer is to go. */
bool server_peer_settle(
    struct peer *p, enum server_flushed flushed, const char *rest, size_t n);
/* Works on n bytes of input until no more can be done. False: gone. */
bool server_peer_turn(struct peer *p, const char *data, size_t n);

/* Lets go the answers whose records are on disk, or never will be. */
void server_peer_release(struct server *s);

/*
 * Sends, behind what waits to be sent. Not while the peer has a place in the
 * batch. False: it is gone, or has to go.
 */
bool server_peer_push(struct peer *p, const char *data, size_t n);

/* server_watch.c: a peer has asked for events, or goes. */
void server_watch_join(struct peer *p);
void server_watch_leave(struct peer *p);
/* Who may see what has changed. */
void server_watch_count(struct server *s);
/* Sends what has happened; between two turns. */
void server_watch_flush(struct server *s);

/* Closes those that are stuck in the middle, or have long been idle. */
void server_peer_sweep(struct server *s, int64_t now);

#endif
