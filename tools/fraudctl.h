/*
 * fraudctl: the administrator's command for fraudd. One function per command
 * of the table in fraudctl.c; each returns the exit status and has then said
 * why on standard error.
 */

#ifndef JWTGATE_FRAUDCTL_H
#define JWTGATE_FRAUDCTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct client;
struct err;
struct json;
struct resp;
struct settings;

enum fraudctl_status {
	FRAUDCTL_DONE = 0,
	FRAUDCTL_REFUSED = 1, /* no right, or there is no such thing */
	FRAUDCTL_USAGE = 2, /* or the rules, or the log */
	FRAUDCTL_UNAVAILABLE = 3
};

struct fraudctl {
	const char *socket;
	const char *config; /* NULL: the build's */
	const char *event, *match, *status; /* replay; NULL: not said */
	bool json, once, all;
	int64_t interval; /* s, between two screens */
	int64_t rows; /* of top; 0: what fits */
	const char *const *operands; /* behind the words of the command */
	size_t operand_count;
};

int fraudctl_stats(const struct fraudctl *f);
int fraudctl_show(const struct fraudctl *f);
int fraudctl_why(const struct fraudctl *f);
int fraudctl_list(const struct fraudctl *f);
int fraudctl_top(const struct fraudctl *f);
int fraudctl_watch(const struct fraudctl *f);
int fraudctl_block(const struct fraudctl *f);
int fraudctl_unblock(const struct fraudctl *f);
int fraudctl_forget(const struct fraudctl *f);
int fraudctl_reload(const struct fraudctl *f);
int fraudctl_rotate(const struct fraudctl *f);
int fraudctl_rules_check(const struct fraudctl *f);
int fraudctl_replay(const struct fraudctl *f);

/* "fraudctl: ..." on standard error; returns status. */
int fraudctl_say(int status, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The same for a code of err.h. */
int fraudctl_fail(int code, const struct err *e);

/* The rules: of the file that --config names, the build's, or the defaults. */
int fraudctl_rules_load(const struct fraudctl *f, struct settings **out);

/* What was written has arrived, or a status that says it has not. */
int fraudctl_flush(void);

/* "ip" and an address, "KEY=VALUE", or two operands from *at on, which then
 * stands behind them. Returns a status. */
struct fraudctl_key {
	const char *value; /* borrowed */
	char key[65];
};
int fraudctl_key_take(
    const struct fraudctl *f, size_t *at, struct fraudctl_key *out);

/* Seconds, or a number with s, m, h or d; false when it is none. */
bool fraudctl_seconds(const char *text, int64_t *out);

/* 2026-11-27T23:00:12Z in buf. Returns buf. */
#define FRAUDCTL_TIME_MAX 32
char *fraudctl_time(int64_t seconds, char buf[FRAUDCTL_TIME_MAX]);

/* "59s", "2h 5m", "3d 1h" in buf. Returns buf. */
char *fraudctl_duration(int64_t seconds, char buf[FRAUDCTL_TIME_MAX]);

/* A bar of width cells, part of whole of them full. */
void fraudctl_bar(FILE *to, uint64_t part, uint64_t whole, int width);

/* Connects, asks one thing, and reports an error answer. The client is NULL
 * unless the status is 0. */
int fraudctl_open(const struct fraudctl *f, struct client **out);
int fraudctl_ask(
    struct client *c, const char *const *words, size_t count, struct resp *out);

/* Prints the tree as one document and frees it. Returns a status. */
int fraudctl_print_json(struct json **j, bool pretty);

#endif
