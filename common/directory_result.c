/*
 * Answers are plain memory, so that they outlive what they were read from.
 */

#include "directory.h"

#include <stdlib.h>

bool
directory_result_grow(struct directory_result *r)
{
	struct directory_entry *more;

	more = reallocarray(r->entries, r->count + 1, sizeof(*more));
	if (more != NULL)
		r->entries = more;
	return more != NULL;
}

static void
entry_done(struct directory_entry *entry, size_t attributes)
{
	size_t i;

	for (i = 0; entry->values != NULL && i < attributes; i++)
		free(entry->values[i].items);
	free(entry->values);
	free(entry->dn);
}

void
directory_result_free(struct directory_result **result)
{
	struct directory_result *r = *result;
	size_t i;

	*result = NULL;
	if (r == NULL)
		return;
	for (i = 0; i < r->count; i++)
		entry_done(&r->entries[i], r->attribute_count);
	free(r->entries);
	free(r);
}
