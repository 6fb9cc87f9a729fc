/*
 * fraudctl_log: one line of a log as an attempt. Pure. Three kinds are told
 * apart by how they begin:
 *
 *	203.0.113.7 - alice [27/Nov/2026:23:00:12 +0000] "POST /login HTTP/1.1"
 *	401 123 ...		the combined format of nginx and Apache
 *	{"time": "2026-11-27T23:00:12Z", "event": "card", "ip": "...", ...}
 *	2026-11-27T23:00:12.5Z ATTEMPT card ip 203.0.113.7 last4 4242 ...
 *
 * Times are RFC 3339 or seconds since 1970, with a fraction where wanted.
 */

#ifndef JWTGATE_FRAUDCTL_LOG_H
#define JWTGATE_FRAUDCTL_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine.h"

struct err;

#define LOG_LINE_MAX 16384
#define LOG_STATUSES 32

/* Of a web server's log: which lines, and what they are. */
struct log_options {
	const char *event; /* borrowed; NULL: lines of it are a mistake */
	const char *match; /* "METHOD PATH", '*' stands for any; NULL: all */
	uint16_t statuses[LOG_STATUSES];
	size_t status_count; /* 0: all */
	/* which of its own fields a rule asks for, beside ip and user */
	bool method, path, status, agent;
};

struct log_line {
	int64_t ms; /* since 1970 */
	struct engine_attempt attempt; /* borrows from the line and the room */
	char room[LOG_LINE_MAX];
	size_t used;
};

enum log_found {
	LOG_BAD = 0, /* err says what is wrong */
	LOG_OTHER, /* a line that is not asked for, or empty */
	LOG_ATTEMPT
};

enum log_found log_read(const char *text, size_t n, const struct log_options *o,
    struct log_line *out, struct err *e);

/* Times, for their tests: 0 or E_SYNTAX. */
int log_time(const char *text, size_t n, int64_t *ms_out);
int log_web_time(const char *text, size_t n, int64_t *ms_out);

/* "401,403" into the options; false when it is no such list. */
bool log_take_statuses(struct log_options *o, const char *list);

#endif
