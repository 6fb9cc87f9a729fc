/*
 * gate_state: what decisions rest on, as it was at one moment: a
 * configuration, the keys of its issuers, its revocations. Only gate*.c
 * include this.
 */

#ifndef JWTGATE_GATE_STATE_H
#define JWTGATE_GATE_STATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"

struct config;
struct config_policy;
struct fraud_client;
struct jws_headers;
struct keyring;
struct roles_cache;
struct shelf;
struct source;

/* Never changes, but that keys and revocations come in when asked for. */
struct gate_state {
	atomic_uint holders;
	uint64_t generation;
	struct source *config; /* holds */
	struct keyring *keys; /* owns */
	struct jws_headers *headers; /* owns; good under these keys */
	struct shelf *revocations; /* owns; by struct config_policy */
	struct shelf *directories; /* owns; by struct config_directory */
	struct roles_cache *answers; /* owns */
};

#define GATE_SLOTS 32
#define GATE_NOTICES 8
#define GATE_LINE 64 /* bytes of a cache line */

/* One reference at rest, taken out by whoever decides. */
struct gate_slot {
	struct gate_state *_Atomic state;
	char apart[GATE_LINE - sizeof(void *)];
};

struct gate {
	struct gate_slot slots[GATE_SLOTS];
	_Atomic uint64_t generation; /* of current */
	_Atomic int64_t looked; /* when the files were last looked at */
	_Atomic pid_t looking; /* lock: who looks at the files */
	_Atomic int64_t looking_since; /* deadline_now(); 0: nobody looks */
	_Atomic bool hang_said; /* of this look */
	_Atomic pid_t lock; /* of all below */
	char *path; /* owns; never changes */
	struct fraud_client *fraud; /* owns */
	_Atomic int64_t away_said; /* when; INT64_MIN: fraudd answers */
	struct gate_state *current; /* holds */
	char notices[GATE_NOTICES][ERR_TEXT_MAX];
	unsigned notice_first;
	_Atomic unsigned notice_count;
};

/* The first state of a gate. Returns 0 or a code of err.h. */
int gate_state_open(struct gate *g, struct err *e);
void gate_state_close(struct gate *g);

/*
 * The state of today, held until gate_state_put(). Looks at the files when
 * that was not done in this second; waits for another thread that does, half
 * a second at most. Never NULL.
 */
struct gate_state *gate_state_take(struct gate *g, int64_t now);
void gate_state_put(struct gate *g, struct gate_state *s);

/* Leaves a sentence for gate_notice(). */
void gate_state_notice(struct gate *g, const char *sentence);

/* The configuration of a state, borrowed. */
const struct config *gate_state_config(const struct gate_state *s);

#endif
