/*
 * saslcheck_postfix: main.cf, the smtpd services of master.cf with their own
 * "-o name=value", and the file of libsasl that they lead to. Postfix never
 * tells libsasl about TLS; smtpd_tls_auth_only is what keeps tokens out of
 * clear text.
 */

#include "saslcheck.h"

#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "config.h"
#include "str.h"

#define VALUE_MAX 1024
#define SERVICES_MAX 32
#define AUTH_WORDS 20 /* "AUTH OAUTHBEARER " and the line's end */
#define MESSAGE_WORDS 48 /* what is round the token, with a user's name */

static const struct saslcheck_host host = {
	.service = "smtp",
	.user = NULL, /* keys are read before smtpd drops root */
	.prefix = "",
	.tells_ssf = false,
};

/* One smtpd: its line of master.cf, and what main.cf says. */
struct smtpd {
	struct saslcheck *c;
	const struct saslcheck_file *main_cf;
	const char *path; /* of master.cf */
	const struct saslcheck_line *line; /* of master.cf; NULL: none */
};

/* "-o name=value" of a line of master.cf, in buf; NULL where it has none. */
static const char *
override(const struct smtpd *s, const char *name, char buf[VALUE_MAX])
{
	const char *p = s->line != NULL ? s->line->value : "";
	size_t n = strlen(name);
	struct str value;

	while ((p = strstr(p, "-o")) != NULL) {
		p += 2;
		p += strspn(p, " \t{");
		if (strncmp(p, name, n) != 0)
			continue;
		p += n;
		p += strspn(p, " \t");
		if (*p != '=')
			continue;
		p += 1 + strspn(p + 1, " \t");
		str_init(&value, buf, VALUE_MAX);
		str_add_bytes(&value, p, strcspn(p, " \t}"));
		return buf;
	}
	return NULL;
}

/* A setting as this smtpd has it, "$name" followed; otherwise: by default. */
static const char *
setting(const struct smtpd *s, const char *name, const char *otherwise,
    char buf[VALUE_MAX])
{
	const char *value = otherwise;
	int i;

	for (i = 0; i < 8; i++) {
		value = override(s, name, buf);
		if (value == NULL)
			value = saslcheck_value(s->main_cf, name, otherwise);
		if (value[0] != '$')
			return value;
		name = value + 1;
		otherwise = "";
	}
	return value;
}

static bool
on(const struct smtpd *s, const char *name)
{
	char buf[VALUE_MAX];

	return saslcheck_yes(setting(s, name, "no", buf));
}

/* A finding about a setting, where it stands. */
#define FIND(s, name, ...) \
	saslcheck_find( \
	    (s)->c, where((s), name), line_of((s), name), __VA_ARGS__)

static const char *
where(const struct smtpd *s, const char *name)
{
	char buf[VALUE_MAX];

	return override(s, name, buf) != NULL ? s->path : s->main_cf->path;
}

static unsigned
line_of(const struct smtpd *s, const char *name)
{
	const struct saslcheck_line *line;
	char buf[VALUE_MAX];

	if (override(s, name, buf) != NULL)
		return s->line->number;
	line = saslcheck_get(s->main_cf, name);
	return line != NULL ? line->number : 0;
}

/* What libsasl is asked for: properties that a token does not have. By
 * default those without TLS are those with it. */
static void
judge_security(const struct smtpd *s, const char *name)
{
	static const char *const hiding[] = { "noplaintext", "noactive",
		"nodictionary", "forward_secrecy", "mutual_auth" };
	char buf[VALUE_MAX];
	const char *value = setting(s, name, "", buf);
	size_t i;

	for (i = 0; i < sizeof(hiding) / sizeof(hiding[0]); i++) {
		if (saslcheck_has(value, hiding[i]))
			FIND(s, name,
			    "%s hides the mechanisms by %s; "
			    "noanonymous is right",
			    name, hiding[i]);
	}
}

static void
judge_filter(const struct smtpd *s)
{
	static const char name[] = "smtpd_sasl_mechanism_filter";
	char buf[VALUE_MAX];
	const char *value;

	value = setting(s, name, "!external, static:rest", buf);
	if (!saslcheck_has(value, "static:rest") &&
	    !saslcheck_has(value, "oauthbearer") &&
	    !saslcheck_has(value, "xoauth2"))
		FIND(s, name,
		    "%s hides the mechanisms: add oauthbearer, "
		    "xoauth2",
		    name);
}

static void
judge_tls(const struct smtpd *s)
{
	char buf[VALUE_MAX];
	const char *level = setting(s, "smtpd_tls_security_level", "", buf);
	bool always, sometimes;

	always = strcmp(level, "encrypt") == 0 || on(s, "smtpd_enforce_tls") ||
	    on(s, "smtpd_tls_wrappermode");
	sometimes = always || strcmp(level, "may") == 0 ||
	    on(s, "smtpd_use_tls");
	if (!sometimes && on(s, "smtpd_tls_auth_only"))
		FIND(s, "smtpd_tls_security_level",
		    "no TLS, and "
		    "smtpd_tls_auth_only = yes: AUTH is never offered; set "
		    "smtpd_tls_security_level = may");
	else if (!always && !on(s, "smtpd_tls_auth_only"))
		FIND(s, "smtpd_tls_auth_only",
		    "tokens are taken over clear "
		    "text: set smtpd_tls_auth_only = yes");
}

static long
number(const struct smtpd *s, const char *name, const char *otherwise)
{
	char buf[VALUE_MAX];

	return strtol(setting(s, name, otherwise, buf), NULL, 10);
}

/* The token that fits into so much base64. */
static long
token_of(long limit)
{
	return limit / 4 * 3 - MESSAGE_WORDS;
}

static void
judge_size(const struct smtpd *s)
{
	long line = number(s, "line_length_limit", "2048");
	long after = number(s, "smtpd_sasl_response_limit", "12288");

	if (token_of(line - AUTH_WORDS) < SASLCHECK_LONGEST)
		FIND(s, "line_length_limit",
		    "line_length_limit is %ld: a "
		    "token of more than about %ld bytes on the line of AUTH "
		    "(msmtp, neomutt) is cut and refused, and our log says "
		    "nothing; %d takes every token",
		    line, token_of(line - AUTH_WORDS), SASLCHECK_LINE);
	if (token_of(after) < SASLCHECK_LONGEST)
		FIND(s, "smtpd_sasl_response_limit",
		    "smtpd_sasl_response_limit is %ld: a token of more than "
		    "about %ld bytes is refused, and our log says nothing; "
		    "%d takes every token",
		    after, token_of(after), SASLCHECK_LINE);
}

/* The i-th word of "inet n - y - - smtpd -o ...", n bytes. */
static const char *
field(const char *value, int i, size_t *n_out)
{
	const char *p = value;

	while (i-- > 0 && *p != '\0') {
		p += strcspn(p, " \t");
		p += strspn(p, " \t");
	}
	*n_out = strcspn(p, " \t");
	return p;
}

/* "-" means yes up to compatibility level 0, and no above. */
static bool
is_jailed(const struct smtpd *s)
{
	size_t n;
	const char *word = field(s->line->value, 3, &n);

	if (str_is(word, n, "-"))
		return number(s, "compatibility_level", "0") < 1;
	return str_is(word, n, "y");
}

/* The folders where the smtpd looks for smtpd.conf. */
static void
judge_conf(const struct smtpd *s)
{
	char name[VALUE_MAX], folder[VALUE_MAX];
	const char *app = setting(s, "smtpd_sasl_path", "smtpd", name);
	const char *folders[] = { NULL, "/usr/lib/sasl2", NULL };
	struct saslcheck_host told = host;
	char jail[VALUE_MAX], owner[VALUE_MAX];
	struct saslcheck_file conf = { .lines = NULL };
	struct config *config = NULL;

	folders[0] = setting(s, "cyrus_sasl_config_path", "", folder);
	if (folders[0][0] == '\0')
		folders[0] = "/etc/postfix/sasl";
	if (is_jailed(s)) {
		told.jail = setting(
		    s, "queue_directory", "/var/spool/postfix", jail);
		told.jail_user = setting(s, "mail_owner", "postfix", owner);
	}
	if (saslcheck_find_conf(s->c, app, folders, &conf)) {
		saslcheck_conf(s->c, &conf);
		saslcheck_options(s->c, &conf, &told, &config);
		if (strcmp(app, "smtpd") != 0 &&
		    saslcheck_get(&conf, "oauthbearer_min_ssf") == NULL)
			saslcheck_find(s->c, conf.path, 0,
			    "smtpd_sasl_path "
			    "is not smtpd, so the plugin does not know "
			    "Postfix, which never says how strong its channel "
			    "is: set oauthbearer_min_ssf: 0");
	}
	config_free(&config);
	saslcheck_done(&conf);
}

static void
judge_smtpd(const struct smtpd *s)
{
	char buf[VALUE_MAX];
	const char *type = setting(s, "smtpd_sasl_type", "cyrus", buf);

	if (strcmp(type, "cyrus") != 0) {
		FIND(s, "smtpd_sasl_type",
		    "smtpd_sasl_type is %s: the plugin "
		    "is for cyrus",
		    type);
		return;
	}
	judge_security(s, "smtpd_sasl_security_options");
	judge_security(s, "smtpd_sasl_tls_security_options");
	judge_filter(s);
	judge_tls(s);
	judge_size(s);
	judge_conf(s);
}

/* Whether an smtpd is in the internet. */
static bool
is_smtpd(const char *value)
{
	size_t n;
	const char *p = field(value, 6, &n);

	return strncmp(value, "inet", 4) == 0 && str_is(p, n, "smtpd");
}

/* Every smtpd with AUTH; the same finding of two of them is said twice,
 * with the line of each. */
static void
judge_services(struct saslcheck *c, const struct saslcheck_file *main_cf,
    const struct saslcheck_file *master_cf)
{
	struct smtpd s = { c, main_cf, master_cf->path, NULL };
	size_t i, found = 0;

	for (i = 0; i < master_cf->count && i < SERVICES_MAX; i++) {
		s.line = &master_cf->lines[i];
		if (!is_smtpd(s.line->value) ||
		    !on(&s, "smtpd_sasl_auth_enable"))
			continue;
		judge_smtpd(&s);
		found++;
	}
	if (found == 0)
		saslcheck_find(c, main_cf->path, 0,
		    "no smtpd has "
		    "smtpd_sasl_auth_enable = yes");
}

void
saslcheck_postfix(struct saslcheck *c)
{
	struct saslcheck_file main_cf = { .lines = NULL };
	struct saslcheck_file master_cf = { .lines = NULL };
	const char *name = c->file != NULL ? c->file : "/etc/postfix/main.cf";

	if (!saslcheck_read(c, name, SASLCHECK_POSTFIX, &main_cf))
		saslcheck_absent(c, name);
	else if (!saslcheck_read(
		     c, "/etc/postfix/master.cf", SASLCHECK_WORDS, &master_cf))
		saslcheck_absent(c, "/etc/postfix/master.cf");
	else
		judge_services(c, &main_cf, &master_cf);
	saslcheck_done(&main_cf);
	saslcheck_done(&master_cf);
}
