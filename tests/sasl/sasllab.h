/*
 * sasllab: a host of the plugin with services of every kind, and attempts to
 * enter them.
 */

#ifndef JWTGATE_SASLLAB_H
#define JWTGATE_SASLLAB_H

#include "testtoken.h"

#include "saslhost.h"

#define PEER "192.0.2.7;4711"

struct sasl_world {
	struct lab lab;
	struct saslhost_option options[4]; /* the first names the file */
	char path[TEST_PATH_MAX]; /* of the configuration */
};

extern struct sasl_world world;

/* For cmocka: keys and a configuration; and all of it closed again. */
int setup(void **state);
int teardown(void **state);

/* Starts libsasl under that name, with world.options. */
void open_as(const char *appname);

/* What makes the tables of our plugin. */
sasl_server_plug_init_t server_init;

/* A token with these claims besides issuer and times; free() it. */
char *token_of(const char *more, int64_t lifetime);

#define ALICE "\"sub\":\"alice\",\"aud\":\"mail\",\"scope\":\"login\""

/* One message, in which '%' is the token. */
struct attempt {
	const char *service;
	const char *mech;
	const char *format;
	const char *claims;
	int64_t lifetime;
};

int start(sasl_conn_t *conn, const struct attempt *a, const char **out,
    unsigned *out_len);

/* A message that enters smtp, and one whose signature is not good. */
struct messages {
	char good[4096], bad[4096];
	size_t len;
};
void messages_make(struct messages *m);

/* One message on a connection of its own; what the exchange ends with. */
int turn(const char *message, size_t n);

#define BEARER "n,,\001auth=Bearer %\001\001"
#define BEARER_AS(user) "n,a=" user ",\001auth=Bearer %\001\001"
#define XOAUTH2_AS(user) "user=" user "\001auth=Bearer %\001\001"

#endif
