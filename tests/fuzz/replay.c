/*
 * replay: main() of the fuzz targets in "make check", where no libFuzzer is.
 * Each input of the corpus is run whole and cut at every byte, behind a guard
 * page, and is one line of TAP. With arguments it runs these files instead,
 * which is how a finding is looked at.
 */

#include "testutil.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>

#include "fuzz.h"

#define CUT_MAX 4096 /* longer inputs are run whole only */

static void
run(const char *data, size_t n, void *arg)
{
	(void)arg;
	(void)LLVMFuzzerTestOneInput((const uint8_t *)data, n);
}

static int
replay(const char *path)
{
	char *data, *copy;
	FILE *file;
	size_t n;
	long end;

	file = fopen(path, "rbe");
	if (file == NULL || fseek(file, 0, SEEK_END) != 0 ||
	    (end = ftell(file)) < 0)
		return -1;
	rewind(file);
	n = (size_t)end;
	data = malloc(n + 1);
	if (data == NULL || fread(data, 1, n, file) != n)
		return -1;
	fclose(file);
	copy = guard_copy(data, n);
	run(copy, n, NULL);
	guard_free(copy, n);
	if (n <= CUT_MAX)
		for_each_truncation(data, n, run, NULL);
	free(data);
	return 0;
}

static int
is_input(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* The corpus of fuzz_<name> is tests/fuzz/corpus/<name>. */
static const char *
corpus_name(void)
{
	const char *name = strstr(program_invocation_short_name, "fuzz_");

	return name != NULL ? name + 5 : program_invocation_short_name;
}

static int
replay_corpus(void)
{
	char path[PATH_MAX];
	struct dirent **inputs = NULL;
	int count, i, dir_len, failed = 0;

	test_path(path, sizeof(path) / 2, "fuzz/corpus/");
	dir_len = (int)strlen(path);
	dir_len += snprintf(path + dir_len, NAME_MAX, "%s", corpus_name());
	count = scandir(path, &inputs, is_input, alphasort);
	if (count <= 0) {
		printf("Bail out! %s: no inputs\n", path);
		return 1;
	}
	printf("1..%d\n", count);
	for (i = 0; i < count; i++) {
		snprintf(
		    path + dir_len, NAME_MAX + 2, "/%s", inputs[i]->d_name);
		/* told before it is run: a crash says nothing more */
		printf("# %s\n", inputs[i]->d_name);
		fflush(stdout);
		if (replay(path) == 0) {
			printf("ok %d - %s\n", i + 1, inputs[i]->d_name);
		} else {
			printf("not ok %d - %s\n", i + 1, strerror(errno));
			failed = 1;
		}
		free(inputs[i]);
	}
	free(inputs);
	return failed;
}

int
main(int argc, char **argv)
{
	int i, failed = 0;

	if (argc < 2)
		return replay_corpus();
	for (i = 1; i < argc; i++) {
		if (replay(argv[i]) != 0) {
			perror(argv[i]);
			failed = 1;
		}
	}
	return failed;
}
