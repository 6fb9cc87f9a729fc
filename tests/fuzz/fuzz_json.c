/*
 * fuzz_json: our tree of a text, written, is what json-c's own reader and
 * printer make of it; written text reads as the same tree; and every place
 * is found.
 */

#include "fuzz.h"

#include <string.h>

#include <json-c/json.h>

#include "err.h"
#include "json.h"

#define PATH_MAX_TEXT 64

/* Whether the tree has an integer that json-c cannot hold and would clamp. */
static bool
has_huge(const struct json *j)
{
	const char *name, *decimal = json_decimal(j);
	size_t i;

	if (decimal != NULL && strpbrk(decimal, ".eE") == NULL)
		return true;
	for (i = 0; i < json_count(j); i++) {
		if (has_huge(json_kind(j) == JSON_OBJECT ?
			    json_entry(j, i, &name) :
			    json_element(j, i)))
			return true;
	}
	return false;
}

/* json-c makes of the text what we made of it. */
static void
check_json_c(const char *text, size_t n, const char *ours)
{
	struct json_tokener *t = json_tokener_new_ex(JSON_DEPTH_MAX + 1);
	struct json_object *o;

	FUZZ_CHECK(t != NULL);
	json_tokener_set_flags(
	    t, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	o = json_tokener_parse_ex(t, text, (int)n);
	/* a number at the end waits for more */
	if (json_tokener_get_error(t) == json_tokener_continue)
		o = json_tokener_parse_ex(t, "", 1);
	FUZZ_CHECK(json_tokener_get_error(t) == json_tokener_success);
	FUZZ_CHECK(
	    strcmp(json_object_to_json_string_ext(o,
		       JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
		ours) == 0);
	json_object_put(o);
	json_tokener_free(t);
}

/* Follows the last member or element down and asks where it stands. */
static void
check_places(const char *text, size_t n, const struct json *j,
    const struct json_path *up)
{
	struct json_path here = { .up = up };
	size_t line, column, count = json_count(j);
	char buf[PATH_MAX_TEXT];

	json_locate(text, n, up, &line, &column);
	FUZZ_CHECK(line >= 1 && line <= n && column >= 1 && column <= n);
	FUZZ_CHECK(json_path_text(up, buf, sizeof(buf)) == buf);
	FUZZ_CHECK(strlen(buf) < sizeof(buf));
	if (count == 0)
		return;
	here.index = count - 1;
	check_places(text, n,
	    json_kind(j) == JSON_OBJECT ? json_entry(j, count - 1, &here.name) :
					  json_element(j, count - 1),
	    &here);
}

static void
check_tree(const char *text, size_t n, struct json *j, bool comments)
{
	char *out, *again;
	struct json *copy = NULL;
	size_t len;

	out = json_write(j, false, &len);
	FUZZ_CHECK(out != NULL && strlen(out) == len);
	if (!comments && !has_huge(j))
		check_json_c(text, n, out);
	check_places(text, n, j, NULL);
	FUZZ_CHECK(json_copy(j, &copy) == 0);
	json_wipe(&j);
	again = json_write(copy, false, NULL);
	FUZZ_CHECK(again != NULL && strcmp(again, out) == 0);
	free(again);
	again = json_write(copy, true, &len);
	json_free(&copy);
	FUZZ_CHECK(json_parse(again, len, false, &copy, NULL) == 0);
	free(again);
	again = json_write(copy, false, NULL);
	FUZZ_CHECK(again != NULL && strcmp(again, out) == 0);
	json_free(&copy);
	free(again);
	free(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct json *j;
	struct err e;
	int comments, ret;

	for (comments = 0; comments < 2; comments++) {
		j = NULL;
		e = (struct err){ 0 };
		ret = json_parse(text, size, comments, &j, &e);
		FUZZ_CHECK(ret == e.code);
		FUZZ_CHECK(ret == 0 || (ret == E_SYNTAX && j == NULL));
		if (ret == 0)
			check_tree(text, size, j, comments);
	}
	return 0;
}
