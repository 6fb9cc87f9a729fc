/*
 * config_list: arrays of strings of a checked tree, as copies.
 */

#include "config_schema.h"

#include "config.h"
#include "err.h"
#include "json.h"
#include "mem.h"

#include <stdlib.h>

int
config_list_add(struct config_list *list, const char *item)
{
	char **items;

	items = reallocarray(
	    list->items, list->count + 1, sizeof(*list->items));
	if (items == NULL)
		return E_NOMEM;
	list->items = items;
	items[list->count] = mem_strdup(item);
	if (items[list->count] == NULL)
		return E_NOMEM;
	list->count++;
	return 0;
}

void
config_list_done(struct config_list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	list->items = NULL;
	list->count = 0;
}

/*
 * An array replaces what out held, defaults included. Where the schema takes
 * a string for one, it is the only item.
 */
int
config_take_list(
    const struct json *object, const char *name, struct config_list *out)
{
	const struct json *array = json_member(object, name);
	size_t i;
	int ret = 0;

	if (array == NULL)
		return 0;
	config_list_done(out);
	if (json_kind(array) == JSON_STRING)
		return config_list_add(out, json_string(array, NULL));
	for (i = 0; ret == 0 && i < json_count(array); i++)
		ret = config_list_add(
		    out, json_string(json_element(array, i), NULL));
	return ret;
}
