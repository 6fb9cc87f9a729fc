/*
 * The server side: who is let in, what a refused client and the log are
 * told, and with which code the host goes on.
 */

#include "testtoken.h"

#include <time.h>

#include "err.h"
#include "message.h"
#include "saslhost.h"
#include "oauth_server.h"
#include "str.h"

#define PEER "192.0.2.7;4711"
#define SENTENCE "Authentication failed."

static const char config[] =
    "{\"common\":{\"issuers\":[{\"issuer\":\"https://a.example\","
    "\"keys_file\":\"@/es.jwk\",\"algorithms\":[\"ES256\"],"
    "\"audience\":[\"mail\"],\"scopes\":[\"login\"],"
    "\"roles_claim\":\"roles\",\"user_claim\":[\"sub\"]}],"
    "\"authentication\":{\"authorize\":{\"staff\":\"cn=staff\","
    "\"unauthorized\":\"Ask the service desk.\"}},"
    "\"sasl\":{\"openid_configuration\":"
    "\"https://a.example/.well-known/openid-configuration\"}},"
    "\"services\":{\"smtp\":{\"require\":\"token_only\"},"
    "\"imap\":{\"require\":{\"any\":[\"staff\"]},\"roles_from\":\"token\"},"
    "\"ldap\":{\"require\":\"token_only\","
    "\"sasl\":{\"authzid\":\"may-differ\"}},"
    "\"memcached\":{\"require\":\"token_only\","
    "\"sasl\":{\"authzid\":\"ignore\",\"scope\":\"a b\"}},"
    "\"dir\":{\"require\":{\"any\":[\"staff\"]},"
    "\"roles_from\":\"directory\"}}}";

struct world {
	struct lab lab;
	struct saslhost_option options[4];
	char path[TEST_PATH_MAX];
};

static struct world world;

static int
server_init(const sasl_utils_t *utils, int max_version, int *version_out,
    sasl_server_plug_t **plugs_out, int *count_out)
{
	(void)max_version;
	*version_out = SASL_SERVER_PLUG_VERSION;
	return oauth_server_open(utils, plugs_out, count_out);
}

static void
open_as(const char *appname)
{
	const struct saslhost_setup setup = { .appname = appname,
		.options = world.options,
		.server_init = server_init };

	saslhost_open(&setup);
}

static int
setup(void **state)
{
	(void)state;
	memset(&world, 0, sizeof(world));
	lab_open(&world.lab);
	lab_configure(&world.lab, config);
	snprintf(
	    world.path, sizeof(world.path), "%s/jwtgate.json", world.lab.dir);
	world.options[0] = (struct saslhost_option){ "oauthbearer_config",
		world.path };
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	saslhost_close();
	lab_close(&world.lab);
	return 0;
}

/* What is in a token besides issuer and times. */
static char *
token_of(const char *more, int64_t lifetime)
{
	int64_t now = (int64_t)time(NULL);
	char payload[1024];

	snprintf(payload, sizeof(payload),
	    "{\"iss\":\"https://a.example\",\"iat\":%lld,\"exp\":%lld,%s}",
	    (long long)now - 100, (long long)(now + lifetime), more);
	return token_make(&world.lab.es, JWA_ES256,
	    "{\"alg\":\"ES256\",\"kid\":\"es\"}", payload);
}

#define ALICE "\"sub\":\"alice\",\"aud\":\"mail\",\"scope\":\"login\""

/* One message, in which '%' is the token. */
struct attempt {
	const char *service;
	const char *mech;
	const char *format;
	const char *claims;
	int64_t lifetime;
};

static int
start(sasl_conn_t *conn, const struct attempt *a, const char **out,
    unsigned *out_len)
{
	char *token = token_of(a->claims, a->lifetime);
	char message[8192];
	const char *p;
	struct str s;

	str_init(&s, message, sizeof(message));
	for (p = a->format; *p != '\0'; p++) {
		if (*p == '%')
			str_add(&s, token);
		else
			str_add_bytes(&s, p, 1);
	}
	free(token);
	return sasl_server_start(
	    conn, a->mech, s.data, (unsigned)s.len, out, out_len);
}

#define BEARER "n,,\001auth=Bearer %\001\001"
#define BEARER_AS(user) "n,a=" user ",\001auth=Bearer %\001\001"
#define XOAUTH2_AS(user) "user=" user "\001auth=Bearer %\001\001"

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_accepted, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
