/*
 * test_json_write: trees built, put together and written.
 */

#include "testutil.h"

#include "err.h"
#include "json.h"

static struct json *
parsed(const char *text)
{
	struct json *j = NULL;
	struct err e = { 0 };

	if (json_parse(text, strlen(text), true, &j, &e) != 0)
		fail_msg("%s: %s", text, e.text);
	return j;
}

static void
test_build(void **state)
{
	struct json *j, *a, *o;
	char *out;
	size_t len;

	(void)state;
	assert_int_equal(json_make_object(&j), 0);
	assert_int_equal(json_make_array(&a), 0);
	assert_int_equal(json_make_object(&o), 0);
	assert_int_equal(json_append_string(a, "x/ \"y"), 0);
	assert_int_equal(json_append(a, o), 0);
	assert_int_equal(json_append(a, NULL), 0);
	assert_int_equal(json_put_string(j, "s", "old"), 0);
	assert_int_equal(json_put_integer(j, "i", INT64_MIN), 0);
	assert_int_equal(json_put_bool(j, "t", true), 0);
	assert_int_equal(json_put_bool(j, "f", false), 0);
	assert_int_equal(json_put(j, "a", a), 0);
	assert_int_equal(json_put(j, "n", NULL), 0);
	assert_int_equal(json_put_string(j, "s", "new"), 0);
	out = json_write(j, false, &len);
	assert_string_equal(out,
	    "{\"s\":\"new\",\"i\":-9223372036854775808,\"t\":true,"
	    "\"f\":false,\"a\":[\"x/ \\\"y\",{},null],\"n\":null}");
	assert_int_equal(len, strlen(out));
	free(out);
	out = json_write(j, true, &len);
	assert_non_null(strstr(out, "{\n  \"s\": \"new\",\n"));
	assert_int_equal(len, strlen(out));
	free(out);
	json_wipe(&j);

	out = json_write(NULL, false, &len);
	assert_string_equal(out, "null");
	assert_int_equal(len, 4);
	free(out);
}

static void
test_pretty(void **state)
{
	struct json *j = parsed(
	    "{\"a\":[1,[],{}],\"b\":{\"\\n\":\"x\"},\"c\":null}");
	char *out;

	(void)state;
	out = json_write(j, true, NULL);
	assert_string_equal(out,
	    "{\n"
	    "  \"a\": [\n"
	    "    1,\n"
	    "    [],\n"
	    "    {}\n"
	    "  ],\n"
	    "  \"b\": {\n"
	    "    \"\\n\": \"x\"\n"
	    "  },\n"
	    "  \"c\": null\n"
	    "}");
	free(out);
	json_free(&j);
}

/* A tree may be put into others, up to twice what a text may hold. */
static void
test_deep(void **state)
{
	struct json *j, *outer;
	char *out;
	size_t i;

	(void)state;
	assert_int_equal(json_make_array(&j), 0);
	for (i = 0; i <= 2 * JSON_DEPTH_MAX; i++) {
		out = json_write(j, false, NULL);
		assert_non_null(out);
		assert_int_equal(strlen(out), 2 * (i + 1));
		free(out);
		assert_int_equal(json_make_array(&outer), 0);
		assert_int_equal(json_append(outer, j), 0);
		j = outer;
	}
	assert_null(json_write(j, false, NULL));
	json_wipe(&j);
}

/* The value is taken, even by what is no container. */
static void
test_put_nowhere(void **state)
{
	struct json *v, *j = parsed("[]");

	(void)state;
	assert_int_equal(json_make_array(&v), 0);
	assert_int_not_equal(json_put(j, "a", v), 0);
	assert_int_equal(json_make_array(&v), 0);
	assert_int_not_equal(json_put(NULL, "a", v), 0);
	assert_int_equal(json_make_array(&v), 0);
	assert_int_not_equal(json_append(NULL, v), 0);
	assert_int_not_equal(json_put_string(NULL, "a", "b"), 0);
	assert_int_equal(json_count(j), 0);
	json_free(&j);
}

static void
built_short_of_memory(void *arg)
{
	struct json *j = NULL, *a = NULL;
	int rc;

	(void)arg;
	rc = json_make_object(&j);
	if (rc == 0)
		rc = json_make_array(&a);
	if (rc == 0)
		rc = json_append_string(a, "x");
	if (rc == 0) {
		rc = json_put(j, "a", a);
		a = NULL;
	}
	assert_int_equal(rc, alloc_failed() ? E_NOMEM : 0);
	json_free(&a);
	json_free(&j);
}

static void
test_memory(void **state)
{
	(void)state;
	for_each_alloc_failure(built_short_of_memory, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_build),
		cmocka_unit_test(test_pretty),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_put_nowhere),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests_name("json_write", tests, NULL, NULL);
}
