/*
 * The prompts, against libpam itself and a conversation that plays the
 * caller: how many are asked, how, and what is made of the answers.
 */

#include "testutil.h"

#include <security/pam_appl.h>

#include "err.h"
#include "pam_token.h"

enum caller {
	CHUNKS = 0, /* gives the chunk that was asked for */
	REPEATS, /* gives the whole, each time */
	SILENT, /* an answer that is no string */
	HANGS_UP /* fails, from round fail_at on */
};

struct script {
	enum caller caller;
	const char *token;
	unsigned fail_at;
	unsigned prompts;
	char last[32]; /* the last prompt */
};

static char *
answer(const struct script *s, size_t offset, size_t chunk)
{
	size_t len = strlen(s->token);
	char *text;

	if (s->caller == REPEATS)
		return strdup(s->token);
	if (s->caller == SILENT)
		return NULL;
	if (offset > len)
		offset = len;
	if (chunk > len - offset)
		chunk = len - offset;
	text = calloc(1, chunk + 1);
	if (text != NULL)
		memcpy(text, s->token + offset, chunk);
	return text;
}

static int
converse(int count, const struct pam_message **messages,
    struct pam_response **responses, void *data)
{
	struct script *s = data;
	size_t offset, chunk;

	assert_int_equal(count, 1);
	assert_int_equal(messages[0]->msg_style, PAM_PROMPT_ECHO_OFF);
	snprintf(s->last, sizeof(s->last), "%s", messages[0]->msg);
	assert_int_equal(sscanf(s->last, "JWT[%zu+%zu]: ", &offset, &chunk), 2);
	assert_int_equal(offset, s->prompts * chunk);
	s->prompts++;
	if (s->caller == HANGS_UP && s->prompts >= s->fail_at)
		return PAM_CONV_ERR;
	*responses = calloc(1, sizeof(**responses));
	if (*responses == NULL)
		return PAM_BUF_ERR;
	(*responses)->resp = answer(s, offset, chunk);
	return PAM_SUCCESS;
}

/* libpam wants a service file before it gives out a handle. */
static pam_handle_t *
start(const char *service, const struct pam_conv *conv)
{
	static const char line[] = "auth required pam_permit.so\n";
	char dir[TEST_DIR_MAX], path[TEST_PATH_MAX];
	pam_handle_t *pamh = NULL;

	test_dir_new(dir);
	test_write(path, dir, "other", 0600, line, strlen(line));
	assert_int_equal(
	    pam_start_confdir(service, "alice", conv, dir, &pamh), PAM_SUCCESS);
	test_dir_remove(dir);
	return pamh;
}

static int
collect(const char *service, struct script *s, struct pam_token *out)
{
	const struct pam_args args = { 0 };
	struct pam_conv conv = { converse, s };
	pam_handle_t *pamh = start(service, &conv);
	struct err e = { 0 };
	int r;

	r = pam_token_collect(pamh, &args, out, &e);
	pam_end(pamh, PAM_SUCCESS);
	return r;
}

/* n bytes in which no two chunks are alike. */
static char *
token_of(size_t n)
{
	char *text = malloc(n + 1);
	size_t i;

	assert_non_null(text);
	for (i = 0; i < n; i++)
		text[i] = (char)('!' + (i * 7 + i / 89) % 90);
	text[n] = '\0';
	return text;
}

static const struct row {
	const char *why;
	const char *service;
	enum caller caller;
	size_t given;
	unsigned prompts;
	size_t len;
} rows[] = {
	{ "nothing", "sshd", CHUNKS, 0, 1, 0 },
	{ "one byte", "sshd", CHUNKS, 1, 1, 1 },
	{ "under a chunk", "sshd", CHUNKS, 999, 1, 999 },
	{ "exactly a chunk", "sshd", CHUNKS, 1000, 2, 1000 },
	{ "over a chunk", "sshd", CHUNKS, 1001, 2, 1001 },
	{ "exactly two chunks", "sshd", CHUNKS, 2000, 3, 2000 },
	{ "fifteen chunks and some", "sshd", CHUNKS, 15999, 16, 15999 },
	{ "sixteen chunks", "sshd", CHUNKS, 16000, 16, 16000 },
	{ "more than the rounds carry", "sshd", CHUNKS, 20000, 16, 16000 },
	{ "under sudo's chunk", "sudo", CHUNKS, 499, 1, 499 },
	{ "exactly sudo's chunk", "sudo", CHUNKS, 500, 2, 500 },
	{ "sudo -i", "sudo-i", CHUNKS, 1250, 3, 1250 },
	{ "sudo's rounds", "sudo", CHUNKS, 9000, 16, 8000 },
	{ "su is not sudo", "su", CHUNKS, 500, 1, 500 },
	{ "one short answer", "sshd", REPEATS, 700, 1, 700 },
	{ "one long answer", "sshd", REPEATS, 1024, 1, 1024 },
	{ "one answer of a chunk, repeated", "sshd", REPEATS, 1000, 16, 1000 },
	{ "the same under sudo", "sudo", REPEATS, 500, 16, 500 },
	{ "the longest token at once", "sshd", REPEATS, 16384, 1, 16384 },
	{ "one byte more is kept to be seen", "sshd", REPEATS, 16385, 1,
	    16385 },
	{ "a megabyte is cut", "sshd", REPEATS, 1 << 20, 1, 16385 },
	{ "no string", "sshd", SILENT, 0, 1, 0 },
};

static void
table(void **state)
{
	struct pam_token t;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		char *given = token_of(rows[i].given);
		struct script s = { rows[i].caller, given, 0, 0, "" };

		assert_int_equal(collect(rows[i].service, &s, &t), 0);
		if (s.prompts != rows[i].prompts || t.len != rows[i].len)
			fail_msg("%s: %u prompts, %zu bytes", rows[i].why,
			    s.prompts, t.len);
		assert_memory_equal(t.text, given, t.len);
		assert_int_equal(t.rounds, s.prompts);
		pam_token_done(&t);
		assert_null(t.text);
		free(given);
	}
}

static void
prompt_is_exact(void **state)
{
	char *given = token_of(2500);
	struct script s = { CHUNKS, given, 0, 0, "" };
	struct pam_token t;

	(void)state;
	assert_int_equal(collect("sshd", &s, &t), 0);
	assert_string_equal(s.last, "JWT[2000+1000]: ");
	pam_token_done(&t);
	free(given);
}

/* Two equal chunks and a rest are no repetition. */
static void
equal_chunks_are_not_repetition(void **state)
{
	char given[2501];
	struct script s = { CHUNKS, given, 0, 0, "" };
	struct pam_token t;

	(void)state;
	memset(given, 'a', sizeof(given) - 1);
	given[2500] = '\0';
	assert_int_equal(collect("sshd", &s, &t), 0);
	assert_int_equal(t.len, 2500);
	assert_int_equal(s.prompts, 3);
	pam_token_done(&t);
}

/* Half a token is none, and nothing of it stays. */
static void
broken_conversation_gives_nothing(void **state)
{
	char *given = token_of(5000);
	unsigned at;

	(void)state;
	for (at = 1; at <= 5; at++) {
		struct script s = { HANGS_UP, given, at, 0, "" };
		struct pam_token t;

		assert_int_equal(collect("sshd", &s, &t), 0);
		assert_int_equal(s.prompts, at);
		assert_int_equal(t.len, 0);
		assert_int_equal(t.text[0], '\0');
		assert_int_equal(t.conversation, PAM_CONV_ERR);
		pam_token_done(&t);
	}
	free(given);
}

static void
out_of_memory(void *arg)
{
	const struct pam_args args = { 0 };
	pam_handle_t *pamh = arg;
	struct pam_token t;
	struct err e = { 0 };
	int r;

	r = pam_token_collect(pamh, &args, &t, &e);
	if (r != 0)
		assert_int_equal(r, E_NOMEM);
	else if (t.len != 0 || !alloc_failed())
		assert_int_equal(t.len, 700);
	pam_token_done(&t);
}

static int
converse_plainly(int count, const struct pam_message **messages,
    struct pam_response **responses, void *data)
{
	(void)count;
	(void)messages;
	*responses = calloc(1, sizeof(**responses));
	if (*responses == NULL)
		return PAM_BUF_ERR;
	if (((*responses)->resp = strdup(data)) != NULL)
		return PAM_SUCCESS;
	free(*responses);
	*responses = NULL;
	return PAM_BUF_ERR;
}

static void
failing_allocations(void **state)
{
	char *given = token_of(700);
	struct pam_conv conv = { converse_plainly, given };
	pam_handle_t *pamh = start("sshd", &conv);

	(void)state;
	if (alloc_fail_works())
		assert_true(for_each_alloc_failure(out_of_memory, pamh) > 2);
	pam_end(pamh, PAM_SUCCESS);
	free(given);
}

/* No block goes back to malloc with a piece of the token in it. */
static void
nothing_is_left_in_memory(void **state)
{
	char *given = token_of(2500);
	struct script s = { CHUNKS, given, 0, 0, "" };
	struct pam_token t;

	(void)state;
	secret_watch(given + 1000, 64);
	assert_int_equal(collect("sshd", &s, &t), 0);
	assert_int_equal(t.len, 2500);
	pam_token_done(&t);
	assert_int_equal(secret_leaks(), 0);
	free(given);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(prompt_is_exact),
		cmocka_unit_test(equal_chunks_are_not_repetition),
		cmocka_unit_test(broken_conversation_gives_nothing),
		cmocka_unit_test(failing_allocations),
		cmocka_unit_test(nothing_is_left_in_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
