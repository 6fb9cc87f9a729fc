/*
 * schema_pattern: user_pattern as a POSIX extended regular expression,
 * compiled between ^( and )$. A pattern that closes that parenthesis itself
 * ("a)|(b") would come loose from its anchors, so parentheses are counted
 * first; what would keep glibc's matcher busy for seconds with one name
 * (back-references, repetition in the thousands) is refused.
 */

#include "schema.h"

#include "err.h"
#include "mem.h"
#include "str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ATOMS_MAX 600 /* once every {m,n} is written out */
/* A group that is repeated: regcomp() takes twice as long for each more. */
#define LOOP_ATOMS 40

static int
refuse(char why[SCHEMA_PATTERN_WHY_MAX], const char *text)
{
	snprintf(why, SCHEMA_PATTERN_WHY_MAX, "%s", text);
	return E_SYNTAX;
}

/* The end of a bracket expression, POSIX.1 §9.3.5; p is at its '['. */
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
	return *p == ']' ? p : NULL;
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

/* Whether it is {m,}. */
static bool
is_open(const char *p)
{
	p++;
	p += strspn(p, "0123456789");
	return strncmp(p, ",}", 2) == 0;
}

/* How many atoms regcomp() makes of what has been read, by open group. */
struct weight {
	unsigned long groups[SCHEMA_PATTERN_MAX + 1];
	size_t depth;
	unsigned long last; /* of the atom that a {n} would repeat */
	bool group; /* which is a group */
};

static void
weigh_atom(struct weight *w, unsigned long atoms)
{
	w->groups[w->depth] += atoms;
	w->last = atoms;
	w->group = false;
}

/* "(a*)*" fourteen times in a row keeps it busy for a tenth of a second. */
static bool
weigh_loop(struct weight *w)
{
	if (w->group) {
		w->groups[w->depth] += LOOP_ATOMS;
		w->last += LOOP_ATOMS;
	}
	w->group = false;
	return w->groups[w->depth] <= ATOMS_MAX;
}

/* One character; false when there is too much of it or a ) too many. */
static bool
weigh(struct weight *w, const char *p)
{
	unsigned long n;

	switch (*p) {
	case '(':
		w->groups[++w->depth] = 1;
		return w->depth < SCHEMA_PATTERN_MAX;
	case ')':
		if (w->depth == 0)
			return false;
		n = w->groups[w->depth--];
		weigh_atom(w, n);
		w->group = true;
		return true;
	case '{':
		if (is_open(p) && !weigh_loop(w))
			return false;
		n = bound(p);
		if (n > ATOMS_MAX)
			return false;
		if (n > 1) {
			w->groups[w->depth] += w->last * (n - 1);
			w->last *= n;
		}
		return w->groups[w->depth] <= ATOMS_MAX;
	case '*':
	case '+':
		return weigh_loop(w);
	case '?':
	case '|':
		return true;
	default:
		weigh_atom(w, 1);
		return true;
	}
}

static int
vet(const char *p, char why[SCHEMA_PATTERN_WHY_MAX])
{
	struct weight w = { .depth = 0 };

	while (*p != '\0') {
		if (*p == '\\' && p[1] >= '1' && p[1] <= '9')
			return refuse(why, "back-references are not taken");
		if (*p == '\\' && p[1] == '\0')
			return refuse(why, "a backslash at the end");
		if (!weigh(&w, p))
			return refuse(why,
			    *p == ')' ? "a ) without its (" :
					"it repeats too often");
		if (*p == '[')
			p = skip_bracket(p);
		else if (*p == '{')
			p = strchr(p, '}');
		else
			p += *p == '\\' ? 1 : 0;
		if (p == NULL)
			return refuse(why, "a [ or { without its end");
		p++;
	}
	return w.depth == 0 ? 0 : refuse(why, "a ( without its )");
}

int
schema_pattern(
    const char *text, regex_t **out, char why[SCHEMA_PATTERN_WHY_MAX])
{
	char anchored[SCHEMA_PATTERN_MAX + sizeof("^()$")];
	char message[SCHEMA_PATTERN_WHY_MAX];
	regex_t *regex;
	struct str s;
	int code;

	if (strlen(text) > SCHEMA_PATTERN_MAX)
		return refuse(why, "it is too long");
	if (vet(text, why) != 0)
		return E_SYNTAX;
	str_init(&s, anchored, sizeof(anchored));
	str_addf(&s, "^(%s)$", text);
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
schema_pattern_free(regex_t **regex)
{
	if (*regex == NULL)
		return;
	regfree(*regex);
	free(*regex);
	*regex = NULL;
}
