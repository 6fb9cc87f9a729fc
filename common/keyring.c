/*
 * keyring: one set of keys per issuer, found again by the issuer's address.
 * A set is kept only when it is good; what failed is tried anew next time.
 * A file is first read, then known to hold a secret, then judged as one.
 */

#include "keyring.h"

#include <stddef.h>
#include <string.h>

#include "config.h"
#include "err.h"
#include "file.h"
#include "jwa.h"
#include "jwk.h"
#include "mem.h"
#include "str.h"

#define PATH_TEXT_MAX 256

/* On the heap each, so that a borrowed set stays where it is. */
struct entry {
	const struct config_issuer *issuer; /* borrowed; only compared */
	struct jwk_set set;
	struct entry *next;
};

struct keyring {
	struct entry *first; /* owns the list */
};

int
keyring_new(struct keyring **out)
{
	struct keyring *k = mem_alloc(sizeof(*k));

	if (k == NULL)
		return E_NOMEM;
	*out = k;
	return 0;
}

void
keyring_free(struct keyring **k)
{
	struct entry *entry, *next;

	if (*k == NULL)
		return;
	for (entry = (*k)->first; entry != NULL; entry = next) {
		next = entry->next;
		jwk_set_done(&entry->set);
		mem_free(&entry, sizeof(*entry));
	}
	mem_free(k, sizeof(**k));
}

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
load_file(const char *path, struct jwk_set *out, struct err *e)
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
	file_done(&f);
	if (rc == 0)
		*out = set;
	else
		jwk_set_done(&set);
	return rc;
}

static int
load_secret(
    const struct config_issuer *issuer, struct jwk_set *out, struct err *e)
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

static int
load(const struct config_issuer *issuer, struct jwk_set *out, struct err *e)
{
	struct jwk_set set = { 0 };
	const char *where = issuer->where != NULL ? issuer->where : "issuer";
	const char *path = issuer->keys_file;
	int rc;

	if (issuer->algorithm_count == 0 && !issuer->own)
		return unavailable(where, "no algorithm is allowed", e);
	if (issuer->own && issuer->algorithm_count > 0 &&
	    is_hmac(issuer->algorithms[0])) {
		if (issuer->secret == NULL && issuer->secret_file == NULL)
			return unavailable(where, "no secret is given", e);
		return load_secret(issuer, out, e);
	}
	if (issuer->own)
		path = issuer->signing_key_file;
	if (path == NULL)
		return unavailable(where, "no key file is given", e);
	rc = load_file(path, &set, e);
	if (rc == 0)
		rc = check_fit(issuer, path, &set, e);
	if (rc == 0)
		*out = set;
	else
		jwk_set_done(&set);
	return rc;
}

int
keyring_get(struct keyring *k, const struct config_issuer *issuer,
    const struct jwk_set **out, struct err *e)
{
	struct entry *entry;
	int rc;

	for (entry = k->first; entry != NULL; entry = entry->next) {
		if (entry->issuer == issuer) {
			*out = &entry->set;
			return 0;
		}
	}
	entry = mem_alloc(sizeof(*entry));
	if (entry == NULL)
		return err_set(e, E_KEYS_UNAVAILABLE, "out of memory");
	rc = load(issuer, &entry->set, e);
	if (rc != 0) {
		mem_free(&entry, sizeof(*entry));
		return rc;
	}
	entry->issuer = issuer;
	entry->next = k->first;
	k->first = entry;
	*out = &entry->set;
	return 0;
}
