/*
 * askpass_owner: who may ask, and where the token is, as the owner wrote it
 * down in askpass.json.
 */

#ifndef JWTGATE_ASKPASS_OWNER_H
#define JWTGATE_ASKPASS_OWNER_H

#include <stdbool.h>
#include <stddef.h>

#include "askpass_token.h"

struct err;
struct json;

#define ASKPASS_OWNER_FILE_MAX (64 * 1024)

struct askpass_owner {
	struct json *tree; /* owns; the rest borrows from it */
	const struct json *hosts;
	const char *token_file; /* NULL: not said */
	const char *command[ASKPASS_ARGS_MAX + 1]; /* [0] NULL: not said */
};

/*
 * Reads path, which must be owned by root or the caller and be writable by
 * nobody else. Returns 0, E_NOMEM, E_IO, E_PERM, E_RANGE or
 * E_CONFIG_INVALID. askpass_owner_done() in either case.
 */
int askpass_owner_read(
    const char *path, struct askpass_owner *out, struct err *e);
void askpass_owner_done(struct askpass_owner *o);

/* Whether target ("user@host" or "sudo") stands among the hosts. */
bool askpass_owner_lists(const struct askpass_owner *o, const char *target);

#endif
