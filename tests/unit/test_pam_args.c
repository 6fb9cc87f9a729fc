#include "testutil.h"

#include "err.h"
#include "pam_args.h"

static const struct row {
	const char *why;
	const char *argv[4];
	int want;
	const char *names; /* in the sentence of a refusal */
} rows[] = {
	{ "nothing", { NULL }, 0, NULL },
	{ "a configuration", { "config=/etc/j.json" }, 0, NULL },
	{ "a relative one", { "config=j.json" }, E_CONFIG_INVALID, "j.json" },
	{ "an empty one", { "config=" }, E_CONFIG_INVALID, "config=" },
	{ "without a value", { "config" }, E_CONFIG_INVALID, "config" },
	{ "a service", { "service=sshd" }, 0, NULL },
	{ "an empty service", { "service=" }, E_CONFIG_INVALID, "service=" },
	{ "debug", { "debug" }, 0, NULL },
	{ "debug with a value", { "debug=1" }, E_CONFIG_INVALID, "debug=1" },
	{ "capitals", { "DEBUG" }, E_CONFIG_INVALID, "DEBUG" },
	{ "an empty word", { "" }, E_CONFIG_INVALID, "''" },
	{ "a prefix", { "configs=/x" }, E_CONFIG_INVALID, "configs" },
	{ "use_first_pass", { "use_first_pass" }, 0, NULL },
	{ "try_first_pass", { "try_first_pass" }, 0, NULL },
	{ "twice the same", { "try_first_pass", "try_first_pass" }, 0, NULL },
	{ "both", { "try_first_pass", "use_first_pass" }, E_CONFIG_INVALID,
	    "use_first_pass" },
	{ "a mode", { "mode=password" }, 0, NULL },
	{ "the other mode", { "mode=token" }, 0, NULL },
	{ "a mode with the other word", { "mode=password", "try_first_pass" },
	    0, NULL },
	{ "an unknown mode", { "mode=passwd" }, E_CONFIG_INVALID, "passwd" },
	{ "an empty mode", { "mode=" }, E_CONFIG_INVALID, "mode=" },
	{ "a mode without a value", { "mode" }, E_CONFIG_INVALID, "mode" },
	{ "two modes", { "mode=password", "mode=token" }, E_CONFIG_INVALID,
	    "mode=token" },
	{ "a typo after good ones", { "debug", "service=x", "usefirst_pass" },
	    E_CONFIG_INVALID, "usefirst_pass" },
	{ "control bytes do not reach the log", { "a\nb" }, E_CONFIG_INVALID,
	    "a\\x0ab" },
};

static int
parse(const struct row *row, struct pam_args *args, struct err *e)
{
	const char *argv[4];
	int argc = 0;

	while (argc < 4 && row->argv[argc] != NULL) {
		argv[argc] = row->argv[argc];
		argc++;
	}
	return pam_args_parse(argc, argv, args, e);
}

static void
table(void **state)
{
	struct pam_args args;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct err e = { 0 };

		if (parse(&rows[i], &args, &e) != rows[i].want)
			fail_msg("%s", rows[i].why);
		if (rows[i].names != NULL &&
		    strstr(e.text, rows[i].names) == NULL)
			fail_msg("%s: %s", rows[i].why, e.text);
	}
}

static void
defaults(void **state)
{
	struct pam_args args;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(pam_args_parse(0, NULL, &args, &e), 0);
	assert_string_equal(args.config, JWTGATE_CONFIG_FILE);
	assert_null(args.service);
	assert_int_equal(args.source, PAM_ARGS_PROMPT);
	assert_int_equal(args.mode, PAM_ARGS_DEFAULT);
	assert_false(args.debug);
}

static void
values(void **state)
{
	const char *argv[] = { "config=/a=b", "service=sudo-i", "debug",
		"use_first_pass" };
	struct pam_args args;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(pam_args_parse(4, argv, &args, &e), 0);
	assert_string_equal(args.config, "/a=b");
	assert_string_equal(args.service, "sudo-i");
	assert_int_equal(args.source, PAM_ARGS_USE_FIRST);
	assert_true(args.debug);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(defaults),
		cmocka_unit_test(values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
