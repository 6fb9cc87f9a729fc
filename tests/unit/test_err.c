/*
 * test_err: the words are a contract, the first sentence wins, and what is
 * no code of ours never looks like success.
 */

#include "testutil.h"

#include "err.h"

/* DESIGN §4, in its order, and the exit code of each. */
static const struct {
	const char *word;
	int code;
	enum err_class class;
} reasons[] = {
	{ "token_missing", E_TOKEN_MISSING, ERR_CLASS_REFUSED },
	{ "header_invalid", E_HEADER_INVALID, ERR_CLASS_REFUSED },
	{ "token_malformed", E_TOKEN_MALFORMED, ERR_CLASS_REFUSED },
	{ "token_too_long", E_TOKEN_TOO_LONG, ERR_CLASS_REFUSED },
	{ "algorithm_refused", E_ALGORITHM_REFUSED, ERR_CLASS_REFUSED },
	{ "key_unknown", E_KEY_UNKNOWN, ERR_CLASS_REFUSED },
	{ "signature_invalid", E_SIGNATURE_INVALID, ERR_CLASS_REFUSED },
	{ "issuer_unknown", E_ISSUER_UNKNOWN, ERR_CLASS_REFUSED },
	{ "audience_wrong", E_AUDIENCE_WRONG, ERR_CLASS_REFUSED },
	{ "party_wrong", E_PARTY_WRONG, ERR_CLASS_REFUSED },
	{ "type_wrong", E_TYPE_WRONG, ERR_CLASS_REFUSED },
	{ "token_expired", E_TOKEN_EXPIRED, ERR_CLASS_REFUSED },
	{ "token_not_yet_valid", E_TOKEN_NOT_YET_VALID, ERR_CLASS_REFUSED },
	{ "token_too_old", E_TOKEN_TOO_OLD, ERR_CLASS_REFUSED },
	{ "lifetime_too_long", E_LIFETIME_TOO_LONG, ERR_CLASS_REFUSED },
	{ "claim_missing", E_CLAIM_MISSING, ERR_CLASS_REFUSED },
	{ "scope_missing", E_SCOPE_MISSING, ERR_CLASS_REFUSED },
	{ "user_mismatch", E_USER_MISMATCH, ERR_CLASS_REFUSED },
	{ "user_invalid", E_USER_INVALID, ERR_CLASS_REFUSED },
	{ "token_revoked", E_TOKEN_REVOKED, ERR_CLASS_REFUSED },
	{ "token_replayed", E_TOKEN_REPLAYED, ERR_CLASS_REFUSED },
	{ "possession_missing", E_POSSESSION_MISSING, ERR_CLASS_REFUSED },
	{ "password_wrong", E_PASSWORD_WRONG, ERR_CLASS_REFUSED },
	{ "password_expired", E_PASSWORD_EXPIRED, ERR_CLASS_REFUSED },
	{ "account_locked", E_ACCOUNT_LOCKED, ERR_CLASS_REFUSED },
	{ "role_missing", E_ROLE_MISSING, ERR_CLASS_REFUSED },
	{ "throttled", E_THROTTLED, ERR_CLASS_REFUSED },
	{ "directory_unavailable", E_DIRECTORY_UNAVAILABLE,
	    ERR_CLASS_UNAVAILABLE },
	{ "keys_unavailable", E_KEYS_UNAVAILABLE, ERR_CLASS_UNAVAILABLE },
	{ "config_invalid", E_CONFIG_INVALID, ERR_CLASS_CONFIG },
};

static const int general[] = { E_NOMEM, E_IO, E_SYNTAX, E_RANGE, E_PERM, E_KEY,
	E_CRYPTO };

static void
test_reasons(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(reasons); i++) {
		assert_true(reasons[i].code < 0);
		assert_string_equal(err_name(reasons[i].code), reasons[i].word);
		assert_int_equal(err_class(reasons[i].code), reasons[i].class);
		assert_int_equal(err_is_reason(reasons[i].code), 1);
	}
	assert_int_equal(
	    COUNT_OF(reasons) + COUNT_OF(general) + 1, ERR_ROW_COUNT);
}

static void
test_general(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(general); i++) {
		assert_true(general[i] < 0);
		assert_int_equal(err_is_reason(general[i]), 0);
		assert_true(err_class(general[i]) >= ERR_CLASS_CONFIG);
	}
	assert_string_equal(err_name(E_OK), "ok");
	assert_int_equal(err_class(E_OK), ERR_CLASS_NONE);
	assert_int_equal(err_is_reason(E_OK), 0);
}

static void
test_words_differ(void **state)
{
	int a, b;

	(void)state;
	for (a = 0; a < ERR_ROW_COUNT; a++) {
		for (b = 0; b < a; b++) {
			assert_string_not_equal(err_name(-a), err_name(-b));
			assert_string_not_equal(
			    err_text(NULL, -a), err_text(NULL, -b));
		}
	}
}

static void
test_no_code(void **state)
{
	static const int codes[] = { 1, 2, ERR_ROW_COUNT, -ERR_ROW_COUNT, -1000,
		INT32_MAX, INT32_MIN };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(codes); i++) {
		assert_string_equal(err_name(codes[i]), "unknown_error");
		assert_non_null(err_text(NULL, codes[i]));
		assert_int_equal(err_class(codes[i]), ERR_CLASS_UNAVAILABLE);
		assert_int_equal(err_is_reason(codes[i]), 0);
	}
	assert_string_equal(err_name(-(ERR_ROW_COUNT - 1)), "config_invalid");
}

static void
test_first_wins(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_int_equal(err_set(&e, E_IO, "first %d", 1), E_IO);
	assert_int_equal(err_set(&e, E_PERM, "second"), E_PERM);
	assert_int_equal(e.code, E_IO);
	assert_string_equal(err_text(&e, E_IO), "first 1");
	err_clear(&e);
	assert_int_equal(e.code, 0);
	assert_int_equal(err_set(&e, E_PERM, "second"), E_PERM);
	assert_string_equal(err_text(&e, E_PERM), "second");
}

static void
test_without_storage(void **state)
{
	(void)state;
	assert_int_equal(err_set(NULL, E_KEY, "x"), E_KEY);
	err_prefix(NULL, "x");
	err_clear(NULL);
	assert_string_equal(err_text(NULL, E_NOMEM), "out of memory");
}

static void
test_success_is_no_error(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_int_equal(err_set(&e, E_OK, "nothing"), 0);
	assert_int_equal(e.code, 0);
	assert_string_equal(e.text, "");
	err_prefix(&e, "file");
	assert_string_equal(e.text, "");
	assert_string_equal(err_text(&e, E_IO), "input or output failed");
}

static void
test_prefix(void **state)
{
	struct err e = { 0 };

	(void)state;
	err_set(&e, E_SYNTAX, "no comma");
	err_prefix(&e, "line %d", 3);
	err_prefix(&e, "%s", "file");
	assert_string_equal(e.text, "file: line 3: no comma");
	assert_int_equal(e.code, E_SYNTAX);
	err_clear(&e);
	err_set(&e, E_NOMEM, "%s", "");
	err_prefix(&e, "file");
	assert_string_equal(e.text, "file: out of memory");
}

/* A sentence of n characters of width bytes each, "ä" or "a". */
static void
long_text(char *text, size_t n, size_t width)
{
	size_t i;

	text[0] = '\0';
	for (i = 0; i < n; i++)
		strcat(text, width == 2 ? "\xc3\xa4" : "a");
}

static void
test_cut(void **state)
{
	static const struct {
		const char *why;
		size_t n;
		size_t width;
		size_t want_len;
	} rows[] = {
		{ "just fits", 511, 1, 511 },
		{ "one too many", 512, 1, 511 },
		{ "far too many", 900, 1, 511 },
		{ "two bytes, fits", 255, 2, 510 },
		{ "two bytes, cut between characters", 256, 2, 511 },
	};
	char text[1200];
	struct err e;
	size_t i, len;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		err_clear(&e);
		long_text(text, rows[i].n, rows[i].width);
		err_set(&e, E_IO, "%s", text);
		len = strlen(e.text);
		if (len != rows[i].want_len)
			fail_msg("%s: %zu", rows[i].why, len);
		if (rows[i].n * rows[i].width < ERR_TEXT_MAX)
			continue;
		assert_string_equal(e.text + len - 3, "...");
		/* what stands before the dots is whole */
		assert_int_equal((len - 3) % rows[i].width, 0);
	}
	err_prefix(&e, "a");
	len = strlen(e.text);
	assert_in_range(len, ERR_TEXT_MAX - 2, ERR_TEXT_MAX - 1);
	assert_memory_equal(e.text, "a: \xc3\xa4", 5);
	assert_string_equal(e.text + len - 3, "...");
	assert_int_equal((len - 3 - 3) % 2, 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_general),
		cmocka_unit_test(test_words_differ),
		cmocka_unit_test(test_no_code),
		cmocka_unit_test(test_first_wins),
		cmocka_unit_test(test_without_storage),
		cmocka_unit_test(test_success_is_no_error),
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
