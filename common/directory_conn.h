/*
 * directory_conn: one connection, inside the shared object. Only the parts of
 * directory that are in it include this.
 */

#ifndef JWTGATE_DIRECTORY_CONN_H
#define JWTGATE_DIRECTORY_CONN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <ldap.h>

#include "directory_driver.h"
#include "ldapuri.h"

#define DIRECTORY_ADDRESSES_MAX 8
#define DIRECTORY_AHEAD_MAX 4096

struct sockaddr_storage;

struct directory_conn {
	LDAP *ld; /* owns */
	int fd; /* owns, until ld does */
	pid_t owner;
	dev_t dev; /* of fd: a host may close what is not its own */
	ino_t ino;
	int64_t until; /* of the question that is being asked */
	bool lost; /* not to be used again */
	/* What came and libldap has not read: it asks for a header first. */
	unsigned char ahead[DIRECTORY_AHEAD_MAX];
	size_t ahead_at, ahead_len;
};

/* Addresses of a name, at most count. Returns how many, 0 with a sentence. */
struct directory_address {
	struct sockaddr_storage *all; /* caller's, DIRECTORY_ADDRESSES_MAX */
	size_t count;
};
int directory_resolve(const struct ldapuri *uri, int64_t until,
    struct directory_address *out, struct err *e);

/* A connected socket that does not block. Returns 0 or a code. */
int directory_connect(
    const struct ldapuri *uri, int64_t until, int *fd_out, struct err *e);

/* Whether the number of the socket still stands for what was opened. */
bool directory_conn_same(const struct directory_conn *c);

/* The handle over c->fd, with every option set. 0 or a code. */
int directory_conn_wrap(struct directory_conn *c,
    const struct directory_target *target, struct err *e);

/* TLS, as the URI and target say. 0 or a code. */
int directory_conn_secure(struct directory_conn *c,
    const struct directory_target *target, struct err *e);

/*
 * Waits for a message of the operation msgid. Returns 0 with *out for
 * ldap_msgfree(), or a code; c is lost then.
 */
int directory_conn_wait(struct directory_conn *c, int msgid, const char *what,
    LDAPMessage **out, struct err *e);

/* Records what libldap says of a failed call; c is lost. Returns a code. */
int directory_conn_fail(
    struct directory_conn *c, int code, const char *what, struct err *e);

/* The same for what a server answered; c is lost only where another server
 * may answer otherwise. */
int directory_conn_refused(
    struct directory_conn *c, int code, const char *what, struct err *e);

/* A bind as dn, and what came of it. 0 with a verdict, or a code. */
int directory_conn_password(struct directory_conn *c, const char *dn,
    const struct directory_value *password, int64_t until,
    struct directory_verdict *out, struct err *e);

/* The entries of an operation's messages. */
int directory_conn_search(struct directory_conn *c,
    const struct directory_query *q, int64_t until,
    struct directory_result **out, struct err *e);

#endif
