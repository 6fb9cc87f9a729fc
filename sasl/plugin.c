/*
 * libjwtgate_sasl.so: the two functions that libsasl looks for. A program
 * may load both sides, and either more than once; nothing is shared, and
 * nothing is static.
 */

#include <sasl/sasl.h>
#include <sasl/saslplug.h>

#include "oauth_client.h"
#include "oauth_server.h"

#define EXPORT __attribute__((visibility("default")))

/* libsasl declares their types, but not the functions themselves. */
EXPORT sasl_server_plug_init_t sasl_server_plug_init;
EXPORT sasl_client_plug_init_t sasl_client_plug_init;

int
sasl_server_plug_init(const sasl_utils_t *utils, int max_version,
    int *out_version, sasl_server_plug_t **pluglist, int *plugcount)
{
	if (max_version < SASL_SERVER_PLUG_VERSION)
		return SASL_BADVERS;
	*out_version = SASL_SERVER_PLUG_VERSION;
	return oauth_server_open(utils, pluglist, plugcount);
}

int
sasl_client_plug_init(const sasl_utils_t *utils, int max_version,
    int *out_version, sasl_client_plug_t **pluglist, int *plugcount)
{
	if (max_version < SASL_CLIENT_PLUG_VERSION)
		return SASL_BADVERS;
	*out_version = SASL_CLIENT_PLUG_VERSION;
	return oauth_client_open(utils, pluglist, plugcount);
}
