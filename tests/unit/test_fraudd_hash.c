/*
 * hash: the key file is made once, read back, and taken only whole; what is
 * hashed is told apart by every part of it.
 */

#include "testutil.h"

#include "err.h"
#include "file.h"
#include "hash.h"

#include <endian.h>
#include <sys/stat.h>
#include <unistd.h>

struct folder {
	char dir[TEST_DIR_MAX];
	char path[TEST_PATH_MAX];
};

static void
folder_new(struct folder *f)
{
	test_dir_new(f->dir);
	snprintf(f->path, sizeof(f->path), "%s/%s", f->dir, HASH_FILE_NAME);
}

static struct hash_keys *
load(const struct folder *f)
{
	struct hash_keys *k = NULL;

	assert_int_equal(hash_keys_load(f->path, &k, NULL), 0);
	return k;
}

static void
hash_word(const struct hash_keys *k, uint32_t generation, const char *word,
    uint8_t out[HASH_LEN])
{
	struct hash_part part = { word, strlen(word) };

	assert_true(hash_parts(k, generation, &part, 1, out));
}

static void
test_file(void **state)
{
	uint8_t first[HASH_LEN], second[HASH_LEN];
	struct hash_keys *k;
	struct folder f;
	struct stat st;

	(void)state;
	folder_new(&f);
	k = load(&f);
	assert_int_equal(stat(f.path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(hash_generation(k), 1);
	assert_false(hash_has_previous(k));
	hash_word(k, 1, "a", first);
	hash_keys_free(&k);
	assert_null(k);

	k = load(&f);
	hash_word(k, 1, "a", second);
	assert_memory_equal(first, second, HASH_LEN);
	hash_keys_free(&k);

	/* another file, another key */
	assert_int_equal(unlink(f.path), 0);
	k = load(&f);
	hash_word(k, 1, "a", second);
	assert_memory_not_equal(first, second, HASH_LEN);
	hash_keys_free(&k);
	test_dir_remove(f.dir);
}

static void
test_generations(void **state)
{
	uint8_t first[HASH_LEN], second[HASH_LEN], again[HASH_LEN];
	struct hash_keys *k;
	struct err e = { 0 };
	struct folder f;

	(void)state;
	folder_new(&f);
	k = load(&f);
	hash_word(k, 1, "a", first);
	assert_int_equal(hash_keys_rotate(k, NULL), 0);
	assert_int_equal(hash_generation(k), 2);
	assert_true(hash_has_previous(k));
	hash_word(k, 2, "a", second);
	assert_memory_not_equal(first, second, HASH_LEN);
	assert_int_equal(hash_keys_rotate(k, &e), E_RANGE);
	hash_keys_free(&k);

	k = load(&f);
	assert_int_equal(hash_generation(k), 2);
	assert_true(hash_knows(k, 1));
	hash_word(k, 1, "a", again);
	assert_memory_equal(first, again, HASH_LEN);
	hash_word(k, 2, "a", again);
	assert_memory_equal(second, again, HASH_LEN);
	assert_int_equal(hash_keys_retire(k, NULL), 0);
	assert_false(hash_knows(k, 1));
	hash_keys_free(&k);

	k = load(&f);
	assert_false(hash_has_previous(k));
	assert_false(hash_knows(k, 0));
	assert_false(hash_knows(k, 3));
	assert_int_equal(hash_keys_rotate(k, NULL), 0);
	assert_int_equal(hash_generation(k), 3);
	hash_keys_free(&k);
	test_dir_remove(f.dir);
}

static void
test_modes(void **state)
{
	static const struct {
		const char *why;
		mode_t mode;
		int want;
	} cases[] = {
		{ "the owner alone", 0600, 0 },
		{ "the owner, to read", 0400, 0 },
		{ "others may read", 0604, E_PERM },
		{ "the group may read", 0640, E_PERM },
		{ "the group may write", 0620, E_PERM },
	};
	struct hash_keys *k;
	struct folder f;
	size_t i;

	(void)state;
	folder_new(&f);
	k = load(&f);
	hash_keys_free(&k);
	for (i = 0; i < COUNT_OF(cases); i++) {
		print_message("# %s\n", cases[i].why);
		assert_int_equal(chmod(f.path, cases[i].mode), 0);
		assert_int_equal(
		    hash_keys_load(f.path, &k, NULL), cases[i].want);
		hash_keys_free(&k);
	}
	test_dir_remove(f.dir);
}

static void
try_damaged(const char *data, size_t n, void *arg)
{
	struct folder *f = arg;
	struct hash_keys *k = NULL;
	char path[TEST_PATH_MAX];

	test_write(path, f->dir, HASH_FILE_NAME, 0600, data, n);
	assert_int_equal(hash_keys_load(f->path, &k, NULL), E_KEY);
	assert_null(k);
}

static void
test_damage(void **state)
{
	struct file content = { 0 };
	struct hash_keys *k;
	struct folder f;

	(void)state;
	folder_new(&f);
	k = load(&f);
	assert_int_equal(hash_keys_rotate(k, NULL), 0);
	hash_keys_free(&k);
	assert_int_equal(
	    file_read(f.path, 4096, FILE_SECRET, &content, NULL), 0);
	for_each_truncation(content.data, content.len, try_damaged, &f);
	for_each_bit_flip(content.data, content.len, try_damaged, &f);
	test_write(
	    f.path, f.dir, HASH_FILE_NAME, 0600, content.data, content.len);
	k = load(&f);
	hash_keys_free(&k);
	file_done(&content);
	test_dir_remove(f.dir);
}

/* "ab|c" is two parts; a NUL is written 0. */
static void
hash_list(const struct hash_keys *k, const char *list, uint8_t out[HASH_LEN])
{
	struct hash_part parts[4];
	char text[32], *rest = text, *word;
	size_t count = 0, i;

	memcpy(text, list, strlen(list) + 1);
	while ((word = strsep(&rest, "|")) != NULL) {
		parts[count] = (struct hash_part){ word, strlen(word) };
		for (i = 0; i < parts[count].len; i++)
			word[i] = word[i] == '0' ? '\0' : word[i];
		count++;
	}
	assert_true(hash_parts(k, 1, parts, count, out));
}

static void
test_parts(void **state)
{
	static const struct {
		const char *why, *a, *b;
	} cases[] = {
		{ "a border moves", "ab|c", "a|bc" },
		{ "an empty part more", "a", "a|" },
		{ "the parts change places", "a|b", "b|a" },
		{ "a NUL more", "a", "a0" },
	};
	uint8_t a[HASH_LEN], b[HASH_LEN];
	struct hash_keys *k = NULL;
	size_t i;

	(void)state;
	assert_int_equal(hash_keys_load(NULL, &k, NULL), 0);
	for (i = 0; i < COUNT_OF(cases); i++) {
		print_message("# %s\n", cases[i].why);
		hash_list(k, cases[i].a, a);
		hash_list(k, cases[i].a, b);
		assert_memory_equal(a, b, HASH_LEN);
		hash_list(k, cases[i].b, b);
		assert_memory_not_equal(a, b, HASH_LEN);
	}
	hash_keys_free(&k);
}

static void
test_too_long(void **state)
{
	static char big[HASH_MESSAGE_MAX];
	struct hash_part part = { big, sizeof(big) - 4 };
	struct hash_keys *k = NULL;
	uint8_t out[HASH_LEN];

	(void)state;
	assert_int_equal(hash_keys_load(NULL, &k, NULL), 0);
	assert_true(hash_parts(k, 1, &part, 1, out));
	assert_false(hash_parts(k, 2, &part, 1, out));
	part.len++;
	assert_false(hash_parts(k, 1, &part, 1, out));
	part.len = SIZE_MAX;
	assert_false(hash_parts(k, 1, &part, 1, out));
	hash_keys_free(&k);
}

/* Each load has an index of its own, and random bytes are not repeated. */
static void
test_index(void **state)
{
	struct hash_keys *a = NULL, *b = NULL;
	uint64_t x, y, words[2] = { UINT64_C(0x0123456789abcdef), 77 };
	unsigned char bytes[18];
	uint16_t rest = 0x80f1;
	struct folder f;

	(void)state;
	folder_new(&f);
	a = load(&f);
	b = load(&f);
	assert_true(hash_index(a, "x", 1) == hash_index(a, "x", 1));
	assert_true(hash_index(a, "x", 1) != hash_index(b, "x", 1));
	/* the same bytes, as words */
	x = htole64(words[0]);
	memcpy(bytes, &x, 8);
	x = htole64(words[1]);
	memcpy(bytes + 8, &x, 8);
	rest = htole16(rest);
	memcpy(bytes + 16, &rest, 2);
	assert_true(hash_words(a, words[0], words[1], le16toh(rest)) ==
	    hash_index(a, bytes, sizeof(bytes)));
	assert_true(hash_words(a, words[0], words[1], 1) !=
	    hash_words(a, words[0], words[1], 2));
	hash_random(&x, sizeof(x));
	hash_random(&y, sizeof(y));
	assert_true(x != y);
	hash_keys_free(&a);
	hash_keys_free(&b);
	test_dir_remove(f.dir);
}

static void
load_once(void *arg)
{
	struct folder *f = arg;
	struct hash_keys *k = NULL;
	int ret;

	ret = hash_keys_load(f->path, &k, NULL);
	if (alloc_failed())
		assert_int_equal(ret, E_NOMEM);
	else
		assert_int_equal(ret, 0);
	hash_keys_free(&k);
}

static void
test_memory(void **state)
{
	struct hash_keys *k;
	struct folder f;

	(void)state;
	folder_new(&f);
	k = load(&f);
	hash_keys_free(&k);
	if (alloc_fail_works())
		assert_true(for_each_alloc_failure(load_once, &f) > 1);
	test_dir_remove(f.dir);
}

/* A folder that is not there, or cannot be written. */
static void
test_io(void **state)
{
	struct hash_keys *k = NULL;
	struct folder f;

	(void)state;
	folder_new(&f);
	k = load(&f);
	test_dir_remove(f.dir);
	assert_int_equal(hash_keys_rotate(k, NULL), E_IO);
	assert_int_equal(hash_generation(k), 1);
	assert_false(hash_has_previous(k));
	hash_keys_free(&k);
	assert_int_equal(hash_keys_load(f.path, &k, NULL), E_IO);
	assert_null(k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_generations),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_index),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_io),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
