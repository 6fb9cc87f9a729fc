/*
 * hostlog: saying something to the program that loaded the plugin. The log
 * and the error text of libsasl only look like printf(): "%zu" prints an
 * error, "%.10s" all of the string and "%.*s" crashes. So every text is
 * formatted here, into a buffer of fixed size, and handed over as one "%s".
 */

#ifndef JWTGATE_HOSTLOG_H
#define JWTGATE_HOSTLOG_H

#include <sasl/sasl.h>
#include <sasl/saslplug.h>

#define HOSTLOG_MAX 2048

/* conn: NULL where there is no connection yet. level: SASL_LOG_*. */
void hostlog(const sasl_utils_t *utils, sasl_conn_t *conn, int level,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/*
 * What the peer may learn; slapd and svnserve send it out. It is not
 * written to the log a second time.
 */
void hostlog_peer(
    const sasl_utils_t *utils, sasl_conn_t *conn, const char *sentence);

#endif
