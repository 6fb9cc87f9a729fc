/*
 * THE decision. An outcome starts as a refusal and stays one on every path
 * but the last line of gate_decide(): a question that is forgotten, fails
 * or runs out of memory cannot let anybody in.
 */

#include "gate.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "fraud_client.h"
#include "gate_decision.h"
#include "gate_state.h"
#include "mem.h"
#include "str.h"

#define MESSAGE_REFUSED "Authentication failed."
/* Large, and written before it is read. */
#define UNCLEARED __attribute__((uninitialized))

#define MESSAGE_EXPIRED "Your password has expired."
#define MESSAGE_LOCKED "Your account is locked."
#define MESSAGE_ROLE_MISSING "You are not authorized to use this service."

int
gate_new(const char *config_path, struct gate **out, struct err *e)
{
	struct gate *g;
	int r;

	g = mem_alloc(sizeof(*g));
	if (g == NULL)
		return err_set(e, E_NOMEM, "out of memory");
	g->path = mem_strdup(config_path);
	if (g->path == NULL || fraud_client_new(&g->fraud) != 0)
		r = err_set(e, E_NOMEM, "out of memory");
	else
		r = gate_state_open(g, e);
	if (r == 0)
		*out = g;
	else
		gate_free(&g);
	return r;
}

void
gate_free(struct gate **g)
{
	if (*g == NULL)
		return;
	gate_state_close(*g);
	fraud_client_free(&(*g)->fraud);
	mem_free_str(&(*g)->path);
	mem_free(g, sizeof(**g));
}

const struct config *
gate_config(const struct gate *g)
{
	return gate_state_config(g->current);
}

/* Reasons are a contract; a general code becomes the nearest of them. */
static int
reason_of(int code)
{
	if (err_is_reason(code))
		return code;
	return err_class(code) == ERR_CLASS_UNAVAILABLE ? E_KEYS_UNAVAILABLE :
							  E_CONFIG_INVALID;
}

static const char *
message_for(const struct gate_decision *d, int reason)
{
	if (reason == E_PASSWORD_EXPIRED && d->out->password_right)
		return MESSAGE_EXPIRED;
	if (reason == E_ACCOUNT_LOCKED && d->out->password_right)
		return MESSAGE_LOCKED;
	if (reason != E_ROLE_MISSING)
		return MESSAGE_REFUSED;
	if (d->policy != NULL && d->policy->unauthorized != NULL)
		return d->policy->unauthorized;
	return MESSAGE_ROLE_MISSING;
}

/* Leaves what the log wants to know, and nothing that was granted. */
static int
refuse(struct gate_decision *d, int code)
{
	struct gate_outcome *out = d->out;

	out->verdict = GATE_DENY;
	out->reason = reason_of(code);
	out->expires = 0;
	out->auth_time = -1;
	out->password_must_change = false;
	out->password_grace = -1;
	out->password_expires_in = -1;
	out->roles[0] = '\0';
	out->token_roles[0] = '\0';
	out->token_roles_apply = false;
	out->claim_count = 0;
	snprintf(out->message, sizeof(out->message), "%s",
	    message_for(d, out->reason));
	snprintf(out->text, sizeof(out->text), "%s", err_text(&d->e, code));
	return out->reason;
}

static int
check_request(struct gate_decision *d)
{
	const struct gate_request *q = d->request;
	const unsigned all = GATE_TOKEN | GATE_ROLES | GATE_PASSWORD;
	const unsigned one_of = GATE_TOKEN | GATE_PASSWORD;
	char shown[CONFIG_NAME_MAX * 2];

	if (q->checks == 0 || (q->checks & ~all) != 0)
		return err_set(
		    &d->e, E_CONFIG_INVALID, "nothing was asked that is known");
	if ((q->checks & one_of) == one_of)
		return err_set(&d->e, E_CONFIG_INVALID,
		    "a token and a password were given for one login");
	if (q->checks == GATE_ROLES && q->service == NULL)
		return err_set(&d->e, E_CONFIG_INVALID,
		    "roles were asked for without a service");
	if (d->policy != NULL)
		return 0;
	if (q->service == NULL)
		return err_set(&d->e, E_CONFIG_INVALID,
		    "the configuration has no common policy");
	str_printable(shown, sizeof(shown), q->service, strlen(q->service));
	return err_set(&d->e, E_CONFIG_INVALID,
	    "the configuration names no part for the service %s", shown);
}

/* Without a token the name is the host's; who that is, is its business. */
static int
take_user(struct gate_decision *d)
{
	const char *user = d->request->user;
	size_t n = user != NULL ? strlen(user) : 0, i;

	if (n == 0 || n > CLAIMS_USER_MAX)
		return err_set(
		    &d->e, E_USER_INVALID, "there is no usable user name");
	for (i = 0; i < n; i++) {
		if ((unsigned char)user[i] < 0x20 || user[i] == 0x7f)
			return err_set(&d->e, E_USER_INVALID,
			    "the user name holds control characters");
	}
	memcpy(d->out->user, user, n + 1);
	return gate_check_entry(d, user);
}

static int
decide(struct gate_decision *d)
{
	const struct gate_request *q = d->request;
	int r;

	r = check_request(d);
	if (r != 0)
		return r;
	if ((q->checks & GATE_TOKEN) != 0)
		r = gate_check_token(d);
	else
		r = take_user(d);
	if (r == 0 && (q->checks & GATE_PASSWORD) != 0)
		r = gate_check_password(d);
	if (r != 0)
		return r;
	gate_carry_password(d);
	if ((q->checks & GATE_ROLES) != 0 && q->service != NULL)
		r = gate_check_roles(d, d->out->user);
	return r;
}

/* A refusal that knows nothing; of a text only its end is written. */
static void
begin_outcome(struct gate_outcome *out, unsigned checks)
{
	out->verdict = GATE_DENY;
	out->reason = E_CONFIG_INVALID;
	out->checks = checks;
	out->expires = 0;
	out->auth_time = -1;
	out->password_right = false;
	out->password_must_change = false;
	out->password_grace = -1;
	out->password_expires_in = -1;
	out->token_roles_apply = false;
	out->claim_count = 0;
	out->user[0] = out->issuer[0] = out->kid[0] = out->jti[0] = '\0';
	out->roles[0] = out->token_roles[0] = '\0';
	out->attempt[0] = out->rule[0] = '\0';
	out->retry_after = 0;
	out->message[0] = out->text[0] = '\0';
}

static void
begin(struct gate_decision *d, const struct gate_state *state,
    const struct gate_request *request, int64_t now, struct gate_outcome *out)
{
	memset(d, 0, offsetof(struct gate_decision, e));
	err_clear(&d->e);
	d->claims.root.type = JSCAN_NONE;
	d->jws.header_len = d->jws.payload_len = d->jws.signature_len = 0;
	d->request = request;
	d->policy = config_policy(gate_state_config(state), request->service);
	d->keys = state->keys;
	d->headers = state->headers;
	d->revocations = state->revocations;
	d->directories = state->directories;
	d->answers = state->answers;
	d->now = now;
	d->out = out;
	begin_outcome(out, request->checks);
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Nothing of the token stays behind; of a long buffer only a part was used. */
static void
forget(struct gate_decision *d)
{
	struct jws *jws = &d->jws;

	gate_opened_done(d);
	mem_wipe(d->payload,
	    least(B64URL_DECODED_LEN(jws->payload_len), GATE_PAYLOAD_MAX));
	mem_wipe(jws->header, least(jws->header_len, sizeof(jws->header)));
	mem_wipe(jws->sig,
	    least(B64URL_DECODED_LEN(jws->signature_len), sizeof(jws->sig)));
}

int
gate_decide(struct gate *g, const struct gate_request *request, int64_t now,
    struct gate_outcome *out)
{
	struct gate_state *state = gate_state_take(g, now);
	uint8_t payload[GATE_PAYLOAD_MAX] UNCLEARED;
	struct gate_decision d UNCLEARED;
	int r;

	begin(&d, state, request, now, out);
	d.gate = g;
	d.payload = payload;
	r = decide(&d);
	gate_throttle_report(&d, r);
	forget(&d);
	if (r != 0) {
		r = refuse(&d, r);
	} else {
		out->reason = 0;
		out->verdict = GATE_ALLOW;
	}
	gate_state_put(g, state);
	return r;
}

int
gate_session_begin(struct gate *g, const struct gate_request *request,
    const char *session, int64_t now, struct gate_outcome *out)
{
	struct gate_state *state = gate_state_take(g, now);
	struct gate_decision d UNCLEARED;
	int r;

	begin(&d, state, request, now, out);
	d.gate = g;
	r = gate_session_open_in(&d, session);
	if (r != 0) {
		r = refuse(&d, r);
	} else {
		out->reason = 0;
		out->verdict = GATE_ALLOW;
	}
	gate_state_put(g, state);
	return r;
}

void
gate_session_end(struct gate *g, const struct gate_request *request,
    const char *session, int64_t now)
{
	struct gate_state *state = gate_state_take(g, now);
	struct gate_decision d UNCLEARED;
	struct gate_outcome out;

	begin(&d, state, request, now, &out);
	d.gate = g;
	gate_session_close_in(&d, session);
	gate_state_put(g, state);
}
