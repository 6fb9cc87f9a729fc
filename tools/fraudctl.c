/*
 * fraudctl: one table names every command, what stands behind it and what
 * runs it.
 */

#include "fraudctl.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "addr.h"
#include "err.h"
#include "fraudctl_client.h"
#include "json.h"
#include "str.h"

#define OPERANDS_ANY 1024
#define ROWS_MAX 100
#define INTERVAL_MAX 3600

static const struct command {
	const char *words;
	int (*run)(const struct fraudctl *f);
	size_t min, max; /* operands behind the words */
	const char *operands;
	const char *help;
} commands[] = {
	{ "stats", fraudctl_stats, 0, 0, "", "all that the daemon counts" },
	{ "top", fraudctl_top, 0, 0, "",
	    "a live screen: rates, verdicts, keys nearest to their limits" },
	{ "show", fraudctl_show, 1, OPERANDS_ANY, "KEY...",
	    "what counts against a key" },
	{ "why", fraudctl_why, 1, 2, "KEY|ID",
	    "which rule, which counts, since when and until when" },
	{ "list", fraudctl_list, 0, 1, "[all|single|multi|blocked|operator]",
	    "every entry of a class" },
	{ "watch", fraudctl_watch, 0, 0, "", "what happens, line by line" },
	{ "block", fraudctl_block, 1, 3, "KEY [SECONDS]",
	    "deny everything of a key, for ever or so long" },
	{ "unblock", fraudctl_unblock, 1, 2, "KEY", "take a block back" },
	{ "forget", fraudctl_forget, 1, 2, "KEY",
	    "drop the counts of a key and the blocks of rules" },
	{ "reload", fraudctl_reload, 0, 0, "", "read the configuration again" },
	{ "rotate", fraudctl_rotate, 0, 0, "", "make a new hash key" },
	{ "rules check", fraudctl_rules_check, 0, 1, "[FILE]",
	    "what is wrong with a configuration, or what it means" },
	{ "replay", fraudctl_replay, 1, 1, "LOG",
	    "what the rules would have done with a log (-: standard input)" },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

int
fraudctl_say(int status, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "fraudctl: ");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n");
	return status;
}

int
fraudctl_fail(int code, const struct err *e)
{
	int status = code == E_CONFIG_INVALID || code == E_SYNTAX ||
		code == E_PERM ?
	    FRAUDCTL_USAGE :
	    FRAUDCTL_UNAVAILABLE;

	return fraudctl_say(status, "%s", err_text(e, code));
}

int
fraudctl_flush(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return FRAUDCTL_DONE;
	return fraudctl_say(
	    FRAUDCTL_UNAVAILABLE, "standard output: %s", strerror(errno));
}

static bool
is_address(const char *text)
{
	struct addr_prefix p;

	return addr_prefix_parse(text, strlen(text), &p) == 0;
}

int
fraudctl_key_take(
    const struct fraudctl *f, size_t *at, struct fraudctl_key *out)
{
	const char *word = f->operands[*at], *equals = strchr(word, '=');
	size_t n = equals != NULL ? (size_t)(equals - word) : strlen(word);
	bool address = is_address(word);

	if (address) {
		word = "ip";
		n = 2;
		out->value = f->operands[*at];
	} else if (equals != NULL) {
		out->value = equals + 1;
	} else if (*at + 1 < f->operand_count) {
		out->value = f->operands[++*at];
	} else {
		return fraudctl_say(FRAUDCTL_USAGE,
		    "%s: is no address; say KEY=VALUE or KEY VALUE", word);
	}
	if (n >= sizeof(out->key))
		return fraudctl_say(FRAUDCTL_USAGE, "the key is too long");
	memcpy(out->key, word, n);
	out->key[n] = '\0';
	++*at;
	return FRAUDCTL_DONE;
}

bool
fraudctl_seconds(const char *text, int64_t *out)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = { { '\0', 1 }, { 's', 1 }, { 'm', 60 }, { 'h', 3600 },
		{ 'd', 86400 } };
	int64_t n = 0;
	size_t i;

	if (*text < '0' || *text > '9')
		return false;
	for (; *text >= '0' && *text <= '9'; text++) {
		n = n * 10 + (*text - '0');
		if (n > INT64_C(4000000000))
			return false;
	}
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (*text == units[i].unit &&
		    (*text == '\0' || text[1] == '\0')) {
			*out = n * units[i].seconds;
			return true;
		}
	}
	return false;
}

char *
fraudctl_time(int64_t seconds, char buf[FRAUDCTL_TIME_MAX])
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(buf, FRAUDCTL_TIME_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(buf, FRAUDCTL_TIME_MAX, "%lld", (long long)seconds);
	return buf;
}

char *
fraudctl_duration(int64_t s, char buf[FRAUDCTL_TIME_MAX])
{
	static const struct {
		long long seconds, part;
		char name, of;
	} units[] = { { 86400, 3600, 'd', 'h' }, { 3600, 60, 'h', 'm' },
		{ 60, 1, 'm', 's' } };
	const size_t cap = FRAUDCTL_TIME_MAX;
	long long n = (long long)s;
	size_t i;

	for (i = 0; i < 2 && n < units[i].seconds; i++)
		;
	if (n < 60)
		snprintf(buf, cap, "%llds", n);
	else if (n % units[i].seconds / units[i].part == 0)
		snprintf(
		    buf, cap, "%lld%c", n / units[i].seconds, units[i].name);
	else
		snprintf(buf, cap, "%lld%c %lld%c", n / units[i].seconds,
		    units[i].name, n % units[i].seconds / units[i].part,
		    units[i].of);
	return buf;
}

void
fraudctl_bar(FILE *to, uint64_t part, uint64_t whole, int width)
{
	double full = whole == 0 ? 0 : (double)part / (double)whole * width;
	int i;

	for (i = 0; i < width; i++)
		fputc(i < full ? '#' : '.', to);
}

int
fraudctl_open(const struct fraudctl *f, struct client **out)
{
	struct err e = { 0 };
	int r;

	r = client_open(f->socket, out, &e);
	return r == 0 ? FRAUDCTL_DONE : fraudctl_fail(r, &e);
}

int
fraudctl_ask(
    struct client *c, const char *const *words, size_t count, struct resp *out)
{
	char shown[512];
	struct err e = { 0 };
	int r;

	r = client_send(c, words, count, &e);
	if (r == 0)
		r = client_read(c, CLIENT_PATIENCE, out, &e);
	if (r != 0)
		return fraudctl_say(
		    FRAUDCTL_UNAVAILABLE, "%s", err_text(&e, r));
	if (out->kind != RESP_ERROR)
		return FRAUDCTL_DONE;
	str_printable(shown, sizeof(shown), out->text, strlen(out->text));
	r = strncmp(shown, "UNAVAILABLE ", 12) == 0 ? FRAUDCTL_UNAVAILABLE :
						      FRAUDCTL_REFUSED;
	resp_free(out);
	return fraudctl_say(r, "%s", shown);
}

int
fraudctl_print_json(struct json **j, bool pretty)
{
	size_t n = 0;
	char *text = json_write(*j, pretty, &n);

	json_free(j);
	if (text == NULL)
		return fraudctl_fail(E_NOMEM, NULL);
	fwrite(text, 1, n, stdout);
	if (n == 0 || text[n - 1] != '\n')
		fputc('\n', stdout);
	free(text);
	return fraudctl_flush();
}

static const struct option options[] = {
	{ "all", no_argument, NULL, 'a' },
	{ "config", required_argument, NULL, 'c' },
	{ "event", required_argument, NULL, 'e' },
	{ "help", no_argument, NULL, 'h' },
	{ "interval", required_argument, NULL, 'i' },
	{ "json", no_argument, NULL, 'j' },
	{ "match", required_argument, NULL, 'm' },
	{ "once", no_argument, NULL, '1' },
	{ "rows", required_argument, NULL, 'n' },
	{ "socket", required_argument, NULL, 's' },
	{ "status", required_argument, NULL, 'S' },
	{ "version", no_argument, NULL, 'V' },
	{ 0 },
};

static int
usage(FILE *to, int status)
{
	size_t i;

	fprintf(to, "usage: fraudctl [-s SOCKET] [-j] COMMAND [OPTION]...\n\n");
	for (i = 0; i < COMMANDS; i++)
		fprintf(to, "fraudctl %s%s%s\n    %s\n", commands[i].words,
		    commands[i].operands[0] != '\0' ? " " : "",
		    commands[i].operands, commands[i].help);
	fprintf(to,
	    "\nA KEY is an address, a prefix, KEY=VALUE or KEY VALUE.\n"
	    "  -s, --socket SOCKET    else " FRAUDD_SOCKET "\n"
	    "  -j, --json             print JSON\n"
	    "  -a, --all              watch: attempts that were allowed too\n"
	    "  -1, --once             top: one screen and no more\n"
	    "  -i, --interval SECONDS top: between two screens\n"
	    "  -n, --rows COUNT       top: so many keys\n"
	    "  -c, --config FILE      rules, replay: the rules\n"
	    "  -e, --event EVENT      replay: what a line of a web server is\n"
	    "  -m, --match PATTERN    replay: \"POST /login*\", of these "
	    "lines\n"
	    "  -S, --status LIST      replay: of lines with these, 401,403\n"
	    "  -h, --help             print this and exit\n"
	    "  -V, --version          print the version and exit\n");
	return status;
}

/* False when the value is none. */
static bool
take_option(struct fraudctl *f, int option)
{
	switch (option) {
	case 'a':
		f->all = true;
		return true;
	case 'c':
		f->config = optarg;
		return true;
	case 'e':
		f->event = optarg;
		return true;
	case 'i':
		return fraudctl_seconds(optarg, &f->interval) &&
		    f->interval >= 1 && f->interval <= INTERVAL_MAX;
	case 'j':
		f->json = true;
		return true;
	case 'm':
		f->match = optarg;
		return true;
	case '1':
		f->once = true;
		return true;
	case 'n':
		return fraudctl_seconds(optarg, &f->rows) && f->rows >= 1 &&
		    f->rows <= ROWS_MAX;
	case 's':
		f->socket = optarg;
		return true;
	case 'S':
		f->status = optarg;
		return true;
	default:
		return false;
	}
}

/* How many operands the words of a command take; 0 when they differ. */
static size_t
match(const struct command *command, char *const *operands, size_t count)
{
	const char *p = command->words;
	size_t i, n;

	for (i = 0; i < count; i++) {
		n = strcspn(p, " ");
		if (!str_is(p, n, operands[i]))
			return 0;
		if (p[n] == '\0')
			return i + 1;
		p += n + 1;
	}
	return 0;
}

static int
run(struct fraudctl *f, char *const *operands, size_t count)
{
	const char *names[COMMANDS], *nearest;
	size_t i, words;

	for (i = 0; i < COMMANDS; i++) {
		names[i] = commands[i].words;
		words = match(&commands[i], operands, count);
		if (words == 0)
			continue;
		f->operands = (const char *const *)operands + words;
		f->operand_count = count - words;
		if (f->operand_count >= commands[i].min &&
		    f->operand_count <= commands[i].max)
			return commands[i].run(f);
		return fraudctl_say(FRAUDCTL_USAGE, "usage: fraudctl %s %s",
		    commands[i].words, commands[i].operands);
	}
	if (count == 0)
		return usage(stderr, FRAUDCTL_USAGE);
	nearest = str_nearest(operands[0], names, COMMANDS);
	if (nearest != NULL)
		return fraudctl_say(FRAUDCTL_USAGE,
		    "unknown command; did you mean %s?", nearest);
	return fraudctl_say(
	    FRAUDCTL_USAGE, "unknown command; see fraudctl --help");
}

int
main(int argc, char **argv)
{
	struct fraudctl f = { .socket = FRAUDD_SOCKET, .interval = 1 };
	int option, status;

	while ((option = getopt_long(
		    argc, argv, "ac:e:hi:jm:1n:s:S:V", options, NULL)) != -1) {
		if (option == 'h') {
			usage(stdout, FRAUDCTL_DONE);
			return fraudctl_flush();
		}
		if (option == 'V') {
			printf("fraudctl (jwtgate) %s\n", PACKAGE_VERSION);
			return fraudctl_flush();
		}
		if (option == '?')
			return FRAUDCTL_USAGE;
		if (!take_option(&f, option))
			return fraudctl_say(FRAUDCTL_USAGE,
			    "-%c %s: is no such number", option, optarg);
	}
	status = run(&f, argv + optind, (size_t)(argc - optind));
	return status != FRAUDCTL_DONE ? status : fraudctl_flush();
}
