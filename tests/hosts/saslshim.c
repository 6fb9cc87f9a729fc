/*
 * Preloaded into a stock slapd under test: Debian's reads the configuration
 * of SASL from /etc/ldap/sasl2 and nowhere else, and that folder is not ours
 * to change. TEST_SASL_CONFDIR takes its place.
 */

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include <sasl/sasl.h>

#define CALLBACKS_MAX 16

static sasl_callback_t callbacks[CALLBACKS_MAX];
static char *confdir;

static int
get_confdir(void *context, char **path)
{
	(void)context;
	*path = strdup(confdir);
	return *path != NULL ? SASL_OK : SASL_NOMEM;
}

int
sasl_server_init(const sasl_callback_t *given, const char *appname)
{
	int (*real)(const sasl_callback_t *, const char *);
	int (*mine)(void *, char **) = get_confdir;
	void *found = dlsym(RTLD_NEXT, "sasl_server_init");
	size_t i;

	memcpy(&real, &found, sizeof(real));
	confdir = getenv("TEST_SASL_CONFDIR");
	if (confdir == NULL || given == NULL)
		return real(given, appname);
	for (i = 0; i < CALLBACKS_MAX; i++) {
		callbacks[i] = given[i];
		if (given[i].id == SASL_CB_LIST_END)
			return real(callbacks, appname);
		if (given[i].id == SASL_CB_GETCONFPATH)
			memcpy(&callbacks[i].proc, &mine, sizeof(mine));
	}
	return SASL_FAIL;
}
