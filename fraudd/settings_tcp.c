/*
 * settings_tcp: a listener for clients that know no Unix socket. Everybody on
 * the machine can connect to it, so a secret says who may ask, and the rights
 * stand in its own entry: those of users and groups say nothing here.
 */

#include "settings_priv.h"

#include "err.h"
#include "file.h"
#include "json.h"
#include "mem.h"
#include "schema.h"

#include <stdlib.h>
#include <string.h>

/* 127.0.0.0/8 and ::1; a name or another address is no loopback. */
static bool
is_loopback(const struct addr *a)
{
	static const uint8_t one[16] = { [15] = 1 };

	return (a->family == 4 && a->bytes[0] == 127) ||
	    (a->family == 6 && memcmp(a->bytes, one, sizeof(one)) == 0);
}

static uint16_t
read_port(const char *s)
{
	unsigned long n = 0;

	if (*s < '1' || *s > '9')
		return 0;
	for (; *s >= '0' && *s <= '9' && n <= UINT16_MAX; s++)
		n = n * 10 + (unsigned long)(*s - '0');
	return *s == '\0' && n <= UINT16_MAX ? (uint16_t)n : 0;
}

/* "127.0.0.1:4001" or "[::1]:4001" */
static bool
read_place(const char *s, struct settings_listener *l)
{
	const char *colon = strrchr(s, ':');
	bool brackets = *s == '[';
	size_t n;

	if (colon == NULL)
		return false;
	n = (size_t)(colon - s);
	if (brackets && (n < 2 || colon[-1] != ']'))
		return false;
	if (brackets) {
		s++;
		n -= 2;
	}
	if (addr_parse(s, n, &l->addr) != 0 || !is_loopback(&l->addr) ||
	    brackets != (l->addr.family == 6))
		return false;
	l->port = read_port(colon + 1);
	return l->port != 0;
}

int
settings_take_tcp(const struct schema_source *src, const struct json *node,
    const struct json_path *up, struct settings_listener *l)
{
	struct json_path at = { .up = up, .name = "tcp" };

	if (!read_place(json_string(json_member(node, at.name), NULL), l))
		return schema_fail(src, &at,
		    "must be a loopback address and a port, like "
		    "\"127.0.0.1:4001\" or \"[::1]:4001\"");
	at.name = "secret_file";
	if (json_member(node, at.name) == NULL)
		return schema_fail(src, &at, "is required with \"tcp\"");
	at.name = "may";
	if (json_member(node, at.name) == NULL)
		return schema_fail(src, &at, "is required with \"tcp\"");
	l->access = mem_array(1, sizeof(*l->access));
	if (l->access == NULL ||
	    schema_take_string(node, "tcp", &l->path) != 0 ||
	    schema_take_string(node, "secret_file", &l->secret_file) != 0)
		return err_set(src->e, E_NOMEM, "out of memory");
	l->access_count = 1;
	l->access->holder = true;
	return settings_take_rights(src, node, l->access);
}

/* What a header can carry: printable, no blank. */
static bool
is_plain(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n && s[i] > ' ' && s[i] <= '~'; i++)
		;
	return i == n;
}

static int
read_secret(struct settings_listener *l, struct err *e)
{
	struct file f = { 0 };
	int r;

	r = file_read(
	    l->secret_file, SETTINGS_SECRET_MAX + 1, FILE_SECRET, &f, e);
	if (r != 0)
		return r;
	file_chomp(&f);
	if (f.len < SETTINGS_SECRET_MIN || f.len > SETTINGS_SECRET_MAX ||
	    !is_plain(f.data, f.len))
		r = err_set(e, E_CONFIG_INVALID,
		    "%s: must hold %d to %d printable characters, no blanks",
		    l->secret_file, SETTINGS_SECRET_MIN, SETTINGS_SECRET_MAX);
	else {
		l->secret = mem_dup(f.data, f.len);
		l->secret_len = l->secret != NULL ? f.len : 0;
		if (l->secret == NULL)
			r = err_set(e, E_NOMEM, "out of memory");
	}
	file_done(&f);
	return r;
}

int
settings_read_secrets(struct settings *s, struct err *e)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < s->listener_count; i++)
		if (s->listeners[i].secret_file != NULL)
			r = read_secret(&s->listeners[i], e);
	return r;
}
