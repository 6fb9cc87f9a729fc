/*
 * config_pattern: user_pattern as a POSIX extended regular expression,
 * compiled between ^( and )$. A pattern that closes that parenthesis itself
 * ("a)|(b") would come loose from its anchors, so parentheses are counted
 * first; what makes glibc's matcher take more than linear time or memory
 * (back-references, nested repetition in the thousands) is refused.
 */

#include "config_schema.h"

#include "err.h"
#include "mem.h"
#include "str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPEATS_MAX 4096 /* product of all {m,n} */

static int
refuse(char why[CONFIG_PATTERN_WHY_MAX], const char *text)
{
	snprintf(why, CONFIG_PATTERN_WHY_MAX, "%s", text);
	return E_SYNTAX;
}

/* Behind a bracket expression, POSIX.1 §9.3.5; p is at its '['. */
static const char *
skip_bracket(const char *p)
{
	char kind;

	p++;
	if (*p == '^')
		p++;
	if (*p == ']')
		p++;
	while (*p != '\0' && *p != ']') {
		kind = *p++;
		/* [:alpha:], [.x.] and [=x=] may hold a ']' */
		if (kind != '[' || (*p != ':' && *p != '.' && *p != '='))
			continue;
		kind = *p++;
		while (*p != '\0' && !(*p == kind && p[1] == ']'))
			p++;
		if (*p != '\0')
			p += 2;
	}
	return *p == ']' ? p + 1 : NULL;
}

/* The larger number of {m}, {m,} or {m,n}; p is at its '{'. */
static unsigned long
bound(const char *p)
{
	unsigned long low, high;
	char *end;

	low = strtoul(p + 1, &end, 10);
	high = *end == ',' ? strtoul(end + 1, NULL, 10) : low;
	return high > low ? high : low;
}

static int
count_repeat(const char *p, unsigned long *repeats)
{
	unsigned long n = bound(p);

	if (n > REPEATS_MAX || (n > 1 && *repeats > REPEATS_MAX / n))
		return -1;
	if (n > 1)
		*repeats *= n;
	return 0;
}

static int
vet(const char *p, char why[CONFIG_PATTERN_WHY_MAX])
{
	unsigned long repeats = 1;
	size_t depth = 0;

	while (p != NULL && *p != '\0') {
		if (*p == '\\' && p[1] >= '1' && p[1] <= '9')
			return refuse(why, "back-references are not taken");
		if (*p == '\\' && p[1] == '\0')
			return refuse(why, "a backslash at the end");
		if (*p == ')' && depth-- == 0)
			return refuse(why, "a ) without its (");
		if (*p == '{' && count_repeat(p, &repeats) != 0)
			return refuse(why, "it repeats too often");
		if (*p == '(')
			depth++;
		if (*p == '[')
			p = skip_bracket(p);
		else
			p += *p == '\\' ? 2 : 1;
	}
	if (p == NULL)
		return refuse(why, "a [ without its ]");
	return depth == 0 ? 0 : refuse(why, "a ( without its )");
}

int
config_pattern(
    const char *text, regex_t **out, char why[CONFIG_PATTERN_WHY_MAX])
{
	char anchored[CONFIG_PATTERN_MAX + sizeof("^()$")];
	char message[CONFIG_PATTERN_WHY_MAX];
	regex_t *regex;
	struct str s;
	int code;

	if (vet(text, why) != 0)
		return E_SYNTAX;
	str_init(&s, anchored, sizeof(anchored));
	str_addf(&s, "^(%s)$", text);
	if (s.full)
		return refuse(why, "it is too long");
	regex = mem_alloc(sizeof(*regex));
	if (regex == NULL)
		return E_NOMEM;
	code = regcomp(regex, anchored, REG_EXTENDED | REG_NOSUB);
	if (code == 0) {
		*out = regex;
		return 0;
	}
	/* the text names a kind of mistake and quotes nothing */
	regerror(code, regex, message, sizeof(message));
	free(regex);
	return code == REG_ESPACE ? E_NOMEM : refuse(why, message);
}

void
config_pattern_free(regex_t **regex)
{
	if (*regex == NULL)
		return;
	regfree(*regex);
	free(*regex);
	*regex = NULL;
}
