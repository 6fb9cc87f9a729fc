/*
 * Groups, and groups that these are in: upwards from the user, one search for
 * each level whatever its width, or one in all where the server follows
 * chains by itself. A group that was seen is not looked at again, so circles
 * end; how deep and how many there may be has a limit.
 */

#include "roles_priv.h"

#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "directory.h"
#include "dn.h"
#include "err.h"
#include "mem.h"

#define IN_CHAIN "(member:1.2.840.113556.1.4.1941:="
#define TABLE_SIZE (4 * ROLES_NODES_MAX)

/* Groups that were met; only who climbs needs them. */
struct nodes {
	char *seen[ROLES_NODES_MAX]; /* owns; canonical names */
	uint16_t by_hash[TABLE_SIZE]; /* places in seen and 1, or 0 */
	/* What the next level asks for: names as the server writes them. */
	char *next[ROLES_NODES_MAX]; /* owns */
};

struct walk {
	struct roles_find *f;
	char **names; /* owns; by role: the canonical name looked for */
	struct nodes *nodes; /* owns; NULL until one is added */
	size_t seen_count, next_count;
};

/* A text that grows. */
struct text {
	char *data; /* owns */
	size_t len;
	size_t cap;
	bool failed;
};

static void
text_add(struct text *t, const char *s, size_t n)
{
	size_t cap = t->cap;
	char *more;

	if (t->failed)
		return;
	while (t->len + n + 1 > cap)
		cap = cap == 0 ? 256 : 2 * cap;
	if (cap != t->cap) {
		more = realloc(t->data, cap);
		if (more == NULL) {
			t->failed = true;
			return;
		}
		t->data = more;
		t->cap = cap;
	}
	memcpy(t->data + t->len, s, n);
	t->len += n;
	t->data[t->len] = '\0';
}

/* "(member=", the escaped value, ")" */
static void
text_add_clause(struct text *t, const char *start, const char *value)
{
	const size_t n = DN_ESCAPED_LEN(strlen(value)) + 1;
	char *escaped = mem_alloc(n);

	if (escaped == NULL) {
		t->failed = true;
		return;
	}
	text_add(t, start, strlen(start));
	text_add(t, escaped, dn_escape(escaped, n, value, strlen(value)));
	text_add(t, ")", 1);
	free(escaped);
}

static size_t
hash(const char *s)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * UINT64_C(0x100000001b3);
	return (size_t)(h % TABLE_SIZE);
}

/* Takes canonical. True when it was not there. */
static bool
see(struct walk *w, char *canonical)
{
	size_t at = hash(canonical);

	while (w->nodes->by_hash[at] != 0) {
		if (strcmp(w->nodes->seen[w->nodes->by_hash[at] - 1],
			canonical) == 0) {
			free(canonical);
			return false;
		}
		at = (at + 1) % TABLE_SIZE;
	}
	w->nodes->seen[w->seen_count++] = canonical;
	w->nodes->by_hash[at] = (uint16_t)w->seen_count;
	return true;
}

static void
match(struct walk *w, const char *canonical)
{
	size_t i;

	for (i = 0; i < w->f->q->policy->role_count; i++) {
		if (w->names[i] != NULL && strcmp(w->names[i], canonical) == 0)
			w->f->known[i] = w->f->held[i] = true;
	}
}

/* A group of the user, or of a group of the user. */
static int
add(struct walk *w, const char *dn, size_t n)
{
	char *canonical = NULL;
	int ret;

	if (w->nodes == NULL &&
	    (w->nodes = mem_alloc(sizeof(*w->nodes))) == NULL)
		return E_NOMEM;
	/* refuses a NUL: half a name must not become another's */
	ret = dn_canonical(dn, n, &canonical);
	if (ret == E_NOMEM)
		return ret;
	if (ret != 0)
		return 0; /* no name that we know how to compare */
	if (w->seen_count == ROLES_NODES_MAX) {
		free(canonical);
		return err_set(w->f->e, E_DIRECTORY_UNAVAILABLE,
		    "the user is in more than %d groups", ROLES_NODES_MAX);
	}
	match(w, canonical);
	if (!see(w, canonical))
		return 0;
	w->nodes->next[w->next_count] = mem_strdup(dn);
	if (w->nodes->next[w->next_count] == NULL)
		return E_NOMEM;
	w->next_count++;
	return 0;
}

static void
forget_next(struct walk *w)
{
	size_t i;

	for (i = 0; i < w->next_count; i++)
		free(w->nodes->next[i]);
	w->next_count = 0;
}

/* Takes the filter. What it finds are groups, and there is no other level. */
static int
search_groups(struct walk *w, struct text *filter)
{
	const struct roles_source *source = w->f->source;
	struct directory_query query = {
		.base = w->f->q->policy->directory.base,
		.scope = QUERY_SUBTREE,
		.filter = filter->data,
		.entries_max = ROLES_NODES_MAX,
	};
	struct directory_result *found = NULL;
	int ret = filter->failed ? E_NOMEM : 0;
	size_t i;

	if (ret == 0)
		ret = source->search(source->arg, &query, &found, w->f->e);
	free(filter->data);
	forget_next(w);
	if (ret == 0 && found->cut)
		ret = err_set(w->f->e, E_DIRECTORY_UNAVAILABLE,
		    "the directory does not show all groups of the user");
	for (i = 0; ret == 0 && i < found->count; i++)
		ret = add(
		    w, found->entries[i].dn, strlen(found->entries[i].dn));
	directory_result_free(&found);
	return ret;
}

/* The user's own groups, and those of what the last level found. */
static int
search_level(struct walk *w, bool own)
{
	struct text filter = { .data = NULL };
	size_t i;

	text_add(&filter, "(|", 2);
	if (own) {
		text_add_clause(&filter, "(member=", w->f->user_dn);
		text_add_clause(&filter, "(memberUid=", w->f->q->user);
	}
	for (i = 0; i < w->next_count; i++)
		text_add_clause(&filter, "(member=", w->nodes->next[i]);
	text_add(&filter, ")", 1);
	return search_groups(w, &filter);
}

static int
search_chain(struct walk *w)
{
	struct text filter = { .data = NULL };

	text_add(&filter, "(|", 2);
	text_add_clause(&filter, IN_CHAIN, w->f->user_dn);
	text_add_clause(&filter, "(memberUid=", w->f->q->user);
	text_add(&filter, ")", 1);
	return search_groups(w, &filter);
}

/* Whether all groups are known that anybody looks for. */
static bool
is_known(const struct walk *w)
{
	size_t i;

	for (i = 0; i < w->f->q->policy->role_count; i++) {
		if (w->names[i] != NULL && !w->f->known[i])
			return false;
	}
	return true;
}

/* Whether a group that was not met yet could still change anything. */
static bool
is_over(const struct walk *w)
{
	return roles_settled(w->f->q, w->f->known, w->f->held) || is_known(w);
}

/*
 * Where memberOf told the user's groups, what it does not tell (memberUid) is
 * asked for with the first level of theirs.
 */
static int
climb(struct walk *w, bool told)
{
	const struct roles_source *source = w->f->source;
	bool chain = false;
	unsigned level;
	int ret;

	if (!w->f->q->policy->directory.nested_groups || is_over(w))
		return 0;
	ret = source->in_chain(source->arg, &chain, w->f->e);
	if (ret != 0)
		return ret;
	if (chain)
		return search_chain(w);
	for (level = 0; ret == 0 && level < ROLES_DEPTH_MAX && !is_over(w) &&
	     (w->next_count > 0 || (told && level == 0));
	     level++)
		ret = search_level(w, told && level == 0);
	return ret;
}

/* A name that is spelt as in the configuration needs no more thought. */
static void
match_spelt(struct walk *w, const struct directory_value *name)
{
	const struct config_policy *p = w->f->q->policy;
	const struct query *query;
	size_t i;

	for (i = 0; i < p->role_count; i++) {
		query = &p->roles[i].query;
		if (w->names[i] != NULL && query->canonical != NULL &&
		    query->kind == QUERY_GROUP &&
		    strlen(query->text) == name->len &&
		    memcmp(query->text, name->data, name->len) == 0)
			w->f->known[i] = w->f->held[i] = true;
	}
}

/* Only whether one of them is looked for: mostly that is all. */
static int
match_all(struct walk *w, const struct directory_values *member_of)
{
	char *canonical;
	int ret = 0;
	size_t i;

	for (i = 0; i < member_of->count; i++)
		match_spelt(w, &member_of->items[i]);
	for (i = 0; ret != E_NOMEM && i < member_of->count && !is_known(w);
	     i++) {
		canonical = NULL;
		ret = dn_canonical(member_of->items[i].data,
		    member_of->items[i].len, &canonical);
		if (ret == 0)
			match(w, canonical);
		free(canonical);
	}
	return ret == E_NOMEM ? ret : 0;
}

/* The user's own groups, by what the entry says or by a search. */
static int
find_own(struct walk *w, const struct directory_values *member_of)
{
	int ret = match_all(w, member_of);
	size_t i;

	if (ret != 0 || is_over(w))
		return ret;
	if (member_of->count == 0)
		return search_level(w, true);
	if (!w->f->q->policy->directory.nested_groups)
		return 0;
	for (i = 0; ret == 0 && i < member_of->count; i++)
		ret = add(w, member_of->items[i].data, member_of->items[i].len);
	return ret;
}

/* The names of groups that are known by their entryUUID. */
static int
take_uuids(struct walk *w, const struct directory_result *found)
{
	const struct config_policy *p = w->f->q->policy;
	const struct directory_values *v;
	size_t i, j;
	int ret;

	for (i = 0; i < p->role_count; i++) {
		if (!w->f->q->wanted[i] || p->roles[i].query.kind != QUERY_UUID)
			continue;
		for (j = 0; j < found->count && w->names[i] == NULL; j++) {
			v = &found->entries[j].values[0];
			if (v->count != 1 ||
			    strcasecmp(
				v->items[0].data, p->roles[i].query.text) != 0)
				continue;
			ret = dn_canonical(found->entries[j].dn,
			    strlen(found->entries[j].dn), &w->names[i]);
			if (ret == E_NOMEM)
				return ret;
		}
		/* what has no name here nobody is in */
		w->f->known[i] = w->names[i] == NULL;
	}
	return 0;
}

static int
name_uuids(struct walk *w)
{
	static const char *const attributes[] = { "entryUUID", NULL };
	const struct config_policy *p = w->f->q->policy;
	const struct roles_source *source = w->f->source;
	struct directory_query query = { .base = p->directory.base,
		.scope = QUERY_SUBTREE,
		.attributes = attributes,
		.entries_max = ROLES_NODES_MAX };
	struct directory_result *found = NULL;
	struct text filter = { .data = NULL };
	unsigned count = 0;
	size_t i;
	int ret;

	text_add(&filter, "(|", 2);
	for (i = 0; i < p->role_count; i++) {
		if (!w->f->q->wanted[i] || p->roles[i].query.kind != QUERY_UUID)
			continue;
		text_add_clause(&filter, "(entryUUID=", p->roles[i].query.text);
		count++;
	}
	text_add(&filter, ")", 1);
	query.filter = filter.data;
	ret = filter.failed ? E_NOMEM : 0;
	if (ret == 0 && count > 0)
		ret = source->search(source->arg, &query, &found, w->f->e);
	if (ret == 0 && count > 0)
		ret = take_uuids(w, found);
	directory_result_free(&found);
	free(filter.data);
	return ret;
}

static int
name_groups(struct walk *w)
{
	const struct roles_question *q = w->f->q;
	const struct query_values values = roles_values(q, w->f->user_dn);
	int ret = 0;
	size_t i;

	for (i = 0; ret == 0 && i < q->policy->role_count; i++) {
		if (!q->wanted[i] ||
		    q->policy->roles[i].query.kind != QUERY_GROUP)
			continue;
		ret = roles_group_name(
		    &q->policy->roles[i].query, &values, &w->names[i]);
		if (ret == 0 && w->names[i] == NULL)
			w->f->known[i] = true; /* a value is missing */
	}
	return ret == 0 ? name_uuids(w) : ret;
}

static void
walk_done(struct walk *w)
{
	size_t i;

	forget_next(w);
	for (i = 0; i < w->seen_count; i++)
		free(w->nodes->seen[i]);
	for (i = 0; w->names != NULL && i < w->f->q->policy->role_count; i++)
		free(w->names[i]);
	free(w->names);
	free(w->nodes);
	free(w);
}

int
roles_walk(struct roles_find *f, const struct directory_values *member_of)
{
	const struct config_policy *p = f->q->policy;
	struct walk *w = mem_alloc(sizeof(*w));
	int ret = 0;
	size_t i;

	if (w == NULL)
		return E_NOMEM;
	w->f = f;
	w->names = mem_array(p->role_count, sizeof(*w->names));
	ret = w->names == NULL ? E_NOMEM : name_groups(w);
	if (ret == 0)
		ret = find_own(w, member_of);
	if (ret == 0)
		ret = roles_ask_filters(f);
	if (ret == 0)
		ret = climb(w, member_of->count > 0);
	/* what was not met by now is not the user's */
	for (i = 0; ret == 0 && i < p->role_count; i++) {
		if (w->names[i] != NULL &&
		    !roles_settled(f->q, f->known, f->held))
			f->known[i] = true;
	}
	walk_done(w);
	return ret;
}
