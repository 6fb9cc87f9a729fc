/*
 * gate_decision: one decision while it is being taken, shared by the parts
 * of the gate (gate*.c) and by nobody else.
 */

#ifndef JWTGATE_GATE_DECISION_H
#define JWTGATE_GATE_DECISION_H

#include <stddef.h>
#include <stdint.h>

#include "b64url.h"
#include "claims.h"
#include "err.h"
#include "fraud_proto.h"
#include "gate.h"
#include "jwa_enc.h"
#include "jws.h"
#include "roles.h"

struct config_issuer;
struct config_policy;
struct keyring;
struct roles_cache;
struct shelf;

#define GATE_PAYLOAD_MAX B64URL_DECODED_LEN(JWS_MAX_LEN)
#define GATE_TRIES_MAX 16 /* signatures tried over all issuers */

struct gate_decision {
	struct gate *gate; /* borrows */
	const struct gate_request *request;
	const struct config_policy *policy; /* of request->service */
	struct keyring *keys;
	struct jws_headers *headers;
	struct shelf *revocations;
	struct shelf *directories;
	struct roles_cache *answers;
	int64_t now;
	struct gate_outcome *out;

	/* What fraudd said last, and the attempt whose end it waits for. */
	struct fraud_answer throttle;
	bool throttle_asked, throttle_away;
	char attempt[FRAUD_ID_LEN + 1];

	/* What was in an encrypted token, and whose key opened it. */
	uint8_t *inner; /* owns, by gate_opened_done(); NULL: not encrypted */
	size_t inner_len;
	const struct config_issuer *opener;
	enum jwa_wrap opened_alg;
	enum jwa_enc opened_enc;

	/* What the token step found, in this order after jws. */
	uint8_t *payload; /* borrowed, GATE_PAYLOAD_MAX bytes, wiped after */
	size_t payload_len; /* 0 until it was read */
	const struct config_issuer *issuer;
	const struct jwk *key; /* of issuer, the one that signed */
	struct claims_times times;

	/* From here on nothing is cleared that is written before it is read. */
	struct err e; /* why it is refused */
	struct claims claims; /* slices of payload, once payload_len is set */
	struct jws jws;
};

/*
 * Finds the issuer whose key signed the token and whose name it carries;
 * fills payload, claims and issuer. Returns 0 or a code of err.h.
 */
int gate_find_signer(struct gate_decision *d);

/*
 * Opens an encrypted token into d->inner where an issuer takes such; 0 also
 * for what is none, d->inner is NULL then. Else a code.
 */
int gate_open_token(struct gate_decision *d);
void gate_opened_done(struct gate_decision *d);

/* Whether this issuer's tokens may come encrypted as this one did. */
bool gate_opens_for(
    const struct gate_decision *d, const struct config_issuer *issuer);

/*
 * Asks fraudd about this attempt, before anything is known of the token. 0
 * or E_THROTTLED.
 */
int gate_throttle_attempt(struct gate_decision *d);

/* The same for the token in d->jws, whose signature held. */
int gate_throttle_token(struct gate_decision *d);

/* Ends the question and asks it, or tells it and waits for nothing. */
int gate_throttle_ask(struct gate_decision *d, struct fraud_request *q);
void gate_throttle_tell(struct gate_decision *d, struct fraud_request *q);

/* 0 or E_THROTTLED; nothing is asked where there is no fraudd. */
int gate_session_open_in(struct gate_decision *d, const char *session);
void gate_session_close_in(struct gate_decision *d, const char *session);

/* Tells fraudd how the attempt ended; r: 0 or why it was refused. */
void gate_throttle_report(struct gate_decision *d, int r);

/* Leaves a notice that fraudd is away, unless that was said of late. */
void gate_say_away(struct gate_decision *d, const char *why);

/* Does the token prove who this is? 0 or a code; fills d->out. */
int gate_check_token(struct gate_decision *d);

/* Is the password that of d->out->user? 0 or a code; fills d->out. */
int gate_check_password(struct gate_decision *d);

/* Takes over what this transaction's own password check left to be done. */
void gate_carry_password(struct gate_decision *d);

/* May user enter the service? 0 or a code; fills d->out->roles. */
int gate_check_roles(struct gate_decision *d, const char *user);

/* 0, or why what was revoked, used or bound to a key is not taken. */
int gate_check_standing(struct gate_decision *d);

/*
 * What the directory, or the host that knows the user's groups, says of the
 * roles that are wanted. token: what the token said, or NULL. held_out: one
 * for each role of the policy. 0 or a code.
 */
struct gate_asking {
	const char *user;
	const struct gate_outcome *token;
	const bool *wanted;
	enum roles_enough enough;
};
int gate_ask_directory(
    struct gate_decision *d, const struct gate_asking *a, bool *held_out);

/* Fills out->claims, where roles ask for some. */
void gate_token_claims(struct gate_decision *d);

/* Fills out->token_roles from a token that was accepted. */
void gate_token_roles(struct gate_decision *d);

/* 0, or E_USER_INVALID for root and system users without allow_root. */
int gate_check_entry(struct gate_decision *d, const char *user);

#endif
