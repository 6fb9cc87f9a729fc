#include "testutil.h"

#include "askpass_prompt.h"
#include "err.h"

#define GOOD "(alice@bastion.example.org) JWT[1000+1000]: "

static const struct accepted {
	const char *why;
	const char *text;
	const char *target;
	size_t offset, chunk;
} accepted[] = {
	{ "ssh shows who asks", GOOD, "alice@bastion.example.org", 1000, 1000 },
	{ "sudo shows nothing", "JWT[0+500]: ", "sudo", 0, 500 },
	{ "an address", "(alice@127.0.0.1) JWT[0+1000]: ", "alice@127.0.0.1", 0,
	    1000 },
	{ "an IPv6 address", "(a@::1) JWT[0+1]: ", "a@::1", 0, 1 },
	{ "a user with a realm", "(a@b@c) JWT[0+1000]: ", "a@b@c", 0, 1000 },
	{ "the largest offset", "JWT[16384+1000]: ", "sudo", 16384, 1000 },
};

static const struct refused {
	const char *why;
	const char *text;
} refused[] = {
	{ "a server that quotes another host's prompt",
	    "(alice@evil) (alice@good) JWT[0+1000]: " },
	{ "the same without its own name first",
	    "(alice@evil) x(alice@good) JWT[0+1000]: " },
	{ "a parenthesis in the host", "(alice@ev(il) JWT[0+1000]: " },
	{ "a closed parenthesis in the host", "(alice@ev)il) JWT[0+1000]: " },
	{ "a blank in the host", "(alice@ev il) JWT[0+1000]: " },
	{ "a control byte in the host", "(alice@ev\x01il) JWT[0+1000]: " },
	{ "a line feed in the user", "(al\nice@evil) JWT[0+1000]: " },
	{ "a byte over 0x7f in the host",
	    "(alice@ev\xc3\xa9il) JWT[0+1000]: " },
	{ "no user", "(@good) JWT[0+1000]: " },
	{ "no host", "(alice@) JWT[0+1000]: " },
	{ "no at sign", "(sudo) JWT[0+1000]: " },
	{ "an at sign behind the parenthesis", "(sudo) JWT[0+1000]: @" },
	{ "nothing between", "() JWT[0+1000]: " },
	{ "no blank behind", "(alice@good)JWT[0+1000]: " },
	{ "two blanks behind", "(alice@good)  JWT[0+1000]: " },
	{ "no closing parenthesis", "(alice@good JWT[0+1000]: " },
	{ "text in front", "x(alice@good) JWT[0+1000]: " },
	{ "a blank in front", " JWT[0+1000]: " },
	{ "text behind", "(alice@good) JWT[0+1000]: x" },
	{ "a line behind", "(alice@good) JWT[0+1000]: \n" },
	{ "no blank at the end", "(alice@good) JWT[0+1000]:" },
	{ "two of it", "JWT[0+1000]: JWT[0+1000]: " },
	{ "small letters", "jwt[0+1000]: " },
	{ "a sign", "JWT[+0+1000]: " },
	{ "a minus", "JWT[-1+1000]: " },
	{ "no offset", "JWT[+1000]: " },
	{ "no chunk", "JWT[0+]: " },
	{ "an empty chunk", "JWT[0+0]: " },
	{ "a zero in front", "JWT[00+1000]: " },
	{ "a zero in front of the chunk", "JWT[0+0999]: " },
	{ "hexadecimal", "JWT[0x0+1000]: " },
	{ "a chunk that ssh would cut", "JWT[0+1001]: " },
	{ "an offset over the longest token", "JWT[16385+1000]: " },
	{ "an offset of many digits", "JWT[18446744073709551616+1000]: " },
	{ "a host key question",
	    "Are you sure you want to continue connecting (yes/no)? " },
	{ "a passphrase", "Enter passphrase for key '/home/alice/.ssh/id': " },
	{ "ssh's password method", "alice@good's password: " },
	{ "another module's prompt", "(alice@good) Password: " },
	{ "nothing", "" },
};

static void
takes_ours(void **state)
{
	struct askpass_prompt p;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(accepted); i++) {
		if (askpass_prompt_parse(accepted[i].text, &p) != 0)
			fail_msg("%s", accepted[i].why);
		assert_string_equal(p.target, accepted[i].target);
		assert_int_equal(p.offset, accepted[i].offset);
		assert_int_equal(p.chunk, accepted[i].chunk);
	}
}

static void
refuses_others(void **state)
{
	struct askpass_prompt p = { .target = "untouched" };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(refused); i++) {
		if (askpass_prompt_parse(refused[i].text, &p) != E_SYNTAX)
			fail_msg("%s", refused[i].why);
		assert_string_equal(p.target, "untouched");
	}
}

static void
target_has_a_limit(void **state)
{
	char text[ASKPASS_TARGET_MAX + 64];
	struct askpass_prompt p;
	size_t n;

	(void)state;
	for (n = ASKPASS_TARGET_MAX; n <= ASKPASS_TARGET_MAX + 1; n++) {
		memset(text, 'a', sizeof(text));
		text[0] = '(';
		text[10] = '@';
		strcpy(text + 1 + n, ") JWT[0+1000]: ");
		assert_int_equal(askpass_prompt_parse(text, &p),
		    n <= ASKPASS_TARGET_MAX ? 0 : E_SYNTAX);
	}
}

/* The parser takes a C string, so a NUL goes behind what is left. */
static void
parse_terminated(const char *data, size_t n, void *arg)
{
	struct askpass_prompt p;
	size_t *taken = arg;
	char text[sizeof(GOOD)] = "";
	char *guarded;

	memcpy(text, data, n);
	guarded = guard_copy(text, n + 1);
	if (askpass_prompt_parse(guarded, &p) == 0)
		(*taken)++;
	guard_free(guarded, n + 1);
}

static void
truncated_is_refused(void **state)
{
	size_t taken = 0;

	(void)state;
	for_each_truncation(GOOD, strlen(GOOD), parse_terminated, &taken);
	assert_int_equal(taken, 0);
}

/* Flips within the name or the digits give other prompts of our form. */
static void
flips_do_no_harm(void **state)
{
	static const char frame[] = "JWT[+]: ";
	size_t taken = 0, i, bit;
	char text[] = "(a@b) JWT[0+1000]: ";
	struct askpass_prompt p;

	(void)state;
	for_each_bit_flip(GOOD, strlen(GOOD), parse_terminated, &taken);
	for (i = 0; text[i] != '\0'; i++) {
		if (strchr(frame, text[i]) == NULL)
			continue;
		for (bit = 0; bit < 8; bit++) {
			text[i] = (char)(text[i] ^ (1 << bit));
			assert_int_equal(
			    askpass_prompt_parse(text, &p), E_SYNTAX);
			text[i] = (char)(text[i] ^ (1 << bit));
		}
	}
	assert_int_equal(askpass_prompt_parse(text, &p), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_ours),
		cmocka_unit_test(refuses_others),
		cmocka_unit_test(target_has_a_limit),
		cmocka_unit_test(truncated_is_refused),
		cmocka_unit_test(flips_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
