/*
 * bench_sasl DIR ROUNDS: complete exchanges in one process, the client's
 * side and the server's, by libsasl. The mechanisms take turns round by
 * round, so that all of them see the same machine, and what counts is the
 * processor time of this process. Beside each of our algorithms stands what
 * the gate alone takes for the same token. Prints Markdown.
 */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sasl/sasl.h>
#include <sasl/saslplug.h>

#include "file.h"
#include "gate.h"
#include "json.h"
#include "jwk.h"
#include "jws.h"
#include "oauth_client.h"
#include "oauth_server.h"

#define ROUNDS_MAX 101
#define ROUND_NS 60000000.0 /* about what one turn takes */
#define PAYLOAD_MAX 1024
#define PATH_MAX_BYTES 512

struct contender {
	const char *name; /* as it is printed */
	const char *mech;
	enum jwa_alg alg; /* of ours */
	char *token;
	bool whole; /* both sides; else the server's with a message that is
		     * there, or for GATE the decision alone */
	bool gate;
	int compared; /* with which of the contenders */
	long n; /* exchanges of a turn */
	double ns[ROUNDS_MAX]; /* of one exchange, by rounds */
};

static const char *dir;
static char config_path[PATH_MAX_BYTES], db_path[PATH_MAX_BYTES];
static struct gate *gate;
static const char *secret_text; /* of the client that runs */

static void
die(const char *what, const char *detail)
{
	fprintf(stderr, "bench_sasl: %s: %s\n", what, detail);
	exit(1);
}

static int
on_option(void *context, const char *plugin, const char *name,
    const char **value_out, unsigned *len_out)
{
	const char *const options[][2] = {
		{ "oauthbearer_config", config_path },
		{ "auxprop_plugin", "sasldb" },
		{ "sasldb_path", db_path },
		{ "pwcheck_method", "auxprop" },
		{ "log_level", "0" },
	};
	size_t i;

	(void)context;
	(void)plugin;
	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (strcmp(options[i][0], name) != 0)
			continue;
		*value_out = options[i][1];
		if (len_out != NULL)
			*len_out = (unsigned)strlen(options[i][1]);
		return SASL_OK;
	}
	return SASL_FAIL;
}

static int
on_log(void *context, int level, const char *text)
{
	(void)context;
	if (level <= SASL_LOG_FAIL)
		fprintf(stderr, "bench_sasl: log: %s\n", text);
	return SASL_OK;
}

static int
on_name(void *context, int id, const char **out, unsigned *len_out)
{
	(void)context;
	*out = id == SASL_CB_USER ? "" : "alice";
	if (len_out != NULL)
		*len_out = (unsigned)strlen(*out);
	return SASL_OK;
}

static int
on_secret(sasl_conn_t *conn, void *context, int id, sasl_secret_t **out)
{
	static char room[sizeof(sasl_secret_t) + JWS_MAX_LEN];
	sasl_secret_t *secret = (sasl_secret_t *)(void *)room;

	(void)conn;
	(void)context;
	(void)id;
	secret->len = strlen(secret_text);
	memcpy(secret->data, secret_text, secret->len + 1);
	*out = secret;
	return SASL_OK;
}

#define CALLBACK(f) ((int (*)(void))(void (*)(void))(f))

static const sasl_callback_t global_callbacks[] = {
	{ SASL_CB_GETOPT, CALLBACK(on_option), NULL },
	{ SASL_CB_LOG, CALLBACK(on_log), NULL },
	{ SASL_CB_LIST_END, NULL, NULL },
};
static const sasl_callback_t client_callbacks[] = {
	{ SASL_CB_USER, CALLBACK(on_name), NULL },
	{ SASL_CB_AUTHNAME, CALLBACK(on_name), NULL },
	{ SASL_CB_PASS, CALLBACK(on_secret), NULL },
	{ SASL_CB_LIST_END, NULL, NULL },
};

static int
server_init(const sasl_utils_t *utils, int max_version, int *version_out,
    sasl_server_plug_t **plugs_out, int *count_out)
{
	(void)max_version;
	*version_out = SASL_SERVER_PLUG_VERSION;
	return oauth_server_open(utils, plugs_out, count_out);
}

static int
client_init(const sasl_utils_t *utils, int max_version, int *version_out,
    sasl_client_plug_t **plugs_out, int *count_out)
{
	(void)max_version;
	*version_out = SASL_CLIENT_PLUG_VERSION;
	return oauth_client_open(utils, plugs_out, count_out);
}

static void
set_up(sasl_conn_t *conn)
{
	const sasl_security_properties_t props = { .max_ssf = 0,
		.maxbufsize = 0 };
	const sasl_ssf_t ssf = 256;

	sasl_setprop(conn, SASL_SSF_EXTERNAL, &ssf);
	sasl_setprop(conn, SASL_SEC_PROPS, &props);
}

/* Both sides until both are done. */
static void
exchange(const struct contender *c)
{
	const char *out = NULL, *in = NULL, *mech;
	sasl_conn_t *client = NULL, *server = NULL;
	unsigned n = 0, m = 0;
	int r, s;

	secret_text = c->token;
	if (sasl_client_new("smtp", "host.example", NULL, NULL,
		client_callbacks, 0, &client) != SASL_OK ||
	    sasl_server_new("smtp", "host.example", "host.example", NULL,
		"192.0.2.7;25", NULL, 0, &server) != SASL_OK)
		die("no connection", c->name);
	set_up(client);
	set_up(server);
	r = sasl_client_start(client, c->mech, NULL, &out, &n, &mech);
	s = r < 0 ? r : sasl_server_start(server, c->mech, out, n, &in, &m);
	while (s == SASL_CONTINUE && (r == SASL_CONTINUE || r == SASL_OK)) {
		r = sasl_client_step(client, in, m, NULL, &out, &n);
		if (r < 0)
			break;
		s = sasl_server_step(server, out, n, &in, &m);
	}
	if (r == SASL_CONTINUE)
		r = sasl_client_step(client, in, m, NULL, &out, &n);
	if (r != SASL_OK || s != SASL_OK)
		die(c->name, sasl_errdetail(s != SASL_OK ? server : client));
	sasl_dispose(&client);
	sasl_dispose(&server);
}

/* The server's side of a message that has come. */
static void
serve(const struct contender *c, const char *message)
{
	sasl_conn_t *server = NULL;
	const char *in = NULL;
	unsigned m = 0;

	if (sasl_server_new("smtp", "host.example", "host.example", NULL,
		"192.0.2.7;25", NULL, 0, &server) != SASL_OK)
		die("no connection", c->name);
	set_up(server);
	if (sasl_server_start(server, c->mech, message,
		(unsigned)strlen(message), &in, &m) != SASL_OK)
		die(c->name, sasl_errdetail(server));
	sasl_dispose(&server);
}

static void
decide(const struct contender *c)
{
	const struct gate_request request = {
		.checks = GATE_TOKEN | GATE_ROLES,
		.token = c->token,
		.token_len = strlen(c->token),
		.service = "smtp",
	};
	struct gate_outcome out;

	if (gate_decide(gate, &request, (int64_t)time(NULL), &out) != 0)
		die(c->name, out.text);
}

/* Nanoseconds of processor time for n of them. */
static double
run(const struct contender *c, long n)
{
	static char message[JWS_MAX_LEN + 64];
	struct timespec a, b;
	long i;

	snprintf(message, sizeof(message), "n,,\001auth=Bearer %s\001\001",
	    c->token);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
	for (i = 0; i < n; i++) {
		if (c->gate)
			decide(c);
		else if (c->whole)
			exchange(c);
		else
			serve(c, message);
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
	return (double)(b.tv_sec - a.tv_sec) * 1e9 +
	    (double)(b.tv_nsec - a.tv_nsec);
}

static void
save(const char *name, const char *text)
{
	char path[PATH_MAX_BYTES];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (file_replace(path, 0600, text, strlen(text), NULL) != 0)
		die("cannot write", path);
}

/* A key, its file, and a token of it; 800 bytes of payload and signature. */
static char *
make_token(enum jwa_alg alg, const char *name)
{
	char payload[PAYLOAD_MAX], file[64];
	struct jws_draft draft = { .alg = alg, .typ = "JWT" };
	struct jwk key = { 0 };
	struct json *j = NULL;
	char *text, *token = NULL;
	long long now = (long long)time(NULL);

	if (jwk_generate(alg, name, &key, NULL) != 0 ||
	    jwk_write(&key, key.kty == JWK_OCT, &j, NULL) != 0)
		die("no key", name);
	text = json_write(j, false, NULL);
	snprintf(file, sizeof(file), "%s.jwk", name);
	save(file, text);
	snprintf(payload, sizeof(payload),
	    "{\"iss\":\"https://%s.example\",\"aud\":\"mail\",\"sub\":"
	    "\"alice\",\"iat\":%lld,\"nbf\":%lld,\"exp\":%lld,\"email\":"
	    "\"alice@example.org\",\"name\":\"Alice Example\",\"jti\":"
	    "\"5f0c2a9e-30a4-4d8e-9d0e-0a2a6c8b1f10\",\"scope\":"
	    "\"openid profile email mail\",\"padding\":\"%0*d\"}",
	    name, now - 10, now - 10, now + 3600, 120, 0);
	draft.payload = payload;
	draft.payload_len = strlen(payload);
	if (jws_sign(&key, &draft, &token, NULL) != 0)
		die("no token", name);
	free(text);
	json_free(&j);
	jwk_done(&key);
	return token;
}

static const struct {
	enum jwa_alg alg;
	const char *name;
} algorithms[] = {
	{ JWA_ES256, "ES256" },
	{ JWA_RS256, "RS256" },
	{ JWA_EDDSA, "EdDSA" },
	{ JWA_HS256, "HS256" },
};

#define ALGORITHMS (sizeof(algorithms) / sizeof(algorithms[0]))
#define CONTENDERS (3 * ALGORITHMS + 2)

static struct contender contenders[CONTENDERS];

static void
make_config(void)
{
	char text[8192];
	size_t i, n;

	n = (size_t)snprintf(text, sizeof(text), "{\"common\":{\"issuers\":[");
	for (i = 0; i < ALGORITHMS; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "%s{\"issuer\":\"https://%s.example\",\"keys_file\":"
		    "\"%s/%s.jwk\",\"algorithms\":[\"%s\"],\"audience\":"
		    "[\"mail\"]}",
		    i > 0 ? "," : "", algorithms[i].name, dir,
		    algorithms[i].name, algorithms[i].name);
	snprintf(text + n, sizeof(text) - n,
	    "]},\"services\":{\"smtp\":{\"require\":\"token_only\"}}}");
	save("jwtgate.json", text);
}

static void
make_contenders(void)
{
	struct contender *c = contenders;
	static const char *const forms[] = { "the gate alone",
		"OAUTHBEARER, the server's side", "OAUTHBEARER, both sides" };
	static char names[CONTENDERS][64];
	static char password[] = "secret";
	size_t i, k;
	char *token;

	for (i = 0; i < ALGORITHMS; i++) {
		token = make_token(algorithms[i].alg, algorithms[i].name);
		for (k = 0; k < 3; k++, c++) {
			snprintf(names[c - contenders], sizeof(names[0]),
			    "%s: %s", algorithms[i].name, forms[k]);
			*c = (struct contender){
				.name = names[c - contenders],
				.mech = "OAUTHBEARER",
				.alg = algorithms[i].alg,
				.token = token,
				.gate = k == 0,
				.whole = k == 2,
				.compared = (int)(3 * i),
			};
		}
	}
	*c++ = (struct contender){ .name = "PLAIN with sasldb, both sides",
		.mech = "PLAIN",
		.token = password,
		.whole = true,
		.compared = 2 };
	*c++ = (struct contender){
		.name = "SCRAM-SHA-256 with sasldb, both sides",
		.mech = "SCRAM-SHA-256",
		.token = password,
		.whole = true,
		.compared = 2
	};
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double
median(const double *values, int n)
{
	double sorted[ROUNDS_MAX];

	memcpy(sorted, values, (size_t)n * sizeof(*values));
	qsort(sorted, (size_t)n, sizeof(*sorted), by_size);
	return sorted[n / 2];
}

static void
print_row(const struct contender *c, int rounds)
{
	const struct contender *base = &contenders[c->compared];
	double ratio[ROUNDS_MAX], ns = median(c->ns, rounds);
	int i;

	for (i = 0; i < rounds; i++)
		ratio[i] = c->ns[i] / base->ns[i];
	printf("| %s | %.0f | %.1f | %.2f |\n", c->name, 1e9 / ns, ns / 1000,
	    median(ratio, rounds));
}

static void
measure(int rounds)
{
	struct contender *c;
	double once;
	int i;

	for (c = contenders; c < contenders + CONTENDERS; c++) {
		(void)run(c, 3);
		once = run(c, 5) / 5;
		c->n = (long)(ROUND_NS / once) + 1;
	}
	for (i = 0; i < rounds; i++) {
		for (c = contenders; c < contenders + CONTENDERS; c++)
			c->ns[i] = run(c, c->n) / (double)c->n;
	}
}

int
main(int argc, char **argv)
{
	struct contender *c;
	int rounds;

	if (argc != 3)
		die("usage", "bench_sasl DIR ROUNDS");
	dir = argv[1];
	rounds = (int)strtol(argv[2], NULL, 10);
	if (rounds < 1 || rounds > ROUNDS_MAX)
		die("rounds", argv[2]);
	snprintf(config_path, sizeof(config_path), "%s/jwtgate.json", dir);
	snprintf(db_path, sizeof(db_path), "%s/sasldb2", dir);
	make_contenders();
	make_config();
	if (gate_new(config_path, &gate, NULL) != 0)
		die("no gate", config_path);
	if (sasl_server_init(global_callbacks, "bench") != SASL_OK ||
	    sasl_client_init(global_callbacks) != SASL_OK ||
	    sasl_server_add_plugin("ours", server_init) != SASL_OK ||
	    sasl_client_add_plugin("ours", client_init) != SASL_OK)
		die("libsasl", "does not start");
	measure(rounds);
	printf("| what | per second | µs | ratio |\n|---|---|---|---|\n");
	for (c = contenders; c < contenders + CONTENDERS; c++)
		print_row(c, rounds);
	sasl_done();
	gate_free(&gate);
	return 0;
}
