/*
 * engine_driver: the engine behind a pipe, for models in other languages.
 * Reads one operation a line, words apart by blanks ("-" is an empty one),
 * and prints one line of answer.
 *
 *	engine_driver SETTINGS
 *
 *	attempt|check|open|close NOW UID EVENT [FIELD VALUE]...
 *	outcome NOW UID ID success|failure|error
 *	once NOW SCOPE VALUE EXPIRES
 *	block NOW KEY VALUE SECONDS	unblock|forget|show NOW KEY VALUE
 *	tick NOW	rotate NOW
 *	reload NOW FILE
 *	restart NOW FUZZ	through a snapshot and the log; FUZZ entries are
 *				written at a time while nothing happens
 *	begin NOW		starts a snapshot, which goes on bit by bit
 *				with the operations that follow
 */

#include "engine.h"
#include "engine_query.h"
#include "err.h"
#include "hash.h"
#include "mem.h"
#include "settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 64
#define LINE_MAX_ 4096
#define SNAPSHOT_STEP 3

struct log {
	unsigned char *data;
	size_t len, cap;
};

struct driver {
	struct engine *engine;
	struct hash_keys *keys;
	struct settings *settings;
	struct log log, snapshot;
	uint64_t cursor;
	bool running; /* a snapshot */
};

static void
die(const char *what, const char *why)
{
	fprintf(stderr, "engine_driver: %s: %s\n", what, why);
	exit(2);
}

static void
append(void *arg, const void *record, size_t n, bool durable)
{
	struct log *log = arg;
	uint16_t len = (uint16_t)n;

	(void)durable;
	if (log->len + n + sizeof(len) > log->cap) {
		log->cap = log->cap * 2 + 4096;
		log->data = realloc(log->data, log->cap);
		if (log->data == NULL)
			die("log", "out of memory");
	}
	memcpy(log->data + log->len, &len, sizeof(len));
	memcpy(log->data + log->len + sizeof(len), record, n);
	log->len += n + sizeof(len);
}

static void
replay(struct engine *x, const struct log *log, int64_t now)
{
	uint16_t len;
	size_t at;
	int ret;

	for (at = 0; at < log->len; at += len + sizeof(len)) {
		memcpy(&len, log->data + at, sizeof(len));
		ret = engine_replay(x, log->data + at + sizeof(len), len, now);
		if (ret != 0)
			die("replay", err_name(ret));
	}
}

static void
step_snapshot(struct driver *d, size_t max)
{
	struct engine_sink sink = { append, &d->snapshot };

	if (!d->running)
		return;
	engine_snapshot(d->engine, &d->cursor, max, &sink);
	d->running = d->cursor != 0;
}

static void
begin(struct driver *d)
{
	d->log.len = 0;
	d->snapshot.len = 0;
	d->cursor = 0;
	d->running = true;
}

/* What the old engine knows, only by what it wrote. */
static void
restart(struct driver *d, int64_t now)
{
	struct engine_sink sink = { append, &d->log };
	struct err e = { 0 };

	if (d->snapshot.len == 0 && !d->running)
		begin(d);
	step_snapshot(d, SIZE_MAX);
	engine_free(&d->engine);
	if (engine_new(d->settings, d->keys, &d->engine, &e) != 0)
		die("engine", e.text);
	replay(d->engine, &d->snapshot, now);
	replay(d->engine, &d->log, now);
	replay(d->engine, &d->log, now);
	engine_settle(d->engine, now);
	engine_attach(d->engine, &sink);
}

static struct engine_text
text(const char *word)
{
	struct engine_text t = { word,
		strcmp(word, "-") == 0 ? 0 : strlen(word) };

	return t;
}

static void
read_attempt(char **word, size_t words, struct engine_attempt *a)
{
	size_t i;

	memset(a, 0, sizeof(*a));
	a->uid = (uid_t)strtoul(word[2], NULL, 10);
	a->event = text(word[3]);
	for (i = 4; i + 1 < words && a->count < ENGINE_FIELDS_MAX; i += 2) {
		a->fields[a->count].name = text(word[i]);
		a->fields[a->count++].value = text(word[i + 1]);
	}
}

static void
print_answer(int ret, const struct engine_answer *a)
{
	static const char *const verdicts[] = { "deny", "delay", "allow" };

	if (ret != 0) {
		printf("error %s\n", err_name(ret));
		return;
	}
	printf("%s %s %u %u %u %s\n", verdicts[a->verdict],
	    a->rule != NULL ? a->rule : "-", a->count, a->limit, a->retry_after,
	    a->id[0] != '\0' ? a->id : "-");
}

static void
print_number(int ret)
{
	if (ret < 0)
		printf("error %s\n", err_name(ret));
	else
		printf("%d\n", ret);
}

static int
show_item(void *arg, const struct engine_item *item)
{
	(void)arg;
	printf("%s %d %u %u;", item->rule, (int)item->class, item->count,
	    item->retry_after);
	return 0;
}

static bool
run_attempt(struct driver *d, char **word, size_t words, int64_t now)
{
	struct engine_answer answer = { 0 };
	struct engine_attempt a;

	if (words < 4)
		return false;
	read_attempt(word, words, &a);
	if (strcmp(word[0], "attempt") == 0)
		print_answer(
		    engine_attempt(d->engine, &a, now, &answer, NULL), &answer);
	else if (strcmp(word[0], "check") == 0)
		print_answer(
		    engine_check(d->engine, &a, now, &answer, NULL), &answer);
	else if (strcmp(word[0], "open") == 0)
		print_answer(
		    engine_open(d->engine, &a, now, &answer, NULL), &answer);
	else if (strcmp(word[0], "close") == 0)
		print_number(engine_close(d->engine, &a, now, NULL));
	else
		return false;
	return true;
}

static bool
run_operator(struct driver *d, char **word, size_t words, int64_t now)
{
	struct engine_text key, value;
	struct engine_show show;

	if (words < 4)
		return false;
	key = text(word[2]);
	value = text(word[3]);
	show = (struct engine_show){ key, value, false };
	if (strcmp(word[0], "block") == 0 && words == 5)
		print_number(engine_block(d->engine, key, value,
		    strtoll(word[4], NULL, 10), now, NULL));
	else if (strcmp(word[0], "once") == 0 && words == 5)
		print_number(engine_once(d->engine, key, value,
		    strtoll(word[4], NULL, 10), now, NULL));
	else if (strcmp(word[0], "unblock") == 0)
		print_number(engine_unblock(d->engine, key, value, now, NULL));
	else if (strcmp(word[0], "forget") == 0)
		print_number(engine_forget(d->engine, key, value, now, NULL));
	else if (strcmp(word[0], "show") == 0)
		print_number(
		    engine_show(d->engine, &show, now, show_item, NULL, NULL));
	else
		return false;
	return true;
}

static bool
run_outcome(struct driver *d, char **word, size_t words, int64_t now)
{
	static const char *const outcomes[] = { "failure", "success", "error" };
	size_t i;

	if (strcmp(word[0], "outcome") != 0 || words != 5)
		return false;
	for (i = 0; i < 3 && strcmp(word[4], outcomes[i]) != 0;)
		i++;
	if (i == 3)
		return false;
	print_number(engine_outcome(d->engine, text(word[3]),
	    (enum engine_outcome)i, (uid_t)strtoul(word[2], NULL, 10), now));
	return true;
}

static void
reload(struct driver *d, const char *file)
{
	struct settings *s = NULL;
	struct err e = { 0 };

	if (settings_load(file, &s, &e) != 0)
		die(file, e.text);
	print_number(engine_reload(d->engine, s, &e));
	settings_free(&d->settings);
	d->settings = s;
}

static bool
run_rest(struct driver *d, char **word, size_t words, int64_t now)
{
	if (strcmp(word[0], "tick") == 0) {
		engine_tick(d->engine, now);
		puts("ok");
	} else if (strcmp(word[0], "begin") == 0) {
		begin(d);
		puts("ok");
	} else if (strcmp(word[0], "restart") == 0) {
		restart(d, now);
		puts("ok");
	} else if (strcmp(word[0], "rotate") == 0) {
		struct engine_stats stats;

		engine_stats(d->engine, &stats);
		if (hash_has_previous(d->keys) && stats.old_generation == 0)
			hash_keys_retire(d->keys, NULL);
		print_number(hash_keys_rotate(d->keys, NULL));
	} else if (strcmp(word[0], "reload") == 0 && words == 3) {
		reload(d, word[2]);
	} else {
		return false;
	}
	return true;
}

static void
run_line(struct driver *d, char *line)
{
	char *word[WORDS_MAX], *rest = line;
	size_t words = 0;
	int64_t now;

	line[strcspn(line, "\n")] = '\0';
	while (words < WORDS_MAX && (word[words] = strsep(&rest, " ")) != NULL)
		words++;
	if (words < 2)
		die("short line", line);
	now = strtoll(word[1], NULL, 10);
	if (!run_attempt(d, word, words, now) &&
	    !run_operator(d, word, words, now) &&
	    !run_outcome(d, word, words, now) && !run_rest(d, word, words, now))
		die("what is", word[0]);
	step_snapshot(d, SNAPSHOT_STEP);
}

int
main(int argc, char **argv)
{
	struct driver d = { 0 };
	struct engine_sink sink = { append, &d.log };
	struct err e = { 0 };
	char line[LINE_MAX_];

	if (argc != 2)
		die("usage", "engine_driver SETTINGS");
	if (settings_load(argv[1], &d.settings, &e) != 0)
		die("settings", e.text);
	if (hash_keys_load(NULL, &d.keys, &e) != 0 ||
	    engine_new(d.settings, d.keys, &d.engine, &e) != 0)
		die("engine", e.text);
	engine_attach(d.engine, &sink);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		run_line(&d, line);
		fflush(stdout);
	}
	engine_free(&d.engine);
	hash_keys_free(&d.keys);
	settings_free(&d.settings);
	free(d.log.data);
	free(d.snapshot.data);
	return 0;
}
