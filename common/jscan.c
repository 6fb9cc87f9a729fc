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
#include "jscan_text.h"
#include "mem.h"

/* The shortest member is ,"":0 */
#define MEMBER_LEN_MIN 5

/* Large arrays that are always written before they are read. */
#define UNCLEARED __attribute__((uninitialized))

static const char TOO_SHORT[] = "the text ends too early";

struct frame {
	const unsigned char *start;
	uint64_t seen; /* a bit per name; a clear one means surely new */
	size_t first; /* its names begin here in scan.names */
	enum jscan_type type;
};

struct scan {
	const unsigned char *text;
	const unsigned char *end;
	const unsigned char *at; /* where something is wrong */
	const char *what; /* what is wrong there; NULL: nothing */

	bool comments;
	bool per_object; /* members_max is for each object, not for all */
	size_t depth_max;
	size_t members_max;

	struct frame *frames;
	size_t depth;
	uint64_t *names; /* hashes of the names of all open objects */
	size_t names_len;
	size_t members; /* of the whole text */

	struct jscan_field *fields;
	size_t count;
	uint64_t initials; /* a bit per first byte of a wanted name */
	struct jscan_value *slot[2]; /* who wants the value at this depth */
};

/* The first error wins. */
static const unsigned char *
fail(struct scan *s, const unsigned char *at, const char *what)
{
	if (s->what == NULL) {
		s->what = what;
		s->at = at;
	}
	return NULL;
}

/* Length of the UTF-8 sequence at p, RFC 3629 §4; 0 when it is not one. */
static size_t
utf8_len(const unsigned char *p, const unsigned char *end)
{
	size_t room = (size_t)(end - p);
	unsigned char c = p[0];
	unsigned char low = 0x80, high = 0xbf;
	size_t len, i;

	if (c < 0xc2 || c > 0xf4)
		return 0;
	len = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	if (room < len)
		return 0;
	if (c == 0xe0)
		low = 0xa0; /* overlong */
	else if (c == 0xed)
		high = 0x9f; /* surrogates */
	else if (c == 0xf0)
		low = 0x90; /* overlong */
	else if (c == 0xf4)
		high = 0x8f; /* over U+10FFFF */
	if (p[1] < low || p[1] > high)
		return 0;
	for (i = 2; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	return len;
}

/*
 * p is at the slash. Comments are not part of JSON; ours hold the same
 * bytes as strings, tabs and line ends added.
 */
static const unsigned char *
comment(struct scan *s, const unsigned char *p)
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
static inline const unsigned char *
blank(struct scan *s, const unsigned char *p)
{
	while (p != NULL && p < s->end && *p <= '/') {
		if (jscan_is_blank(*p))
			p++;
		else if (*p == '/' && s->comments)
			p = comment(s, p);
		else
			break;
	}
	return p != NULL ? p : s->end; /* fail() has noted why */
}

/* p is behind the opening quote; returns what is behind the closing one. */
static inline const unsigned char *
string(struct scan *s, const unsigned char *p, bool *escaped)
{
	const char *why;
	uint32_t c;
	size_t len;

	for (;;) {
		p = jscan_plain(p, s->end);
		if (p == s->end)
			return fail(s, p, TOO_SHORT);
		if (*p == '"')
			return p + 1;
		if (*p == '\\') {
			*escaped = true;
			len = jscan_escape(p, s->end, &c, &why);
			if (len == 0)
				return fail(s, p, why);
		} else {
			if (*p < ' ')
				return fail(s, p, "control byte in a string");
			len = utf8_len(p, s->end);
			if (len == 0)
				return fail(s, p, "not UTF-8");
		}
		p += len;
	}
}

/* RFC 8259 §6 to the letter. */
static const unsigned char *
number(struct scan *s, const unsigned char *p)
{
	const unsigned char *q;

	if (*p == '-')
		p++;
	q = jscan_digits(p, s->end);
	if (q == p)
		return fail(s, p, "expected a value");
	if (*p == '0' && q - p > 1)
		return fail(s, p, "number with a leading zero");
	if (q < s->end && *q == '.') {
		p = q + 1;
		q = jscan_digits(p, s->end);
		if (q == p)
			return fail(s, p, "expected a digit");
	}
	if (q < s->end && (*q == 'e' || *q == 'E')) {
		p = q + 1;
		if (p < s->end && (*p == '+' || *p == '-'))
			p++;
		q = jscan_digits(p, s->end);
		if (q == p)
			return fail(s, p, "expected a digit");
	}
	return q;
}

static const unsigned char *
word(struct scan *s, const unsigned char *p, const char *text, size_t len)
{
	if ((size_t)(s->end - p) < len || memcmp(p, text, len) != 0)
		return fail(s, p, "expected a value");
	return p + len;
}

/* One word of a name, after the pattern of MurmurHash3. */
static inline uint64_t
mix(uint64_t h, uint64_t w)
{
	w *= UINT64_C(0x87c37b91114253d5);
	w = w << 31 | w >> 33;
	h ^= w * UINT64_C(0x4cf5ad432745937f);
	h = h << 27 | h >> 37;
	return h * 5 + 0x52dce729;
}

/* Names hold no NUL, so a last word padded with it is no other name's. */
static inline uint64_t
hash_plain(const unsigned char *p, size_t len, const unsigned char *end)
{
	uint64_t h = 0, w = 0;

	for (; len >= sizeof(w); p += sizeof(w), len -= sizeof(w))
		h = mix(h, jscan_load(p));
	if (len == 0)
		return h;
	if ((size_t)(end - p) >= sizeof(w)) {
		w = jscan_load(p) & (~UINT64_C(0) >> (64 - 8 * len));
	} else {
		memcpy(&w, p, len);
		w = le64toh(w);
	}
	return mix(h, w);
}

/* The same hash of what an escaped name decodes to. */
static uint64_t
hash_escaped(const unsigned char *p, size_t len)
{
	struct jscan_pieces pieces = { .p = p, .end = p + len };
	const unsigned char *data;
	uint64_t h = 0, w = 0;
	size_t filled = 0, n, i;

	while ((n = jscan_piece(&pieces, &data)) > 0) {
		for (i = 0; i < n; i++) {
			w |= (uint64_t)data[i] << (8 * filled++);
			if (filled == sizeof(w)) {
				h = mix(h, w);
				w = 0;
				filled = 0;
			}
		}
	}
	return filled > 0 ? mix(h, w) : h;
}

/* Whether the newest name is also an earlier one of the same object. */
static inline bool
is_repeated(const struct scan *s, struct frame *f, uint64_t h)
{
	uint64_t bit = UINT64_C(1) << (h >> 58);
	const uint64_t *names = s->names;
	size_t i;

	if ((f->seen & bit) == 0) {
		f->seen |= bit;
		return false;
	}
	for (i = f->first; i < s->names_len; i++) {
		if (names[i] == h)
			return true;
	}
	return false;
}

/* The wanted field of this name, if any. */
static inline struct jscan_value *
wanted(struct scan *s, const struct jscan_value *name)
{
	size_t i;

	if (s->count == 0)
		return NULL;
	if (!name->escaped && name->len > 0 &&
	    (s->initials >> ((unsigned char)name->text[0] & 63) & 1) == 0)
		return NULL;
	for (i = 0; i < s->count; i++) {
		struct jscan_field *f = &s->fields[i];

		if (!name->escaped && name->len > 0 &&
		    f->name[0] != name->text[0])
			continue;
		if (jscan_equal(name, f->name, strlen(f->name)))
			return &f->value;
	}
	return NULL;
}

/* p is where a name must be; returns where its value must be. */
static inline const unsigned char *
name(struct scan *s, const unsigned char *p)
{
	struct frame *f = &s->frames[s->depth - 1];
	struct jscan_value v = { .type = JSCAN_STRING };
	const unsigned char *start = p + 1;
	uint64_t h;

	if (p == s->end)
		return fail(s, p, TOO_SHORT);
	if (*p != '"')
		return fail(s, p, "expected a member name");
	p = string(s, start, &v.escaped);
	if (p == NULL)
		return NULL;
	v.text = (const char *)start;
	v.len = (size_t)(p - 1 - start);
	h = v.escaped ? hash_escaped(start, v.len) :
			hash_plain(start, v.len, s->end);
	if (is_repeated(s, f, h))
		return fail(s, start - 1, "repeated member name");
	if ((s->per_object ? s->names_len - f->first : s->members) ==
	    s->members_max)
		return fail(s, start - 1, "too many members");
	s->names[s->names_len++] = h;
	s->members++;
	if (s->depth == 1)
		s->slot[1] = wanted(s, &v);
	p = blank(s, p);
	if (p == s->end)
		return fail(s, p, TOO_SHORT);
	if (*p != ':')
		return fail(s, p, "expected a colon");
	return blank(s, p + 1);
}

/* A value that somebody asked for has ended. */
static inline void
keep(struct scan *s, enum jscan_type type, const unsigned char *text,
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

/* p is at the bracket; *inside_out tells that a value follows. */
static inline const unsigned char *
open_container(struct scan *s, const unsigned char *p, bool *inside_out)
{
	bool object = *p == '{';
	struct frame *f;

	if (s->depth == s->depth_max)
		return fail(s, p, "nested too deeply");
	f = &s->frames[s->depth++];
	f->start = p;
	f->seen = 0;
	f->first = s->names_len;
	f->type = object ? JSCAN_OBJECT : JSCAN_ARRAY;
	p = blank(s, p + 1);
	if (p < s->end && *p == (object ? '}' : ']'))
		return p; /* after() closes it */
	*inside_out = true;
	return object ? name(s, p) : p;
}

/* p is where a value must start; returns what is behind its first token. */
static inline const unsigned char *
begin(struct scan *s, const unsigned char *p, bool *inside_out)
{
	const unsigned char *start = p;
	enum jscan_type type;
	bool escaped = false;

	if (p == s->end)
		return fail(s, p, TOO_SHORT);
	switch (*p) {
	case '{':
	case '[':
		return open_container(s, p, inside_out);
	case '"':
		p = string(s, p + 1, &escaped);
		if (p != NULL)
			keep(s, JSCAN_STRING, start + 1, p - 1, escaped);
		return p;
	case 't':
		p = word(s, p, "true", 4);
		type = JSCAN_TRUE;
		break;
	case 'f':
		p = word(s, p, "false", 5);
		type = JSCAN_FALSE;
		break;
	case 'n':
		p = word(s, p, "null", 4);
		type = JSCAN_NULL;
		break;
	default:
		p = number(s, p);
		type = JSCAN_NUMBER;
		break;
	}
	if (p != NULL)
		keep(s, type, start, p, false);
	return p;
}

/* p is behind a value; closes what ends here, or steps to the next value. */
static inline const unsigned char *
after(struct scan *s, const unsigned char *p, bool *more_out)
{
	while (s->depth > 0) {
		const struct frame *f = &s->frames[s->depth - 1];
		bool object = f->type == JSCAN_OBJECT;

		p = blank(s, p);
		if (p == s->end)
			return fail(s, p, TOO_SHORT);
		if (*p == ',') {
			p = blank(s, p + 1);
			return object ? name(s, p) : p;
		}
		if (*p != (object ? '}' : ']'))
			return fail(s, p, "expected a comma or the end");
		p++;
		s->depth--;
		s->names_len = f->first;
		keep(s, f->type, f->start, p, false);
	}
	*more_out = false;
	return p;
}

static int
scan(struct scan *s)
{
	const unsigned char *p;
	bool more = true;

	if (s->text == s->end) {
		fail(s, s->text, TOO_SHORT);
		return E_SYNTAX;
	}
	p = blank(s, s->text);
	if (s->end - p > 2 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		p = fail(s, p, "byte order mark");
	while (p != NULL && more) {
		bool inside = false;

		p = begin(s, p, &inside);
		if (p != NULL && !inside)
			p = after(s, p, &more);
	}
	if (p != NULL && blank(s, p) != s->end)
		fail(s, blank(s, p), "something stands behind the value");
	return !more && s->what == NULL ? 0 : E_SYNTAX;
}

int
jscan_object(const char *text, size_t n, struct jscan_field *fields,
    size_t count, struct err *e)
{
	uint64_t names[JSCAN_MEMBERS_MAX] UNCLEARED;
	struct frame frames[JSCAN_DEPTH_MAX] UNCLEARED;
	struct jscan_value root = { .type = JSCAN_NONE };
	struct scan s = {
		.text = (const unsigned char *)text,
		.end = (const unsigned char *)text + n,
		.depth_max = JSCAN_DEPTH_MAX,
		.members_max = JSCAN_MEMBERS_MAX,
		.frames = frames,
		.names = names,
		.fields = fields,
		.count = count,
		.slot = { &root, NULL },
	};
	size_t i;
	int rc;

	for (i = 0; i < count; i++) {
		fields[i].value = (struct jscan_value){ .type = JSCAN_NONE };
		s.initials |= UINT64_C(1)
		    << ((unsigned char)fields[i].name[0] & 63);
	}
	rc = scan(&s);
	if (rc == 0 && root.type == JSCAN_OBJECT)
		return 0;
	if (rc == 0)
		fail(&s, s.text, "not an object");
	/* Nothing of a refused text is handed on. */
	for (i = 0; i < count; i++)
		fields[i].value = (struct jscan_value){ .type = JSCAN_NONE };
	return err_set(
	    e, E_SYNTAX, "%s (byte %zu)", s.what, (size_t)(s.at - s.text));
}

int
jscan_text(const char *text, size_t n, const struct jscan_options *o,
    struct jscan_value *out, size_t *offset_out, struct err *e)
{
	uint64_t few[JSCAN_MEMBERS_MAX] UNCLEARED;
	struct frame frames[JSCAN_DEPTH_LIMIT] UNCLEARED;
	size_t names_max = n / MEMBER_LEN_MIN + 1;
	uint64_t *many = NULL;
	struct jscan_value root = { .type = JSCAN_NONE };
	struct scan s = {
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
