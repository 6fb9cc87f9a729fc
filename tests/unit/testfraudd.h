/*
 * testfraudd: a thread that is asked like fraudd, writes down what it was
 * asked, one line each with the words apart by blanks, and answers as it is
 * told to.
 */

#ifndef JWTGATE_TESTFRAUDD_H
#define JWTGATE_TESTFRAUDD_H

#include <pthread.h>

#define TEST_FRAUDD_HEARD 8192

struct test_fraudd {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more;
	int fd, stop[2];
	char heard[TEST_FRAUDD_HEARD];
	unsigned lines;
	int owed; /* attempts that were let through, without their end */
	const char *login, *token; /* NULL: no answer */
};

/* Listens at dir/s; answers "1" to all but attempts. */
void test_fraudd_start(struct test_fraudd *f, const char *dir);
void test_fraudd_stop(struct test_fraudd *f);

/*
 * What it says to attempts of the events login and token, and to sessions as
 * to logins, from now on; NULL: nothing. What it heard is forgotten, but for
 * the ends of attempts that it let through, for which it waits.
 */
void test_fraudd_says(
    struct test_fraudd *f, const char *login, const char *token);

/* What it heard, as soon as that is as many lines. */
void test_fraudd_heard(
    struct test_fraudd *f, unsigned lines, char got[TEST_FRAUDD_HEARD]);

/*
 * What it heard is want, where X stands for a hash of 43 characters and I for
 * id, that of the attempt.
 */
void test_fraudd_heard_is(
    struct test_fraudd *f, const char *id, const char *want);

#endif
