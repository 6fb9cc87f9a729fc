/*
 * sasllab: the services differ in what they ask, so that one configuration
 * serves all tests.
 */

#include "sasllab.h"

#include <time.h>

#include "err.h"
#include "oauth_server.h"
#include "str.h"

static const char config[] =
    "{\"common\":{\"issuers\":[{\"issuer\":\"https://a.example\","
    "\"keys_file\":\"@/es.jwk\",\"algorithms\":[\"ES256\"],"
    "\"audience\":[\"mail\"],\"scopes\":[\"login\"],"
    "\"roles_claim\":\"roles\",\"user_claim\":[\"sub\"]}],"
    "\"authentication\":{\"authorize\":{\"staff\":\"cn=staff\","
    "\"unauthorized\":\"Ask the service desk.\"}},"
    "\"sasl\":{\"openid_configuration\":"
    "\"https://a.example/.well-known/openid-configuration\"}},"
    "\"services\":{\"smtp\":{\"require\":\"token_only\"},"
    "\"imap\":{\"require\":{\"any\":[\"staff\"]},\"roles_from\":\"token\"},"
    "\"ldap\":{\"require\":\"token_only\","
    "\"sasl\":{\"authzid\":\"may-differ\"}},"
    "\"memcached\":{\"require\":\"token_only\","
    "\"sasl\":{\"authzid\":\"ignore\",\"scope\":\"a b\"}},"
    "\"dir\":{\"require\":{\"any\":[\"staff\"]},"
    "\"roles_from\":\"directory\"}}}";

struct sasl_world world;

int
server_init(const sasl_utils_t *utils, int max_version, int *version_out,
    sasl_server_plug_t **plugs_out, int *count_out)
{
	(void)max_version;
	*version_out = SASL_SERVER_PLUG_VERSION;
	return oauth_server_open(utils, plugs_out, count_out);
}

void
open_as(const char *appname)
{
	const struct saslhost_setup setup = { .appname = appname,
		.options = world.options,
		.server_init = server_init };

	saslhost_open(&setup);
}

int
setup(void **state)
{
	(void)state;
	memset(&world, 0, sizeof(world));
	lab_open_es(&world.lab);
	lab_configure(&world.lab, config);
	snprintf(
	    world.path, sizeof(world.path), "%s/jwtgate.json", world.lab.dir);
	world.options[0] = (struct saslhost_option){ "oauthbearer_config",
		world.path };
	return 0;
}

int
teardown(void **state)
{
	(void)state;
	saslhost_close();
	lab_close(&world.lab);
	return 0;
}

char *
token_of(const char *more, int64_t lifetime)
{
	int64_t now = (int64_t)time(NULL);
	char payload[1024];

	snprintf(payload, sizeof(payload),
	    "{\"iss\":\"https://a.example\",\"iat\":%lld,\"exp\":%lld,%s}",
	    (long long)now - 100, (long long)(now + lifetime), more);
	return token_make(&world.lab.es, JWA_ES256,
	    "{\"alg\":\"ES256\",\"kid\":\"es\"}", payload);
}

int
start(sasl_conn_t *conn, const struct attempt *a, const char **out,
    unsigned *out_len)
{
	char *token = token_of(a->claims, a->lifetime);
	char message[8192];
	const char *p;
	struct str s;

	str_init(&s, message, sizeof(message));
	for (p = a->format; *p != '\0'; p++) {
		if (*p == '%')
			str_add(&s, token);
		else
			str_add_bytes(&s, p, 1);
	}
	free(token);
	return sasl_server_start(
	    conn, a->mech, s.data, (unsigned)s.len, out, out_len);
}

void
messages_make(struct messages *m)
{
	char *token = token_of(ALICE, 3600);

	m->len = (size_t)snprintf(m->good, sizeof(m->good),
	    "n,a=alice,\001auth=Bearer %s\001\001", token);
	memcpy(m->bad, m->good, sizeof(m->bad));
	m->bad[m->len - 20] = m->bad[m->len - 20] == 'A' ? 'B' : 'A';
	free(token);
}

int
turn(const char *message, size_t n)
{
	const sasl_ssf_t ssf = 256;
	const char *out = NULL;
	unsigned out_len = 0;
	sasl_conn_t *conn = NULL;
	int r;

	r = sasl_server_new(
	    "smtp", "host.example", NULL, NULL, PEER, NULL, 0, &conn);
	if (r == SASL_OK)
		r = sasl_setprop(conn, SASL_SSF_EXTERNAL, &ssf);
	if (r == SASL_OK)
		r = sasl_server_start(
		    conn, "OAUTHBEARER", message, (unsigned)n, &out, &out_len);
	if (r == SASL_CONTINUE)
		r = sasl_server_step(conn, "\001", 1, &out, &out_len);
	sasl_dispose(&conn);
	return r;
}
