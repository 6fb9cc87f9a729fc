/*
 * The time of the daemon goes on by itself, whatever becomes of the wall
 * clock. Both clocks are the test's.
 */

#include "testutil.h"

#include "timeline.h"

#include <time.h>

#define HOUR INT64_C(3600)

static int64_t wall, boot; /* s */

int
clock_gettime(clockid_t id, struct timespec *out)
{
	out->tv_sec = id == CLOCK_REALTIME ? wall : boot;
	out->tv_nsec = id == CLOCK_REALTIME ? 500000000 : 250000000;
	return 0;
}

static void
test_set(void **state)
{
	static const int64_t steps[] = { 0, -24 * HOUR, 24 * HOUR, -1700000000,
		INT64_C(1) << 33 };
	struct timeline t;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(steps); i++) {
		wall = 1700000000;
		boot = 77;
		timeline_start(&t);
		assert_int_equal(timeline_us(&t), INT64_C(1700000000500000));
		wall += steps[i];
		assert_int_equal(timeline_us(&t), INT64_C(1700000000500000));
		boot += 10;
		assert_int_equal(timeline_us(&t), INT64_C(1700000010500000));
	}
	/* the next start takes the clock as it is */
	timeline_start(&t);
	assert_int_equal(timeline_us(&t), wall * 1000000 + 500000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
