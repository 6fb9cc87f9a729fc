/*
 * gate: many threads decide while their files change under them. Token A is
 * good in every good version of the files, so it must be taken at every
 * moment, whatever is broken or gone just then; nothing that a stranger
 * signed ever is. scripts/test runs this under ThreadSanitizer.
 */

#include "testtoken.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "deadline.h"
#include "err.h"
#include "file.h"
#include "json.h"
#include "str.h"

#define THREADS 4
#define ROUNDS 64
#define FORKS 8
#define TURNS 2 /* of each thread in a round */
#define SILENCES 32
#define SILENCE 60 /* seconds */
#define LOOK_US 500000 /* for which who comes second waits */
#define STALE 900 /* seconds after which a list is too old */
#define LIST_ENTRIES 2000 /* that take a while to read */
#define LIST_MAX (LIST_ENTRIES * 24 + 64)
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
	int rounds;
	pthread_barrier_t line; /* all begin and end a round together */
	atomic_ulong accepted;
	atomic_ulong wrong;
	atomic_ulong notices;
	atomic_int want; /* of those who come after a silence */
};

static struct crowd crowd;

/* A file system that does not answer, once: both sides meet here twice. */
static struct {
	atomic_bool on;
	pthread_barrier_t line;
} hang;

/* In the place of libc's: the gate looks at its files by it. */
int
stat(const char *restrict path, struct stat *restrict st)
{
	if (strstr(path, "/revoked") != NULL &&
	    atomic_exchange(&hang.on, false)) {
		pthread_barrier_wait(&hang.line);
		pthread_barrier_wait(&hang.line);
	}
	return fstatat(AT_FDCWD, path, st, 0);
}

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

static void
take_turn(void)
{
	char text[ERR_TEXT_MAX];
	int sudo;

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

static void *
hammer(void *arg)
{
	int round, turn;

	(void)arg;
	for (round = 0; round < crowd.rounds; round++) {
		pthread_barrier_wait(&crowd.line);
		for (turn = 0; turn < TURNS; turn++)
			take_turn();
		pthread_barrier_wait(&crowd.line);
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

/* What happens in a round happens while the others decide. */
static void
run(int rounds, void (*during)(int round))
{
	pthread_t threads[THREADS];
	int i;

	crowd.rounds = rounds;
	assert_int_equal(
	    pthread_barrier_init(&crowd.line, NULL, THREADS + 1), 0);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, hammer, NULL), 0);
	for (i = 0; i < rounds; i++) {
		atomic_fetch_add(&crowd.now, 1);
		pthread_barrier_wait(&crowd.line);
		during(i);
		pthread_barrier_wait(&crowd.line);
	}
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	pthread_barrier_destroy(&crowd.line);
	assert_int_equal(atomic_load(&crowd.wrong), 0);
	assert_int_equal(
	    atomic_load(&crowd.accepted), rounds * THREADS * TURNS);
}

static void
test_changes(void **state)
{
	(void)state;
	run(ROUNDS, change);
	/* of eight changes four are no good, and each is said once at most */
	assert_true(atomic_load(&crowd.notices) > 0);
	assert_true(atomic_load(&crowd.notices) <= ROUNDS / 2);
}

/*
 * A child that finds all well ends at once: what its parent's threads hold
 * is lost in it, and nobody is to look for leaks there.
 */
static void
fork_once(int round)
{
	int status;
	pid_t pid;

	(void)round;
	pid = fork();
	if (pid == 0 && ask(crowd.good, "sshd") == 0 &&
	    ask(crowd.bad, "sshd") == E_SIGNATURE_INVALID)
		raise(SIGKILL);
	if (pid == 0)
		_exit(1);
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/*
 * A child decides too, whatever the other threads were doing. The allocator
 * of AddressSanitizer stays locked in it when one of them was allocating.
 */
static void
test_fork(void **state)
{
	(void)state;
#ifdef __SANITIZE_ADDRESS__
	skip();
#endif
	run(FORKS, fork_once);
}

/* A list of many, with A among them or not. */
static void
put_list(bool revoked)
{
	char path[TEST_PATH_MAX], *text = malloc(LIST_MAX);
	struct str s;
	int i;

	assert_non_null(text);
	str_init(&s, text, LIST_MAX);
	str_add(&s, "{\"revoked\":[");
	for (i = 0; i < LIST_ENTRIES; i++)
		str_addf(&s, "{\"jti\":\"x%d\"},", i);
	str_addf(&s, "{\"jti\":\"%s\"}]}", revoked ? "j1" : "j0");
	assert_false(s.full);
	snprintf(path, sizeof(path), "%s/revoked", crowd.lab.dir);
	assert_int_equal(file_replace(path, 0600, s.data, s.len, NULL), 0);
	free(text);
}

static void *
come_back(void *arg)
{
	int round;

	(void)arg;
	for (round = 0; round < SILENCES; round++) {
		pthread_barrier_wait(&crowd.line);
		if (ask(crowd.good, "sshd") != atomic_load(&crowd.want))
			atomic_fetch_add(&crowd.wrong, 1);
		pthread_barrier_wait(&crowd.line);
	}
	return NULL;
}

/*
 * Nobody asks for a while, the list changes, and then many come at once with
 * a token that was revoked: none slips in while the first reads the list.
 */
static void
test_revoked_in_silence(void **state)
{
	pthread_t threads[THREADS];
	unsigned long wrong = 0;
	int64_t began;
	int i;

	(void)state;
	assert_int_equal(
	    pthread_barrier_init(&crowd.line, NULL, THREADS + 1), 0);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, come_back, NULL), 0);
	for (i = 0; i < SILENCES; i++) {
		put_list(i % 2 == 0);
		atomic_store(&crowd.want, i % 2 == 0 ? E_TOKEN_REVOKED : 0);
		atomic_fetch_add(&crowd.now, SILENCE);
		began = deadline_now();
		pthread_barrier_wait(&crowd.line);
		pthread_barrier_wait(&crowd.line);
		/* a machine that is this slow looks like one that hangs */
		if (deadline_now() - began < LOOK_US)
			wrong += atomic_load(&crowd.wrong);
		atomic_store(&crowd.wrong, 0);
	}
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	pthread_barrier_destroy(&crowd.line);
	assert_int_equal(wrong, 0);
}

static void *
look(void *arg)
{
	*(int *)arg = ask(crowd.good, "sshd");
	return NULL;
}

/* How long a decision took that was as wanted. */
static int64_t
timed(int want)
{
	const int64_t began = deadline_now();

	assert_int_equal(ask(crowd.good, "sshd"), want);
	return deadline_now() - began;
}

/*
 * The file system of the list is away while one thread looks at it. The
 * others wait for a moment, and go on with what there was; for as long as a
 * list may be old, and not a second longer. It comes back, with news.
 */
static void
test_hang(void **state)
{
	char text[ERR_TEXT_MAX];
	pthread_t thread;
	int first = -1;

	(void)state;
	assert_int_equal(ask(crowd.good, "sshd"), 0);
	assert_int_equal(pthread_barrier_init(&hang.line, NULL, 2), 0);
	atomic_store(&hang.on, true);
	atomic_fetch_add(&crowd.now, SILENCE);
	assert_int_equal(pthread_create(&thread, NULL, look, &first), 0);
	pthread_barrier_wait(&hang.line);
	/* part of the half second is over when this is a slow machine */
	(void)timed(0);
	assert_true(timed(0) < LOOK_US);
	assert_true(gate_notice(crowd.lab.gate, text));
	assert_non_null(strstr(text, "does not answer"));
	assert_false(gate_notice(crowd.lab.gate, text));
	atomic_fetch_add(&crowd.now, STALE - SILENCE);
	assert_int_equal(ask(crowd.good, "sshd"), 0);
	atomic_fetch_add(&crowd.now, 1);
	assert_int_equal(ask(crowd.good, "sshd"), E_KEYS_UNAVAILABLE);
	put_list(true);
	pthread_barrier_wait(&hang.line);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(first, E_TOKEN_REVOKED);
	assert_int_equal(ask(crowd.good, "sshd"), E_TOKEN_REVOKED);
	assert_false(gate_notice(crowd.lab.gate, text));
	pthread_barrier_destroy(&hang.line);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_changes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fork, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_revoked_in_silence, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hang, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
