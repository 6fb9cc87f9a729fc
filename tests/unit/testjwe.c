/*
 * testjwe: see testjwe.h.
 */

#include "testjwe.h"

#include <openssl/err.h>

#include "json.h"

void
jwe_keys_load(const char *file, struct jwk_enc_set *set)
{
	struct json *root = NULL;
	const struct json *in;
	char *text;
	size_t n;

	text = test_data(file, &n);
	if (strstr(file, ".json") != NULL) {
		assert_int_equal(json_parse(text, n, false, &root, NULL), 0);
		free(text);
		in = json_member(root, "input");
		if (in == NULL)
			in = json_member(json_member(root, "encrypt"), "input");
		text = json_write(json_member(in, "key"), false, &n);
		assert_non_null(text);
	}
	assert_int_equal(jwk_enc_set_parse(text, n, set, NULL), 0);
	free(text);
	json_free(&root);
}

int
jwe_judge(const char *token, size_t n, struct jwe_opened *o)
{
	struct jwe jwe;
	int rc;

	memset(&o->e, 0, sizeof(o->e));
	rc = jwe_parse(token, n, &jwe, &o->e);
	if (rc == 0)
		rc = jwe_decrypt(&jwe, o->key, o->text, &o->n, &o->e);
	assert_true(rc == 0 || err_is_reason(rc));
	assert_int_equal(ERR_peek_error(), 0);
	return rc;
}
