/*
 * The order matters: bind under a umask that admits nobody, then group, then
 * mode, and only then listen: at no moment can somebody connect who may not.
 */

#include "listener.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "err.h"
#include "settings.h"

#define BACKLOG 4096

static int
address(const char *path, struct sockaddr_un *out, struct err *e)
{
	size_t n = strlen(path);

	memset(out, 0, sizeof(*out));
	out->sun_family = AF_UNIX;
	if (n == 0 || n >= sizeof(out->sun_path))
		return err_set(e, E_CONFIG_INVALID,
		    "%s: a socket's path has 1 to %zu bytes", path,
		    sizeof(out->sun_path) - 1);
	memcpy(out->sun_path, path, n);
	return 0;
}

/* Removes what a dead daemon left; refuses what is alive or no socket. */
static int
clear(const char *path, const struct sockaddr_un *a, struct err *e)
{
	struct stat st;
	int fd, r, saved;

	if (lstat(path, &st) != 0)
		return errno == ENOENT ?
		    0 :
		    err_set(e, E_IO, "%s: %s", path, strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return err_set(
		    e, E_CONFIG_INVALID, "%s: is there and no socket", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_set(e, E_IO, "socket: %s", strerror(errno));
	r = connect(fd, (const struct sockaddr *)a, sizeof(*a));
	saved = errno;
	close(fd);
	if (r == 0 || saved != ECONNREFUSED)
		return err_set(
		    e, E_IO, "%s: another process listens there", path);
	if (unlink(path) != 0 && errno != ENOENT)
		return err_set(e, E_IO, "%s: %s", path, strerror(errno));
	return 0;
}

static int
own(const struct settings_listener *l, void (*skipped)(const char *),
    struct err *e)
{
	const struct group *group;

	if (l->group != NULL) {
		group = getgrnam(l->group);
		if (group == NULL && l->group_named)
			return err_set(e, E_CONFIG_INVALID,
			    "socket_group: there is no group %s", l->group);
		if (group == NULL && skipped != NULL)
			skipped(l->group);
		if (group != NULL &&
		    chown(l->path, (uid_t)-1, group->gr_gid) != 0)
			return err_set(
			    e, E_IO, "%s: chown: %s", l->path, strerror(errno));
	}
	if (chmod(l->path, l->mode) != 0)
		return err_set(
		    e, E_IO, "%s: chmod: %s", l->path, strerror(errno));
	return 0;
}

/* /run is empty after a boot: its folder is ours to make. */
static void
make_folder(const char *path)
{
	char folder[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	const char *slash = strrchr(path, '/');

	if (slash == NULL || slash == path ||
	    (size_t)(slash - path) >= sizeof(folder))
		return;
	memcpy(folder, path, (size_t)(slash - path));
	folder[slash - path] = '\0';
	(void)mkdir(folder, 0755);
}

static int
open_file(const struct settings_listener *l, void (*skipped)(const char *group),
    int *fd_out, struct err *e)
{
	struct sockaddr_un a;
	mode_t mask;
	int fd = -1, r;

	r = address(l->path, &a, e);
	if (r != 0)
		return r;
	mask = umask(0022);
	make_folder(l->path);
	umask(0177);
	r = clear(l->path, &a, e);
	if (r != 0)
		goto out;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&a, sizeof(a)) != 0) {
		r = err_set(e, E_IO, "%s: %s", l->path, strerror(errno));
		goto out;
	}
	r = own(l, skipped, e);
	if (r == 0 && listen(fd, BACKLOG) != 0)
		r = err_set(e, E_IO, "%s: %s", l->path, strerror(errno));
	if (r == 0) {
		*fd_out = fd;
		fd = -1;
	} else
		(void)unlink(l->path);
out:
	umask(mask);
	if (fd >= 0)
		close(fd);
	return r;
}

/* Returns the length of the address, which is that of either family. */
static socklen_t
tcp_address(const struct settings_listener *l, struct sockaddr_in6 *out)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;

	memset(out, 0, sizeof(*out));
	if (l->addr.family == 4) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(l->port);
		memcpy(&v4->sin_addr, l->addr.bytes, sizeof(v4->sin_addr));
		return sizeof(*v4);
	}
	out->sin6_family = AF_INET6;
	out->sin6_port = htons(l->port);
	memcpy(&out->sin6_addr, l->addr.bytes, sizeof(out->sin6_addr));
	return sizeof(*out);
}

static int
open_tcp(const struct settings_listener *l, int *fd_out, struct err *e)
{
	struct sockaddr_in6 a;
	socklen_t n = tcp_address(l, &a);
	int fd, on = 1;

	fd = socket(
	    a.sin6_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    bind(fd, (const struct sockaddr *)&a, n) != 0 ||
	    listen(fd, BACKLOG) != 0) {
		err_set(e, E_IO, "%s: %s", l->path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return E_IO;
	}
	*fd_out = fd;
	return 0;
}

int
listener_open(const struct settings_listener *l,
    void (*skipped)(const char *group), int *fd_out, struct err *e)
{
	return l->port != 0 ? open_tcp(l, fd_out, e) :
			      open_file(l, skipped, fd_out, e);
}

static int
is_at_port(int fd, const struct settings_listener *l)
{
	struct sockaddr_in6 want, got;
	socklen_t n = sizeof(got), want_n = tcp_address(l, &want);

	memset(&got, 0, sizeof(got));
	return getsockname(fd, (struct sockaddr *)&got, &n) == 0 &&
	    n == want_n && memcmp(&got, &want, n) == 0;
}

int
listener_is_at(int fd, const struct settings_listener *l)
{
	struct sockaddr_un a;
	socklen_t n = sizeof(a);

	if (l->port != 0)
		return is_at_port(fd, l);
	memset(&a, 0, sizeof(a));
	if (getsockname(fd, (struct sockaddr *)&a, &n) != 0 ||
	    a.sun_family != AF_UNIX)
		return 0;
	return strncmp(a.sun_path, l->path, sizeof(a.sun_path)) == 0;
}

int
listener_adopt(int fd, struct err *e)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
		return err_set(
		    e, E_IO, "the socket from systemd: %s", strerror(errno));
	return 0;
}
