/*
 * testjournal: records that say which they are, so that a replay can be held
 * against what was appended, and a journal with system calls that fail.
 */

#ifndef JWTGATE_TESTJOURNAL_H
#define JWTGATE_TESTJOURNAL_H

#include "testutil.h"

#include "err.h"
#include "journal.h"
#include "journal_priv.h"

#define TEST_RECORD_MAX 120

/* The record of that number, 9..TEST_RECORD_MAX bytes; returns its length. */
size_t test_record(uint8_t out[TEST_RECORD_MAX], uint64_t number);
/* Its number, or 0: it is none of those. */
uint64_t test_record_number(const void *record, size_t n);

/* Numbers in the order of a replay; a foreign record fails the test. */
struct replayed {
	uint64_t *number; /* owned */
	size_t count, cap;
	struct journal_report report;
};
int replayed_add(void *arg, const void *record, size_t n);
void replayed_done(struct replayed *r);
/* True when that number is among them. */
bool replayed_has(const struct replayed *r, uint64_t number);
/* They are first, first + 1, ... last and nothing else. */
void replayed_is(const struct replayed *r, uint64_t first, uint64_t last);

/* Opens dir, asserts that it works. io may be NULL. */
struct journal *test_open(
    const char *dir, const struct journal_io *io, struct replayed *r);
/* Opens dir for its records alone. */
void test_replay(const char *dir, struct replayed *r);

/* Appends the records of these numbers; returns the last ticket. */
uint64_t test_append(struct journal *j, uint64_t first, uint64_t last);

/* Waits until something happened; fails the test after two minutes. */
void test_wait(struct journal *j);
/* Syncs and waits until the ticket is reached. */
void test_synced(struct journal *j, uint64_t ticket);
/* A whole snapshot of those records; false: it was given up. */
bool test_snapshot(struct journal *j, uint64_t first, uint64_t last);

/* Copies the files of one folder into a new one, holes for zeros. */
void test_copy(const char *from, const char *to);
/* How many files there are with that prefix, and the last one's path. */
size_t test_files(
    const char *dir, const char *prefix, char last[TEST_PATH_MAX]);

extern const struct journal_io test_io; /* the real ones */
bool test_maps(int fd); /* journal_io.maps: always */
void test_rest(void); /* journal_io.rest: none */

#endif
