/*
 * Whom a token speaks for. A name from a token ends up in file names, log
 * lines and directory queries of the host, so it must match a pattern,
 * whoever signed it.
 */

#include "claims.h"

#include <string.h>

#include "config.h"
#include "err.h"
#include "str.h"

#define NAME_MAX_DEFAULT 64 /* of the pattern in DESIGN §3 */

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* [A-Za-z_][A-Za-z0-9_.-]{0,63}, whatever the locale of the host. */
static bool
default_pattern(const char *user, size_t n)
{
	size_t i;

	if (n == 0 || n > NAME_MAX_DEFAULT || !is_letter(user[0]))
		return false;
	for (i = 1; i < n; i++) {
		if (!is_letter(user[i]) && user[i] != '.' && user[i] != '-' &&
		    (user[i] < '0' || user[i] > '9'))
			return false;
	}
	return true;
}

/*
 * schema_pattern.c compiles the pattern between ^( and )$. Control bytes
 * are refused first, whatever the pattern says of them.
 */
static bool
own_pattern(const regex_t *pattern, const char *user, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if ((unsigned char)user[i] < 0x20 || user[i] == 0x7f)
			return false;
	}
	return n > 0 && regexec(pattern, user, 0, NULL, 0) == 0;
}

static bool
matches(const struct config_list *patterns, const char *user)
{
	size_t i;

	for (i = 0; i < patterns->count; i++) {
		if (str_match(patterns->items[i], user))
			return true;
	}
	return false;
}

bool
claims_user_form(const char *user, const struct config_issuer *issuer)
{
	size_t n = strlen(user);

	if (issuer == NULL || issuer->user_pattern == NULL)
		return default_pattern(user, n);
	return n <= CLAIMS_USER_MAX &&
	    own_pattern(issuer->user_pattern, user, n);
}

int
claims_user_check(
    const char *user, const struct config_issuer *issuer, struct err *e)
{
	if (!claims_user_form(user, issuer))
		return err_set(
		    e, E_USER_INVALID, "the user name has another form");
	if (matches(&issuer->users_deny, user))
		return err_set(e, E_USER_INVALID,
		    "this issuer may not speak for that user");
	if (issuer->users_allow.count > 0 &&
	    !matches(&issuer->users_allow, user))
		return err_set(e, E_USER_INVALID,
		    "this issuer may speak for other users only");
	return 0;
}

/* "alice@Example.org" is alice where example.org is stripped. */
static void
strip_domain(char *user, size_t n, const struct config_list *domains)
{
	const char *domain;
	size_t i, len;

	for (i = 0; i < domains->count; i++) {
		domain = domains->items[i];
		len = strlen(domain);
		if (len == 0 || n < len + 1 || user[n - len - 1] != '@' ||
		    !claims_same(user + n - len, domain, len))
			continue;
		user[n - len - 1] = '\0';
		return;
	}
}

/* The first claim of the list that the token has decides, fit or not. */
static const char *
find_user(const struct claims *c, const struct config_issuer *issuer,
    struct jscan_value *out)
{
	size_t i;

	for (i = 0; i < issuer->user_claim.count; i++) {
		if (claims_find(c, issuer->user_claim.items[i], out))
			return issuer->user_claim.items[i];
	}
	return NULL;
}

static int
bad_claim(const char *claim, const char *what, struct err *e)
{
	char shown[128];

	str_printable(shown, sizeof(shown), claim, strlen(claim));
	return err_set(e, E_USER_INVALID, "the claim %s %s", shown, what);
}

int
claims_user(const struct claims *c, const struct config_issuer *issuer,
    char user[CLAIMS_USER_MAX + 1], struct err *e)
{
	char name[CLAIMS_USER_MAX + 1] __attribute__((uninitialized));
	struct jscan_value v;
	const char *claim;
	size_t n;
	int r;

	claim = find_user(c, issuer, &v);
	if (claim == NULL)
		return err_set(e, E_CLAIM_MISSING, "the token names no user");
	if (v.type != JSCAN_STRING)
		return bad_claim(claim, "is no string", e);
	if (jscan_string(&v, name, sizeof(name), &n) != 0)
		return bad_claim(claim, "is too long", e);
	strip_domain(name, n, &issuer->user_domain_strip);
	r = claims_user_check(name, issuer, e);
	if (r == 0)
		memcpy(user, name, strlen(name) + 1);
	return r;
}
