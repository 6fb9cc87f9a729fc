/*
 * fuzz_b64url: what decodes has that one text, and whatever is encoded comes
 * back.
 */

#include "fuzz.h"

#include <string.h>

#include "b64url.h"
#include "err.h"

static void
decode(const uint8_t *data, size_t size)
{
	size_t n = B64URL_DECODED_LEN(size);
	uint8_t *bytes = malloc(n + 1);
	char *text = malloc(size + 1);
	int ret;

	FUZZ_CHECK(bytes != NULL && text != NULL);
	ret = b64url_decode(bytes, (const char *)data, size);
	FUZZ_CHECK(ret == 0 || ret == E_SYNTAX);
	if (ret == 0) {
		FUZZ_CHECK(b64url_encode(text, bytes, n) == size);
		FUZZ_CHECK(size == 0 || memcmp(text, data, size) == 0);
	}
	free(text);
	free(bytes);
}

static void
encode(const uint8_t *data, size_t size)
{
	size_t n = B64URL_ENCODED_LEN(size);
	char *text = malloc(n + 1);
	uint8_t *bytes = malloc(size + 1);

	FUZZ_CHECK(bytes != NULL && text != NULL);
	FUZZ_CHECK(b64url_encode(text, data, size) == n);
	FUZZ_CHECK(strlen(text) == n);
	FUZZ_CHECK(B64URL_DECODED_LEN(n) == size);
	FUZZ_CHECK(b64url_decode(bytes, text, n) == 0);
	FUZZ_CHECK(size == 0 || memcmp(bytes, data, size) == 0);
	free(bytes);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	decode(data, size);
	encode(data, size);
	return 0;
}
