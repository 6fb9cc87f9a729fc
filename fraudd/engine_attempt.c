/*
 * engine_attempt: one question over all rules of its event. Everything that
 * can be wrong with it is looked at before the first rule counts, so that
 * either all of them count it or none.
 */

#include "engine_priv.h"

#include "err.h"

#include <string.h>

bool
engine_exempt(const struct engine *x, const struct engine_request *q)
{
	const struct engine_rules *r = x->rules;
	const struct engine_text *user = &q->value[KNOWN_USER];
	size_t i;

	for (i = 0; q->value[KNOWN_IP].data != NULL && i < r->exempt_count;
	     i++) {
		if (addr_in(&q->addr, &r->exempt[i]))
			return true;
	}
	for (i = 0; user->data != NULL && i < r->exempt_user_count; i++) {
		if (strlen(r->exempt_users[i]) == user->len &&
		    memcmp(r->exempt_users[i], user->data, user->len) == 0)
			return true;
	}
	return false;
}

void
engine_answer_start(struct engine_answer *out)
{
	memset(out, 0, sizeof(*out));
	out->verdict = ENGINE_ALLOW;
}

static uint32_t
retry_after(
    const struct engine_rule *rule, const struct engine_count *c, int64_t now)
{
	int64_t left = (c->end - now + 999) / 1000;

	if (c->verdict == ENGINE_ALLOW)
		return 0;
	if (c->verdict == ENGINE_DELAY && rule->s.delay != 0)
		return rule->s.delay;
	return left < 1 ? 1 : (uint32_t)left;
}

void
engine_answer_take(struct engine_answer *out, const struct engine_rule *rule,
    const struct engine_count *c, int64_t now)
{
	bool first = out->limit == 0 && out->rule == NULL;

	if (c->verdict > out->verdict)
		return;
	if (c->verdict == out->verdict) {
		if (c->verdict != ENGINE_ALLOW)
			return;
		/* nearer: count / limit is greater */
		if (!first &&
		    (uint64_t)c->count * out->limit <=
			(uint64_t)out->count * rule->s.limit)
			return;
	}
	out->verdict = c->verdict;
	out->rule = c->verdict == ENGINE_ALLOW ? NULL : rule->s.name;
	out->count = c->count;
	out->limit = rule->s.limit;
	out->retry_after = retry_after(rule, c, now);
	out->slot = c->slot;
	out->check = c->check;
}

/* Whether every rule of the event has what it asks; complete: to count. */
static int
check_fields(const struct engine *x, struct engine_request *q, bool complete,
    struct err *e)
{
	const struct engine_rule *rule;
	uint8_t missing, i;

	q->rule_count = 0;
	for (i = engine_rules_first(x->rules, q->event); i != ENGINE_NO_FIELD;
	     i = rule->next) {
		rule = &x->rules->rules[i];
		if (!engine_matches(rule, q) || rule->s.count == RULE_SESSIONS)
			continue;
		missing = ENGINE_NO_FIELD;
		if (q->value[rule->key].data == NULL)
			missing = rule->key;
		else if (complete && q->value[rule->field].data == NULL)
			missing = rule->field;
		if (missing != ENGINE_NO_FIELD)
			return err_set(e, E_SYNTAX,
			    "rule %s needs the field %s%s", rule->s.name,
			    x->rules->known[missing],
			    missing == KNOWN_CARD ? ": last4 and expiry" : "");
		q->rules[q->rule_count++] = i;
	}
	return 0;
}

static void
count_answer(struct engine *x, const struct engine_answer *out)
{
	switch (out->verdict) {
	case ENGINE_DENY:
		x->stats.denied++;
		break;
	case ENGINE_DELAY:
		x->stats.delayed++;
		break;
	case ENGINE_ALLOW:
		x->stats.allowed++;
		break;
	}
}

static void
run_rules(struct engine *x, const struct engine_request *q, bool write,
    uint32_t *added, struct engine_answer *out)
{
	struct engine_rule *rule;
	struct engine_count c;
	size_t i;

	for (i = 0; i < q->rule_count; i++) {
		rule = &x->rules->rules[q->rules[i]];
		engine_count(x, rule, q, write, &c);
		if (write) {
			rule->verdicts[c.verdict]++;
			engine_recent_add(x, &c, added);
		}
		if (!rule->s.shadow)
			engine_answer_take(out, rule, &c, x->now);
	}
}

/* The word of an operator stands above that of all rules. */
static void
ask_operator(
    struct engine *x, const struct engine_request *q, struct engine_answer *out)
{
	uint32_t slot = engine_operator_find(x, q);
	const struct table_entry *entry = table_at(x->table, slot);
	int64_t end;

	if (slot == 0)
		return;
	end = table_end(x->table, entry);
	out->verdict = ENGINE_DENY;
	out->rule = ENGINE_RULE_OPERATOR;
	out->count = 0;
	out->limit = 0;
	out->retry_after = end == INT64_MAX ?
	    0 :
	    (uint32_t)((end - x->now + 999) / 1000);
	out->slot = slot;
	out->check = engine_recent_check(entry);
}

static void
tell(const struct engine *x, const struct engine_attempt *a,
    const struct engine_answer *out)
{
	struct engine_seen seen = {
		.event = a->event, .answer = out, .now = x->now
	};

	x->watch.seen(x->watch.arg, &seen);
}

/*
 * Most that are denied added nothing that an outcome could take back; they
 * get an id that leads to what denied them, and are not remembered.
 */
static void
finish(struct engine *x, const struct engine_attempt *a,
    const struct engine_recent_entry *n, struct engine_answer *out)
{
	count_answer(x, out);
	engine_recent_enter(x, n, out);
	if (x->watch.seen != NULL)
		tell(x, a, out);
}

static int
ask(struct engine *x, const struct engine_attempt *a, bool write,
    struct engine_answer *out, struct err *e)
{
	struct engine_request q __attribute__((uninitialized));
	struct engine_recent_entry n = { .uid = a->uid };
	const struct engine_hint *hint = x->hint;
	int ret;

	x->hint = NULL;
	engine_answer_start(out);
	ret = engine_request_read(x->rules, a, hint, &q, e);
	if (ret != 0)
		return ret;
	if (x->rules->exempt_count + x->rules->exempt_user_count > 0 &&
	    engine_exempt(x, &q)) {
		x->stats.exempted++;
		return 0;
	}
	ret = check_fields(x, &q, write, e);
	if (ret != 0)
		return ret;
	run_rules(x, &q, write, &n.count, out);
	if (table_operators(x->table) != 0)
		ask_operator(x, &q, out);
	if (!write)
		x->stats.checks++;
	else if (q.rule_count == 0 && out->verdict == ENGINE_ALLOW)
		x->stats.exempted++;
	else {
		x->stats.attempts++;
		if (x->rules->all > x->rules->count &&
		    q.value[KNOWN_USER].data != NULL)
			n.pair = engine_trust_pair(
			    x, hash_generation(x->keys), &q);
		finish(x, a, &n, out);
	}
	return 0;
}

int
engine_attempt(struct engine *x, const struct engine_attempt *a, int64_t now,
    struct engine_answer *out, struct err *e)
{
	int ret;

	x->now = now;
	table_clock(x->table, now);
	ret = ask(x, a, true, out, e);
	if (ret != 0)
		x->stats.refused++;
	return ret;
}

int
engine_check(struct engine *x, const struct engine_attempt *a, int64_t now,
    struct engine_answer *out, struct err *e)
{
	int ret;

	x->now = now;
	table_clock(x->table, now);
	ret = ask(x, a, false, out, e);
	if (ret != 0)
		x->stats.refused++;
	return ret;
}
