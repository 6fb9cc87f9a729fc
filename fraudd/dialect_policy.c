/*
 * Postfix sends some thirty attributes and more with each version; those
 * that no rule asks for are left out, because the engine takes a field that
 * it does not know for a mistake.
 */

#include "dialect_policy.h"

#include <string.h>

#include "outbuf.h"
#include "settings.h"
#include "str.h"

static const char begin[] = "request=";

enum request_state
dialect_policy_parse(
    const char *in, size_t n, struct request *out, size_t *used_out)
{
	const char *lf, *equals;
	size_t at = 0, len, first = sizeof(begin) - 1;

	out->count = 0;
	if (memcmp(in, begin, n < first ? n : first) != 0)
		return REQUEST_BROKEN;
	while (at < n && at < REQUEST_MAX) {
		lf = memchr(in + at, '\n', n - at);
		if (lf == NULL)
			break;
		len = (size_t)(lf - in) - at;
		if (len == 0) {
			*used_out = at + 1;
			return *used_out <= REQUEST_MAX ? REQUEST_READY :
							  REQUEST_BROKEN;
		}
		equals = memchr(in + at, '=', len);
		if (equals == NULL)
			return REQUEST_BROKEN;
		if (out->count + 2 <= REQUEST_WORDS_MAX) {
			out->words[out->count].data = in + at;
			out->words[out->count].len = (size_t)(equals - in) - at;
			out->words[out->count + 1].data = equals + 1;
			out->words[out->count + 1].len = (size_t)(lf - equals) -
			    1;
		}
		out->count += 2;
		at += len + 1;
	}
	return n >= REQUEST_MAX ? REQUEST_BROKEN : REQUEST_PARTIAL;
}

static bool
named_by(const struct settings_rule *rule, struct engine_text name)
{
	size_t i;

	if (str_is(name.data, name.len, rule->key) ||
	    (rule->trust != 0 && str_is(name.data, name.len, FRAUD_IP)) ||
	    (rule->count == RULE_DISTINCT &&
		str_is(name.data, name.len, rule->field)))
		return true;
	for (i = 0; i < rule->when_count; i++) {
		if (str_is(name.data, name.len, rule->when[i].field))
			return true;
	}
	return false;
}

static bool
asked_for(
    const struct settings *s, struct engine_text event, struct engine_text name)
{
	size_t i;

	for (i = 0; i < s->rule_count; i++) {
		if (str_is(event.data, event.len, s->rules[i].event) &&
		    named_by(&s->rules[i], name))
			return true;
	}
	return false;
}

static struct engine_text
text(const char *s)
{
	struct engine_text t = { s, strlen(s) };

	return t;
}

static const struct {
	const char *theirs;
	const char *ours;
} renamed[] = {
	{ "client_address", FRAUD_IP },
	{ "sasl_username", FRAUD_USER },
	{ "protocol_name", FRAUD_SERVICE },
};

static struct engine_text
rename_field(struct engine_text name)
{
	size_t i;

	for (i = 0; i < sizeof(renamed) / sizeof(renamed[0]); i++)
		if (str_is(name.data, name.len, renamed[i].theirs))
			return text(renamed[i].ours);
	return name;
}

bool
dialect_policy_attempt(const struct request *rq, const struct settings *rules,
    struct engine_attempt *out)
{
	size_t i, count;
	struct engine_text name, value;

	count = rq->count < REQUEST_WORDS_MAX ? rq->count : REQUEST_WORDS_MAX;
	if (count < 2 ||
	    !str_is(rq->words[1].data, rq->words[1].len, "smtpd_access_policy"))
		return false;
	out->event = text("smtp");
	out->count = 0;
	for (i = 0; i < count; i += 2)
		if (str_is(
			rq->words[i].data, rq->words[i].len, "sasl_username") &&
		    rq->words[i + 1].len > 0)
			out->event = text("mail");
	for (i = 2; i < count && out->count < ENGINE_FIELDS_MAX; i += 2) {
		name = rename_field(rq->words[i]);
		value = rq->words[i + 1];
		if (value.len == 0 || !asked_for(rules, out->event, name))
			continue;
		out->fields[out->count].name = name;
		out->fields[out->count].value = value;
		out->count++;
	}
	return true;
}

void
dialect_policy_answer(struct outbuf *out, const struct engine_answer *a)
{
	const char *action = "DUNNO";

	switch (a->verdict) {
	case ENGINE_DENY:
		action = "REJECT Too many attempts";
		break;
	case ENGINE_DELAY:
		action = "DEFER_IF_PERMIT Too many attempts, try again later";
		break;
	case ENGINE_ALLOW:
		break;
	}
	outbuf_text(out, "action=");
	outbuf_text(out, action);
	outbuf_text(out, "\n\n");
}

void
dialect_policy_pass(struct outbuf *out)
{
	outbuf_text(out, "action=DUNNO\n\n");
}
