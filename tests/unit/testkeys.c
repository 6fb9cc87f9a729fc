/*
 * testkeys: see testkeys.h.
 */

#include "testkeys.h"

#include "json.h"
#include "jws.h"

void
keys_load(const char *file, struct jwk_set *set)
{
	struct json *root = NULL;
	const struct json *key;
	char *text;
	size_t n;

	text = test_data(file, &n);
	if (strstr(file, ".json") != NULL) {
		assert_int_equal(json_parse(text, n, false, &root, NULL), 0);
		free(text);
		key = json_member(json_member(root, "input"), "key");
		text = json_write(key, false, &n);
		assert_non_null(text);
	}
	assert_int_equal(jwk_set_parse(text, n, set, NULL), 0);
	assert_int_equal(set->count, 1);
	free(text);
	json_free(&root);
}

int
keys_judge(const char *token, size_t n, const struct jwk *key)
{
	struct jws jws;
	int rc;

	rc = jws_parse(token, n, &jws, NULL);
	return rc == 0 ? jws_verify(&jws, key, NULL) : rc;
}

int
keys_sign(const struct jwk *key, enum jwa_alg alg, const char *typ,
    const void *payload, size_t n, char **token_out)
{
	const struct jws_draft draft = {
		.alg = alg, .typ = typ, .payload = payload, .payload_len = n
	};

	return jws_sign(key, &draft, token_out, NULL);
}
