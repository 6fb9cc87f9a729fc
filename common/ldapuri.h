/*
 * ldapuri: the address of a directory server, "ldaps://host:port" or
 * "ldapi://%2Fpath", and nothing behind it.
 */

#ifndef JWTGATE_LDAPURI_H
#define JWTGATE_LDAPURI_H

#include <stddef.h>
#include <stdint.h>

#define LDAPURI_HOST_MAX 255

enum ldapuri_scheme {
	LDAPURI_LDAP = 1, /* in the clear, or StartTLS */
	LDAPURI_LDAPS,
	LDAPURI_LDAPI
};

struct ldapuri {
	enum ldapuri_scheme scheme;
	char host[LDAPURI_HOST_MAX + 1]; /* ldapi: the path, decoded */
	uint16_t port;
};

/* Returns 0 or E_SYNTAX. */
int ldapuri_parse(const char *text, struct ldapuri *out);

#endif
