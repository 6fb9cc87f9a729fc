/*
 * The shared object as the rest of the room sees it: connections that are
 * opened, bound, asked and closed.
 */

#include "directory_conn.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "mem.h"

#define EXPORT __attribute__((visibility("default")))

/* By what is known of it: it did not fail, and all that came was asked for. */
static bool
conn_whole(const struct directory_conn *c)
{
	return !c->lost && c->ahead_at == c->ahead_len;
}

static bool
conn_alive(const struct directory_conn *c)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };

	if (!conn_whole(c) || c->owner != getpid() || !directory_conn_same(c))
		return false;
	/* Nothing was asked: what comes is an end or a notice of one. */
	return poll(&p, 1, 0) == 0;
}

/*
 * The socket is looked at once more: in a child of fork() libldap's good-bye
 * would end the parent's connection, and a number that a host has closed may
 * stand for something else by now.
 */
static void
conn_close(struct directory_conn **conn)
{
	struct directory_conn *c = *conn;
	bool same;

	if (c == NULL)
		return;
	same = directory_conn_same(c);
	c->lost = c->lost || !same || c->owner != getpid();
	c->until = 0;
	if (c->ld != NULL)
		(void)ldap_unbind_ext(c->ld, NULL, NULL);
	if (same)
		close(c->fd);
	mem_free(conn, sizeof(*c));
}

static int
conn_bind(
    struct directory_conn *c, const struct directory_target *t, struct err *e)
{
	/* an initial response that is empty, and there: RFC 4422 §5 */
	static const char empty[] = "";
	struct berval none = { 0, (char *)(uintptr_t)empty },
		      password = { 0, NULL };
	bool external = t->bind_dn == NULL;
	LDAPMessage *msg = NULL;
	int code, msgid = -1, r;

	if (external && strncasecmp(t->uri, "ldapi:", 6) != 0)
		return 0; /* asked as nobody */
	password.bv_len = t->password_len;
	password.bv_val = (char *)(uintptr_t)t->password;
	/* a name without a password would be nobody, RFC 4513 §5.1.2 */
	if (!external && t->password_len == 0)
		return err_set(e, E_DIRECTORY_UNAVAILABLE,
		    "the file of bind_password_file is empty");
	code = ldap_sasl_bind(c->ld, external ? NULL : t->bind_dn,
	    external ? "EXTERNAL" : LDAP_SASL_SIMPLE,
	    external ? &none : &password, NULL, NULL, &msgid);
	if (code != LDAP_SUCCESS)
		return directory_conn_fail(c, code, "bind", e);
	r = directory_conn_wait(c, msgid, "bind", &msg, e);
	if (r != 0)
		return r;
	if (ldap_parse_result(c->ld, msg, &code, NULL, NULL, NULL, NULL, 1) !=
	    LDAP_SUCCESS)
		code = LDAP_DECODING_ERROR;
	return code == LDAP_SUCCESS ? 0 :
				      directory_conn_fail(c, code, "bind", e);
}

static int
conn_connect(const struct directory_target *target, int64_t until,
    struct directory_conn **out, struct err *e)
{
	struct directory_conn *c = mem_alloc(sizeof(*c));
	struct ldapuri uri;
	struct stat st;
	int r;

	if (c == NULL)
		return err_set(e, E_NOMEM, "out of memory");
	c->fd = -1;
	c->owner = getpid();
	c->until = until;
	r = ldapuri_parse(target->uri, &uri);
	if (r == 0)
		r = directory_connect(&uri, until, &c->fd, e);
	else
		r = err_set(
		    e, E_DIRECTORY_UNAVAILABLE, "the uri is no address");
	if (r == 0 && fstat(c->fd, &st) == 0) {
		c->dev = st.st_dev;
		c->ino = st.st_ino;
	}
	if (r == 0)
		r = directory_conn_wrap(c, target, e);
	if (r == 0)
		r = directory_conn_secure(c, target, e);
	if (r == 0 && target->bind)
		r = conn_bind(c, target, e);
	if (r == 0)
		*out = c;
	else
		conn_close(&c);
	return r;
}

EXPORT const struct directory_driver jwtgate_directory_driver = {
	.version = PACKAGE_VERSION,
	.connect = conn_connect,
	.whole = conn_whole,
	.alive = conn_alive,
	.search = directory_conn_search,
	.password = directory_conn_password,
	.close = conn_close,
};
