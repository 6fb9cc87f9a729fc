/*
 * askpass_token: the whole token, from a file, from a program, or as it was
 * kept between the chunks of one login.
 */

#ifndef JWTGATE_ASKPASS_TOKEN_H
#define JWTGATE_ASKPASS_TOKEN_H

#include <stddef.h>

struct err;

#define ASKPASS_TOKEN_MAX (16 * 1024)
#define ASKPASS_COMMAND_MS 30000
#define ASKPASS_ARGS_MAX 64 /* words of a command */

/* Owns text, which has room for ASKPASS_TOKEN_MAX bytes. */
struct askpass_token {
	char *text;
	size_t len;
};

/* An empty token; 0 or E_NOMEM. _done wipes, and may follow a failure. */
int askpass_token_init(struct askpass_token *t, struct err *e);
void askpass_token_done(struct askpass_token *t);

/*
 * A file nobody but its owner and group may read. These two fill an empty
 * token, without one final LF. Returns 0, E_IO, E_NOMEM, E_PERM or E_RANGE.
 */
int askpass_token_file(
    const char *path, struct askpass_token *t, struct err *e);

/*
 * What a program prints within that many milliseconds, run without a shell,
 * its standard input empty. argv ends with NULL after at most
 * ASKPASS_ARGS_MAX words. Returns 0, E_NOMEM, E_IO (not started, failed, too
 * slow) or E_RANGE.
 */
int askpass_token_command(const char *const *argv, int wait_ms,
    struct askpass_token *t, struct err *e);

/* 0, or E_TOKEN_MISSING, E_TOKEN_MALFORMED (a blank, a control byte). */
int askpass_token_check(const struct askpass_token *t, struct err *e);

#endif
