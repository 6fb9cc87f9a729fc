/*
 * saslcheck_slapd: slapd's own settings are in slapd.conf or, as LDIF, below
 * slapd.d; the second names them "olc...", and so do we. What is asked for is
 * little: a channel with TLS, a rule that finds the entry of who logged in,
 * rights to see the groups of that entry before the login is over, and
 * libsasl's own file in the one folder where Debian's slapd looks.
 */

#include "saslcheck.h"

#include <dirent.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config.h"
#include "mem.h"
#include "str.h"

#define WORD_MAX 1024
#define FILES_MAX 32

static const char *const folders[] = { "/etc/ldap/sasl2", "/usr/lib/sasl2",
	NULL };

/* All the files of slapd's own settings. */
struct slapd {
	struct saslcheck *c;
	struct saslcheck_file files[FILES_MAX];
	size_t count;
};

/* The names in slapd.conf of what is looked for. */
static const struct {
	const char *word;
	const char *olc;
} names[] = {
	{ "access", "olcaccess" },
	{ "authz-regexp", "olcauthzregexp" },
	{ "overlay", "olcoverlay" },
	{ "sasl-realm", "olcsaslrealm" },
	{ "sasl-regexp", "olcauthzregexp" },
	{ "sasl-secprops", "olcsaslsecprops" },
	{ "saslregexp", "olcauthzregexp" },
	{ "suffix", "olcsuffix" },
	{ "sockbuf_max_incoming", "olcsockbufmaxincoming" },
	{ "TLSCertificateFile", "olctlscertificatefile" },
};

static void
rename_key(struct saslcheck_line *line)
{
	char *key;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcasecmp(line->key, names[i].word) != 0)
			continue;
		key = mem_strdup(names[i].olc);
		if (key == NULL)
			return;
		mem_free_str(&line->key);
		line->key = key;
		return;
	}
}

static void
rename_keys(struct saslcheck_file *f)
{
	size_t i;

	for (i = 0; i < f->count; i++)
		rename_key(&f->lines[i]);
}

static bool
read_file(struct slapd *s, const char *name, enum saslcheck_syntax syntax)
{
	struct saslcheck_file *f = &s->files[s->count];

	if (s->count == FILES_MAX)
		return false;
	s->count++;
	return saslcheck_read(s->c, name, syntax, f);
}

/* The LDIF files of a folder; folders in it are those of databases. */
static void
read_folder(struct slapd *s, const char *name, int depth)
{
	char path[PATH_MAX];
	struct dirent *entry;
	struct str text;
	DIR *dir;
	size_t n;

	dir = opendir(saslcheck_path(s->c, name, path));
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (strncasecmp(entry->d_name, "olc", 3) != 0)
			continue;
		n = strlen(entry->d_name);
		str_init(&text, path, sizeof(path));
		str_addf(&text, "%s/%s", name, entry->d_name);
		if (n > 5 && strcmp(entry->d_name + n - 5, ".ldif") == 0)
			read_file(s, path, SASLCHECK_LDIF);
		else if (depth == 0)
			read_folder(s, path, 1);
	}
	if (dir != NULL)
		closedir(dir);
}

static bool
read_all(struct slapd *s)
{
	const char *name = s->c->file;
	size_t i;

	if (name == NULL && saslcheck_exists(s->c, "/etc/ldap/slapd.d")) {
		if (!read_file(
			s, "/etc/ldap/slapd.d/cn=config.ldif", SASLCHECK_LDIF))
			return false;
		read_folder(s, "/etc/ldap/slapd.d/cn=config", 0);
		return true;
	}
	if (!read_file(s, name != NULL ? name : "/etc/ldap/slapd.conf",
		SASLCHECK_WORDS))
		return false;
	for (i = 0; i < s->count; i++)
		rename_keys(&s->files[i]);
	return true;
}

/* The first line of a key in any file; *file_out: in which. */
static const struct saslcheck_line *
find(const struct slapd *s, const char *key,
    const struct saslcheck_file **file_out)
{
	const struct saslcheck_line *line;
	size_t i;

	for (i = 0; i < s->count; i++) {
		line = saslcheck_get(&s->files[i], key);
		if (line == NULL)
			continue;
		*file_out = &s->files[i];
		return line;
	}
	return NULL;
}

/* The next word, quotes and all that is in them included; in buf. */
static const char *
word(const char *p, char buf[WORD_MAX])
{
	struct str s;
	bool quoted = false;

	str_init(&s, buf, WORD_MAX);
	p += strspn(p, " \t");
	for (; *p != '\0' && (quoted || (*p != ' ' && *p != '\t')); p++) {
		if (*p == '"')
			quoted = !quoted;
		else
			str_add_bytes(&s, p, 1);
	}
	return p;
}

/* The value without the "{3}" in front that LDIF has. */
static const char *
unordered(const char *value)
{
	const char *end = value[0] == '{' ? strchr(value, '}') : NULL;

	return end != NULL ? end + 1 : value;
}

static bool
matches(const char *pattern, const char *text)
{
	regex_t re;
	bool found;

	if (regcomp(&re, pattern, REG_EXTENDED | REG_ICASE | REG_NOSUB) != 0)
		return false;
	found = regexec(&re, text, 0, NULL, 0) == 0;
	regfree(&re);
	return found;
}

/* Whether some rule finds the entry of who logged in with a mechanism. */
static bool
has_rule(const struct slapd *s, const char *mech, const char *realm)
{
	const struct saslcheck_line *line;
	char pattern[WORD_MAX], dn[WORD_MAX];
	struct str text;
	size_t i;

	str_init(&text, dn, sizeof(dn));
	str_addf(&text, "uid=alice%s%s,cn=%s,cn=auth",
	    realm != NULL ? ",cn=" : "", realm != NULL ? realm : "", mech);
	for (i = 0; i < s->count; i++) {
		line = NULL;
		while ((line = saslcheck_next(
			    &s->files[i], line, "olcauthzregexp")) != NULL) {
			word(unordered(line->value), pattern);
			if (matches(pattern, dn))
				return true;
		}
	}
	return false;
}

static void
judge_rules(const struct slapd *s)
{
	const struct saslcheck_file *f = NULL;
	const struct saslcheck_line *realm = find(s, "olcsaslrealm", &f);
	const char *name = realm != NULL ? realm->value : NULL;

	if (!has_rule(s, "oauthbearer", name) || !has_rule(s, "xoauth2", name))
		saslcheck_find(s->c, s->files[0].path, 0,
		    "no authz-regexp "
		    "(olcAuthzRegexp) finds the entry of "
		    "uid=alice%s%s,cn=oauthbearer,cn=auth, or not with "
		    "cn=xoauth2: who logs in has no entry, and no groups",
		    name != NULL ? ",cn=" : "", name != NULL ? name : "");
}

static void
judge_secprops(const struct slapd *s)
{
	static const char *const hiding[] = { "noactive", "nodict",
		"forwardsec" };
	const struct saslcheck_file *f = NULL;
	const struct saslcheck_line *line = find(s, "olcsaslsecprops", &f);
	size_t i;

	for (i = 0; line != NULL && i < sizeof(hiding) / sizeof(hiding[0]);
	     i++) {
		if (saslcheck_has(line->value, hiding[i]))
			saslcheck_find(s->c, f->path, line->number,
			    "sasl-secprops (olcSaslSecProps) hides the "
			    "mechanisms by %s; noanonymous,noplain is right",
			    hiding[i]);
	}
}

static void
judge_channel(const struct slapd *s)
{
	const struct saslcheck_file *f = NULL;
	const struct saslcheck_line *line;
	long n;

	if (find(s, "olctlscertificatefile", &f) == NULL)
		saslcheck_find(s->c, s->files[0].path, 0,
		    "no "
		    "TLSCertificateFile (olcTLSCertificateFile): the "
		    "mechanisms are hidden but for ldapi");
	line = find(s, "olcsockbufmaxincoming", &f);
	n = line != NULL ? strtol(line->value, NULL, 10) : SASLCHECK_LINE;
	if (n < SASLCHECK_LINE)
		saslcheck_find(s->c, f->path, line->number,
		    "sockbuf_max_incoming (olcSockbufMaxIncoming) %ld cuts "
		    "off who sends a long token; %d takes every token",
		    n, SASLCHECK_LINE);
}

/* Whether the "to" of a rule takes the attribute in: all of it, or names. */
static bool
is_about(const char *what, const char *attribute)
{
	if (strcmp(what, "*") == 0)
		return true;
	return strncasecmp(what, "attrs=", 6) == 0 &&
	    saslcheck_has(what + 6, attribute);
}

/* What a rule says of somebody who is nobody yet. */
enum access {
	ACCESS_DENIED = 0,
	ACCESS_GRANTED, /* "by * auth" or more */
	ACCESS_BREAK /* the next rule decides */
};

static enum access
access_of(const char *rest)
{
	static const char *const levels[] = { "auth", "compare", "search",
		"read", "write", "manage" };
	char token[WORD_MAX];
	const char *p = rest;
	size_t i;

	while (*p != '\0') {
		p = word(p, token);
		if (strcmp(token, "by") != 0)
			continue;
		p = word(p, token);
		if (strcmp(token, "*") != 0 && strcmp(token, "anonymous") != 0)
			continue;
		p = word(p, token);
		for (i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
			if (strcmp(token, levels[i]) == 0)
				return ACCESS_GRANTED;
		}
		return strcmp(token, "break") == 0 ? ACCESS_BREAK :
						     ACCESS_DENIED;
	}
	return ACCESS_DENIED;
}

/* The rule that decides about an attribute of a person's entry. */
static void
judge_access(const struct slapd *s, const struct saslcheck_file *f,
    const char *attribute)
{
	const struct saslcheck_line *line = NULL;
	enum access access;
	char what[WORD_MAX];
	const char *p;

	while ((line = saslcheck_next(f, line, "olcaccess")) != NULL) {
		p = word(unordered(line->value), what);
		if (strcmp(what, "to") != 0)
			continue;
		p = word(p, what);
		access = is_about(what, attribute) ? access_of(p) :
						     ACCESS_BREAK;
		if (access == ACCESS_BREAK)
			continue;
		if (access == ACCESS_DENIED)
			saslcheck_find(s->c, f->path, line->number,
			    "the "
			    "groups of who logs in are asked for before "
			    "anybody is known, and this rule forbids it for "
			    "%s: add \"by anonymous auth\" or \"by * auth\"",
			    attribute);
		return;
	}
}

static bool
find_suffix(const struct saslcheck_file *f)
{
	return saslcheck_get(f, "olcsuffix") != NULL;
}

/* Roles by groups that slapd itself knows. */
static void
judge_groups(const struct slapd *s)
{
	const struct saslcheck_line *line;
	bool overlay = false;
	size_t i;

	for (i = 0; i < s->count; i++) {
		line = NULL;
		while ((line = saslcheck_next(
			    &s->files[i], line, "olcoverlay")) != NULL)
			overlay = overlay ||
			    strstr(line->value, "memberof") != NULL ||
			    strstr(line->value, "dynlist") != NULL;
		/* rights to slapd's own settings are another matter */
		if (find_suffix(&s->files[i])) {
			judge_access(s, &s->files[i], "memberOf");
			judge_access(s, &s->files[i], "entry");
		}
	}
	if (!overlay)
		saslcheck_find(s->c, s->files[0].path, 0,
		    "no overlay "
		    "memberof or dynlist: people have no memberOf, and roles "
		    "by group are refused");
}

static void
judge_conf(struct slapd *s)
{
	static const struct saslcheck_host host = { .service = "ldap",
		.user = "openldap",
		.prefix = "",
		.tells_ssf = true };
	const struct config_policy *policy = NULL;
	struct saslcheck_file conf = { .lines = NULL };
	struct config *config = NULL;

	if (saslcheck_find_conf(s->c, "slapd", folders, &conf)) {
		saslcheck_conf(s->c, &conf);
		policy = saslcheck_options(s->c, &conf, &host, &config);
	}
	if (policy != NULL && policy->require != CONFIG_REQUIRE_TOKEN_ONLY &&
	    policy->roles_from != CONFIG_ROLES_TOKEN)
		judge_groups(s);
	config_free(&config);
	saslcheck_done(&conf);
}

void
saslcheck_slapd(struct saslcheck *c)
{
	struct slapd s = { .c = c };
	size_t i;

	if (!read_all(&s)) {
		saslcheck_absent(c,
		    c->file != NULL ? c->file :
				      "/etc/ldap/slapd.d or slapd.conf");
	} else {
		judge_channel(&s);
		judge_secprops(&s);
		judge_rules(&s);
		judge_conf(&s);
	}
	for (i = 0; i < s.count; i++)
		saslcheck_done(&s.files[i]);
}
