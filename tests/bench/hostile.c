/*
 * hostile: see hostile.h. Each token is as long as a token may be, and wrong
 * as late as it can be told.
 */

#include "hostile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "b64url.h"
#include "bench.h"
#include "jws.h"

#define FILL_ROOM 64

/* head, as often as fits into room, what fill makes of i, then tail. */
static size_t
repeat(char *out, size_t room, const char *head, const char *fill,
    const char *tail)
{
	size_t n = (size_t)sprintf(out, "%s", head);
	int i;

	for (i = 0; n + FILL_ROOM + strlen(tail) < room; i++)
		n += (size_t)sprintf(out + n, fill, i);
	return n + (size_t)sprintf(out + n, "%s", tail);
}

static size_t
make_header(const char *shape, char *out, size_t room)
{
	if (strcmp(shape, "members") == 0)
		return repeat(out, room, "{\"alg\":\"HS256\"",
		    ",\"%d\":\"aaaaaaaa\"", ",\"alg\":1}");
	if (strcmp(shape, "escapes") == 0)
		return repeat(out, room, "{\"alg\":\"HS256\",\"kid\":\"",
		    "\\u00e4%.0d", "\"}");
	if (strcmp(shape, "names") == 0)
		return repeat(out, room, "{\"alg\":\"HS256\"",
		    ",\"\\u00e4\\u00e4%d\":0", ",\"crit\":0}");
	if (strcmp(shape, "name") == 0)
		return repeat(out, room, "{\"alg\":\"HS256\",\"", "\\u00e4%.0d",
		    "\":0,\"crit\":0}");
	if (strcmp(shape, "pairs") == 0)
		return repeat(out, room, "{\"alg\":\"HS256\",\"",
		    "\\ud83d\\udd11%.0d", "\":0,\"crit\":0}");
	if (strcmp(shape, "letters") == 0)
		return repeat(out, room, "{\"alg\":\"HS256\",\"",
		    "\\u00e4a%.0d", "\":0,\"crit\":0}");
	if (strcmp(shape, "quotes") == 0)
		return repeat(out, room, "{\"alg\":\"HS256\",\"", "\\n%.0d",
		    "\":0,\"crit\":0}");
	if (strcmp(shape, "arrays") == 0)
		return repeat(
		    out, room, "{\"alg\":\"HS256\",\"x\":[", "0,%.0d", "]}");
	if (strcmp(shape, "utf8") == 0)
		return repeat(out, room, "{\"alg\":\"HS256\",\"x\":\"",
		    "\xf0\x9f\x94\x91%.0d", "\",\"b64\":false}");
	if (strcmp(shape, "blanks") == 0)
		return repeat(out, room, "{\"alg\":\"HS256\"", " %.0d", "x}");
	/* A header that is right and names no key of ours. */
	return (size_t)sprintf(out, "{\"alg\":\"HS256\",\"kid\":\"nobody\"}");
}

void
hostile_token(const char *shape, const char *alg, char *token, size_t *len_out)
{
	char header[JWS_HEADER_MAX + FILL_ROOM];
	size_t n = make_header(shape, header, JWS_HEADER_MAX);

	(void)alg;
	memset(token, 'A', BENCH_TOKEN_MAX);
	*len_out = BENCH_TOKEN_MAX;
	if (strcmp(shape, "dots") == 0) {
		memset(token, '.', BENCH_TOKEN_MAX);
		return;
	}
	if (strcmp(shape, "nothing") == 0)
		return;
	n = b64url_encode(token, header, n);
	token[n] = '.';
	if (strcmp(shape, "signature") == 0)
		token[n + 1] = '.';
	else
		token[BENCH_TOKEN_MAX - 5] = '.';
	token[n + 2] = 'A';
	if (strcmp(shape, "base64") == 0)
		token[BENCH_TOKEN_MAX - 1] = '=';
}
