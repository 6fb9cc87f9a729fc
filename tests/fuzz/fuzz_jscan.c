/*
 * fuzz_jscan: what is taken is JSON to json-c too, keeps the limits, and can
 * be walked: each value found by a cursor is itself a text that is taken.
 */

#include "fuzz.h"

#include <math.h>
#include <string.h>

#include <json-c/json.h>

#include "err.h"
#include "jscan.h"

#define NUMBER_MAX 4000

struct seen {
	const char *text;
	size_t n;
	size_t members;
	size_t depth;
};

static void
check_inside(const struct seen *s, const struct jscan_value *v)
{
	FUZZ_CHECK(v->type != JSCAN_NONE);
	FUZZ_CHECK(v->text >= s->text);
	FUZZ_CHECK(v->len <= s->n);
	FUZZ_CHECK(v->text + v->len <= s->text + s->n);
}

static void
check_string(const struct jscan_value *v)
{
	char *buf = malloc(v->len + 1);
	size_t len;

	FUZZ_CHECK(buf != NULL);
	FUZZ_CHECK(jscan_string(v, buf, v->len + 1, &len) == 0);
	FUZZ_CHECK(len <= v->len && strlen(buf) == len);
	FUZZ_CHECK(v->escaped == (memchr(v->text, '\\', v->len) != NULL));
	FUZZ_CHECK(v->escaped || len == v->len);
	FUZZ_CHECK(jscan_equal(v, buf, len));
	FUZZ_CHECK(!jscan_equal(v, buf, len + 1));
	FUZZ_CHECK(len == 0 || !jscan_equal(v, buf, len - 1));
	FUZZ_CHECK(len == 0 || jscan_string(v, buf, len, &len) == E_RANGE);
	free(buf);
}

/* libc reads the number as well, with eleven bits behind the point. */
static void
check_number(const struct jscan_value *v)
{
	char buf[NUMBER_MAX];
	long double want;
	bool fraction;
	int64_t whole;
	int ret;

	ret = jscan_seconds(v, &whole, &fraction);
	FUZZ_CHECK(ret == 0 || ret == E_RANGE);
	if (v->len >= sizeof(buf))
		return;
	memcpy(buf, v->text, v->len);
	buf[v->len] = '\0';
	want = strtold(buf, NULL);
	if (ret != 0) {
		FUZZ_CHECK(signbit(want) || want >= 9007199254740991.0L);
		return;
	}
	FUZZ_CHECK(whole >= 0 && whole < INT64_C(1) << 53);
	FUZZ_CHECK(want >= (long double)whole);
	FUZZ_CHECK(want <= (long double)(whole + 1));
	FUZZ_CHECK(fraction || want == (long double)whole);
}

static void
check_value(const struct jscan_value *v)
{
	switch (v->type) {
	case JSCAN_NULL:
		FUZZ_CHECK(v->len == 4 && memcmp(v->text, "null", 4) == 0);
		break;
	case JSCAN_TRUE:
		FUZZ_CHECK(v->len == 4 && memcmp(v->text, "true", 4) == 0);
		break;
	case JSCAN_FALSE:
		FUZZ_CHECK(v->len == 5 && memcmp(v->text, "false", 5) == 0);
		break;
	case JSCAN_STRING:
		check_string(v);
		break;
	case JSCAN_NUMBER:
		check_number(v);
		break;
	case JSCAN_NONE:
	case JSCAN_ARRAY:
	case JSCAN_OBJECT:
		break;
	}
}

static void
check_walk(struct seen *s, const struct jscan_value *v, size_t depth)
{
	struct jscan_cursor c = { .rest = NULL };
	struct jscan_value key, value, found;
	char *name;
	size_t len;

	check_inside(s, v);
	check_value(v);
	if (v->type == JSCAN_ARRAY || v->type == JSCAN_OBJECT)
		depth++;
	if (depth > s->depth)
		s->depth = depth;
	while (jscan_next(v, &c, &key, &value)) {
		if (v->type == JSCAN_OBJECT) {
			s->members++;
			check_inside(s, &key);
			check_string(&key);
			name = malloc(key.len + 1);
			FUZZ_CHECK(name != NULL);
			FUZZ_CHECK(
			    jscan_string(&key, name, key.len + 1, &len) == 0);
			/* no name twice: the first found is this one */
			FUZZ_CHECK(jscan_member(v, name, len, &found));
			FUZZ_CHECK(found.text == value.text);
			free(name);
		}
		check_walk(s, &value, depth);
	}
	FUZZ_CHECK(!jscan_next(v, &c, &key, &value));
}

/* Later versions refuse integers that they cannot hold; 0.16 clamps them. */
static void
check_json_c(const char *text, size_t n)
{
	struct json_tokener *t = json_tokener_new_ex(JSCAN_DEPTH_LIMIT + 1);
	enum json_tokener_error why;
	struct json_object *o;

	FUZZ_CHECK(t != NULL);
	json_tokener_set_flags(
	    t, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	o = json_tokener_parse_ex(t, text, (int)n);
	why = json_tokener_get_error(t);
	if (why == json_tokener_continue) {
		/* a number at the end waits for more */
		o = json_tokener_parse_ex(t, "", 1);
		why = json_tokener_get_error(t);
	}
	FUZZ_CHECK(why == json_tokener_success ||
	    why == json_tokener_error_parse_number);
	json_object_put(o);
	json_tokener_free(t);
}

static const struct jscan_names names = {
	.factor = UINT64_C(0x1027c4d1c386bbc5),
	.rows = {
		[0] = JSCAN_NAME(""),
		[1] = JSCAN_NAME("iss"),
		[2] = JSCAN_NAME("a"),
		[5] = JSCAN_NAME("aud"),
		[9] = JSCAN_NAME("preferred_username"),
	},
};

static void
check_fields(const char *text, size_t n, const struct jscan_value *root)
{
	struct jscan_value values[JSCAN_ROWS];
	struct jscan_value found;
	size_t i;
	int ret;

	ret = jscan_object(text, n, &names, values, NULL);
	FUZZ_CHECK(ret == 0 || ret == E_SYNTAX);
	FUZZ_CHECK(ret != 0 || (root != NULL && root->type == JSCAN_OBJECT));
	for (i = 0; i < JSCAN_ROWS; i++) {
		const struct jscan_name *name = &names.rows[i];
		const struct jscan_value *v = &values[i];

		FUZZ_CHECK(name->text != NULL || v->type == JSCAN_NONE);
		if (name->text == NULL)
			continue;

		if (ret != 0 || v->type == JSCAN_NONE) {
			FUZZ_CHECK(v->type == JSCAN_NONE && v->text == NULL);
			FUZZ_CHECK(ret != 0 ||
			    !jscan_member(root, name->text, name->len, &found));
			continue;
		}
		FUZZ_CHECK(jscan_member(root, name->text, name->len, &found));
		FUZZ_CHECK(found.type == v->type && found.text == v->text &&
		    found.len == v->len && found.escaped == v->escaped);
	}
}

/*
 * A blank behind a text changes nothing but how it is read: jscan_members.c
 * asks for a bracket at the end.
 */
static void
check_runs(const char *text, size_t n)
{
	struct jscan_value with[JSCAN_ROWS], without[JSCAN_ROWS];
	char *longer = malloc(n + 1);
	size_t i;

	FUZZ_CHECK(longer != NULL);
	memcpy(longer, text, n);
	longer[n] = ' ';
	FUZZ_CHECK(jscan_object(text, n, &names, with, NULL) ==
	    jscan_object(longer, n + 1, &names, without, NULL));
	for (i = 0; i < JSCAN_ROWS; i++) {
		FUZZ_CHECK(with[i].type == without[i].type);
		if (with[i].type == JSCAN_NONE)
			continue;
		FUZZ_CHECK(with[i].len == without[i].len &&
		    with[i].escaped == without[i].escaped &&
		    with[i].text - text == without[i].text - longer);
	}
	free(longer);
}

static void
check_text(const char *text, size_t n, bool comments)
{
	const struct jscan_options o = { .comments = comments,
		.depth_max = JSCAN_DEPTH_LIMIT,
		.members_max = 1000 };
	struct seen s = { .text = text, .n = n };
	struct jscan_value root = { .type = JSCAN_NONE };
	size_t offset = 0;
	int ret;

	ret = jscan_text(text, n, &o, &root, &offset, NULL);
	FUZZ_CHECK(ret == 0 || ret == E_SYNTAX);
	FUZZ_CHECK(offset <= n);
	if (ret == 0) {
		check_walk(&s, &root, 0);
		FUZZ_CHECK(s.depth <= JSCAN_DEPTH_LIMIT);
		if (!comments)
			check_json_c(text, n);
	}
	if (comments)
		return;
	check_fields(text, n, ret == 0 ? &root : NULL);
	check_runs(text, n);
	/* a token's limits are the only other reason to refuse an object */
	if (ret == 0 && root.type == JSCAN_OBJECT)
		FUZZ_CHECK((jscan_object(text, n, NULL, NULL, NULL) == 0) ==
		    (s.depth <= JSCAN_DEPTH_MAX &&
			s.members <= JSCAN_MEMBERS_MAX));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_text((const char *)data, size, false);
	check_text((const char *)data, size, true);
	return 0;
}
