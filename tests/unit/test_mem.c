/*
 * test_mem: born zeroed, dies wiped, and equal means every bit.
 */

#include "testutil.h"

#include "mem.h"

static const char shibboleth[] = "shibboleth-3f1b7c";

static void
test_zeroed(void **state)
{
	unsigned char *p;
	size_t i, n;

	(void)state;
	for (n = 0; n < 300; n += 7) {
		/* leave dirt for the allocator to hand out again */
		p = malloc(n + 1);
		assert_non_null(p);
		memset(p, 0xa5, n + 1);
		free(p);
		p = n % 2 != 0 ? mem_alloc(n) : mem_array(n / 2, 2);
		assert_non_null(p);
		for (i = 0; i < n / 2 * 2; i++)
			assert_int_equal(p[i], 0);
		mem_free(&p, n);
		assert_null(p);
	}
}

static void
test_overflow(void **state)
{
	static const struct {
		const char *why;
		size_t n;
		size_t size;
		bool want;
	} rows[] = {
		{ "small", 3, 5, true },
		{ "none", 0, 5, true },
		{ "none of nothing", 0, 0, true },
		{ "wraps to 0", SIZE_MAX / 2 + 1, 2, false },
		{ "wraps to a small one", SIZE_MAX / 4 + 2, 4, false },
	};
	size_t i;
	void *p;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		p = mem_array(rows[i].n, rows[i].size);
		if ((p != NULL) != rows[i].want)
			fail_msg("%s", rows[i].why);
		mem_free(&p, 0);
	}
	assert_null(mem_dup("x", SIZE_MAX));
}

static void
test_dup(void **state)
{
	char *data = guard_copy("a\0b", 3);
	char *copy;

	(void)state;
	copy = mem_dup(data, 3);
	assert_non_null(copy);
	assert_memory_equal(copy, "a\0b", 4);
	mem_free(&copy, 3);
	guard_free(data, 3);

	copy = mem_dup(NULL, 0);
	assert_non_null(copy);
	assert_string_equal(copy, "");
	mem_free_str(&copy);

	copy = mem_strdup("word");
	assert_string_equal(copy, "word");
	mem_free_str(&copy);
	assert_null(copy);
	mem_free_str(&copy);
	assert_null(copy);
}

static void
test_wiped(void **state)
{
	char stack[] = "shibboleth-3f1b7c", *p;

	(void)state;
	mem_wipe(stack, sizeof(stack) - 2);
	assert_memory_equal(stack, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0c", 18);
	mem_wipe(NULL, 0);

	secret_watch(shibboleth, sizeof(shibboleth) - 1);
	p = mem_strdup(shibboleth);
	mem_free_str(&p);
	p = mem_dup(shibboleth, sizeof(shibboleth));
	mem_free(&p, sizeof(shibboleth));
	assert_int_equal(secret_leaks(), 0);
	if (!alloc_fail_works())
		return;

	/* the watch itself must be able to see one */
	secret_watch(shibboleth, sizeof(shibboleth) - 1);
	p = mem_strdup(shibboleth);
	assert_non_null(p);
	mem_free(&p, 0);
	assert_int_equal(secret_leaks(), 1);
}

static void
allocate_each(void *arg)
{
	void *p[4];
	size_t i;
	int missing = 0;

	(void)arg;
	p[0] = mem_alloc(10);
	p[1] = mem_array(3, 4);
	p[2] = mem_dup("abc", 3);
	p[3] = mem_strdup("abc");
	for (i = 0; i < 4; i++) {
		missing += p[i] == NULL;
		mem_free(&p[i], 0);
	}
	assert_int_equal(missing, alloc_failed());
}

static void
test_out_of_memory(void **state)
{
	(void)state;
	assert_int_equal(for_each_alloc_failure(allocate_each, NULL),
	    alloc_fail_works() ? 4 : 0);
}

static void
differs(const char *data, size_t n, void *arg)
{
	assert_false(mem_equal(data, arg, n));
	assert_false(mem_equal(arg, data, n));
}

static void
test_equal(void **state)
{
	char same[67], *copy;
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(same); i++)
		same[i] = (char)(i * 37);
	for (n = 0; n < sizeof(same); n++) {
		copy = guard_copy(same, n);
		assert_true(mem_equal(copy, same, n));
		guard_free(copy, n);
		for_each_bit_flip(same, n, differs, same);
	}
	assert_true(mem_equal(NULL, NULL, 0));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_zeroed),
		cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_dup),
		cmocka_unit_test(test_wiped),
		cmocka_unit_test(test_out_of_memory),
		cmocka_unit_test(test_equal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
