/*
 * The client side, against our own server and against one that says what
 * the test wants: where a token comes from, to whom it goes, and what
 * becomes of a refusal.
 */

#include "testtoken.h"

#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "oauth_client.h"
#include "oauth_server.h"
#include "saslhost.h"
#include "str.h"

static const char config[] =
    "{\"common\":{\"issuers\":[{\"issuer\":\"https://a.example\","
    "\"keys_file\":\"@/es.jwk\",\"algorithms\":[\"ES256\"],"
    "\"audience\":[\"mail\"]}]},"
    "\"services\":{\"imap\":{\"require\":\"token_only\"}}}";

struct world {
	struct lab lab;
	struct saslhost_option options[2];
	char path[TEST_PATH_MAX];
	char *good, *expired, *foreign;
	/* what the program has for its callbacks */
	const char *user, *name, *pass;
	char secret[20000];
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

static int
client_init(const sasl_utils_t *utils, int max_version, int *version_out,
    sasl_client_plug_t **plugs_out, int *count_out)
{
	(void)max_version;
	*version_out = SASL_CLIENT_PLUG_VERSION;
	return oauth_client_open(utils, plugs_out, count_out);
}

static char *
token_for(const char *user, int64_t lifetime)
{
	int64_t now = (int64_t)time(NULL);
	char payload[512];

	snprintf(payload, sizeof(payload),
	    "{\"iss\":\"https://a.example\",\"aud\":\"mail\",\"sub\":\"%s\","
	    "\"iat\":%lld,\"exp\":%lld}",
	    user, (long long)now - 1000, (long long)(now + lifetime));
	return token_make(&world.lab.es, JWA_ES256,
	    "{\"alg\":\"ES256\",\"kid\":\"es\"}", payload);
}

static int
setup(void **state)
{
	const struct saslhost_setup host = { .appname = "test",
		.options = world.options,
		.server_init = server_init,
		.client_init = client_init };
	char *damaged;

	(void)state;
	memset(&world, 0, sizeof(world));
	lab_open_es(&world.lab);
	lab_configure(&world.lab, config);
	snprintf(
	    world.path, sizeof(world.path), "%s/jwtgate.json", world.lab.dir);
	world.options[0] = (struct saslhost_option){ "oauthbearer_config",
		world.path };
	world.good = token_for("alice", 900);
	world.expired = token_for("alice", -100);
	world.foreign = strdup(world.good);
	damaged = &world.foreign[strlen(world.foreign) - 20];
	*damaged = *damaged == 'A' ? 'B' : 'A';
	assert_int_equal(setenv("XDG_CONFIG_HOME", world.lab.dir, 1), 0);
	unsetenv("BEARER_TOKEN_FILE");
	saslhost_open(&host);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	saslhost_close();
	lab_close(&world.lab);
	free(world.good);
	free(world.expired);
	free(world.foreign);
	return 0;
}

/* '@' is the folder. */
static void
write_owner(const char *text, mode_t mode)
{
	char dir[TEST_PATH_MAX], path[TEST_PATH_MAX], buf[2048];
	struct str s;

	str_init(&s, buf, sizeof(buf));
	for (; *text != '\0'; text++) {
		if (*text == '@')
			str_add(&s, world.lab.dir);
		else
			str_add_bytes(&s, text, 1);
	}
	snprintf(dir, sizeof(dir), "%s/jwtgate", world.lab.dir);
	(void)mkdir(dir, 0700);
	test_write(path, dir, "sasl.json", mode, s.data, s.len);
}

static void
write_token(const char *name, const char *token, mode_t mode)
{
	char path[TEST_PATH_MAX];

	test_write(path, world.lab.dir, name, mode, token, strlen(token));
}

static int
on_simple(void *context, int id, const char **out, unsigned *len_out)
{
	(void)context;
	*out = id == SASL_CB_USER ? world.user : world.name;
	if (len_out != NULL)
		*len_out = *out != NULL ? (unsigned)strlen(*out) : 0;
	return *out != NULL ? SASL_OK : SASL_FAIL;
}

static int
on_secret(sasl_conn_t *conn, void *context, int id, sasl_secret_t **out)
{
	sasl_secret_t *secret = (sasl_secret_t *)(void *)world.secret;

	(void)conn;
	(void)context;
	(void)id;
	if (world.pass == NULL)
		return SASL_FAIL;
	secret->len = strlen(world.pass);
	memcpy(secret->data, world.pass, secret->len + 1);
	*out = secret;
	return SASL_OK;
}

#define CALLBACK(f) ((int (*)(void))(void (*)(void))(f))

/* One that answers by itself, one that asks a person, one without a word. */
static const sasl_callback_t by_itself[] = {
	{ SASL_CB_USER, CALLBACK(on_simple), NULL },
	{ SASL_CB_AUTHNAME, CALLBACK(on_simple), NULL },
	{ SASL_CB_PASS, CALLBACK(on_secret), NULL },
	{ SASL_CB_LIST_END, NULL, NULL },
};
static const sasl_callback_t by_asking[] = {
	{ SASL_CB_USER, NULL, NULL },
	{ SASL_CB_AUTHNAME, NULL, NULL },
	{ SASL_CB_PASS, NULL, NULL },
	{ SASL_CB_LIST_END, NULL, NULL },
};
static const sasl_callback_t silent[] = {
	{ SASL_CB_LIST_END, NULL, NULL },
};

struct talk {
	const char *mech;
	const char *host;
	const char *service; /* NULL: imap */
	const sasl_callback_t *callbacks;
	sasl_ssf_t ssf;
	bool asked; /* out */
	char first[20000]; /* out: the client's message */
	const char *user; /* out, of the server */
	char error[512]; /* out, of the client */
};

#define TALK(name, list, strength) \
	{ \
		.mech = (name), .host = "mail.example", .callbacks = (list), \
		.ssf = (strength) \
	}

static void
fill_prompts(struct talk *t, sasl_interact_t *p)
{
	t->asked = true;
	for (; p->id != SASL_CB_LIST_END; p++) {
		p->result = p->id == SASL_CB_PASS ? world.pass :
		    p->id == SASL_CB_USER         ? world.user :
						    world.name;
		if (p->result == NULL)
			p->result = "";
		p->len = (unsigned)strlen(p->result);
	}
}

/* The client's half until it has something to say, or has failed. */
static int
client_start(struct talk *t, sasl_conn_t **client_out)
{
	const sasl_security_properties_t props = { .max_ssf = 256,
		.maxbufsize = 65536 };
	sasl_interact_t *prompts = NULL;
	sasl_conn_t *client = NULL;
	const char *out = NULL, *mech = NULL;
	unsigned n = 0;
	int r;

	assert_int_equal(
	    sasl_client_new(t->service != NULL ? t->service : "imap", t->host,
		NULL, "192.0.2.9;143", t->callbacks, 0, &client),
	    SASL_OK);
	sasl_setprop(client, SASL_SSF_EXTERNAL, &t->ssf);
	sasl_setprop(client, SASL_SEC_PROPS, &props);
	do {
		r = sasl_client_start(
		    client, t->mech, &prompts, &out, &n, &mech);
		if (r == SASL_INTERACT)
			fill_prompts(t, prompts);
	} while (r == SASL_INTERACT);
	snprintf(t->error, sizeof(t->error), "%s", sasl_errdetail(client));
	assert_true(n < sizeof(t->first));
	memcpy(t->first, out != NULL ? out : "", n);
	t->first[n] = '\0';
	*client_out = client;
	return r;
}

/* Both halves; what the client ends with. */
static int
talk(struct talk *t)
{
	const struct saslhost_conn link = {
		.service = "imap", .peer = "192.0.2.7;4711", .ssf = 256
	};
	sasl_conn_t *client = NULL, *server;
	const char *out = NULL, *in = NULL;
	unsigned n = 0, m = 0;
	char first[sizeof(t->first)];
	int r, s;

	r = client_start(t, &client);
	if (r != SASL_CONTINUE) {
		sasl_dispose(&client);
		return r;
	}
	server = saslhost_connect(&link);
	memcpy(first, t->first, sizeof(first));
	s = sasl_server_start(
	    server, t->mech, first, (unsigned)strlen(first), &in, &m);
	r = sasl_client_step(client, in, m, NULL, &out, &n);
	snprintf(t->error, sizeof(t->error), "%s", sasl_errdetail(client));
	if (s == SASL_CONTINUE) {
		assert_int_equal(r, SASL_CONTINUE);
		assert_int_equal(n, strcmp(t->mech, "XOAUTH2") == 0 ? 0 : 1);
		assert_non_null(out);
		s = sasl_server_step(server, out, n, &in, &m);
		assert_int_not_equal(s, SASL_OK);
		r = sasl_client_step(client, NULL, 0, NULL, &out, &n);
	} else {
		assert_true((s == SASL_OK) == (r == SASL_OK));
	}
	sasl_dispose(&server);
	sasl_dispose(&client);
	return r;
}

static void
test_pass(void **state)
{
	struct talk t = TALK("OAUTHBEARER", by_itself, 128);

	(void)state;
	world.pass = world.good;
	assert_int_equal(talk(&t), SASL_OK);
	assert_non_null(strstr(
	    t.first, "n,,\001host=mail.example\001port=143\001auth=Bearer "));
	/* a name is sent, and must be the token's here */
	world.name = "alice";
	assert_int_equal(talk(&t), SASL_OK);
	assert_non_null(strstr(t.first, "n,a=alice,\001"));
	world.user = "bob";
	assert_int_equal(talk(&t), SASL_BADAUTH);
	world.user = NULL;
	/* what a file ends with is no part of it */
	snprintf(t.error, sizeof(t.error), "%s", "");
	world.pass = world.foreign;
	saslhost_forget();
	assert_int_equal(talk(&t), SASL_BADAUTH);
	assert_non_null(strstr(t.error, "invalid_token"));
	assert_true(saslhost_logged("the server refuses the token"));
	assert_false(saslhost_logged(world.foreign));
}

static void
test_xoauth2(void **state)
{
	struct talk t = TALK("XOAUTH2", by_itself, 128);

	(void)state;
	world.pass = world.good;
	world.name = "alice";
	assert_int_equal(talk(&t), SASL_OK);
	assert_int_equal(strncmp(t.first, "user=alice\001auth=", 16), 0);
	/* the token knows a name where the program has none */
	world.name = NULL;
	assert_int_equal(talk(&t), SASL_OK);
	assert_int_equal(strncmp(t.first, "user=alice\001auth=", 16), 0);
	world.pass = world.foreign;
	assert_int_equal(talk(&t), SASL_BADAUTH);
	assert_non_null(strstr(t.error, "401"));
}

static void
test_expired(void **state)
{
	struct talk t = TALK("OAUTHBEARER", by_itself, 128);

	(void)state;
	world.pass = world.expired;
	assert_int_equal(talk(&t), SASL_EXPIRED);
	assert_string_equal(t.first, "");
	assert_non_null(strstr(t.error, "the token expired 10"));
}

static void
test_plaintext(void **state)
{
	struct talk t = TALK("OAUTHBEARER", by_itself, 0);

	(void)state;
	world.pass = world.good;
	assert_int_equal(talk(&t), SASL_ENCRYPT);
	assert_string_equal(t.first, "");
	write_owner("{\"insecure_plaintext_hosts\":[\"other.example\"]}", 0600);
	assert_int_equal(talk(&t), SASL_ENCRYPT);
	write_owner("{\"insecure_plaintext_hosts\":[\"MAIL.example\"]}", 0600);
	assert_int_equal(talk(&t), SASL_OK);
	write_owner("{\"insecure_plaintext_hosts\":[\"*\"]}", 0600);
	assert_int_equal(talk(&t), SASL_OK);
}

/* The token that lies about goes to hosts that are listed, and only there. */
static void
test_ambient(void **state)
{
	struct talk t = TALK("OAUTHBEARER", silent, 128);
	char path[TEST_PATH_MAX];

	(void)state;
	write_token("token", world.good, 0600);
	snprintf(path, sizeof(path), "%s/token", world.lab.dir);
	setenv("BEARER_TOKEN_FILE", path, 1);
	assert_int_equal(talk(&t), SASL_FAIL);
	assert_non_null(strstr(t.error, "mail.example is not listed"));
	write_owner("{\"hosts\":[\"other.example\"]}", 0600);
	assert_int_equal(talk(&t), SASL_FAIL);
	write_owner("{\"hosts\":[\"mail.example\"]}", 0600);
	assert_int_equal(talk(&t), SASL_OK);
	/* nobody is asked then */
	t.callbacks = by_asking;
	t.asked = false;
	assert_int_equal(talk(&t), SASL_OK);
	assert_false(t.asked);
	/* a file that everybody can read is none */
	write_token("token", world.good, 0604);
	t.callbacks = silent;
	assert_int_equal(talk(&t), SASL_FAIL);
	unsetenv("BEARER_TOKEN_FILE");
	write_token("token", world.good, 0600);
	write_owner("{\"hosts\":[\"mail.example\"],"
		    "\"token_file\":\"@/token\"}",
	    0600);
	assert_int_equal(talk(&t), SASL_OK);
}

static const struct {
	const char *why, *text;
	mode_t mode;
	int want;
} owners[] = {
	{ "a program",
	    "{\"hosts\":[\"mail.example\"],\"token_command\":"
	    "[\"/bin/cat\",\"@/token\"]}",
	    0600, SASL_OK },
	{ "no shell reads it",
	    "{\"hosts\":[\"mail.example\"],\"token_command\":"
	    "[\"/bin/cat\",\"@/token; true\"]}",
	    0600, SASL_FAIL },
	{ "a program that prints and fails",
	    "{\"hosts\":[\"mail.example\"],\"token_command\":"
	    "[\"/bin/sh\",\"-c\",\"cat @/token; exit 1\"]}",
	    0600, SASL_FAIL },
	{ "one that prints without end",
	    "{\"hosts\":[\"mail.example\"],\"token_command\":"
	    "[\"/bin/cat\",\"/dev/zero\"]}",
	    0600, SASL_FAIL },
	{ "one that is not there",
	    "{\"hosts\":[\"mail.example\"],\"token_command\":"
	    "[\"/nowhere/program\"]}",
	    0600, SASL_FAIL },
	{ "one to be looked for",
	    "{\"hosts\":[\"mail.example\"],\"token_command\":[\"cat\"]}", 0600,
	    SASL_FAIL },
	{ "an unknown key", "{\"host\":[\"mail.example\"]}", 0600, SASL_FAIL },
	{ "a pattern", "{\"hosts\":[\"*\"]}", 0600, SASL_FAIL },
	{ "two sources",
	    "{\"hosts\":[\"mail.example\"],\"token_file\":\"@/token\","
	    "\"token_command\":[\"/bin/cat\",\"@/token\"]}",
	    0600, SASL_FAIL },
	{ "no JSON", "{\"hosts\":", 0600, SASL_FAIL },
	{ "others may write to it",
	    "{\"hosts\":[\"mail.example\"],\"token_file\":\"@/token\"}", 0622,
	    SASL_FAIL },
};

static void
test_owner(void **state)
{
	struct talk t = TALK("OAUTHBEARER", silent, 128);
	size_t i;

	(void)state;
	write_token("token", world.good, 0600);
	for (i = 0; i < COUNT_OF(owners); i++) {
		write_owner(owners[i].text, owners[i].mode);
		if (talk(&t) != owners[i].want)
			fail_msg("%s: %s", owners[i].why, t.error);
	}
}

static void
test_asking(void **state)
{
	struct talk t = TALK("OAUTHBEARER", by_asking, 128);

	(void)state;
	world.pass = world.good;
	world.name = "alice";
	assert_int_equal(talk(&t), SASL_OK);
	assert_true(t.asked);
	assert_non_null(strstr(t.first, "n,a=alice,\001"));
	/* who answers nothing is not asked for ever */
	world.pass = "";
	assert_int_equal(talk(&t), SASL_FAIL);
	world.pass = "two words";
	assert_int_equal(talk(&t), SASL_BADPARAM);
}

/* No answer of a server makes a client start anew or believe in success. */
static void
test_hostile_server(void **state)
{
	struct talk t = TALK("OAUTHBEARER", by_itself, 128);
	static const char junk[] = "{\"status\":\"%n%s%zu\"\r\n\001\377}";
	sasl_conn_t *client = NULL;
	const char *out;
	unsigned n;
	int i;

	(void)state;
	world.pass = world.good;
	assert_int_equal(client_start(&t, &client), SASL_CONTINUE);
	assert_int_equal(
	    sasl_client_step(client, junk, sizeof(junk) - 1, NULL, &out, &n),
	    SASL_CONTINUE);
	assert_int_equal(n, 1);
	assert_int_equal(out[0], 1);
	assert_non_null(strstr(sasl_errdetail(client), "%n%s%zu\"\\x0d\\x0a"));
	for (i = 0; i < 3; i++)
		assert_int_equal(sasl_client_step(client, i > 0 ? "" : NULL, 0,
				     NULL, &out, &n) == SASL_OK,
		    0);
	sasl_dispose(&client);
}

/* Every other program hears the server's last word. */
static void
test_ends_at_once(void **state)
{
	static const struct {
		const char *service;
		int want;
	} cases[] = {
		{ "svn", SASL_OK },
		{ "svnx", SASL_CONTINUE },
		{ "sv", SASL_CONTINUE },
		{ "ldap", SASL_CONTINUE },
		{ "smtp", SASL_CONTINUE },
	};
	struct talk t = TALK("OAUTHBEARER", by_itself, 128);
	sasl_conn_t *client;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		t.service = cases[i].service;
		world.pass = world.good;
		assert_int_equal(client_start(&t, &client), cases[i].want);
		assert_non_null(strstr(t.first, "auth=Bearer "));
		sasl_dispose(&client);
		world.pass = world.expired;
		assert_int_equal(client_start(&t, &client), SASL_EXPIRED);
		sasl_dispose(&client);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_pass),
		TEST(test_xoauth2),
		TEST(test_expired),
		TEST(test_plaintext),
		TEST(test_ambient),
		TEST(test_owner),
		TEST(test_asking),
		TEST(test_hostile_server),
		TEST(test_ends_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
