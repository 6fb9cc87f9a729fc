/*
 * gate_explain: the steps of a decision, told while it is taken to who asked
 * for a trace, and otherwise not at all. Only gate*.c include this.
 */

#ifndef JWTGATE_GATE_EXPLAIN_H
#define JWTGATE_GATE_EXPLAIN_H

#include "gate_decision.h"

struct config_role;

/* Nobody pays for a trace that nobody asked for. */
#define EXPLAIN(d, call) \
	do { \
		if ((d)->request->trace != NULL) \
			call; \
	} while (0)

/* r: what the step before the call returned. */
void gate_explain_form(struct gate_decision *d, int r);
void gate_explain_throttle(struct gate_decision *d, int r);
void gate_explain_token_use(struct gate_decision *d, int r);

/* The search for the signer; set and key may be NULL. */
void gate_explain_algorithm(
    struct gate_decision *d, const struct config_issuer *issuer, bool listed);
void gate_explain_keys(struct gate_decision *d,
    const struct config_issuer *issuer, const struct jwk_set *set,
    const char *why);
void gate_explain_signature(struct gate_decision *d,
    const struct config_issuer *issuer, const struct jwk *key, bool held);
void gate_explain_issuer(
    struct gate_decision *d, const struct config_issuer *issuer, bool ours);
void gate_explain_not_found(struct gate_decision *d, int r);

void gate_explain_claims(struct gate_decision *d, int r);
void gate_explain_user(struct gate_decision *d, const char *user, int r);
void gate_explain_entry(struct gate_decision *d, int r);
void gate_explain_standing(struct gate_decision *d, int r);
struct directory_event;
void gate_explain_search(
    struct gate_decision *d, const struct directory_event *event);
void gate_explain_role(
    struct gate_decision *d, const struct config_role *role, bool held);
void gate_explain_roles(struct gate_decision *d, const char *held, int r);

/* Tells one step; for the parts of gate_explain. */
void gate_explain(struct gate_decision *d, const struct gate_step *step);

/* "services.sshd" or "common", with ".part" behind it unless that is NULL. */
#define GATE_WHERE_MAX 160
const char *gate_explain_where(
    const struct gate_decision *d, const char *part, char buf[GATE_WHERE_MAX]);

#endif
