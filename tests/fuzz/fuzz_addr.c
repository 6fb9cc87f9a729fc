/*
 * fuzz_addr: an address has one text, which gives the same address; a prefix
 * holds its own address and nothing of the other family.
 */

#include "fuzz.h"

#include <string.h>

#include "addr.h"
#include "err.h"

static void
check_text(const struct addr *a)
{
	static const struct addr v4 = { .family = 4 }, v6 = { .family = 6 };
	struct addr_prefix all = { .addr = a->family == 4 ? v4 : v6 };
	struct addr_prefix other = { .addr = a->family == 4 ? v6 : v4 };
	char text[ADDR_TEXT_MAX];
	struct addr again;

	FUZZ_CHECK(a->family == 4 || a->family == 6);
	FUZZ_CHECK(addr_format(a, text) == text);
	FUZZ_CHECK(strlen(text) < sizeof(text));
	FUZZ_CHECK(strspn(text, "0123456789abcdef:.") == strlen(text));
	FUZZ_CHECK(addr_parse(text, strlen(text), &again) == 0);
	FUZZ_CHECK(memcmp(a, &again, sizeof(again)) == 0);
	FUZZ_CHECK(addr_equal(a, &again));
	FUZZ_CHECK(addr_in(a, &all));
	FUZZ_CHECK(!addr_in(a, &other));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct addr_prefix p = { .bits = 0 };
	struct addr a = { .family = 0 };
	int ret;

	ret = addr_parse((const char *)data, size, &a);
	FUZZ_CHECK(ret == 0 || ret == E_SYNTAX);
	if (ret == 0) {
		check_text(&a);
		/* an address alone is the prefix of all its bits */
		FUZZ_CHECK(
		    addr_prefix_parse((const char *)data, size, &p) == 0);
		FUZZ_CHECK(p.bits == (a.family == 4 ? 32 : 128));
	}
	ret = addr_prefix_parse((const char *)data, size, &p);
	FUZZ_CHECK(ret == 0 || ret == E_SYNTAX);
	if (ret == 0) {
		check_text(&p.addr);
		FUZZ_CHECK(p.bits <= (p.addr.family == 4 ? 32 : 128));
		FUZZ_CHECK(addr_in(&p.addr, &p));
	}
	return 0;
}
