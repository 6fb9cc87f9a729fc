/*
 * jwtgate-askpass: the program that ssh and sudo run when pam_jwt asks for
 * the next piece of a token.
 *
 * They run it for every question they have: whether a host key is to be
 * trusted, what the passphrase of a key is, and whatever a server likes to
 * ask. The rule is to say nothing, and only a prompt of exactly our form
 * from a host that the owner listed gets an answer.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "askpass_keep.h"
#include "askpass_owner.h"
#include "askpass_prompt.h"
#include "askpass_token.h"
#include "err.h"
#include "mem.h"

#define PATH_MAX_BYTES 4096

static int
owner_path(char path[PATH_MAX_BYTES], struct err *e)
{
	const char *folder = getenv("XDG_CONFIG_HOME");
	const char *between = "";
	int n;

	/* The specification wants a relative one to be ignored. */
	if (folder == NULL || folder[0] != '/') {
		folder = getenv("HOME");
		between = "/.config";
	}
	if (folder == NULL || folder[0] != '/')
		return err_set(e, E_CONFIG_INVALID, "HOME is not set");
	n = snprintf(
	    path, PATH_MAX_BYTES, "%s%s/jwtgate/askpass.json", folder, between);
	if (n < 0 || n >= PATH_MAX_BYTES)
		return err_set(e, E_RANGE, "HOME is too long");
	return 0;
}

static int
from_file(const struct askpass_owner *owner, struct askpass_token *token,
    struct err *e)
{
	const char *path = owner->token_file;

	if (path == NULL)
		path = getenv("BEARER_TOKEN_FILE");
	if (path == NULL || path[0] == '\0')
		return err_set(e, E_CONFIG_INVALID,
		    "no token_file, no token_command, no BEARER_TOKEN_FILE");
	return askpass_token_file(path, token, e);
}

/* The first chunk always asks the program: the login is a new one. */
static int
from_command(const struct askpass_owner *owner,
    const struct askpass_prompt *prompt, struct askpass_token *token,
    struct err *e)
{
	struct askpass_keep keep;
	bool last;
	int r = 0;

	askpass_keep_open(getenv("XDG_RUNTIME_DIR"), &keep);
	if (prompt->offset == 0)
		askpass_keep_sweep(&keep);
	if (prompt->offset == 0 || !askpass_keep_get(&keep, token))
		r = askpass_token_command(
		    owner->command, ASKPASS_COMMAND_MS, token, e);
	/* After an answer that is no full chunk there is no other prompt. */
	last = prompt->offset + prompt->chunk > token->len;
	if (r != 0 || last)
		askpass_keep_remove(&keep);
	else
		askpass_keep_put(&keep, token);
	askpass_keep_close(&keep);
	return r;
}

static int
answer(const struct askpass_prompt *prompt, const struct askpass_token *token,
    struct err *e)
{
	char line[ASKPASS_CHUNK_MAX + 1];
	ssize_t done;
	size_t n;
	int r;

	if ((r = askpass_token_check(token, e)) != 0)
		return r;
	if (prompt->offset > token->len)
		return err_set(e, E_RANGE, "asked for more than there is");
	n = token->len - prompt->offset;
	if (n > prompt->chunk)
		n = prompt->chunk;
	memcpy(line, token->text + prompt->offset, n);
	line[n++] = '\n';
	done = write(STDOUT_FILENO, line, n);
	mem_wipe(line, sizeof(line));
	if (done != (ssize_t)n)
		return err_set(e, E_IO, "standard output: %s", strerror(errno));
	return 0;
}

static int
run(const char *text, struct err *e)
{
	struct askpass_prompt prompt;
	struct askpass_owner owner = { 0 };
	struct askpass_token token = { 0 };
	char path[PATH_MAX_BYTES];
	int r;

	if (askpass_prompt_parse(text, &prompt) != 0)
		return err_set(
		    e, E_SYNTAX, "no answer: this is not a prompt of pam_jwt");
	if ((r = owner_path(path, e)) != 0 ||
	    (r = askpass_owner_read(path, &owner, e)) != 0)
		goto out;
	if (!askpass_owner_lists(&owner, prompt.target)) {
		r = err_set(e, E_PERM, "no answer: %s is not among the hosts",
		    prompt.target);
		err_prefix(e, "%s", path);
		goto out;
	}
	if ((r = askpass_token_init(&token, e)) != 0)
		goto out;
	if (owner.command[0] != NULL)
		r = from_command(&owner, &prompt, &token, e);
	else
		r = from_file(&owner, &token, e);
	if (r == 0)
		r = answer(&prompt, &token, e);
out:
	askpass_token_done(&token);
	askpass_owner_done(&owner);
	return r;
}

int
main(int argc, char **argv)
{
	struct err e = { 0 };
	int r;

	if (argc != 2) {
		fprintf(stderr, "usage: jwtgate-askpass PROMPT\n");
		return 1;
	}
	if ((r = run(argv[1], &e)) == 0)
		return 0;
	fprintf(stderr, "jwtgate-askpass: %s\n", err_text(&e, r));
	return 1;
}
