/* The text format of Prometheus, version 0.0.4. */

#include "metrics.h"

#include <stdio.h>

#include "command.h"
#include "engine_query.h"
#include "hash.h"
#include "outbuf.h"
#include "persist.h"
#include "watch.h"

void
metrics_turn(struct metrics *m, int64_t us)
{
	uint64_t n = us > 0 ? (uint64_t)us : 0;
	int bucket = n <= 1 ? 0 : 64 - __builtin_clzll(n - 1);

	m->turns[bucket < METRICS_BUCKETS ? bucket : METRICS_BUCKETS - 1]++;
	m->turn_count++;
	m->turn_us += n;
}

static void
head(struct outbuf *out, const char *name, const char *type, const char *what)
{
	outbuf_text(out, "# HELP fraudd_");
	outbuf_text(out, name);
	outbuf_text(out, " ");
	outbuf_text(out, what);
	outbuf_text(out, "\n# TYPE fraudd_");
	outbuf_text(out, name);
	outbuf_text(out, " ");
	outbuf_text(out, type);
	outbuf_text(out, "\n");
}

/* label may be NULL; both are plain words or escaped already. */
static void
sample(struct outbuf *out, const char *name, const char *label, uint64_t value)
{
	outbuf_text(out, "fraudd_");
	outbuf_text(out, name);
	if (label != NULL) {
		outbuf_text(out, "{");
		outbuf_text(out, label);
		outbuf_text(out, "}");
	}
	outbuf_text(out, " ");
	outbuf_integer(out, (int64_t)value);
	outbuf_text(out, "\n");
}

static void
single(struct outbuf *out, const char *name, const char *type, const char *what,
    uint64_t value)
{
	head(out, name, type, what);
	sample(out, name, NULL, value);
}

/* Names of rules are checked words of the configuration: no quotes. */
static void
per_rule(struct outbuf *out, const struct engine *x)
{
	static const char *const verdicts[] = { "deny", "delay", "allow" };
	static const char *const classes[] = { "single", "multi", "blocked" };
	struct engine_rule_stats s;
	char label[160];
	size_t i, k;

	head(out, "verdicts_total", "counter", "verdicts by rule");
	for (i = 0; i < engine_rules(x); i++) {
		engine_rule_stats(x, i, &s);
		for (k = 0; k <= ENGINE_ALLOW; k++) {
			snprintf(label, sizeof(label),
			    "rule=\"%s\",shadow=\"%d\",verdict=\"%s\"", s.name,
			    s.shadow, verdicts[k]);
			sample(out, "verdicts_total", label, s.verdicts[k]);
		}
	}
	head(out, "entries", "gauge", "entries of the table by rule");
	for (i = 0; i < engine_rules(x); i++) {
		engine_rule_stats(x, i, &s);
		for (k = 0; k < ENGINE_CLASSES - 1; k++) {
			snprintf(label, sizeof(label),
			    "rule=\"%s\",class=\"%s\"", s.name, classes[k]);
			sample(out, "entries", label, s.entries[k]);
		}
	}
}

static void
engine_part(struct outbuf *out, const struct engine *x)
{
	struct engine_stats s;
	char name[64];

	engine_stats(x, &s);
#define X(member, word, what) \
	snprintf(name, sizeof(name), "%s_total", word); \
	single(out, name, "counter", what, s.member);
	ENGINE_COUNTERS(X)
#undef X
	single(out, "operator_blocks", "gauge", "blocks set by an operator",
	    s.entries[ENGINE_OPERATOR]);
	single(out, "marks", "gauge", "marks of ONCE", s.marks);
	single(out, "old_generation_entries", "gauge",
	    "entries under the previous hash key", s.old_generation);
	single(out, "memory_used_bytes", "gauge", "table memory in use",
	    s.memory_used);
	single(out, "memory_max_bytes", "gauge", "table memory allowed",
	    s.memory_max);
	single(out, "reserved_used", "gauge", "slots of blocks and marks used",
	    s.reserved_used);
	single(out, "reserved_max", "gauge", "slots of blocks and marks",
	    s.reserved_max);
}

static void
turns(struct outbuf *out, const struct metrics *m)
{
	uint64_t sum = 0;
	char label[48];
	int i;

	head(out, "turn_seconds", "histogram",
	    "one turn of the loop for one connection");
	for (i = 0; i < METRICS_BUCKETS - 1; i++) {
		sum += m->turns[i];
		snprintf(label, sizeof(label), "le=\"%.6f\"",
		    (double)(UINT64_C(1) << i) / 1e6);
		sample(out, "turn_seconds_bucket", label, sum);
	}
	sample(out, "turn_seconds_bucket", "le=\"+Inf\"", m->turn_count);
	snprintf(label, sizeof(label), "%.6f", (double)m->turn_us / 1e6);
	outbuf_text(out, "fraudd_turn_seconds_sum ");
	outbuf_text(out, label);
	outbuf_text(out, "\n");
	sample(out, "turn_seconds_count", NULL, m->turn_count);
}

static void
daemon_part(struct outbuf *out, const struct command_env *env)
{
	const struct metrics *m = env->metrics;

	single(out, "connections", "gauge", "open connections", m->connections);
	single(out, "accepted_total", "counter", "connections", m->accepted);
	single(out, "accept_errors_total", "counter",
	    "connections that could not be accepted", m->accept_errors);
	single(out, "requests_total", "counter", "requests of all dialects",
	    m->requests);
	single(out, "broken_total", "counter",
	    "connections closed for bad framing", m->broken);
	single(out, "access_denied_total", "counter",
	    "requests without the right", m->denied_access);
	single(out, "timed_out_total", "counter",
	    "connections closed for silence", m->timed_out);
	single(out, "reloads_total", "counter", "reloads", m->reloads);
	single(out, "reload_errors_total", "counter",
	    "reloads that kept the old configuration", m->reload_errors);
	single(out, "watchers", "gauge", "connections that watch",
	    watch_count(env->watch));
	single(out, "watch_lost_total", "counter",
	    "events that were too many for a watcher", m->watch_lost);
	single(out, "hash_generation", "gauge", "generation of the hash key",
	    hash_generation(env->keys));
	single(out, "journal_lag_bytes", "gauge", "written and not on disk yet",
	    persist_lag(env->persist));
	single(out, "journal_healthy", "gauge", "1 when records are kept",
	    persist_trouble(env->persist) == NULL);
	single(out, "journal_lost_total", "counter",
	    "records that could not be kept", persist_lost(env->persist));
	single(out, "snapshots_total", "counter", "snapshots written",
	    persist_snapshots(env->persist));
	single(out, "snapshot_running", "gauge",
	    "1 while a snapshot is being written",
	    persist_snapshot_running(env->persist));
}

void
metrics_write(struct outbuf *out, const struct command_env *env)
{
	daemon_part(out, env);
	turns(out, env->metrics);
	engine_part(out, env->engine);
	per_rule(out, env->engine);
}
