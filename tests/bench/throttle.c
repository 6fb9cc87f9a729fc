/*
 * throttle: what a login costs with fraudd asked and without, and what the
 * bytes alone cost. Sides take short turns in one process, so that what else
 * happens on the machine meets them all.
 *
 *	bench_throttle DIR ROUNDS SIDE...
 *
 * DIR holds jwtgate.json with the services plain and asked, of which one has
 * fraud, a token, pam.d/ with services of these names, e (the socket of
 * bench_echo), sasl/ with the plugin. Prints for each side its name and the
 * median, p90 and p99 in microseconds.
 *
 *	gate-plain gate-asked	one decision of a long-lived host
 *	login-plain login-asked	the same by a gate of its own, as PAM does it
 *	pam-plain pam-asked	a PAM stack with pam_jwt.so alone
 *	sasl-plain sasl-asked	a SASL exchange of a long-lived host
 *	gate-bare login-bare pam-bare sasl-bare	the plain one between two
 *				questions and answers of bench_echo: a server
 *				that slept meanwhile, as fraudd does
 */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <sasl/sasl.h>
#include <security/pam_appl.h>

#include "gate.h"

#define TURN 50 /* logins of a side in a round */
#define TEXT_MAX 8192
#define PATH_BYTES 256
/* What the gate asks, in bytes; bench_echo is told the same. */
#define ECHO_BYTES 200

struct bench {
	char dir[PATH_BYTES - 64], token[TEXT_MAX];
	size_t token_len;
	struct gate *gate;
	int echo;
	char answer[TEXT_MAX];
	char first[TEXT_MAX + 64]; /* of a SASL client */
	size_t first_len;
	char config[PATH_BYTES];
};

struct side {
	const char *name;
	void (*run)(struct bench *b, bool asked);
	bool asked;
	double *us;
	size_t count;
};

static void
die(const char *what)
{
	fprintf(stderr, "bench_throttle: %s\n", what);
	exit(1);
}

static double
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static const char *
path_of(const struct bench *b, const char *name)
{
	static char path[PATH_BYTES];

	snprintf(path, sizeof(path), "%s/%s", b->dir, name);
	return path;
}

static void
decide(struct bench *b, struct gate *gate, bool asked)
{
	const struct gate_request q = { .checks = GATE_TOKEN,
		.token = b->token,
		.token_len = b->token_len,
		.service = asked ? "asked" : "plain",
		.user = "alice",
		.peer = "192.0.2.7",
		.address = "192.0.2.7" };
	struct gate_outcome out;

	if (gate_decide(gate, &q, (int64_t)time(NULL), &out) != 0)
		die(out.text);
}

static void
run_gate(struct bench *b, bool asked)
{
	decide(b, b->gate, asked);
}

static void
run_login(struct bench *b, bool asked)
{
	struct gate *gate = NULL;
	struct err e = { 0 };

	if (gate_new(b->config, &gate, &e) != 0)
		die(e.text);
	decide(b, gate, asked);
	gate_free(&gate);
}

static int
converse(
    int n, const struct pam_message **m, struct pam_response **out, void *arg)
{
	struct bench *b = arg;
	struct pam_response *r = calloc((size_t)n, sizeof(*r));
	unsigned offset = 0, chunk = 0;

	if (r == NULL || n != 1)
		die("conversation");
	if (sscanf(m[0]->msg, "JWT[%u+%u]: ", &offset, &chunk) == 2)
		r[0].resp = strndup(
		    b->token + (offset < b->token_len ? offset : b->token_len),
		    chunk);
	*out = r;
	return PAM_SUCCESS;
}

static void
run_pam(struct bench *b, bool asked)
{
	const struct pam_conv conv = { converse, b };
	pam_handle_t *pamh = NULL;
	int r;

	r = pam_start_confdir(asked ? "asked" : "plain", "alice", &conv,
	    path_of(b, "pam.d"), &pamh);
	if (r == PAM_SUCCESS)
		r = pam_set_item(pamh, PAM_RHOST, "192.0.2.7");
	if (r == PAM_SUCCESS)
		r = pam_authenticate(pamh, 0);
	if (r != PAM_SUCCESS)
		die(pam_strerror(pamh, r));
	pam_end(pamh, r);
}

static void
run_sasl(struct bench *b, bool asked)
{
	sasl_conn_t *conn = NULL;
	const char *out;
	unsigned n;
	int r;

	r = sasl_server_new(asked ? "asked" : "plain", "localhost", NULL,
	    "127.0.0.1;25", "192.0.2.7;4711", NULL, 0, &conn);
	if (r == SASL_OK)
		r = sasl_server_start(conn, "OAUTHBEARER", b->first,
		    (unsigned)b->first_len, &out, &n);
	if (r != SASL_OK)
		die(sasl_errstring(r, NULL, NULL));
	sasl_dispose(&conn);
}

static int
echo_connect(struct bench *b)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(to.sun_path, sizeof(to.sun_path), "%.100s", path_of(b, "e"));
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		die("bench_echo is not there");
	return fd;
}

static void
echo_once(struct bench *b, int fd)
{
	if (write(fd, b->token, ECHO_BYTES) != ECHO_BYTES ||
	    read(fd, b->answer, sizeof(b->answer)) <= 0)
		die("bench_echo");
}

/* The bytes alone, with the same work of the host between them. */
static void
run_bare(struct bench *b, void (*run)(struct bench *b, bool asked), bool own)
{
	int fd = own ? echo_connect(b) : b->echo;

	echo_once(b, fd);
	run(b, false);
	echo_once(b, fd);
	if (own)
		close(fd);
}

static void
run_gate_bare(struct bench *b, bool asked)
{
	(void)asked;
	run_bare(b, run_gate, false);
}

static void
run_login_bare(struct bench *b, bool asked)
{
	(void)asked;
	run_bare(b, run_login, true);
}

static void
run_pam_bare(struct bench *b, bool asked)
{
	(void)asked;
	run_bare(b, run_pam, true);
}

static void
run_sasl_bare(struct bench *b, bool asked)
{
	(void)asked;
	run_bare(b, run_sasl, false);
}

static int
option(void *context, const char *plugin, const char *name, const char **value,
    unsigned *len)
{
	struct bench *b = context;

	(void)plugin;
	if (strcmp(name, "oauthbearer_config") == 0)
		*value = b->config;
	else if (strcmp(name, "oauthbearer_min_ssf") == 0)
		*value = "0";
	else
		return SASL_FAIL;
	if (len != NULL)
		*len = (unsigned)strlen(*value);
	return SASL_OK;
}

static int
where(void *context, const char **path)
{
	static char dir[PATH_BYTES];

	snprintf(dir, sizeof(dir), "%s", path_of(context, "sasl"));
	*path = dir;
	return SASL_OK;
}

static int
quiet(void *context, int level, const char *text)
{
	(void)context;
	(void)level;
	(void)text;
	return SASL_OK;
}

typedef int sasl_fn(void);

static void
sasl_open(struct bench *b)
{
	static sasl_callback_t callbacks[4];

	callbacks[0] = (sasl_callback_t){ SASL_CB_GETOPT, (sasl_fn *)option,
		b };
	callbacks[1] = (sasl_callback_t){ SASL_CB_GETPATH, (sasl_fn *)where,
		b };
	callbacks[2] = (sasl_callback_t){ SASL_CB_LOG, (sasl_fn *)quiet, b };
	callbacks[3] = (sasl_callback_t){ SASL_CB_LIST_END, NULL, NULL };
	if (sasl_server_init(callbacks, "bench") != SASL_OK)
		die("libsasl");
	b->first_len = (size_t)snprintf(b->first, sizeof(b->first),
	    "n,a=alice,\001auth=Bearer %s\001\001", b->token);
}

static struct side sides[] = {
	{ .name = "gate-plain", .run = run_gate },
	{ .name = "gate-bare", .run = run_gate_bare },
	{ .name = "gate-asked", .run = run_gate, .asked = true },
	{ .name = "login-plain", .run = run_login },
	{ .name = "login-bare", .run = run_login_bare },
	{ .name = "login-asked", .run = run_login, .asked = true },
	{ .name = "pam-plain", .run = run_pam },
	{ .name = "pam-bare", .run = run_pam_bare },
	{ .name = "pam-asked", .run = run_pam, .asked = true },
	{ .name = "sasl-plain", .run = run_sasl },
	{ .name = "sasl-bare", .run = run_sasl_bare },
	{ .name = "sasl-asked", .run = run_sasl, .asked = true },
};

#define SIDES (sizeof(sides) / sizeof(sides[0]))

static int
order(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
run_side(struct bench *b, struct side *s)
{
	double before;
	int i;

	for (i = 0; i < TURN; i++) {
		before = now_us();
		s->run(b, s->asked);
		s->us[s->count++] = now_us() - before;
	}
}

static void
prepare(struct bench *b, const char *dir)
{
	struct err e = { 0 };
	FILE *f;

	snprintf(b->dir, sizeof(b->dir), "%s", dir);
	f = fopen(path_of(b, "token"), "re");
	if (f == NULL || fgets(b->token, sizeof(b->token), f) == NULL)
		die("no token");
	fclose(f);
	b->token_len = strcspn(b->token, "\n");
	b->token[b->token_len] = '\0';
	snprintf(
	    b->config, sizeof(b->config), "%s", path_of(b, "jwtgate.json"));
	if (gate_new(b->config, &b->gate, &e) != 0)
		die(e.text);
	b->echo = echo_connect(b);
	sasl_open(b);
}

int
main(int argc, char **argv)
{
	static struct bench b;
	bool wanted[SIDES] = { false };
	size_t rounds, r, i;
	int arg;

	if (argc < 4)
		die("usage: bench_throttle DIR ROUNDS SIDE...");
	prepare(&b, argv[1]);
	rounds = strtoul(argv[2], NULL, 10);
	for (arg = 3; arg < argc; arg++) {
		for (i = 0; i < SIDES && strcmp(argv[arg], sides[i].name) != 0;)
			i++;
		if (i == SIDES)
			die("no such side");
		wanted[i] = true;
	}
	for (i = 0; i < SIDES; i++) {
		sides[i].us = calloc((rounds + 1) * TURN, sizeof(double));
		if (sides[i].us == NULL)
			die("out of memory");
	}
	for (r = 0; r <= rounds; r++) {
		for (i = 0; i < SIDES; i++) {
			if (wanted[i])
				run_side(&b, &sides[i]);
			if (r == 0)
				sides[i].count = 0; /* warm now */
		}
	}
	for (i = 0; i < SIDES; i++) {
		struct side *s = &sides[i];

		if (!wanted[i])
			continue;
		qsort(s->us, s->count, sizeof(double), order);
		printf("%s %.1f %.1f %.1f\n", s->name, s->us[s->count / 2],
		    s->us[s->count * 9 / 10], s->us[s->count * 99 / 100]);
	}
	gate_free(&b.gate);
	sasl_server_done();
	return 0;
}
