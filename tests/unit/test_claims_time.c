/*
 * claims, the times: each border to the second, with and without clock
 * skew, and every way to write a time that is none.
 */

#include "testutil.h"

#include "claims.h"
#include "config.h"
#include "err.h"
#include "jws.h"

#define NEVER INT64_C(9007199254740991) /* 2^53 - 1 */

struct row {
	const char *why;
	const char *times; /* members of the payload */
	int64_t now;
	int want;
};

/* The own issuer of the first form asks for nothing but exp. */
static void
policy_init(struct config_issuer *issuer, char *type[1])
{
	static char jwt[] = "JWT";

	type[0] = jwt;
	*issuer = (struct config_issuer){
		.own = true,
		.first_form = true,
		.types = { type, 1 },
		.max_lifetime = 86400,
	};
}

static int
check(const struct config_issuer *issuer, int64_t max_age, const char *times,
    int64_t now, struct claims_times *out)
{
	const struct claims_when when = { now, max_age };
	static const struct jws jws;
	char payload[1024];
	struct claims c;
	int n;

	n = snprintf(payload, sizeof(payload), "{%s}", times);
	assert_in_range(n, 2, sizeof(payload) - 1);
	assert_int_equal(claims_scan(payload, (size_t)n, &c, NULL), 0);
	return claims_check(&c, &jws, issuer, &when, out, NULL);
}

static void
run(const struct config_issuer *issuer, int64_t max_age, const struct row *rows,
    size_t count)
{
	struct claims_times times;
	size_t i;
	int r;

	for (i = 0; i < count; i++) {
		r = check(issuer, max_age, rows[i].times, rows[i].now, &times);
		if (r != rows[i].want)
			fail_msg("%s: %s, not %s", rows[i].why, err_name(r),
			    err_name(rows[i].want));
	}
}

static void
test_no_skew(void **state)
{
	static const struct row rows[] = {
		{ "a second before exp", "\"exp\":1000", 999, 0 },
		{ "now is exp", "\"exp\":1000", 1000, E_TOKEN_EXPIRED },
		{ "after exp", "\"exp\":1000", 1001, E_TOKEN_EXPIRED },
		{ "a fraction of exp gives nothing", "\"exp\":1000.9", 1000,
		    E_TOKEN_EXPIRED },
		{ "exp with a fraction", "\"exp\":1000.9", 999, 0 },
		{ "exp with exponent", "\"exp\":1e3", 999, 0 },
		{ "now is nbf", "\"exp\":2000,\"nbf\":1000", 1000, 0 },
		{ "a second before nbf", "\"exp\":2000,\"nbf\":1000", 999,
		    E_TOKEN_NOT_YET_VALID },
		{ "a fraction of nbf counts", "\"exp\":2000,\"nbf\":1000.1",
		    1000, E_TOKEN_NOT_YET_VALID },
		{ "after the fraction", "\"exp\":2000,\"nbf\":1000.1", 1001,
		    0 },
		{ "now is iat", "\"exp\":2000,\"iat\":1000", 1000, 0 },
		{ "iat in the future", "\"exp\":2000,\"iat\":1001", 1000,
		    E_TOKEN_NOT_YET_VALID },
		{ "auth_time in the future", "\"exp\":2000,\"auth_time\":1001",
		    1000, E_TOKEN_NOT_YET_VALID },
		{ "auth_time now", "\"exp\":2000,\"auth_time\":1000", 1000, 0 },
		{ "exp missing", "\"nbf\":1", 1000, E_CLAIM_MISSING },
		{ "exp missing, iat there", "\"iat\":999", 1000,
		    E_CLAIM_MISSING },
	};
	struct config_issuer issuer;
	char *type[1];

	(void)state;
	policy_init(&issuer, type);
	run(&issuer, -1, rows, COUNT_OF(rows));
}

static void
test_skew(void **state)
{
	static const struct row rows[] = {
		{ "last second of exp", "\"exp\":1000", 1029, 0 },
		{ "exp and the skew are over", "\"exp\":1000", 1030,
		    E_TOKEN_EXPIRED },
		{ "first second of nbf", "\"exp\":2000,\"nbf\":1030", 1000, 0 },
		{ "too early for nbf", "\"exp\":2000,\"nbf\":1031", 1000,
		    E_TOKEN_NOT_YET_VALID },
		{ "iat within", "\"exp\":2000,\"iat\":1030", 1000, 0 },
		{ "iat beyond", "\"exp\":2000,\"iat\":1031", 1000,
		    E_TOKEN_NOT_YET_VALID },
		{ "nbf a second before exp", "\"exp\":1000,\"nbf\":999", 1000,
		    0 },
		{ "nbf is exp: no second is good", "\"exp\":1000,\"nbf\":1000",
		    1000, E_TOKEN_EXPIRED },
		{ "nbf after exp", "\"exp\":1000,\"nbf\":1020", 1010,
		    E_TOKEN_EXPIRED },
		{ "a fraction apart", "\"exp\":1000.9,\"nbf\":999.5", 1000,
		    E_TOKEN_EXPIRED },
		{ "iat is exp", "\"exp\":1000,\"iat\":1000", 1000,
		    E_TOKEN_EXPIRED },
		{ "iat a second before exp", "\"exp\":1000,\"iat\":999", 1000,
		    0 },
		{ "iat after exp", "\"exp\":1000,\"iat\":1010", 990,
		    E_TOKEN_EXPIRED },
	};
	struct config_issuer issuer;
	char *type[1];

	(void)state;
	policy_init(&issuer, type);
	issuer.clock_skew = 30;
	run(&issuer, -1, rows, COUNT_OF(rows));
}

static void
test_forms(void **state)
{
	static const struct row rows[] = {
		{ "0", "\"exp\":0", 0, E_TOKEN_EXPIRED },
		{ "1", "\"exp\":1", 0, 0 },
		{ "null", "\"exp\":null", 0, E_TOKEN_MALFORMED },
		{ "true", "\"exp\":true", 0, E_TOKEN_MALFORMED },
		{ "string", "\"exp\":\"1\"", 0, E_TOKEN_MALFORMED },
		{ "array", "\"exp\":[1]", 0, E_TOKEN_MALFORMED },
		{ "object", "\"exp\":{}", 0, E_TOKEN_MALFORMED },
		{ "negative", "\"exp\":-1", 0, E_TOKEN_MALFORMED },
		{ "2^53 - 1", "\"exp\":9007199254740991", NEVER - 86400, 0 },
		{ "2^53", "\"exp\":9007199254740992", 0, E_TOKEN_MALFORMED },
		{ "2^63", "\"exp\":9223372036854775808", 0, E_TOKEN_MALFORMED },
		{ "2^64 + 1", "\"exp\":18446744073709551617", 0,
		    E_TOKEN_MALFORMED },
		{ "1e400", "\"exp\":1e400", 0, E_TOKEN_MALFORMED },
		{ "1e19", "\"exp\":1e19", 0, E_TOKEN_MALFORMED },
		{ "1E2", "\"exp\":1E2", 99, 0 },
		{ "1E2 is over", "\"exp\":1E2", 100, E_TOKEN_EXPIRED },
		{ "1000e-1", "\"exp\":1000e-1", 99, 0 },
		{ "nbf null", "\"exp\":9,\"nbf\":null", 0, E_TOKEN_MALFORMED },
		{ "nbf string", "\"exp\":9,\"nbf\":\"0\"", 0,
		    E_TOKEN_MALFORMED },
		{ "nbf 0", "\"exp\":9,\"nbf\":0", 0, 0 },
		{ "nbf negative", "\"exp\":9,\"nbf\":-1", 0,
		    E_TOKEN_MALFORMED },
		{ "iat string", "\"exp\":9,\"iat\":\"0\"", 0,
		    E_TOKEN_MALFORMED },
		{ "iat 0", "\"exp\":9,\"iat\":0", 0, 0 },
		{ "auth_time string", "\"exp\":9,\"auth_time\":\"0\"", 0,
		    E_TOKEN_MALFORMED },
		{ "auth_time 0", "\"exp\":9,\"auth_time\":0", 0, 0 },
	};
	struct config_issuer issuer;
	char *type[1];

	(void)state;
	policy_init(&issuer, type);
	run(&issuer, -1, rows, COUNT_OF(rows));
}

static void
test_clock(void **state)
{
	static const struct row rows[] = {
		{ "1970", "\"exp\":9", 0, 0 },
		{ "before 1970", "\"exp\":9", -1, E_TOKEN_NOT_YET_VALID },
		{ "least", "\"exp\":9", INT64_MIN, E_TOKEN_NOT_YET_VALID },
		{ "least, no exp", "\"nbf\":9", INT64_MIN,
		    E_TOKEN_NOT_YET_VALID },
		{ "most", "\"exp\":9007199254740991", INT64_MAX,
		    E_TOKEN_EXPIRED },
		{ "most, no exp", "\"nbf\":9", INT64_MAX, E_TOKEN_EXPIRED },
		{ "2^31", "\"exp\":2147483648", 2147483647, 0 },
		{ "2^32", "\"exp\":4294967296", 4294967296, E_TOKEN_EXPIRED },
	};
	struct config_issuer issuer;
	char *type[1];

	(void)state;
	policy_init(&issuer, type);
	run(&issuer, -1, rows, COUNT_OF(rows));
}

static void
test_lifetime(void **state)
{
	static const struct row rows[] = {
		{ "from iat", "\"exp\":1600,\"iat\":1000", 1000, 0 },
		{ "from iat, too long", "\"exp\":1601,\"iat\":1000", 1000,
		    E_LIFETIME_TOO_LONG },
		{ "from iat, not from now", "\"exp\":1601,\"iat\":1000", 1500,
		    E_LIFETIME_TOO_LONG },
		{ "from iat, not from nbf",
		    "\"exp\":1601,\"iat\":1000,\"nbf\":1400", 1500,
		    E_LIFETIME_TOO_LONG },
		{ "from nbf", "\"exp\":1600,\"nbf\":1000", 1500, 0 },
		{ "from nbf, too long", "\"exp\":1601,\"nbf\":1000", 1500,
		    E_LIFETIME_TOO_LONG },
		{ "from now", "\"exp\":1600", 1000, 0 },
		{ "from now, too long", "\"exp\":1600", 999,
		    E_LIFETIME_TOO_LONG },
		{ "for ever", "\"exp\":9007199254740991", 1000,
		    E_LIFETIME_TOO_LONG },
	};
	struct config_issuer issuer;
	char *type[1];

	(void)state;
	policy_init(&issuer, type);
	issuer.max_lifetime = 600;
	run(&issuer, -1, rows, COUNT_OF(rows));
}

static void
test_max_age(void **state)
{
	static const struct row from_auth_time[] = {
		{ "just in time", "\"exp\":2000,\"auth_time\":900", 1000, 0 },
		{ "a second too old", "\"exp\":2000,\"auth_time\":899", 1000,
		    E_TOKEN_TOO_OLD },
		{ "missing", "\"exp\":2000", 1000, E_CLAIM_MISSING },
		{ "iat stands for nothing", "\"exp\":2000,\"iat\":999", 1000,
		    E_CLAIM_MISSING },
	};
	static const struct row from_iat[] = {
		{ "iat", "\"exp\":2000,\"iat\":900", 1000, 0 },
		{ "iat too old", "\"exp\":2000,\"iat\":899", 1000,
		    E_TOKEN_TOO_OLD },
		{ "a fresh iat renews no old auth_time",
		    "\"exp\":2000,\"iat\":999,\"auth_time\":800", 1000,
		    E_TOKEN_TOO_OLD },
		{ "neither", "\"exp\":2000", 1000, E_CLAIM_MISSING },
	};
	static const struct row at_once[] = {
		{ "max_age 0", "\"exp\":2000,\"auth_time\":1000", 1000, 0 },
		{ "max_age 0, a second ago", "\"exp\":2000,\"auth_time\":999",
		    1000, E_TOKEN_TOO_OLD },
	};
	struct config_issuer issuer;
	char *type[1];

	(void)state;
	policy_init(&issuer, type);
	issuer.clock_skew = 30; /* widens no age */
	run(&issuer, 100, from_auth_time, COUNT_OF(from_auth_time));
	run(&issuer, 0, at_once, COUNT_OF(at_once));
	issuer.auth_time_from_iat = true;
	run(&issuer, 100, from_iat, COUNT_OF(from_iat));
}

static void
test_worked_out(void **state)
{
	struct claims_times times;
	struct config_issuer issuer;
	char *type[1];

	(void)state;
	policy_init(&issuer, type);
	assert_int_equal(
	    check(&issuer, -1, "\"exp\":2000.5,\"iat\":9", 1000, &times), 0);
	assert_int_equal(times.expires, 2000);
	assert_int_equal(times.auth_time, -1);
	assert_int_equal(
	    check(&issuer, -1, "\"exp\":2000,\"auth_time\":7", 1000, &times),
	    0);
	assert_int_equal(times.auth_time, 7);
	issuer.auth_time_from_iat = true;
	assert_int_equal(
	    check(&issuer, -1, "\"exp\":2000,\"iat\":9", 1000, &times), 0);
	assert_int_equal(times.auth_time, 9);
	/* a refusal leaves it alone */
	times.expires = 5;
	assert_int_equal(
	    check(&issuer, -1, "\"exp\":7", 1000, &times), E_TOKEN_EXPIRED);
	assert_int_equal(times.expires, 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_skew),
		cmocka_unit_test(test_skew),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_lifetime),
		cmocka_unit_test(test_max_age),
		cmocka_unit_test(test_worked_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
