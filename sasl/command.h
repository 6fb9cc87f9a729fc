/*
 * command: what a program prints, for a client whose token comes from one.
 */

#ifndef JWTGATE_COMMAND_H
#define JWTGATE_COMMAND_H

#include <stddef.h>

struct err;

#define COMMAND_MS 30000

/*
 * Runs argv (NULL ends it, at most OWNER_WORDS_MAX words) without a shell,
 * its standard input empty, and reads what it prints into buf. Returns 0 and
 * the length, E_NOMEM, E_IO (not started, failed, too slow, or nobody can
 * tell because the program around us waits for our children), or E_RANGE
 * when it printed more than cap bytes. buf may hold a part of it then.
 */
int command_run(const char *const *argv, int wait_ms, char *buf, size_t cap,
    size_t *len_out, struct err *e);

#endif
