/*
 * table: slots and what an entry is. Slots come from one region that grows by
 * steps; a free slot goes on a list and is taken first. Three shares of them
 * are counted apart, so that no one can use up another's: ordinary entries
 * with their values, what operators and clients set for certain, and index
 * overflow, which a keyed hash keeps rare.
 */

#include "table.h"

#include "err.h"
#include "hash.h"
#include "mem.h"
#include "table_priv.h"

#include <string.h>
#include <sys/mman.h>

#define SLOT sizeof(struct table_entry)
#define SLOT_STEP (256u * 1024)
#define BUCKET_STEP (64u * 1024)
#define HUGE_PAGE ((size_t)2 * 1024 * 1024)
/* A region that is larger than this is made of huge pages. */
#define HUGE_FROM (2 * HUGE_PAGE)
/* a slot and its part of a bucket */
#define BYTES_PER_SLOT (SLOT + sizeof(struct table_bucket) / BUCKET_LOAD)

static size_t
round_up(size_t n, size_t step)
{
	return (n + step - 1) / step * step;
}

/*
 * Each question goes to a place of its own in the large regions, and to find
 * a page of theirs costs as much as to read it: huge ones are found at once.
 * Where the system has none to give it gives others, so nobody asks whether.
 */
static bool
reserve(struct table_region *r, size_t bytes, size_t step)
{
	unsigned char *base;

	bytes = round_up(bytes, step);
	r->mapped = bytes + HUGE_PAGE;
	base = mmap(NULL, r->mapped, PROT_NONE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (base == MAP_FAILED)
		return false;
	r->map = base;
	r->base = base + (HUGE_PAGE - (uintptr_t)base % HUGE_PAGE) % HUGE_PAGE;
	r->reserved = bytes;
	r->step = step;
	if (bytes > HUGE_FROM)
		(void)madvise(r->base, bytes, MADV_HUGEPAGE);
	return true;
}

bool
table_grow(struct table_region *r, size_t bytes)
{
	size_t want;

	if (bytes <= r->usable)
		return true;
	want = round_up(bytes, r->step);
	if (want > r->reserved)
		return false;
	if (want > HUGE_FROM)
		want = round_up(want, HUGE_PAGE);
	if (want > r->reserved)
		want = r->reserved;
	if (mprotect(r->base + r->usable, want - r->usable,
		PROT_READ | PROT_WRITE) != 0)
		return false;
	r->usable = want;
	return true;
}

static void
release(struct table_region *r)
{
	if (r->map != NULL)
		munmap(r->map, r->mapped);
}

/* Splits the memory; all sums are far below 2^64 and slots below 2^32. */
static int
shares(struct table *t, uint64_t memory, struct err *e)
{
	size_t networks = sizeof(uint32_t) * NETWORKS * TABLE_CLASSES;
	uint64_t rest, slots;

	if (memory < TABLE_MEMORY_MIN)
		return err_set(e, E_RANGE,
		    "the memory is too small: it must be 4M at least");
	rest = memory - sizeof(*t) - networks - SLOT_STEP - BUCKET_STEP;
	slots = rest / BYTES_PER_SLOT;
	if (slots > UINT32_MAX - 1)
		slots = UINT32_MAX - 1;
	t->memory = memory;
	t->max[SHARE_OVERFLOW] = (uint32_t)(slots / 16);
	t->max[SHARE_RESERVED] = (uint32_t)(slots / 8);
	t->max[SHARE_ORDINARY] = (uint32_t)slots - t->max[SHARE_OVERFLOW] -
	    t->max[SHARE_RESERVED];
	t->quota = t->max[SHARE_ORDINARY] / 16;
	if (t->quota < TABLE_QUOTA_MIN)
		t->quota = TABLE_QUOTA_MIN;
	if (!reserve(&t->slots, (slots + 1) * SLOT, SLOT_STEP) ||
	    !reserve(&t->buckets,
		(slots / BUCKET_LOAD + 1024) * sizeof(struct table_bucket),
		BUCKET_STEP) ||
	    !reserve(&t->networks, networks, 4096) ||
	    !table_grow(&t->networks, networks) || !table_index_start(t))
		return err_set(e, E_NOMEM, "out of memory");
	t->entries.first = (struct table_entry *)(void *)t->slots.base;
	return 0;
}

int
table_new(uint64_t memory, const struct hash_keys *keys, struct table **out,
    struct err *e)
{
	struct table *t;
	int ret;

	t = mem_alloc(sizeof(*t));
	if (t == NULL)
		return err_set(e, E_NOMEM, "out of memory");
	t->keys = keys;
	t->next_slot = 1;
	ret = shares(t, memory, e);
	if (ret != 0)
		table_free(&t);
	else
		*out = t;
	return ret;
}

void
table_free(struct table **t)
{
	if (*t == NULL)
		return;
	release(&(*t)->slots);
	release(&(*t)->buckets);
	release(&(*t)->networks);
	mem_free(t, sizeof(**t));
}

void
table_clock(struct table *t, int64_t now)
{
	t->now = now;
}

void
table_group_set(struct table *t, uint8_t group, struct table_group g)
{
	t->groups[group] = g;
	if (g.used && group >= t->groups_end)
		t->groups_end = group + 1u;
}

const struct table_group *
table_group(const struct table *t, uint8_t group)
{
	return &t->groups[group];
}

uint32_t
table_take(struct table *t, enum table_share share, uint8_t kind)
{
	uint32_t slot = t->free_slot;
	struct table_entry *x;

	if (t->used[share] >= t->max[share])
		return 0;
	if (slot != 0) {
		t->free_slot = table_at(t, slot)->next;
	} else {
		if (!table_grow(&t->slots, (t->next_slot + 1) * SLOT))
			return 0;
		slot = t->next_slot++;
		/* memory that nobody has seen yet; no fault where it ends */
		__builtin_prefetch(table_at(t, slot + 2), 1);
	}
	x = table_at(t, slot);
	memset(x, 0, sizeof(*x));
	x->group = kind;
	t->used[share]++;
	return slot;
}

void
table_give(struct table *t, enum table_share share, uint32_t slot)
{
	struct table_entry *x = table_at(t, slot);

	memset(x, 0, sizeof(*x));
	x->group = KIND_FREE;
	x->next = t->free_slot;
	t->free_slot = slot;
	t->used[share]--;
}

uint32_t
table_slots(const struct table *t)
{
	return t->next_slot;
}

bool
table_is_entry(const struct table *t, uint32_t slot)
{
	return slot != 0 && slot < t->next_slot &&
	    table_at(t, slot)->group <= TABLE_MARK;
}

void
table_id_of(const struct table_entry *x, struct table_id *out)
{
	memcpy(out->key, x->key, sizeof(out->key));
	out->group = x->group;
	out->level = (uint8_t)table_level(x);
}

int64_t
table_end(const struct table *t, const struct table_entry *x)
{
	const struct table_group *g;
	int64_t end, most;

	if (table_is_reserved(x->group))
		return x->stamp == TABLE_FOREVER ? INT64_MAX :
						   (int64_t)x->stamp * 1000;
	g = &t->groups[x->group];
	end = (int64_t)x->stamp + g->window;
	if (g->max_block != 0 && table_class(x) == TABLE_BLOCKED) {
		most = (int64_t)(x->value & UINT32_MAX) + g->max_block;
		end = most < end ? most : end;
	}
	return end * 1000;
}

bool
table_expired(const struct table *t, const struct table_entry *x)
{
	return t->now >= table_end(t, x);
}

void
table_tag(struct table *t, uint32_t slot, uint32_t generation)
{
	struct table_entry *x = table_at(t, slot);

	if ((x->flags & FLAG_HASHLESS) == 0)
		t->generations[(x->flags & FLAG_PARITY) != 0]--;
	x->flags &= (uint8_t) ~(FLAG_HASHLESS | FLAG_PARITY);
	if (generation == 0) {
		x->flags |= FLAG_HASHLESS;
		return;
	}
	if ((generation & 1) != 0)
		x->flags |= FLAG_PARITY;
	t->generations[generation & 1]++;
}

uint64_t
table_generation(const struct table *t, uint32_t generation)
{
	return t->generations[generation & 1];
}

uint32_t
table_add(struct table *t, const struct table_new *n)
{
	bool reserved = table_is_reserved(n->id.group);
	enum table_share share = reserved ? SHARE_RESERVED : SHARE_ORDINARY;
	struct table_entry *x;
	uint32_t slot;

	if (reserved && t->used[share] >= t->max[share])
		table_agenda_run(t, 4096);
	slot = table_take(t, share, n->id.group);
	if (slot == 0 && !reserved && table_make_room(t))
		slot = table_take(t, share, n->id.group);
	if (slot == 0)
		return 0;
	x = table_at(t, slot);
	memcpy(x->key, n->id.key, sizeof(x->key));
	x->flags = (uint8_t)(n->id.level << FLAG_LEVEL_SHIFT | FLAG_HASHLESS);
	x->stamp = n->stamp;
	/* where the system gives no pages, the index needs one more slot */
	if (!table_index_add(t, slot) &&
	    (!table_make_room(t) || !table_index_add(t, slot))) {
		table_give(t, share, slot);
		return 0;
	}
	table_tag(t, slot, n->generation);
	if (!reserved) {
		table_enter(t, slot);
		return slot;
	}
	x->value = (uint64_t)n->since << 32;
	x->count = n->note % TABLE_NOTES;
	t->notes[x->count]++;
	table_agenda_add(t, slot);
	*(x->group == TABLE_MARK ? &t->stats.marks : &t->stats.operators) += 1;
	return slot;
}

uint32_t
table_since(const struct table_entry *x)
{
	return (uint32_t)(x->value >> 32);
}

uint32_t
table_noted(const struct table *t, uint16_t note)
{
	return t->notes[note % TABLE_NOTES];
}

static uint32_t
only_live(struct table *t, uint32_t slot)
{
	if (slot == 0 || !table_expired(t, table_at(t, slot)))
		return slot;
	table_remove(t, slot);
	t->stats.expired++;
	return 0;
}

uint32_t
table_find_live(struct table *t, const struct table_id *id)
{
	return only_live(t, table_find(t, id));
}

uint32_t
table_find_foreseen(struct table *t, const struct table_id *id, uint64_t hash)
{
	return only_live(t, table_find_hash(t, id, hash));
}

void
table_remove(struct table *t, uint32_t slot)
{
	struct table_entry *x = table_at(t, slot);
	bool reserved = table_is_reserved(x->group);

	table_index_remove(t, slot);
	if (reserved) {
		table_list_take(t, &t->agenda[(uint32_t)x->value], slot);
		t->notes[x->count]--;
		*(x->group == TABLE_MARK ? &t->stats.marks :
					   &t->stats.operators) -= 1;
	} else {
		table_cells_free(t, slot);
		table_leave(t, slot);
	}
	table_tag(t, slot, 0);
	table_give(t, reserved ? SHARE_RESERVED : SHARE_ORDINARY, slot);
}

uint64_t
table_operators(const struct table *t)
{
	return t->stats.operators;
}

void
table_stats(const struct table *t, struct table_stats *out)
{
	size_t i;

	*out = t->stats;
	for (i = 0; i < TABLE_CLASSES; i++)
		out->entries[i] = t->class_count[i];
	out->memory_max = t->memory;
	out->memory_used = sizeof(*t) + t->slots.usable + t->buckets.usable +
	    t->networks.usable;
	out->reserved_used = t->used[SHARE_RESERVED];
	out->reserved_max = t->max[SHARE_RESERVED];
}
