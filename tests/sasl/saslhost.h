/*
 * saslhost: a SASL host and its clients in one process, to try a plugin the
 * way libsasl really calls it. Nothing in here knows our plugin but by the
 * functions that make its tables; another one can be put in their place, or
 * one can be loaded from a folder as hosts do.
 */

#ifndef JWTGATE_SASLHOST_H
#define JWTGATE_SASLHOST_H

#include <sasl/sasl.h>
#include <sasl/saslplug.h>

#include "testutil.h"

#define SASLHOST_LINES 64
#define SASLHOST_LINE_MAX 2600

/* One line of the log of libsasl. */
struct saslhost_line {
	int level;
	char text[SASLHOST_LINE_MAX];
};

struct saslhost_option {
	const char *name; /* NULL ends a list */
	const char *value;
};

struct saslhost_setup {
	const char *appname; /* "slapd", ... */
	const struct saslhost_option *options; /* of the SASL configuration */
	const char *plugins; /* a folder; NULL: the two below */
	sasl_server_plug_init_t *server_init; /* NULL: no such side */
	sasl_client_plug_init_t *client_init;
	int log_level; /* 0: SASL_LOG_DEBUG */
};

/* Starts libsasl; it is one of a kind in a process. */
void saslhost_open(const struct saslhost_setup *setup);
/* sasl_done() as often as the host was opened, and once more. */
void saslhost_close(void);

/* What libsasl answers without the checks of saslhost_open(). */
int saslhost_try(const struct saslhost_setup *setup);

struct saslhost_conn {
	const char *service; /* "smtp", ... */
	const char *peer; /* "192.0.2.7;4711"; NULL: the host tells none */
	const char *realm;
	sasl_ssf_t ssf;
	unsigned flags; /* of sasl_server_new() */
	const sasl_callback_t *callbacks; /* of this connection */
	const sasl_security_properties_t *props;
};

/* A connection; sasl_dispose() it. */
sasl_conn_t *saslhost_connect(const struct saslhost_conn *c);

/* The mechanisms offered, separated by blanks; "" for none. */
const char *saslhost_mechs(sasl_conn_t *conn);

/* The lines that were logged since the last call of saslhost_forget(). */
size_t saslhost_lines(int level_max);
const char *saslhost_line(int level, size_t i); /* the i-th of that level */
bool saslhost_logged(const char *text); /* in any line */
void saslhost_forget(void);

/* The user as the host got it; NULL when there is none. */
const char *saslhost_user(sasl_conn_t *conn, int prop);

#endif
