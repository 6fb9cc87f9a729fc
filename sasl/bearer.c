/*
 * The file of a login session is what pam_jwt and a desktop's token agents
 * leave there. It is read as the user who runs the program and nobody else
 * may read it; a setuid program has no environment to find it by.
 */

#include "bearer.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "b64url.h"
#include "command.h"
#include "err.h"
#include "file.h"
#include "jscan.h"
#include "mem.h"
#include "owner.h"
#include "str.h"

#define SESSION_PATH_MAX 64

int
bearer_init(struct bearer *b, struct err *e)
{
	*b = (struct bearer){ .text = mem_alloc(BEARER_TEXT_MAX) };
	if (b->text == NULL)
		return err_set(e, E_NOMEM, "out of memory");
	return 0;
}

void
bearer_done(struct bearer *b)
{
	mem_free(&b->text, BEARER_TEXT_MAX);
	b->len = 0;
}

/* What is in the text already. */
static int
settle(struct bearer *b, size_t n, struct err *e)
{
	size_t i;

	if (n > 0 && b->text[n - 1] == '\n')
		n--;
	b->len = n;
	if (n == 0)
		return err_set(e, E_TOKEN_MISSING, "the token is empty");
	if (n > JWS_MAX_LEN)
		return err_set(e, E_TOKEN_TOO_LONG,
		    "the token is longer than %d bytes", JWS_MAX_LEN);
	for (i = 0; i < n; i++) {
		if (b->text[i] <= 0x20 || b->text[i] >= 0x7f)
			return err_set(e, E_TOKEN_MALFORMED,
			    "the token holds a blank or a control byte");
	}
	return 0;
}

int
bearer_take(struct bearer *b, const char *text, size_t n, struct err *e)
{
	if (n > BEARER_TEXT_MAX)
		n = BEARER_TEXT_MAX;
	if (n > 0)
		memcpy(b->text, text, n);
	return settle(b, n, e);
}

static int
from_file(struct bearer *b, const char *path, struct err *e)
{
	struct file f = { 0 };
	int r;

	r = file_read(path, BEARER_TEXT_MAX, FILE_SECRET, &f, e);
	if (r == 0)
		r = bearer_take(b, f.data, f.len, e);
	file_done(&f);
	return r;
}

static int
from_command(struct bearer *b, const struct owner *owner, struct err *e)
{
	size_t n = 0;
	int r;

	r = command_run(
	    owner->command, COMMAND_MS, b->text, BEARER_TEXT_MAX, &n, e);
	return r == 0 ? settle(b, n, e) : r;
}

int
bearer_find(struct bearer *b, const struct owner *owner, struct err *e)
{
	const char *path = owner->token_file;
	char session[SESSION_PATH_MAX];
	struct str s;

	if (owner->command[0] != NULL)
		return from_command(b, owner, e);
	if (path == NULL)
		path = secure_getenv("BEARER_TOKEN_FILE");
	if (path != NULL && path[0] != '/')
		return err_set(e, E_CONFIG_INVALID,
		    "BEARER_TOKEN_FILE is no absolute path");
	if (path != NULL)
		return from_file(b, path, e);
	str_init(&s, session, sizeof(session));
	str_addf(&s, "/run/user/%lu/bt_u%lu", (unsigned long)geteuid(),
	    (unsigned long)geteuid());
	if (access(session, F_OK) != 0)
		return err_set(e, E_TOKEN_MISSING,
		    "there is neither BEARER_TOKEN_FILE nor %s", session);
	return from_file(b, session, e);
}

static void
peek_payload(const char *json, size_t n, struct bearer_claims *out)
{
	static const char *const names[] = { "preferred_username", "user",
		"sub" };
	const struct jscan_options strict = { .comments = false };
	struct jscan_value whole, value;
	int64_t expires;
	size_t i, len;
	bool more;

	if (jscan_text(json, n, &strict, &whole, NULL, NULL) != 0)
		return;
	if (jscan_member(&whole, "exp", 3, &value) &&
	    jscan_seconds(&value, &expires, &more) == 0)
		out->expires = expires;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (jscan_member(&whole, names[i], strlen(names[i]), &value) &&
		    jscan_string(&value, out->user, sizeof(out->user), &len) ==
			0)
			return;
		out->user[0] = '\0';
	}
}

void
bearer_peek(const struct bearer *b, struct bearer_claims *out)
{
	const char *end = b->text + b->len, *payload, *dot;
	size_t n, len;
	uint8_t *json;

	*out = (struct bearer_claims){ .expires = -1 };
	payload = memchr(b->text, '.', b->len);
	if (payload == NULL)
		return;
	payload++;
	dot = memchr(payload, '.', (size_t)(end - payload));
	if (dot == NULL || memchr(dot + 1, '.', (size_t)(end - dot - 1)))
		return; /* no JWT, or an encrypted one */
	n = (size_t)(dot - payload);
	len = B64URL_DECODED_LEN(n);
	json = mem_alloc(len + 1);
	if (json == NULL)
		return;
	if (b64url_decode(json, payload, n) == 0)
		peek_payload((const char *)json, len, out);
	mem_free(&json, len + 1);
}
