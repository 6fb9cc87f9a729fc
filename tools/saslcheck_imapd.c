/*
 * saslcheck_imapd: Cyrus IMAP keeps what libsasl asks for in its own
 * imapd.conf, with "sasl_" in front of each name, so that libsasl's rules for
 * files do not apply.
 */

#include "saslcheck.h"

#include <string.h>

#include "config.h"

static const struct saslcheck_host host = {
	.service = "imap",
	.user = "cyrus",
	.prefix = "sasl_",
	.tells_ssf = true,
};

static void
judge_twice(struct saslcheck *c, const struct saslcheck_file *f)
{
	const struct saslcheck_line *first;
	size_t i;

	for (i = 0; i < f->count; i++) {
		first = saslcheck_get(f, f->lines[i].key);
		if (first != &f->lines[i])
			saslcheck_find(c, f->path, f->lines[i].number,
			    "%s was set in line %u; imapd does not start",
			    f->lines[i].key, first->number);
	}
}

/* Without TLS the channel is too weak for a token, and imapd says so. */
static void
judge_tls(struct saslcheck *c, const struct saslcheck_file *f)
{
	const char *cert, *key;

	cert = saslcheck_value(
	    f, "tls_server_cert", saslcheck_value(f, "tls_cert_file", NULL));
	key = saslcheck_value(
	    f, "tls_server_key", saslcheck_value(f, "tls_key_file", NULL));
	if (cert == NULL || key == NULL) {
		saslcheck_find(c, f->path, 0,
		    "no TLS (tls_server_cert, "
		    "tls_server_key), so the mechanisms are hidden");
		return;
	}
	saslcheck_readable(c, key, host.user);
}

/* Whether a name of this issuer can have an '@'. */
static bool
has_domains(const struct config_issuer *issuer)
{
	return issuer->user_pattern != NULL &&
	    regexec(issuer->user_pattern, "a@example.org", 0, NULL, 0) == 0 &&
	    issuer->user_domain_strip.count == 0;
}

static void
judge_names(struct saslcheck *c, const struct saslcheck_file *f,
    const struct config_policy *policy)
{
	const struct saslcheck_line *line = saslcheck_get(f, "virtdomains");
	const char *value = line != NULL ? line->value : "off";
	size_t i;

	if (strcmp(value, "userid") != 0 && saslcheck_yes(value))
		saslcheck_find(c, f->path, line->number,
		    "virtdomains %s "
		    "takes the domain of a user from the name of the server's "
		    "address; userid takes it from the user's name",
		    value);
	if (line != NULL &&
	    (strcmp(value, "userid") == 0 || saslcheck_yes(value)))
		return;
	for (i = 0; policy != NULL && i < policy->issuer_count; i++) {
		if (has_domains(&policy->issuers[i]) &&
		    saslcheck_get(f, "loginrealms") == NULL)
			saslcheck_find(c, f->path, 0,
			    "users of %s have a "
			    "domain in their name, and imapd refuses those "
			    "with neither virtdomains nor loginrealms; strip "
			    "it by user_domain, or name it in loginrealms",
			    policy->issuers[i].issuer);
	}
}

void
saslcheck_imapd(struct saslcheck *c)
{
	const char *name = c->file != NULL ? c->file : "/etc/imapd.conf";
	const struct config_policy *policy;
	struct saslcheck_file f = { .lines = NULL };
	struct config *config = NULL;

	if (!saslcheck_read(c, name, SASLCHECK_COLON, &f)) {
		saslcheck_absent(c, name);
	} else {
		judge_twice(c, &f);
		policy = saslcheck_options(c, &f, &host, &config);
		judge_tls(c, &f);
		judge_names(c, &f, policy);
	}
	config_free(&config);
	saslcheck_done(&f);
}
