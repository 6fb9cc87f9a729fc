/*
 * jwtgate verify: a host like the PAM module, for tests and scripts. What
 * the decision is, gate.c says; this puts it into a line and a status.
 */

#include "jwtgate.h"

#include <string.h>

#include "addr.h"
#include "err.h"
#include "explain.h"
#include "gate.h"
#include "str.h"

#define VALUE_MAX (4 * GATE_ROLES_TEXT_MAX)

/* Adds " name=value"; a blank inside the value would end it, so not there. */
static void
add_value(struct str *s, const char *name, const char *value)
{
	size_t n;

	str_addf(s, "%s%s=", s->len > 0 ? " " : "", name);
	for (; *value != '\0'; value += n) {
		n = strcspn(value, " ");
		str_add_bytes(s, value, n);
		if (value[n] != ' ')
			continue;
		str_add(s, "\\x20");
		n++;
	}
}

/* "role1 role2" as "role1,role2". */
static void
join_roles(char *roles)
{
	for (; *roles != '\0'; roles++) {
		if (*roles == ' ')
			*roles = ',';
	}
}

static int
accepted(struct gate_outcome *outcome)
{
	char line[VALUE_MAX], expires[24];
	char user[4 * CLAIMS_USER_MAX + 1];
	struct str s;

	str_init(&s, expires, sizeof(expires));
	str_addf(&s, "%lld", (long long)outcome->expires);
	str_printable(user, sizeof(user), outcome->user, strlen(outcome->user));
	join_roles(outcome->roles);
	str_init(&s, line, sizeof(line));
	add_value(&s, "user", user);
	add_value(&s, "issuer", outcome->issuer);
	add_value(&s, "expires", expires);
	add_value(&s, "roles", outcome->roles);
	return cli_printf("%s\n", line);
}

static int
refused(const struct gate_outcome *outcome)
{
	struct err e = { 0 };

	if (outcome->text[0] != '\0')
		err_set(&e, outcome->reason, "%s", outcome->text);
	return cli_fail(outcome->reason, &e);
}

/* How the outcome is told; x: NULL for a line alone. */
static int
tell(struct explain *x, struct gate_outcome *outcome)
{
	int status = x != NULL ? x->status : CLI_DONE;

	if (status == CLI_DONE && x != NULL && x->as_json)
		status = explain_print(x, outcome);
	if (outcome->reason != 0 || outcome->verdict != GATE_ALLOW)
		return refused(outcome);
	if (status != CLI_DONE || (x != NULL && x->as_json))
		return status;
	return accepted(outcome);
}

static int
decide(struct gate *gate, struct gate_request *request, int64_t now,
    struct explain *x)
{
	struct cli_input token = { 0 };
	struct gate_outcome outcome;
	int status;

	status = cli_read_token(&token);
	if (status != CLI_DONE)
		return status;
	request->token = token.data;
	request->token_len = token.len;
	request->trace = x != NULL ? &x->trace : NULL;
	(void)gate_decide(gate, request, now, &outcome);
	cli_input_done(&token);
	return tell(x, &outcome);
}

/* A configuration that did not load is an answer too, for a script. */
static int
no_gate(struct explain *x, int r, const struct err *e)
{
	struct gate_outcome outcome = { .auth_time = -1 };
	struct str s;

	if (x != NULL && x->as_json) {
		outcome.reason = r == E_NOMEM ? r : E_CONFIG_INVALID;
		str_init(&s, outcome.text, sizeof(outcome.text));
		str_add(&s, err_text(e, r));
		(void)explain_print(x, &outcome);
	}
	return cli_fail_config(r, e);
}

static int
open_and_decide(const struct cli *cli, struct gate_request *request,
    int64_t now, struct explain *x)
{
	struct gate *gate = NULL;
	struct err e = { 0 };
	int r, status;

	r = gate_new(cli_config_path(cli), &gate, &e);
	if (r != 0)
		return no_gate(x, r, &e);
	status = decide(gate, request, now, x);
	gate_free(&gate);
	return status;
}

int
jwtgate_verify(const struct cli *cli)
{
	struct gate_request request = { .checks = GATE_TOKEN };
	const char *rhost = cli_value(cli, CLI_RHOST);
	bool json = cli_value(cli, CLI_JSON) != NULL;
	char peer[ADDR_TEXT_MAX];
	struct explain x;
	struct addr addr;
	int64_t now;
	int status;

	status = cli_now(cli, &now);
	if (status != CLI_DONE)
		return status;
	request.user = cli_value(cli, CLI_USER);
	request.service = cli_value(cli, CLI_SERVICE);
	if (request.service != NULL)
		request.checks |= GATE_ROLES;
	if (rhost != NULL) {
		if (addr_parse(rhost, strlen(rhost), &addr) != 0)
			return cli_usage(cli, "--rhost takes an IP address");
		request.peer = addr_format(&addr, peer);
		request.address = peer;
	}
	if (!json && cli_value(cli, CLI_EXPLAIN) == NULL)
		return open_and_decide(cli, &request, now, NULL);
	status = explain_begin(&x, cli_config_path(cli), json);
	if (status == CLI_DONE)
		status = open_and_decide(cli, &request, now, &x);
	explain_done(&x);
	return status;
}
