/*
 * From a client's message to an answer of libsasl: take the message apart,
 * ask the gate, translate. A refused token is answered with JSON that tells
 * a client whether a new token would help, and whatever comes next fails.
 * What could not be judged fails at once, so that no client throws away a
 * token that is good.
 *
 * What a peer learns by text is one sentence; the log gets one line.
 */

#include "exchange.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "addr.h"
#include "err.h"
#include "gate.h"
#include "gate_sasl.h"
#include "hostlog.h"
#include "mem.h"
#include "message.h"
#include "oauth_server.h"
#include "str.h"

/* RFC 4513 §5.2.1.8: how LDAP writes that a name is that of a user. */
#define LDAP_SERVICE "ldap"
#define LDAP_USER "u:"

/*
 * A directory server knows its users' groups. Asking for them over the
 * network could wait for a thread that waits for us.
 */
#define DIRECTORY_PROGRAM "slapd"
#define GROUPS "*memberOf" /* '*': of who authenticated */

struct exchange {
	const struct oauth_face *face; /* borrows */
	bool over; /* answered; the next step only fails */
	int code; /* with what */
	char sentence[ERR_TEXT_MAX];
	char reply[MESSAGE_REPLY_MAX + 1];
	/* Slapd keeps the pointer to a name from one call to the next. */
	char user[CLAIMS_USER_MAX + 1];
	char authzid[MESSAGE_NAME_MAX + 1];
};

/* One step that looks at a message; all of it borrows. */
struct look {
	struct exchange *x;
	sasl_server_params_t *sparams;
	sasl_out_params_t *oparams;
	struct gate *gate;
	int64_t now;
	struct gate_sasl told;
	struct gate_request request;
	struct gate_outcome outcome;
	char peer[ADDR_TEXT_MAX];
};

/*
 * Postfix tells its clients to try again after FAIL, NOMEM and UNAVAIL, and
 * that they are refused after all others.
 */
static int
sasl_code(int reason)
{
	switch ((enum err_code)reason) {
	case E_OK: /* allowed is said by the verdict, never by this */
	case E_TOKEN_MISSING:
	case E_HEADER_INVALID:
	case E_TOKEN_MALFORMED:
	case E_TOKEN_TOO_LONG:
	case E_ALGORITHM_REFUSED:
	case E_KEY_UNKNOWN:
	case E_SIGNATURE_INVALID:
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
	case E_USER_MISMATCH:
	case E_USER_INVALID:
	case E_TOKEN_REVOKED:
	case E_TOKEN_REPLAYED:
	case E_POSSESSION_MISSING:
	case E_PASSWORD_WRONG:
	case E_PASSWORD_EXPIRED:
	case E_ACCOUNT_LOCKED:
	case E_THROTTLED:
		return SASL_BADAUTH;
	case E_ROLE_MISSING:
		return SASL_NOAUTHZ;
	case E_DIRECTORY_UNAVAILABLE:
	case E_KEYS_UNAVAILABLE:
	case E_CRYPTO:
		return SASL_UNAVAIL;
	case E_NOMEM:
		return SASL_NOMEM;
	case E_CONFIG_INVALID:
	case E_IO:
	case E_SYNTAX:
	case E_RANGE:
	case E_PERM:
	case E_KEY:
		return SASL_FAIL;
	}
	return SASL_FAIL;
}

int
exchange_new(void *glob, sasl_server_params_t *sparams, const char *challenge,
    unsigned challenge_len, void **exchange_out)
{
	struct exchange *x;

	(void)sparams;
	(void)challenge;
	(void)challenge_len;
	x = mem_alloc(sizeof(*x));
	if (x == NULL)
		return SASL_NOMEM;
	x->face = glob;
	*exchange_out = x;
	return SASL_OK;
}

void
exchange_dispose(void *exchange, const sasl_utils_t *utils)
{
	struct exchange *x = exchange;

	(void)utils;
	if (x != NULL)
		mem_free(&x, sizeof(*x));
}

/* "ADDRESS;PORT", where the host knows it. */
static void
find_peer(struct look *l)
{
	const char *text = l->sparams->ipremoteport;
	struct addr a;

	l->request.peer = "unknown";
	if (text == NULL || addr_parse(text, strcspn(text, ";"), &a) != 0)
		return;
	l->request.peer = addr_format(&a, l->peer);
	l->request.address = l->peer;
}

/* Exactly one line per decision. Never the token. */
static void
say(const struct look *l)
{
	char line[HOSTLOG_MAX];
	int level = SASL_LOG_NOTE;

	if (l->outcome.verdict != GATE_ALLOW)
		level = err_class(l->outcome.reason) == ERR_CLASS_REFUSED ?
		    SASL_LOG_FAIL :
		    SASL_LOG_ERR;
	hostlog(l->sparams->utils, l->sparams->utils->conn, level,
	    "jwtgate: %s: %s", message_name(l->x->face->mech),
	    gate_log_line(&l->request, &l->outcome, line, sizeof(line)));
}

/* Files that changed and are no good: said once, to whoever comes first. */
static void
say_notices(const struct look *l)
{
	char text[ERR_TEXT_MAX];

	while (gate_notice(l->gate, text))
		hostlog(l->sparams->utils, l->sparams->utils->conn,
		    SASL_LOG_WARN, "jwtgate: %s", text);
}

/* Refuses without the gate, when it could not be asked or needs not be. */
static void
refuse(struct look *l, int reason, const char *text)
{
	struct str s;

	if (!err_is_reason(reason))
		reason = err_class(reason) == ERR_CLASS_UNAVAILABLE ?
		    E_KEYS_UNAVAILABLE :
		    E_CONFIG_INVALID;
	l->outcome = (struct gate_outcome){
		.verdict = GATE_DENY, .reason = reason, .auth_time = -1
	};
	str_init(&s, l->outcome.text, sizeof(l->outcome.text));
	str_add(&s, text);
	str_init(&s, l->outcome.message, sizeof(l->outcome.message));
	str_add(&s, "Authentication failed.");
}

/* The answer to a client that has to be told something before it fails. */
static int
reply(struct look *l, int reason, const char **out, unsigned *out_len)
{
	const struct message_hint hint = {
		.scope = l->told.scope,
		.openid_configuration = l->told.openid_configuration,
	};
	struct exchange *x = l->x;

	message_reply(x->face->mech, reason, &hint, x->reply);
	*out = x->reply;
	*out_len = (unsigned)strlen(x->reply);
	return SASL_CONTINUE;
}

static int
fail(struct exchange *x, const sasl_server_params_t *sparams)
{
	hostlog_peer(sparams->utils, sparams->utils->conn, x->sentence);
	return x->code;
}

/* Says what the outcome is, and what the host is told of it. */
static int
turn_down(struct look *l, const char **out, unsigned *out_len)
{
	struct exchange *x = l->x;
	struct str s;

	say(l);
	x->over = true;
	x->code = sasl_code(l->outcome.reason);
	str_init(&s, x->sentence, sizeof(x->sentence));
	str_add(&s, l->outcome.message);
	if (err_class(l->outcome.reason) == ERR_CLASS_REFUSED)
		return reply(l, l->outcome.reason, out, out_len);
	return fail(x, l->sparams);
}

/* The name without the mark that LDAP puts in front of it. */
static const char *
plain_name(const struct look *l)
{
	const char *name = l->x->authzid, *service = l->sparams->service;

	if (service != NULL && strcmp(service, LDAP_SERVICE) == 0 &&
	    strncmp(name, LDAP_USER, strlen(LDAP_USER)) == 0)
		name += strlen(LDAP_USER);
	return name;
}

/*
 * Hands the names to the host. One call where they are the same: slapd takes
 * a second one for somebody who acts as another. The flag says that nobody
 * needs to find the user in a database of passwords.
 */
static int
give_names(struct look *l)
{
	const unsigned known = SASL_CU_EXTERNALLY_VERIFIED;
	sasl_conn_t *conn = l->sparams->utils->conn;
	struct exchange *x = l->x;
	bool differs;
	int r;

	differs = l->told.authzid == CONFIG_AUTHZID_MAY_DIFFER &&
	    x->authzid[0] != '\0' && strcmp(plain_name(l), x->user) != 0;
	if (!differs)
		return l->sparams->canon_user(conn, x->user, 0,
		    SASL_CU_AUTHID | SASL_CU_AUTHZID | known, l->oparams);
	r = l->sparams->canon_user(
	    conn, x->user, 0, SASL_CU_AUTHID | known, l->oparams);
	if (r == SASL_OK)
		r = l->sparams->canon_user(
		    conn, x->authzid, 0, SASL_CU_AUTHZID | known, l->oparams);
	return r;
}

static int
finish(struct look *l)
{
	say(l);
	l->x->over = true;
	l->x->code = SASL_FAIL; /* a step after the last one */
	l->oparams->doneflag = 1;
	l->oparams->mech_ssf = 0;
	l->oparams->maxoutbuf = 0;
	l->oparams->encode_context = NULL;
	l->oparams->encode = NULL;
	l->oparams->decode_context = NULL;
	l->oparams->decode = NULL;
	l->oparams->param_version = 0;
	return SASL_OK;
}

static bool
is_directory(const struct look *l)
{
	const char *program = l->sparams->appname;

	return program != NULL && strcmp(program, DIRECTORY_PROGRAM) == 0;
}

/* The second half of the decision, with the groups that the host knows. */
static void
decide_roles(struct look *l)
{
	const char *names[] = { GROUPS, NULL };
	const struct gate_outcome token = l->outcome;
	struct gate_request request = l->request;
	struct propval found[2] = { { .name = NULL } };

	(void)l->sparams->utils->prop_getnames(
	    l->sparams->propctx, names, found);
	request.checks = GATE_ROLES;
	request.user = token.user;
	request.authenticated = &token;
	request.groups_from_host = true;
	if (found[0].name != NULL && found[0].values != NULL) {
		request.groups = found[0].values;
		request.group_count = found[0].nvalues;
	}
	(void)gate_decide(l->gate, &request, l->now, &l->outcome);
	memcpy(l->outcome.issuer, token.issuer, sizeof(token.issuer));
	memcpy(l->outcome.kid, token.kid, sizeof(token.kid));
	memcpy(l->outcome.jti, token.jti, sizeof(token.jti));
}

/*
 * Of the user whose name is given next. What an earlier bind of the same
 * connection was told must not stand there: slapd fills in what is missing.
 * prop_request() of libsasl clears it, which nothing promises.
 */
static int
ask_groups(const struct look *l)
{
	const char *names[] = { GROUPS, NULL };
	int r;

	r = l->sparams->utils->prop_request(l->sparams->propctx, names);
	if (r == SASL_OK)
		l->sparams->utils->prop_erase(l->sparams->propctx, GROUPS);
	return r;
}

static int
let_in(struct look *l, const char **out, unsigned *out_len)
{
	bool roles_open = (l->request.checks & GATE_ROLES) == 0;
	int r = SASL_OK;

	memcpy(l->x->user, l->outcome.user, sizeof(l->x->user));
	if (roles_open)
		r = ask_groups(l);
	if (r == SASL_OK)
		r = give_names(l);
	if (r != SASL_OK) {
		refuse(l, E_USER_INVALID, "the host does not take the name");
		(void)turn_down(l, out, out_len);
		*out = NULL;
		*out_len = 0;
		return r;
	}
	if (roles_open)
		decide_roles(l);
	if (l->outcome.verdict != GATE_ALLOW)
		return turn_down(l, out, out_len);
	return finish(l);
}

static int
decide(struct look *l, const struct message *m, const char **out,
    unsigned *out_len)
{
	l->request.checks = is_directory(l) ? GATE_TOKEN :
					      GATE_TOKEN | GATE_ROLES;
	l->request.token = m->token;
	l->request.token_len = m->token_len;
	if (l->told.authzid == CONFIG_AUTHZID_MUST_EQUAL &&
	    m->authzid[0] != '\0')
		l->request.user = plain_name(l);
	(void)gate_decide(l->gate, &l->request, l->now, &l->outcome);
	l->request.token = NULL;
	l->request.token_len = 0;
	say_notices(l);
	if (l->outcome.verdict != GATE_ALLOW)
		return turn_down(l, out, out_len);
	return let_in(l, out, out_len);
}

static int
look_at(struct look *l, const char *data, size_t n, const char **out,
    unsigned *out_len)
{
	struct exchange *x = l->x;
	struct message m = { .discovery = false };
	struct err e = { 0 };
	int r = E_CONFIG_INVALID;

	if (l->gate == NULL || l->request.service == NULL)
		err_set(&e, r, "there is no usable configuration");
	else
		r = gate_sasl(
		    l->gate, l->request.service, l->now, &l->told, &e);
	if (r == 0)
		r = message_parse(x->face->mech, data, n, &m, &e);
	if (r != 0) {
		refuse(l, r, err_text(&e, r));
		return turn_down(l, out, out_len);
	}
	memcpy(x->authzid, m.authzid, sizeof(x->authzid));
	if (!m.discovery)
		return decide(l, &m, out, out_len);
	hostlog(l->sparams->utils, l->sparams->utils->conn, SASL_LOG_DEBUG,
	    "jwtgate: %s: peer=%s asks what would be accepted",
	    message_name(x->face->mech), l->request.peer);
	refuse(l, E_TOKEN_MISSING, "");
	x->over = true;
	x->code = SASL_BADAUTH;
	memcpy(x->sentence, l->outcome.message, sizeof(x->sentence));
	return reply(l, 0, out, out_len);
}

int
exchange_step(void *exchange, sasl_server_params_t *sparams,
    const char *clientin, unsigned clientin_len, const char **serverout,
    unsigned *serverout_len, sasl_out_params_t *oparams)
{
	struct exchange *x = exchange;
	struct look l = { .x = x, .sparams = sparams, .oparams = oparams };

	*serverout = NULL;
	*serverout_len = 0;
	/* libsasl has let it go, and asks all the same */
	if (x == NULL)
		return SASL_FAIL;
	if (x->over)
		return fail(x, sparams);
	l.now = (int64_t)time(NULL);
	l.gate = oauth_server_gate(x->face->server, sparams->utils, l.now);
	l.request.service = oauth_server_service(x->face->server, sparams);
	find_peer(&l);
	return look_at(&l, clientin, clientin != NULL ? clientin_len : 0,
	    serverout, serverout_len);
}
