/*
 * Whether another prompt follows depends on the length of the last answer
 * and on nothing else. sshd answers for users who do not exist with junk of
 * the same length, so any rule about content (a complete token, the same
 * piece again) would show by the number of prompts who exists. What the
 * answers mean is worked out after the last one.
 */

#include "pam_token.h"

#include <stdbool.h>
#include <string.h>

#include <security/pam_ext.h>

#include "err.h"
#include "mem.h"

/* One byte more than the gate takes, so that too long is seen as that. */
#define TEXT_MAX (JWS_MAX_LEN + 1)

#define BASE64URL \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

static void
append(struct pam_token *t, const char *text, size_t n)
{
	if (n > TEXT_MAX - t->len)
		n = TEXT_MAX - t->len;
	memcpy(t->text + t->len, text, n);
	t->len += n;
}

static void
discard(struct pam_token *t)
{
	mem_wipe(t->text, t->len);
	t->len = 0;
}

/*
 * Whether a password that somebody else asked for has the form of ours:
 * three parts of base64url (five when encrypted), the first of which begins
 * with '{'. Passwords of that shape are not worth the doubt.
 */
static bool
looks_like_token(const char *s)
{
	size_t dots = 0;

	if (s[0] != 'e' || s[1] == '\0' ||
	    strchr("wxyz0123456789-_", s[1]) == NULL)
		return false;
	for (;;) {
		s += strspn(s, BASE64URL);
		if (*s != '.')
			break;
		dots++;
		s++;
	}
	return *s == '\0' && (dots == 2 || dots == 4);
}

/* Takes the authtok. False when prompts have to follow. */
static bool
collect_authtok(
    pam_handle_t *pamh, const struct pam_args *args, struct pam_token *t)
{
	bool try = args->source == PAM_ARGS_TRY_FIRST;
	const void *item = NULL;
	const char *authtok;

	if (args->source == PAM_ARGS_PROMPT)
		return false;
	if (pam_get_item(pamh, PAM_AUTHTOK, &item) != PAM_SUCCESS)
		item = NULL;
	authtok = item != NULL ? item : "";
	/* That too shows by the number of prompts, so only by the length. */
	if (try && strnlen(authtok, PAM_TOKEN_LEAST) < PAM_TOKEN_LEAST)
		return false;
	append(t, authtok, strnlen(authtok, TEXT_MAX));
	/* The next module would take it for a password and log its length.
	 * With use_first_pass a password is left to that module; one that
	 * asks when there is none would tell which it was with the other. */
	if (try || looks_like_token(authtok))
		(void)pam_set_item(pamh, PAM_AUTHTOK, NULL);
	return true;
}

/* sudo, sudo-i and what else a distribution calls it. */
static size_t
chunk_of(pam_handle_t *pamh)
{
	const void *service = NULL;

	if (pam_get_item(pamh, PAM_SERVICE, &service) == PAM_SUCCESS &&
	    service != NULL && strncmp(service, "sudo", 4) == 0)
		return PAM_TOKEN_CHUNK_SUDO;
	return PAM_TOKEN_CHUNK;
}

/* One prompt; *n_out is the whole length of the answer. */
static int
ask(pam_handle_t *pamh, size_t chunk, struct pam_token *t, size_t *n_out)
{
	char *answer = NULL;
	size_t n;
	int r;

	r = pam_prompt(pamh, PAM_PROMPT_ECHO_OFF, &answer,
	    "JWT[%zu+%zu]: ", t->rounds * chunk, chunk);
	n = answer != NULL ? strlen(answer) : 0;
	if (r == PAM_SUCCESS) {
		append(t, answer != NULL ? answer : "", n);
		t->rounds++;
	}
	mem_free(&answer, n);
	*n_out = n;
	return r;
}

/* Whether every round brought the same full chunk. */
static bool
repeated(const struct pam_token *t, size_t chunk)
{
	size_t i;

	if (t->rounds < 2 || t->len != t->rounds * chunk)
		return false;
	for (i = 1; i < t->rounds; i++) {
		if (!mem_equal(t->text, t->text + i * chunk, chunk))
			return false;
	}
	return true;
}

static void
collect_prompts(pam_handle_t *pamh, struct pam_token *t)
{
	size_t chunk = chunk_of(pamh);
	size_t n = chunk;

	while (n == chunk && t->rounds < PAM_TOKEN_ROUNDS &&
	    t->conversation == PAM_SUCCESS)
		t->conversation = ask(pamh, chunk, t, &n);
	if (t->conversation != PAM_SUCCESS) {
		discard(t);
		return;
	}
	/* sshd's password method, dovecot and others know one answer only. */
	if (repeated(t, chunk)) {
		mem_wipe(t->text + chunk, t->len - chunk);
		t->len = chunk;
	}
}

int
pam_token_collect(pam_handle_t *pamh, const struct pam_args *args,
    struct pam_token *out, struct err *e)
{
	*out = (struct pam_token){ .conversation = PAM_SUCCESS };
	/* All of it at once: growing would leave copies behind. */
	out->text = mem_alloc(TEXT_MAX + 1);
	if (out->text == NULL)
		return err_set(e, E_NOMEM, "out of memory");
	if (!collect_authtok(pamh, args, out))
		collect_prompts(pamh, out);
	return 0;
}

void
pam_token_done(struct pam_token *t)
{
	mem_free(&t->text, TEXT_MAX + 1);
	t->len = 0;
}
