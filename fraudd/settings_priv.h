/*
 * settings_priv: what settings*.c share. Nodes were checked by the tables.
 */

#ifndef JWTGATE_SETTINGS_PRIV_H
#define JWTGATE_SETTINGS_PRIV_H

#include "settings.h"

struct schema_source;
struct json;
struct json_path;

/* Return 0, E_NOMEM or E_CONFIG_INVALID; s is freed by the caller. */
int settings_take_rules(const struct schema_source *src,
    const struct json *root, struct settings *s);
int settings_take_listeners(const struct schema_source *src,
    const struct json *root, const struct json *base, struct settings *s);
int settings_take_tcp(const struct schema_source *src, const struct json *node,
    const struct json_path *at, struct settings_listener *l);
/* "may" and "events" of node. */
int settings_take_rights(const struct schema_source *src,
    const struct json *node, struct settings_access *out);
void settings_listeners_free(struct settings *s);

/* The rules of a file that names none, as JSON: card, then login. */
extern const char settings_default_rules[];

/* The number of a word in words, which ends with NULL; otherwise if absent. */
unsigned settings_word(const struct json *object, const char *name,
    const char *const *words, unsigned otherwise);

#endif
