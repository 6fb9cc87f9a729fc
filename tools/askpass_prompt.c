/*
 * ssh puts "(user@host) " in front of what the server asks, and the server
 * chooses all the rest: "(alice@evil) (alice@good) JWT[0+1000]: " is what a
 * server sends that wants somebody else's token. So the text is matched from
 * its first byte to its last, and user@host holds neither parentheses nor
 * blanks.
 */

#include "askpass_prompt.h"

#include <stdbool.h>
#include <string.h>

#include "err.h"

#define DIGITS_MAX 5

static bool
is_graphic(char c)
{
	return c > 0x20 && c < 0x7f;
}

/* user@host between the parentheses; NULL when it is not that. */
static const char *
take_target(const char *s, struct askpass_prompt *p)
{
	size_t n, at;

	n = strcspn(s, ")");
	at = strcspn(s, "@");
	if (n > ASKPASS_TARGET_MAX || at == 0 || at + 1 >= n)
		return NULL;
	memcpy(p->target, s, n);
	p->target[n] = '\0';
	for (at = 0; at < n; at++) {
		if (!is_graphic(s[at]) || s[at] == '(')
			return NULL;
	}
	return strncmp(s + n, ") ", 2) == 0 ? s + n + 2 : NULL;
}

/* A decimal as "%zu" prints it, up to max, with this text behind it. */
static const char *
take_number(const char *s, size_t max, const char *behind, size_t *out)
{
	size_t n = strspn(s, "0123456789");
	size_t value = 0;
	size_t i;

	if (n == 0 || n > DIGITS_MAX || (s[0] == '0' && n > 1))
		return NULL;
	for (i = 0; i < n; i++)
		value = value * 10 + (size_t)(s[i] - '0');
	if (value > max || strncmp(s + n, behind, strlen(behind)) != 0)
		return NULL;
	*out = value;
	return s + n + strlen(behind);
}

int
askpass_prompt_parse(const char *text, struct askpass_prompt *out)
{
	struct askpass_prompt p = { .target = ASKPASS_SUDO };
	const char *s = text;

	if (*s == '(' && (s = take_target(s + 1, &p)) == NULL)
		return E_SYNTAX;
	if (strncmp(s, "JWT[", 4) != 0)
		return E_SYNTAX;
	s = take_number(s + 4, ASKPASS_OFFSET_MAX, "+", &p.offset);
	if (s != NULL)
		s = take_number(s, ASKPASS_CHUNK_MAX, "]: ", &p.chunk);
	if (s == NULL || *s != '\0' || p.chunk == 0)
		return E_SYNTAX;
	*out = p;
	return 0;
}
