/*
 * testjson: JSON texts for the tests of jscan, each laid against a page that
 * cannot be read.
 */

#ifndef JWTGATE_TESTJSON_H
#define JWTGATE_TESTJSON_H

#include "testutil.h"

#include "jscan.h"

struct text {
	const char *p;
	size_t n;
};
#define T(s) \
	{ \
		s, sizeof(s) - 1 \
	}

static inline int
scan_object(struct text t, struct err *e)
{
	char *copy = guard_copy(t.p, t.n);
	int rc = jscan_object(copy, t.n, NULL, NULL, e);

	guard_free(copy, t.n);
	return rc;
}

static inline int
scan_text(struct text t, const struct jscan_options *o, size_t *offset_out)
{
	char *copy = guard_copy(t.p, t.n);
	struct jscan_value v = { .type = JSCAN_NONE };
	int rc = jscan_text(copy, t.n, o, &v, offset_out, NULL);

	assert_true(rc != 0 || v.type != JSCAN_NONE);
	guard_free(copy, t.n);
	return rc;
}

/* Asserts that the value is of that type and has exactly that text. */
static inline void
is_value(const struct jscan_value *v, enum jscan_type type, bool escaped,
    const char *text)
{
	assert_int_equal(v->type, type);
	assert_int_equal(v->escaped, escaped);
	assert_int_equal(v->len, strlen(text));
	assert_memory_equal(v->text, text, v->len);
}

#endif
