/*
 * saslcheck_conf: what libsasl makes of a file of settings. Its parser
 * (lib/config.c) takes letters, digits, '-' and '_' before the colon and
 * lines of less than 4096 bytes; one line that it does not take, and
 * sasl_server_init() fails: the server then offers no mechanism at all, ours
 * or others, and says little about it.
 */

#include "saslcheck.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "err.h"
#include "file.h"
#include "jwk.h"
#include "str.h"

#define LINE_LIMIT 4095 /* bytes of a line, its end not counted */
#define ALL_LOST \
	"libsasl then refuses the whole file, and the server has " \
	"no mechanism at all"

static const char *const option_names[] = {
	"oauthbearer_config",
	"oauthbearer_service",
	"oauthbearer_min_ssf",
};

#define OPTION_COUNT (sizeof(option_names) / sizeof(option_names[0]))

/* One line as libsasl reads it; n bytes, without the line's end. */
static void
judge_line(struct saslcheck *c, const char *path, unsigned number,
    const char *text, size_t n)
{
	const char *end = text + n, *p = text;

	if (n > LINE_LIMIT) {
		saslcheck_find(c, path, number,
		    "%zu bytes in a line, %d are "
		    "allowed; " ALL_LOST,
		    n, LINE_LIMIT);
		return;
	}
	while (p < end && isspace((unsigned char)*p))
		p++;
	if (p == end || *p == '#')
		return;
	while (
	    p < end && (isalnum((unsigned char)*p) || *p == '-' || *p == '_'))
		p++;
	if (p == end || *p != ':') {
		saslcheck_find(c, path, number,
		    "no key of letters, digits, "
		    "'-' and '_' with a colon right behind it; " ALL_LOST);
		return;
	}
	for (p++; p < end && isspace((unsigned char)*p); p++)
		;
	if (p == end)
		saslcheck_find(c, path, number, "no value; " ALL_LOST);
}

void
saslcheck_conf(struct saslcheck *c, const struct saslcheck_file *f)
{
	struct file file = { 0 };
	const struct saslcheck_line *line, *again;
	const char *p, *end;
	unsigned number = 0;
	size_t i, n;

	if (file_read(f->path, SASLCHECK_FILE_MAX, FILE_ANY, &file, NULL) ==
	    0) {
		end = file.data + file.len;
		for (p = file.data; p < end; p += n + 1) {
			n = strcspn(p, "\n");
			judge_line(c, f->path, ++number, p, n);
		}
	}
	file_done(&file);
	for (i = 0; i < f->count; i++) {
		line = &f->lines[i];
		again = saslcheck_get(f, line->key);
		if (again != line)
			saslcheck_find(c, f->path, line->number,
			    "%s was set in line %u; libsasl takes the first "
			    "of them",
			    line->key, again->number);
	}
}

/* The line of an option, with the host's prefix in front of its name. */
static const struct saslcheck_line *
option(const struct saslcheck_file *f, const struct saslcheck_host *host,
    const char *name)
{
	char key[128];
	struct str s;

	str_init(&s, key, sizeof(key));
	str_addf(&s, "%s%s", host->prefix, name);
	return saslcheck_get(f, key);
}

static void
judge_mech_list(struct saslcheck *c, const struct saslcheck_file *f,
    const struct saslcheck_host *host)
{
	const struct saslcheck_line *line = option(f, host, "mech_list");

	if (line == NULL)
		return;
	if (strchr(line->value, ',') != NULL)
		saslcheck_find(c, f->path, line->number,
		    "%s is parted by "
		    "blanks, not by commas",
		    line->key);
	else if (!saslcheck_has(line->value, "OAUTHBEARER") &&
	    !saslcheck_has(line->value, "XOAUTH2"))
		saslcheck_find(c, f->path, line->number,
		    "%s hides our "
		    "mechanisms: add OAUTHBEARER XOAUTH2",
		    line->key);
}

/* Options that nobody reads: a typo here leaves the default in force. */
static void
judge_names(struct saslcheck *c, const struct saslcheck_file *f,
    const struct saslcheck_host *host)
{
	const char *key, *nearest;
	size_t i, j, skip = strlen(host->prefix);

	for (i = 0; i < f->count; i++) {
		key = f->lines[i].key;
		if (strncmp(key, host->prefix, skip) != 0 ||
		    strstr(key + skip, "oauth") != key + skip)
			continue;
		for (j = 0; j < OPTION_COUNT; j++) {
			if (strcmp(key + skip, option_names[j]) == 0)
				break;
		}
		if (j < OPTION_COUNT)
			continue;
		nearest = str_nearest(key + skip, option_names, OPTION_COUNT);
		saslcheck_find(c, f->path, f->lines[i].number,
		    "%s is no option of ours; did you mean %s%s?", key,
		    host->prefix, nearest != NULL ? nearest : option_names[0]);
	}
}

static void
judge_ssf(struct saslcheck *c, const struct saslcheck_file *f,
    const struct saslcheck_host *host)
{
	const struct saslcheck_line *line;
	char *end = NULL;
	unsigned long n;

	line = option(f, host, "oauthbearer_min_ssf");
	if (line == NULL)
		return;
	n = strtoul(line->value, &end, 10);
	if (!isdigit((unsigned char)line->value[0]) || *end != '\0' ||
	    n > 65536)
		saslcheck_find(c, f->path, line->number,
		    "%s is no number "
		    "from 0 to 65536; the mechanisms are hidden",
		    line->key);
	else if (n > 0 && !host->tells_ssf)
		saslcheck_find(c, f->path, line->number,
		    "this host never "
		    "says how strong its channel is, so %s %lu hides the "
		    "mechanisms; leave it out",
		    line->key, n);
	else if (n == 0 && host->tells_ssf)
		saslcheck_find(c, f->path, line->number,
		    "%s 0 takes tokens "
		    "over clear text",
		    line->key);
}

/* A file of keys; one that holds none hides the mechanisms. */
static void
judge_keys(
    struct saslcheck *c, const char *name, const struct saslcheck_host *host)
{
	struct jwk_set set = { 0 };
	struct file file = { 0 };
	struct err e = { 0 };
	char path[PATH_MAX];
	int r;

	if (name == NULL)
		return;
	saslcheck_jailed(c, name, host);
	if (!saslcheck_readable(c, name, host->user))
		return;
	r = file_read(
	    saslcheck_path(c, name, path), JWK_FILE_MAX, FILE_ANY, &file, &e);
	if (r == 0)
		r = jwk_set_parse(file.data, file.len, &set, &e);
	if (r == 0)
		c->files++;
	else
		saslcheck_find(c, path, 0, "no keys: %s", err_text(&e, r));
	jwk_set_done(&set);
	file_done(&file);
}

static void
judge_file(
    struct saslcheck *c, const char *name, const struct saslcheck_host *host)
{
	if (name == NULL)
		return;
	saslcheck_jailed(c, name, host);
	if (saslcheck_readable(c, name, host->user))
		c->files++;
}

/* Every file behind the policy, as the host's user finds it. */
static void
judge_files(struct saslcheck *c, const struct config_policy *policy,
    const struct saslcheck_host *host)
{
	const struct config_issuer *issuer;
	size_t i, k;

	for (i = 0; i < policy->issuer_count; i++) {
		issuer = &policy->issuers[i];
		for (k = 0; k < issuer->keys_files.count; k++)
			judge_keys(c, issuer->keys_files.items[k], host);
		judge_keys(c, issuer->signing_key_file, host);
		judge_file(c, issuer->secret_file, host);
	}
	judge_file(c, policy->revocation_file, host);
	if (policy->directory.configured)
		judge_file(c, policy->directory.bind_password_file, host);
}

/* The configuration that the option names, or the one at its usual place. */
static const struct config_policy *
judge_config(struct saslcheck *c, const char *name,
    const struct saslcheck_host *host, const char *service,
    struct config **config_out)
{
	const struct config_policy *policy;
	struct err e = { 0 };
	char path[PATH_MAX];
	int r;

	r = config_load(saslcheck_path(c, name, path), config_out, &e);
	if (r != 0) {
		/* the sentence names the file, and the place in it */
		saslcheck_find(c, host->service, 0, "nobody is let in: %s",
		    err_text(&e, r));
		return NULL;
	}
	judge_file(c, name, host);
	policy = config_policy(*config_out, service);
	if (policy == NULL) {
		saslcheck_find(c, path, 0,
		    "services has no part for %s, and "
		    "no \"*\": the mechanisms are hidden",
		    service);
		return NULL;
	}
	if (policy->issuer_count == 0)
		saslcheck_find(c, path, 0,
		    "no issuer: nobody's tokens are "
		    "taken");
	judge_files(c, policy, host);
	return policy;
}

const struct config_policy *
saslcheck_options(struct saslcheck *c, const struct saslcheck_file *f,
    const struct saslcheck_host *host, struct config **config_out)
{
	const struct saslcheck_line *config, *service;

	judge_mech_list(c, f, host);
	judge_names(c, f, host);
	judge_ssf(c, f, host);
	config = option(f, host, "oauthbearer_config");
	service = option(f, host, "oauthbearer_service");
	if (config != NULL && config->value[0] != '/') {
		saslcheck_find(c, f->path, config->number,
		    "%s is no absolute "
		    "path; the mechanisms are hidden",
		    config->key);
		return NULL;
	}
	return judge_config(c,
	    config != NULL ? config->value : JWTGATE_CONFIG_FILE, host,
	    service != NULL ? service->value : host->service, config_out);
}
