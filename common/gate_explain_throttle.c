/*
 * What is told of the throttle questions.
 */

#include "gate_explain.h"

#include "config.h"
#include "str.h"

#define SHOWN_MAX 256

static const char *
seen(const struct gate_decision *d, int r, char buf[SHOWN_MAX])
{
	const struct fraud_answer *a = &d->throttle;
	const struct gate_outcome *out = d->out;
	struct str s;

	if (d->throttle_away || !d->throttle_asked)
		return "fraudd could not be asked";
	str_init(&s, buf, SHOWN_MAX);
	if (r != 0)
		str_addf(&s, "rule %s: %u of %u, again in %u seconds",
		    out->rule, (unsigned)a->count, (unsigned)a->limit,
		    (unsigned)a->retry_after);
	else if (a->limit == 0)
		str_add(&s, "no rule of fraudd asks for it");
	else
		str_addf(
		    &s, "%u of %u", (unsigned)a->count, (unsigned)a->limit);
	return buf;
}

static void
explain(struct gate_decision *d, const char *name, int r)
{
	const struct config_fraud *fraud = &d->policy->fraud;
	char place[GATE_WHERE_MAX], shown[SHOWN_MAX];

	gate_explain(d,
	    &(struct gate_step){
		.name = name,
		.result = r == 0 ? GATE_PASSED : GATE_FAILED,
		.seen = seen(d, r, shown),
		.expected = fraud->allow_when_unavailable ?
		    "no rule that stops it, or no answer" :
		    "an answer, and no rule that stops it",
		.where = gate_explain_where(d, "fraud", place),
		.key = d->throttle_away ? "when_unavailable" : "socket",
	    });
}

void
gate_explain_throttle(struct gate_decision *d, int r)
{
	if (d->policy->fraud.configured)
		explain(d, "throttle", r);
	else
		gate_explain(d,
		    &(struct gate_step){
			.name = "throttle", .result = GATE_SKIPPED });
}

void
gate_explain_token_use(struct gate_decision *d, int r)
{
	if (d->throttle_asked && d->request->address != NULL)
		explain(d, "token use", r);
}
