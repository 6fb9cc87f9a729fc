/*
 * engine_rules: the settings as the engine works with them. A rule's tag says
 * in records which rule is meant: its name and what it counts, not its limit,
 * so that a limit can change and the counts stay.
 */

#include "engine_rules.h"

#include "err.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

static const char *const known[] = { [KNOWN_IP] = FRAUD_IP,
	[KNOWN_CARD] = FRAUD_CARD,
	[KNOWN_LAST4] = FRAUD_LAST4,
	[KNOWN_EXPIRY] = FRAUD_EXPIRY,
	[KNOWN_USER] = FRAUD_USER,
	[KNOWN_SESSION] = FRAUD_SESSION,
	[KNOWN_TOKEN] = FRAUD_TOKEN,
	[KNOWN_OTHERS] = FRAUD_SERVICE,
	FRAUD_PASSWORD,
	FRAUD_EXISTS,
	FRAUD_ISSUER,
	FRAUD_JTI,
	"shop",
	"name" };

#define KNOWN_COUNT (sizeof(known) / sizeof(known[0]))

uint8_t
engine_known_find(const struct engine_rules *r, struct engine_text name)
{
	uint8_t i;

	for (i = r->known_first[engine_place(name)]; i != ENGINE_NO_FIELD;
	     i = r->known_next[i]) {
		if (r->known_len[i] == name.len &&
		    str_same(r->known[i], name.data, name.len))
			break;
	}
	return i;
}

static int
know(struct engine_rules *r, const char *name, uint8_t *out)
{
	struct engine_text text = { name, strlen(name) };
	uint8_t *first = &r->known_first[engine_place(text)];

	*out = engine_known_find(r, text);
	if (*out != ENGINE_NO_FIELD)
		return 0;
	if (r->known_count == ENGINE_KNOWN_MAX || text.len == 0 ||
	    text.len > SETTINGS_NAME_MAX)
		return E_RANGE;
	memcpy(r->known[r->known_count], name, text.len + 1);
	r->known_len[r->known_count] = (uint8_t)text.len;
	*out = (uint8_t)r->known_count++;
	r->known_next[*out] = *first;
	*first = *out;
	return 0;
}

/* FNV-1a, the NUL behind each part included. */
static uint32_t
mix(uint32_t hash, const void *data, size_t n)
{
	const unsigned char *p = data;
	size_t i;

	for (i = 0; i < n; i++)
		hash = (hash ^ p[i]) * 16777619u;
	return hash;
}

static uint32_t
tag_of(const struct settings_rule *s)
{
	unsigned char rest[3] = { s->prefix4, s->prefix6,
		(unsigned char)s->count };
	uint32_t hash = 2166136261u;
	unsigned char test;
	size_t i;

	hash = mix(hash, s->name, strlen(s->name) + 1);
	hash = mix(hash, s->key, strlen(s->key) + 1);
	hash = mix(hash, s->field, strlen(s->field) + 1);
	hash = mix(hash, rest, sizeof(rest));
	for (i = 0; i < s->when_count; i++) {
		test = (unsigned char)s->when[i].test;
		hash = mix(hash, &test, 1);
		hash = mix(
		    hash, s->when[i].field, strlen(s->when[i].field) + 1);
		hash = mix(
		    hash, s->when[i].value, strlen(s->when[i].value) + 1);
	}
	return hash;
}

static int
add_rule(struct engine_rules *r, const struct settings_rule *s, struct err *e)
{
	struct engine_rule *rule = &r->rules[r->count];
	const char *field;
	size_t i;

	rule->s = *s;
	rule->purposes = &r->purposes[2 * r->count];
	rule->tag = tag_of(s);
	rule->event_len = (uint8_t)strlen(s->event);
	rule->trust = ENGINE_NO_FIELD;
	field = s->count == RULE_DISTINCT ? s->field :
	    s->count == RULE_SESSIONS     ? FRAUD_SESSION :
					    s->key;
	if (know(r, s->key, &rule->key) != 0 ||
	    know(r, field, &rule->field) != 0)
		return err_set(e, E_RANGE, "too many different fields");
	for (i = 0; i < s->when_count; i++) {
		if (know(r, s->when[i].field, &rule->when[i]) != 0)
			return err_set(e, E_RANGE, "too many different fields");
	}
	r->count++;
	return 0;
}

/*
 * Who is trusted is kept as what a rule that counts attempts by user would
 * keep, under a tag of its own: so it is written down, ends and makes room as
 * all counts do.
 */
static void
add_hidden(struct engine_rules *r)
{
	struct engine_rule *rule, *hidden;
	size_t i;

	r->all = r->count;
	for (i = 0; i < r->count; i++) {
		rule = &r->rules[i];
		if (rule->s.trust == 0)
			continue;
		rule->trust = (uint8_t)r->all;
		hidden = &r->rules[r->all++];
		*hidden = *rule;
		hidden->hidden = true;
		hidden->tag = mix(rule->tag, "trust", sizeof("trust"));
		hidden->s.count = RULE_ATTEMPTS;
		hidden->s.window = rule->s.trust;
		hidden->s.max_block = 0;
	}
}

/* From the last to the first, so that the first comes out in front. */
static void
add_events(struct engine_rules *r)
{
	struct engine_text event;
	uint8_t *first;
	size_t i;

	for (i = r->count; i-- > 0;) {
		event.data = r->rules[i].s.event;
		event.len = r->rules[i].event_len;
		first = &r->event_first[engine_place(event)];
		r->rules[i].next = *first;
		*first = (uint8_t)i;
	}
}

static int
copy_exempt(struct engine_rules *r, const struct settings *s)
{
	size_t i;

	r->exempt = mem_array(s->exempt_count, sizeof(*r->exempt));
	r->exempt_users = mem_array(
	    s->exempt_user_count, sizeof(*r->exempt_users));
	if (r->exempt == NULL || r->exempt_users == NULL)
		return E_NOMEM;
	for (i = 0; i < s->exempt_count; i++)
		r->exempt[i] = s->exempt[i];
	r->exempt_count = s->exempt_count;
	for (i = 0; i < s->exempt_user_count; i++) {
		r->exempt_users[i] = mem_strdup(s->exempt_users[i]);
		if (r->exempt_users[i] == NULL)
			return E_NOMEM;
		r->exempt_user_count++;
	}
	return 0;
}

int
engine_rules_new(
    const struct settings *s, struct engine_rules **out, struct err *e)
{
	struct engine_rules *r;
	size_t i;
	uint8_t at;
	int ret = 0;

	r = mem_alloc(sizeof(*r));
	if (r == NULL)
		return err_set(e, E_NOMEM, "out of memory");
	memset(r->known_first, ENGINE_NO_FIELD, sizeof(r->known_first));
	memset(r->event_first, ENGINE_NO_FIELD, sizeof(r->event_first));
	for (i = 0; i < KNOWN_COUNT; i++)
		know(r, known[i], &at);
	r->max = s->rule_count;
	r->rules = mem_array(2 * r->max, sizeof(*r->rules));
	r->purposes = mem_array(2 * r->max, sizeof(*r->purposes));
	if (r->rules == NULL || r->purposes == NULL || copy_exempt(r, s) != 0)
		ret = err_set(e, E_NOMEM, "out of memory");
	for (i = 0; ret == 0 && i < s->rule_count; i++)
		ret = add_rule(r, &s->rules[i], e);
	if (ret != 0) {
		engine_rules_free(&r);
		return ret;
	}
	add_events(r);
	add_hidden(r);
	*out = r;
	return ret;
}

void
engine_rules_forget(struct engine_rules *r, const struct hash_keys *keys)
{
	size_t i;

	for (i = 0; i < 2 * r->count; i++)
		if (!hash_knows(keys, r->purposes[i].generation))
			mem_wipe(&r->purposes[i], sizeof(r->purposes[i]));
}

void
engine_rules_free(struct engine_rules **r)
{
	size_t i;

	if (*r == NULL)
		return;
	for (i = 0; i < (*r)->exempt_user_count; i++)
		free((*r)->exempt_users[i]);
	free((*r)->exempt_users);
	free((*r)->exempt);
	mem_free(&(*r)->purposes, 2 * (*r)->max * sizeof(*(*r)->purposes));
	free((*r)->rules);
	free(*r);
	*r = NULL;
}
