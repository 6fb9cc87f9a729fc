/*
 * cli_io: standard input, output and error. Tokens and keys pass through
 * here, so there is no stdio buffer in which they would stay behind.
 */

#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "jws.h"
#include "mem.h"

#define LINE_MAX_BYTES 8192

int
cli_open_std(void)
{
	/* Opened the wrong way round, so that using them fails. */
	static const int modes[] = { O_WRONLY, O_RDONLY, O_RDONLY };
	int fd, i;

	for (i = 0; i < 3; i++) {
		if (fcntl(i, F_GETFD) != -1)
			continue;
		/* The lowest free number is i: those below it are open. */
		fd = open("/dev/null", modes[i]);
		if (fd != i)
			return CLI_UNAVAILABLE;
	}
	return CLI_DONE;
}

int
cli_read(size_t max, struct cli_input *out)
{
	size_t len = 0;
	ssize_t n;
	char *data;

	data = mem_alloc(max);
	if (data == NULL)
		return cli_fail(E_NOMEM, NULL);
	while (len < max) {
		n = read(STDIN_FILENO, data + len, max - len);
		if (n == 0)
			break;
		if (n > 0) {
			len += (size_t)n;
		} else if (errno != EINTR) {
			fprintf(stderr, "jwtgate: standard input: %s\n",
			    strerror(errno));
			mem_free(&data, max);
			return CLI_UNAVAILABLE;
		}
	}
	out->data = data;
	out->len = len;
	return CLI_DONE;
}

int
cli_read_token(struct cli_input *out)
{
	int status;

	/* One byte for the LF, one to see that there is more. */
	status = cli_read(JWS_MAX_LEN + 2, out);
	if (status != CLI_DONE)
		return status;
	if (out->len > 0 && out->data[out->len - 1] == '\n')
		out->len--;
	return CLI_DONE;
}

void
cli_input_done(struct cli_input *in)
{
	mem_free(&in->data, in->len);
	in->len = 0;
}

int
cli_print(const void *data, size_t n)
{
	const char *p = data;
	ssize_t done;

	/* Also when n is 0: a closed output is an error all the same. */
	do {
		done = write(STDOUT_FILENO, p, n);
		if (done >= 0) {
			p += done;
			n -= (size_t)done;
		} else if (errno != EINTR) {
			fprintf(stderr, "jwtgate: standard output: %s\n",
			    strerror(errno));
			return CLI_UNAVAILABLE;
		}
	} while (n > 0);
	return CLI_DONE;
}

int
cli_printf(const char *fmt, ...)
{
	char line[LINE_MAX_BYTES];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(line))
		return cli_fail(E_RANGE, NULL);
	return cli_print(line, (size_t)n);
}

int
cli_usage(const struct cli *cli, const char *fmt, ...)
{
	char synopsis[CLI_SYNOPSIS_MAX];
	va_list ap;

	fprintf(stderr, "jwtgate: ");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\nusage: jwtgate %s\n",
	    cli->command != NULL ? cli_synopsis(cli->command, synopsis) :
				   "COMMAND [OPTION]...; see jwtgate --help");
	return CLI_USAGE;
}

int
cli_fail(int code, const struct err *e)
{
	enum err_class class = err_class(code);

	if (err_is_reason(code))
		fprintf(stderr, "%s\n", err_name(code));
	fprintf(stderr, "jwtgate: %s\n", err_text(e, code));
	return class == ERR_CLASS_NONE ? CLI_UNAVAILABLE : (int)class;
}

int
cli_fail_config(int code, const struct err *e)
{
	return cli_fail(code == E_NOMEM ? E_NOMEM : E_CONFIG_INVALID, e);
}
