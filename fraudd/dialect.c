/*
 * HTTP is a method in capitals, a blank, and a target that begins with a
 * slash, a star or a scheme; a Postfix policy request begins with its first
 * attribute; everything else is RESP, where mistakes get an answer.
 */

#include "dialect.h"

#include <stdbool.h>
#include <string.h>

static const char *const begins[] = { "GET /", "GET h", "POST /", "POST h",
	"HEAD /", "HEAD h", "PUT /", "PUT h", "DELETE /", "DELETE h", "PATCH /",
	"OPTIONS *", "OPTIONS /", "OPTIONS h", "request=" };

enum dialect
dialect_detect(const char *in, size_t n)
{
	bool open = n == 0;
	size_t i, len;

	for (i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
		len = strlen(begins[i]);
		if (memcmp(in, begins[i], n < len ? n : len) != 0)
			continue;
		if (n >= len)
			return begins[i][0] == 'r' ? DIALECT_POLICY :
						     DIALECT_HTTP;
		open = true;
	}
	return open ? DIALECT_UNKNOWN : DIALECT_RESP;
}
