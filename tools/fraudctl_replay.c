/*
 * A log through the engine of fraudd itself, in this process, with the time
 * that stands in the log. Nothing is asked of the daemon and nothing changes
 * there. A line that is older than the one before counts as of that one's
 * time: the clock of the engine never steps back.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "engine_query.h"
#include "err.h"
#include "fraudctl.h"
#include "fraudctl_log.h"
#include "fraudctl_tally.h"
#include "hash.h"
#include "json.h"
#include "mem.h"
#include "settings.h"
#include "str.h"

#define COMPLAINTS 5 /* lines that are shown with what is wrong */
#define TICK_MS 100

struct replay {
	const struct fraudctl *f;
	struct settings *settings; /* owns */
	struct hash_keys *keys; /* owns */
	struct engine *engine; /* owns */
	struct log_options options;
	struct log_line line;
	struct tally tally;
	int64_t now, ticked; /* ms, of the log */
	uint64_t lines, judged, others, bad, late;
};

static bool
asks_for(const struct settings *s, const char *field)
{
	size_t i;

	for (i = 0; i < s->rule_count; i++) {
		if (strcmp(s->rules[i].key, field) == 0 ||
		    strcmp(s->rules[i].field, field) == 0)
			return true;
	}
	return false;
}

static int
begin(struct replay *p)
{
	const struct fraudctl *f = p->f;
	struct err e = { 0 };
	int status, r;

	status = fraudctl_rules_load(f, &p->settings);
	if (status != FRAUDCTL_DONE)
		return status;
	p->options.event = f->event;
	p->options.match = f->match;
	p->options.method = asks_for(p->settings, "method");
	p->options.path = asks_for(p->settings, "path");
	p->options.status = asks_for(p->settings, "status");
	p->options.agent = asks_for(p->settings, "agent");
	if (f->status != NULL && !log_take_statuses(&p->options, f->status))
		return fraudctl_say(FRAUDCTL_USAGE,
		    "--status %s: is no list like 401,403", f->status);
	r = hash_keys_load(NULL, &p->keys, &e);
	if (r == 0)
		r = engine_new(p->settings, p->keys, &p->engine, &e);
	if (r == 0)
		r = tally_init(&p->tally);
	return r == 0 ? FRAUDCTL_DONE : fraudctl_fail(r, &e);
}

static void
done(struct replay *p)
{
	engine_free(&p->engine);
	hash_keys_free(&p->keys);
	settings_free(&p->settings);
	tally_done(&p->tally);
}

static void
complain(struct replay *p, const struct err *e)
{
	if (p->bad++ < COMPLAINTS)
		fprintf(stderr, "fraudctl: line %llu: %s\n",
		    (unsigned long long)p->lines, err_text(e, E_SYNTAX));
	else if (p->bad == COMPLAINTS + 1)
		fprintf(stderr, "fraudctl: and more like these\n");
}

/* The name of what was stopped, as the log has it where that can be. */
static const char *
name_of(const struct replay *p, const struct engine_answer *answer,
    char buf[TALLY_KEY_MAX])
{
	const struct engine_attempt *a = &p->line.attempt;
	struct engine_item item;
	size_t i;

	buf[0] = '\0';
	if (!engine_decider(p->engine, answer, true, &item))
		return buf;
	snprintf(buf, TALLY_KEY_MAX, "%s", item.key);
	for (i = 0; !item.plain && i < a->count; i++) {
		if (str_is(a->fields[i].name.data, a->fields[i].name.len,
			item.field))
			str_printable(buf, TALLY_KEY_MAX,
			    a->fields[i].value.data, a->fields[i].value.len);
	}
	return buf;
}

static void
judge(struct replay *p)
{
	char name[TALLY_KEY_MAX];
	struct engine_answer answer;
	struct err e = { 0 };

	if (p->line.ms < p->now)
		p->late++;
	else
		p->now = p->line.ms;
	if (p->now - p->ticked >= TICK_MS) {
		engine_tick(p->engine, p->now);
		p->ticked = p->now;
	}
	if (engine_attempt(p->engine, &p->line.attempt, p->now, &answer, &e) !=
	    0) {
		complain(p, &e);
		return;
	}
	p->judged++;
	tally_attempt(&p->tally, p->now, answer.verdict);
	if (answer.verdict != ENGINE_ALLOW)
		tally_stopped(&p->tally, p->now,
		    answer.rule != NULL ? answer.rule : "",
		    name_of(p, &answer, name));
}

static void
take_line(struct replay *p, const char *text, size_t n)
{
	struct err e = { 0 };

	p->lines++;
	if (n > LOG_LINE_MAX) {
		err_set(&e, E_SYNTAX, "is too long");
		complain(p, &e);
		return;
	}
	switch (log_read(text, n, &p->options, &p->line, &e)) {
	case LOG_ATTEMPT:
		judge(p);
		return;
	case LOG_OTHER:
		p->others++;
		return;
	case LOG_BAD:
		break;
	}
	complain(p, &e);
}

static int
read_all(struct replay *p)
{
	const char *file = p->f->operands[0];
	FILE *in = strcmp(file, "-") == 0 ? stdin : fopen(file, "re");
	char *text = NULL;
	size_t cap = 0;
	ssize_t n;
	int status = FRAUDCTL_DONE;

	if (in == NULL)
		return fraudctl_say(
		    FRAUDCTL_USAGE, "%s: %s", file, strerror(errno));
	while ((n = getline(&text, &cap, in)) > 0)
		take_line(p, text, (size_t)(n - (text[n - 1] == '\n')));
	if (ferror(in))
		status = fraudctl_say(
		    FRAUDCTL_UNAVAILABLE, "%s: %s", file, strerror(errno));
	free(text);
	if (in != stdin)
		fclose(in);
	return status;
}

static void
print_rules(const struct replay *p)
{
	struct engine_rule_stats s;
	size_t i;

	printf("\n%-20s %-12s %10s %10s %10s\n", "RULE", "EVENT", "DENY",
	    "DELAY", "ALLOW");
	for (i = 0; i < engine_rules(p->engine); i++) {
		engine_rule_stats(p->engine, i, &s);
		printf("%-20s %-12s %10llu %10llu %10llu%s\n", s.name, s.event,
		    (unsigned long long)s.verdicts[ENGINE_DENY],
		    (unsigned long long)s.verdicts[ENGINE_DELAY],
		    (unsigned long long)s.verdicts[ENGINE_ALLOW],
		    s.shadow ? "  shadow: decided nothing" : "");
	}
}

static int
print(const struct replay *p)
{
	char first[FRAUDCTL_TIME_MAX], last[FRAUDCTL_TIME_MAX];

	printf("%llu lines: %llu attempts, %llu of other kinds, %llu bad",
	    (unsigned long long)p->lines, (unsigned long long)p->judged,
	    (unsigned long long)p->others, (unsigned long long)p->bad);
	if (p->late > 0)
		printf(", %llu older than the one before",
		    (unsigned long long)p->late);
	putchar('\n');
	if (p->judged > 0)
		printf("from %s to %s\n",
		    fraudctl_time(p->tally.first / 1000, first),
		    fraudctl_time(p->tally.last / 1000, last));
	printf("denied %llu, delayed %llu, allowed %llu\n",
	    (unsigned long long)p->tally.verdicts[ENGINE_DENY],
	    (unsigned long long)p->tally.verdicts[ENGINE_DELAY],
	    (unsigned long long)p->tally.verdicts[ENGINE_ALLOW]);
	print_rules(p);
	tally_picture(&p->tally, stdout);
	tally_keys(&p->tally, stdout);
	return fraudctl_flush();
}

static int
put_rule(const struct replay *p, size_t i, struct json *array)
{
	struct engine_rule_stats s;
	struct json *one = NULL;
	int r = json_make_object(&one);

	engine_rule_stats(p->engine, i, &s);
	if (r == 0)
		r = json_put_string(one, "rule", s.name);
	if (r == 0)
		r = json_put_string(one, "event", s.event);
	if (r == 0)
		r = json_put_bool(one, "shadow", s.shadow);
	if (r == 0)
		r = json_put_integer(
		    one, "deny", (int64_t)s.verdicts[ENGINE_DENY]);
	if (r == 0)
		r = json_put_integer(
		    one, "delay", (int64_t)s.verdicts[ENGINE_DELAY]);
	if (r == 0)
		r = json_put_integer(
		    one, "allow", (int64_t)s.verdicts[ENGINE_ALLOW]);
	if (r != 0) {
		json_free(&one);
		return r;
	}
	return json_append(array, one);
}

static int
build_json(const struct replay *p, struct json *out)
{
	const struct {
		const char *name;
		uint64_t value;
	} numbers[] = { { "lines", p->lines }, { "attempts", p->judged },
		{ "others", p->others }, { "bad", p->bad },
		{ "late", p->late } };
	struct json *rules = NULL;
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < sizeof(numbers) / sizeof(numbers[0]); i++)
		r = json_put_integer(
		    out, numbers[i].name, (int64_t)numbers[i].value);
	if (r == 0)
		r = json_make_array(&rules);
	for (i = 0; r == 0 && i < engine_rules(p->engine); i++)
		r = put_rule(p, i, rules);
	if (r != 0) {
		json_free(&rules);
		return r;
	}
	r = json_put(out, "rules", rules);
	return r == 0 ? tally_json(&p->tally, out) : r;
}

static int
print_json(const struct replay *p)
{
	struct json *out = NULL;
	int r = json_make_object(&out);

	if (r == 0)
		r = build_json(p, out);
	if (r == 0)
		return fraudctl_print_json(&out, true);
	json_free(&out);
	return fraudctl_fail(r, NULL);
}

int
fraudctl_replay(const struct fraudctl *f)
{
	struct replay *p = mem_alloc(sizeof(*p));
	int status;

	if (p == NULL)
		return fraudctl_fail(E_NOMEM, NULL);
	p->f = f;
	status = begin(p);
	if (status == FRAUDCTL_DONE)
		status = read_all(p);
	if (status == FRAUDCTL_DONE) {
		tally_sort(&p->tally);
		status = f->json ? print_json(p) : print(p);
		if (status == FRAUDCTL_DONE && p->judged == 0)
			status = fraudctl_say(
			    FRAUDCTL_REFUSED, "no line is an attempt");
	}
	done(p);
	mem_free(&p, sizeof(*p));
	return status;
}
