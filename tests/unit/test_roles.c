/*
 * test_roles: which searches are made and what follows from them, against a
 * directory that is a table. It knows the filters that are asked by their
 * whole text, so an unescaped value or another question finds nothing.
 */

#include "testutil.h"

#include "config.h"
#include "directory.h"
#include "err.h"
#include "roles.h"

#define DN(cn) "cn=" cn ",dc=x"
#define E(cn) "cn\\3d" cn "\\2cdc\\3dx" /* the same, escaped */
#define USER "uid=alice,dc=x"
#define USER_E "uid\\3dalice\\2cdc\\3dx"
#define OWN "(member=" USER_E ")(memberUid=alice)"

/* An answer: names of entries, ended by NULL. */
struct reply {
	const char *base;
	const char *filter;
	const char *dns[8];
	const char *values[8]; /* of the attribute, of the first entry */
	const char *called; /* what the user's entry is; NULL: as asked */
	bool cut, no_base;
	int fail;
};

struct fake {
	const struct reply *replies;
	size_t count;
	bool chain;
	int chain_fail;
	unsigned searches, chains;
	bool unknown; /* something else was asked */
	char asked[4096];
};

static struct directory_value
value(const char *text)
{
	struct directory_value v = { (char *)(uintptr_t)text, strlen(text) };

	return v;
}

/* The first entry has the values, and behind them its name. */
static bool
add(struct directory_result *r, const char *dn, const struct reply *reply)
{
	struct directory_entry *e = &r->entries[r->count++];
	const char *called = reply->called != NULL ? reply->called : "alice";
	struct directory_values *v;
	size_t i;

	e->dn = strdup(dn);
	if (r->attribute_count == 0)
		return true;
	e->values = calloc(r->attribute_count, sizeof(*e->values));
	for (i = 0; e->values != NULL && i < r->attribute_count; i++) {
		v = &e->values[i];
		v->items = calloc(8, sizeof(*v->items));
		if (v->items == NULL)
			return false;
		for (; i == 0 && r->count == 1 && reply->values[v->count];
		     v->count++)
			v->items[v->count] = value(reply->values[v->count]);
		if (i > 0 && called[0] != '\0')
			v->items[v->count++] = value(called);
	}
	return e->values != NULL;
}

/* NULL without memory. */
static struct directory_result *
make(const struct reply *reply, const struct directory_query *q)
{
	struct directory_result *r = calloc(1, sizeof(*r));
	size_t i;

	if (r == NULL)
		return NULL;
	while (
	    q->attributes != NULL && q->attributes[r->attribute_count] != NULL)
		r->attribute_count++;
	r->cut = reply->cut;
	r->no_base = reply->no_base;
	r->entries = calloc(8, sizeof(*r->entries));
	for (i = 0; r->entries != NULL && reply->dns[i] != NULL; i++) {
		if (!add(r, reply->dns[i], reply)) {
			directory_result_free(&r);
			return NULL;
		}
	}
	if (r->entries == NULL)
		directory_result_free(&r);
	return r;
}

static int
search(void *arg, const struct directory_query *q,
    struct directory_result **out, struct err *e)
{
	struct fake *f = arg;
	const struct reply *reply;
	size_t i;

	f->searches++;
	snprintf(f->asked, sizeof(f->asked), "%s %s", q->base, q->filter);
	for (i = 0; i < f->count; i++) {
		reply = &f->replies[i];
		if (strcmp(reply->filter, q->filter) != 0 ||
		    strcmp(reply->base != NULL ? reply->base : "dc=x",
			q->base) != 0)
			continue;
		if (reply->fail != 0)
			return err_set(e, reply->fail, "the table says so");
		*out = make(reply, q);
		return *out != NULL ? 0 : E_NOMEM;
	}
	f->unknown = true;
	return err_set(e, E_DIRECTORY_UNAVAILABLE, "not in the table");
}

static int
in_chain(void *arg, bool *out, struct err *e)
{
	struct fake *f = arg;

	f->chains++;
	if (f->chain_fail != 0)
		return err_set(e, f->chain_fail, "not asked");
	*out = f->chain;
	return 0;
}

/* What is asked of it, with the roles by text. */
struct setup {
	const char *roles[4];
	enum roles_enough enough;
	bool nested;
	const char *user; /* NULL: alice */
	bool ignore_case;
};

struct asked {
	struct config_policy policy;
	struct config_role roles[4];
	struct roles_question q;
	bool wanted[4], held[4];
};

static void
prepare(const struct setup *s, struct asked *a)
{
	static char base[] = "dc=x", filter[] = "(uid={user})";
	size_t i;

	memset(a, 0, sizeof(*a));
	a->policy.roles = a->roles;
	a->policy.directory.configured = true;
	a->policy.directory.base = base;
	a->policy.directory.user_filter = filter;
	a->policy.directory.user_ignore_case = s->ignore_case;
	a->policy.directory.nested_groups = s->nested;
	for (i = 0; i < 4 && s->roles[i] != NULL; i++) {
		a->wanted[i] = true;
		assert_int_equal(
		    query_parse(s->roles[i], &a->roles[i].query, NULL), 0);
	}
	a->policy.role_count = i;
	a->q = (struct roles_question){ .policy = &a->policy,
		.wanted = a->wanted,
		.enough = s->enough,
		.user = s->user != NULL ? s->user : "alice",
		.service = "sshd",
		.rhost = "192.0.2.1" };
}

static void
finish(struct asked *a)
{
	size_t i;

	for (i = 0; i < a->policy.role_count; i++)
		query_done(&a->roles[i].query);
}

static int
find(struct fake *f, struct asked *a, struct err *e)
{
	const struct roles_source source = { search, in_chain, f };

	return roles_find(&source, &a->q, a->held, e);
}

#define ALICE(...) \
	{ \
		.filter = "(uid=alice)", .dns = { USER }, .values = { \
			__VA_ARGS__ \
		} \
	}

static const struct row {
	const char *why;
	struct setup setup;
	struct reply replies[6];
	bool chain;
	int want;
	const char *held; /* "yn" by role */
	unsigned searches;
} rows[] = {
	{ "a group, by memberOf", { .roles = { DN("a"), DN("b") } },
	    { ALICE("CN=A,DC=X") }, false, 0, "yn", 1 },
	{ "a group, by a search", { .roles = { DN("a"), DN("b") } },
	    { ALICE(NULL),
		{ .filter = "(|" OWN ")", .dns = { "cn=a, dc=x" } } },
	    false, 0, "yn", 2 },
	{ "no entry", { .roles = { DN("a") }, .nested = true },
	    { { .filter = "(uid=alice)" } }, false, 0, "n", 1 },
	{ "two entries", { .roles = { DN("a") } },
	    { { .filter = "(uid=alice)", .dns = { USER, "uid=alice,o=y" } } },
	    false, E_DIRECTORY_UNAVAILABLE, NULL, 1 },
	{ "one entry, and more there are", { .roles = { DN("a") } },
	    { { .filter = "(uid=alice)", .dns = { USER }, .cut = true } },
	    false, E_DIRECTORY_UNAVAILABLE, NULL, 1 },
	{ "no such base", { .roles = { DN("a") } },
	    { { .filter = "(uid=alice)", .no_base = true } }, false,
	    E_DIRECTORY_UNAVAILABLE, NULL, 1 },
	{ "an entry without a name", { .roles = { DN("a") } },
	    { { .filter = "(uid=alice)",
		.dns = { "" },
		.values = { DN("a") } } },
	    false, E_DIRECTORY_UNAVAILABLE, NULL, 1 },
	{ "an entry that is called the same, but for case",
	    { .roles = { DN("a") } },
	    { { .filter = "(uid=alice)",
		.dns = { USER },
		.values = { DN("a") },
		.called = "Alice" } },
	    false, 0, "n", 1 },
	{ "where case is nothing",
	    { .roles = { DN("a") }, .ignore_case = true },
	    { { .filter = "(uid=alice)",
		.dns = { USER },
		.values = { DN("a") },
		.called = "Alice" } },
	    false, 0, "y", 1 },
	{ "one that is the same to the directory alone",
	    { .roles = { DN("a") } },
	    { { .filter = "(uid=alice)",
		.dns = { USER },
		.values = { DN("a") },
		.called = "alice " } },
	    false, 0, "n", 1 },
	{ "one that is not shown", { .roles = { DN("a") } },
	    { { .filter = "(uid=alice)",
		.dns = { USER },
		.values = { DN("a") },
		.called = "" } },
	    false, E_DIRECTORY_UNAVAILABLE, NULL, 1 },
	{ "it cannot be asked", { .roles = { DN("a") } },
	    { { .filter = "(uid=alice)", .fail = E_DIRECTORY_UNAVAILABLE } },
	    false, E_DIRECTORY_UNAVAILABLE, NULL, 1 },
	{ "groups that were cut off", { .roles = { DN("a") } },
	    { ALICE(NULL),
		{ .filter = "(|" OWN ")", .dns = { DN("b") }, .cut = true } },
	    false, E_DIRECTORY_UNAVAILABLE, NULL, 2 },
	{ "names that hold the name", { .roles = { DN("a") } },
	    { ALICE("cn=a,dc=x,dc=y", "cn=a", "cn=aa,dc=x", "a",
		"cn=a\\2cdc\\3dx") },
	    false, 0, "n", 1 },
	{ "a filter",
	    { .roles = { "(&(cn=g)(m={user})(n={dn})(s={service}{rhost}))" } },
	    { ALICE(NULL),
		{ .filter = "(&(cn=g)(m=alice)(n=" USER_E
			    ")(s=sshd192\\2e0\\2e2\\2e1))",
		    .dns = { DN("g") } } },
	    false, 0, "y", 2 },
	{ "a filter that finds more than one", { .roles = { "(m={user})" } },
	    { ALICE(NULL),
		{ .filter = "(m=alice)", .dns = { DN("g") }, .cut = true } },
	    false, 0, "y", 2 },
	{ "a filter that asks for what there is not",
	    { .roles = { "(m={claim:team})" } }, { ALICE(NULL) }, false, 0, "n",
	    1 },
	{ "a URL", { .roles = { "ldap:///ou={user},dc=y??one?(m={user})" } },
	    { ALICE(NULL),
		{ .base = "ou=alice,dc=y",
		    .filter = "(m=alice)",
		    .dns = { DN("g") } } },
	    false, 0, "y", 2 },
	{ "a URL whose base there is not",
	    { .roles = { "ldap:///ou={user},dc=y??one?(m={user})" } },
	    { ALICE(NULL),
		{ .base = "ou=alice,dc=y",
		    .filter = "(m=alice)",
		    .no_base = true } },
	    false, 0, "n", 2 },
	{ "groups and filters, all of them with any",
	    { .roles = { DN("a"), "(m={user})" }, .enough = ROLES_ANY },
	    { ALICE(DN("a")), { .filter = "(m=alice)", .dns = { DN("g") } } },
	    false, 0, "yy", 2 },
	{ "all, and the first is missing",
	    { .roles = { "(l={user})", "(m={user})" }, .enough = ROLES_ALL },
	    { ALICE(NULL), { .filter = "(l=alice)" } }, false, 0, "nn", 2 },
	{ "a group of the user's own name",
	    { .roles = { "cn={user},ou=g,dc=x" } },
	    { ALICE("cn=alice,ou=g,dc=x") }, false, 0, "y", 1 },
	{ "a group of the user's entry", { .roles = { "cn={dn},dc=x" } },
	    { ALICE("cn=uid\\3dalice\\2cdc\\3dx,dc=x") }, false, 0, "y", 1 },

	{ "nested, by memberOf: a search for each level",
	    { .roles = { DN("c") }, .nested = true },
	    { ALICE(DN("a")),
		{ .filter = "(|" OWN "(member=" E("a") "))",
		    .dns = { DN("b") } },
		{ .filter = "(|(member=" E("b") "))", .dns = { DN("c") } } },
	    false, 0, "y", 3 },
	{ "nested, without it: one more",
	    { .roles = { DN("c") }, .nested = true },
	    { ALICE(NULL), { .filter = "(|" OWN ")", .dns = { DN("a") } },
		{ .filter = "(|(member=" E("a") "))", .dns = { DN("b") } },
		{ .filter = "(|(member=" E("b") "))", .dns = { DN("c") } } },
	    false, 0, "y", 4 },
	{ "nested, and not asked for", { .roles = { DN("c") } },
	    { ALICE(DN("a")) }, false, 0, "n", 1 },
	{ "nested, and any is held",
	    { .roles = { DN("c"), DN("a") },
		.nested = true,
		.enough = ROLES_ANY },
	    { ALICE(DN("a")) }, false, 0, "ny", 1 },
	{ "in a circle", { .roles = { DN("c") }, .nested = true },
	    { ALICE(DN("a")),
		{ .filter = "(|" OWN "(member=" E("a") "))",
		    .dns = { DN("b"), DN("a") } },
		{ .filter = "(|(member=" E("b") "))",
		    .dns = { "CN=A,DC=X" } } },
	    false, 0, "n", 3 },
	{ "a chain in one search", { .roles = { DN("c") }, .nested = true },
	    { ALICE(DN("a")),
		{ .filter = "(|(member:1.2.840.113556.1.4.1941:=" USER_E
			    ")(memberUid=alice))",
		    .dns = { DN("a"), DN("b"), DN("c") } } },
	    true, 0, "y", 2 },
};

static void
test_find(void **state)
{
	struct asked a;
	struct fake f;
	struct err e;
	size_t i, j;
	int r;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		f = (struct fake){ .replies = rows[i].replies,
			.chain = rows[i].chain };
		while (f.count < 6 && rows[i].replies[f.count].filter != NULL)
			f.count++;
		memset(&e, 0, sizeof(e));
		prepare(&rows[i].setup, &a);
		r = find(&f, &a, &e);
		if (r != rows[i].want || f.unknown ||
		    f.searches != rows[i].searches)
			fail_msg("%s: %s, %u searches, the last: %s",
			    rows[i].why, err_name(r), f.searches, f.asked);
		for (j = 0; r == 0 && j < a.policy.role_count; j++) {
			if (a.held[j] != (rows[i].held[j] == 'y'))
				fail_msg("%s: role %zu", rows[i].why, j);
		}
		for (j = 0; r != 0 && j < 4; j++)
			assert_false(a.held[j]);
		finish(&a);
	}
}

/* Whatever a user is called, the questions are of one form. */
static void
test_hostile_user(void **state)
{
	static const struct reply replies[] = { {
	    .filter = "(uid=\\2a\\29\\28uid\\3d\\2a\\5c)",
	} };
	static const struct setup setup = { .roles = { DN("a") },
		.user = "*)(uid=*\\" };
	struct fake f = { .replies = replies, .count = 1 };
	struct asked a;

	(void)state;
	prepare(&setup, &a);
	assert_int_equal(find(&f, &a, NULL), 0);
	assert_false(a.held[0]);
	assert_false(f.unknown);
	finish(&a);
}

/* A ladder of groups without end, one level at a time. */
struct ladder {
	unsigned searches;
	unsigned width; /* groups found by each search */
};

/* memberOf of nobody, and the name. */
static struct directory_values *
called_alice(void)
{
	struct directory_values *v = calloc(2, sizeof(*v));

	v[1].items = calloc(1, sizeof(*v[1].items));
	v[1].items[0] = value("alice");
	v[1].count = 1;
	return v;
}

static int
climb(void *arg, const struct directory_query *q, struct directory_result **out,
    struct err *e)
{
	struct ladder *l = arg;
	struct directory_result *r = calloc(1, sizeof(*r));
	char name[64];
	unsigned i;

	(void)e;
	while (
	    q->attributes != NULL && q->attributes[r->attribute_count] != NULL)
		r->attribute_count++;
	r->entries = calloc(l->width + 1, sizeof(*r->entries));
	for (i = 0; i < (l->searches == 0 ? 1 : l->width); i++) {
		snprintf(name, sizeof(name), "cn=g%u-%u,dc=x", l->searches, i);
		r->entries[r->count].dn = strdup(name);
		if (r->attribute_count > 0)
			r->entries[r->count].values = called_alice();
		r->count++;
	}
	l->searches++;
	*out = r;
	return 0;
}

static int
no_chain(void *arg, bool *out, struct err *e)
{
	(void)arg;
	(void)e;
	*out = false;
	return 0;
}

static void
test_limits(void **state)
{
	static const struct setup last = { .roles = { "cn=g11-0,dc=x" },
		.nested = true };
	static const struct setup beyond = { .roles = { "cn=g12-0,dc=x" },
		.nested = true };
	struct ladder l = { .width = 1 };
	struct roles_source source = { climb, no_chain, &l };
	struct asked a;
	struct err e = { 0 };

	(void)state;
	/* the user, the own group, and ten levels above that one */
	prepare(&last, &a);
	assert_int_equal(roles_find(&source, &a.q, a.held, NULL), 0);
	assert_true(a.held[0]);
	assert_int_equal(l.searches, 2 + ROLES_DEPTH_MAX);
	finish(&a);

	l.searches = 0;
	prepare(&beyond, &a);
	assert_int_equal(roles_find(&source, &a.q, a.held, NULL), 0);
	assert_false(a.held[0]);
	assert_int_equal(l.searches, 2 + ROLES_DEPTH_MAX);
	finish(&a);

	l = (struct ladder){ .width = ROLES_NODES_MAX / 4 };
	prepare(&beyond, &a);
	assert_int_equal(
	    roles_find(&source, &a.q, a.held, &e), E_DIRECTORY_UNAVAILABLE);
	assert_non_null(strstr(e.text, "more than 1024 groups"));
	finish(&a);
}

static void
test_uuid(void **state)
{
	static const char uuid[] = "a8098c1a-f86e-11da-bd1a-00112444be1e";
	static const struct reply replies[] = { ALICE(DN("b")),
		{ .filter = "(|(entryUUID=a8098c1a\\2df86e\\2d11da\\2dbd1a"
			    "\\2d00112444be1e))",
		    .dns = { DN("b") },
		    .values = { "A8098C1A-F86E-11DA-BD1A-00112444BE1E" } } };
	static const struct reply gone[] = { ALICE(DN("b")),
		{ .filter = "(|(entryUUID=a8098c1a\\2df86e\\2d11da\\2dbd1a"
			    "\\2d00112444be1e))" } };
	static const struct setup setup = { .roles = { "entryUUID="
						       "a8098c1a-f86e-11da-bd1"
						       "a-00112444be1e" } };
	struct fake f = { .replies = replies, .count = 2 };
	struct asked a;

	(void)state;
	prepare(&setup, &a);
	assert_string_equal(a.roles[0].query.text, uuid);
	assert_int_equal(find(&f, &a, NULL), 0);
	assert_true(a.held[0]);
	f = (struct fake){ .replies = gone, .count = 2 };
	assert_int_equal(find(&f, &a, NULL), 0);
	assert_false(a.held[0]);
	finish(&a);
}

static struct asked prepared;

static void
one_failure(void *arg)
{
	const struct row *row = arg;
	struct fake f = { .replies = row->replies, .chain = row->chain };
	int r;

	while (f.count < 6 && row->replies[f.count].filter != NULL)
		f.count++;
	memset(&prepared.held, 0, sizeof(prepared.held));
	r = find(&f, &prepared, NULL);
	if (r != (alloc_failed() ? E_NOMEM : row->want))
		fail_msg("%s: %s", row->why, err_name(r));
}

static void
test_memory(void **state)
{
	struct row row;
	size_t i;

	(void)state;
	for (i = 0; alloc_fail_works() && i < COUNT_OF(rows); i++) {
		row = rows[i];
		prepare(&row.setup, &prepared);
		(void)for_each_alloc_failure(one_failure, &row);
		finish(&prepared);
	}
}

static void
test_host_groups(void **state)
{
	static const char *const groups[] = { "CN=A, dc=x", DN("c") };
	static const struct setup one = { .roles = { DN("a"), DN("b") } };
	static const struct setup filter = { .roles = { "(m={user})" } };
	static const struct setup any = { .roles = { "(m={user})", DN("a") },
		.enough = ROLES_ANY };
	struct asked a;

	(void)state;
	prepare(&one, &a);
	assert_int_equal(roles_of_groups(&a.q, groups, 2, a.held, NULL), 0);
	assert_true(a.held[0]);
	assert_false(a.held[1]);
	finish(&a);
	prepare(&filter, &a);
	assert_int_equal(roles_of_groups(&a.q, groups, 2, a.held, NULL),
	    E_DIRECTORY_UNAVAILABLE);
	finish(&a);
	prepare(&any, &a);
	assert_int_equal(roles_of_groups(&a.q, groups, 2, a.held, NULL), 0);
	assert_true(a.held[1]);
	assert_int_equal(roles_of_groups(&a.q, NULL, 0, a.held, NULL),
	    E_DIRECTORY_UNAVAILABLE);
	finish(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_hostile_user),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_uuid),
		cmocka_unit_test(test_host_groups),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
