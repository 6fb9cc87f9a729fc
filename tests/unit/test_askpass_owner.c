#include "testutil.h"

#include "askpass_owner.h"
#include "err.h"

static const struct row {
	const char *why;
	const char *text;
	int want;
	const char *says; /* in the sentence */
} rows[] = {
	{ "hosts and a file",
	    "{\"hosts\": [\"a@b\", \"sudo\"], \"token_file\": \"/t\"}", 0,
	    NULL },
	{ "hosts and a command",
	    "{\"hosts\": [\"a@b\"], \"token_command\": [\"p\", \"\"]}", 0,
	    NULL },
	{ "hosts alone", "{\"hosts\": [\"a@b\"]}", 0, NULL },
	{ "nothing", "{}", 0, NULL },
	{ "both", "{\"token_file\": \"/t\", \"token_command\": [\"p\"]}",
	    E_CONFIG_INVALID, "only one" },
	{ "a key that is not known", "{\"host\": [\"a@b\"]}", E_CONFIG_INVALID,
	    "host: not a known key" },
	{ "a key twice", "{\"hosts\": [], \"hosts\": [\"a@b\"]}",
	    E_CONFIG_INVALID, NULL },
	{ "a comment", "{\"hosts\": [] /* all */}", E_CONFIG_INVALID, NULL },
	{ "hosts as a string", "{\"hosts\": \"a@b\"}", E_CONFIG_INVALID,
	    "hosts" },
	{ "a host that is no string", "{\"hosts\": [\"a@b\", 1]}",
	    E_CONFIG_INVALID, "hosts[1]" },
	{ "a relative file", "{\"token_file\": \"t\"}", E_CONFIG_INVALID,
	    "token_file" },
	{ "a file that is no string", "{\"token_file\": [\"/t\"]}",
	    E_CONFIG_INVALID, "token_file" },
	{ "a command line", "{\"token_command\": \"pass show jwt\"}",
	    E_CONFIG_INVALID, "token_command" },
	{ "a command without words", "{\"token_command\": []}",
	    E_CONFIG_INVALID, "token_command" },
	{ "a command without a name", "{\"token_command\": [\"\"]}",
	    E_CONFIG_INVALID, "token_command[0]" },
	{ "a word that is no string", "{\"token_command\": [\"p\", 1]}",
	    E_CONFIG_INVALID, "token_command[1]" },
	{ "no object", "[]", E_CONFIG_INVALID, "not an object" },
	{ "an empty file", "", E_CONFIG_INVALID, NULL },
	{ "half a file", "{\"hosts\": [\"a@b\"", E_CONFIG_INVALID, NULL },
};

static int
read_text(const char *dir, const char *text, mode_t mode,
    struct askpass_owner *o, struct err *e)
{
	char path[TEST_PATH_MAX];
	int r;

	test_write(path, dir, "askpass.json", mode, text, strlen(text));
	r = askpass_owner_read(path, o, e);
	assert_int_equal(remove(path), 0);
	return r;
}

static void
table(void **state)
{
	char dir[TEST_DIR_MAX];
	struct askpass_owner o;
	size_t i;

	(void)state;
	test_dir_new(dir);
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct err e = { 0 };

		if (read_text(dir, rows[i].text, 0644, &o, &e) != rows[i].want)
			fail_msg("%s: %s", rows[i].why, e.text);
		if (rows[i].want != 0 &&
		    strstr(e.text, "askpass.json: ") == NULL)
			fail_msg("%s: no file in: %s", rows[i].why, e.text);
		if (rows[i].says != NULL &&
		    strstr(e.text, rows[i].says) == NULL)
			fail_msg("%s: %s", rows[i].why, e.text);
		askpass_owner_done(&o);
	}
	test_dir_remove(dir);
}

static void
lists(void **state)
{
	static const struct {
		const char *target;
		bool want;
	} targets[] = {
		{ "alice@bastion", true },
		{ "sudo", true },
		{ "alice@bastion2", false },
		{ "alice@bastio", false },
		{ "bob@bastion", false },
		{ "ALICE@bastion", false },
		{ "alice@*", false },
		{ "alice@any", false },
		{ "*", true },
		{ "", false },
	};
	char dir[TEST_DIR_MAX];
	struct askpass_owner o;
	struct err e = { 0 };
	size_t i;

	(void)state;
	test_dir_new(dir);
	assert_int_equal(
	    read_text(dir, "{\"hosts\": [\"alice@bastion\", \"sudo\", \"*\"]}",
		0600, &o, &e),
	    0);
	for (i = 0; i < COUNT_OF(targets); i++) {
		if (askpass_owner_lists(&o, targets[i].target) !=
		    targets[i].want)
			fail_msg("%s", targets[i].target);
	}
	askpass_owner_done(&o);
	assert_int_equal(read_text(dir, "{}", 0600, &o, &e), 0);
	assert_false(askpass_owner_lists(&o, "sudo"));
	askpass_owner_done(&o);
	test_dir_remove(dir);
}

static void
only_the_owner_writes_it(void **state)
{
	char dir[TEST_DIR_MAX];
	struct askpass_owner o;
	struct err e = { 0 };

	(void)state;
	test_dir_new(dir);
	assert_int_equal(read_text(dir, "{}", 0664, &o, &e), E_PERM);
	askpass_owner_done(&o);
	err_clear(&e);
	assert_int_equal(read_text(dir, "{}", 0646, &o, &e), E_PERM);
	askpass_owner_done(&o);
	err_clear(&e);
	assert_int_equal(askpass_owner_read("/nonexistent/a", &o, &e), E_IO);
	askpass_owner_done(&o);
	test_dir_remove(dir);
}

static void
words_of_a_command(void **state)
{
	char dir[TEST_DIR_MAX], text[1024] = "{\"token_command\": [\"p\"";
	struct askpass_owner o;
	struct err e = { 0 };
	size_t i;

	(void)state;
	test_dir_new(dir);
	for (i = 1; i < ASKPASS_ARGS_MAX; i++)
		strcat(text, ",\"w\"");
	strcat(text, "]}");
	assert_int_equal(read_text(dir, text, 0600, &o, &e), 0);
	assert_string_equal(o.command[ASKPASS_ARGS_MAX - 1], "w");
	assert_null(o.command[ASKPASS_ARGS_MAX]);
	askpass_owner_done(&o);
	strcpy(text + strlen(text) - 2, ",\"w\"]}");
	assert_int_equal(read_text(dir, text, 0600, &o, &e), E_CONFIG_INVALID);
	askpass_owner_done(&o);
	test_dir_remove(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(lists),
		cmocka_unit_test(only_the_owner_writes_it),
		cmocka_unit_test(words_of_a_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
