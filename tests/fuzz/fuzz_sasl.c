/*
 * fuzz_sasl: the first byte says which mechanism, the rest is a client's
 * message. What is taken can be said again, and means the same then.
 */

#include "fuzz.h"

#include <string.h>

#include "err.h"
#include "jws.h"
#include "message.h"
#include "str.h"

static void
say_again(enum message_mech mech, const struct message *m)
{
	const struct message_draft draft = {
		.authzid = m->authzid,
		.token = m->token,
		.token_len = m->token_len,
	};
	static char text[MESSAGE_MAX];
	struct message again;
	struct str s;

	FUZZ_CHECK(message_size(&draft) <= sizeof(text));
	str_init(&s, text, message_size(&draft));
	FUZZ_CHECK(message_build(mech, &draft, &s, NULL) == 0);
	FUZZ_CHECK(message_parse(mech, s.data, s.len, &again, NULL) == 0);
	FUZZ_CHECK(strcmp(again.authzid, m->authzid) == 0);
	FUZZ_CHECK(again.token_len == m->token_len &&
	    memcmp(again.token, m->token, m->token_len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum message_mech mech;
	struct message m;
	struct err e = { 0 };
	const char *text = (const char *)data + 1;
	int r;

	if (size == 0)
		return 0;
	mech = data[0] == 'X' ? MESSAGE_XOAUTH2 : MESSAGE_OAUTHBEARER;
	r = message_parse(mech, text, size - 1, &m, &e);
	FUZZ_CHECK(r == e.code);
	if (r != 0) {
		FUZZ_CHECK(err_class(r) == ERR_CLASS_REFUSED);
		return 0;
	}
	FUZZ_CHECK(memchr(m.authzid, '\0', sizeof(m.authzid)) != NULL);
	FUZZ_CHECK(m.discovery == (m.token == NULL));
	if (m.discovery)
		return 0;
	FUZZ_CHECK(m.token_len > 0 && m.token_len <= JWS_MAX_LEN);
	FUZZ_CHECK(m.token > text && m.token + m.token_len < text + size - 1);
	say_again(mech, &m);
	return 0;
}
