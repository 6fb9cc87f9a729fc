/*
 * guesses: many at once try to get in, each with a token of its own that is
 * no token, and it is counted how many of them were looked at.
 *
 *	guesses CONFIG COUNT one|many ADDRESS [FIRST]
 *
 * one: COUNT threads of one long-lived host; many: each opens a gate of its
 * own, as COUNT logins of sshd do. All of them begin together, as the users
 * uFIRST, uFIRST+1, ... Prints "looked at N, throttled N, other N".
 */

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "err.h"
#include "gate.h"

#define COUNT_MAX 2000

struct guess {
	pthread_t thread;
	struct gate *gate; /* NULL: one of its own */
	unsigned number;
	int reason;
};

static pthread_barrier_t start;
static const char *config, *address;

static void
die(const char *what)
{
	fprintf(stderr, "guesses: %s\n", what);
	exit(99);
}

static void *
try(void *arg)
{
	struct guess *g = arg;
	struct gate *gate = g->gate;
	struct gate_outcome out;
	char user[32], token[64];
	struct gate_request q = { .checks = GATE_TOKEN,
		.token = token,
		.service = "sshd",
		.user = user,
		.address = address };

	snprintf(user, sizeof(user), "u%u", g->number);
	q.token_len = (size_t)snprintf(
	    token, sizeof(token), "guess.number.%u", g->number);
	pthread_barrier_wait(&start);
	if (gate == NULL && gate_new(config, &gate, NULL) != 0)
		die("no gate");
	g->reason = gate_decide(gate, &q, (int64_t)time(NULL), &out);
	if (g->gate == NULL)
		gate_free(&gate);
	return NULL;
}

int
main(int argc, char **argv)
{
	static struct guess guesses[COUNT_MAX];
	unsigned count, first, i, looked = 0, throttled = 0, other = 0;
	struct gate *gate = NULL;
	pthread_attr_t attr;

	if (argc < 5)
		die("usage: guesses CONFIG COUNT one|many ADDRESS [FIRST]");
	config = argv[1];
	address = argv[4];
	count = (unsigned)strtoul(argv[2], NULL, 10);
	first = argc > 5 ? (unsigned)strtoul(argv[5], NULL, 10) : 1;
	if (count == 0 || count > COUNT_MAX)
		die("COUNT is from 1 to 2000");
	if (strcmp(argv[3], "one") == 0 && gate_new(config, &gate, NULL) != 0)
		die("no gate");
	pthread_barrier_init(&start, NULL, count);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 512 * 1024);
	for (i = 0; i < count; i++) {
		guesses[i].gate = gate;
		guesses[i].number = first + i;
		if (pthread_create(
			&guesses[i].thread, &attr, try, &guesses[i]) != 0)
			die("no thread");
	}
	for (i = 0; i < count; i++) {
		pthread_join(guesses[i].thread, NULL);
		if (guesses[i].reason == E_THROTTLED)
			throttled++;
		else if (guesses[i].reason == E_TOKEN_MALFORMED)
			looked++;
		else
			other++;
	}
	gate_free(&gate);
	printf(
	    "looked at %u, throttled %u, other %u\n", looked, throttled, other);
	return 0;
}
