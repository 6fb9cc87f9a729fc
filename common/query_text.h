/*
 * query_text: texts with placeholders. Only query*.c include this.
 */

#ifndef JWTGATE_QUERY_TEXT_H
#define JWTGATE_QUERY_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct err;
struct query_values;

enum query_text {
	QUERY_TEXT_NAME, /* placeholders within values of the name */
	QUERY_TEXT_VALUE /* anywhere */
};

/*
 * The placeholder at p, which is a '{': its enum query_use and length in
 * bytes. 0 when it is none.
 */
unsigned query_text_use(const char *p, size_t *len_out);

/* 0 and the placeholders that text has, or E_SYNTAX. */
int query_text_scan(
    const char *text, enum query_text kind, unsigned *uses_out, struct err *e);

/* Fills in; claims: "x" stands for each claim. As query_expand(). */
int query_text_fill(const char *text, const struct query_values *values,
    bool sample, char **out);

/* Decodes %xx in place; false for what is none, and for %00. */
bool query_text_decode(char *text);

#endif
