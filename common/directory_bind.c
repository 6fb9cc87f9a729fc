/*
 * A password is right when a bind with it succeeds and nothing beside the
 * result says otherwise. Servers say more in three ways: by the controls of
 * draft-behera-ldap-password-policy, by older ones of Netscape's line, and
 * Active Directory by a number in the text of the result. What is none of
 * what is known here is no answer, never a yes.
 */

#include "directory_conn.h"

#include <stdlib.h>
#include <string.h>

#include "deadline.h"
#include "err.h"

#define NETSCAPE_EXPIRED "2.16.840.1.113730.3.4.4"

/* What came beside the result of a bind. */
struct notes {
	int error; /* of the policy control; -1: none */
	int grace, expires; /* -1: not said */
	bool expired; /* as the older control says it */
	bool garbage; /* a control that cannot be read */
};

static void
read_controls(LDAP *ld, LDAPControl **controls, struct notes *out)
{
	LDAPPasswordPolicyError error = PP_noError;
	ber_int_t expires = -1, grace = -1;
	LDAPControl *c;
	size_t i;

	*out = (struct notes){ .error = -1, .grace = -1, .expires = -1 };
	for (i = 0; controls != NULL && controls[i] != NULL; i++) {
		if (strcmp(controls[i]->ldctl_oid, NETSCAPE_EXPIRED) == 0)
			out->expired = true;
	}
	c = ldap_control_find(
	    LDAP_CONTROL_PASSWORDPOLICYRESPONSE, controls, NULL);
	if (c == NULL)
		return;
	if (ldap_parse_passwordpolicy_control(
		ld, c, &expires, &grace, &error) != LDAP_SUCCESS) {
		out->garbage = true;
		return;
	}
	out->expires = expires >= 0 ? expires : -1;
	out->grace = grace >= 0 ? grace : -1;
	if (error != PP_noError)
		out->error = (int)error;
}

/*
 * "..., data 533, v2580": what Active Directory means by 49. It says that an
 * account is locked whoever asks, and the rest only to whom has the password.
 */
static enum directory_password
judge_text(const char *text)
{
	const char *at = text != NULL ? strstr(text, ", data ") : NULL;

	switch (at != NULL ? strtoul(at + strlen(", data "), NULL, 16) : 0) {
	case 0x532:
	case 0x773:
		return DIRECTORY_PASSWORD_EXPIRED;
	case 0x533:
	case 0x701:
		return DIRECTORY_PASSWORD_DISABLED;
	case 0x775:
		return DIRECTORY_PASSWORD_LOCKED;
	}
	return DIRECTORY_PASSWORD_WRONG;
}

static enum directory_password
judge_error(const struct notes *n, enum directory_password otherwise)
{
	if (n->error == PP_accountLocked)
		return DIRECTORY_PASSWORD_LOCKED;
	if (n->error == PP_passwordExpired)
		return DIRECTORY_PASSWORD_EXPIRED;
	return otherwise;
}

/* The bind succeeded; what does the server want first? */
static enum directory_password
judge_success(const struct notes *n)
{
	if (n->error == PP_changeAfterReset || n->expired)
		return DIRECTORY_PASSWORD_MUST_CHANGE;
	if (n->error == PP_accountLocked)
		return DIRECTORY_PASSWORD_DISABLED;
	if (n->error != -1)
		return DIRECTORY_PASSWORD_EXPIRED;
	return DIRECTORY_PASSWORD_RIGHT;
}

/* 0 and a verdict, or E_DIRECTORY_UNAVAILABLE for what is no answer. */
static int
judge(struct directory_conn *c, int rc, const char *text, const struct notes *n,
    struct directory_verdict *out, struct err *e)
{
	struct directory_verdict v = { .grace = n->grace,
		.expires_in = n->expires };

	if (n->garbage)
		return err_set(e, E_DIRECTORY_UNAVAILABLE,
		    "the directory says of a password what cannot be read");
	switch (rc) {
	case LDAP_SUCCESS:
		v.password = judge_success(n);
		break;
	case LDAP_INVALID_CREDENTIALS:
		v.password = judge_error(n,
		    n->expired ? DIRECTORY_PASSWORD_EXPIRED : judge_text(text));
		break;
	case LDAP_CONSTRAINT_VIOLATION: /* 389: tried too often */
		v.password = DIRECTORY_PASSWORD_LOCKED;
		break;
	case LDAP_UNWILLING_TO_PERFORM: /* 389, of many things */
		if (text == NULL || strstr(text, "inactivated") == NULL)
			return directory_conn_refused(c, rc, "bind", e);
		v.password = DIRECTORY_PASSWORD_LOCKED;
		break;
	case LDAP_INAPPROPRIATE_AUTH: /* the entry has no password */
	case LDAP_NO_SUCH_OBJECT: /* the entry went away */
		v.password = DIRECTORY_PASSWORD_WRONG;
		break;
	default:
		return directory_conn_refused(c, rc, "bind", e);
	}
	*out = v;
	return 0;
}

/* The one message of a bind, taken apart and judged. */
static int
read_answer(struct directory_conn *c, LDAPMessage *msg,
    struct directory_verdict *out, struct err *e)
{
	LDAPControl **controls = NULL;
	struct notes notes;
	char *text = NULL;
	int code, r;

	if (ldap_msgtype(msg) != LDAP_RES_BIND ||
	    ldap_parse_result(c->ld, msg, &code, NULL, &text, NULL, &controls,
		0) != LDAP_SUCCESS)
		return directory_conn_fail(c, LDAP_DECODING_ERROR, "bind", e);
	read_controls(c->ld, controls, &notes);
	r = judge(c, code, text, &notes, out, e);
	ldap_controls_free(controls);
	ldap_memfree(text);
	return r;
}

int
directory_conn_password(struct directory_conn *c, const char *dn,
    const struct directory_value *password, int64_t until,
    struct directory_verdict *out, struct err *e)
{
	static const char oid[] = LDAP_CONTROL_PASSWORDPOLICYREQUEST;
	LDAPControl policy = { .ldctl_oid = (char *)(uintptr_t)oid };
	LDAPControl *controls[] = { &policy, NULL };
	struct berval secret = { password->len, password->data };
	LDAPMessage *msg = NULL;
	int code, msgid = -1, r;

	c->until = until;
	code = deadline_left(until) == 0 ?
	    LDAP_TIMEOUT :
	    ldap_sasl_bind(
		c->ld, dn, LDAP_SASL_SIMPLE, &secret, controls, NULL, &msgid);
	if (code != LDAP_SUCCESS)
		return directory_conn_fail(c, code, "bind", e);
	r = directory_conn_wait(c, msgid, "bind", &msg, e);
	if (r == 0)
		r = read_answer(c, msg, out, e);
	ldap_msgfree(msg);
	return r;
}
