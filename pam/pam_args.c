/*
 * The arguments of a service file's line. Nothing is guessed: a word that is
 * not known, an empty value or two words that contradict each other make the
 * module refuse, because a typo there decides who may log in.
 */

#include "pam_args.h"

#include <string.h>

#include "err.h"
#include "str.h"

#define ARG_TEXT_MAX 128

static int
bad(const char *arg, const char *what, struct err *e)
{
	char text[ARG_TEXT_MAX];

	return err_set(e, E_CONFIG_INVALID, "module argument '%s': %s",
	    str_printable(text, sizeof(text), arg, strlen(arg)), what);
}

/* The value when arg is "name=value", else NULL. */
static const char *
value_of(const char *arg, const char *name)
{
	size_t n = strlen(name);

	if (strncmp(arg, name, n) != 0 || arg[n] != '=')
		return NULL;
	return arg + n + 1;
}

static int
take_source(struct pam_args *a, enum pam_args_source source, const char *arg,
    struct err *e)
{
	if (a->source != PAM_ARGS_PROMPT && a->source != source)
		return bad(arg, "contradicts the one before it", e);
	a->source = source;
	return 0;
}

static int
take_mode(struct pam_args *a, const char *value, const char *arg, struct err *e)
{
	enum pam_args_mode mode;

	if (strcmp(value, "password") == 0)
		mode = PAM_ARGS_PASSWORD;
	else if (strcmp(value, "token") == 0)
		mode = PAM_ARGS_TOKEN;
	else
		return bad(arg, "is neither token nor password", e);
	if (a->mode != PAM_ARGS_DEFAULT && a->mode != mode)
		return bad(arg, "contradicts the one before it", e);
	a->mode = mode;
	return 0;
}

static int
take(struct pam_args *a, const char *arg, struct err *e)
{
	const char *value;

	if (strcmp(arg, "debug") == 0) {
		a->debug = true;
		return 0;
	}
	if (strcmp(arg, "use_first_pass") == 0)
		return take_source(a, PAM_ARGS_USE_FIRST, arg, e);
	if (strcmp(arg, "try_first_pass") == 0)
		return take_source(a, PAM_ARGS_TRY_FIRST, arg, e);
	if ((value = value_of(arg, "config")) != NULL) {
		/* The working directory is the caller's to choose. */
		if (value[0] != '/')
			return bad(arg, "not an absolute path", e);
		a->config = value;
		return 0;
	}
	if ((value = value_of(arg, "service")) != NULL) {
		if (value[0] == '\0')
			return bad(arg, "no value", e);
		a->service = value;
		return 0;
	}
	if ((value = value_of(arg, "mode")) != NULL)
		return take_mode(a, value, arg, e);
	return bad(arg, "not known", e);
}

int
pam_args_parse(int argc, const char **argv, struct pam_args *out, struct err *e)
{
	struct pam_args a = { .config = JWTGATE_CONFIG_FILE };
	int i, r;

	for (i = 0; i < argc; i++) {
		if ((r = take(&a, argv[i], e)) != 0)
			return r;
	}
	*out = a;
	return 0;
}
