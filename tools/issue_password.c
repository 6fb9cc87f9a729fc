/*
 * Whoever asks for a token with a password gets what the directory says of
 * the two: no token, or one with the roles that are the user's.
 */

#include "issue_password.h"

#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "config.h"
#include "err.h"
#include "gate.h"
#include "gate_lookup.h"
#include "json.h"

static int
refused(const struct gate_outcome *outcome)
{
	struct err e = { 0 };

	if (outcome->text[0] != '\0')
		err_set(&e, outcome->reason, "%s", outcome->text);
	return cli_fail(outcome->reason, &e);
}

/* One that is too long is as wrong as it is. */
static int
read_password(struct cli_input *out)
{
	int status = cli_read(GATE_PASSWORD_MAX + 2, out);

	if (status == CLI_DONE && out->len > 0 &&
	    out->data[out->len - 1] == '\n')
		out->len--;
	return status;
}

static int
check(struct gate *gate, const char *user, int64_t now)
{
	struct gate_request request = { .checks = GATE_PASSWORD, .user = user };
	struct cli_input password = { 0 };
	struct gate_outcome outcome;
	int status;

	status = read_password(&password);
	if (status != CLI_DONE)
		return status;
	request.password = password.data;
	request.password_len = password.len;
	(void)gate_decide(gate, &request, now, &outcome);
	cli_input_done(&password);
	if (outcome.verdict != GATE_ALLOW)
		return refused(&outcome);
	if (outcome.message[0] != '\0')
		fprintf(stderr, "jwtgate: %s\n", outcome.message);
	return CLI_DONE;
}

/* Roles that become members of a token. */
struct collector {
	struct json *claims; /* borrows */
	int r;
};

static void
hear(const char *role, void *arg)
{
	struct collector *c = arg;

	if (c->r == 0)
		c->r = json_put_bool(c->claims, role, true);
}

/* What the directory says of roles, nobody says beside it. */
static int
check_claims(const struct cli *cli, const struct config_policy *p,
    const struct json *claims)
{
	size_t i;

	for (i = 0; i < p->role_count; i++) {
		if (json_member(claims, p->roles[i].name) != NULL)
			return cli_usage(cli,
			    "--claim: with --password-stdin roles come from "
			    "the directory");
	}
	return CLI_DONE;
}

static int
add_roles(struct gate *gate, const char *user, int64_t now, struct json *claims)
{
	const struct gate_request request = { .user = user };
	struct collector collector = { .claims = claims };
	const struct gate_roles_ear ear = { hear, &collector };
	struct err e = { 0 };
	int r;

	r = gate_lookup_roles(gate, &request, now, &ear, &e);
	if (r == 0)
		r = collector.r;
	return r == 0 ? CLI_DONE : cli_fail(r, &e);
}

int
issue_password(
    const struct cli *cli, const char *user, int64_t now, struct json *claims)
{
	const struct config_policy *policy;
	const struct config_issuer *own;
	struct gate *gate = NULL;
	struct err e = { 0 };
	bool roles;
	int r, status;

	r = gate_new(cli_config_path(cli), &gate, &e);
	if (r != 0)
		return cli_fail_config(r, &e);
	policy = config_policy(gate_config(gate), NULL);
	own = policy != NULL ? config_own(policy) : NULL;
	roles = own != NULL && own->first_form && policy->role_count > 0;
	status = roles ? check_claims(cli, policy, claims) : CLI_DONE;
	if (status == CLI_DONE)
		status = check(gate, user, now);
	if (status == CLI_DONE && roles)
		status = add_roles(gate, user, now, claims);
	gate_free(&gate);
	return status;
}
