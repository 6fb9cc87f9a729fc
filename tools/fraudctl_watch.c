/* Events as lines, until somebody stops it or the daemon goes. */

#include <string.h>

#include "err.h"
#include "fraudctl.h"
#include "fraudctl_client.h"
#include "json.h"
#include "str.h"

#define SHOWN_MAX 256

/* "1764284412.123" as 2026-11-27T23:00:12.123Z. */
static void
print_time(const struct resp *event)
{
	const char *text = resp_text(event, "time"), *dot = strchr(text, '.');
	char buf[FRAUDCTL_TIME_MAX];
	int64_t seconds = 0;
	size_t n;

	for (; *text >= '0' && *text <= '9'; text++)
		seconds = seconds * 10 + (*text - '0');
	fraudctl_time(seconds, buf);
	n = strlen(buf);
	if (n > 0 && buf[n - 1] == 'Z')
		buf[n - 1] = '\0';
	printf("%s.%.3sZ", buf, dot != NULL ? dot + 1 : "000");
}

static void
print_word(const struct resp *event, const char *name)
{
	const char *text = resp_text(event, name);
	char buf[SHOWN_MAX];

	if (*text != '\0')
		printf(
		    " %s", str_printable(buf, sizeof(buf), text, strlen(text)));
}

static void
print_attempt(const struct resp *event)
{
	print_word(event, "verdict");
	print_word(event, "event");
	print_word(event, "rule");
	print_word(event, "key");
	print_word(event, "value");
	if (resp_number(event, "limit") != 0)
		printf(" %lld/%lld", (long long)resp_number(event, "count"),
		    (long long)resp_number(event, "limit"));
	if (resp_number(event, "retry_after") != 0)
		printf(" retry %lld",
		    (long long)resp_number(event, "retry_after"));
	printf(" id");
	print_word(event, "id");
}

static int
print_event(const struct fraudctl *f, const struct resp *event)
{
	const char *what = resp_text(event, "what");
	struct json *out = NULL;

	if (f->json) {
		if (resp_map_json(event, &out) != 0)
			return fraudctl_say(
			    FRAUDCTL_UNAVAILABLE, "out of memory");
		return fraudctl_print_json(&out, false);
	}
	print_time(event);
	if (strcmp(what, "attempt") == 0) {
		print_attempt(event);
	} else if (strcmp(what, "lost") == 0) {
		printf(" lost %lld events: this watcher is too slow",
		    (long long)resp_number(event, "count"));
	} else {
		print_word(event, "what");
		print_word(event, "key");
		print_word(event, "value");
	}
	putchar('\n');
	return fraudctl_flush();
}

int
fraudctl_watch(const struct fraudctl *f)
{
	const char *words[2] = { "WATCH", "ALL" };
	struct client *c = NULL;
	struct resp event = { 0 };
	struct err e = { 0 };
	int status, r;

	status = fraudctl_open(f, &c);
	if (status == FRAUDCTL_DONE)
		status = fraudctl_ask(c, words, f->all ? 2 : 1, &event);
	resp_free(&event);
	while (status == FRAUDCTL_DONE) {
		r = client_read(c, -1, &event, &e);
		status = r != 0 ?
		    fraudctl_say(FRAUDCTL_UNAVAILABLE, "%s", err_text(&e, r)) :
		    print_event(f, &event);
		resp_free(&event);
	}
	client_close(&c);
	return status;
}
