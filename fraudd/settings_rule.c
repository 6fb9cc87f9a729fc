/*
 * settings_rule: a rule is what it counts, for whom, and what follows. What
 * the file leaves out is the card rule's, key by key.
 */

#include "settings_priv.h"

#include "err.h"
#include "fraud_proto.h"
#include "json.h"
#include "mem.h"
#include "schema.h"
#include "str.h"

#include <string.h>

#define DISTINCT "distinct "

static const char *const extends[] = { "attempt", "distinct", "none", NULL };
static const char *const actions[] = { "deny", "delay", NULL };
static const char *const overflows[] = { "evict-single", "deny-new",
	"permissive", NULL };
static const char *const modes[] = { "enforce", "shadow", NULL };
static const char *const login_modes[] = { "shadow", "enforce", "off", NULL };
#define LOGIN_SHADOW 0u
#define LOGIN_OFF 2u

unsigned
settings_word(const struct json *object, const char *name,
    const char *const *words, unsigned otherwise)
{
	const char *s = json_string(json_member(object, name), NULL);
	unsigned i;

	for (i = 0; s != NULL && words[i] != NULL; i++) {
		if (strcmp(s, words[i]) == 0)
			return i;
	}
	return otherwise;
}

static void
copy_name(const struct json *node, const char *name, const char *otherwise,
    char out[SETTINGS_NAME_MAX + 1])
{
	const char *s = json_string(json_member(node, name), NULL);
	struct str to;

	str_init(&to, out, SETTINGS_NAME_MAX + 1);
	str_add(&to, s != NULL ? s : otherwise);
}

static bool
is_name(const char *s)
{
	return s[0] != '\0' && strlen(s) <= SETTINGS_NAME_MAX &&
	    strpbrk(s, " \t\r\n") == NULL;
}

/* "distinct FIELD", "attempts" or "sessions". */
static int
take_count(const struct schema_source *src, const struct json *node,
    const struct json_path *up, struct settings_rule *r)
{
	const struct json_path at = { .up = up, .name = "count" };
	const char *s = json_string(json_member(node, at.name), NULL);
	struct str to;

	str_init(&to, r->field, sizeof(r->field));
	if (s == NULL)
		s = DISTINCT "card";
	if (strcmp(s, "attempts") == 0) {
		r->count = RULE_ATTEMPTS;
		return 0;
	}
	if (strcmp(s, "sessions") == 0) {
		r->count = RULE_SESSIONS;
		return 0;
	}
	if (strncmp(s, DISTINCT, strlen(DISTINCT)) != 0 ||
	    !is_name(s + strlen(DISTINCT)))
		return schema_fail(src, &at,
		    "must be \"distinct FIELD\", \"attempts\" or \"sessions\"");
	r->count = RULE_DISTINCT;
	str_add(&to, s + strlen(DISTINCT));
	return 0;
}

/* "FIELD", "FIELD=VALUE" or "FIELD!=VALUE". */
static bool
read_when(const char *s, struct settings_when *out)
{
	size_t n = strcspn(s, "!=");
	struct str field, value;

	str_init(&field, out->field, sizeof(out->field));
	str_add_bytes(&field, s, n);
	str_init(&value, out->value, sizeof(out->value));
	out->test = WHEN_THERE;
	if (s[n] == '!' && s[n + 1] == '=')
		out->test = WHEN_IS_NOT;
	else if (s[n] == '=')
		out->test = WHEN_IS;
	else if (s[n] != '\0')
		return false;
	if (out->test != WHEN_THERE)
		str_add(&value, strchr(s + n, '=') + 1);
	return !field.full && !value.full && is_name(out->field);
}

static int
take_when(const struct schema_source *src, const struct json *node,
    const struct json_path *rule, struct settings_rule *r)
{
	const struct json_path up = { .up = rule, .name = "when" };
	const struct json *list = json_member(node, up.name);
	struct json_path at = { .up = &up };

	if (list == NULL)
		return 0;
	if (json_count(list) > SETTINGS_WHEN_MAX)
		return schema_fail(
		    src, &up, "has more than %d conditions", SETTINGS_WHEN_MAX);
	for (; at.index < json_count(list); at.index++) {
		if (!read_when(json_string(json_element(list, at.index), NULL),
			&r->when[at.index]))
			return schema_fail(src, &at,
			    "must be FIELD, FIELD=VALUE or FIELD!=VALUE");
	}
	r->when_count = at.index;
	return 0;
}

/* What goes together, and what does not. */
static int
check_rule(const struct schema_source *src, const struct json *node,
    const struct json_path *up, const struct settings_rule *r)
{
	struct json_path at = { .up = up };

	at.name = "limit";
	if (r->count != RULE_ATTEMPTS && r->limit > SETTINGS_VALUES_MAX)
		return schema_fail(src, &at,
		    "is too large: at most %d values or sessions of a key "
		    "are kept",
		    SETTINGS_VALUES_MAX);
	at.name = "delay_from";
	if (r->delay_from >= r->limit)
		return schema_fail(src, &at, "must be less than limit");
	at.name = "delay";
	if (r->delay == 0 && r->delay_from != 0)
		return schema_fail(src, &at, "is required by delay_from");
	at.name = "extend";
	if (r->extend == RULE_EXTEND_DISTINCT && r->count != RULE_DISTINCT)
		return schema_fail(
		    src, &at, "\"distinct\" needs a count of distinct values");
	at.name = "action";
	if (r->action == RULE_DELAY && r->count == RULE_SESSIONS)
		return schema_fail(src, &at, "sessions can only be denied");
	at.name = "trust";
	if (r->trust != 0 &&
	    (strcmp(r->key, "user") != 0 || r->count == RULE_SESSIONS))
		return schema_fail(
		    src, &at, "is for key \"user\", and not for sessions");
	at.name = "prefix4";
	if (strcmp(r->key, "ip") != 0 && json_member(node, at.name) != NULL)
		return schema_fail(src, &at, "is for key \"ip\" alone");
	at.name = "prefix6";
	if (strcmp(r->key, "ip") != 0 && json_member(node, at.name) != NULL)
		return schema_fail(src, &at, "is for key \"ip\" alone");
	return 0;
}

static uint32_t
take_number(const struct json *node, const char *name, uint32_t otherwise)
{
	return (uint32_t)schema_take_integer(node, name, otherwise);
}

static int
take_rule(const struct schema_source *src, const struct json *node,
    const struct json_path *at, unsigned overflow, struct settings_rule *r)
{
	int ret;

	copy_name(node, "name", "", r->name);
	copy_name(node, "event", "", r->event);
	copy_name(node, "key", "ip", r->key);
	r->prefix4 = (uint8_t)take_number(node, "prefix4", 32);
	r->prefix6 = (uint8_t)take_number(node, "prefix6", 128);
	r->limit = take_number(node, "limit", 10);
	r->delay_from = take_number(node, "delay_from", 0);
	r->delay = take_number(node, "delay", 0);
	r->window = take_number(node, "window", 3600);
	r->max_block = take_number(node, "max_block", 0);
	r->trust = take_number(node, "trust", 0);
	r->extend = (enum rule_extend)settings_word(
	    node, "extend", extends, RULE_EXTEND_ATTEMPT);
	r->action = (enum rule_action)settings_word(
	    node, "action", actions, RULE_DENY);
	r->overflow = (enum rule_overflow)settings_word(
	    node, "overflow", overflows, overflow);
	r->shadow = settings_word(node, "mode", modes, 0) == 1;
	ret = take_count(src, node, at, r);
	if (ret == 0)
		ret = take_when(src, node, at, r);
	return ret != 0 ? ret : check_rule(src, node, at, r);
}

/* Adds the rules of a list to those that are there. */
static int
take_list(const struct schema_source *src, const struct json *root,
    const struct json *rules, struct settings *s)
{
	unsigned overflow = settings_word(
	    root, "overflow", overflows, RULE_OVERFLOW_EVICT_SINGLE);
	const struct json_path up = { .name = "rules" };
	struct json_path at = { .up = &up };
	struct settings_rule *r;
	size_t i;
	int ret;

	s->rules = mem_array(json_count(rules), sizeof(*s->rules));
	if (s->rules == NULL)
		return err_set(src->e, E_NOMEM, "out of memory");
	for (; at.index < json_count(rules); at.index++) {
		r = &s->rules[at.index];
		ret = take_rule(
		    src, json_element(rules, at.index), &at, overflow, r);
		if (ret != 0)
			return ret;
		for (i = 0; i < at.index; i++) {
			if (strcmp(s->rules[i].name, r->name) == 0)
				return schema_fail(src, &at,
				    "a rule of that name is there already");
		}
		if (strcmp(r->name, FRAUD_OPERATOR) == 0)
			return schema_fail(src, &at,
			    "\"operator\" is the name of operators' blocks");
	}
	s->rule_count = at.index;
	return 0;
}

/* The card rule stands first; what follows is for logins. */
static int
take_defaults(const struct schema_source *src, const struct json *root,
    struct settings *s)
{
	unsigned login = settings_word(
	    root, "login_rules", login_modes, LOGIN_SHADOW);
	struct json *rules = NULL;
	size_t i;
	int ret;

	ret = json_parse(settings_default_rules, strlen(settings_default_rules),
	    false, &rules, src->e);
	if (ret == 0)
		ret = take_list(src, root, rules, s);
	json_free(&rules);
	if (ret != 0)
		return ret;
	if (login == LOGIN_OFF)
		s->rule_count = 1;
	for (i = 1; i < s->rule_count; i++)
		s->rules[i].shadow = login == LOGIN_SHADOW;
	return 0;
}

int
settings_take_rules(const struct schema_source *src, const struct json *root,
    struct settings *s)
{
	const struct json *rules = json_member(root, "rules");
	const struct json_path at = { .name = "login_rules" };

	if (rules == NULL)
		return take_defaults(src, root, s);
	if (json_member(root, at.name) != NULL)
		return schema_fail(src, &at,
		    "says nothing beside \"rules\", which replaces all");
	return take_list(src, root, rules, s);
}
