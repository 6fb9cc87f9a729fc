/*
 * Words are cut out of the line as they stand; what has escapes is decoded
 * into the room of the line. A field that repeats, or that no rule knows, is
 * left to the engine, which says so.
 */

#include "fraudctl_log.h"

#include <string.h>

#include "addr.h"
#include "err.h"
#include "jscan.h"
#include "str.h"

struct cursor {
	const char *at;
	size_t left;
};

static bool
take_byte(struct cursor *c, char byte)
{
	if (c->left == 0 || *c->at != byte)
		return false;
	c->at++;
	c->left--;
	return true;
}

/* What stands before the next such byte, which is taken too. */
static bool
take_until(struct cursor *c, char byte, struct engine_text *out)
{
	const char *end = memchr(c->at, byte, c->left);

	if (end == NULL)
		return false;
	out->data = c->at;
	out->len = (size_t)(end - c->at);
	c->left -= out->len + 1;
	c->at = end + 1;
	return true;
}

static void
skip_blanks(struct cursor *c)
{
	while (take_byte(c, ' ') || take_byte(c, '\t'))
		;
}

/* A word up to a blank or the end; false at the end. */
static bool
take_word(struct cursor *c, struct engine_text *out)
{
	skip_blanks(c);
	out->data = c->at;
	while (c->left > 0 && *c->at != ' ' && *c->at != '\t') {
		c->at++;
		c->left--;
	}
	out->len = (size_t)(c->at - out->data);
	return out->len > 0;
}

static bool
add_field(struct log_line *line, const char *name, struct engine_text value)
{
	struct engine_attempt *a = &line->attempt;

	if (a->count == ENGINE_FIELDS_MAX)
		return false;
	a->fields[a->count].name.data = name;
	a->fields[a->count].name.len = strlen(name);
	a->fields[a->count].value = value;
	a->count++;
	return true;
}

static bool
text_is(struct engine_text t, const char *word)
{
	return str_is(t.data, t.len, word);
}

/* The text between quotes, in which a backslash keeps the next byte. */
static bool
take_quoted(struct cursor *c, struct engine_text *out)
{
	skip_blanks(c);
	if (!take_byte(c, '"'))
		return false;
	out->data = c->at;
	while (c->left > 0 && *c->at != '"') {
		if (*c->at == '\\' && c->left > 1) {
			c->at++;
			c->left--;
		}
		c->at++;
		c->left--;
	}
	out->len = (size_t)(c->at - out->data);
	return take_byte(c, '"');
}

bool
log_take_statuses(struct log_options *o, const char *list)
{
	unsigned n;

	for (;; list++) {
		for (n = 0; *list >= '0' && *list <= '9' && n < 1000; list++)
			n = n * 10 + (unsigned)(*list - '0');
		if (n < 100 || n > 999 || o->status_count == LOG_STATUSES)
			return false;
		o->statuses[o->status_count++] = (uint16_t)n;
		if (*list == '\0')
			return true;
		if (*list != ',')
			return false;
	}
}

static bool
status_wanted(const struct log_options *o, struct engine_text status)
{
	unsigned n = 0;
	size_t i;

	for (i = 0; i < status.len && i < 4; i++)
		n = n * 10 + (unsigned)(status.data[i] - '0');
	for (i = 0; i < o->status_count; i++) {
		if (o->statuses[i] == n)
			return true;
	}
	return o->status_count == 0;
}

/* "POST /login HTTP/1.1" as a method and a path. */
static bool
wanted(const struct log_options *o, struct engine_text request,
    struct log_line *line, struct engine_text *method, struct engine_text *path)
{
	struct cursor c = { request.data, request.len };
	struct str s;

	if (!take_word(&c, method) || !take_word(&c, path))
		return o->match == NULL;
	str_init(&s, line->room, sizeof(line->room));
	str_add_bytes(&s, method->data, method->len);
	str_add(&s, " ");
	str_add_bytes(&s, path->data, path->len);
	return o->match == NULL || (!s.full && str_match(o->match, s.data));
}

struct web {
	struct engine_text ip, ident, user, time, request, status, size;
	struct engine_text referrer, agent, method, path;
};

static bool
web_split(struct cursor *c, struct web *w)
{
	if (!take_word(c, &w->ip) || !take_word(c, &w->ident))
		return false;
	skip_blanks(c);
	/* a user's name may hold blanks */
	if (!take_until(c, '[', &w->user) || !take_until(c, ']', &w->time) ||
	    !take_quoted(c, &w->request) || !take_word(c, &w->status))
		return false;
	while (w->user.len > 0 && w->user.data[w->user.len - 1] == ' ')
		w->user.len--;
	if (take_word(c, &w->size) && take_quoted(c, &w->referrer))
		(void)take_quoted(c, &w->agent);
	return w->status.len == 3;
}

static enum log_found
read_web(const char *text, size_t n, const struct log_options *o,
    struct log_line *out, struct err *e)
{
	struct cursor c = { text, n };
	struct web w = { 0 };

	if (!web_split(&c, &w) ||
	    log_web_time(w.time.data, w.time.len, &out->ms) != 0) {
		err_set(e, E_SYNTAX, "is no line of a web server's log");
		return LOG_BAD;
	}
	if (!status_wanted(o, w.status) ||
	    !wanted(o, w.request, out, &w.method, &w.path))
		return LOG_OTHER;
	if (o->event == NULL) {
		err_set(e, E_SYNTAX, "a web server's line needs --event");
		return LOG_BAD;
	}
	out->attempt.event.data = o->event;
	out->attempt.event.len = strlen(o->event);
	add_field(out, "ip", w.ip);
	if (w.user.len > 0 && !text_is(w.user, "-"))
		add_field(out, "user", w.user);
	if (o->method)
		add_field(out, "method", w.method);
	if (o->path)
		add_field(out, "path", w.path);
	if (o->status)
		add_field(out, "status", w.status);
	if (o->agent)
		add_field(out, "agent", w.agent);
	return LOG_ATTEMPT;
}

/* Decodes a string into the room. */
static bool
decode(
    struct log_line *line, const struct jscan_value *v, struct engine_text *out)
{
	size_t n;

	if (line->used == sizeof(line->room) ||
	    jscan_string(v, line->room + line->used,
		sizeof(line->room) - line->used, &n) != 0)
		return false;
	out->data = line->room + line->used;
	out->len = n;
	line->used += n + 1;
	return true;
}

static bool
take_member(struct log_line *line, const struct jscan_value *key,
    const struct jscan_value *value, bool *timed)
{
	struct engine_field *f = &line->attempt.fields[line->attempt.count];
	struct engine_text name, text = { value->text, value->len };

	if (!decode(line, key, &name) ||
	    (value->type == JSCAN_STRING && !decode(line, value, &text)))
		return false;
	if (text_is(name, "time")) {
		*timed = log_time(text.data, text.len, &line->ms) == 0;
		return *timed;
	}
	if (value->type != JSCAN_STRING)
		return false;
	if (text_is(name, "event")) {
		line->attempt.event = text;
		return true;
	}
	if (line->attempt.count == ENGINE_FIELDS_MAX)
		return false;
	f->name = name;
	f->value = text;
	line->attempt.count++;
	return true;
}

static enum log_found
read_json(const char *text, size_t n, struct log_line *out, struct err *e)
{
	static const struct jscan_options plain;
	struct jscan_value whole, key, value;
	struct jscan_cursor c = { NULL };
	bool timed = false;

	if (jscan_text(text, n, &plain, &whole, NULL, e) != 0)
		return LOG_BAD;
	while (jscan_next(&whole, &c, &key, &value)) {
		if (!take_member(out, &key, &value, &timed)) {
			err_set(e, E_SYNTAX,
			    "members are strings, and time is a time");
			return LOG_BAD;
		}
	}
	if (timed && out->attempt.event.len > 0)
		return LOG_ATTEMPT;
	err_set(e, E_SYNTAX, "has no time or no event");
	return LOG_BAD;
}

/* A word, or what stands in quotes. */
static bool
take_value(struct cursor *c, struct engine_text *out)
{
	skip_blanks(c);
	if (take_byte(c, '"'))
		return take_until(c, '"', out);
	if (take_byte(c, '\''))
		return take_until(c, '\'', out);
	return take_word(c, out);
}

static enum log_found
read_words(const char *text, size_t n, struct log_line *out, struct err *e)
{
	struct engine_attempt *a = &out->attempt;
	struct cursor c = { text, n };
	struct engine_text time, verb;

	if (!take_word(&c, &time) ||
	    log_time(time.data, time.len, &out->ms) != 0) {
		err_set(e, E_SYNTAX, "does not begin with a time");
		return LOG_BAD;
	}
	if (!take_word(&c, &verb) || !text_is(verb, "ATTEMPT"))
		return LOG_OTHER;
	if (!take_value(&c, &a->event)) {
		err_set(e, E_SYNTAX, "has no event");
		return LOG_BAD;
	}
	while (a->count < ENGINE_FIELDS_MAX &&
	    take_value(&c, &a->fields[a->count].name)) {
		if (!take_value(&c, &a->fields[a->count].value)) {
			err_set(e, E_SYNTAX, "each field needs a value");
			return LOG_BAD;
		}
		a->count++;
	}
	skip_blanks(&c);
	if (c.left == 0)
		return LOG_ATTEMPT;
	err_set(e, E_SYNTAX, "has too many fields");
	return LOG_BAD;
}

enum log_found
log_read(const char *text, size_t n, const struct log_options *o,
    struct log_line *out, struct err *e)
{
	struct cursor c = { text, n };
	struct engine_text word;
	struct addr address;

	while (n > 0 && (text[n - 1] == '\r' || text[n - 1] == ' '))
		n--;
	c.left = n;
	out->attempt.count = 0;
	out->attempt.event.data = NULL;
	out->attempt.event.len = 0;
	out->attempt.uid = 0;
	out->used = 0;
	if (!take_word(&c, &word) || word.data[0] == '#')
		return LOG_OTHER;
	n -= (size_t)(word.data - text);
	if (word.data[0] == '{')
		return read_json(word.data, n, out, e);
	if (addr_parse(word.data, word.len, &address) == 0)
		return read_web(word.data, n, o, out, e);
	return read_words(word.data, n, out, e);
}
