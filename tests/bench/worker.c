/*
 * worker: main() of every adapter. A line "ALG N THREADS" on stdin is
 * answered by the nanoseconds that N verifications took in each thread, by
 * the clock and of processor time, in which other programs do not count.
 * THREADS 0 is main() itself. -1: the library does not know the algorithm.
 */

#include "bench.h"
#include "input.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ALG_MAX 32
#define SLOTS 8
#define THREADS_MAX 16

struct job {
	struct bench_input in;
	char alg[ALG_MAX];
	void *state;
	long n;
	int64_t now;
	pthread_barrier_t *start;
};

static void
die(const char *what, const char *detail)
{
	fprintf(stderr, "bench worker: %s: %s\n", what, detail);
	exit(1);
}

static int64_t
ns_since(clockid_t clock, const struct timespec *start)
{
	struct timespec end;

	clock_gettime(clock, &end);
	return (end.tv_sec - start->tv_sec) * INT64_C(1000000000) +
	    (end.tv_nsec - start->tv_nsec);
}

static void
verify_all(const struct job *job)
{
	char user[BENCH_USER_MAX];
	long i;
	int rc;

	for (i = 0; i < job->n; i++) {
		rc = adapter_verify(job->state, job->in.token,
		    job->in.token_len, job->now, user);
		if ((rc != 0) != job->in.refused)
			die("the wrong answer", job->alg);
	}
}

static void *
one_thread(void *arg)
{
	struct job *job = arg;

	pthread_barrier_wait(job->start);
	verify_all(job);
	return NULL;
}

static void
run_threads(struct job *job, int count)
{
	pthread_t threads[THREADS_MAX];
	pthread_barrier_t start;
	int i;

	pthread_barrier_init(&start, NULL, (unsigned)count + 1);
	job->start = &start;
	for (i = 0; i < count; i++) {
		if (pthread_create(&threads[i], NULL, one_thread, job) != 0)
			die("no thread", job->alg);
	}
	pthread_barrier_wait(&start);
	for (i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&start);
}

/*
 * The worker before left the caches to itself. That is no part of a
 * verification, so some come before the clock starts.
 */
static void
warm_up(const struct job *job)
{
	struct job some = *job;

	some.n = job->n / 8 + 1;
	verify_all(&some);
}

static void
answer(struct job *job, int threads)
{
	struct timespec real, cpu;

	if (job->state == NULL) {
		printf("-1 -1\n");
		return;
	}
	warm_up(job);
	clock_gettime(CLOCK_MONOTONIC, &real);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
	if (threads > 0)
		run_threads(job, threads);
	else
		verify_all(job);
	printf("%lld %lld\n", (long long)ns_since(CLOCK_MONOTONIC, &real),
	    (long long)ns_since(CLOCK_PROCESS_CPUTIME_ID, &cpu) /
		(threads > 0 ? threads : 1));
}

/* A signature that was bent must not pass, or there is nothing to time. */
static void
check(struct job *job)
{
	char user[BENCH_USER_MAX] = "";
	char *c = job->in.token + job->in.token_len - 6;
	char was = *c;
	int good, bad;

	if (job->state == NULL || job->in.refused ||
	    strncmp(job->in.mode, "lookup", 6) == 0)
		return;
	good = adapter_verify(
	    job->state, job->in.token, job->in.token_len, job->now, user);
	*c = was == 'A' ? 'B' : 'A';
	bad = adapter_verify(
	    job->state, job->in.token, job->in.token_len, job->now, user);
	*c = was;
	if (good != 0)
		die("refuses its token", job->alg);
	if (bad == 0 && strcmp(job->in.mode, "template") != 0 &&
	    strcmp(job->in.mode, "prepared") != 0 &&
	    strcmp(job->in.mode, "ordinary") != 0)
		die("accepts a bent token", job->alg);
}

static void
open_job(struct job *job, const char *dir, const char *alg, const char *mode)
{
	size_t n;

	snprintf(job->alg, sizeof(job->alg), "%s", alg);
	job->in.dir = dir;
	job->in.alg = job->alg;
	job->in.mode = mode;
	job->in.token = input_read(dir, alg, "jwt", &job->in.token_len);
	job->in.jwk = input_read(dir, alg, "jwk", &n);
	job->in.key = input_read(dir, alg, "key", &job->in.key_len);
	if (job->in.token == NULL || job->in.jwk == NULL || job->in.key == NULL)
		die("cannot read", alg);
	job->now = (int64_t)time(NULL);
	job->state = adapter_open(&job->in);
	check(job);
}

int
main(int argc, char *argv[])
{
	static struct job jobs[SLOTS];
	char line[128], alg[ALG_MAX];
	int threads, i;
	long n;

	if (argc < 2)
		die("usage", "bench_X DIR [MODE]");
	while (fgets(line, sizeof(line), stdin) != NULL) {
		if (sscanf(line, "%31s %ld %d", alg, &n, &threads) != 3 ||
		    threads > THREADS_MAX)
			die("not understood", line);
		for (i = 0; i < SLOTS - 1 && jobs[i].alg[0] != '\0' &&
		     strcmp(jobs[i].alg, alg) != 0;
		     i++)
			continue;
		if (jobs[i].alg[0] == '\0')
			open_job(
			    &jobs[i], argv[1], alg, argc > 2 ? argv[2] : "");
		jobs[i].n = n;
		answer(&jobs[i], threads);
		fflush(stdout);
	}
	return 0;
}
