/*
 * One message, then one of three: nothing, which is success; JSON, which is
 * answered as the mechanism wants and then has failed; anything behind that,
 * which fails. Success is not said before the server had its word: a client
 * that is done after its message turns a refusal into a local error.
 *
 * The token is the program's own, if it hands one over without asking
 * anybody; else the one that lies about, for hosts that its owner listed;
 * else the person is asked.
 */

#include "oauth_client.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bearer.h"
#include "err.h"
#include "hostlog.h"
#include "mem.h"
#include "message.h"
#include "owner.h"
#include "str.h"

#define SECURITY_FLAGS (SASL_SEC_NOANONYMOUS | SASL_SEC_PASS_CREDENTIALS)
#define FEATURES \
	(SASL_FEAT_WANT_CLIENT_FIRST | SASL_FEAT_ALLOWS_PROXY | \
	    SASL_FEAT_NEEDSERVERFQDN)
#define SHOWN_MAX 400 /* of a server's JSON */
#define NOBODY "bearer" /* where not even the token has a name */

struct oauth_client;

struct client_face {
	struct oauth_client *client;
	enum message_mech mech;
};

struct oauth_client {
	atomic_uint holders;
	struct client_face faces[MESSAGE_COUNT];
	sasl_client_plug_t plugs[MESSAGE_COUNT];
};

enum client_state {
	CLIENT_BEGIN = 0,
	CLIENT_SENT, /* the message is on its way */
	CLIENT_REFUSED /* whatever comes, it has failed */
};

#define PROMPTS 3

struct client_exchange {
	const struct client_face *face; /* borrows */
	enum client_state state;
	char *message; /* owns */
	size_t message_cap;
	sasl_interact_t prompts[PROMPTS + 1];
	bool asked;
};

/* What is found out for one message. */
struct client_look {
	struct client_exchange *x;
	sasl_client_params_t *cparams;
	struct owner owner;
	struct bearer token;
	char user[MESSAGE_NAME_MAX + 1]; /* to act as; "" when not said */
	char name[MESSAGE_NAME_MAX + 1]; /* the login name, likewise */
	struct bearer_claims claims;
	struct err e;
};

/* A callback of the program that answers by itself, or NULL. */
static void *
callback(const struct client_look *l, unsigned long id, void **context_out,
    int *how_out)
{
	const sasl_utils_t *utils = l->cparams->utils;
	sasl_callback_ft proc = NULL;
	void *p = NULL;

	*how_out = utils->getcallback(utils->conn, id, &proc, context_out);
	if (*how_out == SASL_OK && proc != NULL)
		memcpy(&p, &proc, sizeof(p));
	return p;
}

static bool
may_ask(const struct client_look *l, unsigned long id)
{
	void *context = NULL;
	int how = SASL_FAIL;

	(void)callback(l, id, &context, &how);
	return how == SASL_INTERACT;
}

/* What was answered to a prompt, borrowed; NULL when it was not asked. */
static const char *
answer(const struct client_look *l, unsigned long id, size_t *len_out)
{
	const sasl_interact_t *p = l->x->prompts;

	for (; l->x->asked && p->id != SASL_CB_LIST_END; p++) {
		if (p->id != id || p->result == NULL)
			continue;
		*len_out = p->len > 0 ? p->len : strlen(p->result);
		return p->result;
	}
	return NULL;
}

static void
take_name(char out[MESSAGE_NAME_MAX + 1], const char *from, size_t n)
{
	/* what is too long is refused when the message is built */
	if (from == NULL || n > MESSAGE_NAME_MAX)
		n = 0;
	if (n > 0)
		memcpy(out, from, n);
	out[n] = '\0';
}

static void
find_name(
    struct client_look *l, unsigned long id, char out[MESSAGE_NAME_MAX + 1])
{
	sasl_getsimple_t *get = NULL;
	const char *text = NULL;
	void *context = NULL, *p;
	unsigned len = 0;
	size_t n = 0;
	int how;

	p = callback(l, id, &context, &how);
	if (p != NULL) {
		memcpy(&get, &p, sizeof(p));
		if (get(context, (int)id, &text, &len) != SASL_OK)
			text = NULL;
		n = text == NULL ? 0 : len > 0 ? len : strlen(text);
	} else {
		text = answer(l, id, &n);
	}
	take_name(out, text, n);
}

/* 1: there is one, 0: there is none, or a code with its sentence. */
static int
own_token(struct client_look *l)
{
	sasl_getsecret_t *get = NULL;
	sasl_secret_t *secret = NULL;
	void *context = NULL, *p;
	const char *text;
	size_t n = 0;
	int how, r;

	p = callback(l, SASL_CB_PASS, &context, &how);
	if (p != NULL) {
		memcpy(&get, &p, sizeof(p));
		r = get(
		    l->cparams->utils->conn, context, SASL_CB_PASS, &secret);
		if (r != SASL_OK || secret == NULL || secret->len == 0)
			return 0;
		text = (const char *)secret->data;
		n = secret->len;
	} else if ((text = answer(l, SASL_CB_PASS, &n)) == NULL || n == 0) {
		return 0;
	}
	r = bearer_take(&l->token, text, n, &l->e);
	return r == 0 ? 1 : r;
}

static int
refuse(struct client_look *l, int code, const char *what)
{
	const sasl_utils_t *utils = l->cparams->utils;

	hostlog(utils, utils->conn, SASL_LOG_FAIL, "jwtgate: %s: %s",
	    message_name(l->x->face->mech), what);
	hostlog_peer(utils, utils->conn, what);
	return code;
}

static int
refuse_code(struct client_look *l, int code, int r)
{
	return refuse(l, r == E_NOMEM ? SASL_NOMEM : code, err_text(&l->e, r));
}

/* Programs like Postfix never tell that their channel is encrypted. */
static int
check_channel(struct client_look *l)
{
	const char *host = l->cparams->serverFQDN;

	if (l->cparams->external_ssf > 0 ||
	    (host != NULL && owner_lists_plaintext(&l->owner, host)))
		return SASL_OK;
	return refuse(l, SASL_ENCRYPT,
	    "the channel is not known to be encrypted, so the token stays "
	    "here (insecure_plaintext_hosts)");
}

static void
add_prompt(struct client_look *l, size_t *n, unsigned long id, const char *text)
{
	if (may_ask(l, id))
		l->x->prompts[(*n)++] = (sasl_interact_t){
			.id = id, .challenge = text, .prompt = text
		};
}

/* Asks for all at once; false where nobody can be asked. */
static bool
ask(struct client_look *l, sasl_interact_t **prompts_out)
{
	size_t n = 0;

	if (l->x->asked || prompts_out == NULL || !may_ask(l, SASL_CB_PASS))
		return false;
	add_prompt(l, &n, SASL_CB_USER, "Authorization Name");
	add_prompt(l, &n, SASL_CB_AUTHNAME, "Authentication Name");
	add_prompt(l, &n, SASL_CB_PASS, "Token");
	l->x->prompts[n] = (sasl_interact_t){ .id = SASL_CB_LIST_END };
	l->x->asked = true;
	*prompts_out = l->x->prompts;
	return true;
}

static int
find_token(struct client_look *l, sasl_interact_t **prompts_out)
{
	const char *host = l->cparams->serverFQDN;
	char shown[128], why[ERR_TEXT_MAX];
	bool listed;
	int r;

	r = own_token(l);
	if (r != 0)
		return r == 1 ? SASL_OK : refuse_code(l, SASL_BADPARAM, r);
	listed = host != NULL && owner_lists(&l->owner, host);
	r = listed ? bearer_find(&l->token, &l->owner, &l->e) : E_TOKEN_MISSING;
	if (r == 0)
		return SASL_OK;
	if (ask(l, prompts_out))
		return SASL_INTERACT;
	if (listed)
		return refuse_code(l, SASL_FAIL, r);
	if (host == NULL)
		host = "-";
	snprintf(why, sizeof(why),
	    "the program brings no token, and %s is not listed to get another",
	    str_printable(shown, sizeof(shown), host, strlen(host)));
	return refuse(l, SASL_FAIL, why);
}

/* A server would say no more than that it is not good. */
static int
check_expiry(struct client_look *l)
{
	int64_t now = (int64_t)time(NULL);
	char why[ERR_TEXT_MAX];

	bearer_peek(&l->token, &l->claims);
	if (l->claims.expires < 0 || now < l->claims.expires)
		return SASL_OK;
	snprintf(why, sizeof(why), "the token expired %lld seconds ago",
	    (long long)(now - l->claims.expires));
	return refuse(l, SASL_EXPIRED, why);
}

static int
build(struct client_look *l)
{
	struct client_exchange *x = l->x;
	const char *peer = l->cparams->ipremoteport, *port = NULL;
	struct message_draft draft = { .host = l->cparams->serverFQDN };
	struct str s;
	int r;

	if (peer != NULL && (port = strchr(peer, ';')) != NULL)
		draft.port = port + 1;
	draft.authzid = l->user[0] != '\0' ? l->user : l->name;
	if (x->face->mech == MESSAGE_XOAUTH2 && draft.authzid[0] == '\0')
		draft.authzid = l->claims.user;
	draft.token = l->token.text;
	draft.token_len = l->token.len;
	mem_free(&x->message, x->message_cap);
	x->message_cap = message_size(&draft);
	x->message = mem_alloc(x->message_cap);
	if (x->message == NULL)
		return SASL_NOMEM;
	str_init(&s, x->message, x->message_cap);
	r = message_build(x->face->mech, &draft, &s, &l->e);
	return r == 0 ? SASL_OK : refuse_code(l, SASL_BADPARAM, r);
}

/* libsasl wants both names, the token's if the program has none. */
static int
give_names(struct client_look *l, sasl_out_params_t *oparams)
{
	sasl_conn_t *conn = l->cparams->utils->conn;
	const char *name = l->name;
	int r;

	if (name[0] == '\0')
		name = l->user[0] != '\0' ? l->user : l->claims.user;
	if (name[0] == '\0')
		name = NOBODY;
	if (l->user[0] == '\0' || strcmp(l->user, name) == 0)
		return l->cparams->canon_user(
		    conn, name, 0, SASL_CU_AUTHID | SASL_CU_AUTHZID, oparams);
	r = l->cparams->canon_user(conn, name, 0, SASL_CU_AUTHID, oparams);
	if (r == SASL_OK)
		r = l->cparams->canon_user(
		    conn, l->user, 0, SASL_CU_AUTHZID, oparams);
	return r;
}

static int
find_all(struct client_look *l, sasl_interact_t **prompts_out)
{
	int r;

	r = owner_read(&l->owner, &l->e);
	if (r != 0)
		return refuse_code(l, SASL_FAIL, r);
	r = check_channel(l);
	if (r != SASL_OK)
		return r;
	r = bearer_init(&l->token, &l->e);
	if (r != 0)
		return SASL_NOMEM;
	find_name(l, SASL_CB_USER, l->user);
	find_name(l, SASL_CB_AUTHNAME, l->name);
	r = find_token(l, prompts_out);
	if (r == SASL_OK)
		r = check_expiry(l);
	return r == SASL_OK ? build(l) : r;
}

static int
finish(sasl_out_params_t *oparams)
{
	oparams->doneflag = 1;
	oparams->mech_ssf = 0;
	oparams->maxoutbuf = 0;
	oparams->encode_context = NULL;
	oparams->encode = NULL;
	oparams->decode_context = NULL;
	oparams->decode = NULL;
	oparams->param_version = 0;
	return SASL_OK;
}

/*
 * svn takes success without a last word from the server for an error, unless
 * the exchange ended with our message. It learns of a refusal all the same,
 * if not why.
 */
static bool
ends_at_once(const sasl_client_params_t *cparams)
{
	return cparams->service != NULL && strcmp(cparams->service, "svn") == 0;
}

static int
begin(struct client_exchange *x, sasl_client_params_t *cparams,
    sasl_interact_t **prompts_out, const char **out, unsigned *out_len,
    sasl_out_params_t *oparams)
{
	struct client_look l = { .x = x, .cparams = cparams };
	int r;

	r = find_all(&l, prompts_out);
	if (r == SASL_OK)
		r = give_names(&l, oparams);
	bearer_done(&l.token);
	owner_done(&l.owner);
	if (r != SASL_OK)
		return r;
	if (prompts_out != NULL)
		*prompts_out = NULL;
	x->state = CLIENT_SENT;
	*out = x->message;
	*out_len = (unsigned)strlen(x->message);
	return ends_at_once(cparams) ? finish(oparams) : SASL_CONTINUE;
}

/* The server's JSON is the only reason that anybody will ever see. */
static int
hear(struct client_exchange *x, const sasl_client_params_t *cparams,
    const char *json, unsigned n, const char **out)
{
	const sasl_utils_t *utils = cparams->utils;
	char shown[SHOWN_MAX], text[SHOWN_MAX + 64];

	str_printable(shown, sizeof(shown), json, n);
	snprintf(text, sizeof(text), "the server refuses the token: %s", shown);
	hostlog(utils, utils->conn, SASL_LOG_FAIL, "jwtgate: %s: %s",
	    message_name(x->face->mech), text);
	hostlog_peer(utils, utils->conn, text);
	x->state = CLIENT_REFUSED;
	*out = x->face->mech == MESSAGE_XOAUTH2 ? "" : MESSAGE_KVSEP;
	return SASL_CONTINUE;
}

static int
client_step(void *exchange, sasl_client_params_t *cparams, const char *serverin,
    unsigned serverin_len, sasl_interact_t **prompts, const char **clientout,
    unsigned *clientout_len, sasl_out_params_t *oparams)
{
	struct client_exchange *x = exchange;
	int r;

	*clientout = NULL;
	*clientout_len = 0;
	/* libsasl has let it go, and asks all the same */
	if (x == NULL)
		return SASL_FAIL;
	switch (x->state) {
	case CLIENT_BEGIN:
		return begin(
		    x, cparams, prompts, clientout, clientout_len, oparams);
	case CLIENT_SENT:
		mem_free(&x->message, x->message_cap);
		if (serverin == NULL || serverin_len == 0)
			return finish(oparams);
		r = hear(x, cparams, serverin, serverin_len, clientout);
		*clientout_len = (unsigned)strlen(*clientout);
		return r;
	case CLIENT_REFUSED:
		break;
	}
	hostlog_peer(cparams->utils, cparams->utils->conn,
	    "the server refused the token");
	return SASL_BADAUTH;
}

static int
client_new(void *glob, sasl_client_params_t *cparams, void **exchange_out)
{
	struct client_exchange *x = mem_alloc(sizeof(*x));

	(void)cparams;
	if (x == NULL)
		return SASL_NOMEM;
	x->face = glob;
	*exchange_out = x;
	return SASL_OK;
}

static void
client_dispose(void *exchange, const sasl_utils_t *utils)
{
	struct client_exchange *x = exchange;

	(void)utils;
	if (x == NULL)
		return;
	mem_free(&x->message, x->message_cap);
	mem_free(&x, sizeof(*x));
}

static void
client_free(void *glob, const sasl_utils_t *utils)
{
	struct client_face *face = glob;
	struct oauth_client *client = face->client;

	(void)utils;
	if (atomic_fetch_sub(&client->holders, 1) == 1)
		mem_free(&client, sizeof(*client));
}

/* Prompts are for programs that bring no token, so none is required. */
static const unsigned long no_prompts[] = { SASL_CB_LIST_END };

static void
fill_plug(struct oauth_client *client, size_t i, enum message_mech mech)
{
	client->faces[i] = (struct client_face){ client, mech };
	client->plugs[i] = (sasl_client_plug_t){
		.mech_name = message_name(mech),
		.max_ssf = 0,
		.security_flags = SECURITY_FLAGS,
		.features = FEATURES,
		.required_prompts = no_prompts,
		.glob_context = &client->faces[i],
		.mech_new = client_new,
		.mech_step = client_step,
		.mech_dispose = client_dispose,
		.mech_free = client_free,
	};
}

int
oauth_client_open(
    const sasl_utils_t *utils, sasl_client_plug_t **plugs_out, int *count_out)
{
	struct oauth_client *client = mem_alloc(sizeof(*client));

	(void)utils;
	if (client == NULL)
		return SASL_NOMEM;
	atomic_init(&client->holders, MESSAGE_COUNT);
	fill_plug(client, 0, MESSAGE_OAUTHBEARER);
	fill_plug(client, 1, MESSAGE_XOAUTH2);
	*plugs_out = client->plugs;
	*count_out = MESSAGE_COUNT;
	return SASL_OK;
}
