/*
 * A directory server as the host: the roles are those of the groups that it
 * knows itself. Its auxprop plugin is played here, and hands out memberOf
 * only if somebody asked for it before the name was given.
 */

#include "sasllab.h"

static const char *const *member_of; /* of alice; NULL: nothing known */
static unsigned asked;

static int
on_lookup(void *glob, sasl_server_params_t *sparams, unsigned flags,
    const char *user, unsigned n)
{
	const struct propval *p = sparams->utils->prop_get(sparams->propctx);
	const char *values[8];
	size_t i;

	(void)glob;
	(void)user;
	(void)n;
	if ((flags & SASL_AUXPROP_AUTHZID) != 0)
		return SASL_OK;
	for (; p != NULL && p->name != NULL; p++) {
		if (strcmp(p->name, "*memberOf") != 0)
			continue;
		asked++;
		for (i = 0; member_of != NULL && member_of[i] != NULL; i++)
			values[i] = member_of[i];
		if (member_of == NULL)
			continue;
		values[i] = NULL;
		sparams->utils->prop_setvals(sparams->propctx, p->name, values);
	}
	return SASL_OK;
}

static int
auxprop_init(const sasl_utils_t *utils, int max_version, int *version_out,
    sasl_auxprop_plug_t **plug_out, const char *name)
{
	static char plug_name[] = "groups";
	static sasl_auxprop_plug_t plug = { .auxprop_lookup = on_lookup,
		.name = plug_name };

	(void)utils;
	(void)max_version;
	(void)name;
	*version_out = SASL_AUXPROP_PLUG_VERSION;
	*plug_out = &plug;
	return SASL_OK;
}

static const char *const staff[] = { "cn=staff", NULL };
static const char *const many[] = { "cn=x,dc=y", "CN=Staff", "cn=z", NULL };
static const char *const others[] = { "cn=staffs", "cn=staff,dc=y", "", NULL };

static const struct {
	const char *why, *appname;
	const char *const *groups;
	int want; /* in the end */
	const char *reason;
} rows[] = {
	{ "the group", "slapd", staff, SASL_OK, "result=allow" },
	{ "among others, and in other letters", "slapd", many, SASL_OK,
	    "result=allow" },
	{ "groups that only look like it", "slapd", others, SASL_NOAUTHZ,
	    "reason=role_missing" },
	{ "no group", "slapd", NULL, SASL_NOAUTHZ, "reason=role_missing" },
	{ "a host that is no directory", "test", staff, SASL_UNAVAIL,
	    "reason=directory_unavailable" },
};

static void
test_groups(void **state)
{
	const struct attempt a = { "dir", "OAUTHBEARER", BEARER, ALICE, 900 };
	const struct saslhost_conn link = {
		.service = "dir", .ssf = 256, .peer = PEER
	};
	sasl_conn_t *conn;
	const char *out;
	unsigned n;
	size_t i;
	int r;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		open_as(rows[i].appname);
		assert_int_equal(
		    sasl_auxprop_add_plugin("groups", auxprop_init), SASL_OK);
		member_of = rows[i].groups;
		asked = 0;
		saslhost_forget();
		conn = saslhost_connect(&link);
		r = start(conn, &a, &out, &n);
		if (r == SASL_CONTINUE)
			r = sasl_server_step(conn, "\001", 1, &out, &n);
		if (r != rows[i].want || !saslhost_logged(rows[i].reason))
			fail_msg("%s: %d, %s", rows[i].why, r,
			    saslhost_line(SASL_LOG_FAIL, 0));
		assert_int_equal(saslhost_lines(SASL_LOG_NOTE), 1);
		assert_true(
		    (asked > 0) == (strcmp(rows[i].appname, "slapd") == 0));
		assert_true(saslhost_logged("issuer=https://a.example"));
		sasl_dispose(&conn);
		saslhost_close();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_groups, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
