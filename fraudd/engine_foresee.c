/*
 * engine_foresee: an attempt costs little but the waits for memory, one after
 * the other: the bucket, the entry, its neighbours and its values. Of many
 * attempts that came at once the waits can be at the same time.
 */

#include "engine_priv.h"

#include <string.h>

void
engine_foresee(struct engine *x, struct engine_text event,
    struct engine_text ip, struct engine_hint *out)
{
	const struct engine_rule *rule;
	struct table_id id = { .level = TABLE_EXACT };
	uint8_t i;

	out->slot = 0;
	out->text.data = NULL;
	for (i = engine_rules_first(x->rules, event); i != ENGINE_NO_FIELD;
	     i = rule->next) {
		rule = &x->rules->rules[i];
		if (rule->key == KNOWN_IP && engine_is_event(rule, event))
			break;
	}
	if (i == ENGINE_NO_FIELD ||
	    addr_parse(ip.data, ip.len, &out->addr) != 0)
		return;
	out->text = ip;
	id.group = rule->group;
	engine_prefix_key(rule, &out->addr, id.key);
	out->group = id.group;
	out->tag = rule->tag;
	memcpy(out->key, id.key, sizeof(out->key));
	out->hash = table_foresee(x->table, &id);
}

void
engine_foresee_slot(struct engine *x, struct engine_hint *hint)
{
	if (hint->text.data != NULL)
		hint->slot = table_foresee_slot(x->table, hint->hash);
}

void
engine_foresee_rest(struct engine *x, const struct engine_hint *hint)
{
	if (hint->slot != 0)
		table_foresee_rest(x->table, hint->slot);
}

void
engine_hint(struct engine *x, const struct engine_hint *hint)
{
	x->hint = hint;
}
