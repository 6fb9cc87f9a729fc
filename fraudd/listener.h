/*
 * listener: the sockets of the daemon, its own or handed over by systemd.
 */

#ifndef JWTGATE_LISTENER_H
#define JWTGATE_LISTENER_H

struct err;
struct settings_listener;

/*
 * Makes the socket file with its mode and group and listens, or listens on
 * a loopback address. A file that is
 * left of a daemon that died is replaced; one behind which somebody listens
 * is not. Must run before there is a second thread (umask). Returns 0, E_IO
 * or E_CONFIG_INVALID; *fd_out is non-blocking.
 */
int listener_open(const struct settings_listener *listener,
    void (*skipped)(const char *group), int *fd_out, struct err *e);

/* 1 when fd listens where that listener does, else 0. */
int listener_is_at(int fd, const struct settings_listener *listener);

/* Makes a socket that was handed over non-blocking. 0 or E_IO. */
int listener_adopt(int fd, struct err *e);

#endif
