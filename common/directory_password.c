/*
 * A password is tried on a connection of its own, which is closed after it:
 * no search is ever made as a user, and no user's bind as whoever searches.
 */

#include "directory.h"

#include <string.h>

#include "deadline.h"
#include "directory_priv.h"
#include "err.h"

/* One try, and what has come of it. */
struct attempt {
	struct directory *d;
	const char *dn;
	const struct directory_value *password;
	struct directory_verdict *out;
	bool final; /* what was said stands */
};

static int
try(struct attempt *a, size_t server, const struct directory_wait *wait,
    struct err *e)
{
	struct directory_event event = { .what = "bind",
		.server = a->d->config.uri.items[server],
		.base = a->dn };
	struct directory_held held = { .conn = NULL };
	const struct directory_driver *driver;
	struct err why = { 0 };
	int r;

	r = directory_open_at(a->d, server, false, wait, &held, e);
	a->final = r == E_NOMEM;
	if (r != 0)
		return r;
	driver = atomic_load(&a->d->driver);
	event.took_us = deadline_now();
	r = driver->password(
	    held.conn, a->dn, a->password, wait->until, a->out, &why);
	directory_tell(wait, &event, r, &why);
	a->final = r == 0 || r == E_NOMEM || driver->alive(held.conn);
	driver->close(&held.conn);
	return r == 0 ? 0 : err_set(e, r, "%s", err_text(&why, r));
}

int
directory_password(struct directory *d, const char *dn,
    const struct directory_value *password, const struct directory_wait *wait,
    struct directory_verdict *out, struct err *e)
{
	struct attempt a = { d, dn, password, out, false };
	const size_t servers = d->config.uri.count,
		     first = atomic_load(&d->first);
	struct directory_wait part = *wait;
	int r = E_DIRECTORY_UNAVAILABLE;
	struct err why = { 0 };
	size_t i;

	/* RFC 4513 §5.1.2: a name without a password is nobody, and welcome */
	if (dn[0] == '\0' || password->len == 0 ||
	    memchr(password->data, '\0', password->len) != NULL) {
		*out = (struct directory_verdict){ .grace = -1,
			.expires_in = -1 };
		return 0;
	}
	for (i = 0; i < servers && !a.final; i++) {
		if (i > 0 && deadline_left(wait->until) == 0)
			break;
		err_clear(&why);
		part.until = deadline_share(
		    wait->until, (unsigned)(servers - i));
		r = try(&a, (first + i) % servers, &part, &why);
	}
	return r == 0 ? 0 : err_set(e, r, "%s", err_text(&why, r));
}
