/*
 * jwk_secret: may these bytes be an HMAC key? What looks like a public key
 * may not, in any of the forms in which people pass those around: whoever
 * holds the public key could sign (CVE-2016-10555, CVE-2022-29217). Blanks
 * around it do not hide it.
 */

#include "jwk.h"

#include <string.h>

#include "err.h"

struct bytes {
	const uint8_t *p;
	size_t n;
};

static bool
is_blank(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || c == 0;
}

/* Without blanks in front; a byte order mark counts as one. */
static struct bytes
trim(struct bytes b)
{
	if (b.n >= 3 && b.p[0] == 0xef && b.p[1] == 0xbb && b.p[2] == 0xbf) {
		b.p += 3;
		b.n -= 3;
	}
	while (b.n > 0 && is_blank(b.p[0])) {
		b.p++;
		b.n--;
	}
	return b;
}

static bool
holds(struct bytes b, const char *word)
{
	return memmem(b.p, b.n, word, strlen(word)) != NULL;
}

static bool
starts(struct bytes b, const char *word)
{
	size_t n = strlen(word);

	return b.n >= n && strncmp((const char *)b.p, word, n) == 0;
}

static bool
is_pem(struct bytes b)
{
	/* "---- BEGIN SSH2 PUBLIC KEY ----" is RFC 4716. */
	return holds(b, "-----BEGIN ") || holds(b, "---- BEGIN ");
}

/* The base64 of a public key with its armour cut off, by its OID. */
static bool
is_bare_base64(struct bytes b)
{
	static const char *const marks[] = {
		"BgkqhkiG9w0BAQ", /* rsaEncryption, inside MIIB...: */
		"YHKoZIzj0CAQ", /* id-ecPublicKey, P-256 and P-384 */
		"GByqGSM49AgEG", /* the same in P-521 */
		"MCowBQYDK2Vw", /* Ed25519 */
		"MEMwBQYDK2Vx", /* Ed448 */
	};
	size_t i;

	if (b.n == 0 || b.p[0] != 'M')
		return false;
	for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		if (holds(b, marks[i]))
			return true;
	}
	return false;
}

static bool
is_ssh(struct bytes b)
{
	static const char *const types[] = { "ssh-rsa", "ssh-dss",
		"ssh-ed25519", "ssh-ed448", "ecdsa-sha2-", "sk-ssh-",
		"sk-ecdsa-" };
	struct bytes body = b;
	size_t i;

	/* The binary form is a string of 32 bits of length, RFC 4253 §6.6. */
	if (b.n > 4 && b.p[0] == 0 && b.p[1] == 0 && b.p[2] == 0) {
		body.p += 4;
		body.n -= 4;
	}
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (starts(b, types[i]) || starts(body, types[i]))
			return true;
	}
	return starts(b, "AAAAB3NzaC1") || starts(b, "AAAAC3NzaC1") ||
	    starts(b, "AAAAE2VjZHNh");
}

static bool
is_jwk(struct bytes b)
{
	return b.n > 0 && b.p[0] == '{' &&
	    (holds(b, "\"kty\"") || holds(b, "\"keys\""));
}

/* Length of the DER element at b with its head, or 0. */
static size_t
der_span(struct bytes b, size_t *head_out)
{
	size_t i, count, len;

	if (b.n < 2)
		return 0;
	len = b.p[1];
	*head_out = 2;
	if (len >= 0x80) {
		count = len & 0x7f;
		if (count == 0 || count > 3 || b.n < 2 + count)
			return 0;
		len = 0;
		for (i = 0; i < count; i++)
			len = len << 8 | b.p[2 + i];
		*head_out = 2 + count;
	}
	return len <= b.n - *head_out ? *head_out + len : 0;
}

/*
 * A SEQUENCE of a SEQUENCE (SubjectPublicKeyInfo, a certificate) or of an
 * INTEGER (PKCS #1, any private key) with nothing but blanks behind it.
 */
static bool
is_der(struct bytes b)
{
	struct bytes inner;
	size_t head = 0, span, i;

	if (b.n == 0 || b.p[0] != 0x30)
		return false;
	span = der_span(b, &head);
	if (span == 0)
		return false;
	for (i = span; i < b.n; i++) {
		if (!is_blank(b.p[i]))
			return false;
	}
	inner.p = b.p + head;
	inner.n = span - head;
	if (inner.n == 0 || (inner.p[0] != 0x30 && inner.p[0] != 0x02))
		return false;
	return der_span(inner, &head) != 0;
}

static bool
is_zero(struct bytes b)
{
	uint8_t any = 0;
	size_t i;

	for (i = 0; i < b.n; i++)
		any |= b.p[i];
	return any == 0;
}

int
jwk_secret_check(const void *secret, size_t n, enum jwa_alg alg, struct err *e)
{
	const struct jwa_info *info = jwa_get(alg);
	struct bytes whole = { secret, n }, b;
	const char *form = NULL;

	if (info == NULL || info->kind != JWA_KIND_HMAC)
		return err_set(
		    e, E_KEY, "%s does not sign with a secret", jwa_name(alg));
	if (n > JWK_SECRET_MAX)
		return err_set(
		    e, E_KEY, "a secret has at most %d bytes", JWK_SECRET_MAX);
	if (n < info->hash_len)
		return err_set(e, E_KEY,
		    "%zu bytes; a secret for %s has at least %zu", n,
		    info->name, info->hash_len);
	b = trim(whole);
	if (is_pem(b))
		form = "PEM";
	else if (is_der(b) || is_der(whole))
		form = "DER";
	else if (is_ssh(b) || is_ssh(whole))
		form = "SSH";
	else if (is_jwk(b))
		form = "JWK";
	else if (is_bare_base64(b))
		form = "base64";
	if (form != NULL)
		return err_set(
		    e, E_KEY, "this is a key in %s form, not a secret", form);
	if (is_zero(whole))
		return err_set(e, E_KEY, "all bytes are zero");
	return 0;
}
