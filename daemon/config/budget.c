// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Loads and detection budgets. Pure; runs in the thread of the load and for --check.
//
// The model, on purpose on the slow side: one request in flight per bus; every other
// device is served first; dead units together take at most a tenth of the time (I7);
// one of them is being waited for when our turn comes; each try of ours but the last is
// lost. Blocks are formed as drivers/plan.c forms them: a test compares the two.
#include "config/budget.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "config/sections.h"
#include "config/units.h"
#include "core/link.h"
#include "core/profile_dialog.h"

enum {
	// drivers/plan.h: reading a few unlisted ones is cheaper than another request.
	WASTE_REGISTERS = 10,
	WASTE_BITS = 64,
	// MODBUS over Serial Line V1.02, 2.5.1.1: above this a fixed 1.75 ms.
	FAST_BAUD = 19200,
	// Of a frame: unit, function, CRC; request adds address and quantity.
	RTU_REQUEST_BYTES = 8,
	RTU_REPLY_BYTES = 5,
	// Assumed, for no document gives them: what a unit takes to answer.
	TURNAROUND_MS = 5,
	TCP_REQUEST_MS = 5,
};

// A read of one device.
struct span {
	enum area area;
	uint32_t low, high;
	uint32_t most; // of one read
};

// What one point needs.
static struct span
span_of(const struct device *d, const struct point *p)
{
	const struct profile_item *item = &d->profile->items[p->item];
	struct item_span is =
	    profile_span(d->profile, item, p->pdu, p->loop, p->number);

	return (struct span){ .area = item->area,
		.low = is.low,
		.high = is.high,
		.most = profile_read_max(d->profile, item) };
}

static bool
joins(const struct span *block, const struct span *s)
{
	uint32_t waste = area_is_bits(s->area) ? WASTE_BITS : WASTE_REGISTERS;

	return block->area == s->area && block->most == s->most &&
	       s->low >= block->low && s->low <= block->high + 1 + waste &&
	       s->high - block->low + 1 <= s->most;
}

static double
request_ms(const struct bus *b, const struct device *d, const struct span *s)
{
	uint32_t n = s->high - s->low + 1;

	if (b->baud == 0)
		return TCP_REQUEST_MS + d->gap_ms;
	double bits = 1.0 + b->data_bits + (b->parity != 'N') + b->stop_bits;
	double character_ms = 1000.0 * bits / b->baud;
	double silence_ms = b->baud > FAST_BAUD ? 1.75 : 3.5 * character_ms;
	uint32_t bytes = RTU_REQUEST_BYTES + RTU_REPLY_BYTES +
			 (area_is_bits(s->area) ? (n + 7) / 8 : n * 2);
	double gap_ms = fmax(silence_ms, d->gap_ms);
	double network_ms = b->kind == BUS_MODBUS_RTU ? 0 : TCP_REQUEST_MS;
	return bytes * character_ms + silence_ms + gap_ms + TURNAROUND_MS + network_ms;
}

// Calls of one pass: their number, and their time into *ms (which may be NULL).
static uint32_t
pass(const struct site *s, const struct device *d, double *ms)
{
	const struct bus *b = &s->buses[d->bus];
	struct span block = { 0 };
	uint32_t blocks = 0;
	double sum = 0;

	for (uint32_t i = 0; i < d->n_points; i++) {
		struct span next = span_of(d, &s->points[d->points[i]]);
		if (blocks > 0 && joins(&block, &next)) {
			block.high = next.high > block.high ? next.high : block.high;
			continue;
		}
		if (blocks > 0)
			sum += request_ms(b, d, &block);
		block = next;
		blocks++;
	}
	if (blocks > 0)
		sum += request_ms(b, d, &block);
	if (ms != NULL)
		*ms = sum;
	return blocks;
}

uint32_t
budget_blocks(const struct site *s, const struct device *d)
{
	return pass(s, d, NULL);
}

// Backed off, then in turn with the other dead units, which together get their share of
// the time, each try costing a time-out (drivers/modbus_schedule.c).
static uint32_t
ceiling(uint64_t timeouts_ms)
{
	uint64_t ms = timeouts_ms * LINK_DEAD_SHARE;

	ms = ms < LINK_BACKOFF_MAX_MS ? LINK_BACKOFF_MAX_MS : ms;
	return ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

struct bus_budget
budget_of_bus(const struct site *s, uint16_t bus)
{
	struct bus_budget out = { 0 };
	uint64_t timeouts = 0;

	for (uint16_t i = 0; i < s->n_devices; i++) {
		const struct device *d = &s->devices[i];
		double ms;
		if (d->bus != bus)
			continue;
		out.devices++;
		out.blocks += pass(s, d, &ms);
		out.cycle_ms += ms;
		out.load += ms / d->poll_ms;
		if (d->timeout_ms > out.timeout_ms)
			out.timeout_ms = d->timeout_ms;
		timeouts += d->timeout_ms;
	}
	out.ceiling_one_ms = ceiling(out.timeout_ms);
	out.ceiling_all_ms = ceiling(timeouts);
	return out;
}

uint32_t
budget_of_device(const struct device *d, const struct bus_budget *bus)
{
	double ms =
	    d->poll_ms + bus->cycle_ms + (double)d->timeout_ms * (d->retries + 1u);

	if (bus->devices >
	    1) // a tenth of the time is with dead units, one is tried now
		ms += bus->cycle_ms / 9 + bus->timeout_ms;
	return (uint32_t)ceil(ms);
}

static uint32_t
limit_delay(const struct point *p)
{
	uint32_t most = 0;

	for (int i = 0; p->limits != NULL && i < LIMIT_COUNT; i++)
		if (p->limits[i].set && p->limits[i].on_delay_ms > most)
			most = p->limits[i].on_delay_ms;
	return most;
}

static uint32_t
point_delay(const struct point *p)
{
	return p->on_delay_ms + limit_delay(p);
}

// " (8 s its own delay)", or "".
static const char *
own_delay(const struct point *p, char out[static 64])
{
	char text[32];

	out[0] = '\0';
	if (point_delay(p) > 0)
		(void)snprintf(out, 64, " (%s its own delay)",
		    units_show_ms(point_delay(p), text));
	return out;
}

static bool
guards(const struct profile_summary *s, uint16_t item)
{
	for (uint16_t i = 0; i < s->n_guards; i++)
		if (s->guards[i] == item)
			return true;
	return false;
}

// How long a point may not be read at all: behind a summary until the full scan, for
// flags and counts can be the same before and after; a revision cannot.
static uint32_t
scan_ms(const struct device *d, const struct point *p)
{
	const struct profile_dialogs *g = d->profile->dialogs;
	uint32_t longest = d->poll_ms;

	for (uint8_t i = 0; g != NULL && i < g->n_summaries; i++) {
		if (!guards(&g->summaries[i], p->item))
			continue;
		if (g->summaries[i].kind == SUMMARY_REVISION)
			return d->poll_ms;
		if (d->dialogs.full_scan_ms > longest)
			longest = d->dialogs.full_scan_ms;
	}
	return longest;
}

struct point_budget
budget_of_point(
    const struct site *s, const struct point *p, const struct bus_budget *bus)
{
	enum condition c = point_kind_condition(p->kind);
	uint32_t delay = point_delay(p);
	struct point_budget out = {
		.limit_ms =
		    point_class(p, c) == CLASS_FIRE ? BUDGET_FIRE_MS : BUDGET_OTHER_MS,
	};

	if (p->gpio != INDEX_NONE) {
		out.worst_ms = (p->pulse_latch ? 0 : p->debounce_ms) + delay;
		out.pulse_ms = out.worst_ms;
		return out;
	}
	const struct device *d = &s->devices[p->device];
	uint32_t later = scan_ms(d, p) - d->poll_ms;
	out.worst_ms = budget_of_device(d, bus) + later + delay;
	out.pulse_ms = d->poll_ms + later + (uint32_t)ceil(bus->cycle_ms) + delay;
	if (d->accept_ms > out.limit_ms)
		out.limit_ms = d->accept_ms;
	return out;
}

static void
check_device(struct load *l, uint16_t index, const struct bus_budget *bus)
{
	struct site *s = l->site;
	struct device *d = &s->devices[index];
	char worst[32], limit[32], own[64];

	d->budget_ms = budget_of_device(d, bus);
	for (uint32_t i = 0; i < d->n_points; i++) {
		const struct point *p = &s->points[d->points[i]];
		struct point_budget b = budget_of_point(s, p, bus);
		if (b.worst_ms <= b.limit_ms)
			continue;
		problem(l, l->device_pos[index],
		    "point %s: up to %s from contact to event%s, the limit is %s; %s, "
		    "or write accept_budget: {limit: .., reason: ..}",
		    p->id, units_show_ms(b.worst_ms, worst), own_delay(p, own),
		    units_show_ms(b.limit_ms, limit),
		    point_delay(p) > 0 ? "poll faster, delay less" : "poll faster");
		return; // the others of the device are alike
	}
}

static void
check_lines(struct load *l)
{
	const struct bus_budget none = { 0 };

	for (uint16_t i = 0; i < l->site->n_gpios; i++) {
		const struct gpio *g = &l->site->gpios[i];
		for (uint32_t k = 0; k < g->n_points; k++) {
			struct point_budget b = budget_of_point(
			    l->site, &l->site->points[g->points[k]], &none);
			char worst[32], limit[32];
			if (b.worst_ms > b.limit_ms)
				problem(l, l->point_pos[g->points[k]],
				    "point %s: up to %s from contact to event, the "
				    "limit is %s",
				    l->site->points[g->points[k]].id,
				    units_show_ms(b.worst_ms, worst),
				    units_show_ms(b.limit_ms, limit));
		}
	}
}

// What a host takes of a place while its tries fail.
static double
share(const struct host *h)
{
	return (h->retries + 1.0) * h->timeout_ms / h->period_ms;
}

// What its address has to do.
struct address_load {
	unsigned hosts;
	double at_once;
	uint32_t timeout_ms; // the longest
	uint16_t last;       // host
};

static struct address_load
load_of_address(const struct site *s, const char *address)
{
	struct address_load out = { 0 };

	for (uint16_t i = 0; i < s->n_hosts; i++) {
		const struct host *h = &s->hosts[i];
		if (strcmp(h->address, address) != 0)
			continue;
		out.hosts++;
		out.at_once += share(h);
		out.last = i;
		if (h->timeout_ms > out.timeout_ms)
			out.timeout_ms = h->timeout_ms;
	}
	return out;
}

struct host_budget
budget_of_host(const struct site *s, uint16_t host)
{
	const struct host *h = &s->hosts[host];
	struct address_load a = load_of_address(s, h->address);
	// Each try may wait for those of the address that come before it.
	uint32_t wait = (a.hosts - 1) / HOST_CHECKS_PER_ADDRESS * a.timeout_ms;
	uint32_t check = (h->retries + 1u) * (h->timeout_ms + wait) +
			 h->retries * (uint32_t)HOST_RETRY_GAP_MS;
	struct host_budget out = { .check_ms = check, .limit_ms = BUDGET_OTHER_MS };

	// It goes just after a check that came early, and the last one comes late.
	out.worst_ms = h->misses * h->period_ms +
		       2 * HOST_JITTER_PERCENT * (h->period_ms / 100) + check;
	if (h->accept_ms > out.limit_ms)
		out.limit_ms = h->accept_ms;
	return out;
}

struct hosts_budget
budget_of_hosts(const struct site *s)
{
	struct hosts_budget out = { 0 };

	for (uint16_t i = 0; i < s->n_hosts; i++) {
		out.per_second += 1000.0 / s->hosts[i].period_ms;
		out.at_once += share(&s->hosts[i]);
	}
	return out;
}

static void
check_host(struct load *l, uint16_t index)
{
	const struct host *h = &l->site->hosts[index];
	struct host_budget b = budget_of_host(l->site, index);
	char a[32], c[32];

	if (b.check_ms > h->period_ms)
		problem(l, l->host_pos[index],
		    "host %s: a check takes up to %s, longer than its period of %s",
		    h->id, units_show_ms(b.check_ms, a),
		    units_show_ms(h->period_ms, c));
	if (b.worst_ms > b.limit_ms)
		problem(l, l->host_pos[index],
		    "host %s: up to %s from gone to fault, the limit is %s; ask more "
		    "often, or write accept_budget: {limit: .., reason: ..}",
		    h->id, units_show_ms(b.worst_ms, a), units_show_ms(b.limit_ms, c));
}

// All that is asked of one address, told at the last of its hosts.
static void
check_address(struct load *l, uint16_t index)
{
	const char *address = l->site->hosts[index].address;
	struct address_load a = load_of_address(l->site, address);
	double load = a.at_once / HOST_CHECKS_PER_ADDRESS;

	if (a.last != index || load * 100 <= BUDGET_LOAD_PERCENT)
		return;
	problem(l, l->host_pos[index],
	    "%u hosts at %s: planned load %.0f %% while it is gone, at most %d %%: ask "
	    "less often, wait less, or try less often",
	    a.hosts, address, ceil(load * 100), BUDGET_LOAD_PERCENT);
}

static void
check_hosts(struct load *l)
{
	double load = budget_of_hosts(l->site).at_once / HOST_CHECKS_MAX;

	for (uint16_t i = 0; i < l->site->n_hosts; i++) {
		check_host(l, i);
		check_address(l, i);
	}
	if (load * 100 > BUDGET_LOAD_PERCENT)
		problem(l, l->host_pos[l->site->n_hosts - 1],
		    "all hosts: planned load %.0f %% while they are gone, at most %d "
		    "%%: ask less often, wait less, or try less often",
		    ceil(load * 100), BUDGET_LOAD_PERCENT);
}

void
budget_check(struct load *l)
{
	struct site *s = l->site;

	for (uint16_t i = 0; i < s->n_buses; i++) {
		struct bus_budget bus = budget_of_bus(s, i);
		if (bus.load * 100 > BUDGET_LOAD_PERCENT)
			problem(l, l->bus_pos[i],
			    "bus %s: planned load %.0f %%, at most %d %%: poll slower, "
			    "raise the "
			    "speed, or use a second line",
			    s->buses[i].id, ceil(bus.load * 100), BUDGET_LOAD_PERCENT);
		for (uint16_t k = 0; k < s->n_devices; k++)
			if (s->devices[k].bus == i)
				check_device(l, k, &bus);
	}
	check_lines(l);
	check_hosts(l);
}
