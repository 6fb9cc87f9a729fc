/*
 * test_interop: tokens of the npm packages jose and jsonwebtoken, as they
 * were recorded by scripts/interop. All verify or open with their keys, and
 * with nothing else changed in one letter.
 */

#include "testutil.h"

#include "b64url.h"
#include "json.h"
#include "jws.h"
#include "testjwe.h"
#include "testkeys.h"

struct record {
	const char *by, *alg, *token, *plaintext;
	char *key; /* owned; JWK */
};

static void
record_read(const struct json *all, const struct json *entry, bool private,
    struct record *out)
{
	const struct json *keys = json_member(entry, "keys");
	const struct json *key = json_member(keys, "public");

	if (private || key == NULL)
		key = json_member(keys, "private");
	out->by = json_string(json_member(entry, "by"), NULL);
	out->alg = json_string(json_member(entry, "alg"), NULL);
	out->token = json_string(json_member(entry, "token"), NULL);
	out->plaintext = json_string(json_member(all, "plaintext"), NULL);
	out->key = json_write(key, false, NULL);
	assert_non_null(out->token);
	assert_non_null(out->plaintext);
	assert_non_null(out->key);
}

static struct json *
read_all(void)
{
	struct json *all = NULL;
	char *text;
	size_t n;

	text = test_data("vectors/interop/npm.json", &n);
	assert_int_equal(json_parse(text, n, false, &all, NULL), 0);
	free(text);
	return all;
}

/* Another letter in the middle of a part, which stays base64url. */
static char *
bend(const char *token, size_t part)
{
	char *copy = strdup(token), *at = copy;

	assert_non_null(copy);
	for (; part > 0; part--)
		at = strchr(at, '.') + 1;
	at[2] = at[2] == 'A' ? 'B' : 'A';
	return copy;
}

static void
check_jws(const struct record *r)
{
	uint8_t payload[B64URL_DECODED_LEN(JWS_MAX_LEN)];
	struct jwk_set set = { 0 };
	struct jws jws;
	char *bent;
	size_t i, n;

	assert_int_equal(jwk_set_parse(r->key, strlen(r->key), &set, NULL), 0);
	assert_int_equal(jws_parse(r->token, strlen(r->token), &jws, NULL), 0);
	assert_string_equal(jwa_name(jws.alg), r->alg);
	if (jws_verify(&jws, &set.keys[0], NULL) != 0)
		fail_msg("%s of %s does not verify", r->alg, r->by);
	assert_int_equal(jws_payload(&jws, payload, &n, NULL), 0);
	assert_int_equal(n, strlen(r->plaintext));
	assert_memory_equal(payload, r->plaintext, n);
	for (i = 1; i < 3; i++) {
		bent = bend(r->token, i);
		assert_int_not_equal(
		    keys_judge(bent, strlen(bent), &set.keys[0]), 0);
		free(bent);
	}
	jwk_set_done(&set);
}

static void
check_jwe(const struct record *r)
{
	static struct jwe_opened o;
	struct jwk_enc_set set = { 0 };
	char *bent;
	size_t i;

	assert_int_equal(
	    jwk_enc_set_parse(r->key, strlen(r->key), &set, NULL), 0);
	assert_int_equal(set.count, 1);
	o.key = &set.keys[0];
	if (jwe_judge(r->token, strlen(r->token), &o) != 0)
		fail_msg("%s of %s does not open: %s", r->alg, r->by, o.e.text);
	assert_int_equal(o.n, strlen(r->plaintext));
	assert_memory_equal(o.text, r->plaintext, o.n);
	for (i = 2; i < 5; i++) {
		bent = bend(r->token, i);
		assert_int_not_equal(jwe_judge(bent, strlen(bent), &o), 0);
		free(bent);
	}
	jwk_enc_set_done(&set);
}

static void
run(const char *member, size_t least, bool private,
    void (*check)(const struct record *r))
{
	struct json *all = read_all();
	const struct json *list = json_member(all, member);
	struct record r;
	size_t i;

	assert_true(json_count(list) >= least);
	for (i = 0; i < json_count(list); i++) {
		record_read(all, json_element(list, i), private, &r);
		check(&r);
		free(r.key);
	}
	json_free(&all);
}

static void
test_jws(void **state)
{
	(void)state;
	run("jws", 26, false, check_jws);
}

static void
test_jwe(void **state)
{
	(void)state;
	run("jwe", 64, true, check_jwe);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_jws),
		cmocka_unit_test(test_jwe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
