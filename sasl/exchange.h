/*
 * exchange: one client's attempt with one mechanism. A token is looked at
 * once; whatever comes after a refusal, the exchange has failed.
 */

#ifndef JWTGATE_EXCHANGE_H
#define JWTGATE_EXCHANGE_H

#include <sasl/sasl.h>
#include <sasl/saslplug.h>

/* The three functions of struct sasl_server_plug; glob: struct oauth_face. */
int exchange_new(void *glob, sasl_server_params_t *sparams,
    const char *challenge, unsigned challenge_len, void **exchange_out);
/* its parameters are libsasl's, which calls it */
int exchange_step(void *exchange, sasl_server_params_t *sparams,
    const char *clientin, unsigned clientin_len, const char **serverout,
    unsigned *serverout_len, sasl_out_params_t *oparams);
void exchange_dispose(void *exchange, const sasl_utils_t *utils);

#endif
