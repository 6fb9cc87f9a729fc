/*
 * dialect_policy: Postfix's policy delegation (SMTPD_POLICY_README), lines
 * of name=value and an empty one. Pure: bytes in, attributes out; and what
 * an answer looks like.
 *
 * A request is the event `mail` when a client has logged in
 * (sasl_username), else the event `smtp`. client_address is the field ip,
 * sasl_username the field user, protocol_name the field service; every
 * other attribute goes along under its own name when a rule asks for it.
 */

#ifndef JWTGATE_DIALECT_POLICY_H
#define JWTGATE_DIALECT_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "request.h"

struct outbuf;
struct settings;

/*
 * Parses the request at the start of the n bytes: its words are a name, its
 * value, a name, its value, ... BROKEN when a line has no '=', a request is
 * over REQUEST_MAX, or it does not begin with "request=".
 */
enum request_state dialect_policy_parse(
    const char *in, size_t n, struct request *out, size_t *used_out);

/*
 * Makes an attempt of it; rules tells which attributes are asked for.
 * False when the request is of a kind that is not known.
 */
bool dialect_policy_attempt(const struct request *rq,
    const struct settings *rules, struct engine_attempt *out);

void dialect_policy_answer(struct outbuf *out, const struct engine_answer *a);
/* For what cannot be judged: the next restriction decides. */
void dialect_policy_pass(struct outbuf *out);

#endif
