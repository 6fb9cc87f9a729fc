/*
 * What the gate asks of a directory, or of a host that knows the groups of
 * its users by itself and must not be kept waiting for its own answer.
 */

#include "gate_directory.h"

#include <string.h>

#include "config.h"
#include "directory.h"
#include "gate_explain.h"
#include "gate_state.h"
#include "roles_cache.h"
#include "source.h"

static const char *
no_file(const void *key, size_t i)
{
	(void)key;
	(void)i;
	return NULL;
}

static int
make(const void *key, void **value_out, struct file_id ids[SOURCE_FILES_MAX],
    struct err *e)
{
	struct directory *d = NULL;
	int r;

	(void)ids;
	r = directory_new(key, &d);
	if (r != 0)
		return err_set(e, r, "out of memory");
	*value_out = d;
	return 0;
}

static void
done(void *value)
{
	struct directory *d = value;

	directory_free(&d);
}

static bool
same(const void *a, const void *b)
{
	return directory_same(a, b);
}

const struct source_kind gate_directory_kind = {
	.path = no_file,
	.read = make,
	.done = done,
	.same = same,
};

/* One decision's questions: to one directory, until one moment. */
struct asker {
	struct directory *directory;
	struct directory_wait wait;
};

static int
search(void *arg, const struct directory_query *q,
    struct directory_result **out, struct err *e)
{
	const struct asker *a = arg;

	return directory_search(a->directory, q, &a->wait, out, e);
}

static int
in_chain(void *arg, bool *out, struct err *e)
{
	const struct asker *a = arg;

	return directory_in_chain(a->directory, &a->wait, out, e);
}

static void
hear(const struct directory_event *event, void *arg)
{
	gate_explain_search(arg, event);
}

int
gate_directory(struct gate_decision *d, struct directory **out)
{
	const struct config_directory *c = &d->policy->directory;
	const struct source *source;
	const void *value = NULL;
	int r;

	if (!c->configured)
		return err_set(&d->e, E_DIRECTORY_UNAVAILABLE,
		    "the configuration has no part directory");
	source = shelf_get(d->directories, c);
	if (source == NULL)
		return err_set(&d->e, E_DIRECTORY_UNAVAILABLE, "out of memory");
	r = source_get(source, &value, &d->e);
	if (r == 0)
		*out = (struct directory *)(uintptr_t)value;
	return r == 0 ? 0 : E_DIRECTORY_UNAVAILABLE;
}

struct directory_wait
gate_directory_wait(struct gate_decision *d)
{
	return (struct directory_wait){
		.until = directory_until(&d->policy->directory),
		.hear = d->request->trace != NULL ? hear : NULL,
		.arg = d,
	};
}

int
gate_find_user(
    struct gate_decision *d, const struct directory_wait *wait, char **dn_out)
{
	struct asker asker = { .wait = *wait };
	const struct roles_source source = { search, in_chain, &asker };
	const struct roles_question q = { .policy = d->policy,
		.user = d->out->user };
	int r;

	r = gate_directory(d, &asker.directory);
	return r == 0 ? roles_find_user(&source, &q, dn_out, &d->e) : r;
}

static int
ask(struct gate_decision *d, const struct roles_question *q, bool *held_out)
{
	struct asker asker = { .wait = gate_directory_wait(d) };
	const struct roles_source source = { search, in_chain, &asker };
	int r;

	r = gate_directory(d, &asker.directory);
	if (r == 0)
		r = roles_find(&source, q, held_out, &d->e);
	/* whatever it was, the directory was not asked */
	return r == 0 ? 0 : E_DIRECTORY_UNAVAILABLE;
}

/* Who wants to see the searches gets to see some. */
static int
ask_cached(
    struct gate_decision *d, const struct roles_question *q, bool *held_out)
{
	int64_t seconds = q->policy->directory.cache_seconds;
	int r;

	if (seconds > 0 && d->request->trace == NULL &&
	    roles_cache_get(d->answers, q, d->now, held_out))
		return 0;
	r = ask(d, q, held_out);
	if (r == 0 && seconds > 0)
		roles_cache_put(d->answers, q, d->now, seconds, held_out);
	return r;
}

int
gate_ask_directory(
    struct gate_decision *d, const struct gate_asking *a, bool *held_out)
{
	const struct gate_request *request = d->request;
	const struct roles_question q = {
		.policy = d->policy,
		.wanted = a->wanted,
		.enough = a->enough,
		.user = a->user,
		.service = request->service,
		.rhost = request->address,
		.claims = a->token != NULL ? a->token->claims : NULL,
		.claim_count = a->token != NULL ? a->token->claim_count : 0,
	};

	if (request->groups_from_host)
		return roles_of_groups(
		    &q, request->groups, request->group_count, held_out, &d->e);
	return ask_cached(d, &q, held_out);
}
