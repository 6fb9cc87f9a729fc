/*
 * fraud_proto: RESP2, as little of it as a question and its answer need. A
 * reply is read as the one form that fraudd writes it in: lengths without
 * leading zeros, words from the list, and a rule exactly where the verdict
 * is not "allow". A reply that only looks like one must not let anybody in.
 */

#include "fraud_proto.h"

#include <string.h>

#include "b64url.h"
#include "err.h"
#include "str.h"

#define HEAD_MAX 8 /* "*35\r\n" of a request, right before its words */
#define DIGITS_MAX 10

_Static_assert(1 + 1 + 2 * FRAUD_FIELDS_MAX < 100, "two digits of words");

static void
add(struct fraud_request *r, const void *data, size_t n)
{
	if (r->full || n > sizeof(r->data) - r->len) {
		r->full = true;
		return;
	}
	memcpy(r->data + r->len, data, n);
	r->len += n;
}

void
fraud_proto_word(struct fraud_request *r, const void *data, size_t n)
{
	char head[24];
	struct str s;

	str_init(&s, head, sizeof(head));
	str_addf(&s, "$%zu\r\n", n);
	add(r, s.data, s.len);
	add(r, data, n);
	add(r, "\r\n", 2);
	r->words++;
	if (r->words > 2 + 2 * FRAUD_FIELDS_MAX || n > FRAUD_VALUE_MAX)
		r->full = true;
}

void
fraud_proto_text(struct fraud_request *r, const char *text)
{
	fraud_proto_word(r, text, strlen(text));
}

void
fraud_proto_field(struct fraud_request *r, const char *name, const char *value)
{
	if (value == NULL)
		return;
	fraud_proto_text(r, name);
	fraud_proto_text(r, value);
}

void
fraud_proto_begin(struct fraud_request *r, const char *command)
{
	r->len = HEAD_MAX;
	r->words = 0;
	r->full = false;
	fraud_proto_text(r, command);
}

/* How many words there are is known only now; the head goes before them. */
int
fraud_proto_end(struct fraud_request *r, struct err *e)
{
	char head[HEAD_MAX];
	struct str s;

	if (r->full)
		return err_set(e, E_RANGE, "the question is too long");
	str_init(&s, head, sizeof(head));
	str_addf(&s, "*%zu\r\n", r->words);
	r->len -= HEAD_MAX;
	memmove(r->data + s.len, r->data + HEAD_MAX, r->len);
	memcpy(r->data, s.data, s.len);
	r->len += s.len;
	return 0;
}

/* What is left to read; short_of: more bytes could make it a reply. */
struct input {
	const char *data;
	size_t len, at;
	bool short_of;
};

/* The next byte must be c. */
static bool
take(struct input *in, char c)
{
	if (in->at == in->len) {
		in->short_of = true;
		return false;
	}
	if (in->data[in->at] != c)
		return false;
	in->at++;
	return true;
}

static bool
take_end(struct input *in)
{
	return take(in, '\r') && take(in, '\n');
}

/* Digits without a leading zero, to the end of the line. */
static bool
take_number(struct input *in, uint32_t *out)
{
	size_t from = in->at;
	uint64_t value = 0;
	char c;

	for (; in->at < in->len; in->at++) {
		c = in->data[in->at];
		if (c < '0' || c > '9')
			break;
		if (in->at - from == DIGITS_MAX ||
		    (in->at > from && value == 0))
			return false;
		value = value * 10 + (uint64_t)(c - '0');
	}
	if (in->at == in->len)
		in->short_of = true;
	if (in->at == from || value > UINT32_MAX || !take_end(in))
		return false;
	*out = (uint32_t)value;
	return true;
}

/* The next bytes must be these. */
static bool
take_text(struct input *in, const char *text)
{
	for (; *text != '\0'; text++) {
		if (!take(in, *text))
			return false;
	}
	return true;
}

/* A bulk string of at most max bytes; text has room for a NUL behind. */
static bool
take_bulk(struct input *in, char *text, size_t max)
{
	uint32_t n;
	size_t i;

	if (!take(in, '$') || !take_number(in, &n) || n > max)
		return false;
	for (i = 0; i < n; i++) {
		if (in->at + i == in->len) {
			in->short_of = true;
			return false;
		}
		text[i] = in->data[in->at + i];
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return false;
	}
	text[n] = '\0';
	in->at += n;
	return take_end(in);
}

static bool
take_verdict(struct input *in, enum fraud_verdict *out)
{
	static const char *const words[] = {
		[FRAUD_VERDICT_DENY] = FRAUD_DENY,
		[FRAUD_VERDICT_DELAY] = FRAUD_DELAY,
		[FRAUD_VERDICT_ALLOW] = FRAUD_ALLOW,
	};
	char word[8];
	unsigned i;

	if (!take_bulk(in, word, sizeof(word) - 1))
		return false;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(word, words[i]) == 0) {
			*out = (enum fraud_verdict)i;
			return true;
		}
	}
	return false;
}

static bool
take_integer(struct input *in, uint32_t *out)
{
	return take(in, ':') && take_number(in, out);
}

static bool
take_id(struct input *in, char id[FRAUD_ID_LEN + 1])
{
	if (!take_bulk(in, id, FRAUD_ID_LEN))
		return false;
	return id[0] == '\0' ||
	    (strlen(id) == FRAUD_ID_LEN && b64url_check(id, FRAUD_ID_LEN) == 0);
}

static bool
take_answer(struct input *in, struct fraud_answer *a)
{
	if (!take_text(in, "*6\r\n") || !take_verdict(in, &a->verdict))
		return false;
	if (a->verdict == FRAUD_VERDICT_ALLOW) {
		if (!take_text(in, "$-1\r\n"))
			return false;
	} else if (!take_bulk(in, a->rule, FRAUD_NAME_MAX) ||
	    a->rule[0] == '\0') {
		return false;
	}
	return take_integer(in, &a->count) && take_integer(in, &a->limit) &&
	    take_integer(in, &a->retry_after) && take_id(in, a->id);
}

/* "-WORD sentence", of any length that a buffer of replies holds. */
static bool
take_error(struct input *in, char error[FRAUD_ERROR_MAX])
{
	const char *text = in->data + in->at + 1, *end;
	size_t left = in->len - in->at - 1;

	end = memchr(text, '\n', left);
	if (end == NULL) {
		in->short_of = true;
		return false;
	}
	if (end == text || end[-1] != '\r')
		return false;
	str_printable(error, FRAUD_ERROR_MAX, text, (size_t)(end - 1 - text));
	in->at = (size_t)(end + 1 - in->data);
	return true;
}

int
fraud_proto_read(const char *data, size_t n, struct fraud_reply *out,
    size_t *used_out, struct err *e)
{
	struct input in = { .data = data, .len = n };
	struct fraud_reply reply = { .kind = FRAUD_REPLY_ERROR };
	bool good;

	*used_out = 0;
	if (n == 0)
		return 0;
	if (data[0] == '*') {
		reply.kind = FRAUD_REPLY_ANSWER;
		good = take_answer(&in, &reply.answer);
	} else if (data[0] == ':') {
		reply.kind = FRAUD_REPLY_NUMBER;
		good = take_integer(&in, &reply.number);
	} else {
		good = data[0] == '-' && take_error(&in, reply.error);
	}
	if (good) {
		*out = reply;
		*used_out = in.at;
		return 0;
	}
	if (in.short_of && n < FRAUD_REPLY_MAX)
		return 0;
	return err_set(e, E_SYNTAX, "what came is no answer of fraudd");
}
