/*
 * load_side: four ways to ask the same question. A request is a text with
 * places for address and card, so that asking is copying.
 */

#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The places: 15 bytes for the address, 4 for the card. */
#define ADDRESS "@@@@@@@@@@@@@@@"
#define CARD "####"

#define OCTETS 156 /* 100 to 255 */
#define PLACES 2

struct text {
	char bytes[LOAD_REQUEST_MAX];
	size_t len;
	size_t address[PLACES], card[PLACES];
	size_t addresses, cards;
};

struct load_side {
	bool resp;
	int stages;
	struct text ask[3];
	char octet[OCTETS][4];
};

void
load_die(const char *what, const char *detail)
{
	fprintf(stderr, "bench_load: %s: %s\n", what, detail);
	exit(1);
}

static size_t
places(const char *text, const char *mark, size_t *at)
{
	const char *p = text;
	size_t n = 0;

	while ((p = strstr(p, mark)) != NULL) {
		at[n++] = (size_t)(p - text);
		p += strlen(mark);
	}
	return n;
}

static void
compile(struct text *t, const char *text)
{
	t->len = strlen(text);
	memcpy(t->bytes, text, t->len + 1);
	t->addresses = places(t->bytes, ADDRESS, t->address);
	t->cards = places(t->bytes, CARD, t->card);
}

/* The script wants a number, as a client's hash of a card would be. */
static void
redis(struct load_side *s, const char *sha)
{
	char text[LOAD_REQUEST_MAX];

	snprintf(text, sizeof(text),
	    "*7\r\n$7\r\nEVALSHA\r\n$%zu\r\n%s\r\n$1\r\n1\r\n"
	    "$15\r\n" ADDRESS "\r\n$19\r\n48151623" CARD "4217305\r\n"
	    "$4\r\n3600\r\n$2\r\n%d\r\n",
	    strlen(sha), sha, LOAD_LIMIT);
	compile(&s->ask[0], text);
}

struct load_side *
load_side_new(const char *name)
{
	struct load_side *s = calloc(1, sizeof(*s));
	int i;

	if (s == NULL)
		load_die("no memory", name);
	for (i = 0; i < OCTETS; i++)
		snprintf(s->octet[i], sizeof(s->octet[i]), "%d", 100 + i);
	s->stages = 1;
	s->resp = true;
	if (strncmp(name, "redis:", 6) == 0) {
		redis(s, name + 6);
	} else if (strcmp(name, "fraudd") == 0 || strcmp(name, "echo") == 0) {
		compile(&s->ask[0],
		    "*8\r\n$7\r\nATTEMPT\r\n$4\r\ncard\r\n"
		    "$2\r\nip\r\n$15\r\n" ADDRESS "\r\n"
		    "$5\r\nlast4\r\n$4\r\n" CARD "\r\n"
		    "$6\r\nexpiry\r\n$5\r\n12/27\r\n");
	} else if (strcmp(name, "memcached") == 0) {
		s->resp = false;
		s->stages = 2;
		compile(&s->ask[0],
		    "ms " ADDRESS ":" CARD "1227 0 T3600 ME\r\n\r\n");
		compile(&s->ask[1], "ma " ADDRESS " N3600 J1 T3600 v\r\n");
		compile(&s->ask[2], "mg " ADDRESS " T3600 v\r\n");
	} else {
		load_die("no such side", name);
	}
	return s;
}

int
load_side_stages(const struct load_side *s)
{
	return s->stages;
}

static void
put_address(const struct load_side *s, uint32_t address, char *out)
{
	uint32_t rest = address;
	int i;

	for (i = 3; i >= 0; i--) {
		memcpy(out + 4 * i, s->octet[rest % OCTETS], 3);
		rest /= OCTETS;
		if (i < 3)
			out[4 * i + 3] = '.';
	}
}

static void
put_card(unsigned card, char *out)
{
	int i;

	for (i = 3; i >= 0; i--) {
		out[i] = (char)('0' + card % 10);
		card /= 10;
	}
}

size_t
load_side_ask(const struct load_side *s, int stage,
    const struct load_attempt *a, char out[LOAD_REQUEST_MAX])
{
	const struct text *t = &s->ask[stage + (stage == 1 && !a->counted)];
	size_t i;

	memcpy(out, t->bytes, t->len);
	for (i = 0; i < t->addresses; i++)
		put_address(s, a->address, out + t->address[i]);
	for (i = 0; i < t->cards; i++)
		put_card(a->card, out + t->card[i]);
	return t->len;
}

/* RESP: how many values are still to come decides where it ends. */
static size_t
resp_answer(const char *in, size_t n, bool *denied_out)
{
	const char *at = in, *end = in + n, *lf;
	long left = 1, number;

	for (; left > 0; left--) {
		lf = memchr(at, '\n', (size_t)(end - at));
		if (lf == NULL)
			return 0;
		if (*at == '-')
			load_die("refused", at);
		if (*at == '*' || *at == '$') {
			number = strtol(at + 1, NULL, 10);
			if (*at == '*') {
				left += number;
			} else if (number >= 0) {
				/* the first text is the verdict */
				if (at < in + 8)
					*denied_out = lf[1] == 'd';
				lf += number + 2;
			}
		}
		if (lf >= end)
			return 0;
		at = lf + 1;
	}
	return (size_t)(at - in);
}

/* Lines; the number stands in a second one. */
static size_t
text_answer(const char *in, size_t n, struct load_attempt *a, bool *denied_out)
{
	const char *lf = memchr(in, '\n', n);

	if (lf == NULL)
		return 0;
	if (in[0] == 'H' || in[0] == 'N') {
		a->counted = in[0] == 'H';
	} else if (in[0] == 'V') {
		lf++;
		*denied_out = lf < in + n && strtol(lf, NULL, 10) >= LOAD_LIMIT;
		lf = memchr(lf, '\n', (size_t)(in + n - lf));
		if (lf == NULL)
			return 0;
	} else if (in[0] != 'E' || in[1] != 'N') {
		load_die("refused", in);
	}
	return (size_t)(lf - in) + 1;
}

size_t
load_side_answer(const struct load_side *s, const char *in, size_t n,
    struct load_attempt *a, bool *denied_out)
{
	if (s->resp)
		return resp_answer(in, n, denied_out);
	return text_answer(in, n, a, denied_out);
}
