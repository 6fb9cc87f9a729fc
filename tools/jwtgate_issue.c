/*
 * jwtgate issue: tokens of our own, made with the secret or the signing key
 * of common.authentication.
 */

#include "jwtgate.h"

#include <string.h>

#include "config.h"
#include "err.h"
#include "issue_password.h"
#include "json.h"
#include "jws.h"
#include "keyring.h"
#include "mem.h"
#include "mint.h"
#include "str.h"

#define CLAIM_NAME_MAX 255

/* The value of a claim: JSON where it is JSON, else the text as it is. */
static int
claim_put(struct json *claims, const char *name, const char *text)
{
	struct json *value = NULL;
	int r;

	r = json_parse(text, strlen(text), false, &value, NULL);
	if (r == 0)
		return json_put(claims, name, value);
	return r == E_NOMEM ? r : json_put_string(claims, name, text);
}

static int
claim_add(const struct cli *cli, struct json *claims, const char *text)
{
	char name[CLAIM_NAME_MAX + 1];
	size_t n = strcspn(text, "=");
	int r;

	if (text[n] == '\0' || n == 0 || n > CLAIM_NAME_MAX)
		return cli_usage(cli, "--claim takes NAME=VALUE");
	memcpy(name, text, n);
	name[n] = '\0';
	if (json_member(claims, name) != NULL)
		return cli_usage(cli, "--claim: one name was given twice");
	r = claim_put(claims, name, text + n + 1);
	return r == 0 ? CLI_DONE : cli_fail(r, NULL);
}

static int
claims_build(const struct cli *cli, struct json **out)
{
	struct json *claims = NULL;
	const char *text;
	size_t i;
	int r, status = CLI_DONE;

	r = json_make_object(&claims);
	if (r != 0)
		return cli_fail(r, NULL);
	for (i = 0; status == CLI_DONE; i++) {
		text = cli_value_at(cli, CLI_CLAIM, i);
		if (text == NULL)
			break;
		status = claim_add(cli, claims, text);
	}
	if (status == CLI_DONE)
		*out = claims;
	else
		json_free(&claims);
	return status;
}

static int
mint(const struct cli *cli, const struct config *config,
    const struct mint_request *request, int64_t now)
{
	const struct config_policy *policy = config_policy(config, NULL);
	const struct config_issuer *own = policy != NULL ? config_own(policy) :
							   NULL;
	struct keyring *keys = NULL;
	struct err e = { 0 };
	char *token = NULL;
	size_t n;
	int r, status;

	if (own == NULL) {
		err_set(&e, E_CONFIG_INVALID,
		    "common.authentication has no secret and no signing key");
		return cli_fail(E_CONFIG_INVALID, &e);
	}
	r = keyring_new(&keys);
	if (r == 0)
		r = mint_token(keys, own, request, now, &token, &e);
	keyring_free(&keys);
	if (r == E_CONFIG_INVALID) /* a --claim that is not for the caller */
		return cli_usage(cli, "%s", err_text(&e, r));
	if (r != 0)
		return cli_fail(r, &e);
	n = strlen(token);
	token[n] = '\n';
	status = cli_print(token, n + 1);
	mem_free(&token, n + 1);
	return status;
}

/* The numbers of the command line into the request. Returns a status. */
static int
numbers(const struct cli *cli, struct mint_request *request, int64_t *now)
{
	int64_t ttl = 0, max_bytes = 0;
	int status;

	status = cli_now(cli, now);
	if (status == CLI_DONE)
		status = cli_number(cli, CLI_TTL, ((int64_t)1 << 53) - 1, &ttl);
	if (status == CLI_DONE)
		status = cli_number(
		    cli, CLI_MAX_BYTES, JWS_MAX_LEN, &max_bytes);
	if (status != CLI_DONE)
		return status;
	if (ttl == 0 && cli_value(cli, CLI_TTL) != NULL)
		return cli_usage(cli, "--ttl takes at least one second");
	if (max_bytes == 0 && cli_value(cli, CLI_MAX_BYTES) != NULL)
		return cli_usage(cli, "--max-bytes takes at least one");
	request->ttl = ttl;
	request->max_bytes = (size_t)max_bytes;
	return CLI_DONE;
}

int
jwtgate_issue(const struct cli *cli)
{
	struct mint_request request = { 0 };
	struct config *config = NULL;
	struct json *claims = NULL;
	struct err e = { 0 };
	int64_t now;
	int r, status;

	request.user = cli_value(cli, CLI_USER);
	status = numbers(cli, &request, &now);
	if (status != CLI_DONE)
		return status;
	status = claims_build(cli, &claims);
	if (status != CLI_DONE)
		return status;
	request.claims = claims;
	if (cli_value(cli, CLI_PASSWORD_STDIN) != NULL)
		status = issue_password(cli, request.user, now, claims);
	if (status != CLI_DONE) {
		json_free(&claims);
		return status;
	}
	r = config_load(cli_config_path(cli), &config, &e);
	status = r == 0 ? mint(cli, config, &request, now) :
			  cli_fail_config(r, &e);
	config_free(&config);
	json_free(&claims);
	return status;
}
