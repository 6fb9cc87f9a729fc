/*
 * A connected socket within the deadline. Of several addresses each has its
 * share of the time, so that one that answers nothing does not keep the next
 * from being tried.
 */

#include "directory_conn.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "deadline.h"
#include "err.h"

static int
fail(int code, struct err *e)
{
	char text[128];

	return err_set(e, E_DIRECTORY_UNAVAILABLE, "no connection: %s",
	    strerror_r(code, text, sizeof(text)));
}

/* 0, or the errno of a connection that did not come about. */
static int
wait_connected(int fd, int64_t until)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	socklen_t n = sizeof(int);
	int code = 0, r;

	do
		r = poll(&p, 1, deadline_poll(until));
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return errno;
	if (r == 0)
		return ETIMEDOUT;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &n) != 0)
		return errno;
	return code;
}

static int
try(const struct sockaddr *sa, socklen_t n, int64_t until, int *fd_out)
{
	const int on = 1;
	int code = 0, fd;

	fd = socket(
	    sa->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return errno;
	if (sa->sa_family != AF_UNIX) {
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	}
	if (connect(fd, sa, n) != 0)
		code = errno == EINPROGRESS ? wait_connected(fd, until) : errno;
	if (code == 0)
		*fd_out = fd;
	else
		close(fd);
	return code;
}

static int
connect_unix(
    const struct ldapuri *uri, int64_t until, int *fd_out, struct err *e)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int code;

	if (strlen(uri->host) >= sizeof(sa.sun_path))
		return fail(ENAMETOOLONG, e);
	memcpy(sa.sun_path, uri->host, strlen(uri->host) + 1);
	code = try((const struct sockaddr *)&sa, sizeof(sa), until, fd_out);
	return code == 0 ? 0 : fail(code, e);
}

int
directory_connect(
    const struct ldapuri *uri, int64_t until, int *fd_out, struct err *e)
{
	struct sockaddr_storage all[DIRECTORY_ADDRESSES_MAX];
	struct directory_address found = { .all = all };
	int code = ETIMEDOUT, r;
	size_t i;

	if (uri->scheme == LDAPURI_LDAPI)
		return connect_unix(uri, until, fd_out, e);
	r = directory_resolve(uri, until, &found, e);
	if (r != 0)
		return r;
	for (i = 0; i < found.count && code != 0; i++)
		code = try((const struct sockaddr *)&all[i],
		    all[i].ss_family == AF_INET ? sizeof(struct sockaddr_in) :
						  sizeof(struct sockaddr_in6),
		    deadline_share(until, (unsigned)(found.count - i)), fd_out);
	return code == 0 ? 0 : fail(code, e);
}
