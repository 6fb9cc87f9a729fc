/*
 * digest: the two one-shot functions of libcrypto, with one kind of result.
 */

#include "digest.h"

#include <limits.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "err.h"
#include "mem.h"

int
digest_sha256(const void *data, size_t n, uint8_t out[DIGEST_LEN])
{
	uint8_t md[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	if (EVP_Digest(data, n, md, &len, EVP_sha256(), NULL) != 1 ||
	    len != DIGEST_LEN)
		return E_CRYPTO;
	memcpy(out, md, DIGEST_LEN);
	mem_wipe(md, sizeof(md));
	return 0;
}

int
digest_hmac(const void *key, size_t key_len, const void *data, size_t n,
    uint8_t out[DIGEST_LEN])
{
	uint8_t md[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	if (key_len > INT_MAX ||
	    HMAC(EVP_sha256(), key, (int)key_len, data, n, md, &len) == NULL ||
	    len != DIGEST_LEN)
		return E_CRYPTO;
	memcpy(out, md, DIGEST_LEN);
	mem_wipe(md, sizeof(md));
	return 0;
}
