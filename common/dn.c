/*
 * A name is read once from left to right: attribute type, "=", value, and
 * then "+" or ",". Values lose their escapes and get those of the canonical
 * text; of naming attributes whose rule is caseIgnoreMatch (RFC 4519) ASCII
 * case and runs of blanks count for nothing (RFC 4518). The values of an RDN
 * are sorted.
 */

#include "dn.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "mem.h"

#define TYPE_MAX 64
/* Large, and written before it is read. */
#define UNCLEARED __attribute__((uninitialized))

/* Each byte of a value can become three, and names of types shorter. */
#define CANONICAL_MAX (3 * DN_MAX)

/* One attribute value: "type=value" in canonical text. */
struct part {
	size_t at;
	size_t len;
	bool first; /* of its RDN */
};

struct reader {
	const char *p;
	const char *end;
	char text[CANONICAL_MAX + 1];
	size_t len;
	struct part parts[DN_PARTS_MAX];
	size_t count;
};

/* Types that name entries and whose values are compared caseIgnoreMatch. */
static const struct {
	const char *name;
	const char *aliases[2]; /* another name, and the number */
} types[] = {
	{ "cn", { "commonname", "2.5.4.3" } },
	{ "ou", { "organizationalunitname", "2.5.4.11" } },
	{ "o", { "organizationname", "2.5.4.10" } },
	{ "dc", { "domaincomponent", "0.9.2342.19200300.100.1.25" } },
	{ "uid", { "userid", "0.9.2342.19200300.100.1.1" } },
	{ "c", { "countryname", "2.5.4.6" } },
	{ "l", { "localityname", "2.5.4.7" } },
	{ "st", { "stateorprovincename", "2.5.4.8" } },
	{ "street", { "streetaddress", "2.5.4.9" } },
	{ "entryuuid", { NULL, "1.3.6.1.1.16.4" } },
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool
is_letter(char c)
{
	return lower(c) >= 'a' && lower(c) <= 'z';
}

static int
hex(char c)
{
	if (is_digit(c))
		return c - '0';
	c = lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void
put_byte(struct reader *r, char c)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char u = (unsigned char)c;

	if (is_letter(c) || is_digit(c) || u >= 0x80 || strchr("-_.:", c)) {
		r->text[r->len++] = c;
		return;
	}
	r->text[r->len++] = '\\';
	r->text[r->len++] = digits[u >> 4];
	r->text[r->len++] = digits[u & 15];
}

static void
skip_blanks(struct reader *r)
{
	while (r->p < r->end && *r->p == ' ')
		r->p++;
}

/* Keystring or numericoid, RFC 4512 §1.4. */
static int
read_type(struct reader *r, char type[TYPE_MAX + 1])
{
	size_t n = 0;

	skip_blanks(r);
	if (r->p == r->end || (!is_letter(*r->p) && !is_digit(*r->p)))
		return E_SYNTAX;
	for (; r->p < r->end && n < TYPE_MAX; r->p++) {
		if (!is_letter(*r->p) && !is_digit(*r->p) && *r->p != '-' &&
		    *r->p != '.')
			break;
		type[n++] = lower(*r->p);
	}
	type[n] = '\0';
	skip_blanks(r);
	if (r->p == r->end || *r->p != '=')
		return E_SYNTAX;
	r->p++;
	skip_blanks(r);
	return 0;
}

/* Whether values of the type are folded; it gets its one name. */
static bool
find_type(char type[TYPE_MAX + 1])
{
	const char *alias;
	size_t i, j;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(type, types[i].name) == 0)
			return true;
		for (j = 0; j < 2; j++) {
			alias = types[i].aliases[j];
			if (alias == NULL || strcmp(type, alias) != 0)
				continue;
			memcpy(type, types[i].name, strlen(types[i].name) + 1);
			return true;
		}
	}
	return false;
}

/* One byte of a value; *plain is false for what was escaped. */
static int
read_byte(struct reader *r, char *out, bool *plain)
{
	char c = *r->p++;
	int high, low;

	*plain = c != '\\';
	if (*plain) {
		*out = c;
		return c == '\0' || strchr("\"<>;", c) != NULL ? E_SYNTAX : 0;
	}
	if (r->p == r->end)
		return E_SYNTAX;
	c = *r->p++;
	if (c != '\0' && strchr(" \"#+,;<=>\\", c) != NULL) {
		*out = c;
		return 0;
	}
	high = hex(c);
	low = r->p < r->end ? hex(*r->p) : -1;
	if (high < 0 || low < 0)
		return E_SYNTAX;
	r->p++;
	*out = (char)(high * 16 + low);
	return *out == '\0' ? E_SYNTAX : 0;
}

/* The BER form of a value: "#" and pairs of hexadecimal digits. */
static int
read_hexstring(struct reader *r)
{
	size_t n = 0;

	r->text[r->len++] = *r->p++;
	for (; r->p < r->end && hex(*r->p) >= 0; r->p++, n++)
		r->text[r->len++] = lower(*r->p);
	skip_blanks(r);
	return n == 0 || n % 2 != 0 ? E_SYNTAX : 0;
}

/*
 * The unescaped bytes of a value, folded or as they are. A blank at its end
 * belongs to it only where it is escaped, and not even then to a folded one.
 */
static int
read_string(struct reader *r, bool fold)
{
	char value[DN_MAX + 1] UNCLEARED;
	size_t n = 0, keep = 0, i;
	bool plain;
	char c;
	int ret;

	while (r->p < r->end && *r->p != ',' && *r->p != '+') {
		ret = read_byte(r, &c, &plain);
		if (ret != 0)
			return ret;
		if (fold && c == ' ' && (n == 0 || value[n - 1] == ' '))
			continue;
		value[n++] = fold ? lower(c) : c;
		if (c != ' ' || (!plain && !fold))
			keep = n;
	}
	if (keep == 0)
		return E_SYNTAX;
	for (i = 0; i < keep; i++)
		put_byte(r, value[i]);
	return 0;
}

static int
read_part(struct reader *r, bool first)
{
	struct part *part = &r->parts[r->count];
	char type[TYPE_MAX + 1];
	bool fold;
	int ret;

	if (r->count == DN_PARTS_MAX)
		return E_RANGE;
	ret = read_type(r, type);
	if (ret != 0)
		return ret;
	fold = find_type(type);
	part->at = r->len;
	part->first = first;
	memcpy(r->text + r->len, type, strlen(type));
	r->len += strlen(type);
	r->text[r->len++] = '=';
	if (r->p < r->end && *r->p == '#')
		ret = read_hexstring(r);
	else
		ret = read_string(r, fold);
	part->len = r->len - part->at;
	r->count++;
	return ret;
}

static int
read_name(struct reader *r)
{
	bool first = true;
	char c;
	int ret;

	for (;;) {
		ret = read_part(r, first);
		if (ret != 0 || r->p == r->end)
			return ret;
		c = *r->p++;
		if (c != ',' && c != '+')
			return E_SYNTAX;
		first = c == ',';
	}
}

static int
compare(const struct reader *r, const struct part *a, const struct part *b)
{
	size_t n = a->len < b->len ? a->len : b->len;
	int d = memcmp(r->text + a->at, r->text + b->at, n);

	if (d != 0)
		return d;
	return a->len < b->len ? -1 : a->len > b->len;
}

/* Sorts the parts of one RDN, of which there is mostly one. */
static void
sort(struct reader *r, size_t from, size_t to)
{
	struct part part;
	size_t i, j;

	for (i = from + 1; i < to; i++) {
		part = r->parts[i];
		for (j = i; j > from && compare(r, &part, &r->parts[j - 1]) < 0;
		     j--)
			r->parts[j] = r->parts[j - 1];
		r->parts[j] = part;
	}
}

static void
sort_all(struct reader *r)
{
	size_t from, to;

	for (from = 0; from < r->count; from = to) {
		to = from + 1;
		while (to < r->count && !r->parts[to].first)
			to++;
		sort(r, from, to);
		for (; from < to; from++)
			r->parts[from].first = false;
		r->parts[to - 1].first = true; /* now: the last of its RDN */
	}
}

static char *
join(const struct reader *r)
{
	char *text = mem_alloc(r->len + r->count + 1);
	size_t i, n = 0;

	for (i = 0; text != NULL && i < r->count; i++) {
		memcpy(text + n, r->text + r->parts[i].at, r->parts[i].len);
		n += r->parts[i].len;
		if (i + 1 < r->count)
			text[n++] = r->parts[i].first ? ',' : '+';
	}
	return text;
}

int
dn_canonical(const char *text, size_t n, char **out)
{
	struct reader r UNCLEARED;
	char *joined;
	int ret = 0;

	if (n > DN_MAX)
		return E_RANGE;
	r.p = text;
	r.end = text + n;
	r.len = r.count = 0;
	skip_blanks(&r);
	if (r.p < r.end)
		ret = read_name(&r);
	if (ret != 0)
		return ret;
	sort_all(&r);
	joined = join(&r);
	if (joined == NULL)
		return E_NOMEM;
	*out = joined;
	return 0;
}

bool
dn_equal(const char *a, const char *b)
{
	char *x = NULL, *y = NULL;
	bool equal;

	equal = dn_canonical(a, strlen(a), &x) == 0 &&
	    dn_canonical(b, strlen(b), &y) == 0 && strcmp(x, y) == 0;
	free(x);
	free(y);
	return equal;
}

bool
dn_is_uuid(const char *canonical, char uuid[DN_UUID_LEN + 1])
{
	static const char type[] = "entryuuid=";
	const char *value = canonical + strlen(type);
	size_t i;

	if (strncmp(canonical, type, strlen(type)) != 0 ||
	    strlen(value) != DN_UUID_LEN)
		return false;
	for (i = 0; i < DN_UUID_LEN; i++) {
		if (i == 8 || i == 13 || i == 18 || i == 23 ? value[i] != '-' :
							      hex(value[i]) < 0)
			return false;
	}
	memcpy(uuid, value, DN_UUID_LEN + 1);
	return true;
}

size_t
dn_escape(char *dst, size_t cap, const char *value, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	size_t i, len = 0;
	unsigned char u;

	for (i = 0; i < n; i++) {
		u = (unsigned char)value[i];
		if (len + 4 > cap)
			return 0;
		if (is_letter(value[i]) || is_digit(value[i])) {
			dst[len++] = value[i];
			continue;
		}
		dst[len++] = '\\';
		dst[len++] = digits[u >> 4];
		dst[len++] = digits[u & 15];
	}
	if (cap > 0)
		dst[len] = '\0';
	return len;
}
