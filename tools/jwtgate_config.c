/*
 * jwtgate config: what the configuration says, for the one who wrote it.
 * Reading it whole is config.c's; here every key and revocation list that it
 * names is loaded as well, as the first login would.
 */

#include "jwtgate.h"

#include <stdbool.h>
#include <string.h>

#include "config.h"
#include "directory.h"
#include "err.h"
#include "keyring.h"
#include "mem.h"
#include "revocation.h"
#include "source.h"
#include "str.h"

#define NAME_SHOWN_MAX 256
#define SAID_MAX 32 /* texts; a further one may be repeated */

static const char *
asks_for(const struct config_policy *policy)
{
	switch (policy->require) {
	case CONFIG_REQUIRE_NOBODY:
		return "what nobody has";
	case CONFIG_REQUIRE_ANY:
		return "any of the roles";
	case CONFIG_REQUIRE_ALL:
		return "all of the roles";
	case CONFIG_REQUIRE_TOKEN_ONLY:
		return "a token alone";
	}
	return "what nobody has";
}

/* what: "service sshd" or, where the file names none, "every service". */
static int
say_policy(
    const char *path, const char *what, const struct config_policy *policy)
{
	const struct config_list *roles;
	char text[1024], name[NAME_SHOWN_MAX];
	struct str s;
	size_t i;

	if (policy == NULL)
		return cli_printf("%s: %s lets nobody in\n", path, what);
	roles = &policy->require_roles;
	str_init(&s, text, sizeof(text));
	for (i = 0; i < roles->count; i++)
		str_addf(&s, " %s",
		    str_printable(name, sizeof(name), roles->items[i],
			strlen(roles->items[i])));
	return cli_printf("%s: %s asks for %s%s%s\n", path, what,
	    asks_for(policy), text, s.full ? " ..." : "");
}

static int
say_services(const char *path, const struct config *config)
{
	const struct config_list *names = config_services(config);
	char name[NAME_SHOWN_MAX], what[NAME_SHOWN_MAX + 16];
	struct str s;
	size_t i;
	int status = CLI_DONE;

	if (names->count == 0)
		return say_policy(
		    path, "every service", config_policy(config, "*"));
	for (i = 0; i < names->count && status == CLI_DONE; i++) {
		str_printable(name, sizeof(name), names->items[i],
		    strlen(names->items[i]));
		str_init(&s, what, sizeof(what));
		str_addf(&s, "service %s", name);
		status = say_policy(
		    path, what, config_policy(config, names->items[i]));
	}
	return status;
}

static int
describe(const char *path, const struct config *config)
{
	const struct config_list *names = config_foreign(config);
	char name[NAME_SHOWN_MAX];
	size_t i;
	int status;

	status = cli_printf("%s: ok\n", path);
	for (i = 0; i < names->count && status == CLI_DONE; i++)
		status = cli_printf("%s: left to another application: %s\n",
		    path,
		    str_printable(name, sizeof(name), names->items[i],
			strlen(names->items[i])));
	return status == CLI_DONE ? say_services(path, config) : status;
}

/* What was said, since services repeat the issuers of the common part. */
struct said {
	char *texts[SAID_MAX]; /* owns */
	size_t count;
};

static bool
say_once(struct said *said, const char *text)
{
	size_t i;

	for (i = 0; i < said->count; i++) {
		if (strcmp(said->texts[i], text) == 0)
			return false;
	}
	if (said->count < SAID_MAX) {
		said->texts[said->count] = mem_strdup(text);
		if (said->texts[said->count] != NULL)
			said->count++;
	}
	return true;
}

/* Every failure is told, not only the first, and each once. */
static int
say_failure(int r, const struct err *e, struct said *said)
{
	if (r == 0)
		return CLI_DONE;
	if (!say_once(said, err_text(e, r)))
		return (int)err_class(r);
	return cli_fail(r, e);
}

/* Returns the last failure. */
static int
policy_keys(
    struct keyring *keys, const struct config_policy *policy, struct said *said)
{
	const struct config_issuer *issuer;
	const struct jwk_set *set;
	const struct jwk_enc_set *enc_set;
	struct err e;
	size_t i;
	int r, status = CLI_DONE;

	for (i = 0; i < policy->issuer_count; i++) {
		memset(&e, 0, sizeof(e));
		issuer = &policy->issuers[i];
		r = keyring_get(keys, issuer, &set, &e);
		if (r == 0 && issuer->encryption != NULL)
			r = keyring_get_enc(keys, issuer, &enc_set, &e);
		if (r != 0)
			status = say_failure(r, &e, said);
	}
	return status;
}

/* Without the list that it names, a service refuses everybody. */
static int
policy_revocations(const struct config_policy *policy, struct said *said)
{
	struct source *source = NULL;
	const void *list;
	struct err e = { 0 };
	int r;

	if (policy->revocation_file == NULL)
		return CLI_DONE;
	r = source_new(&revocation_kind, policy, &source);
	if (r == 0)
		r = source_get(source, &list, &e);
	source_drop(&source);
	return say_failure(r, &e, said);
}

static int
policy_files(
    struct keyring *keys, const struct config_policy *policy, struct said *said)
{
	int status = policy_keys(keys, policy, said);
	int revocations = policy_revocations(policy, said);
	struct err e = { 0 };
	int r = 0;

	if (policy->directory.configured)
		r = directory_check_files(&policy->directory, &e);
	if (r != 0)
		status = say_failure(r, &e, said);
	return revocations != CLI_DONE ? revocations : status;
}

static int
all_files(const struct config *config)
{
	const struct config_list *services = config_services(config);
	const struct config_policy *policy;
	struct keyring *keys = NULL;
	struct said said = { 0 };
	size_t i;
	int r, one, status = CLI_DONE;

	r = keyring_new(&keys);
	if (r != 0)
		return cli_fail(r, NULL);
	for (i = 0; i <= services->count; i++) {
		policy = config_policy(
		    config, i == 0 ? NULL : services->items[i - 1]);
		one = policy != NULL ? policy_files(keys, policy, &said) :
				       CLI_DONE;
		if (one != CLI_DONE)
			status = one;
	}
	keyring_free(&keys);
	for (i = 0; i < said.count; i++)
		mem_free_str(&said.texts[i]);
	return status;
}

int
jwtgate_config_check(const struct cli *cli)
{
	const char *path = cli_config_path(cli);
	struct config *config = NULL;
	struct err e = { 0 };
	int r, status;

	r = config_load(path, &config, &e);
	if (r != 0)
		return cli_fail_config(r, &e);
	status = describe(path, config);
	if (status == CLI_DONE)
		status = all_files(config);
	config_free(&config);
	return status;
}
