/*
 * oauth_server: the side that decides. One struct oauth_server for each time
 * that libsasl is started, with one gate; both mechanisms share it.
 */

#ifndef JWTGATE_OAUTH_SERVER_H
#define JWTGATE_OAUTH_SERVER_H

#include <stdint.h>

#include <sasl/sasl.h>
#include <sasl/saslplug.h>

#include "message.h"

struct gate;
struct oauth_server; /* for many threads at a time */

/* What libsasl hands to the functions of one mechanism. */
struct oauth_face {
	struct oauth_server *server;
	enum message_mech mech;
};

/*
 * Makes the table of both mechanisms; it and all behind it go with the last
 * mech_free. What keeps it from serving is said in the log, but not that
 * nobody configured it. Returns SASL_OK or SASL_NOMEM.
 */
int oauth_server_open(
    const sasl_utils_t *utils, sasl_server_plug_t **plugs_out, int *count_out);

/* NULL while there is no usable configuration. */
struct gate *oauth_server_gate(
    struct oauth_server *s, const sasl_utils_t *utils, int64_t now);

/* The name that jwtgate.json knows the host by; NULL when it has none. */
const char *oauth_server_service(
    const struct oauth_server *s, const sasl_server_params_t *sparams);

#endif
