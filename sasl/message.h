/*
 * message: what the two mechanisms say, OAUTHBEARER (RFC 7628) and XOAUTH2.
 * Pure: bytes in, bytes out. Which of the two is spoken is the caller's to
 * say; it is never guessed from what a message looks like.
 */

#ifndef JWTGATE_MESSAGE_H
#define JWTGATE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

struct err;
struct str;

enum message_mech {
	MESSAGE_OAUTHBEARER = 1,
	MESSAGE_XOAUTH2
};

#define MESSAGE_COUNT 2
#define MESSAGE_MAX (64 * 1024) /* a longer one is not looked at */
#define MESSAGE_NAME_MAX 255 /* of whom the client wants to be */
#define MESSAGE_REPLY_MAX 368 /* 492 in base64: one SMTP reply line */
#define MESSAGE_KVSEP "\x01"

/* "OAUTHBEARER", "XOAUTH2" */
const char *message_name(enum message_mech mech);

/* A client's first message, taken apart. */
struct message {
	bool discovery; /* an empty token: what would you accept? */
	const char *token; /* borrowed; NULL with discovery */
	size_t token_len;
	char authzid[MESSAGE_NAME_MAX + 1]; /* decoded; "" when not said */
};

/*
 * Takes n bytes apart. Returns 0 or a reason: E_TOKEN_MISSING (no token was
 * meant, a lone 0x01 among them), E_HEADER_INVALID (another scheme than
 * Bearer, channel binding), E_USER_INVALID (the name), E_TOKEN_TOO_LONG, or
 * E_TOKEN_MALFORMED, the sentence of which says where a message was cut.
 * Nothing of the message is ever in a sentence. *out is untouched then.
 */
int message_parse(enum message_mech mech, const char *data, size_t n,
    struct message *out, struct err *e);

/* What a client sends. Texts may be NULL where they are not known. */
struct message_draft {
	const char *authzid; /* the user, for XOAUTH2 */
	const char *host;
	const char *port;
	const char *token;
	size_t token_len;
};

/*
 * Builds the first message into the caller's storage, which is as long as
 * message_size() says. Returns 0; E_USER_INVALID where a name cannot be
 * said, E_TOKEN_MALFORMED where the token is none.
 */
int message_build(enum message_mech mech, const struct message_draft *draft,
    struct str *out, struct err *e);
size_t message_size(const struct message_draft *draft);

/* Where a client learns what it needs for a token. Both may be NULL. */
struct message_hint {
	const char *scope;
	const char *openid_configuration; /* OAUTHBEARER only */
};

/*
 * The JSON that answers a refused token (reason: E_*) or, with 0, a client
 * that only asks. A hint that would make the reply too long is left out.
 */
void message_reply(enum message_mech mech, int reason,
    const struct message_hint *hint, char reply[MESSAGE_REPLY_MAX + 1]);

#endif
