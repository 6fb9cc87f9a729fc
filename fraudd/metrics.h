/*
 * metrics: what the daemon counts about itself, and everything that is
 * counted as Prometheus text. Names of rules are labels; a key never is.
 */

#ifndef JWTGATE_METRICS_H
#define JWTGATE_METRICS_H

#include <stdint.h>

struct command_env;
struct outbuf;

/* Upper ends of the latency buckets: 1 us, 2 us, 4 us ... 2^19 us, more. */
#define METRICS_BUCKETS 21

struct metrics {
	uint64_t connections; /* open now */
	uint64_t accepted, accept_errors;
	uint64_t requests; /* all dialects */
	uint64_t broken; /* connections closed for bad framing */
	uint64_t denied_access; /* NOPERM, 403 */
	uint64_t timed_out;
	uint64_t reloads, reload_errors;
	uint64_t watch_lost; /* events that a watcher did not see */
	/* how long one turn of a connection took: read, decide, write */
	uint64_t turns[METRICS_BUCKETS];
	uint64_t turn_count, turn_us;
};

void metrics_turn(struct metrics *m, int64_t us);
void metrics_write(struct outbuf *out, const struct command_env *env);

#endif
