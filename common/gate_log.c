/*
 * The line about a decision. Names come from the network: sshd hands over
 * junk with control characters for users it does not know, so every value
 * is made printable, cut, and quoted where a blank or a quote would let it
 * pass for two fields.
 */

#include "gate.h"

#include <string.h>

#include "str.h"

#define SHORT_MAX 128 /* of a service or a peer */

static void
add_value(struct str *s, const char *name, const char *value)
{
	const char *p, *gap = s->len > 0 ? " " : "";
	char quoted[4 * ERR_TEXT_MAX];
	struct str q;

	if (value[0] != '\0' && strpbrk(value, " \"=") == NULL) {
		str_addf(s, "%s%s=%s", gap, name, value);
		return;
	}
	str_init(&q, quoted, sizeof(quoted));
	for (p = value; *p != '\0'; p++) {
		if (*p == '"')
			str_add(&q, "\\x22");
		else
			str_add_bytes(&q, p, 1);
	}
	str_addf(s, "%s%s=\"%s\"", gap, name, quoted);
}

/* A value straight from outside; "-" when there is none. */
static void
add_foreign(struct str *s, const char *name, const char *value, size_t max)
{
	char shown[GATE_TEXT_MAX];

	if (value == NULL)
		value = "-";
	if (max > sizeof(shown))
		max = sizeof(shown);
	str_printable(shown, max, value, strlen(value));
	add_value(s, name, shown);
}

/* Fields of an outcome are printable already. */
static void
add_known(struct str *s, const char *name, const char *value)
{
	if (value[0] != '\0')
		add_value(s, name, value);
}

char *
gate_log_line(const struct gate_request *request,
    const struct gate_outcome *outcome, char *buf, size_t cap)
{
	const char *user = request->user;
	const char *peer = request->peer != NULL ? request->peer : "local";
	struct str s;
	bool allow = outcome->verdict == GATE_ALLOW && outcome->reason == 0;
	int reason = outcome->reason;

	if (user == NULL && outcome->user[0] != '\0')
		user = outcome->user;
	if (!allow && reason == 0)
		reason = E_CONFIG_INVALID; /* an outcome nobody filled */
	str_init(&s, buf, cap);
	add_foreign(&s, "user", user, GATE_TEXT_MAX);
	add_foreign(&s, "peer", peer, SHORT_MAX);
	add_foreign(&s, "service", request->service, SHORT_MAX);
	add_known(&s, "result", allow ? "allow" : "deny");
	add_known(&s, "reason", err_name(reason));
	add_known(&s, "issuer", outcome->issuer);
	add_known(&s, "kid", outcome->kid);
	add_known(&s, "jti", outcome->jti);
	add_known(&s, "rule", outcome->rule);
	if (outcome->retry_after > 0)
		str_addf(&s, " retry_after=%u", (unsigned)outcome->retry_after);
	add_known(&s, "attempt", outcome->attempt);
	add_known(&s, "msg", outcome->text);
	return buf;
}
