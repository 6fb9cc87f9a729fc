/*
 * fuzz_fraudd_policy: requests of Postfix, and the attempts they become.
 */

#include "fuzz.h"

#include <string.h>

#include "dialect_policy.h"
#include "err.h"
#include "settings.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct settings_rule rule = { .name = "r",
		.event = "smtp",
		.key = "ip",
		.count = RULE_DISTINCT,
		.field = "sender" };
	static const struct settings rules = { .rules = &rule,
		.rule_count = 1 };
	const char *in = (const char *)data;
	struct engine_attempt a;
	struct request rq;
	size_t at = 0, used = 0, i;

	while (at < size &&
	    dialect_policy_parse(in + at, size - at, &rq, &used) ==
		REQUEST_READY) {
		FUZZ_CHECK(used > 0 && used <= size - at);
		FUZZ_CHECK(rq.count % 2 == 0);
		if (dialect_policy_attempt(&rq, &rules, &a)) {
			FUZZ_CHECK(a.count <= ENGINE_FIELDS_MAX);
			for (i = 0; i < a.count; i++)
				FUZZ_CHECK(a.fields[i].value.data >= in &&
				    a.fields[i].value.len < used);
		}
		at += used;
	}
	return 0;
}
