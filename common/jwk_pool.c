/*
 * jwk_pool: rows of slots, one row for each algorithm of a key, made when
 * the first token asks for it. A slot holds a tool or nothing; taking and
 * giving are one atomic exchange. Each thread starts looking at a place of
 * its own, so that threads meet neither in a slot nor in a cache line.
 */

#include "jwk_pool.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "jwk.h"
#include "mem.h"

#define LINE 64
#define SLOT_BITS 4
#define SLOTS (1u << SLOT_BITS)
#define ROWS 6 /* a key of one type has at most RS* and PS* */
#define HASH_MAX 64

struct slot {
	_Atomic(struct jwk_tool *) tool; /* owns */
	unsigned char pad[LINE - sizeof(void *)];
};

struct row {
	struct slot slots[SLOTS];
};

struct jwk_pool {
	_Atomic(struct row *) rows[ROWS]; /* owns */
};

struct jwk_pool *
jwk_pool_new(void)
{
	return mem_alloc(sizeof(struct jwk_pool));
}

void
jwk_tool_free(struct jwk_tool **tool)
{
	struct jwk_tool *t = *tool;

	if (t == NULL)
		return;
	EVP_MAC_CTX_free(t->mac);
	EVP_PKEY_CTX_free(t->pkey);
	EVP_MD_CTX_free(t->md);
	EVP_MD_CTX_free(t->keyed);
	EVP_MD_CTX_free(t->work);
	mem_free(tool, sizeof(*t));
}

void
jwk_pool_free(struct jwk_pool **p)
{
	struct jwk_tool *tool;
	struct row *row;
	size_t i, k;

	if (*p == NULL)
		return;
	for (i = 0; i < ROWS; i++) {
		row = atomic_load(&(*p)->rows[i]);
		for (k = 0; row != NULL && k < SLOTS; k++) {
			tool = atomic_load(&row->slots[k].tool);
			jwk_tool_free(&tool);
		}
		mem_free(&row, sizeof(*row));
	}
	mem_free(p, sizeof(**p));
}

/* No two algorithms that fit one key share a row, but for two names of one. */
static size_t
row_of(const struct jwa_info *info)
{
	switch (info->kind) {
	case JWA_KIND_HMAC:
		return (size_t)info->alg - JWA_HS256;
	case JWA_KIND_RSA:
	case JWA_KIND_RSA_PSS:
		return (size_t)info->alg - JWA_RS256;
	case JWA_KIND_ECDSA:
	case JWA_KIND_EDDSA:
	case JWA_KIND_ML_DSA:
	case JWA_KIND_NONE:
		break;
	}
	return 0;
}

/* Made and published by whoever comes first. NULL: none, and no memory. */
static struct row *
find_row(struct jwk_pool *pool, const struct jwa_info *info, bool make)
{
	_Atomic(struct row *) *at = &pool->rows[row_of(info)];
	struct row *row = atomic_load_explicit(at, memory_order_acquire);
	struct row *fresh;

	if (row != NULL || !make)
		return row;
	fresh = mem_alloc(sizeof(*fresh));
	if (fresh == NULL || atomic_compare_exchange_strong(at, &row, fresh))
		return fresh;
	mem_free(&fresh, sizeof(*fresh));
	return row;
}

/* errno is a thread's own: its address tells threads apart. */
static size_t
first_slot(void)
{
	uint64_t h = (uint64_t)(uintptr_t)&errno;

	return (size_t)(h * UINT64_C(0x9e3779b97f4a7c15) >> (64 - SLOT_BITS));
}

int
jwk_set_pss(EVP_PKEY_CTX *ctx, const char *digest)
{
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) ==
	    1 &&
	    EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, digest, NULL) == 1;
}

/* RSA and EC: the digest is ours to make, so that nothing is fetched. */
static bool
make_pkey(const struct jwk *key, struct jwk_tool *t)
{
	const char *digest = t->info->digest;
	EVP_MD *md = EVP_MD_fetch(NULL, digest, NULL);
	bool ok = false;

	t->md = EVP_MD_CTX_new();
	t->pkey = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
	if (md != NULL && t->md != NULL && t->pkey != NULL)
		ok = EVP_DigestInit_ex2(t->md, md, NULL) == 1 &&
		    EVP_PKEY_verify_init(t->pkey) == 1 &&
		    EVP_PKEY_CTX_set_signature_md(t->pkey, md) == 1;
	if (ok && t->info->kind == JWA_KIND_RSA)
		ok = EVP_PKEY_CTX_set_rsa_padding(t->pkey, RSA_PKCS1_PADDING) ==
		    1;
	if (ok && t->info->kind == JWA_KIND_RSA_PSS)
		ok = jwk_set_pss(t->pkey, digest) == 1;
	EVP_MD_free(md);
	return ok;
}

/* Does a context that has given its answer start again with its key? */
static bool
mac_restarts(EVP_MAC_CTX *mac)
{
	uint8_t a[HASH_MAX], b[HASH_MAX];
	size_t n = 0, m = 0;
	bool same;

	same = EVP_MAC_final(mac, a, &n, sizeof(a)) == 1 &&
	    EVP_MAC_init(mac, NULL, 0, NULL) == 1 &&
	    EVP_MAC_final(mac, b, &m, sizeof(b)) == 1 && n == m &&
	    mem_equal(a, b, n);
	mem_wipe(a, sizeof(a));
	mem_wipe(b, sizeof(b));
	return same;
}

static bool
make_mac(const struct jwk *key, struct jwk_tool *t)
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_HMAC, NULL);
	char digest[16];
	OSSL_PARAM params[2] = { OSSL_PARAM_END, OSSL_PARAM_END };

	if (mac == NULL || strlen(t->info->digest) >= sizeof(digest))
		return false;
	memcpy(digest, t->info->digest, strlen(t->info->digest) + 1);
	params[0] = OSSL_PARAM_construct_utf8_string(
	    OSSL_MAC_PARAM_DIGEST, digest, 0);
	t->mac = EVP_MAC_CTX_new(mac);
	EVP_MAC_free(mac);
	if (t->mac == NULL ||
	    EVP_MAC_init(t->mac, key->secret, key->secret_len, params) != 1)
		return false;
	t->rekey = !mac_restarts(t->mac);
	return true;
}

/* One call hashes and verifies; such a context serves once, OpenSSL 3.4. */
static bool
make_whole(const struct jwk *key, struct jwk_tool *t)
{
	t->keyed = EVP_MD_CTX_new();
	t->work = EVP_MD_CTX_new();
	return t->keyed != NULL && t->work != NULL &&
	    EVP_DigestVerifyInit_ex(
		t->keyed, NULL, NULL, NULL, NULL, key->pkey, NULL) == 1;
}

static struct jwk_tool *
make(const struct jwk *key, const struct jwa_info *info)
{
	struct jwk_tool *t = mem_alloc(sizeof(*t));
	bool ok = false;

	if (t == NULL)
		return NULL;
	t->info = info;
	switch (info->kind) {
	case JWA_KIND_HMAC:
		ok = make_mac(key, t);
		break;
	case JWA_KIND_RSA:
	case JWA_KIND_RSA_PSS:
	case JWA_KIND_ECDSA:
		ok = make_pkey(key, t);
		break;
	case JWA_KIND_EDDSA:
	case JWA_KIND_ML_DSA:
		ok = make_whole(key, t);
		break;
	case JWA_KIND_NONE:
		break;
	}
	if (!ok)
		jwk_tool_free(&t);
	return t;
}

struct jwk_tool *
jwk_tool_take(const struct jwk *key, const struct jwa_info *info)
{
	struct row *row = NULL;
	struct jwk_tool *t;
	struct slot *slot;
	size_t i, start = first_slot();

	if (key->pool != NULL)
		row = find_row(key->pool, info, false);
	for (i = 0; row != NULL && i < SLOTS; i++) {
		slot = &row->slots[(start + i) % SLOTS];
		/* A look first: what is empty is not written to. */
		if (atomic_load_explicit(&slot->tool, memory_order_relaxed) ==
		    NULL)
			continue;
		t = atomic_exchange_explicit(
		    &slot->tool, NULL, memory_order_acquire);
		if (t != NULL)
			return t;
	}
	return make(key, info);
}

void
jwk_tool_give(const struct jwk *key, struct jwk_tool **tool)
{
	struct row *row = NULL;
	struct jwk_tool *none;
	size_t i, start = first_slot();

	if (key->pool != NULL)
		row = find_row(key->pool, (*tool)->info, true);
	for (i = 0; row != NULL && i < SLOTS; i++) {
		none = NULL;
		if (atomic_compare_exchange_strong_explicit(
			&row->slots[(start + i) % SLOTS].tool, &none, *tool,
			memory_order_release, memory_order_relaxed)) {
			*tool = NULL;
			return;
		}
	}
	jwk_tool_free(tool);
}
