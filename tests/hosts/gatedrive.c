/*
 * gatedrive: a long-lived host for tests. Asks one gate, as often as it is
 * told to, which roles a user holds in a service; SIGPIPE would end it.
 *
 *	gatedrive CONFIG SERVICE <COMMANDS
 *
 *	ask USER	may they enter? USER may hold \xHH
 *	many N USER	the same N times, one answer: how often allowed
 *	threads N USER	the same from N threads at a time
 *	fork USER	the same, in a child and then in the parent
 *	long N		ask for a user of N letters
 *	from ADDRESS	where they come from, from now on
 *	later N		the time of day moves on by N seconds
 *
 * Each answer is a line: "allow ok 12.3 admins users": verdict, reason,
 * milliseconds, roles. Of many, threads: "allowed N of M 12.3".
 */

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "gate.h"

#define LINE_BYTES_MAX 131072
#define THREADS_MAX 64

struct drive {
	struct gate *gate;
	const char *service, *user;
	char from[64];
	int64_t now;
};

static void
die(const char *what)
{
	fprintf(stderr, "gatedrive: %s\n", what);
	exit(99);
}

static double
clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int
decide(const struct drive *d, struct gate_outcome *out)
{
	struct gate_request request = {
		.checks = GATE_ROLES,
		.service = d->service,
		.user = d->user,
		.peer = d->from[0] != '\0' ? d->from : NULL,
		.address = d->from[0] != '\0' ? d->from : NULL,
	};

	return gate_decide(d->gate, &request, d->now, out);
}

static void
ask(const struct drive *d)
{
	struct gate_outcome out;
	double start = clock_ms();
	int r = decide(d, &out);

	printf("%s %s %.1f %s\n", out.verdict == GATE_ALLOW ? "allow" : "deny",
	    err_name(r), clock_ms() - start, out.roles);
	fflush(stdout);
	if (r != 0)
		fprintf(stderr, "%s: %s\n", err_name(r), out.text);
}

static void
ask_forked(const struct drive *d)
{
	pid_t pid = fork();
	int status = 0;

	if (pid < 0)
		die("fork");
	if (pid == 0) {
		ask(d);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || status != 0)
		printf("the child died with %d\n", status);
	ask(d);
}

static void *
ask_in_thread(void *arg)
{
	struct gate_outcome out;

	return decide(arg, &out) == 0 ? arg : NULL;
}

static void
ask_in_threads(struct drive *d, int n)
{
	pthread_t threads[THREADS_MAX];
	double start = clock_ms();
	int i, allowed = 0;
	void *result;

	if (n > THREADS_MAX)
		die("too many threads");
	for (i = 0; i < n; i++) {
		if (pthread_create(&threads[i], NULL, ask_in_thread, d) != 0)
			die("pthread_create");
	}
	for (i = 0; i < n; i++) {
		if (pthread_join(threads[i], &result) == 0 && result != NULL)
			allowed++;
	}
	printf("allowed %d of %d %.1f\n", allowed, n, clock_ms() - start);
}

static void
ask_many(const struct drive *d, int n)
{
	struct gate_outcome out;
	double start = clock_ms();
	int i, allowed = 0;

	for (i = 0; i < n; i++) {
		if (decide(d, &out) == 0)
			allowed++;
	}
	printf("allowed %d of %d %.1f\n", allowed, n, clock_ms() - start);
}

/* In place: \xHH becomes that byte. */
static char *
unescape(char *text)
{
	char *from = text, *to = text;
	unsigned byte;

	while (*from != '\0') {
		if (sscanf(from, "\\x%2x", &byte) == 1) {
			*to++ = (char)byte;
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
	return text;
}

static char *
letters(int n)
{
	char *text = calloc(1, (size_t)n + 1);

	if (text == NULL)
		die("out of memory");
	memset(text, 'a', (size_t)n);
	return text;
}

static void
obey(struct drive *d, char *line)
{
	char *word = strsep(&line, " ");
	char *rest = line != NULL ? line : word + strlen(word);
	int n = atoi(rest);

	if (strcmp(word, "many") == 0 || strcmp(word, "threads") == 0)
		(void)strsep(&rest, " ");
	d->user = rest != NULL ? unescape(rest) : "";
	if (strcmp(word, "ask") == 0)
		ask(d);
	else if (strcmp(word, "fork") == 0)
		ask_forked(d);
	else if (strcmp(word, "many") == 0)
		ask_many(d, n);
	else if (strcmp(word, "threads") == 0)
		ask_in_threads(d, n);
	else if (strcmp(word, "later") == 0)
		d->now += n;
	else if (strcmp(word, "from") == 0)
		snprintf(d->from, sizeof(d->from), "%s", rest);
	else if (strcmp(word, "long") == 0) {
		char *text = letters(n);

		d->user = text;
		ask(d);
		free(text);
	} else
		die(word);
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	struct drive d = { .now = (int64_t)time(NULL) };
	static char line[LINE_BYTES_MAX];
	struct err e = { 0 };

	if (argc != 3)
		die("usage: gatedrive CONFIG SERVICE");
	signal(SIGPIPE, SIG_DFL);
	d.service = argv[2];
	if (gate_new(argv[1], &d.gate, &e) != 0)
		die(e.text);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		obey(&d, line);
	}
	gate_free(&d.gate);
	return 0;
}
