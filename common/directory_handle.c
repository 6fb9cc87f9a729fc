/*
 * A handle over a copy of its part of the configuration: it may outlive the
 * configuration that it was made for.
 */

#include "directory.h"

#include <stdlib.h>
#include <string.h>

#include "directory_priv.h"
#include "err.h"
#include "file.h"
#include "mem.h"

#define CA_FILE_MAX (4 * 1024 * 1024)

static int
copy_text(const char *from, char **to)
{
	if (from == NULL)
		return 0;
	*to = mem_strdup(from);
	return *to == NULL ? E_NOMEM : 0;
}

static int
copy_list(const struct config_list *from, struct config_list *to)
{
	to->items = mem_array(from->count, sizeof(*to->items));
	if (to->items == NULL)
		return E_NOMEM;
	for (; to->count < from->count; to->count++) {
		if (copy_text(from->items[to->count], &to->items[to->count]) !=
		    0)
			return E_NOMEM;
	}
	return 0;
}

static int
copy(const struct config_directory *from, struct config_directory *to)
{
	*to = *from;
	to->uri = (struct config_list){ NULL, 0 };
	to->ca_file = to->bind_dn = to->bind_password_file = NULL;
	to->base = to->user_filter = NULL;
	if (copy_list(&from->uri, &to->uri) != 0 ||
	    copy_text(from->ca_file, &to->ca_file) != 0 ||
	    copy_text(from->bind_dn, &to->bind_dn) != 0 ||
	    copy_text(from->bind_password_file, &to->bind_password_file) != 0 ||
	    copy_text(from->base, &to->base) != 0 ||
	    copy_text(from->user_filter, &to->user_filter) != 0)
		return E_NOMEM;
	return 0;
}

int
directory_new(const struct config_directory *c, struct directory **out)
{
	struct directory *d = mem_alloc(sizeof(*d));
	int r;

	if (d == NULL)
		return E_NOMEM;
	r = copy(c, &d->config);
	if (r == 0)
		d->in_chain = mem_array(c->uri.count, sizeof(*d->in_chain));
	if (d->in_chain == NULL)
		r = E_NOMEM;
	if (r == 0)
		*out = d;
	else
		directory_free(&d);
	return r;
}

void
directory_free(struct directory **directory)
{
	struct directory *d = *directory;
	const struct directory_driver *driver;
	size_t i;

	if (d == NULL)
		return;
	driver = atomic_load(&d->driver);
	for (i = 0; i < d->idle_count; i++)
		driver->close(&d->idle[i].conn);
	for (i = 0; i < d->config.uri.count; i++)
		free(d->config.uri.items[i]);
	free(d->config.uri.items);
	free(d->config.ca_file);
	free(d->config.bind_dn);
	free(d->config.bind_password_file);
	free(d->config.base);
	free(d->config.user_filter);
	free(d->in_chain);
	mem_free(directory, sizeof(*d));
}

int
directory_check_files(const struct config_directory *c, struct err *e)
{
	struct file file = { .data = NULL };
	int r = 0;

	if (c->bind_dn != NULL)
		r = directory_read_password(c, &file, e);
	file_done(&file);
	if (r == 0 && c->ca_file != NULL)
		r = file_read(c->ca_file, CA_FILE_MAX, FILE_PUBLIC, &file, e);
	file_done(&file);
	return r == 0 || r == E_NOMEM ? r : E_DIRECTORY_UNAVAILABLE;
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool
directory_same(
    const struct config_directory *a, const struct config_directory *b)
{
	size_t i;

	if (a->uri.count != b->uri.count || a->start_tls != b->start_tls ||
	    a->insecure_plaintext != b->insecure_plaintext ||
	    !same_text(a->ca_file, b->ca_file) ||
	    !same_text(a->bind_dn, b->bind_dn) ||
	    !same_text(a->bind_password_file, b->bind_password_file))
		return false;
	for (i = 0; i < a->uri.count; i++) {
		if (strcmp(a->uri.items[i], b->uri.items[i]) != 0)
			return false;
	}
	return true;
}
