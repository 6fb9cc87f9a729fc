/*
 * cli: what every command of jwtgate(1) shares: options, standard input and
 * output, and how a failure becomes lines and an exit status.
 *
 * Functions that return a status return what the program exits with: 0, or
 * 1, 2, 3 as err_class() numbers them, and have then said why on stderr.
 */

#ifndef JWTGATE_CLI_H
#define JWTGATE_CLI_H

#include <stddef.h>
#include <stdint.h>

#include "jwa.h"

struct cli;
struct err;

enum cli_option {
	CLI_CONFIG,
	CLI_KEYS,
	CLI_SERVICE,
	CLI_USER,
	CLI_RHOST,
	CLI_ALG,
	CLI_ENC,
	CLI_TYP,
	CLI_CTY,
	CLI_KID,
	CLI_TTL,
	CLI_MAX_BYTES,
	CLI_PASSWORD_STDIN,
	CLI_CLAIM,
	CLI_NOW,
	CLI_JTI,
	CLI_SID,
	CLI_SUBJECT,
	CLI_ISSUER,
	CLI_ROOT,
	CLI_FILE,
	CLI_EXPLAIN,
	CLI_JSON,
	CLI_HELP,
	CLI_VERSION,
	CLI_OPTION_COUNT
};

#define CLI_BIT(option) (1u << (option))

enum cli_status {
	CLI_DONE = 0,
	CLI_REFUSED = 1,
	CLI_USAGE = 2, /* or the configuration */
	CLI_UNAVAILABLE = 3
};

struct cli_command {
	const char *words; /* "jws verify", "roles USER" */
	int (*run)(const struct cli *cli); /* returns a status */
	unsigned required; /* CLI_BIT()s of the options it takes */
	unsigned optional;
	const char *help;
};

struct cli_given {
	enum cli_option option;
	const char *value; /* borrowed from argv; NULL for a switch */
};

struct cli {
	const struct cli_command *command; /* borrowed; NULL when unknown */
	struct cli_given *given; /* owns the array */
	size_t given_count;
	const char **operands; /* owns the array, borrows from argv */
	size_t operand_count;
};

/*
 * Sorts argv into options and operands, which may stand in any order; "--"
 * ends the options. Returns 0, E_NOMEM or E_SYNTAX; on E_SYNTAX *out still
 * holds everything that could be understood, to find the command's usage.
 */
int cli_parse(int argc, char *const *argv, struct cli *out, struct err *e);
void cli_done(struct cli *cli);

/* 0, or E_SYNTAX when the options are not those that the command takes. */
int cli_check(const struct cli *cli, struct err *e);

/* The value of an option, or the i-th of one that repeats; NULL at the end.
 * For a switch "" when it was given. Borrowed. */
const char *cli_value(const struct cli *cli, enum cli_option option);
const char *cli_value_at(
    const struct cli *cli, enum cli_option option, size_t i);

/* The operand behind the words of a command that takes one. Borrowed. */
const char *cli_operand(const struct cli *cli);

/* The file that --config names, or the one the build has set. */
const char *cli_config_path(const struct cli *cli);

/*
 * A whole number from 0 to max; *out is left alone without the option.
 * Returns a status.
 */
int cli_number(
    const struct cli *cli, enum cli_option option, int64_t max, int64_t *out);

/* The time of day, or what --now says. Returns a status. */
int cli_now(const struct cli *cli, int64_t *out);

/* The algorithm that n bytes of an option's value name. Returns a status. */
int cli_algorithm(
    const struct cli *cli, const char *name, size_t n, enum jwa_alg *out);

/* Names separated by commas, each a bit; all of them without the option. */
typedef int cli_name_fn(
    const struct cli *cli, const char *name, size_t n, unsigned *bit);
int cli_names(const struct cli *cli, enum cli_option option, cli_name_fn *fn,
    unsigned *bits_out);

/* "verify [--config FILE] ..." of a command in buf. Returns buf. */
#define CLI_SYNOPSIS_MAX 512
char *cli_synopsis(
    const struct cli_command *command, char buf[CLI_SYNOPSIS_MAX]);

/* One line for --help: "--config FILE  the configuration"; in buf. */
char *cli_option_help(enum cli_option option, char buf[CLI_SYNOPSIS_MAX]);

/* Makes sure that no file we open becomes standard input, output or error;
 * one that is closed fails when it is used. Returns a status. */
int cli_open_std(void);

struct cli_input {
	char *data; /* owns; never NULL after cli_read() */
	size_t len;
};

/* Reads at most max bytes of standard input. Returns a status. */
int cli_read(size_t max, struct cli_input *out);

/* A token: byte for byte, but one final LF is removed. Returns a status. */
int cli_read_token(struct cli_input *out);
void cli_input_done(struct cli_input *in); /* wipes */

/* Writes to standard output, all of it or a status that is not 0. */
int cli_print(const void *data, size_t n);
int cli_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* "jwtgate: ..." and the usage line on stderr; returns CLI_USAGE. */
int cli_usage(const struct cli *cli, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * The bare word of a reason code, then "jwtgate: sentence", on stderr;
 * returns the status of its class, never 0. e may be NULL.
 */
int cli_fail(int code, const struct err *e);

/* The same for a configuration that did not load. */
int cli_fail_config(int code, const struct err *e);

#endif
