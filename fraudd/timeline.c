/* CLOCK_BOOTTIME is read in the vDSO: no system call on the hot path. */

#include "timeline.h"

#include <time.h>

static int64_t
read_us(clockid_t id)
{
	struct timespec ts = { 0 };

	(void)clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

void
timeline_start(struct timeline *t)
{
	t->anchor = read_us(CLOCK_REALTIME) - read_us(CLOCK_BOOTTIME);
}

int64_t
timeline_us(const struct timeline *t)
{
	return t->anchor + read_us(CLOCK_BOOTTIME);
}
