/*
 * pam_jwt.so: collect a token, ask the gate, translate its answer. Each of
 * the two deciding phases is one struct login that is opened, decided, said
 * once to the log and closed; there is no policy here.
 *
 * Or a password, with mode=password, for the directory to judge.
 *
 * sshd runs auth and account in a child that ends with _exit(), so cleanups
 * of PAM data cannot be relied on: every secret is wiped before a phase
 * returns, and what is kept for the account phase is none.
 */

#include <errno.h>
#include <pwd.h>
#include <stdbool.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>

#include "addr.h"
#include "err.h"
#include "gate.h"
#include "mem.h"
#include "pam_args.h"
#include "pam_password.h"
#include "pam_session.h"
#include "pam_token.h"
#include "str.h"

#define EXPORT __attribute__((visibility("default")))

#define OUTCOME_DATA "jwtgate_outcome"
#define LOG_LINE_MAX 2048
#define PASSWD_BYTES_MAX (512 * 1024) /* of an entry; longer is none */

#define PACE_NS INT64_C(20000000)
#define PACE_PASSWORD_NS INT64_C(160000000)
#define PACE_NS_MAX INT64_C(2000000000)

/* One phase of one transaction. */
struct login {
	pam_handle_t *pamh; /* borrows, as the strings of request */
	struct pam_args args;
	struct gate *gate; /* owns */
	struct gate_request request;
	struct gate_outcome outcome;
	char peer[ADDR_TEXT_MAX];
	int64_t answered; /* by the monotonic clock; 0: nothing was asked */
};

/*
 * What the application hears. Bad, expired and foreign tokens are one
 * answer; "another user" would tell who exists. Nothing here is PAM_IGNORE:
 * a stack must not fall through a check that was tried (CVE-2025-23013).
 */
static int
pam_code(int reason)
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
		return PAM_AUTH_ERR;
	case E_ROLE_MISSING:
		return PAM_PERM_DENIED;
	case E_DIRECTORY_UNAVAILABLE:
	case E_KEYS_UNAVAILABLE:
	case E_CRYPTO:
		return PAM_AUTHINFO_UNAVAIL;
	case E_NOMEM:
		return PAM_BUF_ERR;
	case E_CONFIG_INVALID:
	case E_IO:
	case E_SYNTAX:
	case E_RANGE:
	case E_PERM:
	case E_KEY:
		return PAM_SERVICE_ERR;
	}
	return PAM_SYSTEM_ERR;
}

static void
outcome_free(pam_handle_t *pamh, void *data, int status)
{
	(void)pamh;
	(void)status;
	mem_free(&data, sizeof(struct gate_outcome));
}

/* What the account phase may know of our auth; NULL forgets the last try. */
static int
outcome_keep(pam_handle_t *pamh, const struct gate_outcome *outcome)
{
	void *copy = NULL;
	int r;

	if (outcome == NULL)
		return pam_set_data(pamh, OUTCOME_DATA, NULL, NULL);
	if ((copy = mem_dup(outcome, sizeof(*outcome))) == NULL)
		return PAM_BUF_ERR;
	r = pam_set_data(pamh, OUTCOME_DATA, copy, outcome_free);
	if (r != PAM_SUCCESS)
		mem_free(&copy, sizeof(*outcome));
	return r;
}

/* Only for the user it was about: hosts may change PAM_USER in between. */
static const struct gate_outcome *
outcome_kept(pam_handle_t *pamh, const char *user)
{
	const void *data = NULL;
	const struct gate_outcome *outcome;

	if (pam_get_data(pamh, OUTCOME_DATA, &data) != PAM_SUCCESS)
		return NULL;
	outcome = data;
	if (outcome == NULL || outcome->verdict != GATE_ALLOW ||
	    strcmp(outcome->user, user) != 0)
		return NULL;
	return outcome;
}

/* The address at the start of text, in its one form. False if none. */
static bool
take_address(const char *text, char buf[ADDR_TEXT_MAX])
{
	struct addr a;

	/* A blank ends the address in SSH_CONNECTION; a zone is local talk. */
	if (text == NULL || addr_parse(text, strcspn(text, " %"), &a) != 0)
		return false;
	addr_format(&a, buf);
	return true;
}

/*
 * sshd gives the address in SSH_CONNECTION even where UseDNS puts a name
 * into PAM_RHOST; sudo puts the name of this host there. A name is nothing
 * to count by, so it is not looked up either.
 */
static void
find_peer(struct login *l)
{
	const void *rhost = NULL;

	l->request.peer = "local";
	if (!take_address(pam_getenv(l->pamh, "SSH_CONNECTION"), l->peer) &&
	    (pam_get_item(l->pamh, PAM_RHOST, &rhost) != PAM_SUCCESS ||
		!take_address(rhost, l->peer)))
		return;
	l->request.peer = l->peer;
	l->request.address = l->peer;
}

/* Exactly one line per decision. Never the token. */
static int
say(struct login *l)
{
	char line[LOG_LINE_MAX];
	int level = LOG_INFO;

	if (l->outcome.verdict != GATE_ALLOW)
		level = err_class(l->outcome.reason) == ERR_CLASS_REFUSED ?
		    LOG_NOTICE :
		    LOG_ERR;
	pam_syslog(l->pamh, LOG_AUTHPRIV | level, "%s",
	    gate_log_line(&l->request, &l->outcome, line, sizeof(line)));
	if (l->outcome.verdict == GATE_ALLOW)
		return PAM_SUCCESS;
	return pam_code(l->outcome.reason);
}

/* Refuses without the gate, when it could not be opened or asked. */
static void
refuse(struct login *l, int reason, const char *text)
{
	struct str s;

	l->outcome = (struct gate_outcome){
		.verdict = GATE_DENY, .reason = reason, .auth_time = -1
	};
	str_init(&s, l->outcome.text, sizeof(l->outcome.text));
	str_add(&s, text);
}

/* Files may have changed since the gate was opened: people type slowly. */
static void
say_notices(struct login *l)
{
	char text[ERR_TEXT_MAX];

	while (gate_notice(l->gate, text))
		pam_syslog(l->pamh, LOG_AUTHPRIV | LOG_WARNING, "%s", text);
}

static void
login_close(struct login *l)
{
	if (l->gate != NULL)
		say_notices(l);
	gate_free(&l->gate);
}

/* The entry in buf, which grows as long as it is too small. Returns errno. */
static int
look_up(const char *user, char **buf, size_t *cap, struct passwd *pw,
    struct passwd **found)
{
	int r = ERANGE;

	while (r == ERANGE && *cap <= PASSWD_BYTES_MAX) {
		mem_free(buf, *cap);
		*cap *= 2;
		*buf = mem_alloc(*cap);
		if (*buf == NULL)
			return ENOMEM;
		do
			r = getpwnam_r(user, pw, *buf, *cap, found);
		while (r == EINTR);
	}
	return r;
}

/*
 * A user who is not there is the host's business. When it cannot be told,
 * nobody can say that the uid is not 0 or below minimum_uid.
 */
static int
find_uid(struct login *l, struct err *e)
{
	struct passwd pw, *found = NULL;
	size_t cap = 512;
	char *buf = NULL;
	int r;

	r = look_up(l->request.user, &buf, &cap, &pw, &found);
	l->request.user_unknown = found == NULL &&
	    (r == 0 || r == ENOENT || r == ESRCH);
	if (r == 0 && found != NULL) {
		l->request.has_uid = true;
		l->request.uid = pw.pw_uid;
	}
	mem_free(&buf, cap);
	if (l->request.has_uid || l->request.user_unknown)
		return 0;
	errno = r;
	return err_set(e, E_DIRECTORY_UNAVAILABLE,
	    "this host cannot look up its users: %m");
}

static int
find_names(struct login *l, struct err *e)
{
	const void *service = NULL;

	(void)pam_get_item(l->pamh, PAM_SERVICE, &service);
	l->request.service = l->args.service != NULL ? l->args.service :
						       service;
	/* Without a service the gate would ask for no role. */
	if (l->request.service == NULL || l->request.service[0] == '\0')
		return err_set(e, E_CONFIG_INVALID, "no PAM service name");
	/* Without a user it would take whom the token names. */
	if (pam_get_user(l->pamh, &l->request.user, NULL) != PAM_SUCCESS ||
	    l->request.user == NULL) {
		l->request.user = "";
		return err_set(e, E_USER_INVALID, "no user name");
	}
	return find_uid(l, e);
}

/*
 * Everything before the question. Returns 0, or a reason that is in the
 * outcome too; login_close() in either case.
 */
static int
login_open(struct login *l, pam_handle_t *pamh, unsigned checks, int argc,
    const char **argv)
{
	struct err e = { 0 };
	int r;

	*l = (struct login){ .pamh = pamh };
	l->request.checks = checks;
	find_peer(l);
	if ((r = pam_args_parse(argc, argv, &l->args, &e)) == 0 &&
	    (r = find_names(l, &e)) == 0)
		r = gate_new(l->args.config, &l->gate, &e);
	/* A file that is not there is the administrator's to mend. */
	if (r == E_IO)
		r = E_CONFIG_INVALID;
	if (r != 0)
		refuse(l, r, err_text(&e, r));
	else if (l->args.debug)
		pam_syslog(pamh, LOG_AUTHPRIV | LOG_DEBUG,
		    "debug: configuration %s, peer %s, user %s on this host",
		    l->args.config, l->request.peer,
		    l->request.has_uid ? "known" : "not known");
	return r;
}

static void
debug_token(const struct login *l, const struct pam_token *t)
{
	if (!l->args.debug)
		return;
	pam_syslog(l->pamh, LOG_AUTHPRIV | LOG_DEBUG,
	    "debug: %u answers, %zu bytes, conversation: %s", t->rounds, t->len,
	    pam_strerror(l->pamh, t->conversation));
}

static int64_t
now_ns(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/*
 * sshd's junk for users who do not exist is refused at a glance, a token only
 * after keys were read and a signature was tried, and the difference can be
 * measured. So a refusal comes 20 ms after the last answer, or where that has
 * passed after twice as long, and so on, as sshd paces its own methods. A
 * password begins with 160 ms: servers take their time to hash one.
 */
static void
pace(int64_t since, int64_t first)
{
	struct timespec t = { 0 };
	int64_t step, left;

	for (step = first; step <= PACE_NS_MAX; step *= 2) {
		left = since + step - now_ns();
		if (left <= 0)
			continue;
		t.tv_sec = (time_t)(left / 1000000000);
		t.tv_nsec = (long)(left % 1000000000);
		(void)nanosleep(&t, NULL);
		return;
	}
}

static void
authenticate(struct login *l)
{
	struct pam_token token;
	struct err e = { 0 };
	int r;

	r = pam_token_collect(l->pamh, &l->args, &token, &e);
	l->answered = now_ns();
	if (r != 0) {
		refuse(l, r, err_text(&e, r));
	} else {
		debug_token(l, &token);
		l->request.token = token.text;
		l->request.token_len = token.len;
		(void)gate_decide(
		    l->gate, &l->request, (int64_t)time(NULL), &l->outcome);
		l->request.token = NULL;
		l->request.token_len = 0;
	}
	pam_token_done(&token);
}

static void
authenticate_password(struct login *l)
{
	const char *password;
	int r;

	r = pam_password_collect(l->pamh, &l->args, &password);
	l->answered = now_ns();
	if (l->args.debug)
		pam_syslog(l->pamh, LOG_AUTHPRIV | LOG_DEBUG,
		    "debug: a password, conversation: %s",
		    pam_strerror(l->pamh, r));
	l->request.checks = GATE_PASSWORD;
	l->request.password = password;
	l->request.password_len = strlen(password);
	l->request.password_may_change = true;
	l->request.refused_by_host = pam_password_is_junk(password);
	(void)gate_decide(
	    l->gate, &l->request, (int64_t)time(NULL), &l->outcome);
	l->request.password = NULL;
	l->request.password_len = 0;
}

/*
 * What the directory said of the password, and they have to know. To whom has
 * it alone: anybody else would learn which accounts there are.
 */
static void
show_password(const struct login *l, int flags)
{
	bool allowed = l->outcome.verdict == GATE_ALLOW;

	if (((unsigned)flags & PAM_SILENT) != 0 ||
	    l->outcome.message[0] == '\0')
		return;
	if (allowed)
		(void)pam_info(l->pamh, "%s", l->outcome.message);
	else if (l->outcome.password_right)
		(void)pam_error(l->pamh, "%s", l->outcome.message);
}

EXPORT int
pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct login l;
	int r;

	/* A refused try must not leave an earlier one's outcome standing. */
	(void)outcome_keep(pamh, NULL);
	if (login_open(&l, pamh, GATE_TOKEN, argc, argv) == 0) {
		if (l.args.mode == PAM_ARGS_PASSWORD)
			authenticate_password(&l);
		else
			authenticate(&l);
	}
	if (l.outcome.verdict == GATE_ALLOW &&
	    outcome_keep(pamh, &l.outcome) != PAM_SUCCESS)
		refuse(&l, E_NOMEM, "out of memory");
	r = say(&l);
	show_password(&l, flags);
	login_close(&l);
	if (r != PAM_SUCCESS && l.answered != 0)
		pace(l.answered,
		    l.args.mode == PAM_ARGS_PASSWORD ? PACE_PASSWORD_NS :
						       PACE_NS);
	return r;
}

EXPORT int
pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct login l;
	int r;

	if (login_open(&l, pamh, GATE_ROLES, argc, argv) == 0) {
		l.request.authenticated = outcome_kept(pamh, l.request.user);
		(void)gate_decide(
		    l.gate, &l.request, (int64_t)time(NULL), &l.outcome);
	}
	r = say(&l);
	/* Who they are is settled, so they may be told whom to ask. */
	if (l.outcome.reason == E_ROLE_MISSING &&
	    l.outcome.message[0] != '\0' && ((unsigned)flags & PAM_SILENT) == 0)
		(void)pam_error(pamh, "%s", l.outcome.message);
	/* They may enter, and have to change their password on the way. */
	if (r == PAM_SUCCESS && l.outcome.password_must_change) {
		show_password(&l, flags);
		r = PAM_NEW_AUTHTOK_REQD;
	}
	login_close(&l);
	return r;
}

/* Nothing is granted yet, and sshd takes an error here for a fatal one. */
EXPORT int
pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_SUCCESS;
}

/* The arguments of a line whose phase has no decision of its own. */
static int
check_args(pam_handle_t *pamh, int argc, const char **argv)
{
	struct login l = { .pamh = pamh };
	struct err e = { 0 };
	const void *item = NULL;
	int r;

	r = pam_args_parse(argc, argv, &l.args, &e);
	if (r == 0)
		return PAM_SUCCESS;
	if (pam_get_item(pamh, PAM_USER, &item) == PAM_SUCCESS)
		l.request.user = item;
	find_peer(&l);
	refuse(&l, r, err_text(&e, r));
	return say(&l);
}

/*
 * Auth and account have decided, moments ago, with the same file: that it
 * cannot be read now ends no session. One too many does.
 */
EXPORT int
pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	char id[PAM_SESSION_ID_MAX] = "";
	struct login l;
	int r;

	(void)flags;
	r = check_args(pamh, argc, argv);
	if (r != PAM_SUCCESS)
		return r;
	if (login_open(&l, pamh, 0, argc, argv) == 0 &&
	    pam_session_begin(pamh, id) &&
	    gate_session_begin(
		l.gate, &l.request, id, (int64_t)time(NULL), &l.outcome) != 0) {
		(void)say(&l);
		r = PAM_SESSION_ERR;
	}
	login_close(&l);
	return r;
}

EXPORT int
pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	const char *id = pam_session_id(pamh);
	struct login l;

	(void)flags;
	if (id == NULL)
		return PAM_SUCCESS;
	if (login_open(&l, pamh, 0, argc, argv) == 0)
		gate_session_end(l.gate, &l.request, id, (int64_t)time(NULL));
	login_close(&l);
	return PAM_SUCCESS;
}

EXPORT int
pam_sm_chauthtok(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	int r;

	if ((r = check_args(pamh, argc, argv)) != PAM_SUCCESS)
		return r;
	/* Asked twice; once in the log is enough. */
	if (((unsigned)flags & PAM_PRELIM_CHECK) != 0)
		pam_syslog(pamh, LOG_AUTHPRIV | LOG_NOTICE,
		    "a token cannot be changed here; its issuer gives new "
		    "ones");
	return PAM_AUTHTOK_ERR;
}
