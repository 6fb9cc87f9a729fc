/*
 * fuzz_str: foreign text stays one line in whatever room it gets, and two
 * texts can be compared in every way. The first byte is the room, the second
 * says where the input is cut in two.
 */

#include "fuzz.h"

#include <stdbool.h>
#include <string.h>

#include "str.h"

static void
printable(const uint8_t *data, size_t size, size_t cap)
{
	char *shown = malloc(cap), again[1024];
	size_t i;

	FUZZ_CHECK(shown != NULL);
	FUZZ_CHECK(str_printable(shown, cap, data, size) == shown);
	FUZZ_CHECK(strlen(shown) < cap);
	for (i = 0; shown[i] != '\0'; i++)
		FUZZ_CHECK((unsigned char)shown[i] >= 0x20 && shown[i] != 0x7f);
	/* nothing is left to escape but the backslashes it wrote itself */
	if (strchr(shown, '\\') == NULL) {
		str_printable(again, sizeof(again), shown, strlen(shown));
		FUZZ_CHECK(strcmp(again, shown) == 0);
	}
	free(shown);
}

static void
compare(const char *a, const char *b)
{
	const char *words[] = { a, b };

	FUZZ_CHECK(str_is(a, strlen(a), b) == (strcmp(a, b) == 0));
	FUZZ_CHECK(str_match("*", a));
	if (strchr(a, '*') == NULL)
		FUZZ_CHECK(str_match(a, b) == (strcmp(a, b) == 0));
	else
		FUZZ_CHECK(str_match(a, a));
	if (strlen(a) <= 64)
		FUZZ_CHECK(str_nearest(a, words, 2) == a);
	else
		FUZZ_CHECK(str_nearest(a, words, 2) == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t cut;
	char *a, *b;

	if (size < 2)
		return 0;
	printable(data + 2, size - 2, (size_t)data[0] + 1);
	cut = data[1] < size - 2 ? data[1] : size - 2;
	a = strndup((const char *)data + 2, cut);
	b = strndup((const char *)data + 2 + cut, size - 2 - cut);
	FUZZ_CHECK(a != NULL && b != NULL);
	compare(a, b);
	compare(b, a);
	free(b);
	free(a);
	return 0;
}
