/*
 * Hosts that run for years: an exchange leaves nothing behind, and a lack of
 * memory lets nobody in.
 */

#include "sasllab.h"

#include <unistd.h>

#define MANY 100000
#define WARM 2000
#define GROWTH_MAX_KB 512

static struct messages said;

static const bool keeps_freed =
#ifdef __SANITIZE_ADDRESS__
    true;
#else
    false;
#endif

/*
 * libsasl itself does not survive a lack of memory, so it gets none: its
 * allocations are the C library's own, behind those that fail.
 */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void __libc_free(void *p);

/* What a step ends with when its n-th allocation fails; 0: none does. */
static int
step_without(const char *message, size_t n, unsigned long at, bool *failed_out)
{
	const struct saslhost_conn link = {
		.service = "smtp", .ssf = 256, .peer = PEER
	};
	sasl_conn_t *conn = saslhost_connect(&link);
	const char *out = NULL;
	unsigned out_len = 0;
	int r;

	(void)sasl_server_start(conn, "OAUTHBEARER", NULL, 0, &out, &out_len);
	if (at > 0)
		alloc_fail_at(at);
	r = sasl_server_step(conn, message, (unsigned)n, &out, &out_len);
	*failed_out = at > 0 && alloc_failed();
	alloc_fail_off();
	if (r == SASL_CONTINUE)
		r = sasl_server_step(conn, "\001", 1, &out, &out_len);
	sasl_dispose(&conn);
	return r;
}

/* A good token fails or enters, a bad one does not enter. */
static void
test_no_memory(void **state)
{
	unsigned long at, failures = 0;
	bool failed = true;
	int r;

	(void)state;
	if (!alloc_fail_works())
		skip();
	sasl_set_alloc(
	    __libc_malloc, __libc_calloc, __libc_realloc, __libc_free);
	/* not as slapd: prop_request() of libsasl ends the process then */
	open_as("test");
	messages_make(&said);
	assert_int_equal(
	    step_without(said.good, said.len, 0, &failed), SASL_OK);
	for (at = 1, failed = true; failed; at++) {
		r = step_without(said.good, said.len, at, &failed);
		failures += failed ? 1 : 0;
		assert_true(r == SASL_OK || failed);
	}
	for (at = 1, failed = true; failed; at++) {
		r = step_without(said.bad, said.len, at, &failed);
		assert_int_not_equal(r, SASL_OK);
	}
	assert_true(failures > 0);
	assert_int_equal(
	    step_without(said.good, said.len, 0, &failed), SASL_OK);
}

static long
resident_kb(void)
{
	long pages = 0, shared;
	FILE *f = fopen("/proc/self/statm", "re");

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%ld %ld", &shared, &pages), 2);
	fclose(f);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Accepted, refused and broken exchanges, and the memory of the process. */
static void
test_flat(void **state)
{
	long before = 0, after;
	int i;

	(void)state;
	if (keeps_freed || !alloc_fail_works())
		skip(); /* under a tool that keeps what was freed */
	open_as("slapd");
	messages_make(&said);
	for (i = 0; i < MANY; i++) {
		if (i == WARM)
			before = resident_kb();
		if (i % 50 == 0)
			assert_int_equal(turn(said.good, said.len), SASL_OK);
		else if (i % 50 == 1)
			assert_int_equal(
			    turn(said.bad, said.len), SASL_BADAUTH);
		else
			assert_int_equal(turn(said.good, (size_t)i % said.len),
			    SASL_BADAUTH);
	}
	after = resident_kb();
	if (after - before > GROWTH_MAX_KB)
		fail_msg("%ld kB grew to %ld kB", before, after);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_no_memory),
		TEST(test_flat),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
