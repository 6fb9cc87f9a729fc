/*
 * Postfix starts libsasl as root, and then goes into its chroot and becomes
 * another user. What was read before still counts; what changes is looked
 * for by the same path inside, and read with the rights of that user. The
 * clock is the test's: time() below is what the plugin asks.
 */

#include "testtoken.h"

#include <errno.h>
#include <grp.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "json.h"
#include "oauth_server.h"
#include "saslhost.h"
#include "str.h"

#define NOBODY 65534
#define STALE_AFTER 900

static const char config[] =
    "{\"common\":{\"issuers\":[{\"issuer\":\"https://a.example\","
    "\"keys_file\":\"@/keys/es.jwk\",\"algorithms\":[\"ES256\"],"
    "\"audience\":[\"mail\"]}],"
    "\"revocation\":{\"file\":\"@/keys/revoked.json\"}},"
    "\"services\":{\"smtp\":{\"require\":\"token_only\"}}}";

struct world {
	struct lab lab;
	struct jwk next; /* the key of tomorrow */
	char *old_token, *new_token;
	char path[TEST_PATH_MAX];
	char jail[TEST_DIR_MAX];
};

static struct world world;
static int64_t now = LAB_NOW;

/* Of this program, so of the plugin's parts in it. */
time_t
time(time_t *out)
{
	if (out != NULL)
		*out = (time_t)now;
	return (time_t)now;
}

static int
server_init(const sasl_utils_t *utils, int max_version, int *version_out,
    sasl_server_plug_t **plugs_out, int *count_out)
{
	(void)max_version;
	*version_out = SASL_SERVER_PLUG_VERSION;
	return oauth_server_open(utils, plugs_out, count_out);
}

/* Below root, which is "" outside. */
static void
put(const char *root, const char *name, const char *text)
{
	char dir[TEST_PATH_MAX], path[TEST_PATH_MAX];

	snprintf(dir, sizeof(dir), "%s%s/keys", root, world.lab.dir);
	test_write(path, dir, name, 0644, text, strlen(text));
}

static void
put_key(const char *root, const struct jwk *key)
{
	struct json *j = NULL;
	char *text;
	size_t n;

	assert_int_equal(jwk_write(key, false, &j, NULL), 0);
	text = json_write(j, false, &n);
	put(root, "es.jwk", text);
	free(text);
	json_free(&j);
}

static void
make_dirs(const char *root)
{
	char path[TEST_PATH_MAX];
	char *p;

	snprintf(path, sizeof(path), "%s%s/keys", root, world.lab.dir);
	for (p = path + strlen(root) + 1; *p != '\0'; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		(void)mkdir(path, 0755);
		(void)chmod(path, 0755);
		*p = '/';
	}
	(void)mkdir(path, 0755);
}

static char *
make_token(const struct jwk *key, const char *kid)
{
	char header[64];

	snprintf(
	    header, sizeof(header), "{\"alg\":\"ES256\",\"kid\":\"%s\"}", kid);
	return token_make(key, JWA_ES256, header,
	    "{\"iss\":\"https://a.example\",\"aud\":\"mail\",\"sub\":\"alice\","
	    "\"jti\":\"j1\",\"iat\":1700000000,\"exp\":1700009000}");
}

static int
setup(void **state)
{
	(void)state;
	memset(&world, 0, sizeof(world));
	now = LAB_NOW;
	lab_open_es(&world.lab);
	make_dirs("");
	put("", "revoked.json", "{\"revoked\":[]}");
	put_key("", &world.lab.es);
	lab_configure(&world.lab, config);
	snprintf(
	    world.path, sizeof(world.path), "%s/jwtgate.json", world.lab.dir);
	assert_int_equal(jwk_generate(JWA_ES256, "next", &world.next, NULL), 0);
	world.old_token = make_token(&world.lab.es, "es");
	world.new_token = make_token(&world.next, "next");
	test_dir_new(world.jail);
	assert_int_equal(chmod(world.jail, 0755), 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	jwk_done(&world.next);
	free(world.old_token);
	free(world.new_token);
	lab_close(&world.lab);
	test_dir_remove(world.jail);
	return 0;
}

/* The code of libsasl for one message. */
static int
attempt(const char *token)
{
	const struct saslhost_conn link = { .service = "smtp",
		.peer = "192.0.2.7;25" };
	const char *out = NULL;
	unsigned n = 0;
	sasl_conn_t *conn;
	char message[4096];
	int r;

	snprintf(
	    message, sizeof(message), "n,,\001auth=Bearer %s\001\001", token);
	conn = saslhost_connect(&link);
	r = sasl_server_start(
	    conn, "OAUTHBEARER", message, (unsigned)strlen(message), &out, &n);
	if (r == SASL_CONTINUE)
		r = sasl_server_step(conn, "\001", 1, &out, &n);
	sasl_dispose(&conn);
	return r;
}

#define WANT(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "# line %d: %s; log: %s\n", __LINE__, \
			    #condition, saslhost_line(SASL_LOG_FAIL, 0)); \
			_exit(1); \
		} \
	} while (0)

static void
enter_jail(void)
{
	WANT(chroot(world.jail) == 0 && chdir("/") == 0);
	WANT(setgroups(0, NULL) == 0);
	WANT(setresgid(NOBODY, NOBODY, NOBODY) == 0);
	WANT(setresuid(NOBODY, NOBODY, NOBODY) == 0);
}

/* Nothing is in there: what was read outside counts, but not for ever. */
static void
in_empty_jail(int from, int to)
{
	(void)from;
	(void)to;
	WANT(attempt(world.old_token) == SASL_OK);
	now++;
	WANT(attempt(world.old_token) == SASL_OK);
	WANT(saslhost_logged("the last good version stays in use"));
	WANT(attempt(world.new_token) == SASL_BADAUTH);
	now = LAB_NOW + STALE_AFTER;
	WANT(attempt(world.old_token) == SASL_OK);
	now++;
	saslhost_forget();
	WANT(attempt(world.old_token) == SASL_UNAVAIL);
	WANT(saslhost_logged("reason=keys_unavailable"));
	WANT(saslhost_logged("stale_after"));
}

static void
wait_for(int from)
{
	char c;

	WANT(read(from, &c, 1) == 1);
	now++;
}

static void
tell(int to)
{
	WANT(write(to, "x", 1) == 1);
}

/* The same paths are in there, and what happens to them is seen. */
static void
in_furnished_jail(int from, int to)
{
	WANT(attempt(world.old_token) == SASL_OK);
	WANT(attempt(world.new_token) == SASL_BADAUTH);
	tell(to);
	wait_for(from); /* the keys were rotated */
	WANT(attempt(world.new_token) == SASL_OK);
	WANT(attempt(world.old_token) == SASL_BADAUTH);
	tell(to);
	wait_for(from); /* the token was revoked */
	saslhost_forget();
	WANT(attempt(world.new_token) == SASL_BADAUTH);
	WANT(saslhost_logged("reason=token_revoked"));
	tell(to);
	wait_for(from); /* the service was renamed */
	WANT(attempt(world.new_token) == SASL_NOMECH);
	tell(to);
}

static void
run_in_jail(void (*inside)(int, int), int child[2], int parent[2], pid_t *pid)
{
	struct saslhost_option options[2] = {
		{ "oauthbearer_config", world.path }, { NULL, NULL }
	};
	const struct saslhost_setup host = { .appname = "smtpd",
		.options = options,
		.server_init = server_init };

	assert_int_equal(pipe(child), 0);
	assert_int_equal(pipe(parent), 0);
	*pid = fork();
	assert_true(*pid >= 0);
	if (*pid != 0) {
		close(parent[0]);
		close(child[1]);
		return;
	}
	close(parent[1]);
	close(child[0]);
	WANT(saslhost_try(&host) == SASL_OK);
	enter_jail();
	inside(parent[0], child[1]);
	saslhost_close();
	_exit(0);
}

static void
finish(pid_t pid, int child[2], int parent[2])
{
	int status = -1;

	close(parent[1]);
	close(child[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Waits until the child has looked; false when it has died. */
static void
looked(int child[2])
{
	char c;

	assert_int_equal(read(child[0], &c, 1), 1);
}

static void
test_empty(void **state)
{
	int child[2], parent[2];
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	run_in_jail(in_empty_jail, child, parent, &pid);
	finish(pid, child, parent);
}

/* Inside, the configuration of outside with a part for imap only. */
static void
rename_service(void)
{
	char dir[TEST_PATH_MAX], path[TEST_PATH_MAX], text[1024] = "", *name;
	FILE *f = fopen(world.path, "re");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	name = strstr(text, "smtp");
	assert_non_null(name);
	memcpy(name, "imap", strlen("imap"));
	snprintf(dir, sizeof(dir), "%s%s", world.jail, world.lab.dir);
	test_write(path, dir, "jwtgate.json", 0644, text, n);
}

static void
test_furnished(void **state)
{
	int child[2], parent[2];
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	make_dirs(world.jail);
	put_key(world.jail, &world.lab.es);
	put(world.jail, "revoked.json", "{\"revoked\":[]}");
	run_in_jail(in_furnished_jail, child, parent, &pid);
	looked(child);
	put_key(world.jail, &world.next);
	assert_int_equal(write(parent[1], "x", 1), 1);
	looked(child);
	put(world.jail, "revoked.json", "{\"revoked\":[{\"jti\":\"j1\"}]}");
	assert_int_equal(write(parent[1], "x", 1), 1);
	looked(child);
	rename_service();
	assert_int_equal(write(parent[1], "x", 1), 1);
	looked(child);
	finish(pid, child, parent);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_empty, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_furnished, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
