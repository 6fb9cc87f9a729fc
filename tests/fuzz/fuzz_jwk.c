/*
 * fuzz_jwk: every key of a set that is taken keeps the rules of the set, can
 * be written, and read again as the same key.
 */

#include "fuzz.h"

#include <string.h>

#include "err.h"
#include "json.h"
#include "jwk.h"

static void
check_same(const struct jwk *a, const struct jwk *b)
{
	FUZZ_CHECK(a->kty == b->kty);
	FUZZ_CHECK(a->alg == b->alg);
	FUZZ_CHECK(a->crv == b->crv);
	FUZZ_CHECK(a->sig_len == b->sig_len);
	FUZZ_CHECK(a->secret_len == b->secret_len);
	FUZZ_CHECK((a->kid == NULL) == (b->kid == NULL));
	FUZZ_CHECK(a->kid == NULL || strcmp(a->kid, b->kid) == 0);
}

static void
check_again(const struct jwk *key, bool with_private)
{
	struct jwk_set set = { 0 };
	struct json *tree = NULL;
	struct err e = { 0 };
	char *text;
	size_t n;

	if (jwk_write(key, with_private, &tree, &e) != 0) {
		FUZZ_CHECK(with_private ? !key->signs : key->kty == JWK_OCT);
		return;
	}
	text = json_write(tree, false, &n);
	FUZZ_CHECK(text != NULL);
	FUZZ_CHECK(jwk_set_parse(text, n, &set, &e) == 0);
	FUZZ_CHECK(set.count == 1);
	FUZZ_CHECK(set.has_private == (with_private && key->kty != JWK_OCT));
	check_same(key, &set.keys[0]);
	jwk_set_done(&set);
	json_wipe(&tree);
	free(text);
}

static void
check_key(const struct jwk *key, const struct jwk_set *set)
{
	FUZZ_CHECK(key->kty != JWK_NONE);
	FUZZ_CHECK(key->verifies || key->signs);
	FUZZ_CHECK((key->kty == JWK_OCT) == (set->keys[0].kty == JWK_OCT));
	FUZZ_CHECK((key->kty == JWK_OCT) == (key->pkey == NULL));
	FUZZ_CHECK((key->kty == JWK_OCT) == (key->secret != NULL));
	FUZZ_CHECK(key->kty != JWK_OCT || key->secret_len >= 32);
	FUZZ_CHECK(key->kty != JWK_OCT || set->has_secret);
	FUZZ_CHECK(!key->signs || set->has_private || set->has_secret);
	FUZZ_CHECK(jwk_fits(key, jwk_default_alg(key)));
	FUZZ_CHECK(key->kid == NULL || strlen(key->kid) <= JWK_KID_MAX);
	check_again(key, true);
	check_again(key, false);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct jwk_set set = { 0 };
	struct err e = { 0 };
	size_t i;
	int ret;

	ret = jwk_set_parse((const char *)data, size, &set, &e);
	FUZZ_CHECK(ret == 0 || ret == E_KEY);
	FUZZ_CHECK((ret == 0) == (e.text[0] == '\0'));
	FUZZ_CHECK((ret == 0) == (set.count > 0));
	for (i = 0; i < set.count; i++)
		check_key(&set.keys[i], &set);
	jwk_set_done(&set);
	(void)jwk_secret_check(data, size, JWA_HS256, NULL);
	return 0;
}
