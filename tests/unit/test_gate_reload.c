/*
 * gate: a host that runs for years. Files change, break, vanish and come
 * back; the clock is what the test says it is. A and B are two keys of one
 * issuer, as in a rotation.
 */

#include "testtoken.h"

#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "gate_state.h"
#include "json.h"
#include "str.h"

#define PAYLOAD \
	"{\"iss\":\"https://a.example\",\"aud\":\"ssh\",\"sub\":\"alice\"," \
	"\"iat\":1700000000,\"jti\":\"j1\",\"exp\":1700009000}"

#define ISSUER(file) \
	"{\"issuer\":\"https://a.example\",\"keys_file\":\"@/" file "\"," \
	"\"algorithms\":[\"ES256\"],\"audience\":[\"ssh\"]}"
#define CONFIG(file, services) \
	"{\"common\":{\"issuers\":[" ISSUER(file) "]},\"services\":{" services \
						  "}}"
#define SSHD "\"sshd\":{\"require\":\"token_only\"}"
#define SUDO "\"sudo\":{\"require\":\"token_only\"}"
#define REVOKING \
	"\"sshd\":{\"require\":\"token_only\"," \
	"\"revocation\":{\"file\":\"@/revoked.json\"}}"

struct world {
	struct lab lab;
	struct jwk b;
	char *token_a, *token_b;
	int64_t now;
};

static struct world w;

static char *
path_of(const char *name)
{
	static char path[TEST_PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", w.lab.dir, name);
	return path;
}

/* As sync and editors do it; '@' stands for the folder. */
static void
put(const char *name, mode_t mode, const char *text)
{
	static char buf[16384];
	struct str s;

	str_init(&s, buf, sizeof(buf));
	for (; *text != '\0'; text++) {
		if (*text == '@')
			str_add(&s, w.lab.dir);
		else
			str_add_bytes(&s, text, 1);
	}
	assert_int_equal(
	    file_replace(path_of(name), mode, s.data, s.len, NULL), 0);
}

static void
put_keys(const char *name, const struct jwk *a, const struct jwk *b)
{
	struct json *set = NULL, *list = NULL, *key = NULL;
	char *text;

	assert_int_equal(json_make_object(&set), 0);
	assert_int_equal(json_make_array(&list), 0);
	assert_int_equal(jwk_write(a, false, &key, NULL), 0);
	assert_int_equal(json_append(list, key), 0);
	if (b != NULL) {
		assert_int_equal(jwk_write(b, false, &key, NULL), 0);
		assert_int_equal(json_append(list, key), 0);
	}
	assert_int_equal(json_put(set, "keys", list), 0);
	text = json_write(set, false, NULL);
	put(name, 0644, text);
	free(text);
	json_free(&set);
}

static void
open_gate(const char *config)
{
	struct err e = { 0 };

	gate_free(&w.lab.gate);
	put("jwtgate.json", 0600, config);
	if (gate_new(path_of("jwtgate.json"), &w.lab.gate, &e) != 0)
		fail_msg("%s", e.text);
}

static int
ask(const char *service, const char *token, struct gate_outcome *out)
{
	struct gate_outcome mine;
	const struct gate_request request = {
		.checks = GATE_TOKEN | (service != NULL ? GATE_ROLES : 0),
		.token = token,
		.token_len = strlen(token),
		.service = service,
	};

	return gate_decide(
	    w.lab.gate, &request, w.now, out != NULL ? out : &mine);
}

static int
later(const char *service, const char *token)
{
	w.now++;
	return ask(service, token, NULL);
}

/* Exactly one sentence, with word in it; or none at all. */
static void
said(const char *word)
{
	char text[ERR_TEXT_MAX] = "nothing";
	bool any = gate_notice(w.lab.gate, text);

	if (any != (word != NULL) || (any && strstr(text, word) == NULL))
		fail_msg("said: %s", text);
	if (any && gate_notice(w.lab.gate, text))
		fail_msg("said besides: %s", text);
}

static int
setup(void **state)
{
	(void)state;
	memset(&w, 0, sizeof(w));
	lab_open(&w.lab);
	assert_int_equal(jwk_generate(JWA_ES256, "b", &w.b, NULL), 0);
	w.token_a = token_make(&w.lab.es, JWA_ES256,
	    "{\"alg\":\"ES256\",\"kid\":\"es\"}", PAYLOAD);
	w.token_b = token_make(
	    &w.b, JWA_ES256, "{\"alg\":\"ES256\",\"kid\":\"b\"}", PAYLOAD);
	w.now = 1700000100;
	put_keys("keys", &w.lab.es, NULL);
	open_gate(CONFIG("keys", SSHD));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	said(NULL); /* no test leaves anything unheard */
	lab_close(&w.lab);
	jwk_done(&w.b);
	free(w.token_a);
	free(w.token_b);
	return 0;
}

static void
test_rotation(void **state)
{
	(void)state;
	assert_int_equal(ask("sshd", w.token_a, NULL), 0);
	assert_int_equal(ask("sshd", w.token_b, NULL), E_KEY_UNKNOWN);
	put_keys("keys", &w.lab.es, &w.b);
	/* the files are looked at once a second */
	assert_int_equal(ask("sshd", w.token_b, NULL), E_KEY_UNKNOWN);
	assert_int_equal(later("sshd", w.token_b), 0);
	assert_int_equal(ask("sshd", w.token_a, NULL), 0);
	put_keys("keys", &w.b, NULL);
	assert_int_equal(later("sshd", w.token_a), E_KEY_UNKNOWN);
	assert_int_equal(ask("sshd", w.token_b, NULL), 0);
	/* a clock that was set back does not stop that */
	put_keys("keys", &w.lab.es, NULL);
	w.now -= 50;
	assert_int_equal(ask("sshd", w.token_a, NULL), 0);
	assert_int_equal(ask("sshd", w.token_b, NULL), E_KEY_UNKNOWN);
}

static void
test_broken_keys(void **state)
{
	(void)state;
	assert_int_equal(ask("sshd", w.token_a, NULL), 0);
	put("keys", 0644, "{\"keys\":[{\"kty\":");
	assert_int_equal(later("sshd", w.token_a), 0);
	said("keys: ");
	assert_int_equal(later("sshd", w.token_a), 0);
	said(NULL);
	put("keys", 0644, "{\"keys\":[]}");
	assert_int_equal(later("sshd", w.token_a), 0);
	said("last good version stays");
	assert_int_equal(unlink(path_of("keys")), 0);
	assert_int_equal(later("sshd", w.token_a), 0);
	said("No such file");
	assert_int_equal(later("sshd", w.token_a), 0);
	said(NULL);
	put_keys("keys", &w.b, NULL);
	assert_int_equal(later("sshd", w.token_a), E_KEY_UNKNOWN);
	assert_int_equal(ask("sshd", w.token_b, NULL), 0);
	said(NULL);
}

/* Two services use one file, and it is said once. */
static void
test_said_once(void **state)
{
	(void)state;
	open_gate(CONFIG("keys",
	    SSHD "," SUDO ",\"su\":{\"require\":"
		 "\"token_only\",\"issuers\":[" ISSUER("keys") "]}"));
	assert_int_equal(ask("sshd", w.token_a, NULL), 0);
	assert_int_equal(ask("sudo", w.token_a, NULL), 0);
	assert_int_equal(ask("su", w.token_a, NULL), 0);
	assert_int_equal(ask(NULL, w.token_a, NULL), 0);
	put("keys", 0644, "{");
	assert_int_equal(later("sudo", w.token_a), 0);
	said("keys: ");
	assert_int_equal(ask("su", w.token_a, NULL), 0);
	put_keys("keys", &w.b, NULL);
	assert_int_equal(later("sudo", w.token_b), 0);
	assert_int_equal(ask("su", w.token_b, NULL), 0);
	assert_int_equal(ask("sshd", w.token_b, NULL), 0);
}

/* The mode is judged anew though no other word of the file changed. */
static void
test_unsafe_keys(void **state)
{
	(void)state;
	assert_int_equal(ask("sshd", w.token_a, NULL), 0);
	put_keys("keys", &w.b, NULL);
	assert_int_equal(chmod(path_of("keys"), 0666), 0);
	assert_int_equal(later("sshd", w.token_a), 0);
	said("written by group or others");
	assert_int_equal(later("sshd", w.token_b), E_KEY_UNKNOWN);
	said(NULL);
	assert_int_equal(chmod(path_of("keys"), 0644), 0);
	assert_int_equal(later("sshd", w.token_b), 0);
}

/* A file that comes back as it was is good again, and may break again. */
static void
test_moved_away(void **state)
{
	char away[TEST_PATH_MAX];
	int i;

	(void)state;
	snprintf(away, sizeof(away), "%s/away", w.lab.dir);
	assert_int_equal(ask("sshd", w.token_a, NULL), 0);
	for (i = 0; i < 3; i++) {
		assert_int_equal(rename(path_of("keys"), away), 0);
		assert_int_equal(later("sshd", w.token_a), 0);
		said("cannot open");
		assert_int_equal(rename(away, path_of("keys")), 0);
		assert_int_equal(later("sshd", w.token_a), 0);
		said(NULL);
	}
}

static void
test_never_good(void **state)
{
	struct gate_outcome out;

	(void)state;
	assert_int_equal(unlink(path_of("keys")), 0);
	assert_int_equal(ask("sshd", w.token_a, &out), E_KEYS_UNAVAILABLE);
	assert_non_null(strstr(out.text, "No such file"));
	put_keys("keys", &w.lab.es, NULL);
	/* a flood of tokens does not read a bad file again and again */
	assert_int_equal(ask("sshd", w.token_a, NULL), E_KEYS_UNAVAILABLE);
	assert_int_equal(later("sshd", w.token_a), 0);
}

static void
test_services(void **state)
{
	(void)state;
	assert_int_equal(ask("sshd", w.token_a, NULL), 0);
	assert_int_equal(ask("sudo", w.token_a, NULL), E_CONFIG_INVALID);
	put("jwtgate.json", 0600, CONFIG("keys", SSHD "," SUDO));
	assert_int_equal(later("sudo", w.token_a), 0);
	put("jwtgate.json", 0600, CONFIG("keys", SUDO));
	assert_int_equal(later("sudo", w.token_a), 0);
	assert_int_equal(ask("sshd", w.token_a, NULL), E_CONFIG_INVALID);
}

static void
test_broken_config(void **state)
{
	(void)state;
	assert_int_equal(ask("sshd", w.token_a, NULL), 0);
	put("jwtgate.json", 0600, "{\"common\":");
	assert_int_equal(later("sshd", w.token_a), 0);
	said("jwtgate.json:1:");
	assert_int_equal(later("sshd", w.token_a), 0);
	said(NULL);
	put("jwtgate.json", 0600, "{\"comon\":{}}");
	assert_int_equal(later("sshd", w.token_a), 0);
	said("did you mean");
	assert_int_equal(unlink(path_of("jwtgate.json")), 0);
	assert_int_equal(later("sshd", w.token_a), 0);
	said("cannot open");
	put("jwtgate.json", 0622, CONFIG("keys", SUDO));
	assert_int_equal(later("sudo", w.token_a), E_CONFIG_INVALID);
	said("written by group or others");
	/* while the configuration is broken, keys go on being renewed */
	put_keys("keys", &w.b, NULL);
	assert_int_equal(later("sshd", w.token_b), 0);
	put("jwtgate.json", 0600, CONFIG("keys", SUDO));
	assert_int_equal(later("sudo", w.token_b), 0);
	assert_int_equal(ask("sshd", w.token_b, NULL), E_CONFIG_INVALID);
}

/* The new configuration finds the keys of the old one. */
static void
test_keys_over_config(void **state)
{
	(void)state;
	assert_int_equal(ask("sshd", w.token_a, NULL), 0);
	assert_int_equal(unlink(path_of("keys")), 0);
	put("jwtgate.json", 0600, CONFIG("keys", SSHD "," SUDO));
	assert_int_equal(later("sshd", w.token_a), 0);
	said("No such file");
	/* but only those of the same file */
	put("jwtgate.json", 0600, CONFIG("other", SSHD));
	assert_int_equal(later("sshd", w.token_a), E_KEYS_UNAVAILABLE);
	put_keys("other", &w.b, NULL);
	assert_int_equal(later("sshd", w.token_b), 0);
	assert_int_equal(ask("sshd", w.token_a, NULL), E_KEY_UNKNOWN);
}

static void
test_revocations(void **state)
{
	struct gate_outcome out;

	(void)state;
	open_gate(CONFIG("keys", REVOKING));
	assert_int_equal(ask("sshd", w.token_a, &out), E_KEYS_UNAVAILABLE);
	assert_non_null(strstr(out.text, "revoked.json"));
	assert_int_equal(ask(NULL, w.token_a, NULL), 0); /* not asked for */
	put("revoked.json", 0644, "{\"revoked\":[]}");
	assert_int_equal(later("sshd", w.token_a), 0);
	put("revoked.json", 0644, "{\"revoked\":[{\"jti\":\"j1\"}]}");
	assert_int_equal(later("sshd", w.token_a), E_TOKEN_REVOKED);
	put("revoked.json", 0644, "{\"revoked\":[{\"jti\":\"j1\"]}");
	assert_int_equal(later("sshd", w.token_a), E_TOKEN_REVOKED);
	said("revoked.json:1:");
	assert_int_equal(unlink(path_of("revoked.json")), 0);
	assert_int_equal(later("sshd", w.token_a), E_TOKEN_REVOKED);
	said("cannot open");
	/* the list is kept over a configuration too */
	put("jwtgate.json", 0600, CONFIG("keys", SUDO "," REVOKING));
	assert_int_equal(later("sshd", w.token_a), E_TOKEN_REVOKED);
	said(NULL);
	put("revoked.json", 0644, "{\"revoked\":[{\"jti\":\"j2\"}]}");
	assert_int_equal(later("sshd", w.token_a), 0);
}

/* A list that nobody can read counts for a while, and then nobody enters. */
static void
test_stale_revocations(void **state)
{
	struct gate_outcome out;

	(void)state;
	put("revoked.json", 0644, "{\"revoked\":[]}");
	open_gate(CONFIG("keys", REVOKING));
	assert_int_equal(ask("sshd", w.token_a, NULL), 0);
	w.now += 5000; /* it is looked at when somebody asks */
	assert_int_equal(ask("sshd", w.token_a, NULL), 0);
	assert_int_equal(unlink(path_of("revoked.json")), 0);
	w.now += 900;
	assert_int_equal(ask("sshd", w.token_a, NULL), 0);
	said("cannot open");
	w.now += 1;
	assert_int_equal(ask("sshd", w.token_a, &out), E_KEYS_UNAVAILABLE);
	assert_non_null(strstr(out.text, "stale_after"));
	assert_int_equal(ask(NULL, w.token_a, NULL), 0); /* not asked for */
	/* one that is no good does not help */
	put("revoked.json", 0644, "{\"revoked\":");
	assert_int_equal(later("sshd", w.token_a), E_KEYS_UNAVAILABLE);
	said("revoked.json:1:");
	put("revoked.json", 0644, "{\"revoked\":[]}");
	assert_int_equal(later("sshd", w.token_a), 0);
	/* nobody asked for long, and it went in between */
	assert_int_equal(unlink(path_of("revoked.json")), 0);
	w.now += 901;
	assert_int_equal(ask("sshd", w.token_a, NULL), E_KEYS_UNAVAILABLE);
	said("cannot open");
}

/* Zero does not mean for ever. */
static void
test_stale_at_once(void **state)
{
	(void)state;
	put("revoked.json", 0644, "{\"revoked\":[]}");
	open_gate(CONFIG("keys",
	    "\"sshd\":{\"require\":\"token_only\",\"revocation\":{"
	    "\"file\":\"@/revoked.json\",\"stale_after\":0}}"));
	assert_int_equal(ask("sshd", w.token_a, NULL), 0);
	assert_int_equal(later("sshd", w.token_a), 0);
	assert_int_equal(unlink(path_of("revoked.json")), 0);
	assert_int_equal(later("sshd", w.token_a), E_KEYS_UNAVAILABLE);
	said("cannot open");
}

/* Locks that a fork() copied belong to threads that are not here. */
static void
test_forked_locks(void **state)
{
	(void)state;
	assert_int_equal(ask("sshd", w.token_a, NULL), 0);
	put_keys("keys", &w.b, NULL);
	atomic_store(&w.lab.gate->lock, getpid() + 1);
	atomic_store(&w.lab.gate->looking, getpid() + 1);
	assert_int_equal(later("sshd", w.token_b), 0);
	assert_int_equal(atomic_load(&w.lab.gate->lock), 0);
	assert_int_equal(atomic_load(&w.lab.gate->looking), 0);
	/* one of this process is respected: somebody looks already */
	put_keys("keys", &w.lab.es, NULL);
	atomic_store(&w.lab.gate->looking, getpid());
	assert_int_equal(later("sshd", w.token_b), 0);
	atomic_store(&w.lab.gate->looking, 0);
	assert_int_equal(later("sshd", w.token_a), 0);
}

/* More sentences than there is room for: the last ones are kept. */
static void
test_unheard(void **state)
{
	char text[ERR_TEXT_MAX], word[32];
	int i, heard = 0;

	(void)state;
	assert_int_equal(ask("sshd", w.token_a, NULL), 0);
	for (i = 0; i < 3 * GATE_NOTICES; i++) {
		snprintf(word, sizeof(word), "{\"common\":{\"x%d\":1}}", i);
		put("jwtgate.json", 0600, word);
		assert_int_equal(later("sshd", w.token_a), 0);
	}
	snprintf(word, sizeof(word), "common.x%d:", i - 1);
	while (gate_notice(w.lab.gate, text))
		heard++;
	assert_int_equal(heard, GATE_NOTICES);
	assert_non_null(strstr(text, word));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_rotation, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_broken_keys, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_said_once, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_unsafe_keys, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_moved_away, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_never_good, setup, teardown),
		cmocka_unit_test_setup_teardown(test_services, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_broken_config, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_keys_over_config, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_revocations, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_stale_revocations, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_stale_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_forked_locks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unheard, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
