/*
 * engine_priv: what the files of the engine share.
 */

#ifndef JWTGATE_ENGINE_PRIV_H
#define JWTGATE_ENGINE_PRIV_H

#include "engine.h"
#include "engine_query.h"
#include "engine_recent.h"
#include "engine_rules.h"
#include "hash.h"
#include "table.h"

/* An entry that answers for a key under a rule. */
struct engine_found {
	struct table_id id; /* of a new entry, where there is none */
	uint32_t slot; /* 0: none */
	uint32_t generation; /* of the hashes; 0: no hashes */
};

/* What one rule says. */
struct engine_count {
	enum engine_verdict verdict;
	uint32_t count;
	int64_t end; /* ms, of what stands */
	bool added; /* something an outcome may take back */
	bool overflow; /* the policy answered */
	uint32_t slot; /* 0: none */
	uint32_t check; /* of the key in it */
	uint64_t value;
};

struct engine {
	const struct hash_keys *keys; /* borrowed */
	struct engine_sink sink;
	struct engine_watch watch; /* seen NULL: nobody */
	struct table *table;
	struct engine_rules *rules; /* owns */
	struct engine_recent recent;
	struct engine_stats stats;
	const struct engine_hint *hint; /* of the next attempt; NULL */
	bool leaving[TABLE_GROUPS]; /* a rule that is gone */
	int64_t now, ticked;
};

/* engine_find.c */
uint32_t engine_seconds(int64_t now); /* rounded up */
void engine_addr_key(const struct addr *a, uint8_t out[16]);
/* The key of an address under a rule. */
void engine_prefix_key(
    const struct engine_rule *rule, const struct addr *a, uint8_t out[16]);
struct addr engine_key_addr(const uint8_t key[16]);
bool engine_hash_key(const struct engine *x, uint32_t generation, uint8_t field,
    const struct engine_request *q, uint8_t out[16]);
uint64_t engine_hash_value(const struct engine *x, uint32_t generation,
    const struct engine_rule *rule, const struct engine_request *q);
uint32_t engine_generation_of(
    const struct engine *x, const struct table_entry *entry);
/* Bits of a level's prefix; 0: this rule has no such level here. */
uint8_t engine_level_bits(
    const struct engine_rule *rule, uint8_t family, enum table_level level);
void engine_find(struct engine *x, const struct engine_rule *rule,
    const struct engine_request *q, struct engine_found *out);
struct engine_rule *engine_rule_of(const struct engine *x, uint8_t group);

/* engine_count.c */
void engine_count(struct engine *x, const struct engine_rule *rule,
    const struct engine_request *q, bool write, struct engine_count *out);
void engine_judge(const struct engine_rule *rule, struct engine_count *c);
void engine_take_back(
    struct engine *x, const struct engine_add *add, int64_t time);

/* engine_trust.c */
bool engine_trusted(struct engine *x, const struct engine_rule *rule,
    const struct engine_request *q);
/* A hash of event, user and address; 0 when one of them is missing. */
uint64_t engine_trust_pair(const struct engine *x, uint32_t generation,
    const struct engine_request *q);
/* The key of such a user's own count at that address. */
bool engine_trust_key(const struct engine *x, uint32_t generation,
    const struct engine_request *q, uint8_t out[16]);
/* The user of that pair succeeded from its address just now. */
void engine_trust(struct engine *x, uint64_t pair);

/* engine_fold.c: false when the policy must answer instead. */
bool engine_block_entry(
    struct engine *x, const struct engine_rule *rule, uint32_t *slot);

/* engine_operator.c: the slot of the block that ends last; 0: none. */
uint32_t engine_operator_find(struct engine *x, const struct engine_request *q);

/* The field of a block that is no address; "" when no rule knows it now. */
const char *engine_operator_field(
    const struct engine *x, const struct table_entry *entry);
/* Blocks of just this, or of an address all round it. */
size_t engine_operator_slots(struct engine *x, const struct engine_named *named,
    uint32_t *slots, size_t max);

/* engine_named.c: a rule has four levels at most, and there are blocks */
#define ENGINE_NAMED_SLOTS (4 * SETTINGS_RULES_MAX + 130)
size_t engine_named_slots(struct engine *x, const struct engine_named *named,
    bool operators, uint32_t slots[ENGINE_NAMED_SLOTS]);

/* engine_attempt.c */
bool engine_exempt(const struct engine *x, const struct engine_request *q);
void engine_answer_start(struct engine_answer *out);
/* Worst of all so far, and of the best the one nearest to its limit. */
void engine_answer_take(struct engine_answer *out,
    const struct engine_rule *rule, const struct engine_count *c, int64_t now);

/* engine_record.c */
#define RECORD_NO_VALUE UINT32_MAX
void engine_record(struct engine *x, uint32_t slot, uint32_t i);
void engine_record_durable(struct engine *x, uint32_t slot);
void engine_record_removed(struct engine *x, uint32_t slot, bool durable);

#endif
