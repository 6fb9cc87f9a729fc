/*
 * test_fraudd_access: who may do what, and rates as redis-cell gives them.
 */

#include "testutil.h"

#include <grp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "access.h"
#include "err.h"
#include "hash.h"
#include "settings.h"
#include "throttle.h"

static struct settings *
parse(const char *text)
{
	struct settings *s = NULL;
	struct err e = { 0 };

	if (settings_parse(text, strlen(text), "test", &s, &e) != 0)
		fail_msg("%s", e.text);
	return s;
}

static struct access_table *
table(const char *access, struct settings **s)
{
	char text[512];
	struct access_table *t = NULL;
	struct err e = { 0 };

	snprintf(text, sizeof(text), "{\"access\": [%s]}", access);
	*s = parse(text);
	if (access_table_new(&(*s)->listeners[0], NULL, &t, &e) != 0)
		fail_msg("%s", e.text);
	return t;
}

#define ROOT_ALL "{\"user\": \"root\", \"may\": [\"count\",\"read\",\"admin\"]}"
#define DAEMON_COUNTS "{\"group\": \"daemon\", \"may\": [\"count\"]}"
#define DAEMON_CARD \
	"{\"group\": \"daemon\", \"may\": [\"count\"], \"events\": " \
	"[\"card\"]}"
#define DAEMON_READS "{\"group\": \"daemon\", \"may\": [\"read\"]}"

/* The group daemon is looked up; uid 4242 is nobody in particular. */
static const struct {
	const char *why;
	const char *access;
	uid_t uid;
	int in_group; /* 0: not, 1: first group, 2: one of the others */
	unsigned may;
	bool card, login;
} rows[] = {
	{ "root", ROOT_ALL, 0, 0, 7, true, true },
	{ "not root", ROOT_ALL, 4242, 0, 0, false, false },
	{ "by the first group", DAEMON_COUNTS, 4242, 1, 1, true, true },
	{ "by another group", DAEMON_COUNTS, 4242, 2, 1, true, true },
	{ "in no group", DAEMON_COUNTS, 4242, 0, 0, false, false },
	{ "root is in no group either", DAEMON_COUNTS, 0, 0, 0, false, false },
	{ "for one event", DAEMON_CARD, 4242, 1, 1, true, false },
	{ "for one event and for all", DAEMON_CARD "," DAEMON_COUNTS, 4242, 1,
	    1, true, true },
	{ "to read is not to count", DAEMON_READS, 4242, 1, 2, false, false },
	{ "rights add up", DAEMON_READS "," DAEMON_CARD, 4242, 2, 3, true,
	    false },
};

static void
test_judge(void **state)
{
	const struct group *daemon = getgrnam("daemon");
	struct access_table *t;
	struct access_peer peer;
	struct settings *s;
	struct access a;
	size_t i;

	(void)state;
	if (daemon == NULL)
		skip();
	for (i = 0; i < COUNT_OF(rows); i++) {
		t = table(rows[i].access, &s);
		memset(&peer, 0, sizeof(peer));
		peer.uid = rows[i].uid;
		peer.gid = rows[i].in_group == 1 ? daemon->gr_gid : 4242;
		peer.groups[0] = 4243;
		peer.groups[1] = rows[i].in_group == 2 ? daemon->gr_gid : 4244;
		peer.group_count = 2;
		a = access_judge(t, &peer);
		if (a.may != rows[i].may || a.uid != rows[i].uid ||
		    access_may_count(t, &a, "card", 4) != rows[i].card ||
		    access_may_count(t, &a, "login", 5) != rows[i].login)
			fail_msg("%s", rows[i].why);
		access_table_free(&t);
		assert_null(t);
		settings_free(&s);
	}
}

static void
test_nothing_is_nothing(void **state)
{
	struct access none = { 0 };
	struct settings *s;
	struct access_table *t = table(ROOT_ALL, &s);

	(void)state;
	assert_false(access_may(&none, ACCESS_ANY));
	assert_false(access_may(&none, ACCESS_COUNT));
	assert_false(access_may_count(t, &none, "card", 4));
	access_table_free(&t);
	settings_free(&s);
}

static char skipped_name[64];

static void
remember(const char *group)
{
	snprintf(skipped_name, sizeof(skipped_name), "%s", group);
}

static void
test_names(void **state)
{
	struct access_table *t = NULL;
	struct settings *s;
	struct err e = { 0 };

	(void)state;
	s = parse("{\"access\": [{\"group\": \"no-such-group\","
		  " \"may\": [\"count\"]}]}");
	assert_int_equal(access_table_new(&s->listeners[0], remember, &t, &e),
	    E_CONFIG_INVALID);
	assert_non_null(strstr(e.text, "no-such-group"));
	assert_null(t);
	settings_free(&s);
	s = parse("{\"access\": [{\"user\": \"no-such-user\","
		  " \"may\": [\"count\"]}]}");
	assert_int_equal(access_table_new(&s->listeners[0], remember, &t, NULL),
	    E_CONFIG_INVALID);
	assert_null(t);
	settings_free(&s);
	if (getgrnam("fraudd") != NULL)
		return;
	s = parse("{}");
	assert_int_equal(
	    access_table_new(&s->listeners[0], remember, &t, NULL), 0);
	assert_string_equal(skipped_name, "fraudd");
	access_table_free(&t);
	settings_free(&s);
}

static void
test_peer(void **state)
{
	struct access_peer peer;
	int fds[2], pipes[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(access_peer(fds[0], &peer, NULL), 0);
	assert_int_equal(peer.uid, geteuid());
	assert_int_equal(peer.gid, getegid());
	assert_int_equal(peer.group_count, getgroups(0, NULL));
	close(fds[0]);
	close(fds[1]);
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(access_peer(pipes[0], &peer, NULL), E_IO);
	close(pipes[0]);
	close(pipes[1]);
}

/* now: ms after the first question. */
static const struct {
	const char *why;
	int64_t now, quantity;
	struct throttle_answer want;
} asked[] = {
	{ "burst 2, 10 a minute: the first", 0, 1, { 0, 3, 2, -1, 6 } },
	{ "the second", 0, 1, { 0, 3, 1, -1, 12 } },
	{ "only a look", 0, 0, { 0, 3, 1, -1, 12 } },
	{ "the third", 0, 1, { 0, 3, 0, -1, 18 } },
	{ "the fourth is too many", 0, 1, { 1, 3, 0, 6, 18 } },
	{ "a second later too, and costs nothing", 1000, 1,
	    { 1, 3, 0, 5, 17 } },
	{ "one drop has left", 6000, 1, { 0, 3, 0, -1, 18 } },
	{ "two at once wait for two", 6000, 2, { 1, 3, 0, 12, 18 } },
	{ "more than there ever is", 6000, 4, { 1, 3, 0, -1, 18 } },
	{ "all is there again", 60000, 3, { 0, 3, 0, -1, 18 } },
};

static void
test_throttle(void **state)
{
	const int64_t start = INT64_C(1760000000000);
	struct throttle_question q = { "key", 3, 2, 10, 60, 1 };
	struct throttle_answer a;
	struct hash_keys *keys = NULL;
	struct throttle *t;
	size_t i;

	(void)state;
	assert_int_equal(hash_keys_load(NULL, &keys, NULL), 0);
	t = throttle_new(keys);
	assert_non_null(t);
	for (i = 0; i < COUNT_OF(asked); i++) {
		q.quantity = asked[i].quantity;
		assert_int_equal(
		    throttle_ask(t, &q, start + asked[i].now, &a), 0);
		if (memcmp(&a, &asked[i].want, sizeof(a)) != 0)
			fail_msg("%s: %d %d %d %d %d", asked[i].why,
			    (int)a.limited, (int)a.limit, (int)a.remaining,
			    (int)a.retry_after, (int)a.reset_after);
	}
	q.key = "yek";
	q.quantity = 1;
	assert_int_equal(throttle_ask(t, &q, start, &a), 0);
	assert_int_equal(a.remaining, 2);
	throttle_free(&t);
	hash_keys_free(&keys);
}

static void
test_throttle_ranges(void **state)
{
	static const struct {
		int want;
		struct throttle_question q;
	} ranges[] = {
		{ 0, { "k", 1, 0, 1, 1, 1 } },
		{ E_RANGE, { "k", 1, -1, 1, 1, 1 } },
		{ E_RANGE, { "k", 1, 0, 0, 1, 1 } },
		{ E_RANGE, { "k", 1, 0, 1, 0, 1 } },
		{ E_RANGE, { "k", 1, 0, 1, 1, -1 } },
		{ E_RANGE, { "k", 1, INT64_MAX, 1, 1, 1 } },
		{ E_RANGE, { "k", 1, 1000000000, 1, 1000000000, 1 } },
		{ 0, { "k", 1, 1, 1, 1000000000, 1 } },
		{ 0, { "k", 1, 1000000000, 1000000000, 1, 1000000000 } },
	};
	struct throttle_answer a;
	struct hash_keys *keys = NULL;
	struct throttle *t;
	size_t i;

	(void)state;
	assert_int_equal(hash_keys_load(NULL, &keys, NULL), 0);
	for (i = 0; i < COUNT_OF(ranges); i++) {
		t = throttle_new(keys);
		if (throttle_ask(t, &ranges[i].q, 1000, &a) != ranges[i].want)
			fail_msg("row %zu", i);
		throttle_free(&t);
	}
	hash_keys_free(&keys);
}

/* However many keys come, the table stays and the newest are kept. */
static void
test_throttle_bounded(void **state)
{
	struct throttle_question q = { NULL, 0, 0, 1, 1000, 1 };
	struct throttle_answer a;
	struct hash_keys *keys = NULL;
	struct throttle *t;
	char key[16];
	int i;

	(void)state;
	assert_int_equal(hash_keys_load(NULL, &keys, NULL), 0);
	t = throttle_new(keys);
	for (i = 0; i < 200000; i++) {
		q.len = (size_t)snprintf(key, sizeof(key), "%d", i);
		q.key = key;
		assert_int_equal(throttle_ask(t, &q, 1000 + i, &a), 0);
		assert_int_equal(a.limited, 0);
		assert_int_equal(throttle_ask(t, &q, 1000 + i, &a), 0);
		assert_int_equal(a.limited, 1);
	}
	assert_true(throttle_evicted(t) > 100000);
	throttle_free(&t);
	hash_keys_free(&keys);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_judge),
		cmocka_unit_test(test_nothing_is_nothing),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_peer),
		cmocka_unit_test(test_throttle),
		cmocka_unit_test(test_throttle_ranges),
		cmocka_unit_test(test_throttle_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
