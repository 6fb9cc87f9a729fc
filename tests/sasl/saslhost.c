/*
 * saslhost: the log is kept in full, under a lock, because hosts with
 * threads log from all of them.
 */

#include "saslhost.h"

#include <pthread.h>

struct host {
	const struct saslhost_option *options;
	unsigned opened;
	pthread_mutex_t lock;
	struct saslhost_line lines[SASLHOST_LINES];
	size_t line_count;
	char path[TEST_PATH_MAX];
};

static struct host host = { .lock = PTHREAD_MUTEX_INITIALIZER };

static int
on_option(void *context, const char *plugin, const char *name,
    const char **value_out, unsigned *len_out)
{
	const struct saslhost_option *o;

	(void)context;
	(void)plugin;
	for (o = host.options; o != NULL && o->name != NULL; o++) {
		if (strcmp(o->name, name) != 0)
			continue;
		*value_out = o->value;
		if (len_out != NULL)
			*len_out = (unsigned)strlen(o->value);
		return SASL_OK;
	}
	return SASL_FAIL;
}

static int
on_log(void *context, int level, const char *text)
{
	struct saslhost_line *line;

	(void)context;
	pthread_mutex_lock(&host.lock);
	line = &host.lines[host.line_count % SASLHOST_LINES];
	line->level = level;
	snprintf(line->text, sizeof(line->text), "%s", text);
	host.line_count++;
	pthread_mutex_unlock(&host.lock);
	return SASL_OK;
}

static int
on_path(void *context, const char **path_out)
{
	(void)context;
	*path_out = host.path;
	return SASL_OK;
}

/* libsasl declares every callback as one that takes nothing. */
#define CALLBACK(f) ((int (*)(void))(void (*)(void))(f))

static const sasl_callback_t *
callbacks(void)
{
	static sasl_callback_t list[4];

	list[0] = (sasl_callback_t){ SASL_CB_GETOPT, CALLBACK(on_option),
		NULL };
	list[1] = (sasl_callback_t){ SASL_CB_LOG, CALLBACK(on_log), NULL };
	list[2] = (sasl_callback_t){ SASL_CB_GETPATH, CALLBACK(on_path), NULL };
	list[3] = (sasl_callback_t){ SASL_CB_LIST_END, NULL, NULL };
	return list;
}

static int
add_plugins(const struct saslhost_setup *setup)
{
	int r = SASL_OK;

	if (setup->plugins != NULL)
		return r;
	if (setup->server_init != NULL)
		r = sasl_server_add_plugin("ours", setup->server_init);
	if (r == SASL_OK && setup->client_init != NULL)
		r = sasl_client_add_plugin("ours", setup->client_init);
	return r;
}

int
saslhost_try(const struct saslhost_setup *setup)
{
	int r;

	host.options = setup->options;
	snprintf(host.path, sizeof(host.path), "%s",
	    setup->plugins != NULL ? setup->plugins : "/nowhere");
	r = sasl_server_init(callbacks(), setup->appname);
	if (r == SASL_OK)
		host.opened++;
	if (r == SASL_OK)
		r = sasl_client_init(callbacks());
	if (r == SASL_OK)
		host.opened++;
	return r == SASL_OK ? add_plugins(setup) : r;
}

void
saslhost_open(const struct saslhost_setup *setup)
{
	saslhost_forget();
	assert_int_equal(saslhost_try(setup), SASL_OK);
}

void
saslhost_close(void)
{
	for (; host.opened > 0; host.opened--)
		sasl_done();
	sasl_done();
	host.options = NULL;
}

sasl_conn_t *
saslhost_connect(const struct saslhost_conn *c)
{
	const sasl_security_properties_t plain = { .max_ssf = 256,
		.maxbufsize = 65536 };
	sasl_conn_t *conn = NULL;

	assert_int_equal(sasl_server_new(c->service, "host.example", c->realm,
			     NULL, c->peer, c->callbacks, c->flags, &conn),
	    SASL_OK);
	assert_int_equal(
	    sasl_setprop(conn, SASL_SSF_EXTERNAL, &c->ssf), SASL_OK);
	assert_int_equal(sasl_setprop(conn, SASL_SEC_PROPS,
			     c->props != NULL ? c->props : &plain),
	    SASL_OK);
	return conn;
}

const char *
saslhost_mechs(sasl_conn_t *conn)
{
	const char *list = "";
	unsigned len = 0;
	int count = 0;

	if (sasl_listmech(conn, NULL, "", " ", "", &list, &len, &count) !=
	    SASL_OK)
		return "";
	return list;
}

static size_t
first_line(void)
{
	return host.line_count > SASLHOST_LINES ?
	    host.line_count - SASLHOST_LINES :
	    0;
}

size_t
saslhost_lines(int level_max)
{
	size_t i, n = 0;

	for (i = first_line(); i < host.line_count; i++) {
		if (host.lines[i % SASLHOST_LINES].level <= level_max)
			n++;
	}
	return n;
}

const char *
saslhost_line(int level, size_t at)
{
	const struct saslhost_line *line;
	size_t i;

	for (i = first_line(); i < host.line_count; i++) {
		line = &host.lines[i % SASLHOST_LINES];
		if (line->level == level && at-- == 0)
			return line->text;
	}
	return "";
}

bool
saslhost_logged(const char *text)
{
	size_t i;

	for (i = first_line(); i < host.line_count; i++) {
		if (strstr(host.lines[i % SASLHOST_LINES].text, text) != NULL)
			return true;
	}
	return false;
}

void
saslhost_forget(void)
{
	host.line_count = 0;
}

const char *
saslhost_user(sasl_conn_t *conn, int prop)
{
	const void *value = NULL;

	if (sasl_getprop(conn, prop, &value) != SASL_OK)
		return NULL;
	return value;
}
