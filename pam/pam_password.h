/*
 * pam_password: getting a password out of a PAM conversation, as other
 * modules do: it is asked for once, and stays for those that follow.
 */

#ifndef JWTGATE_PAM_PASSWORD_H
#define JWTGATE_PAM_PASSWORD_H

#include <security/pam_modules.h>

#include "pam_args.h"

/*
 * The password, borrowed from PAM, which wipes it when authentication ends;
 * "" when none was given or the conversation failed. Returns what PAM said of
 * the conversation, for the log.
 */
int pam_password_collect(
    pam_handle_t *pamh, const struct pam_args *args, const char **out);

#endif
