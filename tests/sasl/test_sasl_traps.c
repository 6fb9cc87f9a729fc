/*
 * What libsasl and its hosts do to a plugin, and plugins before ours did not
 * survive: found in their reports or by running libsasl 2.1.28. The tests
 * know nothing of our plugin but its two tables, so they can be turned on
 * another one.
 */

#include "sasllab.h"

#include <unistd.h>

#include "oauth_client.h"

static const struct attempt good = { "smtp", "OAUTHBEARER", BEARER, ALICE,
	900 };
static const struct attempt forged = { "smtp", "OAUTHBEARER",
	"n,,\001auth=Bearer %A\001\001", ALICE, 900 };

static int
client_init(const sasl_utils_t *utils, int max_version, int *version_out,
    sasl_client_plug_t **plugs_out, int *count_out)
{
	(void)max_version;
	*version_out = SASL_CLIENT_PLUG_VERSION;
	return oauth_client_open(utils, plugs_out, count_out);
}

static sasl_conn_t *
connect_smtp(void)
{
	const struct saslhost_conn link = {
		.service = "smtp", .ssf = 256, .peer = PEER
	};

	return saslhost_connect(&link);
}

/* Whether a good token still enters. */
static void
still_works(void)
{
	const char *out;
	unsigned n;
	sasl_conn_t *conn = connect_smtp();

	assert_int_equal(start(conn, &good, &out, &n), SASL_OK);
	sasl_dispose(&conn);
}

/* mech_free is called for each mechanism, with a context of its own. */
static void
test_free_twice(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		open_as("test");
		still_works();
		saslhost_close(); /* and sasl_done() once too often */
	}
}

/* A host may start libsasl again before it has ended it. */
static void
test_nested(void **state)
{
	(void)state;
	open_as("test");
	still_works();
	assert_int_equal(sasl_server_init(NULL, "test"), SASL_OK);
	sasl_done();
	still_works();
}

/* imapd and slapd are servers and clients at once. */
static void
test_both_sides(void **state)
{
	const struct saslhost_setup both = { .appname = "test",
		.options = world.options,
		.server_init = server_init,
		.client_init = client_init };

	(void)state;
	saslhost_open(&both);
	still_works();
	saslhost_close();
	saslhost_open(&both);
	still_works();
}

/* The real object, found in a folder as hosts find it. */
static void
test_loaded(void **state)
{
	const char *object = getenv("SASL_JWTGATE");
	char folder[TEST_DIR_MAX], path[TEST_PATH_MAX];
	const struct saslhost_setup loaded = {
		.appname = "test", .options = world.options, .plugins = folder
	};
	int i;

	(void)state;
	if (object == NULL)
		skip();
	test_dir_new(folder);
	snprintf(path, sizeof(path), "%s/libjwtgate_sasl.so", folder);
	assert_int_equal(symlink(object, path), 0);
	for (i = 0; i < 2; i++) {
		saslhost_open(&loaded);
		still_works();
		saslhost_close();
	}
	test_dir_remove(folder);
}

/* libsasl refuses a step behind the end, if it was told that it is one. */
static void
test_step_after_ok(void **state)
{
	const char *out;
	unsigned n;
	sasl_conn_t *conn;

	(void)state;
	open_as("test");
	conn = connect_smtp();
	assert_int_equal(start(conn, &good, &out, &n), SASL_OK);
	assert_int_equal(
	    sasl_server_step(conn, "n,a=root,\001", 10, &out, &n), SASL_FAIL);
	assert_string_equal(saslhost_user(conn, SASL_USERNAME), "alice");
	sasl_dispose(&conn);
}

/* The same connection may try again, by a new exchange. */
static void
test_start_again(void **state)
{
	const char *out;
	unsigned n;
	sasl_conn_t *conn;

	(void)state;
	open_as("test");
	conn = connect_smtp();
	assert_int_equal(start(conn, &forged, &out, &n), SASL_CONTINUE);
	assert_int_equal(
	    sasl_server_step(conn, "\001", 1, &out, &n), SASL_BADAUTH);
	assert_int_equal(start(conn, &forged, &out, &n), SASL_CONTINUE);
	/* the one before is given up where the client just starts anew */
	assert_int_equal(start(conn, &good, &out, &n), SASL_OK);
	sasl_dispose(&conn);
}

/* clientin: none at all, and then the message in a step. */
static void
test_no_initial_response(void **state)
{
	const char *out = "x";
	unsigned n = 1;
	char message[4096];
	sasl_conn_t *conn;
	char *token;

	(void)state;
	open_as("test");
	conn = connect_smtp();
	assert_int_equal(
	    sasl_server_start(conn, "OAUTHBEARER", NULL, 0, &out, &n),
	    SASL_CONTINUE);
	assert_int_equal(n, 0);
	token = token_of(ALICE, 900);
	snprintf(
	    message, sizeof(message), "n,,\001auth=Bearer %s\001\001", token);
	free(token);
	assert_int_equal(sasl_server_step(conn, message,
			     (unsigned)strlen(message), &out, &n),
	    SASL_OK);
	sasl_dispose(&conn);
	conn = connect_smtp();
	assert_int_equal(sasl_server_start(conn, "XOAUTH2", NULL, 0, &out, &n),
	    SASL_CONTINUE);
	assert_int_equal(
	    sasl_server_step(conn, NULL, 0, &out, &n), SASL_CONTINUE);
	assert_int_equal(
	    sasl_server_step(conn, NULL, 0, &out, &n), SASL_BADAUTH);
	sasl_dispose(&conn);
}

/* clientin has no NUL behind it, may hold some, and may be long. */
static void
test_odd_input(void **state)
{
	static const char odd[] = "n,a=\0%n%s,\001auth=Bearer a\0b\001\001";
	const size_t large = 1024 * 1024;
	const char *out;
	char *copy, *huge = malloc(large);
	unsigned n;
	sasl_conn_t *conn;
	size_t i;

	(void)state;
	assert_non_null(huge);
	open_as("test");
	for (i = 1; i < sizeof(odd); i++) {
		copy = guard_copy(odd, i);
		conn = connect_smtp();
		assert_int_equal(sasl_server_start(conn, "OAUTHBEARER", copy,
				     (unsigned)i, &out, &n),
		    SASL_CONTINUE);
		sasl_dispose(&conn);
		guard_free(copy, i);
	}
	memset(huge, 'a', large);
	memcpy(huge, "n,,\001auth=Bearer ", 16);
	memcpy(huge + large - 2, "\001\001", 2);
	saslhost_forget();
	conn = connect_smtp();
	assert_int_equal(sasl_server_start(conn, "OAUTHBEARER", huge,
			     (unsigned)large, &out, &n),
	    SASL_CONTINUE);
	assert_non_null(
	    strstr(saslhost_line(SASL_LOG_FAIL, 0), "token_too_long"));
	sasl_dispose(&conn);
	free(huge);
}

/*
 * The log of libsasl is no printf(): "%zu" prints an error, "%.10s" all of
 * it, and "%n" or "%.*s" crash. Names from the network are full of those.
 */
static void
test_formats(void **state)
{
	const struct attempt a = { "smtp", "XOAUTH2",
		"user=\045n\045s\045zu\045.*s\045m\001auth=Bearer x\001\001",
		ALICE, 900 };
	const char *out;
	unsigned n;
	sasl_conn_t *conn;

	(void)state;
	open_as("test");
	conn = connect_smtp();
	/* '%' is the token in an attempt, so this one is said by hand */
	assert_int_equal(sasl_server_start(conn, a.mech, a.format,
			     (unsigned)strlen(a.format), &out, &n),
	    SASL_CONTINUE);
	assert_true(saslhost_logged("user=%n%s%zu%.*s%m"));
	sasl_dispose(&conn);
}

/* A connection that is dropped in the middle leaves nothing behind. */
static void
test_dropped(void **state)
{
	const char *out;
	unsigned n;
	sasl_conn_t *conn;

	(void)state;
	open_as("test");
	conn = connect_smtp();
	assert_int_equal(start(conn, &forged, &out, &n), SASL_CONTINUE);
	sasl_dispose(&conn);
	conn = connect_smtp();
	assert_int_equal(
	    sasl_server_start(conn, "OAUTHBEARER", NULL, 0, &out, &n),
	    SASL_CONTINUE);
	sasl_dispose(&conn);
}

/* No database of users, as in these tests; and a realm that is added. */
static void
test_realm(void **state)
{
	const struct saslhost_conn link = {
		.service = "smtp", .ssf = 256, .realm = "mail.example"
	};
	const struct attempt same = { "smtp", "OAUTHBEARER", BEARER_AS("alice"),
		ALICE, 900 };
	const struct attempt with_realm = { "smtp", "OAUTHBEARER",
		BEARER_AS("alice@mail.example"), ALICE, 900 };
	const char *out;
	unsigned n;
	sasl_conn_t *conn;

	(void)state;
	open_as("test");
	conn = saslhost_connect(&link);
	assert_int_equal(start(conn, &same, &out, &n), SASL_OK);
	assert_string_equal(
	    saslhost_user(conn, SASL_USERNAME), "alice@mail.example");
	assert_true(saslhost_logged("peer=unknown"));
	sasl_dispose(&conn);
	/* what is compared is what the client and the token say */
	conn = saslhost_connect(&link);
	assert_int_equal(start(conn, &with_realm, &out, &n), SASL_CONTINUE);
	sasl_dispose(&conn);
}

/* What slapd's own function for names does with calls it does not like. */
struct strict {
	unsigned calls;
	unsigned bad;
};

static int
strict_canon(sasl_conn_t *conn, void *context, const char *in, unsigned n,
    unsigned flags, const char *realm, char *out, unsigned cap,
    unsigned *len_out)
{
	struct strict *strict = context;
	const unsigned both = SASL_CU_AUTHID | SASL_CU_AUTHZID;

	(void)conn;
	(void)realm;
	strict->calls++;
	if ((flags & both) == 0 || n == 0 || n >= cap)
		strict->bad++;
	memmove(out, in, n);
	out[n] = '\0';
	*len_out = n;
	return SASL_OK;
}

static int
allow_proxy(sasl_conn_t *conn, void *context, const char *user, unsigned n,
    const char *auth, unsigned auth_n, const char *realm, unsigned realm_n,
    struct propctx *props)
{
	(void)conn;
	(void)context;
	(void)user;
	(void)n;
	(void)auth;
	(void)auth_n;
	(void)realm;
	(void)realm_n;
	(void)props;
	return SASL_OK;
}

#define CALLBACK(f) ((int (*)(void))(void (*)(void))(f))

/* One call where the names are the same, two where they are not. */
static void
test_names(void **state)
{
	static const struct {
		const char *message, *user;
		unsigned calls;
	} cases[] = {
		{ BEARER, "alice", 1 },
		{ BEARER_AS("alice"), "alice", 1 },
		{ BEARER_AS("u:alice"), "alice", 1 },
		{ BEARER_AS("u:bob"), "u:bob", 2 },
		{ BEARER_AS("dn:cn=x=2Cdc=3Dy"), NULL, 0 },
		{ BEARER_AS("dn:cn=3Dx=2Cdc=3Dy"), "dn:cn=x,dc=y", 2 },
	};
	struct strict strict;
	const sasl_callback_t callbacks[] = {
		{ SASL_CB_CANON_USER, CALLBACK(strict_canon), &strict },
		{ SASL_CB_PROXY_POLICY, CALLBACK(allow_proxy), NULL },
		{ SASL_CB_LIST_END, NULL, NULL },
	};
	const struct saslhost_conn link = {
		.service = "ldap", .ssf = 256, .callbacks = callbacks
	};
	struct attempt a = { "ldap", "OAUTHBEARER", NULL, ALICE, 900 };
	const char *out;
	unsigned n;
	sasl_conn_t *conn;
	size_t i;

	(void)state;
	open_as("slapd");
	for (i = 0; i < COUNT_OF(cases); i++) {
		memset(&strict, 0, sizeof(strict));
		conn = saslhost_connect(&link);
		a.format = cases[i].message;
		assert_int_equal(start(conn, &a, &out, &n),
		    cases[i].user != NULL ? SASL_OK : SASL_CONTINUE);
		if (cases[i].user != NULL) {
			assert_string_equal(
			    saslhost_user(conn, SASL_USERNAME), cases[i].user);
			assert_string_equal(
			    saslhost_user(conn, SASL_AUTHUSER), "alice");
		}
		assert_int_equal(strict.calls, cases[i].calls);
		assert_int_equal(strict.bad, 0);
		sasl_dispose(&conn);
	}
}

/* A host that does not take the name: no success, and one line. */
static int
no_canon(sasl_conn_t *conn, void *context, const char *in, unsigned n,
    unsigned flags, const char *realm, char *out, unsigned cap,
    unsigned *len_out)
{
	(void)conn;
	(void)context;
	(void)in;
	(void)n;
	(void)flags;
	(void)realm;
	(void)out;
	(void)cap;
	(void)len_out;
	return SASL_BADPROT;
}

static void
test_name_refused(void **state)
{
	const sasl_callback_t callbacks[] = {
		{ SASL_CB_CANON_USER, CALLBACK(no_canon), NULL },
		{ SASL_CB_LIST_END, NULL, NULL },
	};
	const struct saslhost_conn link = {
		.service = "smtp", .ssf = 256, .callbacks = callbacks
	};
	const char *out;
	unsigned n;
	sasl_conn_t *conn;

	(void)state;
	open_as("test");
	saslhost_forget();
	conn = saslhost_connect(&link);
	assert_int_equal(start(conn, &good, &out, &n), SASL_BADPROT);
	assert_int_equal(saslhost_lines(SASL_LOG_FAIL), 1);
	assert_non_null(
	    strstr(saslhost_line(SASL_LOG_FAIL, 0), "reason=user_invalid"));
	sasl_dispose(&conn);
}

/* A bearer token is a password, whatever a host thinks of plain text. */
static void
test_properties(void **state)
{
	const sasl_security_properties_t noplain = { .max_ssf = 256,
		.maxbufsize = 65536,
		.security_flags = SASL_SEC_NOPLAINTEXT };
	const sasl_security_properties_t layer = {
		.min_ssf = 300, .max_ssf = 300, .maxbufsize = 65536
	};
	struct saslhost_conn link = { .service = "smtp", .props = &noplain };
	sasl_conn_t *conn;

	(void)state;
	world.options[1] = (struct saslhost_option){ "oauthbearer_min_ssf",
		"0" };
	open_as("test");
	conn = saslhost_connect(&link);
	assert_string_equal(saslhost_mechs(conn), "");
	sasl_dispose(&conn);
	link.ssf = 128; /* encrypted, then it may be plain inside */
	conn = saslhost_connect(&link);
	assert_string_not_equal(saslhost_mechs(conn), "");
	sasl_dispose(&conn);
	link.props = &layer; /* a layer of its own it has none */
	conn = saslhost_connect(&link);
	assert_string_equal(saslhost_mechs(conn), "");
	sasl_dispose(&conn);
	/* hosts that want to hear of another name */
	link.props = NULL;
	link.flags = SASL_NEED_PROXY;
	conn = saslhost_connect(&link);
	assert_string_not_equal(saslhost_mechs(conn), "");
	sasl_dispose(&conn);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/*
 * svn ends libsasl from atexit(), when OpenSSL, which was started later, has
 * ended itself already: what is left is freed behind it.
 */
static void
end_late(void)
{
	saslhost_close();
}

static void
test_end_at_exit(void **state)
{
	(void)state;
	open_as("test");
	still_works();
}

static int
leave_open(void **state)
{
	(void)state;
	lab_close(&world.lab);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_free_twice),
		TEST(test_nested),
		TEST(test_both_sides),
		TEST(test_loaded),
		TEST(test_step_after_ok),
		TEST(test_start_again),
		TEST(test_no_initial_response),
		TEST(test_odd_input),
		TEST(test_formats),
		TEST(test_dropped),
		TEST(test_realm),
		TEST(test_names),
		TEST(test_name_refused),
		TEST(test_properties),
		cmocka_unit_test_setup_teardown(
		    test_end_at_exit, setup, leave_open),
	};

	/* before OpenSSL's own, so it runs behind that */
	if (atexit(end_late) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
