/*
 * Attacks by size and depth. Whatever the bytes are, a refusal comes before
 * a key is touched, reads each byte a few times at most, and sees the same
 * sentence as any other. The signed ones show that it is not the signature
 * that stopped them.
 */

#include "testtoken.h"

#include "b64url.h"
#include "err.h"
#include "jws.h"

#define MEMBERS \
	"\"iss\":\"https://h.example\",\"aud\":\"ssh\",\"sub\":\"alice\"," \
	"\"exp\":1700000600"
#define HEADER "{\"alg\":\"HS256\"}"

static const char config[] =
    "{\"common\":{\"issuers\":["
    "{\"issuer\":\"https://h.example\",\"keys_file\":\"@/hs.jwk\","
    "\"algorithms\":[\"HS256\"],\"audience\":[\"ssh\"]}]}}";

static struct lab lab;
static char text[JWS_MAX_LEN * 2];

static int
setup(void **state)
{
	(void)state;
	lab_open(&lab);
	lab_configure(&lab, config);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	lab_close(&lab);
	return 0;
}

static int
ask(const char *header, const char *payload)
{
	char *token = token_make(&lab.hs, JWA_HS256, header, payload);
	size_t n = strlen(token);
	char *copy = guard_copy(token, n);
	struct gate_outcome out;
	int r = lab_ask(&lab, copy, n, &out);

	guard_free(copy, n);
	free(token);
	if (r != 0)
		assert_string_equal(out.message, "Authentication failed.");
	return r;
}

/* before, count times piece, behind */
static const char *
fill(const char *before, const char *piece, size_t count, const char *behind)
{
	size_t n = strlen(before), len = strlen(piece), i;

	assert_true(n + count * len + strlen(behind) < sizeof(text));
	strcpy(text, before);
	for (i = 0; i < count; i++, n += len)
		memcpy(text + n, piece, len);
	strcpy(text + n, behind);
	return text;
}

static void
test_payload(void **state)
{
	static const struct {
		const char *why, *before, *piece, *behind;
		size_t bad, good;
		int want;
	} rows[] = {
		{ "arrays in arrays", "{" MEMBERS ",\"x\":", "[", "", 5000, 0,
		    E_TOKEN_MALFORMED },
		{ "objects in objects", "{" MEMBERS ",\"x\":", "{\"a\":", "",
		    1900, 0, E_TOKEN_MALFORMED },
		{ "a number of many digits", "{" MEMBERS ",\"x\":0.", "1", "}",
		    0, 9000, E_TOKEN_MALFORMED },
		{ "an exponent of many digits", "{" MEMBERS ",\"x\":1e", "1",
		    "}", 0, 9000, E_TOKEN_MALFORMED },
		{ "elements", "{" MEMBERS ",\"x\":[1", ",1", "]}", 0, 4000,
		    E_TOKEN_MALFORMED },
		{ "the same name, again and again", "{" MEMBERS, ",\"x\":1",
		    "}", 1500, 1, E_TOKEN_MALFORMED },
		{ "escapes", "{" MEMBERS ",\"x\":\"", "\\u0061", "\"}", 0, 1500,
		    E_TOKEN_MALFORMED },
		{ "half surrogates", "{" MEMBERS ",\"x\":\"", "\\ud800", "\"}",
		    1500, 0, E_TOKEN_MALFORMED },
		{ "blanks", "{" MEMBERS, " ", "}", 0, 9000, E_TOKEN_MALFORMED },
		{ "a string that does not end", "{" MEMBERS ",\"x\":\"", "a",
		    "", 9000, 0, E_TOKEN_MALFORMED },
		{ "backslashes", "{" MEMBERS ",\"x\":\"", "\\\\", "\\\"}", 4000,
		    0, E_TOKEN_MALFORMED },
		{ "exp of 400 digits",
		    "{\"iss\":\"https://h.example\","
		    "\"aud\":\"ssh\",\"sub\":\"alice\","
		    "\"exp\":18",
		    "0", "}", 400, 8, E_TOKEN_MALFORMED },
		{ "audiences",
		    "{\"iss\":\"https://h.example\",\"sub\":"
		    "\"alice\",\"exp\":1700000600,\"aud\":[\"ssh\"",
		    ",\"x\"", "]}", 0, 2000, E_TOKEN_MALFORMED },
		{ "a long user",
		    "{\"iss\":\"https://h.example\","
		    "\"aud\":\"ssh\",\"exp\":1700000600,"
		    "\"sub\":\"",
		    "a", "\"}", 9000, 64, E_USER_INVALID },
	};
	size_t i;
	int r;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		if (rows[i].bad > 0) {
			r = ask(HEADER,
			    fill(rows[i].before, rows[i].piece, rows[i].bad,
				rows[i].behind));
			if (r != rows[i].want)
				fail_msg("%s: %s", rows[i].why, err_name(r));
		}
		if (rows[i].good > 0) {
			r = ask(HEADER,
			    fill(rows[i].before, rows[i].piece, rows[i].good,
				rows[i].behind));
			if (r != 0 && r != E_LIFETIME_TOO_LONG)
				fail_msg("%s, its neighbour: %s", rows[i].why,
				    err_name(r));
		}
	}
}

static void
test_header(void **state)
{
	static const struct {
		const char *why, *before, *piece, *behind;
		size_t bad, good;
		int want;
	} rows[] = {
		{ "arrays in arrays", "{\"alg\":\"HS256\",\"x\":", "[", "",
		    4000, 0, E_HEADER_INVALID },
		{ "objects in objects", "{\"alg\":\"HS256\",\"x\":", "{\"a\":",
		    "", 700, 0, E_HEADER_INVALID },
		{ "over its cap", "{\"alg\":\"HS256\",\"x\":\"", "a", "\"}",
		    4200, 3000, E_HEADER_INVALID },
		{ "a long kid", "{\"alg\":\"HS256\",\"kid\":\"", "a", "\"}",
		    3000, 0, E_HEADER_INVALID },
		{ "a long alg", "{\"alg\":\"", "HS256", "\"}", 700, 1,
		    E_ALGORITHM_REFUSED },
		{ "a long typ", "{\"alg\":\"HS256\",\"typ\":\"", "a", "\"}",
		    3000, 0, E_HEADER_INVALID },
		{ "a chain of certificates", "{\"alg\":\"HS256\",\"x5c\":[\"\"",
		    ",\"MIIB\"", "]}", 0, 400, E_HEADER_INVALID },
	};
	size_t i;
	int r;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		if (rows[i].bad > 0) {
			r = ask(fill(rows[i].before, rows[i].piece, rows[i].bad,
				    rows[i].behind),
			    "{" MEMBERS "}");
			if (r != rows[i].want)
				fail_msg("%s: %s", rows[i].why, err_name(r));
		}
		if (rows[i].good > 0) {
			r = ask(fill(rows[i].before, rows[i].piece,
				    rows[i].good, rows[i].behind),
			    "{" MEMBERS "}");
			if (r != 0)
				fail_msg("%s, its neighbour: %s", rows[i].why,
				    err_name(r));
		}
	}
}

/* Bytes of one kind, of every length up to and over the cap. */
static void
test_noise(void **state)
{
	static const char pieces[] = ".A-_=+/ {[\"\\\x00\x7f\x80\xff\n";
	struct gate_outcome out;
	size_t i, n;
	int r;

	(void)state;
	for (i = 0; i < sizeof(pieces) - 1; i++) {
		memset(text, pieces[i], sizeof(text));
		for (n = 0; n < JWS_MAX_LEN + 3; n += n < 64 ? 1 : 509) {
			r = lab_ask(&lab, text, n, &out);
			if (n == 0)
				assert_int_equal(r, E_TOKEN_MISSING);
			else if (n > JWS_MAX_LEN)
				assert_int_equal(r, E_TOKEN_TOO_LONG);
			else
				assert_int_equal(r, E_TOKEN_MALFORMED);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_payload),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
