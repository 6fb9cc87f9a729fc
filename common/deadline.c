/*
 * The monotonic clock as one number.
 */

#include "deadline.h"

#include <limits.h>
#include <time.h>

#define SECOND INT64_C(1000000)

int64_t
deadline_now(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * SECOND + t.tv_nsec / 1000;
}

int64_t
deadline_in(int64_t ms)
{
	return deadline_now() + ms * 1000;
}

int64_t
deadline_left(int64_t until)
{
	int64_t left = until - deadline_now();

	return left > 0 ? left : 0;
}

int
deadline_poll(int64_t until)
{
	int64_t ms = (deadline_left(until) + 999) / 1000;

	return ms < INT_MAX ? (int)ms : INT_MAX;
}

int64_t
deadline_share(int64_t until, unsigned parts)
{
	return parts <= 1 ? until :
			    deadline_now() + deadline_left(until) / parts;
}
