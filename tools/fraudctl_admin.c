/* The operator's verbs. */

#include <string.h>

#include "fraudctl.h"
#include "fraudctl_client.h"
#include "json.h"

/* Asks one thing and says what came back: {"result": ...} or a sentence. */
static int
once(const struct fraudctl *f, const char *const *words, size_t count,
    const char *nothing)
{
	struct client *c = NULL;
	struct resp answer = { 0 };
	struct json *out = NULL;
	int64_t number;
	int status;

	status = fraudctl_open(f, &c);
	if (status == FRAUDCTL_DONE)
		status = fraudctl_ask(c, words, count, &answer);
	client_close(&c);
	if (status != FRAUDCTL_DONE)
		return status;
	number = answer.kind == RESP_INTEGER ? answer.number : 1;
	resp_free(&answer);
	if (f->json) {
		if (json_make_object(&out) != 0 ||
		    json_put_integer(out, "result", number) != 0)
			return FRAUDCTL_UNAVAILABLE;
		status = fraudctl_print_json(&out, false);
	}
	if (number == 0 && nothing != NULL)
		return fraudctl_say(FRAUDCTL_REFUSED, "%s", nothing);
	return status;
}

int
fraudctl_block(const struct fraudctl *f)
{
	const char *words[4] = { "BLOCK", NULL, NULL, NULL };
	struct fraudctl_key key;
	size_t at = 0, count = 3;
	char number[24];
	int64_t seconds;
	int status;

	status = fraudctl_key_take(f, &at, &key);
	if (status != FRAUDCTL_DONE)
		return status;
	words[1] = key.key;
	words[2] = key.value;
	if (at < f->operand_count) {
		if (!fraudctl_seconds(f->operands[at], &seconds) ||
		    at + 1 < f->operand_count)
			return fraudctl_say(FRAUDCTL_USAGE,
			    "%s: is no time; 600, 10m, 2h and 1d are",
			    f->operands[at]);
		snprintf(number, sizeof(number), "%lld", (long long)seconds);
		words[count++] = number;
	}
	return once(f, words, count, NULL);
}

static int
of_key(const struct fraudctl *f, const char *verb, const char *nothing)
{
	const char *words[3] = { verb, NULL, NULL };
	struct fraudctl_key key;
	size_t at = 0;
	int status;

	status = fraudctl_key_take(f, &at, &key);
	if (status != FRAUDCTL_DONE)
		return status;
	if (at < f->operand_count)
		return fraudctl_say(FRAUDCTL_USAGE, "one key at a time");
	words[1] = key.key;
	words[2] = key.value;
	return once(f, words, 3, nothing);
}

int
fraudctl_unblock(const struct fraudctl *f)
{
	return of_key(f, "UNBLOCK",
	    "there is no such block of an operator; "
	    "forget drops the blocks of rules");
}

int
fraudctl_forget(const struct fraudctl *f)
{
	return of_key(f, "FORGET", "nothing counts against this key");
}

int
fraudctl_reload(const struct fraudctl *f)
{
	static const char *const words[] = { "RELOAD" };

	return once(f, words, 1, NULL);
}

int
fraudctl_rotate(const struct fraudctl *f)
{
	static const char *const words[] = { "ROTATE" };

	return once(f, words, 1, NULL);
}
