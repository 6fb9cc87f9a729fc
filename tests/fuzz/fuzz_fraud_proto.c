/*
 * fuzz_fraud_proto: what comes from fraudd's socket. A reply that is taken is
 * within its limits, says allow only as fraudd would, and is found again when
 * it comes in two pieces.
 */

#include "fuzz.h"

#include <string.h>

#include "err.h"
#include "fraud_proto.h"

static void
check_reply(const struct fraud_reply *r)
{
	const struct fraud_answer *a = &r->answer;
	size_t id = strnlen(a->id, sizeof(a->id));

	FUZZ_CHECK(memchr(r->error, '\0', sizeof(r->error)) != NULL);
	if (r->kind != FRAUD_REPLY_ANSWER)
		return;
	FUZZ_CHECK(id == 0 || id == FRAUD_ID_LEN);
	FUZZ_CHECK(memchr(a->rule, '\0', sizeof(a->rule)) != NULL);
	FUZZ_CHECK((a->verdict == FRAUD_VERDICT_ALLOW) == (a->rule[0] == '\0'));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *in = (const char *)data;
	struct fraud_reply reply, again;
	size_t at = 0, used, half, n;
	struct err e;

	for (;;) {
		e = (struct err){ 0 };
		if (fraud_proto_read(in + at, size - at, &reply, &used, &e) !=
		    0) {
			FUZZ_CHECK(e.code == E_SYNTAX);
			return 0;
		}
		if (used == 0) {
			FUZZ_CHECK(size - at < FRAUD_REPLY_MAX);
			return 0;
		}
		FUZZ_CHECK(used <= size - at);
		check_reply(&reply);
		for (half = 0; half < used; half++) {
			FUZZ_CHECK(fraud_proto_read(
				       in + at, half, &again, &n, NULL) != 0 ||
			    n == 0);
		}
		at += used;
	}
}
