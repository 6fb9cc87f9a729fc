/*
 * deadline: the monotonic clock, for waits that must end. Nothing else of
 * common reads a clock.
 */

#ifndef JWTGATE_DEADLINE_H
#define JWTGATE_DEADLINE_H

#include <stdint.h>

/* Microseconds since some moment in the past; never goes back. */
int64_t deadline_now(void);

/* The moment ms from now. */
int64_t deadline_in(int64_t ms);

/* Microseconds that are left, 0 when there are none. */
int64_t deadline_left(int64_t until);

/* The same in milliseconds for poll(2), rounded up. */
int deadline_poll(int64_t until);

/* Of what is left an equal part, when so many others wait for theirs. */
int64_t deadline_share(int64_t until, unsigned parts);

#endif
