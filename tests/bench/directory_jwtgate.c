/*
 * jwtgate: gate_decide() as PAM's account phase calls it. argv: CONFIG,
 * MODE: warm keeps the gate; cold opens the configuration, the directory and
 * the connection for each, as a fresh process does.
 */

#include "directory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "err.h"
#include "gate.h"

struct ours {
	struct gate *gate;
	const char *config;
	int cold;
	int64_t now;
};

static void
ours_open(struct ours *o)
{
	struct err e = { 0 };

	if (gate_new(o->config, &o->gate, &e) != 0) {
		fprintf(stderr, "bench jwtgate: %s\n", e.text);
		exit(1);
	}
}

void *
adapter_open(int argc, char *argv[])
{
	struct ours *o = calloc(1, sizeof(*o));

	if (argc != 2 || o == NULL)
		exit(2);
	o->config = argv[0];
	o->cold = strcmp(argv[1], "cold") == 0;
	o->now = (int64_t)time(NULL);
	if (!o->cold)
		ours_open(o);
	return o;
}

int
adapter_check(void *state, const char *user)
{
	struct ours *o = state;
	const struct gate_request request = {
		.checks = GATE_ROLES, .service = "any", .user = user
	};
	struct gate_outcome out;
	int r;

	if (o->cold)
		ours_open(o);
	r = gate_decide(o->gate, &request, o->now, &out);
	if (o->cold)
		gate_free(&o->gate);
	if (r != 0 && r != E_ROLE_MISSING) {
		fprintf(stderr, "bench jwtgate: %s: %s\n", user, out.text);
		return -1;
	}
	return r == 0;
}
