/*
 * test_jws: tokens as they are published, as they are made, and as they are
 * bent: shape, base64url, header. What is refused here is signed rightly, so
 * that nothing but the one thing that was changed can be the reason.
 */

#include "testutil.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include "b64url.h"
#include "err.h"
#include "json.h"
#include "jws.h"
#include "str.h"
#include "testkeys.h"

#define V "vectors/"
#define COOKBOOK V "cookbook/"
#define SECRET "0123456789abcdef0123456789abcdef"
#define TOKEN_MAX (JWS_MAX_LEN + 64)

static int
parse(const char *token, size_t n, struct jws *out, struct err *e)
{
	char *copy = guard_copy(token, n);
	struct jws jws;
	int rc;

	memset(&jws, 0xa5, sizeof(jws));
	rc = jws_parse(copy, n, &jws, e);
	guard_free(copy, n);
	/* once more, in memory that stays */
	memset(out, 0xa5, sizeof(*out));
	assert_int_equal(jws_parse(token, n, out, NULL), rc);
	return rc;
}

static struct json *
load(const char *file)
{
	struct json *root = NULL;
	char *text;
	size_t n;

	text = test_data(file, &n);
	assert_int_equal(json_parse(text, n, false, &root, NULL), 0);
	free(text);
	return root;
}

static void
load_key(const struct json *root, struct jwk_set *set)
{
	const struct json *key = json_member(json_member(root, "input"), "key");
	char *text;
	size_t n;

	text = json_write(key, false, &n);
	assert_non_null(text);
	assert_int_equal(jwk_set_parse(text, n, set, NULL), 0);
	free(text);
}

static const struct {
	const char *file;
	enum jwa_alg alg;
	bool again; /* signing it again gives the very same token */
} vectors[] = {
	{ V "rfc7515/a1.json", JWA_HS256, false },
	{ V "rfc7515/a2.json", JWA_RS256, true },
	{ V "rfc7515/a3.json", JWA_ES256, false },
	{ V "rfc7515/a4.json", JWA_ES512, false },
	{ V "rfc8037/a4.json", JWA_EDDSA, true },
	{ V "rfc8037/a5.json", JWA_EDDSA, false },
	{ COOKBOOK "jws/4_1.rsa_v15_signature.json", JWA_RS256, true },
	{ COOKBOOK "jws/4_2.rsa-pss_signature.json", JWA_PS384, false },
	{ COOKBOOK "jws/4_3.ecdsa_signature.json", JWA_ES512, false },
	{ COOKBOOK "jws/4_4.hmac-sha2_integrity_protection.json", JWA_HS256,
	    true },
	{ COOKBOOK "curve25519/jws.json", JWA_EDDSA, true },
};

static void
check_vector(const char *token, const struct jwk_set *set, size_t i)
{
	const struct jwk *keys[JWS_TRIES_MAX];
	uint8_t payload[1024];
	char *again = NULL;
	struct jws jws;
	size_t count, n;

	assert_int_equal(parse(token, strlen(token), &jws, NULL), 0);
	assert_int_equal(jws.alg, vectors[i].alg);
	assert_int_equal(jws_candidates(&jws, set, keys, &count, NULL), 0);
	assert_int_equal(count, 1);
	assert_int_equal(jws_verify(&jws, keys[0], NULL), 0);
	assert_int_equal(jws_payload(&jws, payload, &n, NULL), 0);
	assert_int_equal(n, B64URL_DECODED_LEN(jws.payload_len));
	if (vectors[i].again) {
		assert_int_equal(
		    keys_sign(keys[0], jws.alg, NULL, payload, n, &again), 0);
		assert_string_equal(again, token);
		free(again);
	}
}

static void
test_vectors(void **state)
{
	const struct json *token;
	struct jwk_set set = { 0 };
	struct json *root;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(vectors); i++) {
		root = load(vectors[i].file);
		token = json_member(json_member(root, "output"), "compact");
		load_key(root, &set);
		check_vector(json_string(token, NULL), &set, i);
		jwk_set_done(&set);
		json_free(&root);
	}
	assert_int_equal(ERR_peek_error(), 0);
}

/* Published examples of what we do not take. */
static void
test_foreign_vectors(void **state)
{
	static const struct {
		const char *file;
		const char *form; /* of output */
		int want;
	} rows[] = {
		{ V "rfc7515/a5.json", "compact", E_ALGORITHM_REFUSED },
		{ COOKBOOK "rfc7797/hmac-sha2_b64_false.json", "compact",
		    E_TOKEN_MALFORMED },
		{ COOKBOOK "jws/4_6.protecting_specific_header_fields.json",
		    "json", E_TOKEN_MALFORMED },
		{ COOKBOOK "jws/4_6.protecting_specific_header_fields.json",
		    "json_flat", E_TOKEN_MALFORMED },
		{ COOKBOOK "jws/4_8.multiple_signatures.json", "json",
		    E_TOKEN_MALFORMED },
		{ COOKBOOK "jws/4_5.signature_with_detached_content.json",
		    "compact", E_SIGNATURE_INVALID },
	};
	const struct json *output;
	struct jwk_set set = { 0 };
	struct json *root;
	struct jws jws;
	char *text;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		root = load(rows[i].file);
		output = json_member(json_member(root, "output"), rows[i].form);
		text = json_string(output, NULL) != NULL ?
		    strdup(json_string(output, NULL)) :
		    json_write(output, false, NULL);
		rc = parse(text, strlen(text), &jws, NULL);
		if (rc == 0) {
			load_key(root, &set);
			rc = jws_verify(&jws, &set.keys[0], NULL);
			jwk_set_done(&set);
		}
		assert_int_equal(rc, rows[i].want);
		free(text);
		json_free(&root);
	}
}

/* header.payload.MAC, the MAC being right for HS256 with SECRET. */
static void
make_hs256(const char *header, size_t n, char *token, size_t cap)
{
	uint8_t mac[32];
	size_t len, mac_len = 0;

	assert_true(B64URL_ENCODED_LEN(n) + 64 < cap);
	len = b64url_encode(token, header, n);
	len += (size_t)sprintf(token + len, ".e30");
	assert_non_null(EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, SECRET,
	    strlen(SECRET), (unsigned char *)token, len, mac, sizeof(mac),
	    &mac_len));
	token[len++] = '.';
	b64url_encode(token + len, mac, sizeof(mac));
}

static int
judge(const char *token, size_t n, struct err *e)
{
	struct jwk_set set = { 0 };
	struct jws jws;
	int rc;

	assert_int_equal(
	    jwk_set_secret(SECRET, strlen(SECRET), JWA_HS256, &set, NULL), 0);
	rc = parse(token, n, &jws, e);
	if (rc == 0)
		rc = jws_verify(&jws, &set.keys[0], e);
	jwk_set_done(&set);
	return rc;
}

/* ' stands for ", and # for NUL */
static const struct {
	const char *why;
	const char *header;
	int want;
} headers[] = {
	{ "the least", "{'alg':'HS256'}", 0 },
	{ "with blanks", " {\r\n'alg' :\t'HS256' } ", 0 },
	{ "alg with an escape", "{'alg':'HS\\u003256'}", 0 },
	{ "typ and kid", "{'alg':'HS256','typ':'JWT','kid':'a'}", 0 },
	{ "members we do not know", "{'alg':'HS256','x':{'alg':1}}", 0 },
	{ "no alg", "{'typ':'JWT'}", E_HEADER_INVALID },
	{ "alg null", "{'alg':null}", E_HEADER_INVALID },
	{ "alg true", "{'alg':true}", E_HEADER_INVALID },
	{ "alg in an array", "{'alg':['HS256']}", E_HEADER_INVALID },
	{ "alg a number", "{'alg':256}", E_HEADER_INVALID },
	{ "alg empty", "{'alg':''}", E_ALGORITHM_REFUSED },
	{ "alg none", "{'alg':'none'}", E_ALGORITHM_REFUSED },
	{ "alg None", "{'alg':'None'}", E_ALGORITHM_REFUSED },
	{ "alg NONE", "{'alg':'NONE'}", E_ALGORITHM_REFUSED },
	{ "alg nOnE", "{'alg':'nOnE'}", E_ALGORITHM_REFUSED },
	{ "alg 'none '", "{'alg':'none '}", E_ALGORITHM_REFUSED },
	{ "alg in lower case", "{'alg':'hs256'}", E_ALGORITHM_REFUSED },
	{ "alg with a blank", "{'alg':'HS256 '}", E_ALGORITHM_REFUSED },
	{ "alg with a long s", "{'alg':'H\\u017f256'}", E_ALGORITHM_REFUSED },
	{ "alg with NUL", "{'alg':'HS256\\u0000'}", E_HEADER_INVALID },
	{ "alg with a raw NUL", "{'alg':'HS256#'}", E_HEADER_INVALID },
	{ "very long", "{'alg':'HS256HS256HS256HS256HS256'}",
	    E_ALGORITHM_REFUSED },
	{ "of a JWE", "{'alg':'dir'}", E_ALGORITHM_REFUSED },
	{ "alg that is another's", "{'alg':'HS384'}", E_ALGORITHM_REFUSED },
	{ "alg of a public key", "{'alg':'RS256'}", E_ALGORITHM_REFUSED },
	{ "alg twice", "{'alg':'HS256','alg':'HS256'}", E_HEADER_INVALID },
	{ "alg twice in two spellings", "{'alg':'none','al\\u0067':'HS256'}",
	    E_HEADER_INVALID },
	{ "kid twice", "{'alg':'HS256','kid':'a','kid':'a'}",
	    E_HEADER_INVALID },
	{ "a member twice, deep", "{'alg':'HS256','x':{'a':1,'a':2}}",
	    E_HEADER_INVALID },
	{ "crit of nobody", "{'alg':'HS256','crit':['x'],'x':1}",
	    E_HEADER_INVALID },
	{ "crit of alg", "{'alg':'HS256','crit':['alg']}", E_HEADER_INVALID },
	{ "crit of exp", "{'alg':'HS256','crit':['exp'],'exp':1}",
	    E_HEADER_INVALID },
	{ "crit empty", "{'alg':'HS256','crit':[]}", E_HEADER_INVALID },
	{ "crit null", "{'alg':'HS256','crit':null}", E_HEADER_INVALID },
	{ "crit a string", "{'alg':'HS256','crit':'x'}", E_HEADER_INVALID },
	{ "crit escaped", "{'alg':'HS256','\\u0063rit':['x']}",
	    E_HEADER_INVALID },
	{ "crit below", "{'alg':'HS256','x':{'crit':['x']}}", 0 },
	{ "b64 false", "{'alg':'HS256','b64':false,'crit':['b64']}",
	    E_HEADER_INVALID },
	{ "b64 without crit", "{'alg':'HS256','b64':false}", E_HEADER_INVALID },
	{ "b64 true", "{'alg':'HS256','b64':true}", E_HEADER_INVALID },
	{ "zip", "{'alg':'HS256','zip':'DEF'}", E_HEADER_INVALID },
	{ "enc", "{'alg':'HS256','enc':'A256GCM'}", E_HEADER_INVALID },
	{ "epk", "{'alg':'HS256','epk':{}}", E_HEADER_INVALID },
	{ "p2c", "{'alg':'HS256','p2c':1}", E_HEADER_INVALID },
	{ "cty is nothing to us", "{'alg':'HS256','cty':'JWT'}", 0 },
	{ "a key in it", "{'alg':'HS256','jwk':{'kty':'oct','k':'AA'}}", 0 },
	{ "addresses of keys",
	    "{'alg':'HS256','jku':'http://127.0.0.1:1/','x5u':"
	    "'file:///etc/passwd','x5c':['AA'],'x5t':'AA'}",
	    0 },
	{ "kid a number", "{'alg':'HS256','kid':1}", E_HEADER_INVALID },
	{ "kid null", "{'alg':'HS256','kid':null}", E_HEADER_INVALID },
	{ "kid a path", "{'alg':'HS256','kid':'../../dev/null'}", 0 },
	{ "kid with quotes", "{'alg':'HS256','kid':'\\' OR 1=1 --'}", 0 },
	{ "kid with LF", "{'alg':'HS256','kid':'a\\n'}", E_HEADER_INVALID },
	{ "kid with DEL", "{'alg':'HS256','kid':'\\u007f'}", E_HEADER_INVALID },
	{ "kid with NUL", "{'alg':'HS256','kid':'a\\u0000b'}",
	    E_HEADER_INVALID },
	{ "typ a number", "{'alg':'HS256','typ':1}", E_HEADER_INVALID },
	{ "typ with TAB", "{'alg':'HS256','typ':'a\\t'}", E_HEADER_INVALID },
	{ "typ empty", "{'alg':'HS256','typ':''}", 0 },
	{ "not an object", "['HS256']", E_HEADER_INVALID },
	{ "a string", "'HS256'", E_HEADER_INVALID },
	{ "no JSON", "alg=HS256", E_HEADER_INVALID },
	{ "something behind it", "{'alg':'HS256'}{}", E_HEADER_INVALID },
	{ "NUL behind it", "{'alg':'HS256'}#", E_HEADER_INVALID },
	{ "a byte order mark", "\xef\xbb\xbf{'alg':'HS256'}",
	    E_HEADER_INVALID },
	{ "a comment", "{/**/'alg':'HS256'}", E_HEADER_INVALID },
	{ "a comma too many", "{'alg':'HS256',}", E_HEADER_INVALID },
	{ "not UTF-8", "{'alg':'HS256','x':'\xff'}", E_HEADER_INVALID },
	{ "only blanks", "  ", E_HEADER_INVALID },
};

static void
test_headers(void **state)
{
	char header[256], token[512];
	struct err e;
	size_t i, k, n;
	int rc;

	(void)state;
	for (i = 0; i < COUNT_OF(headers); i++) {
		n = strlen(headers[i].header);
		for (k = 0; k < n; k++) {
			header[k] = headers[i].header[k];
			if (header[k] == '\'' &&
			    (k == 0 || header[k - 1] != '\\'))
				header[k] = '"';
			if (header[k] == '#')
				header[k] = '\0';
			if (header[k] == '\'')
				header[k - 1] = ' ';
		}
		make_hs256(header, n, token, sizeof(token));
		memset(&e, 0, sizeof(e));
		rc = judge(token, strlen(token), &e);
		if (rc != headers[i].want)
			fail_msg("%s: %s, %s", headers[i].why, err_name(rc),
			    err_text(&e, rc));
		assert_true(rc == 0 || e.text[0] != '\0');
	}
}

#define H "eyJhbGciOiJIUzI1NiJ9" /* {"alg":"HS256"} */
#define S "s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0"

static const struct {
	const char *why;
	const char *token;
	int want;
} shapes[] = {
	{ "three parts", H ".e30." S, 0 },
	{ "an empty payload", H ".." S, 0 },
	{ "a payload of one byte", H ".AA." S, 0 },
	{ "nothing", "", E_TOKEN_MISSING },
	{ "one part", H, E_TOKEN_MALFORMED },
	{ "two parts", H ".e30", E_TOKEN_MALFORMED },
	{ "an empty signature", H ".e30.", E_TOKEN_MALFORMED },
	{ "an empty header", ".e30." S, E_TOKEN_MALFORMED },
	{ "only dots", "..", E_TOKEN_MALFORMED },
	{ "four parts", H ".e30." S ".AA", E_TOKEN_MALFORMED },
	{ "five parts, a JWE", H ".AA.AA.AA.AA", E_TOKEN_MALFORMED },
	{ "a dot behind it", H ".e30." S ".", E_TOKEN_MALFORMED },
	{ "a dot in front", "." H ".e30." S, E_TOKEN_MALFORMED },
	{ "JSON", "{\"payload\":\"e30\"}", E_TOKEN_MALFORMED },
	{ "Bearer", "Bearer " H ".e30." S, E_TOKEN_MALFORMED },
	{ "a blank in front", " " H ".e30." S, E_TOKEN_MALFORMED },
	{ "a blank behind", H ".e30." S " ", E_TOKEN_MALFORMED },
	{ "LF behind", H ".e30." S "\n", E_TOKEN_MALFORMED },
	{ "CR LF in it", H ".e3\r\n0." S, E_TOKEN_MALFORMED },
	{ "padded header", H "==.e30." S, E_TOKEN_MALFORMED },
	{ "padded payload", H ".e30=." S, E_TOKEN_MALFORMED },
	{ "padded signature", H ".e30." S "=", E_TOKEN_MALFORMED },
	{ "bits behind the payload", H ".e31." S, E_TOKEN_MALFORMED },
	{ "bits behind the header", "e31.e30." S, E_TOKEN_MALFORMED },
	{ "bits behind the signature", H ".e30.AB", E_TOKEN_MALFORMED },
	{ "a length of 1 mod 4", H ".e30AA." S, E_TOKEN_MALFORMED },
	{ "the alphabet of base64", H ".e3+/." S, E_TOKEN_MALFORMED },
	{ "that of base64url", H ".e3-_." S, 0 },
	{ "a byte over 127", H ".e3\xc3\xa9." S, E_TOKEN_MALFORMED },
	{ "percent", H ".e3%30." S, E_TOKEN_MALFORMED },
};

static void
test_shapes(void **state)
{
	static const char nul[] = H ".e30." S "\0.AA";
	struct jws jws;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < COUNT_OF(shapes); i++) {
		rc = parse(
		    shapes[i].token, strlen(shapes[i].token), &jws, NULL);
		if (rc != shapes[i].want)
			fail_msg("%s: %s", shapes[i].why, err_name(rc));
	}
	assert_int_equal(
	    parse(nul, sizeof(nul) - 1, &jws, NULL), E_TOKEN_MALFORMED);
}

static void
test_parts(void **state)
{
	static const char token[] = "eyJhbGciOiJFUzI1NiIsImtpZCI6ImEiLCJ0eXAi"
				    "OiJKV1QifQ.e30.AA";
	struct jws jws;

	(void)state;
	assert_int_equal(parse(token, strlen(token), &jws, NULL), 0);
	assert_int_equal(jws.alg, JWA_ES256);
	assert_true(jws.has_kid && jws.has_typ);
	assert_string_equal(jws.kid, "a");
	assert_string_equal(jws.typ, "JWT");
	assert_int_equal(jws.payload_len, 3);
	assert_int_equal(jws.signature_len, 2);
	assert_int_equal(jws.signed_len, strlen(token) - 3);
	assert_int_equal(jws.header_len, 37);
	assert_true(str_is(jws.header, jws.header_len,
	    "{\"alg\":\"ES256\",\"kid\":\"a\",\"typ\":\"JWT\"}"));
	assert_int_equal(
	    parse(shapes[0].token, strlen(shapes[0].token), &jws, NULL), 0);
	assert_false(jws.has_kid || jws.has_typ);
	assert_string_equal(jws.kid, "");
	assert_string_equal(jws.typ, "");
}

/* A header with one member of n letters. */
static int
judge_long(const char *name, size_t n)
{
	char *header, *token;
	size_t len;
	int rc;

	header = calloc(1, n + 64);
	token = calloc(2, n + 128);
	assert_true(header != NULL && token != NULL);
	len = (size_t)sprintf(header, "{\"alg\":\"HS256\",\"%s\":\"", name);
	memset(header + len, 'x', n);
	strcpy(header + len + n, "\"}");
	make_hs256(header, strlen(header), token, 2 * (n + 128));
	rc = judge(token, strlen(token), NULL);
	free(header);
	free(token);
	return rc;
}

static void
test_limits(void **state)
{
	const size_t fixed = strlen("{\"alg\":\"HS256\",\"x\":\"\"}");
	char token[TOKEN_MAX];
	struct jws jws;

	(void)state;
	assert_int_equal(judge_long("kid", JWK_KID_MAX), 0);
	assert_int_equal(judge_long("kid", JWK_KID_MAX + 1), E_HEADER_INVALID);
	assert_int_equal(judge_long("typ", JWS_TYP_MAX), 0);
	assert_int_equal(judge_long("typ", JWS_TYP_MAX + 1), E_HEADER_INVALID);
	assert_int_equal(judge_long("x", JWS_HEADER_MAX - fixed), 0);
	assert_int_equal(
	    judge_long("x", JWS_HEADER_MAX - fixed + 1), E_HEADER_INVALID);

	memset(token, 'A', sizeof(token));
	memcpy(token, H ".", strlen(H "."));
	strcpy(token + JWS_MAX_LEN - 3, ".AA");
	assert_int_equal(parse(token, JWS_MAX_LEN, &jws, NULL), 0);
	assert_int_equal(
	    parse(token, JWS_MAX_LEN + 1, &jws, NULL), E_TOKEN_TOO_LONG);
	memset(token, '.', sizeof(token));
	assert_int_equal(
	    parse(token, JWS_MAX_LEN, &jws, NULL), E_TOKEN_MALFORMED);
	assert_int_equal(
	    parse(token, sizeof(token), &jws, NULL), E_TOKEN_TOO_LONG);
}

static const struct {
	const char *why;
	const char *token_kid; /* NULL: none */
	const char *keys[6]; /* kid, "-" for none, "!" for another alg */
	const char *found; /* indices */
} choices[] = {
	{ "no kid on either side", NULL, { "-" }, "0" },
	{ "a kid in the key", NULL, { "a" }, "0" },
	{ "the kid", "a", { "b", "a" }, "1" },
	{ "the kid or none", "a", { "b", "-", "a" }, "12" },
	{ "a kid in other case", "A", { "a" }, "" },
	{ "a kid that begins alike", "ab", { "a", "abc" }, "" },
	{ "an empty kid is a kid", "", { "a" }, "" },
	{ "another algorithm", "a", { "!" }, "" },
	{ "four keys", NULL, { "a", "b", "c", "d" }, "0123" },
	{ "five keys", NULL, { "a", "b", "c", "d", "e" }, "" },
	{ "four and another algorithm", NULL, { "a", "!", "c", "d", "e" },
	    "0234" },
	{ "five keys, one named", "c", { "a", "b", "c", "d", "e" }, "2" },
};

static void
test_candidates(void **state)
{
	const struct jwk *found[JWS_TRIES_MAX];
	struct jwk keys[6];
	struct jwk_set set = { .keys = keys };
	struct jws jws = { .alg = JWA_HS256 };
	char kids[6][8], got[8];
	size_t i, k, n;
	int rc;

	(void)state;
	for (i = 0; i < COUNT_OF(choices); i++) {
		for (k = 0; k < 6 && choices[i].keys[k] != NULL; k++) {
			memset(&keys[k], 0, sizeof(keys[k]));
			keys[k].kty = JWK_OCT;
			keys[k].secret_len = 64;
			keys[k].verifies = true;
			keys[k].kid = strcpy(kids[k], choices[i].keys[k]);
			if (kids[k][0] == '-')
				keys[k].kid = NULL;
			if (kids[k][0] == '!')
				keys[k].alg = JWA_HS512;
		}
		set.count = k;
		jws.has_kid = choices[i].token_kid != NULL;
		strcpy(jws.kid, jws.has_kid ? choices[i].token_kid : "");
		n = 0;
		rc = jws_candidates(&jws, &set, found, &n, NULL);
		for (k = 0; k < n; k++)
			got[k] = (char)('0' + (found[k] - keys));
		got[n] = '\0';
		if (strcmp(got, choices[i].found) != 0 ||
		    rc != (n == 0 ? E_KEY_UNKNOWN : 0))
			fail_msg("%s: %d \"%s\"", choices[i].why, rc, got);
	}
	keys[0].verifies = false;
	set.count = 1;
	assert_int_equal(
	    jws_candidates(&jws, &set, found, &n, NULL), E_KEY_UNKNOWN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_foreign_vectors),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_candidates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
