/*
 * A connection of libldap's, made so that libldap decides nothing by itself:
 * it gets a socket that is connected already, reads and writes through
 * functions of ours, and has every option set on its own handle. What it does
 * when it is first used (read ldap.conf, ldaprc files of the working and the
 * home directory, the environment, ask for the name of this host) is not
 * asked of it at all.
 */

#include "directory_conn.h"

#include <errno.h>
#include <openldap.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "deadline.h"
#include "err.h"
#include "mem.h"
#include "str.h"

/* Bytes of one message; 10 000 names of groups are a tenth of it. */
#define MESSAGE_MAX (8 * 1024 * 1024)
/* Where a handle would connect to if it ever did so by itself. */
#define NOWHERE "ldapi://%2F"
#define SYSTEM_CA "/etc/ssl/certs/ca-certificates.crt"

/*
 * What libldap calls for itself on first use, but for the parts that look at
 * the surroundings. Where a version of it hides these, or a host has used it
 * before, the options set on each handle have to do.
 */
extern void ldap_int_error_init(void) __attribute__((weak));
extern void ldap_int_utils_init(void) __attribute__((weak));
extern void ldap_int_initialize_global_options(void *options, int *debug)
    __attribute__((weak));
extern short ldap_int_global_options[] __attribute__((weak));

/* Runs once, while the loader holds its lock. */
static void __attribute__((constructor)) begin_quietly(void)
{
	if (ldap_int_global_options == NULL || ldap_int_error_init == NULL ||
	    ldap_int_utils_init == NULL ||
	    ldap_int_initialize_global_options == NULL ||
	    ldap_int_global_options[0] != 0)
		return;
	ldap_int_error_init();
	ldap_int_utils_init();
	ldap_int_initialize_global_options(ldap_int_global_options, NULL);
}

bool
directory_conn_same(const struct directory_conn *c)
{
	struct stat st;

	return c->fd >= 0 && fstat(c->fd, &st) == 0 && st.st_dev == c->dev &&
	    st.st_ino == c->ino;
}

static int
io_setup(Sockbuf_IO_Desc *io, void *arg)
{
	io->sbiod_pvt = arg;
	return 0;
}

static int
io_remove(Sockbuf_IO_Desc *io)
{
	io->sbiod_pvt = NULL;
	return 0;
}

/* What is here already needs no poll(). */
static int
io_ctrl(Sockbuf_IO_Desc *io, int option, void *arg)
{
	const struct directory_conn *c = io->sbiod_pvt;

	(void)arg;
	return option == LBER_SB_OPT_DATA_READY && c->ahead_at < c->ahead_len;
}

/* What there is, at most n bytes; it does not wait. */
static ssize_t
receive(const struct directory_conn *c, void *buf, size_t n)
{
	ssize_t got;

	do
		got = recv(c->fd, buf, n, MSG_DONTWAIT);
	while (got < 0 && errno == EINTR);
	/* who sends a byte now and then must not hold us for longer */
	if (got < 0 && errno == EAGAIN && deadline_left(c->until) == 0)
		errno = ETIMEDOUT;
	return got;
}

/* Neither waits: libldap polls, and comes back. */
static ber_slen_t
io_read(Sockbuf_IO_Desc *io, void *buf, ber_len_t n)
{
	struct directory_conn *c = io->sbiod_pvt;
	ssize_t got;

	if (c->ahead_at == c->ahead_len && n >= sizeof(c->ahead))
		return receive(c, buf, n);
	if (c->ahead_at == c->ahead_len) {
		got = receive(c, c->ahead, sizeof(c->ahead));
		if (got <= 0)
			return got;
		c->ahead_at = 0;
		c->ahead_len = (size_t)got;
	}
	if (n > c->ahead_len - c->ahead_at)
		n = c->ahead_len - c->ahead_at;
	memcpy(buf, c->ahead + c->ahead_at, n);
	c->ahead_at += n;
	return (ber_slen_t)n;
}

static ber_slen_t
io_write(Sockbuf_IO_Desc *io, void *buf, ber_len_t n)
{
	const struct directory_conn *c = io->sbiod_pvt;
	ssize_t sent;

	if (c->lost) {
		errno = EPIPE;
		return -1;
	}
	do
		sent = send(c->fd, buf, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent;
}

/* The socket is closed with the connection. */
static int
io_close(Sockbuf_IO_Desc *io)
{
	(void)io;
	return 0;
}

static Sockbuf_IO *
own_io(void)
{
	static const Sockbuf_IO io = { io_setup, io_remove, io_ctrl, io_read,
		io_write, io_close };

	return (Sockbuf_IO *)(uintptr_t)&io;
}

static int
set_options(LDAP *ld)
{
	static const struct timeval forever = { -1, 0 };
	static const int three = LDAP_VERSION3, deref = LDAP_DEREF_NEVER,
			 no_limit = LDAP_NO_LIMIT;
	const struct {
		int option;
		const void *value;
	} all[] = {
		{ LDAP_OPT_PROTOCOL_VERSION, &three },
		{ LDAP_OPT_REFERRALS, LDAP_OPT_OFF },
		{ LDAP_OPT_RESTART, LDAP_OPT_ON },
		{ LDAP_OPT_CONNECT_ASYNC, LDAP_OPT_OFF },
		{ LDAP_OPT_DEREF, &deref },
		{ LDAP_OPT_SIZELIMIT, &no_limit },
		{ LDAP_OPT_TIMELIMIT, &no_limit },
		{ LDAP_OPT_TIMEOUT, &forever },
		{ LDAP_OPT_NETWORK_TIMEOUT, &forever },
		{ LDAP_OPT_SERVER_CONTROLS, NULL },
		{ LDAP_OPT_CLIENT_CONTROLS, NULL },
	};
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (ldap_set_option(ld, all[i].option, all[i].value) !=
		    LDAP_OPT_SUCCESS)
			return LDAP_LOCAL_ERROR;
	}
	return LDAP_SUCCESS;
}

/* "ldap://host:port": the name that a certificate must have. */
static void
put_url(const struct ldapuri *uri, struct str *s)
{
	bool v6 = strchr(uri->host, ':') != NULL;

	if (uri->scheme == LDAPURI_LDAPI)
		str_add(s, NOWHERE);
	else
		str_addf(s, "%s://%s%s%s:%u",
		    uri->scheme == LDAPURI_LDAPS ? "ldaps" : "ldap",
		    v6 ? "[" : "", uri->host, v6 ? "]" : "", uri->port);
}

int
directory_conn_wrap(struct directory_conn *c,
    const struct directory_target *target, struct err *e)
{
	char url[LDAPURI_HOST_MAX + 32];
	struct ldapuri uri;
	ber_len_t max = MESSAGE_MAX;
	Sockbuf *sb = NULL;
	struct str s;
	int code;

	str_init(&s, url, sizeof(url));
	if (ldapuri_parse(target->uri, &uri) != 0)
		return err_set(
		    e, E_DIRECTORY_UNAVAILABLE, "the uri is not usable");
	put_url(&uri, &s);
	code = ldap_init_fd(c->fd, LDAP_PROTO_EXT, url, &c->ld);
	if (code == LDAP_SUCCESS)
		code = set_options(c->ld);
	if (code == LDAP_SUCCESS &&
	    (ldap_get_option(c->ld, LDAP_OPT_SOCKBUF, &sb) != 0 || sb == NULL ||
		ber_sockbuf_add_io(
		    sb, own_io(), LBER_SBIOD_LEVEL_PROVIDER, c) != 0 ||
		ber_sockbuf_ctrl(sb, LBER_SB_OPT_SET_MAX_INCOMING, &max) < 0))
		code = LDAP_LOCAL_ERROR;
	return code == LDAP_SUCCESS ?
	    0 :
	    directory_conn_fail(c, code, "libldap", e);
}

static int
set_tls_options(LDAP *ld, const char *ca_file)
{
	static const int demand = LDAP_OPT_X_TLS_DEMAND,
			 try = LDAP_OPT_X_TLS_TRY, client = 0,
			 least = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2, most = 0;
	const struct {
		int option;
		const void *value;
	} all[] = {
		{ LDAP_OPT_X_TLS_CACERTFILE, ca_file },
		{ LDAP_OPT_X_TLS_CACERTDIR, NULL },
		{ LDAP_OPT_X_TLS_CERTFILE, NULL },
		{ LDAP_OPT_X_TLS_KEYFILE, NULL },
		{ LDAP_OPT_X_TLS_CRLFILE, NULL },
		{ LDAP_OPT_X_TLS_DHFILE, NULL },
		{ LDAP_OPT_X_TLS_ECNAME, NULL },
		{ LDAP_OPT_X_TLS_CIPHER_SUITE, NULL },
		{ LDAP_OPT_X_TLS_REQUIRE_CERT, &demand },
		/* where names are listed, one of the subject is none */
		{ LDAP_OPT_X_TLS_REQUIRE_SAN, &try },
		{ LDAP_OPT_X_TLS_PROTOCOL_MIN, &least },
		{ LDAP_OPT_X_TLS_PROTOCOL_MAX, &most },
		{ LDAP_OPT_X_TLS_NEWCTX, &client },
	};
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (ldap_set_option(ld, all[i].option, all[i].value) !=
		    LDAP_OPT_SUCCESS)
			return all[i].option;
	}
	return 0;
}

static int
start_tls(struct directory_conn *c, struct err *e)
{
	LDAPMessage *msg = NULL;
	int code, msgid = -1, r;

	code = ldap_start_tls(c->ld, NULL, NULL, &msgid);
	if (code != LDAP_SUCCESS)
		return directory_conn_fail(c, code, "StartTLS", e);
	r = directory_conn_wait(c, msgid, "StartTLS", &msg, e);
	if (r != 0)
		return r;
	if (ldap_parse_result(c->ld, msg, &code, NULL, NULL, NULL, NULL, 1) !=
	    LDAP_SUCCESS)
		code = LDAP_DECODING_ERROR;
	return code == LDAP_SUCCESS ?
	    0 :
	    directory_conn_fail(c, code, "StartTLS", e);
}

int
directory_conn_secure(struct directory_conn *c,
    const struct directory_target *target, struct err *e)
{
	const char *ca_file = target->ca_file != NULL ? target->ca_file :
							SYSTEM_CA;
	int64_t left = deadline_left(c->until);
	struct timeval tv = { left / 1000000, left % 1000000 };
	bool ldaps = strncasecmp(target->uri, "ldaps:", 6) == 0;
	int code, r;

	if (!ldaps &&
	    (!target->start_tls || strncasecmp(target->uri, "ldapi:", 6) == 0))
		return 0;
	code = set_tls_options(c->ld, ca_file);
	if (code != 0)
		return err_set(e, E_DIRECTORY_UNAVAILABLE,
		    code == LDAP_OPT_X_TLS_NEWCTX ?
			"the file with certificates of authorities cannot be "
			"used" :
			"libldap does not take option %#x",
		    (unsigned)code);
	r = ldaps ? 0 : start_tls(c, e);
	if (r != 0)
		return r;
	code = left <= 0 ?
	    LDAP_TIMEOUT :
	    ldap_set_option(c->ld, LDAP_OPT_NETWORK_TIMEOUT, &tv);
	if (code == LDAP_SUCCESS)
		code = ldap_install_tls(c->ld);
	if (code == LDAP_SUCCESS && !ldap_tls_inplace(c->ld))
		code = LDAP_CONNECT_ERROR;
	c->lost = code != LDAP_SUCCESS;
	if (code == LDAP_CONNECT_ERROR && deadline_left(c->until) > 0)
		return err_set(e, E_DIRECTORY_UNAVAILABLE,
		    "TLS: no certificate for this server by an authority of "
		    "%s, or no TLS at all",
		    target->ca_file != NULL ? "ca_file" : "the system");
	return code == LDAP_SUCCESS ? 0 :
				      directory_conn_fail(c, code, "TLS", e);
}

int
directory_conn_fail(
    struct directory_conn *c, int code, const char *what, struct err *e)
{
	char *said = NULL, shown[192] = "";

	c->lost = true;
	if (code == LDAP_NO_MEMORY)
		return err_set(e, E_NOMEM, "out of memory");
	if (deadline_left(c->until) == 0)
		return err_set(e, E_DIRECTORY_UNAVAILABLE,
		    "%s: no answer within the deadline", what);
	if (c->ld != NULL &&
	    ldap_get_option(c->ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &said) == 0 &&
	    said != NULL) {
		str_printable(shown, sizeof(shown), said, strlen(said));
		ldap_memfree(said);
	}
	return err_set(e, E_DIRECTORY_UNAVAILABLE, "%s: %s%s%s", what,
	    ldap_err2string(code), shown[0] != '\0' ? ": " : "", shown);
}

int
directory_conn_refused(
    struct directory_conn *c, int code, const char *what, struct err *e)
{
	bool lost = code == LDAP_BUSY || code == LDAP_UNAVAILABLE ||
	    code == LDAP_UNWILLING_TO_PERFORM || code == LDAP_OTHER ||
	    code == LDAP_OPERATIONS_ERROR;
	int r = directory_conn_fail(c, code, what, e);

	c->lost = lost;
	return r;
}

int
directory_conn_wait(struct directory_conn *c, int msgid, const char *what,
    LDAPMessage **out, struct err *e)
{
	int64_t left = deadline_left(c->until);
	struct timeval tv = { left / 1000000, left % 1000000 };
	int type, code = LDAP_TIMEOUT;

	type = left == 0 ? 0 :
			   ldap_result(c->ld, msgid, LDAP_MSG_ONE, &tv, out);
	if (type > 0)
		return 0;
	if (type < 0 &&
	    (ldap_get_option(c->ld, LDAP_OPT_RESULT_CODE, &code) != 0 ||
		code == LDAP_SUCCESS))
		code = LDAP_SERVER_DOWN;
	return directory_conn_fail(c, code, what, e);
}
