/*
 * pam_password: getting a password out of a PAM conversation, as other
 * modules do: it is asked for once, and stays for those that follow.
 */

#ifndef JWTGATE_PAM_PASSWORD_H
#define JWTGATE_PAM_PASSWORD_H

#include <stdbool.h>

#include <security/pam_modules.h>

#include "pam_args.h"

/*
 * The password, borrowed from PAM, which wipes it when authentication ends;
 * "" when none was given or the conversation failed. Returns what PAM said of
 * the conversation, for the log.
 */
int pam_password_collect(
    pam_handle_t *pamh, const struct pam_args *args, const char **out);

/*
 * Whether it is what sshd hands to PAM instead of the answer of a user who
 * does not exist or may not enter: "\b\n\r\177INCORRECT", over and over, cut
 * to the length of the answer. Nobody can type that.
 */
bool pam_password_is_junk(const char *password);

#endif
