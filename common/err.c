/*
 * err: one table of codes, and one sentence in the caller's storage. Nothing
 * is allocated, so that "out of memory" can still be said.
 */

#include "err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *word;
	const char *sentence;
	enum err_class class;
} rows[ERR_ROW_COUNT] = { [ERR_ROW_OK] = { "ok", "no error", ERR_CLASS_NONE },
#define X(code, word, class, sentence) \
	[ERR_ROW_##code] = { word, sentence, ERR_CLASS_##class },
	ERR_TABLE(X)
#undef X
};

/* A code that is none of ours is a fault and must not look like success. */
static const char unknown_word[] = "unknown_error";
static const char unknown_sentence[] = "an error without a name";

static int
is_known(int code)
{
	return code <= 0 && code > -(int)ERR_ROW_COUNT;
}

/* Marks a sentence that was cut, without leaving half a character. */
static void
mark_cut(char text[ERR_TEXT_MAX])
{
	size_t end = ERR_TEXT_MAX - sizeof("...");

	while (end > 0 && ((unsigned char)text[end] & 0xc0) == 0x80)
		end--;
	memcpy(text + end, "...", sizeof("..."));
}

int
err_set(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (e == NULL || e->code != 0 || code == 0)
		return code;
	va_start(ap, fmt);
	n = vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	if (n < 0)
		e->text[0] = '\0';
	else if ((size_t)n >= sizeof(e->text))
		mark_cut(e->text);
	e->code = code;
	return code;
}

void
err_prefix(struct err *e, const char *fmt, ...)
{
	char text[ERR_TEXT_MAX];
	size_t len, rest;
	va_list ap;
	int n;

	if (e == NULL || e->code == 0)
		return;
	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	len = strlen(text);
	rest = sizeof(text) - len;
	n = snprintf(text + len, rest, ": %s", err_text(e, e->code));
	if (n < 0 || (size_t)n >= rest)
		mark_cut(text);
	memcpy(e->text, text, sizeof(text));
}

void
err_clear(struct err *e)
{
	if (e == NULL)
		return;
	e->code = 0;
	e->text[0] = '\0';
}

const char *
err_name(int code)
{
	return is_known(code) ? rows[-code].word : unknown_word;
}

const char *
err_text(const struct err *e, int code)
{
	if (e != NULL && e->code != 0 && e->text[0] != '\0')
		return e->text;
	return is_known(code) ? rows[-code].sentence : unknown_sentence;
}

enum err_class
err_class(int code)
{
	return is_known(code) ? rows[-code].class : ERR_CLASS_UNAVAILABLE;
}

int
err_is_reason(int code)
{
	return code <= E_TOKEN_MISSING && code > -(int)ERR_ROW_COUNT;
}
