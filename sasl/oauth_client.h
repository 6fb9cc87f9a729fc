/*
 * oauth_client: the side that has a token. It needs no configuration for a
 * program that brings its own; see owner.h for the rest.
 */

#ifndef JWTGATE_OAUTH_CLIENT_H
#define JWTGATE_OAUTH_CLIENT_H

#include <sasl/sasl.h>
#include <sasl/saslplug.h>

/*
 * Makes the table of both mechanisms; it goes with the last mech_free.
 * Returns SASL_OK or SASL_NOMEM.
 */
int oauth_client_open(
    const sasl_utils_t *utils, sasl_client_plug_t **plugs_out, int *count_out);

#endif
