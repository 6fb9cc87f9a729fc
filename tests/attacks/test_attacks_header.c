/*
 * Attacks in the header. Every token here is signed with the right key, so
 * it is its header alone that is judged; beside each stands the header that
 * differs in the one thing and is taken.
 */

#include "testtoken.h"

#include "err.h"
#include "json.h"

#define PAYLOAD \
	"{\"iss\":\"https://a.example\",\"aud\":\"ssh\",\"sub\":\"alice\"," \
	"\"iat\":1699999900,\"exp\":1700000600}"
#define GOOD "{\"alg\":\"ES256\"}"

static const char config[] =
    "{\"common\":{\"issuers\":["
    "{\"issuer\":\"https://a.example\",\"keys_file\":\"@/es.jwk\","
    "\"algorithms\":[\"ES256\"],\"audience\":[\"ssh\"],"
    "\"types\":[\"JWT\",\"at+jwt\"]},"
    "{\"issuer\":\"https://h.example\",\"keys_file\":\"@/hs.jwk\","
    "\"algorithms\":[\"HS256\"],\"audience\":[\"ssh\"]}]}}";

static struct lab lab;
static struct jwk stranger;

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
	return jwk_generate(JWA_ES256, "evil", &stranger, NULL);
}

static int
teardown(void **state)
{
	(void)state;
	jwk_done(&stranger);
	lab_close(&lab);
	return 0;
}

static int
ask(const struct jwk *key, const char *header, const char *payload)
{
	char *token = token_make(key, JWA_ES256, header, payload);
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
		r = ask(&lab.es, pairs[i].good, PAYLOAD);
		if (r != 0)
			fail_msg(
			    "%s, its neighbour: %s", pairs[i].why, err_name(r));
		r = ask(&lab.es, pairs[i].bad, PAYLOAD);
		if (r != pairs[i].want)
			fail_msg("%s: %s, not %s", pairs[i].why, err_name(r),
			    err_name(pairs[i].want));
	}
}

#define ALG(v) "{\"alg\":" v "}"

static void
test_alg(void **state)
{
	static const struct pair pairs[] = {
		{ "none", ALG("\"none\""), GOOD, E_ALGORITHM_REFUSED },
		{ "None", ALG("\"None\""), GOOD, E_ALGORITHM_REFUSED },
		{ "NONE", ALG("\"NONE\""), GOOD, E_ALGORITHM_REFUSED },
		{ "nOnE", ALG("\"nOnE\""), GOOD, E_ALGORITHM_REFUSED },
		{ "none and a blank", ALG("\"none \""), GOOD,
		    E_ALGORITHM_REFUSED },
		{ "none in escapes", ALG("\"\\u006eone\""), GOOD,
		    E_ALGORITHM_REFUSED },
		{ "empty", ALG("\"\""), GOOD, E_ALGORITHM_REFUSED },
		{ "lower case", ALG("\"es256\""), GOOD, E_ALGORITHM_REFUSED },
		{ "long s",
		    ALG("\"E\xc5\xbf"
			"256\""),
		    GOOD, E_ALGORITHM_REFUSED },
		{ "blank behind", ALG("\"ES256 \""), GOOD,
		    E_ALGORITHM_REFUSED },
		{ "blank before", ALG("\" ES256\""), GOOD,
		    E_ALGORITHM_REFUSED },
		{ "tab", ALG("\"ES256\\t\""), GOOD, E_ALGORITHM_REFUSED },
		{ "NUL", ALG("\"ES256\\u0000\""), GOOD, E_HEADER_INVALID },
		{ "NUL and more", ALG("\"ES256\\u0000x\""), GOOD,
		    E_HEADER_INVALID },
		{ "prefix", ALG("\"ES25\""), GOOD, E_ALGORITHM_REFUSED },
		{ "longer", ALG("\"ES2560\""), GOOD, E_ALGORITHM_REFUSED },
		{ "very long",
		    ALG("\"ES256ES256ES256ES256ES256ES256ES256ES256\""), GOOD,
		    E_ALGORITHM_REFUSED },
		{ "unknown", ALG("\"ES256K\""), GOOD, E_ALGORITHM_REFUSED },
		{ "known, not allowed", ALG("\"ES384\""), GOOD,
		    E_ALGORITHM_REFUSED },
		{ "of another issuer", ALG("\"HS256\""), GOOD,
		    E_SIGNATURE_INVALID },
		{ "of encryption", ALG("\"dir\""), GOOD, E_ALGORITHM_REFUSED },
		{ "missing", "{}", GOOD, E_HEADER_INVALID },
		{ "in capitals", "{\"ALG\":\"ES256\"}", GOOD,
		    E_HEADER_INVALID },
		{ "NUL in its name", "{\"alg\\u0000\":\"ES256\"}", GOOD,
		    E_HEADER_INVALID },
		{ "null", ALG("null"), GOOD, E_HEADER_INVALID },
		{ "true", ALG("true"), GOOD, E_HEADER_INVALID },
		{ "number", ALG("256"), GOOD, E_HEADER_INVALID },
		{ "array", ALG("[\"ES256\"]"), GOOD, E_HEADER_INVALID },
		{ "object", ALG("{\"alg\":\"ES256\"}"), GOOD,
		    E_HEADER_INVALID },
		{ "twice, none last", "{\"alg\":\"ES256\",\"alg\":\"none\"}",
		    GOOD, E_HEADER_INVALID },
		{ "twice, none first", "{\"alg\":\"none\",\"alg\":\"ES256\"}",
		    GOOD, E_HEADER_INVALID },
		{ "twice, escaped",
		    "{\"alg\":\"ES256\",\"\\u0061lg\":\"ES256\"}",
		    "{\"\\u0061lg\":\"ES256\"}", E_HEADER_INVALID },
	};

	(void)state;
	run(pairs, COUNT_OF(pairs));
}

#define WITH(members) "{\"alg\":\"ES256\"," members "}"

static void
test_crit(void **state)
{
	static const struct pair pairs[] = {
		{ "unknown", WITH("\"crit\":[\"x\"],\"x\":1"), WITH("\"x\":1"),
		    E_HEADER_INVALID },
		{ "not there", WITH("\"crit\":[\"x\"]"), GOOD,
		    E_HEADER_INVALID },
		{ "empty", WITH("\"crit\":[]"), WITH("\"crik\":[]"),
		    E_HEADER_INVALID },
		{ "string", WITH("\"crit\":\"alg\""), GOOD, E_HEADER_INVALID },
		{ "null", WITH("\"crit\":null"), GOOD, E_HEADER_INVALID },
		{ "number", WITH("\"crit\":0"), GOOD, E_HEADER_INVALID },
		{ "object", WITH("\"crit\":{}"), GOOD, E_HEADER_INVALID },
		{ "false", WITH("\"crit\":false"), GOOD, E_HEADER_INVALID },
		{ "alg", WITH("\"crit\":[\"alg\"]"), GOOD, E_HEADER_INVALID },
		{ "exp", WITH("\"crit\":[\"exp\"],\"exp\":9999999999"),
		    WITH("\"exp\":9999999999"), E_HEADER_INVALID },
		{ "escaped", WITH("\"\\u0063rit\":[\"x\"]"), GOOD,
		    E_HEADER_INVALID },
		{ "b64 false", WITH("\"b64\":false"), GOOD, E_HEADER_INVALID },
		{ "b64 true", WITH("\"b64\":true"), GOOD, E_HEADER_INVALID },
		{ "b64 and crit", WITH("\"b64\":false,\"crit\":[\"b64\"]"),
		    GOOD, E_HEADER_INVALID },
		{ "zip", WITH("\"zip\":\"DEF\""), GOOD, E_HEADER_INVALID },
		{ "enc", WITH("\"enc\":\"A256GCM\""), GOOD, E_HEADER_INVALID },
		{ "epk", WITH("\"epk\":{}"), GOOD, E_HEADER_INVALID },
		{ "p2c", WITH("\"p2c\":2147483647"), GOOD, E_HEADER_INVALID },
	};

	(void)state;
	run(pairs, COUNT_OF(pairs));
}

static void
test_typ(void **state)
{
	static const struct pair pairs[] = {
		{ "proof of possession", WITH("\"typ\":\"dpop+jwt\""),
		    WITH("\"typ\":\"at+jwt\""), E_TYPE_WRONG },
		{ "logout", WITH("\"typ\":\"logout+jwt\""),
		    WITH("\"typ\":\"application/at+jwt\""), E_TYPE_WRONG },
		{ "security event", WITH("\"typ\":\"secevent+jwt\""),
		    WITH("\"typ\":\"JWT\""), E_TYPE_WRONG },
		{ "key binding", WITH("\"typ\":\"kb+jwt\""),
		    WITH("\"typ\":\"jwt\""), E_TYPE_WRONG },
		{ "empty", WITH("\"typ\":\"\""), GOOD, E_TYPE_WRONG },
		{ "NUL", WITH("\"typ\":\"JWT\\u0000\""), GOOD,
		    E_HEADER_INVALID },
		{ "null", WITH("\"typ\":null"), GOOD, E_HEADER_INVALID },
		{ "number", WITH("\"typ\":1"), GOOD, E_HEADER_INVALID },
		{ "array", WITH("\"typ\":[\"JWT\"]"), GOOD, E_HEADER_INVALID },
		{ "twice", WITH("\"typ\":\"JWT\",\"typ\":\"JWT\""),
		    WITH("\"typ\":\"JWT\""), E_HEADER_INVALID },
		{ "newline", WITH("\"typ\":\"JWT\\n\""), GOOD,
		    E_HEADER_INVALID },
	};

	(void)state;
	run(pairs, COUNT_OF(pairs));
}

#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X256 X64 X64 X64 X64

static void
test_kid(void **state)
{
	static const struct pair pairs[] = {
		{ "another", WITH("\"kid\":\"es2\""), WITH("\"kid\":\"es\""),
		    E_KEY_UNKNOWN },
		{ "case", WITH("\"kid\":\"ES\""), WITH("\"kid\":\"\\u0065s\""),
		    E_KEY_UNKNOWN },
		{ "empty", WITH("\"kid\":\"\""), GOOD, E_KEY_UNKNOWN },
		{ "of another issuer", WITH("\"kid\":\"hs\""), GOOD,
		    E_KEY_UNKNOWN },
		{ "traversal", WITH("\"kid\":\"../../../dev/null\""), GOOD,
		    E_KEY_UNKNOWN },
		{ "a file there is", WITH("\"kid\":\"/etc/hostname\""), GOOD,
		    E_KEY_UNKNOWN },
		{ "a quote of SQL", WITH("\"kid\":\"es' OR '1'='1\""), GOOD,
		    E_KEY_UNKNOWN },
		{ "a star of LDAP", WITH("\"kid\":\"*)(uid=*\""), GOOD,
		    E_KEY_UNKNOWN },
		{ "a format", WITH("\"kid\":\"%n%n%s%s\""), GOOD,
		    E_KEY_UNKNOWN },
		{ "a command", WITH("\"kid\":\"es;id\""), GOOD, E_KEY_UNKNOWN },
		{ "NUL", WITH("\"kid\":\"es\\u0000\""), GOOD,
		    E_HEADER_INVALID },
		{ "newline", WITH("\"kid\":\"es\\n\""), GOOD,
		    E_HEADER_INVALID },
		{ "escape", WITH("\"kid\":\"\\u001b[2J\""), GOOD,
		    E_HEADER_INVALID },
		{ "null", WITH("\"kid\":null"), GOOD, E_HEADER_INVALID },
		{ "number", WITH("\"kid\":0"), GOOD, E_HEADER_INVALID },
		{ "array", WITH("\"kid\":[\"es\"]"), GOOD, E_HEADER_INVALID },
		{ "object", WITH("\"kid\":{\"es\":1}"), GOOD,
		    E_HEADER_INVALID },
		{ "twice", WITH("\"kid\":\"es\",\"kid\":\"es\""),
		    WITH("\"kid\":\"es\""), E_HEADER_INVALID },
		{ "256 bytes", WITH("\"kid\":\"" X256 "\""), GOOD,
		    E_HEADER_INVALID },
		{ "a header over its cap",
		    WITH("\"x\":\"" X256 X256 X256 X256 X256 X256 X256 X256 X256
			    X256 X256 X256 X256 X256 X256 X256 "\""),
		    WITH("\"x\":\"" X256 X256 X256 X256 X256 X256 X256 "\""),
		    E_HEADER_INVALID },
	};

	(void)state;
	run(pairs, COUNT_OF(pairs));
}

/*
 * A key that comes with the token is no key: never looked at, never fetched.
 * The neighbour says the same and is signed by ours.
 */
static void
test_key_injection(void **state)
{
#define EVIL "https://evil.example/k"
	static const char *const headers[] = {
		WITH("\"jku\":\"" EVIL "\""),
		WITH("\"jku\":\"file:///etc/passwd\""),
		WITH("\"x5u\":\"" EVIL "\""),
		WITH("\"x5c\":[\"MIIB\"]"),
		WITH("\"x5t\":\"AAAA\""),
		WITH("\"x5t#S256\":\"AAAA\""),
		WITH("\"jwk\":null"),
		WITH("\"jwk\":{\"kty\":\"oct\",\"k\":\"\"}"),
	};
	struct json *j = NULL;
	char header[1024];
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(headers); i++) {
		assert_int_equal(ask(&lab.es, headers[i], PAYLOAD), 0);
		assert_int_equal(
		    ask(&stranger, headers[i], PAYLOAD), E_SIGNATURE_INVALID);
	}
	assert_int_equal(jwk_write(&stranger, false, &j, NULL), 0);
	text = json_write(j, false, NULL);
	snprintf(header, sizeof(header), WITH("\"jwk\":%s"), text);
	assert_int_equal(ask(&lab.es, header, PAYLOAD), 0);
	assert_int_equal(ask(&stranger, header, PAYLOAD), E_SIGNATURE_INVALID);
	snprintf(
	    header, sizeof(header), WITH("\"kid\":\"evil\",\"jwk\":%s"), text);
	assert_int_equal(ask(&stranger, header, PAYLOAD), E_KEY_UNKNOWN);
	free(text);
	json_free(&j);
}

/* What the header says of a claim is said by nobody. */
static void
test_claims_in_header(void **state)
{
	static const char all[] = WITH(
	    "\"iss\":\"https://a.example\",\"aud\":\"ssh\","
	    "\"sub\":\"alice\",\"exp\":1700000600");
	static const struct {
		const char *why, *payload;
		int want;
	} rows[] = {
		{ "said in both", PAYLOAD, 0 },
		{ "nothing in the payload", "{}", E_ISSUER_UNKNOWN },
		{ "exp only in the header",
		    "{\"iss\":\"https://a.example\",\"aud\":\"ssh\","
		    "\"sub\":\"alice\"}",
		    E_CLAIM_MISSING },
		{ "exp longer in the header",
		    "{\"iss\":\"https://a.example\",\"aud\":\"ssh\","
		    "\"sub\":\"alice\",\"exp\":1699999000}",
		    E_TOKEN_EXPIRED },
		{ "user only in the header",
		    "{\"iss\":\"https://a.example\",\"aud\":\"ssh\","
		    "\"exp\":1700000600}",
		    E_CLAIM_MISSING },
	};
	size_t i;
	int r;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		r = ask(&lab.es, all, rows[i].payload);
		if (r != rows[i].want)
			fail_msg("%s: %s", rows[i].why, err_name(r));
	}
}

static void
test_json(void **state)
{
	static const struct pair pairs[] = {
		{ "array", "[{\"alg\":\"ES256\"}]", GOOD, E_HEADER_INVALID },
		{ "string", "\"ES256\"", GOOD, E_HEADER_INVALID },
		{ "null", "null", GOOD, E_HEADER_INVALID },
		{ "no JSON", "alg=ES256", GOOD, E_HEADER_INVALID },
		{ "byte order mark", "\xef\xbb\xbf" GOOD, " " GOOD,
		    E_HEADER_INVALID },
		{ "second object", GOOD "{}", GOOD " ", E_HEADER_INVALID },
		{ "comma at the end", "{\"alg\":\"ES256\",}", GOOD,
		    E_HEADER_INVALID },
		{ "comment", "{/**/\"alg\":\"ES256\"}", "{ \"alg\":\"ES256\"}",
		    E_HEADER_INVALID },
		{ "single quotes", "{'alg':'ES256'}", GOOD, E_HEADER_INVALID },
		{ "bare name", "{alg:\"ES256\"}", GOOD, E_HEADER_INVALID },
		{ "nested duplicate", WITH("\"x\":{\"a\":1,\"a\":2}"),
		    WITH("\"x\":{\"a\":1,\"b\":2}"), E_HEADER_INVALID },
		{ "half a surrogate", WITH("\"x\":\"\\ud800\""),
		    WITH("\"x\":\"\\ud83d\\ude00\""), E_HEADER_INVALID },
		{ "no UTF-8", WITH("\"x\":\"\xff\""),
		    WITH("\"x\":\"\xc3\xbc\""), E_HEADER_INVALID },
		{ "JSON serialization inside",
		    "{\"protected\":\"eyJhbGciOiJFUzI1NiJ9\"}", GOOD,
		    E_HEADER_INVALID },
	};

	(void)state;
	run(pairs, COUNT_OF(pairs));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alg),
		cmocka_unit_test(test_crit),
		cmocka_unit_test(test_typ),
		cmocka_unit_test(test_kid),
		cmocka_unit_test(test_key_injection),
		cmocka_unit_test(test_claims_in_header),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
