// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See order.h. Each key has a chain of the units in line that have it, oldest first. A
// unit leaves only when it is the first in each of its chains: as the oldest in line,
// or together with all that come before it in them. The invariant: the chain of a key
// is the line, seen by that key alone. Two keys of one hash share a chain, which keeps
// more in order than need be, and never less.
#include "store/order.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

struct order_node {
	uint64_t hash;
	struct unit *unit;
	uint32_t next; // in the chain
	uint32_t more; // key of the same unit
};

struct order_chain {
	uint64_t hash; // 0 = free
	uint32_t first, last;
	// Of the search `search`: the last node that was looked at.
	uint32_t search, seen;
};

enum {
	PAGE_NODES = 4096,  // in pages, so that a storm never copies them
	FIRST_CHAINS = 1024 // a power of two
};

static struct order_node *
node_at(const struct order *o, uint32_t n)
{
	return &o->pages[n / PAGE_NODES][n % PAGE_NODES];
}

// ---- keys
// -----------------------------------------------------------------------------

typedef bool key_fn(void *arg, uint64_t hash);

static uint64_t
hash_of(const char *text)
{
	uint64_t h = UINT64_C(14695981039346656037);
	for (; *text != '\0'; text++)
		h = (h ^ (uint8_t)*text) * UINT64_C(1099511628211);
	h ^= h >> 32;
	return h != 0 ? h : 1;
}

// An occurrence, an alarm and a notice are of one point for ever: where there is one,
// it stands for them.
static bool
key_of(key_fn *fn, void *arg, const char *point, const char *otherwise)
{
	const char *text = point[0] != '\0' ? point : otherwise;

	return text[0] == '\0' || fn(arg, hash_of(text));
}

// Until fn says false. Keys may come more than once.
static bool
each_key(const struct unit *u, key_fn *fn, void *arg)
{
	const struct alarm_row *alarms = u->alarms.data;
	const struct notice *notices = u->notices.data;
	const struct meta_row *metas = u->metas.data;
	const struct flag_row *flags = u->flags.data;
	bool on = true;

	for (size_t i = 0; i < u->events.n && on; i++) {
		const struct event *e = unit_event_at(u, i);
		on = key_of(fn, arg, e->point, e->occurrence_id);
	}
	for (size_t i = 0; i < u->alarms.n && on; i++)
		on = key_of(fn, arg, alarms[i].point, "");
	for (size_t i = 0; i < u->notices.n && on; i++)
		on = key_of(fn, arg, notices[i].subject.point, notices[i].id);
	for (size_t i = 0; i < u->metas.n && on; i++)
		on = key_of(fn, arg, metas[i].key, "");
	for (size_t i = 0; i < u->flags.n && on; i++)
		on = key_of(fn, arg, flags[i].entry.target, "");
	return on;
}

// ---- chains
// ---------------------------------------------------------------------------

static uint32_t
slot_of(const struct order *o, uint64_t hash)
{
	uint32_t at = (uint32_t)hash & (o->size_chains - 1);

	while (o->chains[at].hash != 0 && o->chains[at].hash != hash)
		at = (at + 1) & (o->size_chains - 1);
	return at;
}

static void
grow_chains(struct order *o)
{
	struct order_chain *old = o->chains;
	uint32_t n = o->size_chains;

	o->size_chains = n == 0 ? FIRST_CHAINS : n * 2;
	o->chains = xcalloc(o->size_chains, sizeof(*o->chains));
	for (uint32_t i = 0; i < n; i++) {
		if (old[i].hash != 0)
			o->chains[slot_of(o, old[i].hash)] = old[i];
	}
	free(old);
}

// Closes the gap that a chain leaves: none that stands behind it may become unfindable.
static void
drop_chain(struct order *o, uint32_t at)
{
	uint32_t mask = o->size_chains - 1, next = at;

	for (;;) {
		next = (next + 1) & mask;
		if (o->chains[next].hash == 0)
			break;
		uint32_t home = (uint32_t)o->chains[next].hash & mask;
		if (((next - home) & mask) < ((next - at) & mask))
			continue;
		o->chains[at] = o->chains[next];
		at = next;
	}
	o->chains[at] = (struct order_chain){ 0 };
	o->n_chains--;
}

static uint32_t
take_node(struct order *o)
{
	uint32_t n = o->free_nodes;

	if (n != 0) {
		o->free_nodes = node_at(o, n)->next;
		return n;
	}
	if (++o->n_nodes >= o->n_pages * PAGE_NODES) {
		o->pages = xreallocarray(o->pages, o->n_pages + 1, sizeof(*o->pages));
		o->pages[o->n_pages++] =
		    xreallocarray(NULL, PAGE_NODES, sizeof(struct order_node));
	}
	return o->n_nodes;
}

struct adding {
	struct order *o;
	struct unit *u;
};

static bool
add_key(void *arg, uint64_t hash)
{
	struct adding *a = arg;
	struct order *o = a->o;

	if ((o->n_chains + 1) * 4 > o->size_chains * 3)
		grow_chains(o);
	struct order_chain *c = &o->chains[slot_of(o, hash)];
	if (c->hash != 0 && node_at(o, c->last)->unit == a->u)
		return true;
	uint32_t n = take_node(o);
	*node_at(o, n) = (struct order_node){ hash, a->u, 0, a->u->keys };
	a->u->keys = n;
	if (c->hash == 0) {
		*c = (struct order_chain){ .hash = hash, .first = n, .last = n };
		o->n_chains++;
	} else {
		node_at(o, c->last)->next = n;
		c->last = n;
	}
	return true;
}

void
order_add(struct order *o, struct unit *u)
{
	struct adding a = { o, u };

	u->keys = 0;
	u->place = ++o->places;
	(void)each_key(u, add_key, &a);
}

void
order_remove(struct order *o, struct unit *u)
{
	while (u->keys != 0) {
		uint32_t n = u->keys, at = slot_of(o, node_at(o, n)->hash);
		struct order_chain *c = &o->chains[at];
		wr_assert(c->first == n);
		c->first = node_at(o, n)->next;
		if (c->first == 0)
			drop_chain(o, at);
		u->keys = node_at(o, n)->more;
		node_at(o, n)->next = o->free_nodes;
		o->free_nodes = n;
	}
	if (o->n_chains == 0)
		order_free(o);
}

void
order_free(struct order *o)
{
	for (uint32_t i = 0; i < o->n_pages; i++)
		free(o->pages[i]);
	free(o->pages);
	free(o->chains);
	*o = (struct order){ .places = o->places };
}

size_t
order_bytes(const struct unit *u)
{
	size_t keys =
	    u->events.n + u->alarms.n + u->notices.n + u->metas.n + u->flags.n;

	return keys * (sizeof(struct order_node) + sizeof(struct order_chain));
}

// ---- what must go before
// --------------------------------------------------------------

struct looking {
	struct order *o;
	uint64_t place; // only those that stand before it
	uint32_t n, looked;
};

// All of the chain that stand before the place, each looked at once in a search. false
// where it is too far.
static bool
pull_chain(void *arg, uint64_t hash)
{
	struct looking *l = arg;
	struct order *o = l->o;
	if (o->size_chains == 0)
		return true;
	struct order_chain *c = &o->chains[slot_of(o, hash)];
	if (c->search != o->search) {
		c->search = o->search;
		c->seen = 0;
	}
	uint32_t n = c->hash == 0   ? 0
		     : c->seen != 0 ? node_at(o, c->seen)->next
				    : c->first;

	for (; n != 0; n = node_at(o, n)->next) {
		struct unit *u = node_at(o, n)->unit;
		if (u->place >= l->place)
			return true;
		c->seen = n;
		if (++l->looked > ORDER_LOOK_MAX)
			return false;
		if (u->pulled)
			continue;
		if (l->n == ORDER_PULL_MAX)
			return false;
		u->pulled = true;
		o->pulled[l->n++] = u;
	}
	return true;
}

static int
by_place(const void *left, const void *right)
{
	const struct unit *a = *(struct unit *const *)left;
	const struct unit *b = *(struct unit *const *)right;

	return (a->place > b->place) - (a->place < b->place);
}

int
order_before(struct order *o, const struct unit *u)
{
	struct looking l = { .o = o, .place = UINT64_MAX };
	o->search++;
	bool found = each_key(u, pull_chain, &l);

	// What those have to wait for has to wait for nothing that stands behind them.
	for (uint32_t i = 0; i < l.n && found; i++) {
		l.place = o->pulled[i]->place;
		for (uint32_t k = o->pulled[i]->keys; k != 0 && found;
		     k = node_at(o, k)->more)
			found = pull_chain(&l, node_at(o, k)->hash);
	}
	for (uint32_t i = 0; i < l.n; i++)
		o->pulled[i]->pulled = false;
	if (!found)
		return -1;
	qsort(o->pulled, l.n, sizeof(struct unit *), by_place);
	return (int)l.n;
}
