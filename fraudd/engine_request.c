/*
 * engine_request: an attempt as it came becomes values in one form each, or
 * is refused whole before anything is counted: an address is no text, a card
 * is eight digits however it was written, a field is there once.
 */

#include "engine_rules.h"

#include "err.h"
#include "str.h"

#include <string.h>

ERR_COLD static int
fail(struct err *e, const char *what, struct engine_text name)
{
	char shown[2 * ENGINE_NAME_MAX];

	return err_set(e, E_SYNTAX, "%s: %s",
	    str_printable(shown, sizeof(shown), name.data, name.len), what);
}

static inline bool
digit(char c)
{
	return (unsigned char)(c - '0') <= 9;
}

static inline bool
four_digits(const char *p)
{
	return digit(p[0]) && digit(p[1]) && digit(p[2]) && digit(p[3]);
}

/* 12/27, 12/2027, 1227 or 122027 as 1227. */
static bool
read_expiry(struct engine_text t, char out[4])
{
	const char *month = t.data, *year;
	size_t len;

	if (t.len < 4 || t.len > 7)
		return false;
	year = month + (month[2] == '/' ? 3 : 2);
	len = t.len - (size_t)(year - month);
	if (!digit(month[0]) || !digit(month[1]) ||
	    !(len == 2 ? digit(year[0]) && digit(year[1]) :
			 len == 4 && four_digits(year)))
		return false;
	if (month[0] > '1' || (month[0] == '1' && month[1] > '2') ||
	    (month[0] == '0' && month[1] == '0'))
		return false;
	memcpy(out, month, 2);
	memcpy(out + 2, year + len - 2, 2);
	return true;
}

/* "4242 12/27", with a blank, colon, hyphen or nothing between. */
static bool
read_card(struct engine_text t, char out[8])
{
	struct engine_text expiry;

	if (t.len < 8 || !four_digits(t.data))
		return false;
	expiry.data = t.data + 4;
	expiry.len = t.len - 4;
	if (memchr(" :-", expiry.data[0], 3) != NULL) {
		expiry.data++;
		expiry.len--;
	}
	memcpy(out, t.data, 4);
	return read_expiry(expiry, out + 4);
}

/* Checks q->value[field] and brings it into its one form. */
static int
read_value(struct engine_request *q, uint8_t field, struct engine_text name,
    struct err *e)
{
	struct engine_text *v = &q->value[field];

	if (v->len > ENGINE_VALUE_MAX)
		return fail(e, "is too long", name);
	switch (field) {
	case KNOWN_IP:
		if (q->hint != NULL && q->hint->text.data == v->data &&
		    q->hint->text.len == v->len)
			q->addr = q->hint->addr;
		else if (addr_parse(v->data, v->len, &q->addr) != 0)
			return fail(e, "is no address", name);
		return 0;
	case KNOWN_CARD:
		if (!read_card(*v, q->card))
			return fail(e, "is no card: 4242 12/27 is one", name);
		*v = (struct engine_text){ q->card, sizeof(q->card) };
		return 0;
	case KNOWN_LAST4:
		if (v->len != sizeof(q->last4) || !four_digits(v->data))
			return fail(e, "must be four digits", name);
		memcpy(q->last4, v->data, sizeof(q->last4));
		*v = (struct engine_text){ q->last4, sizeof(q->last4) };
		return 0;
	case KNOWN_EXPIRY:
		if (!read_expiry(*v, q->expiry))
			return fail(e, "is no expiry date: 12/27 is one", name);
		*v = (struct engine_text){ q->expiry, sizeof(q->expiry) };
		return 0;
	default:
		return 0;
	}
}

/* The card is its last four digits and its expiry date together. */
static int
join_card(struct engine_request *q, struct err *e)
{
	bool last4 = q->value[KNOWN_LAST4].data != NULL;
	bool expiry = q->value[KNOWN_EXPIRY].data != NULL;
	char joined[8];

	if (!last4 || !expiry)
		return 0;
	memcpy(joined, q->last4, 4);
	memcpy(joined + 4, q->expiry, 4);
	if (q->value[KNOWN_CARD].data != NULL &&
	    memcmp(joined, q->card, sizeof(joined)) != 0)
		return err_set(
		    e, E_SYNTAX, "card: is not that of last4 and expiry");
	memcpy(q->card, joined, sizeof(joined));
	q->value[KNOWN_CARD] = (struct engine_text){ q->card, sizeof(q->card) };
	return 0;
}

int
engine_request_read(const struct engine_rules *r,
    const struct engine_attempt *a, const struct engine_hint *hint,
    struct engine_request *q, struct err *e)
{
	const struct engine_field *f;
	uint8_t field;
	size_t i;
	int ret;

	memset(q->value, 0, r->known_count * sizeof(q->value[0]));
	q->event = a->event;
	q->hint = hint;
	if (a->event.len == 0 || a->event.len > ENGINE_NAME_MAX)
		return err_set(
		    e, E_SYNTAX, "an event is 1 to %d bytes", ENGINE_NAME_MAX);
	for (i = 0; i < a->count; i++) {
		f = &a->fields[i];
		field = engine_known_find(r, f->name);
		if (field == ENGINE_NO_FIELD)
			return fail(e, "unknown field", f->name);
		if (q->value[field].data != NULL)
			return fail(e, "is there twice", f->name);
		q->value[field] = f->value;
		if (f->value.data == NULL)
			q->value[field].data = "";
		ret = read_value(q, field, f->name, e);
		if (ret != 0)
			return ret;
	}
	return join_card(q, e);
}

int
engine_named_read(const struct engine_rules *r, struct engine_text key,
    struct engine_text value, struct engine_named *out, struct err *e)
{
	struct engine_request *q = &out->request;

	q->hint = NULL;
	memset(q->value, 0, r->known_count * sizeof(q->value[0]));
	out->field = engine_known_find(r, key);
	if (out->field == ENGINE_NO_FIELD)
		return fail(e, "unknown key", key);
	q->value[out->field] = value;
	if (value.data == NULL)
		q->value[out->field].data = "";
	if (out->field != KNOWN_IP)
		return read_value(q, out->field, key, e);
	if (addr_prefix_parse(value.data, value.len, &out->prefix) != 0)
		return fail(e, "is no address and no prefix", key);
	q->addr = out->prefix.addr;
	return 0;
}

static bool
holds(const struct settings_when *w, const struct engine_text *v)
{
	bool is;

	if (w->test == WHEN_THERE)
		return v->data != NULL;
	is = v->data != NULL && str_is(v->data, v->len, w->value);
	return is == (w->test == WHEN_IS);
}

bool
engine_holds(const struct engine_rule *rule, const struct engine_request *q)
{
	size_t i;

	for (i = 0; i < rule->s.when_count; i++) {
		if (!holds(&rule->s.when[i], &q->value[rule->when[i]]))
			return false;
	}
	return rule->key != KNOWN_IP || q->value[KNOWN_IP].data != NULL ||
	    (q->value[KNOWN_USER].data == NULL &&
		q->value[KNOWN_TOKEN].data == NULL);
}
