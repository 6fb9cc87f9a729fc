/*
 * issue_password: the part of jwtgate issue that asks the directory first.
 */

#ifndef JWTGATE_ISSUE_PASSWORD_H
#define JWTGATE_ISSUE_PASSWORD_H

#include <stdint.h>

struct cli;
struct json;

/*
 * Reads a password from standard input, of which one final LF is removed, and
 * asks the directory whether it is the user's. Where tokens of the first form
 * are made, the roles that the directory gives become members of claims.
 * Returns a status; what is not CLI_DONE has been said, and nothing must be
 * issued then.
 */
int issue_password(
    const struct cli *cli, const char *user, int64_t now, struct json *claims);

#endif
