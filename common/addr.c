/*
 * addr: an address has one struct and one text, however it was written; so
 * one peer is one key. IPv4 is read here, for a busy daemon reads little else;
 * IPv6 by the C library; lengths, NULs and the mapped form are dealt with here.
 */

#include "addr.h"

#include "err.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

static uint8_t
addr_width(const struct addr *a)
{
	return a->family == 4 ? 32 : a->family == 6 ? 128 : 0;
}

static inline unsigned
digit(char c)
{
	return (unsigned)(unsigned char)c - '0';
}

/*
 * Behind the number, which goes into the lowest byte of *all; NULL: there is
 * none, or it is over 255. A zero in front is a number of its own.
 */
static inline const char *
parse_octet(const char *s, const char *end, uint32_t *all)
{
	unsigned value, more;

	if (s == end || (value = digit(*s++)) > 9)
		return NULL;
	if (value != 0 && s < end && (more = digit(*s)) <= 9) {
		value = value * 10 + more;
		if (++s < end && (more = digit(*s)) <= 9) {
			value = value * 10 + more;
			s++;
		}
	}
	*all = *all << 8 | value;
	return value > 255 ? NULL : s;
}

/* What inet_pton() takes, and nothing else; many times as fast. */
static bool
parse_v4(const char *s, size_t n, uint32_t *out)
{
	const char *end = s + n;
	int i;

	*out = 0;
	for (i = 0; i < 4; i++) {
		if (i > 0 && (s == end || *s++ != '.'))
			return false;
		s = parse_octet(s, end, out);
		if (s == NULL)
			return false;
	}
	return s == end;
}

int
addr_parse(const char *text, size_t n, struct addr *out)
{
	struct addr a = { .family = 0 };
	char s[ADDR_TEXT_MAX];
	uint32_t v4;

	if (n > 0 && parse_v4(text, n, &v4)) {
		memset(out, 0, sizeof(*out));
		out->family = 4;
		v4 = htonl(v4);
		memcpy(out->bytes, &v4, sizeof(v4));
		return 0;
	}
	if (n == 0 || n >= sizeof(s) || memchr(text, '\0', n) != NULL)
		return E_SYNTAX;
	memcpy(s, text, n);
	s[n] = '\0';
	memset(a.bytes, 0, sizeof(a.bytes));
	if (inet_pton(AF_INET6, s, a.bytes) != 1) {
		return E_SYNTAX;
	} else if (memcmp(a.bytes, mapped, sizeof(mapped)) == 0) {
		a.family = 4;
		memmove(a.bytes, a.bytes + 12, 4);
		memset(a.bytes + 4, 0, 12);
	} else {
		a.family = 6;
	}
	*out = a;
	return 0;
}

/* Decimal without sign or leading zero, at most max; E_SYNTAX otherwise. */
static int
parse_bits(const char *s, size_t n, int max, int *out)
{
	int value = 0;
	size_t i;

	if (n == 0 || n > 3 || (n > 1 && s[0] == '0'))
		return E_SYNTAX;
	for (i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return E_SYNTAX;
		value = value * 10 + (s[i] - '0');
	}
	if (value > max)
		return E_SYNTAX;
	*out = value;
	return 0;
}

int
addr_prefix_parse(const char *text, size_t n, struct addr_prefix *out)
{
	struct addr a, masked;
	const char *slash;
	size_t addr_len;
	bool colon;
	int bits;

	slash = n != 0 ? memchr(text, '/', n) : NULL;
	addr_len = slash != NULL ? (size_t)(slash - text) : n;
	if (addr_parse(text, addr_len, &a) != 0)
		return E_SYNTAX;
	colon = memchr(text, ':', addr_len) != NULL;
	bits = addr_width(&a);
	if (slash != NULL &&
	    parse_bits(slash + 1, n - addr_len - 1, colon ? 128 : 32, &bits) !=
		0)
		return E_SYNTAX;
	/* the mapped form counts its 96 fixed bits too */
	if (slash != NULL && colon && a.family == 4)
		bits -= 96;
	if (bits < 0)
		return E_SYNTAX;
	masked = addr_mask(&a, (uint8_t)bits);
	if (!addr_equal(&a, &masked))
		return E_SYNTAX;
	out->addr = a;
	out->bits = (uint8_t)bits;
	return 0;
}

/*
 * The longest run of at least two zero groups, the first of equal ones
 * (RFC 5952 §4.2). Returns its length, 0 for none.
 */
static size_t
longest_zeros(const unsigned int group[8], size_t *start_out)
{
	size_t best = 1, i, run = 0;

	for (i = 0; i < 8; i++) {
		run = group[i] == 0 ? run + 1 : 0;
		if (run > best) {
			best = run;
			*start_out = i + 1 - run;
		}
	}
	return best > 1 ? best : 0;
}

static void
format_v6(const struct addr *a, char buf[ADDR_TEXT_MAX])
{
	size_t start = 8, zeros, len = 0, i;
	unsigned int group[8];

	for (i = 0; i < 8; i++)
		group[i] = (unsigned int)a->bytes[2 * i] << 8 |
		    a->bytes[2 * i + 1];
	zeros = longest_zeros(group, &start);
	for (i = 0; i < 8; i++) {
		if (zeros != 0 && i == start) {
			buf[len++] = ':';
			buf[len++] = ':';
			i += zeros - 1;
			continue;
		}
		len += (size_t)snprintf(buf + len, ADDR_TEXT_MAX - len,
		    len == 0 || buf[len - 1] == ':' ? "%x" : ":%x", group[i]);
	}
	buf[len] = '\0';
}

char *
addr_format(const struct addr *a, char buf[ADDR_TEXT_MAX])
{
	if (a->family == 4)
		snprintf(buf, ADDR_TEXT_MAX, "%u.%u.%u.%u", a->bytes[0],
		    a->bytes[1], a->bytes[2], a->bytes[3]);
	else if (a->family == 6)
		format_v6(a, buf);
	else
		buf[0] = '\0';
	return buf;
}

struct addr
addr_mask(const struct addr *a, uint8_t bits)
{
	struct addr masked = { .family = a->family };
	size_t whole;

	if (bits >= addr_width(a))
		return *a;
	whole = bits / 8u;
	memcpy(masked.bytes, a->bytes, whole);
	if (bits % 8u != 0)
		masked.bytes[whole] = (uint8_t)(a->bytes[whole] &
		    0xff00u >> bits % 8u);
	return masked;
}

bool
addr_equal(const struct addr *a, const struct addr *b)
{
	return addr_width(a) != 0 && a->family == b->family &&
	    memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

bool
addr_in(const struct addr *a, const struct addr_prefix *p)
{
	struct addr masked = addr_mask(a, p->bits);

	return addr_equal(&masked, &p->addr);
}
