/*
 * revocation: the entries stand in one array, in the order of the file, and
 * are found through a hash table of the kind and the text that names them.
 * Texts of tokens come from strangers, so the hash is keyed anew for each
 * reading: nobody can aim at one list. Issuer and time are compared after.
 */

#include "revocation.h"

#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "err.h"
#include "file.h"
#include "mem.h"
#include "revocation_priv.h"
#include "str.h"

#define SHOWN_MAX 128
#define NOBODY UINT32_MAX /* ends a list */

struct entry {
	enum revocation_by by;
	uint32_t next; /* of the same list */
	int64_t before; /* -1: all times */
	const char *text; /* in texts */
	const char *issuer; /* in texts; NULL: every issuer's */
};

struct revocation {
	struct entry *entries; /* owns */
	size_t count;
	size_t cap;
	char *texts; /* owns; NUL behind each */
	size_t texts_len;
	size_t texts_cap;
	uint32_t *lists; /* owns; a power of two of them */
	size_t list_count;
	struct hash_key key;
};

/* The list that a text belongs to. */
static uint32_t *
list_of(const struct revocation *r, enum revocation_by by, const char *text)
{
	uint64_t h = revocation_hash(&r->key, by, text, strlen(text));

	return &r->lists[h & (r->list_count - 1)];
}

static const char *
keep_text(struct revocation *r, const char *text, size_t n)
{
	char *at = r->texts + r->texts_len;

	if (n + 1 > r->texts_cap - r->texts_len)
		return NULL;
	memcpy(at, text, n);
	r->texts_len += n + 1;
	return at;
}

int
revocation_put(struct revocation *r, const struct revocation_entry *new)
{
	struct entry *entry = &r->entries[r->count];
	uint32_t *list;

	if (r->count >= r->cap)
		return E_RANGE;
	entry->by = new->by;
	entry->before = new->before;
	entry->text = keep_text(r, new->text, new->text_len);
	entry->issuer = NULL;
	if (new->issuer_len > 0)
		entry->issuer = keep_text(r, new->issuer, new->issuer_len);
	if (entry->text == NULL ||
	    (new->issuer_len > 0 && entry->issuer == NULL))
		return E_RANGE;
	list = list_of(r, entry->by, entry->text);
	entry->next = *list;
	*list = (uint32_t)r->count++;
	return 0;
}

int
revocation_make(size_t count, size_t texts_cap, struct revocation **out)
{
	struct revocation *r = mem_alloc(sizeof(*r));
	size_t i;

	if (r == NULL)
		return E_NOMEM;
	r->cap = count;
	r->texts_cap = texts_cap;
	r->list_count = 16;
	while (r->list_count < count)
		r->list_count *= 2;
	r->entries = mem_array(count, sizeof(*r->entries));
	r->texts = mem_alloc(texts_cap);
	r->lists = mem_array(r->list_count, sizeof(*r->lists));
	if (r->entries == NULL || r->texts == NULL || r->lists == NULL ||
	    revocation_hash_key(&r->key) != 0) {
		revocation_free(&r);
		return E_NOMEM;
	}
	for (i = 0; i < r->list_count; i++)
		r->lists[i] = NOBODY;
	*out = r;
	return 0;
}

void
revocation_free(struct revocation **r)
{
	struct revocation *old = *r;

	if (old == NULL)
		return;
	*r = NULL;
	free(old->entries);
	free(old->texts);
	free(old->lists);
	free(old);
}

size_t
revocation_count(const struct revocation *r)
{
	return r->count;
}

static bool
names(const struct entry *entry, const struct revocation_query *q)
{
	if (entry->by != q->by || strcmp(entry->text, q->text) != 0)
		return false;
	if (entry->issuer != NULL && strcmp(entry->issuer, q->issuer) != 0)
		return false;
	return entry->before < 0 || q->since < 0 || q->since < entry->before;
}

int
revocation_check(
    const struct revocation *r, const struct revocation_query *q, struct err *e)
{
	const struct entry *entry;
	char shown[SHOWN_MAX];
	uint32_t i;

	i = *list_of(r, q->by, q->text);
	for (; i != NOBODY; i = entry->next) {
		entry = &r->entries[i];
		if (!names(entry, q))
			continue;
		str_printable(shown, sizeof(shown), q->text, strlen(q->text));
		if (entry->before < 0)
			return err_set(e, E_TOKEN_REVOKED,
			    "the %s %s was revoked", revocation_word(q->by),
			    shown);
		return err_set(e, E_TOKEN_REVOKED,
		    "the %s %s was revoked for logins before %lld",
		    revocation_word(q->by), shown, (long long)entry->before);
	}
	return 0;
}

static const char *
list_path(const void *key, size_t i)
{
	const struct config_policy *policy = key;

	return i == 0 ? policy->revocation_file : NULL;
}

static int
list_read(const void *key, void **value_out,
    struct file_id ids[SOURCE_FILES_MAX], struct err *e)
{
	const struct config_policy *policy = key;
	const char *path = policy->revocation_file;
	struct revocation *r = NULL;
	struct file f = { 0 };
	struct err why = { 0 };
	int rc;

	rc = file_read(path, REVOCATION_FILE_MAX, FILE_PUBLIC, &f, &why);
	if (rc == 0)
		rc = revocation_parse(f.data, f.len, path, &r, &why);
	ids[0] = f.id;
	file_done(&f);
	if (rc != 0)
		return err_set(e, E_KEYS_UNAVAILABLE, "revocations: %s",
		    err_text(&why, rc));
	*value_out = r;
	return 0;
}

static void
list_done(void *value)
{
	struct revocation *r = value;

	revocation_free(&r);
}

static bool
list_same(const void *a, const void *b)
{
	return strcmp(list_path(a, 0), list_path(b, 0)) == 0;
}

const struct source_kind revocation_kind = {
	.path = list_path,
	.read = list_read,
	.done = list_done,
	.same = list_same,
};
