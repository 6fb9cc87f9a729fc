/*
 * test_json_path: where something stands in a text, for people.
 */

#include "testutil.h"

#include "json.h"

static void
test_path_text(void **state)
{
	const struct json_path services = { NULL, "services", 0 };
	const struct json_path sshd = { &services, "sshd", 0 };
	const struct json_path any = { &sshd, "any", 0 };
	const struct json_path one = { &any, NULL, 1 };
	const struct json_path in = { &one, "x", 0 };
	const struct json_path root = { NULL, NULL, 3 };
	const struct json_path odd = { NULL, "a\nb\x1b", 0 };
	char buf[128], small[10];

	(void)state;
	assert_string_equal(json_path_text(NULL, buf, sizeof(buf)), "");
	assert_string_equal(
	    json_path_text(&services, buf, sizeof(buf)), "services");
	assert_string_equal(
	    json_path_text(&one, buf, sizeof(buf)), "services.sshd.any[1]");
	assert_string_equal(
	    json_path_text(&in, buf, sizeof(buf)), "services.sshd.any[1].x");
	assert_string_equal(json_path_text(&root, buf, sizeof(buf)), "[3]");
	assert_string_equal(
	    json_path_text(&odd, buf, sizeof(buf)), "a\\x0ab\\x1b");
	assert_ptr_equal(json_path_text(&one, small, sizeof(small)), small);
	assert_true(strlen(small) < sizeof(small));
}

static void
test_locate(void **state)
{
	static const char text[] = "/* \n */ {\n"
				   "  // \"services\": 1\n"
				   "  \"x\": {\"services\": 2},\n"
				   "  \"\\u0073ervices\": { \"sshd\": {\n"
				   "      \"any\": [ \"a\", \"b\",\n"
				   "        7, [8] ] } }\n"
				   "}\n";
	const struct json_path services = { NULL, "services", 0 };
	const struct json_path sshd = { &services, "sshd", 0 };
	const struct json_path any = { &sshd, "any", 0 };
	const struct json_path b = { &any, NULL, 1 };
	const struct json_path seven = { &any, NULL, 2 };
	const struct json_path list = { &any, NULL, 3 };
	const struct json_path eight = { &list, NULL, 0 };
	const struct json_path over = { &any, NULL, 4 };
	const struct json_path absent = { &sshd, "also", 0 };
	const struct json_path below = { &absent, "any", 0 };
	const struct json_path wrong = { &services, NULL, 0 };
	const struct json_path under = { &wrong, "sshd", 0 };
	const struct json_path past = { &over, NULL, 1 };
	const struct {
		const struct json_path *p;
		size_t line;
		size_t column;
	} rows[] = {
		{ NULL, 2, 5 },
		{ &services, 5, 20 },
		{ &sshd, 5, 30 },
		{ &any, 6, 14 },
		{ &b, 6, 21 },
		{ &seven, 7, 9 },
		{ &list, 7, 12 },
		{ &eight, 7, 13 },
		{ &over, 6, 14 },
		{ &absent, 5, 30 },
		{ &below, 5, 30 },
		{ &wrong, 5, 20 },
		{ &under, 5, 20 },
		{ &past, 6, 14 },
	};
	size_t i, line, column;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		json_locate(text, sizeof(text) - 1, rows[i].p, &line, &column);
		if (line != rows[i].line || column != rows[i].column)
			fail_msg("row %zu: %zu:%zu", i, line, column);
	}
	json_locate("{", 1, &services, &line, &column);
	assert_int_equal(line, 1);
	assert_int_equal(column, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_path_text),
		cmocka_unit_test(test_locate),
	};

	return cmocka_run_group_tests_name("json_path", tests, NULL, NULL);
}
