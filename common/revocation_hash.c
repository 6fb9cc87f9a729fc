/*
 * SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed hash for short texts.
 * The kind of the entry is one more byte in front of the text.
 */

#include "revocation_priv.h"

#include <errno.h>
#include <sys/random.h>

struct sip {
	uint64_t v0, v1, v2, v3;
};

int
revocation_hash_key(struct hash_key *out)
{
	ssize_t got;

	do
		got = getrandom(out, sizeof(*out), 0);
	while (got < 0 && errno == EINTR);
	return got == (ssize_t)sizeof(*out) ? 0 : -1;
}

static uint64_t
turn(uint64_t x, unsigned by)
{
	return (x << by) | (x >> (64 - by));
}

static void
mix(struct sip *s, unsigned rounds)
{
	while (rounds-- > 0) {
		s->v0 += s->v1;
		s->v1 = turn(s->v1, 13) ^ s->v0;
		s->v0 = turn(s->v0, 32);
		s->v2 += s->v3;
		s->v3 = turn(s->v3, 16) ^ s->v2;
		s->v0 += s->v3;
		s->v3 = turn(s->v3, 21) ^ s->v0;
		s->v2 += s->v1;
		s->v1 = turn(s->v1, 17) ^ s->v2;
		s->v2 = turn(s->v2, 32);
	}
}

static void
absorb(struct sip *s, uint64_t word)
{
	s->v3 ^= word;
	mix(s, 2);
	s->v0 ^= word;
}

uint64_t
revocation_hash(const struct hash_key *key, enum revocation_by by,
    const char *text, size_t n)
{
	struct sip s = {
		.v0 = key->k0 ^ UINT64_C(0x736f6d6570736575),
		.v1 = key->k1 ^ UINT64_C(0x646f72616e646f6d),
		.v2 = key->k0 ^ UINT64_C(0x6c7967656e657261),
		.v3 = key->k1 ^ UINT64_C(0x7465646279746573),
	};
	uint64_t word = (uint64_t)by;
	size_t i;

	for (i = 1; i <= n; i++) {
		if (i % 8 == 0) {
			absorb(&s, word);
			word = 0;
		}
		word |= (uint64_t)(unsigned char)text[i - 1] << (8 * (i % 8));
	}
	if (i % 8 == 0) {
		absorb(&s, word);
		word = 0;
	}
	absorb(&s, word | (uint64_t)(i & 0xff) << 56);
	s.v2 ^= 0xff;
	mix(&s, 4);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
