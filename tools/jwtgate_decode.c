/*
 * jwtgate decode: shows a token to a person. It looks at nothing but the
 * form, so that what verify refuses can still be read, and says on every
 * run that nothing was verified.
 */

#include "jwtgate.h"

#include <stdio.h>
#include <string.h>

#include "b64url.h"
#include "err.h"
#include "jscan.h"
#include "jws.h"
#include "mem.h"
#include "str.h"

#define PART_COUNT 3

struct part {
	const char *text; /* borrowed */
	size_t len;
};

static int
split(const char *token, size_t n, struct part parts[PART_COUNT], struct err *e)
{
	const char *end = token + n, *dot;
	size_t i, dots = 0;

	if (n == 0)
		return err_set(e, E_TOKEN_MISSING, "no token was given");
	if (n > JWS_MAX_LEN)
		return err_set(e, E_TOKEN_TOO_LONG,
		    "the token is longer than %d bytes", JWS_MAX_LEN);
	for (i = 0; i < n; i++)
		dots += token[i] == '.';
	if (dots == 4)
		return err_set(e, E_TOKEN_MALFORMED,
		    "five parts: this token is encrypted");
	if (dots != PART_COUNT - 1)
		return err_set(e, E_TOKEN_MALFORMED, "a token has three parts");
	for (i = 0; i < PART_COUNT; i++) {
		dot = memchr(token, '.', (size_t)(end - token));
		parts[i].text = token;
		parts[i].len = (size_t)((dot != NULL ? dot : end) - token);
		token += parts[i].len + 1;
	}
	return 0;
}

/* Adds one character of n bytes of UTF-8 as JSON's \u escape. */
static void
add_escaped(struct str *s, const uint8_t *p, size_t n)
{
	uint32_t point = n == 1 ? p[0] : p[0] & (0x7fu >> n);
	size_t i;

	for (i = 1; i < n; i++)
		point = point << 6 | (p[i] & 0x3fu);
	if (point > 0xffff) {
		point -= 0x10000;
		str_addf(s, "\\u%04x", 0xd800 + (unsigned)(point >> 10));
		point = 0xdc00 + (point & 0x3ff);
	}
	str_addf(s, "\\u%04x", (unsigned)point);
}

/*
 * JSON that was checked, on one line, meaning the same. Control bytes are
 * only blanks between JSON's tokens. What could steer the terminal or hide
 * in it can only stand inside a string, and is escaped.
 */
static int
print_json(const uint8_t *p, size_t n)
{
	size_t cap = n * 6 + 2; /* the longest escape; LF and NUL */
	size_t i, len;
	char shown[17];
	struct str s;
	char *line;
	int status;

	line = mem_alloc(cap);
	if (line == NULL)
		return cli_fail(E_NOMEM, NULL);
	str_init(&s, line, cap);
	for (i = 0; i < n; i += len) {
		len = p[i] < 0xc0 ? 1 : p[i] < 0xe0 ? 2 : p[i] < 0xf0 ? 3 : 4;
		str_printable(shown, sizeof(shown), p + i, len);
		if (p[i] < 0x20)
			str_add(&s, " ");
		else if (p[i] == '\\' ||
		    str_is((const char *)p + i, len, shown))
			str_add_bytes(&s, p + i, len);
		else
			add_escaped(&s, p + i, len);
	}
	str_add(&s, "\n");
	status = cli_print(s.data, s.len);
	mem_free(&line, cap);
	return status;
}

static int
print_bytes(const uint8_t *p, size_t n)
{
	size_t cap = n * 4 + 2, len;
	char *line;
	int status;

	fprintf(stderr, "jwtgate: the payload is not a JSON object\n");
	line = mem_alloc(cap);
	if (line == NULL)
		return cli_fail(E_NOMEM, NULL);
	len = strlen(str_printable(line, cap - 1, p, n));
	line[len] = '\n';
	status = cli_print(line, len + 1);
	mem_free(&line, cap);
	return status;
}

static int
print(const uint8_t *header, size_t header_len, const uint8_t *payload,
    size_t payload_len)
{
	struct err e = { 0 };
	int status;

	if (jscan_object((const char *)header, header_len, NULL, NULL, &e) != 0)
		return cli_fail(E_HEADER_INVALID, &e);
	fprintf(stderr, "jwtgate: nothing of this was verified\n");
	status = print_json(header, header_len);
	if (status != CLI_DONE)
		return status;
	if (jscan_object(
		(const char *)payload, payload_len, NULL, NULL, NULL) == 0)
		return print_json(payload, payload_len);
	return print_bytes(payload, payload_len);
}

static int
decode(const char *token, size_t n)
{
	struct part parts[PART_COUNT];
	uint8_t bytes[PART_COUNT][B64URL_DECODED_LEN(JWS_MAX_LEN)];
	struct err e = { 0 };
	size_t len[PART_COUNT];
	size_t i;
	int r, status;

	r = split(token, n, parts, &e);
	for (i = 0; i < PART_COUNT && r == 0; i++) {
		len[i] = B64URL_DECODED_LEN(parts[i].len);
		if (b64url_decode(bytes[i], parts[i].text, parts[i].len) != 0)
			r = err_set(&e, E_TOKEN_MALFORMED,
			    "part %zu of the token is not base64url", i + 1);
	}
	status = r == 0 ? print(bytes[0], len[0], bytes[1], len[1]) :
			  cli_fail(r, &e);
	mem_wipe(bytes, sizeof(bytes));
	return status;
}

int
jwtgate_decode(const struct cli *cli)
{
	struct cli_input token = { 0 };
	int status;

	(void)cli; /* it takes no options */
	status = cli_read_token(&token);
	if (status != CLI_DONE)
		return status;
	status = decode(token.data, token.len);
	cli_input_done(&token);
	return status;
}
