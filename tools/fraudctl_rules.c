/* The rules of a file, read as the daemon reads them, in words. */

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "err.h"
#include "fraudctl.h"
#include "json.h"
#include "settings.h"

int
fraudctl_rules_load(const struct fraudctl *f, struct settings **out)
{
	const char *file = f->config != NULL ? f->config : FRAUDD_CONFIG_FILE;
	struct err e = { 0 };
	struct stat st;
	int r;

	if (f->config == NULL && stat(file, &st) != 0 && errno == ENOENT)
		file = NULL;
	r = settings_load(file, out, &e);
	if (r == 0)
		return FRAUDCTL_DONE;
	return fraudctl_say(FRAUDCTL_USAGE, "%s", err_text(&e, r));
}

static void
print_rule(const struct settings_rule *r)
{
	char time[FRAUDCTL_TIME_MAX];

	printf("%s: event %s, for each %s", r->name, r->event, r->key);
	if (strcmp(r->key, "ip") == 0 &&
	    (r->prefix4 != 32 || r->prefix6 != 128))
		printf(" (/%u, IPv6 /%u)", r->prefix4, r->prefix6);
	printf(
	    ": %s at %u ", r->action == RULE_DENY ? "deny" : "delay", r->limit);
	if (r->count == RULE_DISTINCT)
		printf("distinct %s", r->field);
	else
		printf(
		    "%s", r->count == RULE_ATTEMPTS ? "attempts" : "sessions");
	printf(" within %s", fraudctl_duration(r->window, time));
	if (r->delay_from != 0)
		printf("; %us delay from %u on", r->delay, r->delay_from);
	printf("; %s starts the window again",
	    r->extend == RULE_EXTEND_ATTEMPT      ? "each attempt" :
		r->extend == RULE_EXTEND_DISTINCT ? "each new value" :
						    "nothing");
	if (r->max_block != 0)
		printf("; free after %s at the latest",
		    fraudctl_duration(r->max_block, time));
	printf("%s\n", r->shadow ? "; shadow, decides nothing" : "");
}

static int
rule_json(const struct settings_rule *rule, struct json *array)
{
	struct json *one = NULL;
	int r = json_make_object(&one);

	if (r == 0)
		r = json_put_string(one, "rule", rule->name);
	if (r == 0)
		r = json_put_string(one, "event", rule->event);
	if (r == 0)
		r = json_put_string(one, "key", rule->key);
	if (r == 0)
		r = json_put_integer(one, "limit", rule->limit);
	if (r == 0)
		r = json_put_integer(one, "window", rule->window);
	if (r == 0)
		r = json_put_bool(one, "shadow", rule->shadow);
	if (r != 0) {
		json_free(&one);
		return r;
	}
	return json_append(array, one);
}

int
fraudctl_rules_check(const struct fraudctl *f)
{
	struct fraudctl own = *f;
	struct settings *s = NULL;
	struct json *out = NULL;
	int status, r;
	size_t i;

	if (f->operand_count > 0)
		own.config = f->operands[0];
	status = fraudctl_rules_load(&own, &s);
	if (status != FRAUDCTL_DONE)
		return status;
	r = json_make_array(&out);
	for (i = 0; r == 0 && i < s->rule_count; i++) {
		if (!f->json)
			print_rule(&s->rules[i]);
		else
			r = rule_json(&s->rules[i], out);
	}
	settings_free(&s);
	if (r == 0 && f->json)
		return fraudctl_print_json(&out, true);
	json_free(&out);
	return r == 0 ? fraudctl_flush() : fraudctl_fail(r, NULL);
}
