/*
 * The shotgun attack on a shop (doc/SHOP.md), hour after hour, bytes in and
 * bytes out, with the time passed by hand: one address tries a stolen list
 * while honest customers buy, many of them behind one address.
 */

#include "access.h"
#include "err.h"
#include "settings.h"
#include "testworld.h"

#define MINUTE 60000
#define HOUR (60 * MINUTE)
#define ATTACKER "203.0.113.66"
#define OFFICE "198.51.100.1"

struct shop {
	struct world *w;
	unsigned refused, bought, tried, looked_at;
	uint32_t random; /* the same in each run */
};

static struct shop
shop_open(void)
{
	struct shop s = { .w = world_new(ACCESS_ANY), .random = 1 };
	struct settings *settings = NULL;

	world_persist(s.w, s.w->dir);
	assert_int_equal(settings_parse("{}", 2, "shop", &settings, NULL), 0);
	assert_int_equal(engine_reload(s.w->engine, settings, NULL), 0);
	settings_free(&settings);
	return s;
}

static unsigned
pick(struct shop *s, unsigned below)
{
	s->random = s->random * 1664525u + 1013904223u;
	return (s->random >> 8) % below;
}

/* Sends a card; true when it may go to the bank. id: of the attempt. */
static bool
submit(struct shop *s, const char *ip, unsigned card, char id[23])
{
	char line[128];
	const char *got, *p;
	int i;

	snprintf(line, sizeof(line),
	    "ATTEMPT card ip %s last4 %04u expiry %02u/%02u", ip, card % 10000,
	    card / 10000 % 12 + 1, card / 120000 % 10 + 27);
	got = world_ask(s->w, line);
	assert_true(strncmp(got, "*6\r\n", 4) == 0);
	for (p = got + 4, i = 0; i < 5; i++)
		p = world_skip(p);
	assert_true(strncmp(p, "$22\r\n", 5) == 0);
	memcpy(id, p + 5, 22);
	id[22] = '\0';
	return strstr(got, "$5\r\nallow\r\n") == got + 4;
}

static void
outcome(struct shop *s, const char *id, const char *how)
{
	char line[64];

	snprintf(line, sizeof(line), "OUTCOME %s %s", id, how);
	assert_string_equal(world_ask(s->w, line), ":1\r\n");
}

/* One in twenty cards of an honest customer is declined once. */
static void
buy(struct shop *s, const char *ip, unsigned card)
{
	char id[23];

	if (!submit(s, ip, card, id)) {
		s->refused++;
		return;
	}
	outcome(s, id, pick(s, 20) == 0 ? "failure" : "success");
	s->bought++;
}

/* One in fifty of the list works, and the attacker keeps it. */
static void
attack(struct shop *s)
{
	char id[23];

	s->tried++;
	if (!submit(s, ATTACKER, 500000 + s->tried, id))
		return;
	s->looked_at++;
	outcome(s, id, pick(s, 50) == 0 ? "success" : "failure");
}

/* Somebody at home, or one of the 60 of the office with their two cards. */
static void
customer(struct shop *s)
{
	char ip[32];

	if (pick(s, 4) == 0) {
		buy(s, OFFICE, 1000 + pick(s, 60) * 2 + pick(s, 2));
		return;
	}
	snprintf(ip, sizeof(ip), "192.0.2.%u", pick(s, 250) + 1);
	buy(s, ip, 2000 + pick(s, 300));
}

static void
test_shotgun(void **state)
{
	struct shop s = shop_open();
	int64_t end = s.w->now + 3 * (int64_t)HOUR;
	char id[23];
	unsigned second;

	(void)state;
	for (second = 0; s.w->now < end; second++, s.w->now += 1000) {
		if (second % 4 == 0)
			attack(&s);
		if (second % 30 == 7)
			customer(&s);
	}
	assert_int_equal(s.refused, 0);
	assert_true(s.bought > 350);
	assert_true(s.tried == 2700);
	/* nine distinct cards, and those that worked and were taken back */
	assert_in_range(s.looked_at, 9, 12);
	/* he keeps trying and is kept out */
	attack(&s);
	assert_in_range(s.looked_at, 9, 12);
	/* a second before the hour he is not free, and begins it anew */
	s.w->now += (int64_t)HOUR - 1000;
	assert_false(submit(&s, ATTACKER, 1, id));
	/* an hour of silence later he is */
	s.w->now += (int64_t)HOUR + 1000;
	assert_true(submit(&s, ATTACKER, 1, id));
	world_free(s.w);
}

/* The list all at once gets no more tries than one by one. */
static void
test_burst(void **state)
{
	struct shop s = shop_open();
	char id[23];
	unsigned i, through = 0;

	(void)state;
	for (i = 0; i < 500; i++)
		through += submit(&s, ATTACKER, i, id) ? 1 : 0;
	assert_int_equal(through, 9);
	world_free(s.w);
}

/* A number of a card is nothing that could be sent. */
static void
test_never_sent(void **state)
{
	static const char *const lines[] = {
		("ATTEMPT card ip 192.0.2.1 number 4242424242424242 last4 4242 "
		 "expiry 12/27"),
		"ATTEMPT card ip 192.0.2.1 last4 4242424242424242 expiry 12/27",
		"ATTEMPT card ip 192.0.2.1 card 4242424242424242 expiry 12/27",
		"ATTEMPT card ip 192.0.2.1 last4 4242 expiry 12/27 cvc 123",
	};
	struct shop s = shop_open();
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(lines); i++)
		assert_true(strncmp(world_ask(s.w, lines[i]), "-ERR ", 5) == 0);
	assert_string_equal(world_ask(s.w, "SHOW ip 192.0.2.1"), "*0\r\n");
	world_free(s.w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shotgun),
		cmocka_unit_test(test_burst),
		cmocka_unit_test(test_never_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
