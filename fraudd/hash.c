/*
 * hash: one file, two keys. The file is text, so that an administrator sees
 * what it is:
 *
 *	fraudd-hash-key 1
 *	2 6f1e... current, 32 hexadecimal digits
 *	1 0c55... previous, only while it is needed
 *	# 9d3b...
 *
 * The last line is the SipHash-128, under the current key, of all before it.
 */

#include "hash.h"

#include "err.h"
#include "file.h"
#include "mem.h"
#include "str.h"

#include <endian.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>

#define KEY_LEN crypto_shorthash_siphashx24_KEYBYTES
#define FILE_MAX 512
#define FILE_HEAD "fraudd-hash-key 1\n"
#define GENERATION_DIGITS 10

struct key {
	uint32_t generation; /* 0: none */
	unsigned char bytes[KEY_LEN];
};

struct hash_keys {
	struct key current, previous;
	unsigned char index[crypto_shorthash_siphash24_KEYBYTES];
	char *path; /* owns; NULL: in memory alone */
};

_Static_assert(KEY_LEN == 16, "the file has 32 digits for a key");
_Static_assert(crypto_shorthash_siphashx24_BYTES == HASH_LEN, "128 bits");

void
hash_random(void *out, size_t n)
{
	unsigned char seed[randombytes_SEEDBYTES];

	if (n <= sizeof(seed)) {
		randombytes_buf(out, n);
		return;
	}
	/* one system call, however much it is */
	randombytes_buf(seed, sizeof(seed));
	randombytes_buf_deterministic(out, n, seed);
	mem_wipe(seed, sizeof(seed));
}

static void
add_hex(struct str *s, const unsigned char *bytes, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		str_addf(s, "%02x", bytes[i]);
}

static void
checksum(const struct key *key, const char *text, size_t n,
    unsigned char out[HASH_LEN])
{
	crypto_shorthash_siphashx24(
	    out, (const unsigned char *)text, n, key->bytes);
}

static void
add_key(struct str *s, const struct key *key)
{
	str_addf(s, "%u ", (unsigned int)key->generation);
	add_hex(s, key->bytes, KEY_LEN);
	str_add(s, "\n");
}

/* Writes what the file shall say; nothing to do for keys in memory. */
static int
save(const struct hash_keys *k, struct err *e)
{
	unsigned char sum[HASH_LEN];
	char text[FILE_MAX];
	struct str s;
	int ret;

	if (k->path == NULL)
		return 0;
	str_init(&s, text, sizeof(text));
	str_add(&s, FILE_HEAD);
	add_key(&s, &k->current);
	if (k->previous.generation != 0)
		add_key(&s, &k->previous);
	checksum(&k->current, s.data, s.len, sum);
	str_add(&s, "# ");
	add_hex(&s, sum, sizeof(sum));
	str_add(&s, "\n");
	ret = file_replace(k->path, 0600, s.data, s.len, e);
	mem_wipe(text, sizeof(text));
	return ret;
}

/* A text being read, line by line. */
struct reader {
	const char *at;
	size_t left;
};

static bool
take_word(struct reader *r, const char *word)
{
	size_t n = strlen(word);

	if (r->left < n || memcmp(r->at, word, n) != 0)
		return false;
	r->at += n;
	r->left -= n;
	return true;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

static bool
take_hex(struct reader *r, unsigned char *out, size_t n)
{
	size_t i;
	int high, low;

	if (r->left < 2 * n)
		return false;
	for (i = 0; i < n; i++) {
		high = hex_value(r->at[2 * i]);
		low = hex_value(r->at[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		out[i] = (unsigned char)(high << 4 | low);
	}
	r->at += 2 * n;
	r->left -= 2 * n;
	return true;
}

/* Decimal, from 1, without leading zero. */
static bool
take_generation(struct reader *r, uint32_t *out)
{
	uint64_t value = 0;
	size_t i;

	for (i = 0; i < r->left && i < GENERATION_DIGITS; i++) {
		if (r->at[i] < '0' || r->at[i] > '9')
			break;
		value = value * 10 + (uint64_t)(r->at[i] - '0');
	}
	if (i == 0 || r->at[0] == '0' || value > UINT32_MAX)
		return false;
	r->at += i;
	r->left -= i;
	*out = (uint32_t)value;
	return true;
}

static bool
take_key(struct reader *r, struct key *out)
{
	return take_generation(r, &out->generation) && take_word(r, " ") &&
	    take_hex(r, out->bytes, KEY_LEN) && take_word(r, "\n");
}

static bool
take_all(struct hash_keys *k, const char *text, size_t n)
{
	unsigned char want[HASH_LEN], have[HASH_LEN];
	struct reader r = { text, n };
	size_t summed;

	if (!take_word(&r, FILE_HEAD) || !take_key(&r, &k->current))
		return false;
	if (r.left != 0 && r.at[0] != '#') {
		if (!take_key(&r, &k->previous) ||
		    k->previous.generation != k->current.generation - 1)
			return false;
	}
	summed = n - r.left;
	checksum(&k->current, text, summed, want);
	return take_word(&r, "# ") && take_hex(&r, have, sizeof(have)) &&
	    take_word(&r, "\n") && r.left == 0 &&
	    mem_equal(want, have, sizeof(want));
}

static int
read_file(struct hash_keys *k, struct err *e)
{
	struct file f = { 0 };
	int ret;

	ret = file_read(k->path, FILE_MAX, FILE_SECRET, &f, e);
	if (ret != 0)
		return ret;
	if ((f.mode & 077) != 0)
		ret = err_set(e, E_PERM,
		    "%s: others can read it (its mode must be 0600)", k->path);
	else if (!take_all(k, f.data, f.len))
		ret = err_set(e, E_KEY,
		    "%s: is no key file of this version, or is damaged",
		    k->path);
	file_done(&f);
	return ret;
}

static void
new_key(struct key *key, uint32_t generation)
{
	key->generation = generation;
	randombytes_buf(key->bytes, KEY_LEN);
}

int
hash_keys_load(const char *path, struct hash_keys **out, struct err *e)
{
	struct hash_keys *k;
	struct stat st;
	int ret = 0;

	if (sodium_init() < 0)
		return err_set(e, E_CRYPTO, "libsodium does not start");
	k = mem_alloc(sizeof(*k));
	if (k == NULL)
		return err_set(e, E_NOMEM, "out of memory");
	randombytes_buf(k->index, sizeof(k->index));
	if (path != NULL && (k->path = mem_strdup(path)) == NULL) {
		ret = err_set(e, E_NOMEM, "out of memory");
	} else if (path == NULL || (stat(path, &st) != 0 && errno == ENOENT)) {
		new_key(&k->current, 1);
		ret = save(k, e);
	} else {
		ret = read_file(k, e);
	}
	if (ret != 0)
		hash_keys_free(&k);
	else
		*out = k;
	return ret;
}

void
hash_keys_free(struct hash_keys **k)
{
	if (*k == NULL)
		return;
	mem_free_str(&(*k)->path);
	mem_free(k, sizeof(**k));
}

int
hash_keys_rotate(struct hash_keys *k, struct err *e)
{
	struct key old = k->current;
	int ret = 0;

	if (k->previous.generation != 0)
		ret = err_set(e, E_RANGE,
		    "the previous key is still needed: rotate again later");
	else if (old.generation == UINT32_MAX)
		ret = err_set(e, E_RANGE, "no generation is left");
	if (ret == 0) {
		k->previous = old;
		new_key(&k->current, old.generation + 1);
		ret = save(k, e);
		if (ret != 0) {
			k->current = old;
			mem_wipe(&k->previous, sizeof(k->previous));
		}
	}
	mem_wipe(&old, sizeof(old));
	return ret;
}

int
hash_keys_retire(struct hash_keys *k, struct err *e)
{
	struct key old = k->previous;
	int ret;

	mem_wipe(&k->previous, sizeof(k->previous));
	ret = save(k, e);
	if (ret != 0)
		k->previous = old;
	mem_wipe(&old, sizeof(old));
	return ret;
}

uint32_t
hash_generation(const struct hash_keys *k)
{
	return k->current.generation;
}

bool
hash_has_previous(const struct hash_keys *k)
{
	return k->previous.generation != 0;
}

static const struct key *
find_key(const struct hash_keys *k, uint32_t generation)
{
	if (generation == 0)
		return NULL;
	if (generation == k->current.generation)
		return &k->current;
	return generation == k->previous.generation ? &k->previous : NULL;
}

bool
hash_knows(const struct hash_keys *k, uint32_t generation)
{
	return find_key(k, generation) != NULL;
}

bool
hash_parts(const struct hash_keys *k, uint32_t generation,
    const struct hash_part *parts, size_t count, uint8_t out[HASH_LEN])
{
	const struct key *key = find_key(k, generation);
	/* filled as far as it is read; wiping it costs as much as hashing */
	unsigned char message[HASH_MESSAGE_MAX] __attribute__((uninitialized));
	size_t n = 0, i;
	uint32_t len;

	if (key == NULL)
		return false;
	for (i = 0; i < count; i++) {
		if (parts[i].len > sizeof(message) - sizeof(len) ||
		    n > sizeof(message) - sizeof(len) - parts[i].len)
			return false;
		len = (uint32_t)parts[i].len;
		memcpy(message + n, &len, sizeof(len));
		n += sizeof(len);
		if (len != 0)
			memcpy(message + n, parts[i].data, len);
		n += len;
	}
	crypto_shorthash_siphashx24(out, message, n, key->bytes);
	return true;
}

bool
hash_purpose(const struct hash_keys *k, uint32_t generation,
    const struct hash_part *parts, size_t count, struct hash_purpose *out)
{
	if (!hash_parts(k, generation, parts, count, out->key))
		return false;
	out->generation = generation;
	return true;
}

void
hash_for(const struct hash_purpose *p, const void *data, size_t n,
    uint8_t out[HASH_LEN])
{
	_Static_assert(sizeof(p->key) == KEY_LEN, "a hash is a key");
	crypto_shorthash_siphashx24(out, data, n, p->key);
}

#define WORDS_LEN 18 /* bytes of what hash_words() takes */
#define ROTATE(x, n) ((x) << (n) | (x) >> (64 - (n)))

/* A round of SipHash. */
static inline void
stir(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = ROTATE(v[1], 13) ^ v[0];
	v[3] = ROTATE(v[3], 16) ^ v[2];
	v[0] = ROTATE(v[0], 32) + v[3];
	v[2] += v[1];
	v[3] = ROTATE(v[3], 21) ^ v[0];
	v[1] = ROTATE(v[1], 17) ^ v[2];
	v[2] = ROTATE(v[2], 32);
}

static inline void
take(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	stir(v);
	v[0] ^= word;
}

static inline void
begin(const struct hash_keys *k, uint64_t v[4])
{
	memcpy(v, k->index, sizeof(k->index));
	v[2] = v[0] ^ UINT64_C(0x6c7967656e657261);
	v[3] = v[1] ^ UINT64_C(0x7465646279746573);
	v[0] ^= UINT64_C(0x736f6d6570736575);
	v[1] ^= UINT64_C(0x646f72616e646f6d);
}

static inline uint64_t
end(uint64_t v[4])
{
	int i;

	v[2] ^= 0xff;
	for (i = 0; i < 3; i++)
		stir(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* The bytes behind the last whole word, fewer than eight, low one first. */
static inline uint64_t
rest_of(const unsigned char *p, size_t n)
{
	uint64_t word = 0;
	uint32_t four = 0;
	uint16_t two = 0;

	if (n & 4) {
		memcpy(&four, p, 4);
		word = le32toh(four);
		p += 4;
	}
	if (n & 2) {
		memcpy(&two, p, 2);
		word |= (uint64_t)le16toh(two) << 8 * (n & 4);
		p += 2;
	}
	if (n & 1)
		word |= (uint64_t)*p << 8 * (n & 6);
	return word;
}

/*
 * SipHash-1-3, as other programs have it in their hash tables: nobody sees
 * what comes out, so fewer rounds will do than libsodium's 2-4.
 */
uint64_t
hash_index(const struct hash_keys *k, const void *data, size_t n)
{
	const unsigned char *p = data;
	uint64_t v[4], word, last = (uint64_t)n << 56;

	begin(k, v);
	for (; n >= 8; n -= 8, p += 8) {
		memcpy(&word, p, sizeof(word));
		take(v, word);
	}
	take(v, last | rest_of(p, n));
	return end(v);
}

uint64_t
hash_words(
    const struct hash_keys *k, uint64_t first, uint64_t second, uint16_t rest)
{
	uint64_t v[4];

	begin(k, v);
	take(v, first);
	take(v, second);
	take(v, (uint64_t)WORDS_LEN << 56 | rest);
	return end(v);
}
