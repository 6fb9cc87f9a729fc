/*
 * pam_args: the words behind pam_jwt.so in a PAM service file.
 */

#ifndef JWTGATE_PAM_ARGS_H
#define JWTGATE_PAM_ARGS_H

#include <stdbool.h>

struct err;

/* Where a token is looked for. */
enum pam_args_source {
	PAM_ARGS_PROMPT = 0, /* always ask */
	PAM_ARGS_TRY_FIRST, /* an earlier answer if it is long, else ask */
	PAM_ARGS_USE_FIRST /* an earlier answer, never ask */
};

/* What is asked for. */
enum pam_args_mode {
	PAM_ARGS_DEFAULT = 0, /* a token */
	PAM_ARGS_TOKEN,
	PAM_ARGS_PASSWORD /* the directory's */
};

/* Borrows from argv. */
struct pam_args {
	const char *config;
	enum pam_args_mode mode;
	const char *service; /* NULL: the PAM service's own name */
	enum pam_args_source source;
	bool debug;
};

/*
 * Reads the arguments; what is not said gets its default. Returns 0 or
 * E_CONFIG_INVALID, the sentence names the argument; *out is untouched then.
 */
int pam_args_parse(
    int argc, const char **argv, struct pam_args *out, struct err *e);

#endif
