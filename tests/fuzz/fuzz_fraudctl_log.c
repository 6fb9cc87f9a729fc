/*
 * fuzz_fraudctl_log: a line of a log, whatever it holds, becomes an attempt
 * of texts that lie in the line or in its room, or is refused with a reason.
 */

#include "fuzz.h"

#include <string.h>

#include "err.h"
#include "fraudctl_log.h"

static void
check(
    const struct log_line *line, const char *in, size_t n, struct engine_text t)
{
	bool inside = t.data >= in && t.data + t.len <= in + n;
	bool room = t.data >= line->room &&
	    t.data + t.len <= line->room + line->used;
	static const char *const own[] = { "web", "ip", "user", "method",
		"path", "status", "agent" };
	size_t i;

	for (i = 0; !inside && !room && i < sizeof(own) / sizeof(own[0]); i++)
		inside = strlen(own[i]) == t.len &&
		    memcmp(own[i], t.data, t.len) == 0;
	FUZZ_CHECK(inside || room || t.len == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct log_options options = { .event = "web",
		.match = "* /*",
		.method = true,
		.path = true,
		.status = true,
		.agent = true };
	const char *in = (const char *)data;
	static struct log_line line;
	struct err e = { 0 };
	size_t i;

	if (size > LOG_LINE_MAX)
		return 0;
	switch (log_read(in, size, &options, &line, &e)) {
	case LOG_BAD:
		FUZZ_CHECK(e.text[0] != '\0');
		return 0;
	case LOG_OTHER:
		return 0;
	case LOG_ATTEMPT:
		break;
	}
	FUZZ_CHECK(line.ms >= 0);
	FUZZ_CHECK(line.attempt.count <= ENGINE_FIELDS_MAX);
	check(&line, in, size, line.attempt.event);
	for (i = 0; i < line.attempt.count; i++) {
		check(&line, in, size, line.attempt.fields[i].name);
		check(&line, in, size, line.attempt.fields[i].value);
	}
	return 0;
}
