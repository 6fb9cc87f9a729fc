/*
 * claims: every question of a policy, from both sides of its border. A row
 * that is refused stands beside one that differs in one thing and is taken.
 */

#include "testutil.h"

#include "claims.h"
#include "config.h"
#include "err.h"
#include "jws.h"

#define NOW 1000

struct row {
	const char *why;
	const char *payload;
	int want;
};

struct list {
	struct config_list list;
	char *items[4];
};

static struct config_list
list_of(struct list *l, const char *a, const char *b)
{
	/* The type is not const; nothing here writes to the items. */
	l->items[0] = (char *)(uintptr_t)a;
	l->items[1] = (char *)(uintptr_t)b;
	return (struct config_list){ l->items,
		(a != NULL ? 1u : 0u) + (b != NULL ? 1u : 0u) };
}

/* What an issuer of the configuration looks like when it asks for little. */
struct policy {
	struct config_issuer issuer;
	struct list types, audience, more;
	char name[32];
	struct jws jws;
	struct claims_when when;
};

static void
policy_init(struct policy *p)
{
	memset(p, 0, sizeof(*p));
	strcpy(p->name, "https://idp.example.org");
	p->issuer.issuer = p->name;
	p->issuer.types = list_of(&p->types, "JWT", "at+jwt");
	p->issuer.audience = list_of(&p->audience, "ssh", "mail");
	p->issuer.max_lifetime = 86400;
	p->when.now = NOW;
	p->when.max_age = -1;
}

static int
check(struct policy *p, const char *payload, struct claims_times *times)
{
	size_t n = strlen(payload);
	char *text = guard_copy(payload, n);
	struct claims c;
	struct err e = { 0 };
	int r;

	r = claims_scan(text, n, &c, &e);
	if (r == 0)
		r = claims_check(&c, &p->jws, &p->issuer, &p->when, times, &e);
	assert_int_equal(r, e.code);
	if (r != 0)
		assert_int_not_equal(e.text[0], '\0');
	guard_free(text, n);
	return r;
}

static void
run(struct policy *p, const struct row *rows, size_t count)
{
	struct claims_times times;
	size_t i;
	int r;

	for (i = 0; i < count; i++) {
		r = check(p, rows[i].payload, &times);
		if (r != rows[i].want)
			fail_msg("%s: %s, not %s", rows[i].why, err_name(r),
			    err_name(rows[i].want));
	}
}

#define OK_TIMES "\"exp\":1600"

static void
test_scan(void **state)
{
	static const struct row rows[] = {
		{ "least", "{\"aud\":\"ssh\"," OK_TIMES "}", 0 },
		{ "blanks around it",
		    " \t\r\n{\"aud\":\"ssh\"," OK_TIMES "} \n", 0 },
		{ "empty text", "", E_TOKEN_MALFORMED },
		{ "array", "[]", E_TOKEN_MALFORMED },
		{ "string", "\"x\"", E_TOKEN_MALFORMED },
		{ "number", "1", E_TOKEN_MALFORMED },
		{ "two objects", "{\"aud\":\"ssh\"," OK_TIMES "}{}",
		    E_TOKEN_MALFORMED },
		{ "duplicate claim",
		    "{\"aud\":\"ssh\"," OK_TIMES ","
		    "\"aud\":\"ssh\"}",
		    E_TOKEN_MALFORMED },
		{ "duplicate in another spelling",
		    "{\"aud\":\"ssh\"," OK_TIMES ",\"\\u0061ud\":\"ssh\"}",
		    E_TOKEN_MALFORMED },
		{ "nested duplicate",
		    "{\"aud\":\"ssh\"," OK_TIMES ","
		    "\"x\":{\"a\":1,\"a\":1}}",
		    E_TOKEN_MALFORMED },
		{ "NUL", "{\"aud\":\"ssh\\u0000\"," OK_TIMES "}",
		    E_TOKEN_MALFORMED },
		{ "trailing comma", "{\"aud\":\"ssh\"," OK_TIMES ",}",
		    E_TOKEN_MALFORMED },
		{ "comment", "{\"aud\":\"ssh\"/**/," OK_TIMES "}",
		    E_TOKEN_MALFORMED },
	};
	struct policy p;

	(void)state;
	policy_init(&p);
	run(&p, rows, COUNT_OF(rows));
}

static void
test_audience(void **state)
{
	static const struct row rows[] = {
		{ "string", "{" OK_TIMES ",\"aud\":\"ssh\"}", 0 },
		{ "the other one", "{" OK_TIMES ",\"aud\":\"mail\"}", 0 },
		{ "escaped spelling", "{" OK_TIMES ",\"aud\":\"s\\u0073h\"}",
		    0 },
		{ "array of one", "{" OK_TIMES ",\"aud\":[\"ssh\"]}", 0 },
		{ "array of more",
		    "{" OK_TIMES ",\"aud\":[\"x\",\"ssh\",\"y\"]}", 0 },
		{ "missing", "{" OK_TIMES "}", E_AUDIENCE_WRONG },
		{ "another", "{" OK_TIMES ",\"aud\":\"web\"}",
		    E_AUDIENCE_WRONG },
		{ "prefix", "{" OK_TIMES ",\"aud\":\"ss\"}", E_AUDIENCE_WRONG },
		{ "longer", "{" OK_TIMES ",\"aud\":\"ssh2\"}",
		    E_AUDIENCE_WRONG },
		{ "case", "{" OK_TIMES ",\"aud\":\"SSH\"}", E_AUDIENCE_WRONG },
		{ "blank", "{" OK_TIMES ",\"aud\":\"ssh \"}",
		    E_AUDIENCE_WRONG },
		{ "comma list", "{" OK_TIMES ",\"aud\":\"ssh,mail\"}",
		    E_AUDIENCE_WRONG },
		{ "word list", "{" OK_TIMES ",\"aud\":\"ssh mail\"}",
		    E_AUDIENCE_WRONG },
		{ "empty string", "{" OK_TIMES ",\"aud\":\"\"}",
		    E_AUDIENCE_WRONG },
		{ "null", "{" OK_TIMES ",\"aud\":null}", E_AUDIENCE_WRONG },
		{ "number", "{" OK_TIMES ",\"aud\":1}", E_AUDIENCE_WRONG },
		{ "true", "{" OK_TIMES ",\"aud\":true}", E_AUDIENCE_WRONG },
		{ "object", "{" OK_TIMES ",\"aud\":{\"ssh\":\"ssh\"}}",
		    E_AUDIENCE_WRONG },
		{ "empty array", "{" OK_TIMES ",\"aud\":[]}",
		    E_AUDIENCE_WRONG },
		{ "nested array", "{" OK_TIMES ",\"aud\":[[\"ssh\"]]}",
		    E_AUDIENCE_WRONG },
		{ "good one, then a number",
		    "{" OK_TIMES ",\"aud\":[\"ssh\",1]}", E_AUDIENCE_WRONG },
		{ "null, then a good one",
		    "{" OK_TIMES ",\"aud\":[null,\"ssh\"]}", E_AUDIENCE_WRONG },
	};
	static const struct row open[] = {
		{ "own issuer asks for none", "{" OK_TIMES "}", 0 },
	};
	static const struct row shut[] = {
		{ "an issuer without audience takes nothing",
		    "{" OK_TIMES ",\"aud\":\"ssh\"}", E_AUDIENCE_WRONG },
	};
	struct policy p;

	(void)state;
	policy_init(&p);
	run(&p, rows, COUNT_OF(rows));
	p.issuer.audience.count = 0;
	run(&p, shut, COUNT_OF(shut));
	p.issuer.own = true;
	run(&p, open, COUNT_OF(open));
}

#define OK_AUD OK_TIMES ",\"aud\":\"ssh\""

static void
test_party(void **state)
{
	static const struct row rows[] = {
		{ "azp", "{" OK_AUD ",\"azp\":\"cli\"}", 0 },
		{ "client_id", "{" OK_AUD ",\"client_id\":\"cli\"}", 0 },
		{ "azp decides",
		    "{" OK_AUD ",\"azp\":\"cli\","
		    "\"client_id\":\"web\"}",
		    0 },
		{ "azp decides against client_id",
		    "{" OK_AUD ",\"azp\":\"web\",\"client_id\":\"cli\"}",
		    E_PARTY_WRONG },
		{ "azp null is not absent",
		    "{" OK_AUD ",\"azp\":null,\"client_id\":\"cli\"}",
		    E_PARTY_WRONG },
		{ "azp array", "{" OK_AUD ",\"azp\":[\"cli\"]}",
		    E_PARTY_WRONG },
		{ "missing", "{" OK_AUD "}", E_PARTY_WRONG },
		{ "another", "{" OK_AUD ",\"azp\":\"CLI\"}", E_PARTY_WRONG },
	};
	static const struct row any[] = {
		{ "no parties asked for", "{" OK_AUD ",\"azp\":\"web\"}", 0 },
	};
	struct policy p;

	(void)state;
	policy_init(&p);
	run(&p, any, COUNT_OF(any));
	p.issuer.authorized_parties = list_of(&p.more, "cli", NULL);
	run(&p, rows, COUNT_OF(rows));
}

static void
test_type(void **state)
{
	static const struct {
		const char *why, *typ;
		int want;
	} rows[] = {
		{ "absent counts as JWT", NULL, 0 },
		{ "JWT", "JWT", 0 },
		{ "case", "jwt", 0 },
		{ "access token", "at+jwt", 0 },
		{ "full media type", "application/at+jwt", 0 },
		{ "full media type, case", "Application/AT+JWT", 0 },
		{ "another", "dpop+jwt", E_TYPE_WRONG },
		{ "logout token", "logout+jwt", E_TYPE_WRONG },
		{ "empty", "", E_TYPE_WRONG },
		{ "prefix alone", "application/", E_TYPE_WRONG },
		{ "prefix twice", "application/application/jwt", E_TYPE_WRONG },
		{ "another tree", "text/jwt", E_TYPE_WRONG },
		{ "shorter", "JW", E_TYPE_WRONG },
		{ "longer", "JWTS", E_TYPE_WRONG },
		{ "blank", "JWT ", E_TYPE_WRONG },
		{ "Kelvin is no K, long s no s", "at+jw\xc5\xbf",
		    E_TYPE_WRONG },
	};
	static const struct row absent[] = {
		{ "absent where JWT is not taken", "{" OK_AUD "}",
		    E_TYPE_WRONG },
	};
	static const struct row said[] = {
		{ "configured in full", "{" OK_AUD "}", 0 },
	};
	struct claims_times times;
	struct policy p;
	size_t i;
	int r;

	(void)state;
	policy_init(&p);
	for (i = 0; i < COUNT_OF(rows); i++) {
		p.jws.has_typ = rows[i].typ != NULL;
		strcpy(p.jws.typ, rows[i].typ != NULL ? rows[i].typ : "");
		r = check(&p, "{" OK_AUD "}", &times);
		if (r != rows[i].want)
			fail_msg("%s: %s", rows[i].why, err_name(r));
	}
	policy_init(&p);
	p.issuer.types = list_of(&p.types, "application/at+jwt", NULL);
	run(&p, absent, COUNT_OF(absent));
	p.jws.has_typ = true;
	strcpy(p.jws.typ, "at+jwt");
	run(&p, said, COUNT_OF(said));
}

static void
test_required(void **state)
{
	static const struct row rows[] = {
		{ "all there",
		    "{" OK_AUD ",\"v\":true,\"a.b\":\"x\",\"c\":{\"d\":7}}",
		    0 },
		{ "escaped",
		    "{" OK_AUD ",\"v\":true,\"a.b\":\"\\u0078\","
		    "\"c\":{\"d\":7}}",
		    0 },
		{ "by path",
		    "{" OK_AUD ",\"v\":true,\"a\":{\"b\":\"x\"},"
		    "\"c\":{\"d\":7}}",
		    0 },
		{ "equal number",
		    "{" OK_AUD ",\"v\":true,\"a.b\":\"x\",\"c\":{\"d\":7.0}}",
		    0 },
		{ "false",
		    "{" OK_AUD ",\"v\":false,\"a.b\":\"x\","
		    "\"c\":{\"d\":7}}",
		    E_CLAIM_MISSING },
		{ "\"true\"",
		    "{" OK_AUD ",\"v\":\"true\",\"a.b\":\"x\","
		    "\"c\":{\"d\":7}}",
		    E_CLAIM_MISSING },
		{ "missing", "{" OK_AUD ",\"a.b\":\"x\",\"c\":{\"d\":7}}",
		    E_CLAIM_MISSING },
		{ "the name wins over the path",
		    "{" OK_AUD ",\"v\":true,\"a.b\":\"y\",\"a\":{\"b\":\"x\"},"
		    "\"c\":{\"d\":7}}",
		    E_CLAIM_MISSING },
		{ "number as text",
		    "{" OK_AUD ",\"v\":true,\"a.b\":\"x\",\"c\":{\"d\":\"7\"}}",
		    E_CLAIM_MISSING },
		{ "a little more",
		    "{" OK_AUD ",\"v\":true,\"a.b\":\"x\",\"c\":{\"d\":7.5}}",
		    E_CLAIM_MISSING },
		{ "an array with it",
		    "{" OK_AUD ",\"v\":[true],\"a.b\":\"x\",\"c\":{\"d\":7}}",
		    E_CLAIM_MISSING },
		{ "path through no object",
		    "{" OK_AUD ",\"v\":true,\"a.b\":\"x\",\"c\":[{\"d\":7}]}",
		    E_CLAIM_MISSING },
		{ "case",
		    "{" OK_AUD ",\"V\":true,\"a.b\":\"x\","
		    "\"c\":{\"d\":7}}",
		    E_CLAIM_MISSING },
	};
	char v[] = "v", ab[] = "a.b", cd[] = "c.d";
	char yes[] = "true", x[] = "\"x\"", seven[] = "7", object[] = "{}";
	struct config_claim want[] = { { v, yes }, { ab, x }, { cd, seven } };
	struct config_claim odd[] = { { v, object } };
	static const struct row never[] = {
		{ "no scalar is wanted, none is equal", "{" OK_AUD ",\"v\":{}}",
		    E_CLAIM_MISSING },
	};
	struct policy p;

	(void)state;
	policy_init(&p);
	p.issuer.required_claims = want;
	p.issuer.required_claim_count = COUNT_OF(want);
	run(&p, rows, COUNT_OF(rows));
	p.issuer.required_claims = odd;
	p.issuer.required_claim_count = 1;
	run(&p, never, COUNT_OF(never));
}

static void
test_scopes(void **state)
{
	static const struct row rows[] = {
		{ "both in scope", "{" OK_AUD ",\"scope\":\"login sudo\"}", 0 },
		{ "among others, other order",
		    "{" OK_AUD ",\"scope\":\"openid sudo x login\"}", 0 },
		{ "one in each",
		    "{" OK_AUD ",\"scope\":\"login\",\"scp\":[\"sudo\"]}", 0 },
		{ "scp array", "{" OK_AUD ",\"scp\":[\"sudo\",\"login\"]}", 0 },
		{ "scp string", "{" OK_AUD ",\"scp\":\"sudo login\"}", 0 },
		{ "scope array", "{" OK_AUD ",\"scope\":[\"sudo\",\"login\"]}",
		    0 },
		{ "escaped", "{" OK_AUD ",\"scope\":\"log\\u0069n sudo\"}", 0 },
		{ "none", "{" OK_AUD "}", E_SCOPE_MISSING },
		{ "one only", "{" OK_AUD ",\"scope\":\"login\"}",
		    E_SCOPE_MISSING },
		{ "part of a word",
		    "{" OK_AUD ",\"scope\":\"login2 sudo xlogin\"}",
		    E_SCOPE_MISSING },
		{ "case", "{" OK_AUD ",\"scope\":\"Login sudo\"}",
		    E_SCOPE_MISSING },
		{ "comma", "{" OK_AUD ",\"scope\":\"login,sudo\"}",
		    E_SCOPE_MISSING },
		{ "tab is no blank", "{" OK_AUD ",\"scope\":\"login\\tsudo\"}",
		    E_SCOPE_MISSING },
		{ "words in an element",
		    "{" OK_AUD ",\"scp\":[\"login sudo\"]}", E_SCOPE_MISSING },
		{ "array with a number",
		    "{" OK_AUD ",\"scp\":[\"login\",\"sudo\",1]}",
		    E_SCOPE_MISSING },
		{ "object", "{" OK_AUD ",\"scp\":{\"login\":true}}",
		    E_SCOPE_MISSING },
	};
	struct policy p;

	(void)state;
	policy_init(&p);
	p.issuer.scopes = list_of(&p.more, "login", "sudo");
	run(&p, rows, COUNT_OF(rows));
}

static void
test_issued_by(void **state)
{
	static const struct row rows[] = {
		{ "equal", "{\"iss\":\"https://idp.example.org\"}", 1 },
		{ "escaped", "{\"iss\":\"https:\\/\\/idp.example.org\"}", 1 },
		{ "slash", "{\"iss\":\"https://idp.example.org/\"}", 0 },
		{ "prefix", "{\"iss\":\"https://idp.example\"}", 0 },
		{ "case", "{\"iss\":\"https://IDP.example.org\"}", 0 },
		{ "array", "{\"iss\":[\"https://idp.example.org\"]}", 0 },
		{ "null", "{\"iss\":null}", 0 },
		{ "missing", "{}", 0 },
		{ "empty", "{\"iss\":\"\"}", 0 },
	};
	struct policy p;
	struct claims c;
	size_t i;

	(void)state;
	policy_init(&p);
	for (i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(claims_scan(rows[i].payload,
				     strlen(rows[i].payload), &c, NULL),
		    0);
		if (claims_issued_by(&c, &p.issuer) != (rows[i].want != 0))
			fail_msg("%s", rows[i].why);
	}
	p.issuer.issuer = NULL;
	assert_false(claims_issued_by(&c, &p.issuer));
	p.issuer.own = true;
	assert_true(claims_issued_by(&c, &p.issuer));
}

static void
test_order(void **state)
{
	/* Wrong in every way, then mended from the front. */
	static const struct row rows[] = {
		{ "time unreadable", "{\"aud\":\"x\",\"exp\":900,\"nbf\":true}",
		    E_TOKEN_MALFORMED },
		{ "audience", "{\"aud\":\"x\",\"exp\":900,\"nbf\":2000}",
		    E_AUDIENCE_WRONG },
		{ "party", "{\"aud\":\"ssh\",\"exp\":900,\"nbf\":2000}",
		    E_PARTY_WRONG },
		{ "expired",
		    "{\"aud\":\"ssh\",\"azp\":\"cli\",\"exp\":900,"
		    "\"nbf\":2000}",
		    E_TOKEN_EXPIRED },
		{ "not yet valid",
		    "{\"aud\":\"ssh\",\"azp\":\"cli\",\"exp\":100000,"
		    "\"nbf\":2000,\"auth_time\":1}",
		    E_TOKEN_NOT_YET_VALID },
		{ "too old",
		    "{\"aud\":\"ssh\",\"azp\":\"cli\",\"exp\":100000,"
		    "\"auth_time\":1}",
		    E_TOKEN_TOO_OLD },
		{ "too long",
		    "{\"aud\":\"ssh\",\"azp\":\"cli\",\"exp\":100000}",
		    E_LIFETIME_TOO_LONG },
		{ "claim", "{\"aud\":\"ssh\",\"azp\":\"cli\",\"exp\":1600}",
		    E_CLAIM_MISSING },
		{ "scope",
		    "{\"aud\":\"ssh\",\"azp\":\"cli\",\"exp\":1600,"
		    "\"auth_time\":999}",
		    E_SCOPE_MISSING },
		{ "nothing",
		    "{\"aud\":\"ssh\",\"azp\":\"cli\",\"exp\":1600,"
		    "\"auth_time\":999,\"scope\":\"login\"}",
		    0 },
	};
	struct list scopes;
	struct policy p;

	(void)state;
	policy_init(&p);
	p.issuer.authorized_parties = list_of(&p.more, "cli", NULL);
	p.issuer.scopes = list_of(&scopes, "login", NULL);
	p.when.max_age = 100;
	run(&p, rows, COUNT_OF(rows));
}

static void
never_good(const char *data, size_t n, void *arg)
{
	struct policy *p = arg;
	struct claims_times times;
	struct claims c;

	/* A flip may spell another claim; it must not crash or read on. */
	if (claims_scan(data, n, &c, NULL) == 0)
		claims_check(&c, &p->jws, &p->issuer, &p->when, &times, NULL);
}

static void
cut_is_refused(const char *data, size_t n, void *arg)
{
	struct claims c;

	(void)arg;
	assert_int_equal(claims_scan(data, n, &c, NULL), E_TOKEN_MALFORMED);
}

static void
test_damage(void **state)
{
	static const char good[] =
	    "{\"iss\":\"i\",\"aud\":[\"ssh\",\"x\"],\"exp\":1600.5,"
	    "\"nbf\":1e2,\"iat\":7,\"scope\":\"a b\",\"azp\":\"c\","
	    "\"r\":{\"s\":[\"t\",\"\\u0075\"]}}";
	struct policy p;

	(void)state;
	policy_init(&p);
	p.issuer.scopes = list_of(&p.more, "a", "b");
	for_each_truncation(good, sizeof(good) - 1, cut_is_refused, NULL);
	for_each_bit_flip(good, sizeof(good) - 1, never_good, &p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scan),
		cmocka_unit_test(test_audience),
		cmocka_unit_test(test_party),
		cmocka_unit_test(test_type),
		cmocka_unit_test(test_required),
		cmocka_unit_test(test_scopes),
		cmocka_unit_test(test_issued_by),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
