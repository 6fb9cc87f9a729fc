/* What fraudd holds: of a key, of an attempt, of everything. */

#include <string.h>

#include "fraudctl.h"
#include "fraudctl_client.h"
#include "json.h"
#include "str.h"

#define SHOWN_MAX 256

/* A text of fraudd's as one that cannot harm a terminal. */
static const char *
safe(const struct resp *map, const char *name, char buf[SHOWN_MAX])
{
	const char *text = resp_text(map, name);

	return str_printable(buf, SHOWN_MAX, text, strlen(text));
}

static void
print_head(void)
{
	printf("%-20s %-8s %-40s %-8s %-7s %11s  %s\n", "RULE", "KEY", "VALUE",
	    "CLASS", "VERDICT", "COUNT", "ENDS IN");
}

static void
print_entry(const struct resp *e)
{
	char rule[SHOWN_MAX], key[SHOWN_MAX], value[SHOWN_MAX];
	char count[48], ends[FRAUDCTL_TIME_MAX];
	int64_t left = resp_number(e, "retry_after");

	snprintf(count, sizeof(count), "%lld/%lld",
	    (long long)resp_number(e, "count"),
	    (long long)resp_number(e, "limit"));
	printf("%-20s %-8s %-40s %-8s %-7s %11s  %s%s\n", safe(e, "rule", rule),
	    safe(e, "key", key), safe(e, "value", value), resp_text(e, "class"),
	    resp_text(e, "verdict"), resp_number(e, "limit") != 0 ? count : "-",
	    left == 0 ? "never" : fraudctl_duration(left, ends),
	    resp_number(e, "shadow") != 0 ? "  (shadow)" : "");
}

static int
print_list(const struct fraudctl *f, const struct resp *list)
{
	struct json *out = NULL;
	size_t i;

	if (f->json) {
		if (resp_maps_json(list, &out) != 0)
			return fraudctl_say(
			    FRAUDCTL_UNAVAILABLE, "out of memory");
		return fraudctl_print_json(&out, true);
	}
	for (i = 0; i < list->count; i++)
		print_entry(&list->items[i]);
	return fraudctl_flush();
}

int
fraudctl_show(const struct fraudctl *f)
{
	const char *words[3] = { "SHOW", NULL, NULL };
	struct client *c = NULL;
	struct fraudctl_key key;
	struct resp answer;
	size_t at = 0, found = 0;
	int status;

	status = fraudctl_open(f, &c);
	while (status == FRAUDCTL_DONE && at < f->operand_count) {
		status = fraudctl_key_take(f, &at, &key);
		if (status != FRAUDCTL_DONE)
			break;
		words[1] = key.key;
		words[2] = key.value;
		memset(&answer, 0, sizeof(answer));
		status = fraudctl_ask(c, words, 3, &answer);
		if (status != FRAUDCTL_DONE)
			break;
		if (found == 0 && answer.count > 0 && !f->json)
			print_head();
		found += answer.count;
		status = print_list(f, &answer);
		resp_free(&answer);
	}
	client_close(&c);
	if (status == FRAUDCTL_DONE && found == 0)
		return fraudctl_say(FRAUDCTL_REFUSED, "nothing counts here");
	return status;
}

/* How one reason reads to a person who is asked at three in the morning. */
static void
print_operator(const struct resp *e)
{
	char key[SHOWN_MAX], value[SHOWN_MAX];
	char since[FRAUDCTL_TIME_MAX], until[FRAUDCTL_TIME_MAX];

	printf("%s %s is blocked by an operator\n", safe(e, "key", key),
	    safe(e, "value", value));
	if (resp_number(e, "since") != 0)
		printf("  since   %s\n",
		    fraudctl_time(resp_number(e, "since"), since));
	printf("  until   %s\n",
	    resp_number(e, "until") == 0 ?
		"somebody takes it back: fraudctl unblock" :
		fraudctl_time(resp_number(e, "until"), until));
}

static const char *
extend_sentence(const struct resp *e)
{
	const char *word = resp_text(e, "extend");

	if (strcmp(word, "attempt") == 0)
		return "each attempt starts the window again";
	if (strcmp(word, "distinct") == 0)
		return "each value not seen before starts the window again";
	return "nothing starts the window again";
}

static void
print_counting(const struct resp *e)
{
	char a[SHOWN_MAX], b[SHOWN_MAX], c[FRAUDCTL_TIME_MAX];
	int64_t max_block = resp_number(e, "max_block");

	printf(
	    "  rule    %s, for %s: ", safe(e, "rule", a), safe(e, "event", b));
	printf("%lld %s within %s%s\n", (long long)resp_number(e, "limit"),
	    safe(e, "counts", a),
	    fraudctl_duration(resp_number(e, "window"), c),
	    resp_number(e, "shadow") != 0 ? "; a shadow, it decides nothing" :
					    "");
	printf("  count   %lld of %lld\n", (long long)resp_number(e, "count"),
	    (long long)resp_number(e, "limit"));
	if (resp_number(e, "since") != 0)
		printf("  since   %s\n",
		    fraudctl_time(resp_number(e, "since"), c));
	printf("  last    %s; %s\n", fraudctl_time(resp_number(e, "from"), c),
	    extend_sentence(e));
	printf("  until   %s", fraudctl_time(resp_number(e, "until"), c));
	printf(
	    ", in %s\n", fraudctl_duration(resp_number(e, "retry_after"), c));
	if (max_block != 0)
		printf("  at most %s after it began\n",
		    fraudctl_duration(max_block, c));
}

static void
print_why(const struct resp *e)
{
	char key[SHOWN_MAX], value[SHOWN_MAX];
	const char *verdict = resp_text(e, "verdict");

	if (strcmp(resp_text(e, "class"), "operator") == 0) {
		print_operator(e);
		return;
	}
	printf("%s %s %s\n", safe(e, "key", key), safe(e, "value", value),
	    strcmp(verdict, "deny") == 0      ? "is denied" :
		strcmp(verdict, "delay") == 0 ? "is delayed" :
						"is allowed");
	print_counting(e);
}

/* One operand that is no address and has no '=' is an id. */
static int
why_words(const struct fraudctl *f, const char *words[3], size_t *count,
    struct fraudctl_key *key)
{
	size_t at = 0, i;
	int status;

	if (f->operand_count == 1 && strlen(f->operands[0]) == 22) {
		i = strspn(f->operands[0],
		    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		    "0123456789-_");
		if (i == 22) {
			words[1] = f->operands[0];
			*count = 2;
			return FRAUDCTL_DONE;
		}
	}
	status = fraudctl_key_take(f, &at, key);
	if (status == FRAUDCTL_DONE && at < f->operand_count)
		return fraudctl_say(FRAUDCTL_USAGE, "one key at a time");
	words[1] = key->key;
	words[2] = key->value;
	*count = 3;
	return status;
}

int
fraudctl_why(const struct fraudctl *f)
{
	const char *words[3] = { "WHY", NULL, NULL };
	struct fraudctl_key key;
	struct client *c = NULL;
	struct resp answer = { 0 };
	size_t count = 0, i;
	int status;

	status = why_words(f, words, &count, &key);
	if (status == FRAUDCTL_DONE)
		status = fraudctl_open(f, &c);
	if (status == FRAUDCTL_DONE)
		status = fraudctl_ask(c, words, count, &answer);
	client_close(&c);
	if (status != FRAUDCTL_DONE)
		return status;
	if (f->json)
		status = print_list(f, &answer);
	for (i = 0; !f->json && i < answer.count; i++)
		print_why(&answer.items[i]);
	i = answer.count;
	resp_free(&answer);
	if (status == FRAUDCTL_DONE && i == 0)
		return fraudctl_say(FRAUDCTL_REFUSED,
		    count == 2 ? "this id is not known, or not any more" :
				 "nothing counts here");
	return status;
}

/* One page, the first with a head; *cursor is "0" then, and at the end. */
static int
print_page(const struct fraudctl *f, const struct resp *answer, char cursor[24])
{
	const struct resp *entries;
	struct json *one = NULL;
	int status = FRAUDCTL_DONE;
	size_t i;

	if (answer->count != 2)
		return fraudctl_say(
		    FRAUDCTL_UNAVAILABLE, "the answer is none of fraudd's");
	if (!f->json && strcmp(cursor, "0") == 0)
		print_head();
	snprintf(cursor, 24, "%lld", (long long)answer->items[0].number);
	entries = &answer->items[1];
	for (i = 0; status == FRAUDCTL_DONE && i < entries->count; i++) {
		if (!f->json)
			print_entry(&entries->items[i]);
		else if (resp_map_json(&entries->items[i], &one) == 0)
			status = fraudctl_print_json(&one, false);
		else
			status = fraudctl_say(
			    FRAUDCTL_UNAVAILABLE, "out of memory");
	}
	return status == FRAUDCTL_DONE ? fraudctl_flush() : status;
}

int
fraudctl_list(const struct fraudctl *f)
{
	const char *words[3] = { "LIST", "all", NULL };
	struct client *c = NULL;
	char cursor[24] = "0";
	struct resp answer;
	int status;

	if (f->operand_count > 0)
		words[1] = f->operands[0];
	status = fraudctl_open(f, &c);
	while (status == FRAUDCTL_DONE) {
		words[2] = cursor;
		memset(&answer, 0, sizeof(answer));
		status = fraudctl_ask(c, words, 3, &answer);
		if (status == FRAUDCTL_DONE)
			status = print_page(f, &answer, cursor);
		resp_free(&answer);
		if (strcmp(cursor, "0") == 0)
			break;
	}
	client_close(&c);
	return status;
}

static void
print_rules(const struct resp *rules)
{
	char rule[SHOWN_MAX], event[SHOWN_MAX];
	const struct resp *r;
	size_t i;

	printf("\n%-20s %-12s %8s %8s %8s %10s %10s %10s\n", "RULE", "EVENT",
	    "SINGLE", "MULTI", "BLOCKED", "DENY", "DELAY", "ALLOW");
	for (i = 0; i < rules->count; i++) {
		r = &rules->items[i];
		printf("%-20s %-12s %8lld %8lld %8lld %10lld %10lld %10lld%s\n",
		    safe(r, "rule", rule), safe(r, "event", event),
		    (long long)resp_number(r, "single"),
		    (long long)resp_number(r, "multi"),
		    (long long)resp_number(r, "blocked"),
		    (long long)resp_number(r, "deny"),
		    (long long)resp_number(r, "delay"),
		    (long long)resp_number(r, "allow"),
		    resp_number(r, "shadow") != 0 ? "  shadow" : "");
	}
}

int
fraudctl_stats(const struct fraudctl *f)
{
	static const char *const words[] = { "STATS" };
	const struct resp *name, *value;
	struct client *c = NULL;
	struct resp answer = { 0 };
	struct json *out = NULL;
	char shown[SHOWN_MAX];
	size_t i;
	int status;

	status = fraudctl_open(f, &c);
	if (status == FRAUDCTL_DONE)
		status = fraudctl_ask(c, words, 1, &answer);
	client_close(&c);
	if (status == FRAUDCTL_DONE && f->json) {
		status = resp_map_json(&answer, &out) != 0 ?
		    fraudctl_say(FRAUDCTL_UNAVAILABLE, "out of memory") :
		    fraudctl_print_json(&out, true);
		resp_free(&answer);
		return status;
	}
	for (i = 0; i + 1 < answer.count; i += 2) {
		name = &answer.items[i];
		value = &answer.items[i + 1];
		if (value->kind == RESP_ARRAY)
			print_rules(value);
		else if (value->kind == RESP_INTEGER)
			printf("%-22s %lld\n", name->text,
			    (long long)value->number);
		else
			printf("%-22s %s\n", name->text,
			    safe(&answer, name->text, shown));
	}
	resp_free(&answer);
	return status;
}
