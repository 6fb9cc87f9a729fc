/*
 * A request is parsed from its first byte again when more of it has come:
 * no state between reads, and at most REQUEST_MAX bytes to look at. Lengths
 * are checked against that limit before anything is added to them.
 *
 * A line of words knows quotes ("..." and '...') so that a value may hold a
 * blank; within them nothing is special but the same quote.
 */

#include "dialect_resp.h"

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static const char too_long[] = "Protocol error: request over 16 KiB";

struct scan {
	const char *in;
	size_t n;
	size_t at;
	const char *why;
};

static enum request_state
broken(struct scan *s, const char *why)
{
	s->why = why;
	return REQUEST_BROKEN;
}

/* A number and its CRLF; what a sign could mean is for *-1 alone. */
static enum request_state
number(struct scan *s, size_t *out, const char *why)
{
	size_t value = 0, at = s->at, digits = 0;
	bool minus = at < s->n && s->in[at] == '-';

	for (at += minus ? 1 : 0; at < s->n && digits < 6; at++, digits++) {
		if (s->in[at] < '0' || s->in[at] > '9')
			break;
		value = value * 10 + (size_t)(s->in[at] - '0');
	}
	if (at == s->n)
		return digits < 6 ? REQUEST_PARTIAL : broken(s, why);
	if (digits == 0 || s->in[at] != '\r')
		return broken(s, why);
	if (at + 1 == s->n)
		return REQUEST_PARTIAL;
	if (s->in[at + 1] != '\n')
		return broken(s, why);
	s->at = at + 2;
	*out = minus ? 0 : value;
	return minus && value != 1 ? broken(s, why) : REQUEST_READY;
}

static void
keep(struct request *out, const char *data, size_t len)
{
	if (out->count < REQUEST_WORDS_MAX) {
		out->words[out->count].data = data;
		out->words[out->count].len = len;
	}
	out->count++;
}

/* $LENGTH CRLF bytes CRLF */
static enum request_state
bulk(struct scan *s, struct request *out)
{
	enum request_state state;
	size_t len;

	if (s->at == s->n)
		return REQUEST_PARTIAL;
	if (s->in[s->at] != '$')
		return broken(s, "Protocol error: expected '$'");
	s->at++;
	if (s->at < s->n && s->in[s->at] == '-')
		return broken(s, "Protocol error: invalid bulk length");
	state = number(s, &len, "Protocol error: invalid bulk length");
	if (state != REQUEST_READY)
		return state;
	if (len > REQUEST_MAX)
		return broken(s, too_long);
	if (s->n - s->at < len + 2) {
		if (s->n - s->at > len && s->in[s->at + len] != '\r')
			return broken(s, "Protocol error: expected CRLF");
		return REQUEST_PARTIAL;
	}
	if (s->in[s->at + len] != '\r' || s->in[s->at + len + 1] != '\n')
		return broken(s, "Protocol error: expected CRLF");
	keep(out, s->in + s->at, len);
	s->at += len + 2;
	return REQUEST_READY;
}

#define MARK_CRLF UINT32_C(0x0a0d0000) /* "M0", CRLF as a word, low first */

/* A mark and one digit, as nearly all lines of a request are: four bytes. */
static inline bool
one_digit(const char *p, char mark, size_t *out)
{
	uint32_t line;

	memcpy(&line, p, sizeof(line));
	line = le32toh(line) ^ (MARK_CRLF | (unsigned char)mark);
	*out = (line >> 8) - '0';
	return (line & 0xff) == 0 && *out <= 9;
}

/* "$NN", CRLF */
static inline bool
two_digits(const char *p, size_t *out)
{
	unsigned tens = (unsigned char)(p[1] - '0');
	unsigned ones = (unsigned char)(p[2] - '0');

	*out = tens * 10 + ones;
	return p[0] == '$' && tens <= 9 && ones <= 9 &&
	    memcmp(p + 3, "\r\n", 2) == 0;
}

/*
 * Whole words with a length of one or two digits, as nearly all are, at most
 * max of them. All else is left to bulk(), which says what it is.
 */
static size_t
quick_bulks(struct scan *s, size_t max, struct request *out)
{
	const char *p = s->in + s->at, *end = s->in + s->n;
	struct engine_text *word = out->words;
	size_t len, head, count;

	if (max > REQUEST_WORDS_MAX)
		max = REQUEST_WORDS_MAX;
	for (count = 0; count < max && end - p >= 6; count++, word++) {
		if (one_digit(p, '$', &len))
			head = 4;
		else if (two_digits(p, &len))
			head = 5;
		else
			break;
		if ((size_t)(end - p) < head + len + 2 ||
		    memcmp(p + head + len, "\r\n", 2) != 0)
			break;
		word->data = p + head;
		word->len = len;
		p += head + len + 2;
	}
	s->at = (size_t)(p - s->in);
	out->count = count;
	return count;
}

static enum request_state
array(struct scan *s, struct request *out)
{
	enum request_state state;
	size_t count, i;

	if (s->n >= 4 && one_digit(s->in, '*', &count)) {
		s->at = 4;
	} else {
		s->at = 1;
		state = number(
		    s, &count, "Protocol error: invalid multibulk length");
		if (state != REQUEST_READY)
			return state;
	}
	if (count > REQUEST_MAX)
		return broken(s, "Protocol error: invalid multibulk length");
	for (i = quick_bulks(s, count, out); i < count; i++) {
		state = bulk(s, out);
		if (state != REQUEST_READY)
			return state;
	}
	return REQUEST_READY;
}

static enum request_state
quoted(struct scan *s, size_t end, struct request *out)
{
	const char quote = s->in[s->at];
	const char *from = s->in + s->at + 1, *close;

	close = memchr(from, quote, (size_t)(s->in + end - from));
	if (close == NULL)
		return broken(s, "Protocol error: unbalanced quotes");
	keep(out, from, (size_t)(close - from));
	s->at = (size_t)(close - s->in) + 1;
	if (s->at < end && s->in[s->at] != ' ' && s->in[s->at] != '\t')
		return broken(s, "Protocol error: unbalanced quotes");
	return REQUEST_READY;
}

static enum request_state
words(struct scan *s, struct request *out)
{
	const char *lf = memchr(s->in, '\n', s->n);
	size_t end, from;

	if (lf == NULL)
		return REQUEST_PARTIAL;
	end = (size_t)(lf - s->in);
	if (end > 0 && s->in[end - 1] == '\r')
		end--;
	while (s->at < end) {
		if (s->in[s->at] == ' ' || s->in[s->at] == '\t') {
			s->at++;
		} else if (s->in[s->at] == '"' || s->in[s->at] == '\'') {
			if (quoted(s, end, out) != REQUEST_READY)
				return REQUEST_BROKEN;
		} else {
			from = s->at;
			while (s->at < end && s->in[s->at] != ' ' &&
			    s->in[s->at] != '\t')
				s->at++;
			keep(out, s->in + from, s->at - from);
		}
	}
	s->at = (size_t)(lf - s->in) + 1;
	return REQUEST_READY;
}

enum request_state
dialect_resp_parse(const char *in, size_t n, struct request *out,
    size_t *used_out, const char **why_out)
{
	struct scan s = { .in = in, .n = n };
	enum request_state state;

	out->count = 0;
	if (n == 0)
		return REQUEST_PARTIAL;
	if (in[0] == '*')
		state = array(&s, out);
	else
		state = words(&s, out);
	if ((state == REQUEST_PARTIAL && n >= REQUEST_MAX) ||
	    (state == REQUEST_READY && s.at > REQUEST_MAX))
		state = broken(&s, too_long);
	if (state == REQUEST_READY)
		*used_out = s.at;
	else if (state == REQUEST_BROKEN)
		*why_out = s.why;
	return state;
}
