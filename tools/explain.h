/*
 * explain: the steps of a decision for a person or a script, each with the
 * line of the configuration that decided it.
 */

#ifndef JWTGATE_EXPLAIN_H
#define JWTGATE_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "file.h"
#include "gate.h"

struct json;

struct explain {
	bool as_json;
	const char *path; /* borrowed; of the configuration */
	struct file file; /* its text, to find lines in */
	struct json *steps; /* owns; as_json */
	int status; /* CLI_DONE, or what could not be written */
	struct gate_trace trace;
};

/*
 * Makes ready to listen with &x->trace. Text goes to standard output as the
 * steps are told, JSON is kept. Returns a status; explain_done() in any case.
 */
int explain_begin(struct explain *x, const char *path, bool as_json);
void explain_done(struct explain *x);

/* One object with the verdict and the steps. Returns a status of output. */
int explain_print(struct explain *x, const struct gate_outcome *outcome);

/*
 * Where the key stands that decided a step: in its part of the file, or,
 * where a service's part does not say it, in the same part of common.
 */
#define EXPLAIN_PATH_MAX 256
struct explain_place {
	bool there; /* the key itself is in the file */
	size_t line; /* of the key, or of its part; 0: neither is there */
	char path[EXPLAIN_PATH_MAX];
};
void explain_place(const struct file *file, const struct gate_step *step,
    struct explain_place *out);

#endif
