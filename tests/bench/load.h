/*
 * load: what the load generator (load.c) and the sides that it speaks to
 * (load_side.c) share. A side knows how to ask about one attempt and to
 * find the end of the answer; all else is the same for every side.
 *
 * All addresses have octets of three digits and all cards the same length, so
 * that every request of a side has the same length.
 */

#ifndef JWTGATE_LOAD_H
#define JWTGATE_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOAD_PIPELINE_MAX 64
#define LOAD_REQUEST_MAX 512
#define LOAD_LIMIT 10 /* of the card rule */

struct load_attempt {
	uint32_t address; /* 0 to 156^4 - 1 */
	uint16_t card; /* 0 to 9999 */
	bool counted; /* memcached: the card was new */
};

struct load_side;

/* "echo", "fraudd", "redis:SHA1", "memcached"; exits on any other. */
struct load_side *load_side_new(const char *name);

/* Round trips that one attempt takes. */
int load_side_stages(const struct load_side *s);

/* Writes the request of a stage; returns its length. */
size_t load_side_ask(const struct load_side *s, int stage,
    const struct load_attempt *a, char out[LOAD_REQUEST_MAX]);

/*
 * The length of the whole answer at the start of the n bytes, 0 when more
 * must come. Of the last stage denied says what the answer was. Exits when it
 * is none or an error.
 */
size_t load_side_answer(const struct load_side *s, const char *in, size_t n,
    struct load_attempt *a, bool *denied_out);

void load_die(const char *what, const char *detail);

#endif
