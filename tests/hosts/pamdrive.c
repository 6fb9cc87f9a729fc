/*
 * pamdrive: a PAM application for tests. Runs phases of a stack in a folder
 * of service files and prints what the stack asks, what it says, and what
 * each phase returns:
 *
 *	prompt JWT[0+1000]:
 *	authenticate PAM_SUCCESS
 *
 * Token prompts are answered from -t FILE, chunk by chunk; with -R whole to
 * every prompt, as callers do that know one answer only. Any other prompt is
 * answered from -p FILE. With -m a phase's line ends with the milliseconds
 * since the last answer. -x COMMAND is run before the first answer.
 */

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <security/pam_appl.h>

#define FILE_BYTES_MAX (4 * 1024 * 1024)
#define ENV_MAX 8

struct drive {
	const char *confdir, *service, *user, *rhost;
	char *token, *password; /* owns; NULL: the conversation fails */
	const char *env[ENV_MAX];
	int env_count;
	bool repeat, measure;
	struct timespec answered;
	const char *command; /* NULL: none */
	int fail_at; /* the prompt that gets PAM_CONV_ERR; 0: none */
	int prompts;
	int flags;
};

static void
die(const char *what)
{
	fprintf(stderr, "pamdrive: %s\n", what);
	exit(99);
}

static char *
slurp(const char *path)
{
	char *text = calloc(1, FILE_BYTES_MAX + 1);
	size_t len = 0;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || text == NULL)
		die(path);
	while ((n = read(fd, text + len, FILE_BYTES_MAX - len)) > 0)
		len += (size_t)n;
	close(fd);
	return text;
}

static char *
piece(const char *text, size_t offset, size_t n)
{
	size_t len = strlen(text);

	if (offset > len)
		offset = len;
	return strndup(text + offset, n);
}

static char *
answer(const struct drive *d, const char *prompt)
{
	size_t offset, chunk;

	if (d->prompts == d->fail_at)
		return NULL;
	if (sscanf(prompt, "JWT[%zu+%zu]: ", &offset, &chunk) != 2)
		return d->password != NULL ? strdup(d->password) : NULL;
	if (d->token == NULL)
		return NULL;
	return d->repeat ? strdup(d->token) : piece(d->token, offset, chunk);
}

static int
converse(int count, const struct pam_message **messages,
    struct pam_response **responses, void *data)
{
	struct pam_response *r = calloc((size_t)count, sizeof(*r));
	struct drive *d = data;
	int i;

	if (r == NULL)
		return PAM_BUF_ERR;
	for (i = 0; i < count; i++) {
		const struct pam_message *m = messages[i];

		if (m->msg_style == PAM_TEXT_INFO ||
		    m->msg_style == PAM_ERROR_MSG) {
			printf("%s %s\n",
			    m->msg_style == PAM_TEXT_INFO ? "info" : "error",
			    m->msg);
			continue;
		}
		d->prompts++;
		printf("prompt %s\n", m->msg);
		if (d->prompts == 1 && d->command != NULL &&
		    system(d->command) != 0)
			die(d->command);
		r[i].resp = answer(d, m->msg);
		if (r[i].resp == NULL) {
			free(r);
			return PAM_CONV_ERR;
		}
	}
	*responses = r;
	clock_gettime(CLOCK_MONOTONIC, &d->answered);
	return PAM_SUCCESS;
}

static const struct phase {
	const char *name;
	int (*run)(pam_handle_t *, int);
	int flags;
} phases[] = {
	{ "authenticate", pam_authenticate, 0 },
	{ "acct_mgmt", pam_acct_mgmt, 0 },
	{ "setcred", pam_setcred, PAM_ESTABLISH_CRED },
	{ "open_session", pam_open_session, 0 },
	{ "close_session", pam_close_session, 0 },
	{ "chauthtok", pam_chauthtok, 0 },
};

static const struct code {
	const char *name;
	int code;
} codes[] = {
#define CODE(name) \
	{ \
#name, name \
	}
	CODE(PAM_SUCCESS),
	CODE(PAM_SERVICE_ERR),
	CODE(PAM_SYSTEM_ERR),
	CODE(PAM_BUF_ERR),
	CODE(PAM_PERM_DENIED),
	CODE(PAM_AUTH_ERR),
	CODE(PAM_AUTHINFO_UNAVAIL),
	CODE(PAM_USER_UNKNOWN),
	CODE(PAM_AUTHTOK_ERR),
	CODE(PAM_NEW_AUTHTOK_REQD),
	CODE(PAM_CONV_ERR),
	CODE(PAM_IGNORE),
};

static const char *
code_name(int code)
{
	size_t i;

	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (codes[i].code == code)
			return codes[i].name;
	}
	return "another code";
}

static long
since_answer(const struct drive *d)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long)(now.tv_sec - d->answered.tv_sec) * 1000 +
	    (now.tv_nsec - d->answered.tv_nsec) / 1000000;
}

/* A phase by its name, or "user=NAME", as a host that changes PAM_USER. */
static int
run(const struct drive *d, pam_handle_t *pamh, const char *name)
{
	size_t i;
	int r;

	if (strncmp(name, "user=", 5) == 0)
		return pam_set_item(pamh, PAM_USER, name + 5);
	for (i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
		if (strcmp(name, phases[i].name) != 0)
			continue;
		r = phases[i].run(pamh, phases[i].flags | d->flags);
		printf("%s %s", name, code_name(r));
		if (d->measure)
			printf(" %ld", since_answer(d));
		printf("\n");
		return r;
	}
	die("no such phase");
	return PAM_ABORT;
}

static void
take_options(struct drive *d, int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "d:e:f:h:mp:Rs:St:u:x:")) != -1) {
		switch (c) {
		case 'd':
			d->confdir = optarg;
			break;
		case 'e':
			if (d->env_count == ENV_MAX)
				die("too many -e");
			d->env[d->env_count++] = optarg;
			break;
		case 'f':
			d->fail_at = atoi(optarg);
			break;
		case 'h':
			d->rhost = optarg;
			break;
		case 'm':
			d->measure = true;
			break;
		case 'p':
			d->password = slurp(optarg);
			break;
		case 'R':
			d->repeat = true;
			break;
		case 's':
			d->service = optarg;
			break;
		case 'S':
			d->flags = (int)((unsigned)d->flags | PAM_SILENT);
			break;
		case 't':
			d->token = slurp(optarg);
			break;
		case 'u':
			d->user = optarg;
			break;
		case 'x':
			d->command = optarg;
			break;
		default:
			die("usage: pamdrive -d CONFDIR -s SERVICE -u USER "
			    "[-mRS] [-e NAME=VALUE] [-f N] [-h RHOST] "
			    "[-p FILE] [-t FILE] [-x COMMAND] PHASE...");
		}
	}
}

int
main(int argc, char **argv)
{
	struct drive d = { .service = "test", .user = "alice" };
	struct pam_conv conv = { converse, &d };
	pam_handle_t *pamh = NULL;
	int i, r;

	take_options(&d, argc, argv);
	r = pam_start_confdir(d.service, d.user, &conv, d.confdir, &pamh);
	if (r != PAM_SUCCESS)
		die("pam_start failed");
	if (d.rhost != NULL)
		r = pam_set_item(pamh, PAM_RHOST, d.rhost);
	for (i = 0; i < d.env_count && r == PAM_SUCCESS; i++)
		r = pam_putenv(pamh, d.env[i]);
	for (i = optind; i < argc; i++)
		r = run(&d, pamh, argv[i]);
	pam_end(pamh, r);
	free(d.token);
	free(d.password);
	return r == PAM_SUCCESS ? 0 : 1;
}
