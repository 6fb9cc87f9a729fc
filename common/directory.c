/*
 * A question goes to a connection that is there already, or else to the
 * servers in turn, beginning with the one that answered last. Each has an
 * equal part of the time that is left, so that one that swallows questions
 * does not keep the next from being asked. What was answered, if only with a
 * refusal, is not asked again elsewhere.
 */

#include "directory.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "deadline.h"
#include "directory_priv.h"
#include "err.h"
#include "file.h"
#include "lock.h"
#include "mem.h"
#include "str.h"

#define PASSWORD_MAX 1024
#define TURN_NS 1000000 /* between two looks whether it is one's turn */

#define IN_CHAIN_YES 1
#define IN_CHAIN_NO (-1)

/* A filter is ASCII with escapes of its own, which are shown as they are. */
static const char *
show(const char *text, char buf[DIRECTORY_TEXT_MAX])
{
	const size_t room = DIRECTORY_TEXT_MAX - sizeof("...");
	struct str s;
	size_t n;

	if (text == NULL)
		return NULL;
	for (n = 0; text[n] >= 0x20 && text[n] < 0x7f; n++)
		;
	if (text[n] != '\0')
		return str_printable(
		    buf, DIRECTORY_TEXT_MAX, text, strlen(text));
	str_init(&s, buf, DIRECTORY_TEXT_MAX);
	str_add_bytes(&s, text, n < room ? n : room);
	str_add(&s, n < room ? "" : "...");
	return buf;
}

void
directory_tell(const struct directory_wait *wait,
    const struct directory_event *event, int r, const struct err *e)
{
	struct directory_event told = *event;
	char base[DIRECTORY_TEXT_MAX], filter[DIRECTORY_TEXT_MAX];
	char server[DIRECTORY_TEXT_MAX];

	if (wait->hear == NULL)
		return;
	told.result = r == 0 ? "ok" : err_text(e, r);
	told.took_us = deadline_now() - event->took_us;
	told.server = show(event->server, server);
	told.base = show(event->base, base);
	told.filter = show(event->filter, filter);
	wait->hear(&told, wait->arg);
}

int
directory_driver_of(
    struct directory *d, const struct directory_driver **out, struct err *e)
{
	const struct directory_driver *driver = atomic_load(&d->driver);
	int r = 0;

	if (driver == NULL)
		r = directory_load(&driver, e);
	if (r != 0)
		return r;
	atomic_store(&d->driver, driver);
	*out = driver;
	return 0;
}

/* The password is read for each connection, so a new one needs no reload. */
int
directory_read_password(
    const struct config_directory *c, struct file *out, struct err *e)
{
	int r;

	if (c->bind_dn == NULL)
		return 0;
	r = file_read(c->bind_password_file, PASSWORD_MAX, FILE_SECRET, out, e);
	if (r == 0)
		file_chomp(out);
	return r == 0 || r == E_NOMEM ? r : E_DIRECTORY_UNAVAILABLE;
}

int
directory_open_at(struct directory *d, size_t server, bool bind,
    const struct directory_wait *wait, struct directory_held *out,
    struct err *e)
{
	const struct directory_driver *driver;
	struct directory_target target = {
		.uri = d->config.uri.items[server],
		.start_tls = d->config.start_tls,
		.ca_file = d->config.ca_file,
		.bind_dn = d->config.bind_dn,
		.bind = bind,
	};
	const struct directory_event event = { .what = "connect",
		.server = target.uri,
		.base = bind ? target.bind_dn : NULL,
		.took_us = deadline_now() };
	struct file file = { .data = NULL };
	struct err why = { 0 };
	int r;

	r = directory_driver_of(d, &driver, &why);
	if (r == 0 && bind)
		r = directory_read_password(&d->config, &file, &why);
	target.password = file.data;
	target.password_len = file.len;
	if (r == 0)
		r = driver->connect(&target, wait->until, &out->conn, &why);
	file_done(&file);
	out->server = server;
	if (r == 0)
		atomic_store(&d->first, server);
	directory_tell(wait, &event, r, &why);
	return r == 0 ? 0 : err_set(e, r, "%s", err_text(&why, r));
}

/* One that waits, or none. What became useless meanwhile is closed. */
static bool
take_idle(struct directory *d, const struct directory_driver *driver,
    struct directory_held *out)
{
	for (;;) {
		out->conn = NULL;
		lock_take(&d->lock);
		if (d->idle_count > 0)
			*out = d->idle[--d->idle_count];
		lock_give(&d->lock);
		if (out->conn == NULL)
			return false;
		if (driver->alive(out->conn))
			return true;
		driver->close(&out->conn);
	}
}

/* Whoever takes it looks what became of it by then. */
void
directory_give(struct directory *d, struct directory_held *held)
{
	const struct directory_driver *driver = atomic_load(&d->driver);

	if (held->conn == NULL)
		return;
	if (driver->whole(held->conn)) {
		lock_take(&d->lock);
		if (d->idle_count < DIRECTORY_IDLE_MAX) {
			d->idle[d->idle_count++] = *held;
			held->conn = NULL;
		}
		lock_give(&d->lock);
	}
	driver->close(&held->conn);
}

/* Too many at once wait for one another, as they would for the server. */
static int
enter(struct directory *d, int64_t until, struct err *e)
{
	const struct timespec turn = { 0, TURN_NS };

	while (atomic_fetch_add(&d->busy, 1) >= DIRECTORY_BUSY_MAX) {
		atomic_fetch_sub(&d->busy, 1);
		if (deadline_left(until) == 0)
			return err_set(e, E_DIRECTORY_UNAVAILABLE,
			    "too many questions at the same time");
		(void)nanosleep(&turn, NULL);
	}
	return 0;
}

/* One question to one connection; *final: the answer stands. */
static int
ask(struct directory *d, struct directory_held *held,
    const struct directory_query *q, const struct directory_wait *wait,
    struct directory_result **out, struct err *e)
{
	const struct directory_driver *driver = atomic_load(&d->driver);
	struct directory_event event = { .what = "search",
		.server = d->config.uri.items[held->server],
		.base = q->base,
		.filter = q->filter,
		.took_us = deadline_now() };
	struct err why = { 0 };
	int r;

	r = driver->search(held->conn, q, wait->until, out, &why);
	event.found = r == 0 ? (*out)->count : 0;
	directory_tell(wait, &event, r, &why);
	return r == 0 ? 0 : err_set(e, r, "%s", err_text(&why, r));
}

/* As search_idle() and search_anew() go about it. */
struct search {
	struct directory *d;
	const struct directory_driver *driver;
	const struct directory_query *q;
	const struct directory_wait *wait;
	struct directory_result **out;
	size_t *server; /* that answered */
	struct err *e;
};

/* True when *r is the answer; false when another server should be asked. */
static bool
search_at(struct search *s, struct directory_held *held, int64_t until, int *r)
{
	struct directory_wait wait = *s->wait;
	struct err why = { 0 };
	bool final;

	wait.until = until;
	*r = ask(s->d, held, s->q, &wait, s->out, &why);
	final = *r == 0 || *r == E_NOMEM || s->driver->alive(held->conn);
	if (*r == 0)
		*s->server = held->server;
	directory_give(s->d, held);
	if (*r != 0) {
		err_clear(s->e);
		err_set(s->e, *r, "%s", err_text(&why, *r));
	}
	return final;
}

static int
search_anew(struct search *s, size_t servers)
{
	struct directory_wait wait = *s->wait;
	const size_t first = atomic_load(&s->d->first);
	struct directory_held held = { .conn = NULL };
	int r = E_DIRECTORY_UNAVAILABLE;
	size_t i;

	for (i = 0; i < servers; i++) {
		if (i > 0 && deadline_left(s->wait->until) == 0)
			break;
		err_clear(s->e);
		wait.until = deadline_share(
		    s->wait->until, (unsigned)(servers - i));
		r = directory_open_at(
		    s->d, (first + i) % servers, true, &wait, &held, s->e);
		if (r == E_NOMEM ||
		    (r == 0 && search_at(s, &held, wait.until, &r)))
			return r;
	}
	return r;
}

static int
search(struct directory *d, const struct directory_query *q,
    const struct directory_wait *wait, struct directory_result **out,
    size_t *server, struct err *e)
{
	struct err why = { 0 };
	struct search s = { .d = d,
		.q = q,
		.wait = wait,
		.out = out,
		.server = server,
		.e = &why };
	struct directory_held held = { .conn = NULL };
	int r;

	r = directory_driver_of(d, &s.driver, e);
	if (r == 0)
		r = enter(d, wait->until, e);
	if (r != 0)
		return r;
	if (!take_idle(d, s.driver, &held) ||
	    !search_at(&s, &held, deadline_share(wait->until, 2), &r))
		r = search_anew(&s, d->config.uri.count);
	atomic_fetch_sub(&d->busy, 1);
	return r == 0 ? 0 : err_set(e, r, "%s", err_text(&why, r));
}

int
directory_search(struct directory *d, const struct directory_query *q,
    const struct directory_wait *wait, struct directory_result **out,
    struct err *e)
{
	size_t server;

	return search(d, q, wait, out, &server, e);
}

static bool
has_value(const struct directory_result *r, const char *value)
{
	const struct directory_values *values;
	size_t i;

	if (r->count != 1)
		return false;
	values = &r->entries[0].values[0];
	for (i = 0; i < values->count; i++) {
		if (strcmp(values->items[i].data, value) == 0)
			return true;
	}
	return false;
}

/* Active Directory says so, and what is made after it (Samba) does too. */
int
directory_in_chain(struct directory *d, const struct directory_wait *wait,
    bool *out, struct err *e)
{
	static const char *const attributes[] = { "supportedCapabilities",
		NULL };
	const struct directory_query q = { .base = "",
		.scope = QUERY_BASE,
		.filter = "(objectClass=*)",
		.attributes = attributes,
		.entries_max = 1 };
	struct directory_result *result = NULL;
	size_t server = atomic_load(&d->first);
	signed char known = atomic_load(&d->in_chain[server]);
	int r = 0;

	if (known == 0) {
		r = search(d, &q, wait, &result, &server, e);
		if (r != 0)
			return r;
		known = has_value(result, "1.2.840.113556.1.4.800") ?
		    IN_CHAIN_YES :
		    IN_CHAIN_NO;
		atomic_store(&d->in_chain[server], known);
		directory_result_free(&result);
	}
	*out = known == IN_CHAIN_YES;
	return 0;
}

int64_t
directory_until(const struct config_directory *c)
{
	return deadline_in(c->deadline_ms);
}
