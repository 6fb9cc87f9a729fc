/*
 * fuzz_fraudd_resp: whatever comes, words lie within the request, a request
 * lies within the input, and the same bytes in two parts are the same.
 */

#include "fuzz.h"

#include <string.h>

#include "dialect.h"
#include "dialect_resp.h"

static void
check(const struct request *rq, const char *in, size_t used)
{
	size_t i;

	for (i = 0; i < rq->count && i < REQUEST_WORDS_MAX; i++) {
		FUZZ_CHECK(rq->words[i].data >= in);
		FUZZ_CHECK(rq->words[i].len <= used);
		FUZZ_CHECK(rq->words[i].data + rq->words[i].len <= in + used);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *in = (const char *)data, *why = NULL;
	struct request rq, part;
	enum request_state state, cut;
	size_t at = 0, used = 0, ignored;

	(void)dialect_detect(in, size);
	while (at < size) {
		state = dialect_resp_parse(
		    in + at, size - at, &rq, &used, &why);
		if (state != REQUEST_READY) {
			FUZZ_CHECK(state != REQUEST_BROKEN || why != NULL);
			break;
		}
		FUZZ_CHECK(used > 0 && used <= size - at);
		FUZZ_CHECK(used <= REQUEST_MAX);
		check(&rq, in + at, used);
		cut = dialect_resp_parse(
		    in + at, used - 1, &part, &ignored, &why);
		FUZZ_CHECK(cut == REQUEST_PARTIAL);
		at += used;
	}
	return 0;
}
