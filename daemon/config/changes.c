// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What a new configuration changes against the one that runs: both are loaded, and
// their trees compared section by section, what has an id by its id, whatever the
// order. Files beside the site (points, profiles, secrets) are compared as a whole;
// what a secret or an address says is never shown.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/load.h"
#include "config/sections.h"
#include "config/yaml.h"
#include "lib/buf.h"
#include "lib/mem.h"

enum {
	PATH_MAX_BYTES = 512,
	VALUE_SHOWN_MAX = 80,
};

struct comparison {
	FILE *out;
	unsigned n;
};

// "devices fap1 points hydrant-main limits": where in the tree.
struct path {
	char text[PATH_MAX_BYTES];
};

static struct path
below(const struct path *p, const char *word)
{
	struct path deeper = *p;
	size_t n = strlen(deeper.text);

	if (n > 0 && n + 1 < sizeof(deeper.text))
		deeper.text[n++] = ' ';
	(void)str_copy(deeper.text + n, sizeof(deeper.text) - n, word);
	return deeper;
}

static void
say(struct comparison *c, const struct path *p, const char *what)
{
	(void)fprintf(c->out, "%s: %s\n", p->text, what);
	c->n++;
}

static const struct yaml_node *
child(const struct yaml_node *map, const char *key)
{
	for (const struct yaml_node *n = map->first; n != NULL; n = n->next)
		if (strcmp(n->key, key) == 0)
			return n;
	return NULL;
}

// The id of an item of a list, or NULL.
static const char *
id_of(const struct yaml_node *item)
{
	const struct yaml_node *id = item->kind == YAML_MAP ? child(item, "id") : NULL;

	return id != NULL && id->kind == YAML_SCALAR ? id->text : NULL;
}

static bool
same(const struct yaml_node *a, const struct yaml_node *b)
{
	if (a->kind != b->kind || a->n != b->n)
		return false;
	if (a->kind == YAML_SCALAR)
		return strcmp(a->text, b->text) == 0;
	const struct yaml_node *in_order = b->first;
	for (const struct yaml_node *x = a->first; x != NULL; x = x->next) {
		const struct yaml_node *y =
		    a->kind == YAML_MAP ? child(b, x->key) : in_order;
		if (y == NULL || !same(x, y))
			return false;
		in_order = in_order->next;
	}
	return true;
}

static void compare(struct comparison *c, const struct path *p,
    const struct yaml_node *a, const struct yaml_node *b);

static void
compare_maps(struct comparison *c, const struct path *p, const struct yaml_node *a,
    const struct yaml_node *b)
{
	for (const struct yaml_node *x = a->first; x != NULL; x = x->next) {
		struct path at = below(p, x->key);
		compare(c, &at, x, child(b, x->key));
	}
	for (const struct yaml_node *y = b->first; y != NULL; y = y->next) {
		struct path at = below(p, y->key);
		if (child(a, y->key) == NULL)
			compare(c, &at, NULL, y);
	}
}

// ---- lists --------------------------------------------------------------------------

// Items by their id; false where one has none: such a list is compared as a whole.
static bool
index_ids(struct name_index *ix, const struct node_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		const char *id = id_of(list->items[i]);
		if (id == NULL || index_add(ix, id, (uint32_t)i) != UINT32_MAX)
			return false;
	}
	return true;
}

static void
compare_items(struct comparison *c, const struct path *p, const struct node_list *a,
    const struct name_index *in_a, const struct node_list *b,
    const struct name_index *in_b)
{
	for (size_t i = 0; i < a->n; i++) {
		struct path at = below(p, id_of(a->items[i]));
		uint32_t k = index_find(in_b, id_of(a->items[i]));
		if (k == UINT32_MAX)
			say(c, &at, "removed");
		else
			compare(c, &at, a->items[i], b->items[k]);
	}
	for (size_t i = 0; i < b->n; i++) {
		struct path at = below(p, id_of(b->items[i]));
		if (index_find(in_a, id_of(b->items[i])) == UINT32_MAX)
			say(c, &at, "added");
	}
}

static bool
same_items(const struct node_list *a, const struct node_list *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!same(a->items[i], b->items[i]))
			return false;
	return true;
}

static void
compare_lists(struct comparison *c, const struct path *p, const struct node_list *a,
    const struct node_list *b)
{
	struct name_index in_a = { 0 }, in_b = { 0 };

	if (index_ids(&in_a, a) && index_ids(&in_b, b))
		compare_items(c, p, a, &in_a, b, &in_b);
	else if (!same_items(a, b))
		say(c, p, "changed");
	index_free(&in_a);
	index_free(&in_b);
}

static struct node_list
listed(const struct yaml_node *list)
{
	struct node_list l = {
		.n = list->n,
		.items = xcalloc(list->n + 1, sizeof(const struct yaml_node *)),
	};
	size_t i = 0;

	for (const struct yaml_node *n = list->first; n != NULL; n = n->next)
		l.items[i++] = n;
	return l;
}

static void
compare_list_nodes(struct comparison *c, const struct path *p,
    const struct yaml_node *a, const struct yaml_node *b)
{
	struct node_list in_a = listed(a), in_b = listed(b);

	compare_lists(c, p, &in_a, &in_b);
	free(in_a.items);
	free(in_b.items);
}

// ---- any node -----------------------------------------------------------------------

// An address often holds a token.
static const char *
shown(const struct yaml_node *n)
{
	if (n == NULL)
		return "not given";
	if (n->kind == YAML_SCALAR && strstr(n->text, "://") != NULL)
		return "an address";
	return n->kind == YAML_SCALAR ? n->text : yaml_kind_name(n->kind);
}

// NULL = not given; not both.
static void
compare(struct comparison *c, const struct path *p, const struct yaml_node *a,
    const struct yaml_node *b)
{
	if (a != NULL && b != NULL && a->kind == b->kind && a->kind == YAML_MAP) {
		compare_maps(c, p, a, b);
	} else if (a != NULL && b != NULL && a->kind == b->kind &&
		   a->kind == YAML_LIST) {
		compare_list_nodes(c, p, a, b);
	} else if (a == NULL || b == NULL || !same(a, b)) {
		(void)fprintf(c->out, "%s: %.*s -> %.*s\n", p->text, VALUE_SHOWN_MAX,
		    shown(a), VALUE_SHOWN_MAX, shown(b));
		c->n++;
	}
}

static void
compare_sections(
    struct comparison *c, const struct sections *a, const struct sections *b)
{
	for (enum section i = 0; i < SECTION_COUNT; i++) {
		struct path p = { "" };
		p = below(&p, section_name(i));
		if (i >= SECTION_MAPS)
			compare_lists(c, &p, &a->list[i], &b->list[i]);
		else if (a->map[i] != NULL || b->map[i] != NULL)
			compare(c, &p, a->map[i], b->map[i]);
	}
}

// ---- files and points ---------------------------------------------------------------

static const struct source *
source_like(const struct load *l, const struct source *s)
{
	for (size_t i = 0; i < l->n_sources; i++)
		if (l->sources[i].role == s->role &&
		    strcmp(l->sources[i].origin, s->origin) == 0)
			return &l->sources[i];
	return NULL;
}

static void
compare_files(struct comparison *c, const struct load *old, const struct load *new)
{
	static const struct path file = { "file" };

	for (size_t i = 0; i < new->n_sources; i++) {
		const struct source *s = &new->sources[i];
		const struct source *before = source_like(old, s);
		struct path at = below(&file, s->origin);
		if (s->role == SOURCE_SITE)
			continue; // its sections are compared
		if (before == NULL)
			say(c, &at, "not used before");
		else if (before->raw_len != s->raw_len ||
			 memcmp(before->raw, s->raw, s->raw_len) != 0)
			say(c, &at, "changed");
	}
}

// How many of a's points b has not.
static uint32_t
missing(const struct site *a, const struct site *b)
{
	struct name_index ix = { 0 };
	uint32_t n = 0;

	for (uint32_t i = 0; i < b->n_site_points; i++)
		(void)index_add(&ix, b->points[i].id, i);
	for (uint32_t i = 0; i < a->n_site_points; i++)
		n += index_find(&ix, a->points[i].id) == UINT32_MAX;
	index_free(&ix);
	return n;
}

static void
compare_points(struct comparison *c, const struct site *old, const struct site *new)
{
	uint32_t added = missing(new, old), removed = missing(old, new);

	if (added == 0 && removed == 0)
		return;
	(void)fprintf(c->out, "points: %u added, %u removed\n", added, removed);
	c->n++;
}

static void
print_changes(const struct load *old, const struct sections *before,
    const struct load *new, const struct sections *after, FILE *out)
{
	struct comparison c = { .out = out };

	(void)fprintf(
	    out, "revision %s -> %s\n", old->site->revision, new->site->revision);
	compare_sections(&c, before, after);
	compare_files(&c, old, new);
	compare_points(&c, old->site, new->site);
	if (c.n == 0)
		(void)fprintf(out, "nothing changes\n");
}

struct site *
site_load_changes(const char *file, const char *panels, const char *against,
    struct problems *p, FILE *out)
{
	struct problems *ignored = xcalloc(1, sizeof(*ignored));
	struct sections before, after;
	struct load old, new;

	load_begin(&new, panels, p);
	struct site *site = load_sections(&new, file, &after);
	if (site != NULL) {
		load_begin(&old, panels, ignored);
		struct site *other = load_sections(&old, against, &before);
		if (other != NULL)
			print_changes(&old, &before, &new, &after, out);
		else
			(void)fprintf(out,
			    "revision unknown -> %s\n"
			    "%s cannot be loaded: all may change\n",
			    site->revision, against);
		load_end(&old);
		site_free(other);
		problems_free(ignored);
	}
	free(ignored);
	load_end(&new);
	return site;
}
