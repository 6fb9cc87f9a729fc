/*
 * A live screen. Rates are what two answers of STATS differ by; on what is
 * no terminal, and with --once, there is one screen without any control
 * sequence, and the rates are those since the daemon began.
 */

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "fraudctl.h"
#include "fraudctl_client.h"
#include "json.h"
#include "str.h"

#define SHOWN_MAX 128
#define LINES_ABOVE 9 /* of the screen, keys stand below */
#define ROWS_DEFAULT 20
#define BAR 24

struct sample {
	struct resp stats;
	int64_t at; /* ms, monotonic */
};

struct screen {
	const struct fraudctl *f;
	struct client *client; /* owned */
	struct sample now, before;
	struct resp top;
	bool live;
	bool keys; /* somebody may press one */
	int rows;
};

static int64_t
clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int
ask(struct screen *s)
{
	static const char *const stats[] = { "STATS" };
	const char *top[] = { "TOP", NULL };
	char number[16];
	int status;

	snprintf(number, sizeof(number), "%d", s->rows);
	top[1] = number;
	resp_free(&s->before.stats);
	s->before = s->now;
	memset(&s->now, 0, sizeof(s->now));
	resp_free(&s->top);
	status = fraudctl_ask(s->client, stats, 1, &s->now.stats);
	s->now.at = clock_ms();
	if (status == FRAUDCTL_DONE)
		status = fraudctl_ask(s->client, top, 2, &s->top);
	return status;
}

/* A counter per second, since the last screen or the daemon's start. */
static double
rate(const struct screen *s, const char *name)
{
	int64_t up = resp_number(&s->now.stats, "uptime");
	int64_t count = resp_number(&s->now.stats, name);
	double seconds = up > 0 ? (double)up : 1;

	if (s->before.stats.count > 0) {
		count -= resp_number(&s->before.stats, name);
		seconds = (double)(s->now.at - s->before.at) / 1000;
	}
	return seconds > 0 && count > 0 ? (double)count / seconds : 0;
}

static void
line_end(const struct screen *s)
{
	printf(s->live ? "\033[K\n" : "\n");
}

static void
print_rate(const struct screen *s, const char *name)
{
	uint64_t whole = (uint64_t)(rate(s, "allowed") + rate(s, "delayed") +
	    rate(s, "denied") + 0.5);

	printf("%-10s %12.1f/s  ", name, rate(s, name));
	fraudctl_bar(stdout, (uint64_t)(rate(s, name) + 0.5), whole, BAR);
	printf("  %lld in all", (long long)resp_number(&s->now.stats, name));
	line_end(s);
}

static void
print_head(const struct screen *s)
{
	const struct resp *r = &s->now.stats;
	const char *journal = resp_text(r, "journal");
	char up[FRAUDCTL_TIME_MAX], shown[SHOWN_MAX];

	printf("fraudd %s  up %s  %lld connections  %.1f requests/s",
	    resp_text(r, "version"),
	    fraudctl_duration(resp_number(r, "uptime"), up),
	    (long long)resp_number(r, "connections"), rate(s, "requests"));
	line_end(s);
	print_rate(s, "allowed");
	print_rate(s, "delayed");
	print_rate(s, "denied");
	printf("memory     %11lldM    ",
	    (long long)(resp_number(r, "memory_used") >> 20));
	fraudctl_bar(stdout, (uint64_t)resp_number(r, "memory_used"),
	    (uint64_t)resp_number(r, "memory_max"), BAR);
	printf("  of %lldM; %lld evicted",
	    (long long)(resp_number(r, "memory_max") >> 20),
	    (long long)(resp_number(r, "evicted_single") +
		resp_number(r, "evicted_multi") +
		resp_number(r, "evicted_blocked")));
	line_end(s);
	printf("entries    %lld single, %lld multi, %lld blocked, "
	       "%lld by operators, %lld marks",
	    (long long)resp_number(r, "single"),
	    (long long)resp_number(r, "multi"),
	    (long long)resp_number(r, "blocked"),
	    (long long)resp_number(r, "operator"),
	    (long long)resp_number(r, "marks"));
	line_end(s);
	printf("journal    %s, %lld bytes to sync, %lld records lost",
	    str_printable(shown, sizeof(shown), journal, strlen(journal)),
	    (long long)resp_number(r, "journal_lag"),
	    (long long)resp_number(r, "journal_lost"));
	line_end(s);
}

static void
print_keys(const struct screen *s)
{
	char rule[SHOWN_MAX], value[SHOWN_MAX], ends[FRAUDCTL_TIME_MAX];
	const struct resp *e;
	const char *text;
	size_t i;

	line_end(s);
	printf("%-18s %-7s %-39s %9s %-*s %s", "RULE", "VERDICT", "KEY",
	    "COUNT", BAR, "", "ENDS IN");
	line_end(s);
	for (i = 0; i < s->top.count; i++) {
		e = &s->top.items[i];
		text = resp_text(e, "rule");
		str_printable(rule, sizeof(rule), text, strlen(text));
		text = resp_text(e, "value");
		str_printable(value, sizeof(value), text, strlen(text));
		printf("%-18.18s %-7s %-39.39s %4lld/%-4lld ", rule,
		    resp_text(e, "verdict"), value,
		    (long long)resp_number(e, "count"),
		    (long long)resp_number(e, "limit"));
		fraudctl_bar(stdout, (uint64_t)resp_number(e, "count"),
		    (uint64_t)resp_number(e, "limit"), BAR);
		printf(" %s",
		    fraudctl_duration(resp_number(e, "retry_after"), ends));
		line_end(s);
	}
}

static int
print_json(struct screen *s)
{
	struct json *out = NULL, *top = NULL;

	if (resp_map_json(&s->now.stats, &out) != 0 ||
	    resp_maps_json(&s->top, &top) != 0 ||
	    json_put(out, "top", top) != 0) {
		json_free(&out);
		return fraudctl_say(FRAUDCTL_UNAVAILABLE, "out of memory");
	}
	return fraudctl_print_json(&out, true);
}

static int
draw(struct screen *s)
{
	if (s->f->json)
		return print_json(s);
	if (s->live)
		printf("\033[H");
	print_head(s);
	print_keys(s);
	if (s->live)
		printf("\033[J");
	return fraudctl_flush();
}

static void
measure(struct screen *s)
{
	struct winsize size;

	s->rows = s->f->rows > 0 ? (int)s->f->rows : ROWS_DEFAULT;
	if (s->live && s->f->rows == 0 &&
	    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
	    size.ws_row > LINES_ABOVE + 1)
		s->rows = size.ws_row - LINES_ABOVE - 1;
	s->rows = s->rows > 100 ? 100 : s->rows;
}

/* Until the next screen; false: to end. */
static bool
pause_for(const struct screen *s, sigset_t *quiet)
{
	struct timespec wait = { .tv_sec = (time_t)s->f->interval };
	struct pollfd keys = { .fd = s->keys ? STDIN_FILENO : -1,
		.events = POLLIN };
	char key;

	if (ppoll(&keys, 1, &wait, quiet) < 0)
		return false;
	if ((keys.revents & (POLLIN | POLLHUP)) == 0)
		return true;
	return read(STDIN_FILENO, &key, 1) == 1 && key != 'q' && key != 3;
}

static void
on_signal(int number)
{
	(void)number; /* it ends ppoll() */
}

static int
live(struct screen *s)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct termios was, raw;
	sigset_t ends, quiet;
	int status;

	s->keys = tcgetattr(STDIN_FILENO, &was) == 0;
	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, &quiet);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	if (s->keys) {
		raw = was;
		raw.c_lflag &= (tcflag_t) ~(ICANON | ECHO);
		tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	}
	printf("\033[2J\033[?25l");
	do {
		measure(s);
		status = ask(s);
		if (status == FRAUDCTL_DONE)
			status = draw(s);
	} while (status == FRAUDCTL_DONE && pause_for(s, &quiet));
	printf("\033[?25h");
	if (s->keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &was);
	return status == FRAUDCTL_DONE ? fraudctl_flush() : status;
}

int
fraudctl_top(const struct fraudctl *f)
{
	struct screen s = { .f = f };
	int status;

	s.live = !f->once && !f->json && isatty(STDOUT_FILENO) == 1;
	status = fraudctl_open(f, &s.client);
	if (status != FRAUDCTL_DONE)
		return status;
	measure(&s);
	if (s.live) {
		status = live(&s);
	} else {
		status = ask(&s);
		if (status == FRAUDCTL_DONE)
			status = draw(&s);
	}
	resp_free(&s.now.stats);
	resp_free(&s.before.stats);
	resp_free(&s.top);
	client_close(&s.client);
	return status;
}
