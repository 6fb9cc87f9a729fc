/*
 * b64url: base64url without padding, RFC 4648 §5 and RFC 7515 §2. Strict:
 * one text for each byte string, so no '=', no '+/', no blanks, no length of
 * 1 mod 4 and no set bits behind the last byte.
 */

#ifndef JWTGATE_B64URL_H
#define JWTGATE_B64URL_H

#include <stddef.h>
#include <stdint.h>

/* Bytes that n base64url characters decode to; text length of n bytes. */
#define B64URL_DECODED_LEN(n) ((n) / 4 * 3 + ((n) % 4 * 3) / 4)
#define B64URL_ENCODED_LEN(n) ((n) / 3 * 4 + ((n) % 3 * 4 + 2) / 3)

/*
 * Decodes src[0..n-1] into dst, which holds B64URL_DECODED_LEN(n) bytes and
 * is not terminated. dst may be written partly on failure.
 * Returns 0, or E_SYNTAX for anything that is not canonical.
 */
int b64url_decode(uint8_t *dst, const char *src, size_t n);

/* What b64url_decode() would return; several times faster, no output. */
int b64url_check(const char *src, size_t n);

/* How many characters of the alphabet src begins with, n at most. */
size_t b64url_span(const char *src, size_t n);

/*
 * Encodes n bytes into dst, which holds B64URL_ENCODED_LEN(n) + 1 bytes.
 * Returns the length written, the final NUL not counted.
 */
size_t b64url_encode(char *dst, const void *src, size_t n);

#endif
