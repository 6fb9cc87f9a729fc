/*
 * jws_headers: a few headers, as they stood in tokens whose signature held,
 * and what was read of them. An entry never changes once it is there and
 * goes with the whole: many threads look without a lock, and nobody can push
 * out what others need. Whoever owns this makes a new one when keys change.
 *
 * An empty place must not look like the header of no bytes: there is no
 * entry in it, and an entry is never empty.
 */

#include "jws_headers.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "jws.h"
#include "mem.h"

#define ENTRIES 4
#define TEXT_MAX 512 /* longer ones are read each time */

struct jws_header {
	size_t len; /* 1 to TEXT_MAX */
	enum jwa_alg alg;
	bool has_kid, has_typ;
	char kid[JWK_KID_MAX + 1];
	char typ[JWS_TYP_MAX + 1];
	char text[TEXT_MAX]; /* base64url */
};

struct jws_headers {
	_Atomic(struct jws_header *)
	    entries[ENTRIES]; /* owns; filled in order */
};

struct jws_headers *
jws_headers_new(void)
{
	return mem_alloc(sizeof(struct jws_headers));
}

void
jws_headers_free(struct jws_headers **known)
{
	struct jws_header *entry;
	size_t i;

	for (i = 0; *known != NULL && i < ENTRIES; i++) {
		entry = atomic_load_explicit(
		    &(*known)->entries[i], memory_order_acquire);
		mem_free(&entry, sizeof(*entry));
	}
	mem_free(known, sizeof(**known));
}

static bool
is_entry(const struct jws_header *entry, const char *text, size_t len)
{
	return entry->len == len && mem_equal(entry->text, text, len);
}

/* base64url has no dot, so no more than one entry can begin a token. */
static bool
begins(const struct jws_header *entry, const char *token, size_t n)
{
	return entry->len < n && token[entry->len] == '.' &&
	    is_entry(entry, token, entry->len);
}

const struct jws_header *
jws_headers_find(const struct jws_headers *known, const char *token, size_t n,
    size_t *len_out)
{
	const struct jws_header *entry;
	size_t i;

	for (i = 0; known != NULL && i < ENTRIES; i++) {
		entry = atomic_load_explicit(
		    &known->entries[i], memory_order_acquire);
		if (entry == NULL)
			return NULL;
		if (begins(entry, token, n)) {
			*len_out = entry->len;
			return entry;
		}
	}
	return NULL;
}

void
jws_header_fill(const struct jws_header *header, struct jws *jws)
{
	jws->alg = header->alg;
	jws->has_kid = header->has_kid;
	jws->has_typ = header->has_typ;
	memcpy(jws->kid, header->kid, strlen(header->kid) + 1);
	memcpy(jws->typ, header->typ, strlen(header->typ) + 1);
}

static struct jws_header *
make(const struct jws *jws, size_t len)
{
	struct jws_header *entry = mem_alloc(sizeof(*entry));

	if (entry == NULL)
		return NULL;
	entry->len = len;
	entry->alg = jws->alg;
	entry->has_kid = jws->has_kid;
	entry->has_typ = jws->has_typ;
	memcpy(entry->kid, jws->kid, strlen(jws->kid) + 1);
	memcpy(entry->typ, jws->typ, strlen(jws->typ) + 1);
	memcpy(entry->text, jws->token, len);
	return entry;
}

void
jws_headers_add(struct jws_headers *known, const struct jws *jws)
{
	size_t len = (size_t)(jws->payload - 1 - jws->token), i;
	struct jws_header *entry, *none;

	/* One that was just read has its text; one that was known has none. */
	if (jws->header_len == 0 || len == 0 || len > TEXT_MAX ||
	    atomic_load_explicit(
		&known->entries[ENTRIES - 1], memory_order_relaxed) != NULL)
		return;
	entry = make(jws, len);
	for (i = 0; entry != NULL && i < ENTRIES; i++) {
		none = NULL;
		if (atomic_compare_exchange_strong_explicit(&known->entries[i],
			&none, entry, memory_order_release,
			memory_order_acquire))
			return;
		/* another thread was faster */
		if (is_entry(none, entry->text, entry->len))
			break;
	}
	mem_free(&entry, sizeof(*entry));
}
