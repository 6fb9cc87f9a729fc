/*
 * Placeholders: found, placed and filled in. All that fills one passes
 * dn_escape(), whose text is one value in a name and in a filter alike.
 */

#include "query_text.h"

#include <stdlib.h>
#include <string.h>

#include "dn.h"
#include "err.h"
#include "mem.h"
#include "query.h"

#define CLAIM_START "{claim:"
#define CLAIM_START_LEN (sizeof(CLAIM_START) - 1)

unsigned
query_text_use(const char *p, size_t *len_out)
{
	static const struct {
		const char *text;
		unsigned use;
	} words[] = {
		{ "{user}", QUERY_USER },
		{ "{dn}", QUERY_DN },
		{ "{service}", QUERY_SERVICE },
		{ "{rhost}", QUERY_RHOST },
	};
	size_t i, n;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		n = strlen(words[i].text);
		if (strncmp(p, words[i].text, n) != 0)
			continue;
		*len_out = n;
		return words[i].use;
	}
	if (strncmp(p, CLAIM_START, CLAIM_START_LEN) != 0)
		return 0;
	n = strcspn(p + CLAIM_START_LEN, "{}");
	if (n == 0 || n >= QUERY_CLAIM_NAME_MAX ||
	    p[CLAIM_START_LEN + n] != '}')
		return 0;
	*len_out = CLAIM_START_LEN + n + 1;
	return QUERY_CLAIM;
}

int
query_text_scan(
    const char *text, enum query_text kind, unsigned *uses_out, struct err *e)
{
	bool value = kind == QUERY_TEXT_VALUE;
	unsigned uses = 0, use;
	size_t n;

	for (; *text != '\0'; text += n) {
		n = 1;
		if (*text == '\\' && text[1] != '\0')
			n = 2;
		else if (kind == QUERY_TEXT_NAME && *text == '=')
			value = true;
		else if (kind == QUERY_TEXT_NAME && strchr(",+", *text))
			value = false;
		if (*text != '{')
			continue;
		use = query_text_use(text, &n);
		if (use == 0)
			return err_set(e, E_SYNTAX,
			    "has a { that begins none of {user}, {dn}, "
			    "{service}, {rhost} and {claim:NAME}");
		if (!value)
			return err_set(e, E_SYNTAX,
			    "has a placeholder where no value stands");
		uses |= use;
	}
	*uses_out = uses;
	return 0;
}

const char *
query_claim_name(const char *text, size_t i, size_t *len_out)
{
	size_t n;

	for (; *text != '\0'; text += n) {
		n = 1;
		if (*text != '{' || query_text_use(text, &n) != QUERY_CLAIM)
			continue;
		if (i-- > 0)
			continue;
		*len_out = n - CLAIM_START_LEN - 1;
		return text + CLAIM_START_LEN;
	}
	return NULL;
}

static const char *
find_claim(const struct query_values *v, const char *name, size_t n)
{
	size_t i;

	for (i = 0; i < v->claim_count; i++) {
		if (strlen(v->claims[i].name) == n &&
		    strncmp(v->claims[i].name, name, n) == 0)
			return v->claims[i].value;
	}
	return NULL;
}

static const char *
find_value(const struct query_values *v, const char *p, size_t n, unsigned use)
{
	switch ((enum query_use)use) {
	case QUERY_USER:
		return v->user;
	case QUERY_DN:
		return v->dn;
	case QUERY_SERVICE:
		return v->service;
	case QUERY_RHOST:
		return v->rhost;
	case QUERY_CLAIM:
		return find_claim(
		    v, p + CLAIM_START_LEN, n - CLAIM_START_LEN - 1);
	}
	return NULL;
}

/*
 * Once to count and once to write (dst is not NULL). False where a value is
 * asked for that there is none of.
 */
static bool
fill(const char *text, const struct query_values *v, bool sample, char *dst,
    size_t *len_out)
{
	const char *value;
	size_t n, len = 0, room;
	unsigned use;

	for (; *text != '\0'; text += n) {
		n = 1;
		use = *text == '{' ? query_text_use(text, &n) : 0;
		if (use == 0) {
			if (dst != NULL)
				dst[len] = *text;
			len++;
			continue;
		}
		value = sample ? "x" : find_value(v, text, n, use);
		if (value == NULL || value[0] == '\0')
			return false;
		room = DN_ESCAPED_LEN(strlen(value));
		if (dst != NULL)
			room = dn_escape(
			    dst + len, room + 1, value, strlen(value));
		len += room;
	}
	*len_out = len;
	return true;
}

int
query_text_fill(const char *text, const struct query_values *values,
    bool sample, char **out)
{
	char *filled;
	size_t n;

	*out = NULL;
	if (!fill(text, values, sample, NULL, &n))
		return 0;
	filled = mem_alloc(n + 1);
	if (filled == NULL)
		return E_NOMEM;
	(void)fill(text, values, sample, filled, &n);
	filled[n] = '\0';
	*out = filled;
	return 0;
}

int
query_expand(const char *text, const struct query_values *values, char **out)
{
	return query_text_fill(text, values, false, out);
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool
query_text_decode(char *text)
{
	char *to = text;
	int high, low;

	for (; *text != '\0'; text++) {
		if (*text != '%') {
			*to++ = *text;
			continue;
		}
		high = hex(text[1]);
		low = high < 0 ? -1 : hex(text[2]);
		if (low < 0 || high + low == 0)
			return false;
		*to++ = (char)(high * 16 + low);
		text += 2;
	}
	*to = '\0';
	return true;
}
