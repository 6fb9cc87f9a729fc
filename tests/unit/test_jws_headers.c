/*
 * test_jws_headers: a header that is known saves the reading and nothing
 * else. Whatever is parsed with a memory must come out as without one.
 */

#include "testutil.h"

#include "b64url.h"
#include "err.h"
#include "jws.h"

#define HEADER "{\"alg\":\"HS256\",\"kid\":\"k1\",\"typ\":\"at+jwt\"}"

/* header over a payload and a signature that nobody looks at. */
static size_t
make(char *dst, const char *header)
{
	size_t n = b64url_encode(dst, header, strlen(header));

	return n + (size_t)sprintf(dst + n, ".e30.%043d", 0);
}

static void
parse(const struct jws_headers *known, const char *token, size_t n, int want,
    struct jws *out)
{
	struct jws plain;

	assert_int_equal(jws_parse(token, n, &plain, NULL), want);
	assert_int_equal(jws_parse_again(known, token, n, out, NULL), want);
	if (want != 0)
		return;
	assert_int_equal(out->alg, plain.alg);
	assert_int_equal(out->has_kid, plain.has_kid);
	assert_int_equal(out->has_typ, plain.has_typ);
	assert_string_equal(out->kid, plain.kid);
	assert_string_equal(out->typ, plain.typ);
	assert_ptr_equal(out->payload, plain.payload);
	assert_int_equal(out->payload_len, plain.payload_len);
	assert_int_equal(out->signed_len, plain.signed_len);
	assert_int_equal(out->signature_len, plain.signature_len);
	assert_memory_equal(out->sig, plain.sig, 32);
}

static void
remember(struct jws_headers *known, const char *header)
{
	char token[2048];
	struct jws jws;
	size_t n = make(token, header);

	parse(known, token, n, 0, &jws);
	jws_headers_add(known, &jws);
}

static bool
is_known(const struct jws_headers *known, const char *header)
{
	char token[2048];
	struct jws jws;
	size_t n = make(token, header);

	parse(known, token, n, 0, &jws);
	return jws.header_len == 0;
}

static void
test_known(void **state)
{
	struct jws_headers *known = jws_headers_new();

	(void)state;
	assert_non_null(known);
	assert_false(is_known(known, HEADER));
	remember(known, HEADER);
	assert_true(is_known(known, HEADER));
	remember(known, HEADER); /* twice is once */
	assert_false(is_known(known, "{\"alg\":\"HS256\",\"kid\":\"k2\"}"));
	assert_false(is_known(known, HEADER " "));
	assert_false(is_known(NULL, HEADER));
	remember(known, "{\"alg\":\"ES256\"}");
	assert_true(is_known(known, "{\"alg\":\"ES256\"}"));
	assert_true(is_known(known, HEADER));
	jws_headers_free(&known);
	assert_null(known);
	jws_headers_free(&known);
}

/* Neither a place that is free nor one that is taken is an empty header. */
static void
test_empty(void **state)
{
	static const char *const tokens[] = { ".e30.AAAA", "..", "", ".",
		".e30.", "e30", ".e30" };
	struct jws_headers *known = jws_headers_new();
	struct jws jws;
	size_t i, round;

	(void)state;
	for (round = 0; round < 2; round++) {
		for (i = 0; i < COUNT_OF(tokens); i++)
			parse(known, tokens[i], strlen(tokens[i]),
			    tokens[i][0] == '\0' ? E_TOKEN_MISSING :
						   E_TOKEN_MALFORMED,
			    &jws);
		remember(known, HEADER);
	}
	jws_headers_free(&known);
}

/* What fills it stays: nobody can push out what others need. */
static void
test_full(void **state)
{
	struct jws_headers *known = jws_headers_new();
	char header[1024];
	int i, count = 0;

	(void)state;
	for (i = 0; i < 20; i++) {
		snprintf(header, sizeof(header),
		    "{\"alg\":\"HS256\",\"kid\":\"%d\"}", i);
		remember(known, header);
	}
	for (i = 0; i < 20; i++) {
		snprintf(header, sizeof(header),
		    "{\"alg\":\"HS256\",\"kid\":\"%d\"}", i);
		count += is_known(known, header);
		assert_true(i > 0 || count == 1);
	}
	assert_in_range(count, 1, 8);
	jws_headers_free(&known);
	/* one that is too long is read each time */
	known = jws_headers_new();
	snprintf(
	    header, sizeof(header), "{\"alg\":\"HS256\",\"x\":\"%0600d\"}", 0);
	remember(known, header);
	assert_false(is_known(known, header));
	jws_headers_free(&known);
}

static void
same(const char *token, size_t n, void *arg)
{
	struct jws with, without;
	int want = jws_parse(token, n, &without, NULL);

	parse(arg, token, n, want, &with);
}

/* Cut or bent, a token is what it would be without a memory. */
static void
test_damage(void **state)
{
	struct jws_headers *known = jws_headers_new();
	char token[2048];
	size_t n = make(token, HEADER);

	(void)state;
	remember(known, HEADER);
	for_each_truncation(token, n, same, known);
	for_each_bit_flip(token, n, same, known);
	jws_headers_free(&known);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
