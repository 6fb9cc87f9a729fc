/*
 * fuzz_dn: a name has one canonical text, which is its own; what is escaped
 * is one value of a name and of a filter, and comes back as it was. The
 * input: a name; behind the first NUL a query as authorize has it.
 */

#include "fuzz.h"

#include <string.h>

#include "dn.h"
#include "err.h"
#include "query.h"

static void
check_name(const char *text, size_t n)
{
	char *out = NULL, *again = NULL;
	int ret;

	ret = dn_canonical(text, n, &out);
	FUZZ_CHECK(ret == 0 || ret == E_SYNTAX || ret == E_RANGE);
	if (ret != 0)
		return;
	if (strlen(out) <= DN_MAX) {
		FUZZ_CHECK(dn_canonical(out, strlen(out), &again) == 0);
		FUZZ_CHECK(strcmp(out, again) == 0);
		free(again);
	}
	free(out);
}

/* Whatever the value, the name has two parts and the filter one. */
static void
check_value(const char *value, size_t n)
{
	char escaped[DN_ESCAPED_LEN(512) + 1], text[sizeof(escaped) + 16];
	char *out = NULL;
	unsigned uses = 0;
	size_t len, i, commas = 0;

	if (n == 0 || n > 512 || memchr(value, '\0', n) != NULL)
		return;
	len = dn_escape(escaped, sizeof(escaped), value, n);
	FUZZ_CHECK(len >= n && strlen(escaped) == len);
	snprintf(text, sizeof(text), "x=%s,dc=y", escaped);
	if (strlen(text) <= DN_MAX &&
	    dn_canonical(text, strlen(text), &out) == 0) {
		for (i = 0; out[i] != '\0'; i++)
			commas += out[i] == ',' ? 1 : 0;
		FUZZ_CHECK(commas == 1 && strncmp(out, "x=", 2) == 0);
		FUZZ_CHECK(strcmp(out + i - 5, ",dc=y") == 0);
		free(out);
	}
	snprintf(text, sizeof(text), "(x=%s)", escaped);
	FUZZ_CHECK(query_check_filter(text, &uses, NULL) == 0);
	FUZZ_CHECK(uses == 0);
}

static void
check_query(const char *text, const char *value)
{
	static const struct query_claim claim = { "x", "*)(" };
	const struct query_values values = { value, value, value, value, &claim,
		1 };
	char *filled = NULL;
	struct query q;
	unsigned uses = 0;
	int ret;

	ret = query_parse(text, &q, NULL);
	FUZZ_CHECK(ret == 0 || ret == E_SYNTAX);
	if (ret != 0)
		return;
	FUZZ_CHECK(q.text != NULL && q.text[0] != '\0');
	FUZZ_CHECK(query_expand(q.text, &values, &filled) == 0);
	/* filled in, a filter is one still, and asks for nothing more */
	if (filled != NULL && q.kind == QUERY_FILTER) {
		FUZZ_CHECK(query_check_filter(filled, &uses, NULL) == 0);
		FUZZ_CHECK(uses == 0);
	}
	free(filled);
	query_done(&q);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	size_t n;

	FUZZ_CHECK(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	n = strlen(text);
	check_name((const char *)data, size);
	check_value(text, n);
	if (n < size)
		check_query(text + n + 1, text);
	free(text);
	return 0;
}
