/*
 * saslcheck: what the readers share: findings, paths below a root, and the
 * settings of a file that was read.
 */

#include "saslcheck.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "cli.h"
#include "err.h"
#include "mem.h"
#include "str.h"

#define FINDING_MAX 1024

/* Two services of a host may share what is wrong with it. */
static bool
was_said(struct saslcheck *c, const char *text)
{
	size_t i, n = c->findings;

	if (n > SASLCHECK_SAID_MAX)
		n = SASLCHECK_SAID_MAX;
	for (i = 0; i < n; i++) {
		if (c->said[i] != NULL && strcmp(c->said[i], text) == 0)
			return true;
	}
	if (n < SASLCHECK_SAID_MAX)
		c->said[n] = mem_strdup(text);
	c->findings++;
	return false;
}

void
saslcheck_end(struct saslcheck *c)
{
	size_t i;

	for (i = 0; i < SASLCHECK_SAID_MAX; i++)
		mem_free_str(&c->said[i]);
}

void
saslcheck_find(struct saslcheck *c, const char *path, unsigned number,
    const char *fmt, ...)
{
	char text[FINDING_MAX], shown[FINDING_MAX * 2];
	struct str s;
	va_list ap;
	int n;

	str_init(&s, text, sizeof(text));
	str_add(&s, path);
	if (number > 0)
		str_addf(&s, ":%u", number);
	str_add(&s, ": ");
	va_start(ap, fmt);
	n = vsnprintf(text + s.len, sizeof(text) - s.len, fmt, ap);
	va_end(ap);
	if (n < 0 || was_said(c, text))
		return;
	str_printable(shown, sizeof(shown), text, strlen(text));
	if (cli_printf("%s\n", shown) != CLI_DONE)
		c->status = CLI_UNAVAILABLE;
}

const char *
saslcheck_path(const struct saslcheck *c, const char *name, char buf[PATH_MAX])
{
	struct str s;

	str_init(&s, buf, PATH_MAX);
	str_add(&s, c->root);
	str_add(&s, name);
	return buf;
}

bool
saslcheck_exists(const struct saslcheck *c, const char *name)
{
	char path[PATH_MAX];

	return access(saslcheck_path(c, name, path), F_OK) == 0;
}

void
saslcheck_absent(struct saslcheck *c, const char *what)
{
	struct err e = { 0 };

	err_set(&e, E_IO,
	    "%s is not there: is the host installed, and the "
	    "root right?",
	    what);
	cli_fail(E_IO, &e);
	c->status = CLI_USAGE;
}

const struct saslcheck_line *
saslcheck_next(const struct saslcheck_file *f,
    const struct saslcheck_line *after, const char *key)
{
	size_t i = after == NULL ? 0 : (size_t)(after - f->lines) + 1;

	for (; i < f->count; i++) {
		if (strcmp(f->lines[i].key, key) == 0)
			return &f->lines[i];
	}
	return NULL;
}

const struct saslcheck_line *
saslcheck_get(const struct saslcheck_file *f, const char *key)
{
	return saslcheck_next(f, NULL, key);
}

const char *
saslcheck_value(
    const struct saslcheck_file *f, const char *key, const char *otherwise)
{
	const struct saslcheck_line *line = saslcheck_get(f, key);

	return line != NULL ? line->value : otherwise;
}

bool
saslcheck_yes(const char *value)
{
	static const char *const words[] = { "yes", "true", "on", "1", "t" };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(value, words[i]) == 0)
			return true;
	}
	return false;
}

bool
saslcheck_has(const char *list, const char *word)
{
	size_t n, want = strlen(word);

	for (; *list != '\0'; list += n) {
		list += strspn(list, ", \t");
		n = strcspn(list, ", \t");
		if (n == want && strncasecmp(list, word, n) == 0)
			return true;
	}
	return false;
}
