/*
 * gate: many threads decide while their files change under them. Token A is
 * good in every good version of the files, so it must be taken at every
 * moment, whatever is broken or gone just then; nothing that a stranger
 * signed ever is. scripts/test runs this under ThreadSanitizer.
 */

#include "testtoken.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "json.h"
#include "str.h"

#define THREADS 6
#define ROUNDS 120
#define PAYLOAD \
	"{\"iss\":\"https://a.example\",\"aud\":\"ssh\",\"sub\":\"alice\"," \
	"\"exp\":1700009000,\"iat\":1700000000,\"jti\":\"j1\"}"
#define HEADER "{\"alg\":\"ES256\",\"kid\":\"es\"}"

/* '@' is the folder; the rest of the services comes and goes. */
#define CONFIG(more) \
	"{\"common\":{\"issuers\":[{\"issuer\":\"https://a.example\"," \
	"\"keys_file\":\"@/es.jwk\",\"algorithms\":[\"ES256\"]," \
	"\"audience\":[\"ssh\"]}],\"revocation\":{\"file\":\"@/revoked\"}}," \
	"\"services\":{\"sshd\":{\"require\":\"token_only\"}" more "}}"

struct crowd {
	struct lab lab;
	char *good, *bad;
	_Atomic int64_t now;
	atomic_bool stop;
	atomic_ulong accepted;
	atomic_ulong wrong;
	atomic_ulong notices;
};

static struct crowd crowd;

static int
ask(const char *token, const char *service)
{
	const struct gate_request request = {
		.checks = GATE_TOKEN | GATE_ROLES,
		.token = token,
		.token_len = strlen(token),
		.service = service,
	};
	struct gate_outcome out;

	return gate_decide(
	    crowd.lab.gate, &request, atomic_load(&crowd.now), &out);
}

static void *
hammer(void *arg)
{
	char text[ERR_TEXT_MAX];
	int sudo;

	(void)arg;
	while (!atomic_load(&crowd.stop)) {
		if (ask(crowd.good, "sshd") == 0)
			atomic_fetch_add(&crowd.accepted, 1);
		else
			atomic_fetch_add(&crowd.wrong, 1);
		if (ask(crowd.bad, "sshd") != E_SIGNATURE_INVALID)
			atomic_fetch_add(&crowd.wrong, 1);
		sudo = ask(crowd.good, "sudo");
		if (sudo != 0 && sudo != E_CONFIG_INVALID)
			atomic_fetch_add(&crowd.wrong, 1);
		while (gate_notice(crowd.lab.gate, text))
			atomic_fetch_add(&crowd.notices, 1);
	}
	return NULL;
}

static void
put(const char *name, const char *text)
{
	char path[TEST_PATH_MAX], buf[4096];
	struct str s;

	str_init(&s, buf, sizeof(buf));
	for (; *text != '\0'; text++) {
		if (*text == '@')
			str_add(&s, crowd.lab.dir);
		else
			str_add_bytes(&s, text, 1);
	}
	snprintf(path, sizeof(path), "%s/%s", crowd.lab.dir, name);
	assert_int_equal(file_replace(path, 0600, s.data, s.len, NULL), 0);
}

/* Not as the lab does it, which is not in one piece. */
static void
put_key(void)
{
	struct json *j = NULL;
	char *text;

	assert_int_equal(jwk_write(&crowd.lab.es, false, &j, NULL), 0);
	text = json_write(j, false, NULL);
	put("es.jwk", text);
	free(text);
	json_free(&j);
}

static void
take_away(const char *name)
{
	char path[TEST_PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", crowd.lab.dir, name);
	assert_int_equal(unlink(path), 0);
}

/* The world after one more change; every good version takes A. */
static void
change(int round)
{
	switch (round % 8) {
	case 0:
		put("es.jwk", "{\"keys\":");
		break;
	case 1:
		put_key();
		break;
	case 2:
		put("jwtgate.json",
		    CONFIG(",\"sudo\":{\"require\":"
			   "\"token_only\"}"));
		break;
	case 3:
		put("revoked", "{\"revoked\":[{\"jti\":\"j2\"}]}");
		break;
	case 4:
		put("jwtgate.json", "{");
		break;
	case 5:
		take_away("es.jwk");
		break;
	case 6:
		put("jwtgate.json", CONFIG(""));
		put_key();
		break;
	default:
		put("revoked", "[]");
		break;
	}
}

/* Until every thread has seen this second, without a clock. */
static void
wait_for_some(unsigned long more)
{
	unsigned long enough = atomic_load(&crowd.accepted) + more;

	while (atomic_load(&crowd.accepted) < enough &&
	    atomic_load(&crowd.wrong) == 0)
		sched_yield();
}

static int
setup(void **state)
{
	char *damaged;

	(void)state;
	memset(&crowd, 0, sizeof(crowd));
	lab_open(&crowd.lab);
	put("revoked", "{\"revoked\":[]}");
	lab_configure(&crowd.lab, CONFIG(""));
	atomic_store(&crowd.now, 1700000100);
	crowd.good = token_make(&crowd.lab.es, JWA_ES256, HEADER, PAYLOAD);
	crowd.bad = token_make(&crowd.lab.es, JWA_ES256, HEADER, PAYLOAD);
	damaged = &crowd.bad[strlen(crowd.bad) - 40];
	*damaged = *damaged == 'A' ? 'B' : 'A';
	assert_int_equal(ask(crowd.good, "sshd"), 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	lab_close(&crowd.lab);
	free(crowd.good);
	free(crowd.bad);
	return 0;
}

static void
run(pthread_t threads[THREADS], void (*during)(void))
{
	int i;

	for (i = 0; i < THREADS; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, hammer, NULL), 0);
	during();
	atomic_store(&crowd.stop, true);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(atomic_load(&crowd.wrong), 0);
	assert_true(atomic_load(&crowd.accepted) > 0);
}

static void
change_often(void)
{
	int round;

	for (round = 0; round < ROUNDS; round++) {
		change(round);
		atomic_fetch_add(&crowd.now, 1);
		wait_for_some(3);
	}
}

static void
test_changes(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	run(threads, change_often);
	/* of eight changes four are no good, and each is said once at most */
	assert_true(atomic_load(&crowd.notices) > 0);
	assert_true(atomic_load(&crowd.notices) <= ROUNDS / 2);
}

static void
fork_often(void)
{
	int i, status;
	pid_t pid;

	for (i = 0; i < 20; i++) {
		pid = fork();
		if (pid == 0)
			_exit(ask(crowd.good, "sshd") == 0 &&
				    ask(crowd.bad, "sshd") ==
					E_SIGNATURE_INVALID ?
				0 :
				1);
		assert_true(pid > 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		atomic_fetch_add(&crowd.now, 1);
		wait_for_some(1);
	}
}

/* A child decides too, whatever the other threads were doing. */
static void
test_fork(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	run(threads, fork_often);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_changes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fork, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
