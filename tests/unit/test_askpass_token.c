#include "testutil.h"

#include "askpass_token.h"
#include "err.h"

#define LONG_MS 20000

static const struct row {
	const char *why;
	const char *argv[4];
	int wait_ms;
	int want;
	const char *text; /* NULL: not looked at */
} rows[] = {
	{ "it prints a token", { "printf", "a.b.c" }, LONG_MS, 0, "a.b.c" },
	{ "one LF is removed", { "echo", "a.b.c" }, LONG_MS, 0, "a.b.c" },
	{ "only one", { "printf", "a\\n\\n" }, LONG_MS, 0, "a\n" },
	{ "it prints nothing", { "true" }, LONG_MS, 0, "" },
	{ "its standard input is empty", { "cat" }, LONG_MS, 0, "" },
	{ "no shell reads its words", { "echo", "$HOME;id" }, LONG_MS, 0,
	    "$HOME;id" },
	{ "it fails", { "false" }, LONG_MS, E_IO, NULL },
	{ "it prints and fails", { "sh", "-c", "echo a.b.c; exit 3" }, LONG_MS,
	    E_IO, NULL },
	{ "it is ended by a signal", { "sh", "-c", "kill -9 $$" }, LONG_MS,
	    E_IO, NULL },
	{ "it is not there", { "/nonexistent/program" }, LONG_MS, E_IO, NULL },
	{ "it never stops printing", { "cat", "/dev/zero" }, LONG_MS, E_RANGE,
	    NULL },
	{ "it never prints", { "sh", "-c", "kill -STOP $$" }, 50, E_IO, NULL },
	{ "it prints, but does not end",
	    { "sh", "-c", "echo a; exec >&-; kill -STOP $$" }, 200, E_IO,
	    NULL },
};

static void
table(void **state)
{
	struct askpass_token t;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct err e = { 0 };

		assert_int_equal(askpass_token_init(&t, &e), 0);
		if (askpass_token_command(
			rows[i].argv, rows[i].wait_ms, &t, &e) != rows[i].want)
			fail_msg("%s: %s", rows[i].why, e.text);
		if (rows[i].text != NULL) {
			assert_int_equal(t.len, strlen(rows[i].text));
			assert_memory_equal(t.text, rows[i].text, t.len);
		}
		askpass_token_done(&t);
		assert_null(t.text);
	}
}

static void
longest(void **state)
{
	static const struct {
		const char *count;
		int want;
	} lengths[] = { { "16384", 0 }, { "16385", E_RANGE } };
	struct askpass_token t;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(lengths); i++) {
		const char *argv[] = { "head", "-c", lengths[i].count,
			"/dev/zero", NULL };
		struct err e = { 0 };

		assert_int_equal(askpass_token_init(&t, &e), 0);
		assert_int_equal(askpass_token_command(argv, LONG_MS, &t, &e),
		    lengths[i].want);
		askpass_token_done(&t);
	}
}

static const struct file_row {
	const char *why;
	mode_t mode;
	size_t len; /* of 'x', then behind */
	const char *behind;
	int want;
	size_t want_len;
} files[] = {
	{ "a private file", 0600, 100, "\n", 0, 100 },
	{ "without LF", 0400, 100, "", 0, 100 },
	{ "for the group too", 0640, 100, "\n", 0, 100 },
	{ "for all to read", 0644, 100, "\n", E_PERM, 0 },
	{ "for the group to write", 0660, 100, "\n", E_PERM, 0 },
	{ "an empty file", 0600, 0, "", 0, 0 },
	{ "as long as it may be", 0600, 16384, "\n", 0, 16384 },
	{ "longer", 0600, 16385, "", E_RANGE, 0 },
};

static void
token_files(void **state)
{
	char dir[TEST_DIR_MAX], path[TEST_PATH_MAX], text[17000];
	struct askpass_token t;
	size_t i;

	(void)state;
	test_dir_new(dir);
	for (i = 0; i < COUNT_OF(files); i++) {
		const struct file_row *f = &files[i];
		struct err e = { 0 };

		memset(text, 'x', f->len);
		strcpy(text + f->len, f->behind);
		test_write(path, dir, "token", f->mode, text,
		    f->len + strlen(f->behind));
		assert_int_equal(askpass_token_init(&t, &e), 0);
		if (askpass_token_file(path, &t, &e) != f->want)
			fail_msg("%s: %s", f->why, e.text);
		if (f->want == 0)
			assert_int_equal(t.len, f->want_len);
		askpass_token_done(&t);
		assert_int_equal(remove(path), 0);
	}
	test_dir_remove(dir);
}

static const struct content {
	const char *why;
	const char *text;
	int want;
} contents[] = {
	{ "graphic bytes", "eyJhbGciOi.-_~", 0 },
	{ "nothing", "", E_TOKEN_MISSING },
	{ "a blank within", "a.b c", E_TOKEN_MALFORMED },
	{ "a blank behind", "a.b.c ", E_TOKEN_MALFORMED },
	{ "a tab", "a.b\tc", E_TOKEN_MALFORMED },
	{ "a second line", "a.b.c\nd", E_TOKEN_MALFORMED },
	{ "a carriage return", "a.b.c\r", E_TOKEN_MALFORMED },
	{ "an escape", "a.b\033[2Jc", E_TOKEN_MALFORMED },
	{ "DEL", "a.b\177c", E_TOKEN_MALFORMED },
	{ "a byte over 0x7f", "a.b\xc3\xa9", E_TOKEN_MALFORMED },
	{ "a scheme in front", "Bearer a.b.c", E_TOKEN_MALFORMED },
};

static void
checked(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(contents); i++) {
		struct err e = { 0 };
		struct askpass_token t = { 0 };
		char text[64];

		strcpy(text, contents[i].text);
		t.text = text;
		t.len = strlen(text);
		if (askpass_token_check(&t, &e) != contents[i].want)
			fail_msg("%s", contents[i].why);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(longest),
		cmocka_unit_test(token_files),
		cmocka_unit_test(checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
