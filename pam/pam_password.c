/*
 * A password is an authtok like any other: libpam asks for it, keeps it for
 * the modules that follow, and wipes it.
 */

#include "pam_password.h"

#include <stddef.h>

#include <security/pam_ext.h>

int
pam_password_collect(
    pam_handle_t *pamh, const struct pam_args *args, const char **out)
{
	const void *item = NULL;
	const char *password = NULL;
	int r = PAM_SUCCESS;

	/* libpam asks only when there is none; without *_first_pass what an
	 * earlier module has asked for is not ours. */
	if (args->source == PAM_ARGS_PROMPT)
		(void)pam_set_item(pamh, PAM_AUTHTOK, NULL);
	if (args->source != PAM_ARGS_USE_FIRST)
		r = pam_get_authtok(pamh, PAM_AUTHTOK, &password, NULL);
	else if (pam_get_item(pamh, PAM_AUTHTOK, &item) == PAM_SUCCESS)
		password = item;
	*out = r == PAM_SUCCESS && password != NULL ? password : "";
	return r;
}

bool
pam_password_is_junk(const char *password)
{
	static const char junk[] = "\b\n\r\177INCORRECT";
	size_t i;

	for (i = 0; password[i] == junk[i % (sizeof(junk) - 1)]; i++)
		;
	return i > 0 && password[i] == '\0';
}
