/*
 * oauth_settings: the options of a host's SASL configuration. There are three;
 * everything else is in jwtgate.json, by the name of the service.
 */

#ifndef JWTGATE_OAUTH_SETTINGS_H
#define JWTGATE_OAUTH_SETTINGS_H

#include <stdbool.h>

#include <sasl/sasl.h>
#include <sasl/saslplug.h>

struct err;

struct oauth_settings {
	char *config; /* owns */
	bool config_given; /* else it is where it always is */
	char *service; /* owns; NULL: the host's own name for it */
	bool min_ssf_given;
	sasl_ssf_t min_ssf;
};

/*
 * Reads them. Returns 0, E_NOMEM, or E_CONFIG_INVALID with the option that
 * is wrong. oauth_settings_done() in every case.
 */
int oauth_settings_read(
    const sasl_utils_t *utils, struct oauth_settings *out, struct err *e);
void oauth_settings_done(struct oauth_settings *s);

/*
 * The strength a connection of this program must have: what was said, else
 * 1, else 0 for programs that never tell the strength of theirs. appname may
 * be NULL.
 */
sasl_ssf_t oauth_settings_ssf(
    const struct oauth_settings *s, const char *appname);

#endif
