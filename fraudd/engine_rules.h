/*
 * engine_rules: the rules, and an attempt, as the engine works with them.
 */

#ifndef JWTGATE_ENGINE_RULES_H
#define JWTGATE_ENGINE_RULES_H

#include <string.h>

#include "addr.h"
#include "engine.h"
#include "hash.h"
#include "settings.h"
#include "str.h"

#define ENGINE_KNOWN_MAX 64 /* names of fields */
#define ENGINE_NO_FIELD 0xff /* and no rule */
#define ENGINE_PLACES 64

/* The fields that mean something by themselves; then those rules name. */
enum engine_known {
	KNOWN_IP = 0,
	KNOWN_CARD,
	KNOWN_LAST4,
	KNOWN_EXPIRY,
	KNOWN_USER,
	KNOWN_SESSION,
	KNOWN_TOKEN,
	KNOWN_OTHERS
};

struct engine_rule {
	struct settings_rule s;
	uint32_t tag; /* of its name and meaning, in records */
	uint8_t group, key, field; /* numbers of known fields */
	uint8_t event_len;
	uint8_t next; /* of its event; ENGINE_NO_FIELD: it is the last */
	uint8_t when[SETTINGS_WHEN_MAX]; /* fields of s.when */
	uint8_t trust; /* place of the rule that trusts; ENGINE_NO_FIELD */
	bool hidden; /* keeps who is trusted, and is no rule to anybody */
	uint64_t verdicts[ENGINE_ALLOW + 1];
	struct hash_purpose *purposes; /* of its values, by generation % 2 */
};

/* What the rules say; made anew by a reload. */
struct engine_rules {
	struct engine_rule *rules; /* owns; the hidden ones are the last */
	size_t count, all; /* without and with the hidden */
	struct hash_purpose *purposes; /* owns; two for each rule, secret */
	size_t max;
	char known[ENGINE_KNOWN_MAX][SETTINGS_NAME_MAX + 1];
	uint8_t known_len[ENGINE_KNOWN_MAX];
	uint8_t known_first[ENGINE_PLACES]; /* ENGINE_NO_FIELD: none */
	uint8_t known_next[ENGINE_KNOWN_MAX]; /* of the same place */
	size_t known_count;
	uint8_t event_first[ENGINE_PLACES]; /* rules; ENGINE_NO_FIELD */
	struct addr_prefix *exempt; /* owns */
	size_t exempt_count;
	char **exempt_users; /* owns */
	size_t exempt_user_count;
};

/* An attempt, read: values by number of known field. */
struct engine_request {
	struct engine_text value[ENGINE_KNOWN_MAX]; /* data NULL: none */
	struct addr addr; /* where there is an ip */
	char card[8], last4[4], expiry[4]; /* canonical digits */
	struct engine_text event;
	const struct engine_hint *hint; /* NULL: none */
	uint8_t rules[SETTINGS_RULES_MAX]; /* that match, set by ask() */
	size_t rule_count;
};

/* engine_rules.c */
int engine_rules_new(
    const struct settings *s, struct engine_rules **out, struct err *e);
void engine_rules_free(struct engine_rules **r);
/* Wipes what was made from a key that is gone. */
void engine_rules_forget(struct engine_rules *r, const struct hash_keys *keys);
uint8_t engine_known_find(
    const struct engine_rules *r, struct engine_text name);

/* engine_request.c: 0 or E_SYNTAX. hint: NULL, or of this very attempt */
int engine_request_read(const struct engine_rules *r,
    const struct engine_attempt *a, const struct engine_hint *hint,
    struct engine_request *out, struct err *e);
/* The value of one field as an operator says it; prefix too, of an ip. */
struct engine_named {
	uint8_t field;
	struct addr_prefix prefix; /* of an ip */
	struct engine_request request; /* value[field] is canonical */
};
int engine_named_read(const struct engine_rules *r, struct engine_text key,
    struct engine_text value, struct engine_named *out, struct err *e);

static inline bool
engine_is_event(const struct engine_rule *rule, struct engine_text event)
{
	return rule->event_len == event.len && event.len != 0 &&
	    str_same(rule->s.event, event.data, event.len);
}

bool engine_holds(
    const struct engine_rule *rule, const struct engine_request *q);

/* Of most rules the event alone says that they do not match. */
static inline bool
engine_matches(const struct engine_rule *rule, const struct engine_request *q)
{
	return engine_is_event(rule, q->event) &&
	    ((rule->s.when_count == 0 && q->value[KNOWN_IP].data != NULL) ||
		engine_holds(rule, q));
}

/* Where the name of a field or of an event stands. */
static inline size_t
engine_place(struct engine_text name)
{
	if (name.len == 0)
		return 0;
	return ((unsigned char)name.data[0] * 5u + name.len) % ENGINE_PLACES;
}

/*
 * All rules of the event, in their order, and maybe some of others: each
 * leads to the next one. The hidden ones are not among them.
 */
static inline uint8_t
engine_rules_first(const struct engine_rules *r, struct engine_text event)
{
	return r->event_first[engine_place(event)];
}

#endif
