/*
 * directory_worker: main() of every adapter. argv: a file with a name in
 * each line, "yes" or "no" for what the right answer is; the rest is the
 * adapter's. A line "N" on stdin is answered by the nanoseconds by the clock
 * that N questions took, about one name after the other.
 */

#include "directory.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NAMES_MAX 20000
#define NAME_BYTES_MAX 64

static char names[NAMES_MAX][NAME_BYTES_MAX];

static void
die(const char *what, const char *detail)
{
	fprintf(stderr, "bench directory: %s: %s\n", what, detail);
	exit(1);
}

static int
load(const char *path)
{
	FILE *f = fopen(path, "re");
	int n = 0;

	if (f == NULL)
		die("cannot read", path);
	while (n < NAMES_MAX && fscanf(f, "%63s", names[n]) == 1)
		n++;
	fclose(f);
	if (n == 0)
		die("no names", path);
	return n;
}

int
main(int argc, char *argv[])
{
	struct timespec start, end;
	int count, want, at = 0;
	char line[64];
	void *state;
	long i, n;

	if (argc < 3)
		die("usage", "bench_directory_X NAMES yes|no ...");
	signal(SIGPIPE, SIG_IGN);
	count = load(argv[1]);
	want = strcmp(argv[2], "yes") == 0;
	state = adapter_open(argc - 3, argv + 3);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		n = atol(line);
		clock_gettime(CLOCK_MONOTONIC, &start);
		for (i = 0; i < n; i++) {
			if (adapter_check(state, names[at]) != want)
				die("the wrong answer", names[at]);
			at = (at + 1) % count;
		}
		clock_gettime(CLOCK_MONOTONIC, &end);
		printf("%lld\n",
		    (long long)(end.tv_sec - start.tv_sec) * 1000000000 +
			(end.tv_nsec - start.tv_nsec));
		fflush(stdout);
	}
	return 0;
}
