/*
 * nss-pam-ldapd: its daemon, asked as its PAM module asks in the account
 * phase; pam_authz_search is what decides. argv: the socket.
 */

#include "directory.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define VERSION 2
#define AUTHZ 0x000d0002
#define BEGIN 1
#define BYTES_MAX 1024

void *
adapter_open(int argc, char *argv[])
{
	if (argc != 1)
		exit(2);
	return argv[0];
}

static size_t
put_number(char *to, uint32_t n)
{
	n = htonl(n);
	memcpy(to, &n, sizeof(n));
	return sizeof(n);
}

static size_t
put_text(char *to, const char *text)
{
	size_t n = put_number(to, (uint32_t)strlen(text));

	memcpy(to + n, text, strlen(text));
	return n + strlen(text);
}

static size_t
read_all(int fd, char *buf)
{
	size_t n = 0;
	ssize_t got;

	while (n < BYTES_MAX && (got = read(fd, buf + n, BYTES_MAX - n)) > 0)
		n += (size_t)got;
	return n;
}

/* version, action, BEGIN, then PAM's code */
int
adapter_check(void *state, const char *user)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	uint32_t answer[4];
	char buf[BYTES_MAX];
	size_t n = 0;
	int fd;

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", (const char *)state);
	n += put_number(buf + n, VERSION);
	n += put_number(buf + n, AUTHZ);
	n += put_text(buf + n, user);
	n += put_text(buf + n, "sshd");
	n += put_text(buf + n, "");
	n += put_text(buf + n, "192.0.2.7");
	n += put_text(buf + n, "ssh");
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0 ||
	    write(fd, buf, n) != (ssize_t)n)
		return -1;
	n = read_all(fd, buf);
	close(fd);
	if (n < sizeof(answer))
		return -1;
	memcpy(answer, buf, sizeof(answer));
	if (ntohl(answer[1]) != AUTHZ || ntohl(answer[2]) != BEGIN)
		return -1;
	return ntohl(answer[3]) == 0;
}
