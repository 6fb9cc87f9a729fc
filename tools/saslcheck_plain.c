/*
 * saslcheck_plain: memcached and svnserve, which know no TLS of their own
 * that libsasl would hear of, and find libsasl's file where it always is.
 */

#include "saslcheck.h"

#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "str.h"

static const char *const folders[] = { "/etc/sasl2", "/usr/lib/sasl2", NULL };

/*
 * libsasl's own way to the log, for a program that has none: errors only,
 * unless it is told to take failures (2) too.
 */
static void
judge_log(struct saslcheck *c, const struct saslcheck_file *conf)
{
	const struct saslcheck_line *line = saslcheck_get(conf, "log_level");

	if (line == NULL || strtol(line->value, NULL, 10) < 2)
		saslcheck_find(c, conf->path, line != NULL ? line->number : 0,
		    "no log_level: 2 or more, so that the log does not tell "
		    "why a login was refused");
}

/* libsasl's file of a program, and what it leads to. */
static void
judge_conf(
    struct saslcheck *c, const char *name, const struct saslcheck_host *host)
{
	struct saslcheck_file conf = { .lines = NULL };
	struct config *config = NULL;

	if (saslcheck_find_conf(c, name, folders, &conf)) {
		saslcheck_conf(c, &conf);
		if (strcmp(name, "svn") == 0)
			judge_log(c, &conf);
		saslcheck_options(c, &conf, host, &config);
	}
	config_free(&config);
	saslcheck_done(&conf);
}

/* A letter among the switches of memcached.conf: "-S", "-vv". */
static const struct saslcheck_line *
letter(const struct saslcheck_file *f, char c)
{
	size_t i;

	for (i = 0; i < f->count; i++) {
		if (f->lines[i].key[0] == '-' && f->lines[i].key[1] == c)
			return &f->lines[i];
	}
	return NULL;
}

static bool
is_loopback(const char *list)
{
	return strncmp(list, "127.", 4) == 0 || strcmp(list, "::1") == 0 ||
	    strcmp(list, "localhost") == 0;
}

static void
judge_memcached(struct saslcheck *c, const struct saslcheck_file *f)
{
	const struct saslcheck_line *listen = letter(f, 'l');

	if (letter(f, 'S') == NULL)
		saslcheck_find(c, f->path, 0,
		    "no line -S: everybody is let "
		    "in, without SASL");
	if (letter(f, 'v') == NULL)
		saslcheck_find(c, f->path, 0,
		    "no line -v: memcached keeps "
		    "to itself why a login was refused");
	if (listen == NULL || !is_loopback(listen->value))
		saslcheck_find(c, f->path, listen != NULL ? listen->number : 0,
		    "listens on more "
		    "than 127.0.0.1 (-l), and tokens come in clear text");
}

void
saslcheck_memcached(struct saslcheck *c)
{
	const char *name = c->file != NULL ? c->file : "/etc/memcached.conf";
	struct saslcheck_host host = {
		.service = "memcached", .user = "memcache", .prefix = ""
	};
	struct saslcheck_file f = { .lines = NULL };
	const struct saslcheck_line *user;

	if (!saslcheck_read(c, name, SASLCHECK_WORDS, &f)) {
		saslcheck_absent(c, name);
	} else {
		judge_memcached(c, &f);
		user = letter(&f, 'u');
		if (user != NULL)
			host.user = user->value;
		judge_conf(c, "memcached", &host);
	}
	saslcheck_done(&f);
}

static void
judge_svnserve(struct saslcheck *c, const struct saslcheck_file *f)
{
	const struct saslcheck_line *line;

	if (!saslcheck_yes(saslcheck_value(f, "sasl.use-sasl", "false")))
		saslcheck_find(c, f->path, 0, "[sasl] has no use-sasl = true");
	if (strcmp(saslcheck_value(f, "general.anon-access", "read"), "none") !=
	    0)
		saslcheck_find(c, f->path, 0,
		    "[general] has no anon-access = "
		    "none: who only reads is never asked who they are");
	line = saslcheck_get(f, "sasl.min-encryption");
	if (line != NULL && strtoul(line->value, NULL, 10) > 0)
		saslcheck_find(c, f->path, line->number,
		    "min-encryption %s "
		    "hides the mechanisms: a token encrypts nothing",
		    line->value);
}

void
saslcheck_svnserve(struct saslcheck *c)
{
	static const struct saslcheck_host host = { .service = "svn",
		.prefix = "" };
	static const char *const misnamed[] = { "subversion", "svnserve" };
	struct saslcheck_file f = { .lines = NULL };
	char path[PATH_MAX], shown[PATH_MAX];
	struct str s;
	size_t i;

	if (c->file != NULL &&
	    !saslcheck_read(c, c->file, SASLCHECK_SECTIONS, &f)) {
		saslcheck_absent(c, c->file);
		return;
	}
	if (c->file != NULL)
		judge_svnserve(c, &f);
	for (i = 0; i < sizeof(misnamed) / sizeof(misnamed[0]); i++) {
		str_init(&s, path, sizeof(path));
		str_addf(&s, "/etc/sasl2/%s.conf", misnamed[i]);
		if (saslcheck_exists(c, path))
			saslcheck_find(c, saslcheck_path(c, path, shown), 0,
			    "svnserve reads svn.conf, "
			    "not this");
	}
	judge_conf(c, "svn", &host);
	saslcheck_done(&f);
}
