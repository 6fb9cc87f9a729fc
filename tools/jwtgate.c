/*
 * jwtgate: the administrator's command. One table names every command, what
 * it takes and what runs it; usage lines, --help and the search for a
 * misspelt command all come from it.
 */

#include "jwtgate.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "err.h"
#include "str.h"

#define WORDS_MAX 64

#define SASL_CHECK_OPTIONS (CLI_BIT(CLI_ROOT) | CLI_BIT(CLI_FILE))

static const struct cli_command commands[] = {
	{ "verify", jwtgate_verify, 0,
	    CLI_BIT(CLI_CONFIG) | CLI_BIT(CLI_SERVICE) | CLI_BIT(CLI_USER) |
		CLI_BIT(CLI_RHOST) | CLI_BIT(CLI_NOW) | CLI_BIT(CLI_EXPLAIN) |
		CLI_BIT(CLI_JSON),
	    "decide about the token on standard input" },
	{ "jws verify", jwtgate_jws_verify, CLI_BIT(CLI_KEYS), CLI_BIT(CLI_ALG),
	    "check a signature and print the payload, whatever it says" },
	{ "jws sign", jwtgate_jws_sign, CLI_BIT(CLI_KEYS),
	    CLI_BIT(CLI_ALG) | CLI_BIT(CLI_TYP),
	    "sign standard input, byte for byte" },
	{ "jwe encrypt", jwtgate_jwe_encrypt, CLI_BIT(CLI_KEYS),
	    CLI_BIT(CLI_ALG) | CLI_BIT(CLI_ENC) | CLI_BIT(CLI_CTY),
	    "encrypt standard input, byte for byte" },
	{ "jwe decrypt", jwtgate_jwe_decrypt, CLI_BIT(CLI_KEYS),
	    CLI_BIT(CLI_ALG) | CLI_BIT(CLI_ENC),
	    "decrypt a token and print what is in it" },
	{ "decode", jwtgate_decode, 0, 0,
	    "print what a token says, without verifying it" },
	{ "issue", jwtgate_issue, CLI_BIT(CLI_USER),
	    CLI_BIT(CLI_CONFIG) | CLI_BIT(CLI_TTL) | CLI_BIT(CLI_MAX_BYTES) |
		CLI_BIT(CLI_CLAIM) | CLI_BIT(CLI_NOW) |
		CLI_BIT(CLI_PASSWORD_STDIN),
	    "make a token with our own secret or key" },
	{ "keys generate", jwtgate_keys_generate, 0,
	    CLI_BIT(CLI_ALG) | CLI_BIT(CLI_KID),
	    "print a new private key as a JWK" },
	{ "keys public", jwtgate_keys_public, CLI_BIT(CLI_KEYS), 0,
	    "print the public halves of keys as a JWK set" },
	{ "revoke", jwtgate_revoke, 0,
	    CLI_BIT(CLI_CONFIG) | CLI_BIT(CLI_SERVICE) | CLI_BIT(CLI_JTI) |
		CLI_BIT(CLI_SID) | CLI_BIT(CLI_KID) | CLI_BIT(CLI_SUBJECT) |
		CLI_BIT(CLI_USER) | CLI_BIT(CLI_ISSUER) | CLI_BIT(CLI_NOW),
	    "take no more tokens of this name, from now on" },
	{ "roles USER", jwtgate_roles, 0,
	    CLI_BIT(CLI_CONFIG) | CLI_BIT(CLI_SERVICE) | CLI_BIT(CLI_RHOST) |
		CLI_BIT(CLI_NOW) | CLI_BIT(CLI_EXPLAIN) | CLI_BIT(CLI_JSON),
	    "ask the directory which roles a user holds" },
	{ "config check", jwtgate_config_check, 0, CLI_BIT(CLI_CONFIG),
	    "read the configuration and every key it names" },
	{ "sasl-check postfix", jwtgate_sasl_check, 0, SASL_CHECK_OPTIONS,
	    "say what is wrong with its main.cf, master.cf, smtpd.conf" },
	{ "sasl-check slapd", jwtgate_sasl_check, 0, SASL_CHECK_OPTIONS,
	    "the same of slapd.d or slapd.conf, and sasl2/slapd.conf" },
	{ "sasl-check imapd", jwtgate_sasl_check, 0, SASL_CHECK_OPTIONS,
	    "the same of Cyrus IMAP's imapd.conf" },
	{ "sasl-check memcached", jwtgate_sasl_check, 0, SASL_CHECK_OPTIONS,
	    "the same of memcached.conf, and sasl2/memcached.conf" },
	{ "sasl-check svnserve", jwtgate_sasl_check, 0, SASL_CHECK_OPTIONS,
	    "the same of sasl2/svn.conf, and a svnserve.conf with --file" },
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

/* What a command takes behind its words, in capitals; or NULL. */
static const char *
command_operand(const char *words)
{
	const char *last = strrchr(words, ' ');

	return last != NULL && last[1] >= 'A' && last[1] <= 'Z' ? last + 1 :
								  NULL;
}

/* How many operands the words of a command take; 0 when they differ. */
static size_t
command_match(const struct cli_command *command, const struct cli *cli)
{
	const char *operand = command_operand(command->words);
	const char *p = command->words;
	size_t i, n;

	for (i = 0; i < cli->operand_count; i++) {
		n = strcspn(p, " ");
		if (!str_is(p, n, cli->operands[i]))
			return 0;
		if (p[n] == '\0' || p + n + 1 == operand)
			return i + 1;
		p += n + 1;
	}
	return 0;
}

/* The command whose words come nearest to the first operands, or NULL. */
static const char *
command_nearest(const struct cli *cli)
{
	const char *words[COMMAND_COUNT];
	const char *nearest;
	char text[WORDS_MAX];
	struct str s;
	size_t i;

	for (i = 0; i < COMMAND_COUNT; i++)
		words[i] = commands[i].words;
	str_init(&s, text, sizeof(text));
	str_add(&s, cli->operands[0]);
	if (cli->operand_count > 1)
		str_addf(&s, " %s", cli->operands[1]);
	nearest = str_nearest(text, words, COMMAND_COUNT);
	if (nearest == NULL)
		nearest = str_nearest(cli->operands[0], words, COMMAND_COUNT);
	return nearest;
}

static int
command_unknown(const struct cli *cli)
{
	const char *nearest;
	size_t i, n, found = 0;

	if (cli->operand_count == 0)
		return cli_usage(cli, "a command is missing");
	n = strlen(cli->operands[0]);
	for (i = 0; i < COMMAND_COUNT && cli->operand_count == 1; i++) {
		if (strncmp(commands[i].words, cli->operands[0], n) != 0 ||
		    commands[i].words[n] != ' ')
			continue;
		fprintf(stderr, "%s%s",
		    found++ == 0 ? "jwtgate: one of " : ", ",
		    commands[i].words);
	}
	if (found > 0) {
		fprintf(stderr, " is meant; see jwtgate --help\n");
		return CLI_USAGE;
	}
	nearest = command_nearest(cli);
	if (nearest == NULL)
		return cli_usage(cli, "unknown command");
	return cli_usage(cli, "unknown command; did you mean %s?", nearest);
}

static int
help_command(const struct cli_command *command)
{
	char text[CLI_SYNOPSIS_MAX];
	int i, status;

	status = cli_printf("usage: jwtgate %s\n\n%s\n",
	    cli_synopsis(command, text), command->help);
	for (i = 0; i < CLI_OPTION_COUNT && status == CLI_DONE; i++) {
		if (((command->required | command->optional) & CLI_BIT(i)) != 0)
			status = cli_printf("  %s\n",
			    cli_option_help((enum cli_option)i, text));
	}
	return status;
}

static int
help_all(void)
{
	char text[CLI_SYNOPSIS_MAX];
	size_t i;
	int status;

	status = cli_printf("usage: jwtgate COMMAND [OPTION]...\n\n");
	for (i = 0; i < COMMAND_COUNT && status == CLI_DONE; i++)
		status = cli_printf("jwtgate %s\n    %s\n",
		    cli_synopsis(&commands[i], text), commands[i].help);
	if (status != CLI_DONE)
		return status;
	return cli_printf("\nTokens are read from standard input. "
			  "See jwtgate(1).\n");
}

/* r and e: what cli_parse() said. */
static int
run(struct cli *cli, int r, struct err *e)
{
	const char *operand;
	size_t i, words = 0;

	for (i = 0; i < COMMAND_COUNT && words == 0; i++) {
		words = command_match(&commands[i], cli);
		if (words > 0)
			cli->command = &commands[i];
	}
	if (r != 0)
		return cli_usage(cli, "%s", err_text(e, r));
	if (cli_value(cli, CLI_HELP) != NULL)
		return cli->command != NULL ? help_command(cli->command) :
					      help_all();
	if (cli_value(cli, CLI_VERSION) != NULL)
		return cli_printf("jwtgate %s\n", PACKAGE_VERSION);
	if (cli->command == NULL)
		return command_unknown(cli);
	r = cli_check(cli, e);
	if (r != 0)
		return cli_usage(cli, "%s", err_text(e, r));
	operand = command_operand(cli->command->words);
	if (operand != NULL && cli->operand_count == words)
		return cli_usage(cli, "%s is missing", operand);
	if (operand != NULL)
		words++;
	if (cli->operand_count > words)
		return cli_usage(cli,
		    "a superfluous operand (tokens and payloads are read "
		    "from standard input)");
	return cli->command->run(cli);
}

int
main(int argc, char **argv)
{
	struct cli cli = { 0 };
	struct err e = { 0 };
	int r, status;

	status = cli_open_std();
	if (status != CLI_DONE)
		return status;
	r = cli_parse(argc, argv, &cli, &e);
	if (r == E_NOMEM)
		return cli_fail(r, &e);
	status = run(&cli, r, &e);
	cli_done(&cli);
	return status;
}
