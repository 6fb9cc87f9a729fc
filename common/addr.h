/*
 * addr: IP addresses as keys. One canonical form: an IPv4 address mapped
 * into IPv6 (::ffff:a.b.c.d, RFC 4291 §2.5.5.2) is the IPv4 address.
 */

#ifndef JWTGATE_ADDR_H
#define JWTGATE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ADDR_TEXT_MAX 46 /* INET6_ADDRSTRLEN */

struct addr {
	uint8_t bytes[16]; /* IPv4 in the first four, the rest zero */
	uint8_t family; /* 4 or 6; 0 is no address */
};

struct addr_prefix {
	struct addr addr; /* bits behind the prefix are zero */
	uint8_t bits;
};

/*
 * Parses n bytes of text. No zone index, no port, no brackets, no octal or
 * short IPv4 forms, no blanks. Returns 0 or E_SYNTAX.
 */
int addr_parse(const char *text, size_t n, struct addr *out);

/*
 * "a.b.c.d/n" or a single address. E_SYNTAX also when host bits are set. For
 * the mapped form n counts all 128 bits, so it is at least 96. IPv6 prefixes
 * hold IPv6 addresses only: ::/0 has no IPv4 address in it.
 */
int addr_prefix_parse(const char *text, size_t n, struct addr_prefix *out);

/* RFC 5952 text in buf, empty for no address. Returns buf. */
char *addr_format(const struct addr *a, char buf[ADDR_TEXT_MAX]);

/* a with everything behind the first bits cleared. */
struct addr addr_mask(const struct addr *a, uint8_t bits);

/* No address equals none and is in nothing. */
bool addr_equal(const struct addr *a, const struct addr *b);
bool addr_in(const struct addr *a, const struct addr_prefix *p);

#endif
