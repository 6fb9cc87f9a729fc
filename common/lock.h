/*
 * lock: a word that one thread at a time holds, for a few instructions and
 * never while it waits for anything. It holds the number of the process that
 * took it: one that another process holds was copied by fork() from a thread
 * that is not here, and is broken open. So what stands under such a lock must
 * never be unfinished in a way that matters.
 */

#ifndef JWTGATE_LOCK_H
#define JWTGATE_LOCK_H

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>
#include <unistd.h>

static inline bool
lock_try(_Atomic pid_t *lock)
{
	pid_t me = getpid(), holder = 0;

	if (atomic_compare_exchange_strong_explicit(
		lock, &holder, me, memory_order_acquire, memory_order_relaxed))
		return true;
	return holder != me &&
	    atomic_compare_exchange_strong_explicit(
		lock, &holder, me, memory_order_acquire, memory_order_relaxed);
}

static inline void
lock_take(_Atomic pid_t *lock)
{
	while (!lock_try(lock))
		sched_yield();
}

static inline void
lock_give(_Atomic pid_t *lock)
{
	atomic_store_explicit(lock, 0, memory_order_release);
}

#endif
