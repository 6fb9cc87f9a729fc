/*
 * pair: what a verification takes beyond the signature, in one process. The
 * sides take turns of a third of a millisecond; what is said of a side is the
 * median, over the rounds, of how much longer than raw, prepared, it took.
 *
 *	bench_pair DIR ALG ROUNDS
 *
 * prints four numbers of microseconds: what prepared takes, and what
 * template, jwtgate and the whole gate take over it. raw.c is compiled with
 * other names for its two functions.
 */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench.h"
#include "input.h"

#define TURN_NS 300000
#define ROUNDS_MAX 100000
#define SIDES 4

void *raw_open(struct bench_input *in);
int raw_verify(void *state, const char *token, size_t n, int64_t now,
    char user[BENCH_USER_MAX]);

struct side {
	const char *mode;
	void *(*open)(struct bench_input *in);
	int (*verify)(void *state, const char *token, size_t n, int64_t now,
	    char user[BENCH_USER_MAX]);
	void *state;
	double *over; /* of each round, ns */
};

static void
die(const char *what)
{
	fprintf(stderr, "bench_pair: %s\n", what);
	exit(1);
}

/* Nanoseconds of one of count verifications. */
static double
turn(const struct side *s, const struct bench_input *in, int64_t now, int count)
{
	char user[BENCH_USER_MAX];
	struct timespec a, b;
	int i;

	clock_gettime(CLOCK_MONOTONIC, &a);
	for (i = 0; i < count; i++) {
		if (s->verify(s->state, in->token, in->token_len, now, user) !=
		    0)
			die("a token was refused");
	}
	clock_gettime(CLOCK_MONOTONIC, &b);
	return ((double)(b.tv_sec - a.tv_sec) * 1e9 +
		   (double)(b.tv_nsec - a.tv_nsec)) /
	    count;
}

static int
ascending(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double
median(double *v, int n)
{
	qsort(v, (size_t)n, sizeof(*v), ascending);
	return v[n / 2];
}

static void
measure(struct side sides[SIDES], const struct bench_input *in, int rounds)
{
	const int64_t now = (int64_t)time(NULL);
	double took[SIDES];
	int i, k, at, count;

	turn(&sides[0], in, now, 100);
	count = (int)(TURN_NS / turn(&sides[0], in, now, 100)) + 1;
	for (i = 0; i < rounds; i++) {
		for (k = 0; k < SIDES; k++) {
			at = i % 2 == 0 ? k : SIDES - 1 - k;
			turn(&sides[at], in, now, 2); /* warms up */
			took[at] = turn(&sides[at], in, now, count);
		}
		sides[0].over[i] = took[0];
		for (k = 1; k < SIDES; k++)
			sides[k].over[i] = took[k] - took[0];
	}
}

int
main(int argc, char *argv[])
{
	struct side sides[SIDES] = {
		{ "prepared", raw_open, raw_verify, NULL, NULL },
		{ "template", raw_open, raw_verify, NULL, NULL },
		{ "", adapter_open, adapter_verify, NULL, NULL },
		{ "gate", adapter_open, adapter_verify, NULL, NULL },
	};
	struct bench_input in = { 0 };
	int rounds = argc == 4 ? atoi(argv[3]) : 0, k;
	size_t n;

	if (rounds < 1 || rounds > ROUNDS_MAX)
		die("usage: bench_pair DIR ALG ROUNDS");
	in.dir = argv[1];
	in.alg = argv[2];
	in.token = input_read(in.dir, in.alg, "jwt", &in.token_len);
	in.jwk = input_read(in.dir, in.alg, "jwk", &n);
	in.key = input_read(in.dir, in.alg, "key", &in.key_len);
	if (in.token == NULL || in.jwk == NULL || in.key == NULL)
		die("no such input");
	for (k = 0; k < SIDES; k++) {
		in.mode = sides[k].mode;
		sides[k].state = sides[k].open(&in);
		sides[k].over = calloc((size_t)rounds, sizeof(double));
		if (sides[k].state == NULL || sides[k].over == NULL)
			die("no memory");
	}
	measure(sides, &in, rounds);
	for (k = 0; k < SIDES; k++)
		printf("%.3f ", median(sides[k].over, rounds) / 1000);
	printf("\n");
	return 0;
}
