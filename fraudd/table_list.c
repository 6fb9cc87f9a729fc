/*
 * table_list: who was touched when. An entry stands in the list of its group
 * and class, the one touched last at the end. As a group forgets all its
 * entries after the same time, that is the order in which they expire; where
 * a touch does not restart the window, an entry waits for one window at most
 * behind one that moved later.
 */

#include "table_priv.h"

#include <stdlib.h>
#include <string.h>

#define SORT_PLACES 65536u

void
table_list_push(struct table *t, struct table_list *l, uint32_t slot)
{
	struct table_entry *x = table_at(t, slot);

	x->prev = l->tail;
	x->next = 0;
	if (l->tail != 0)
		table_at(t, l->tail)->next = slot;
	else
		l->head = slot;
	l->tail = slot;
	l->count++;
}

void
table_list_take(struct table *t, struct table_list *l, uint32_t slot)
{
	struct table_entry *x = table_at(t, slot);

	if (x->prev != 0)
		table_at(t, x->prev)->next = x->next;
	else
		l->head = x->next;
	if (x->next != 0)
		table_at(t, x->next)->prev = x->prev;
	else
		l->tail = x->prev;
	l->count--;
}

static struct table_list *
list_at(const struct table *t, uint8_t group, enum table_class class, bool over)
{
	const struct table_list *l;

	l = &t->lists[group][2 * (unsigned int)class + (over ? 1 : 0)];
	return (struct table_list *)(uintptr_t)l;
}

static struct table_list *
list_of(struct table *t, const struct table_entry *x)
{
	return list_at(
	    t, x->group, table_class(x), (x->flags & FLAG_OVER) != 0);
}

void
table_enter(struct table *t, uint32_t slot)
{
	struct table_entry *x = table_at(t, slot);
	uint32_t *network = table_network(t, x);

	x->flags &= (uint8_t)~FLAG_OVER;
	if (network != NULL && ++*network > t->quota)
		x->flags |= FLAG_OVER;
	t->class_count[table_class(x)]++;
	t->folds[x->group][table_level(x)]++;
	table_list_push(t, list_of(t, x), slot);
}

void
table_leave(struct table *t, uint32_t slot)
{
	struct table_entry *x = table_at(t, slot);
	uint32_t *network = table_network(t, x);

	if (network != NULL)
		--*network;
	t->class_count[table_class(x)]--;
	t->folds[x->group][table_level(x)]--;
	table_list_take(t, list_of(t, x), slot);
}

void
table_class_set(struct table *t, uint32_t slot, enum table_class class)
{
	struct table_entry *x = table_at(t, slot);

	if (table_class(x) == class)
		return;
	table_leave(t, slot);
	x->flags &= (uint8_t)~FLAG_CLASS;
	x->flags |= (uint8_t) class;
	table_enter(t, slot);
}

void
table_touch(struct table *t, uint32_t slot, uint32_t stamp)
{
	struct table_entry *x = table_at(t, slot);

	if (x->stamp >= stamp)
		return;
	x->stamp = stamp;
	if (list_of(t, x)->tail == slot)
		return;
	table_list_take(t, list_of(t, x), slot);
	table_list_push(t, list_of(t, x), slot);
}

void
table_defer(struct table *t, uint32_t slot)
{
	struct table_list *l = list_of(t, table_at(t, slot));

	table_list_take(t, l, slot);
	table_list_push(t, l, slot);
}

uint64_t
table_count(const struct table *t, uint8_t group, enum table_class class)
{
	return list_at(t, group, class, false)->count +
	    list_at(t, group, class, true)->count;
}

uint64_t
table_folds(const struct table *t, uint8_t group, enum table_level level)
{
	return t->folds[group][level];
}

uint32_t
table_oldest(const struct table *t, uint8_t group, enum table_class class)
{
	uint32_t best = 0, head;
	uint8_t g = group == TABLE_GROUPS ? 0 : group;
	size_t end = group == TABLE_GROUPS ? t->groups_end : group + 1u;
	int over;

	/* those over quota first, whatever their age */
	for (over = 1; over >= 0 && best == 0; over--) {
		for (g = group == TABLE_GROUPS ? 0 : group; g < end; g++) {
			head = list_at(t, g, class, over != 0)->head;
			if (head != 0 && head == t->pinned)
				head = table_at(t, head)->next;
			if (head != 0 &&
			    (best == 0 ||
				table_at(t, head)->stamp <
				    table_at(t, best)->stamp))
				best = head;
		}
	}
	return best;
}

uint32_t
table_newest(const struct table *t, uint8_t group, enum table_class class)
{
	uint32_t tail = list_at(t, group, class, false)->tail;

	return tail != 0 ? tail : list_at(t, group, class, true)->tail;
}

uint32_t
table_older(const struct table *t, uint32_t slot)
{
	const struct table_entry *x = table_at(t, slot);

	if (x->prev != 0 || (x->flags & FLAG_OVER) != 0)
		return x->prev;
	return list_at(t, x->group, table_class(x), true)->tail;
}

static size_t
expire_group(struct table *t, uint8_t group, size_t max)
{
	size_t done = 0, i;
	uint32_t head;

	for (i = 0; i < LISTS; i++) {
		while (done < max) {
			head = t->lists[group][i].head;
			if (head == 0 || head == t->pinned ||
			    !table_expired(t, table_at(t, head)))
				break;
			table_remove(t, head);
			t->stats.expired++;
			done++;
		}
	}
	return done;
}

/* Goes on with the group after the one it ended with the last time. */
size_t
table_expire(struct table *t, size_t max)
{
	size_t done, i;

	done = table_agenda_run(t, max);
	for (i = 0; i < t->groups_end && done < max; i++) {
		if (t->expire_group >= t->groups_end)
			t->expire_group = 0;
		done += expire_group(t, (uint8_t)t->expire_group, max - done);
		if (done < max)
			t->expire_group++;
	}
	return done;
}

bool
table_clear(struct table *t, uint8_t group, size_t max)
{
	size_t done = 0, i;

	for (i = 0; i < LISTS; i++) {
		while (t->lists[group][i].head != 0) {
			if (done++ == max)
				return false;
			table_remove(t, t->lists[group][i].head);
		}
	}
	return true;
}

/* One pass to find the span, one to hang all up by stamp, one to join. */
static void
sort_list(struct table *t, struct table_list *l, struct table_list *places)
{
	uint32_t slot, next, low = UINT32_MAX, high = 0, width, i;

	for (slot = l->head; slot != 0; slot = table_at(t, slot)->next) {
		if (table_at(t, slot)->stamp < low)
			low = table_at(t, slot)->stamp;
		if (table_at(t, slot)->stamp > high)
			high = table_at(t, slot)->stamp;
	}
	if (low >= high)
		return;
	width = (high - low) / SORT_PLACES + 1;
	memset(places, 0, SORT_PLACES * sizeof(*places));
	for (slot = l->head; slot != 0; slot = next) {
		next = table_at(t, slot)->next;
		i = (table_at(t, slot)->stamp - low) / width;
		table_list_push(t, &places[i], slot);
	}
	memset(l, 0, sizeof(*l));
	for (i = 0; i < SORT_PLACES; i++) {
		if (places[i].head == 0)
			continue;
		table_at(t, places[i].head)->prev = l->tail;
		if (l->tail != 0)
			table_at(t, l->tail)->next = places[i].head;
		else
			l->head = places[i].head;
		l->tail = places[i].tail;
		l->count += places[i].count;
	}
}

void
table_settle(struct table *t)
{
	struct table_list *places;
	size_t group, i;

	places = calloc(SORT_PLACES, sizeof(*places));
	if (places == NULL)
		return;
	for (group = 0; group < t->groups_end; group++) {
		for (i = 0; i < LISTS; i++)
			sort_list(t, &t->lists[group][i], places);
	}
	free(places);
}
