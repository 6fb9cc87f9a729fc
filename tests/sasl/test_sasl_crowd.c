/*
 * Hosts with threads: slapd and memcached call one table from many of them.
 * scripts/test runs this under ThreadSanitizer too.
 */

#include "sasllab.h"

#include <pthread.h>
#include <stdatomic.h>

#include "file.h"

#define THREADS 4
#define TURNS 50

static struct messages said;
static atomic_ulong wrong;

static void *
hammer(void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < TURNS; i++) {
		if (turn(said.good, said.len) != SASL_OK)
			atomic_fetch_add(&wrong, 1);
		if (turn(said.bad, said.len) != SASL_BADAUTH)
			atomic_fetch_add(&wrong, 1);
	}
	return NULL;
}

/* The files of a running host change under it. */
static void
rewrite_config(int i)
{
	char *text;
	struct file f = { 0 };

	if (file_read(world.path, 65536, FILE_ANY, &f, NULL) != 0)
		return;
	text = malloc(f.len + 2);
	if (text != NULL) {
		memcpy(text, f.data, f.len);
		text[f.len] = ' ';
		(void)file_replace(
		    world.path, 0600, text, f.len + (size_t)(i % 2), NULL);
	}
	free(text);
	file_done(&f);
}

static void
test_threads(void **state)
{
	pthread_t threads[THREADS];
	int i;

	(void)state;
	open_as("memcached");
	messages_make(&said);
	atomic_store(&wrong, 0);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, hammer, NULL), 0);
	for (i = 0; i < 20; i++)
		rewrite_config(i);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(atomic_load(&wrong), 0);
}

/* A configuration that comes later is opened once, whoever asks first. */
static void *
list(void *arg)
{
	const struct saslhost_conn link = { .service = "smtp", .ssf = 256 };
	sasl_conn_t *conn;
	int i;

	(void)arg;
	for (i = 0; i < TURNS; i++) {
		conn = saslhost_connect(&link);
		(void)saslhost_mechs(conn);
		sasl_dispose(&conn);
	}
	return NULL;
}

static void
test_opened_late(void **state)
{
	char away[TEST_PATH_MAX + 8];
	pthread_t threads[THREADS];
	int i;

	(void)state;
	snprintf(away, sizeof(away), "%s.away", world.path);
	assert_int_equal(rename(world.path, away), 0);
	open_as("memcached");
	for (i = 0; i < THREADS; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, list, NULL), 0);
	assert_int_equal(rename(away, world.path), 0);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_threads),
		TEST(test_opened_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
