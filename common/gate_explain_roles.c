/*
 * What is told of roles: each search and what it found, each role and what
 * was asked for it, and what follows.
 */

#include "gate_explain.h"

#include <string.h>

#include "config.h"
#include "directory.h"
#include "str.h"

#define SHOWN_MAX 512

void
gate_explain_search(
    struct gate_decision *d, const struct directory_event *event)
{
	char seen[SHOWN_MAX], expected[3 * DIRECTORY_TEXT_MAX];
	char where[GATE_WHERE_MAX];
	bool ok = strcmp(event->result, "ok") == 0;
	struct str s;

	str_init(&s, seen, sizeof(seen));
	if (!ok)
		str_add(&s, event->result);
	else if (event->filter != NULL)
		str_addf(&s, "%zu %s", event->found,
		    event->found == 1 ? "entry" : "entries");
	else
		str_add(&s, "connected");
	str_addf(&s, " in %.1f ms", (double)event->took_us / 1000);
	str_init(&s, expected, sizeof(expected));
	str_add(&s, event->server);
	if (event->base != NULL)
		str_addf(&s, ", %s \"%s\"",
		    event->filter != NULL ? "base" : "as", event->base);
	if (event->filter != NULL)
		str_addf(&s, ", %s", event->filter);
	gate_explain(d,
	    &(struct gate_step){
		.name = event->what,
		.result = ok ? GATE_PASSED : GATE_FAILED,
		.seen = seen,
		.expected = expected,
		.where = gate_explain_where(d, "directory", where),
		.key = event->filter != NULL ? "base" : "uri",
	    });
}

void
gate_explain_role(
    struct gate_decision *d, const struct config_role *role, bool held)
{
	char where[GATE_WHERE_MAX], seen[SHOWN_MAX], expected[SHOWN_MAX];
	char name[CONFIG_NAME_MAX * 4 + 1];
	struct str s;

	str_printable(name, sizeof(name), role->name, strlen(role->name));
	str_init(&s, seen, sizeof(seen));
	str_addf(&s, "%s: %s", name, held ? "held" : "not found");
	str_printable(expected, sizeof(expected), role->query.text,
	    strlen(role->query.text));
	gate_explain(d,
	    &(struct gate_step){
		.name = "role",
		.result = held ? GATE_PASSED : GATE_SKIPPED,
		.seen = seen,
		.expected = expected,
		.where = gate_explain_where(
		    d, "authentication.authorize", where),
		.key = role->name,
	    });
}

void
gate_explain_roles(struct gate_decision *d, const char *held, int r)
{
	const struct config_policy *p = d->policy;
	char where[GATE_WHERE_MAX], seen[SHOWN_MAX], expected[SHOWN_MAX];
	bool asked = p->require != CONFIG_REQUIRE_TOKEN_ONLY;
	char role[CONFIG_NAME_MAX * 2];
	struct str s;
	size_t i;

	str_init(&s, seen, sizeof(seen));
	if (r == E_DIRECTORY_UNAVAILABLE)
		str_add(&s, err_text(&d->e, r));
	else
		str_printable(seen, sizeof(seen),
		    held[0] != '\0' ? held : "none",
		    strlen(held[0] != '\0' ? held : "none"));
	str_init(&s, expected, sizeof(expected));
	str_add(&s, p->require == CONFIG_REQUIRE_ALL ? "all of" : "any of");
	for (i = 0; i < p->require_roles.count; i++)
		str_addf(&s, " %s",
		    str_printable(role, sizeof(role), p->require_roles.items[i],
			strlen(p->require_roles.items[i])));
	gate_explain(d,
	    &(struct gate_step){
		.name = "roles",
		.result = asked ? r == 0 ? GATE_PASSED : GATE_FAILED :
				  GATE_SKIPPED,
		.seen = asked ? seen : NULL,
		.expected = asked ? expected : "a token alone",
		.where = gate_explain_where(d, NULL, where),
		.key = r == E_DIRECTORY_UNAVAILABLE ? "roles_from" : "require",
	    });
}
