/*
 * test_jwe: encrypted tokens. The examples of RFC 7520 §5 and of RFC 8037
 * are decrypted or refused by name; what we encrypt comes back, and nothing
 * that differs from it in one bit, one byte, key or algorithm does.
 */

#include "testutil.h"

#include <openssl/err.h>

#include "err.h"
#include "json.h"
#include "jwe.h"
#include "testjwe.h"

#define V "vectors/"
#define C V "cookbook/"
#define ZERO256 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define TEXT "eyJhbGciOiJub25lIn0.e30."

/* Each key, and what is encrypted for it. */
static const struct {
	const char *key;
	enum jwa_wrap alg;
	enum jwa_enc enc;
	bool every_bit;
} rows[] = {
	{ C "jwe/5_6.direct_encryption_using_aes-gcm.json", JWA_DIR,
	    JWA_A128GCM, true },
	{ C "jwe/5_8.key_wrap_using_aes-keywrap_with_aes-gcm.json", JWA_A128KW,
	    JWA_A128GCM, true },
	{ C "jwe/5_8.key_wrap_using_aes-keywrap_with_aes-gcm.json", JWA_A128KW,
	    JWA_A256CBC_HS512, true },
	{ C "curve25519/ecdh-es.json", JWA_ECDH_ES, JWA_A128CBC_HS256, true },
	{ C "curve25519/ecdh-es.json", JWA_ECDH_ES_A256KW, JWA_A256GCM, false },
	{ C "jwe/5_5.key_agreement_using_ecdh-es_with_aes-cbc-hmac-sha2.json",
	    JWA_ECDH_ES, JWA_A256CBC_HS512, false },
	{ C "jwe/5_5.key_agreement_using_ecdh-es_with_aes-cbc-hmac-sha2.json",
	    JWA_ECDH_ES_A128KW, JWA_A256GCM, false },
	{ C "jwe/5_4.key_agreement_with_key_wrapping_using_ecdh-es_and_"
	    "aes-keywrap_with_aes-gcm.json",
	    JWA_ECDH_ES_A256KW, JWA_A128CBC_HS256, false },
	{ V "keys/ec-p521.pem", JWA_ECDH_ES, JWA_A256GCM, false },
	{ C "jwe/5_1.key_encryption_using_rsa_v15_and_aes-hmac-sha2.json",
	    JWA_RSA_OAEP_256, JWA_A256GCM, false },
	{ V "keys/rsa.pem", JWA_RSA_OAEP_256, JWA_A128CBC_HS256, false },
};

static char *
encrypt(const struct jwk_enc *key, size_t row, const char *text)
{
	const struct jwe_draft draft = { .alg = rows[row].alg,
		.enc = rows[row].enc,
		.cty = "JWT",
		.payload = text,
		.payload_len = strlen(text) };
	char *token = NULL;

	assert_int_equal(jwe_encrypt(key, &draft, &token, NULL), 0);
	return token;
}

static const struct {
	const char *file;
	int want;
	const char *sentence; /* part of it; NULL: it decrypts */
} cookbook[] = {
	{ "jwe/5_1.key_encryption_using_rsa_v15_and_aes-hmac-sha2",
	    E_ALGORITHM_REFUSED, "RSA1_5 is never taken" },
	{ "jwe/5_2.key_encryption_using_rsa-oaep_with_aes-gcm",
	    E_ALGORITHM_REFUSED, "RSA-OAEP is never taken" },
	{ "jwe/5_3.key_wrap_using_pbes2-aes-keywrap_with-aes-cbc-"
	  "hmac-sha2",
	    E_ALGORITHM_REFUSED, "PBES2-HS512+A256KW is never" },
	{ "jwe/5_4.key_agreement_with_key_wrapping_using_ecdh-es_and_"
	  "aes-keywrap_with_aes-gcm",
	    0, NULL },
	{ "jwe/5_5.key_agreement_using_ecdh-es_with_aes-cbc-hmac-sha2", 0,
	    NULL },
	{ "jwe/5_6.direct_encryption_using_aes-gcm", 0, NULL },
	{ "jwe/5_7.key_wrap_using_aes-gcm_keywrap_with_aes-cbc-hmac-"
	  "sha2",
	    E_ALGORITHM_REFUSED, "A256GCMKW is never taken" },
	{ "jwe/5_8.key_wrap_using_aes-keywrap_with_aes-gcm", 0, NULL },
	{ "jwe/5_9.compressed_content", E_HEADER_INVALID, "zip" },
	{ "6.nesting_signatures_and_encryption", E_ALGORITHM_REFUSED,
	    "RSA-OAEP is never taken" },
	{ "curve25519/ecdh-es", 0, NULL },
};

static void
test_cookbook(void **state)
{
	struct jwk_enc_set set;
	struct jwe_opened o;
	struct json *root;
	const struct json *part;
	const char *token, *plain;
	char name[160], *text;
	size_t i, n, plain_len;

	(void)state;
	for (i = 0; i < COUNT_OF(cookbook); i++) {
		root = NULL;
		snprintf(name, sizeof(name), C "%s.json", cookbook[i].file);
		text = test_data(name, &n);
		assert_int_equal(json_parse(text, n, false, &root, NULL), 0);
		free(text);
		part = json_member(root, "encrypt");
		if (part == NULL)
			part = root;
		token = json_string(
		    json_member(json_member(part, "output"), "compact"), NULL);
		assert_non_null(token);
		memset(&set, 0, sizeof(set));
		memset(&o, 0, sizeof(o));
		if (cookbook[i].want == 0) {
			jwe_keys_load(name, &set);
			assert_int_equal(set.count, 1);
			o.key = &set.keys[0];
		}
		assert_int_equal(
		    jwe_judge(token, strlen(token), &o), cookbook[i].want);
		plain = json_string(
		    json_member(json_member(part, "input"), "plaintext"),
		    &plain_len);
		if (cookbook[i].want == 0) {
			assert_int_equal(o.n, plain_len);
			assert_memory_equal(o.text, plain, plain_len);
		} else {
			assert_non_null(strstr(o.e.text, cookbook[i].sentence));
		}
		jwk_enc_set_done(&set);
		json_free(&root);
	}
}

/* RFC 7520 §5.10 to §5.13 exist in JSON alone, which is no token to us. */
static void
test_json_serialization(void **state)
{
	static const char *const files[] = {
		C "jwe/5_10.including_additional_authentication_data.json",
		C "jwe/5_11.protecting_specific_header_fields.json",
		C "jwe/5_12.protecting_content_only.json",
		C "jwe/5_13.encrypting_to_multiple_recipients.json",
	};
	struct json *root;
	const struct json *out;
	struct jwe jwe;
	char *text;
	size_t i, k, n;

	(void)state;
	for (i = 0; i < COUNT_OF(files); i++) {
		root = NULL;
		text = test_data(files[i], &n);
		assert_int_equal(json_parse(text, n, false, &root, NULL), 0);
		free(text);
		out = json_member(root, "output");
		assert_null(json_member(out, "compact"));
		assert_true(json_count(out) > 0);
		for (k = 0; k < json_count(out); k++) {
			text = json_write(json_element(out, k), false, &n);
			if (text == NULL) {
				const char *kind;

				text = json_write(
				    json_entry(out, k, &kind), false, &n);
			}
			assert_non_null(text);
			assert_int_equal(
			    jwe_parse(text, n, &jwe, NULL), E_TOKEN_MALFORMED);
			free(text);
		}
		json_free(&root);
	}
}

static void
refuse(const char *token, size_t n, void *arg)
{
	assert_int_not_equal(jwe_judge(token, n, arg), 0);
}

/* One bit of every byte, and another bit in the next. */
static void
flip_some(const char *token, size_t n, struct jwe_opened *o)
{
	char *copy = guard_copy(token, n);
	size_t i;

	for (i = 0; i < n; i++) {
		copy[i] = (char)(copy[i] ^ 1 << i % 8);
		refuse(copy, n, o);
		copy[i] = token[i];
	}
	guard_free(copy, n);
}

static void
test_damage(void **state)
{
	struct jwk_enc_set set;
	static struct jwe_opened o;
	char *token;
	size_t i, n;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		memset(&set, 0, sizeof(set));
		jwe_keys_load(rows[i].key, &set);
		o.key = &set.keys[0];
		token = encrypt(o.key, i, TEXT);
		n = strlen(token);
		assert_int_equal(jwe_judge(token, n, &o), 0);
		assert_int_equal(o.n, strlen(TEXT));
		assert_memory_equal(o.text, TEXT, o.n);
		for_each_truncation(token, n, refuse, &o);
		if (rows[i].every_bit)
			for_each_bit_flip(token, n, refuse, &o);
		else
			flip_some(token, n, &o);
		assert_int_equal(jwe_judge(token, n, &o), 0);
		free(token);
		jwk_enc_set_done(&set);
	}
}

/* Every token with every key: only its own opens it. */
static void
test_other_keys(void **state)
{
	struct jwk_enc_set sets[COUNT_OF(rows)] = { 0 };
	static struct jwe_opened o;
	char *token;
	size_t i, k;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++)
		jwe_keys_load(rows[i].key, &sets[i]);
	for (i = 0; i < COUNT_OF(rows); i++) {
		token = encrypt(&sets[i].keys[0], i, TEXT);
		for (k = 0; k < COUNT_OF(rows); k++) {
			o.key = &sets[k].keys[0];
			if (strcmp(rows[i].key, rows[k].key) == 0)
				assert_int_equal(
				    jwe_judge(token, strlen(token), &o), 0);
			else
				refuse(token, strlen(token), &o);
		}
		free(token);
	}
	for (i = 0; i < COUNT_OF(rows); i++)
		jwk_enc_set_done(&sets[i]);
}

static void
test_candidates(void **state)
{
	static const char five[] =
	    "{\"keys\":[{\"kty\":\"oct\",\"kid\":\"a\",\"k\":\"" ZERO256 "\"},"
	    "{\"kty\":\"oct\",\"kid\":\"b\",\"k\":\"" ZERO256 "\"},"
	    "{\"kty\":\"oct\",\"kid\":\"c\",\"k\":\"" ZERO256 "\"},"
	    "{\"kty\":\"oct\",\"kid\":\"d\",\"k\":\"" ZERO256 "\"},"
	    "{\"kty\":\"oct\",\"k\":\"" ZERO256 "\"}]}";
	const struct jwk_enc *found[JWE_TRIES_MAX];
	struct jwk_enc_set set = { 0 };
	struct jwe jwe = { .alg = JWA_DIR, .enc = JWA_A256GCM };
	size_t n = 0;

	(void)state;
	assert_int_equal(jwk_enc_set_parse(five, strlen(five), &set, NULL), 0);
	assert_int_equal(
	    jwe_candidates(&jwe, &set, found, &n, NULL), E_KEY_UNKNOWN);
	jwe.has_kid = true;
	strcpy(jwe.kid, "c");
	assert_int_equal(jwe_candidates(&jwe, &set, found, &n, NULL), 0);
	assert_int_equal(n, 2);
	assert_ptr_equal(found[0], &set.keys[2]);
	assert_ptr_equal(found[1], &set.keys[4]);
	strcpy(jwe.kid, "x");
	assert_int_equal(jwe_candidates(&jwe, &set, found, &n, NULL), 0);
	assert_int_equal(n, 1);
	set.count = 4;
	assert_int_equal(
	    jwe_candidates(&jwe, &set, found, &n, NULL), E_KEY_UNKNOWN);
	jwe.has_kid = false;
	assert_int_equal(jwe_candidates(&jwe, &set, found, &n, NULL), 0);
	assert_int_equal(n, 4);
	jwe.alg = JWA_A128KW;
	assert_int_equal(
	    jwe_candidates(&jwe, &set, found, &n, NULL), E_KEY_UNKNOWN);
	set.count = 5;
	jwk_enc_set_done(&set);
}

static void
test_sizes(void **state)
{
	static char big[JWE_MAX_LEN + 2];
	struct jwe_draft draft = {
		.alg = JWA_A128KW, .enc = JWA_A128GCM, .payload = big
	};
	struct jwk_enc_set set = { 0 };
	static struct jwe_opened o;
	struct jwe jwe;
	char *token = NULL;
	size_t n, most = 0;

	(void)state;
	jwe_keys_load(rows[1].key, &set);
	o.key = &set.keys[0];
	for (n = 12000; n < JWE_PLAIN_MAX + 2; n++) {
		draft.payload_len = n;
		if (jwe_encrypt(o.key, &draft, &token, NULL) != 0)
			break;
		most = n;
		assert_true(strlen(token) <= JWE_MAX_LEN);
		if (n > 12100)
			assert_int_equal(
			    jwe_judge(token, strlen(token), &o), 0);
		free(token);
		token = NULL;
	}
	assert_true(most > 12050);
	assert_int_equal(jwe_encrypt(o.key, &draft, &token, NULL), E_RANGE);
	draft.payload_len = sizeof(big);
	assert_int_equal(jwe_encrypt(o.key, &draft, &token, NULL), E_RANGE);
	memset(big, '.', sizeof(big));
	assert_int_equal(jwe_parse(big, 0, &jwe, NULL), E_TOKEN_MISSING);
	assert_int_equal(
	    jwe_parse(big, JWE_MAX_LEN + 1, &jwe, NULL), E_TOKEN_TOO_LONG);
	assert_int_equal(
	    jwe_parse(big, JWE_MAX_LEN, &jwe, NULL), E_TOKEN_MALFORMED);
	memset(big, 'A', sizeof(big));
	big[6000] = big[6001] = big[6002] = big[6003] = '.';
	assert_int_equal(jwe_parse(big, 6004, &jwe, NULL), E_HEADER_INVALID);
	draft.payload_len = 0;
	draft.alg = JWA_RSA_OAEP_256;
	assert_int_equal(jwe_encrypt(o.key, &draft, &token, NULL), E_KEY);
	draft.alg = JWA_A128KW;
	assert_int_equal(jwe_encrypt(o.key, &draft, &token, NULL), 0);
	assert_int_equal(jwe_judge(token, strlen(token), &o), 0);
	assert_int_equal(o.n, 0);
	free(token);
	jwk_enc_set_done(&set);
}

struct memory {
	const struct jwk_enc *key;
	size_t row;
	struct jwe good, bad;
	uint8_t text[JWE_PLAIN_MAX];
};

static void
use_short_of_memory(void *arg)
{
	struct memory *m = arg;
	const struct jwe_draft draft = { .alg = rows[m->row].alg,
		.enc = rows[m->row].enc,
		.payload = TEXT,
		.payload_len = 5 };
	char *token = NULL;
	size_t n;
	int rc;

	assert_int_not_equal(
	    jwe_decrypt(&m->bad, m->key, m->text, &n, NULL), 0);
	rc = jwe_decrypt(&m->good, m->key, m->text, &n, NULL);
	assert_true(rc == 0 || alloc_failed());
	rc = jwe_encrypt(m->key, &draft, &token, NULL);
	assert_true(rc == 0 ? token != NULL : token == NULL);
	free(token);
	assert_int_equal(ERR_peek_error(), 0);
}

static void
test_no_memory(void **state)
{
	static struct memory m;
	struct jwk_enc_set set;
	char *good, *bad;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		memset(&set, 0, sizeof(set));
		jwe_keys_load(rows[i].key, &set);
		m.key = &set.keys[0];
		m.row = i;
		good = encrypt(m.key, i, TEXT);
		bad = strdup(good);
		bad[strlen(bad) - 4] = bad[strlen(bad) - 4] == 'A' ? 'B' : 'A';
		assert_int_equal(
		    jwe_parse(good, strlen(good), &m.good, NULL), 0);
		assert_int_equal(jwe_parse(bad, strlen(bad), &m.bad, NULL), 0);
		for_each_alloc_failure(use_short_of_memory, &m);
		free(good);
		free(bad);
		jwk_enc_set_done(&set);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cookbook),
		cmocka_unit_test(test_json_serialization),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_other_keys),
		cmocka_unit_test(test_candidates),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
