/*
 * message: both mechanisms carry pairs "key=value" that end with 0x01, and
 * one more 0x01 behind the last; OAUTHBEARER has a GS2 header in front.
 *
 *	n,a=alice,^Ahost=mail^Aport=587^Aauth=Bearer TOKEN^A^A
 *	user=alice^Aauth=Bearer TOKEN^A^A
 *
 * Hosts cut what is too long for them, so a message without its end is said
 * to be that, and not merely wrong.
 */

#include "message.h"

#include <string.h>

#include "err.h"
#include "jws.h"
#include "str.h"

#define KVSEP '\x01'
#define SCHEME "Bearer"
#define SCHEME_LEN (sizeof(SCHEME) - 1)
/* keys, separators and a name in which every byte is escaped */
#define FRAME_MAX (64 + 3 * MESSAGE_NAME_MAX)

/* What is not parsed yet. */
struct rest {
	const char *at;
	size_t n;
};

const char *
message_name(enum message_mech mech)
{
	return mech == MESSAGE_XOAUTH2 ? "XOAUTH2" : "OAUTHBEARER";
}

static bool
is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* RFC 6750 §2.1: b64token, without its padding. */
static bool
is_token_char(char c)
{
	return is_alpha(c) || (c >= '0' && c <= '9') ||
	    (c != '\0' && strchr("-._~+/", c) != NULL);
}

/* Nothing that would be trimmed, or end a line or a string, on its way. */
static bool
is_name(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
			return false;
	}
	return n == 0 || (s[0] != ' ' && s[n - 1] != ' ');
}

static int
bad_name(struct err *e)
{
	return err_set(
	    e, E_USER_INVALID, "the message names a user that cannot be one");
}

static int
cut(struct err *e)
{
	return err_set(e, E_TOKEN_MALFORMED,
	    "the message ends before its last 0x01: was it cut at a limit of "
	    "the host?");
}

/* The bytes up to the separator, which is stepped over; false at the end. */
static bool
take(struct rest *r, char separator, struct rest *out)
{
	const char *end = r->n == 0 ? NULL : memchr(r->at, separator, r->n);

	if (end == NULL)
		return false;
	out->at = r->at;
	out->n = (size_t)(end - r->at);
	r->n -= out->n + 1;
	r->at = end + 1;
	return true;
}

/* RFC 5801 §4: "=2C" and "=3D" stand for ',' and '='. */
static int
decode_name(const struct rest *in, char *out, struct err *e)
{
	size_t i, n = 0;
	char c;

	for (i = 0; i < in->n; i++) {
		c = in->at[i];
		if (c == '=') {
			if (in->n - i >= 3 && memcmp(in->at + i, "=2C", 3) == 0)
				c = ',';
			else if (in->n - i < 3 ||
			    memcmp(in->at + i, "=3D", 3) != 0)
				return bad_name(e);
			i += 2;
		}
		if (n == MESSAGE_NAME_MAX)
			return bad_name(e);
		out[n++] = c;
	}
	out[n] = '\0';
	return is_name(out, n) ? 0 : bad_name(e);
}

/* "n," or "y,", then an optional "a=NAME" and a comma, then 0x01. */
static int
parse_gs2(struct rest *r, struct message *m, struct err *e)
{
	struct rest flag, name;

	if (!take(r, ',', &flag))
		return err_set(
		    e, E_TOKEN_MALFORMED, "the message has no GS2 header");
	if (flag.n > 2 && flag.at[0] == 'p' && flag.at[1] == '=')
		return err_set(e, E_HEADER_INVALID,
		    "channel binding is asked for, which bearer tokens lack");
	if (flag.n != 1 || (flag.at[0] != 'n' && flag.at[0] != 'y'))
		return err_set(e, E_TOKEN_MALFORMED, "the GS2 header is bad");
	if (!take(r, ',', &name))
		return cut(e);
	if (name.n > 0) {
		if (name.n < 3 || memcmp(name.at, "a=", 2) != 0)
			return err_set(
			    e, E_TOKEN_MALFORMED, "the GS2 header is bad");
		name.at += 2;
		name.n -= 2;
		if (decode_name(&name, m->authzid, e) != 0)
			return E_USER_INVALID;
	}
	if (r->n == 0)
		return cut(e);
	if (r->at[0] != KVSEP)
		return err_set(e, E_TOKEN_MALFORMED,
		    "there is no 0x01 behind the GS2 header");
	r->at++;
	r->n--;
	return 0;
}

static int
parse_token(const struct rest *value, struct message *m, struct err *e)
{
	size_t i = 0, end;

	if (value->n == 0) {
		m->discovery = true;
		return 0;
	}
	if (value->n < SCHEME_LEN ||
	    strncasecmp(value->at, SCHEME, SCHEME_LEN) != 0 ||
	    (value->n > SCHEME_LEN && value->at[SCHEME_LEN] != ' '))
		return err_set(
		    e, E_HEADER_INVALID, "the scheme is another than Bearer");
	for (i = SCHEME_LEN; i < value->n && value->at[i] == ' '; i++)
		;
	if (i == value->n)
		return err_set(
		    e, E_TOKEN_MISSING, "nothing follows the scheme Bearer");
	if (value->n - i > JWS_MAX_LEN)
		return err_set(e, E_TOKEN_TOO_LONG,
		    "the token is longer than %d bytes", JWS_MAX_LEN);
	m->token = value->at + i;
	m->token_len = value->n - i;
	for (end = m->token_len; end > 0 && m->token[end - 1] == '='; end--)
		;
	for (i = 0; i < end; i++) {
		if (!is_token_char(m->token[i]))
			return err_set(e, E_TOKEN_MALFORMED,
			    "the token holds characters that no token has");
	}
	return 0;
}

/* RFC 7628 §3.1: VCHAR, SP, HTAB, CR, LF. A name may be more than ASCII. */
static bool
is_value(const struct rest *v)
{
	size_t i;

	for (i = 0; i < v->n; i++) {
		if ((v->at[i] < 0x20 || v->at[i] > 0x7e) &&
		    (v->at[i] == '\0' || strchr("\t\r\n", v->at[i]) == NULL))
			return false;
	}
	return true;
}

static int
parse_user(const struct rest *value, struct message *m, struct err *e)
{
	if (value->n == 0 || value->n > MESSAGE_NAME_MAX ||
	    !is_name(value->at, value->n))
		return bad_name(e);
	memcpy(m->authzid, value->at, value->n);
	m->authzid[value->n] = '\0';
	return 0;
}

/* Which of the keys that count was seen. */
struct seen {
	bool auth, user;
};

static int
parse_pair(enum message_mech mech, const struct rest *pair, struct seen *seen,
    struct message *m, struct err *e)
{
	struct rest value = *pair, key;
	size_t i;

	if (!take(&value, '=', &key) || key.n == 0)
		return err_set(
		    e, E_TOKEN_MALFORMED, "a pair of the message has no key");
	for (i = 0; i < key.n; i++) {
		if (!is_alpha(key.at[i]))
			return err_set(e, E_TOKEN_MALFORMED,
			    "a key of the message is none");
	}
	if (mech == MESSAGE_XOAUTH2 && str_is(key.at, key.n, "user")) {
		if (seen->user)
			return err_set(e, E_TOKEN_MALFORMED,
			    "the message names two users");
		seen->user = true;
		return parse_user(&value, m, e);
	}
	if (!is_value(&value))
		return err_set(e, E_TOKEN_MALFORMED,
		    "a value of the message holds forbidden bytes");
	if (!str_is(key.at, key.n, "auth"))
		return 0;
	if (seen->auth)
		return err_set(
		    e, E_TOKEN_MALFORMED, "the message has two tokens");
	seen->auth = true;
	return parse_token(&value, m, e);
}

static int
parse_pairs(
    enum message_mech mech, struct rest *r, struct message *m, struct err *e)
{
	struct seen seen = { false, false };
	struct rest pair;
	int ret;

	for (;;) {
		if (!take(r, KVSEP, &pair))
			return cut(e);
		if (pair.n == 0)
			break;
		ret = parse_pair(mech, &pair, &seen, m, e);
		if (ret != 0)
			return ret;
	}
	if (r->n != 0)
		return err_set(e, E_TOKEN_MALFORMED,
		    "something follows the end of the message");
	if (!seen.auth)
		return err_set(
		    e, E_TOKEN_MISSING, "the message brings no token");
	if (mech == MESSAGE_XOAUTH2 && !seen.user)
		return err_set(e, E_USER_INVALID, "the message names no user");
	return 0;
}

int
message_parse(enum message_mech mech, const char *data, size_t n,
    struct message *out, struct err *e)
{
	struct rest r = { data, n };
	struct message m = { .discovery = false };
	int ret = 0;

	if (n == 0 || (n == 1 && data[0] == KVSEP))
		return err_set(e, E_TOKEN_MISSING, "the client gave up");
	if (n > MESSAGE_MAX)
		return err_set(e, E_TOKEN_TOO_LONG,
		    "the message is longer than %d bytes", MESSAGE_MAX);
	if (mech != MESSAGE_XOAUTH2)
		ret = parse_gs2(&r, &m, e);
	if (ret == 0)
		ret = parse_pairs(mech, &r, &m, e);
	if (ret == 0)
		*out = m;
	return ret;
}

static int
add_name(
    enum message_mech mech, const char *name, struct str *out, struct err *e)
{
	size_t n = strlen(name), i;

	if (n > MESSAGE_NAME_MAX || !is_name(name, n))
		return err_set(
		    e, E_USER_INVALID, "the user name cannot be sent");
	for (i = 0; i < n; i++) {
		if (mech == MESSAGE_OAUTHBEARER && name[i] == ',')
			str_add(out, "=2C");
		else if (mech == MESSAGE_OAUTHBEARER && name[i] == '=')
			str_add(out, "=3D");
		else
			str_add_bytes(out, name + i, 1);
	}
	return 0;
}

static void
add_pair(struct str *out, const char *key, const char *value)
{
	struct rest v = { value, value != NULL ? strlen(value) : 0 };

	if (v.n > 0 && v.n <= MESSAGE_NAME_MAX && is_value(&v))
		str_addf(out, "%s=%s" MESSAGE_KVSEP, key, value);
}

size_t
message_size(const struct message_draft *draft)
{
	return FRAME_MAX + 2 * MESSAGE_NAME_MAX + draft->token_len;
}

int
message_build(enum message_mech mech, const struct message_draft *draft,
    struct str *out, struct err *e)
{
	struct message back;
	int r = 0;

	if (mech == MESSAGE_XOAUTH2) {
		str_add(out, "user=");
		if (draft->authzid == NULL || draft->authzid[0] == '\0')
			return err_set(
			    e, E_USER_INVALID, "XOAUTH2 needs a user name");
		r = add_name(mech, draft->authzid, out, e);
		str_add(out, MESSAGE_KVSEP);
	} else {
		str_add(out, "n,");
		if (draft->authzid != NULL && draft->authzid[0] != '\0') {
			str_add(out, "a=");
			r = add_name(mech, draft->authzid, out, e);
		}
		str_add(out, "," MESSAGE_KVSEP);
		add_pair(out, "host", draft->host);
		add_pair(out, "port", draft->port);
	}
	if (r != 0)
		return r;
	str_add(out, "auth=" SCHEME " ");
	str_add_bytes(out, draft->token, draft->token_len);
	str_add(out, MESSAGE_KVSEP MESSAGE_KVSEP);
	if (out->full)
		return err_set(e, E_TOKEN_TOO_LONG, "the token is too long");
	return message_parse(mech, out->data, out->len, &back, e);
}

/* RFC 8259 §7; what is configured holds no control characters. */
static void
add_string(struct str *s, const char *text)
{
	str_add(s, "\"");
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			str_add(s, "\\");
		str_add_bytes(s, text, 1);
	}
	str_add(s, "\"");
}

/* Adds it where it fits with the brace that ends the object. */
static void
add_hint(struct str *s, const char *key, const char *text)
{
	struct str before = *s;

	if (text == NULL || text[0] == '\0')
		return;
	str_addf(s, ",\"%s\":", key);
	add_string(s, text);
	if (s->full || s->len + 1 >= s->cap) {
		*s = before;
		s->data[s->len] = '\0';
	}
}

/* RFC 6750 §3.1 by word, for XOAUTH2 by the number of its HTTP answer. */
static const char *
status_of(enum message_mech mech, int reason)
{
	bool x = mech == MESSAGE_XOAUTH2;

	if (reason == E_SCOPE_MISSING || reason == E_ROLE_MISSING)
		return x ? "403" : "insufficient_scope";
	if (reason == E_TOKEN_MISSING || reason == E_HEADER_INVALID ||
	    reason == E_USER_INVALID)
		return x ? "400" : "invalid_request";
	return x ? "401" : "invalid_token";
}

void
message_reply(enum message_mech mech, int reason,
    const struct message_hint *hint, char reply[MESSAGE_REPLY_MAX + 1])
{
	struct str s;

	str_init(&s, reply, MESSAGE_REPLY_MAX + 1);
	str_addf(&s, "{\"status\":\"%s\"", status_of(mech, reason));
	if (mech == MESSAGE_XOAUTH2)
		str_add(&s, ",\"schemes\":\"bearer\"");
	else
		add_hint(
		    &s, "openid-configuration", hint->openid_configuration);
	add_hint(&s, "scope", hint->scope);
	str_add(&s, "}");
}
