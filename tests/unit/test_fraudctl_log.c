/*
 * test_fraudctl_log: lines of three kinds of logs as attempts, times as they
 * are written in them, and what is none of either.
 */

#include "testutil.h"

#include "err.h"
#include "fraudctl_log.h"

#define WEB \
	"203.0.113.7 - - [27/Nov/2026:23:00:12 +0000] " \
	"\"POST /login HTTP/1.1\" 401 123 \"-\" \"curl/7\""
#define WEB_MS INT64_C(1795820412000)

static const struct {
	const char *why, *text;
	int64_t ms; /* -1: refused */
} times[] = {
	{ "seconds", "1795820412", WEB_MS },
	{ "with a fraction", "1795820412.5", WEB_MS + 500 },
	{ "thousandths", "1795820412.123", WEB_MS + 123 },
	{ "more than thousandths", "1795820412.123999", WEB_MS + 123 },
	{ "the beginning", "0", 0 },
	{ "a date", "2026-11-27T23:00:12Z", WEB_MS },
	{ "a date with a fraction", "2026-11-27T23:00:12.25Z", WEB_MS + 250 },
	{ "a zone to the east", "2026-11-28T00:00:12+01:00", WEB_MS },
	{ "a zone to the west", "2026-11-27T17:30:12-05:30", WEB_MS },
	{ "a zone without a colon", "2026-11-28T00:00:12+0100", WEB_MS },
	{ "small letters", "2026-11-27t23:00:12z", WEB_MS },
	{ "a leap day", "2024-02-29T00:00:00Z", INT64_C(1709164800000) },
	{ "the day behind it", "2024-03-01T00:00:00Z", INT64_C(1709251200000) },
	{ "a leap day of a century", "2000-02-29T00:00:00Z",
	    INT64_C(951782400000) },
	{ "a leap second", "2016-12-31T23:59:60Z", INT64_C(1483228800000) },
	{ "no leap day", "2026-02-29T00:00:00Z", -1 },
	{ "no leap day of a century", "2100-02-29T00:00:00Z", -1 },
	{ "a 31st of April", "2026-04-31T00:00:00Z", -1 },
	{ "a day 0", "2026-04-00T00:00:00Z", -1 },
	{ "a month 13", "2026-13-01T00:00:00Z", -1 },
	{ "an hour 24", "2026-04-01T24:00:00Z", -1 },
	{ "a minute 60", "2026-04-01T00:60:00Z", -1 },
	{ "before 1970", "1969-12-31T23:59:59Z", -1 },
	{ "before 1970 by its zone", "1970-01-01T00:00:00+01:00", -1 },
	{ "no zone", "2026-11-27T23:00:12", -1 },
	{ "something behind", "2026-11-27T23:00:12Zx", -1 },
	{ "an empty fraction", "1795820412.", -1 },
	{ "a sign", "-1", -1 },
	{ "too many digits", "123456789012", -1 },
	{ "nothing", "", -1 },
};

static const struct {
	const char *why, *text;
	int64_t ms;
} web_times[] = {
	{ "as nginx writes it", "27/Nov/2026:23:00:12 +0000", WEB_MS },
	{ "another zone", "28/Nov/2026:01:00:12 +0200", WEB_MS },
	{ "no such month", "27/nov/2026:23:00:12 +0000", -1 },
	{ "no zone", "27/Nov/2026:23:00:12", -1 },
	{ "no such day", "31/Nov/2026:23:00:12 +0000", -1 },
	{ "something behind", "27/Nov/2026:23:00:12 +0000 ", -1 },
};

static void
test_times(void **state)
{
	int64_t ms;
	size_t i;
	int r;

	(void)state;
	for (i = 0; i < COUNT_OF(times); i++) {
		ms = -1;
		r = log_time(times[i].text, strlen(times[i].text), &ms);
		if (r != (times[i].ms < 0 ? E_SYNTAX : 0) ||
		    (r == 0 && ms != times[i].ms))
			fail_msg("%s: %lld", times[i].why, (long long)ms);
	}
	for (i = 0; i < COUNT_OF(web_times); i++) {
		ms = -1;
		r = log_web_time(
		    web_times[i].text, strlen(web_times[i].text), &ms);
		if (r != (web_times[i].ms < 0 ? E_SYNTAX : 0) ||
		    (r == 0 && ms != web_times[i].ms))
			fail_msg("%s: %lld", web_times[i].why, (long long)ms);
	}
}

static const struct log_options all = { .event = "login" };
static const struct log_options posts = { .event = "login",
	.match = "POST /login*",
	.statuses = { 401, 403 },
	.status_count = 2 };
static const struct log_options rich = { .event = "web",
	.method = true,
	.path = true,
	.status = true,
	.agent = true };
static const struct log_options none;

/* want: "event name=value ...", "" of another kind, NULL bad. */
static const struct {
	const char *why, *text;
	const struct log_options *options;
	const char *want;
} lines[] = {
	{ "a web server", WEB, &all, "login ip=203.0.113.7" },
	{ "the one that is asked for", WEB, &posts, "login ip=203.0.113.7" },
	{ "all that a rule may want", WEB, &rich,
	    "web ip=203.0.113.7 method=POST path=/login status=401 "
	    "agent=curl/7" },
	{ "without an event", WEB, &none, NULL },
	{ "the common format",
	    "2001:db8::1 - alice [27/Nov/2026:23:00:12 "
	    "+0000] \"GET / HTTP/1.1\" 200 -",
	    &all, "login ip=2001:db8::1 user=alice" },
	{ "a name with a blank",
	    "192.0.2.1 - al ice [27/Nov/2026:23:00:12 "
	    "+0000] \"GET / HTTP/1.1\" 200 -",
	    &all, "login ip=192.0.2.1 user=al ice" },
	{ "another status",
	    "192.0.2.1 - - [27/Nov/2026:23:00:12 +0000] "
	    "\"POST /login HTTP/1.1\" 200 -",
	    &posts, "" },
	{ "another path",
	    "192.0.2.1 - - [27/Nov/2026:23:00:12 +0000] "
	    "\"POST /log HTTP/1.1\" 401 -",
	    &posts, "" },
	{ "an empty request",
	    "192.0.2.1 - - [27/Nov/2026:23:00:12 +0000] "
	    "\"\" 400 -",
	    &posts, "" },
	{ "a quote in the request",
	    "192.0.2.1 - - [27/Nov/2026:23:00:12 "
	    "+0000] \"GET /\\\" HTTP/1.1\" 404 -",
	    &all, "login ip=192.0.2.1" },
	{ "a request that plays another line",
	    "192.0.2.1 - - [27/Nov/2026:23:00:12 +0000] \"GET /\\n"
	    "203.0.113.9 - - [27/Nov/2026:23:00:12 +0000] x\" 404 -",
	    &all, "login ip=192.0.2.1" },
	{ "no time", "192.0.2.1 - - [now] \"GET /\" 404 -", &all, NULL },
	{ "no quotes", "192.0.2.1 - - [27/Nov/2026:23:00:12 +0000] GET 404",
	    &all, NULL },
	{ "an address and nothing", "192.0.2.1", &all, NULL },
	{ "words", "1795820412 ATTEMPT card ip 192.0.2.1 last4 4242", &none,
	    "card ip=192.0.2.1 last4=4242" },
	{ "words in quotes", "1795820412 ATTEMPT login user \"al ice\"", &none,
	    "login user=al ice" },
	{ "an event alone", "1795820412 ATTEMPT card", &none, "card" },
	{ "another verb", "1795820412 PING", &none, "" },
	{ "a field without a value", "1795820412 ATTEMPT card ip", &none,
	    NULL },
	{ "no time in front", "ATTEMPT card ip 192.0.2.1", &none, NULL },
	{ "JSON", "{\"time\":1795820412,\"event\":\"card\",\"ip\":\"::1\"}",
	    &none, "card ip=::1" },
	{ "JSON with a date",
	    "{\"event\":\"card\",\"time\":\"2026-11-27T23:00:12Z\"}", &none,
	    "card" },
	{ "JSON with an escape",
	    "{\"time\":1795820412,\"event\":\"c\","
	    "\"us\\u0065r\":\"\\u00e9\"}",
	    &none, "c user=\xc3\xa9" },
	{ "JSON without a time", "{\"event\":\"card\"}", &none, NULL },
	{ "JSON without an event", "{\"time\":1795820412}", &none, NULL },
	{ "a number as a value",
	    "{\"time\":1795820412,\"event\":\"c\","
	    "\"last4\":4242}",
	    &none, NULL },
	{ "a name twice", "{\"time\":1,\"time\":2,\"event\":\"c\"}", &none,
	    NULL },
	{ "broken JSON", "{\"time\":1795820412,\"event\":", &none, NULL },
	{ "a note", "# ATTEMPT", &none, "" },
	{ "an empty line", "", &none, "" },
	{ "blanks", "  \r", &none, "" },
};

static void
describe(const struct log_line *line, char *out, size_t cap)
{
	const struct engine_attempt *a = &line->attempt;
	size_t i, n;

	n = (size_t)snprintf(
	    out, cap, "%.*s", (int)a->event.len, a->event.data);
	for (i = 0; i < a->count; i++)
		n += (size_t)snprintf(out + n, cap - n, " %.*s=%.*s",
		    (int)a->fields[i].name.len, a->fields[i].name.data,
		    (int)a->fields[i].value.len, a->fields[i].value.data);
}

static void
test_lines(void **state)
{
	struct log_line *line = calloc(1, sizeof(*line));
	char got[512], *copy;
	enum log_found found;
	struct err e;
	size_t i, n;

	(void)state;
	assert_non_null(line);
	for (i = 0; i < COUNT_OF(lines); i++) {
		memset(&e, 0, sizeof(e));
		n = strlen(lines[i].text);
		copy = guard_copy(lines[i].text, n);
		found = log_read(copy, n, lines[i].options, line, &e);
		got[0] = '\0';
		if (found == LOG_ATTEMPT) {
			describe(line, got, sizeof(got));
			assert_int_equal(line->ms, WEB_MS);
		}
		if ((found == LOG_BAD) != (lines[i].want == NULL) ||
		    (found == LOG_BAD && e.text[0] == '\0') ||
		    (found != LOG_BAD && strcmp(got, lines[i].want) != 0))
			fail_msg("%s: %s %s", lines[i].why, got, e.text);
		guard_free(copy, n);
	}
	free(line);
}

static void
read_it(const char *data, size_t n, void *arg)
{
	struct log_line *line = arg;
	struct err e = { 0 };
	char got[2 * LOG_LINE_MAX];

	if (log_read(data, n, &rich, line, &e) == LOG_ATTEMPT)
		describe(line, got, sizeof(got));
}

/* Whatever is done to a line, nothing behind its end is looked at. */
static void
test_damage(void **state)
{
	struct log_line *line = calloc(1, sizeof(*line));
	size_t i, n;

	(void)state;
	assert_non_null(line);
	for (i = 0; i < COUNT_OF(lines); i++) {
		n = strlen(lines[i].text);
		for_each_truncation(lines[i].text, n, read_it, line);
		for_each_bit_flip(lines[i].text, n, read_it, line);
	}
	free(line);
}

static void
test_many_fields(void **state)
{
	struct log_line *line = calloc(1, sizeof(*line));
	struct err e = { 0 };
	char text[512] = "1795820412 ATTEMPT card";
	int i;

	(void)state;
	assert_non_null(line);
	for (i = 0; i < ENGINE_FIELDS_MAX; i++)
		strcat(text, " a b");
	assert_int_equal(
	    log_read(text, strlen(text), &none, line, &e), LOG_ATTEMPT);
	assert_int_equal(line->attempt.count, ENGINE_FIELDS_MAX);
	strcat(text, " a b");
	assert_int_equal(
	    log_read(text, strlen(text), &none, line, &e), LOG_BAD);
	free(line);
}

static void
test_statuses(void **state)
{
	static const char *const good[] = { "401", "401,403", "100,999" };
	static const char *const bad[] = { "", "40", "4011", "401,", ",401",
		"401;403", "x", "401,403x" };
	struct log_options o;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(good); i++) {
		memset(&o, 0, sizeof(o));
		assert_true(log_take_statuses(&o, good[i]));
	}
	for (i = 0; i < COUNT_OF(bad); i++) {
		memset(&o, 0, sizeof(o));
		if (log_take_statuses(&o, bad[i]))
			fail_msg("%s", bad[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_many_fields),
		cmocka_unit_test(test_statuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
