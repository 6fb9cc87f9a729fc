/*
 * keyring_enc: keys that decrypt for an issuer. They are private or secret,
 * so their file is judged as one whatever else is in it.
 */

#include "keyring_enc.h"

#include <stddef.h>
#include <string.h>

#include "config.h"
#include "config_encryption.h"
#include "err.h"
#include "file.h"
#include "jwk_enc.h"
#include "mem.h"
#include "str.h"

#define PATH_TEXT_MAX 256

static int
unavailable(const char *path, const char *text, struct err *e)
{
	char printable[PATH_TEXT_MAX];

	return err_set(e, E_KEYS_UNAVAILABLE, "%s: %s",
	    str_printable(printable, sizeof(printable), path, strlen(path)),
	    text);
}

static bool
may(unsigned bits, int row)
{
	return (bits & (1u << row)) != 0;
}

/* Some key must decrypt something that the issuer lists. */
static bool
any_fits(const struct config_issuer *issuer, const struct jwk_enc_set *set)
{
	size_t i;
	int alg, enc;

	for (i = 0; i < set->count; i++) {
		for (alg = 0; alg < JWA_WRAP_COUNT; alg++) {
			for (enc = 0; enc < JWA_ENC_COUNT; enc++) {
				if (may(issuer->encryption->algs, alg) &&
				    may(issuer->encryption->encs, enc) &&
				    jwk_enc_fits(&set->keys[i],
					(enum jwa_wrap)alg, (enum jwa_enc)enc,
					true))
					return true;
			}
		}
	}
	return false;
}

static const char *
enc_path(const void *key, size_t i)
{
	const struct config_issuer *issuer = key;

	return i == 0 && issuer->encryption != NULL ?
	    issuer->encryption->keys_file :
	    NULL;
}

static int
load(const struct config_issuer *issuer, struct jwk_enc_set *out,
    struct file_id *id_out, struct err *e)
{
	const char *path = enc_path(issuer, 0);
	struct jwk_enc_set set = { 0 };
	struct file f = { 0 };
	struct err why = { 0 };
	int rc;

	if (path == NULL)
		return err_set(e, E_KEYS_UNAVAILABLE,
		    "no file of encryption keys is given");
	rc = file_read(path, JWK_FILE_MAX, FILE_SECRET, &f, &why);
	if (rc != 0)
		return err_set(e, E_KEYS_UNAVAILABLE, "%s", err_text(&why, rc));
	rc = jwk_enc_set_parse(f.data, f.len, &set, &why);
	*id_out = f.id;
	file_done(&f);
	if (rc != 0)
		return unavailable(path, err_text(&why, rc), e);
	if (!any_fits(issuer, &set)) {
		jwk_enc_set_done(&set);
		return unavailable(
		    path, "no key in it decrypts what encryption allows", e);
	}
	*out = set;
	return 0;
}

static int
enc_read(const void *key, void **value_out,
    struct file_id ids[SOURCE_FILES_MAX], struct err *e)
{
	struct jwk_enc_set *set = mem_alloc(sizeof(*set));
	int rc;

	if (set == NULL)
		return err_set(e, E_KEYS_UNAVAILABLE, "out of memory");
	rc = load(key, set, &ids[0], e);
	if (rc != 0)
		mem_free(&set, sizeof(*set));
	else
		*value_out = set;
	return rc;
}

static void
enc_done(void *value)
{
	struct jwk_enc_set *set = value;

	jwk_enc_set_done(set);
	mem_free(&set, sizeof(*set));
}

/* Everything that load() looks at. */
static bool
enc_same(const void *key_a, const void *key_b)
{
	const struct config_issuer *issuer_a = key_a, *issuer_b = key_b;
	const struct config_encryption *a = issuer_a->encryption;
	const struct config_encryption *b = issuer_b->encryption;

	return a != NULL && b != NULL &&
	    strcmp(a->keys_file, b->keys_file) == 0 && a->algs == b->algs &&
	    a->encs == b->encs;
}

const struct source_kind keyring_enc_kind = {
	.path = enc_path,
	.read = enc_read,
	.done = enc_done,
	.same = enc_same,
};
