/*
 * fuzz_revocation: a list that is taken revokes every single entry that
 * stands in its text, and still does with one more, which it has then.
 */

#include "fuzz.h"

#include <string.h>

#include "err.h"
#include "jscan.h"
#include "revocation.h"

#define NAME "fuzz"

static bool
text_of(const struct jscan_value *entry, const char *name,
    char text[REVOCATION_TEXT_MAX + 1])
{
	struct jscan_value v;
	size_t n;

	return jscan_member(entry, name, strlen(name), &v) &&
	    jscan_string(&v, text, REVOCATION_TEXT_MAX + 1, &n) == 0;
}

/* Whoever authenticated nobody knows when is revoked by each entry. */
static void
check_entry(const struct revocation *r, const struct jscan_value *entry)
{
	char text[REVOCATION_TEXT_MAX + 1], issuer[REVOCATION_TEXT_MAX + 1];
	struct revocation_query q = {
		.text = text, .issuer = "of nobody", .since = -1
	};
	int by, found = 0;

	if (text_of(entry, "issuer", issuer))
		q.issuer = issuer;
	for (by = 0; by < REVOCATION_BY_COUNT; by++) {
		q.by = (enum revocation_by)by;
		if (!text_of(entry, revocation_word(q.by), text))
			continue;
		FUZZ_CHECK(revocation_check(r, &q, NULL) == E_TOKEN_REVOKED);
		found++;
	}
	FUZZ_CHECK(found == 1);
}

static void
check_entries(const struct revocation *r, const char *text, size_t n)
{
	const struct jscan_options o = { .comments = true,
		.depth_max = JSCAN_DEPTH_LIMIT,
		.members_max = SIZE_MAX };
	struct jscan_cursor at = { .rest = NULL };
	struct jscan_value root, list, entry;
	size_t count = 0;

	FUZZ_CHECK(jscan_text(text, n, &o, &root, NULL, NULL) == 0);
	FUZZ_CHECK(jscan_member(&root, "revoked", 7, &list));
	while (jscan_next(&list, &at, NULL, &entry)) {
		check_entry(r, &entry);
		count++;
	}
	FUZZ_CHECK(count == revocation_count(r));
}

static void
check_added(const struct revocation *r, const char *text, size_t n)
{
	const struct revocation_query q = { .by = REVOCATION_JTI,
		.text = "one \"more\"\\",
		.issuer = NULL,
		.since = -1 };
	struct revocation *more = NULL;
	char *longer = NULL;
	int ret;

	ret = revocation_add(text, n, &q, -1, &longer, NULL);
	FUZZ_CHECK(ret == 0 || ret == E_RANGE);
	if (ret != 0)
		return;
	FUZZ_CHECK(
	    revocation_parse(longer, strlen(longer), NAME, &more, NULL) == 0);
	FUZZ_CHECK(revocation_count(more) == revocation_count(r) + 1);
	FUZZ_CHECK(revocation_check(more, &q, NULL) == E_TOKEN_REVOKED);
	check_entries(more, longer, strlen(longer));
	revocation_free(&more);
	free(longer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct revocation *r = NULL;
	struct err e = { 0 };
	int ret;

	ret = revocation_parse(text, size, NAME, &r, &e);
	FUZZ_CHECK(ret == 0 || ret == E_SYNTAX);
	FUZZ_CHECK((ret == 0) == (r != NULL));
	FUZZ_CHECK(ret == 0 || strncmp(e.text, NAME ":", 5) == 0);
	if (ret != 0)
		return 0;
	check_entries(r, text, size);
	check_added(r, text, size);
	revocation_free(&r);
	return 0;
}
