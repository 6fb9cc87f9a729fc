/*
 * gate_lookup: what the directory says of a user, for the administrator. It
 * decides nothing.
 */

#ifndef JWTGATE_GATE_LOOKUP_H
#define JWTGATE_GATE_LOOKUP_H

#include <stdint.h>

struct err;
struct gate;
struct gate_request;

/* Is told each role that the user holds, in the order of the file. */
struct gate_roles_ear {
	void (*hear)(const char *role, void *arg);
	void *arg;
};

/*
 * Finds the roles of request->user: those that request->service requires, or
 * without a service (or where it requires none) all of authorize. Of the
 * request user, service, address and trace count. Returns 0, also for a user
 * of whom the directory knows nothing; E_USER_INVALID, E_CONFIG_INVALID,
 * E_DIRECTORY_UNAVAILABLE.
 */
int gate_lookup_roles(struct gate *g, const struct gate_request *request,
    int64_t now, const struct gate_roles_ear *ear, struct err *e);

#endif
