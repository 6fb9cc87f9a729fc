/*
 * settings: an empty object is a working card rule; each mistake is refused
 * beside its cure.
 */

#include "testutil.h"

#include "access.h"
#include "err.h"
#include "settings.h"

#define RULE(rest) "{\"rules\":[{\"name\":\"r\",\"event\":\"e\"" rest "}]}"

#define TCP(at, rest) "{\"listeners\":[{\"tcp\":\"" at "\"" rest "}]}"
#define TCP_REST ",\"secret_file\":\"/no/s\",\"may\":[\"count\"]"

static int
parse(const char *text, struct settings **out, struct err *e)
{
	char *copy = guard_copy(text, strlen(text));
	int ret;

	ret = settings_parse(copy, strlen(text), "f.json", out, e);
	guard_free(copy, strlen(text));
	return ret;
}

static void
test_defaults(void **state)
{
	const struct settings_rule *r;
	struct settings *s = NULL;

	(void)state;
	assert_int_equal(parse("{}", &s, NULL), 0);
	assert_int_equal(s->rule_count, 8);
	r = &s->rules[0];
	assert_string_equal(r->name, "card-shotgun");
	assert_string_equal(r->event, "card");
	assert_string_equal(r->key, "ip");
	assert_int_equal(r->count, RULE_DISTINCT);
	assert_string_equal(r->field, "card");
	assert_int_equal(r->limit, 10);
	assert_int_equal(r->window, 3600);
	assert_int_equal(r->prefix4, 32);
	assert_int_equal(r->prefix6, 128);
	assert_int_equal(r->extend, RULE_EXTEND_ATTEMPT);
	assert_int_equal(r->action, RULE_DENY);
	assert_int_equal(r->overflow, RULE_OVERFLOW_EVICT_SINGLE);
	assert_false(r->shadow);
	assert_int_equal(s->exempt_count, 0);
	assert_true(s->memory == 256u << 20);
	assert_false(s->sync_every_attempt);
	assert_string_equal(s->state_dir, "/var/lib/fraudd");
	assert_null(s->user);
	assert_int_equal(s->listener_count, 1);
	assert_string_equal(s->listeners[0].path, "/run/fraudd/fraudd.sock");
	assert_string_equal(s->listeners[0].group, "fraudd");
	assert_false(s->listeners[0].group_named);
	assert_int_equal(s->listeners[0].mode, 0660);
	assert_int_equal(s->listeners[0].access_count, 2);
	assert_string_equal(s->listeners[0].access[0].group, "fraudd");
	assert_int_equal(s->listeners[0].access[0].may, ACCESS_COUNT);
	assert_string_equal(s->listeners[0].access[1].user, "root");
	assert_int_equal(s->listeners[0].access[1].may,
	    ACCESS_COUNT | ACCESS_READ | ACCESS_ADMIN);
	settings_free(&s);
	assert_null(s);
	assert_int_equal(settings_load(NULL, &s, NULL), 0);
	settings_free(&s);
}

static const char everything[] =
    "{\"socket\":\"/tmp/f.sock\",\"socket_group\":\"www\","
    "\"socket_mode\":\"0600\",\"state_dir\":\"/tmp/f\",\"user\":\"f\","
    "\"durability\":\"attempt\",\"memory\":67108864,"
    "\"overflow\":\"deny-new\",\"backend\":{\"type\":\"memory\"},"
    "\"rules\":[{\"name\":\"a\",\"event\":\"login\",\"key\":\"user\","
    "\"count\":\"distinct token\",\"limit\":5,\"delay_from\":3,\"delay\":2,"
    "\"window\":60,\"max_block\":120,\"extend\":\"none\","
    "\"action\":\"delay\",\"overflow\":\"permissive\",\"mode\":\"shadow\"},"
    "{\"name\":\"b\",\"event\":\"login\",\"prefix4\":24,\"prefix6\":64,"
    "\"count\":\"attempts\"},"
    "{\"name\":\"c\",\"event\":\"seat\",\"key\":\"user\","
    "\"count\":\"sessions\"}],"
    "\"exempt\":[\"192.0.2.0/24\",\"2001:db8::1\"],"
    "\"exempt_users\":[\"root\"],"
    "\"access\":[{\"user\":\"shop\",\"may\":[\"count\"],"
    "\"events\":[\"card\",\"login\"]}],"
    "\"listeners\":[{\"path\":\"/p/s\",\"group\":\"postfix\","
    "\"mode\":\"0666\",\"access\":[{\"group\":\"postfix\","
    "\"may\":[\"count\",\"read\"]}]},{\"path\":\"/q\"}]}";

static void
test_everything(void **state)
{
	const struct settings_listener *l;
	struct settings *s = NULL;

	(void)state;
	assert_int_equal(parse(everything, &s, NULL), 0);
	assert_string_equal(s->user, "f");
	assert_true(s->sync_every_attempt);
	assert_true(s->memory == 64u << 20);
	assert_int_equal(s->rule_count, 3);
	assert_string_equal(s->rules[0].field, "token");
	assert_int_equal(s->rules[0].delay_from, 3);
	assert_int_equal(s->rules[0].delay, 2);
	assert_int_equal(s->rules[0].max_block, 120);
	assert_int_equal(s->rules[0].extend, RULE_EXTEND_NONE);
	assert_int_equal(s->rules[0].action, RULE_DELAY);
	assert_int_equal(s->rules[0].overflow, RULE_OVERFLOW_PERMISSIVE);
	assert_true(s->rules[0].shadow);
	assert_int_equal(s->rules[1].count, RULE_ATTEMPTS);
	assert_int_equal(s->rules[1].prefix4, 24);
	assert_int_equal(s->rules[1].prefix6, 64);
	assert_int_equal(s->rules[1].overflow, RULE_OVERFLOW_DENY_NEW);
	assert_int_equal(s->rules[2].count, RULE_SESSIONS);
	assert_int_equal(s->exempt_count, 2);
	assert_int_equal(s->exempt[0].bits, 24);
	assert_int_equal(s->exempt[1].bits, 128);
	assert_string_equal(s->exempt_users[0], "root");
	assert_int_equal(s->listener_count, 3);
	l = s->listeners;
	assert_string_equal(l[0].group, "www");
	assert_true(l[0].group_named);
	assert_int_equal(l[0].mode, 0600);
	assert_string_equal(l[0].access[0].user, "shop");
	assert_int_equal(l[0].access[0].event_count, 2);
	assert_string_equal(l[0].access[0].events[1], "login");
	assert_string_equal(l[1].path, "/p/s");
	assert_int_equal(l[1].mode, 0666);
	assert_int_equal(l[1].access[0].may, ACCESS_COUNT | ACCESS_READ);
	assert_string_equal(l[2].path, "/q");
	assert_null(l[2].group);
	assert_string_equal(l[2].access[0].user, "shop");
	settings_free(&s);
}

static void
test_when(void **state)
{
	const struct settings_rule *r;
	struct settings *s = NULL;

	(void)state;
	assert_int_equal(parse(RULE(",\"key\":\"user\",\"trust\":60,"
				    "\"when\":[\"a\",\"b=c=d\",\"e!=\"]"),
			     &s, NULL),
	    0);
	r = &s->rules[0];
	assert_int_equal(r->trust, 60);
	assert_int_equal(r->when_count, 3);
	assert_int_equal(r->when[0].test, WHEN_THERE);
	assert_string_equal(r->when[0].field, "a");
	assert_int_equal(r->when[1].test, WHEN_IS);
	assert_string_equal(r->when[1].field, "b");
	assert_string_equal(r->when[1].value, "c=d");
	assert_int_equal(r->when[2].test, WHEN_IS_NOT);
	assert_string_equal(r->when[2].value, "");
	settings_free(&s);
}

static void
test_login_rules(void **state)
{
	struct settings *s = NULL;
	size_t i;

	(void)state;
	assert_int_equal(parse("{\"login_rules\":\"off\"}", &s, NULL), 0);
	assert_int_equal(s->rule_count, 1);
	settings_free(&s);
	assert_int_equal(parse("{}", &s, NULL), 0);
	for (i = 0; i < s->rule_count; i++)
		assert_int_equal(s->rules[i].shadow, i > 0);
	settings_free(&s);
	assert_int_equal(parse("{\"login_rules\":\"enforce\"}", &s, NULL), 0);
	for (i = 0; i < s->rule_count; i++)
		assert_false(s->rules[i].shadow);
	settings_free(&s);
}

/* The sample spells out what is there without it. */
static void
test_sample(void **state)
{
	const char *top = getenv("top_srcdir");
	struct settings *sample = NULL, *own = NULL;
	char path[TEST_PATH_MAX];
	struct err e = { 0 };

	(void)state;
	assert_non_null(top);
	snprintf(path, sizeof(path), "%s/etc/fraudd.json", top);
	assert_int_equal(settings_load(path, &sample, &e), 0);
	assert_int_equal(parse("{}", &own, NULL), 0);
	assert_int_equal(sample->rule_count, own->rule_count);
	assert_memory_equal(
	    sample->rules, own->rules, own->rule_count * sizeof(*own->rules));
	settings_free(&sample);
	settings_free(&own);
}

static const struct {
	const char *why, *text;
	const char *want; /* NULL: taken; else in the sentence */
} cases[] = {
	{ "nothing", "{}", NULL },
	{ "no object", "[]", "must be an object" },
	{ "a comment", "{/* x */}", NULL },
	{ "no JSON", "{\"socket\":}", "f.json:1:11: " },
	{ "a typo", "{\"memroy\":\"64M\"}", "did you mean \"memory\"?" },
	{ "its cure", "{\"memory\":\"64M\"}", NULL },
	{ "too little", "{\"memory\":\"3M\"}", "f.json:1:" },
	{ "the least", "{\"memory\":\"4M\"}", NULL },
	{ "kilobytes", "{\"memory\":\"4096K\"}", NULL },
	{ "less kilobytes", "{\"memory\":\"4095K\"}", "from 4M to 512G" },
	{ "gigabytes", "{\"memory\":\"512G\"}", NULL },
	{ "more gigabytes", "{\"memory\":\"513G\"}", "from 4M to 512G" },
	{ "an endless number", "{\"memory\":\"99999999999999999999G\"}",
	    "from 4M to 512G" },
	{ "no unit", "{\"memory\":\"64X\"}", "from 4M to 512G" },
	{ "two units", "{\"memory\":\"64MB\"}", "from 4M to 512G" },
	{ "a leading zero", "{\"memory\":\"064M\"}", "from 4M to 512G" },
	{ "a decimal", "{\"memory\":1e9}", "from 4M to 512G" },
	{ "true", "{\"memory\":true}", "from 4M to 512G" },
	{ "redis", "{\"backend\":{\"type\":\"redis\"}}", "backend.type: only" },
	{ "memory", "{\"backend\":{\"type\":\"memory\"}}", NULL },
	{ "no such backend", "{\"backend\":{\"type\":\"disk\"}}",
	    "must be memory or redis" },
	{ "a mode", "{\"socket_mode\":\"660\"}", NULL },
	{ "no octal", "{\"socket_mode\":\"0680\"}", "socket_mode: must be" },
	{ "setuid", "{\"socket_mode\":\"4660\"}", "socket_mode: must be" },
	{ "two digits", "{\"socket_mode\":\"66\"}", "socket_mode: must be" },
	{ "a relative path", "{\"socket\":\"f.sock\"}", "absolute path" },
	{ "no rules at all", "{\"rules\":[]}", NULL },
	{ "a rule", RULE(""), NULL },
	{ "without a name", "{\"rules\":[{\"event\":\"e\"}]}",
	    "rules[0].name: is required" },
	{ "without an event", "{\"rules\":[{\"name\":\"r\"}]}",
	    "rules[0].event: is required" },
	{ "twice",
	    "{\"rules\":[{\"name\":\"r\",\"event\":\"e\"},"
	    "{\"name\":\"r\",\"event\":\"f\"}]}",
	    "rules[1]: a rule of that name" },
	{ "the name of operators' blocks",
	    "{\"rules\":[{\"name\":\"operator\",\"event\":\"e\"}]}",
	    "operator" },
	{ "limit 1", RULE(",\"limit\":1"), NULL },
	{ "limit 0", RULE(",\"limit\":0"), "rules[0].limit: must be" },
	{ "limit 1024", RULE(",\"limit\":1024"), NULL },
	{ "limit 1025", RULE(",\"limit\":1025"), "rules[0].limit: is too" },
	{ "limit 1025 of attempts",
	    RULE(",\"limit\":1025,\"count\":\"attempts\""), NULL },
	{ "window 0", RULE(",\"window\":0"), "rules[0].window" },
	{ "distinct of a field", RULE(",\"count\":\"distinct user\""), NULL },
	{ "distinct of nothing", RULE(",\"count\":\"distinct \""),
	    "distinct FIELD" },
	{ "distinct of two", RULE(",\"count\":\"distinct a b\""),
	    "distinct FIELD" },
	{ "another count", RULE(",\"count\":\"values\""), "distinct FIELD" },
	{ "delay_from", RULE(",\"delay_from\":3,\"delay\":1"), NULL },
	{ "delay_from at the limit", RULE(",\"delay_from\":10,\"delay\":1"),
	    "less than limit" },
	{ "delay_from without delay", RULE(",\"delay_from\":3"),
	    "required by delay_from" },
	{ "extend distinct", RULE(",\"extend\":\"distinct\""), NULL },
	{ "extend distinct of attempts",
	    RULE(",\"extend\":\"distinct\",\"count\":\"attempts\""),
	    "needs a count of distinct values" },
	{ "prefixes", RULE(",\"prefix4\":24,\"prefix6\":64"), NULL },
	{ "a prefix of a user", RULE(",\"prefix4\":24,\"key\":\"user\""),
	    "rules[0].prefix4: is for key" },
	{ "a v6 prefix of a user", RULE(",\"prefix6\":64,\"key\":\"user\""),
	    "rules[0].prefix6: is for key" },
	{ "a prefix too long", RULE(",\"prefix4\":33"), "prefix4: must be" },
	{ "conditions", RULE(",\"when\":[\"a\",\"b=1\",\"c!=\"]"), NULL },
	{ "five conditions", RULE(",\"when\":[\"a\",\"b\",\"c\",\"d\",\"e\"]"),
	    "rules[0].when: has more than 4" },
	{ "four", RULE(",\"when\":[\"a\",\"b\",\"c\",\"d\"]"), NULL },
	{ "a condition of nothing", RULE(",\"when\":[\"=1\"]"),
	    "rules[0].when[0]: must be FIELD" },
	{ "half an operator", RULE(",\"when\":[\"a!1\"]"),
	    "rules[0].when[0]: must be FIELD" },
	{ "trust", RULE(",\"key\":\"user\",\"trust\":60"), NULL },
	{ "trust in an address", RULE(",\"trust\":60"),
	    "rules[0].trust: is for key" },
	{ "trust in sessions",
	    RULE(",\"key\":\"user\",\"trust\":60,\"count\":\"sessions\""),
	    "rules[0].trust: is for key" },
	{ "login rules", "{\"login_rules\":\"enforce\"}", NULL },
	{ "no such mode", "{\"login_rules\":\"on\"}", "login_rules: must be" },
	{ "login rules beside rules", "{\"login_rules\":\"off\",\"rules\":[]}",
	    "login_rules: says nothing beside" },
	{ "sessions denied", RULE(",\"count\":\"sessions\",\"key\":\"user\""),
	    NULL },
	{ "sessions delayed",
	    RULE(",\"count\":\"sessions\",\"action\":\"delay\""),
	    "can only be denied" },
	{ "a network", "{\"exempt\":[\"192.0.2.0/24\"]}", NULL },
	{ "host bits", "{\"exempt\":[\"192.0.2.1/24\"]}", "exempt[0]: must" },
	{ "no network", "{\"exempt\":[\"::1\",\"here\"]}", "exempt[1]: must" },
	{ "nobody", "{\"access\":[{\"may\":[\"count\"]}]}", "needs either" },
	{ "both",
	    "{\"access\":[{\"user\":\"a\",\"group\":\"b\","
	    "\"may\":[\"count\"]}]}",
	    "needs either" },
	{ "one of them", "{\"access\":[{\"user\":\"a\",\"may\":[\"read\"]}]}",
	    NULL },
	{ "no right", "{\"access\":[{\"user\":\"a\",\"may\":[]}]}",
	    "access[0].may: must not be empty" },
	{ "an unknown right",
	    "{\"access\":[{\"user\":\"a\",\"may\":[\"counts\"]}]}",
	    "did you mean \"count\"?" },
	{ "a listener without a path", "{\"listeners\":[{}]}",
	    "listeners[0].path: is required" },
	{ "a listener", "{\"listeners\":[{\"path\":\"/x\"}]}", NULL },
	{ "a TCP listener", TCP("127.0.0.1:4001", TCP_REST), NULL },
	{ "another loopback address", TCP("127.1.2.3:65535", TCP_REST), NULL },
	{ "of IPv6", TCP("[::1]:1", TCP_REST), NULL },
	{ "everywhere", TCP("0.0.0.0:4001", TCP_REST), "must be a loopback" },
	{ "everywhere, IPv6", TCP("[::]:4001", TCP_REST),
	    "must be a loopback" },
	{ "another machine", TCP("192.0.2.1:4001", TCP_REST),
	    "listeners[0].tcp: must be a loopback" },
	{ "a name", TCP("localhost:4001", TCP_REST), "must be a loopback" },
	{ "no port", TCP("127.0.0.1", TCP_REST), "must be a loopback" },
	{ "port 0", TCP("127.0.0.1:0", TCP_REST), "must be a loopback" },
	{ "port 65536", TCP("127.0.0.1:65536", TCP_REST), "must be a loop" },
	{ "a port and more", TCP("127.0.0.1:40x", TCP_REST), "must be a loop" },
	{ "IPv6 without brackets", TCP("::1:4001", TCP_REST),
	    "must be a loop" },
	{ "IPv4 in brackets", TCP("[127.0.0.1]:4001", TCP_REST),
	    "must be a loopback" },
	{ "a bracket alone", TCP("[:4001", TCP_REST), "must be a loopback" },
	{ "no secret", TCP("127.0.0.1:4001", ",\"may\":[\"count\"]"),
	    "listeners[0].secret_file: is required with" },
	{ "no rights", TCP("127.0.0.1:4001", ",\"secret_file\":\"/s\""),
	    "listeners[0].may: is required with" },
	{ "access of users", TCP("127.0.0.1:4001", TCP_REST ",\"access\":[]"),
	    "listeners[0].access: goes with a socket's" },
	{ "a path, too", TCP("127.0.0.1:4001", TCP_REST ",\"path\":\"/x\""),
	    "listeners[0].path: goes with a socket's" },
	{ "a secret for a socket",
	    "{\"listeners\":[{\"path\":\"/x\",\"secret_file\":\"/s\"}]}",
	    "listeners[0].secret_file: goes with" },
};

static void
test_cases(void **state)
{
	struct settings *s;
	struct err e;
	size_t i;
	int ret;

	(void)state;
	for (i = 0; i < COUNT_OF(cases); i++) {
		s = NULL;
		memset(&e, 0, sizeof(e));
		print_message("# %s\n", cases[i].why);
		ret = parse(cases[i].text, &s, &e);
		if (cases[i].want == NULL) {
			assert_int_equal(ret, 0);
			settings_free(&s);
			continue;
		}
		assert_int_equal(ret, E_CONFIG_INVALID);
		assert_null(s);
		if (strstr(e.text, cases[i].want) == NULL)
			fail_msg("%s: %s", cases[i].text, e.text);
	}
}

static void
try_damaged(const char *data, size_t n, void *arg)
{
	struct settings *s = NULL;

	(void)arg;
	if (settings_parse(data, n, "f.json", &s, NULL) == 0)
		settings_free(&s);
	assert_null(s);
}

static void
try_short(const char *data, size_t n, void *arg)
{
	struct settings *s = NULL;

	(void)arg;
	assert_int_equal(
	    settings_parse(data, n, "f.json", &s, NULL), E_CONFIG_INVALID);
}

static void
test_damage(void **state)
{
	(void)state;
	for_each_truncation(
	    everything, sizeof(everything) - 1, try_short, NULL);
	for_each_bit_flip(
	    everything, sizeof(everything) - 1, try_damaged, NULL);
}

/* Objects of more than ten members make json-c 0.16 leak a name. */
static const char enough[] =
    "{\"socket_group\":\"www\",\"user\":\"f\",\"memory\":67108864,"
    "\"rules\":[{\"name\":\"a\",\"event\":\"login\",\"key\":\"user\"},"
    "{\"name\":\"b\",\"event\":\"login\"}],"
    "\"exempt\":[\"192.0.2.0/24\"],\"exempt_users\":[\"root\",\"anna\"],"
    "\"access\":[{\"user\":\"shop\",\"may\":[\"count\"],"
    "\"events\":[\"card\",\"login\"]}],"
    "\"listeners\":[{\"path\":\"/p/s\",\"group\":\"postfix\"},"
    "{\"path\":\"/q\"},"
    "{\"tcp\":\"[::1]:4001\",\"secret_file\":\"/s\","
    "\"may\":[\"count\"],\"events\":[\"login\"]}]}";

static void
parse_once(void *arg)
{
	struct settings *s = NULL;
	int ret;

	(void)arg;
	ret = settings_parse(enough, sizeof(enough) - 1, "f.json", &s, NULL);
	assert_int_equal(ret, alloc_failed() ? E_NOMEM : 0);
	settings_free(&s);
}

static void
test_memory(void **state)
{
	(void)state;
	if (alloc_fail_works())
		assert_true(for_each_alloc_failure(parse_once, NULL) > 10);
}

static void
test_tcp(void **state)
{
	static const char text[] = TCP(
	    "[::1]:4001", TCP_REST ",\"events\":[\"login\"]");
	struct settings *s = NULL;
	const struct settings_listener *l;

	(void)state;
	assert_int_equal(parse(text, &s, NULL), 0);
	assert_int_equal(s->listeners[0].port, 0);
	assert_false(s->listeners[0].access[0].holder);
	l = &s->listeners[1];
	assert_string_equal(l->path, "[::1]:4001");
	assert_int_equal(l->port, 4001);
	assert_int_equal(l->addr.family, 6);
	assert_int_equal(l->access_count, 1);
	assert_true(l->access[0].holder);
	assert_int_equal(l->access[0].may, ACCESS_COUNT);
	assert_string_equal(l->access[0].events[0], "login");
	assert_null(l->secret);
	assert_int_equal(settings_read_secrets(s, NULL), E_IO);
	assert_null(l->secret);
	settings_free(&s);
}

static void
test_load(void **state)
{
	char dir[TEST_DIR_MAX], path[TEST_PATH_MAX];
	struct settings *s = NULL;

	(void)state;
	test_dir_new(dir);
	test_write(path, dir, "a.json", 0644, "{}", 2);
	assert_int_equal(settings_load(path, &s, NULL), 0);
	settings_free(&s);
	test_write(path, dir, "a.json", 0666, "{}", 2);
	assert_int_equal(settings_load(path, &s, NULL), E_PERM);
	test_dir_remove(dir);
	assert_int_equal(settings_load(path, &s, NULL), E_IO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_when),
		cmocka_unit_test(test_login_rules),
		cmocka_unit_test(test_sample),
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
