/*
 * fraudctl_client: a connection to fraudd and what comes back over it. An
 * answer is a tree of values, bounded in bytes, values and depth.
 */

#ifndef JWTGATE_FRAUDCTL_CLIENT_H
#define JWTGATE_FRAUDCTL_CLIENT_H

#include <stddef.h>
#include <stdint.h>

struct client;
struct err;
struct json;

#define RESP_DEPTH_MAX 8
#define RESP_TEXT_MAX (1024 * 1024)
#define RESP_COUNT_MAX (1024 * 1024)
#define CLIENT_PATIENCE 10000 /* ms that an answer may take */

enum resp_kind {
	RESP_NIL = 0,
	RESP_STATUS,
	RESP_ERROR,
	RESP_INTEGER,
	RESP_TEXT,
	RESP_ARRAY
};

struct resp {
	enum resp_kind kind;
	int64_t number;
	char *text; /* owned, NUL-terminated; a NUL inside is not expected */
	struct resp *items; /* owned */
	size_t count;
};

/* Returns 0, E_IO or E_NOMEM. */
int client_open(const char *path, struct client **out, struct err *e);
void client_close(struct client **c);

/* Sends one request. Returns 0, E_IO or E_NOMEM. */
int client_send(
    struct client *c, const char *const *words, size_t count, struct err *e);
/* Reads one value, within so many ms (-1: however long it takes). Returns
 * 0, E_IO (also: the other end has gone), E_SYNTAX or E_NOMEM. */
int client_read(
    struct client *c, int patience, struct resp *out, struct err *e);
/* To wait for what comes. */
int client_fd(const struct client *c);

void resp_free(struct resp *r);

/* A list of names and values: the value of a name, or NULL. */
const struct resp *resp_find(const struct resp *map, const char *name);
/* Its text and number; "" and 0 when it is not there. */
const char *resp_text(const struct resp *map, const char *name);
int64_t resp_number(const struct resp *map, const char *name);

/* A list of names and values as an object; lists in it hold such lists.
 * Returns 0 or E_NOMEM. */
int resp_map_json(const struct resp *map, struct json **out);
/* A list of lists of names and values as an array of objects. */
int resp_maps_json(const struct resp *list, struct json **out);

#endif
