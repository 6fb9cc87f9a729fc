/*
 * owner: to whom a client may give the token that lies about, and over what.
 * A file of the user's own, or else one for the machine.
 */

#ifndef JWTGATE_OWNER_H
#define JWTGATE_OWNER_H

#include <stdbool.h>
#include <stddef.h>

struct err;
struct json;

#define OWNER_FILE_MAX (64 * 1024)
#define OWNER_WORDS_MAX 64 /* of a command */
#define OWNER_PATH_MAX 4096

struct owner {
	struct json *tree; /* owns; the rest borrows from it */
	char path[OWNER_PATH_MAX]; /* the file that counts */
	const struct json *hosts;
	const struct json *plaintext_hosts;
	const char *token_file; /* NULL: not said */
	const char *command[OWNER_WORDS_MAX + 1]; /* [0] NULL: not said */
};

/*
 * Reads the file: the user's if there is one, else the machine's. Without
 * either nobody is listed, and that is 0 too. A setuid program has no user's
 * file. Returns 0, E_NOMEM, E_IO, E_PERM, E_RANGE or E_CONFIG_INVALID.
 * owner_done() in every case.
 */
int owner_read(struct owner *out, struct err *e);
void owner_done(struct owner *o);

/* Whether the token that lies about is meant for that host. */
bool owner_lists(const struct owner *o, const char *host);

/* Whether a token may go there over a channel that looks like clear text. */
bool owner_lists_plaintext(const struct owner *o, const char *host);

#endif
