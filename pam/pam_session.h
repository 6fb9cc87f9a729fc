/*
 * pam_session: the id under which a session of this transaction is counted.
 */

#ifndef JWTGATE_PAM_SESSION_H
#define JWTGATE_PAM_SESSION_H

#include <stdbool.h>

#include <security/pam_modules.h>

#define PAM_SESSION_ID_MAX 24

/* A new id, which stays with the transaction. False: there is none to have. */
bool pam_session_begin(pam_handle_t *pamh, char id[PAM_SESSION_ID_MAX]);

/* The id of this transaction, or NULL: it began none. Borrowed. */
const char *pam_session_id(pam_handle_t *pamh);

#endif
