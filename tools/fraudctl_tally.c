/*
 * Spans start at a second each. When the log runs over the last one, two and
 * two become one, and each is twice as wide.
 */

#include "fraudctl_tally.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "fraudctl.h"
#include "json.h"
#include "mem.h"

#define INDEX (2 * TALLY_KEYS_MAX) /* a power of two */
#define WIDTH 50

int
tally_init(struct tally *t)
{
	memset(t, 0, sizeof(*t));
	t->keys = mem_array(TALLY_KEYS_MAX, sizeof(*t->keys));
	t->index = mem_array(INDEX, sizeof(*t->index));
	if (t->keys != NULL && t->index != NULL)
		return 0;
	tally_done(t);
	return E_NOMEM;
}

void
tally_done(struct tally *t)
{
	free(t->keys);
	free(t->index);
	memset(t, 0, sizeof(*t));
}

static void
widen(struct tally *t)
{
	size_t i, k;

	for (i = 0; i < TALLY_SPANS / 2; i++) {
		t->spans[i] = t->spans[2 * i];
		for (k = 0; k <= ENGINE_ALLOW; k++)
			t->spans[i].verdicts[k] += t->spans[2 * i + 1]
						       .verdicts[k];
	}
	memset(&t->spans[i], 0, sizeof(t->spans) / 2);
	t->width *= 2;
}

void
tally_attempt(struct tally *t, int64_t ms, enum engine_verdict verdict)
{
	if (t->width == 0) {
		t->first = ms;
		t->start = ms - ms % 1000;
		t->width = 1000;
	}
	while (ms - t->start >= t->width * TALLY_SPANS)
		widen(t);
	t->last = ms;
	t->spans[(ms - t->start) / t->width].verdicts[verdict]++;
	t->verdicts[verdict]++;
}

static uint32_t
hash(const char *rule, const char *key)
{
	uint32_t h = 2166136261u;

	for (; *rule != '\0'; rule++)
		h = (h ^ (unsigned char)*rule) * 16777619u;
	for (h *= 16777619u; *key != '\0'; key++)
		h = (h ^ (unsigned char)*key) * 16777619u;
	return h ^ h >> 15;
}

void
tally_stopped(struct tally *t, int64_t ms, const char *rule, const char *key)
{
	size_t at = hash(rule, key) % INDEX;
	struct tally_key *k = NULL;

	for (; t->index[at] != 0; at = (at + 1) % INDEX) {
		k = &t->keys[t->index[at] - 1];
		if (strcmp(k->rule, rule) == 0 && strcmp(k->key, key) == 0)
			break;
		k = NULL;
	}
	if (k == NULL && t->key_count == TALLY_KEYS_MAX) {
		t->others++;
		return;
	}
	if (k == NULL) {
		k = &t->keys[t->key_count++];
		t->index[at] = (uint32_t)t->key_count;
		k->rule = rule;
		snprintf(k->key, sizeof(k->key), "%s", key);
		k->first = ms;
	}
	k->count++;
	k->last = ms;
}

static int
more(const void *a, const void *b)
{
	const struct tally_key *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return x->first < y->first ? -1 : x->first > y->first;
}

void
tally_sort(struct tally *t)
{
	if (t->key_count > 1)
		qsort(t->keys, t->key_count, sizeof(*t->keys), more);
}

static uint64_t
sum(const struct tally_span *s)
{
	return s->verdicts[ENGINE_DENY] + s->verdicts[ENGINE_DELAY] +
	    s->verdicts[ENGINE_ALLOW];
}

static void
cells(FILE *to, char mark, uint64_t part, uint64_t most)
{
	/* whatever there is of a verdict is seen */
	uint64_t n = (part * WIDTH + most - 1) / most;

	for (; n > 0; n--)
		fputc(mark, to);
}

void
tally_picture(const struct tally *t, FILE *to)
{
	char text[FRAUDCTL_TIME_MAX];
	uint64_t most = 1;
	size_t i,
	    end = t->width == 0 ? 0 :
				  (size_t)((t->last - t->start) / t->width) + 1;

	for (i = 0; i < end; i++)
		most = sum(&t->spans[i]) > most ? sum(&t->spans[i]) : most;
	if (end > 0)
		fprintf(to,
		    "\nattempts in %s each; # denied, + delayed, . allowed\n",
		    fraudctl_duration(t->width / 1000, text));
	for (i = 0; i < end; i++) {
		fprintf(to, "%s |",
		    fraudctl_time(
			(t->start + (int64_t)i * t->width) / 1000, text));
		cells(to, '#', t->spans[i].verdicts[ENGINE_DENY], most);
		cells(to, '+', t->spans[i].verdicts[ENGINE_DELAY], most);
		cells(to, '.', t->spans[i].verdicts[ENGINE_ALLOW], most);
		if (sum(&t->spans[i]) > 0)
			fprintf(
			    to, " %llu", (unsigned long long)sum(&t->spans[i]));
		fputc('\n', to);
	}
}

void
tally_keys(const struct tally *t, FILE *to)
{
	char first[FRAUDCTL_TIME_MAX], last[FRAUDCTL_TIME_MAX];
	const struct tally_key *k;
	size_t i;

	if (t->key_count == 0)
		return;
	fprintf(to,
	    "\nstopped: %zu keys, most often\n%-32s %-18s %9s  %-20s %s\n",
	    t->key_count, "KEY", "RULE", "ATTEMPTS", "FIRST", "LAST");
	for (i = 0; i < t->key_count && i < TALLY_SHOWN; i++) {
		k = &t->keys[i];
		fprintf(to, "%-32s %-18s %9llu  %s %s  ", k->key, k->rule,
		    (unsigned long long)k->count,
		    fraudctl_time(k->first / 1000, first),
		    fraudctl_time(k->last / 1000, last));
		fraudctl_bar(to, k->count, t->keys[0].count, 16);
		fputc('\n', to);
	}
	if (t->key_count > TALLY_SHOWN)
		fprintf(to, "and %zu more\n", t->key_count - TALLY_SHOWN);
	if (t->others > 0)
		fprintf(to, "and %llu attempts of keys beyond these\n",
		    (unsigned long long)t->others);
}

static int
put_verdicts(struct json *object, const uint64_t verdicts[ENGINE_ALLOW + 1])
{
	static const char *const names[] = { "deny", "delay", "allow" };
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i <= ENGINE_ALLOW; i++)
		r = json_put_integer(object, names[i], (int64_t)verdicts[i]);
	return r;
}

static int
put_time(struct json *object, const char *name, int64_t ms)
{
	char text[FRAUDCTL_TIME_MAX];

	return json_put_string(object, name, fraudctl_time(ms / 1000, text));
}

static int
add_span(const struct tally *t, size_t i, struct json *array)
{
	struct json *one = NULL;
	int r = json_make_object(&one);

	if (r == 0)
		r = put_time(one, "from", t->start + (int64_t)i * t->width);
	if (r == 0)
		r = put_verdicts(one, t->spans[i].verdicts);
	if (r != 0) {
		json_free(&one);
		return r;
	}
	return json_append(array, one);
}

static int
add_key(const struct tally_key *k, struct json *array)
{
	struct json *one = NULL;
	int r = json_make_object(&one);

	if (r == 0)
		r = json_put_string(one, "key", k->key);
	if (r == 0)
		r = json_put_string(one, "rule", k->rule);
	if (r == 0)
		r = json_put_integer(one, "attempts", (int64_t)k->count);
	if (r == 0)
		r = put_time(one, "first", k->first);
	if (r == 0)
		r = put_time(one, "last", k->last);
	if (r != 0) {
		json_free(&one);
		return r;
	}
	return json_append(array, one);
}

int
tally_json(const struct tally *t, struct json *object)
{
	struct json *spans = NULL, *keys = NULL;
	size_t i,
	    end = t->width == 0 ? 0 :
				  (size_t)((t->last - t->start) / t->width) + 1;
	int r;

	r = put_verdicts(object, t->verdicts);
	if (r == 0)
		r = json_put_integer(object, "span_seconds", t->width / 1000);
	if (r == 0)
		r = json_make_array(&spans);
	for (i = 0; r == 0 && i < end; i++)
		r = add_span(t, i, spans);
	if (r == 0) {
		r = json_put(object, "spans", spans);
		spans = NULL;
	}
	if (r == 0)
		r = json_make_array(&keys);
	for (i = 0; r == 0 && i < t->key_count; i++)
		r = add_key(&t->keys[i], keys);
	if (r == 0) {
		r = json_put(object, "keys", keys);
		keys = NULL;
	}
	json_free(&spans);
	json_free(&keys);
	return r;
}
