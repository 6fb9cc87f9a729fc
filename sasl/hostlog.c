/*
 * Names and sentences come from the network, so whoever calls has made them
 * printable; here they are only kept from being read as a format.
 */

#include "hostlog.h"

#include <stdarg.h>
#include <stdio.h>

void
hostlog(const sasl_utils_t *utils, sasl_conn_t *conn, int level,
    const char *fmt, ...)
{
	char text[HOSTLOG_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	utils->log(conn, level, "%s", text);
}

void
hostlog_peer(const sasl_utils_t *utils, sasl_conn_t *conn, const char *sentence)
{
	utils->seterror(conn, SASL_NOLOG, "%s", sentence);
}
