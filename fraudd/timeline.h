/*
 * timeline: the time of the daemon, milliseconds since 1970, set by the wall
 * clock once at the start and carried on by the time since boot (suspend
 * included), so that it never steps back and no one can set it.
 */

#ifndef JWTGATE_TIMELINE_H
#define JWTGATE_TIMELINE_H

#include <stdint.h>

struct timeline {
	int64_t anchor; /* us, wall clock minus boot time at the start */
};

void timeline_start(struct timeline *t);
int64_t timeline_us(const struct timeline *t);

#endif
