/*
 * saslcheck_read: five ways of writing "this setting has that value", all by
 * lines. What is no setting is passed over: whether a file is well-formed is
 * for its host to say, except where libsasl is silent about it.
 */

#include "saslcheck.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "b64url.h"
#include "err.h"
#include "file.h"
#include "mem.h"
#include "str.h"

#define SECTION_MAX 128

/* A file while it is read. */
struct reading {
	enum saslcheck_syntax syntax;
	struct saslcheck_file *out;
	char section[SECTION_MAX];
};

static bool
blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Cuts blanks off both ends. */
static char *
trim(char *text)
{
	size_t n;

	while (blank(*text))
		text++;
	n = strlen(text);
	while (n > 0 && blank(text[n - 1]))
		text[--n] = '\0';
	return text;
}

/* Room for one more, twice as much each time. */
static int
grow(struct saslcheck_file *f)
{
	struct saslcheck_line *grown;

	if ((f->count & (f->count - 1)) != 0)
		return 0;
	grown = mem_array(f->count == 0 ? 1 : f->count * 2, sizeof(*grown));
	if (grown == NULL)
		return E_NOMEM;
	if (f->count > 0)
		memcpy(grown, f->lines, f->count * sizeof(*grown));
	free(f->lines);
	f->lines = grown;
	return 0;
}

/* Words are switches of memcached too, in which case counts. */
static int
add(const struct reading *r, const char *key, const char *value,
    unsigned number)
{
	struct saslcheck_file *f = r->out;
	struct saslcheck_line *line;
	char *p;

	if (grow(f) != 0)
		return E_NOMEM;
	line = &f->lines[f->count++];
	line->key = mem_strdup(key);
	line->value = mem_strdup(value);
	line->number = number;
	if (line->key == NULL || line->value == NULL)
		return E_NOMEM;
	for (p = line->key; *p != '\0' && r->syntax != SASLCHECK_WORDS; p++)
		*p = (char)tolower((unsigned char)*p);
	return 0;
}

/* LDIF's "key:: base64", with the alphabet and the padding of RFC 4648 §4. */
static void
decode(char *value)
{
	size_t n = 0, i;

	for (i = 0; value[i] != '\0' && value[i] != '='; i++) {
		if (value[i] == '+')
			value[i] = '-';
		if (value[i] == '/')
			value[i] = '_';
		n++;
	}
	if (b64url_decode((uint8_t *)value, value, n) == 0)
		value[B64URL_DECODED_LEN(n)] = '\0';
}

static int
add_section(struct reading *r, char *text, unsigned number)
{
	char key[SECTION_MAX * 2];
	struct str s;
	char *sign;

	if (*text == '[') {
		str_init(&s, r->section, sizeof(r->section));
		str_add_bytes(&s, text + 1, strcspn(text + 1, "]"));
		return 0;
	}
	sign = strchr(text, '=');
	if (sign == NULL)
		return 0;
	*sign = '\0';
	str_init(&s, key, sizeof(key));
	str_addf(&s, "%s.%s", r->section, trim(text));
	return add(r, key, trim(sign + 1), number);
}

/* One logical line, which may be changed. */
static int
take(struct reading *r, char *text, unsigned number)
{
	static const char signs[] = {
		[SASLCHECK_COLON] = ':',
		[SASLCHECK_POSTFIX] = '=',
		[SASLCHECK_SECTIONS] = '=',
		[SASLCHECK_LDIF] = ':',
		[SASLCHECK_WORDS] = ' ',
	};
	bool encoded;
	char *sign, *value;

	text = trim(text);
	if (*text == '\0' || *text == '#')
		return 0;
	if (r->syntax == SASLCHECK_SECTIONS)
		return add_section(r, text, number);
	sign = r->syntax == SASLCHECK_WORDS ? text + strcspn(text, " \t") :
					      strchr(text, signs[r->syntax]);
	if (sign == NULL)
		return 0;
	encoded = r->syntax == SASLCHECK_LDIF && sign[1] == ':';
	value = *sign == '\0' ? sign : sign + 1 + (encoded ? 1 : 0);
	*sign = '\0';
	value = trim(value);
	if (encoded)
		decode(value);
	return add(r, trim(text), value, number);
}

/* A comment in the middle of a setting of Postfix ends nothing: the line goes
 * on behind it. */
static bool
erase_comment(char *line)
{
	char *p = line;

	while (blank(*p))
		p++;
	if (*p != '#')
		return false;
	memset(line, ' ', strcspn(line, "\n"));
	return true;
}

/* Whether a line goes on with the one behind it. */
static bool
continued(const struct reading *r, char *next)
{
	switch (r->syntax) {
	case SASLCHECK_POSTFIX:
		return erase_comment(next) || *next == ' ' || *next == '\t';
	case SASLCHECK_WORDS:
		return *next == ' ' || *next == '\t';
	case SASLCHECK_LDIF:
		return *next == ' ';
	case SASLCHECK_COLON:
	case SASLCHECK_SECTIONS:
		return false;
	}
	return false;
}

/* Takes the file apart; text is changed. */
static int
take_all(struct reading *r, char *text)
{
	unsigned number = 0, first;
	char *start, *end, *next;
	int ret = 0;

	for (start = text; start != NULL && *start != '\0' && ret == 0;
	     start = next) {
		first = ++number;
		end = strchr(start, '\n');
		next = end != NULL ? end + 1 : NULL;
		while (next != NULL && *start != '#' && continued(r, next)) {
			/* joined: LDIF drops the blank, the others keep it */
			*end = ' ';
			if (r->syntax == SASLCHECK_LDIF)
				memmove(end, next + 1, strlen(next + 1) + 1);
			end = strchr(end, '\n');
			next = end != NULL ? end + 1 : NULL;
			number++;
		}
		if (end != NULL)
			*end = '\0';
		ret = take(r, start, first);
	}
	return ret;
}

bool
saslcheck_read_at(struct saslcheck *c, const char *path,
    enum saslcheck_syntax syntax, struct saslcheck_file *out)
{
	struct reading r = { .syntax = syntax, .out = out };
	struct file file = { 0 };
	struct err e = { 0 };
	struct str s;
	int ret;

	*out = (struct saslcheck_file){ .lines = NULL };
	str_init(&s, out->path, sizeof(out->path));
	str_add(&s, path);
	errno = 0;
	ret = file_read(path, SASLCHECK_FILE_MAX, FILE_ANY, &file, &e);
	if (ret == E_IO && errno == ENOENT)
		return false;
	if (ret == 0)
		ret = take_all(&r, file.data);
	file_done(&file);
	if (ret != 0)
		saslcheck_find(c, path, 0, "%s", err_text(&e, ret));
	else
		c->files++;
	return ret == 0;
}

bool
saslcheck_read(struct saslcheck *c, const char *name,
    enum saslcheck_syntax syntax, struct saslcheck_file *out)
{
	char path[PATH_MAX];

	return saslcheck_read_at(c, saslcheck_path(c, name, path), syntax, out);
}

void
saslcheck_done(struct saslcheck_file *f)
{
	size_t i;

	for (i = 0; i < f->count; i++) {
		mem_free_str(&f->lines[i].key);
		mem_free_str(&f->lines[i].value);
	}
	free(f->lines);
	f->lines = NULL;
	f->count = 0;
}
