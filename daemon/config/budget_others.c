// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See budget_others.h. The rules are those of drivers/modbus_schedule.c.
#include "config/budget_others.h"

#include <math.h>

#include "config/budget_idle.h"

enum {
	UNITS_MOST = 256, // of a bus: a unit is a byte
};

// The greatest so many, in falling order.
struct greatest {
	uint8_t n;
	double ms[SILENT_UNITS_MAX];
};

static void
offer(struct greatest *g, double ms, uint8_t most)
{
	uint8_t i = g->n;

	if (i == most && (most == 0 || g->ms[i - 1] >= ms))
		return;
	if (i == most)
		i--;
	for (; i > 0 && g->ms[i - 1] < ms; i--)
		g->ms[i] = g->ms[i - 1];
	g->ms[i] = ms;
	if (g->n < most)
		g->n++;
}

static double
sum_of(const struct greatest *g)
{
	double ms = 0;

	for (uint8_t i = 0; i < g->n; i++)
		ms += g->ms[i];
	return ms;
}

// One other unit that falls silent, with those of its tries that come between ours. The
// first that is wasted on a bus costs its whole time-out, ours, that of this unit, or
// of another; what follows is given less, which is not held against it as a miss.
struct unit_cost {
	double whole_ms;       // it is the first
	double after_ours_ms;  // our reply was
	double after_other_ms; // another unit was
};

struct costs {
	uint16_t n;
	struct unit_cost unit[UNITS_MOST];
	double dead_ms;  // one that is dead already is tried with its whole time-out
	double hasty_ms; // one more that is given less
	bool spared;     // all of them
};

// Whether of a reply of ours that is lost and of the units that fall silent only one
// costs a whole time-out, for nobody has to wait for a whole period of its own.
static bool
in_time(const struct device *u, const struct bus_budget *bus, double hasty)
{
	return bus->cycle_ms + bus->longest_ms + hasty <= u->poll_ms;
}

static bool
spares(const struct device *d, const struct device *u, const struct bus_budget *bus,
    double hasty)
{
	return in_time(d, bus, hasty) && in_time(u, bus, hasty);
}

// Its tries between ours, which go by what each has cost, and at the same cost by
// turns: of a unit that missed `misses` times, until it has cost as much as we have
// with `our_misses`.
static double
tries_between(const struct device *d, const struct device *u, unsigned our_misses,
    unsigned misses)
{
	uint64_t ours = (uint64_t)d->timeout_ms * (our_misses + 1);
	uint64_t first = (uint64_t)u->timeout_ms * (misses + 1);
	uint64_t most = u->retries + 1U - misses, n;

	if (ours < first)
		n = 0;
	else if (u->timeout_ms < d->timeout_ms) // when they are even it was last
		n = (ours - first + u->timeout_ms - 1) / u->timeout_ms;
	else
		n = (ours - first) / u->timeout_ms + 1;
	return (double)(n < most ? n : most);
}

struct further {
	const struct device *d, *u;
	double try_ms;
	unsigned losses; // of ours
	bool owed, owes; // we, and the unit, wait for late replies to be over
};

// What the unit costs after its first try, where we have missed so often at last.
static double
further_ms(const struct further *f, unsigned our_misses, unsigned misses)
{
	double n = tries_between(f->d, f->u, our_misses, misses), ms;

	if (f->losses == 0)
		return 0;
	if (f->owed) // it has had its turns meanwhile, but for what is in flight and
		     // the next
		n = fmin(n, 2);
	ms = f->try_ms * n;
	if (f->owes && f->u->timeout_ms < f->d->timeout_ms)
		ms = fmax(ms, 2.0 * f->u->timeout_ms);
	return ms;
}

// Where ours is the first loss it is a miss, else it was given less, too.
static unsigned
misses_after_other(const struct budget_loser *l, double spare_ms)
{
	return spare_ms > 0 && l->losses > 0 ? l->losses - 1 : l->losses;
}

static void
add_cost(struct costs *c, const struct budget_loser *l, const struct device *u,
    double idle_ms, double spare_ms)
{
	struct budget_own o = budget_own(l->s, u);
	double whole = budget_loss_ms(l->s, u, &o),
	       hasty = budget_hasty_ms(l->s, u, &o);
	unsigned silent = l->s->buses[u->bus].silent_units;
	unsigned misses = misses_after_other(l, spare_ms);
	struct budget_idle idle = { l->bus, { l->own, &o }, whole, l->most_ms };
	double wait = fmin(idle_ms, budget_idle_ms(&idle) + l->bus->longest_ms);
	struct further f = { l->d, u, whole + wait, l->losses, l->owed, o.owes };
	struct unit_cost cost = { .whole_ms = whole + further_ms(&f, l->losses, 1) };

	bool spared = spares(l->d, u, l->bus, silent * hasty);

	c->spared = c->spared && spared;
	if (l->losses == 0) // ours is none of those that wait
		spared = in_time(u, l->bus, silent * hasty);
	if (!spared || hasty >= whole) {
		cost.after_ours_ms = cost.after_other_ms = cost.whole_ms;
	} else {
		cost.whole_ms = whole + further_ms(&f, misses, 1);
		cost.after_ours_ms = hasty + further_ms(&f, l->losses, 0);
		cost.after_other_ms = hasty + further_ms(&f, misses, 0);
	}
	c->dead_ms = fmax(c->dead_ms, whole);
	c->hasty_ms = fmax(c->hasty_ms, hasty);
	if (c->n < UNITS_MOST)
		c->unit[c->n++] = cost;
}

// We go next: one costs its whole time-out, dead or not, and the others are given less,
// but for those whose turn comes too late for that.
static double
unlost_ms(const struct costs *c, uint8_t silent, bool dead)
{
	struct greatest others = { 0 };
	double most, sum;

	for (uint16_t i = 0; i < c->n; i++)
		offer(&others, c->unit[i].after_other_ms, silent);
	sum = sum_of(&others);
	most = sum + (dead ? c->dead_ms : 0);
	for (uint16_t i = 0; silent > 0 && i < c->n; i++) {
		const struct unit_cost *u = &c->unit[i];
		double instead = fmax(u->after_other_ms, others.ms[others.n - 1]);

		most =
		    fmax(most, sum - instead + u->whole_ms + (dead ? c->hasty_ms : 0));
	}
	return most;
}

// The worst choice of those that fall silent and of who is the first: we, one of them,
// or one of the dead. Where we are not, our own loss costs `spare_ms` less.
static double
total_ms(const struct costs *c, uint8_t silent, bool dead, double spare_ms)
{
	struct greatest ours = { 0 }, others = { 0 };
	double most, sum;

	for (uint16_t i = 0; i < c->n; i++) {
		offer(&ours, c->unit[i].after_ours_ms, silent);
		offer(&others, c->unit[i].after_other_ms, silent);
	}
	most = sum_of(&ours);
	sum = sum_of(&others);
	for (uint16_t i = 0; silent > 0 && i < c->n; i++) {
		const struct unit_cost *u = &c->unit[i];
		double instead = fmax(u->after_other_ms, others.ms[others.n - 1]);

		most = fmax(most, sum - instead + u->whole_ms - spare_ms);
	}
	if (!dead)
		return most;
	// After a time-out of one that is dead the silent are given less, and after
	// theirs the dead have had their share.
	if (c->spared)
		return fmax(most, sum + c->dead_ms - spare_ms);
	return fmax(most, c->dead_ms) + c->hasty_ms;
}

// Where several requests may be in flight: how long a unit that does not answer holds
// how many of the places.
struct holders {
	uint16_t n;
	struct {
		double ms;
		unsigned places;
	} unit[UNITS_MOST];
};

// Requests that wait at once take places, but never the last.
static unsigned
places_of(const struct bus *b, const struct device *u, const struct budget_own *o)
{
	unsigned places = u->window > 1 ? u->window : 1;

	places = places < o->requests ? places : o->requests;
	return places < b->window ? places : b->window - 1U;
}

static struct holders
holders_beside(const struct site *s, const struct device *d)
{
	struct holders h = { .n = 0 };

	for (uint16_t i = 0; i < s->n_devices && h.n < UNITS_MOST; i++) {
		const struct device *u = &s->devices[i];

		if (u->bus != d->bus || u == d)
			continue;
		struct budget_own o = budget_own(s, u);
		h.unit[h.n].ms = budget_loss_ms(s, u, &o);
		h.unit[h.n++].places = places_of(&s->buses[d->bus], u, &o);
	}
	return h;
}

bool
budget_others_leave_room(const struct site *s, const struct device *d)
{
	struct holders h = holders_beside(s, d);
	unsigned taken = 0;

	for (uint16_t i = 0; i < h.n; i++)
		taken += h.unit[i].places;
	return taken < s->buses[d->bus].window;
}

// So many that fall silent, and one of the dead, may take all places, until the first
// of them is given up; else there is room beside them.
static double
filled_ms(const struct holders *h, uint8_t silent, unsigned window)
{
	double most = 0;

	for (uint16_t i = 0; i < h->n; i++) {
		struct greatest taken = { 0 };
		unsigned n = 0;

		for (uint16_t k = 0; k < h->n; k++) {
			if (h->unit[k].ms < h->unit[i].ms)
				continue;
			offer(&taken, h->unit[k].places, silent);
			n++;
		}
		if (sum_of(&taken) + (n > silent ? 1 : 0) >= window)
			most = fmax(most, h->unit[i].ms);
	}
	return most;
}

struct budget_others
budget_others(const struct budget_loser *l, double idle_ms)
{
	const struct site *s = l->s;
	uint32_t n = l->bus->devices - 1;
	uint8_t most = s->buses[l->d->bus].silent_units;
	struct budget_others out = { .silent = n < most ? (uint8_t)n : most };
	struct costs costs = { .spared = true };
	struct greatest all = { 0 };
	bool dead = n > out.silent;
	double spare =
	    budget_loss_ms(s, l->d, l->own) - budget_hasty_ms(s, l->d, l->own);

	if (l->bus->window > 1) {
		struct holders h = holders_beside(s, l->d);
		out.total_ms = filled_ms(&h, out.silent, l->bus->window);
		return out;
	}
	for (uint16_t i = 0; i < s->n_devices; i++) {
		const struct device *u = &s->devices[i];

		if (u->bus != l->d->bus || u == l->d)
			continue;
		struct budget_own o = budget_own(s, u);
		add_cost(&costs, l, u, idle_ms, spare);
		offer(&all, budget_loss_ms(s, u, &o) * (1 + u->retries), out.silent);
	}
	out.all_ms = sum_of(&all);
	if (l->losses == 0)
		out.all_ms += out.silent * costs.hasty_ms + (dead ? costs.dead_ms : 0);
	out.wastes =
	    out.silent > 1 && !costs.spared ? out.silent : out.silent > 0 || dead;
	out.total_ms = l->losses == 0 ? unlost_ms(&costs, out.silent, dead)
				      : total_ms(&costs, out.silent, dead, spare);
	return out;
}
