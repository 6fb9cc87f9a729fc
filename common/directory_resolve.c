/*
 * The addresses of a server's name, within the deadline: the system's
 * resolver would wait for its own time. c-ares asks the name servers; what it
 * would take from the environment (the hosts file, aliases, search domains)
 * is read here from the system's own files, and said to it.
 */

#include "directory_conn.h"

#include <ares.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "deadline.h"
#include "err.h"
#include "file.h"

#define HOSTS_FILE "/etc/hosts"
#define RESOLV_FILE "/etc/resolv.conf"
#define FILE_MAX (1024 * 1024)
#define DOMAINS_MAX 6
#define TRY_MS 1000
#define TRIES 3
#define BLANKS " \t\r"

static void
add(struct directory_address *out, const struct sockaddr *sa, size_t n)
{
	if (out->count == DIRECTORY_ADDRESSES_MAX ||
	    n > sizeof(struct sockaddr_storage))
		return;
	memset(&out->all[out->count], 0, sizeof(out->all[0]));
	memcpy(&out->all[out->count++], sa, n);
}

/* A number instead of a name. */
static bool
add_number(const char *text, uint16_t port, struct directory_address *out)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6,
		.sin6_port = htons(port) };
	struct sockaddr_in four = { .sin_family = AF_INET,
		.sin_port = htons(port) };

	if (inet_pton(AF_INET, text, &four.sin_addr) == 1) {
		add(out, (const struct sockaddr *)&four, sizeof(four));
		return true;
	}
	if (inet_pton(AF_INET6, text, &six.sin6_addr) == 1) {
		add(out, (const struct sockaddr *)&six, sizeof(six));
		return true;
	}
	return false;
}

/* The next line of a file, its comment cut off; in place. */
static char *
next_line(char **p)
{
	char *line = *p;

	if (*line == '\0')
		return NULL;
	*p += strcspn(*p, "\n");
	if (**p == '\n')
		*(*p)++ = '\0';
	line[strcspn(line, "#;")] = '\0';
	return line;
}

static char *
next_word(char **p)
{
	char *word = *p + strspn(*p, BLANKS);

	if (*word == '\0')
		return NULL;
	*p = word + strcspn(word, BLANKS);
	if (**p != '\0')
		*(*p)++ = '\0';
	return word;
}

static void
add_from_hosts(const struct ldapuri *uri, struct directory_address *out)
{
	struct file file = { .data = NULL };
	char *p, *line, *address, *name;

	if (file_read(HOSTS_FILE, FILE_MAX, FILE_ANY, &file, NULL) != 0)
		return;
	p = file.data;
	while ((line = next_line(&p)) != NULL) {
		address = next_word(&line);
		while (address != NULL && (name = next_word(&line)) != NULL) {
			if (strcasecmp(name, uri->host) == 0)
				(void)add_number(address, uri->port, out);
		}
	}
	file_done(&file);
}

/* The last "search" or "domain" counts, resolv.conf(5). */
static int
search_domains(struct file *file, char *domains[DOMAINS_MAX])
{
	char *p, *line, *word;
	int n = 0;

	if (file_read(RESOLV_FILE, FILE_MAX, FILE_ANY, file, NULL) != 0)
		return 0;
	p = file->data;
	while ((line = next_line(&p)) != NULL) {
		word = next_word(&line);
		if (word == NULL ||
		    (strcmp(word, "search") != 0 &&
			strcmp(word, "domain") != 0))
			continue;
		n = 0;
		while (n < DOMAINS_MAX && (word = next_word(&line)) != NULL)
			domains[n++] = word;
	}
	return n;
}

/* What comes of a lookup. */
struct lookup {
	bool done;
	int status;
	struct directory_address *out;
};

static void
on_answer(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
	const struct ares_addrinfo_node *node;
	struct lookup *l = arg;

	(void)timeouts;
	l->done = true;
	l->status = status;
	if (status != ARES_SUCCESS || info == NULL)
		return;
	for (node = info->nodes; node != NULL; node = node->ai_next)
		add(l->out, node->ai_addr, node->ai_addrlen);
	ares_freeaddrinfo(info);
}

/* The sockets of c-ares, as poll(2) has them. */
static nfds_t
gather(ares_channel channel, struct pollfd fds[ARES_GETSOCK_MAXNUM])
{
	ares_socket_t sockets[ARES_GETSOCK_MAXNUM] = { 0 };
	int bits = ares_getsock(channel, sockets, ARES_GETSOCK_MAXNUM);
	nfds_t n = 0;
	int i;

	for (i = 0; i < ARES_GETSOCK_MAXNUM; i++) {
		short events = 0;

		/* the macros of c-ares shift a signed 1 by 31 */
		if (((unsigned)bits & 1u << i) != 0)
			events |= POLLIN;
		if (((unsigned)bits & 1u << (i + ARES_GETSOCK_MAXNUM)) != 0)
			events |= POLLOUT;
		if (events != 0)
			fds[n++] = (struct pollfd){ .fd = sockets[i],
				.events = events };
	}
	return n;
}

static void
wait_for(ares_channel channel, struct lookup *l, int64_t until)
{
	struct pollfd fds[ARES_GETSOCK_MAXNUM];
	struct timeval next = { 0 };
	int64_t step;
	nfds_t i, n;

	while (!l->done && deadline_left(until) > 0) {
		n = gather(channel, fds);
		step = until;
		if (ares_timeout(channel, NULL, &next) != NULL)
			step = deadline_now() + next.tv_sec * INT64_C(1000000) +
			    next.tv_usec;
		(void)poll(fds, n, deadline_poll(step < until ? step : until));
		for (i = 0; i < n; i++)
			ares_process_fd(channel,
			    (fds[i].revents & ~POLLOUT) != 0 ? fds[i].fd :
							       ARES_SOCKET_BAD,
			    (fds[i].revents & POLLOUT) != 0 ? fds[i].fd :
							      ARES_SOCKET_BAD);
		ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	}
}

static int
open_channel(ares_channel *out)
{
	char lookups[] = "b"; /* name servers alone */
	char *domains[DOMAINS_MAX] = { NULL };
	struct file file = { .data = NULL };
	struct ares_options options = { .flags = ARES_FLAG_NOALIASES,
		.timeout = TRY_MS,
		.tries = TRIES,
		.ndots = 1,
		.domains = domains,
		.lookups = lookups };
	int status;

	options.ndomains = search_domains(&file, domains);
	status = ares_init_options(out, &options,
	    ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
		ARES_OPT_NDOTS | ARES_OPT_DOMAINS | ARES_OPT_LOOKUPS |
		ARES_OPT_NOROTATE);
	file_done(&file);
	return status;
}

static void
ask_servers(const struct ldapuri *uri, int64_t until, struct lookup *l)
{
	const struct ares_addrinfo_hints hints = { .ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM };
	ares_channel channel = NULL;
	size_t i;

	l->status = open_channel(&channel);
	if (l->status != ARES_SUCCESS)
		return;
	ares_getaddrinfo(channel, uri->host, NULL, &hints, on_answer, l);
	wait_for(channel, l, until);
	if (!l->done) {
		ares_cancel(channel);
		l->status = ARES_ETIMEOUT;
	}
	ares_destroy(channel);
	for (i = 0; i < l->out->count; i++) {
		if (l->out->all[i].ss_family == AF_INET)
			((struct sockaddr_in *)&l->out->all[i])
			    ->sin_port = htons(uri->port);
		else
			((struct sockaddr_in6 *)&l->out->all[i])
			    ->sin6_port = htons(uri->port);
	}
}

int
directory_resolve(const struct ldapuri *uri, int64_t until,
    struct directory_address *out, struct err *e)
{
	struct lookup l = { .out = out };

	out->count = 0;
	if (add_number(uri->host, uri->port, out))
		return 0;
	add_from_hosts(uri, out);
	if (out->count > 0)
		return 0;
	ask_servers(uri, until, &l);
	if (out->count > 0)
		return 0;
	return err_set(e, E_DIRECTORY_UNAVAILABLE,
	    "the name of the server was not found: %s",
	    ares_strerror(l.status));
}
