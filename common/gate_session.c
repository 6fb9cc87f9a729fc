/*
 * Sessions at the same time: fraudd keeps them, with a lease for those that
 * are never closed. A host that opens one too many is told to end it.
 */

#include "gate_decision.h"

#include <string.h>

#include "config.h"
#include "gate_state.h"

static bool
is_counted(const struct gate_decision *d)
{
	return d->policy != NULL && d->policy->fraud.configured;
}

static void
write_session(const struct gate_decision *d, const char *command,
    const char *session, struct fraud_request *out)
{
	const struct gate_request *q = d->request;

	fraud_proto_begin(out, command);
	fraud_proto_text(out, FRAUD_EVENT_LOGIN);
	fraud_proto_field(out, FRAUD_USER, q->user);
	fraud_proto_field(out, FRAUD_SESSION, session);
	fraud_proto_field(out, FRAUD_IP, q->address);
	fraud_proto_field(out, FRAUD_SERVICE, q->service);
}

int
gate_session_open_in(struct gate_decision *d, const char *session)
{
	struct fraud_request q;

	if (!is_counted(d))
		return 0;
	write_session(d, FRAUD_OPEN, session, &q);
	return gate_throttle_ask(d, &q);
}

void
gate_session_close_in(struct gate_decision *d, const char *session)
{
	struct fraud_request q;

	if (!is_counted(d))
		return;
	write_session(d, FRAUD_CLOSE, session, &q);
	gate_throttle_tell(d, &q);
}
