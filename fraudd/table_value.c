/*
 * table_value: the values of one key. The first stands in the entry; from the
 * second on they stand in cells, four to a slot, chained; the entry then knows
 * the first and the last slot. Never more of them than the rule's limit, so a
 * walk is short. A session is two cells: its hash and the end of its lease.
 */

#include "table_priv.h"

static bool
has_cells(const struct table *t, const struct table_entry *x)
{
	const struct table_group *g;

	if (table_is_reserved(x->group) || table_class(x) == TABLE_BLOCKED)
		return false;
	g = &t->groups[x->group];
	return g->pairs ? x->count != 0 : !g->counter && x->count > 1;
}

static uint32_t
chain_first(const struct table_entry *x)
{
	return (uint32_t)x->value;
}

static uint32_t
chain_last(const struct table_entry *x)
{
	return (uint32_t)(x->value >> 32);
}

static uint64_t
chain(uint32_t first, uint32_t last)
{
	return (uint64_t)last << 32 | first;
}

static uint64_t *
cell_at(const struct table *t, const struct table_entry *x, uint32_t i)
{
	uint32_t slot = chain_first(x);

	for (; i >= CELLS; i -= CELLS)
		slot = table_cells_at(t, slot)->next;
	return &table_cells_at(t, slot)->cell[i];
}

/* A slot for cells; the entry itself must not make room for them. */
static uint32_t
take_cells(struct table *t, uint32_t slot)
{
	uint32_t cells;

	cells = table_take(t, SHARE_ORDINARY, KIND_CELLS);
	if (cells != 0)
		return cells;
	t->pinned = slot;
	if (table_make_room(t))
		cells = table_take(t, SHARE_ORDINARY, KIND_CELLS);
	t->pinned = 0;
	return cells;
}

void
table_cells_free(struct table *t, uint32_t slot)
{
	struct table_entry *x = table_at(t, slot);
	uint32_t cells, next;

	if (has_cells(t, x)) {
		for (cells = chain_first(x); cells != 0; cells = next) {
			next = table_cells_at(t, cells)->next;
			table_give(t, SHARE_ORDINARY, cells);
		}
	}
	x->value = 0;
	x->count = 0;
}

/* Its neighbours in the list, which a touch writes, and its values. */
void
table_foresee_rest(const struct table *t, uint32_t slot)
{
	const struct table_entry *x = table_at(t, slot);

	__builtin_prefetch(&table_at(t, x->prev)->next, 1);
	__builtin_prefetch(&table_at(t, x->next)->prev, 1);
	if (has_cells(t, x))
		__builtin_prefetch(table_at(t, chain_first(x)));
}

uint32_t
table_value_find(const struct table *t, uint32_t slot, uint64_t value)
{
	const struct table_entry *x = table_at(t, slot);
	uint32_t step = t->groups[x->group].pairs ? 2 : 1;
	const struct table_cells *cells;
	uint32_t i, cell;

	if (!has_cells(t, x))
		return x->count == 1 && x->value == value ? 0 : TABLE_NOT_THERE;
	cells = table_cells_at(t, chain_first(x));
	for (i = 0, cell = 0; i < x->count; i++, cell += step) {
		if (cell == CELLS) {
			cells = table_cells_at(t, cells->next);
			cell = 0;
		}
		if (cells->cell[cell] == value)
			return i;
	}
	return TABLE_NOT_THERE;
}

uint64_t
table_value(const struct table *t, uint32_t slot, uint32_t i)
{
	const struct table_entry *x = table_at(t, slot);

	if (!has_cells(t, x))
		return x->value;
	return *cell_at(t, x, t->groups[x->group].pairs ? 2 * i : i);
}

uint32_t
table_value_end(const struct table *t, uint32_t slot, uint32_t i)
{
	const struct table_entry *x = table_at(t, slot);

	if (!has_cells(t, x) || !t->groups[x->group].pairs)
		return 0;
	return (uint32_t)*cell_at(t, x, 2 * i + 1);
}

void
table_value_set(
    struct table *t, uint32_t slot, uint32_t i, uint64_t value, uint32_t end)
{
	struct table_entry *x = table_at(t, slot);
	uint64_t *cell;

	if (!has_cells(t, x)) {
		x->value = value;
		return;
	}
	cell = cell_at(t, x, t->groups[x->group].pairs ? 2 * i : i);
	cell[0] = value;
	if (t->groups[x->group].pairs)
		cell[1] = end;
}

/* Makes the chain long enough for one more; step cells are one value. */
static bool
extend_chain(struct table *t, uint32_t slot, uint32_t step)
{
	struct table_entry *x = table_at(t, slot);
	bool empty = !has_cells(t, x);
	uint32_t cells;

	if (!empty && x->count * step % CELLS != 0)
		return true;
	cells = take_cells(t, slot);
	if (cells == 0)
		return false;
	if (!empty) {
		table_cells_at(t, chain_last(x))->next = cells;
		x->value = chain(chain_first(x), cells);
		return true;
	}
	table_cells_at(t, cells)->cell[0] = x->value;
	x->value = chain(cells, cells);
	return true;
}

bool
table_value_add(struct table *t, uint32_t slot, uint64_t value, uint32_t end)
{
	struct table_entry *x = table_at(t, slot);
	bool pairs = t->groups[x->group].pairs;
	uint64_t *cell;

	if (!pairs && x->count == 0) {
		x->value = value;
		x->count = 1;
		return true;
	}
	if (x->count == UINT16_MAX || !extend_chain(t, slot, pairs ? 2 : 1))
		return false;
	cell = table_cells_at(t, chain_last(x))->cell;
	cell += (pairs ? 2u * x->count : x->count) % CELLS;
	cell[0] = value;
	if (pairs)
		cell[1] = end;
	x->count++;
	if (x->count == 2)
		table_class_set(t, slot, TABLE_MULTI);
	return true;
}

/* Frees the last slot of the chain. */
static void
shorten_chain(struct table *t, struct table_entry *x)
{
	uint32_t cells = chain_first(x), last = chain_last(x);

	while (table_cells_at(t, cells)->next != last)
		cells = table_cells_at(t, cells)->next;
	table_cells_at(t, cells)->next = 0;
	x->value = chain(chain_first(x), cells);
	table_give(t, SHARE_ORDINARY, last);
}

void
table_value_drop(struct table *t, uint32_t slot, uint32_t i)
{
	struct table_entry *x = table_at(t, slot);
	bool pairs = t->groups[x->group].pairs;
	uint32_t last = x->count - 1u;
	uint64_t rest;

	table_value_set(t, slot, i, table_value(t, slot, last),
	    table_value_end(t, slot, last));
	rest = table_value(t, slot, 0);
	if (last == 0 || (last == 1 && !pairs)) {
		table_cells_free(t, slot);
		x->count = (uint16_t)last;
		x->value = last == 1 ? rest : 0;
	} else {
		if (last * (pairs ? 2 : 1) % CELLS == 0)
			shorten_chain(t, x);
		x->count = (uint16_t)last;
	}
	table_class_set(t, slot, last > 1 ? TABLE_MULTI : TABLE_SINGLE);
}

void
table_counter_set(struct table *t, uint32_t slot, uint64_t value)
{
	table_at(t, slot)->value = value;
	table_class_set(t, slot, value > 1 ? TABLE_MULTI : TABLE_SINGLE);
}

void
table_block(struct table *t, uint32_t slot, uint32_t since)
{
	table_cells_free(t, slot);
	table_class_set(t, slot, TABLE_BLOCKED);
	table_at(t, slot)->value = since;
}
