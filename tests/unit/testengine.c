/*
 * testengine: see testengine.h.
 */

#include "testengine.h"

#include "testutil.h"

#include "err.h"

#define LINE_MAX_ 512

void
test_engine_new(struct test_engine *t, const char *settings,
    const struct test_engine *keys_of)
{
	struct err e = { 0 };

	memset(t, 0, sizeof(*t));
	t->now = TEST_NOW;
	if (keys_of != NULL)
		t->keys = keys_of->keys;
	else if (hash_keys_load(NULL, &t->keys, &e) != 0)
		fail_msg("%s", e.text);
	if (settings_parse(
		settings, strlen(settings), "test", &t->settings, &e) != 0 ||
	    engine_new(t->settings, t->keys, &t->x, &e) != 0)
		fail_msg("%s", e.text);
}

void
test_engine_done(struct test_engine *t)
{
	engine_free(&t->x);
	settings_free(&t->settings);
	hash_keys_free(&t->keys);
}

struct engine_text
ask_text(const char *s)
{
	struct engine_text text = { s, strlen(s) };

	return text;
}

static void
read_words(struct test_engine *t, char *line, struct engine_attempt *a)
{
	char *rest = line, *word;

	memset(a, 0, sizeof(*a));
	a->uid = t->uid;
	a->event = ask_text(strsep(&rest, " "));
	while ((word = strsep(&rest, " ")) != NULL) {
		assert_true(a->count < ENGINE_FIELDS_MAX);
		a->fields[a->count].name = ask_text(word);
		word = strsep(&rest, " ");
		a->fields[a->count++].value = ask_text(
		    word != NULL ? word : "");
	}
}

typedef int verb_fn(struct engine *x, const struct engine_attempt *a,
    int64_t now, struct engine_answer *out, struct err *e);

static int
ask(struct test_engine *t, const char *words, verb_fn *verb)
{
	struct engine_attempt a;
	char line[LINE_MAX_];

	assert_true(strlen(words) < sizeof(line));
	memcpy(line, words, strlen(words) + 1);
	read_words(t, line, &a);
	return verb(t->x, &a, t->now, &t->answer, NULL);
}

int
ask_attempt(struct test_engine *t, const char *words)
{
	return ask(t, words, engine_attempt);
}

int
ask_check(struct test_engine *t, const char *words)
{
	return ask(t, words, engine_check);
}

int
ask_open(struct test_engine *t, const char *words)
{
	return ask(t, words, engine_open);
}

static int
close_verb(struct engine *x, const struct engine_attempt *a, int64_t now,
    struct engine_answer *out, struct err *e)
{
	(void)out;
	return engine_close(x, a, now, e);
}

int
ask_close(struct test_engine *t, const char *words)
{
	return ask(t, words, close_verb);
}

void
ask_answer_is(const struct test_engine *t, const char *want)
{
	static const char *const verdicts[] = { "deny", "delay", "allow" };
	const struct engine_answer *a = &t->answer;
	char got[LINE_MAX_];
	int n;

	n = snprintf(got, sizeof(got), "%s%s%s %u/%u", verdicts[a->verdict],
	    a->rule != NULL ? " " : "", a->rule != NULL ? a->rule : "",
	    a->count, a->limit);
	if (a->retry_after != 0)
		snprintf(
		    got + n, sizeof(got) - (size_t)n, " %u", a->retry_after);
	assert_string_equal(got, want);
}

void
ask_says(struct test_engine *t, const char *words, const char *want)
{
	assert_int_equal(ask_attempt(t, words), 0);
	ask_answer_is(t, want);
}

void
ask_check_says(struct test_engine *t, const char *words, const char *want)
{
	assert_int_equal(ask_check(t, words), 0);
	ask_answer_is(t, want);
}

int
ask_outcome(struct test_engine *t, enum engine_outcome outcome)
{
	return engine_outcome(
	    t->x, ask_text(t->answer.id), outcome, t->uid, t->now);
}
