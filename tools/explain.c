/*
 * Two ways to tell a step: a line for a person, "ok   audience: seen ...;
 * expected ... (FILE:LINE: common.issuers[0].audience)", and a member of the
 * list "steps" for a script. The lines of the configuration are looked up in
 * its text, which is read again for this alone and wiped at the end.
 */

#include "explain.h"

#include <string.h>

#include "cli.h"
#include "config.h"
#include "err.h"
#include "json.h"
#include "mem.h"
#include "str.h"

#define STEP_TEXT_MAX 2048
#define DEFAULT_NOTE ", by default"

static const char *const results[] = {
	[GATE_FAILED] = "failed",
	[GATE_PASSED] = "passed",
	[GATE_SKIPPED] = "skipped",
};

static const char *const marks[] = {
	[GATE_FAILED] = "FAIL",
	[GATE_PASSED] = "ok  ",
	[GATE_SKIPPED] = "-   ",
};

static void
add_place(
    struct str *s, const struct explain *x, const struct explain_place *place)
{
	char shown[EXPLAIN_PATH_MAX];

	if (place->path[0] == '\0')
		return;
	str_add(s, " (");
	if (place->line > 0)
		str_addf(s, "%s:%zu: ",
		    str_printable(
			shown, sizeof(shown), x->path, strlen(x->path)),
		    place->line);
	str_addf(s, "%s%s)", place->path, place->there ? "" : DEFAULT_NOTE);
}

static int
print_step(const struct explain *x, const struct gate_step *step,
    const struct explain_place *place)
{
	char line[STEP_TEXT_MAX];
	struct str s;

	str_init(&s, line, sizeof(line));
	str_addf(&s, "%s %s:", marks[step->result], step->name);
	if (step->seen == NULL && step->expected == NULL)
		str_add(&s, " not asked for");
	if (step->seen != NULL)
		str_addf(&s, " seen %s", step->seen);
	if (step->expected != NULL)
		str_addf(&s, "%s expected %s", step->seen != NULL ? ";" : "",
		    step->expected);
	add_place(&s, x, place);
	return cli_printf("%s\n", line);
}

static int
put_text(struct json *o, const char *name, const char *text)
{
	return text != NULL ? json_put_string(o, name, text) : 0;
}

static int
keep_step(const struct explain *x, const struct gate_step *step,
    const struct explain_place *place)
{
	struct json *o = NULL;
	int r;

	r = json_make_object(&o);
	if (r == 0)
		r = json_put_string(o, "step", step->name);
	if (r == 0)
		r = json_put_string(o, "result", results[step->result]);
	if (r == 0)
		r = put_text(o, "seen", step->seen);
	if (r == 0)
		r = put_text(o, "expected", step->expected);
	if (r == 0 && place->path[0] != '\0')
		r = json_put_string(o, "key", place->path);
	if (r == 0 && place->path[0] != '\0')
		r = json_put_bool(o, "default", !place->there);
	if (r == 0 && place->line > 0)
		r = json_put_integer(o, "line", (int64_t)place->line);
	if (r != 0) {
		json_free(&o);
		return cli_fail(r, NULL);
	}
	return json_append(x->steps, o) == 0 ? CLI_DONE :
					       cli_fail(E_NOMEM, NULL);
}

static void
hear(const struct gate_step *step, void *arg)
{
	struct explain *x = arg;
	struct explain_place place;

	if (x->status != CLI_DONE)
		return;
	explain_place(&x->file, step, &place);
	x->status = x->as_json ? keep_step(x, step, &place) :
				 print_step(x, step, &place);
}

int
explain_begin(struct explain *x, const char *path, bool as_json)
{
	*x = (struct explain){
		.as_json = as_json,
		.path = path,
		.trace = { hear, x },
	};
	if (json_make_array(&x->steps) != 0)
		return cli_fail(E_NOMEM, NULL);
	/* without the text there are no lines; the gate says what is wrong */
	(void)file_read(path, CONFIG_FILE_MAX, FILE_ANY, &x->file, NULL);
	return CLI_DONE;
}

void
explain_done(struct explain *x)
{
	file_done(&x->file);
	json_free(&x->steps);
}

/* "role1 role2" as an array. */
static int
put_roles(struct json *o, const char *roles)
{
	char role[GATE_ROLES_TEXT_MAX];
	struct json *list = NULL;
	struct str s;
	size_t n;
	int r;

	r = json_make_array(&list);
	for (; r == 0 && *roles != '\0'; roles += n) {
		n = strcspn(roles, " ");
		str_init(&s, role, sizeof(role));
		str_add_bytes(&s, roles, n);
		if (n > 0)
			r = json_append_string(list, role);
		n += strspn(roles + n, " ");
	}
	if (r != 0) {
		json_free(&list);
		return r;
	}
	return json_put(o, "roles", list);
}

/* What fraudd said; members that it alone gives. */
static int
put_throttle(struct json *o, const struct gate_outcome *outcome)
{
	int r = 0;

	if (outcome->attempt[0] != '\0')
		r = json_put_string(o, "attempt", outcome->attempt);
	if (r == 0 && outcome->rule[0] != '\0')
		r = json_put_string(o, "rule", outcome->rule);
	if (r == 0 && outcome->rule[0] != '\0')
		r = json_put_integer(o, "retry_after", outcome->retry_after);
	return r;
}

static int
put_outcome(struct json *o, const struct gate_outcome *outcome)
{
	bool accepted = outcome->verdict == GATE_ALLOW;
	char user[4 * CLAIMS_USER_MAX + 1];
	int r;

	str_printable(user, sizeof(user), outcome->user, strlen(outcome->user));
	r = json_put_string(o, "verdict", accepted ? "accept" : "refuse");
	if (r == 0)
		r = json_put_string(o, "reason", err_name(outcome->reason));
	if (r == 0 && !accepted)
		r = json_put_string(o, "text", outcome->text);
	if (r == 0)
		r = json_put_string(o, "user", user);
	if (r == 0)
		r = json_put_string(o, "issuer", outcome->issuer);
	if (r == 0)
		r = json_put_string(o, "kid", outcome->kid);
	if (r == 0)
		r = json_put_string(o, "jti", outcome->jti);
	if (r == 0 && accepted)
		r = json_put_integer(o, "expires", outcome->expires);
	if (r == 0 && outcome->auth_time >= 0)
		r = json_put_integer(o, "auth_time", outcome->auth_time);
	if (r == 0)
		r = put_throttle(o, outcome);
	return r == 0 ? put_roles(o, outcome->roles) : r;
}

int
explain_print(struct explain *x, const struct gate_outcome *outcome)
{
	struct json *o = NULL;
	char *text = NULL;
	size_t n = 0;
	int r, status;

	r = json_make_object(&o);
	if (r == 0)
		r = put_outcome(o, outcome);
	if (r == 0)
		r = json_put_string(o, "config", x->path);
	if (r == 0) {
		r = json_put(o, "steps", x->steps);
		x->steps = NULL;
	}
	if (r == 0)
		text = json_write(o, false, &n);
	json_free(&o);
	if (text == NULL)
		return cli_fail(E_NOMEM, NULL);
	text[n] = '\n'; /* where the NUL was */
	status = cli_print(text, n + 1);
	text[n] = '\0';
	mem_free_str(&text);
	return status;
}
