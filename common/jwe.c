/*
 * jwe: an encrypted token is taken apart. The header chooses among our own
 * algorithms and keys and nothing else; what would let it choose work for us
 * (p2c, zip) or meaning (crit, b64) is refused by name.
 */

#include "jwe.h"

#include <string.h>

#include "b64url.h"
#include "err.h"
#include "jscan.h"
#include "str.h"

#define PARTS 5
#define NAME_MAX_LEN 24 /* bytes of the longest name we know, and more */

enum part {
	PART_HEADER,
	PART_KEY,
	PART_IV,
	PART_CIPHERTEXT,
	PART_TAG
};

/* Their rows, see struct jscan_names. */
enum field {
	FIELD_ALG = 2,
	FIELD_B64 = 3,
	FIELD_ENC = 4,
	FIELD_P2C = 5,
	FIELD_KID = 6,
	FIELD_APV = 8,
	FIELD_CRIT = 9,
	FIELD_CTY = 10,
	FIELD_APU = 11,
	FIELD_ZIP = 13,
	FIELD_EPK = 14
};

const struct jscan_names jwe_names = {
	.factor = UINT64_C(0x5dfbd3d12c4a3699),
	.rows = {
		[FIELD_ALG] = JSCAN_NAME("alg"),
		[FIELD_ENC] = JSCAN_NAME("enc"),
		[FIELD_KID] = JSCAN_NAME("kid"),
		[FIELD_CTY] = JSCAN_NAME("cty"),
		[FIELD_EPK] = JSCAN_NAME("epk"),
		[FIELD_APU] = JSCAN_NAME("apu"),
		[FIELD_APV] = JSCAN_NAME("apv"),
		[FIELD_CRIT] = JSCAN_NAME("crit"),
		[FIELD_B64] = JSCAN_NAME("b64"),
		[FIELD_ZIP] = JSCAN_NAME("zip"),
		[FIELD_P2C] = JSCAN_NAME("p2c"),
	},
};

/* Refused whatever the algorithm is; p2c only once that is known. */
static const enum field refused[] = { FIELD_CRIT, FIELD_B64, FIELD_ZIP };

struct part_text {
	const char *text;
	size_t len;
};

bool
jwe_looks_like(const char *token, size_t n)
{
	const char *p = token, *const end = token + n;
	size_t dots = 0;

	while (
	    dots < PARTS && (p = memchr(p, '.', (size_t)(end - p))) != NULL) {
		dots++;
		p++;
	}
	return dots == PARTS - 1;
}

static int
malformed(struct err *e, const char *text)
{
	return err_set(e, E_TOKEN_MALFORMED, "%s", text);
}

static int
split(const char *token, size_t n, struct part_text parts[PARTS], struct err *e)
{
	const char *dot;
	size_t i;

	if (!jwe_looks_like(token, n))
		return malformed(e, "not five parts");
	for (i = 0; i < PARTS; i++) {
		dot = memchr(token, '.', n);
		parts[i].text = token;
		parts[i].len = dot != NULL ? (size_t)(dot - token) : n;
		if (b64url_check(parts[i].text, parts[i].len) != 0)
			return malformed(e, "a part is not base64url");
		if (dot != NULL) {
			n -= parts[i].len + 1;
			token = dot + 1;
		}
	}
	if (parts[PART_HEADER].len == 0)
		return malformed(e, "the header is empty");
	return 0;
}

/* A string member without control characters, or nothing. */
static int
read_kid(const struct jscan_value *v, struct jwe *out, struct err *e)
{
	size_t i, n = 0;

	if (v->type == JSCAN_NONE)
		return 0;
	if (jscan_string(v, out->kid, sizeof(out->kid), &n) != 0)
		return err_set(e, E_HEADER_INVALID,
		    "kid: not a string of at most %d bytes", JWK_KID_MAX);
	for (i = 0; i < n; i++) {
		if ((unsigned char)out->kid[i] < 0x20 || out->kid[i] == 0x7f)
			return err_set(e, E_HEADER_INVALID,
			    "kid: holds a control character");
	}
	out->has_kid = true;
	return 0;
}

/* RFC 7519 §5.2; "application/" and case as in typ. */
static int
read_cty(const struct jscan_value *v, struct jwe *out, struct err *e)
{
	static const char jwt[] = "application/jwt";
	const size_t prefix = strlen("application/");
	char text[64];
	const char *want = jwt;
	size_t i, n = 0;

	if (v->type == JSCAN_NONE)
		return 0;
	if (jscan_string(v, text, sizeof(text), &n) != 0)
		return err_set(
		    e, E_HEADER_INVALID, "cty: not a string of a type");
	if (n == strlen(jwt) - prefix)
		want = jwt + prefix;
	for (i = 0; i < n && want[i] != '\0'; i++) {
		if ((text[i] | 0x20) != want[i] && text[i] != want[i])
			return 0;
	}
	out->cty_jwt = i == n && want[i] == '\0';
	return 0;
}

/* A base64url member of at most cap bytes; *len_out 0 when absent. */
static int
read_bytes(const struct jscan_value *v, const char *name, uint8_t *dst,
    size_t cap, size_t *len_out, struct err *e)
{
	char text[B64URL_ENCODED_LEN(JWE_PARTY_MAX) + 1];
	size_t n = 0;

	*len_out = 0;
	if (v->type == JSCAN_NONE)
		return 0;
	if (jscan_string(v, text, sizeof(text), &n) != 0 ||
	    B64URL_DECODED_LEN(n) > cap || b64url_decode(dst, text, n) != 0)
		return err_set(e, E_HEADER_INVALID,
		    "%s: not base64url of at most %zu bytes", name, cap);
	*len_out = B64URL_DECODED_LEN(n);
	return 0;
}

static int
read_coordinate(const struct jscan_value *epk, const char *name, uint8_t *dst,
    size_t width, struct err *e)
{
	struct jscan_value v = { .type = JSCAN_NONE };
	size_t n = 0;
	int rc;

	(void)jscan_member(epk, name, 1, &v);
	rc = read_bytes(&v, "epk", dst, width, &n, e);
	if (rc == 0 && n != width)
		rc = err_set(e, E_HEADER_INVALID,
		    "epk: %s is not as wide as the curve", name);
	return rc;
}

/* RFC 7518 §4.6.1.1. Whether it is on its curve is seen when it is used. */
static int
read_epk(const struct jscan_value *v, struct jwe_epk *out, struct err *e)
{
	struct jscan_value kty = { .type = JSCAN_NONE }, crv = kty;
	const struct jwk_enc_curve *curve;
	char name[NAME_MAX_LEN];
	size_t n = 0;
	int rc;

	if (v->type != JSCAN_OBJECT)
		return err_set(
		    e, E_HEADER_INVALID, "epk: missing or not an object");
	(void)jscan_member(v, "kty", 3, &kty);
	(void)jscan_member(v, "crv", 3, &crv);
	if (jscan_member(v, "d", 1, &(struct jscan_value){ 0 }))
		return err_set(e, E_HEADER_INVALID, "epk: a private key");
	if (jscan_string(&crv, name, sizeof(name), &n) != 0)
		return err_set(e, E_HEADER_INVALID, "epk: no curve");
	curve = jwk_enc_curve_find(name, n);
	if (curve == NULL ||
	    !jscan_equal(&kty, curve->kty == JWK_EC ? "EC" : "OKP",
		curve->kty == JWK_EC ? 2 : 3))
		return err_set(e, E_HEADER_INVALID,
		    "epk: not a key on P-256, P-384, P-521 or X25519");
	rc = read_coordinate(v, "x", out->x, curve->width, e);
	if (rc == 0 && curve->kty == JWK_EC)
		rc = read_coordinate(v, "y", out->y, curve->width, e);
	if (rc == 0)
		out->curve = curve;
	return rc;
}

/* One of our algorithms, or why not; what is refused is refused by name. */
static int
read_name(const struct jscan_value *v, const char *member, char *name,
    size_t *len_out, struct err *e)
{
	if (v->type != JSCAN_STRING)
		return err_set(
		    e, E_HEADER_INVALID, "%s: missing or not a string", member);
	if (jscan_string(v, name, NAME_MAX_LEN, len_out) != 0)
		*len_out = 0;
	return 0;
}

static int
refuse_name(const char *member, const char *name, size_t n, struct err *e)
{
	if (jwa_enc_is_refused(name, n))
		return err_set(e, E_ALGORITHM_REFUSED,
		    "%s: %.*s is never taken", member, (int)n, name);
	return err_set(e, E_ALGORITHM_REFUSED,
	    "%s: not one that tokens are encrypted with here", member);
}

static int
read_algorithms(
    const struct jscan_value *values, struct jwe *out, struct err *e)
{
	char alg[NAME_MAX_LEN], enc[NAME_MAX_LEN];
	size_t alg_len = 0, enc_len = 0;
	int rc;

	rc = read_name(&values[FIELD_ALG], "alg", alg, &alg_len, e);
	if (rc == 0)
		rc = read_name(&values[FIELD_ENC], "enc", enc, &enc_len, e);
	if (rc != 0)
		return rc;
	out->alg = jwa_wrap_find(alg, alg_len);
	out->enc = jwa_enc_find(enc, enc_len);
	if (out->alg == JWA_WRAP_NONE)
		return refuse_name("alg", alg, alg_len, e);
	if (out->enc == JWA_ENC_NONE)
		return refuse_name("enc", enc, enc_len, e);
	return 0;
}

static int
read_members(const struct jscan_value *values, struct jwe *out, struct err *e)
{
	const struct jwa_wrap_info *info = jwa_wrap_get(out->alg);
	int rc;

	rc = read_kid(&values[FIELD_KID], out, e);
	if (rc == 0)
		rc = read_cty(&values[FIELD_CTY], out, e);
	if (rc != 0)
		return rc;
	if (info == NULL || info->kind != JWA_WRAP_KIND_ECDH) {
		if (values[FIELD_EPK].type != JSCAN_NONE)
			return err_set(e, E_HEADER_INVALID,
			    "epk: nothing is agreed on here");
		return 0;
	}
	rc = read_bytes(&values[FIELD_APU], "apu", out->apu, sizeof(out->apu),
	    &out->apu_len, e);
	if (rc == 0)
		rc = read_bytes(&values[FIELD_APV], "apv", out->apv,
		    sizeof(out->apv), &out->apv_len, e);
	if (rc == 0)
		rc = read_epk(&values[FIELD_EPK], &out->epk, e);
	return rc;
}

static int
read_header(const struct part_text *part, struct jwe *out, struct err *e)
{
	struct jscan_value values[JSCAN_ROWS];
	char header[JWE_HEADER_MAX];
	struct err why = { 0 };
	size_t i, n = B64URL_DECODED_LEN(part->len);
	int rc;

	if (n > sizeof(header))
		return err_set(e, E_HEADER_INVALID,
		    "the header has over %d bytes", JWE_HEADER_MAX);
	if (b64url_decode((uint8_t *)header, part->text, part->len) != 0)
		return malformed(e, "a part is not base64url");
	rc = jscan_object(header, n, &jwe_names, values, &why);
	if (rc != 0)
		return err_set(
		    e, E_HEADER_INVALID, "header: %s", err_text(&why, rc));
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		if (values[refused[i]].type != JSCAN_NONE)
			return err_set(e, E_HEADER_INVALID,
			    "%s: not understood here",
			    jwe_names.rows[refused[i]].text);
	}
	rc = read_algorithms(values, out, e);
	if (rc == 0 && values[FIELD_P2C].type != JSCAN_NONE)
		rc = err_set(e, E_HEADER_INVALID, "p2c: not understood here");
	return rc == 0 ? read_members(values, out, e) : rc;
}

/* Exactly n bytes. */
static int
take(const struct part_text *part, uint8_t *dst, size_t n, const char *text,
    struct err *e)
{
	if (B64URL_DECODED_LEN(part->len) != n ||
	    b64url_decode(dst, part->text, part->len) != 0)
		return malformed(e, text);
	return 0;
}

/* How long the encrypted key is, where alg and enc say; else as it is. */
static size_t
key_len(const struct jwe *jwe, const struct part_text *part)
{
	const struct jwa_wrap_info *wrap = jwa_wrap_get(jwe->alg);
	const struct jwa_enc_info *info = jwa_enc_get(jwe->enc);

	if (wrap == NULL || info == NULL)
		return 0;
	if (wrap->kind == JWA_WRAP_KIND_RSA)
		return B64URL_DECODED_LEN(part->len);
	return wrap->kek_len > 0 ? info->key_len + 8 : 0; /* RFC 3394 */
}

static int
read_parts(const struct part_text parts[PARTS], struct jwe *out, struct err *e)
{
	const struct jwa_enc_info *info = jwa_enc_get(out->enc);
	size_t n = B64URL_DECODED_LEN(parts[PART_CIPHERTEXT].len);
	int rc;

	if (info == NULL)
		return err_set(e, E_ALGORITHM_REFUSED, "enc: none");
	out->key_len = key_len(out, &parts[PART_KEY]);
	if (out->key_len > sizeof(out->key))
		return malformed(e, "the encrypted key is too long");
	rc = take(&parts[PART_KEY], out->key, out->key_len,
	    "the encrypted key has not the length that alg and enc ask for", e);
	if (rc == 0)
		rc = take(&parts[PART_IV], out->iv, info->iv_len,
		    "the iv has not the length that enc asks for", e);
	if (rc == 0)
		rc = take(&parts[PART_TAG], out->tag, info->tag_len,
		    "the tag has not the length that enc asks for", e);
	if (rc == 0 && info->digest != NULL && (n == 0 || n % 16 != 0))
		rc = malformed(e, "the ciphertext is not of whole blocks");
	out->ciphertext = parts[PART_CIPHERTEXT].text;
	out->ciphertext_len = parts[PART_CIPHERTEXT].len;
	return rc;
}

int
jwe_parse(const char *token, size_t n, struct jwe *out, struct err *e)
{
	struct part_text parts[PARTS] = { 0 };
	int rc;

	memset(out, 0, sizeof(*out));
	if (n == 0)
		return err_set(e, E_TOKEN_MISSING, "no token was given");
	if (n > JWE_MAX_LEN)
		return err_set(e, E_TOKEN_TOO_LONG,
		    "the token has over %d bytes", JWE_MAX_LEN);
	rc = split(token, n, parts, e);
	if (rc != 0)
		return rc;
	out->token = token;
	out->aad_len = parts[PART_HEADER].len;
	rc = read_header(&parts[PART_HEADER], out, e);
	if (rc == 0)
		rc = read_parts(parts, out, e);
	return rc;
}

static bool
is_candidate(const struct jwe *jwe, const struct jwk_enc *key)
{
	if (!jwk_enc_fits(key, jwe->alg, jwe->enc, true))
		return false;
	if (jwe->epk.curve != NULL &&
	    (key->crv == NULL || strcmp(key->crv, jwe->epk.curve->crv) != 0))
		return false;
	return !jwe->has_kid || key->kid == NULL ||
	    strcmp(key->kid, jwe->kid) == 0;
}

int
jwe_candidates(const struct jwe *jwe, const struct jwk_enc_set *set,
    const struct jwk_enc *candidates[JWE_TRIES_MAX], size_t *count_out,
    struct err *e)
{
	size_t i, n = 0;

	for (i = 0; i < set->count; i++) {
		if (!is_candidate(jwe, &set->keys[i]))
			continue;
		if (n == JWE_TRIES_MAX)
			return err_set(e, E_KEY_UNKNOWN,
			    "more than %d keys fit; the token names none",
			    JWE_TRIES_MAX);
		candidates[n++] = &set->keys[i];
	}
	if (n == 0)
		return err_set(e, E_KEY_UNKNOWN,
		    "no key fits the token's alg, enc, curve and kid");
	*count_out = n;
	return 0;
}
