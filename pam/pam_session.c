/*
 * pam_session: sshd, sudo and login open and close a session in one process
 * with one handle, so the id can stay in its data. Where a host does not, the
 * session is never closed, and its lease ends it.
 */

#include "pam_session.h"

#include <stdint.h>
#include <sys/random.h>

#include "b64url.h"
#include "mem.h"

#define SESSION_DATA "jwtgate_session"
#define ID_BYTES 16

_Static_assert(
    B64URL_ENCODED_LEN(ID_BYTES) < PAM_SESSION_ID_MAX, "16 bytes as text");

static void
forget(pam_handle_t *pamh, void *data, int status)
{
	(void)pamh;
	(void)status;
	mem_free(&data, PAM_SESSION_ID_MAX);
}

bool
pam_session_begin(pam_handle_t *pamh, char id[PAM_SESSION_ID_MAX])
{
	uint8_t random[ID_BYTES];
	void *copy;

	if (getrandom(random, sizeof(random), GRND_NONBLOCK) !=
	    (ssize_t)sizeof(random))
		return false;
	id[b64url_encode(id, random, sizeof(random))] = '\0';
	copy = mem_dup(id, PAM_SESSION_ID_MAX);
	if (copy == NULL)
		return false;
	if (pam_set_data(pamh, SESSION_DATA, copy, forget) == PAM_SUCCESS)
		return true;
	mem_free(&copy, PAM_SESSION_ID_MAX);
	return false;
}

const char *
pam_session_id(pam_handle_t *pamh)
{
	const void *data = NULL;

	if (pam_get_data(pamh, SESSION_DATA, &data) != PAM_SUCCESS)
		return NULL;
	return data;
}
