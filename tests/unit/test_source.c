/*
 * source: what becomes of a value when its file changes, and a shelf that
 * many threads fill at once. The values here are numbers in files.
 */

#include "testutil.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "mem.h"
#include "source.h"

#define KEYS 200
#define THREADS 4

struct key {
	char path[TEST_PATH_MAX];
	char second[TEST_PATH_MAX]; /* "": one file only */
	bool no_file;
};

static atomic_int reads, alive;

static const char *
key_path(const void *key, size_t i)
{
	const struct key *k = key;

	if (i == 1 && k->second[0] != '\0')
		return k->second;
	return i > 0 || k->no_file ? NULL : k->path;
}

static int
read_number(
    const char *path, long *value, struct file_id *id_out, struct err *e)
{
	struct file f = { 0 };
	int r;

	r = file_read(path, 64, FILE_PUBLIC, &f, e);
	if (r != 0)
		return r;
	*value += strtol(f.data, NULL, 10);
	*id_out = f.id;
	if (f.data[0] < '0' || f.data[0] > '9')
		r = err_set(e, E_SYNTAX, "no number");
	file_done(&f);
	return r;
}

/* The sum of its files. */
static int
key_read(const void *key, void **value_out,
    struct file_id ids[SOURCE_FILES_MAX], struct err *e)
{
	const struct key *k = key;
	struct file_id none;
	long sum = 0, *value;
	int r;

	atomic_fetch_add(&reads, 1);
	r = read_number(k->path, &sum, k->no_file ? &none : &ids[0], e);
	if (r == 0 && k->second[0] != '\0')
		r = read_number(k->second, &sum, &ids[1], e);
	if (r != 0)
		return r;
	value = mem_dup(&sum, sizeof(sum));
	if (value == NULL)
		return err_set(e, E_NOMEM, "out of memory");
	*value_out = value;
	atomic_fetch_add(&alive, 1);
	return 0;
}

static void
key_done(void *value)
{
	atomic_fetch_sub(&alive, 1);
	free(value);
}

static bool
key_same(const void *a, const void *b)
{
	const struct key *x = a, *y = b;

	return strcmp(x->path, y->path) == 0;
}

static const struct source_kind kind = {
	.path = key_path,
	.read = key_read,
	.done = key_done,
	.same = key_same,
};

static char dir[TEST_DIR_MAX];
static char heard[ERR_TEXT_MAX];
static int hears;

static void
hear(const char *sentence, void *arg)
{
	(void)arg;
	snprintf(heard, sizeof(heard), "%s", sentence);
	hears++;
}

static const struct source_ear ear = { hear, NULL, 0 };

static int
setup(void **state)
{
	(void)state;
	test_dir_new(dir);
	hears = 0;
	atomic_store(&reads, 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	test_dir_remove(dir);
	assert_int_equal(atomic_load(&alive), 0);
	return 0;
}

static void
write_number(struct key *k, const char *name, const char *text)
{
	char path[TEST_PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	memcpy(k->path, path, sizeof(path));
	assert_int_equal(file_replace(path, 0644, text, strlen(text), NULL), 0);
}

static long
number(const struct source *s)
{
	const void *value = NULL;

	return source_get(s, &value, NULL) == 0 ? *(const long *)value : -1;
}

/* What follows from each text of the file; NULL: it is gone. */
static const struct {
	const char *why;
	const char *text;
	long want;
	bool kept; /* the same source as before */
	const char *said;
} changes[] = {
	{ "the same again", "=", 1, true, NULL },
	{ "another number", "2", 2, false, NULL },
	{ "another version of the same", "2", 2, false, NULL },
	{ "no number", "x", 2, true, "no number" },
	{ "no change of that", "=", 2, true, NULL },
	{ "another version, no number either", "y", 2, true, "no number" },
	{ "gone", NULL, 2, true, "No such file" },
	{ "still gone", "=", 2, true, NULL },
	{ "there again", "3", 3, false, NULL },
	{ "gone again", NULL, 3, true, "No such file" },
	{ "there once more", "4", 4, false, NULL },
};

static void
test_renew(void **state)
{
	struct source *s = NULL, *next;
	struct key key = { .no_file = false };
	size_t i;

	(void)state;
	write_number(&key, "n", "1");
	assert_int_equal(source_new(&kind, &key, &s), 0);
	assert_int_equal(number(s), 1);
	for (i = 0; i < COUNT_OF(changes); i++) {
		hears = 0;
		if (changes[i].text == NULL)
			assert_int_equal(unlink(key.path), 0);
		else if (changes[i].text[0] != '=')
			write_number(&key, "n", changes[i].text);
		next = source_renew(s, &key, &ear);
		if (number(next) != changes[i].want ||
		    (next == s) != changes[i].kept ||
		    hears != (changes[i].said != NULL ? 1 : 0) ||
		    (changes[i].said != NULL &&
			strstr(heard, changes[i].said) == NULL))
			fail_msg(
			    "%s: %ld %s", changes[i].why, number(next), heard);
		source_drop(&s);
		s = next;
	}
	source_drop(&s);
	assert_null(s);
}

static void
test_never_good(void **state)
{
	struct source *s = NULL, *next;
	struct key key = { .no_file = false };
	struct err e = { 0 };
	const void *value;

	(void)state;
	write_number(&key, "n", "x");
	assert_int_equal(source_new(&kind, &key, &s), 0);
	assert_int_equal(source_get(s, &value, &e), E_SYNTAX);
	assert_string_equal(e.text, "no number");
	/* there is nothing to keep, so nothing is said */
	next = source_renew(s, &key, &ear);
	assert_ptr_not_equal(next, s);
	assert_int_equal(number(next), -1);
	assert_int_equal(hears, 0);
	source_drop(&s);
	s = next;
	write_number(&key, "n", "5");
	next = source_renew(s, &key, &ear);
	assert_int_equal(number(next), 5);
	source_drop(&s);
	source_drop(&next);
}

static void
test_no_file(void **state)
{
	struct source *s = NULL, *next;
	struct key key = { .no_file = false };

	(void)state;
	write_number(&key, "n", "6");
	key.no_file = true;
	assert_int_equal(source_new(&kind, &key, &s), 0);
	assert_int_equal(unlink(key.path), 0);
	next = source_renew(s, &key, &ear);
	assert_ptr_equal(next, s);
	source_drop(&s);
	assert_int_equal(number(next), 6);
	source_drop(&next);
}

/* In place, the same size, the time set back: cp -p, rsync -t, touch -r. */
static void
test_time_set_back(void **state)
{
	struct key key = { .no_file = false };
	struct timespec times[2] = { { 0, UTIME_OMIT }, { 0, 0 } };
	struct source *s = NULL, *next;
	struct stat was, now;
	FILE *f;

	(void)state;
	write_number(&key, "n", "1");
	assert_int_equal(source_new(&kind, &key, &s), 0);
	assert_int_equal(stat(key.path, &was), 0);
	times[1] = was.st_mtim;
	/* until the file system's clock has moved */
	do {
		f = fopen(key.path, "r+e");
		assert_non_null(f);
		assert_int_not_equal(fputs("2", f), EOF);
		assert_int_equal(fclose(f), 0);
		assert_int_equal(utimensat(AT_FDCWD, key.path, times, 0), 0);
		assert_int_equal(stat(key.path, &now), 0);
	} while (now.st_ctim.tv_sec == was.st_ctim.tv_sec &&
	    now.st_ctim.tv_nsec == was.st_ctim.tv_nsec);
	assert_int_equal(now.st_mtim.tv_nsec, was.st_mtim.tv_nsec);
	next = source_renew(s, &key, &ear);
	assert_int_equal(number(next), 2);
	source_drop(&s);
	source_drop(&next);
}

/* One of several files is enough to read all of them, or to keep all. */
static void
test_two_files(void **state)
{
	struct key key = { .no_file = false }, other = key;
	struct source *s = NULL, *next;

	(void)state;
	write_number(&other, "b", "10");
	write_number(&key, "a", "1");
	memcpy(key.second, other.path, sizeof(key.second));
	assert_int_equal(source_new(&kind, &key, &s), 0);
	assert_int_equal(number(s), 11);
	next = source_renew(s, &key, &ear);
	assert_ptr_equal(next, s);
	source_drop(&next);
	write_number(&other, "b", "20");
	next = source_renew(s, &key, &ear);
	assert_int_equal(number(next), 21);
	source_drop(&s);
	s = next;
	write_number(&other, "b", "x");
	next = source_renew(s, &key, &ear);
	assert_ptr_equal(next, s);
	assert_int_equal(hears, 1);
	source_drop(&next);
	assert_int_equal(unlink(key.path), 0);
	next = source_renew(s, &key, &ear);
	assert_ptr_equal(next, s);
	assert_int_equal(hears, 2);
	source_drop(&next);
	write_number(&key, "a", "2");
	write_number(&other, "b", "30");
	next = source_renew(s, &key, &ear);
	assert_int_equal(number(next), 32);
	source_drop(&s);
	source_drop(&next);
}

static void
test_carry(void **state)
{
	struct key a = { .no_file = false }, b = a, like_a;
	struct shelf *from = NULL, *to = NULL;
	const struct source *source;
	bool changed = false;

	(void)state;
	write_number(&a, "a", "1");
	write_number(&b, "b", "x");
	like_a = a;
	assert_int_equal(shelf_new(&kind, &from), 0);
	assert_int_equal(shelf_new(&kind, &to), 0);
	source = shelf_get(from, &a);
	assert_int_equal(number(source), 1);
	assert_int_equal(number(shelf_get(from, &b)), -1);
	assert_int_equal(number(shelf_get(from, &b)), -1);
	assert_int_equal(atomic_load(&reads), 2); /* failures are kept */
	assert_ptr_equal(shelf_get(from, &like_a), source);
	assert_int_equal(atomic_load(&reads), 2); /* and values shared */
	assert_int_equal(shelf_carry(to, &like_a, from, &ear, &changed), 0);
	assert_false(changed);
	assert_ptr_equal(shelf_get(to, &like_a), source);
	assert_int_equal(shelf_carry(to, &a, from, &ear, &changed), 0);
	assert_false(changed);
	assert_int_equal(shelf_carry(to, &b, from, &ear, &changed), 0);
	assert_true(changed); /* it may be good by now */
	shelf_free(&from);
	assert_int_equal(number(source), 1);
	write_number(&b, "b", "2");
	assert_int_equal(number(shelf_get(to, &b)), 2);
	shelf_free(&to);
	shelf_free(&to);
}

struct race {
	struct shelf *shelf;
	struct key *keys;
	const struct source *got[THREADS][KEYS];
	atomic_int next;
};

static void *
fill(void *arg)
{
	struct race *race = arg;
	int me = atomic_fetch_add(&race->next, 1), i;

	for (i = 0; i < KEYS; i++)
		race->got[me][i] = shelf_get(race->shelf, &race->keys[i]);
	return NULL;
}

/* Whoever comes first, all see the same source afterwards. */
static void
test_race(void **state)
{
	static struct race race;
	static struct key keys[KEYS];
	pthread_t threads[THREADS];
	char name[16];
	int i, t;

	(void)state;
	memset(&race, 0, sizeof(race));
	race.keys = keys;
	for (i = 0; i < KEYS; i++) {
		snprintf(name, sizeof(name), "%d", i);
		write_number(&keys[i], name, name);
	}
	assert_int_equal(shelf_new(&kind, &race.shelf), 0);
	for (t = 0; t < THREADS; t++)
		assert_int_equal(
		    pthread_create(&threads[t], NULL, fill, &race), 0);
	for (t = 0; t < THREADS; t++)
		assert_int_equal(pthread_join(threads[t], NULL), 0);
	for (i = 0; i < KEYS; i++) {
		assert_int_equal(number(race.got[0][i]), i);
		for (t = 1; t < THREADS; t++)
			assert_ptr_equal(race.got[t][i], race.got[0][i]);
	}
	assert_int_equal(atomic_load(&alive), KEYS);
	shelf_free(&race.shelf);
}

static void
short_of_memory(void *arg)
{
	struct key *key = arg;
	struct shelf *from = NULL, *to = NULL;
	const struct source *s;
	bool changed = false;
	int r;

	r = shelf_new(&kind, &from);
	if (r == 0)
		r = shelf_new(&kind, &to);
	if (r == 0) {
		s = shelf_get(from, key);
		r = s != NULL && number(s) == 7 ?
		    shelf_carry(to, key, from, &ear, &changed) :
		    E_NOMEM;
	}
	assert_true(r == 0 || alloc_failed());
	shelf_free(&from);
	shelf_free(&to);
}

static void
test_no_memory(void **state)
{
	struct key key = { .no_file = false };

	(void)state;
	write_number(&key, "n", "7");
	for_each_alloc_failure(short_of_memory, &key);
	assert_int_equal(atomic_load(&alive), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_renew, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_never_good, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_time_set_back, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_two_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_carry, setup, teardown),
		cmocka_unit_test_setup_teardown(test_race, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_no_memory, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
