/*
 * jws: a token is taken apart, and nothing in it is believed. The header
 * only says which of our own keys to try; its jwk, jku, x5u and x5c members
 * are never looked at.
 */

#include "jws.h"

#include <string.h>

#include "b64url.h"
#include "err.h"
#include "jwk_index.h"
#include "jws_headers.h"

/* Their rows, see struct jscan_names. */
enum field {
	FIELD_B64 = 0,
	FIELD_TYP = 1,
	FIELD_ALG = 2,
	FIELD_CRIT = 4,
	FIELD_ZIP = 6,
	FIELD_EPK = 8,
	FIELD_ENC = 11,
	FIELD_P2C = 12,
	FIELD_KID = 13
};

const struct jscan_names jws_names = {
	.factor = UINT64_C(0xa648a7dd06839eb9),
	.rows = {
		[FIELD_ALG] = JSCAN_NAME("alg"),
		[FIELD_KID] = JSCAN_NAME("kid"),
		[FIELD_TYP] = JSCAN_NAME("typ"),
		[FIELD_CRIT] = JSCAN_NAME("crit"),
		[FIELD_B64] = JSCAN_NAME("b64"),
		[FIELD_ZIP] = JSCAN_NAME("zip"),
		[FIELD_ENC] = JSCAN_NAME("enc"),
		[FIELD_EPK] = JSCAN_NAME("epk"),
		[FIELD_P2C] = JSCAN_NAME("p2c"),
	},
};

/* Members that change what a signature covers or belong to a JWE. */
static const enum field refused[] = { FIELD_CRIT, FIELD_B64, FIELD_ZIP,
	FIELD_ENC, FIELD_EPK, FIELD_P2C };

/* Is it base64url? When it fits into cap bytes, it is decoded there. */
static bool
take(uint8_t *dst, size_t cap, const char *text, size_t n)
{
	if (B64URL_DECODED_LEN(n) > cap)
		return b64url_check(text, n) == 0;
	return b64url_decode(dst, text, n) == 0;
}

/* A part in front of a dot, RFC 7515 §7.1; *from is moved behind that. */
static int
split_part(const char **from, const char *end, size_t *len_out, struct err *e)
{
	const char *part = *from;
	size_t n = b64url_span(part, (size_t)(end - part));

	if (part + n == end)
		return err_set(e, E_TOKEN_MALFORMED, "not three parts");
	/* The last group may be short and still wrong. */
	if (part[n] != '.' || b64url_check(part + n / 4 * 4, n % 4) != 0)
		return err_set(e, E_TOKEN_MALFORMED, "a part is not base64url");
	*from = part + n + 1;
	*len_out = n;
	return 0;
}

/*
 * A header that is not known is not decoded yet; header_len is its length as
 * it stands, or 0 for one that is.
 */
static int
split(const char *token, size_t n, const struct jws_headers *known,
    struct jws *out, struct err *e)
{
	const struct jws_header *header;
	const char *at = token;
	size_t len = 0;
	int rc = 0;

	out->token = token;
	header = jws_headers_find(known, token, n, &len);
	if (header != NULL)
		at += len + 1;
	else
		rc = split_part(&at, token + n, &out->header_len, e);
	if (rc != 0)
		return rc;
	out->payload = at;
	rc = split_part(&at, token + n, &out->payload_len, e);
	if (rc != 0)
		return rc;
	out->signed_len = (size_t)(at - 1 - token);
	out->signature = at;
	out->signature_len = n - out->signed_len - 1;
	if (header == NULL && out->header_len == 0)
		return err_set(e, E_TOKEN_MALFORMED, "the header is empty");
	/* A third dot is no base64url. */
	if (!take(out->sig, sizeof(out->sig), at, out->signature_len))
		return err_set(e, E_TOKEN_MALFORMED, "a part is not base64url");
	if (header != NULL)
		jws_header_fill(header, out);
	return 0;
}

/* Not of a string without escapes: the scan has refused all but DEL. */
static bool
has_control(const struct jscan_value *v, const char *text, size_t n)
{
	size_t i;

	for (i = 0; v->escaped && i < n; i++) {
		if ((unsigned char)text[i] < 0x20)
			return true;
	}
	return memchr(text, 0x7f, n) != NULL;
}

/* A string member without control characters, or nothing. */
static int
read_text(const struct jscan_value *v, const char *name, char *dst, size_t cap,
    bool *has_out, struct err *e)
{
	size_t n = 0;

	if (v->type == JSCAN_NONE)
		return 0;
	if (jscan_string(v, dst, cap, &n) != 0)
		return err_set(e, E_HEADER_INVALID,
		    "%s: not a string of at most %zu bytes", name, cap - 1);
	if (has_control(v, dst, n))
		return err_set(
		    e, E_HEADER_INVALID, "%s: holds a control character", name);
	*has_out = true;
	return 0;
}

static int
read_alg(const struct jscan_value *v, enum jwa_alg *out, struct err *e)
{
	char name[16];
	size_t n = 0;

	if (v->type != JSCAN_STRING)
		return err_set(e, E_HEADER_INVALID, "alg: not a string");
	if (jscan_string(v, name, sizeof(name), &n) == 0)
		*out = jwa_find(name, n);
	if (*out != JWA_NONE)
		return 0;
	if (n > 0 && jwa_is_absent(name, n))
		return err_set(e, E_ALGORITHM_REFUSED,
		    "alg: %.*s needs OpenSSL 3.5 or newer", (int)n, name);
	return err_set(e, E_ALGORITHM_REFUSED, "alg: not one that is known");
}

static int
read_header(struct jws *out, struct err *e)
{
	struct jscan_value values[JSCAN_ROWS] __attribute__((uninitialized));
	struct err why __attribute__((uninitialized));
	size_t i;
	int rc;

	err_clear(&why);
	rc = jscan_object(
	    out->header, out->header_len, &jws_names, values, &why);
	if (rc != 0)
		return err_set(
		    e, E_HEADER_INVALID, "header: %s", err_text(&why, rc));
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		if (values[refused[i]].type != JSCAN_NONE)
			return err_set(e, E_HEADER_INVALID,
			    "%s: not understood here",
			    jws_names.rows[refused[i]].text);
	}
	if (values[FIELD_ALG].type != JSCAN_STRING)
		return err_set(
		    e, E_HEADER_INVALID, "alg: missing or not a string");
	rc = read_text(&values[FIELD_KID], "kid", out->kid, sizeof(out->kid),
	    &out->has_kid, e);
	if (rc == 0)
		rc = read_text(&values[FIELD_TYP], "typ", out->typ,
		    sizeof(out->typ), &out->has_typ, e);
	if (rc == 0)
		rc = read_alg(&values[FIELD_ALG], &out->alg, e);
	return rc;
}

static int
decode_header(struct jws *out, struct err *e)
{
	size_t n = B64URL_DECODED_LEN(out->header_len);

	if (n > JWS_HEADER_MAX)
		return err_set(e, E_HEADER_INVALID,
		    "the header has over %d bytes", JWS_HEADER_MAX);
	if (b64url_decode(
		(uint8_t *)out->header, out->token, out->header_len) != 0)
		return err_set(e, E_TOKEN_MALFORMED, "a part is not base64url");
	out->header_len = n;
	return read_header(out, e);
}

int
jws_parse_again(const struct jws_headers *known, const char *token, size_t n,
    struct jws *out, struct err *e)
{
	int rc;

	out->header_len = out->payload_len = out->signature_len = 0;
	out->alg = JWA_NONE;
	out->has_kid = out->has_typ = false;
	out->kid[0] = out->typ[0] = '\0';
	if (n == 0)
		return err_set(e, E_TOKEN_MISSING, "no token was given");
	if (n > JWS_MAX_LEN)
		return err_set(e, E_TOKEN_TOO_LONG,
		    "the token has over %d bytes", JWS_MAX_LEN);
	rc = split(token, n, known, out, e);
	if (rc == 0 && out->header_len > 0)
		rc = decode_header(out, e);
	/* Last: what calls itself unsecured is refused for that. */
	if (rc == 0 && out->signature_len == 0)
		rc = err_set(e, E_TOKEN_MALFORMED, "the signature is empty");
	return rc;
}

int
jws_parse(const char *token, size_t n, struct jws *out, struct err *e)
{
	return jws_parse_again(NULL, token, n, out, e);
}

int
jws_candidates(const struct jws *jws, const struct jwk_set *set,
    const struct jwk *candidates[JWS_TRIES_MAX], size_t *count_out,
    struct err *e)
{
	size_t n;

	n = jwk_index_find(set, jws->alg, jws->has_kid ? jws->kid : NULL,
	    candidates, JWS_TRIES_MAX);
	if (n > JWS_TRIES_MAX)
		return err_set(e, E_KEY_UNKNOWN,
		    "more than %d keys fit; the token names none",
		    JWS_TRIES_MAX);
	if (n == 0)
		return err_set(
		    e, E_KEY_UNKNOWN, "no key fits the token's alg and kid");
	*count_out = n;
	return 0;
}

int
jws_payload(const struct jws *jws, uint8_t *dst, size_t *len_out, struct err *e)
{
	if (b64url_decode(dst, jws->payload, jws->payload_len) != 0)
		return err_set(
		    e, E_TOKEN_MALFORMED, "the payload is not base64url");
	*len_out = B64URL_DECODED_LEN(jws->payload_len);
	return 0;
}
