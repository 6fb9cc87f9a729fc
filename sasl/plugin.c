/*
 * libjwtgate_sasl.so: what libsasl looks for in a server. It may be loaded more
 * than once; nothing is static.
 */

#include <sasl/sasl.h>
#include <sasl/saslplug.h>

#include "oauth_server.h"

#define EXPORT __attribute__((visibility("default")))

/* libsasl declares its type, but not the function itself. */
EXPORT sasl_server_plug_init_t sasl_server_plug_init;

int
sasl_server_plug_init(const sasl_utils_t *utils, int max_version,
    int *out_version, sasl_server_plug_t **pluglist, int *plugcount)
{
	if (max_version < SASL_SERVER_PLUG_VERSION)
		return SASL_BADVERS;
	*out_version = SASL_SERVER_PLUG_VERSION;
	return oauth_server_open(utils, pluglist, plugcount);
}
