/*
 * directory_driver: what the shared object that speaks LDAP offers to the
 * rest of the room. It is loaded when it is first needed; only
 * directory*.c include this.
 */

#ifndef JWTGATE_DIRECTORY_DRIVER_H
#define JWTGATE_DIRECTORY_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "directory.h"

struct directory_conn; /* of one thread at a time */

/* Where to, and as whom. Everything is borrowed for the call. */
struct directory_target {
	const char *uri;
	bool start_tls;
	const char *ca_file; /* NULL: the system's */
	const char *bind_dn; /* NULL: nobody, or of ldapi the process itself */
	const char *password; /* NULL without bind_dn */
	size_t password_len;
	bool bind; /* false: the caller will */
};

struct directory_driver {
	/* PACKAGE_VERSION: both halves come from one build */
	const char *version;

	/* Connected, sure whose server it is, and bound. 0 or a code. */
	int (*connect)(const struct directory_target *target, int64_t until,
	    struct directory_conn **out, struct err *e);

	/* Whether it may be kept: as far as can be told without a look. */
	bool (*whole)(const struct directory_conn *c);

	/* Whether it is still this process's and nothing happened to it.
	 * false after any failure that another server might not have. */
	bool (*alive)(const struct directory_conn *c);

	int (*search)(struct directory_conn *c, const struct directory_query *q,
	    int64_t until, struct directory_result **out, struct err *e);

	/* Binds as dn with a password; what was bound is only to be closed. */
	int (*password)(struct directory_conn *c, const char *dn,
	    const struct directory_value *password, int64_t until,
	    struct directory_verdict *out, struct err *e);

	/* Says good-bye only where it is still this process's to say. */
	void (*close)(struct directory_conn **c);
};

#define DIRECTORY_DRIVER_SYMBOL "jwtgate_directory_driver"
extern const struct directory_driver jwtgate_directory_driver;

/* Finds and loads it. Returns 0 or E_DIRECTORY_UNAVAILABLE. */
int directory_load(const struct directory_driver **out, struct err *e);

#endif
