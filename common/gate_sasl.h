/*
 * gate_sasl: what a SASL host has to know of a service besides the decision:
 * whether it is served at all, and what its clients are told.
 */

#ifndef JWTGATE_GATE_SASL_H
#define JWTGATE_GATE_SASL_H

#include <stdint.h>

#include "config.h"

struct err;
struct gate;

/* Copies; texts are "" where there is nothing to be told. */
struct gate_sasl {
	enum config_authzid authzid;
	char openid_configuration[CONFIG_HINT_MAX + 1];
	char scope[CONFIG_HINT_MAX + 1];
};

/*
 * Fills *out for a service. Returns 0 when the configuration names it and
 * tokens of at least one issuer can be verified; E_CONFIG_INVALID or
 * E_KEYS_UNAVAILABLE otherwise, *out is untouched then.
 */
int gate_sasl(struct gate *g, const char *service, int64_t now,
    struct gate_sasl *out, struct err *e);

/*
 * Reads the keys and revocations of every service now, and loads what a
 * directory is asked with where a service asks one, for a process that
 * is about to lose the rights or the root directory with which it can. What
 * cannot be read is left to be tried again.
 */
void gate_preload(struct gate *g, int64_t now);

#endif
