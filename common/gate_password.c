/*
 * Is this the user's password? The directory knows: it is asked for the one
 * entry that the user's name finds, and then whether that entry and this
 * password may bind. The name is the host's and is escaped; the entry is the
 * directory's; the password goes nowhere but into that bind. Nothing of what
 * is not a plain yes becomes one.
 *
 * Directories count wrong passwords and lock accounts. What the host made up
 * for a user whom it refuses must not be counted, and a user without an entry
 * must not be told by the time it takes: then the same connection is made,
 * and a bind as an entry that there is not.
 */

#include "gate_directory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "mem.h"

#define DAY 86400
#define NOBODY "cn=jwtgate-nobody,"

/* What no directory has to be asked for. */
static int
check_password(struct gate_decision *d)
{
	const struct gate_request *q = d->request;

	if (!d->policy->directory.configured)
		return err_set(&d->e, E_CONFIG_INVALID,
		    "there is no directory that knows passwords");
	/* An empty one binds as nobody, and succeeds: RFC 4513 §5.1.2. */
	if (q->password == NULL || q->password_len == 0)
		return err_set(
		    &d->e, E_PASSWORD_WRONG, "no password was given");
	if (q->password_len > GATE_PASSWORD_MAX ||
	    memchr(q->password, '\0', q->password_len) != NULL)
		return err_set(&d->e, E_PASSWORD_WRONG,
		    "the password is too long or holds a NUL");
	return gate_check_name(d->policy, d->out->user, &d->e);
}

/* What they are told behind a yes; hosts show it, and no more. */
static void
say_yes(struct gate_outcome *out)
{
	int64_t days = out->password_expires_in / DAY;

	if (out->password_must_change)
		snprintf(out->message, sizeof(out->message),
		    "Your password must be changed.");
	else if (out->password_grace >= 0)
		snprintf(out->message, sizeof(out->message),
		    "Your password has expired. Logins left: %d.",
		    out->password_grace);
	else if (out->password_expires_in >= 0 && days > 0)
		snprintf(out->message, sizeof(out->message),
		    "Your password expires in days: %lld.", (long long)days);
	else if (out->password_expires_in >= 0)
		snprintf(out->message, sizeof(out->message),
		    "Your password expires today.");
}

static int
judge(struct gate_decision *d, const struct directory_verdict *v)
{
	struct gate_outcome *out = d->out;

	out->password_right = v->password != DIRECTORY_PASSWORD_WRONG &&
	    v->password != DIRECTORY_PASSWORD_LOCKED;
	switch (v->password) {
	case DIRECTORY_PASSWORD_RIGHT:
		break;
	case DIRECTORY_PASSWORD_MUST_CHANGE:
		if (!d->request->password_may_change)
			return err_set(&d->e, E_PASSWORD_EXPIRED,
			    "the password has to be changed first");
		out->password_must_change = true;
		break;
	case DIRECTORY_PASSWORD_EXPIRED:
		return err_set(
		    &d->e, E_PASSWORD_EXPIRED, "the password has expired");
	case DIRECTORY_PASSWORD_LOCKED:
	case DIRECTORY_PASSWORD_DISABLED:
		return err_set(&d->e, E_ACCOUNT_LOCKED,
		    "the directory has locked the account");
	case DIRECTORY_PASSWORD_WRONG:
		return err_set(&d->e, E_PASSWORD_WRONG,
		    "the directory does not take this password");
	}
	out->password_grace = v->grace;
	out->password_expires_in = v->expires_in;
	out->auth_time = d->now;
	say_yes(out);
	return 0;
}

static int
try_user(struct gate_decision *d, struct directory *directory,
    const struct directory_wait *wait, const char *dn)
{
	struct directory_verdict verdict = { .grace = -1, .expires_in = -1 };
	const struct directory_value password = {
		(char *)(uintptr_t)d->request->password,
		d->request->password_len,
	};
	int r;

	r = directory_password(directory, dn, &password, wait, &verdict, &d->e);
	return r != 0 ? r : judge(d, &verdict);
}

/* Whatever is said of nobody, it is a refusal. */
static int
try_nobody(struct gate_decision *d, struct directory *directory,
    const struct directory_wait *wait, const char *why)
{
	char text[] = "no password";
	const struct directory_value password = { text, sizeof(text) - 1 };
	const char *base = d->policy->directory.base;
	struct directory_verdict verdict;
	const size_t n = strlen(NOBODY) + strlen(base) + 1;
	char *dn = mem_alloc(n);
	int r;

	if (dn == NULL)
		return err_set(&d->e, E_NOMEM, "out of memory");
	snprintf(dn, n, "%s%s", NOBODY, base);
	r = directory_password(directory, dn, &password, wait, &verdict, &d->e);
	mem_free_str(&dn);
	return r != 0 ? r : err_set(&d->e, E_PASSWORD_WRONG, "%s", why);
}

int
gate_check_password(struct gate_decision *d)
{
	struct directory *directory = NULL;
	struct directory_wait wait;
	char *dn = NULL;
	int r;

	r = check_password(d);
	if (r == 0)
		r = gate_throttle_attempt(d);
	if (r != 0)
		return r;
	wait = gate_directory_wait(d);
	r = gate_directory(d, &directory);
	if (r == 0)
		r = gate_find_user(d, &wait, &dn);
	if (r == 0 && dn == NULL)
		r = try_nobody(d, directory, &wait,
		    "the directory has no entry of exactly this name");
	else if (r == 0 && d->request->refused_by_host)
		r = try_nobody(d, directory, &wait,
		    "the host refuses this user, and no password was tried");
	else if (r == 0)
		r = try_user(d, directory, &wait, dn);
	free(dn);
	return r;
}

/* Account: what this transaction's own password check found, is still so. */
void
gate_carry_password(struct gate_decision *d)
{
	const struct gate_outcome *a = d->request->authenticated;

	if (a == NULL || a->verdict != GATE_ALLOW || a->reason != 0 ||
	    (a->checks & GATE_PASSWORD) == 0 ||
	    strcmp(a->user, d->out->user) != 0 || !a->password_must_change)
		return;
	d->out->password_must_change = true;
	say_yes(d->out);
}
