/*
 * gate_directory: the directory of a decision. Only gate*.c include this.
 */

#ifndef JWTGATE_GATE_DIRECTORY_H
#define JWTGATE_GATE_DIRECTORY_H

#include "directory.h"
#include "gate_decision.h"

struct source_kind;

/* Handles by struct config_directory, on a shelf. */
extern const struct source_kind gate_directory_kind;

/* That of the decision's service. 0 or E_DIRECTORY_UNAVAILABLE. */
int gate_directory(struct gate_decision *d, struct directory **out);

/*
 * The name of the user's entry, owned; NULL when there is none. 0 or a code.
 */
int gate_find_user(
    struct gate_decision *d, const struct directory_wait *wait, char **dn_out);

/* 0, or E_USER_INVALID for what no token of the policy could name. */
int gate_check_name(
    const struct config_policy *p, const char *user, struct err *e);

/* From now until the deadline, with whoever listens to the decision. */
struct directory_wait gate_directory_wait(struct gate_decision *d);

#endif
