/*
 * jwtgate roles: what the directory says of a user, one role per line.
 */

#include "jwtgate.h"

#include <string.h>

#include "addr.h"
#include "err.h"
#include "explain.h"
#include "gate.h"
#include "gate_lookup.h"
#include "json.h"
#include "mem.h"

/* What comes of a lookup. */
struct answer {
	struct json *roles; /* owns */
	int r; /* E_NOMEM, or 0 */
};

static void
hear(const char *role, void *arg)
{
	struct answer *a = arg;

	if (a->r == 0)
		a->r = json_append_string(a->roles, role);
}

static int
print_lines(const struct answer *a)
{
	int status = CLI_DONE;
	size_t i;

	for (i = 0; status == CLI_DONE && i < json_count(a->roles); i++)
		status = cli_printf(
		    "%s\n", json_string(json_element(a->roles, i), NULL));
	return status;
}

/* Takes the roles and the steps. */
static int
print_json(struct answer *a, struct explain *x, int reason)
{
	struct json *o = NULL;
	char *text = NULL;
	size_t n = 0;
	int r, status;

	r = json_make_object(&o);
	if (r == 0)
		r = json_put_string(o, "reason", err_name(reason));
	if (r == 0) {
		r = json_put(o, "roles", a->roles);
		a->roles = NULL;
	}
	if (r == 0) {
		r = json_put(o, "steps", x->steps);
		x->steps = NULL;
	}
	if (r == 0)
		text = json_write(o, false, &n);
	json_free(&o);
	if (text == NULL)
		return cli_fail(E_NOMEM, NULL);
	status = cli_printf("%s\n", text);
	mem_free_str(&text);
	return status;
}

static int
look_up(const struct cli *cli, struct gate_request *request, int64_t now,
    struct explain *x)
{
	struct answer a = { .r = 0 };
	const struct gate_roles_ear ear = { hear, &a };
	struct gate *gate = NULL;
	struct err e = { 0 };
	int r, status;

	r = gate_new(cli_config_path(cli), &gate, &e);
	if (r != 0)
		return cli_fail_config(r, &e);
	r = json_make_array(&a.roles);
	if (r == 0)
		r = gate_lookup_roles(gate, request, now, &ear, &e);
	gate_free(&gate);
	if (r == 0)
		r = a.r;
	status = x->status;
	if (status == CLI_DONE && x->as_json)
		status = print_json(&a, x, r);
	else if (status == CLI_DONE && r == 0)
		status = print_lines(&a);
	json_free(&a.roles);
	return r == 0 ? status : cli_fail(r, &e);
}

int
jwtgate_roles(const struct cli *cli)
{
	struct gate_request request = { .checks = GATE_ROLES };
	const char *rhost = cli_value(cli, CLI_RHOST);
	bool json = cli_value(cli, CLI_JSON) != NULL;
	char address[ADDR_TEXT_MAX];
	struct explain x;
	struct addr addr;
	int64_t now;
	int status;

	status = cli_now(cli, &now);
	if (status != CLI_DONE)
		return status;
	request.user = cli_operand(cli);
	request.service = cli_value(cli, CLI_SERVICE);
	if (rhost != NULL) {
		if (addr_parse(rhost, strlen(rhost), &addr) != 0)
			return cli_usage(cli, "--rhost takes an IP address");
		request.address = addr_format(&addr, address);
	}
	status = explain_begin(&x, cli_config_path(cli), json);
	if (json || cli_value(cli, CLI_EXPLAIN) != NULL)
		request.trace = &x.trace;
	if (status == CLI_DONE)
		status = look_up(cli, &request, now, &x);
	explain_done(&x);
	return status;
}
