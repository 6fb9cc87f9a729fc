/*
 * jwtgate: the administrator's command. One function per command of the
 * table in jwtgate.c; each returns the exit status.
 */

#ifndef JWTGATE_JWTGATE_H
#define JWTGATE_JWTGATE_H

#include "cli.h"

struct err;
struct jwk_set;

int jwtgate_verify(const struct cli *cli);
int jwtgate_jws_verify(const struct cli *cli);
int jwtgate_jws_sign(const struct cli *cli);
int jwtgate_jwe_encrypt(const struct cli *cli);
int jwtgate_jwe_decrypt(const struct cli *cli);
int jwtgate_decode(const struct cli *cli);
int jwtgate_issue(const struct cli *cli);
int jwtgate_keys_generate(const struct cli *cli);
int jwtgate_keys_public(const struct cli *cli);
int jwtgate_revoke(const struct cli *cli);
int jwtgate_roles(const struct cli *cli);
int jwtgate_config_check(const struct cli *cli);
int jwtgate_sasl_check(const struct cli *cli);

/* The file of --keys, whose owner and mode are not judged, by a parser. */
typedef int jwtgate_keys_parse(
    const char *text, size_t n, void *out, struct err *e);
int jwtgate_keys_read(
    const struct cli *cli, jwtgate_keys_parse *parse, void *out);

/* The set of keys for signatures in it. */
int jwtgate_keys_load(const struct cli *cli, struct jwk_set *out);

#endif
