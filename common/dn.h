/*
 * dn: distinguished names (RFC 4514) as keys. Two spellings of one name have
 * one canonical text, so that names are compared byte for byte and never by a
 * part of them. Where a rule of comparison is not known, spellings that
 * differ are different names: that can keep somebody out, and lets nobody in.
 */

#ifndef JWTGATE_DN_H
#define JWTGATE_DN_H

#include <stdbool.h>
#include <stddef.h>

#define DN_MAX 2048 /* bytes of a name as it is written */
#define DN_PARTS_MAX 64 /* attribute values in one name */

/*
 * The canonical text of n bytes, owned; "" for the empty name. Returns 0,
 * E_NOMEM, E_RANGE for what is too long, or E_SYNTAX.
 */
int dn_canonical(const char *text, size_t n, char **out);

/* Whether both are names, and the same one. False also without memory. */
bool dn_equal(const char *a, const char *b);

/*
 * Whether the name is a single entryUUID=...; then its 36 characters, in
 * lower case, are in uuid. The canonical text is asked for.
 */
#define DN_UUID_LEN 36
bool dn_is_uuid(const char *canonical, char uuid[DN_UUID_LEN + 1]);

/*
 * n bytes as one value, inside a name (RFC 4514 §2.4) and inside a filter
 * (RFC 4515 §3) alike: all but ASCII letters and digits become \xx. Returns
 * the length, or 0 when cap bytes are not enough for it and a NUL.
 */
#define DN_ESCAPED_LEN(n) (3 * (n))
size_t dn_escape(char *dst, size_t cap, const char *value, size_t n);

#endif
