/*
 * Attacks in the payload: JSON that readers disagree about, NUL, claims of
 * another type, times, and tokens that are honest but meant for something
 * else. All are signed with the right key; the neighbour beside each differs
 * in one thing and is taken.
 */

#include "testtoken.h"

#include "b64url.h"
#include "err.h"

#define HEAD "\"iss\":\"https://a.example\",\"aud\":\"ssh\","
#define USER "\"sub\":\"alice\","
#define TIME "\"iat\":1699999900,\"exp\":1700000600"
#define GOOD "{" HEAD USER TIME "}"
#define WITH(members) "{" HEAD USER TIME "," members "}"

static const char config[] =
    "{\"common\":{\"issuers\":["
    "{\"issuer\":\"https://a.example\",\"keys_file\":\"@/hs.jwk\","
    "\"algorithms\":[\"HS256\"],\"audience\":[\"ssh\"],"
    "\"authorized_parties\":[\"cli\"],"
    "\"required_claims\":{\"email_verified\":true},"
    "\"user_claim\":[\"preferred_username\",\"sub\"]},"
    "{\"issuer\":\"https://b.example\",\"keys_file\":\"@/hs.jwk\","
    "\"algorithms\":[\"HS256\"],\"audience\":[\"ssh\"],"
    "\"clock_skew\":0}]}}";

/* B asks for less: most rows are about A's asking for nothing special. */
#define B "\"iss\":\"https://b.example\",\"aud\":\"ssh\","
#define B_GOOD "{" B USER TIME "}"
#define B_WITH(members) "{" B USER TIME "," members "}"
#define B_TIME(members) "{" B USER members "}"

static struct lab lab;

struct pair {
	const char *why, *bad, *good;
	int want;
};

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
ask(const char *payload)
{
	char *token = token_make(
	    &lab.hs, JWA_HS256, "{\"alg\":\"HS256\",\"kid\":\"hs\"}", payload);
	struct gate_outcome out;
	int r = lab_ask(&lab, token, strlen(token), &out);

	free(token);
	return r;
}

static void
run(const struct pair *pairs, size_t count)
{
	size_t i;
	int r;

	for (i = 0; i < count; i++) {
		r = ask(pairs[i].good);
		if (r != 0)
			fail_msg(
			    "%s, its neighbour: %s", pairs[i].why, err_name(r));
		r = ask(pairs[i].bad);
		if (r != pairs[i].want)
			fail_msg("%s: %s, not %s", pairs[i].why, err_name(r),
			    err_name(pairs[i].want));
	}
}

#define BAD E_TOKEN_MALFORMED

static void
test_json(void **state)
{
	static const struct pair pairs[] = {
		{ "user twice, root last", B_WITH("\"sub\":\"root\""), B_GOOD,
		    BAD },
		{ "user twice, root first",
		    "{\"sub\":\"root\"," B USER TIME "}", B_GOOD, BAD },
		{ "user twice, escaped", B_WITH("\"\\u0073ub\":\"root\""),
		    "{" B "\"\\u0073ub\":\"alice\"," TIME "}", BAD },
		{ "twice, nested", B_WITH("\"x\":{\"y\":{\"a\":1,\"a\":1}}"),
		    B_WITH("\"x\":{\"y\":{\"a\":1,\"b\":1}}"), BAD },
		{ "twice, in an array", B_WITH("\"x\":[{\"a\":1,\"a\":1}]"),
		    B_WITH("\"x\":[{\"a\":1},{\"a\":1}]"), BAD },
		{ "a second object", B_GOOD B_GOOD, B_GOOD " ", BAD },
		{ "junk behind", B_GOOD "x", B_GOOD "\n", BAD },
		{ "byte order mark", "\xef\xbb\xbf" B_GOOD, "\t" B_GOOD, BAD },
		{ "array", "[" B_GOOD "]", B_GOOD, BAD },
		{ "string", "\"alice\"", B_GOOD, BAD },
		{ "number", "1", B_GOOD, BAD },
		{ "nothing", "", B_GOOD, BAD },
		{ "blanks", "  ", B_GOOD, BAD },
		{ "a token", "eyJhbGciOiJub25lIn0.e30.", B_GOOD, BAD },
		{ "line comment", "{//\n" B USER TIME "}",
		    "{\n" B USER TIME "}", BAD },
		{ "block comment", "{/**/" B USER TIME "}", B_GOOD, BAD },
		{ "single quotes", B_WITH("'x':1"), B_WITH("\"x\":1"), BAD },
		{ "bare name", B_WITH("x:1"), B_WITH("\"x\":1"), BAD },
		{ "comma at the end", "{" B USER TIME ",}", B_GOOD, BAD },
		{ "comma in an array", B_WITH("\"x\":[1,]"),
		    B_WITH("\"x\":[1]"), BAD },
		{ "no comma", B_WITH("\"x\":1 \"y\":2"),
		    B_WITH("\"x\":1 ,\"y\":2"), BAD },
		{ "no colon", B_WITH("\"x\" 1"), B_WITH("\"x\" :1"), BAD },
		{ "not closed", "{" B USER TIME, B_GOOD, BAD },
		{ "NaN", B_WITH("\"x\":NaN"), B_WITH("\"x\":0"), BAD },
		{ "Infinity", B_WITH("\"x\":Infinity"), B_WITH("\"x\":0"),
		    BAD },
		{ "01", B_WITH("\"x\":01"), B_WITH("\"x\":1"), BAD },
		{ "+1", B_WITH("\"x\":+1"), B_WITH("\"x\":-1"), BAD },
		{ "0x1", B_WITH("\"x\":0x1"), B_WITH("\"x\":0"), BAD },
		{ "1.", B_WITH("\"x\":1."), B_WITH("\"x\":1.0"), BAD },
		{ ".5", B_WITH("\"x\":.5"), B_WITH("\"x\":0.5"), BAD },
		{ "1e", B_WITH("\"x\":1e"), B_WITH("\"x\":1e1"), BAD },
		{ "TRUE", B_WITH("\"x\":TRUE"), B_WITH("\"x\":true"), BAD },
		{ "a newline in a string", B_WITH("\"x\":\"a\nb\""),
		    B_WITH("\"x\":\"a\\nb\""), BAD },
		{ "a bad escape", B_WITH("\"x\":\"\\x41\""),
		    B_WITH("\"x\":\"\\u0041\""), BAD },
		{ "half a surrogate", B_WITH("\"x\":\"\\udc00\""),
		    B_WITH("\"x\":\"\\ud800\\udc00\""), BAD },
		{ "overlong slash", B_WITH("\"x\":\"\xc0\xaf\""),
		    B_WITH("\"x\":\"/\""), BAD },
		{ "surrogate in UTF-8", B_WITH("\"x\":\"\xed\xa0\x80\""),
		    B_WITH("\"x\":\"\xed\x9f\xbf\""), BAD },
		{ "over U+10FFFF", B_WITH("\"x\":\"\xf4\x90\x80\x80\""),
		    B_WITH("\"x\":\"\xf4\x8f\xbf\xbf\""), BAD },
		{ "depth 17", B_WITH("\"x\":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]"),
		    B_WITH("\"x\":[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]"), BAD },
	};

	(void)state;
	run(pairs, COUNT_OF(pairs));
}

static void
test_members(void **state)
{
	char text[8192];
	size_t i, n, count;

	(void)state;
	for (count = 250; count < 260; count++) {
		/* five of them are there already */
		n = (size_t)snprintf(text, sizeof(text), "{" B USER TIME);
		for (i = 5; i < count; i++)
			n += (size_t)snprintf(
			    text + n, sizeof(text) - n, ",\"m%zu\":0", i);
		snprintf(text + n, sizeof(text) - n, "}");
		assert_int_equal(ask(text), count <= 256 ? 0 : BAD);
	}
}

static void
test_nul(void **state)
{
	static const struct pair pairs[] = {
		{ "user", "{" B "\"sub\":\"alice\\u0000x\"," TIME "}", B_GOOD,
		    BAD },
		{ "user, at the end",
		    "{" B "\"sub\":\"alice\\u0000\"," TIME "}", B_GOOD, BAD },
		{ "iss",
		    "{\"iss\":\"https://b.example\\u0000.evil\","
		    "\"aud\":\"ssh\"," USER TIME "}",
		    B_GOOD, BAD },
		{ "aud",
		    "{\"iss\":\"https://"
		    "b.example\",\"aud\":\"ssh\\u0000x\"," USER TIME "}",
		    B_GOOD, BAD },
		{ "element of aud",
		    "{\"iss\":\"https://b.example\","
		    "\"aud\":[\"ssh\\u0000x\"]," USER TIME "}",
		    "{\"iss\":\"https://b.example\",\"aud\":[\"ssh\"]," USER
			TIME "}",
		    BAD },
		{ "a name", B_WITH("\"exp\\u0000\":1"), B_WITH("\"exq\":1"),
		    BAD },
		{ "deep inside", B_WITH("\"x\":[{\"y\":\"\\u0000\"}]"),
		    B_WITH("\"x\":[{\"y\":\"\\u0001\"}]"), BAD },
	};
	static const char raw[] = B_GOOD "\0{}";
	char *token, *input;
	struct gate_outcome out;
	size_t n = strlen(raw);

	(void)state;
	run(pairs, COUNT_OF(pairs));
	/* raw bytes behind the object: what strlen() does not see */
	assert_int_equal(ask(raw), 0);
	input = token_join("{\"alg\":\"HS256\"}", "", "", 0);
	input[strlen(input) - 1] = '\0';
	token = malloc(strlen(input) + 2 * sizeof(raw));
	assert_non_null(token);
	strcpy(token, input);
	b64url_encode(token + strlen(token), raw, n + 1);
	free(input);
	input = token_sign(&lab.hs, JWA_HS256, token);
	assert_int_equal(lab_ask(&lab, input, strlen(input), &out), BAD);
	free(input);
	free(token);
}

static void
test_types(void **state)
{
#define B_USER(v) "{" B "\"sub\":" v "," TIME "}"
#define B_AUD(v) "{\"iss\":\"https://b.example\",\"aud\":" v "," USER TIME "}"
#define ISS(v) "{\"iss\":" v ",\"aud\":\"ssh\"," USER TIME "}"
	static const struct pair pairs[] = {
		{ "user number", B_USER("1000"), B_USER("\"u1000\""),
		    E_USER_INVALID },
		{ "user array", B_USER("[\"alice\"]"), B_USER("\"alice\""),
		    E_USER_INVALID },
		{ "user object", B_USER("{\"alice\":1}"), B_USER("\"alice\""),
		    E_USER_INVALID },
		{ "user null", B_USER("null"), B_USER("\"null\""),
		    E_USER_INVALID },
		{ "user true", B_USER("true"), B_USER("\"true\""),
		    E_USER_INVALID },
		{ "user empty", B_USER("\"\""), B_USER("\"a\""),
		    E_USER_INVALID },
		{ "user missing", "{" B TIME "}", B_GOOD, E_CLAIM_MISSING },
		{ "iss array", ISS("[\"https://b.example\"]"),
		    ISS("\"https://b.example\""), E_ISSUER_UNKNOWN },
		{ "iss number", ISS("1"), B_GOOD, E_ISSUER_UNKNOWN },
		{ "iss prefix", ISS("\"https://b.exampl\""), B_GOOD,
		    E_ISSUER_UNKNOWN },
		{ "iss suffix", ISS("\"https://b.example.evil.example\""),
		    B_GOOD, E_ISSUER_UNKNOWN },
		{ "iss with a slash", ISS("\"https://b.example/\""), B_GOOD,
		    E_ISSUER_UNKNOWN },
		{ "iss case", ISS("\"https://B.example\""), B_GOOD,
		    E_ISSUER_UNKNOWN },
		{ "iss blank", ISS("\"https://b.example \""), B_GOOD,
		    E_ISSUER_UNKNOWN },
		{ "iss empty", ISS("\"\""), B_GOOD, E_ISSUER_UNKNOWN },
		{ "aud null", B_AUD("null"), B_AUD("\"ssh\""),
		    E_AUDIENCE_WRONG },
		{ "aud number", B_AUD("0"), B_AUD("[\"ssh\"]"),
		    E_AUDIENCE_WRONG },
		{ "aud object", B_AUD("{\"ssh\":1}"), B_AUD("[\"x\",\"ssh\"]"),
		    E_AUDIENCE_WRONG },
		{ "aud empty array", B_AUD("[]"), B_AUD("[\"ssh\",\"x\"]"),
		    E_AUDIENCE_WRONG },
		{ "aud nested", B_AUD("[[\"ssh\"]]"),
		    B_AUD("[\"ssh\",\"ssh\"]"), E_AUDIENCE_WRONG },
		{ "aud mixed", B_AUD("[\"ssh\",null]"), B_GOOD,
		    E_AUDIENCE_WRONG },
		{ "aud list in a string", B_AUD("\"ssh,web\""), B_GOOD,
		    E_AUDIENCE_WRONG },
	};

	(void)state;
	run(pairs, COUNT_OF(pairs));
}

static void
test_times(void **state)
{
	static const struct pair pairs[] = {
		{ "exp missing", B_TIME("\"iat\":1699999900"), B_GOOD,
		    E_CLAIM_MISSING },
		{ "exp null", B_TIME("\"exp\":null"),
		    B_TIME("\"exp\":1700000001"), BAD },
		{ "exp true", B_TIME("\"exp\":true"),
		    B_TIME("\"exp\":1700000001.0"), BAD },
		{ "exp string", B_TIME("\"exp\":\"1700000600\""),
		    B_TIME("\"exp\":1700000600"), BAD },
		{ "exp array", B_TIME("\"exp\":[1700000600]"),
		    B_TIME("\"exp\":17000006e2"), BAD },
		{ "exp 0", B_TIME("\"exp\":0"), B_TIME("\"exp\":1700000001"),
		    E_TOKEN_EXPIRED },
		{ "exp -0", B_TIME("\"exp\":-0"), B_TIME("\"exp\":1700000001"),
		    E_TOKEN_EXPIRED },
		{ "exp negative", B_TIME("\"exp\":-1700000600"), B_GOOD, BAD },
		{ "exp 1e400", B_TIME("\"exp\":1e400"),
		    B_TIME("\"exp\":1.7000006e9"), BAD },
		{ "exp 1e19", B_TIME("\"exp\":1e19"), B_GOOD, BAD },
		{ "exp 2^63", B_TIME("\"exp\":9223372036854775808"), B_GOOD,
		    BAD },
		{ "exp 2^64 + 1700000600",
		    B_TIME("\"exp\":18446744075409552216"), B_GOOD, BAD },
		{ "exp 2^32 + 1 wraps", B_TIME("\"exp\":4294967297"), B_GOOD,
		    E_LIFETIME_TOO_LONG },
		{ "now is exp", B_TIME("\"exp\":1700000000"),
		    B_TIME("\"exp\":1700000001"), E_TOKEN_EXPIRED },
		{ "exp a fraction after now", B_TIME("\"exp\":1700000000.9"),
		    B_TIME("\"exp\":1700000001.9"), E_TOKEN_EXPIRED },
		{ "nbf a second after now",
		    B_TIME("\"exp\":1700000600,\"nbf\":1700000001"),
		    B_TIME("\"exp\":1700000600,\"nbf\":1700000000"),
		    E_TOKEN_NOT_YET_VALID },
		{ "nbf string",
		    B_TIME("\"exp\":1700000600,\"nbf\":\"1699999999\""),
		    B_TIME("\"exp\":1700000600,\"nbf\":1699999999"), BAD },
		{ "iat in the future",
		    B_TIME("\"exp\":1700000600,\"iat\":1700000001"),
		    B_TIME("\"exp\":1700000600,\"iat\":1700000000"),
		    E_TOKEN_NOT_YET_VALID },
		{ "too long", B_TIME("\"exp\":1700086401,\"iat\":1700000000"),
		    B_TIME("\"exp\":1700086400,\"iat\":1700000000"),
		    E_LIFETIME_TOO_LONG },
	};

	(void)state;
	run(pairs, COUNT_OF(pairs));
}

/* Honest tokens in the wrong place, and names that look like another's. */
static void
test_identity(void **state)
{
#define A(members) WITH("\"azp\":\"cli\",\"email_verified\":true" members)
	static const struct pair pairs[] = {
		{ "issued to another client",
		    WITH("\"azp\":\"web\",\"email_verified\":true"), A(""),
		    E_PARTY_WRONG },
		{ "issued to nobody", WITH("\"email_verified\":true"), A(""),
		    E_PARTY_WRONG },
		{ "an ID token: its audience is the client",
		    "{\"iss\":\"https://a.example\",\"aud\":\"cli\"," USER TIME
		    ",\"azp\":\"cli\",\"email_verified\":true,\"nonce\":\"x\","
		    "\"at_hash\":\"x\"}",
		    A(",\"nonce\":\"x\",\"at_hash\":\"x\""), E_AUDIENCE_WRONG },
		{ "mail not verified",
		    WITH("\"azp\":\"cli\",\"email_verified\":false"), A(""),
		    E_CLAIM_MISSING },
		{ "mail verified, in words",
		    WITH("\"azp\":\"cli\",\"email_verified\":\"true\""), A(""),
		    E_CLAIM_MISSING },
		{ "a mail address as a name",
		    A(",\"preferred_username\":\"root@evil.example\""),
		    A(",\"preferred_username\":\"bob\""), E_USER_INVALID },
		{ "A's token in B's name",
		    "{\"iss\":\"https://b.example\",\"aud\":\"web\"," USER TIME
		    "}",
		    B_GOOD, E_AUDIENCE_WRONG },
		{ "bound to a key", B_WITH("\"cnf\":{\"jkt\":\"x\"}"),
		    B_WITH("\"cng\":{\"jkt\":\"x\"}"), E_POSSESSION_MISSING },
		{ "Cyrillic a", B_USER("\"\xd0\xb0lice\""), B_GOOD,
		    E_USER_INVALID },
		{ "fullwidth", B_USER("\"\xef\xbd\x81lice\""), B_GOOD,
		    E_USER_INVALID },
		{ "zero width", B_USER("\"al\xe2\x80\x8bice\""), B_GOOD,
		    E_USER_INVALID },
		{ "right to left",
		    B_USER("\"\xe2\x80\xae"
			   "ecila\""),
		    B_GOOD, E_USER_INVALID },
		{ "combining", B_USER("\"mu\xcc\x88ller\""),
		    B_USER("\"muller\""), E_USER_INVALID },
		{ "option", B_USER("\"-oProxyCommand\""),
		    B_USER("\"o-ProxyCommand\""), E_USER_INVALID },
		{ "blank first", B_USER("\" alice\""), B_GOOD, E_USER_INVALID },
		{ "colon", B_USER("\"alice:0\""), B_GOOD, E_USER_INVALID },
		{ "slash", B_USER("\"../alice\""), B_GOOD, E_USER_INVALID },
		{ "dots", B_USER("\"..\""), B_USER("\"a..\""), E_USER_INVALID },
		{ "newline", B_USER("\"alice\\nroot\""), B_GOOD,
		    E_USER_INVALID },
		{ "DEL", B_USER("\"alice\\u007f\""), B_GOOD, E_USER_INVALID },
		{ "LDAP", B_USER("\"*)(uid=*\""), B_GOOD, E_USER_INVALID },
		{ "shell", B_USER("\"$(id)\""), B_USER("\"id\""),
		    E_USER_INVALID },
		{ "format", B_USER("\"%n\""), B_USER("\"n\""), E_USER_INVALID },
		{ "digits: a uid", B_USER("\"0\""), B_USER("\"_0\""),
		    E_USER_INVALID },
	};

	(void)state;
	run(pairs, COUNT_OF(pairs));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_identity),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
