/*
 * jwtgate sasl-check: reads the SASL configuration of one host and says what
 * keeps tokens out, or lets them travel in clear text. It asks no host and
 * changes nothing; --root looks at another machine's files.
 */

#include "jwtgate.h"

#include <string.h>

#include "saslcheck.h"

static const struct {
	const char *words;
	void (*check)(struct saslcheck *c);
} hosts[] = {
	{ "sasl-check postfix", saslcheck_postfix },
	{ "sasl-check slapd", saslcheck_slapd },
	{ "sasl-check imapd", saslcheck_imapd },
	{ "sasl-check memcached", saslcheck_memcached },
	{ "sasl-check svnserve", saslcheck_svnserve },
};

int
jwtgate_sasl_check(const struct cli *cli)
{
	const char *root = cli_value(cli, CLI_ROOT);
	const char *file = cli_value(cli, CLI_FILE);
	struct saslcheck c = { .root = root != NULL ? root : "" };
	size_t i;

	if (file != NULL && file[0] != '/')
		return cli_usage(cli, "--file takes a path from the root on");
	c.file = file;
	for (i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		if (strcmp(cli->command->words, hosts[i].words) == 0)
			hosts[i].check(&c);
	}
	if (c.status == CLI_DONE)
		saslcheck_plugin(&c);
	saslcheck_end(&c);
	if (c.status != CLI_DONE)
		return c.status;
	if (c.findings > 0)
		return CLI_REFUSED;
	return cli_printf(
	    "nothing wrong in %zu file%s\n", c.files, c.files == 1 ? "" : "s");
}
