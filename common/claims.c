/*
 * Reading a payload that a key of ours has signed: one pass checks the text
 * and finds the claims that every token is asked for; anything else is
 * looked up by name when a policy wants it.
 */

#include "claims.h"

#include <string.h>

#include "config.h"
#include "err.h"

/* The object itself: a walk begins at its bracket. */
static struct jscan_value
root_of(const char *payload, size_t n)
{
	while (n > 0 && *payload != '{') {
		payload++;
		n--;
	}
	return (struct jscan_value){
		.type = JSCAN_OBJECT,
		.text = payload,
		.len = n,
	};
}

#define ROW(claim) \
	[(offsetof(struct claims, claim) - offsetof(struct claims, rows)) / \
	    sizeof(struct jscan_value)] = JSCAN_NAME(#claim)

const struct jscan_names claims_names = {
	.factor = UINT64_C(0xbef5c8528e83a12b),
	.rows = {
		ROW(iss),
		ROW(sub),
		ROW(aud),
		ROW(exp),
		ROW(nbf),
		ROW(iat),
		ROW(jti),
		ROW(sid),
		ROW(azp),
		ROW(client_id),
		ROW(scope),
		ROW(scp),
		ROW(auth_time),
		ROW(cnf),
		ROW(preferred_username),
	},
};

int
claims_scan(const char *payload, size_t n, struct claims *out, struct err *e)
{
	struct err inner __attribute__((uninitialized));
	int r;

	err_clear(&inner);
	out->root = (struct jscan_value){ .type = JSCAN_NONE };
	r = jscan_object(payload, n, &claims_names, out->rows, &inner);
	if (r != 0)
		return err_set(e, E_TOKEN_MALFORMED, "the payload: %s",
		    err_text(&inner, r));
	out->root = root_of(payload, n);
	return 0;
}

/* The scan came by these already, and they are what is asked for most. */
static const struct jscan_value *
scanned(const struct claims *c, const char *path)
{
	if (strcmp(path, "sub") == 0)
		return &c->sub;
	if (strcmp(path, "preferred_username") == 0)
		return &c->preferred_username;
	return NULL;
}

/*
 * At each level the rest of the path is first taken as one name: claims are
 * often named by URLs, which are full of dots.
 */
bool
claims_find(const struct claims *c, const char *path, struct jscan_value *out)
{
	const struct jscan_value *known = scanned(c, path);
	struct jscan_value at = c->root, next;
	const char *dot;

	if (known != NULL) {
		*out = *known;
		return known->type != JSCAN_NONE;
	}
	for (;;) {
		if (at.type != JSCAN_OBJECT)
			return false;
		if (jscan_member(&at, path, strlen(path), out))
			return true;
		dot = strchr(path, '.');
		if (dot == NULL)
			return false;
		if (!jscan_member(&at, path, (size_t)(dot - path), &next))
			return false;
		at = next;
		path = dot + 1;
	}
}

bool
claims_issued_by(const struct claims *c, const struct config_issuer *issuer)
{
	if (issuer->issuer == NULL)
		return issuer->own;
	return jscan_equal(&c->iss, issuer->issuer, strlen(issuer->issuer));
}

bool
claims_same(const char *a, const char *b, size_t n)
{
	size_t i;
	char x, y;

	for (i = 0; i < n; i++) {
		x = a[i];
		y = b[i];
		if (x >= 'A' && x <= 'Z')
			x = (char)(x + ('a' - 'A'));
		if (y >= 'A' && y <= 'Z')
			y = (char)(y + ('a' - 'A'));
		if (x != y)
			return false;
	}
	return true;
}

bool
claims_grant(const struct claims *c, const struct config_issuer *issuer,
    const char *role)
{
	struct jscan_cursor at = { NULL };
	struct jscan_value v, item;
	bool found = false;

	if (issuer->first_form || (issuer->own && issuer->roles_claim == NULL))
		return jscan_member(&c->root, role, strlen(role), &v) &&
		    v.type == JSCAN_TRUE;
	if (issuer->roles_claim == NULL ||
	    !claims_find(c, issuer->roles_claim, &v))
		return false;
	if (v.type != JSCAN_ARRAY)
		return jscan_equal(&v, role, strlen(role));
	while (jscan_next(&v, &at, NULL, &item)) {
		if (item.type != JSCAN_STRING)
			return false;
		if (jscan_equal(&item, role, strlen(role)))
			found = true;
	}
	return found;
}
