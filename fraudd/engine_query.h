/*
 * engine_query: what the engine holds, for people: SHOW, LIST, TOP, STATS and
 * the metrics. Nothing here changes a count.
 */

#ifndef JWTGATE_ENGINE_QUERY_H
#define JWTGATE_ENGINE_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine.h"

#define ENGINE_KEY_TEXT_MAX 64

enum engine_class {
	ENGINE_SINGLE = 0, /* one value, one attempt, or sessions */
	ENGINE_MULTI,
	ENGINE_BLOCKED, /* at the limit of a rule, its prefix blocks too */
	ENGINE_OPERATOR, /* blocked by an operator */
	ENGINE_CLASSES
};

/* One key under one rule, or one block of an operator. */
struct engine_item {
	const char *rule; /* ENGINE_RULE_OPERATOR for an operator's block */
	const char *field; /* key word: ip, user, ... */
	/* An address or prefix where the caller may read it, else and for
	 * all other keys an id that is the same each time. */
	char key[ENGINE_KEY_TEXT_MAX];
	bool plain; /* key is an address */
	bool shadow;
	enum engine_class class;
	enum engine_verdict verdict; /* what the next attempt meets */
	uint32_t count, limit;
	uint32_t retry_after; /* s until it is forgotten; 0: never */
	/* s since 1970; 0: not known, or never */
	uint32_t since; /* a block: when it began */
	uint32_t from; /* when its window last began */
	uint32_t until; /* when it is forgotten */
	const struct settings_rule *meaning; /* NULL: an operator's block */
};

/* Return anything but 0 to stop. item is borrowed for the call. */
typedef int engine_item_fn(void *arg, const struct engine_item *item);

/*
 * All that counts against one key: its counts, its blocks, the blocks of
 * prefixes round it. Returns how many there were, or E_SYNTAX.
 */
struct engine_show {
	struct engine_text key, value; /* why: the id is the value */
	bool plain; /* the caller may read addresses */
};
int engine_show(struct engine *x, const struct engine_show *q, int64_t now,
    engine_item_fn *fn, void *arg, struct err *e);

/*
 * What an attempt's id leads to: first what decided, then what it added to.
 * Returns how many; 0 when the id is unknown, or its entries are gone. An id
 * is good until a restart, and for an attempt that was allowed until newer
 * ones have taken its place.
 */
int engine_why(struct engine *x, const struct engine_show *id, int64_t now,
    engine_item_fn *fn, void *arg);

/* What decided; false when there is no entry of it, or it is gone. */
bool engine_decider(const struct engine *x, const struct engine_answer *a,
    bool plain, struct engine_item *out);

/*
 * A page of everything: *cursor is 0 first, then what it left, until it is 0
 * again. Looks at most at max slots in one call, so it may find nothing.
 */
struct engine_list {
	struct engine_text rule; /* empty: every rule */
	int class; /* enum engine_class, or -1: every class */
	size_t max;
	bool plain;
};
void engine_list(struct engine *x, const struct engine_list *q,
    uint64_t *cursor, int64_t now, engine_item_fn *fn, void *arg);

/*
 * The keys nearest to their limits, of those touched last (at most 4096 per
 * rule and class are looked at), the hottest first; at most max, 100.
 */
void engine_top(struct engine *x, const struct engine_list *q, int64_t now,
    engine_item_fn *fn, void *arg);

/* Per rule, in the order of the configuration. */
struct engine_rule_stats {
	const char *name, *event;
	bool shadow;
	uint32_t limit, window;
	uint64_t entries[ENGINE_CLASSES - 1]; /* now */
	/* verdicts of this rule since the start; of a shadow rule: what it
	 * would have said */
	uint64_t verdicts[ENGINE_ALLOW + 1];
};

/* X(member, word, what it counts since the start); for STATS and metrics. */
#define ENGINE_COUNTERS(X) \
	X(attempts, "attempts", "attempts counted") \
	X(checks, "checks", "questions that counted nothing") \
	X(denied, "denied", "attempts denied") \
	X(delayed, "delayed", "attempts delayed") \
	X(allowed, "allowed", "attempts allowed") \
	X(exempted, "exempted", "attempts exempt or without a rule") \
	X(refused, "refused", "requests with a mistake in them") \
	X(amended, "amended", "outcomes taken") \
	X(amend_missed, "amend_missed", "outcomes unknown or too late") \
	X(once_first, "once_first", "marks set") \
	X(once_again, "once_again", "marks met again") \
	X(once_full, "once_full", "marks that could not be kept") \
	X(expired, "expired", "entries at their natural end") \
	X(evicted_single, "evicted_single", "one-value entries evicted") \
	X(evicted_multi, "evicted_multi", "larger entries evicted") \
	X(evicted_blocked, "evicted_blocked", "rule blocks evicted") \
	X(quota_single, "quota_single", "evicted by the network's quota") \
	X(quota_multi, "quota_multi", "larger ones, by the quota") \
	X(folded_64, "folded_64", "blocks folded into a /64") \
	X(folded_56, "folded_56", "blocks folded into a /56") \
	X(folded_48, "folded_48", "blocks folded into a /48") \
	X(folded_24, "folded_24", "blocks folded into a /24") \
	X(overflow_deny, "overflow_deny_new", "answers of deny-new") \
	X(overflow_allow, "overflow_permissive", "answers of permissive") \
	X(replay_skipped, "replay_skipped", "records of others, on replay")

struct engine_stats {
#define X(member, word, what) uint64_t member;
	ENGINE_COUNTERS(X)
#undef X
	/* now */
	uint64_t entries[ENGINE_CLASSES];
	uint64_t marks, old_generation;
	uint64_t memory_used, memory_max; /* bytes, everything counted */
	uint64_t reserved_used, reserved_max; /* slots of blocks and marks */
};
void engine_stats(const struct engine *x, struct engine_stats *out);
size_t engine_rules(const struct engine *x);
void engine_rule_stats(
    const struct engine *x, size_t i, struct engine_rule_stats *out);

#endif
