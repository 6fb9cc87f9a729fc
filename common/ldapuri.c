/*
 * Addresses of servers. A path, a base or a query behind one would be left
 * out of every question, so they are no part of it.
 */

#include "ldapuri.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "err.h"

#define LDAPI_DEFAULT "/run/slapd/ldapi"

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int
parse_path(const char *p, struct ldapuri *out)
{
	int high, low;
	size_t n = 0;

	while (*p != '\0' && *p != '/') {
		if (n == LDAPURI_HOST_MAX)
			return E_SYNTAX;
		if (*p != '%') {
			out->host[n++] = *p++;
			continue;
		}
		high = hex(p[1]);
		low = high < 0 ? -1 : hex(p[2]);
		if (low < 0 || high + low == 0)
			return E_SYNTAX;
		out->host[n++] = (char)(high * 16 + low);
		p += 3;
	}
	out->host[n] = '\0';
	if (n == 0)
		memcpy(out->host, LDAPI_DEFAULT, sizeof(LDAPI_DEFAULT));
	if (out->host[0] != '/')
		return E_SYNTAX;
	return *p == '\0' || strcmp(p, "/") == 0 ? 0 : E_SYNTAX;
}

static int
parse_port(const char **p, uint16_t *out)
{
	unsigned long port = 0;
	const char *start = *p;

	for (; **p >= '0' && **p <= '9' && *p - start < 6; (*p)++)
		port = port * 10 + (unsigned long)(**p - '0');
	if (*p == start || port == 0 || port > UINT16_MAX)
		return E_SYNTAX;
	*out = (uint16_t)port;
	return 0;
}

static bool
is_host(char c, bool v6)
{
	if (v6)
		return hex(c) >= 0 || c == ':' || c == '.';
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

static int
parse_host(const char *p, struct ldapuri *out)
{
	bool v6 = *p == '[';
	size_t n = 0;

	if (v6)
		p++;
	while (is_host(*p, v6) && n < LDAPURI_HOST_MAX)
		out->host[n++] = *p++;
	out->host[n] = '\0';
	if (n == 0 || (v6 && *p++ != ']'))
		return E_SYNTAX;
	if (*p == ':') {
		p++;
		if (parse_port(&p, &out->port) != 0)
			return E_SYNTAX;
	}
	return *p == '\0' || strcmp(p, "/") == 0 ? 0 : E_SYNTAX;
}

int
ldapuri_parse(const char *text, struct ldapuri *out)
{
	static const struct {
		const char *start;
		enum ldapuri_scheme scheme;
		uint16_t port;
	} schemes[] = {
		{ "ldap://", LDAPURI_LDAP, 389 },
		{ "ldaps://", LDAPURI_LDAPS, 636 },
		{ "ldapi://", LDAPURI_LDAPI, 0 },
	};
	struct ldapuri uri = { 0 };
	size_t i, n;
	int ret = E_SYNTAX;

	for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		n = strlen(schemes[i].start);
		if (strncasecmp(text, schemes[i].start, n) != 0)
			continue;
		uri.scheme = schemes[i].scheme;
		uri.port = schemes[i].port;
		ret = uri.scheme == LDAPURI_LDAPI ? parse_path(text + n, &uri) :
						    parse_host(text + n, &uri);
	}
	if (ret == 0)
		*out = uri;
	return ret;
}
