/*
 * keyring_enc: the keys that decrypt, as values of a shelf. Only keyring*.c
 * include this.
 */

#ifndef JWTGATE_KEYRING_ENC_H
#define JWTGATE_KEYRING_ENC_H

#include "source.h"

/* Of struct jwk_enc_set, by struct config_issuer. */
extern const struct source_kind keyring_enc_kind;

#endif
