/*
 * A mistake in an option hides the mechanisms and says so: a typo in what
 * decides who may enter must not let the default decide.
 *
 * Postfix, memcached and svnserve never call sasl_setprop() with the strength
 * of their TLS, so every connection of theirs looks like clear text. They are
 * known by the name that they give to libsasl; Postfix has its own switch,
 * smtpd_tls_auth_only.
 */

#include "oauth_settings.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "mem.h"
#include "str.h"

#define SSF_LEAST 1 /* any protection at all */
#define SSF_MAX 65536
#define VALUE_SHOWN_MAX 128

static const char *const silent_programs[] = { "smtpd", "memcached", "svn" };

#define SILENT_PROGRAMS (sizeof(silent_programs) / sizeof(silent_programs[0]))

/* The value of an option, borrowed from the host; NULL when it is not set. */
static const char *
option(const sasl_utils_t *utils, const char *name)
{
	const char *value = NULL;
	unsigned len = 0;

	if (utils->getopt(utils->getopt_context, "OAUTHBEARER", name, &value,
		&len) != SASL_OK)
		return NULL;
	return value;
}

static int
bad(const char *name, const char *value, const char *what, struct err *e)
{
	char shown[VALUE_SHOWN_MAX];

	return err_set(e, E_CONFIG_INVALID, "option %s: %s %s", name,
	    str_printable(shown, sizeof(shown), value, strlen(value)), what);
}

static int
take_text(const char *value, char **out, struct err *e)
{
	*out = mem_strdup(value);
	if (*out == NULL)
		return err_set(e, E_NOMEM, "out of memory");
	return 0;
}

static int
take_config(
    const sasl_utils_t *utils, struct oauth_settings *out, struct err *e)
{
	const char *value = option(utils, "oauthbearer_config");

	out->config_given = value != NULL;
	if (value == NULL)
		return take_text(JWTGATE_CONFIG_FILE, &out->config, e);
	if (value[0] != '/')
		return bad(
		    "oauthbearer_config", value, "is no absolute path", e);
	return take_text(value, &out->config, e);
}

static int
take_service(
    const sasl_utils_t *utils, struct oauth_settings *out, struct err *e)
{
	const char *value = option(utils, "oauthbearer_service");

	if (value == NULL)
		return 0;
	if (value[0] == '\0')
		return bad("oauthbearer_service", value, "is empty", e);
	return take_text(value, &out->service, e);
}

static int
take_min_ssf(
    const sasl_utils_t *utils, struct oauth_settings *out, struct err *e)
{
	const char *value = option(utils, "oauthbearer_min_ssf");
	char *end = NULL;
	unsigned long n;

	if (value == NULL)
		return 0;
	/* strtoul() would take a sign and blanks */
	if (value[0] < '0' || value[0] > '9')
		return bad("oauthbearer_min_ssf", value, "is no number", e);
	n = strtoul(value, &end, 10);
	if (*end != '\0' || n > SSF_MAX)
		return bad("oauthbearer_min_ssf", value,
		    "is no number from 0 to 65536", e);
	out->min_ssf_given = true;
	out->min_ssf = (sasl_ssf_t)n;
	return 0;
}

int
oauth_settings_read(
    const sasl_utils_t *utils, struct oauth_settings *out, struct err *e)
{
	int r;

	*out = (struct oauth_settings){ .config = NULL };
	r = take_config(utils, out, e);
	if (r == 0)
		r = take_service(utils, out, e);
	if (r == 0)
		r = take_min_ssf(utils, out, e);
	return r;
}

void
oauth_settings_done(struct oauth_settings *s)
{
	mem_free_str(&s->config);
	mem_free_str(&s->service);
}

sasl_ssf_t
oauth_settings_ssf(const struct oauth_settings *s, const char *appname)
{
	size_t i;

	if (s->min_ssf_given)
		return s->min_ssf;
	for (i = 0; appname != NULL && i < SILENT_PROGRAMS; i++) {
		if (strcmp(appname, silent_programs[i]) == 0)
			return 0;
	}
	return SSF_LEAST;
}
