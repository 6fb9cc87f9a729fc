/*
 * table_agenda: the end of what was set for a time of its own: operators'
 * blocks and marks. There is a list for each power of two of the time that
 * was left; the first of a list moves down when its time left has halved.
 * What was set for equal times stays in order; otherwise an entry may wait
 * behind another, but never longer than it was set for. Whoever finds an
 * entry looks at its stamp, so only its memory waits.
 */

#include "table_priv.h"

#define FOREVER_LIST (AGENDA - 1)

static uint32_t
list_for(const struct table *t, const struct table_entry *x)
{
	int64_t left = (int64_t)x->stamp - t->now / 1000;

	if (x->stamp == TABLE_FOREVER)
		return FOREVER_LIST;
	if (left <= 0)
		return 0;
	return 32 - (uint32_t)__builtin_clz((uint32_t)left) - 1;
}

void
table_agenda_add(struct table *t, uint32_t slot)
{
	struct table_entry *x = table_at(t, slot);

	x->value = (x->value & ~(uint64_t)UINT32_MAX) | list_for(t, x);
	table_list_push(t, &t->agenda[(uint32_t)x->value], slot);
}

size_t
table_agenda_run(struct table *t, size_t max)
{
	size_t done = 0, steps = 0;
	struct table_entry *x;
	uint32_t i, slot;

	for (i = 0; i < FOREVER_LIST && steps < max; i++) {
		for (; (slot = t->agenda[i].head) != 0; steps++) {
			x = table_at(t, slot);
			if (steps == max)
				return done;
			if (table_expired(t, x)) {
				table_remove(t, slot);
				t->stats.expired++;
				done++;
			} else if (list_for(t, x) < i) {
				table_list_take(t, &t->agenda[i], slot);
				table_agenda_add(t, slot);
			} else {
				break;
			}
		}
	}
	return done;
}
