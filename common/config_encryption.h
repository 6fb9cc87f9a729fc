/*
 * config_encryption: which encrypted tokens an issuer may send us.
 */

#ifndef JWTGATE_CONFIG_ENCRYPTION_H
#define JWTGATE_CONFIG_ENCRYPTION_H

#include "jwa_enc.h"

/* All of what the part does not say. */
struct config_encryption {
	char *keys_file; /* owns; the keys that decrypt */
	unsigned algs; /* 1 << enum jwa_wrap of each */
	unsigned encs; /* 1 << enum jwa_enc of each */
};

/* Takes NULL too; wipes nothing, since nothing in it is secret. */
void config_encryption_free(struct config_encryption **part);

#endif
