/*
 * test_jscan_limits: depth, members, memory, and how names are told apart.
 */

#include "testjson.h"

#include "err.h"
#include "str.h"

#define TEXT_MAX 65536

static struct text
written(const struct str *s)
{
	assert_false(s->full);
	return (struct text){ s->data, s->len };
}

static struct text
nested(char *buf, size_t depth, const char *open, const char *close)
{
	struct str s;
	size_t i;

	str_init(&s, buf, TEXT_MAX);
	for (i = 0; i < depth; i++)
		str_add(&s, open);
	str_add(&s, "0");
	for (i = 0; i < depth; i++)
		str_add(&s, close);
	return written(&s);
}

static void
test_depth(void **state)
{
	static const struct jscan_options o32 = { .depth_max = 32 };
	static const struct jscan_options o99 = { .depth_max = 99 };
	static const struct jscan_options o0 = { 0 };
	static const struct {
		const struct jscan_options *o;
		size_t deepest;
	} rows[] = { { &o0, JSCAN_DEPTH_MAX }, { &o32, 32 },
		{ &o99, JSCAN_DEPTH_LIMIT } };
	static const struct text shallow = T(
	    "{\"a\":[[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[]]}");
	static char buf[TEXT_MAX];
	size_t i, d;

	(void)state;
	assert_int_equal(
	    scan_object(nested(buf, JSCAN_DEPTH_MAX, "{\"a\":", "}"), NULL), 0);
	assert_int_equal(
	    scan_object(nested(buf, JSCAN_DEPTH_MAX + 1, "{\"a\":", "}"), NULL),
	    E_SYNTAX);
	assert_int_equal(
	    scan_object(nested(buf, 10000, "{\"a\":", "}"), NULL), E_SYNTAX);
	for (i = 0; i < COUNT_OF(rows); i++) {
		d = rows[i].deepest;
		assert_int_equal(
		    scan_text(nested(buf, d, "[", "]"), rows[i].o, NULL), 0);
		assert_int_equal(
		    scan_text(nested(buf, d + 1, "[", "]"), rows[i].o, NULL),
		    E_SYNTAX);
	}
	/* what is closed no longer counts */
	assert_int_equal(scan_object(shallow, NULL), 0);
}

/* An object of count members whose names begin with prefix. */
static struct text
members_in(char *buf, size_t cap, const char *prefix, size_t count)
{
	struct str s;
	size_t i;

	str_init(&s, buf, cap);
	for (i = 0; i < count; i++)
		str_addf(&s, "%s\"%s%zu\":0", i > 0 ? "," : "{", prefix, i);
	str_add(&s, "}");
	return written(&s);
}

static struct text
members(char *buf, size_t count)
{
	return members_in(buf, TEXT_MAX, "", count);
}

static void
test_members(void **state)
{
	static const struct jscan_options o = { .members_max = 4096 };
	static const struct jscan_options o0 = { 0 };
	static char buf[TEXT_MAX];
	size_t offset = 0;

	(void)state;
	assert_int_equal(scan_object(members(buf, 256), NULL), 0);
	assert_int_equal(scan_object(members(buf, 257), NULL), E_SYNTAX);
	assert_int_equal(scan_text(members(buf, 256), &o0, NULL), 0);
	assert_int_equal(scan_text(members(buf, 257), &o0, &offset), E_SYNTAX);
	/* at the quote of the last name */
	assert_string_equal(buf + offset, "\"256\":0}");
	assert_int_equal(scan_text(members(buf, 4096), &o, NULL), 0);
	assert_int_equal(scan_text(members(buf, 4097), &o, NULL), E_SYNTAX);
}

/* Of a token all objects count together, of other text each for itself. */
static void
test_members_total(void **state)
{
	static const struct {
		size_t each; /* two such, within four more */
		int want;
	} rows[] = { { 126, 0 }, { 127, E_SYNTAX } };
	static const struct jscan_options o0 = { 0 };
	static char buf[TEXT_MAX], inner[TEXT_MAX];
	struct str s;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		members(inner, rows[i].each);
		str_init(&s, buf, sizeof(buf));
		str_addf(
		    &s, "{\"a\":{\"a\":0},\"b\":%s,\"c\":[%s]}", inner, inner);
		assert_int_equal(scan_object(written(&s), NULL), rows[i].want);
		assert_int_equal(scan_text(written(&s), &o0, NULL), 0);
	}
}

/* Shortest members in the deepest objects: there is room for their names. */
static void
test_names_room(void **state)
{
	static const struct jscan_options o = { .depth_max = 64 };
	static char buf[TEXT_MAX];
	struct str s;
	size_t i;
	int c;

	(void)state;
	str_init(&s, buf, sizeof(buf));
	for (i = 0; i < 64; i++) {
		str_add(&s, "{");
		for (c = ']'; c < 0x7f; c++)
			str_addf(&s, "\"%c\":0,", c);
		str_add(&s, "\"\":");
	}
	str_add(&s, "0");
	for (i = 0; i < 64; i++)
		str_add(&s, "}");
	assert_int_equal(scan_text(written(&s), &o, NULL), 0);
}

/* Names that differ in one byte are two names, of any length. */
static void
test_names_differ(void **state)
{
	static const char name[] = "abcdefghabcdefghabcdefghabcdefghabcdefgh";
	char buf[128];
	struct text t;
	struct str s;
	int len, at;

	(void)state;
	for (len = 1; len <= 40; len++) {
		for (at = 0; at <= len; at++) {
			str_init(&s, buf, sizeof(buf));
			str_addf(&s, "{\"%.*s\":0,\"%.*s\":0}", len, name, len,
			    name);
			t = written(&s);
			if (at < len)
				buf[2 + len + 5 + at] ^= 1;
			assert_int_equal(
			    scan_object(t, NULL), at < len ? E_OK : E_SYNTAX);
		}
	}
}

/* Whichever of the earlier names it is that comes again. */
static void
test_names_again(void **state)
{
	char buf[1024];
	size_t count, again, i;
	struct str s;

	(void)state;
	for (count = 1; count <= 40; count++) {
		for (again = 0; again <= count; again++) {
			str_init(&s, buf, sizeof(buf));
			for (i = 0; i < count; i++)
				str_addf(
				    &s, "%s\"n%zu\":0", i > 0 ? "," : "{", i);
			str_addf(&s, ",\"n%zu\":0}", again);
			assert_int_equal(scan_object(written(&s), NULL),
			    again < count ? E_SYNTAX : E_OK);
		}
	}
}

/* One name in two spellings is one name, however it is spelt. */
static void
test_names_spelt(void **state)
{
#define PLAIN "aud/user name\xc3\xa9\xe2\x82\xac_x"
	static const char *const parts[][3] = {
		{ "a", "\\u0061", "\\u0061" },
		{ "u", "\\u0075", "u" },
		{ "d", "\\u0064", "d" },
		{ "/", "\\/", "\\u002f" },
		{ "user", "us\\u0065r", "use\\u0072" },
		{ " name", "\\u0020nam\\u0065", " \\u006eam\\u0065" },
		{ "\xc3\xa9", "\\u00e9", "\\u00E9" },
		{ "\xe2\x82\xac", "\\u20ac", "\\u20AC" },
		{ "_x", "\\u005fx", "_\\u0078" },
	};
	static const struct jscan_names wanted = {
		.factor = UINT64_C(0x91b7584a2265b1f5),
		.rows = { [3] = JSCAN_NAME(PLAIN) },
	};
	struct jscan_value values[JSCAN_ROWS];
	char name[256], buf[512];
	unsigned int seed = 1;
	struct str s;
	size_t i, round;

	(void)state;
	for (round = 0; round < 2000; round++) {
		str_init(&s, name, sizeof(name));
		for (i = 0; i < COUNT_OF(parts); i++) {
			seed = seed * 1103515245 + 12345;
			str_add(&s, parts[i][(seed >> 16) % 3]);
		}
		str_init(&s, buf, sizeof(buf));
		str_addf(&s, "{\"%s\":0}", name);
		assert_int_equal(
		    jscan_object(buf, s.len, &wanted, values, NULL), 0);
		assert_int_equal(values[3].type, JSCAN_NUMBER);
		str_init(&s, buf, sizeof(buf));
		str_addf(&s, "{\"%s\":0,\"%s\":0}", PLAIN, name);
		assert_int_equal(scan_object(written(&s), NULL), E_SYNTAX);
	}
}

/* Names as people choose them share no hash. */
static void
test_names_honest(void **state)
{
	static const struct jscan_options o = { .members_max = 5000 };
	static const char *const prefixes[] = { "", "a", "claim_", "role",
		"https://example.org/claims/", "\\u0061", "\xc3\xa4",
		"00000000000000000000000000000000" };
	size_t i, cap = 1 << 20;
	char *buf = malloc(cap);

	(void)state;
	assert_non_null(buf);
	for (i = 0; i < COUNT_OF(prefixes); i++)
		assert_int_equal(
		    scan_text(
			members_in(buf, cap, prefixes[i], 5000), &o, NULL),
		    0);
	free(buf);
}

static void
text_short_of_memory(void *arg)
{
	const struct jscan_options o = { .members_max = 4096 };
	struct jscan_value v = { .type = JSCAN_NONE };
	struct text *t = arg;
	struct err e = { 0 };
	int rc;

	rc = jscan_text(t->p, t->n, &o, &v, NULL, &e);
	assert_int_equal(rc, alloc_failed() ? E_NOMEM : 0);
	assert_int_equal(e.code, rc);
	assert_int_equal(v.type, rc == 0 ? JSCAN_OBJECT : JSCAN_NONE);
}

static void
test_memory(void **state)
{
	static char buf[TEXT_MAX];
	struct text t;

	(void)state;
	t = members(buf, 1000);
	if (for_each_alloc_failure(text_short_of_memory, &t) == 0)
		return;
	t = members(buf, 100);
	assert_int_equal(for_each_alloc_failure(text_short_of_memory, &t), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_members_total),
		cmocka_unit_test(test_names_room),
		cmocka_unit_test(test_names_differ),
		cmocka_unit_test(test_names_again),
		cmocka_unit_test(test_names_spelt),
		cmocka_unit_test(test_names_honest),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests_name("jscan_limits", tests, NULL, NULL);
}
