/*
 * cli: options and operands in any order, the way getopt_long(3) permutes
 * them, but without its abbreviations: what is not an option's whole name
 * today may become another option tomorrow. Nothing of argv that could be a
 * token in the wrong place is ever repeated on stderr.
 */

#include "cli.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "err.h"
#include "mem.h"
#include "str.h"

#define OPTION_ECHO_MAX 24 /* bytes of an unknown option we repeat */

struct option_row {
	const char *name;
	const char *value; /* what it takes; NULL for a switch */
	bool repeats;
	const char *help;
};

static const struct option_row option_rows[CLI_OPTION_COUNT] = {
	[CLI_CONFIG] = { "--config", "FILE", false,
	    "the configuration (" JWTGATE_CONFIG_FILE ")" },
	[CLI_KEYS] = { "--keys", "FILE", false,
	    "keys: a JWK, a JWK set, or PEM" },
	[CLI_SERVICE] = { "--service", "NAME", false,
	    "decide as for this service" },
	[CLI_USER] = { "--user", "NAME", false, "the user's login name" },
	[CLI_RHOST] = { "--rhost", "ADDRESS", false,
	    "the address that the user comes from" },
	[CLI_ALG] = { "--alg", "NAME", false, "algorithm of the key" },
	[CLI_ENC] = { "--enc", "NAME", false, "algorithm of the content" },
	[CLI_TYP] = { "--typ", "TYPE", false, "the header's typ" },
	[CLI_CTY] = { "--cty", "TYPE", false, "the header's cty" },
	[CLI_KID] = { "--kid", "ID", false, "name of the key (a thumbprint)" },
	[CLI_TTL] = { "--ttl", "SECONDS", false, "lifetime (jwtexpireoffset)" },
	[CLI_MAX_BYTES] = { "--max-bytes", "N", false,
	    "refuse to make a longer token" },
	[CLI_PASSWORD_STDIN] = { "--password-stdin", NULL, false,
	    "only for the user's password, on standard input" },
	[CLI_CLAIM] = { "--claim", "NAME=VALUE", true,
	    "one more claim; VALUE is JSON, or else a string" },
	[CLI_NOW] = { "--now", "SECONDS", false,
	    "the time, counted from 1970 (the clock's)" },
	[CLI_JTI] = { "--jti", "ID", false, "the token of this jti" },
	[CLI_SID] = { "--sid", "ID", false, "all tokens of this session" },
	[CLI_SUBJECT] = { "--subject", "NAME", false,
	    "the subject of --issuer" },
	[CLI_ISSUER] = { "--issuer", "NAME", false, "this issuer's alone" },
	[CLI_ROOT] = { "--root", "DIR", false,
	    "look at the files below it (/)" },
	[CLI_FILE] = { "--file", "FILE", false,
	    "the host's own file, where it is another one" },
	[CLI_EXPLAIN] = { "--explain", NULL, false,
	    "print each step and what decided it" },
	[CLI_JSON] = { "--json", NULL, false, "print one JSON object" },
	[CLI_HELP] = { "--help", NULL, false, "say what there is" },
	[CLI_VERSION] = { "--version", NULL, false, "say which version" },
};

static enum cli_option
option_find(const char *name, size_t n)
{
	int i;

	for (i = 0; i < CLI_OPTION_COUNT; i++) {
		if (str_is(name, n, option_rows[i].name))
			break;
	}
	return (enum cli_option)i;
}

static int
option_unknown(const char *name, size_t n, struct err *e)
{
	const char *names[CLI_OPTION_COUNT];
	char shown[OPTION_ECHO_MAX + 1];
	const char *nearest;
	size_t i;

	if (n >= sizeof(shown))
		return err_set(e, E_SYNTAX, "unknown option");
	str_printable(shown, sizeof(shown), name, n);
	for (i = 0; i < CLI_OPTION_COUNT; i++)
		names[i] = option_rows[i].name;
	nearest = str_nearest(shown, names, CLI_OPTION_COUNT);
	if (nearest == NULL)
		return err_set(e, E_SYNTAX, "unknown option %s", shown);
	return err_set(
	    e, E_SYNTAX, "unknown option %s; did you mean %s?", shown, nearest);
}

static int
option_add(
    struct cli *cli, enum cli_option option, const char *value, struct err *e)
{
	const struct option_row *row = &option_rows[option];

	if (row->value == NULL && value != NULL)
		return err_set(e, E_SYNTAX, "%s takes no value", row->name);
	if (row->value != NULL && (value == NULL || *value == '\0'))
		return err_set(
		    e, E_SYNTAX, "%s needs %s", row->name, row->value);
	if (!row->repeats && cli_value(cli, option) != NULL)
		return err_set(e, E_SYNTAX, "%s was given twice", row->name);
	cli->given[cli->given_count].option = option;
	cli->given[cli->given_count].value = value;
	cli->given_count++;
	return 0;
}

/* One argument that starts with '-'; *next is the one behind it or NULL.
 * Sets *next to NULL when it was taken as the value. */
static int
option_parse(struct cli *cli, const char *arg, const char **next, struct err *e)
{
	size_t n = strcspn(arg, "=");
	const char *value = arg[n] == '=' ? arg + n + 1 : NULL;
	enum cli_option option = option_find(arg, n);

	if (option == CLI_OPTION_COUNT)
		return option_unknown(arg, n, e);
	if (value == NULL && option_rows[option].value != NULL) {
		value = *next;
		*next = NULL;
	}
	return option_add(cli, option, value, e);
}

int
cli_parse(int argc, char *const *argv, struct cli *out, struct err *e)
{
	size_t count = argc > 0 ? (size_t)argc : 1;
	const char *next;
	bool options = true;
	int i, r, first = 0;

	memset(out, 0, sizeof(*out));
	out->given = mem_array(count, sizeof(*out->given));
	out->operands = mem_array(count, sizeof(*out->operands));
	if (out->given == NULL || out->operands == NULL) {
		cli_done(out);
		return err_set(e, E_NOMEM, "out of memory");
	}
	for (i = 1; i < argc; i++) {
		if (!options || argv[i][0] != '-' || argv[i][1] == '\0') {
			out->operands[out->operand_count++] = argv[i];
			continue;
		}
		if (strcmp(argv[i], "--") == 0) {
			options = false;
			continue;
		}
		next = i + 1 < argc ? argv[i + 1] : NULL;
		r = option_parse(out, argv[i], &next, e);
		if (i + 1 < argc && next == NULL)
			i++;
		if (first == 0)
			first = r;
	}
	return first;
}

void
cli_done(struct cli *cli)
{
	mem_free(&cli->given, cli->given_count * sizeof(*cli->given));
	mem_free(&cli->operands, cli->operand_count * sizeof(*cli->operands));
	cli->given_count = 0;
	cli->operand_count = 0;
}

int
cli_check(const struct cli *cli, struct err *e)
{
	unsigned takes = cli->command->required | cli->command->optional;
	unsigned missing = cli->command->required;
	const char *name;
	size_t i;
	int o;

	for (i = 0; i < cli->given_count; i++) {
		name = option_rows[cli->given[i].option].name;
		if ((takes & CLI_BIT(cli->given[i].option)) == 0)
			return err_set(e, E_SYNTAX, "%s takes no %s",
			    cli->command->words, name);
		missing &= ~CLI_BIT(cli->given[i].option);
	}
	for (o = 0; o < CLI_OPTION_COUNT; o++) {
		if ((missing & CLI_BIT(o)) != 0)
			return err_set(e, E_SYNTAX, "%s %s is missing",
			    option_rows[o].name, option_rows[o].value);
	}
	return 0;
}

const char *
cli_value_at(const struct cli *cli, enum cli_option option, size_t i)
{
	size_t k;

	for (k = 0; k < cli->given_count; k++) {
		if (cli->given[k].option != option)
			continue;
		if (i-- == 0)
			return cli->given[k].value != NULL ?
			    cli->given[k].value :
			    "";
	}
	return NULL;
}

const char *
cli_value(const struct cli *cli, enum cli_option option)
{
	return cli_value_at(cli, option, 0);
}

const char *
cli_operand(const struct cli *cli)
{
	return cli->operands[cli->operand_count - 1];
}

const char *
cli_config_path(const struct cli *cli)
{
	const char *path = cli_value(cli, CLI_CONFIG);

	return path != NULL ? path : JWTGATE_CONFIG_FILE;
}

int
cli_number(
    const struct cli *cli, enum cli_option option, int64_t max, int64_t *out)
{
	const char *p = cli_value(cli, option);
	int64_t n = 0;

	if (p == NULL)
		return CLI_DONE;
	for (; *p >= '0' && *p <= '9'; p++) {
		if (n > (max - (*p - '0')) / 10)
			break;
		n = n * 10 + (*p - '0');
	}
	if (*p != '\0')
		return cli_usage(cli, "%s takes a whole number from 0 to %lld",
		    option_rows[option].name, (long long)max);
	*out = n;
	return CLI_DONE;
}

int
cli_now(const struct cli *cli, int64_t *out)
{
	*out = (int64_t)time(NULL);
	return cli_number(cli, CLI_NOW, ((int64_t)1 << 53) - 1, out);
}

int
cli_algorithm(
    const struct cli *cli, const char *name, size_t n, enum jwa_alg *out)
{
	char shown[OPTION_ECHO_MAX + 1];
	const char *const *names;
	const char *nearest;
	size_t count;

	*out = jwa_find(name, n);
	if (*out != JWA_NONE)
		return CLI_DONE;
	if (n == 0 || n >= sizeof(shown))
		return cli_usage(cli, "--alg: unknown algorithm");
	str_printable(shown, sizeof(shown), name, n);
	if (jwa_is_absent(name, n))
		return cli_usage(
		    cli, "--alg: %s needs OpenSSL 3.5 or newer", shown);
	names = jwa_names(&count);
	nearest = str_nearest(shown, names, count);
	if (nearest == NULL)
		return cli_usage(cli, "--alg: unknown algorithm %s", shown);
	return cli_usage(cli, "--alg: unknown algorithm %s; did you mean %s?",
	    shown, nearest);
}

int
cli_names(const struct cli *cli, enum cli_option option, cli_name_fn *fn,
    unsigned *bits_out)
{
	const char *p = cli_value(cli, option);
	unsigned bit;
	size_t n;
	int status;

	*bits_out = ~0u;
	if (p == NULL)
		return CLI_DONE;
	*bits_out = 0;
	for (;; p += n + 1) {
		n = strcspn(p, ",");
		status = fn(cli, p, n, &bit);
		if (status != CLI_DONE)
			return status;
		*bits_out |= bit;
		if (p[n] == '\0')
			return CLI_DONE;
	}
}

char *
cli_synopsis(const struct cli_command *command, char buf[CLI_SYNOPSIS_MAX])
{
	const struct option_row *row;
	struct str s;
	bool must;
	int i;

	str_init(&s, buf, CLI_SYNOPSIS_MAX);
	str_add(&s, command->words);
	for (i = 0; i < CLI_OPTION_COUNT; i++) {
		must = (command->required & CLI_BIT(i)) != 0;
		if (!must && (command->optional & CLI_BIT(i)) == 0)
			continue;
		row = &option_rows[i];
		str_addf(&s, must ? " %s%s%s" : " [%s%s%s]", row->name,
		    row->value != NULL ? " " : "",
		    row->value != NULL ? row->value : "");
		if (row->repeats)
			str_add(&s, "...");
	}
	return buf;
}

char *
cli_option_help(enum cli_option option, char buf[CLI_SYNOPSIS_MAX])
{
	const struct option_row *row = &option_rows[option];
	struct str s;

	str_init(&s, buf, CLI_SYNOPSIS_MAX);
	str_add(&s, row->name);
	if (row->value != NULL)
		str_addf(&s, " %s", row->value);
	while (s.len < 20)
		str_add(&s, " ");
	str_addf(&s, "  %s", row->help);
	return buf;
}
