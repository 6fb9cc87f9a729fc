/*
 * askpass_keep: what a program printed, kept between the chunks of one
 * login. ssh runs us once per chunk, and a program may print another token
 * each time.
 */

#ifndef JWTGATE_ASKPASS_KEEP_H
#define JWTGATE_ASKPASS_KEEP_H

#include <stdbool.h>

#include "askpass_token.h"

#define ASKPASS_KEEP_NAME_MAX 64

/* A file of the asking process in the owner's runtime folder. */
struct askpass_keep {
	int dir; /* -1: nowhere to keep anything */
	char name[ASKPASS_KEEP_NAME_MAX];
};

/*
 * runtime_dir is $XDG_RUNTIME_DIR or NULL. Where it is missing or not safe
 * there is nowhere to keep, which is no error: the program then runs again.
 */
void askpass_keep_open(const char *runtime_dir, struct askpass_keep *out);
void askpass_keep_close(struct askpass_keep *k);

/* Fills an empty token. False when there is nothing kept. */
bool askpass_keep_get(const struct askpass_keep *k, struct askpass_token *t);

/* Keeps, or does not; half a token is never left. */
void askpass_keep_put(
    const struct askpass_keep *k, const struct askpass_token *t);

void askpass_keep_remove(const struct askpass_keep *k);

/* Removes what processes that have ended left behind. */
void askpass_keep_sweep(const struct askpass_keep *k);

#endif
