/*
 * keyring: one set of keys per issuer, on a shelf (source.h) that is filled
 * when a token first asks for them. A file is first read, then known to hold
 * a secret, then judged as one.
 */

#include "keyring.h"

#include <stddef.h>
#include <string.h>

#include "config.h"
#include "err.h"
#include "file.h"
#include "jwa.h"
#include "jwk.h"
#include "keyring_enc.h"
#include "mem.h"
#include "source.h"
#include "str.h"

#define PATH_TEXT_MAX 256

_Static_assert(CONFIG_KEYS_FILES_MAX <= SOURCE_FILES_MAX, "all can be watched");

struct keyring {
	struct shelf *sets; /* of struct jwk_set, by struct config_issuer */
	struct shelf *enc_sets; /* of struct jwk_enc_set, likewise */
};

static int
unavailable(const char *where, const char *text, struct err *e)
{
	char printable[PATH_TEXT_MAX];

	return err_set(e, E_KEYS_UNAVAILABLE, "%s: %s",
	    str_printable(printable, sizeof(printable), where, strlen(where)),
	    text);
}

static bool
is_hmac(enum jwa_alg alg)
{
	const struct jwa_info *info = jwa_get(alg);

	return info != NULL && info->kind == JWA_KIND_HMAC;
}

static int
load_file(const char *path, struct jwk_set *out, struct file_id *id_out,
    struct err *e)
{
	struct jwk_set set = { 0 };
	struct file f = { 0 };
	struct err why = { 0 };
	int rc;

	rc = file_read(path, JWK_FILE_MAX, FILE_PUBLIC, &f, &why);
	if (rc != 0)
		return err_set(e, E_KEYS_UNAVAILABLE, "%s", err_text(&why, rc));
	rc = jwk_set_parse(f.data, f.len, &set, &why);
	if (rc != 0)
		rc = unavailable(path, err_text(&why, rc), e);
	else if ((set.has_secret || set.has_private) &&
	    (rc = file_judge(path, &f, FILE_SECRET, &why)) != 0)
		rc = err_set(e, E_KEYS_UNAVAILABLE, "%s", err_text(&why, rc));
	*id_out = f.id;
	file_done(&f);
	if (rc == 0)
		*out = set;
	else
		jwk_set_done(&set);
	return rc;
}

/* What the files of one issuer hold is one set. */
static int
load_files(const struct config_list *files, struct jwk_set *out,
    struct file_id ids[SOURCE_FILES_MAX], struct err *e)
{
	struct jwk_set set = { 0 }, more = { 0 };
	struct err why = { 0 };
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < files->count; i++) {
		rc = load_file(files->items[i], &more, &ids[i], e);
		if (rc == 0)
			rc = jwk_set_join(&set, &more, &why);
		if (why.code != 0)
			rc = unavailable(
			    files->items[i], err_text(&why, rc), e);
		jwk_set_done(&more);
	}
	if (rc == 0)
		*out = set;
	else
		jwk_set_done(&set);
	return rc;
}

static int
load_secret(const struct config_issuer *issuer, struct jwk_set *out,
    struct file_id *id_out, struct err *e)
{
	enum jwa_alg alg = issuer->algorithms[0];
	struct file f = { 0 };
	struct err why = { 0 };
	int rc;

	if (issuer->secret != NULL) {
		rc = jwk_set_secret(
		    issuer->secret, issuer->secret_len, alg, out, &why);
		return rc == 0 ?
		    0 :
		    unavailable("jwtsecret", err_text(&why, rc), e);
	}
	/* One more byte for the LF that is dropped. */
	rc = file_read(
	    issuer->secret_file, JWK_SECRET_MAX + 1, FILE_SECRET, &f, &why);
	if (rc != 0)
		return err_set(e, E_KEYS_UNAVAILABLE, "%s", err_text(&why, rc));
	file_chomp(&f);
	rc = jwk_set_secret(f.data, f.len, alg, out, &why);
	if (rc != 0)
		rc = unavailable(issuer->secret_file, err_text(&why, rc), e);
	*id_out = f.id;
	file_done(&f);
	return rc;
}

static bool
any_fits(const struct config_issuer *issuer, const struct jwk_set *set)
{
	size_t i, k;

	for (k = 0; k < set->count; k++) {
		for (i = 0; i < issuer->algorithm_count; i++) {
			if (set->keys[k].verifies &&
			    jwk_fits(&set->keys[k], issuer->algorithms[i]))
				return true;
		}
	}
	return false;
}

/*
 * Secrets are for HS* alone and public keys for the rest, and some key must
 * be good for something that the issuer lists.
 */
static int
check_fit(const struct config_issuer *issuer, const char *path,
    const struct jwk_set *set, struct err *e)
{
	bool is_secret = set->count > 0 && set->keys[0].kty == JWK_OCT;
	size_t i, hmacs = 0;

	for (i = 0; i < issuer->algorithm_count; i++)
		hmacs += is_hmac(issuer->algorithms[i]) ? 1 : 0;
	if (is_secret && issuer->own)
		return unavailable(
		    path, "a secret, where a signing key belongs", e);
	if (is_secret && hmacs == 0)
		return unavailable(
		    path, "a secret, and algorithms lists no HS*", e);
	if (issuer->algorithm_count == 0)
		return 0;
	if (!is_secret && hmacs == issuer->algorithm_count)
		return unavailable(path,
		    "no secret (kty oct), and algorithms lists only HS*", e);
	if (!any_fits(issuer, set))
		return unavailable(
		    path, "no key in it fits the issuer's algorithms", e);
	return 0;
}

/* The own issuer's algorithm says which of its keys counts. */
static bool
is_by_secret(const struct config_issuer *issuer)
{
	return issuer->own && issuer->algorithm_count > 0 &&
	    is_hmac(issuer->algorithms[0]);
}

/* The i-th file; NULL: there are no more, or the secret is in the text. */
static const char *
path_of(const struct config_issuer *issuer, size_t i)
{
	const struct config_list *files = &issuer->keys_files;

	if (!issuer->own)
		return i < files->count ? files->items[i] : NULL;
	if (i > 0)
		return NULL;
	if (!is_by_secret(issuer))
		return issuer->signing_key_file;
	return issuer->secret != NULL ? NULL : issuer->secret_file;
}

static int
load(const struct config_issuer *issuer, struct jwk_set *out,
    struct file_id ids[SOURCE_FILES_MAX], struct err *e)
{
	struct jwk_set set = { 0 };
	const char *where = issuer->where != NULL ? issuer->where : "issuer";
	const char *path = path_of(issuer, 0);
	int rc;

	if (issuer->algorithm_count == 0 && !issuer->own)
		return unavailable(where, "no algorithm is allowed", e);
	if (is_by_secret(issuer)) {
		if (issuer->secret == NULL && issuer->secret_file == NULL)
			return unavailable(where, "no secret is given", e);
		return load_secret(issuer, out, &ids[0], e);
	}
	if (path == NULL)
		return unavailable(where, "no key file is given", e);
	if (issuer->own)
		rc = load_file(path, &set, &ids[0], e);
	else
		rc = load_files(&issuer->keys_files, &set, ids, e);
	if (rc == 0)
		rc = check_fit(
		    issuer, path_of(issuer, 1) == NULL ? path : where, &set, e);
	if (rc == 0)
		*out = set;
	else
		jwk_set_done(&set);
	return rc;
}

static const char *
set_path(const void *key, size_t i)
{
	return path_of(key, i);
}

static int
set_read(const void *key, void **value_out,
    struct file_id ids[SOURCE_FILES_MAX], struct err *e)
{
	struct jwk_set *set = mem_alloc(sizeof(*set));
	int rc;

	if (set == NULL)
		return err_set(e, E_KEYS_UNAVAILABLE, "out of memory");
	rc = load(key, set, ids, e);
	if (rc != 0)
		mem_free(&set, sizeof(*set));
	else
		*value_out = set;
	return rc;
}

static void
set_done(void *value)
{
	struct jwk_set *set = value;

	jwk_set_done(set);
	mem_free(&set, sizeof(*set));
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
same_secret(const struct config_issuer *a, const struct config_issuer *b)
{
	if (a->secret == NULL || b->secret == NULL)
		return a->secret == b->secret;
	return a->secret_len == b->secret_len &&
	    mem_equal(a->secret, b->secret, a->secret_len);
}

/* Everything that load() looks at. */
static bool
set_same(const void *key_a, const void *key_b)
{
	const struct config_issuer *a = key_a, *b = key_b;
	size_t i;

	if (a->own != b->own || a->algorithm_count != b->algorithm_count ||
	    !same_secret(a, b))
		return false;
	for (i = 0; i < SOURCE_FILES_MAX; i++) {
		if (!same_text(path_of(a, i), path_of(b, i)))
			return false;
	}
	for (i = 0; i < a->algorithm_count; i++) {
		if (a->algorithms[i] != b->algorithms[i])
			return false;
	}
	return true;
}

static const struct source_kind set_kind = {
	.path = set_path,
	.read = set_read,
	.done = set_done,
	.same = set_same,
};

int
keyring_new(struct keyring **out)
{
	struct keyring *k = mem_alloc(sizeof(*k));

	if (k == NULL)
		return E_NOMEM;
	if (shelf_new(&set_kind, &k->sets) != 0 ||
	    shelf_new(&keyring_enc_kind, &k->enc_sets) != 0) {
		keyring_free(&k);
		return E_NOMEM;
	}
	*out = k;
	return 0;
}

void
keyring_free(struct keyring **k)
{
	if (*k == NULL)
		return;
	shelf_free(&(*k)->sets);
	shelf_free(&(*k)->enc_sets);
	mem_free(k, sizeof(**k));
}

int
keyring_get(struct keyring *k, const struct config_issuer *issuer,
    const struct jwk_set **out, struct err *e)
{
	const struct source *source = shelf_get(k->sets, issuer);
	const void *set;
	int rc;

	if (source == NULL)
		return err_set(e, E_KEYS_UNAVAILABLE, "out of memory");
	rc = source_get(source, &set, e);
	if (rc == 0)
		*out = set;
	return rc;
}

int
keyring_get_enc(struct keyring *k, const struct config_issuer *issuer,
    const struct jwk_enc_set **out, struct err *e)
{
	const struct source *source;
	const void *set;
	int rc;

	if (issuer->encryption == NULL)
		return err_set(
		    e, E_KEYS_UNAVAILABLE, "no encryption is configured");
	source = shelf_get(k->enc_sets, issuer);
	if (source == NULL)
		return err_set(e, E_KEYS_UNAVAILABLE, "out of memory");
	rc = source_get(source, &set, e);
	if (rc == 0)
		*out = set;
	return rc;
}

int
keyring_carry(struct keyring *to, const struct config_issuer *issuer,
    const struct keyring *from, const struct source_ear *ear, bool *changed)
{
	int r;

	r = shelf_carry(to->sets, issuer, from->sets, ear, changed);
	if (r == 0 && issuer->encryption != NULL)
		r = shelf_carry(
		    to->enc_sets, issuer, from->enc_sets, ear, changed);
	return r;
}
