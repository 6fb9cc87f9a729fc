/*
 * The server side: who is let in, what a refused client and the log are
 * told, and with which code the host goes on.
 */

#include "sasllab.h"

#include "message.h"

#define SENTENCE "Authentication failed."

static const struct accepted {
	const char *why;
	struct attempt attempt;
	const char *user, *authid;
} accepted[] = {
	{ "no name is asked for", { "smtp", "OAUTHBEARER", BEARER, ALICE, 900 },
	    "alice", "alice" },
	{ "the token's own name",
	    { "smtp", "OAUTHBEARER", BEARER_AS("alice"), ALICE, 900 }, "alice",
	    "alice" },
	{ "with what clients add",
	    { "smtp", "OAUTHBEARER",
		"y,a=alice,\001host=h\001port=25\001auth=bearer  %\001\001",
		ALICE, 900 },
	    "alice", "alice" },
	{ "XOAUTH2", { "smtp", "XOAUTH2", XOAUTH2_AS("alice"), ALICE, 900 },
	    "alice", "alice" },
	{ "XOAUTH2, the other way round",
	    { "smtp", "XOAUTH2", "auth=Bearer %\001user=alice\001\001", ALICE,
		900 },
	    "alice", "alice" },
	{ "a role of the token",
	    { "imap", "OAUTHBEARER", BEARER, ALICE ",\"roles\":[\"staff\"]",
		900 },
	    "alice", "alice" },
	{ "any name is taken no notice of",
	    { "memcached", "OAUTHBEARER", BEARER_AS("bob"), ALICE, 900 },
	    "alice", "alice" },
	{ "LDAP's way to write the same name",
	    { "ldap", "OAUTHBEARER", BEARER_AS("u:alice"), ALICE, 900 },
	    "alice", "alice" },
};

static void
test_accepted(void **state)
{
	const struct saslhost_conn none = { .ssf = 256, .peer = PEER };
	const struct accepted *c;
	struct saslhost_conn link;
	const char *out;
	unsigned out_len;
	sasl_conn_t *conn;

	(void)state;
	open_as("test");
	for (c = accepted; c < accepted + COUNT_OF(accepted); c++) {
		saslhost_forget();
		link = none;
		link.service = c->attempt.service;
		conn = saslhost_connect(&link);
		if (start(conn, &c->attempt, &out, &out_len) != SASL_OK)
			fail_msg("%s: %s", c->why, saslhost_line(2, 0));
		assert_null(out);
		assert_string_equal(
		    saslhost_user(conn, SASL_USERNAME), c->user);
		assert_string_equal(
		    saslhost_user(conn, SASL_AUTHUSER), c->authid);
		assert_int_equal(saslhost_lines(SASL_LOG_WARN), 0);
		assert_int_equal(saslhost_lines(SASL_LOG_NOTE), 1);
		/* nothing can be tried behind a success */
		assert_int_equal(
		    sasl_server_step(conn, "x", 1, &out, &out_len), SASL_FAIL);
		sasl_dispose(&conn);
	}
}

#define OIDC \
	"\"openid-configuration\":\"https://a.example/.well-known/" \
	"openid-configuration\""

static const struct refused {
	const char *why;
	struct attempt attempt;
	const char *reason; /* the one line of the log */
	int code; /* of the step behind the answer */
	const char *answer;
} refused[] = {
	{ "expired", { "smtp", "OAUTHBEARER", BEARER, ALICE, -40 },
	    "token_expired", SASL_BADAUTH,
	    "{\"status\":\"invalid_token\"," OIDC ",\"scope\":\"login\"}" },
	{ "for another audience",
	    { "smtp", "OAUTHBEARER", BEARER,
		"\"sub\":\"alice\",\"aud\":\"web\",\"scope\":\"login\"", 900 },
	    "audience_wrong", SASL_BADAUTH, "\"invalid_token\"" },
	{ "without the scope",
	    { "smtp", "OAUTHBEARER", BEARER,
		"\"sub\":\"alice\",\"aud\":\"mail\",\"scope\":\"x\"", 900 },
	    "scope_missing", SASL_BADAUTH, "\"insufficient_scope\"" },
	{ "for another user",
	    { "smtp", "OAUTHBEARER", BEARER_AS("bob"), ALICE, 900 },
	    "user_mismatch", SASL_BADAUTH, "\"invalid_token\"" },
	{ "the mark of LDAP in another service",
	    { "smtp", "OAUTHBEARER", BEARER_AS("u:alice"), ALICE, 900 },
	    "user_mismatch", SASL_BADAUTH, "\"invalid_token\"" },
	{ "changed on its way",
	    { "smtp", "OAUTHBEARER", "n,,\001auth=Bearer %A\001\001", ALICE,
		900 },
	    "", SASL_BADAUTH, "\"invalid_token\"" },
	{ "a role is missing",
	    { "imap", "OAUTHBEARER", BEARER, ALICE ",\"roles\":[\"x\"]", 900 },
	    "role_missing", SASL_NOAUTHZ, "\"insufficient_scope\"" },
	{ "XOAUTH2, expired",
	    { "smtp", "XOAUTH2", XOAUTH2_AS("alice"), ALICE, -40 },
	    "token_expired", SASL_BADAUTH,
	    "{\"status\":\"401\",\"schemes\":\"bearer\",\"scope\":\"login\"}" },
	{ "XOAUTH2, a role is missing",
	    { "imap", "XOAUTH2", XOAUTH2_AS("alice"), ALICE, 900 },
	    "role_missing", SASL_NOAUTHZ, "\"status\":\"403\"" },
	{ "XOAUTH2, another user",
	    { "smtp", "XOAUTH2", XOAUTH2_AS("bob"), ALICE, 900 },
	    "user_mismatch", SASL_BADAUTH, "\"status\":\"401\"" },
	{ "another scheme",
	    { "smtp", "OAUTHBEARER", "n,,\001auth=Basic %\001\001", ALICE,
		900 },
	    "header_invalid", SASL_BADAUTH, "\"invalid_request\"" },
	{ "no token",
	    { "smtp", "OAUTHBEARER", "n,,\001host=h\001\001", ALICE, 900 },
	    "token_missing", SASL_BADAUTH, "\"invalid_request\"" },
	{ "cut by a host",
	    { "smtp", "OAUTHBEARER", "n,,\001auth=Bearer %", ALICE, 900 },
	    "token_malformed", SASL_BADAUTH, "\"invalid_token\"" },
	{ "the other mechanism's message",
	    { "smtp", "OAUTHBEARER", XOAUTH2_AS("alice"), ALICE, 900 },
	    "token_malformed", SASL_BADAUTH, "\"invalid_token\"" },
	{ "and the other way round",
	    { "smtp", "XOAUTH2", BEARER_AS("alice"), ALICE, 900 },
	    "token_malformed", SASL_BADAUTH, "\"status\":\"401\"" },
	{ "a lone 0x01", { "smtp", "OAUTHBEARER", "\001", ALICE, 900 },
	    "token_missing", SASL_BADAUTH, "\"invalid_request\"" },
	{ "an empty message", { "smtp", "OAUTHBEARER", "", ALICE, 900 },
	    "token_missing", SASL_BADAUTH, "\"invalid_request\"" },
	{ "hints of a service's own",
	    { "memcached", "OAUTHBEARER", BEARER, ALICE, -40 }, "token_expired",
	    SASL_BADAUTH, "\"scope\":\"a b\"" },
};

/* What a client may say behind the answer; a good token is among it. */
static int
say_next(sasl_conn_t *conn, size_t i, const struct attempt *a)
{
	const struct attempt good = { a->service, a->mech,
		strcmp(a->mech, "XOAUTH2") == 0 ? XOAUTH2_AS("alice") : BEARER,
		ALICE ",\"roles\":[\"staff\"]", 900 };
	const char *out = "x";
	unsigned out_len = 1;
	char *token, message[4096];
	int r;

	if (i % 3 == 0)
		return sasl_server_step(conn, "\001", 1, &out, &out_len);
	if (i % 3 == 1)
		return sasl_server_step(conn, "", 0, &out, &out_len);
	token = token_of(good.claims, good.lifetime);
	snprintf(
	    message, sizeof(message), "n,,\001auth=Bearer %s\001\001", token);
	free(token);
	r = sasl_server_step(
	    conn, message, (unsigned)strlen(message), &out, &out_len);
	assert_int_equal(out_len, 0);
	return r;
}

/* One line in the log with the reason; no secret there or to the peer. */
static void
check_refusal(const struct refused *c, sasl_conn_t *conn, const char *answer)
{
	const char *line = saslhost_line(SASL_LOG_FAIL, 0);
	char wanted[64];

	snprintf(wanted, sizeof(wanted), "reason=%s", c->reason);
	if (saslhost_lines(SASL_LOG_NOTE) != 1 || strstr(line, wanted) == NULL)
		fail_msg("%s: %zu lines: %s", c->why,
		    saslhost_lines(SASL_LOG_NOTE), line);
	assert_non_null(strstr(line, "peer=192.0.2.7"));
	assert_false(saslhost_logged("eyJ"));
	if (strstr(answer, c->answer) == NULL)
		fail_msg("%s: %s", c->why, answer);
	assert_true(strlen(answer) <= MESSAGE_REPLY_MAX);
	assert_null(saslhost_user(conn, SASL_USERNAME));
}

static void
test_refused(void **state)
{
	const struct saslhost_conn none = { .ssf = 256, .peer = PEER };
	const struct refused *c;
	struct saslhost_conn link;
	char answer[1024];
	const char *out;
	unsigned out_len;
	sasl_conn_t *conn;
	int r;

	(void)state;
	open_as("test");
	for (c = refused; c < refused + COUNT_OF(refused); c++) {
		saslhost_forget();
		link = none;
		link.service = c->attempt.service;
		conn = saslhost_connect(&link);
		out = NULL;
		out_len = 0;
		r = start(conn, &c->attempt, &out, &out_len);
		if (r != SASL_CONTINUE)
			fail_msg("%s: %d", c->why, r);
		assert_true(out_len < sizeof(answer));
		memcpy(answer, out, out_len);
		answer[out_len] = '\0';
		assert_int_equal(
		    say_next(conn, (size_t)(c - refused), &c->attempt),
		    c->code);
		assert_non_null(strstr(sasl_errdetail(conn),
		    c->code == SASL_NOAUTHZ ? "Ask the service desk." :
					      SENTENCE));
		check_refusal(c, conn, answer);
		/* libsasl has let the exchange go */
		assert_int_not_equal(
		    sasl_server_step(conn, "\001", 1, &out, &out_len), SASL_OK);
		sasl_dispose(&conn);
	}
}

/* What a client that only asks is told, and that this is no failed login. */
static void
test_discovery(void **state)
{
	static const char *const asks[][2] = {
		{ "OAUTHBEARER", "n,,\001auth=\001\001" },
		{ "OAUTHBEARER", "n,a=alice,\001host=h\001auth=\001\001" },
		{ "XOAUTH2", "user=alice\001auth=\001\001" },
	};
	const struct saslhost_conn link = {
		.service = "smtp", .ssf = 256, .peer = PEER
	};
	const char *out;
	unsigned out_len;
	sasl_conn_t *conn;
	size_t i;

	(void)state;
	open_as("test");
	for (i = 0; i < COUNT_OF(asks); i++) {
		saslhost_forget();
		conn = saslhost_connect(&link);
		assert_int_equal(
		    sasl_server_start(conn, asks[i][0], asks[i][1],
			(unsigned)strlen(asks[i][1]), &out, &out_len),
		    SASL_CONTINUE);
		assert_non_null(strstr(out, "\"scope\":\"login\""));
		assert_int_equal(
		    sasl_server_step(conn, "\001", 1, &out, &out_len),
		    SASL_BADAUTH);
		assert_int_equal(saslhost_lines(SASL_LOG_NOTE), 0);
		sasl_dispose(&conn);
	}
}

/* What cannot be judged fails at once: the token may be good. */
static void
test_unavailable(void **state)
{
	const struct attempt a = { "dir", "OAUTHBEARER", BEARER, ALICE, 900 };
	const struct saslhost_conn link = {
		.service = "dir", .ssf = 256, .peer = PEER
	};
	const char *out = "x";
	unsigned out_len = 1;
	sasl_conn_t *conn;

	(void)state;
	open_as("test");
	conn = saslhost_connect(&link);
	assert_int_equal(start(conn, &a, &out, &out_len), SASL_UNAVAIL);
	assert_int_equal(out_len, 0);
	assert_int_equal(saslhost_lines(SASL_LOG_NOTE), 1);
	assert_non_null(strstr(
	    saslhost_line(SASL_LOG_ERR, 0), "reason=directory_unavailable"));
	sasl_dispose(&conn);
}

/* Who acts as another is for the host to say. */
static void
test_authzid(void **state)
{
	const struct attempt a = { "ldap", "OAUTHBEARER", BEARER_AS("u:bob"),
		ALICE, 900 };
	const struct saslhost_conn link = {
		.service = "ldap", .ssf = 256, .peer = PEER
	};
	const char *out;
	unsigned out_len;
	sasl_conn_t *conn;

	(void)state;
	open_as("test");
	conn = saslhost_connect(&link);
	/* libsasl itself takes only the same name where nobody says more */
	assert_int_equal(start(conn, &a, &out, &out_len), SASL_BADAUTH);
	assert_true(saslhost_logged("user=alice"));
	sasl_dispose(&conn);
}

static const struct hidden {
	const char *why, *appname, *service, *min_ssf;
	sasl_ssf_t ssf;
	const char *shown;
	unsigned lines; /* of the log, at level ERR */
} hidden[] = {
	{ "TLS", "slapd", "smtp", NULL, 256, "OAUTHBEARER XOAUTH2", 0 },
	{ "ldapi", "slapd", "smtp", NULL, 71, "OAUTHBEARER XOAUTH2", 0 },
	{ "plain", "slapd", "smtp", NULL, 0, "", 0 },
	{ "plain, and said to be good enough", "slapd", "smtp", "0", 0,
	    "OAUTHBEARER XOAUTH2", 0 },
	{ "Postfix never tells", "smtpd", "smtp", NULL, 0,
	    "OAUTHBEARER XOAUTH2", 0 },
	{ "memcached neither", "memcached", "memcached", NULL, 0,
	    "OAUTHBEARER XOAUTH2", 0 },
	{ "Postfix, where a number was said", "smtpd", "smtp", "1", 0, "", 0 },
	{ "too weak", "slapd", "smtp", "129", 128, "", 0 },
	{ "just strong enough", "slapd", "smtp", "128", 128,
	    "OAUTHBEARER XOAUTH2", 0 },
	{ "a service nobody named", "slapd", "http", NULL, 256, "", 1 },
	{ "no number", "slapd", "smtp", "12b", 256, "", 1 },
	{ "no number either", "slapd", "smtp", " 1", 256, "", 1 },
	{ "too large", "slapd", "smtp", "4294967297", 256, "", 1 },
	{ "a negative one", "slapd", "smtp", "-1", 256, "", 1 },
};

static void
test_offered(void **state)
{
	const struct hidden *c;
	struct saslhost_conn link = { .peer = PEER };
	const struct attempt good = { "smtp", "OAUTHBEARER", BEARER, ALICE,
		900 };
	const char *out, *shown;
	unsigned out_len;
	sasl_conn_t *conn;

	(void)state;
	for (c = hidden; c < hidden + COUNT_OF(hidden); c++) {
		world.options[1] = (struct saslhost_option){
			c->min_ssf != NULL ? "oauthbearer_min_ssf" : NULL,
			c->min_ssf
		};
		open_as(c->appname);
		link.service = c->service;
		link.ssf = c->ssf;
		conn = saslhost_connect(&link);
		shown = saslhost_mechs(conn);
		if (strcmp(shown, c->shown) != 0 &&
		    (c->shown[0] == '\0' ||
			strcmp(shown, "XOAUTH2 OAUTHBEARER") != 0))
			fail_msg("%s: %s", c->why, shown);
		/* what is not shown does not work either */
		if (c->shown[0] == '\0')
			assert_int_not_equal(
			    start(conn, &good, &out, &out_len), SASL_OK);
		(void)saslhost_mechs(conn);
		if (saslhost_lines(SASL_LOG_ERR) != c->lines)
			fail_msg("%s: %zu lines: %s", c->why,
			    saslhost_lines(SASL_LOG_ERR),
			    saslhost_line(SASL_LOG_ERR, 0));
		sasl_dispose(&conn);
		saslhost_close();
	}
}

/* StartTLS comes behind the first listing of a connection. */
static void
test_starttls(void **state)
{
	const struct saslhost_conn link = { .service = "smtp", .peer = PEER };
	const sasl_ssf_t strong = 256;
	sasl_conn_t *conn;

	(void)state;
	open_as("slapd");
	conn = saslhost_connect(&link);
	assert_string_equal(saslhost_mechs(conn), "");
	assert_int_equal(
	    sasl_setprop(conn, SASL_SSF_EXTERNAL, &strong), SASL_OK);
	assert_string_not_equal(saslhost_mechs(conn), "");
	sasl_dispose(&conn);
}

/* The name of the host's service may be another here. */
static void
test_service_option(void **state)
{
	const struct saslhost_conn link = {
		.service = "http", .ssf = 256, .peer = PEER
	};
	const struct attempt a = { "http", "OAUTHBEARER", BEARER, ALICE, 900 };
	const char *out;
	unsigned out_len;
	sasl_conn_t *conn;

	(void)state;
	world.options[1] = (struct saslhost_option){ "oauthbearer_service",
		"smtp" };
	open_as("test");
	conn = saslhost_connect(&link);
	assert_int_equal(start(conn, &a, &out, &out_len), SASL_OK);
	assert_true(saslhost_logged("service=smtp"));
	sasl_dispose(&conn);
}

/* Programs without any configuration hear nothing; one that is said to be
 * there and is not is another matter, and is waited for. */
static void
test_unconfigured(void **state)
{
	const struct saslhost_conn link = {
		.service = "smtp", .ssf = 256, .peer = PEER
	};
	char path[TEST_PATH_MAX];
	sasl_conn_t *conn;

	(void)state;
	world.options[0].name = NULL;
	open_as("test");
	conn = saslhost_connect(&link);
	assert_string_equal(saslhost_mechs(conn), "");
	assert_int_equal(saslhost_lines(SASL_LOG_DEBUG), 0);
	sasl_dispose(&conn);
	saslhost_close();

	snprintf(path, sizeof(path), "%s/absent.json", world.lab.dir);
	world.options[0] = (struct saslhost_option){ "oauthbearer_config",
		path };
	open_as("test");
	conn = saslhost_connect(&link);
	assert_string_equal(saslhost_mechs(conn), "");
	assert_string_equal(saslhost_mechs(conn), "");
	assert_int_equal(saslhost_lines(SASL_LOG_ERR), 1);
	assert_non_null(strstr(saslhost_line(SASL_LOG_ERR, 0), "absent.json"));
	sasl_dispose(&conn);
	world.options[0].value = "relative.json";
	saslhost_close();
	open_as("test");
	conn = saslhost_connect(&link);
	assert_string_equal(saslhost_mechs(conn), "");
	assert_string_equal(saslhost_mechs(conn), "");
	assert_int_equal(saslhost_lines(SASL_LOG_ERR), 1);
	assert_true(saslhost_logged("relative.json is no absolute path"));
	sasl_dispose(&conn);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_accepted),
		TEST(test_refused),
		TEST(test_discovery),
		TEST(test_unavailable),
		TEST(test_authzid),
		TEST(test_offered),
		TEST(test_starttls),
		TEST(test_service_option),
		TEST(test_unconfigured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
