/*
 * message: what the two mechanisms say, taken apart and put together.
 */

#include "testutil.h"

#include "err.h"
#include "jws.h"
#include "message.h"
#include "str.h"

#define A "\001"
#define LONG_NAME \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

#define BEARER MESSAGE_OAUTHBEARER
#define X MESSAGE_XOAUTH2
#define TEXT(s) (s), sizeof(s) - 1

/* want: 0, and then token and name; discovery where there is no token. */
static const struct row {
	const char *why;
	enum message_mech mech;
	const char *text;
	size_t n;
	int want;
	const char *token, *authzid;
} rows[] = {
	{ "RFC 7628 §4.1", BEARER,
	    TEXT("n,a=user@example.com," A "host=server.example.com" A
		 "port=143" A "auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEu"
		 "Y29tCg==" A A),
	    0,
	    "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==", "user@example.com" },
	{ "no name", BEARER, TEXT("n,," A "auth=Bearer t" A A), 0, "t", "" },
	{ "a client with channel binding", BEARER,
	    TEXT("y,," A "auth=Bearer t" A A), 0, "t", "" },
	{ "one that insists on it", BEARER,
	    TEXT("p=tls-unique,," A "auth=Bearer t" A A), E_HEADER_INVALID,
	    NULL, NULL },
	{ "not GS2's own form", BEARER, TEXT("F,n,," A "auth=Bearer t" A A),
	    E_TOKEN_MALFORMED, NULL, NULL },
	{ "another flag", BEARER, TEXT("x,," A "auth=Bearer t" A A),
	    E_TOKEN_MALFORMED, NULL, NULL },
	{ "comma and equals sign", BEARER,
	    TEXT("n,a=a=2Cb=3Dc," A "auth=Bearer t" A A), 0, "t", "a,b=c" },
	{ "small letters escape nothing", BEARER,
	    TEXT("n,a=a=2cb," A "auth=Bearer t" A A), E_USER_INVALID, NULL,
	    NULL },
	{ "a bare equals sign", BEARER, TEXT("n,a=a=b," A "auth=Bearer t" A A),
	    E_USER_INVALID, NULL, NULL },
	{ "an escape at the end", BEARER,
	    TEXT("n,a=a=2," A "auth=Bearer t" A A), E_USER_INVALID, NULL,
	    NULL },
	{ "an empty name", BEARER, TEXT("n,a=," A "auth=Bearer t" A A),
	    E_TOKEN_MALFORMED, NULL, NULL },
	{ "no a=", BEARER, TEXT("n,alice," A "auth=Bearer t" A A),
	    E_TOKEN_MALFORMED, NULL, NULL },
	{ "a blank that would be trimmed", BEARER,
	    TEXT("n,a=alice ," A "auth=Bearer t" A A), E_USER_INVALID, NULL,
	    NULL },
	{ "a NUL in a name", BEARER, TEXT("n,a=al\0ice," A "auth=Bearer t" A A),
	    E_USER_INVALID, NULL, NULL },
	{ "the longest name", BEARER,
	    TEXT("n,a=" LONG_NAME "," A "auth=Bearer t" A A), 0, "t",
	    LONG_NAME },
	{ "a longer one", BEARER,
	    TEXT("n,a=b" LONG_NAME "," A "auth=Bearer t" A A), E_USER_INVALID,
	    NULL, NULL },
	{ "no 0x01 behind the header", BEARER, TEXT("n,,auth=Bearer t" A A),
	    E_TOKEN_MALFORMED, NULL, NULL },
	{ "keys that nobody knows", BEARER,
	    TEXT("n,," A "qop=1" A "auth=Bearer t" A "mthd=GET" A A), 0, "t",
	    "" },
	{ "a key that is none", BEARER,
	    TEXT("n,," A "a1=x" A "auth=Bearer t" A A), E_TOKEN_MALFORMED, NULL,
	    NULL },
	{ "no key", BEARER, TEXT("n,," A "=x" A "auth=Bearer t" A A),
	    E_TOKEN_MALFORMED, NULL, NULL },
	{ "no equals sign", BEARER, TEXT("n,," A "auth" A A), E_TOKEN_MALFORMED,
	    NULL, NULL },
	{ "two tokens", BEARER,
	    TEXT("n,," A "auth=Bearer a" A "auth=Bearer b" A A),
	    E_TOKEN_MALFORMED, NULL, NULL },
	{ "a question, and a token", BEARER,
	    TEXT("n,," A "auth=" A "auth=Bearer b" A A), E_TOKEN_MALFORMED,
	    NULL, NULL },
	{ "none", BEARER, TEXT("n,," A "host=h" A A), E_TOKEN_MISSING, NULL,
	    NULL },
	{ "no pair at all", BEARER, TEXT("n,," A A), E_TOKEN_MISSING, NULL,
	    NULL },
	{ "a question", BEARER, TEXT("n,," A "auth=" A A), 0, NULL, "" },
	{ "another scheme", BEARER, TEXT("n,," A "auth=Basic t" A A),
	    E_HEADER_INVALID, NULL, NULL },
	{ "a longer scheme", BEARER, TEXT("n,," A "auth=Bearers t" A A),
	    E_HEADER_INVALID, NULL, NULL },
	{ "no scheme", BEARER, TEXT("n,," A "auth=t" A A), E_HEADER_INVALID,
	    NULL, NULL },
	{ "any case", BEARER, TEXT("n,," A "auth=bEARER t" A A), 0, "t", "" },
	{ "many blanks", BEARER, TEXT("n,," A "auth=Bearer    t" A A), 0, "t",
	    "" },
	{ "a blank behind it", BEARER, TEXT("n,," A "auth=Bearer t " A A),
	    E_TOKEN_MALFORMED, NULL, NULL },
	{ "a scheme alone", BEARER, TEXT("n,," A "auth=Bearer" A A),
	    E_TOKEN_MISSING, NULL, NULL },
	{ "a scheme and a blank", BEARER, TEXT("n,," A "auth=Bearer " A A),
	    E_TOKEN_MISSING, NULL, NULL },
	{ "padding in the middle", BEARER, TEXT("n,," A "auth=Bearer a=b" A A),
	    E_TOKEN_MALFORMED, NULL, NULL },
	{ "a quote", BEARER, TEXT("n,," A "auth=Bearer \"t\"" A A),
	    E_TOKEN_MALFORMED, NULL, NULL },
	{ "a NUL in a token", BEARER, TEXT("n,," A "auth=Bearer a\0b" A A),
	    E_TOKEN_MALFORMED, NULL, NULL },
	{ "a NUL in a value", BEARER,
	    TEXT("n,," A "host=a\0b" A "auth=Bearer t" A A), E_TOKEN_MALFORMED,
	    NULL, NULL },
	{ "one 0x01 too few", BEARER, TEXT("n,," A "auth=Bearer t" A),
	    E_TOKEN_MALFORMED, NULL, NULL },
	{ "one too many", BEARER, TEXT("n,," A "auth=Bearer t" A A A),
	    E_TOKEN_MALFORMED, NULL, NULL },
	{ "a line end behind it", BEARER,
	    TEXT("n,," A "auth=Bearer t" A A "\n"), E_TOKEN_MALFORMED, NULL,
	    NULL },
	{ "a NUL behind it", BEARER, TEXT("n,," A "auth=Bearer t" A A "\0"),
	    E_TOKEN_MALFORMED, NULL, NULL },
	{ "nothing", BEARER, TEXT(""), E_TOKEN_MISSING, NULL, NULL },
	{ "0x01", BEARER, TEXT(A), E_TOKEN_MISSING, NULL, NULL },
	{ "the other mechanism", BEARER,
	    TEXT("user=alice" A "auth=Bearer t" A A), E_TOKEN_MALFORMED, NULL,
	    NULL },
	{ "XOAUTH2", X, TEXT("user=a@b.example" A "auth=Bearer t" A A), 0, "t",
	    "a@b.example" },
	{ "XOAUTH2 escapes nothing", X,
	    TEXT("user=a=2Cb" A "auth=Bearer t" A A), 0, "t", "a=2Cb" },
	{ "a name of other letters", X,
	    TEXT("user=\303\244" A "auth=Bearer t" A A), 0, "t", "\303\244" },
	{ "no name", X, TEXT("auth=Bearer t" A A), E_USER_INVALID, NULL, NULL },
	{ "an empty one", X, TEXT("user=" A "auth=Bearer t" A A),
	    E_USER_INVALID, NULL, NULL },
	{ "two names", X, TEXT("user=a" A "user=b" A "auth=Bearer t" A A),
	    E_TOKEN_MALFORMED, NULL, NULL },
	{ "the longest", X, TEXT("user=" LONG_NAME A "auth=Bearer t" A A), 0,
	    "t", LONG_NAME },
	{ "longer", X, TEXT("user=b" LONG_NAME A "auth=Bearer t" A A),
	    E_USER_INVALID, NULL, NULL },
	{ "XOAUTH2, a question", X, TEXT("user=a" A "auth=" A A), 0, NULL,
	    "a" },
	{ "the other mechanism", X, TEXT("n,," A "auth=Bearer t" A A),
	    E_TOKEN_MALFORMED, NULL, NULL },
};

static void
test_parse(void **state)
{
	const struct row *c;
	struct message m;
	struct err e;
	char *copy;
	int r;

	(void)state;
	for (c = rows; c < rows + COUNT_OF(rows); c++) {
		copy = guard_copy(c->text, c->n);
		memset(&e, 0, sizeof(e));
		memset(&m, 0x55, sizeof(m));
		r = message_parse(c->mech, copy, c->n, &m, &e);
		if (r != c->want)
			fail_msg("%s: %s (%s)", c->why, err_name(r), e.text);
		if (r != 0) {
			assert_int_equal(m.authzid[0], 0x55);
			assert_int_equal(e.code, r);
		} else if (c->token != NULL) {
			assert_false(m.discovery);
			assert_true(str_is(m.token, m.token_len, c->token));
		} else {
			assert_true(m.discovery);
			assert_null(m.token);
		}
		if (r == 0)
			assert_string_equal(m.authzid, c->authzid);
		guard_free(copy, c->n);
	}
}

/* A message is whole or refused, whatever a host cuts off. */
static void
refuse_cut(const char *data, size_t n, void *arg)
{
	struct message m;
	struct err e = { 0 };
	int r = message_parse(*(enum message_mech *)arg, data, n, &m, &e);

	assert_int_not_equal(r, 0);
	if (n > 4 && strstr(e.text, "was it cut") == NULL &&
	    strstr(e.text, "GS2") == NULL)
		fail_msg("%zu: %s", n, e.text);
}

static void
survive(const char *data, size_t n, void *arg)
{
	struct message m;

	if (message_parse(*(enum message_mech *)arg, data, n, &m, NULL) != 0)
		return;
	assert_true(strlen(m.authzid) <= MESSAGE_NAME_MAX);
	assert_true(m.discovery == (m.token == NULL));
	if (m.token != NULL)
		assert_true(m.token > data && m.token + m.token_len < data + n);
}

static void
test_damage(void **state)
{
	static const char bearer[] = "n,a=al=2Cice," A "host=h" A
				     "auth=Bearer e30.e30.AA" A A;
	static const char xoauth2[] = "user=alice" A "auth=Bearer e30" A A;
	enum message_mech mech = MESSAGE_OAUTHBEARER;

	(void)state;
	for_each_truncation(bearer, sizeof(bearer) - 1, refuse_cut, &mech);
	for_each_bit_flip(bearer, sizeof(bearer) - 1, survive, &mech);
	mech = MESSAGE_XOAUTH2;
	for_each_truncation(xoauth2, sizeof(xoauth2) - 1, refuse_cut, &mech);
	for_each_bit_flip(xoauth2, sizeof(xoauth2) - 1, survive, &mech);
}

static void
test_size(void **state)
{
	static char text[MESSAGE_MAX + 2];
	const char *head = "n,," A "auth=Bearer ";
	struct message m;
	size_t n;

	(void)state;
	n = strlen(head);
	memset(text, 'a', sizeof(text));
	memcpy(text, head, n);
	memset(text + n + JWS_MAX_LEN, 1, 2);
	assert_int_equal(
	    message_parse(BEARER, text, n + JWS_MAX_LEN + 2, &m, NULL), 0);
	assert_int_equal(m.token_len, JWS_MAX_LEN);
	memset(text + n, 'a', JWS_MAX_LEN + 4);
	memset(text + n + JWS_MAX_LEN + 1, 1, 2);
	assert_int_equal(
	    message_parse(BEARER, text, n + JWS_MAX_LEN + 3, &m, NULL),
	    E_TOKEN_TOO_LONG);
	assert_int_equal(message_parse(BEARER, text, MESSAGE_MAX + 1, &m, NULL),
	    E_TOKEN_TOO_LONG);
}

static const struct built {
	enum message_mech mech;
	struct message_draft draft;
	int want;
	const char *text;
} built[] = {
	{ BEARER, { .token = "t", .token_len = 1 }, 0,
	    "n,," A "auth=Bearer t" A A },
	{ BEARER,
	    { .authzid = "a,b=c",
		.host = "h",
		.port = "25",
		.token = "t",
		.token_len = 1 },
	    0, "n,a=a=2Cb=3Dc," A "host=h" A "port=25" A "auth=Bearer t" A A },
	{ BEARER, { .host = "h" A "auth=x", .token = "t", .token_len = 1 }, 0,
	    "n,," A "auth=Bearer t" A A },
	{ BEARER, { .token = "", .token_len = 0 }, E_TOKEN_MISSING, NULL },
	{ BEARER, { .token = "a" A "b", .token_len = 3 }, E_TOKEN_MALFORMED,
	    NULL },
	{ BEARER, { .authzid = "a" A, .token = "t", .token_len = 1 },
	    E_USER_INVALID, NULL },
	{ X, { .authzid = "a,b", .token = "t", .token_len = 1 }, 0,
	    "user=a,b" A "auth=Bearer t" A A },
	{ X, { .host = "h", .token = "t", .token_len = 1 }, E_USER_INVALID,
	    NULL },
	{ X, { .authzid = LONG_NAME, .token = "t", .token_len = 1 }, 0,
	    "user=" LONG_NAME A "auth=Bearer t" A A },
	{ X, { .authzid = "b" LONG_NAME, .token = "t", .token_len = 1 },
	    E_USER_INVALID, NULL },
};

static void
test_build(void **state)
{
	char text[4096];
	struct str s;
	size_t i;
	int r;

	(void)state;
	for (i = 0; i < COUNT_OF(built); i++) {
		assert_true(message_size(&built[i].draft) <= sizeof(text));
		str_init(&s, text, message_size(&built[i].draft));
		r = message_build(built[i].mech, &built[i].draft, &s, NULL);
		if (r != built[i].want)
			fail_msg("%zu: %s", i, err_name(r));
		if (r == 0)
			assert_string_equal(text, built[i].text);
	}
}

static const struct {
	enum message_mech mech;
	int reason;
	const char *want;
} replies[] = {
	{ BEARER, 0, "{\"status\":\"invalid_token\"}" },
	{ BEARER, E_TOKEN_EXPIRED, "{\"status\":\"invalid_token\"}" },
	{ BEARER, E_SCOPE_MISSING, "{\"status\":\"insufficient_scope\"}" },
	{ BEARER, E_ROLE_MISSING, "{\"status\":\"insufficient_scope\"}" },
	{ BEARER, E_HEADER_INVALID, "{\"status\":\"invalid_request\"}" },
	{ X, 0, "{\"status\":\"401\",\"schemes\":\"bearer\"}" },
	{ X, E_SIGNATURE_INVALID,
	    "{\"status\":\"401\",\"schemes\":\"bearer\"}" },
	{ X, E_ROLE_MISSING, "{\"status\":\"403\",\"schemes\":\"bearer\"}" },
	{ X, E_USER_INVALID, "{\"status\":\"400\",\"schemes\":\"bearer\"}" },
};

/* Whole, whatever it has to say; and never longer than a line of SMTP. */
static void
test_reply(void **state)
{
	char reply[MESSAGE_REPLY_MAX + 1], scope[300], url[300];
	struct message_hint hint = { NULL, NULL };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(replies); i++) {
		message_reply(replies[i].mech, replies[i].reason, &hint, reply);
		assert_string_equal(reply, replies[i].want);
	}
	hint.scope = "a \"b\\";
	hint.openid_configuration = "https://i";
	message_reply(BEARER, E_TOKEN_EXPIRED, &hint, reply);
	assert_string_equal(reply,
	    "{\"status\":\"invalid_token\",\"openid-configuration\":"
	    "\"https://i\",\"scope\":\"a \\\"b\\\\\"}");
	for (i = 1; i < sizeof(url); i++) {
		memset(url, 'u', i);
		memset(scope, 's', i);
		url[i] = scope[i] = '\0';
		hint.scope = scope;
		hint.openid_configuration = url;
		message_reply(BEARER, 0, &hint, reply);
		assert_true(strlen(reply) <= MESSAGE_REPLY_MAX);
		assert_string_equal(reply + strlen(reply) - 1, "}");
		assert_int_equal(strncmp(reply, "{\"status\":", 10), 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_build),
		cmocka_unit_test(test_reply),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
