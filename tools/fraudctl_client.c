/* RESP2 from the side that asks. */

#include "fraudctl_client.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "json.h"
#include "mem.h"
#include "str.h"

#define BUFFER 65536
#define HEAD_MAX 32
#define WORDS_BYTES 16384

struct client {
	int fd;
	int64_t deadline; /* ms, monotonic; -1: none */
	size_t at, len;
	char buffer[BUFFER];
};

static int64_t
clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int
client_open(const char *path, struct client **out, struct err *e)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct client *c;

	if (strlen(path) >= sizeof(to.sun_path))
		return err_set(e, E_IO, "%s: too long for a socket", path);
	memcpy(to.sun_path, path, strlen(path) + 1);
	c = mem_alloc(sizeof(*c));
	if (c == NULL)
		return err_set(e, E_NOMEM, "out of memory");
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 ||
	    connect(c->fd, (const struct sockaddr *)&to, sizeof(to)) != 0) {
		err_set(e, E_IO, "%s: %s", path, strerror(errno));
		client_close(&c);
		return E_IO;
	}
	*out = c;
	return 0;
}

void
client_close(struct client **c)
{
	if (*c == NULL)
		return;
	if ((*c)->fd >= 0)
		close((*c)->fd);
	mem_free(c, sizeof(**c));
}

int
client_fd(const struct client *c)
{
	return c->fd;
}

int
client_send(
    struct client *c, const char *const *words, size_t count, struct err *e)
{
	char data[WORDS_BYTES];
	struct str s;
	size_t i, done = 0;
	ssize_t n;

	str_init(&s, data, sizeof(data));
	str_addf(&s, "*%zu\r\n", count);
	for (i = 0; i < count; i++) {
		str_addf(&s, "$%zu\r\n", strlen(words[i]));
		str_add(&s, words[i]);
		str_add(&s, "\r\n");
	}
	if (s.full)
		return err_set(e, E_IO, "the request is too long");
	while (done < s.len) {
		n = send(c->fd, data + done, s.len - done, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(e, E_IO, "fraudd: %s", strerror(errno));
		done += (size_t)n;
	}
	return 0;
}

/* Waits for bytes and has at least one. */
static int
fill(struct client *c, struct err *e)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };
	int64_t left = -1;
	ssize_t n;
	int ready;

	if (c->at < c->len)
		return 0;
	if (c->deadline >= 0) {
		left = c->deadline - clock_ms();
		left = left < 0 ? 0 : left;
	}
	ready = poll(&p, 1, (int)left);
	if (ready == 0)
		return err_set(e, E_IO, "fraudd does not answer");
	if (ready < 0)
		return err_set(e, E_IO, "fraudd: %s", strerror(errno));
	n = recv(c->fd, c->buffer, sizeof(c->buffer), 0);
	if (n < 0)
		return err_set(e, E_IO, "fraudd: %s", strerror(errno));
	if (n == 0)
		return err_set(e, E_IO, "fraudd has closed the connection");
	c->at = 0;
	c->len = (size_t)n;
	return 0;
}

/* A line without its CRLF, in memory of its own. */
static int
read_line(struct client *c, char **out, struct err *e)
{
	size_t n = 0, cap = 0;
	char *text = NULL, *more;
	int r;

	for (;;) {
		r = fill(c, e);
		if (r == 0 && n == cap) {
			cap = cap == 0 ? 64 : cap * 2;
			more = cap > RESP_TEXT_MAX ? NULL : realloc(text, cap);
			if (more == NULL)
				r = err_set(e, E_NOMEM, "out of memory");
			else
				text = more;
		}
		if (r != 0)
			break;
		text[n] = c->buffer[c->at++];
		if (text[n] == '\n' && n > 0 && text[n - 1] == '\r') {
			text[n - 1] = '\0';
			*out = text;
			return 0;
		}
		n++;
	}
	free(text);
	return r;
}

/* n bytes and the CRLF behind them. */
static int
read_bulk(struct client *c, size_t n, char **out, struct err *e)
{
	size_t have = 0, part;
	char *text = malloc(n + 2);
	int r = 0;

	if (text == NULL)
		return err_set(e, E_NOMEM, "out of memory");
	while (have < n + 2 && (r = fill(c, e)) == 0) {
		part = c->len - c->at;
		if (part > n + 2 - have)
			part = n + 2 - have;
		memcpy(text + have, c->buffer + c->at, part);
		c->at += part;
		have += part;
	}
	if (r == 0 && memcmp(text + n, "\r\n", 2) != 0)
		r = err_set(e, E_SYNTAX, "the answer is none of fraudd's");
	if (r != 0) {
		free(text);
		return r;
	}
	text[n] = '\0';
	*out = text;
	return 0;
}

static bool
take_number(const char *text, int64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoll(text, &end, 10);
	return errno == 0 && end != text && *end == '\0';
}

static int read_value(
    struct client *c, unsigned depth, struct resp *out, struct err *e);

static int
read_items(struct client *c, unsigned depth, struct resp *out, struct err *e)
{
	size_t i, count = (size_t)out->number;
	int r = 0;

	if (depth == 0)
		return err_set(e, E_SYNTAX, "the answer is too deep");
	out->items = mem_array(count, sizeof(*out->items));
	if (out->items == NULL)
		return err_set(e, E_NOMEM, "out of memory");
	for (i = 0; r == 0 && i < count; i++) {
		out->count++;
		r = read_value(c, depth - 1, &out->items[i], e);
	}
	return r;
}

/* What follows its head line, which is in out->text. */
static int
read_body(struct client *c, unsigned depth, struct resp *out, struct err *e)
{
	char *text = NULL;
	int r;

	if (out->kind == RESP_STATUS || out->kind == RESP_ERROR)
		return 0;
	if (!take_number(out->text, &out->number) ||
	    out->number > RESP_COUNT_MAX)
		if (out->kind != RESP_INTEGER)
			return err_set(e, E_SYNTAX, "the answer is too large");
	free(out->text);
	out->text = NULL;
	if (out->kind == RESP_INTEGER)
		return 0;
	if (out->number < 0) {
		out->kind = RESP_NIL;
		return 0;
	}
	if (out->kind == RESP_ARRAY)
		return read_items(c, depth, out, e);
	r = read_bulk(c, (size_t)out->number, &text, e);
	out->text = text;
	return r;
}

static int
read_value(struct client *c, unsigned depth, struct resp *out, struct err *e)
{
	static const char marks[] = "+-:$*";
	const char *mark;
	char *line = NULL;
	int r;

	r = read_line(c, &line, e);
	if (r != 0)
		return r;
	mark = line[0] != '\0' ? strchr(marks, line[0]) : NULL;
	if (mark == NULL) {
		free(line);
		return err_set(e, E_SYNTAX, "the answer is none of fraudd's");
	}
	out->kind = (enum resp_kind)(RESP_STATUS + (mark - marks));
	memmove(line, line + 1, strlen(line));
	out->text = line;
	return read_body(c, depth, out, e);
}

int
client_read(struct client *c, int patience, struct resp *out, struct err *e)
{
	struct resp value = { 0 };
	int r;

	c->deadline = patience < 0 ? -1 : clock_ms() + patience;
	r = read_value(c, RESP_DEPTH_MAX, &value, e);
	if (r != 0)
		resp_free(&value);
	else
		*out = value;
	return r;
}

void
resp_free(struct resp *r)
{
	size_t i;

	for (i = 0; i < r->count; i++)
		resp_free(&r->items[i]);
	free(r->items);
	free(r->text);
	memset(r, 0, sizeof(*r));
}

const struct resp *
resp_find(const struct resp *map, const char *name)
{
	size_t i;

	for (i = 0; i + 1 < map->count; i += 2) {
		if (map->items[i].kind == RESP_TEXT &&
		    strcmp(map->items[i].text, name) == 0)
			return &map->items[i + 1];
	}
	return NULL;
}

const char *
resp_text(const struct resp *map, const char *name)
{
	const struct resp *value = resp_find(map, name);

	return value != NULL && value->text != NULL ? value->text : "";
}

int64_t
resp_number(const struct resp *map, const char *name)
{
	const struct resp *value = resp_find(map, name);

	return value != NULL ? value->number : 0;
}

static int
put_value(struct json *object, const char *name, const struct resp *value)
{
	char shown[512];
	struct json *list = NULL;
	int r;

	switch (value->kind) {
	case RESP_INTEGER:
		return json_put_integer(object, name, value->number);
	case RESP_ARRAY:
		r = resp_maps_json(value, &list);
		return r != 0 ? r : json_put(object, name, list);
	case RESP_STATUS:
	case RESP_ERROR:
	case RESP_TEXT:
		str_printable(
		    shown, sizeof(shown), value->text, strlen(value->text));
		return json_put_string(object, name, shown);
	case RESP_NIL:
		break;
	}
	return json_put_string(object, name, "");
}

int
resp_map_json(const struct resp *map, struct json **out)
{
	struct json *object = NULL;
	size_t i;
	int r;

	r = json_make_object(&object);
	for (i = 0; r == 0 && i + 1 < map->count; i += 2) {
		if (map->items[i].kind == RESP_TEXT)
			r = put_value(
			    object, map->items[i].text, &map->items[i + 1]);
	}
	if (r != 0)
		json_free(&object);
	else
		*out = object;
	return r;
}

int
resp_maps_json(const struct resp *list, struct json **out)
{
	struct json *array = NULL, *one;
	size_t i;
	int r;

	r = json_make_array(&array);
	for (i = 0; r == 0 && i < list->count; i++) {
		one = NULL;
		r = resp_map_json(&list->items[i], &one);
		if (r == 0)
			r = json_append(array, one);
	}
	if (r != 0)
		json_free(&array);
	else
		*out = array;
	return r;
}
