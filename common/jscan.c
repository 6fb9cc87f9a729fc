/*
 * jscan: one pass over the text, no recursion, no copies.
 *
 * scan() is a loop of two steps: begin() reads what starts a value, after()
 * what may follow one; open containers wait in a small array of frames.
 * Strings are searched eight bytes at a time for the bytes that matter: a
 * quote, a backslash, a control byte, the start of something in UTF-8.
 *
 * Duplicate names are told by a 64-bit hash of the decoded name alone.
 * Equal names have equal hashes, so none slips through in any spelling.
 * Two different names with one hash are refused as well: 256 honest names
 * meet that once in 2^49 texts, and who constructs it to make us compare
 * long names gains nothing.
 */

#include "jscan.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "jscan_name.h"
#include "jscan_scan.h"
#include "jscan_text.h"
#include "mem.h"

/* The shortest member is ,"":0 */
#define MEMBER_LEN_MIN 5

/* Large arrays that are always written before they are read. */
#define UNCLEARED __attribute__((uninitialized))

/* The scan is one function to the compiler: calls cost more than its work. */
#define HOT static inline __attribute__((always_inline))

static const char TOO_SHORT[] = "the text ends too early";

/* What must stand at the next place. */
enum next {
	VALUE,
	NAME,
	AFTER,
	DONE
};

/* The first error wins. */
static const unsigned char *
fail(struct jscan_scan *s, const unsigned char *at, const char *what)
{
	if (s->what == NULL) {
		s->what = what;
		s->at = at;
	}
	return NULL;
}

/* Length of the UTF-8 sequence at p, RFC 3629 §4; 0 when it is not one. */
HOT size_t
utf8_len(const unsigned char *p, const unsigned char *end)
{
	size_t room = (size_t)(end - p);
	unsigned char c = p[0];
	unsigned char low = 0x80, high = 0xbf;

	if (c < 0xc2 || c > 0xf4 || room < 2)
		return 0;
	if (c < 0xe0)
		return (p[1] & 0xc0) == 0x80 ? 2 : 0;
	if (c == 0xe0)
		low = 0xa0; /* overlong */
	else if (c == 0xed)
		high = 0x9f; /* surrogates */
	else if (c == 0xf0)
		low = 0x90; /* overlong */
	else if (c == 0xf4)
		high = 0x8f; /* over U+10FFFF */
	if (p[1] < low || p[1] > high || room < 3 || (p[2] & 0xc0) != 0x80)
		return 0;
	if (c < 0xf0)
		return 3;
	return room > 3 && (p[3] & 0xc0) == 0x80 ? 4 : 0;
}

/*
 * p is at the slash. Comments are not part of JSON; ours hold the same
 * bytes as strings, tabs and line ends added.
 */
static const unsigned char *
comment(struct jscan_scan *s, const unsigned char *p)
{
	const unsigned char *start = p;
	bool block;
	size_t len;

	if (s->end - p < 2 || (p[1] != '/' && p[1] != '*'))
		return fail(s, p, "expected a comment");
	block = p[1] == '*';
	for (p += 2; p < s->end; p += len) {
		len = 1;
		if (block && *p == '*' && s->end - p > 1 && p[1] == '/')
			return p + 2;
		if (!block && (*p == '\n' || *p == '\r'))
			return p;
		if (*p >= 0x80)
			len = utf8_len(p, s->end);
		if (len == 0 || (*p < ' ' && !jscan_is_blank(*p)))
			return fail(s, p, "bad byte in a comment");
	}
	if (block)
		return fail(s, start, "comment without an end");
	return p;
}

/* Steps over blanks, and comments where they are allowed. */
static const unsigned char *
blanks(struct jscan_scan *s, const unsigned char *p)
{
	while (p < s->end) {
		if (jscan_is_blank(*p)) {
			p++;
		} else if (*p == '/' && s->comments) {
			p = comment(s, p);
			if (p == NULL)
				return s->end; /* fail() has noted why */
		} else {
			break;
		}
	}
	return p;
}

/* The same; tokens are mostly without any. */
HOT const unsigned char *
blank(struct jscan_scan *s, const unsigned char *p, const unsigned char *end)
{
	return p<end && * p> ' ' && *p != '/' ? p : blanks(s, p);
}

/* p is at an escape, at UTF-8, or at what may not be in a string. */
HOT const unsigned char *
special(struct jscan_scan *s, const unsigned char *p)
{
	const char *why;
	uint32_t c;
	size_t len;

	if (*p >= 0x80) {
		len = utf8_len(p, s->end);
		return len != 0 ? p + len : fail(s, p, "not UTF-8");
	}
	if (*p != '\\')
		return fail(s, p, "control byte in a string");
	if (s->end - p > 1 && jscan_short_escape[p[1]] != 0)
		return p + 2;
	len = jscan_escape(p, s->end, &c, &why);
	return len != 0 ? p + len : fail(s, p, why);
}

/* p is behind the opening quote; returns what is behind the closing one. */
HOT const unsigned char *
string(struct jscan_scan *s, const unsigned char *p, const unsigned char *end,
    bool *escaped)
{
	for (;;) {
		p = jscan_plain(p, end);
		/* What is not plain comes in runs. */
		do {
			if (p == end)
				return fail(s, p, TOO_SHORT);
			if (*p == '"')
				return p + 1;
			if (*p == '\\')
				*escaped = true;
			p = special(s, p);
			if (p == NULL)
				return NULL;
		} while (p < end && !jscan_is_plain(*p));
	}
}

/* RFC 8259 §6 to the letter. */
HOT const unsigned char *
number(struct jscan_scan *s, const unsigned char *p, const unsigned char *end)
{
	const unsigned char *q;

	if (*p == '-')
		p++;
	q = jscan_digits(p, end);
	if (q == p)
		return fail(s, p, "expected a value");
	if (*p == '0' && q - p > 1)
		return fail(s, p, "number with a leading zero");
	if (q < end && *q == '.') {
		p = q + 1;
		q = jscan_digits(p, end);
		if (q == p)
			return fail(s, p, "expected a digit");
	}
	if (q < end && (*q == 'e' || *q == 'E')) {
		p = q + 1;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		q = jscan_digits(p, end);
		if (q == p)
			return fail(s, p, "expected a digit");
	}
	return q;
}

HOT const unsigned char *
word(struct jscan_scan *s, const unsigned char *p, enum jscan_type *type_out)
{
	size_t room = (size_t)(s->end - p);

	if (room >= 4 && memcmp(p, "true", 4) == 0) {
		*type_out = JSCAN_TRUE;
		return p + 4;
	}
	if (room >= 5 && memcmp(p, "false", 5) == 0) {
		*type_out = JSCAN_FALSE;
		return p + 5;
	}
	if (room >= 4 && memcmp(p, "null", 4) == 0) {
		*type_out = JSCAN_NULL;
		return p + 4;
	}
	return fail(s, p, "expected a value");
}

/* Whether the newest name is also an earlier one of the same object. */
HOT bool
is_repeated(const struct jscan_scan *s, struct jscan_frame *f, uint64_t h)
{
	uint64_t bit, *seen = jscan_seen(f, h, &bit);
	const uint64_t *p = s->names + f->first;
	const uint64_t *end = s->names + s->names_len;

	if ((*seen & bit) == 0) {
		*seen |= bit;
		return false;
	}
	for (; end - p >= 4; p += 4) {
		if (((p[0] == h) | (p[1] == h) | (p[2] == h) | (p[3] == h)))
			return true;
	}
	for (; p < end; p++) {
		if (*p == h)
			return true;
	}
	return false;
}

/*
 * The hash of a name with escapes, and where its value is wanted. Rare, so
 * out of the way of what is not. What is longer than buf is hashed piece by
 * piece, and wanted by nobody.
 */
static uint64_t
hash_escaped(const struct jscan_scan *s, const struct jscan_value *name,
    struct jscan_value **wanted_out)
{
	const unsigned char *start = (const unsigned char *)name->text;
	char buf[JSCAN_NAME_MAX + 1] UNCLEARED;
	struct jscan_value plain = { .type = JSCAN_STRING, .text = buf };
	uint64_t h, head;

	*wanted_out = NULL;
	if (jscan_string(name, buf, sizeof(buf), &plain.len) != 0)
		return jscan_hash_escaped(start, start + name->len);
	start = (const unsigned char *)buf;
	h = jscan_hash_plain(start, plain.len, start + plain.len, &head);
	*wanted_out = jscan_find(s->wanted, s->values, buf, plain.len, head);
	return h;
}

/* Notes a name of the object that is open. */
HOT bool
note(struct jscan_scan *s, const unsigned char *at, uint64_t h)
{
	struct jscan_frame *f = &s->frames[s->depth - 1];

	if (is_repeated(s, f, h)) {
		fail(s, at, "repeated member name");
		return false;
	}
	if (jscan_members_left(s, f) == 0) {
		fail(s, at, "too many members");
		return false;
	}
	s->names[s->names_len++] = h;
	s->members++;
	return true;
}

/* p is where a name must be; returns where its value must be. */
HOT const unsigned char *
name(struct jscan_scan *s, const unsigned char *p, const unsigned char *end)
{
	struct jscan_value v = { .type = JSCAN_STRING };
	struct jscan_value *wanted;
	const unsigned char *start = p + 1;
	uint64_t h, head;

	if (p == end)
		return fail(s, p, TOO_SHORT);
	if (*p != '"')
		return fail(s, p, "expected a member name");
	p = string(s, start, end, &v.escaped);
	if (p == NULL)
		return NULL;
	v.text = (const char *)start;
	v.len = (size_t)(p - 1 - start);
	if (v.escaped) {
		h = hash_escaped(s, &v, &wanted);
	} else {
		h = jscan_hash_plain(start, v.len, end, &head);
		wanted = jscan_find(s->wanted, s->values, v.text, v.len, head);
	}
	if (!note(s, start - 1, h))
		return NULL;
	if (s->depth == 1)
		s->slot[1] = wanted;
	p = blank(s, p, end);
	if (p == end)
		return fail(s, p, TOO_SHORT);
	if (*p != ':')
		return fail(s, p, "expected a colon");
	return blank(s, p + 1, end);
}

/* A value that somebody asked for has ended. */
HOT void
keep(struct jscan_scan *s, enum jscan_type type, const unsigned char *text,
    const unsigned char *end, bool escaped)
{
	if (s->depth > 1 || s->slot[s->depth] == NULL)
		return;
	*s->slot[s->depth] = (struct jscan_value){
		.type = type,
		.escaped = escaped,
		.text = (const char *)text,
		.len = (size_t)(end - text),
	};
	s->slot[s->depth] = NULL;
}

/* p is at the bracket. */
HOT const unsigned char *
open_container(struct jscan_scan *s, const unsigned char *p,
    const unsigned char *end, enum next *next_out)
{
	bool object = *p == '{';
	struct jscan_frame *f;

	if (s->depth == s->depth_max)
		return fail(s, p, "nested too deeply");
	f = &s->frames[s->depth++];
	f->start = p;
	memset(f->seen, 0, sizeof(f->seen));
	f->first = s->names_len;
	f->type = object ? JSCAN_OBJECT : JSCAN_ARRAY;
	p = blank(s, p + 1, end);
	if (p < end && *p == (object ? '}' : ']'))
		*next_out = AFTER;
	else
		*next_out = object ? NAME : VALUE;
	return p;
}

/* p is where a value must start; returns what is behind its first token. */
HOT const unsigned char *
begin(struct jscan_scan *s, const unsigned char *p, const unsigned char *end,
    enum next *next_out)
{
	const unsigned char *start = p;
	enum jscan_type type = JSCAN_NUMBER;
	bool escaped = false;

	*next_out = AFTER;
	if (p == end)
		return fail(s, p, TOO_SHORT);
	if (*p == '"') {
		p = string(s, p + 1, end, &escaped);
		if (p != NULL)
			keep(s, JSCAN_STRING, start + 1, p - 1, escaped);
		return p;
	}
	if (*p == '{' || *p == '[')
		return open_container(s, p, end, next_out);
	if (*p >= 'a')
		p = word(s, p, &type);
	else
		p = number(s, p, end);
	if (p != NULL)
		keep(s, type, start, p, false);
	return p;
}

/* p is behind a value; closes what ends here, or steps to what follows. */
HOT const unsigned char *
after(struct jscan_scan *s, const unsigned char *p, const unsigned char *end,
    enum next *next_out)
{
	while (s->depth > 0) {
		const struct jscan_frame *f = &s->frames[s->depth - 1];
		bool object = f->type == JSCAN_OBJECT;

		p = blank(s, p, end);
		if (p == end)
			return fail(s, p, TOO_SHORT);
		if (*p == ',') {
			*next_out = object ? NAME : VALUE;
			return blank(s, p + 1, end);
		}
		if (*p != (object ? '}' : ']'))
			return fail(s, p, "expected a comma or the end");
		p++;
		s->depth--;
		s->names_len = f->first;
		keep(s, f->type, f->start, p, false);
	}
	*next_out = DONE;
	return p;
}

static int
scan(struct jscan_scan *s)
{
	const unsigned char *p = s->text, *const end = s->end;
	enum next next = VALUE;
	bool read;

	if (p == end)
		p = fail(s, p, TOO_SHORT);
	else if (end - p > 2 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		p = fail(s, p, "byte order mark");
	else
		p = blank(s, p, end);
	while (p != NULL && next != DONE) {
		if (next == NAME) {
			p = jscan_members(s, p, &read);
			if (read)
				next = AFTER;
			else
				p = name(s, blank(s, p, end), end);
		}
		if (p != NULL && next != AFTER)
			p = begin(s, p, end, &next);
		if (p != NULL && next == AFTER)
			p = after(s, p, end, &next);
	}
	if (p != NULL && blanks(s, p) != end)
		fail(s, blanks(s, p), "something stands behind the value");
	return next == DONE && s->what == NULL ? 0 : E_SYNTAX;
}

static void
clear(struct jscan_value *values)
{
	if (values != NULL)
		memset(values, 0, JSCAN_ROWS * sizeof(*values));
}

int
jscan_object(const char *text, size_t n, const struct jscan_names *names,
    struct jscan_value values[JSCAN_ROWS], struct err *e)
{
	uint64_t hashes[JSCAN_MEMBERS_MAX] UNCLEARED;
	struct jscan_frame frames[JSCAN_DEPTH_MAX] UNCLEARED;
	struct jscan_value root = { .type = JSCAN_NONE };
	struct jscan_scan s = {
		.text = (const unsigned char *)text,
		.end = (const unsigned char *)text + n,
		.depth_max = JSCAN_DEPTH_MAX,
		.members_max = JSCAN_MEMBERS_MAX,
		.frames = frames,
		.names = hashes,
		.wanted = names,
		.values = values,
		.slot = { &root, NULL },
	};
	int rc;

	clear(values);
	rc = scan(&s);
	if (rc == 0 && root.type == JSCAN_OBJECT)
		return 0;
	if (rc == 0)
		fail(&s, s.text, "not an object");
	clear(values); /* nothing of a refused text is handed on */
	return err_set(
	    e, E_SYNTAX, "%s (byte %zu)", s.what, (size_t)(s.at - s.text));
}

int
jscan_text(const char *text, size_t n, const struct jscan_options *o,
    struct jscan_value *out, size_t *offset_out, struct err *e)
{
	uint64_t few[JSCAN_MEMBERS_MAX] UNCLEARED;
	struct jscan_frame frames[JSCAN_DEPTH_LIMIT] UNCLEARED;
	size_t names_max = n / MEMBER_LEN_MIN + 1;
	uint64_t *many = NULL;
	struct jscan_value root = { .type = JSCAN_NONE };
	struct jscan_scan s = {
		.text = (const unsigned char *)text,
		.end = (const unsigned char *)text + n,
		.comments = o->comments,
		.per_object = true,
		.depth_max = o->depth_max,
		.members_max = o->members_max,
		.frames = frames,
		.names = few,
		.slot = { &root, NULL },
	};
	int rc;

	if (s.depth_max == 0)
		s.depth_max = JSCAN_DEPTH_MAX;
	if (s.depth_max > JSCAN_DEPTH_LIMIT)
		s.depth_max = JSCAN_DEPTH_LIMIT;
	if (s.members_max == 0)
		s.members_max = JSCAN_MEMBERS_MAX;
	if (names_max > JSCAN_MEMBERS_MAX) {
		many = mem_array(names_max, sizeof(*many));
		if (many == NULL)
			return err_set(e, E_NOMEM, "out of memory");
		s.names = many;
	}
	rc = scan(&s);
	free(many);
	if (rc == 0) {
		*out = root;
		return 0;
	}
	if (offset_out != NULL)
		*offset_out = (size_t)(s.at - s.text);
	return err_set(e, E_SYNTAX, "%s", s.what);
}
