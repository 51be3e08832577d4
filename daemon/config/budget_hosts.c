// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Loads and detection budgets of the hosts. Pure; runs in the thread of the load and
// for --check. Each try may take its whole time-out, and all hosts may go at once.
#include <math.h>
#include <string.h>

#include "config/budget.h"
#include "config/sections.h"
#include "config/units.h"

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

void
budget_check_hosts(struct load *l)
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
