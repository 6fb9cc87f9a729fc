/*
 * test_jwk: which keys are taken. Every refusal stands beside a key that
 * differs in one thing and is accepted. Names of attack classes follow the
 * CVEs and RFC 8725.
 */

#include "testutil.h"

#include <openssl/err.h>

#include "b64url.h"
#include "err.h"
#include "json.h"
#include "jwk.h"

/* Keys of RFC 7515 Appendix A; quotes are single, see parse(). */
#define N \
	"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp" \
	"-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOW" \
	"vG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUs" \
	"LA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9k" \
	"G4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2" \
	"PAcDTW9gb54h4FRWyuXpo"
#define RSA_N "'kty':'RSA','n':'" N "Q'"
#define RSA RSA_N ",'e':'AQAB'"
#define X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define Y "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define D "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"
#define P256 "'kty':'EC','crv':'P-256'"
#define EC P256 ",'x':'" X "','y':'" Y "'"
#define ED25519 "'kty':'OKP','crv':'Ed25519'"
#define ED_X "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
#define ED_D "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
#define ED ED25519 ",'x':'" ED_X "'"
#define ED448 "'kty':'OKP','crv':'Ed448'"
/* RFC 8032 §7.4, "Blank" */
#define ED448_X \
	"X9dEm1m0Yf0s54fsYWrUah2hNCSFpw4fig6nXYDpZ3jt8SR2m0bHBhvWeD3x5Q9s" \
	"0foavq_oJWGA"
#define ED448_D \
	"bIKlYsuAjRDWMr6JyFE-v2ySnzTd-oyfY8mWDvbjSKNSjIo_zC8ETjmj_FuUSS-P" \
	"Ay51SaIAmPlb"
#define K31 "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLg"
#define K32 "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr8"
#define OCT "'kty':'oct','k':'" K32 "'"
#define A8 "AAAAAAAA"
#define A40 A8 A8 A8 A8 A8
#define F8 "________"
#define F40 F8 F8 F8 F8 F8
#define NO_KEY "no key for signatures"

struct row {
	const char *why;
	const char *text; /* ' stands for " */
	const char *refusal; /* a part of the sentence; NULL: accepted */
};

static int
parse(const char *text, struct jwk_set *set, struct err *e)
{
	size_t i, n = strlen(text);
	char *copy = guard_copy(text, n);
	int rc;

	for (i = 0; i < n; i++) {
		if (copy[i] == '\'')
			copy[i] = '"';
	}
	rc = jwk_set_parse(copy, n, set, e);
	guard_free(copy, n);
	return rc;
}

static void
check_rows(const struct row *rows, size_t count)
{
	struct jwk_set set = { 0 };
	struct err e;
	size_t i;
	int rc;

	for (i = 0; i < count; i++) {
		memset(&e, 0, sizeof(e));
		rc = parse(rows[i].text, &set, &e);
		if (rows[i].refusal == NULL && rc != 0)
			fail_msg("%s: %s", rows[i].why, e.text);
		if (rows[i].refusal != NULL && rc != E_KEY)
			fail_msg("%s: %d", rows[i].why, rc);
		if (rows[i].refusal != NULL &&
		    strstr(e.text, rows[i].refusal) == NULL)
			fail_msg("%s: says %s", rows[i].why, e.text);
		if (rc == 0 && set.count != 1)
			fail_msg("%s: %zu keys", rows[i].why, set.count);
		jwk_set_done(&set);
		assert_int_equal(ERR_peek_error(), 0);
	}
}

static const struct row purposes[] = {
	{ "a public key", "{" RSA "}", NULL },
	{ "blanks around it", " \r\n\t{" RSA "}\n", NULL },
	{ "use sig", "{" RSA ",'use':'sig'}", NULL },
	{ "use enc", "{" RSA ",'use':'enc'}", NO_KEY },
	{ "another use", "{" RSA ",'use':'SIG'}", NO_KEY },
	{ "use of another type", "{" RSA ",'use':['sig']}", "use: an array" },
	{ "its own algorithm", "{" RSA ",'alg':'RS256'}", NULL },
	{ "an algorithm of its type", "{" RSA ",'alg':'PS512'}", NULL },
	{ "an algorithm for encryption", "{" RSA ",'alg':'RSA-OAEP'}", NO_KEY },
	{ "lower case", "{" RSA ",'alg':'rs256'}", NO_KEY },
	{ "none", "{" RSA ",'alg':'none'}", NO_KEY },
	{ "alg of another type", "{" RSA ",'alg':256}", "alg: " },
	{ "alg null", "{" RSA ",'alg':null}", "alg: null" },
	{ "use null", "{" RSA ",'use':null}", "use: null" },
	{ "d null", "{" RSA ",'d':null}", "d: null" },
	{ "an unknown member null", "{" RSA ",'x5u':null}", NULL },
	{ "a MAC with a public key", "{" RSA ",'alg':'HS256'}", "alg: not" },
	{ "ECDSA with RSA", "{" RSA ",'alg':'ES256'}", "alg: not" },
	{ "RSA with a secret", "{" OCT ",'alg':'RS256'}", "alg: not" },
	{ "a MAC with a secret", "{" OCT ",'alg':'HS256'}", NULL },
	{ "the curve's algorithm", "{" EC ",'alg':'ES256'}", NULL },
	{ "another curve's", "{" EC ",'alg':'ES384'}", "alg: not" },
	{ "EdDSA", "{" ED ",'alg':'EdDSA'}", NULL },
	{ "Ed25519", "{" ED ",'alg':'Ed25519'}", NULL },
	{ "Ed448 on Ed25519", "{" ED ",'alg':'Ed448'}", "alg: not" },
	{ "key_ops verify", "{" RSA ",'key_ops':['verify']}", NULL },
	{ "key_ops and more", "{" RSA ",'key_ops':['x','verify']}", NULL },
	{ "key_ops without", "{" RSA ",'key_ops':['encrypt']}", NO_KEY },
	{ "key_ops of nothing", "{" RSA ",'key_ops':[]}", NO_KEY },
	{ "a public key to sign", "{" RSA ",'key_ops':['sign']}", NO_KEY },
	{ "key_ops twice", "{" RSA ",'key_ops':['verify','verify']}",
	    "key_ops: says" },
	{ "key_ops no array", "{" RSA ",'key_ops':'verify'}", "key_ops: not" },
	{ "key_ops of numbers", "{" RSA ",'key_ops':[1]}", "key_ops: holds" },
	{ "a kid", "{" RSA ",'kid':'k\\u00e4se'}", NULL },
	{ "an empty kid", "{" RSA ",'kid':''}", NULL },
	{ "a kid with BEL", "{" RSA ",'kid':'a\\u0007'}", "kid: over" },
	{ "a kid with NUL", "{" RSA ",'kid':'a\\u0000'}", "" },
	{ "a kid that is a number", "{" RSA ",'kid':1}", "kid: " },
	{ "unknown members", "{" RSA ",'x5c':['AA'],'x':{}}", NULL },
	{ "a kty we do not know", "{'kty':'AKP','pub':'AA'}", NO_KEY },
	{ "kty in another case", "{'kty':'rsa'}", NO_KEY },
	{ "no kty", "{'n':'AQAB','e':'AQAB'}", "kty: missing" },
	{ "kty of another type", "{'kty':1}", "kty: " },
	{ "a curve of another kind",
	    "{'kty':'EC','crv':'Ed25519','x':'" ED_X "'}", "crv: not" },
	{ "no crv", "{'kty':'EC','x':'" X "','y':'" Y "'}", "crv: missing" },
	{ "secp256k1", "{'kty':'EC','crv':'secp256k1'}", "x: missing" },
	{ "P-224", "{'kty':'EC','crv':'P-224'}", NO_KEY },
	{ "AKP of another alg", "{'kty':'AKP','alg':'SLH','pub':'AA'}",
	    NO_KEY },
	{ "X25519", "{'kty':'OKP','crv':'X25519'}", NO_KEY },
};

static void
test_purpose(void **state)
{
	(void)state;
	check_rows(purposes, COUNT_OF(purposes));
}

static const struct row rsa[] = {
	{ "e = 65537", "{" RSA "}", NULL },
	{ "e = 3", "{" RSA_N ",'e':'Aw'}", NULL },
	{ "e = 2^32 - 1", "{" RSA_N ",'e':'_____w'}", NULL },
	{ "e = 2^32 + 1", "{" RSA_N ",'e':'AQAAAAE'}", "e: not an odd" },
	{ "e = 1, forgeries verify", "{" RSA_N ",'e':'AQ'}", "e: not an odd" },
	{ "e = 0", "{" RSA_N ",'e':'AA'}", "e: starts with a zero" },
	{ "e = 2", "{" RSA_N ",'e':'Ag'}", "e: not an odd" },
	{ "e = 65536", "{" RSA_N ",'e':'AQAA'}", "e: not an odd" },
	{ "e with a zero in front", "{" RSA_N ",'e':'AAEAAQ'}",
	    "e: starts with a zero" },
	{ "no e", "{" RSA_N "}", "e: missing" },
	{ "e empty", "{" RSA_N ",'e':''}", "e: missing" },
	{ "e padded", "{" RSA_N ",'e':'Aw=='}", "e: not base64url" },
	{ "e with bits behind it", "{" RSA_N ",'e':'Ax'}", "e: not base64url" },
	{ "e a number", "{" RSA_N ",'e':65537}", "e: a whole" },
	{ "n odd", "{'kty':'RSA','n':'" N "w','e':'AQAB'}", NULL },
	{ "n even", "{'kty':'RSA','n':'" N "g','e':'AQAB'}", "n: even" },
	{ "n with a zero in front", "{'kty':'RSA','n':'AAAA" N "Q','e':'AQAB'}",
	    "n: starts with" },
	{ "n in the alphabet of base64",
	    "{'kty':'RSA','n':'+" N "','e':'AQAB'}", "n: not base64url" },
	{ "d alone is missing", "{" RSA ",'p':'AQAB'}", "d: missing" },
	{ "d of another key", "{" RSA ",'d':'AQAB'}", "do not belong" },
	{ "d = 0", "{" RSA ",'d':'AA'}", "d: starts with a zero" },
	{ "three primes", "{" RSA ",'d':'AQAB','oth':[]}", "oth: " },
};

static void
test_rsa(void **state)
{
	(void)state;
	check_rows(rsa, COUNT_OF(rsa));
}

/* n of exactly so many bits. */
static void
check_rsa_bits(size_t bits, const char *refusal)
{
	char text[2048], n64[B64URL_ENCODED_LEN(1100) + 1];
	const struct row row = { "bits", text, refusal };
	uint8_t n[1100];
	size_t len = (bits + 7) / 8;

	memset(n, 0xc5, sizeof(n));
	n[0] = (uint8_t)(0xff >> (8 * len - bits));
	b64url_encode(n64, n, len);
	snprintf(text, sizeof(text), "{'kty':'RSA','n':'%s','e':'AQAB'}", n64);
	check_rows(&row, 1);
}

static void
test_rsa_bits(void **state)
{
	(void)state;
	check_rsa_bits(8, "n: 8 bits");
	check_rsa_bits(1024, "n: 1024 bits");
	check_rsa_bits(2047, "n: 2047 bits");
	check_rsa_bits(2048, NULL);
	check_rsa_bits(8192, NULL);
	check_rsa_bits(8193, "n: longer");
	check_rsa_bits(8800, "n: longer");
}

static void
test_roca(void **state)
{
	struct jwk_set set = { 0 };
	struct err e = { 0 };
	char *text;
	size_t n;

	(void)state;
	text = test_data("vectors/keys/roca.json", &n);
	assert_int_equal(jwk_set_parse(text, n, &set, &e), E_KEY);
	assert_non_null(strstr(e.text, "CVE-2017-15361"));
	free(text);
}

#define EC_X(x, y) "{" P256 ",'x':'" x "','y':'" y "'}"
#define EC_D(d) "{" EC ",'d':'" d "'}"

static const struct row ec[] = {
	{ "a point", "{" EC "}", NULL },
	{ "off the curve",
	    EC_X(X, "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a4"), "" },
	{ "(0, 0)", EC_X(A40 "AAA", A40 "AAA"), "" },
	{ "x over the field", EC_X(F40 "__8", Y), "" },
	{ "x and y exchanged", EC_X(Y, X), "" },
	{ "x without its first byte",
	    EC_X("zc4ncPbEXUGDy-5v20t7WAczNXvp7xO6z248e9FURQ", Y), "x: 31" },
	{ "x with a zero in front",
	    EC_X("AH_Nzidw9sRdQYPL7m_bS3tYBzM1e-nvE7rPbjx70VRF", Y),
	    "x: longer" },
	{ "infinity", EC_X("AA", "AA"), "x: 1 bytes" },
	{ "no y", "{" P256 ",'x':'" X "'}", "y: missing" },
	{ "on another curve",
	    "{'kty':'EC','crv':'P-384','x':'" X "','y':'" Y "'}", "x: 32" },
	{ "the private half", EC_D(D), NULL },
	{ "another private half",
	    EC_D("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LM"), "d: not" },
	{ "d = 0", EC_D(A40 "AAA"), "" },
	{ "d = the order", EC_D("_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE"),
	    "" },
	{ "d over the order", EC_D(F40 "__8"), "" },
	{ "d too short", EC_D("mxCecZCYv5gEh98fXXfpyylgbr7SJjtfV8IT34T0sg"),
	    "d: 31" },
	{ "d no string", "{" EC ",'d':[]}", "d: an array" },
};

static void
test_ec(void **state)
{
	(void)state;
	check_rows(ec, COUNT_OF(ec));
}

#define OKP(x) "{" ED25519 ",'x':'" x "'}"
#define OKP4(x) "{" ED448 ",'x':'" x "'}"
#define SMALL "small order"
#define CANON "canonical"
#define A72 A40 A8 A8 A8 A8

static const struct row okp[] = {
	{ "Ed25519", "{" ED "}", NULL },
	{ "y = 3", OKP("AwAA" A8 A8 A8 A8 "AAAAAAA"), NULL },
	{ "y = 2, off the curve", OKP("AgAA" A8 A8 A8 A8 "AAAAAAA"),
	    "not a point" },
	{ "y = 0", OKP(A40 "AAA"), SMALL },
	{ "y = 0, x odd", OKP(A40 "AIA"), SMALL },
	{ "y = 1", OKP("AQAA" A8 A8 A8 A8 "AAAAAAA"), SMALL },
	{ "y = 1, x odd", OKP("AQAA" A8 A8 A8 A8 "AAAAAIA"), SMALL },
	{ "y = -1", OKP("7P__" F8 F8 F8 F8 "_____38"), SMALL },
	{ "y = -1, x odd", OKP("7P__" F8 F8 F8 F8 "______8"), SMALL },
	{ "order 8", OKP("xxdqcD092E-6PAt2DRBnDyogU_osOczGTsf9d5KsA3o"),
	    SMALL },
	{ "order 8, x odd", OKP("xxdqcD092E-6PAt2DRBnDyogU_osOczGTsf9d5KsA_o"),
	    SMALL },
	{ "order 8, -y", OKP("JuiVj8LCJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AU"),
	    SMALL },
	{ "order 8, -y, x odd",
	    OKP("JuiVj8LCJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_IU"), SMALL },
	{ "y = p", OKP("7f__" F8 F8 F8 F8 "_____38"), CANON },
	{ "y = p + 1, x odd", OKP("7v__" F8 F8 F8 F8 "______8"), CANON },
	{ "y = p + 3", OKP("8P__" F8 F8 F8 F8 "_____38"), CANON },
	{ "31 bytes", OKP(A40 "AA"), "x: 31 bytes" },
	{ "33 bytes", OKP(A40 "AAAA"), "x: longer" },
	{ "no x", "{" ED25519 ",'d':'" ED_D "'}", "x: missing" },
	{ "the private half", "{" ED ",'d':'" ED_D "'}", NULL },
	{ "another private half", "{" ED ",'d':'" X "'}", "d: not the" },
	{ "half a private half", "{" ED ",'d':'AAAA'}", "d: 3 bytes" },
	{ "Ed448", OKP4(ED448_X), NULL },
	{ "Ed448 with its private half",
	    "{" ED448 ",'x':'" ED448_X "','d':'" ED448_D "'}", NULL },
	{ "Ed448 of another size", "{" ED448 ",'x':'" ED_X "'}", "x: 32" },
	{ "Ed448, y = 3", OKP4("AwAA" A72), NULL },
	{ "Ed448, y = 2", OKP4("AgAA" A72), "not a point" },
	{ "Ed448, y = 0", OKP4("AAAA" A72), SMALL },
	{ "Ed448, y = 0, x odd", OKP4(A72 "AACA"), SMALL },
	{ "Ed448, y = 1", OKP4("AQAA" A72), SMALL },
	{ "Ed448, y = -1",
	    OKP4("_v____________________________________7_"
		 "__________________________________8A"),
	    SMALL },
	{ "Ed448, y = p",
	    OKP4("______________________________________7_"
		 "__________________________________8A"),
	    CANON },
	{ "Ed448, a bit over", OKP4("AwAA" A40 A8 A8 A8 "AAAAAAAE"), CANON },
};

static void
test_okp(void **state)
{
	(void)state;
	check_rows(okp, COUNT_OF(okp));
}

static const struct row oct[] = {
	{ "32 bytes", "{" OCT "}", NULL },
	{ "31 bytes", "{'kty':'oct','k':'" K31 "'}", "k: 31 bytes" },
	{ "32 bytes for HS256", "{" OCT ",'alg':'HS256'}", NULL },
	{ "32 bytes for HS384", "{" OCT ",'alg':'HS384'}", "k: 32 bytes" },
	{ "48 bytes for HS384",
	    "{'kty':'oct','k':'AyM1SysPpbyDfgZl" K32 "','alg':'HS384'}", "" },
	{ "no k", "{'kty':'oct'}", "k: missing" },
	{ "zeros", "{'kty':'oct','k':'" A40 "AAA'}", "k: all bytes" },
	{ "a PEM header in it",
	    "{'kty':'oct','k':'LS0tLS1CRUdJTiBQVUJMSUMgS0VZLS0tLS0" K32 "'}",
	    "" },
};

static void
test_oct(void **state)
{
	(void)state;
	check_rows(oct, COUNT_OF(oct));
}

static const struct row texts[] = {
	{ "nothing", "", "empty" },
	{ "blanks", " \n", "empty" },
	{ "a secret", "0123456789abcdef0123456789abcdef", "neither" },
	{ "an array", "[{" RSA "}]", "neither" },
	{ "a byte order mark", "\xef\xbb\xbf{" RSA "}", "neither" },
	{ "something behind it", "{" RSA "}x", "1:" },
	{ "a comment", "{/**/" RSA "}", "1:" },
	{ "a member twice", "{" RSA ",'e':'AQ'}", "1:" },
	{ "an empty object", "{}", "kty: missing" },
	{ "a set", "{'keys':[{" RSA "}]}", NULL },
	{ "an empty set", "{'keys':[]}", "no key in it" },
	{ "keys of another type", "{'keys':{}}", "keys: not an array" },
	{ "a key that is no object", "{'keys':[{" RSA "},1]}",
	    "keys[1]: not an object" },
	{ "a set and a key", "{'keys':[{" RSA "}]," RSA "}", "both" },
	{ "a broken key beside a good one",
	    "{'keys':[{" RSA "},{" RSA_N ",'e':'AQ'}]}", "keys[1]: e: not" },
	{ "a broken key for encryption",
	    "{'keys':[{" RSA "},{" RSA_N ",'e':'AQ','use':'enc'}]}", NULL },
	{ "a key of an unknown kind", "{'keys':[{" RSA "},{'kty':'AKP'}]}",
	    NULL },
	{ "only unknown ones", "{'keys':[{'kty':'AKP'}]}", NO_KEY },
	{ "secret and public", "{'keys':[{" OCT "},{" RSA "}]}", "mixed" },
	{ "public and secret", "{'keys':[{" EC "},{" OCT "}]}", "mixed" },
	{ "a secret for encryption",
	    "{'keys':[{" OCT ",'use':'enc'},{" RSA "}]}", NULL },
	{ "a kid twice", "{'keys':[{" RSA ",'kid':'a'},{" EC ",'kid':'a'}]}",
	    "repeats" },
	{ "a kid twice, one to encrypt",
	    "{'keys':[{" RSA ",'kid':'a'},{" EC ",'kid':'a','use':'enc'}]}",
	    NULL },
};

static void
test_text(void **state)
{
	(void)state;
	check_rows(texts, COUNT_OF(texts));
}

static void
test_set(void **state)
{
	struct jwk_set set = { 0 };

	(void)state;
	assert_int_equal(
	    parse("{'keys':[{" RSA ",'kid':'a'},{" EC
		  ",'kid':'b','alg':'ES256'},{" ED "},{'kty':'X'},{" EC
		  ",'d':'" D "','use':'enc'}]}",
		&set, NULL),
	    0);
	assert_int_equal(set.count, 3);
	assert_int_equal(set.skipped, 2);
	assert_false(set.has_secret);
	assert_true(set.has_private);
	assert_string_equal(set.keys[0].kid, "a");
	assert_int_equal(set.keys[0].kty, JWK_RSA);
	assert_int_equal(set.keys[0].alg, JWA_NONE);
	assert_int_equal(set.keys[0].sig_len, 256);
	assert_true(set.keys[0].verifies);
	assert_false(set.keys[0].signs);
	assert_string_equal(set.keys[1].crv, "P-256");
	assert_int_equal(set.keys[1].alg, JWA_ES256);
	assert_int_equal(set.keys[1].sig_len, 64);
	assert_null(set.keys[2].kid);
	assert_string_equal(set.keys[2].crv, "Ed25519");
	jwk_set_done(&set);

	/* A private key counts as its public half, unless it may not. */
	assert_int_equal(
	    parse("{" EC ",'d':'" D "','key_ops':['sign']}", &set, NULL), 0);
	assert_true(set.keys[0].verifies && set.keys[0].signs);
	jwk_set_done(&set);
	assert_int_equal(
	    parse("{" EC ",'d':'" D "','key_ops':['verify']}", &set, NULL), 0);
	assert_true(set.keys[0].verifies && !set.keys[0].signs);
	assert_true(set.has_private);
	jwk_set_done(&set);
	assert_int_equal(parse("{" OCT ",'key_ops':['sign']}", &set, NULL), 0);
	assert_true(!set.keys[0].verifies && set.keys[0].signs);
	assert_true(set.has_secret);
	jwk_set_done(&set);
}

/* Many keys, and one too many. */
static void
test_many(void **state)
{
	static const char one[] = "{" ED25519 ",\"x\":\"" ED_X "\"}";
	size_t i, counts[] = { 1, 2, 3, 5, 1024, 1025 };
	struct jwk_set set = { 0 };
	char *text, *p;
	size_t k;
	int rc;

	(void)state;
	for (i = 0; i < COUNT_OF(counts); i++) {
		text = malloc(counts[i] * (sizeof(one) + 1) + 16);
		assert_non_null(text);
		p = stpcpy(text, "{'keys':[");
		for (k = 0; k < counts[i]; k++) {
			p = stpcpy(p, k > 0 ? "," : "");
			p = stpcpy(p, one);
		}
		stpcpy(p, "]}");
		rc = parse(text, &set, NULL);
		assert_int_equal(rc, counts[i] > 1024 ? E_KEY : 0);
		assert_int_equal(set.count, rc == 0 ? counts[i] : 0);
		jwk_set_done(&set);
		free(text);
	}
}

static const struct {
	const char *key;
	const char *fits; /* blank-separated */
	enum jwa_alg by_default;
} fits[] = {
	{ "{" OCT "}", "HS256", JWA_HS256 },
	{ "{" OCT ",'alg':'HS256'}", "HS256", JWA_HS256 },
	{ "{" RSA "}", "RS256 RS384 RS512 PS256 PS384 PS512", JWA_RS256 },
	{ "{" RSA ",'alg':'RS256'}", "RS256", JWA_RS256 },
	{ "{" RSA ",'alg':'PS384'}", "PS384", JWA_PS384 },
	{ "{" EC "}", "ES256", JWA_ES256 },
	{ "{" ED "}", "EdDSA Ed25519", JWA_EDDSA },
	{ "{" ED ",'alg':'EdDSA'}", "EdDSA", JWA_EDDSA },
	{ "{" ED ",'alg':'Ed25519'}", "Ed25519", JWA_ED25519 },
	{ "{" ED448 ",'x':'" ED448_X "'}", "EdDSA Ed448", JWA_EDDSA },
};

static bool
has_word(const char *words, const char *word)
{
	char padded[128], want[32];

	snprintf(padded, sizeof(padded), " %s ", words);
	snprintf(want, sizeof(want), " %s ", word);
	return strstr(padded, want) != NULL;
}

/* The confusion of algorithms ends here: exactly these and no others. */
static void
test_fits(void **state)
{
	struct jwk_set set = { 0 };
	enum jwa_alg alg;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(fits); i++) {
		assert_int_equal(parse(fits[i].key, &set, NULL), 0);
		assert_int_equal(
		    jwk_default_alg(&set.keys[0]), fits[i].by_default);
		for (alg = JWA_NONE; alg <= JWA_COUNT; alg++) {
			if (jwk_fits(&set.keys[0], alg) !=
			    has_word(fits[i].fits, jwa_name(alg)))
				fail_msg(
				    "%s and %s", fits[i].key, jwa_name(alg));
		}
		jwk_set_done(&set);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_purpose),
		cmocka_unit_test(test_rsa),
		cmocka_unit_test(test_rsa_bits),
		cmocka_unit_test(test_roca),
		cmocka_unit_test(test_ec),
		cmocka_unit_test(test_okp),
		cmocka_unit_test(test_oct),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
