/*
 * The user's entry. Directories compare names by rules of their own: case,
 * blanks and wide letters count for nothing. To the host those are different
 * users, so what was found by "(uid={user})" has to be called exactly that, or
 * it is somebody else.
 */

#include "roles_priv.h"

#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "directory.h"
#include "err.h"
#include "mem.h"

#define NAMES_MAX 4 /* attributes that hold the user's name */

/* One entry or none; anything else would leave open who is meant. */
static int
check_found(const struct directory_result *found, struct err *e)
{
	if (found->no_base)
		return err_set(e, E_DIRECTORY_UNAVAILABLE,
		    "the directory knows no such base, or may not show it");
	if (found->count > 1 || found->cut)
		return err_set(e, E_DIRECTORY_UNAVAILABLE,
		    "the directory has more than one entry for the user");
	if (found->count == 1 && found->entries[0].dn[0] == '\0')
		return err_set(e, E_DIRECTORY_UNAVAILABLE,
		    "the directory gave an entry without a name");
	return 0;
}

/* memberOf, and those that hold the name; what the names need is owned. */
struct wanted {
	const char *names[NAMES_MAX + 2];
	char *owned[NAMES_MAX];
	struct query_user compared[NAMES_MAX];
	size_t count; /* of owned and compared */
};

static int
want(const char *filter, struct wanted *w)
{
	struct query_user *c = w->compared;

	w->names[0] = "memberOf";
	for (; w->count < NAMES_MAX; w->count++, c++) {
		if (!query_user_compared(filter, w->count, c))
			break;
		w->owned[w->count] = strndup(c->attribute, c->attribute_len);
		if (w->owned[w->count] == NULL)
			return E_NOMEM;
		w->names[w->count + 1] = w->owned[w->count];
	}
	return 0;
}

static bool
is_called(const struct directory_entry *entry, const struct wanted *w,
    const struct roles_question *q)
{
	const bool ignore_case = q->policy->directory.user_ignore_case;
	const struct directory_values *v;
	size_t i, j;

	for (i = 0; i < w->count; i++) {
		v = &entry->values[i + 1];
		for (j = 0; j < v->count; j++) {
			if (query_user_equal(&w->compared[i], q->user,
				ignore_case, v->items[j].data, v->items[j].len))
				return true;
		}
	}
	return false;
}

static bool
is_shown(const struct directory_entry *entry, size_t names)
{
	size_t i;

	for (i = 1; i <= names; i++) {
		if (entry->values[i].count > 0)
			return true;
	}
	return false;
}

/* Takes *found when it is nobody's entry, or not this user's. */
static int
check_name(struct directory_result **found, const struct wanted *w,
    const struct roles_question *q, struct err *e)
{
	const struct directory_entry *entry = (*found)->entries;

	if ((*found)->count == 1 && !is_shown(entry, w->count))
		return err_set(e, E_DIRECTORY_UNAVAILABLE,
		    "the directory does not show what the user's entry is "
		    "called");
	if ((*found)->count == 0 || !is_called(entry, w, q))
		directory_result_free(found);
	return 0;
}

int
roles_search_user(const struct roles_source *source,
    const struct roles_question *q, struct directory_result **out,
    struct err *e)
{
	const struct config_directory *c = &q->policy->directory;
	const struct query_values values = roles_values(q, NULL);
	struct wanted wanted = { .count = 0 };
	struct directory_query query = { .base = c->base,
		.scope = QUERY_SUBTREE,
		.attributes = wanted.names,
		.entries_max = 2 };
	struct directory_result *found = NULL;
	char *filter = NULL;
	int ret;

	*out = NULL;
	ret = query_expand(c->user_filter, &values, &filter);
	if (ret == 0)
		ret = want(c->user_filter, &wanted);
	if (ret != 0)
		ret = err_set(e, ret, "out of memory");
	query.filter = filter;
	/* without: asks for what is not known of this user */
	if (ret == 0 && filter != NULL)
		ret = source->search(source->arg, &query, &found, e);
	if (ret == 0 && found != NULL)
		ret = check_found(found, e);
	if (ret == 0 && found != NULL)
		ret = check_name(&found, &wanted, q, e);
	if (ret == 0)
		*out = found;
	else
		directory_result_free(&found);
	free(filter);
	while (wanted.count > 0)
		free(wanted.owned[--wanted.count]);
	return ret;
}

int
roles_find_user(const struct roles_source *source,
    const struct roles_question *q, char **dn_out, struct err *e)
{
	struct directory_result *found = NULL;
	int ret;

	*dn_out = NULL;
	ret = roles_search_user(source, q, &found, e);
	if (ret == 0 && found != NULL) {
		*dn_out = mem_strdup(found->entries[0].dn);
		if (*dn_out == NULL)
			ret = err_set(e, E_NOMEM, "out of memory");
	}
	directory_result_free(&found);
	return ret;
}
