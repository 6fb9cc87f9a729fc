/*
 * The throttle question: before anything costly, and so before anything is
 * known of the token. It names the address, the claimed user and a hash of
 * the token's bytes; counting and deciding are one step in fraudd, so that
 * parallel guesses cannot all see the old count. How it ended is told
 * afterwards: only what an attacker does stays counted.
 *
 * A second question goes with a token whose signature held: from how many
 * addresses does it come? Its hash is of what was signed, for a thief can
 * write a signature or an encryption in more than one way.
 */

#include "gate_decision.h"

#include <string.h>

#include "b64url.h"
#include "config.h"
#include "digest.h"
#include "file.h"
#include "fraud_client.h"
#include "gate_state.h"
#include "mem.h"
#include "str.h"

#define KEY_MIN 32 /* bytes of password_key_file */
#define KEY_MAX 4096
#define TEXT_MAX 256 /* what is longer goes as its hash */
#define DIGEST_TEXT (B64URL_ENCODED_LEN(DIGEST_LEN) + 1)

static int
away(struct gate_decision *d, const char *why)
{
	d->throttle_away = true;
	gate_say_away(d, why);
	if (d->policy->fraud.allow_when_unavailable)
		return 0;
	return err_set(&d->e, E_THROTTLED, "fraudd could not be asked");
}

static int
throttled(struct gate_decision *d, const struct fraud_answer *a)
{
	struct gate_outcome *out = d->out;

	str_printable(out->rule, sizeof(out->rule), a->rule, strlen(a->rule));
	out->retry_after = a->retry_after;
	if (strcmp(a->rule, FRAUD_OPERATOR) == 0)
		return err_set(
		    &d->e, E_THROTTLED, "blocked by an operator of fraudd");
	return err_set(&d->e, E_THROTTLED, "too many attempts: %u of %u",
	    (unsigned)a->count, (unsigned)a->limit);
}

static struct fraud_where
where(const struct gate_decision *d)
{
	return (struct fraud_where){ d->policy->fraud.socket,
		d->policy->fraud.deadline_ms };
}

int
gate_throttle_ask(struct gate_decision *d, struct fraud_request *q)
{
	const struct fraud_where to = where(d);
	struct fraud_reply reply;
	struct err e = { 0 };
	int r;

	r = fraud_proto_end(q, &e);
	if (r == 0)
		r = fraud_client_ask(d->gate->fraud, &to, q, &reply, &e);
	if (r != 0)
		return away(d, err_text(&e, r));
	if (reply.kind == FRAUD_REPLY_ERROR)
		return away(d, reply.error);
	if (reply.kind != FRAUD_REPLY_ANSWER)
		return away(d, "what came is no answer to this question");
	d->throttle = reply.answer;
	d->throttle_asked = true;
	memcpy(d->out->attempt, reply.answer.id, sizeof(d->out->attempt));
	if (reply.answer.verdict != FRAUD_VERDICT_ALLOW)
		return throttled(d, &reply.answer);
	return 0;
}

/* False when there is no hash to be had. */
static bool
hash_text(const void *data, size_t n, char text[DIGEST_TEXT])
{
	uint8_t digest[DIGEST_LEN];

	if (digest_sha256(data, n, digest) != 0)
		return false;
	b64url_encode(text, digest, sizeof(digest));
	return true;
}

/* A name of any length must not make the question none. */
static bool
add_name(struct fraud_request *q, const char *field, const char *value)
{
	char text[DIGEST_TEXT];
	size_t n;

	if (value == NULL)
		return true;
	n = strlen(value);
	if (n <= TEXT_MAX) {
		fraud_proto_field(q, field, value);
		return true;
	}
	if (!hash_text(value, n, text))
		return false;
	fraud_proto_field(q, field, text);
	return true;
}

static const char *
exists(const struct gate_request *q)
{
	if (q->user_unknown)
		return "0";
	return q->has_uid ? "1" : NULL;
}

/* Of a password under the key of this host, for it can be guessed. */
static int
hash_password(
    const struct gate_decision *d, char text[DIGEST_TEXT], struct err *e)
{
	const struct gate_request *q = d->request;
	uint8_t digest[DIGEST_LEN];
	struct file key = { 0 };
	int r;

	r = file_read(
	    d->policy->fraud.password_key_file, KEY_MAX, FILE_SECRET, &key, e);
	if (r == 0 && key.len < KEY_MIN)
		r = err_set(e, E_RANGE, "%s: is shorter than %d bytes",
		    d->policy->fraud.password_key_file, KEY_MIN);
	if (r == 0) {
		r = digest_hmac(
		    key.data, key.len, q->password, q->password_len, digest);
		if (r != 0)
			err_set(e, r, "OpenSSL failed");
	}
	file_done(&key);
	if (r == 0)
		b64url_encode(text, digest, sizeof(digest));
	return r;
}

/* What is to be tried: a token, or a password where there is a key for it. */
static int
add_secret(
    const struct gate_decision *d, struct fraud_request *out, struct err *e)
{
	const struct gate_request *q = d->request;
	char text[DIGEST_TEXT];
	int r = 0;

	if ((q->checks & GATE_TOKEN) != 0) {
		if (!hash_text(q->token, q->token_len, text))
			return err_set(e, E_CRYPTO, "OpenSSL failed");
		fraud_proto_field(out, FRAUD_TOKEN, text);
	} else if (d->policy->fraud.password_key_file != NULL) {
		r = hash_password(d, text, e);
		if (r == 0)
			fraud_proto_field(out, FRAUD_PASSWORD, text);
	}
	return r;
}

static int
write_attempt(
    const struct gate_decision *d, struct fraud_request *out, struct err *e)
{
	const struct gate_request *q = d->request;
	int r;

	fraud_proto_begin(out, FRAUD_ATTEMPT);
	fraud_proto_text(out, FRAUD_EVENT_LOGIN);
	fraud_proto_field(out, FRAUD_IP, q->address);
	fraud_proto_field(out, FRAUD_EXISTS, exists(q));
	r = add_secret(d, out, e);
	if (r == 0 &&
	    (!add_name(out, FRAUD_USER, q->user) ||
		!add_name(out, FRAUD_SERVICE, q->service)))
		r = err_set(e, E_CRYPTO, "OpenSSL failed");
	return r;
}

/* A question takes room that nobody clears where none is asked. */
static int
ask_attempt(struct gate_decision *d)
{
	struct fraud_request q;
	struct err e = { 0 };
	int r;

	r = write_attempt(d, &q, &e);
	if (r != 0)
		return away(d, err_text(&e, r));
	r = gate_throttle_ask(d, &q);
	if (r == 0 && d->throttle_asked)
		memcpy(d->attempt, d->throttle.id, sizeof(d->attempt));
	return r;
}

int
gate_throttle_attempt(struct gate_decision *d)
{
	return d->policy->fraud.configured ? ask_attempt(d) : 0;
}

static bool
write_token(const struct gate_decision *d, struct fraud_request *out)
{
	const char *jti = d->out->jti;
	char token[DIGEST_TEXT];

	fraud_proto_begin(out, FRAUD_ATTEMPT);
	fraud_proto_text(out, FRAUD_EVENT_TOKEN);
	fraud_proto_field(out, FRAUD_IP, d->request->address);
	if (!hash_text(d->jws.token, d->jws.signed_len, token))
		return false;
	fraud_proto_field(out, FRAUD_TOKEN, token);
	fraud_proto_field(out, FRAUD_ISSUER, d->out->issuer);
	fraud_proto_field(out, FRAUD_JTI, jti[0] != '\0' ? jti : NULL);
	return add_name(out, FRAUD_USER, d->request->user) &&
	    add_name(out, FRAUD_SERVICE, d->request->service);
}

static int
ask_token(struct gate_decision *d)
{
	struct fraud_request q;

	if (!write_token(d, &q))
		return away(d, "OpenSSL failed");
	return gate_throttle_ask(d, &q);
}

/* Where fraudd was away a moment ago, it is not waited for again. */
int
gate_throttle_token(struct gate_decision *d)
{
	if (!d->throttle_asked || d->request->address == NULL)
		return 0;
	return ask_token(d);
}

/*
 * An expired token, or one for another place, is no attack, and neither is a
 * directory or a key that is missing; what was counted is taken back then.
 * A forged token is one, and so is a good one for somebody else.
 */
static const char *
outcome_of(int r)
{
	switch ((enum err_code)r) {
	case E_OK:
		return FRAUD_SUCCESS;
	case E_HEADER_INVALID:
	case E_TOKEN_MALFORMED:
	case E_TOKEN_TOO_LONG:
	case E_ALGORITHM_REFUSED:
	case E_KEY_UNKNOWN:
	case E_SIGNATURE_INVALID:
	case E_USER_MISMATCH:
	case E_TOKEN_REVOKED:
	case E_TOKEN_REPLAYED:
	case E_POSSESSION_MISSING:
	case E_PASSWORD_WRONG:
	case E_ACCOUNT_LOCKED:
	case E_THROTTLED:
		return FRAUD_FAILURE;
	case E_TOKEN_MISSING:
	case E_ISSUER_UNKNOWN:
	case E_AUDIENCE_WRONG:
	case E_PARTY_WRONG:
	case E_TYPE_WRONG:
	case E_TOKEN_EXPIRED:
	case E_TOKEN_NOT_YET_VALID:
	case E_TOKEN_TOO_OLD:
	case E_LIFETIME_TOO_LONG:
	case E_CLAIM_MISSING:
	case E_SCOPE_MISSING:
	case E_USER_INVALID:
	case E_PASSWORD_EXPIRED:
	case E_ROLE_MISSING:
	case E_DIRECTORY_UNAVAILABLE:
	case E_KEYS_UNAVAILABLE:
	case E_CONFIG_INVALID:
	case E_NOMEM:
	case E_IO:
	case E_SYNTAX:
	case E_RANGE:
	case E_PERM:
	case E_KEY:
	case E_CRYPTO:
		break;
	}
	return FRAUD_ERROR;
}

void
gate_throttle_tell(struct gate_decision *d, struct fraud_request *q)
{
	const struct fraud_where to = where(d);
	struct err e = { 0 };

	if (fraud_proto_end(q, &e) != 0 ||
	    fraud_client_tell(d->gate->fraud, &to, q, &e) != 0)
		gate_say_away(d, e.text);
}

static void
tell_outcome(struct gate_decision *d, int r)
{
	struct fraud_request q;

	fraud_proto_begin(&q, FRAUD_OUTCOME);
	fraud_proto_text(&q, d->attempt);
	fraud_proto_text(&q, outcome_of(r));
	gate_throttle_tell(d, &q);
}

void
gate_throttle_report(struct gate_decision *d, int r)
{
	if (d->attempt[0] != '\0')
		tell_outcome(d, r);
}
