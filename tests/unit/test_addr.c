/*
 * test_addr: one peer is one key, however its address is written.
 */

#include "testutil.h"

#include "addr.h"
#include "err.h"

static const struct {
	const char *why;
	const char *input;
	const char *want; /* NULL: refused */
} rows[] = {
	{ "IPv4", "192.0.2.1", "192.0.2.1" },
	{ "all zero", "0.0.0.0", "0.0.0.0" },
	{ "all one", "255.255.255.255", "255.255.255.255" },
	{ "over a byte", "192.0.2.256", NULL },
	{ "three parts", "192.0.513", NULL },
	{ "two parts", "192.513", NULL },
	{ "one number", "3221225985", NULL },
	{ "five parts", "192.0.2.1.1", NULL },
	{ "octal", "192.0.2.01", NULL },
	{ "octal, zero", "192.0.2.00", NULL },
	{ "hexadecimal", "0xc0.0.2.1", NULL },
	{ "sign", "192.0.2.+1", NULL },
	{ "dot behind", "192.0.2.1.", NULL },
	{ "empty part", "192..2.1", NULL },
	{ "blank before", " 192.0.2.1", NULL },
	{ "blank behind", "192.0.2.1 ", NULL },
	{ "LF behind", "192.0.2.1\n", NULL },
	{ "port", "192.0.2.1:22", NULL },
	{ "a name", "localhost", NULL },
	{ "nothing", "", NULL },
	{ "other digits", "192.0.2.\xd9\xa1", NULL },

	{ "IPv6", "2001:db8::1", "2001:db8::1" },
	{ "unspecified", "::", "::" },
	{ "loopback", "::1", "::1" },
	{ "written out", "2001:0db8:0000:0000:0000:0000:0000:0001",
	    "2001:db8::1" },
	{ "capitals, RFC 5952 §4.3", "2001:DB8::ABCD", "2001:db8::abcd" },
	{ "one zero group stays, §4.2.2", "2001:db8:0:1:1:1:1:1",
	    "2001:db8:0:1:1:1:1:1" },
	{ "and is not made by ::", "2001:db8::1:1:1:1:1",
	    "2001:db8:0:1:1:1:1:1" },
	{ "the longer run, §4.2.3", "2001:0:0:1:0:0:0:1", "2001:0:0:1::1" },
	{ "the first of equals, §4.2.3", "2001:db8:0:0:1:0:0:1",
	    "2001:db8::1:0:0:1" },
	{ "run at the start", "0:0:0:1:2:3:4:5", "::1:2:3:4:5" },
	{ "run at the end", "1:2:3:4:5:0:0:0", "1:2:3:4:5::" },
	{ "the longest", "fe80:1111:2222:3333:4444:5555:6666:7777",
	    "fe80:1111:2222:3333:4444:5555:6666:7777" },
	{ "IPv4 at the end", "64:ff9b::192.0.2.33", "64:ff9b::c000:221" },
	{ "the longest text of all",
	    "0000:0000:0000:0000:0000:0001:255.255.255.255", "::1:ffff:ffff" },
	{ "compatible, RFC 4291 §2.5.5.1", "::192.0.2.1", "::c000:201" },
	{ "two ::", "2001::db8::1", NULL },
	{ "three colons", "2001:::1", NULL },
	{ "seven groups", "1:2:3:4:5:6:7", NULL },
	{ "nine groups", "1:2:3:4:5:6:7:8:9", NULL },
	{ "eight groups and ::", "1:2:3:4::5:6:7:8", NULL },
	{ "five digits", "2001:00db8::1", NULL },
	{ "no hexadecimal digit", "2001:dbg::1", NULL },
	{ "colon behind", "2001:db8::1:", NULL },
	{ "colon before", ":2001:db8::1", NULL },
	{ "brackets", "[2001:db8::1]", NULL },
	{ "zone", "fe80::1%eth0", NULL },
	{ "zone by number", "fe80::1%1", NULL },
	{ "IPv4 in the middle", "::192.0.2.1:1", NULL },
	{ "prefix", "2001:db8::/32", NULL },

	{ "mapped, RFC 4291 §2.5.5.2", "::ffff:192.0.2.1", "192.0.2.1" },
	{ "mapped in hexadecimal", "::ffff:c000:201", "192.0.2.1" },
	{ "mapped in capitals", "::FFFF:192.0.2.1", "192.0.2.1" },
	{ "mapped, written out", "0:0:0:0:0:ffff:192.0.2.1", "192.0.2.1" },
	{ "mapped zero", "::ffff:0:0", "0.0.0.0" },
	{ "mapped loopback", "::ffff:127.0.0.1", "127.0.0.1" },
	{ "mapped with octal", "::ffff:192.0.2.01", NULL },
	{ "nearly mapped", "::fffe:192.0.2.1", "::fffe:c000:201" },
	{ "one group off", "::ffff:0:192.0.2.1", "::ffff:0:c000:201" },
	{ "not only zeros before it", "1::ffff:192.0.2.1", "1::ffff:c000:201" },
};

static void
test_parse(void **state)
{
	char buf[ADDR_TEXT_MAX], *copy;
	struct addr a, again;
	size_t i, n;
	int ret;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		n = strlen(rows[i].input);
		copy = guard_copy(rows[i].input, n);
		memset(&a, 0x5a, sizeof(a));
		ret = addr_parse(copy, n, &a);
		guard_free(copy, n);
		if (ret != (rows[i].want != NULL ? 0 : E_SYNTAX))
			fail_msg("%s: %d", rows[i].why, ret);
		if (ret != 0) {
			/* outputs are untouched on failure */
			assert_int_equal(a.family, 0x5a);
			continue;
		}
		if (strcmp(addr_format(&a, buf), rows[i].want) != 0)
			fail_msg("%s: %s", rows[i].why, buf);
		assert_int_equal(addr_parse(buf, strlen(buf), &again), 0);
		assert_true(addr_equal(&a, &again));
		assert_memory_equal(&a, &again, sizeof(a));
	}
}

static void
test_nul_and_length(void **state)
{
	char longer[64];
	struct addr a;

	(void)state;
	assert_int_equal(addr_parse("192.0.2.1", 9, &a), 0);
	assert_int_equal(addr_parse("192.0.2.1", 10, &a), E_SYNTAX);
	assert_int_equal(addr_parse("192.0.2.1\0.evil", 15, &a), E_SYNTAX);
	assert_int_equal(addr_parse("\0", 1, &a), E_SYNTAX);
	assert_int_equal(addr_parse(NULL, 0, &a), E_SYNTAX);
	memset(longer, '0', sizeof(longer));
	assert_int_equal(addr_parse(longer, sizeof(longer), &a), E_SYNTAX);
}

/* What parses has one text, and that text gives the same address. */
static void
is_stable(const char *data, size_t n, void *arg)
{
	char buf[ADDR_TEXT_MAX];
	struct addr a, again;

	(void)arg;
	if (addr_parse(data, n, &a) != 0)
		return;
	assert_true(a.family == 4 || a.family == 6);
	addr_format(&a, buf);
	assert_int_equal(addr_parse(buf, strlen(buf), &again), 0);
	assert_memory_equal(&a, &again, sizeof(a));
}

static void
test_damaged(void **state)
{
	static const char *const texts[] = { "192.0.2.123",
		"2001:db8:0:1::192.0.2.33", "::ffff:192.0.2.1",
		"fe80:1111:2222:3333:4444:5555:6666:7777" };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(texts); i++) {
		for_each_truncation(
		    texts[i], strlen(texts[i]), is_stable, NULL);
		for_each_bit_flip(texts[i], strlen(texts[i]), is_stable, NULL);
	}
}

static const struct {
	const char *why;
	const char *input;
	int bits; /* -1: refused */
	const char *want;
} prefixes[] = {
	{ "one address", "192.0.2.1", 32, "192.0.2.1" },
	{ "one IPv6 address", "2001:db8::1", 128, "2001:db8::1" },
	{ "network", "192.0.2.0/24", 24, "192.0.2.0" },
	{ "host bits", "192.0.2.1/24", -1, NULL },
	{ "the last bit of it", "192.0.2.128/25", 25, "192.0.2.128" },
	{ "one bit behind it", "192.0.2.64/25", -1, NULL },
	{ "everything", "0.0.0.0/0", 0, "0.0.0.0" },
	{ "everything, with host bits", "128.0.0.0/0", -1, NULL },
	{ "all bits", "192.0.2.1/32", 32, "192.0.2.1" },
	{ "more than all", "192.0.2.1/33", -1, NULL },
	{ "IPv6 network", "2001:db8::/32", 32, "2001:db8::" },
	{ "IPv6 host bits", "2001:db8::1/32", -1, NULL },
	{ "IPv6, all bits", "2001:db8::1/128", 128, "2001:db8::1" },
	{ "IPv6, more than all", "2001:db8::1/129", -1, NULL },
	{ "all of IPv6", "::/0", 0, "::" },
	{ "no bits", "192.0.2.0/", -1, NULL },
	{ "no address", "/24", -1, NULL },
	{ "nothing", "", -1, NULL },
	{ "a slash", "/", -1, NULL },
	{ "leading zero", "192.0.2.0/024", -1, NULL },
	{ "leading zero of two", "0.0.0.0/00", -1, NULL },
	{ "sign", "192.0.2.0/+24", -1, NULL },
	{ "minus", "192.0.2.0/-1", -1, NULL },
	{ "blank", "192.0.2.0/ 24", -1, NULL },
	{ "blank before", "192.0.2.0 /24", -1, NULL },
	{ "blank behind", "192.0.2.0/24 ", -1, NULL },
	{ "no digits", "192.0.2.0/x", -1, NULL },
	{ "four digits", "::/0128", -1, NULL },
	{ "a large number", "192.0.2.0/4294967320", -1, NULL },
	{ "two of them", "192.0.2.0/24/24", -1, NULL },
	{ "a mask", "192.0.2.0/255.255.255.0", -1, NULL },
	{ "mapped address", "::ffff:192.0.2.1", 32, "192.0.2.1" },
	{ "mapped network", "::ffff:192.0.2.0/120", 24, "192.0.2.0" },
	{ "mapped, in hexadecimal", "::ffff:c000:200/120", 24, "192.0.2.0" },
	{ "mapped, all bits", "::ffff:192.0.2.1/128", 32, "192.0.2.1" },
	{ "mapped, more than all", "::ffff:192.0.2.1/129", -1, NULL },
	{ "mapped, counted as IPv4", "::ffff:192.0.2.0/24", -1, NULL },
	{ "mapped, host bits", "::ffff:192.0.2.1/120", -1, NULL },
	{ "all mapped", "::ffff:0:0/96", 0, "0.0.0.0" },
	{ "more than the mapped", "::ffff:0:0/95", -1, NULL },
};

static void
test_prefix(void **state)
{
	char buf[ADDR_TEXT_MAX], *copy;
	struct addr_prefix p;
	size_t i, n;
	int ret;

	(void)state;
	for (i = 0; i < COUNT_OF(prefixes); i++) {
		n = strlen(prefixes[i].input);
		copy = guard_copy(prefixes[i].input, n);
		ret = addr_prefix_parse(copy, n, &p);
		guard_free(copy, n);
		if (ret != (prefixes[i].bits >= 0 ? 0 : E_SYNTAX))
			fail_msg("%s: %d", prefixes[i].why, ret);
		if (ret != 0)
			continue;
		if (p.bits != prefixes[i].bits)
			fail_msg("%s: /%u", prefixes[i].why, p.bits);
		addr_format(&p.addr, buf);
		if (strcmp(buf, prefixes[i].want) != 0)
			fail_msg("%s: %s", prefixes[i].why, buf);
	}
	assert_int_equal(addr_prefix_parse(NULL, 0, &p), E_SYNTAX);
	assert_int_equal(addr_prefix_parse("::/0\0", 5, &p), E_SYNTAX);
}

static void
prefix_holds_itself(const char *data, size_t n, void *arg)
{
	struct addr_prefix p;
	struct addr masked;

	(void)arg;
	if (addr_prefix_parse(data, n, &p) != 0)
		return;
	masked = addr_mask(&p.addr, p.bits);
	assert_true(addr_equal(&masked, &p.addr));
	assert_true(addr_in(&p.addr, &p));
}

static void
test_prefix_damaged(void **state)
{
	static const char *const texts[] = { "192.0.2.128/25",
		"2001:db8:8000::/33", "::ffff:192.0.2.0/120" };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(texts); i++) {
		for_each_truncation(
		    texts[i], strlen(texts[i]), prefix_holds_itself, NULL);
		for_each_bit_flip(
		    texts[i], strlen(texts[i]), prefix_holds_itself, NULL);
	}
}

static void
test_in(void **state)
{
	static const struct {
		const char *addr;
		const char *prefix;
		bool want;
	} in[] = {
		{ "192.0.2.77", "192.0.2.0/24", true },
		{ "192.0.3.77", "192.0.2.0/24", false },
		{ "192.0.2.127", "192.0.2.0/25", true },
		{ "192.0.2.128", "192.0.2.0/25", false },
		{ "192.0.2.1", "192.0.2.1", true },
		{ "192.0.2.2", "192.0.2.1", false },
		{ "::ffff:192.0.2.77", "192.0.2.0/24", true },
		{ "192.0.2.77", "::ffff:192.0.2.0/120", true },
		{ "255.255.255.255", "0.0.0.0/0", true },
		{ "::1", "0.0.0.0/0", false },
		{ "::1", "::/0", true },
		{ "0.0.0.0", "::/0", false },
		{ "::ffff:0.0.0.0", "::/0", false },
		{ "2001:db8::1", "2001:db8::/32", true },
		{ "2001:db9::1", "2001:db8::/32", false },
		{ "2001:db8:0:1:8000::", "2001:db8:0:1::/65", false },
		{ "2001:db8:0:1:7fff::", "2001:db8:0:1::/65", true },
	};
	struct addr_prefix p;
	struct addr a;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(in); i++) {
		assert_int_equal(
		    addr_parse(in[i].addr, strlen(in[i].addr), &a), 0);
		assert_int_equal(
		    addr_prefix_parse(in[i].prefix, strlen(in[i].prefix), &p),
		    0);
		if (addr_in(&a, &p) != in[i].want)
			fail_msg("%s in %s", in[i].addr, in[i].prefix);
	}
}

/* Zero must not match everything by accident. */
static void
test_no_address(void **state)
{
	struct addr_prefix nothing = { .bits = 0 };
	struct addr none = { .family = 0 }, a;
	char buf[ADDR_TEXT_MAX];

	(void)state;
	assert_int_equal(addr_parse("0.0.0.0", 7, &a), 0);
	assert_true(addr_equal(&a, &a));
	assert_false(addr_equal(&none, &none));
	assert_false(addr_equal(&a, &none));
	assert_false(addr_in(&a, &nothing));
	assert_false(addr_in(&none, &nothing));
	assert_string_equal(addr_format(&none, buf), "");
	a.family = 5;
	assert_false(addr_equal(&a, &a));
	assert_string_equal(addr_format(&a, buf), "");
}

/* Every width, bit by bit. */
static void
test_mask(void **state)
{
	struct addr all = { .family = 6 }, masked;
	unsigned int bits, i;

	(void)state;
	memset(all.bytes, 0xff, sizeof(all.bytes));
	for (bits = 0; bits <= 255; bits++) {
		masked = addr_mask(&all, (uint8_t)bits);
		assert_int_equal(masked.family, 6);
		for (i = 0; i < 128; i++)
			assert_int_equal(
			    masked.bytes[i / 8] >> (7 - i % 8) & 1, i < bits);
	}
	assert_int_equal(addr_parse("255.255.255.255", 15, &all), 0);
	masked = addr_mask(&all, 33);
	assert_true(addr_equal(&masked, &all));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_nul_and_length),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_prefix_damaged),
		cmocka_unit_test(test_in),
		cmocka_unit_test(test_no_address),
		cmocka_unit_test(test_mask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
