/*
 * Search filters, RFC 4515: their form is checked before a server sees them,
 * so that a mistake is told with its line and not met at a login. Filters
 * within filters are counted, not recursed into.
 */

#include "query.h"

#include <string.h>

#include "err.h"
#include "query_text.h"

static const char user_text[] = "{user}";

struct checker {
	const char *p;
	char open[QUERY_DEPTH_MAX]; /* '&', '|', '!' */
	size_t depth;
	bool empty; /* the innermost has nothing in it yet */
	unsigned uses;
	struct err *e;
};

static int
fail(struct checker *c, const char *what)
{
	return err_set(c->e, E_SYNTAX, "is no search filter: %s", what);
}

static bool
is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
	    (c >= 'A' && c <= 'F');
}

static bool
is_attribute(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ';' ||
	    c == '_';
}

static int
check_value(struct checker *c)
{
	unsigned use;
	size_t n;

	for (; *c->p != ')'; c->p += n) {
		n = 1;
		switch (*c->p) {
		case '\0':
			return fail(c, "a ) is missing");
		case '(':
			return fail(c, "a ( inside a value is written \\28");
		case '\\':
			if (!is_hex(c->p[1]) || !is_hex(c->p[2]))
				return fail(c,
				    "a \\ without two "
				    "hexadecimal digits");
			n = 3;
			break;
		case '{':
			use = query_text_use(c->p, &n);
			if (use == 0)
				return fail(c,
				    "a { that begins none of "
				    "{user}, {dn}, {service}, {rhost} and "
				    "{claim:NAME} is written \\7b");
			c->uses |= use;
			break;
		default:
			break;
		}
	}
	return 0;
}

/* attribute, options, :dn, :rule and what compares. */
static int
check_item(struct checker *c)
{
	const char *start = c->p;
	bool extended = false;

	while (is_attribute(*c->p) || *c->p == ':') {
		extended = extended || *c->p == ':';
		c->p++;
	}
	if (extended && c->p[-1] != ':')
		return fail(c, "a rule is followed by :=");
	if (c->p == start || (extended && c->p - start < 2))
		return fail(c, "an attribute is missing");
	if (!extended && *c->p != '\0' && strchr("~<>", *c->p) != NULL)
		c->p++;
	if (*c->p != '=')
		return fail(c, "a comparison is missing");
	c->p++;
	return check_value(c);
}

static int
check_open(struct checker *c)
{
	c->p++;
	if (*c->p != '&' && *c->p != '|' && *c->p != '!') {
		c->empty = false;
		if (check_item(c) != 0)
			return E_SYNTAX;
		c->p++;
		return 0;
	}
	if (c->depth == QUERY_DEPTH_MAX)
		return fail(c, "it is nested too deeply");
	c->open[c->depth++] = *c->p++;
	c->empty = true;
	return 0;
}

/* Of "!" there is exactly one. */
static int
check_close(struct checker *c)
{
	if (c->depth == 0)
		return fail(c, "a ) too many");
	if (c->empty)
		return fail(c, "nothing stands in the parentheses");
	c->depth--;
	c->p++;
	return 0;
}

static int
check(struct checker *c)
{
	int ret;

	if (*c->p != '(')
		return fail(c, "it begins with a (");
	do {
		if (*c->p == '(' && c->depth > 0 && !c->empty &&
		    c->open[c->depth - 1] == '!')
			return fail(c, "a ! has one filter");
		if (*c->p == '(')
			ret = check_open(c);
		else if (*c->p == ')')
			ret = check_close(c);
		else
			ret = fail(c,
			    *c->p == '\0' ? "a ) is missing" :
					    "a ( is missing");
		if (ret != 0)
			return ret;
	} while (c->depth > 0);
	return *c->p == '\0' ? 0 : fail(c, "something stands behind it");
}

int
query_check_filter(const char *text, unsigned *uses_out, struct err *e)
{
	struct checker c = { .p = text, .e = e };
	int ret = check(&c);

	if (ret == 0)
		*uses_out = c.uses;
	return ret;
}

/* Within one comparison: a value holds no bare parenthesis. */
static void
split(const char *filter, const char *user, struct query_user *out)
{
	const char *start = user, *equal;

	while (start > filter && start[-1] != '(')
		start--;
	equal = strchr(start, '=');
	out->attribute = start;
	out->attribute_len = 0;
	while (is_attribute(start[out->attribute_len]))
		out->attribute_len++;
	out->before = equal + 1;
	out->before_len = (size_t)(user - out->before);
	out->after = user + strlen(user_text);
	out->after_len = strcspn(out->after, ")");
}

bool
query_user_compared(const char *filter, size_t i, struct query_user *out)
{
	const char *at = strstr(filter, user_text);

	while (at != NULL && i-- > 0)
		at = strstr(at + 1, user_text);
	if (at == NULL)
		return false;
	split(filter, at, out);
	return true;
}

static bool
is_plain(const char *text, size_t n)
{
	return memchr(text, '\\', n) == NULL && memchr(text, '{', n) == NULL;
}

int
query_check_user(const char *filter, struct err *e)
{
	struct query_user c;
	char sign;
	size_t i;

	for (i = 0; query_user_compared(filter, i, &c); i++) {
		sign = c.attribute[c.attribute_len];
		if ((sign != '=' && sign != ':') ||
		    memchr(c.before, '*', c.before_len) != NULL ||
		    memchr(c.after, '*', c.after_len) != NULL)
			return err_set(e, E_SYNTAX,
			    "finds others too: no * stands beside {user}, and "
			    "no ~=, <= or >= before it");
		if (c.attribute_len == 0)
			return err_set(e, E_SYNTAX,
			    "finds others too: before :={user} stands an "
			    "attribute");
		if (!is_plain(c.before, c.before_len) ||
		    !is_plain(c.after, c.after_len))
			return err_set(e, E_SYNTAX,
			    "cannot be compared with what it finds: beside "
			    "{user} stands plain text");
	}
	return 0;
}

/* ASCII case aside, whatever the host's locale. */
static bool
same_text(const char *a, const char *b, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (a[i] == b[i])
			continue;
		if ((a[i] | 0x20) != (b[i] | 0x20) || (a[i] | 0x20) < 'a' ||
		    (a[i] | 0x20) > 'z')
			return false;
	}
	return true;
}

bool
query_user_equal(const struct query_user *c, const char *user, bool ignore_case,
    const char *value, size_t len)
{
	const size_t n = strlen(user);
	const char *name;

	if (len != c->before_len + n + c->after_len)
		return false;
	name = value + c->before_len;
	return same_text(value, c->before, c->before_len) &&
	    same_text(name + n, c->after, c->after_len) &&
	    (ignore_case ? same_text(name, user, n) :
			   strncmp(name, user, n) == 0);
}
